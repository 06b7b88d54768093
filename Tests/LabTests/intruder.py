"""What code that got into the agent would try on the way to being root; runs in place of it, in the shipped sandbox.

usage: intruder.py FILE SOCKET...: tries the sockets and the rest, and writes a line into FILE for each that worked.
"""
import ctypes
import os
import socket
import subprocess
import sys
import time

# Before anything else, so that systemd takes it for ready whatever comes of the rest.
notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])

report, sockets = sys.argv[1], sys.argv[2:]
found = []


def attempt(name, action):
    try:
        if action() is not False:
            found.append(name)
    except Exception:
        pass


def reach(path, kind):
    with socket.socket(socket.AF_UNIX, kind) as end:
        end.settimeout(2)
        end.connect(path)


for path in sockets:
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        attempt(f"socket {path}", lambda: reach(path, kind))


def runs(*words):
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=20, check=False)
    return done.returncode == 0


for words in (
    ("systemd-run", "--wait", "--pipe", "touch", "/root/owned"),
    ("systemd-run", "--scope", "true"),
    ("systemctl", "list-units"),
    ("busctl", "list"),
    ("busctl", "call", "org.freedesktop.systemd1", "/org/freedesktop/systemd1", "org.freedesktop.systemd1.Manager", "ListUnits"),
    ("nsenter", "-t", "1", "-m", "true"),
    ("unshare", "-m", "true"),
    ("mount", "-t", "tmpfs", "none", "/tmp"),
    ("mount", "-o", "remount,rw", "/"),
    ("mount", "-o", "remount,exec", "/var/lib/jitgate"),
    ("setpriv", "--reuid", "65534", "true"),
):  # fmt: skip
    attempt(" ".join(words), lambda: runs(*words))


def write(path):
    with open(path, "w") as file:
        file.write("\n")


for path in ("/etc/cron.d/x", "/etc/jitgate/x", "/etc/systemd/system/x", "/usr/bin/x", "/root/x", "/proc/sysrq-trigger",
             "/proc/sys/kernel/core_pattern", "/sys/fs/cgroup/cgroup.procs", "/run/x", "/dev/x"):  # fmt: skip
    attempt(f"write {path}", lambda: write(path))


def execute():
    path = "/var/lib/jitgate/program"
    with open(path, "w") as file:
        file.write("#!/usr/bin/python3\n")
    os.chmod(path, 0o700)
    try:
        return runs(path)
    finally:
        os.remove(path)


libc = ctypes.CDLL(None, use_errno=True)
attempt("execute what it wrote", execute)
attempt("read the root of process 1", lambda: os.listdir("/proc/1/root/"))
attempt("read the memory of process 1", lambda: open("/proc/1/mem", "rb").close())
attempt("trace process 1", lambda: libc.ptrace(16, 1, 0, 0) == 0)
attempt("an Internet socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close())
attempt("a packet socket", lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0x300).close())
attempt("a device", lambda: os.mknod("/var/lib/jitgate/disk", 0o60600, os.makedev(8, 0)))
attempt("set the clock", lambda: time.clock_settime(time.CLOCK_REALTIME, time.time()))
attempt("listing of /run beyond what is its own", lambda: set(os.listdir("/run")) - {"jitgate", "systemd", "utmp"} or False)
attempt("listing of /run/systemd", lambda: set(os.listdir("/run/systemd")) - {"notify", "journal", "incoming", "propagate", "sessions"} or False)
attempt("listing of /run/systemd/journal", lambda: set(os.listdir("/run/systemd/journal")) - {"socket"} or False)

with open(report + ".new", "w") as file:
    file.write("".join(line + "\n" for line in found) + "end\n")
os.rename(report + ".new", report)
while True:
    time.sleep(3600)
