#!/usr/bin/python3
"""Measures a fleet: real hosts in network namespaces, and simulated ones, on one nginx with TLS and client certificates.

fleet.py PROGRAMS [PART...]: PROGRAMS is the folder of the release build; the parts are `hosts` (from post to the open
port at 50 hosts; jitgate-fetch and the agent at rest) and `load` (10,000 simulated hosts on one core of nginx).
"""
import ctypes
import os
import pathlib
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

PROGRAMS = sys.argv[1]
HOSTS, ROUNDS = int(os.environ.get("FLEET_HOSTS", 50)), int(os.environ.get("FLEET_ROUNDS", 10))
SIMULATED = int(os.environ.get("FLEET_SIMULATED", 10_000))
HTTPS = 8443
libc = ctypes.CDLL(None, use_errno=True)
folder = pathlib.Path(tempfile.mkdtemp(prefix="jitgate-fleet.", dir="/run"))
spaces, processes = [], []


def report(what, value, bound=""):
    print(f"{what:<64} {value:<16} {bound}", flush=True)


def run(*words, **options):
    return subprocess.run(words, check=True, capture_output=True, text=True, **options).stdout


def start(*words, **options):
    process = subprocess.Popen(words, **options)
    processes.append(process)
    return process


def stop(process, number=signal.SIGTERM):
    process.send_signal(number)
    process.wait()
    processes.remove(process)


def await_(is_so, seconds, what):
    end = time.monotonic() + seconds
    while not is_so():
        if time.monotonic() > end:
            raise SystemExit(f"fleet: {what} did not come to be so")
        time.sleep(0.05)


def space(name):
    run("ip", "netns", "add", name)
    spaces.append(name)
    run("ip", "-n", name, "link", "set", "lo", "up")


def within(name, body):
    """Runs body on a thread in a network namespace, and returns its result."""
    result = []

    def enter():
        with open("/run/netns/" + name) as file:
            if libc.setns(file.fileno(), 0x40000000):
                raise OSError(ctypes.get_errno(), "setns")
        result.append(body())

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    return result[0]


def percentile(values, share):
    values = sorted(values)
    return values[min(len(values) - 1, int(share * len(values)))]


def status_field(pid, name):
    text = pathlib.Path(f"/proc/{pid}/status").read_text()
    return int(re.search(rf"^{name}:\s+(\d+)", text, re.M)[1])


def switches(pid, kinds=("voluntary_ctxt_switches",)):
    total = 0
    for task in pathlib.Path(f"/proc/{pid}/task").iterdir():
        text = (task / "status").read_text()
        total += sum(int(re.search(rf"^{kind}:\s+(\d+)", text, re.M)[1]) for kind in kinds)
    return total


def make_certificates(address):
    run("bash", "-c", f"""set -e; cd {folder}
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout ca.key -subj /CN=fleet -days 30 -out ca.pem
        for name in server host publisher; do
            openssl ecparam -name prime256v1 -genkey -noout -out $name.key
            openssl req -new -key $name.key -subj /OU=$name/CN=$name -addext subjectAltName=IP:{address} -out $name.csr
            openssl x509 -req -in $name.csr -CA ca.pem -CAkey ca.key -copy_extensions copy -days 30 -out $name.crt
            cat $name.crt $name.key >$name.pem
        done""")
    (folder / "host.pem").chmod(0o644)


