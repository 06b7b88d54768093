#!/usr/bin/python3
"""Measures a hub over SQLite, on loopback, with simulated hosts that wait at it as jitgate-fetch does.

hub.py PROGRAMS [PART...]: PROGRAMS is the folder of the release build; the parts are `rest` (a hub that nobody asks), `hosts`
(many hosts in a long poll, each with a status every five minutes: at rest, and from an approval to the file at a host), `calls`
(requests that are asked and listed) and `page` (the page of all hosts). Hosts and hub share the machine.

The hosts, and whoever measures how long the others' calls take, are processes of their own: this file with the word `hosts`.
"""
import asyncio
import concurrent.futures
import http.client
import json
import os
import pathlib
import random
import resource
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "Tests/PythonSupport"))
from hosts import Signer, end, eventually, later, run, signed  # noqa: E402

HOSTS = int(os.environ.get("HUB_HOSTS", 10_000))
ROUNDS = int(os.environ.get("HUB_ROUNDS", 50))
STATUS_EVERY = 300


def report(what, value, bound=""):
    print(f"{what:<64} {value:<16} {bound}", flush=True)


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


# --- the hosts: a process of their own --------------------------------------
class Host(asyncio.Protocol):
    """One host: it waits for news of its two shelves, reads the files of them that it does not have, and waits again."""

    def __init__(self, fleet, name):
        self.fleet, self.name = fleet, name
        self.tag, self.have, self.wanted = None, set(), []
        self.data = bytearray()

    def connection_made(self, transport):
        self.transport = transport
        self.wait()

    def connection_lost(self, _):
        if not self.fleet.is_over:
            self.fleet.failures += 1

    def wait(self):
        if self.transport.is_closing():
            return
        condition = f"If-None-Match: {self.tag}\r\n" if self.tag else ""
        self.what = None
        self.transport.write(f"GET /shelves?names=all,{self.name} HTTP/1.1\r\nHost: {self.fleet.place}\r\n"
                             f"Prefer: wait=55\r\n{condition}\r\n".encode())

    def data_received(self, data):
        self.data += data
        head, gap, rest = bytes(self.data).partition(b"\r\n\r\n")
        if not gap:
            return
        fields = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
        fields = {name.lower(): value for name, value in fields.items()}
        status, length = int(head[9:12]), int(fields.get(b"content-length", 0))
        if len(rest) < length:
            return
        self.data = bytearray()
        self.take(status, fields, rest)

    def take(self, status, fields, body):
        if status not in (200, 304):
            self.fleet.failures += 1
        if self.what:
            self.have.add(self.what)
            self.fleet.got(self.name, self.what)
        elif status == 200:
            self.fleet.heard.add(self.name)
            self.tag = fields[b"etag"].decode()
            names = [line.split()[0].decode() for line in body.splitlines() if line]
            self.wanted = [digest for digest in names if digest not in self.have]
        if self.wanted:
            self.what = self.wanted.pop()
            self.transport.write(f"GET /files/{self.what}.grant HTTP/1.1\r\nHost: {self.fleet.place}\r\n\r\n".encode())
        else:
            asyncio.get_running_loop().call_later(random.uniform(1, 2), self.wait)


