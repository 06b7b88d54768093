"""The description by itself: sound, complete, and the same as docs/PROTOCOL.hub."""
import re

from interface import DOCUMENT, ROOT, judge, operations, resolved
from openapi_spec_validator import OpenAPIV31SpecValidator
from testing import equal, holds, test

PROTOCOL = (ROOT / "docs/PROTOCOL.hub").read_text()


@test
def valid(scene):
    """The description is valid OpenAPI 3.1"""
    equal([error.message for error in OpenAPIV31SpecValidator(DOCUMENT).iter_errors()], [])


def examples(value, path=""):
    """Each media type with an example, with where it stands."""
    if isinstance(value, dict):
        if "schema" in value and "example" in value:
            yield path, value
        for key, item in value.items():
            yield from examples(item, f"{path}/{key}")


@test
def exemplified(scene):
    """Each example is what its schema says"""
    found = list(examples(DOCUMENT))
    holds(len(found) > 30, f"{len(found)} examples")
    for path, media in found:
        judge(media["example"], media["schema"], path)


@test
def complete(scene):
    """Each call of PROTOCOL.hub is described, and each described call below /v1 is in PROTOCOL.hub"""
    named = {(method.lower(), re.sub(r"\?.*", "", path)) for method, path in
             re.findall(r"^    (GET|POST|PUT|DELETE) +(/\S+)", PROTOCOL, re.M)}
    named = {(method, re.sub(r"/(ID|HOST|NAME)\b", "/{}", path)) for method, path in named}
    described = {(method, re.sub(r"\{[^}]*\}", "{}", path)) for path, method, _ in operations()}
    equal(named - described, set())
    equal({call for call in described if call[1].startswith("/v1/")} - named, set())


@test
def coded(scene):
    """The codes of errors are those of PROTOCOL.hub, each with its status"""
    listed = PROTOCOL.partition("The codes:")[2].partition("`refused`")[0]
    expected = {(int(status), code) for status, code in re.findall(r"(\d{3}) ([a-z-]+)", listed)}
    found = set()
    for _, _, operation in operations():
        for status, answer in operation["responses"].items():
            content = resolved(answer).get("content", {}).get("application/json", {})
            for part in content.get("schema", {}).get("allOf", []):
                codes = part.get("properties", {}).get("error", {}).get("properties", {}).get("code", {}).get("enum", [])
                found |= {(int(status), code) for code in codes}
    known = set(DOCUMENT["components"]["schemas"]["Error"]["properties"]["error"]["properties"]["code"]["enum"])
    equal(known, {code for _, code in expected})
    # No call is described with an answer to a method that its path does not have.
    equal(expected - found, {(405, "method")})


@test
def secured(scene):
    """Each call says who may make it, and the proxy's header is described as one that strangers cannot use"""
    for path, method, operation in operations():
        holds("security" in operation, f"{method} {path} does not say")
        for way in operation["security"]:
            holds(set(way) <= set(DOCUMENT["components"]["securitySchemes"]), f"{method} {path}: {way}")


@test
def refused_is_explained(scene):
    """Each answer of 400 or more below /v1 is an error with a code"""
    for path, method, operation in operations():
        for status, answer in operation["responses"].items():
            if path.startswith("/v1/") and int(status) >= 400:
                holds("application/json" in resolved(answer)["content"], f"{method} {path} {status}")
