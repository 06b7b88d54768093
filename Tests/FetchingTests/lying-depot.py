#!/usr/bin/env python3
"""Serves depots on loopback that lie, one below each first part of the path, and prints the port.

lying-depot.py FOLDER: the depot /hub serves the index in FOLDER/index, and waits for it to change. What is put lies in
FOLDER/put, by its path with dashes.
"""
import http.server
import os
import pathlib
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "TestSupport"))
from aws_signature import digest, is_signed

FILES = [b"file %d\n" % number for number in range(3)]
BIG = b"x" * (256 * 1024 + 1)
FOLDER = sys.argv[1]


def index(files):
    return "".join(f"{digest(data)}  {number}.grant\n" for number, data in enumerate(files)).encode()


INDEX = index(FILES)
BY_DIGEST = {digest(data): data for data in [*FILES, BIG]}


class Depot(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments):
        pass

    def do_GET(self):
        lie, _, path = self.path[1:].partition("/")
        try:
            getattr(self, "lie_" + lie.replace("-", "_"))(path)
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True

    def do_PUT(self):
        lie, _, path = self.path[1:].partition("/")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if lie == "deaf":
            return time.sleep(60)
        if lie == "busy-for-reports":
            return self.answer(503, Retry_After="120")
        if lie == "signed":
            if not is_signed(self, "s3cret/key") or self.headers["x-amz-content-sha256"] != digest(body):
                return self.answer(403)
        if lie not in ("signed", "honest", "hub"):
            return self.answer(405)
        os.makedirs(os.path.join(FOLDER, "put"), exist_ok=True)
        with open(os.path.join(FOLDER, "put", path.replace("/", "-")), "wb") as file:
            file.write(body)
        self.answer(204)

    def lie_deaf(self, path):
        self.honest(path)

    def lie_busy_for_reports(self, path):
        self.honest(path)

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(body)

    def honest(self, path, files=FILES):
        name = path.removeprefix("files/").removesuffix(".grant")
        if path == "shelves/all/index":
            self.answer(200, index(files))
        elif name in BY_DIGEST:
            self.answer(200, BY_DIGEST[name])
        else:
            self.answer(404)

    def lie_honest(self, path):
        self.honest(path)

    def lie_signed(self, path):
        """Not a lie: a store that checks signatures, as S3 does."""
        self.honest(path) if is_signed(self, "s3cret/key") else self.answer(403)

    def lie_wrong_digest(self, path):
        self.answer(200, b"another file\n") if path.startswith("files/") else self.honest(path)

    def lie_half_file(self, path):
        name = path.removeprefix("files/").removesuffix(".grant")
        self.answer(200, BY_DIGEST[name][:4]) if name in BY_DIGEST else self.honest(path)

    def lie_cut_off(self, path):
        if not path.startswith("files/"):
            return self.honest(path)
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        self.wfile.write(b"file")
        self.close_connection = True

    def lie_big_file(self, path):
        self.honest(path, [BIG, *FILES])

    def lie_half_index(self, path):
        self.answer(200, INDEX[:-20]) if path.endswith("/index") else self.honest(path)

    def lie_html(self, path):
        self.answer(200, b"<!DOCTYPE html><title>Sign in</title>", Content_Type="text/html")

    def lie_names(self, path):
        if not path.endswith("/index"):
            return self.honest(path)
        self.answer(200, b"".join(b"%064x  %d.grant\n" % (number, number) for number in range(100_000)))

    def lie_many_names(self, path):
        if not path.endswith("/index"):
            return self.honest(path)
        self.answer(200, INDEX + b"".join(b"%064x  %d.grant\n" % (number, number) for number in range(12_000)))

    def lie_huge_index(self, path):
        if not path.endswith("/index"):
            return self.honest(path)
        self.send_response(200)
        self.send_header("Content-Length", "100000000")
        self.end_headers()
        self.endlessly(b"0" * 65536)

    def lie_endless(self, path):
        self.send_response(200)
        self.end_headers()
        self.endlessly(b"0" * 65536)

    def lie_endless_head(self, path):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        self.endlessly(b"X-More: " + b"y" * 1000 + b"\r\n")

    def lie_slow(self, path):
        self.send_response(200)
        self.send_header("Content-Length", "1000")
        self.end_headers()
        for _ in range(120):
            self.wfile.write(b"0")
            self.wfile.flush()
            time.sleep(0.5)

    def lie_slow_head(self, path):
        self.wfile.write(b"HTTP/1.1 200 OK\r\n")
        for number in range(120):
            self.wfile.write(b"X-%d: y\r\n" % number)
            self.wfile.flush()
            time.sleep(0.5)

    def lie_no_http(self, path):
        self.wfile.write(b"220 mail.example.com ESMTP\r\n")
        self.close_connection = True

    def lie_broken_chunks(self, path):
        self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff0\r\n" + INDEX)
        self.close_connection = True

    def lie_two_answers(self, path):
        """A second answer that nobody asked for, to pass for that of the next request."""
        self.honest(path)
        body = index([BIG])
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def lie_withheld_file(self, path):
        self.answer(404) if path.startswith("files/") else self.honest(path)

    def endlessly(self, part):
        for _ in range(100_000):
            self.wfile.write(part)

    def lie_redirect(self, path):
        self.answer(302, Location=f"/honest/{path}")

    def lie_unasked_304(self, path):
        self.answer(304)

    def lie_zipped(self, path):
        self.answer(200, b"\x1f\x8b\x08\x00 no", Content_Encoding="gzip")

    def lie_busy(self, path):
        self.answer(503, Retry_After="120")

    def lie_too_many(self, path):
        self.answer(429, Retry_After="9999999")

    def lie_empty(self, path):
        self.answer(200)

    def lie_hub(self, path):
        if not path.startswith("shelves?names="):
            return self.honest(path)
        wait = self.headers["Prefer"]
        end = time.monotonic() + int(wait.removeprefix("wait="))
        while True:
            with open(os.path.join(FOLDER, "index"), "rb") as file:
                body = file.read()
            tag = f'"{digest(body)}"'
            if self.headers["If-None-Match"] != tag:
                return self.answer(200, body, ETag=tag, Preference_Applied=wait)
            if time.monotonic() > end:
                return self.answer(304, Preference_Applied=wait)
            time.sleep(0.02)


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request, client):
        pass


server = Server(("127.0.0.1", 0), Depot)
print(server.server_address[1], flush=True)
server.serve_forever()