class Depot:
    """nginx with one worker."""

    def __init__(self, address, inside=None, core=None):
        self.words = (["ip", "netns", "exec", inside] if inside else []) + (["taskset", "-c", str(core)] if core is not None else [])
        self.url = f"https://{address}:{HTTPS}/jitgate"
        self.web = folder / "www/jitgate"
        for name in ("shelves/all", "files", "nginx"):
            (self.web / name).mkdir(parents=True, exist_ok=True)
        shipped = pathlib.Path("etc/depot/nginx.conf").read_text()
        for old, new in (("/srv/depot", f"{folder}/www"), ("/etc/nginx/depot", folder), ("listen 443 ssl", f"listen {address}:{HTTPS} ssl backlog=4096")):
            shipped = shipped.replace(old, str(new))
        (folder / "nginx.conf").write_text(f"""
            user root; worker_processes 1; daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log crit;
            worker_rlimit_nofile 20000;
            events {{ worker_connections 19000; }}
            http {{
                access_log off; server_tokens off; log_not_found off;
                proxy_temp_path {folder}/t2; fastcgi_temp_path {folder}/t3; uwsgi_temp_path {folder}/t4; scgi_temp_path {folder}/t5;
                {shipped}
            }}
            """)

    def start(self):
        (folder / "nginx.pid").unlink(missing_ok=True)
        nginx = ["nice", "-n", "-10", "/usr/sbin/nginx", "-p", str(folder), "-c", f"{folder}/nginx.conf", "-e", f"{folder}/error.log"]
        self.master = start(*self.words, *nginx)
        await_(lambda: (folder / "nginx.pid").exists(), 10, "nginx")
        children = pathlib.Path(f"/proc/{self.master.pid}/task/{self.master.pid}/children")
        await_(lambda: children.read_text().split(), 10, "its worker")
        self.worker = int(children.read_text().split()[0])

    def stop(self):
        stop(self.master)

    def processor_microseconds(self):
        return int(pathlib.Path(f"/proc/{self.worker}/schedstat").read_text().split()[0]) / 1000


# --- real hosts ----------------------------------------------------------
def name(number):
    return f"jgf-{number}-{os.getpid()}"


def address(number):
    return f"10.77.{number // 200}.{number % 200 + 1}"


def make_network():
    depot, desk = f"jgf-d-{os.getpid()}", f"jgf-c-{os.getpid()}"
    space(depot)
    lines = ["link add br0 type bridge", "addr add 10.77.255.1/16 dev br0", "link set br0 up"]
    for inside, own in [(desk, "10.77.254.1")] + [(name(number), address(number)) for number in range(HOSTS)]:
        space(inside)
        port = "v" + own.replace("10.77.", "").replace(".", "-")
        lines += [f"link add {port} type veth peer name veth0 netns {inside}", f"link set {port} master br0 up"]
        subprocess.run(["ip", "-n", depot, "-batch", "-"], input="\n".join(lines), text=True, check=True)
        run("ip", "-n", inside, "addr", "add", own + "/16", "dev", "veth0")
        run("ip", "-n", inside, "link", "set", "veth0", "up")
        lines = []
    for number in range(ROUNDS):
        run("ip", "-n", desk, "addr", "add", f"10.77.253.{number + 1}/16", "dev", "veth0")
    return depot, desk


def make_host(number, url):
    home = folder / f"web-{number}"
    for part in ("grants", "audit", "state", "fetch/inbox"):
        (home / part).mkdir(parents=True)
    (home / "jitgate.toml").write_text(f"""
        mode = "enforce"
        hostname = "web-{number}"
        [grants]
        directories = ["{home}/grants"]
        allowed_signers = "{folder}/allowed_signers"
        [audit]
        directory = "{home}/audit"
        [state]
        directory = "{home}/state"
        [control]
        socket = "{home}/control"
        group = "nogroup"
        [[inbox]]
        directory = "{home}/fetch/inbox"
        owner = "nobody"
        """)
    (home / "fetch.toml").write_text(f"""
        [depot]
        url = "{url}"
        ca = "{folder}/ca.pem"
        certificate = "{folder}/host.pem"
        [fetch]
        shelves = ["all", "web-{number}"]
        inbox = "{home}/fetch/inbox"
        """)
    run("chown", "-R", "nobody:root", home / "fetch")
    (home / "fetch/inbox").chmod(0o2750)
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    inside = ["ip", "netns", "exec", name(number)]
    agent = start(*inside, f"{PROGRAMS}/jitgated", "--config", home / "jitgate.toml", **quiet)
    fetch = start(*inside, "setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups",
                  f"{PROGRAMS}/jitgate-fetch", "--config", home / "fetch.toml", **quiet)
    log = home / "audit/audit.jsonl"
    await_(lambda: log.exists() and '"agent-started"' in log.read_text(), 30, f"the agent of web-{number}")

    def listen():
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("0.0.0.0", 22))
        listener.listen(64)
        return listener

    return agent, fetch, within(name(number), listen)


