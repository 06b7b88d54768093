"""What strangers send: bytes, headers, sites."""
import base64
import concurrent.futures
import json
import re
import threading
import time

from interface import Answer
from scene import OCTETS, payload
from testing import equal, holds, test

FORM = "application/x-www-form-urlencoded"


def spoken(hub, data, seconds=60):
    """The status of the answer to raw bytes, or `None` if the connection is closed without one; and all that came."""
    with hub.open_socket() as connection:
        connection.settimeout(seconds)
        answer = b""
        try:
            connection.sendall(data)
            while part := connection.recv(65536):
                answer += part
                head, _, body = answer.partition(b"\r\n\r\n")
                length = re.search(rb"\r\ncontent-length: *(\d+)", head.lower())
                if length and len(body) >= int(length[1]):
                    # Nothing may follow.
                    connection.settimeout(0.3)
        except (ConnectionResetError, BrokenPipeError, TimeoutError):
            pass
    return (int(answer.split(b" ")[1]) if answer.startswith(b"HTTP/1.1 ") else None), answer


def lines(hub, *headers, start="GET /v1/login HTTP/1.1"):
    return "\r\n".join([start, *headers, "", ""]).encode("latin-1")


@test
def oversized(scene):
    """A body that is too large is refused before it is read, and what says no length is refused"""
    hub = scene.hub
    host = f"Host: {hub.authority}"
    for path, length in [("/v1/requests", 10 << 30), ("/v1/login", 1 << 20), ("/v1/files", 300 << 10), ("/status/web-1", 8 << 20)]:
        method = "PUT" if "status" in path else "POST"
        begun = time.monotonic()
        status, said = spoken(hub, lines(hub, host, f"Content-Type: {OCTETS}", f"Content-Length: {length}",
                                         start=f"{method} {path} HTTP/1.1"))
        equal((path, status), (path, 413))
        holds(b"too-large" in said, said[:500])
        holds(time.monotonic() - begun < 10, "it waited for the body")
    answer = hub.stranger.post("/v1/requests", b"x" * (257 << 10))
    equal(answer.code, "too-large")
    status, said = spoken(hub, lines(hub, host, f"Content-Type: {OCTETS}", "Transfer-Encoding: chunked",
                                     start="POST /v1/requests HTTP/1.1") + b"1\r\n{\r\n0\r\n\r\n")
    equal(status, 411)
    deep = json.dumps({"payload": "x"})[:-1] + ', "a": ' + "[" * 5000 + "]" * 5000 + "}"
    equal(hub.caller(scene.dana).post("/v1/requests", deep, "application/json").code, "malformed")


@test
def slow(scene):
    """A head, or a body, that comes a byte at a time is cut off, and others are answered meanwhile"""
    hub = scene.hub
    host, found = f"Host: {hub.authority}", {}

    def drip(name, data):
        begun = time.monotonic()
        with hub.open_socket() as connection:
            connection.settimeout(1)
            try:
                connection.sendall(data)
                while time.monotonic() - begun < 90:
                    connection.sendall(b"x")
                    try:
                        if not connection.recv(65536):
                            break
                    except TimeoutError:
                        pass
            except OSError:
                pass
        found[name] = time.monotonic() - begun
    drips = [threading.Thread(target=drip, args=item) for item in [
        ("head", f"GET /v1/login HTTP/1.1\r\n{host}\r\nX-Slow: ".encode()),
        ("body", lines(hub, host, f"Content-Type: {OCTETS}", "Content-Length: 1000", start="POST /v1/requests HTTP/1.1"))]]
    for thread in drips:
        thread.start()
    begun = time.monotonic()
    equal(hub.stranger.get("/v1/login").status, 200)
    holds(time.monotonic() - begun < 5, "others wait")
    for thread in drips:
        thread.join()
    holds(max(found.values()) < 75, f"never cut off: {found}")


@test
def crowded(scene):
    """Idle connections by the hundred keep nobody out"""
    hub = scene.hub
    idle = []
    try:
        for _ in range(500):
            idle.append(hub.open_socket())
        connection = hub.connect()
        connection.source_address = ("127.0.0.2", 0)
        connection.request("GET", "/v1/login", headers={"Host": hub.authority})
        equal(Answer(connection.getresponse()).status, 200)
        connection.close()
    finally:
        for connection in idle:
            connection.close()


