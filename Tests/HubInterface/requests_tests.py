"""Asking, approving, and what hosts get."""
import base64
import csv
import hashlib
import io
import json
import re
import threading
import time

from hosts import eventually, signed
from interface import ROOT
from scene import OCTETS, asked, identity, payload
from testing import equal, holds, test


@test
def published(scene):
    """A request that is approved is on the shelf of its host, in one file with both signatures"""
    hub, dana = scene.hub, scene.hub.caller(scene.dana)
    file = asked(scene.dana, ticket="INC-4211")
    first = dana.post("/v1/requests", file)
    equal((first.status, first.json["state"], first.json["is_signed"]), (201, "pending", True))
    equal([(row["host"], row["needs"]) for row in first.json["outlook"]], [("web-1", 1)])
    text = base64.b64decode(first.json["payload"])
    equal(text, file.partition(b"-----BEGIN")[0])
    waits = []
    tag = hub.stranger.get("/shelves?names=all,web-1").headers["ETag"]
    poll = threading.Thread(target=lambda: waits.append(hub.stranger.get(
        "/shelves?names=all,web-1", Prefer="wait=30", If_None_Match=tag)))
    poll.start()
    path = f"/v1/requests/{first.json['id']}"
    approved = scene.caller(scene.erin).post(f"{path}/signatures", scene.erin.sign(text, "jitgate-grant"), "text/plain")
    equal(approved.status, 200)
    eventually("it is published", lambda: dana.get(path).json["state"] == "published")
    poll.join(30)
    digest, _, name = waits[0].body.decode().splitlines()[0].partition("  ")
    equal((waits[0].status, name), (200, f"{first.json['id']}.grant"))
    fetched = hub.stranger.get(f"/files/{digest}.grant")
    equal(hashlib.sha256(fetched.body).hexdigest(), digest)
    equal(fetched.body.count(b"BEGIN SSH SIGNATURE"), 2)
    equal(dana.get(f"{path}/file").body, fetched.body)
    equal(hub.stranger.get("/shelves/web-1/index").body.decode().splitlines()[0], f"{digest}  {name}")
    scene.host.submit(fetched.body, name)
    eventually("the host opens it", lambda: scene.host.records("grant-opened", JITGATE_GRANT=first.json["id"]))


@test
def repeated(scene):
    """The same bytes get the same answer; another payload of the same id is refused"""
    dana, file = scene.caller(scene.dana), asked(scene.dana)
    equal(dana.post("/v1/requests", file).status, 201)
    again = dana.post("/v1/requests", file)
    equal((again.status, again.json["id"]), (200, identity(file)))
    other = asked(scene.dana, id=identity(file), justification="another")
    equal(dana.post("/v1/requests", other).code, "id-taken")


@test
def refused(scene):
    """A request that no host would take is refused, with the reason of each host"""
    answer = scene.caller(scene.dana).post("/v1/requests", asked(scene.dana, sources=["0.0.0.0/1"]))
    equal(answer.code, "refused")
    hosts = answer.json["error"]["hosts"]
    equal([row["host"] for row in hosts], ["web-1"])
    holds(hosts[0]["refuses"]["message"], "no reason")


@test
def unsigned(scene):
    """A person of a session asks without a signature, and that is shown; a stranger cannot"""
    hub, dana = scene.hub, scene.hub.caller(scene.dana)
    body = json.dumps({"payload": base64.b64encode(payload()).decode()})
    answer = dana.post("/v1/requests", body, "application/json")
    equal((answer.status, answer.json["is_signed"], answer.json["asked_by"]), (201, False, "dana"))
    equal(hub.stranger.post("/v1/requests", body, "application/json").code, "login-required")
    path = f"/v1/requests/{answer.json['id']}/decisions"
    withdrawn = dana.post(path, json.dumps({"decision": "withdraw", "reason": "solved"}), "application/json")
    equal((withdrawn.status, withdrawn.json["state"]), (200, "withdrawn"))