def post_and_probe(round_, desk, url):
    """Posts a grant for all hosts, and returns the seconds until each lets a connection in."""
    source = f"10.77.253.{round_ + 1}"
    environment = dict(os.environ, HOME=str(folder), JITGATE_CONFIG=str(folder / "web-0/jitgate.toml"))
    files = [str(folder / f"{round_}.{kind}") for kind in ("json", "grant")]
    run(f"{PROGRAMS}/jitgate", "request", "--host", "web-*", "--port", "22/tcp", "--source", source, "--for", "10m",
        "--requestor", "dana", "--reason", "benchmark", "-o", files[0], env=environment)
    run(f"{PROGRAMS}/jitgate", "sign", files[0], "--key", folder / "dana", "-o", files[1], env=environment)
    opened = {}
    begun = time.monotonic()
    run("ip", "netns", "exec", desk, f"{PROGRAMS}/jitgate-fleet", "post", files[1], "--depot", url, "--ca", folder / "ca.pem",
        "--certificate", folder / "publisher.pem", env=environment)

    def probe():
        while len(opened) < HOSTS and time.monotonic() - begun < 60:
            trial, attempts = time.monotonic(), {}
            for number in set(range(HOSTS)) - set(opened):
                attempt = socket.socket()
                attempt.setblocking(False)
                attempt.bind((source, 0))
                attempt.connect_ex((address(number), 22))
                attempts[attempt] = number
            end = trial + 0.1
            waiting = set(attempts)
            while waiting and time.monotonic() < end:
                ready = select.select([], waiting, [], max(0, end - time.monotonic()))[1]
                for attempt in ready:
                    waiting.discard(attempt)
                    if attempt.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                        opened[attempts[attempt]] = time.monotonic() - begun
            for attempt in attempts:
                attempt.close()

    within(desk, probe)
    return list(opened.values())


def measure_hosts():
    folder.chmod(0o755)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / "dana")
    (folder / "allowed_signers").write_text("dana " + (folder / "dana.pub").read_text())
    inside, desk = make_network()
    make_certificates("10.77.255.1")
    depot = Depot("10.77.255.1", inside)
    depot.start()
    hosts = [make_host(number, depot.url) for number in range(HOSTS)]
    states = [folder / f"web-{number}/fetch/state.json" for number in range(HOSTS)]
    await_(lambda: all(state.exists() and '"last_contact": "' in state.read_text() for state in states), 120, "first contact")
    times = []
    for round_ in range(ROUNDS):
        found = post_and_probe(round_, desk, depot.url)
        if len(found) < HOSTS:
            raise SystemExit(f"fleet: {HOSTS - len(found)} hosts did not open within a minute")
        times += found
    report(f"fleet: from post to the open port, {HOSTS} hosts, p50", f"{percentile(times, 0.5):.2f} s")
    report(f"  the same, p99 of {len(times)}", f"{percentile(times, 0.99):.2f} s", "< 12.5 s")
    time.sleep(75)  # for a minute after an attempt that was denied the agent counts whether more follow
    both = ("voluntary_ctxt_switches", "nonvoluntary_ctxt_switches")
    before = [(switches(agent.pid), switches(fetch.pid, both)) for agent, fetch, _ in hosts]
    time.sleep(60)
    after = [(switches(agent.pid), switches(fetch.pid, both)) for agent, fetch, _ in hosts]
    pairs = list(zip(before, after))
    memory = [status_field(fetch.pid, "RssAnon") for _, fetch, _ in hosts]
    report("fleet: jitgate-fetch at rest, two shelves: context switches a minute", f"{percentile([b[1] - a[1] for a, b in pairs], 0.5)}", "< 60")
    report("  the most of any host", f"{max(b[1] - a[1] for a, b in pairs)}")
    report("  its anonymous memory, the most of any host", f"{max(memory)} KiB", "< 3072 KiB")
    report("  wake-ups of the agents with an inbox, all hosts together", f"{sum(b[0] - a[0] for a, b in pairs)}", "0")
    stripped = folder / "stripped"
    run("strip", "-o", stripped, f"{PROGRAMS}/jitgate-fetch")
    report("  its binary, stripped", f"{stripped.stat().st_size / 1e6:.1f} MB", "< 12 MB")


