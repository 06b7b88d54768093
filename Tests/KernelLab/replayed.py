"""Starts the agent on the image of a disk that a power cut left, and judges it: in mount and network namespaces of its own.

usage: replayed.py IMAGE POOL <WHAT-CHURN-SAID
"""
import json
import os
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "guest"))
import judge  # noqa: E402

ROOT = Path(__file__).resolve().parent.parent.parent
PROGRAMS = Path(os.environ.get("JITGATE_PROGRAMS") or ROOT / ".build-release/release").resolve()
# The guest's, from scripts/build-kernel-image: it is the same machine after a boot.
MACHINE = "0123456789abcdef0123456789abcdef\n"


def mount(*words):
    subprocess.run(("mount", *words), check=True)


def main(image, pool):
    said = sys.stdin.read().splitlines()
    mount("--make-rprivate", "/")
    mount("-t", "proc", "proc", "/proc")
    mount("-o", "loop", image, "/mnt")
    pool = Path(pool)
    # What lies below /run and /tmp outside must stay in sight for what was handed over.
    descriptor = os.open(pool, os.O_RDONLY)
    mount("-t", "tmpfs", "-o", "mode=755", "none", "/run")
    Path("/run/machine-id").write_text(MACHINE)
    mount("--bind", "/run/machine-id", "/etc/machine-id")
    subprocess.run(("ip", "link", "set", "lo", "up"), check=True)
    os.environ["PATH"] = f"{PROGRAMS}:{os.environ['PATH']}"
    with open("/run/agent", "wb") as output:
        agent = subprocess.Popen((PROGRAMS / "jitgated", "--config", "/mnt/jitgate.toml"), stdout=output, stderr=output)
    try:
        end = time.monotonic() + 60
        while not Path("/run/control").exists():
            if agent.poll() is not None or time.monotonic() > end:
                return {"faults": [f"the agent does not start: {Path('/run/agent').read_text()[-800:]}"]}
            time.sleep(0.01)
        if judge.call("/run/control", "Status").get("parameters", {}).get("mode") != "enforce":
            return {"faults": ["the agent does not enforce"]}
        return judge.judge(judge.Home("/mnt"), Path(f"/proc/self/fd/{descriptor}"), said)
    finally:
        agent.kill()
        agent.wait()


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2])))