@test
def foreign_signatures(scene):
    """A signature of other bytes, of a stranger, or under another namespace approves nothing"""
    request = scene.ask()
    text, path = base64.b64decode(request["payload"]), f"/v1/requests/{request['id']}/signatures"
    for armor in [scene.erin.sign(text + b" ", "jitgate-grant"), scene.mallory.sign(text, "jitgate-grant"),
                  scene.dana.sign(text, "jitgate-grant"), scene.erin.sign(text, "jitgate-decision"), b"no signature", b""]:
        answer = scene.caller(scene.dana).post(path, armor, "text/plain")
        holds(answer.status in (400, 403), answer.said)
    equal(scene.hub.caller(scene.dana).get(f"/v1/requests/{request['id']}").json["state"], "pending")


@test
def denied(scene):
    """After a denial no signature is taken, and only who may denies"""
    request = scene.ask()
    text, path = base64.b64decode(request["payload"]), f"/v1/requests/{request['id']}"
    decision = {"jitgate": "decision/1", "request": request["id"], "payload": request["sha256"], "decision": "deny",
                "reason": "not today"}
    stranger = scene.caller(scene.dana).post(f"{path}/decisions", signed(decision, "jitgate-decision", scene.mallory))
    holds(stranger.status in (400, 403), stranger.said)
    other = signed(decision | {"payload": "0" * 64}, "jitgate-decision", scene.erin)
    holds(400 <= scene.caller(scene.erin).post(f"{path}/decisions", other).status < 500, "a denial of other bytes counts")
    answer = scene.caller(scene.erin).post(f"{path}/decisions", signed(decision, "jitgate-decision", scene.erin))
    equal((answer.status, answer.json["state"], answer.json["decision"]["by"]), (200, "denied", "erin"))
    late = scene.caller(scene.erin).post(f"{path}/signatures", scene.erin.sign(text, "jitgate-grant"), "text/plain")
    equal((late.status, late.code), (409, "decided"))


@test
def bounded_by_person(scene):
    """A person has 20 pending requests at most, and others go on"""
    answers = [scene.caller(scene.flo).post("/v1/requests", asked(scene.flo)) for _ in range(21)]
    equal([answer.status for answer in answers], [201] * 20 + [429])
    equal(answers[-1].code, "too-many")
    holds(answers[-1].headers["Retry-After"], "no Retry-After")
    scene.ask()


@test
def listed(scene):
    """Lists continue by their cursors, and CSV has the same rows"""
    audrey = scene.hub.caller(scene.audrey)
    rows, cursor = [], ""
    while cursor is not None:
        page = audrey.get(f"/v1/requests?limit=3&cursor={cursor}" if cursor else "/v1/requests?limit=3").json
        holds(len(page["requests"]) <= 3, "more than asked for")
        rows, cursor = rows + [row["id"] for row in page["requests"]], page["next"]
    equal(len(rows), len(set(rows)))
    holds(len(rows) > 20, f"{len(rows)} requests")
    answer = audrey.get("/v1/requests?format=csv&limit=1000")
    equal(answer.headers.get_content_type(), "text/csv")
    found = list(csv.DictReader(io.StringIO(answer.body.decode())))
    equal([row["id"] for row in found], rows)
    for path in ["/v1/hosts", "/v1/activity", "/v1/people", "/v1/inventory"]:
        equal(audrey.get(path).status, 200)
        equal(audrey.get(path, Accept="text/csv").headers.get_content_type(), "text/csv")


@test
def own_alone(scene):
    """People without jitgate-audit see the activity that concerns them"""
    dana = scene.hub.caller(scene.dana)
    actors = {row.get("actor") for row in dana.get("/v1/activity?limit=1000").json["activity"]}
    holds("flo" not in actors, f"dana sees {actors}")
    holds("flo" in {row.get("actor") for row in scene.hub.caller(scene.audrey).get("/v1/activity?limit=1000").json["activity"]},
          "audrey does not see flo")


