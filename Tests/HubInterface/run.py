"""Tests of the hub's interface: its description, and what a running hub makes of strangers.

usage: run.py PROGRAMS [NAME...]      (scripts/test-hub-interface calls it, as root)
"""
import contextlib
import signal
import sys

import testing
from hosts import workplace

import description_tests  # noqa: F401  (its tests)
import people_tests  # noqa: F401
import requests_tests  # noqa: F401
import hostile_tests  # noqa: F401
import proxy_tests  # noqa: F401
import fuzz_tests  # noqa: F401  (it leaves thousands of requests behind)
from scene import Scene


def main():
    programs, *names = sys.argv[1:]
    # Ended from outside, it still ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with workplace() as folder, contextlib.ExitStack() as stack:
        passed, failed = testing.run(Scene(programs, folder, stack), names)
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
