"""The records in the schemas of a SIEM: etc/siem by jq, judged by the published schemas."""
import ipaddress
import json
import pathlib
import re
import subprocess

import jsonschema
import ocsf_json_schema

from scene import DB, HOSTILE, MACHINES, WEB
from testing import equal, holds, test

ROOT = pathlib.Path(__file__).resolve().parents[2]
SIEM, PAGE = ROOT / "etc/siem", (ROOT / "docs/SIEM.md").read_text()
ECS = json.loads(pathlib.Path(__file__).with_name("ecs.json").read_text())
OCSF = ocsf_json_schema.get_ocsf_schema("1.5.0")
CLASSES = {value["uid"]: name for name, value in OCSF["classes"].items()}


def converted(name, lines):
    done = subprocess.run(["jq", "-R", "-c", "-L", SIEM, "-f", SIEM / f"{name}.jq"], input=lines, capture_output=True, timeout=120)
    equal((done.stderr.decode(), done.returncode), ("", 0))
    return [json.loads(line) for line in done.stdout.decode().splitlines()]


def events():
    """The events of docs/PROTOCOL.audit, section 3."""
    text = (ROOT / "docs/PROTOCOL.audit").read_text()
    return re.findall(r"^    ([a-z]+(?:-[a-z]+)+)\s", text[text.index("\n3. Events"):text.index("PRIORITY and MESSAGE_ID depend")], re.M)


def made_up():
    """Records of each event, and of one that does not exist, with all fields that there are and with as few as there may be."""
    text = (ROOT / "docs/PROTOCOL.audit").read_text()
    names = sorted(set(re.findall(r"^    (JITGATE_[A-Z0-9_]+)\s", text, re.M)) - {"JITGATE_SEQ", "JITGATE_EVENT"})
    numbers = {"JITGATE_PACKETS", "JITGATE_BYTES", "JITGATE_CONNECTIONS", "JITGATE_DRAINING", "JITGATE_LEFT_OUT", "JITGATE_MISSED"}
    values = {name: "7" if name in numbers else HOSTILE for name in names}
    values |= {"JITGATE_PEER": "[2001:db8::7]:5", "JITGATE_PORTS": ["22/tcp", "22/udp"], "JITGATE_MODE": "observe", "JITGATE_GRANT": ["a", "b"],
               "JITGATE_DEADLINE": "2026-11-28T12:00:10.911469Z", "JITGATE_SIGNERS": ["dana", "erin"], "JITGATE_ACTOR": "signer:dana"}
    for number, event in enumerate([*events(), "something-new"]):
        usual = {"__REALTIME_TIMESTAMP": "1795867200913640", "__MONOTONIC_TIMESTAMP": "1", "_BOOT_ID": "0" * 32, "_MACHINE_ID": "3" * 32,
                 "_HOSTNAME": "made-up", "SYSLOG_IDENTIFIER": "jitgated", "PRIORITY": str(number % 8), "MESSAGE": HOSTILE, "MESSAGE_ID": "1" * 32,
                 "JITGATE_EVENT": event}
        few = {"JITGATE_REQUESTOR": "dana", "JITGATE_PORTS": "22/tcp"} if event in ("grant-opened", "grant-closed") else {}
        yield usual | few | {"JITGATE_SEQ": str(2 * number)}
        yield usual | values | {"JITGATE_SEQ": str(2 * number + 1)}
        yield usual | values | {"JITGATE_SEQ": str(2 * number + 1), "JITGATE_PEER": "192.0.2.7", "JITGATE_PORTS": "3389/udp", "JITGATE_REASON": "denied"}


def everything(scene):
    """All records that there are: of the scene, of the vectors, and made up."""
    files = [*(scene.data / "logs").glob("*/audit*.jsonl"), *(ROOT / "Tests/Vectors/audit").glob("genuine*/**/audit*.jsonl")]
    lines = b"".join(file.read_bytes() + b"\n" for file in files)
    return lines + "".join(json.dumps(record) + "\n" for record in made_up()).encode()


def leaves(value, path=""):
    for name, member in value.items():
        if isinstance(member, dict):
            yield from leaves(member, f"{path}{name}.")
        else:
            yield path + name, member


@test
def every_event_is_mapped(scene):
    """docs/SIEM.md says of each event what it becomes in ECS and in OCSF, and that is so"""
    rows = dict(re.findall(r"^\| `([a-z-]+)` \|(.*)\|$", PAGE, re.M))
    equal(sorted(rows), sorted(events()))
    lines = "".join(json.dumps(record) + "\n" for record in made_up()).encode()
    for document, event in zip(converted("ecs", lines), converted("ocsf", lines)):
        name = document["event"]["action"]
        if name == "something-new":
            equal((document["event"]["kind"], event["class_uid"]), ("event", 0))
            continue
        ecs, ocsf = (cell.strip() for cell in rows[name].split("|"))
        found = [document["event"]["kind"], ", ".join(document["event"]["category"]), ", ".join(document["event"]["type"]),
                 document["event"].get("outcome", "")]
        equal((name, ecs), (name, " · ".join(part for part in found if part)))
        definition = OCSF["classes"][CLASSES[event["class_uid"]]]
        activity = definition["attributes"]["activity_id"]["enum"][str(event["activity_id"])]["caption"]
        equal((name, ocsf), (name, f"{definition['caption']} ({event['class_uid']}) · {activity}"))


