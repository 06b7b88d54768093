"""A guest with a Debian kernel of its own for tests, under qemu: `scripts/lab kernel VERSION [VERB ...]`.

VERSION is 6.1 (Debian 12), 6.12 (Debian 13) or 5.10 (Debian 11's, under Debian 12). The guest has one
processor, one disk and no network card; tests make namespaces inside. Kernel, clock, disk, firewall and journal are
its own, so a test can suspend it, set its clock and cut its power. Needs root and Debian with apt.

  prepare            install missing packages and build the cached image; boots nothing
  up [--fresh]       boot and wait until the guest answers; --fresh: from a new disk. This is the verb if none is given
  exec CMD [ARG]...  run CMD inside; input, output and exit status pass through
  suspend SECONDS    suspend to RAM; the guest's own clock chip wakes it
  cut                cut the power: the guest is killed and its disk stays
  poweroff           a clean shutdown; the disk stays
  status             up, booting or off
  console            what the kernel printed
  down               end the guest and remove its disk

Environment: LAB_NAME (default lab) names a guest, so that there can be several of one version; LAB_CACHE_KERNELS is the
folder for images (default ${XDG_CACHE_HOME:-/var/cache}/jitgate-lab); LAB_PAYLOAD is another folder, which the guest
sees below /lab/more.
"""
import base64
import fcntl
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(
    os.environ.get("LAB_CACHE_KERNELS")
    or os.path.join(os.environ.get("XDG_CACHE_HOME") or "/var/cache", "jitgate-lab")
)
VERSIONS = ("5.10", "6.1", "6.12")
BUILDER = ROOT / "scripts/build-kernel-image"
# An emulated processor on a busy machine is slow.
BOOT_LIMIT = 300


class LabError(Exception):
    pass