class Fleet:
    """All hosts. Tells on standard output each file that comes to a host: the time, the host and the digest."""

    def __init__(self, port, folder, names):
        self.place, self.port, self.folder, self.names = f"127.0.0.1:{port}", port, folder, names
        self.failures, self.heard, self.is_over = 0, set(), False

    def got(self, name, digest):
        self.say("file", name, digest)

    def say(self, *words):
        sys.stdout.write(f"{time.time():.6f} {' '.join(map(str, words))}\n")

    async def run(self):
        loop = asyncio.get_running_loop()
        for name in self.names:
            await loop.create_connection(lambda name=name: Host(self, name), "127.0.0.1", self.port)
        while len(self.heard) < len(self.names):
            await asyncio.sleep(0.1)
        self.say("ready")
        sys.stdout.flush()
        statuses = asyncio.create_task(self.send_statuses())
        while os.getppid() != 1 and not statuses.done():
            await asyncio.sleep(0.2)
            sys.stdout.flush()

    async def send_statuses(self):
        """The statuses of all hosts, one after the other, so that each has one every five minutes."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        while True:
            for name in random.sample(self.names, len(self.names)):
                note = (self.folder / "depot/status" / name).read_bytes()
                writer.write(f"PUT /status/{name} HTTP/1.1\r\nHost: {self.place}\r\nContent-Type: application/octet-stream\r\n"
                             f"Content-Length: {len(note)}\r\n\r\n".encode() + note)
                head = await reader.readuntil(b"\r\n\r\n")
                length = [int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
                await reader.readexactly(length[0] if length else 0)
                if head[9:10] != b"2":
                    self.failures += 1
                    self.say("failed", head[9:12].decode())
                await asyncio.sleep(STATUS_EVERY / len(self.names))


# --- the hub, and those who ask it ------------------------------------------
class Hub:
    def __init__(self, programs, folder):
        self.folder = folder
        self.dana, self.erin, self.fern = (Signer(name, folder) for name in ("dana", "erin", "fern"))
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        run(f"{programs}/make-fleet", folder, str(HOSTS), "1", "20")
        self.names = [line.split()[0] for line in (folder / "hosts").read_text().splitlines()]
        (folder / "allowed_signers").write_text(
            f'dana namespaces="jitgate-login,jitgate-request,jitgate-audit" {self.dana.public}\n'
            f'fern namespaces="jitgate-login,jitgate-request" {self.fern.public}\n'
            f'erin namespaces="jitgate-login,jitgate-grant,jitgate-audit" {self.erin.public}\n')
        (folder / "hub.toml").write_text(
            f'url = "{self.url}"\nlisten = "127.0.0.1:{self.port}"\nstore = "sqlite:{folder}/hub.db"\nstate = "{folder}"\n'
            f'allowed_signers = "{folder}/allowed_signers"\ninventory = "{folder}/hosts"\nrequests_per_person = 1000\n')
        self.log = open(folder / "hub.log", "wb")
        self.process = subprocess.Popen([f"{programs}/jitgate-hub", "--config", folder / "hub.toml"], stderr=self.log)
        self.connections, self.tokens = {}, {}
        eventually("the hub answers", self.answers, 60)

    def answers(self):
        if self.process.poll() is not None:
            raise SystemExit(f"the hub ended: {(self.folder / 'hub.log').read_text()[-1000:]}")
        try:
            return self.call(None, "GET", "/healthz")[0] == 200
        except OSError:
            self.connections.clear()
            return False

    def call(self, person, method, path, body=None, form="application/octet-stream"):
        """A call on the connection that a person has on this thread; the status and the body."""
        own = (person, threading.get_ident())
        if own not in self.connections:
            self.connections[own] = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        if person and person not in self.tokens:
            self.tokens[person] = self.login(person)
        fields = {"Content-Type": form} if body else {}
        if person:
            fields["Authorization"] = f"Bearer {self.tokens[person]}"
        connection = self.connections[own]
        try:
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
        except (http.client.RemoteDisconnected, BrokenPipeError):  # nobody had asked for long
            connection.close()
            connection.request(method, path, body, fields)
            answer = connection.getresponse()
        return answer.status, answer.read()

    def login(self, person):
        nonce = json.loads(self.call(None, "GET", "/v1/login")[1])["nonce"]
        file = signed({"jitgate": "login/1", "url": self.url, "nonce": nonce}, "jitgate-login", person)
        return json.loads(self.call(None, "POST", "/v1/login", file)[1])["token"]

    def expect(self, status, person, method, path, *more):
        found, body = self.call(person, method, path, *more)
        if found != status:
            raise SystemExit(f"hub: {method} {path}: {found} {body[:300]!r}")
        return body

    def request(self, person, host):
        """A request that a person has signed: its id, its payload and the whole."""
        value = {"jitgate": "grant/1", "id": str(uuid.uuid4()), "hosts": [host], "requestor": person.name, "justification": "INC-4211",
                 "sources": ["192.0.2.7/32"], "ports": ["22/tcp"], "expires": later(3600)}
        payload = json.dumps(value).encode() + b"\n"
        return value["id"], payload, payload + person.sign(payload, "jitgate-request")

    def cpu(self):
        """The processor time that it has used, in seconds."""
        words = pathlib.Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")

    def resident(self):
        text = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(text.partition("VmRSS:")[2].split()[0]) / 1024

    def share(self, seconds):
        """The share of a core that it uses."""
        before = self.cpu()
        time.sleep(seconds)
        return 100 * (self.cpu() - before) / seconds

    def close(self):
        end(self.process)
        self.log.close()


def measure_rest(hub):
    time.sleep(10)
    report("hub: of a core, asked by nobody", f"{hub.share(60):.2f} %", "<= 0.5 %")
    report("  resident", f"{hub.resident():.0f} MiB")


def populate(hub):
    begun = time.monotonic()
    for name in hub.names:
        hub.expect(204, None, "PUT", f"/status/{name}", (hub.folder / "depot/status" / name).read_bytes())
    report(f"hub: first statuses of {HOSTS:,} hosts, a second", f"{HOSTS / (time.monotonic() - begun):.0f}")


def measure_hosts(hub):
    fleet = subprocess.Popen([sys.executable, "-B", __file__, "hosts", str(hub.port), hub.folder, str(HOSTS)],
                             stdout=subprocess.PIPE, text=True)
    try:
        begun = time.monotonic()
        while "ready" not in (line := fleet.stdout.readline()):
            if not line:
                raise SystemExit("hub: the hosts have ended")
        report(f"hub: {HOSTS:,} hosts that come at once, until all wait", f"{time.monotonic() - begun:.0f} s")
        time.sleep(10)
        report(f"  of a core, at rest, with {HOSTS / STATUS_EVERY:.0f} statuses a second", f"{hub.share(120):.1f} %", "<= 25 %")
        approve(hub, fleet, [random.choice(hub.names) for _ in range(ROUNDS)], "one host", (0.05, 1))
        approve(hub, fleet, ["host-*.example.com"] * 3, "all hosts", (None, 5))
        report("  resident", f"{hub.resident():.0f} MiB", "<= 500 MiB")
    finally:
        end(fleet)


def approve(hub, fleet, patterns, what, bounds):
    """Asks and approves; how long it takes from the approval to the file at a host."""
    took = []
    for pattern in patterns:
        id, payload, file = hub.request(hub.dana, pattern)
        hub.expect(201, hub.dana, "POST", "/v1/requests", file)
        signature = hub.erin.sign(payload, "jitgate-grant")
        # A host that has just had news asks again within two seconds.
        time.sleep(random.uniform(2, 3))
        begun, expected = time.time(), HOSTS if "*" in pattern else 1
        hub.expect(200, hub.erin, "POST", f"/v1/requests/{id}/signatures", signature, "text/plain")
        while expected:
            words = fleet.stdout.readline().split()
            if not words or words[1] == "failed":
                raise SystemExit(f"hub: {words or 'the hosts have ended'}")
            took.append(float(words[0]) - begun)
            expected -= 1
    middle, bound = bounds
    report(f"  from the last approval to the file, for {what}: p50", f"{1000 * percentile(took, 0.5):.0f} ms",
           f"< {1000 * middle:.0f} ms" if middle else "")
    report("    p99", f"{1000 * percentile(took, 0.99):.0f} ms", f"< {bound} s")


def measure_calls(hub):
    """100 requests asked and 100 lists read a second, for ten seconds, each when it is due, on 32 connections."""
    files = [hub.request(hub.fern, random.choice(hub.names))[2] for _ in range(1000)]
    for person in (hub.fern, hub.erin):
        hub.expect(200, person, "GET", "/v1/me")
    began, took = time.monotonic() + 0.5, {"ask": [], "list": []}

    def call(number):
        due = began + number / 200
        time.sleep(max(0, due - time.monotonic()))
        if number % 2:
            hub.expect(201, hub.fern, "POST", "/v1/requests", files[number // 2])
        else:
            hub.expect(200, hub.erin, "GET", "/v1/requests?limit=20")
        # From when it was due: what waits for an earlier one has waited.
        took["ask" if number % 2 else "list"].append(time.monotonic() - due)

    with concurrent.futures.ThreadPoolExecutor(32) as pool:
        list(pool.map(call, range(2000)))
    for kind, values in took.items():
        report(f"hub: 200 calls a second, {kind}: p50", f"{1000 * percentile(values, 0.5):.1f} ms")
        report("    p99", f"{1000 * percentile(values, 0.99):.1f} ms", "< 100 ms")


def measure_page(hub):
    took, whole = [], []
    for _ in range(10):
        connection = http.client.HTTPConnection("127.0.0.1", hub.port, timeout=60)
        hub.call(hub.erin, "GET", "/v1/me")
        begun = time.monotonic()
        connection.request("GET", "/hosts?limit=1000", headers={"Authorization": f"Bearer {hub.tokens[hub.erin]}"})
        answer, text = connection.getresponse(), b""
        while b"</tr><tr" not in text and (part := answer.read1(4096)):
            text += part
        took.append(time.monotonic() - begun)
        answer.read()
        whole.append(time.monotonic() - begun)
        connection.close()
    report(f"hub: page of {HOSTS:,} hosts, to the first row", f"{1000 * percentile(took, 0.5):.0f} ms", "< 1 s")
    report("  to its end", f"{1000 * percentile(whole, 0.5):.0f} ms")


def main():
    parts = {"rest": measure_rest, "hosts": measure_hosts, "calls": measure_calls, "page": measure_page}
    programs, *wanted = sys.argv[1:]
    folder = pathlib.Path(tempfile.mkdtemp(prefix="jitgate-hub.", dir="/var/tmp"))
    hub = Hub(programs, folder)
    try:
        if "rest" in (wanted or parts):
            measure_rest(hub)
        if set(wanted or parts) - {"rest"}:
            populate(hub)
        for name, part in parts.items():
            if name in (wanted or parts) and name != "rest":
                part(hub)
    finally:
        hub.close()
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))  # a connection for each simulated host, at both ends
    if sys.argv[1] == "hosts":
        where = pathlib.Path(sys.argv[3])
        asyncio.run(Fleet(int(sys.argv[2]), where, [f"host-{number}.example.com" for number in range(int(sys.argv[4]))]).run())
    else:
        main()
