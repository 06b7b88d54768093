"""Signs grants with passkeys, and makes passkeys, in real browsers with virtual authenticators; ssh-keygen is the witness.

usage: page_tests.py JITGATE [--browser chromium|firefox] [--pictures FOLDER] [NAME...]      (scripts/test-browsers calls it)
"""
import argparse
import contextlib
import http.client
import http.server
import json
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import traceback

from webdriver import Chromium, Firefox, await_

TESTS = []
GRANT = {"jitgate": "grant/1", "id": "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11", "hosts": ["web-1", "web-2"], "requestor": "dana",
         "justification": "disk full on /var, INC-4211", "sources": ["203.0.113.7/32", "2001:db8:17::/56"],
         "ports": ["22/tcp"], "not_before": "2036-11-30T22:00:00Z", "expires": "2036-12-01T02:00:00Z", "duration": "2h"}


def test(function):
    TESTS.append(function)
    return function


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"found {found!r}, expected {expected!r}")


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


class Place:
    """A folder with a grant and allowed_signers, and the command that is tested."""
    port = 18931

    def __init__(self, tool, browser):
        self.tool, self.browser = tool, browser
        self.folder = tempfile.TemporaryDirectory(prefix="jitgate-page-")
        self.path = pathlib.Path(self.folder.name)
        self.write("g.json", json.dumps(GRANT, indent=2) + "\n")
        self.write("allowed_signers", "")
        self.processes = []
        # One port for the enrolment and what follows, as a policy pins it.
        Place.port += 1
        self.port = Place.port

    def write(self, name, text):
        self.path.joinpath(name).write_text(text)

    def read(self, name):
        return self.path.joinpath(name).read_text()

    @contextlib.contextmanager
    def serve(self, *words):
        """Runs a command that serves the page; gives the process and its link."""
        options = ["--port", str(self.port), "--no-browser", "--allowed-signers", "allowed_signers"]
        process = subprocess.Popen([self.tool, *words, *options], cwd=self.path, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        process.said = ""
        try:
            for line in process.stderr:
                process.said += line
                if found := re.search(r"http://\S+#\w+", line):
                    break
            else:
                raise AssertionError(f"no link: {process.said}")
            yield process, found.group(0)
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()

    def end(self, process, status=0):
        output, errors = process.communicate(timeout=20)
        process.said += errors
        equal((process.returncode, process.said if process.returncode != status else ""), (status, ""))
        return output

    def enroll(self, name="dana", *words):
        with self.serve("passkey", "enroll", name, *words) as (process, link):
            self.browser.open(link)
            self.browser.await_text("h1", "Create a passkey")
            self.browser.click("#go")
            self.browser.await_text("h1", "Passkey created")
            line = self.end(process)
            equal(self.browser.run("return document.querySelector('#line').value") + "\n", line)
        self.write("allowed_signers", self.read("allowed_signers") + line)
        return line

    def sign(self, *words):
        """Signs the grant in the browser, and holds the result to ssh-keygen's judgement."""
        with self.serve("sign", "g.json", "--passkey", "-o", "g.grant", *words) as (process, link):
            self.browser.open(link)
            self.browser.await_text("h1", "Approve this access?")
            self.browser.click("#go")
            self.browser.await_text("h1", "Signed")
            self.end(process)
        self.verify()

    def verify(self, name="dana"):
        signed = self.read("g.grant")
        payload = self.read("g.json")
        holds(signed.startswith(payload), "the payload is the beginning")
        self.write("sig", signed[len(payload):])
        result = subprocess.run(["ssh-keygen", "-Y", "verify", "-n", "jitgate-grant", "-I", name, "-f", "allowed_signers",
                                 "-s", "sig"], cwd=self.path, input=payload, capture_output=True, text=True)
        holds(result.returncode == 0 and result.stdout.startswith("Good"), result.stdout + result.stderr)

    def refused(self, reason, prepare=None):
        """The page says why it sends nothing, and the command goes on waiting."""
        with self.serve("sign", "g.json", "--passkey", "-o", "g.grant") as (process, link):
            self.browser.open(link)
            self.browser.await_text("h1", "Approve this access?")
            if prepare:
                prepare()
            self.browser.click("#go")
            self.browser.await_text("#problem", reason)
            equal(process.poll(), None)
            holds(not self.browser.run("return document.querySelector('#go').disabled"), "one can try again")
        holds(not self.path.joinpath("g.grant").exists(), "nothing was written")


@contextlib.contextmanager
def authenticator(browser, **changes):
    made = browser.authenticator(**changes)
    try:
        yield made
    finally:
        browser.remove(made)


@test
def makes_a_passkey_and_signs_with_it(browser, place):
    with authenticator(browser):
        line = place.enroll()
        holds(re.fullmatch(r'dana namespaces="jitgate-grant" sk-ecdsa-sha2-nistp256@openssh.com \S+ credential=[\w-]+\n', line), line)
        place.sign()


@test
def signs_by_another_name_of_localhost(browser, place):
    with authenticator(browser):
        place.enroll("dana", "--rp", "approve.localhost")
        place.sign("--rp", "approve.localhost")


@test
def signs_many_times(browser, place):
    # Chromium adds a member to the client data at random.
    with authenticator(browser):
        place.enroll()
        for _ in range(10):
            place.sign()


@test
def shows_what_is_signed_in_words_and_bytes(browser, place):
    grant = {**GRANT, "justification": "<b>bold</b> caf\u00e9", "hosts": [f"web-{n}" for n in range(40)]}
    place.write("g.json", json.dumps(grant, ensure_ascii=False) + "\n")
    with authenticator(browser):
        place.enroll()
        with place.serve("sign", "g.json", "--passkey") as (_, link):
            browser.open(link)
            browser.await_text("h1", "Approve this access?")
            facts = browser.text("#facts")
            for words in ["dana", "203.0.113.7/32", "22/tcp", "40 in all", "web-39", "2h", "1 December 2036 at 02:00 UTC",
                          "<b>bold</b> caf\u00e9"]:
                holds(words in facts, f"{words} in {facts}")
            equal(browser.text("#bytes"), place.read("g.json"))
            equal(browser.text("#digest"), subprocess.check_output(["sha256sum", "g.json"], cwd=place.path, text=True).split()[0])


@test
def works_by_keyboard_alone(browser, place):
    with authenticator(browser):
        place.enroll()
        with place.serve("sign", "g.json", "--passkey", "-o", "g.grant") as (process, link):
            browser.open(link)
            browser.await_text("h1", "Approve this access?")
            seen = []
            for _ in range(10):
                browser.press("\ue004")
                seen.append(browser.run("return document.activeElement.id"))
                if seen[-1] == "go":
                    break
            holds(seen[-1] == "go" and "bytes" in seen, f"Tab reaches {seen}")
            browser.press("\ue007")
            browser.await_text("h1", "Signed")
            equal(browser.run("return document.activeElement.id"), "title")
            place.end(process)
        place.verify()


@test
def names_everything_for_a_screen_reader(browser, place):
    with authenticator(browser):
        place.enroll()
        with place.serve("sign", "g.json", "--passkey") as (_, link):
            browser.open(link)
            browser.await_text("h1", "Approve this access?")
            equal(browser.run("return document.documentElement.lang"), "en")
            equal(browser.run("return document.title"), "Approve this access? \u2013 jitgate")
            equal(browser.run("return document.querySelectorAll('h1').length"), 1)
            equal(browser.run("return [...document.querySelectorAll('dl > *')].map((e, i) => (i % 2 ? 'DD' : 'DT') === e.tagName)"
                              ".every(Boolean)"), True)
            equal(browser.run("return [...document.querySelectorAll('[tabindex=\"0\"]')].every("
                              "(e) => e.closest('dd') || e.getAttribute('role') && e.getAttribute('aria-labelledby'))"), True)
            equal(browser.run("return [...document.querySelectorAll('input, textarea')].every((e) => e.labels.length)"), True)


@test
def is_cancelled_on_the_page(browser, place):
    with authenticator(browser):
        place.enroll()
        with place.serve("sign", "g.json", "--passkey", "-o", "g.grant") as (process, link):
            browser.open(link)
            browser.await_text("h1", "Approve this access?")
            browser.click("#cancel")
            browser.await_text("h1", "Cancelled")
            place.end(process, 1)
            holds("cancelled on the page" in process.said, process.said)
        holds(not place.path.joinpath("g.grant").exists(), "nothing was written")


@test
def says_when_the_user_is_not_verified(browser, place):
    with authenticator(browser) as made:
        place.enroll()
        place.refused("The browser did not do it", lambda: browser.set_verified(made, False))


@test
def says_when_the_passkey_is_not_here(browser, place):
    with authenticator(browser):
        place.enroll()
    with authenticator(browser):
        place.refused("The browser did not do it")


REPLACED = """
const real = navigator.credentials.get.bind(navigator.credentials);
const change = (credential, changes) => new Proxy(credential, { get(target, name) {
  if (name in changes) return changes[name];
  const value = target[name];
  return typeof value === "function" ? value.bind(target) : value;
} });
const rewrite = (bytes, edit) => new TextEncoder().encode(edit(new TextDecoder().decode(bytes))).buffer;
navigator.credentials.get = async (options) => {
  %s
};
"""


@test
def sends_nothing_that_ssh_would_not_verify(browser, place):
    """What some password managers and authenticators answer, put in the browser's place."""
    def response(changes):
        return "const c = await real(options); const r = c.response; return change(c, { response: change(r, {%s}) });" % changes
    data = "clientDataJSON: rewrite(r.clientDataJSON, (t) => %s)"
    flags = "authenticatorData: (() => { const a = new Uint8Array(r.authenticatorData.slice(0)); %s; return a.buffer; })()"
    cases = [
        ("SSH cannot verify", response(data % "t.replace(/\\{(\"type\":[^,]*),(\"challenge\":[^,]*)/, '{$2,$1')")),
        ("SSH cannot verify", response(data % "t.replace('{', '{ ')")),
        ("for another page", response(data % "t.replace('http://localhost', 'http://evil.example')")),
        ("inside a frame", response(data % "t.replace('\"crossOrigin\":false', '\"crossOrigin\":true')")),
        ("did not check that it was you", response(flags % "a[32] &= ~4")),
        ("did not check that it was you", response(flags % "a[32] &= ~1")),
        ("extensions that nobody asked for", response(flags % "a[32] |= 128")),
        ("another name than localhost", response(flags % "a[0] ^= 1")),
        ("not by the key that allowed_signers lists", response(flags % "a[36] ^= 1")),
        ("another passkey than the ones", "const c = await real(options); return change(c, { rawId: new Uint8Array(16).buffer });"),
    ]
    with authenticator(browser):
        place.enroll()
        for reason, body in cases:
            # The page's own policy lets no script in but the driver's.
            place.refused(reason, lambda: browser.run(REPLACED % body))


@test
def sends_no_passkey_that_was_not_offered(browser, place):
    """A browser that takes a passkey of the same host, but not one of the list."""
    with authenticator(browser):
        other = place.enroll("eve").split("credential=")[1].strip()
        place.write("allowed_signers", "")
        place.enroll("dana")
        place.refused("another passkey than the ones", lambda: browser.run(REPLACED % (
            "const id = Uint8Array.from(atob('%s'.replaceAll('-', '+').replaceAll('_', '/')), (c) => c.charCodeAt(0));"
            "return real({ publicKey: { ...options.publicKey, allowCredentials: [{ type: 'public-key', id }] } });" % other)))


@test
def refuses_a_link_that_was_opened_before(browser, place):
    with authenticator(browser):
        place.enroll()
        with place.serve("sign", "g.json", "--passkey", "-o", "g.grant") as (process, link):
            host, _, name = link.removeprefix("http://").partition("/#")
            other = http.client.HTTPConnection(host)
            other.request("GET", f"/v1/tasks/{name}")
            equal(other.getresponse().status, 200)
            browser.open(link)
            browser.await_text("#problem", "opened before")
            holds(not browser.shown("#form"), "there is nothing to press")
            equal(process.poll(), None)


@test
def goes_on_after_a_reload(browser, place):
    with authenticator(browser):
        place.enroll()
        with place.serve("sign", "g.json", "--passkey", "-o", "g.grant") as (process, link):
            browser.open(link)
            browser.await_text("h1", "Approve this access?")
            browser.run("location.reload()")
            browser.await_text("h1", "Approve this access?")
            await_(lambda: browser.shown("#go"), "the button")
            browser.click("#go")
            browser.await_text("h1", "Signed")
            place.end(process)
        place.verify()


@test
def follows_another_link_in_the_same_tab(browser, place):
    with authenticator(browser):
        place.enroll()
        with place.serve("sign", "g.json", "--passkey") as (_, link):
            browser.open(link[:-1])
            browser.await_text("#problem", "no longer, of this command")
            browser.go(link)
            browser.await_text("h1", "Approve this access?")


@test
def refuses_a_wrong_link(browser, place):
    with authenticator(browser):
        place.enroll()
        with place.serve("sign", "g.json", "--passkey") as (_, link):
            browser.open(link[:-1] + ("0" if link[-1] != "0" else "1"))
            browser.await_text("#problem", "no longer, of this command")
            browser.open(link.partition("#")[0])
            browser.await_text("#problem", "whole link")


@test
def says_that_the_command_is_gone(browser, place):
    with authenticator(browser):
        place.enroll()
        with place.serve("sign", "g.json", "--passkey", "-o", "g.grant") as (process, link):
            browser.open(link)
            browser.await_text("h1", "Approve this access?")
            process.send_signal(signal.SIGINT)
            equal(process.wait(10), -signal.SIGINT)
            browser.click("#go")
            browser.await_text("#problem", "does not answer any more")
        with place.serve("sign", "g.json", "--passkey", "-o", "g.grant"):
            pass  # the port is free again at once


class Framer(http.server.BaseHTTPRequestHandler):
    """Another site, which puts the page into a frame."""
    target = ""

    def do_GET(self):
        body = f'<iframe src="{self.target}" allow="publickey-credentials-get *"></iframe>'.encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@test
def is_shown_in_no_frame(browser, place):
    with authenticator(browser):
        place.enroll()
        with place.serve("sign", "g.json", "--passkey") as (_, link), http.server.HTTPServer(("127.0.0.1", 0), Framer) as site:
            Framer.target = link
            threading.Thread(target=site.serve_forever, daemon=True).start()
            browser.open(f"http://127.0.0.1:{site.server_port}/")
            equal(browser.run("try { return window[0].document === null } catch (e) { return e.name }"), "SecurityError")
            browser.open(link)
            browser.await_text("h1", "Approve this access?")  # the frame did not use up the task
            site.shutdown()


@test
def makes_a_line_without_a_server(browser, place):
    """The page as a hub serves it: /enroll, and nothing behind it."""
    with authenticator(browser):
        with place.serve("passkey", "enroll", "dana") as (process, link):
            browser.open(link.partition("#")[0])
            browser.await_text("h1", "Create a passkey")
            browser.write("#name", "da na")
            browser.click("#go")
            browser.await_text("#problem", "A name has no blanks")
            browser.run("document.querySelector('#name').value = 'eve'")
            browser.click("#go")
            browser.await_text("h1", "Passkey created")
            line = browser.run("return document.querySelector('#line').value")
            equal(process.poll(), None)
        place.write("allowed_signers", line + "\n")
        with place.serve("sign", "g.json", "--passkey", "-o", "g.grant") as (process, link):
            browser.open(link)
            browser.await_text("#facts", "eve")
            browser.click("#go")
            browser.await_text("h1", "Signed")
            place.end(process)
        place.verify("eve")


@test
def makes_no_second_passkey_for_one_name(browser, place):
    with authenticator(browser):
        place.enroll()
        with place.serve("passkey", "enroll", "dana") as (_, link):
            browser.open(link)
            browser.await_text("h1", "Create a passkey")
            browser.click("#go")
            browser.await_text("#problem", "already holds a passkey")


@test
def is_legible_in_light_and_dark_and_on_narrow_screens(browser, place):
    with authenticator(browser) as made:
        place.enroll()

        def take(name):
            for look, width, dark in [("light", 900, False), ("dark", 900, True), ("narrow", 360, False), ("narrow-dark", 360, True)]:
                if browser.name == "Firefox" and look != "light":
                    continue
                file = place.pictures / f"{browser.name.lower()}-{name}-{look}.png"
                equal(browser.picture(file, width, dark), 0)
        with place.serve("sign", "g.json", "--passkey", "-o", "g.grant") as (process, link):
            browser.open(link)
            browser.await_text("h1", "Approve this access?")
            take("approve")
            browser.set_verified(made, False)
            browser.click("#go")
            browser.await_text("#problem", "The browser did not do it")
            take("problem")
            browser.set_verified(made, True)
            browser.click("#go")
            browser.await_text("h1", "Signed")
            take("signed")
            place.end(process)
        with place.serve("passkey", "enroll", "eve") as (process, link):
            browser.open(link.partition("#")[0])
            browser.await_text("h1", "Create a passkey")
            take("enroll")
            browser.open(link)
            browser.await_text("h1", "Create a passkey")
            browser.click("#go")
            browser.await_text("h1", "Passkey created")
            take("created")
            place.end(process)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tool")
    parser.add_argument("--browser", action="append", choices=["chromium", "firefox"])
    parser.add_argument("--pictures", type=pathlib.Path)
    parser.add_argument("name", nargs="*")
    options = parser.parse_intermixed_args()
    # Ended from outside, it still ends its browsers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    tool = str(pathlib.Path(options.tool).resolve())
    passed = failed = 0
    with tempfile.TemporaryDirectory() as fallback:
        pictures = options.pictures or pathlib.Path(fallback)
        pictures.mkdir(parents=True, exist_ok=True)
        for kind in {"chromium": [Chromium], "firefox": [Firefox]}[options.browser[0]] if options.browser else [Chromium, Firefox]:
            with kind() as browser:
                for function in TESTS:
                    if options.name and function.__name__ not in options.name:
                        continue
                    begun = time.monotonic()
                    title = f"{browser.name}: the page {function.__name__.replace('_', ' ')}"
                    place = Place(tool, browser)
                    place.pictures = pictures
                    try:
                        browser.open("about:blank")
                        function(browser, place)
                        passed += 1
                        print(f'✔ Test "{title}" passed after {time.monotonic() - begun:.1f} seconds', flush=True)
                    except Exception:  # each kind of failure is one of the test
                        failed += 1
                        print(f'✘ Test "{title}" failed\n{traceback.format_exc()}', flush=True)
                    finally:
                        place.folder.cleanup()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
