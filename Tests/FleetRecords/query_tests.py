"""Each question, asked of both engines over the logs of both hosts."""
import datetime
import hashlib
import json
import pathlib
import shutil
import tempfile
import tomllib

from engines import EVERYTHING, QUESTIONS, Both
from scene import DB, HOSTILE, HOSTILE_NAME, MACHINES, WEB
from testing import columns, equal, holds, test


def logs(scene):
    return f"{scene.data}/logs/*/audit*.jsonl"


def asked(scene, question, **parameters):
    if not hasattr(scene, "both"):
        scene.both = Both(logs(scene))
    return scene.both.ask(question, **parameters)


def moment(microseconds):
    """A time as users type it."""
    return datetime.datetime.fromtimestamp(microseconds / 1e6, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def on_record(host, event, **fields):
    """When such a record was made, as the engines print it."""
    return moment(int(host.records(event, **fields)[0]["__REALTIME_TIMESTAMP"])).replace("T", " ").rstrip("Z")


@test
def reach_lists_grants_and_what_needed_none(scene):
    """The records of a fleet say who could reach a port: by grants, trusted networks, observe mode and what is not known"""
    rows = asked(scene, "reach", host="web-_", port="22/tcp")
    equal(sorted(row["grant_id"] for row in rows if row["kind"] == "grant"),
          sorted(scene.grants[name] for name in ["first", "second", "alone", "reviewed", "open"]))
    first = next(row for row in rows if row["grant_id"] == scene.grants["first"])
    equal((first["who"], first["justification"], first["ticket"], first["sources"], first["signers"], first["remark"]),
          (HOSTILE, HOSTILE, "INC-'1", "192.0.2.7/32, 2001:db8::7/128", "dana, erin", "expired"))
    equal((first["since"], first["until"]), tuple(on_record(scene.web, event, JITGATE_GRANT=scene.grants["first"])
                                                  for event in ["grant-opened", "grant-closed"]))
    trusted = {row["sources"]: (row["since"], row["until"]) for row in rows if row["kind"] == "trusted network"}
    equal(sorted(trusted), ["192.0.2.20/32", "192.0.2.99/32", "2001:db8:20::/64"])
    equal(trusted["192.0.2.20/32"][1], None)
    equal(trusted["192.0.2.99/32"], (on_record(scene.web, "policy-loaded", JITGATE_SEQ=scene.trial["JITGATE_SEQ"]),
                                     scene.trial["JITGATE_DEADLINE"].replace("T", " ").rstrip("Z").ljust(26, "0")))
    holds(trusted["2001:db8:20::/64"][1] > moment(scene.changed).replace("T", " "), "it was trusted until the policy changed")
    equal({row["kind"] for row in rows} - {"grant", "trusted network"},
          {"table changed by others", "before the first record", "after the last record"})
    equal({row["hostname"] for row in rows}, {WEB})


@test
def reach_shows_observe_mode(scene):
    """A host in observe mode could be reached by anybody, until it enforced; so could ports that its policy does not protect"""
    rows = asked(scene, "reach", host=MACHINES[DB], port="22/tcp")
    [observing] = [row for row in rows if row["kind"] == "observe mode"]
    equal((observing["who"], observing["sources"], observing["until"]),
          ("anybody", "anywhere", on_record(scene.db, "mode-changed")))
    [stopped] = [row for row in rows if row["kind"] == "agent not running"]
    equal((stopped["since"], stopped["until"]),
          (on_record(scene.db, "agent-stopped"), moment(int(scene.db.records("agent-started")[1]["__REALTIME_TIMESTAMP"]))
           .replace("T", " ").rstrip("Z")))
    equal([row for row in rows if row["kind"] == "port not protected"], [])
    [unprotected] = [row for row in asked(scene, "reach", host="DB-1", port="3389/tcp") if row["kind"] == "port not protected"]
    equal((unprotected["who"], unprotected["until"], unprotected["remark"]), ("anybody", None, "the policy protects only 22/tcp"))
    equal([row for row in asked(scene, "reach", host=WEB, port="3389/tcp") if row["kind"] in ("grant", "port not protected")],
          [row for row in asked(scene, "reach", host=WEB, port="3389/tcp") if row["grant_id"] == scene.grants["first"]])


@test
def reach_keeps_to_its_window(scene):
    """What had ended before the time asked about, or began after it, is left out"""
    after = asked(scene, "reach", host=WEB, since=moment(scene.end))
    equal({row["grant_id"] for row in after if row["kind"] == "grant"}, {scene.grants["open"], scene.grants["reviewed"]})
    equal({row["sources"] for row in after if row["kind"] == "trusted network"}, {"192.0.2.20/32"})
    equal({row["kind"] for row in asked(scene, "reach", until=moment(scene.begin))}, {"before the first record"})
    equal([row for row in asked(scene, "reach", host=DB, since=moment(scene.enforced)) if row["kind"] == "observe mode"], [])


@test
def people_and_tickets(scene):
    """Openings are found by requestor, by approver and by ticket, also with hostile names"""
    grants = scene.grants
    equal(columns(asked(scene, "requestor", requestor=HOSTILE), "grant_id", "closed_because", "use_records"),
          [(grants["first"], "expired", 2)])
    equal(columns(asked(scene, "requestor", requestor="ERI%"), "grant_id", "hostname", "closed_because"),
          [(grants["third"], DB, "superseded"), (grants["fourth"], DB, "")])
    equal({row["grant_id"] for row in asked(scene, "approver", approver="erin")}, {grants[name] for name in ["first", "second", "open"]})
    equal({row["grant_id"] for row in asked(scene, "approver", approver="oncall")}, {grants["alone"], grants["reviewed"]})
    equal(asked(scene, "approver", approver="er%"), [])
    equal(columns(asked(scene, "ticket", ticket="INC-'1"), "grant_id"), [(grants["first"],)])
    equal({row["grant_id"] for row in asked(scene, "ticket", ticket="INC-%")}, {grants["first"], grants["open"]})


@test
def openings_that_nothing_closes(scene):
    """Openings that no record closes are named, with the time at which the host's records end"""
    rows = asked(scene, "unclosed")
    equal({row["grant_id"] for row in rows}, {scene.grants[name] for name in ["fourth", "reviewed", "open"]})
    equal({row["finding"] for row in rows}, {"open at the last record"})


@test
def uses(scene):
    """Uses are counted by grant and address; one that two grants cover counts for both"""
    rows = asked(scene, "used")
    expected = [("first", "192.0.2.7"), ("first", "2001:db8::7"), ("second", "192.0.2.7"), ("open", "192.0.2.7")]
    equal(sorted(columns(rows, "grant_id", "address", "uses", "records")),
          sorted((scene.grants[name], address, 1, 1) for name, address in expected))
    equal(asked(scene, "used", until=moment(scene.begin)), [])


@test
def denials(scene):
    """Denials are counted by address, those without a record of their own too, and what observe mode let in is told apart"""
    found = {(row["hostname"], row["address"], row["verdict"]): (row["attempts"], row["records"]) for row in asked(scene, "denied")}
    equal(found[WEB, "192.0.2.8", "denied"], (scene.denials, scene.own_denials))
    equal(found[WEB, "2001:db8::8", "denied"], (1, 1))
    equal((found[DB, "192.0.2.8", "would be denied"], found[DB, "192.0.2.8", "denied"]), ((1, 1), (1, 1)))
    equal([key for key in found if key[:2] == (WEB, "")], [])
    equal(columns(asked(scene, "denied", host=WEB, source="2001:db8:%"), "address", "ports"), [("2001:db8::8", "22/tcp")])
    equal(asked(scene, "denied", source="192.0.2.20"), [])


@test
def refusals(scene):
    """Refused files are counted by the code of the reason"""
    rows = asked(scene, "refused")
    equal(columns(rows, "event", "code", "hostname", "files"), [("grant-refused", "stranger", WEB, 2), ("grant-refused", "unsigned", WEB, 1)])
    equal(rows[1]["a_file"], f"{scene.web.drop}/{HOSTILE_NAME}")


@test
def break_glass(scene):
    """Break-glass grants are listed with their reviews, and those without one first of all said so"""
    rows = asked(scene, "break-glass")
    equal(columns(rows, "grant_id", "review", "reviewed_by", "signers"),
          [(scene.grants["alone"], "not reviewed", "", "oncall"), (scene.grants["reviewed"], "justified", "signer:erin", "oncall")])


@test
def standing_access(scene):
    """Access that needed no grant is listed from when to when"""
    rows = asked(scene, "standing")
    equal(sorted(columns(rows, "hostname", "kind", "sources")), [
        (DB, "observe mode", "anywhere"), (DB, "protects only", "22/tcp"), (DB, "trusted network", "10.20.0.0/24"),
        (WEB, "protects only", "22/tcp, 3389/tcp"), (WEB, "trusted network", "192.0.2.20/32"),
        (WEB, "trusted network", "192.0.2.99/32"), (WEB, "trusted network", "2001:db8:20::/64")])


@test
def tampering(scene):
    """Changes of the gate, the policy and the mode are listed with who made them"""
    rows = asked(scene, "tampering", host=WEB)
    [detected] = [row for row in rows if row["event"] == "tamper-detected"]
    holds(detected["actor"].startswith("process:nft"), detected["actor"])
    equal([row["mode"] for row in asked(scene, "tampering", host=DB) if row["event"] == "mode-changed"], ["enforce"])
    equal([row["actor"] for row in rows if row["reason"] == "" and "trial" in row["message"]], ["uid:0"])


@test
def nothing_is_missing(scene):
    """A whole fleet has no gap; the unfinished line at the end of a running host's log is named and changes nothing"""
    equal(columns(asked(scene, "missing"), "finding", "remark"), [("unreadable line", f"{scene.data}/logs/{WEB}/audit.jsonl")])
    equal(sorted(columns(asked(scene, "hosts"), "hostname", "machine", "first_seq", "last_seq", "missing")),
          [(name, MACHINES[name], 0, len(host.records()) - 1, 0) for name, host in [(DB, scene.db), (WEB, scene.web)]])


@test
def gaps(scene):
    """Records that did not arrive are named by host and number, and so is a second record of one number"""
    with tempfile.TemporaryDirectory() as folder:
        lines = (scene.data / "logs" / DB / "audit.jsonl").read_bytes().splitlines(keepends=True)
        forged = json.loads(lines[1]) | {"MESSAGE": "The agent ran, somebody says"}
        twice = lines[3].replace(b'{', b'{"JITGATE_SEQ":"4",', 1)
        bad = [twice, b"[1]\n", b'"x"\n', b"\n", lines[4].replace(b"JITGATE_EVENT", b"\xffJITGATE_EVENT"), lines[5][:50] + b"\n", b"{}\n"]
        kept = lines[1:3] + bad + lines[6:] + [json.dumps(forged).encode() + b"\n", lines[1]]
        pathlib.Path(folder, "a.jsonl").write_bytes(b"".join(kept))
        shutil.copy(scene.data / "logs" / WEB / "audit-00000000000000000000.jsonl", f"{folder}/b.jsonl")
        with Both(f"{folder}/*.jsonl") as both:
            equal(columns(both.ask("missing"), "hostname", "finding", "first", "last"),
                  [("", "unreadable line", None, None), (DB, "beginning", 0, 0), (DB, "gap", 3, 5), (DB, "two records of one number", 1, 1)])
            equal(columns(both.ask("hosts", host=DB), "hostname", "missing")[-1:], [(DB, 3)])
            [gap] = [row for row in both.ask("reach", host=DB) if row["kind"] == "records missing"]
            equal((gap["who"], gap["remark"]), ("not known", "records 3 to 5"))


@test
def loading_twice(scene):
    """Records that are loaded twice, in another order, count once"""
    with Both(logs(scene), f"{scene.data}/logs/{DB}/audit.jsonl", logs(scene)) as both:
        for question in sorted(set(QUESTIONS) - {"missing"}):
            equal(both.ask(question), asked(scene, question))


@test
def unset_parameters(scene):
    """A question without its parameters is an error in both engines, and a time that is none too"""
    with Both(logs(scene)) as both:
        for engine in both.engines:
            for parameters in [{}, EVERYTHING | {"since": "yesterday"}]:
                try:
                    rows = engine.ask(QUESTIONS["reach"], **parameters)
                except Exception as error:
                    holds(any(word in str(error) for word in ["host", "yesterday", "parse"]), str(error))
                else:
                    raise AssertionError(f"{engine.name} answers {len(rows)} rows")


PORT = '[[port]]\nnumber = 22\nprotocol = "tcp"\n'
# Policies that agents take, and that a pattern might read wrongly.
POLICIES = [
    'trusted = [\n  "10.0.0.0/8", # office ] "0.0.0.0/0"\n\n  \'2001:db8::/32\',\n]\n' + PORT,
    '"trusted" = ["10.0.0.0/8"]\r\n[["port"]]\r\nnumber = 22\r\nprotocol = "tcp"\r\n',
    "'trusted'=['10.0.0.0/8']# x\n[[ port ]]\n  protocol='udp'\n  number=3389\n[[port]]\nnumber=22\nprotocol='tcp'\n",
    'trusted = ["\\u0031\\u0030.0.0.0/8"]\n', '"trust\\u0065d" = ["10.0.0.0/8"]\n', 'port = [{number = 2222, protocol = "tcp"}]\n',
    PORT.replace("22", "0x16"), PORT.replace("22", "2_222"), 'hostname = "trusted = []"\n', PORT + "[[port]]\nnumber = 22\nprotocol = 'udp'\n",
    'hostname = """\ntrusted = ["0.0.0.0/0"]\n"""\n', "hostname = '''\ntrusted = ['0.0.0.0/0']\n'''\n", 'hostname = "a#b"\ntrusted = ["10.0.0.0/8"]\n',
    'hostname = "[[port]]"\n', '# trusted = ["0.0.0.0/0"]\n# [[port]]\n', 'trusted = []\n', 'hostname = "number = 5"\n',
]


@test
def policies_are_read_rightly(scene):
    """What a query reads in a policy is what TOML says, or it says that it cannot read it"""
    vectors = pathlib.Path(__file__).resolve().parents[1] / "Vectors/policies"
    accepted = [file.read_text() for file in sorted(vectors.glob("*.toml")) if file.with_suffix(".expect").read_text().startswith("accepted")]
    holds(len(accepted) > 30, "there are vectors")
    texts, usual = accepted + POLICIES, [{"number": 22, "protocol": "tcp"}, {"number": 3389, "protocol": "tcp"}, {"number": 3389, "protocol": "udp"}]
    record = {"_HOSTNAME": "h", "JITGATE_SEQ": "0", "JITGATE_EVENT": "policy-loaded", "__REALTIME_TIMESTAMP": "1795867200913640",
              "JITGATE_MODE": "enforce"}
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "a.jsonl").write_text("".join(
            json.dumps(record | {"_MACHINE_ID": f"{number:03}", "JITGATE_EVIDENCE": text,
                                 "JITGATE_POLICY_SHA256": hashlib.sha256(text.encode()).hexdigest()}) + "\n" for number, text in enumerate(texts)))
        with Both(f"{folder}/a.jsonl") as both:
            rows = both.ask("SELECT machine, trusted, protected, readable FROM policy_periods ORDER BY machine")
    equal(len(rows), len(texts))
    for text, row in zip(texts, rows):
        value = tomllib.loads(text.removeprefix("\ufeff"))
        ports = [f"{port['number']}/{port['protocol']}" for port in value.get("port", usual)]
        if row["readable"] == "yes":
            equal((row["trusted"], row["protected"], text), (value.get("trusted", []), ports, text))
    # What it does not understand, it says.
    marks = ["\\", '"""', "'''", "port = [", "0x16", "2_222", '"[[port]]"', '"trusted = []"', '"number = 5"']
    equal({text for text, row in zip(texts, rows) if row["readable"] == "no"}, {text for text in texts if any(mark in text for mark in marks)})
