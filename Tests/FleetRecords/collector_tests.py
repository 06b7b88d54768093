"""The records as a collector of journals has them, by systemd's own programs and the configuration of etc/journal-upload."""
import json
import pathlib
import shutil
import subprocess
import tempfile

from collector import ADDRESS, CONFIGURATION, Collector
from engines import QUESTIONS, Both
from hosts import end, eventually
from query_tests import asked
from scene import DB, WEB
from testing import columns, equal, holds, test


def collected(scene):
    """The collector, started when a test first needs it."""
    if not hasattr(scene, "collector"):
        scene.collector = Collector(scene)
        scene.stack.callback(scene.collector.close)
        scene.collector.start()
        for host in [scene.web, scene.db]:
            scene.collector.upload(host)
            scene.collector.has_all(host, len(host.records()))
    return scene.collector


def exported(scene):
    """The file into which an auditor puts what the collector has."""
    file = scene.folder / "collector.json"
    file.write_text(collected(scene).entries("SYSLOG_IDENTIFIER=jitgated"))
    return file


def values(record, name):
    """The values of a field, those that journalctl prints as bytes too, in no order."""
    found = record.get(name, [])
    found = [found] if isinstance(found, str) else [bytes(found).decode()] if found and isinstance(found[0], int) else found
    return sorted(set(found))


@test
def the_journals_arrive_whole(scene):
    """systemd-journal-upload brings every record to the collector, with all fields, the machine's id and its number"""
    for host in [scene.web, scene.db]:
        arrived = {record["JITGATE_SEQ"]: record for record in collected(scene).records(host)}
        records = host.records()
        equal(sorted(arrived, key=int), [record["JITGATE_SEQ"] for record in records])
        for record in records:
            copy = arrived[record["JITGATE_SEQ"]]
            for name in [*(name for name in record if not name.startswith("_")), "_MACHINE_ID", "_HOSTNAME", "_BOOT_ID"]:
                equal((record["JITGATE_SEQ"], name, values(copy, name)), (record["JITGATE_SEQ"], name, values(record, name)))


@test
def the_collector_answers_alike(scene):
    """Every question has the same answer over what the collector has as over the logs, but for the moments of the journal"""
    moments = {"since", "until", "recorded", "opened", "closed", "accepted", "first_use", "last_use", "first_attempt", "last_attempt",
               "first_time", "last_time", "first_recorded", "last_recorded", "reviewed", "records_until"}

    def timeless(rows):
        return sorted(json.dumps({name: value for name, value in row.items() if name not in moments}, sort_keys=True) for row in rows)
    with Both(exported(scene)) as both:
        for question in sorted(set(QUESTIONS) - {"missing"}):
            equal((question, timeless(both.ask(question))), (question, timeless(asked(scene, question))))
        equal(both.ask("missing"), [])


@test
def only_hosts_of_the_authority_get_in(scene):
    """The collector takes nothing from a client without a certificate of its authority"""
    tls = collected(scene).authority.folder
    for identity in [[], ["--cert", tls / "stranger.pem", "--key", tls / "stranger.key"]]:
        if identity:
            subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={WEB}",
                            "-keyout", tls / "stranger.key", "-out", tls / "stranger.pem"], check=True, capture_output=True)
        upload = scene.db.run("/lib/systemd/systemd-journal-upload", "--version")
        holds("systemd" in upload, upload)
        answer = scene.db.run("openssl", "s_client", "-quiet", "-connect", f"{ADDRESS}:19532", "-CAfile", tls / "ca.pem",
                              *(str(word).replace("--", "-") for word in identity), check=False,
                              data=b"POST /upload HTTP/1.0\r\nContent-Type: application/vnd.fdo.journal\r\nContent-Length: 0\r\n\r\n")
        holds(" 202 " not in answer and (" 400 " in answer or not answer), answer[:200])