@test
def followed(scene):
    """Events come as they happen, and continue after the last one that was seen"""
    audrey = scene.hub.caller(scene.audrey)
    newest = audrey.get("/v1/activity?limit=1").json["activity"][0]["position"]
    connection = scene.hub.connect()
    connection.request("GET", "/v1/events", headers={**audrey.headers, "Last-Event-ID": str(newest - 1)})
    response = connection.getresponse()
    equal(response.headers.get_content_type(), "text/event-stream")

    def entry():
        lines = []
        while (line := response.readline().decode().rstrip("\n")) or not any(text.startswith("data:") for text in lines):
            lines.append(line)
        return json.loads(next(text for text in lines if text.startswith("data:"))[5:])
    equal(entry()["position"], newest)
    request, begun = scene.ask(), time.monotonic()
    while (found := entry()).get("request") != request["id"]:
        holds(time.monotonic() - begun < 20, "the event does not come")
    equal(found["event"], "asked")
    connection.close()


@test
def statuses(scene):
    """A host reports by its own key and under its own name; people with jitgate-audit read it"""
    hub = scene.hub
    equal(hub.caller(scene.audrey).get("/status/web-1").body, scene.note)
    equal(hub.stranger.get("/status/web-1").code, "login-required")
    equal(hub.caller(scene.dana).get("/status/web-1").code, "not-allowed")
    for path, body in [("/status/web-3", scene.note), ("/status/web-1", scene.note[:-20]), ("/status/web-1", b"{}"),
                       ("/status/web-1", scene.note.replace(b'"enforce"', b'"observe"'))]:
        answer = hub.stranger.put(path, body)
        holds(answer.status in (400, 403), f"{path}: {answer.said}")
    found = {row["host"]: row["state"] for row in hub.caller(scene.dana).get("/v1/hosts").json["hosts"]}
    equal(found, {"web-1": "configured", "web-2": "not-configured", "web-3": "silent"})
    equal(hub.caller(scene.dana).get("/v1/hosts/web-1").json["ports"][0]["port"], "22/tcp")


@test
def measured(scene):
    """The metrics are those of METRICS.md, name nobody, and are for loopback alone"""
    hub = scene.hub
    answer = hub.stranger.get("/metrics")
    equal((answer.status, answer.headers.get_content_type()), (200, "application/openmetrics-text"))
    holds(answer.body.endswith(b"# EOF\n"), "no end")
    found = re.findall(r"^(jitgate_hub_\w+)(\{.*\})? (\S+)$", answer.body.decode(), re.M)
    listed = set(re.findall(r"^\| `(jitgate_hub_\w+)", (ROOT / "docs/METRICS.md").read_text(), re.M))
    # A sample by state is there only for a state that something is in, and those of `publish` only with it.
    equal({name for name, _, _ in found} - listed, set())
    absent = {name for name in listed - {name for name, _, _ in found} if "_publish_" not in name}
    equal(absent - {"jitgate_hub_webhook_deliveries"}, set())
    holds(('jitgate_hub_hosts', '{state="configured"}', "1") in found, "the host is not counted")
    for word in [b"dana", b"web-1", b"192.0.2", b"127.0.0.1"]:
        holds(word not in answer.body, f"{word} is named")


@test
def typed(scene):
    """A body of another media type is refused as such"""
    for path, form in [("/v1/requests", "text/html"), ("/v1/login", "application/json"), ("/v1/files", "text/plain")]:
        answer = (scene.hub.stranger if "login" in path else scene.caller(scene.dana)).post(path, b"{}", form)
        equal((path, answer.code), (path, "media-type"))
    equal(scene.caller(scene.dana).post("/v1/requests", b"{", OCTETS).status, 400)
    equal(scene.hub.stranger.post("/v1/requests", asked(scene.dana)).code, "login-required")
