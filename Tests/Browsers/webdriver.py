"""Drives Chromium by chromedriver (WebDriver over HTTP) and Firefox by Marionette, which geckodriver would speak to, too.

Both have virtual authenticators (W3C WebAuthn, section 11). Only the standard library is used.
"""
import base64
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"
AUTHENTICATOR = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
                 "isUserConsenting": True, "isUserVerified": True}


class BrowserError(Exception):
    """What the browser could not do."""


def await_(condition, what, seconds=30):
    """The first true value of a condition, looked at until then."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        value = condition()
        if value:
            return value
        time.sleep(0.05)
    raise BrowserError(f"{what}: not within {seconds} s")


class Browser:
    """What the tests do with any browser."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="jitgate-browser-")
        self.process = None

    def start(self, command, **more):
        log = open(pathlib.Path(self.folder.name, "log"), "wb")
        environment = {**os.environ, "HOME": self.folder.name, "MOZ_HEADLESS": "1"}
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, start_new_session=True,
                                        env=environment, **more)

    def close(self):
        if self.process:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        self.folder.cleanup()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def open(self, url):
        """Loads a page. From one link of ours to another only the fragment changes, so it goes by an empty page."""
        self.go("about:blank")
        self.go(url)

    def text(self, selector):
        # While a page is being replaced, there may be no answer.
        return self.run("const e = document.querySelector(arguments[0]); return e ? e.textContent : ''", selector) or ""

    def shown(self, selector):
        return self.run("const e = document.querySelector(arguments[0]); return !!e && e.checkVisibility()", selector)

    def await_text(self, selector, words, seconds=30):
        def found():
            text = self.text(selector)
            return text if words in text else None
        try:
            return await_(found, f"{selector} with {words!r}", seconds)
        except BrowserError as error:
            raise BrowserError(f"{error}; the page says: {self.text('main')}") from error


