"""Boots the guests and runs the suite in each; two at a time, each with one processor."""
import os
import signal
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path[:0] = [str(ROOT / "scripts"), str(ROOT / "Tests/KernelLab")]
from kernel_lab import CACHE, VERSIONS, Guest, LabError  # noqa: E402
import power  # noqa: E402


def packages():
    found = [path for path in (ROOT / "dist").glob("jitgate_*.deb") if not path.name.startswith("jitgate_99")]
    if len(found) != 1:
        raise LabError("dist/ has no package, or several: run scripts/package")
    return found[0]


def unpacked(package, folder):
    """The same package without compression, which an emulated processor would take half a minute for."""
    with tempfile.TemporaryDirectory() as name:
        subprocess.run(("dpkg-deb", "-R", package, name), check=True)
        subprocess.run(("dpkg-deb", "--root-owner-group", "-Znone", "-b", name, folder / package.name), check=True, stdout=subprocess.DEVNULL)


def suite(version, names):
    """The suite on one kernel; whether all of it passed."""
    guest = Guest(version, f"suite{os.getpid()}")
    try:
        guest.up(fresh=True)
        status, output = guest.run("python3", "-u", "/lab/suite.py", *names, limit=1500)
        print(output, end="", flush=True)
        if not names:
            guest.cut()
            guest.up(behind=7200)
            booted, output = guest.run("python3", "-u", "/lab/suite.py", "--after-boot", limit=300)
            print(output, end="", flush=True)
            status = status or booted
        return status == 0
    except (LabError, OSError) as error:
        print(f'✘ Test "{version}: the guest runs" failed after 0 seconds.\n↳ {error}', flush=True)
        return False
    finally:
        if not os.environ.get("LAB_KEEP"):
            guest.down()


def stop(pool):
    """Ends the guests of this run, and with them their tests; nothing new starts."""
    pool.shutdown(wait=False, cancel_futures=True)
    for folder in (CACHE / "run").glob(f"*{os.getpid()}-*"):
        name, _, version = folder.name.rpartition("-")
        Guest(version, name).down()
    sys.exit(1)


def main(words):
    everything = "--all" in words
    versions = [word for word in words if word in VERSIONS] or (list(VERSIONS) if everything else ["6.1", "6.12"])
    names = [word for word in words if word not in VERSIONS and not word.startswith("-")]
    with tempfile.TemporaryDirectory() as payload:
        unpacked(packages(), Path(payload))
        os.environ["LAB_PAYLOAD"] = payload
        power.furnish(Path(payload))
        with ThreadPoolExecutor(2) as pool:
            signal.signal(signal.SIGTERM, lambda *_: stop(pool))
            # The processors are for the guests alone once there are any.
            list(pool.map(lambda version: Guest(version).prepare(), versions))
            jobs = [pool.submit(suite, version, names) for version in versions]
            if not names:
                jobs.append(pool.submit(power.cuts, versions[0], 10 if everything else 1))
                jobs.append(pool.submit(power.replays, versions[0], 100 if everything else 10))
            return 0 if all([job.result() for job in jobs]) else 1


if __name__ == "__main__":
    os.nice(5)
    sys.exit(main(sys.argv[1:]))
