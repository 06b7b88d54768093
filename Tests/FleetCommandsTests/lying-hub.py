#!/usr/bin/env python3
"""Serves a hub on loopback that says what its folder holds, true or not, and prints the port.

lying-hub.py FOLDER: the one request is that of FOLDER/payload, or the last that was posted; FOLDER/lies.json replaces members of
what is shown of it. FOLDER/answer, a status, a blank and JSON, is the answer to each POST below /v1/requests. Bodies that are
posted lie in FOLDER/posted, by their order and the last word of their path.
"""
import base64
import hashlib
import http.server
import json
import os
import pathlib
import sys

FOLDER = pathlib.Path(sys.argv[1])
BEGIN = b"-----BEGIN SSH SIGNATURE-----"


def text(name, default=None):
    path = FOLDER / name
    return path.read_text() if path.exists() else default


class Hub(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    logins = 0
    tokens = set()
    posts = 0

    def log_message(self, *arguments):
        pass

    def answer(self, status, value=None, **headers):
        body = value if isinstance(value, bytes) else b"" if value is None else json.dumps(value).encode()
        self.send_response(status)
        for name, content in headers.items():
            self.send_header(name, content)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refuse(self, status, code, message, **more):
        self.answer(status, {"error": {"code": code, "message": message, "remedy": "ask again", **more}})

    def is_known(self):
        token = self.headers.get("Authorization", "").removeprefix("Bearer ")
        if token in Hub.tokens and not (FOLDER / "forgetful").exists():
            return True
        self.refuse(401, "login-required", "nobody is logged in")
        return False

    def shown(self):
        payload = (FOLDER / "payload").read_bytes()
        grant = json.loads(payload)
        return {
            "id": grant["id"], "payload": base64.b64encode(payload).decode(),
            "sha256": hashlib.sha256(payload).hexdigest(), "state": text("state", "pending"),
            "since": "2026-11-28T10:00:00Z", "created": "2026-11-28T10:00:00Z", "lapses": "2026-11-29T10:00:00Z",
            "requestor": grant["requestor"], "asked_by": grant["requestor"], "is_signed": True,
            "hosts": grant["hosts"], "ports": grant["ports"], "sources": grant["sources"],
            "not_before": grant.get("not_before"), "expires": grant["expires"],
            "reason": grant.get("justification", ""), "ticket": grant.get("ticket"), "supersedes": [],
            "signatures": [], "decision": None,
            "outlook": [{"host": "web-1", "state": "configured", "opens": ["22/tcp"], "needs": 1, "from": [],
                         "refuses": None, "published": False, "open_since": text("open")}],
        } | json.loads(text("lies.json", "{}"))

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/moved/v1/login":
            return self.answer(302, Location="/v1/login")
        if path == "/garbage/v1/login":
            return self.answer(200, b"<html>\x1b[2J")
        if path == "/v1/login":
            return self.answer(200, {"nonce": "n0nce-of-this-hub-only", "expires": "2026-11-28T10:01:00Z"})
        if not path.startswith("/v1/"):
            return self.answer(404, b"<html>")
        if not self.is_known():
            return None
        if path == "/v1/me":
            may = ["jitgate-login", "jitgate-request"]
            return self.answer(200, {"name": "dana", "may": may, "address": self.client_address[0], "is_signed": True})
        if path == "/v1/people":
            people = [{"name": name, "may": ["jitgate-grant"]} for name in ("dana", "ops", "sec\x1b[31m")]
            return self.answer(200, {"people": people, "next": None})
        if path == "/v1/requests":
            there = (FOLDER / "payload").exists() and f"state={text('state', 'pending')}&" in self.path
            # A list that has no end.
            return self.answer(200, {"requests": [self.shown()] if there else [], "next": "same"})
        if path.endswith("/file"):
            return self.answer(200, (FOLDER / "file").read_bytes())
        if path.startswith("/v1/requests/"):
            return self.answer(200, self.shown())
        return self.refuse(404, "not-found", "there is nothing")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        name = self.path.rpartition("/")[2]
        Hub.posts += 1
        os.makedirs(FOLDER / "posted", exist_ok=True)
        (FOLDER / "posted" / f"{Hub.posts}-{name}").write_bytes(body)
        if self.path == "/v1/login":
            Hub.logins += 1
            Hub.tokens.add(f"t0ken-{Hub.logins}")
            return self.answer(200, {
                "name": "dana", "may": ["jitgate-login", "jitgate-request"], "token": f"t0ken-{Hub.logins}",
                "expires": text("expires", "2099-01-01T00:00:00Z"), "link": text("link", "http://elsewhere.example/\x1b[2J"),
            })
        if not self.is_known():
            return None
        if answer := text("answer"):
            status, _, value = answer.partition(" ")
            return self.answer(int(status), json.loads(value))
        if self.path == "/v1/requests":
            (FOLDER / "payload").write_bytes(body.partition(BEGIN)[0])
            return self.answer(201, self.shown())
        return self.answer(200, self.shown())

    def do_DELETE(self):
        Hub.tokens.clear()
        self.answer(204)


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hub)
print(server.server_address[1], flush=True)
server.serve_forever()