class Chromium(Browser):
    name = "Chromium"

    def __init__(self, *more):
        """Starts it, with further arguments of its own."""
        super().__init__()
        self.start(["chromedriver", "--port=0"])
        port = None
        for line in self.process.stdout:
            found = re.search(rb"on port (\d+)", line)
            if found and b"success" in line:
                port = int(found.group(1))
                break
        if not port:
            raise BrowserError("chromedriver does not start")
        self.base = f"http://127.0.0.1:{port}"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                     f"--user-data-dir={self.folder.name}/profile", "--window-size=900,1100", *more]
        capabilities = {"alwaysMatch": {"browserName": "chrome", "webauthn:virtualAuthenticators": True,
                                        "goog:chromeOptions": {"binary": "/usr/bin/chromium", "args": arguments}}}
        self.session = ""
        self.session = "/session/" + self.call("POST", "/session", capabilities=capabilities)["sessionId"]

    def call(self, method, path, **body):
        data = json.dumps(body).encode() if method == "POST" else None
        request = urllib.request.Request(self.base + self.session + path, data, {"Content-Type": "application/json"}, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise BrowserError(json.load(error)["value"]["message"]) from error

    def go(self, url):
        self.call("POST", "/url", url=url)

    def run(self, script, *arguments):
        return self.call("POST", "/execute/sync", script=script, args=arguments)

    def press(self, key):
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.call("POST", "/actions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def click(self, selector):
        element = self.call("POST", "/element", using="css selector", value=selector)[ELEMENT]
        self.call("POST", f"/element/{element}/click")

    def write(self, selector, text):
        element = self.call("POST", "/element", using="css selector", value=selector)[ELEMENT]
        self.call("POST", f"/element/{element}/value", text=text)

    def authenticator(self, **changes):
        return self.call("POST", "/webauthn/authenticator", **{**AUTHENTICATOR, **changes})

    def remove(self, authenticator):
        self.call("DELETE", f"/webauthn/authenticator/{authenticator}")

    def credentials(self, authenticator):
        return self.call("GET", f"/webauthn/authenticator/{authenticator}/credentials")

    def set_verified(self, authenticator, is_verified):
        self.call("POST", f"/webauthn/authenticator/{authenticator}/uv", isUserVerified=is_verified)

    def command(self, name, **parameters):
        return self.call("POST", "/goog/cdp/execute", cmd=name, params=parameters)

    def messages(self):
        """What a person would read in the console, such as violations of the policy."""
        return [entry["message"] for entry in self.call("POST", "/se/log", type="browser")]

    def picture(self, file, width, dark):
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        self.command("Emulation.setEmulatedMedia", features=features)
        metrics = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
        self.command("Emulation.setDeviceMetricsOverride", **metrics)
        data = self.command("Page.captureScreenshot", captureBeyondViewport=True)["data"]
        overflow = self.run("return document.documentElement.scrollWidth - document.documentElement.clientWidth")
        self.command("Emulation.clearDeviceMetricsOverride")
        pathlib.Path(file).write_bytes(base64.b64decode(data))
        return overflow


class Firefox(Browser):
    name = "Firefox"
    PREFERENCES = {"marionette.port": 0, "security.webauth.webauthn_enable_softtoken": True,
                   "security.webauth.webauthn_enable_usbtoken": False, "browser.shell.checkDefaultBrowser": False,
                   "datareporting.policy.dataSubmissionEnabled": False, "app.update.enabled": False,
                   "browser.startup.homepage_override.mstone": "ignore", "toolkit.telemetry.reportingpolicy.firstRun": False,
                   "security.webauthn.show_ms_settings_link": False, "network.captive-portal-service.enabled": False}

    def __init__(self):
        super().__init__()
        profile = pathlib.Path(self.folder.name, "profile")
        profile.mkdir()
        lines = [f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in self.PREFERENCES.items()]
        profile.joinpath("user.js").write_text("".join(lines))
        self.start(["firefox-esr", "--headless", "--marionette", "--no-remote", "--profile", str(profile)])
        port = await_(lambda: self.port(profile), "Firefox and its Marionette", 90)
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=60)
        self.number = 0
        self.receive()
        self.command("WebDriver:NewSession", capabilities={"alwaysMatch": {}})

    @staticmethod
    def port(profile):
        file = profile / "MarionetteActivePort"
        return int(file.read_text()) if file.exists() and file.read_text() else None

    def receive(self):
        digits = b""
        while (byte := self.socket.recv(1)) != b":":
            if not byte:
                raise BrowserError("Firefox hung up")
            digits += byte
        rest, data = int(digits), b""
        while len(data) < rest:
            data += self.socket.recv(rest - len(data))
        return json.loads(data)

    def command(self, name, **parameters):
        self.number += 1
        data = json.dumps([0, self.number, name, parameters]).encode()
        self.socket.sendall(str(len(data)).encode() + b":" + data)
        while True:
            _, number, error, result = self.receive()
            if number == self.number:
                break
        if error:
            raise BrowserError(error["message"])
        return result

    def go(self, url):
        self.command("WebDriver:Navigate", url=url)

    def run(self, script, *arguments):
        return self.command("WebDriver:ExecuteScript", script=script, args=list(arguments), sandbox=None)["value"]

    def press(self, key):
        actions = [{"type": "keyDown", "value": key}, {"type": "keyUp", "value": key}]
        self.command("WebDriver:PerformActions", actions=[{"type": "key", "id": "keyboard", "actions": actions}])

    def element(self, selector):
        return self.command("WebDriver:FindElement", using="css selector", value=selector)["value"][ELEMENT]

    def click(self, selector):
        self.command("WebDriver:ElementClick", id=self.element(selector))

    def write(self, selector, text):
        self.command("WebDriver:ElementSendKeys", id=self.element(selector), text=text)

    def authenticator(self, **changes):
        return self.command("WebAuthn:AddVirtualAuthenticator", **{**AUTHENTICATOR, **changes})["value"]

    def remove(self, authenticator):
        self.command("WebAuthn:RemoveVirtualAuthenticator", authenticatorId=authenticator)

    def credentials(self, authenticator):
        return self.command("WebAuthn:GetCredentials", authenticatorId=authenticator)["value"]

    def set_verified(self, authenticator, is_verified):
        self.command("WebAuthn:SetUserVerified", authenticatorId=authenticator, isUserVerified=is_verified)

    def picture(self, file, width, dark):
        self.command("WebDriver:SetWindowRect", width=max(width, 450), height=900)
        data = self.command("WebDriver:TakeScreenshot", full=True)["value"]
        pathlib.Path(file).write_bytes(base64.b64decode(data))
        return 0
