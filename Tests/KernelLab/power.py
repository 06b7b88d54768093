"""Power cuts: whole guests that are killed while grants open and close, and replays of a disk to a flush.

A guest that is killed loses nothing that its host has cached; so a disk is logged, too, as dm-log-writes does it (qemu's
blklogwrites), and made again as it was after one of its flushes, with nothing that came later.
"""
import datetime
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from pathlib import Path

from kernel_lab import Guest, LabError, ROOT

DURATIONS = ("5s", "20s", "40m", "45m")


def furnish(payload, count=1100):
    """Signed grants and their key's line, made outside, where signing costs little."""
    pool = payload / "pool"
    pool.mkdir()
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", pool / "key"), check=True)
    words = (pool / "key.pub").read_text().split()
    (pool / "allowed_signers").write_text(f"dana {words[0]} {words[1]}\n")
    expires = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(hours=24)
    index = []
    for number in range(count):
        grant = str(uuid.uuid4())
        address = f"198.{18 + number // 50000}.{number // 250}.{number % 250 + 1}"
        index.append((grant, address))
        (pool / grant).write_text(
            json.dumps({
                "jitgate": "grant/1", "id": grant, "hosts": ["*"], "requestor": "dana", "justification": "power", "ports": ["22/tcp"],
                "sources": [f"{address}/32"], "expires": expires.strftime("%Y-%m-%dT%H:%M:%SZ"), "duration": random.choice(DURATIONS),
            }) + "\n"
        )  # fmt: skip
    # ssh-keygen signs many files in one go, each into FILE.sig.
    for start in range(0, count, 200):
        names = [pool / grant for grant, _ in index[start : start + 200]]
        subprocess.run(
            ("ssh-keygen", "-q", "-Y", "sign", "-n", "jitgate-grant", "-f", pool / "key", *names), check=True, stderr=subprocess.DEVNULL
        )
    for grant, _ in index:
        signature = Path(f"{pool / grant}.sig")
        (pool / f"{grant}.grant").write_bytes((pool / grant).read_bytes() + signature.read_bytes())
        signature.unlink()
        (pool / grant).unlink()
    (pool / "index.json").write_text(json.dumps(index))


def report(sentence, begin, faults, *measured):
    word = "✘" if faults else "✔"
    result = "failed" if faults else "passed"
    lines = [f'{word} Test "{sentence}" {result} after {time.monotonic() - begin:.3f} seconds.']
    lines += [f"↳ {fault}" for fault in faults[:20]] + [f"◇ {line}" for line in measured]
    print("\n".join(lines), flush=True)
    return not faults


# --- whole guests ---------------------------------------------------------------
SET_UP = """set -e
dpkg -i /lab/more/jitgate_*.deb >/dev/null
cp /lab/more/pool/allowed_signers /etc/jitgate/allowed_signers
printf 'mode = "enforce"\\n' >/etc/jitgate/jitgate.toml
systemctl reload jitgated
sync
"""


def cuts(version, rounds):
    begin = time.monotonic()
    guest = Guest(version, f"cuts{os.getpid()}")
    faults = []
    try:
        guest.up(fresh=True)
        status, output = guest.run("sh", "-c", SET_UP, limit=300)
        if status:
            raise LabError(output)
        for number in range(rounds):
            guest.run("systemd-run", "--quiet", "python3", "/lab/churn.py", str(number), "/etc/jitgate/grants.d", "/run/jitgate/control")
            before = len(guest.events())
            end = time.monotonic() + 120
            while sum(line.startswith("opened") for line in guest.events()[before:]) < 3:
                if time.monotonic() > end:
                    raise LabError(f"nothing opens: {guest.events()[-3:]}")
                time.sleep(0.05)
            time.sleep(random.uniform(0, 8))
            guest.cut()
            said = guest.events()
            guest.up()
            status, output = guest.run(
                "python3", "/lab/judge.py", "system", "/lab/more/pool", input="\n".join(said).encode(), limit=300
            )
            try:
                result = json.loads(output.splitlines()[-1])
            except (ValueError, IndexError):
                raise LabError(f"no judgement: {output[-1000:]}") from None
            faults += [f"cut {number + 1}: {fault}" for fault in result.pop("faults")]
            print(f"◇ {version}: cut {number + 1} of {rounds}: {result}", flush=True)
    except (LabError, OSError) as error:
        faults.append(str(error))
    finally:
        if not os.environ.get("LAB_KEEP"):
            guest.down()
    return report(
        f"{version}: power cuts of a whole guest lose nothing that was said, reopen nothing and keep every deadline ({rounds})",
        begin, faults,
    )  # fmt: skip


# --- a logged disk --------------------------------------------------------------
MAGIC = 0x6A736677736872
FLUSH, DISCARD, MARK = 1, 4, 8


