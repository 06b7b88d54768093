"""Uses the pages of a running hub as people do, in real browsers: log in, ask, see, withdraw, look at ten thousand hosts.

usage: hub_tests.py PROGRAMS [--browser chromium|firefox] [--pictures FOLDER] [NAME...]      (scripts/test-browsers calls it)
"""
import argparse
import http.client
import json
import pathlib
import signal
import socket
import subprocess
import sys
import tempfile
import time
import traceback
import uuid

from hosts import Signer, end, later, signed
from webdriver import Chromium, Firefox, await_

TESTS = []
HOSTS = 10_000
REPORTED = 20
TAB, ENTER = "\ue004", "\ue007"
CHANGE = "CHG-7 <b>\"&'</b>"


def test(function):
    TESTS.append(function)
    return function


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"found {found!r}, expected {expected!r}")


def holds(condition, what):
    if not condition:
        raise AssertionError(what)


class Person(Signer):
    def __init__(self, name, folder, *may):
        super().__init__(name, folder)
        self.may = [f"jitgate-{word}" for word in may]


class Hub:
    """A hub with people and hosts, of which some have reported themselves; the browser speaks to it on loopback."""

    def __init__(self, programs, folder):
        self.folder = folder
        self.dana = Person("dana", folder, "login", "request", "audit")
        self.erin = Person("erin", folder, "login", "grant", "decision")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        subprocess.run([f"{programs}/make-fleet", folder, str(REPORTED), "1", "20"], check=True)
        with open(folder / "hosts", "a") as inventory:
            inventory.writelines(f"db-{number:05}.example.com - group=db\n" for number in range(HOSTS - REPORTED))
        lines = [f'{person.name} namespaces="{",".join(person.may)}" {person.public}\n' for person in (self.dana, self.erin)]
        (folder / "allowed_signers").write_text("".join(lines))
        (folder / "hub.toml").write_text(f'''
url = "{self.url}"
listen = "127.0.0.1:{self.port}"
store = "sqlite:{folder}/hub.db"
state = "{folder}"
allowed_signers = "{folder}/allowed_signers"
inventory = "{folder}/hosts"
''')
        self.log = open(folder / "hub.log", "wb")
        self.process = subprocess.Popen([f"{programs}/jitgate-hub", "--config", folder / "hub.toml"], stdout=self.log, stderr=self.log)
        await_(self.answers, "the hub answers")
        for status in sorted((folder / "depot/status").iterdir()):
            if not status.name.endswith(".proof"):
                self.call("PUT", f"/status/{status.name}", status.read_bytes(), "application/octet-stream", 201, 204)

    def answers(self):
        if self.process.poll() is not None:
            raise AssertionError(f"the hub ended: {(self.folder / 'hub.log').read_text()[-1000:]}")
        try:
            self.call("GET", "/healthz")
            return True
        except OSError:
            return False

    def call(self, method, path, body=None, form=None, *expected):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        try:
            connection.request(method, path, body, {"Content-Type": form} if form else {})
            answer = connection.getresponse()
            text = answer.read()
        finally:
            connection.close()
        if answer.status not in (expected or (200,)):
            raise AssertionError(f"{method} {path}: {answer.status} {text[:300]!r}")
        return text

    def login(self, person):
        nonce = json.loads(self.call("GET", "/v1/login"))["nonce"]
        file = signed({"jitgate": "login/1", "url": self.url, "nonce": nonce}, "jitgate-login", person)
        return json.loads(self.call("POST", "/v1/login", file, "application/octet-stream"))

    def ask(self, **members):
        """A request that dana has signed; its id."""
        value = {"jitgate": "grant/1", "id": str(uuid.uuid4()), "hosts": ["host-1.example.com"], "requestor": "dana",
                 "justification": "disk full", "sources": ["192.0.2.7/32"], "ports": ["22/tcp"], "expires": later(3600)} | members
        text = json.dumps(value, indent=2).encode() + b"\n"
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        token = self.login(self.dana)["token"]
        connection.request("POST", "/v1/requests", text + self.dana.sign(text, "jitgate-request"),
                           {"Content-Type": "application/octet-stream", "Authorization": f"Bearer {token}"})
        answer = connection.getresponse()
        said = answer.read()
        connection.close()
        equal((answer.status, said[:0]), (201, b""))
        return value["id"]

    def close(self):
        end(self.process)
        self.log.close()