# --- simulated hosts -----------------------------------------------------
class Simulation:
    """simulate-fetchers, and its last line."""

    def __init__(self, core):
        words = [f"{PROGRAMS}/simulate-fetchers", str(SIMULATED), "127.0.0.1", str(HTTPS), f"{folder}/ca.pem", f"{folder}/host.pem"]
        self.process = start("taskset", "-c", str(core), "nice", "-n", "-10", *words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             text=True)
        self.line, self.lines = [0] * 10, 0
        threading.Thread(target=self.read, daemon=True).start()

    def read(self):
        for line in self.process.stdout:
            self.line = [int(word) for word in line.split()]
            self.lines += 1

    heard = property(lambda self: self.line[1])
    answers = property(lambda self: self.line[2])
    failures = property(lambda self: self.line[3])
    received = property(lambda self: self.line[5])
    sent = property(lambda self: self.line[6])

    def forget(self):
        """Forgets who was answered; returns how many requests have failed by now."""
        before = self.lines
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        await_(lambda: self.lines > before and self.heard == 0, 10, "an answer of the simulation")
        return self.failures


def reconnect(what, simulation, begun, failures):
    await_(lambda: simulation.heard == SIMULATED, 300, what)
    report(f"fleet: {SIMULATED:,} hosts {what}, until all were answered", f"{time.monotonic() - begun:.0f} s", "< 90 s")
    report("  of their requests failed", f"{simulation.failures - failures}", "0")


def measure_load():
    make_certificates("127.0.0.1")
    depot = Depot("127.0.0.1", core=0)
    digest = "0" * 64
    (depot.web / "shelves/all/index").write_text("".join(f"{digest[:-2]}{number:02}  {number}.grant\n" for number in range(10)))
    for number in range(SIMULATED):
        (depot.web / f"shelves/web-{number}").mkdir()
        (depot.web / f"shelves/web-{number}/index").write_text("")
    (depot.web / "bulletin").write_text("{}")
    depot.start()
    begun, simulation = time.monotonic(), Simulation(core=os.cpu_count() - 1)
    reconnect("that start at once", simulation, begun, 0)
    time.sleep(25)
    then, used = list(simulation.line), depot.processor_microseconds()
    time.sleep(60)
    now, used = list(simulation.line), depot.processor_microseconds() - used
    count, unchanged = now[2] - then[2], now[7] - then[7]
    report("  requests a second", f"{count / (now[0] - then[0]):.0f}")
    report("  processor time of nginx for a request", f"{used / count:.0f} us", "< 130 us")
    report("  bytes received for one that finds nothing new, with TLS", f"{(now[8] - then[8]) / unchanged:.0f} B", "< 200 B")
    report("  bytes sent for it", f"{(now[9] - then[9]) / unchanged:.0f} B")
    report("  bytes received for any, with every 30th that is unconditional", f"{(now[5] - then[5]) / count:.0f} B")
    for what, pause in (("after a restart of nginx", 0), ("after an outage of two minutes", 120)):
        depot.stop()
        time.sleep(pause)
        depot.start()
        begun, failures = time.monotonic(), simulation.forget()
        reconnect(what, simulation, begun, failures)
        time.sleep(20)


def end():
    for process in list(processes):
        process.terminate()
    for process in processes:
        process.wait()
    for inside in spaces:
        subprocess.run(["ip", "netns", "del", inside])
    shutil.rmtree(folder, ignore_errors=True)


# What is measured goes before whatever else the machine does: `nice` counts within a session alone (sched(7)).
autogroup = pathlib.Path("/proc/self/autogroup")
if autogroup.exists():
    if os.getpid() != os.getpgrp():
        os.setsid()
    autogroup.write_text("-10")
parts = {"hosts": measure_hosts, "load": measure_load}
try:
    for part in sys.argv[2:] or list(parts):
        parts[part]()
finally:
    end()