@test
def users_cannot_forge_records(scene):
    """An entry that a user without privileges writes into the journal, with the fields of a record, is none"""
    forged = {"SYSLOG_IDENTIFIER": "jitgated", "MESSAGE": "forged", "JITGATE_EVENT": "grant-opened", "JITGATE_SEQ": "999",
              "JITGATE_GRANT": "11111111-1111-4111-8111-111111111111", "JITGATE_REQUESTOR": "mallory", "JITGATE_PORTS": "22/tcp",
              "PRIORITY": "1", "_UID": "0", "_TRANSPORT": "syslog"}
    text = "".join(f"{name}={value}\n" for name, value in forged.items()).encode()
    scene.db.run("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "logger", "--journald", data=text)
    eventually("the entry is in the collector", lambda: "mallory" in collected(scene).entries("JITGATE_SEQ=999"))
    with Both(exported(scene)) as both:
        equal(both.ask("requestor", requestor="mallory"), [])
        equal(both.ask("missing"), [])


@test
def a_collector_that_was_away(scene):
    """While the collector is away the journal keeps the records; the upload goes on where it was, and no record counts twice"""
    collector = collected(scene)
    collector.stop()
    scene.db.submit(b"while it is away\n", "away.grant")
    eventually("the refusal is on record", lambda: scene.db.records("grant-refused"))
    # (the unit starts it again and again: journal-upload.service.conf)
    eventually("the upload ends", lambda: collector.uploads[DB].poll() not in (None, 0), 60)
    eventually("another ends as well", lambda: collector.upload(scene.db).wait(30) != 0)
    collector.start()
    collector.upload(scene.db)
    collector.has_all(scene.db, len(scene.db.records()))
    with Both(exported(scene)) as both:
        equal(columns(both.ask("refused", host=DB), "code", "files"), [("unsigned", 1)])
        equal(both.ask("missing"), [])


@test
def what_the_journal_lost_shows(scene):
    """If the collector is away for longer than the journal keeps records, their numbers are missing; the host's log fills the gap"""
    collector = collected(scene)
    end(collector.uploads[DB])
    first = len(scene.db.records())
    for number in range(3):
        scene.db.submit(b"lost\n", f"lost-{number}.grant")
        eventually("the refusal is on record", lambda: len(scene.db.records()) == first + number + 1)
    scene.db.run("journalctl", "--sync")
    scene.db.run("journalctl", "--rotate")
    scene.db.run("journalctl", "--vacuum-files=1")
    scene.db.submit(b"kept\n", "kept.grant")
    eventually("the refusal is on record", lambda: len(scene.db.records()) == first + 4)
    scene.db.run("journalctl", "--sync")
    collector.upload(scene.db)
    eventually("the last record arrives", lambda: collector.records(scene.db)[-1]["JITGATE_SEQ"] == str(first + 3), 60)
    journal = exported(scene)
    with Both(journal) as both:
        equal(columns(both.ask("missing"), "hostname", "finding", "first", "last"), [(DB, "gap", first, first + 2)])
    log = scene.folder / "filled.jsonl"
    shutil.copy(scene.db.log, log)
    with Both(journal, log) as both:
        equal(both.ask("missing"), [])


@test
def a_missing_end_shows(scene):
    """A checkpoint in the journal shows that records before it did not arrive, though none came after them"""
    collector = collected(scene)
    end(scene.db.agent)
    count = len(scene.db.records())
    eventually("the checkpoint arrives", lambda: f"\\n{count}\\n" in collector.entries(f"_MACHINE_ID={scene.db.machine}",
                                                                                    "MESSAGE_ID=223d8e6f0c1c4edb9b7ed1fc8f883cd6"), 60)
    last = max(int(record["JITGATE_SEQ"]) for record in collector.records(scene.db) if int(record["JITGATE_SEQ"]) < count - 2)
    lines = [line for line in exported(scene).read_text().splitlines(keepends=True)
             if json.loads(line).get("JITGATE_SEQ") not in (str(count - 2), str(count - 1)) or json.loads(line)["_HOSTNAME"] != DB]
    file = scene.folder / "cut.json"
    pathlib.Path(file).write_text("".join(lines))
    with Both(file, scene.db.log) as both:
        equal(both.ask("missing"), [])
    with Both(file) as both:
        found = [row for row in both.ask("missing") if row["finding"] == "end"]
        equal(columns(found, "hostname", "first", "last"), [(DB, last + 1, count - 1)])


@test
def the_units_are_right(scene):
    """systemd takes the drop-ins of etc/journal-upload, and each says where it belongs"""
    with tempfile.TemporaryDirectory() as folder:
        units = [file.name.removesuffix(".conf") for file in CONFIGURATION.glob("systemd-*.conf")]
        equal(len(units), 3)
        for unit in units:
            text = (CONFIGURATION / f"{unit}.conf").read_text()
            holds(f"/etc/systemd/system/{unit}.d/jitgate.conf" in text.splitlines()[0], text)
            place = pathlib.Path(folder, f"{unit}.d")
            place.mkdir()
            (place / "jitgate.conf").write_text(text)
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", *units], text=True, capture_output=True,
                              env={"SYSTEMD_UNIT_PATH": f"{folder}:", "PATH": "/usr/bin:/bin"}, timeout=60)
        equal((done.stderr, done.returncode), ("", 0))
