#!/usr/bin/env python3
"""Serves a store on loopback as S3 is one, and prints the port: it checks signatures (version 4) and knows conditions.

s3-store.py FOLDER [--no-conditions]: objects are files below FOLDER/objects. While there is a file FOLDER/hold with
`N before` or `N after`, the Nth request since waits, before or after it is carried out, until the file is gone; it is
never answered.
"""
import email.utils
import hashlib
import http.server
import os
import sys
import threading
import time

import aws_signature

FOLDER = sys.argv[1]
HOLD = os.path.join(FOLDER, "hold")
knows_conditions = "--no-conditions" not in sys.argv
lock = threading.Lock()
requests = 0


class Store(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def carry_out(self, respond):
        """Does what a request asks for, unless the process that asks is to die meanwhile."""
        global requests
        length = int(self.headers["Content-Length"] or 0)
        self.body = self.rfile.read(length)
        is_whole = self.headers["x-amz-content-sha256"] == aws_signature.digest(self.body)
        if not is_whole or not aws_signature.is_signed(self, "s3cret/key"):
            return self.answer(403, b"<Error><Code>SignatureDoesNotMatch</Code></Error>")
        with lock:
            when = self.held()
            if when != "before":
                answer = respond(os.path.join(FOLDER, "objects", self.path.lstrip("/")))
        if when is None:
            return self.answer(*answer[:2], **answer[2])
        with open(os.path.join(FOLDER, "held"), "w"):
            pass
        while os.path.exists(HOLD):
            time.sleep(0.005)
        self.close_connection = True

    def held(self):
        global requests
        try:
            with open(HOLD) as file:
                number, when = file.read().split()
        except OSError:
            requests = 0
            return None
        requests += 1
        return when if requests == int(number) else None

    def do_GET(self):
        def respond(path):
            try:
                with open(path, "rb") as file:
                    body = file.read()
            except OSError:
                return 404, b"<Error><Code>NoSuchKey</Code></Error>", {}
            date = email.utils.formatdate(os.stat(path).st_mtime, usegmt=True)
            return 200, body, {"ETag": tag(body), "Last_Modified": date}

        self.carry_out(respond)

    def do_PUT(self):
        def respond(path):
            try:
                with open(path, "rb") as file:
                    old = tag(file.read())
            except OSError:
                old = None
            match, no_match = self.headers["If-Match"], self.headers["If-None-Match"]
            if knows_conditions and (match not in (None, old) or no_match == "*" and old):
                return 412, b"<Error><Code>PreconditionFailed</Code></Error>", {}
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path + ".new", "wb") as file:
                file.write(self.body)
            os.rename(path + ".new", path)
            return 200, b"", {"ETag": tag(self.body)}

        self.carry_out(respond)


def tag(body):
    return f'"{hashlib.md5(body).hexdigest()}"'


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client):
        pass


server = Server(("127.0.0.1", 0), Store)
print(server.server_address[1], flush=True)
server.serve_forever()
