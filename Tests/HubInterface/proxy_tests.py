"""The hub behind nginx, by the configuration in etc/hub: who is believed, and which certificate may what."""
import http.client
import socket
import ssl
import subprocess

from hosts import end, eventually, run
from interface import ROOT, Caller
from scene import OCTETS, free_port
from testing import equal, holds, test

NAME = "hub.example.com"


class Authority:
    """Certificates as OPERATING.md makes them."""

    def __init__(self, folder):
        self.folder = folder
        folder.mkdir()
        self.new("ca", "-x509", "-days", "2", "-subj", "/CN=depot-ca")

    def new(self, name, *options):
        run("openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", *options,
            "-keyout", self.folder / f"{name}.key", "-out", self.folder / f"{name}.crt")

    def certify(self, name, subject, *alternatives):
        options = ["-addext", f"subjectAltName={','.join(alternatives)}"] if alternatives else []
        self.new(name, "-subj", subject, *options)
        run("openssl", "x509", "-req", "-in", self.folder / f"{name}.crt", "-CA", self.folder / "ca.crt", "-CAkey", self.folder / "ca.key",
            "-CAcreateserial", "-copy_extensions", "copy", "-days", "2", "-out", self.folder / f"{name}.pem")
        with open(self.folder / f"{name}.pem", "a") as file:
            file.write((self.folder / f"{name}.key").read_text())
        return self.folder / f"{name}.pem"


class Nginx:
    """nginx with the configuration that we ship, on a port of loopback."""

    def __init__(self, folder, hub_socket):
        self.authority = Authority(folder / "tls")
        self.authority.certify("server", f"/CN={NAME}", f"DNS:{NAME}", "DNS:approve.example.com")
        self.port = free_port()
        text = (ROOT / "etc/hub/nginx.conf").read_text()
        for ours, here in [("listen 443", f"listen 127.0.0.1:{self.port}"), ("listen 80", f"listen 127.0.0.1:{free_port()}"),
                           ("/etc/nginx/hub/hosts-ca.pem", f"{folder}/tls/ca.crt"), ("/etc/nginx/hub", f"{folder}/tls"),
                           ("unix:/run/jitgate-hub/http", f"unix:{hub_socket}")]:
            holds(ours in text, f"no {ours} in the configuration")
            text = text.replace(ours, here)
        places = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"])
        self.file = folder / "nginx.conf"
        self.file.write_text(f"user root; worker_processes 1; daemon off; pid {folder}/pid; events {{}} "
                             f"http {{ access_log off; {places} {text} }}")
        self.words = ["/usr/sbin/nginx", "-p", folder, "-c", self.file, "-e", folder / "error.log"]
        run(*self.words, "-t")
        self.process = subprocess.Popen(self.words)
        eventually("nginx listens", self.answers)

    def answers(self):
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def caller(self, certificate=None, host=NAME):
        context = ssl.create_default_context(cafile=self.authority.folder / "ca.crt")
        if certificate:
            context.load_cert_chain(certificate)

        class Connection(http.client.HTTPSConnection):
            def connect(self):
                plain = socket.create_connection(("127.0.0.1", self.port), timeout=60)
                self.sock = context.wrap_socket(plain, server_hostname=host)
        found = Caller(lambda: Connection(host, self.port, timeout=60), host)
        found.is_judged = False
        return found

    def close(self):
        end(self.process)


@test
def proxied(scene):
    """Behind nginx the client's address and certificate count as nginx saw them, and no header of the client's does"""
    place = scene.folder / "proxied"
    hub = scene.start("proxied", listen=f"unix:{place}/http", url=f"https://{NAME}",
                      settings='approve_url = "https://approve.example.com"\nproxy_user_header = "X-Remote-User"\n')
    folder = scene.folder / "nginx"
    folder.mkdir()
    nginx = scene.opened(Nginx(folder, place / "http"))
    people = nginx.caller()
    hub.stranger = people
    dana = hub.caller(scene.dana)
    equal(dana.call("GET", "/v1/me", X_Forwarded_For="203.0.113.9").json["address"], "127.0.0.1")
    equal(people.call("GET", "/v1/me", X_Remote_User="root").code, "login-required")
    equal(people.call("GET", "/v1/me", X_Remote_User="root", Connection="close, X-Remote-User").code, "login-required")
    equal(people.get("/metrics").status, 404)
    # On the socket itself, which only nginx reaches, it counts.
    local = Caller(hub.connect, NAME, X_Forwarded_For="203.0.113.9")
    guest = local.call("GET", "/v1/me", X_Remote_User="gina")
    equal((guest.json["name"], guest.json["is_signed"], guest.json["address"]), ("gina", False, "203.0.113.9"))

    web1 = nginx.caller(nginx.authority.certify("web-1", "/OU=host/CN=web-1"))
    web2 = nginx.caller(nginx.authority.certify("web-2", "/OU=host/CN=web-2"))
    other = nginx.caller(nginx.authority.certify("other", "/OU=publisher/CN=web-1"))
    holds(web1.put("/status/web-1", scene.note).status in (201, 204), "web-1 cannot report")
    for who in [web2, other, people]:
        equal(who.call("PUT", "/status/web-1", scene.note, OCTETS).status, 403)
    for who, status in [(web1, 200), (other, 403), (people, 403)]:
        equal(who.get("/shelves?names=all,web-1").status, status)
    equal(people.get("/bulletin").status, 403)
    equal(web1.get("/bulletin").status, 404)

    approval = nginx.caller(host="approve.example.com")
    page = approval.get("/")
    equal((page.status, page.headers["Set-Cookie"]), (200, None))
    holds("frame-ancestors 'none'" in page.headers["Content-Security-Policy"], "the page may be framed")
    for path in ["/v1/me", "/hosts", "/login", "/status/web-1"]:
        holds(approval.get(path).status in (403, 404), f"the host of the approval page has {path}")
    equal(people.get("/enroll").status, 404)