@test
def forged_headers(scene):
    """Forged hosts, addresses, lengths and logins are refused or mean nothing"""
    hub = scene.hub
    host = f"Host: {hub.authority}"
    for name in ["evil.example", f"{hub.authority}.evil.example", f"u@{hub.authority}", f"{hub.authority}:1", ""]:
        status, said = spoken(hub, lines(hub, f"Host: {name}"))
        holds(status in (400, 421), f"Host: {name}: {said[:300]}")
    status, _ = spoken(hub, lines(hub, host, "Host: evil.example"))
    holds(status in (400, 421), f"two hosts: {status}")
    status, _ = spoken(hub, lines(hub))
    holds(status in (400, 421), f"no host: {status}")
    body = b"0\r\n\r\nGET /v1/me HTTP/1.1\r\n\r\n"
    for headers in [("Content-Length: 5", "Transfer-Encoding: chunked"), ("Content-Length: 5", "Content-Length: 6"),
                    ("Content-Length: -1",), ("Content-Length: 0x10",), ("Transfer-Encoding: chunked, identity",),
                    ("Transfer-Encoding : chunked",), ("Content-Length: 5 5",)]:
        status, said = spoken(hub, lines(hub, host, f"Content-Type: {OCTETS}", *headers, start="POST /v1/requests HTTP/1.1") + body, 40)
        holds(status in (None, 400, 411, 501), f"{headers}: {said[:300]}")
        holds(said.count(b"HTTP/1.1 ") <= 1, f"{headers}: two answers to one request")
    status, said = spoken(hub, lines(hub, host, "X-Long: " + "a" * (100 << 10)))
    holds(status in (None, 400, 431), said[:300])
    status, _ = spoken(hub, lines(hub, host, *(f"X-{number}: a" for number in range(5000))))
    holds(status in (None, 400, 431), f"5,000 headers: {status}")
    dana = hub.caller(scene.dana)
    for name in ["X_Forwarded_For", "Forwarded", "X_Real_IP", "X_Client_IP"]:
        equal((name, dana.call("GET", "/v1/me", **{name: "203.0.113.9"}).json["address"]), (name, "127.0.0.1"))
    for name in ["X_Remote_User", "X_Forwarded_User", "Remote_User"]:
        answer = hub.stranger.call("GET", "/v1/me", **{name: "dana"})
        holds(answer.status in (400, 401), f"{name}: {answer.said}")
    for name in ["X_HTTP_Method_Override", "X_Method_Override"]:
        equal(dana.call("GET", "/v1/session", **{name: "DELETE"}).status, 405)


