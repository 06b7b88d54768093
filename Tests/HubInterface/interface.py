"""The description of the hub's interface, and calls that are held against it."""
import http.client
import json
import pathlib
import re
import socket

from openapi_schema_validator import OAS31Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

ROOT = pathlib.Path(__file__).parents[2]
DOCUMENT = json.loads((ROOT / "Sources/Hub/openapi.json").read_text())
REGISTRY = Registry().with_resource("urn:hub", DRAFT202012.create_resource(DOCUMENT))


def resolved(value):
    """What a reference within the document refers to."""
    while "$ref" in value:
        found = DOCUMENT
        for part in value["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        value = found
    return value


def absolute(value):
    """A schema whose references name the document."""
    if isinstance(value, dict):
        return {key: f"urn:hub{item}" if key == "$ref" else absolute(item) for key, item in value.items()}
    return [absolute(item) for item in value] if isinstance(value, list) else value


def judge(value, schema, what):
    found = [f"{'/'.join(map(str, error.absolute_path))}: {error.message}"
             for error in OAS31Validator(absolute(schema), registry=REGISTRY).iter_errors(value)]
    if found:
        raise AssertionError(f"{what}: {'; '.join(found)}")


def operations():
    for path, methods in DOCUMENT["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def operation(method, path):
    """The operation that a call is of, if it is described."""
    for template, name, found in operations():
        pattern = "[^/]+".join(map(re.escape, re.split(r"\{[^}]*\}", template)))
        if name == method.lower() and re.fullmatch(pattern, path.partition("?")[0]):
            return found
    return None


class Answer:
    def __init__(self, response):
        self.status, self.body = response.status, response.read()
        self.headers = response.headers

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def code(self):
        """The code of an error."""
        return self.json["error"]["code"]

    @property
    def said(self):
        return f"{self.status} {self.body[:300]!r}"

    def is_as_described(self, method, path):
        """Raises unless the description has this answer."""
        found = operation(method, path)
        if found is None:
            return
        described = found["responses"].get(str(self.status))
        if described is None:
            raise AssertionError(f"{method} {path} has no answer {self.said}")
        content = resolved(described).get("content")
        if content is None:
            return
        form = self.headers.get_content_type()
        if form not in content:
            raise AssertionError(f"{method} {path} answers {form}, not {', '.join(content)}")
        if form == "application/json":
            judge(self.json, content[form]["schema"], f"{method} {path}")


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path):
        super().__init__("localhost", timeout=60)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Caller:
    """Somebody who calls a hub, with headers of their own."""
    # Whether each answer must be one of the description's: a proxy has answers of its own.
    is_judged = True

    def __init__(self, connect, host, **headers):
        self.connect, self.host, self.headers = connect, host, headers

    def with_headers(self, **headers):
        found = Caller(self.connect, self.host, **(self.headers | headers))
        found.is_judged = self.is_judged
        return found

    def call(self, method, path, body=None, form=None, **headers):
        """The answer to a call, which must be one that the description has."""
        sent = {"Host": self.host} | self.headers | ({"Content-Type": form} if form else {}) | headers
        connection = self.connect()
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in sent.items()})
            answer = Answer(connection.getresponse())
        finally:
            connection.close()
        if self.is_judged:
            answer.is_as_described(method, path)
        return answer

    def get(self, path, **headers):
        return self.call("GET", path, **headers)

    def post(self, path, body, form="application/octet-stream", **headers):
        return self.call("POST", path, body, form, **headers)

    def put(self, path, body, form="application/octet-stream", **headers):
        return self.call("PUT", path, body, form, **headers)
