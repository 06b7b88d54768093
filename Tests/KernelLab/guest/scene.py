"""In the guest: a host with the agent on it, an admitted peer and a stranger in namespaces of their own, signed
grants, and what a test asks of them.

    near 10.77.1.2, fd77:1::2  ---- 10.77.1.1, fd77:1::1  the guest  10.77.2.1, fd77:2::1 ---- far 10.77.2.2, fd77:2::2
"""
import contextlib
import ctypes
import datetime
import json
import os
import re
import socket
import struct
import subprocess
import threading
import time
import traceback
import uuid
from pathlib import Path

LOG = Path("/var/log/jitgate/audit.jsonl")
DROP = Path("/etc/jitgate/grants.d")
NEAR, NEAR6, FAR, FAR6 = "10.77.1.2", "fd77:1::2", "10.77.2.2", "fd77:2::2"
HOST = {"near": "10.77.1.1", "far": "10.77.2.1"}
HOST6 = {"near": "fd77:1::1", "far": "fd77:2::1"}
SO_TIMESTAMPNS = 35
CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def run(*words, check=True, input=None):
    done = subprocess.run(words, capture_output=True, text=True, input=input, check=False)
    if check and done.returncode:
        raise AssertionError(f"{' '.join(words)}: {done.returncode}: {done.stdout}{done.stderr}")
    return done


def expect(fact, what):
    if not fact:
        raise AssertionError(what)


def eventually(fact, what, limit=60):
    """Waits until it is so; the limit is for what never comes."""
    begin = time.monotonic()
    while True:
        asked = time.monotonic()
        found = fact()
        if found:
            return found
        expect(asked < begin + limit, f"did not come to be so: {what}; last: {list(map(summary, records()[-6:]))}")
        # Half of the time at most goes into asking: the processor is what is scarce.
        time.sleep(max(0.02, time.monotonic() - asked))


# --- the host -----------------------------------------------------------------
def set_up():
    """Namespaces, the package as an administrator installs it, one signer, and enforce; once a boot."""
    if Path("/run/netns/near").exists():
        return
    lines = ["netns add near", "netns add far"]
    for name in ("near", "far"):
        lines.append(f"link add {name}0 type veth peer name eth0 netns {name}")
        lines += [f"addr add {HOST[name]}/24 dev {name}0", f"addr add {HOST6[name]}/64 dev {name}0 nodad", f"link set {name}0 up"]
    run("ip", "-batch", "-", input="\n".join(lines) + "\n")
    for name, address, address6 in (("near", NEAR, NEAR6), ("far", FAR, FAR6)):
        run("ip", "-n", name, "-batch", "-", input=f"link set lo up\naddr add {address}/24 dev eth0\naddr add {address6}/64 dev eth0 nodad\n"
            f"link set eth0 up\nroute add default via {HOST[name]}\nroute add default via {HOST6[name]}\n")  # fmt: skip
    Path("/proc/sys/net/ipv4/ip_forward").write_text("1\n")
    run("dpkg", "-i", *map(str, Path("/lab/more").glob("jitgate_*.deb")))
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "/root/key")
    line = " ".join(Path("/root/key.pub").read_text().split()[:2])
    Path("/etc/jitgate/allowed_signers").write_text(f'dana namespaces="jitgate-grant,jitgate-revocation" {line}\n')
    Path("/etc/jitgate/jitgate.toml").write_text("\n".join(('mode = "enforce"', 'hostname = "web-1"', "[audit]", "denied_per_second = 1")) + "\n")
    run("systemctl", "reload", "jitgated")


@contextlib.contextmanager
def inside(name):
    """This thread, in the network namespace of a peer."""
    own = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    other = os.open(f"/run/netns/{name}", os.O_RDONLY)
    try:
        expect(libc.setns(other, CLONE_NEWNET) == 0, "setns")
        yield
    finally:
        libc.setns(own, CLONE_NEWNET)
        os.close(own)
        os.close(other)


def connects(name, to=None, port=22, limit=2):
    """Whether a TCP connection of that peer comes about."""
    to = to or HOST[name]
    with inside(name):
        end = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET)
    with end:
        end.settimeout(limit)
        try:
            end.connect((to, port))
            return True
        except OSError:
            return False


def agent():
    return int(run("systemctl", "show", "-P", "MainPID", "jitgated").stdout)


def status():
    """The status of the agent, as soon as it answers: after a boot systemd may have to start it twice where the
    processor is emulated on a busy machine."""
    text = eventually(lambda: run("jitgate", "status", "--json", check=False).stdout, "the agent answers", 120)
    return json.loads(text)


