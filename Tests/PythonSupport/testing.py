"""Tests that are sentences about the product; a test gets the scene, whose records all of them share."""
import inspect
import time
import traceback

TESTS = []


def test(function):
    TESTS.append(function)
    return function


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"found\n{found!r}, expected\n{expected!r}")


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


def columns(rows, *names):
    """The rows as tuples of some of their columns."""
    return [tuple(row[name] for name in names) for row in rows]


def run(scene, chosen):
    """Runs the tests, or those named; returns how many passed and failed."""
    passed = failed = 0
    for function in TESTS:
        if chosen and function.__name__ not in chosen:
            continue
        begun, title = time.monotonic(), inspect.getdoc(function)
        try:
            function(scene)
            passed += 1
            print(f'✔ Test "{title}" passed after {time.monotonic() - begun:.3f} seconds.', flush=True)
        except Exception:  # each kind of failure is one of the test
            failed += 1
            print(f'✘ Test "{title}" failed after {time.monotonic() - begun:.3f} seconds.', flush=True)
            print("".join(f"↳ {line}\n" for line in traceback.format_exc().splitlines()), end="", flush=True)
    return passed, failed