def enter(browser, hub, person):
    """Logs the browser in as a person, whoever it was before."""
    browser.open(hub.login(person)["link"])
    browser.click("main button")
    browser.await_text("header .name", person.name)


def row(browser, id):
    return browser.text(f'[id="r-{id}"]')


@test
def a_link_logs_one_browser_in_once(browser, hub):
    link = hub.login(hub.dana)["link"]
    browser.open(link)
    browser.await_text("h1", "Log in to this browser")
    browser.open(link)
    browser.await_text("h1", "Log in to this browser")
    browser.click("main button")
    browser.await_text("header .name", "dana")
    browser.await_text("h1", "Requests")
    browser.open(link)
    browser.click("main button")
    browser.await_text("h1", "used up")
    browser.open(hub.url + "/")
    browser.await_text("header .name", "dana")
    browser.click("header button")
    browser.await_text("h1", "Log in")
    browser.open(hub.url + "/hosts")
    browser.await_text("main", "There are no passwords")


@test
def the_form_says_what_would_happen_and_how_to_sign_it(browser, hub):
    enter(browser, hub, hub.dana)
    browser.open(hub.url + "/request?hosts=host-1.example.com")
    browser.await_text("main", "127.0.0.1/32, which is a private address")
    browser.write("#f-ports", "22/tcp")
    browser.write("#f-for", "2 hours")
    browser.write("#f-reason", "disk full")
    browser.write("#f-ticket", CHANGE)
    browser.click("form.ask button")
    browser.await_text("#f-for-problem", "not a length of time")
    browser.run("document.getElementById('f-for').value = ''")
    browser.write("#f-for", "2h")
    browser.click("form.ask button")
    browser.await_text("#preview", "needs 1 more")
    command = browser.text("#preview pre.command")
    for part in ["jitgate request --send", "--host host-1.example.com", "--for 2h", "--source 127.0.0.1/32"]:
        holds(part in command, f"{part} is not in {command}")
    equal(browser.run("return document.getElementById('f-ticket').value"), CHANGE)
    holds(not browser.shown("#preview form"), "somebody with a key may not send it unsigned")


@test
def a_request_that_comes_is_seen_without_loading_and_withdrawn(browser, hub):
    enter(browser, hub, hub.dana)
    browser.open(hub.url + "/?view=mine")
    browser.await_text("#live", "Live")
    browser.run("window.kept = 1; document.querySelector('.tabs a').focus()")
    id = hub.ask(justification=CHANGE)
    await_(lambda: "pending" in row(browser, id), "the request is in the list")
    equal(browser.run("return [window.kept, document.activeElement.textContent]"), [1, "Waiting for me to approve"])
    holds(CHANGE in row(browser, id), "the reason is shown as it is")
    browser.click(f'[id="r-{id}"] a')
    browser.await_text(".standing", "pending")
    browser.await_text("#hosts", "needs 1 more")
    browser.write("#f-reason", "it was another disk")
    browser.click("#withdraw button")
    browser.await_text(".standing", "withdrawn")
    browser.await_text(".note", "Withdrawn by dana")
    browser.await_text("#history", "dana withdrew it, unsigned: it was another disk")


@test
def who_approves_sees_what_waits(browser, hub):
    id = hub.ask()
    enter(browser, hub, hub.erin)
    browser.await_text(".tabs [aria-current]", "Waiting for me to approve (")
    browser.click(f'[id="r-{id}"] a')
    browser.await_text("#approve", f"jitgate approve {id}")
    holds(not browser.shown("#withdraw"), "erin cannot withdraw what is dana's")


