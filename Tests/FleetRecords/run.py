"""Tests of the records of a fleet: etc/sql and etc/siem on real engines, over records that real agents make here.

usage: run.py PROGRAMS [NAME...]      (scripts/test-records calls it)
"""
import signal
import sys

import testing
from hosts import workplace
from scene import Scene


import doc_tests  # noqa: F401  (its tests)
import query_tests  # noqa: F401
import siem_tests  # noqa: F401
import collector_tests  # noqa: F401  (they change the hosts, so they come last)


def main():
    programs, *names = sys.argv[1:]
    # Ended from outside, it still ends its agents.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with workplace() as folder:
        scene = Scene(programs, folder)
        try:
            passed, failed = testing.run(scene, names)
        finally:
            scene.close()
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