class Guest:
    """A guest of a kernel version, or its files on disk."""

    def __init__(self, version, name="lab"):
        if version not in VERSIONS:
            raise LabError(f"no kernel {version}: one of {', '.join(VERSIONS)}")
        self.version = version
        # Each version of the builder has images of its own.
        self.image = CACHE / f"kernel-{version}-{hashlib.sha256(BUILDER.read_bytes()).hexdigest()[:12]}"
        self.folder = CACHE / "run" / f"{name}-{version}"
        self.disk = self.folder / "disk.img"

    # --- images ---------------------------------------------------------------
    def prepare(self):
        CACHE.mkdir(parents=True, exist_ok=True)
        with open(CACHE / f"{self.image.name}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not self.image.is_dir():
                print(f"lab: building the image of Linux {self.version}", file=sys.stderr)
                subprocess.run([BUILDER, self.version, self.image], check=True)

    def _payload(self):
        """A read-only disk with the tests and the folder of LAB_PAYLOAD."""
        with tempfile.TemporaryDirectory() as folder:
            shutil.copytree(ROOT / "Tests/KernelLab/guest", folder, dirs_exist_ok=True)
            more = os.environ.get("LAB_PAYLOAD")
            if more:
                shutil.copytree(more, Path(folder) / "more")
            path = self.folder / "payload.img"
            size = sum(file.stat().st_size for file in Path(folder).rglob("*") if file.is_file())
            path.unlink(missing_ok=True)
            with open(path, "wb") as image:
                image.truncate(size * 5 // 4 + (8 << 20))
            subprocess.run(["mke2fs", "-q", "-t", "ext4", "-d", folder, path], check=True, stderr=subprocess.DEVNULL)
        return path

    # --- the machine ----------------------------------------------------------
    @property
    def pid(self):
        """The process of the guest, if it is alive."""
        try:
            pid = int((self.folder / "pid").read_text())
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
            words = Path(f"/proc/{pid}/cmdline").read_bytes()
        except (OSError, ValueError):
            return None
        # An empty command line belongs to a process that is about to execute another program.
        ours = not words or os.fsencode(self.folder) in words
        return pid if ours and state not in "ZX" else None

    def up(self, fresh=False, logged=None, behind=0):
        """Boots. `logged` is a third disk and a file: writes to the disk are logged in the file, in the format of the
        kernel's dm-log-writes. `behind` is by how many seconds the hardware clock is slow."""
        self.prepare()
        if fresh:
            self.down()
        self.folder.mkdir(parents=True, exist_ok=True)
        if self.pid is None:
            self._start(logged, behind)
        self.wait()
        return self

    def _start(self, logged, behind):
        if not self.disk.exists():
            subprocess.run(["cp", "--sparse=always", self.image / "root.img", self.disk], check=True)
        for name in ("control", "events", "monitor"):
            (self.folder / name).unlink(missing_ok=True)
        with open(self.folder / "qemu.log", "w") as said:
            child = subprocess.Popen(
                self._command(logged, behind), stdin=subprocess.DEVNULL, stdout=said, stderr=said, start_new_session=True
            )
        (self.folder / "pid").write_text(str(child.pid))
        # The process that started it may exit; if it does not, it reaps the guest.
        threading.Thread(target=child.wait, daemon=True).start()

    def _command(self, logged, behind):
        third = []
        chip = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(time.time() - behind)) if behind else "utc"
        if logged:
            disk, log = logged
            Path(log).unlink(missing_ok=True)
            Path(log).touch()
            third = [
                "-blockdev",
                f"driver=blklogwrites,node-name=logged,log-sector-size=512,file.driver=file,file.filename={disk},"
                f"log.driver=file,log.filename={log}",
                "-device", "virtio-blk-pci,drive=logged",
            ]  # fmt: skip
        return [
            "nice", "-n", "10", "qemu-system-x86_64", "-name", str(self.folder),
            # An emulated processor works on every machine.
            "-accel", "tcg,thread=single,tb-size=256", "-cpu", "Nehalem",
            "-smp", "1", "-m", "768", "-display", "none", "-nodefaults", "-no-user-config", "-nic", "none",
            "-kernel", str(self.image / "vmlinuz"), "-initrd", str(self.image / "initrd"),
            "-append", "console=ttyS0 net.ifnames=0 mitigations=off panic=-1 nokaslr quiet no_console_suspend",
            "-drive", f"file={self.disk},format=raw,if=none,id=disk,cache=writeback",
            "-device", "virtio-blk-pci,drive=disk",
            "-drive", f"file={self._payload()},format=raw,if=none,id=payload,readonly=on",
            "-device", "virtio-blk-pci,drive=payload", *third,
            "-device", "virtio-serial-pci",
            "-chardev", f"socket,id=control,path={self.folder}/control,server=on,wait=off",
            "-device", "virtserialport,chardev=control,name=control",
            "-chardev", f"file,id=events,path={self.folder}/events,append=on",
            "-device", "virtserialport,chardev=events,name=events",
            "-device", "virtio-rng-pci", "-serial", f"file:{self.folder}/console",
            "-qmp", f"unix:{self.folder}/monitor,server=on,wait=off", "-rtc", f"base={chip}",
        ]  # fmt: skip

    def wait(self):
        """Waits until the guest answers."""
        end = time.monotonic() + BOOT_LIMIT
        while time.monotonic() < end:
            if self.pid is None:
                raise LabError(f"the guest ended: {(self.folder / 'qemu.log').read_text()[-500:]}")
            try:
                if self.run("true", wait=10)[0] == 0:
                    return
            except (OSError, TimeoutError):
                time.sleep(0.1)
        raise LabError(f"no answer within {BOOT_LIMIT} s: {self.console()[-1000:]}")

    def run(self, *words, input=b"", limit=120, wait=None):
        """Runs a command inside; returns its exit status and output."""
        mark = os.urandom(8).hex()
        request = {"run": words, "limit": limit, "id": mark, "input": base64.b64encode(input).decode()}
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(wait or limit + 60)
            channel.connect(str(self.folder / "control"))
            channel.sendall(json.dumps(request).encode() + b"\n")
            waiting = b""
            while True:
                data = channel.recv(1 << 16)
                if not data:
                    raise ConnectionError("the guest is gone")
                *lines, waiting = (waiting + data).split(b"\n")
                for line in lines:
                    try:
                        reply = json.loads(line)
                    except ValueError:
                        continue
                    if reply.get("id") == mark:
                        return reply["status"], base64.b64decode(reply["output"]).decode(errors="replace")

    def events(self):
        """The lines that tests inside have printed so far."""
        try:
            text = (self.folder / "events").read_text(errors="replace")
        except OSError:
            return []
        return text[: text.rfind("\n") + 1].splitlines()

    def console(self):
        try:
            return (self.folder / "console").read_text(errors="replace")
        except OSError:
            return ""

    def cut(self):
        pid = self.pid
        if pid is None:
            return
        os.kill(pid, signal.SIGKILL)
        while self.pid == pid and Path(f"/proc/{pid}").exists():
            time.sleep(0.01)

    def poweroff(self):
        if self.pid is None:
            return
        try:
            self.run("systemctl", "poweroff", wait=5)
        except OSError:
            pass
        end = time.monotonic() + 90
        while self.pid is not None and time.monotonic() < end:
            time.sleep(0.1)
        self.cut()

    def down(self):
        self.cut()
        shutil.rmtree(self.folder, ignore_errors=True)


def main(words):
    if not words or words[0] in ("help", "-h", "--help"):
        print(__doc__.strip())
        return 0
    guest = Guest(words[0], os.environ.get("LAB_NAME", "lab"))
    verb, rest = (words[1], words[2:]) if len(words) > 1 else ("up", [])
    if verb == "prepare":
        guest.prepare()
    elif verb == "up":
        guest.up(fresh="--fresh" in rest)
        print(f"Linux {guest.run('uname', '-r')[1].strip()} is up: scripts/lab kernel {guest.version} exec CMD")
    elif verb == "exec":
        given = b"" if sys.stdin is None or sys.stdin.isatty() else sys.stdin.buffer.read()
        status, output = guest.run(*rest, input=given, limit=600)
        sys.stdout.write(output)
        return status
    elif verb == "suspend":
        script = f"echo 0 >/sys/class/rtc/rtc0/wakealarm; echo +{int(rest[0])} >/sys/class/rtc/rtc0/wakealarm; echo mem >/sys/power/state"
        return guest.run("sh", "-c", script)[0]
    elif verb == "status":
        state = "off" if guest.pid is None else "booting"
        try:
            state = "up" if guest.pid and guest.run("true", wait=5)[0] == 0 else state
        except OSError:
            pass
        print(state)
    elif verb in ("cut", "poweroff", "down"):
        getattr(guest, verb)()
    elif verb == "console":
        print(guest.console())
    else:
        raise LabError(f"no verb '{verb}'; try help")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LabError as error:
        sys.exit(f"lab: {error}")