@test
def ecs_documents(scene):
    """Every record becomes a document with fields of the Elastic Common Schema, of their types, and its own below `jitgate`"""
    kinds = {
        "date": lambda value: re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", value), "text": lambda value: isinstance(value, str),
        "keyword": lambda value: isinstance(value, str) and len(value) <= 8191, "long": lambda value: type(value) is int,
        "ip": lambda value: ipaddress.ip_address(value)}
    documents = converted("ecs", everything(scene))
    holds(len(documents) > 3 * len(events()), "there are documents")
    for document in documents:
        own = document.pop("jitgate", {})
        holds(all(isinstance(value, (str, list)) for value in own.values()) and not {"evidence", "policy_fallback"} & set(own), own)
        for name, value in leaves(document):
            holds(name in ECS["fields"], f"{name} is a field of ECS")
            for one in value if isinstance(value, list) else [value]:
                holds(kinds[ECS["fields"][name]](one), f"{name}: {one!r}")
                holds(one in ECS["values"].get(name, [one]), f"{name}: {one!r}")


@test
def ocsf_events(scene):
    """Every record becomes an event that is valid by the schema of OCSF 1.5.0"""
    schemas, count = ocsf_json_schema.OcsfJsonSchemaEmbedded(OCSF), 0
    for event in converted("ocsf", everything(scene)):
        count += 1
        schema = schemas.get_class_schema(CLASSES[event["class_uid"]], event["metadata"].get("profiles", []))
        wrong = [f"{'/'.join(map(str, error.absolute_path))}: {error.message[-200:]}"
                 for error in jsonschema.Draft202012Validator(schema).iter_errors(event)]
        equal((event["metadata"]["event_code"], wrong), (event["metadata"]["event_code"], []))
        equal(event["type_uid"], 100 * event["class_uid"] + event["activity_id"])
        for name in ["activity_id", "severity_id", "status_id", "action_id", "disposition_id"]:
            if name in event:
                definition = OCSF["classes"][CLASSES[event["class_uid"]]]["attributes"].get(name, {"enum": {}})
                holds(str(event[name]) in definition["enum"] or name == "status_id", f"{name} {event[name]}")
    holds(count > 3 * len(events()), "there are events")


@test
def what_was_done_is_there(scene):
    """A SIEM finds who was let in, who used it and who was denied, and in observe mode nobody was"""
    lines = b"".join(file.read_bytes() for file in sorted((scene.data / "logs").glob("*/audit*.jsonl")))
    documents, happened = converted("ecs", lines), converted("ocsf", lines)
    used = [document for document in documents if document["event"]["action"] == "grant-used"]
    equal(sorted(document["source"]["ip"] for document in used), ["192.0.2.7", "192.0.2.7", "2001:db8::7"])
    equal([document["rule"]["id"] for document in used if document["source"]["ip"] == "2001:db8::7"], [scene.grants["first"]])
    equal([sorted(document["rule"]["id"]) for document in used if isinstance(document["rule"]["id"], list)],
          [sorted([scene.grants["first"], scene.grants["second"]])])
    [observed] = [document for document in documents if "allowed" in document["event"]["type"] and document["event"]["action"] == "attempt-denied"]
    equal((observed["host"]["name"], observed["source"]["ip"]), (DB, "192.0.2.8"))
    equal([(event["action_id"], event["disposition_id"]) for event in happened
           if event["metadata"]["uid"] == f"{MACHINES[DB]}/{observed['event']['sequence']}"], [(1, 17)])
    opened = [event for event in happened if event["metadata"]["event_code"] == "grant-opened"
              and event["unmapped"]["grant"] == scene.grants["first"]]
    equal([(event["user"]["name"], event["privileges"], event["resource"]["name"]) for event in opened], [(HOSTILE, ["22/tcp", "3389/tcp"], WEB)])
    refused = [event for event in happened if event["class_uid"] == 4001 and event["action_id"] == 2
               and event.get("src_endpoint", {}).get("ip") == "192.0.2.8" and event["dst_endpoint"]["hostname"] == WEB]
    equal(sum(event["count"] for event in refused), scene.denials)


@test
def journals_and_hostile_lines(scene):
    """A journal gives the same as the log but for the time; torn lines and entries of users without privileges give nothing"""
    def timeless(documents):
        for document in documents:
            del document["@timestamp"]
            for value in [document["jitgate"]] if "jitgate" in document else []:
                value.update({name: sorted(set(one)) if isinstance(one, list) else one for name, one in value.items()})
                value.update({name: one[0] if isinstance(one, list) and len(one) == 1 else one for name, one in value.items()})
            if isinstance(document.get("rule", {}).get("id"), list):
                document["rule"]["id"].sort()
        return sorted(map(json.dumps, documents))
    log = b"".join(file.read_bytes() for file in sorted((scene.data / "logs" / WEB).glob("audit*.jsonl")))
    journal = (scene.data / f"{WEB}.json").read_bytes()
    equal(timeless(converted("ecs", journal)), timeless(converted("ecs", log)))
    forged = json.loads(journal.splitlines()[-1]) | {"_UID": "1000", "JITGATE_SEQ": "99", "JITGATE_EVENT": "grant-opened"}
    hostile = [b'{"torn', b"[1]", b"7", b"", b'"text"', json.dumps(forged).encode(), b"\xff\xfe", b"null"]
    # (journalctl prints what has control characters as bytes)
    bytes_of = {"__REALTIME_TIMESTAMP": "1", "PRIORITY": "4", "JITGATE_EVENT": "grant-refused", "JITGATE_SEQ": "1", "_TRANSPORT": "journal", "_UID": "0",
                "JITGATE_FILE": list("é\n€𝒰".encode()), "JITGATE_SIGNERS": [list("ü".encode()), "dana"], "MESSAGE": "m", "_MACHINE_ID": "m", "_HOSTNAME": "h"}
    [document] = converted("ecs", b"\n".join([*hostile, json.dumps(bytes_of).encode()]) + b"\n")
    equal((document["jitgate"]["file"], document["jitgate"]["signers"]), ("é\n€𝒰", ["ü", "dana"]))