def kill_agent():
    """Kills the agent, and keeps systemd from starting it again."""
    drop_in = Path("/run/systemd/system/jitgated.service.d")
    drop_in.mkdir(parents=True, exist_ok=True)
    (drop_in / "stay-dead.conf").write_text("[Service]\nRestart=no\n")
    run("systemctl", "daemon-reload")
    run("systemctl", "kill", "-s", "KILL", "jitgated")
    eventually(lambda: run("systemctl", "is-active", "jitgated", check=False).stdout.strip() == "failed", "the agent is dead")


def revive_agent():
    Path("/run/systemd/system/jitgated.service.d/stay-dead.conf").unlink(missing_ok=True)
    run("systemctl", "daemon-reload")
    run("systemctl", "reset-failed", "jitgated", check=False)
    run("systemctl", "start", "jitgated")


# --- grants and records -------------------------------------------------------
def grant(seconds, source=NEAR, ports=("3389/udp",), duration=None):
    """A signed grant: its id and its bytes."""
    now = datetime.datetime.now(datetime.timezone.utc)
    identifier = str(uuid.uuid4())
    content = {
        "jitgate": "grant/1", "id": identifier, "hosts": ["web-1"], "requestor": "dana", "justification": "lab",
        "sources": [source], "ports": list(ports),
        "expires": (now + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
    }  # fmt: skip
    if duration:
        content["duration"] = duration
    raw = (json.dumps(content) + "\n").encode()
    signature = subprocess.run(
        ("ssh-keygen", "-q", "-Y", "sign", "-n", "jitgate-grant", "-f", "/root/key"), input=raw, capture_output=True, check=True
    ).stdout
    return identifier, raw + signature


def drop(identifier, content):
    hidden, path = DROP / f".{identifier}", DROP / f"{identifier}.grant"
    hidden.write_bytes(content)
    hidden.rename(path)
    return path


def opened(seconds, source=NEAR, ports=("3389/udp",)):
    """A grant that is open: its id, its file and its deadline."""
    identifier, content = grant(seconds, source, ports)
    path = drop(identifier, content)
    return identifier, path, deadline(event("grant-opened", identifier))


_read = {"records": [], "offset": 0}


def records():
    """All records so far; what was read once is not read again."""
    try:
        with open(LOG, "rb") as file:
            file.seek(_read["offset"])
            raw = file.read()
    except OSError:
        return []
    whole = raw[: raw.rfind(b"\n") + 1]
    _read["records"] += [json.loads(line) for line in whole.splitlines()]
    _read["offset"] += len(whole)
    return _read["records"]


def summary(record):
    return f"{record['JITGATE_EVENT']} {record.get('JITGATE_REASON', '')}".strip()


def find(kind, identifier=None, after=-1):
    for record in reversed(records()):
        if record["JITGATE_EVENT"] == kind and identifier in (None, record.get("JITGATE_GRANT")) and int(record["JITGATE_SEQ"]) > after:
            return record
    return None


def event(kind, identifier=None, after=-1, limit=60):
    """A record of that kind, waited for."""
    return eventually(lambda: find(kind, identifier, after), f"record {kind} of {identifier}", limit)


def last():
    return int(records()[-1]["JITGATE_SEQ"])


def deadline(record):
    return datetime.datetime.fromisoformat(record["JITGATE_DEADLINE"].replace("Z", "+00:00")).timestamp()


def elements(address=NEAR):
    """The seconds that the kernel's own openings of an address have left, in whole ones, rounded down."""
    text = run("nft", "-j", "list", "table", "inet", "jitgate", check=False).stdout
    found = []
    for entry in json.loads(text or '{"nftables": []}')["nftables"]:
        opening = entry.get("set", {})
        # Other sets name peers too: recent_* remembers for a day who could send datagrams.
        if not re.fullmatch(r"ipv[46]_\d+", opening.get("name", "")):
            continue
        for element in opening.get("elem", []):
            element = element.get("elem", element) if isinstance(element, dict) else {}
            if address in re.findall(r"[0-9a-f.:]+", json.dumps(element.get("val", ""))) and "expires" in element:
                found.append(element["expires"])
    return found


def is_left(end, address=NEAR):
    """Whether the kernel has what is left to a deadline."""
    with contextlib.suppress(AssertionError):
        return expect_left(end, address)


def expect_left(end, address=NEAR):
    """Holds what the kernel has left to a deadline. nft rounds down to seconds, and takes a while to answer."""
    before = time.time()
    there = elements(address)
    after = time.time()
    expect(there, f"{address} has no element")
    least, most = end - after, end - before
    expect(least - 1.5 < max(there) < most + 0.5, f"the kernel has {max(there)} s left, and {least:.1f} to {most:.1f} s are")
    return f"{max(there)} s left in the kernel, {most:.1f} s by the record"


# --- datagrams ----------------------------------------------------------------
class Datagrams:
    """Sends datagrams to 3389/udp all the time and knows when the kernel let them in: it stamps each, so that
    a slow processor blurs nothing."""

    def __init__(self, *names, every=0.02):
        names = names or ("near", "far")
        self.arrivals = {name: [] for name in names}
        self.sent = {name: 0 for name in names}
        self._done = False
        self._receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._receiver.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self._receiver.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
        self._receiver.bind(("0.0.0.0", 3389))
        self._receiver.settimeout(0.2)
        self._marks, self._marked = 0, 0
        self._threads = [threading.Thread(target=self._receive, daemon=True)]
        for name in names:
            with inside(name):
                sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._threads.append(threading.Thread(target=self._send, args=(name, sender, every), daemon=True))
        for thread in self._threads:
            thread.start()

    def _send(self, name, sender, every):
        with sender:
            sender.connect((HOST[name], 3389))
            while not self._done:
                with contextlib.suppress(OSError):
                    sender.send(b"x")
                    self.sent[name] += 1
                time.sleep(every)

    def _receive(self):
        names = {NEAR: "near", FAR: "far"}
        while not self._done:
            try:
                data, notes, _, (address, _) = self._receiver.recvmsg(64, 256)
            except OSError:
                continue
            if address == "127.0.0.1":
                self._marked = int(data)
            for _, kind, data in notes:
                if kind == SO_TIMESTAMPNS and names.get(address) in self.arrivals:
                    seconds, nanoseconds = struct.unpack("qq", data[:16])
                    self.arrivals[names[address]].append(seconds + nanoseconds / 1e9)

    def count(self, name):
        return len(self.arrivals[name])

    def settle(self):
        """Waits until all that was let in by now has been read: what comes by loopback passes, behind it."""
        self._marks += 1
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as marker:
            marker.sendto(str(self._marks).encode(), ("127.0.0.1", 3389))
        eventually(lambda: self._marked == self._marks, "what was let in is read")

    def flow(self, name, more=5):
        """Waits until some more were let in."""
        now = time.time()
        eventually(lambda: self.since(name, now) >= more, f"datagrams of {name} come in")

    def since(self, name, moment):
        return sum(arrival > moment for arrival in self.arrivals[name][-1000:])

    def try_more(self, name, more=20):
        """Waits until some more were sent; how many of them came in."""
        sent, now = self.sent[name], time.time()
        eventually(lambda: self.sent[name] >= sent + more, f"datagrams of {name} are sent")
        self.settle()
        return self.since(name, now)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._done = True
        for thread in self._threads:
            thread.join()
        self._receiver.close()


def clean_up():
    """Ends what a test left open, so that the next one is not about it."""
    files = list(DROP.glob("*.grant"))
    for file in files:
        file.unlink(missing_ok=True)
    if files:
        with contextlib.suppress(AssertionError):
            eventually(lambda: not any(map(elements, (NEAR, NEAR6, FAR, FAR6))), "all is shut", 20)


# --- tests --------------------------------------------------------------------
TESTS = []


def test(sentence):
    def add(function):
        TESTS.append((sentence, function))
        return function

    return add


def main(names):
    """Runs the tests of those names, or all; says how it went in the form that scripts/test counts."""
    failed = False
    for sentence, function in TESTS:
        if names and function.__name__ not in names:
            continue
        begin = time.monotonic()
        title = f"{os.uname().release.split('-')[0]}: {sentence}"
        try:
            measured = function()
            print(f'✔ Test "{title}" passed after {time.monotonic() - begin:.3f} seconds.', flush=True)
            for line in [measured] if isinstance(measured, str) else []:
                print(f"◇ {line}", flush=True)
        except BaseException as error:
            failed = True
            print(f'✘ Test "{title}" failed after {time.monotonic() - begin:.3f} seconds.', flush=True)
            text = "".join(traceback.format_exception(error)[-3:])
            print("\n".join("↳ " + line for line in text.splitlines()), flush=True)
            print(f"↳ last records: {list(map(summary, records()[-8:]))}", flush=True)
        clean_up()
    return 1 if failed else 0
