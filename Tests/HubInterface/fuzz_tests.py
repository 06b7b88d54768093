"""schemathesis over a running hub: what follows from the description, and what just does not."""
import pathlib
import subprocess
import sys

from testing import equal, holds, test

# A call without a session, and one that ends it, would end the run; a stream does not end.
LEFT_OUT = ["logout", "events"]
# The forms of pages, which lead whoever has no cookie to the page that logs in.
FORMS = ["askOnPage", "withdrawOnPage", "answerLetterOnPage"]
CHECKS = ["not_a_server_error", "status_code_conformance", "content_type_conformance", "response_headers_conformance",
          "response_schema_conformance", "negative_data_rejection", "unsupported_method", "missing_required_header", "ignored_auth"]


def fuzz(scene, headers, examples, checks, left_out):
    program = pathlib.Path(sys.executable).parent / "schemathesis"
    words = [program, "run", f"{scene.hub.url}/openapi.json", "--checks", ",".join(checks), "--max-examples", str(examples),
             "--phases", "examples,coverage,fuzzing", "--generation-deterministic", "--request-timeout", "20", "--no-color",
             "--max-failures", "30", "--no-shrink", *(f"--exclude-operation-id={name}" for name in left_out)]
    for name, value in headers.items():
        words += ["--header", f"{name}: {value}"]
    found = subprocess.run(words, capture_output=True, text=True, timeout=900, cwd=scene.folder)
    said = found.stdout + found.stderr
    # The report of the failures, without the long bodies that it repeats.
    holds(found.returncode == 0, "\n".join(line[:300] for line in said[said.find("= FAILURES ="):].splitlines())[:20000])
    equal(scene.hub.stranger.get("/healthz").status, 200)


@test
def fuzzed_by_a_person(scene):
    """schemathesis finds no answer to a person of a session that the description does not have"""
    fuzz(scene, scene.hub.caller(scene.audrey).headers, 15, CHECKS, LEFT_OUT + FORMS)


@test
def fuzzed_by_a_stranger(scene):
    """schemathesis finds no such answer to a stranger"""
    fuzz(scene, {}, 5, [check for check in CHECKS if check != "negative_data_rejection"], LEFT_OUT)
