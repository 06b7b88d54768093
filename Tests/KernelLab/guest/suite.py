"""In the guest: what holds on this kernel. Run as `python3 /lab/suite.py [NAME]...`, once a disk."""
import os
import re
import signal
import socket
import sys
import time
from pathlib import Path

from scene import *  # noqa: F403

# What the kernel does by its own clock comes late where the processor is emulated on a busy machine.
LATE = 2.0
OWNED = tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 9)


@test("The agent is healthy, and says how its table is guarded")
def is_healthy():
    said = status()
    expect(said["mode"] == "enforce" and said["healthy"], f"{said}")
    expect(said["table_ownership"] == ("owned" if OWNED else "watched"), f"{said}")
    return f"{os.uname().release}: {said['table_ownership']}, {run('systemctl', '--version').stdout.splitlines()[0]}"


@test("Only the granted address gets in, over IPv4 and IPv6")
def admits_and_denies():
    expect(not connects("near", limit=0.5) and not connects("near", HOST6["near"], limit=0.5), "open without a grant")
    _, file, _ = opened(600, NEAR, ["22/tcp"])
    _, file6, _ = opened(600, NEAR6, ["22/tcp"])
    expect(connects("near", limit=20), "the granted address does not get in over IPv4")
    expect(connects("near", HOST6["near"], limit=20), "the granted address does not get in over IPv6")
    expect(not connects("far", limit=0.5) and not connects("far", HOST6["far"], limit=0.5), "a stranger gets in")
    before = last()
    file.unlink()
    file6.unlink()
    event("grant-closed", after=before)
    eventually(lambda: not elements(NEAR) and not elements(NEAR6), "both are shut")
    expect(not connects("near", limit=0.5) and not connects("near", HOST6["near"], limit=0.5), "open after the end")
    kinds = [record["JITGATE_EVENT"] for record in records()]
    expect("grant-used" in kinds and "attempt-denied" in kinds, f"{kinds}")


@test("What DNAT publishes on a protected port is open to the granted alone")
def published_by_dnat():
    # 3389 of the host is 8080 of a machine behind it.
    run("ip", "netns", "add", "box")
    run("ip", "-batch", "-", input="link add box0 type veth peer name eth0 netns box\naddr add 10.77.3.1/24 dev box0\nlink set box0 up\n")
    run("ip", "-n", "box", "-batch", "-", input="addr add 10.77.3.2/24 dev eth0\nlink set eth0 up\nroute add default via 10.77.3.1\n")
    with inside("box"):
        server = socket.create_server(("10.77.3.2", 8080))
    run("nft", "-f", "-", input="table ip publish { chain incoming { type nat hook prerouting priority dstnat; tcp dport 3389 dnat to 10.77.3.2:8080; }; }")
    try:
        expect(not connects("near", port=3389, limit=0.5), "open without a grant")
        _, file, _ = opened(600, NEAR, ["3389/tcp"])
        expect(connects("near", port=3389, limit=20), "the granted address does not get in")
        expect(not connects("far", port=3389, limit=0.5), "a stranger gets in")
        file.unlink()
        eventually(lambda: not elements(NEAR), "it is shut")
        expect(not connects("near", port=3389, limit=0.5), "open after the end")
    finally:
        run("nft", "delete", "table", "ip", "publish", check=False)
        server.close()
        run("ip", "netns", "del", "box", check=False)


@test("A deadline is kept by the agent, and by the kernel where the agent is dead")
def deadline_is_kept():
    identifier, _, end = opened(12)
    with Datagrams("near") as probe:
        probe.flow("near")
        event("grant-closed", identifier)
        expect(probe.try_more("near") == 0, "open after it was closed")
        alive = max(probe.arrivals["near"]) - end
    _, _, end = opened(25)
    with Datagrams("near") as probe:
        probe.flow("near")
        kill_agent()
        expect(probe.count("near") and time.time() < end, "it took longer to kill the agent than the grant lasts")
        while time.time() < end + LATE:
            time.sleep(0.1)
        expect(probe.try_more("near") == 0, "open long after the deadline with the agent dead")
        dead = max(probe.arrivals["near"]) - end
    revive_agent()
    expect(max(alive, dead) < LATE, f"{alive:+.3f} s, {dead:+.3f} s from the deadline")
    return f"last datagram in, from the deadline: {1000 * alive:+.0f} ms by the agent, {1000 * dead:+.0f} ms with it dead"