@test
def other_sites(scene):
    """A call that changes something counts by cookie only if a page of the hub made it"""
    hub = scene.hub
    browser = hub.browser(scene.dana)
    equal(browser.get("/v1/me").status, 200)
    body = json.dumps({"payload": base64.b64encode(payload()).decode()})
    for headers in [{}, {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": hub.url + ".evil.example"},
                    {"Sec_Fetch_Site": "cross-site"}, {"Sec_Fetch_Site": "same-site"}, {"Sec_Fetch_Site": "none"},
                    {"Referer": hub.url + "/"}]:
        for method, path, form in [("POST", "/v1/requests", "application/json"), ("DELETE", "/v1/session", None)]:
            answer = browser.call(method, path, body if form else None, form, **headers)
            equal((headers, path, answer.code), (headers, path, "origin"))
    # The types that a form of another site can send are not those of the calls.
    for form in ["text/plain", FORM, "multipart/form-data; boundary=x"]:
        answer = browser.post("/v1/requests", body, form, Origin=hub.url)
        equal((form, answer.code), (form, "media-type"))
    equal(browser.post("/v1/requests", body, "application/json", Origin=hub.url).status, 201)
    for origin in ["https://evil.example", "null"]:
        preflight = hub.stranger.call("OPTIONS", "/v1/requests", Origin=origin, Access_Control_Request_Method="POST")
        equal(preflight.headers["Access-Control-Allow-Origin"], None)


@test
def framed(scene):
    """No page may be framed, sniffed or kept, and none has script or style from elsewhere"""
    hub = scene.hub
    browser = hub.browser(scene.erin)
    request = scene.ask()
    for path in ["/", "/login", f"/requests/{request['id']}", "/request", "/hosts", "/hosts/web-1", "/activity", "/people", "/nothing"]:
        answer = browser.get(path, Accept="text/html")
        holds(answer.status in (200, 404), f"{path}: {answer.said}")
        policy = answer.headers["Content-Security-Policy"] or ""
        for part in ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"]:
            holds(part in policy, f"{path}: no {part} in {policy}")
        holds("unsafe" not in policy and "http:" not in policy, f"{path}: {policy}")
        equal((path, answer.headers["X-Content-Type-Options"]), (path, "nosniff"))
        holds("no-store" in (answer.headers["Cache-Control"] or ""), f"{path}: {answer.headers['Cache-Control']}")
        for word in [b"<script>", b"onclick=", b"javascript:", b"style="]:
            holds(word not in answer.body.lower(), f"{path} has {word}")


@test
def stored_markup(scene):
    """Text that somebody stored stays text on every page"""
    hub = scene.hub
    browser = hub.browser(scene.erin)
    text = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&lt; {{7*7}}"
    request = scene.ask(justification=text, ticket="<b>T</b>")
    for path in ["/", f"/requests/{request['id']}", "/activity"]:
        page = browser.get(path).body
        for word in [b"<script>alert", b"<img src=x", b"<b>T"]:
            holds(word not in page, f"{path} has {word}")
    holds(b"&lt;script&gt;alert(1)" in browser.get(f"/requests/{request['id']}").body, "the page does not show the reason")
    found = browser.get("/hosts?q=%3Cscript%3Ealert(3)%3C/script%3E&state=%22%3E%3Cb%3E")
    holds(b"<script>alert" not in found.body and b'"><b>' not in found.body, "the query is written as markup")
    table = scene.hub.caller(scene.audrey).get("/v1/requests?format=csv").body.decode()
    for row in table.split("\r\n"):
        holds(not row.startswith(("=", "+", "-", "@")), f"a spreadsheet would run {row[:40]}")


@test
def open_redirects(scene):
    """The hub redirects to its own paths only, whatever it is asked"""
    hub = scene.hub
    code = hub.session(scene.dana)["link"].partition("code=")[2]
    answer = hub.stranger.post("/login?next=https://evil.example&url=//evil.example", f"code={code}", FORM, Origin=hub.url)
    holds(answer.headers["Location"] in (None, "/"), answer.headers["Location"])
    for path in ["//evil.example", "//evil.example/..", "/%5cevil.example", "/\\evil.example", "/login?next=//evil.example",
                 "/login/..//evil.example", "/%0d%0aLocation:%20https://evil.example", "/hosts//evil.example", "/?next=https://evil.example"]:
        status, said = spoken(hub, lines(hub, f"Host: {hub.authority}", start=f"GET {path} HTTP/1.1"))
        head = said.partition(b"\r\n\r\n")[0].lower()
        location = next((line for line in head.split(b"\r\n") if line.startswith(b"location:")), b"")
        holds(b"evil" not in location and b"//" not in location, f"{path}: {location}")
        holds(b"\r\nlocation: https" not in head, f"{path} sets a header")


@test
def paths(scene):
    """Paths that leave the tree, or are spelled oddly, find nothing"""
    for path in ["/files/../hub.toml", "/files/%2e%2e%2fhub.toml", "/shelves/..%2f..%2fetc/index", "/status/..%2fweb-1",
                 "/shelves/WEB-1/index", "/files/" + "0" * 63 + ".grant", "/v1/requests/..%2f..%2fme", "/v1/requests/%00",
                 "/v1/hosts/%E2%80%AE", "/v1/hosts/" + "a" * 5000]:
        status, said = spoken(scene.hub, lines(scene.hub, f"Host: {scene.hub.authority}", start=f"GET {path} HTTP/1.1"))
        holds(status in (400, 401, 404, 414, 431), f"{path}: {said[:300]}")


@test
def survives(scene):
    """Bytes that are no HTTP end their own connection alone"""
    sent = [b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(200), b"\x00" * 4096, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET / HTTP/9.9\r\n\r\n", b"GET " + b"/" * 100_000, b"\r\n" * 5000, b"GET / HTTP/1.1\nHost: x\n\n",
            "GET /\u00e9 HTTP/1.1\r\n\r\n".encode()]
    with concurrent.futures.ThreadPoolExecutor(len(sent)) as pool:
        for data, (status, _) in zip(sent, pool.map(lambda data: spoken(scene.hub, data, 40), sent)):
            holds(status is None or 400 <= status < 600 and status != 500, f"{data[:20]}: {status}")
    equal(scene.hub.stranger.get("/healthz").status, 200)
    equal(scene.hub.process.poll(), None)