@test
def ten_thousand_hosts_are_paged_and_filtered(browser, hub):
    enter(browser, hub, hub.dana)
    browser.open(hub.url + "/hosts")
    browser.await_text(".tabs", f"all ({HOSTS})")
    equal(browser.run("return document.querySelectorAll('tbody tr').length"), 100)
    browser.click(".paging a[rel=next]")
    browser.await_text("tbody", "db-00100.example.com")
    browser.open(hub.url + "/hosts")
    browser.write("#f-q", "host-1")
    browser.click(".filters button")
    browser.await_text("tbody", "host-1.example.com")
    equal(browser.run("return document.querySelectorAll('tbody tr').length"), 11)
    browser.click("tbody a")
    browser.await_text("#ports", "22/tcp")


@test
def all_of_it_can_be_done_by_keys(browser, hub):
    enter(browser, hub, hub.dana)
    browser.open(hub.url + "/hosts")
    browser.press(TAB)
    equal(browser.run("return document.activeElement.className"), "skip")
    holds(browser.run("return getComputedStyle(document.activeElement).outlineStyle") != "none", "the focus is seen")
    browser.press(ENTER)
    browser.press(TAB)
    holds("all (" in browser.run("return document.activeElement.textContent"), "the content comes after the skip link")
    browser.open(hub.url + "/request")
    stops = []
    for _ in range(30):
        browser.press(TAB)
        stops.append(browser.run("const e = document.activeElement; return e.name || e.textContent"))
    named = [stop for stop in stops if stop in ("hosts", "ports", "sources", "for", "start", "ticket", "reason")]
    equal(list(dict.fromkeys(named)), ["hosts", "ports", "sources", "for", "start", "ticket", "reason"])


@test
def pages_fit_all_screens_and_break_no_rule_of_their_own(browser, hub):
    id = hub.ask(justification=CHANGE)
    enter(browser, hub, hub.erin)
    ask = "/request?hosts=host-1.example.com&ports=22/tcp&sources=192.0.2.7&for=2h&reason=disk+full&preview=yes"
    pages = {"requests": "/?view=all", "request": f"/requests/{id}", "ask": ask, "hosts": "/hosts?q=host",
             "host": "/hosts/host-0.example.com", "activity": "/activity", "people": "/people", "missing": "/hosts/nobody"}
    for name, path in pages.items():
        browser.open(hub.url + path)
        for width, dark in ((1280, False), (1280, True), (390, False)):
            file = hub.pictures / f"{browser.name.lower()}-{name}-{width}{'-dark' if dark else ''}.png"
            equal((name, width, browser.picture(file, width, dark)), (name, width, 0))
    if browser.name == "Chromium":
        rules = [message for message in browser.messages() if "Content Security Policy" in message or "Trusted" in message]
        equal(rules, [])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("programs")
    parser.add_argument("--browser", choices=["chromium", "firefox"])
    parser.add_argument("--pictures", type=pathlib.Path)
    parser.add_argument("name", nargs="*")
    options = parser.parse_intermixed_args()
    # Ended from outside, it still ends the hub and its browsers.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    passed = failed = 0
    kinds = {"chromium": [Chromium], "firefox": [Firefox], None: [Chromium, Firefox]}[options.browser]
    with tempfile.TemporaryDirectory(prefix="jitgate-hub-") as folder:
        hub = Hub(options.programs, pathlib.Path(folder))
        hub.pictures = options.pictures or pathlib.Path(folder)
        hub.pictures.mkdir(parents=True, exist_ok=True)
        try:
            for kind in kinds:
                with kind() as browser:
                    for function in TESTS:
                        if options.name and function.__name__ not in options.name:
                            continue
                        begun = time.monotonic()
                        title = f"{browser.name}: {function.__name__.replace('_', ' ')}"
                        try:
                            function(browser, hub)
                            passed += 1
                            print(f'✔ Test "{title}" passed after {time.monotonic() - begun:.1f} seconds', flush=True)
                        except Exception:  # each kind of failure is one of the test
                            failed += 1
                            print(f'✘ Test "{title}" failed\n{traceback.format_exc()}', flush=True)
        finally:
            hub.close()
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
