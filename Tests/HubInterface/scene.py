"""A hub with people, a host whose agent is real, and strangers."""
import base64
import hashlib
import http.client
import json
import pathlib
import socket
import subprocess
import uuid

from hosts import Host, Signer, end, eventually, later, run, signed
from interface import Caller, UnixConnection

SSH = '[[port]]\nnumber = 22\nprotocol = "tcp"\n'
OCTETS = "application/octet-stream"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Hub:
    """A jitgate-hub over SQLite, with a directory of its own."""

    def __init__(self, build, folder, people, inventory, listen=None, url=None, settings=""):
        self.path, self.people = folder, people
        folder.mkdir()
        self.port = free_port()
        self.listen = listen or f"127.0.0.1:{self.port}"
        self.url = url or f"http://127.0.0.1:{self.port}"
        self.authority = self.url.partition("//")[2]
        self.write_people()
        (folder / "inventory").write_text(inventory)
        (folder / "hub.toml").write_text(f'''
url = "{self.url}"
listen = "{self.listen}"
store = "sqlite:{folder}/hub.db"
state = "{folder}"
allowed_signers = "{folder}/allowed_signers"
inventory = "{folder}/inventory"
{settings}
[hosts]
inventory_token = "{folder}/token"
''')
        (folder / "token").write_text("a-token-of-another-system\n")
        self.log = open(folder / "hub.log", "wb")
        self.process = subprocess.Popen([f"{build}/jitgate-hub", "--config", folder / "hub.toml"], stderr=self.log, stdout=self.log)
        self.stranger = Caller(self.connect, self.authority)
        eventually(f"the hub listens: {self.said}", self.answers)

    @property
    def said(self):
        return (self.path / "hub.log").read_text()[-1000:]

    def write_people(self, *without):
        lines = [f'{person.name} namespaces="{",".join(person.may)}" {person.public}\n'
                 for person in self.people if person.name not in without]
        fresh = self.path / "allowed_signers.new"
        fresh.write_text("".join(lines))
        fresh.rename(self.path / "allowed_signers")

    def connect(self):
        if self.listen.startswith("unix:"):
            return UnixConnection(self.listen.removeprefix("unix:"))
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)

    def open_socket(self):
        found = socket.create_connection(("127.0.0.1", self.port), timeout=60)
        return found

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the hub ended: {self.said}")
        try:
            return self.stranger.get("/healthz").status == 200
        except OSError:
            return False

    def login_file(self, person, url=None, nonce=None):
        nonce = nonce or self.stranger.get("/v1/login").json["nonce"]
        return signed({"jitgate": "login/1", "url": url or self.url, "nonce": nonce}, "jitgate-login", person)

    def session(self, person):
        answer = self.stranger.post("/v1/login", self.login_file(person))
        if answer.status != 200:
            raise AssertionError(f"{person.name} cannot log in: {answer.said}")
        return answer.json

    def caller(self, person):
        """Somebody who has logged in with their key."""
        return self.stranger.with_headers(Authorization=f"Bearer {self.session(person)['token']}")

    def browser(self, person):
        """Somebody whose browser has a cookie."""
        code = self.session(person)["link"].partition("code=")[2]
        answer = self.stranger.post("/login", f"code={code}", "application/x-www-form-urlencoded", Origin=self.url)
        if answer.status != 303:
            raise AssertionError(f"the link does not log in: {answer.said}")
        return self.stranger.with_headers(Cookie=answer.headers["Set-Cookie"].partition(";")[0])

    def close(self):
        end(self.process)
        self.log.close()


class Person(Signer):
    def __init__(self, name, folder, *may):
        super().__init__(name, folder)
        self.may = [f"jitgate-{word}" for word in may]


def verifier_key(host, person):
    """The key of the log of a host (PROTOCOL.audit, section 6), which is that of a person here."""
    name, key = f"jitgate/{host}/{'3' * 32}", b"\x01" + base64.b64decode(person.public.split()[1])[-32:]
    digest = hashlib.sha256(name.encode() + b"\n" + key).hexdigest()[:8]
    return f"{name}+{digest}+{base64.b64encode(key).decode()}"


def payload(**members):
    """The bytes of a request that web-1 would take."""
    value = {"jitgate": "grant/1", "id": str(uuid.uuid4()), "hosts": ["web-1"], "requestor": "dana", "justification": "INC-4211",
             "sources": ["192.0.2.7/32"], "ports": ["22/tcp"], "expires": later(3600)} | members
    return json.dumps(value).encode() + b"\n"


def asked(person, **members):
    """A request that a person has signed."""
    text = payload(**{"requestor": person.name} | members)
    return text + person.sign(text, "jitgate-request")


def identity(file):
    return json.loads(file.partition(b"-----BEGIN")[0])["id"]


class Scene:
    def __init__(self, programs, folder, stack):
        self.programs, self.folder, self.stack = programs, folder, stack
        self.dana = Person("dana", folder, "login", "request")
        self.erin = Person("erin", folder, "login", "grant", "decision", "revocation", "review", "bulletin")
        self.audrey = Person("audrey", folder, "login", "audit")
        self.flo = Person("flo", folder, "login", "request")
        self.mallory = Person("mallory", folder, "login", "request", "grant")
        self.host = self.opened(Host(programs, folder, "web-1", "1" * 32, {"tables": SSH}, [self.dana, self.erin]))
        self.host.boot()
        self.note = self.host.jitgate("attest").encode()
        self.key = self.host.jitgate("audit", "key").strip()
        self.hub, self.callers = self.start("hub"), {}
        self.report(self.hub)

    def opened(self, thing):
        self.stack.callback(thing.close)
        return thing

    def start(self, name, **options):
        people = [self.dana, self.erin, self.audrey, self.flo]
        inventory = f"web-1 {self.key} group=web\nweb-2 - group=web\nweb-3 {verifier_key('web-3', self.mallory)} group=db\n"
        return self.opened(Hub(self.programs, self.folder / name, people, inventory, **options))

    def report(self, hub):
        answer = hub.stranger.put("/status/web-1", self.note)
        if answer.status not in (201, 204):
            raise AssertionError(f"the hub does not take the status of web-1: {answer.said}")

    def caller(self, person):
        """Somebody at the hub, with one session for all tests."""
        if person.name not in self.callers:
            self.callers[person.name] = self.hub.caller(person)
        return self.callers[person.name]

    def ask(self, person=None, **members):
        """A pending request, which somebody has signed, as the hub describes it."""
        file = asked(person or self.dana, **members)
        answer = self.caller(person or self.dana).post("/v1/requests", file)
        if answer.status != 201:
            raise AssertionError(f"not taken: {answer.said}")
        return answer.json