@test("Stops, starts and crashes of the agent open and close nothing")
def restart_is_no_event():
    _, file, _ = opened(600)
    with Datagrams() as probe:
        probe.flow("near")
        for number in (signal.SIGTERM, signal.SIGKILL, signal.SIGTERM, signal.SIGKILL):
            before, seen = agent(), last()
            if number == signal.SIGTERM:
                run("systemctl", "restart", "jitgated")
            else:
                run("systemctl", "kill", "-s", "KILL", "jitgated")
            eventually(lambda: agent() not in (0, before), "another agent runs")
            event("agent-started", after=seen)
            probe.flow("near")
        sent = probe.sent["near"]
        probe.settle()
        in_ = probe.count("near")
        expect(probe.count("far") == 0, f"{probe.count('far')} datagrams of a stranger were let in")
    # One may be on its way as it ends.
    expect(sent - in_ <= 2 + sent // 50, f"{sent - in_} of {sent} lost")
    file.unlink()
    eventually(lambda: not elements(NEAR), "it is shut")
    return f"{sent} sent, {sent - in_} not let in"


FOREIGN = (
    ("flush", "ruleset"), ("delete", "table", "inet", "jitgate"), ("flush", "table", "inet", "jitgate"),
    ("flush", "chain", "inet", "jitgate", "gate"), ("insert", "rule", "inet", "jitgate", "gate", "accept"),
)  # fmt: skip


@test("What other tools do to the table is refused or mended at once, and the grant holds")
def foreign_changes():
    _, file, _ = opened(600)
    measured = []
    with Datagrams(every=0.01) as probe:
        probe.flow("near")
        for change in FOREIGN:
            probe.settle()
            before, seen = probe.count("far"), last()
            done = run("nft", *change, check=False)
            if not OWNED:
                event("tamper-repaired", after=seen)
            eventually(lambda: elements(NEAR), "the grant is in the kernel again")
            probe.settle()
            slipped = probe.arrivals["far"][before:]
            expect(probe.try_more("far") == 0, f"{change}: the stranger goes on getting in")
            probe.flow("near")
            over = 1000 * (slipped[-1] - slipped[0]) if slipped else 0
            measured.append(f"{' '.join(change[:2])}: {len(slipped)} in over {over:.0f} ms")
            # After so much quiet the next change is the first again.
            time.sleep(1.1)
            if OWNED:
                expect(not slipped, f"{change} ({done.returncode}): {len(slipped)} datagrams of a stranger were let in")
    file.unlink()
    eventually(lambda: not elements(NEAR), "it is shut")
    repaired = [record["MESSAGE"] for record in records() if record["JITGATE_EVENT"] == "tamper-repaired"]
    return "of a stranger's datagrams, one each 10 ms, " + "; ".join(measured + repaired[-5:])


@test("Whoever flushes the ruleset again and again does not get in when it is over")
def flush_storm():
    _, file, _ = opened(600)
    with Datagrams() as probe:
        probe.flow("near")
        before = agent()
        for _ in range(10):
            run("nft", "flush", "ruleset", check=False)
        probe.settle()
        over = probe.count("far")
        eventually(lambda: probe.try_more("far", 30) == 0, "the stranger is shut out")
        probe.flow("near")
        expect(agent() == before, "the agent died")
        slipped = probe.count("far")
    file.unlink()
    eventually(lambda: not elements(NEAR), "it is shut")
    return f"{slipped} datagrams of a stranger came in, {slipped - over} of them after the last flush"


def sleep_for(seconds):
    """Suspends to RAM; how long the clock that stands still in sleep says it took, and the one that does not."""
    alarm = Path("/sys/class/rtc/rtc0/wakealarm")
    alarm.write_text("0")
    alarm.write_text(f"+{seconds}")
    still, going = time.monotonic(), time.clock_gettime(time.CLOCK_BOOTTIME)
    Path("/sys/power/state").write_text("mem")
    return time.monotonic() - still, time.clock_gettime(time.CLOCK_BOOTTIME) - going


def since_resume(record):
    """How long before a record, in ms, the processor woke up, and processes were thawed, by the kernel's log."""
    Path("/dev/kmsg").write_text("jitgate: awake\n")
    now = time.clock_gettime(time.CLOCK_BOOTTIME)
    text = run("dmesg").stdout
    awake, *moments = (
        float(re.findall(rf"\[ *([0-9.]+)\].*{words}", text)[-1])
        for words in ("jitgate: awake", "Waking up from system sleep", "Restarting tasks")
    )
    written = int(record["__MONOTONIC_TIMESTAMP"]) / 1e6
    return [1000 * (written - (now - (awake - moment))) for moment in moments]


@test("A deadline that passes in a suspend to RAM has passed, one behind it comes in time")
def suspend():
    length = 30
    while True:
        inner, _, inner_end = opened(length)
        outer, _, outer_end = opened(length + 40, FAR)
        if inner_end - time.time() > 5:
            break
        # Where that took so long, longer ones do.
        clean_up()
        length *= 2
    seen = last()
    with Datagrams() as probe:
        probe.flow("near")
        still, going = sleep_for(int(inner_end - time.time()) + 12)
        expect(going - still > 5, f"did not sleep: {still:.1f} s, {going:.1f} s")
        closed = event("grant-closed", inner, seen)
        expect(closed["JITGATE_REASON"] == "expired", summary(closed))
        expect(probe.try_more("near") == 0, "open after the deadline")
        woken, thawed = since_resume(closed)
        slipped = [moment for moment in probe.arrivals["near"] if moment > inner_end + 0.1]
        expect_left(outer_end, FAR)
        event("grant-closed", outer, seen, limit=120)
        expect(probe.try_more("far") == 0, "open after the later deadline")
        late = max(probe.arrivals["far"]) - outer_end
        expect(late < LATE, f"the later deadline came {late:+.2f} s late")
    moment = 1000 * (slipped[-1] - slipped[0]) if slipped else 0
    return f"slept {going - still:.0f} s; {len(slipped)} datagrams (one each 20 ms) let in after the resume, over {moment:.0f} ms; closed {woken:.0f} ms after the processor woke up, {thawed:.0f} ms after processes thawed; the later deadline {1000 * late:+.0f} ms"


def step(words):
    """Sets the wall clock, and waits until the agent has seen it."""
    run("date", "-s", words)
    run("jitgate", "status")


@test("A wall clock that is set ends grants early, never late, and the kernel knows as well")
def clock_steps():
    long, long_file, _ = opened(2700)
    middle, content = grant(600, FAR)
    drop(middle, content)
    event("grant-opened", middle)
    begin, boot = max(elements(NEAR)), time.clock_gettime(time.CLOCK_BOOTTIME)

    def held(what, minus=0):
        def near():
            there = elements(NEAR)
            expected = begin - (time.clock_gettime(time.CLOCK_BOOTTIME) - boot) - minus
            return there and abs(max(there) - expected) < 2.5
        eventually(near, f"{what}: the kernel has what is left; {elements(NEAR)} of {begin}", 30)

    step("2 hours ago")
    held("set back")
    expect(elements(FAR), "a clock set back ended a grant")
    step("now + 2 hours")
    held("set right")
    step("now + 20 minutes")
    event("grant-closed", middle)
    held("set forward", minus=1200)
    step("20 minutes ago")
    expect(not elements(FAR), "an ended grant is open again")
    drop(middle, content)
    time.sleep(1)
    expect(not elements(FAR), "an ended grant opened again")
    (DROP / f"{middle}.grant").unlink(missing_ok=True)
    long_file.unlink()
    event("grant-closed", long)
    done = run("jitgate", "audit", "verify", check=False)
    expect(done.returncode == 0, done.stdout + done.stderr)


@test("An address in a VRF does not pass the gate by")
def vrf():
    run("ip", "-batch", "-", input="link add mgmt type vrf table 77\nlink set mgmt up\nlink set far0 master mgmt\n")
    run("ip", "addr", "replace", f"{HOST6['far']}/64", "dev", "far0", "nodad")
    servers = []
    try:
        for family, every in ((socket.AF_INET, "0.0.0.0"), (socket.AF_INET6, "::")):
            server = socket.socket(family, socket.SOCK_STREAM)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            server.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"mgmt\0")
            if family == socket.AF_INET6:
                server.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            server.bind((every, 3389))
            server.listen()
            servers.append(server)
        expect(not connects("far", port=3389, limit=1), "a stranger gets in over IPv4")
        expect(not connects("far", HOST6["far"], port=3389, limit=1), "a stranger gets in over IPv6")
        files = [opened(600, FAR, ["3389/tcp"])[1], opened(600, FAR6, ["3389/tcp"])[1]]
        expect(connects("far", port=3389, limit=20), "the granted address does not get in over IPv4")
        expect(connects("far", HOST6["far"], port=3389, limit=20), "the granted address does not get in over IPv6")
        for file in files:
            file.unlink()
        eventually(lambda: not elements(FAR) and not elements(FAR6), "they are shut")
        expect(not connects("far", port=3389, limit=1), "open after the end over IPv4")
        expect(not connects("far", HOST6["far"], port=3389, limit=1), "open after the end over IPv6")
    finally:
        for server in servers:
            server.close()
        run("ip", "-batch", "-", input="link set far0 nomaster\nlink del mgmt\n", check=False)
        run("ip", "addr", "replace", f"{HOST6['far']}/64", "dev", "far0", "nodad", check=False)


