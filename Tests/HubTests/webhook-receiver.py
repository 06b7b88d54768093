"""A receiver of webhooks on loopback, for the tests of the hub.

usage: webhook-receiver.py FOLDER SECRET...

It prints its port, and adds a line of JSON to FOLDER/seen for each message: the path, the headers of
standardwebhooks.com, the body, and which secrets signed it, by their own HMAC. The path says how it answers.
"""
import base64
import hashlib
import hmac
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

FOLDER, *SECRETS = sys.argv[1:]
LOCK = threading.Lock()


def signed_by(headers, body):
    """The numbers of the secrets by which the message is signed, in the order of the signatures."""
    found = []
    for word in (headers["webhook-signature"] or "").split(" "):
        version, _, code = word.partition(",")
        for number, secret in enumerate(SECRETS):
            key = base64.b64decode(secret.removeprefix("whsec_"), validate=True)
            content = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
            if version == "v1" and hmac.compare_digest(base64.b64decode(code), hmac.digest(key, content, hashlib.sha256)):
                found.append(number)
    return found


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        line = {"path": self.path, "id": self.headers["webhook-id"], "timestamp": self.headers["webhook-timestamp"],
                "type": self.headers["Content-Type"], "secrets": signed_by(self.headers, body), "body": json.loads(body)}
        with LOCK, open(f"{FOLDER}/seen", "a", encoding="utf-8") as seen:
            seen.write(json.dumps(line) + "\n")
        getattr(self, self.path.strip("/"))()

    def answer(self, status, *headers):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def ok(self):
        self.answer(204)

    def flaky(self):
        with open(f"{FOLDER}/status", encoding="utf-8") as status:
            self.answer(int(status.read()))

    def redirect(self):
        self.answer(302, ("Location", "/ok"))

    def closed(self):
        self.close_connection = True

    def slow(self):
        # Until the other end gives up.
        self.close_connection = True
        self.connection.recv(1)

    def endless(self):
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        try:
            while True:
                self.wfile.write(b"x" * 4096)
        except OSError:
            pass

    def garbage(self):
        self.close_connection = True
        self.wfile.write(b"\x00\xff no HTTP\r\n\r\n")

    def heads(self):
        self.close_connection = True
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            while True:
                self.wfile.write(b"X-More: " + b"x" * 1000 + b"\r\n")
        except OSError:
            pass


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


server = Server(("127.0.0.1", 0), Receiver)
print(server.server_port, flush=True)
server.serve_forever()