def entries(log):
    """Those of a log: (flags, offset on the disk, length, offset of the data, where the entry ends in the log)."""
    size = os.path.getsize(log)
    with open(log, "rb") as file:
        magic, _, _, sector = struct.unpack("<QQQI", file.read(28))
        if magic != MAGIC:
            raise LabError(f"{log} is no log of writes")
        place = sector
        while place + sector <= size:
            file.seek(place)
            start, count, flags, more = struct.unpack("<QQQQ", file.read(32))
            data = place + sector
            length = 0 if flags & DISCARD else count * sector
            end = data + length + (-(-more // sector) * sector if flags & MARK else 0)
            if end > size:
                return
            yield flags, start * sector, count * sector, data, end
            place = end


class Replay:
    """A disk as it was after the entries so far; goes forward only."""

    def __init__(self, log, disk):
        self.log, self.disk = open(log, "rb"), open(disk, "r+b")

    def apply(self, entry):
        flags, start, length, data, _ = entry
        self.disk.seek(start)
        if flags & DISCARD:
            self.disk.write(bytes(length))
        elif length:
            self.log.seek(data)
            self.disk.write(self.log.read(length))


LOGGED = """set -e
dpkg -i /lab/more/jitgate_*.deb >/dev/null
systemctl stop jitgated
jitgated --remove-gate
mount /dev/vdc /mnt
systemd-run --quiet --unit=logged jitgated --config /mnt/jitgate.toml
for i in $(seq 200); do [ -S /run/control ] && break; sleep 0.1; done
systemd-run --quiet python3 /lab/churn.py 0 /mnt/grants.d /run/control
"""
CONFIG = """mode = "enforce"
[grants]
directories = ["/mnt/grants.d"]
allowed_signers = "/mnt/allowed_signers"
[audit]
directory = "/mnt/log"
[state]
directory = "/mnt/state"
[control]
socket = "/run/control"
group = "root"
"""


def data_disk(path, payload):
    """A small disk for all that the agent keeps."""
    with tempfile.TemporaryDirectory() as folder:
        base = Path(folder)
        base.chmod(0o755)
        for name, mode in (("grants.d", 0o755), ("log", 0o750), ("state", 0o700)):
            (base / name).mkdir()
            (base / name).chmod(mode)
        (base / "jitgate.toml").write_text(CONFIG)
        shutil.copy(payload / "pool/allowed_signers", base / "allowed_signers")
        with open(path, "wb") as image:
            image.truncate(48 << 20)
        subprocess.run(("mke2fs", "-q", "-t", "ext4", "-b", "1024", "-d", folder, path), check=True, stderr=subprocess.DEVNULL)


def record_run(version, payload, folder, operations):
    """A run on a logged disk: the disk before, its log, and what was said, each line with the length of the log by then."""
    guest = Guest(version, f"log{os.getpid()}")
    before, disk, log = folder / "before.img", folder / "disk.img", folder / "log"
    data_disk(before, payload)
    shutil.copy(before, disk)
    said = []
    try:
        guest.down()
        guest.up(logged=(disk, log))
        status, output = guest.run("sh", "-c", LOGGED, limit=300)
        if status:
            raise LabError(output)
        end = time.monotonic() + 400
        while time.monotonic() < end:
            # The lines first, the length then: what a line needs was on the disk by the time it was said.
            lines = guest.events()
            length = os.path.getsize(log)
            said += [(line, length) for line in lines[len(said) :]]
            if sum(line.startswith(("opened", "closed")) for line, _ in said) >= operations or any(line.startswith("done") for line, _ in said):
                break
            time.sleep(0.005)
        guest.cut()
    finally:
        if not os.environ.get("LAB_KEEP"):
            guest.down()
    if not any(line.startswith("closed") for line, _ in said):
        raise LabError(f"nothing was closed: {said[-3:]}")
    return before, log, said


def judge_disk(image, payload, said):
    """Starts the agent on a disk in namespaces of its own, as a boot would: its clock begins at 0 after all that is on record."""
    past = 1 - int(time.clock_gettime(time.CLOCK_BOOTTIME))
    done = subprocess.run(
        ("unshare", "-m", "-n", "-T", f"--boottime={past}", f"--monotonic={past}", "-p", "-f", "--kill-child", sys.executable, str(Path(__file__).with_name("replayed.py")), image, payload / "pool"),
        input="\n".join(said), capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    try:
        return json.loads(done.stdout.splitlines()[-1])
    except (ValueError, IndexError):
        return {"faults": [f"no judgement: {(done.stdout + done.stderr)[-1500:]}"]}


def replays(version, count):
    begin = time.monotonic()
    payload = Path(os.environ["LAB_PAYLOAD"])
    faults, measured = [], []
    with tempfile.TemporaryDirectory(dir="/var/tmp") as name:
        folder = Path(name)
        try:
            disk, log, said = record_run(version, payload, folder, 20 if count <= 10 else 30)
            every = list(entries(log))
            # From the first that was said on: before it there is nothing to lose.
            first = said[0][1]
            flushes = [index for index, entry in enumerate(every) if entry[0] & FLUSH and entry[4] > first]
            chosen = sorted(random.sample(flushes, min(count, len(flushes))))
            replay, done = Replay(log, disk), 0
            for index in chosen:
                for entry in every[done : index + 1]:
                    replay.apply(entry)
                replay.disk.flush()
                done = index + 1
                work = folder / "work.img"
                shutil.copy(disk, work)
                known = [line for line, length in said if length <= every[index][4]]
                # What was about to be done by then may have been, whatever its line's length.
                meant = [line for line, _ in said if line.startswith(("removing", "revoking"))]
                result = judge_disk(work, payload, known + meant)
                faults += [f"flush {index} of {len(every)}: {fault}" for fault in result.pop("faults")]
            measured.append(f"{len(chosen)} of {len(flushes)} flushes, {len(every)} writes, {len(said)} lines; the last: {result}")
            if len(chosen) < count:
                faults.append(f"there were {len(flushes)} flushes, fewer than {count}")
        except (LabError, OSError, subprocess.TimeoutExpired) as error:
            faults.append(str(error))
    return report(
        f"{version}: a disk as it was after any of its flushes loses nothing that was said, reopens nothing and keeps every deadline ({count})",
        begin, faults, *measured,
    )  # fmt: skip