@test("From a request to a session that is cut: the way that people go")
def end_to_end():
    folder = Path("/root/way")
    folder.mkdir(exist_ok=True)
    run("jitgate", "request", "--host", "web-1", "--port", "22/tcp", "--source", NEAR, "--for", "20s", "--requestor", "dana",
        "--reason", "INC-1", "-o", f"{folder}/g.json")  # fmt: skip
    run("jitgate", "sign", f"{folder}/g.json", "--key", "/root/key", "-o", f"{folder}/g.grant")
    run("jitgate", "verify", f"{folder}/g.grant")
    Path("/root/.ssh").mkdir(mode=0o700, exist_ok=True)
    Path("/root/.ssh/authorized_keys").write_text(Path("/root/key.pub").read_text())
    said = run("jitgate", "submit", f"{folder}/g.grant").stdout
    expect("open until" in said, said)
    identifier = said.split(":")[0]
    ssh = ("ip", "netns", "exec", "near", "ssh", "-i", "/root/key", "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null",
           "-o", "BatchMode=yes", "-o", "ConnectTimeout=60", f"root@{HOST['near']}")  # fmt: skip
    session = subprocess.Popen((*ssh, "while sleep 0.2; do echo in; done"), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    expect(session.stdout.readline() == b"in\n", "no session came about")
    event("grant-closed", identifier)
    end = time.monotonic() + 60
    while session.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    expect(session.poll() == 255, f"the session was not cut: {session.poll()}")
    used = event("grant-used", identifier)
    expect(NEAR in used["JITGATE_PEER"], f"{used}")
    expect(run("jitgate", "submit", f"{folder}/g.grant", check=False).returncode == 1, "a used grant was taken again")
    done = run("jitgate", "audit", "verify", check=False)
    expect(done.returncode == 0, done.stdout + done.stderr)


# --- a boot later -----------------------------------------------------------------
SLOW = 7200  # seconds by which run.py sets the hardware clock back


def before_boot():
    """Leaves an open grant and an ended one for `after_boot`."""
    left, _, _ = opened(1800)
    ended, content = grant(1700, FAR)
    file = drop(ended, content)
    event("grant-opened", ended)
    file.unlink()
    event("grant-closed", ended)
    Path("/root/ended").write_bytes(content)
    Path("/root/left").write_text(f"{left} {ended}")
    os.sync()


def after_boot():
    @test("A boot with a slow clock opens for the time that was left, in the kernel too, and reopens nothing")
    def slow_boot():
        left, ended = Path("/root/left").read_text().split()
        end = deadline(event("grant-opened", left))
        said = status()
        expect(said["mode"] == "enforce", f"{said}")
        held = said["held_time"]
        expect(held and SLOW - 600 < held["seconds"] < SLOW + 60, f"{held}")
        steps = [record for record in records() if record["JITGATE_EVENT"] == "clock-stepped"]
        expect(steps and "behind the last record" in steps[-1]["MESSAGE"], f"{steps[-1:]}")
        # The first transaction had to wait for modules; the timeouts are corrected afterwards.
        measured = [expect_left(end - held["seconds"])]
        seen = last()
        drop(ended, Path("/root/ended").read_bytes())
        refused = event("grant-refused", ended, after=seen)
        expect(not elements(FAR), "an ended grant opened again")
        # As a time service does when the network is up.
        step(f"now + {SLOW} seconds")
        eventually(lambda: is_left(end), "the timeouts in the kernel follow the clock", 30)
        measured.append(expect_left(end))
        expect(status()["healthy"], f"{status()}")
        done = run("jitgate", "audit", "verify", check=False)
        expect(done.returncode == 0, done.stdout + done.stderr)
        return f"as booted: {measured[0]}; after the clock was set: {measured[1]}; {summary(refused)}"

    return main(["slow_boot"])


if __name__ == "__main__":
    names = sys.argv[1:]
    if names == ["--after-boot"]:
        sys.exit(after_boot())
    set_up()
    code = main(names)
    if not names:
        before_boot()
    sys.exit(code)
