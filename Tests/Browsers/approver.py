"""A person at a browser with a passkey, for scripts/try: opens each link of standard input, reads the page and agrees.

Prints a line when the browser is there, and one for each link: the heading at the end, and what was shown before.
"""
import sys

from webdriver import AUTHENTICATOR, Chromium, BrowserError, await_

DONE = {"Create a passkey": "Passkey created", "Approve this access?": "Signed"}


def agree(browser, link):
    browser.open(link)
    heading = await_(lambda: browser.text("h1") if browser.text("h1") in DONE else None, "a page that asks")
    rows = browser.run("return [...document.querySelectorAll('#facts > dt')].map("
                       "(e) => e.textContent.trim() + ': ' + e.nextElementSibling.innerText.trim().replace(/\\s+/g, ' '))")
    browser.click("#go")
    browser.await_text("h1", DONE[heading])
    return f"{heading} {' | '.join(rows or [])}".strip()


def main():
    with Chromium() as browser:
        browser.authenticator(**AUTHENTICATOR)
        print("ready", flush=True)
        for line in sys.stdin:
            try:
                print(agree(browser, line.strip()), flush=True)
            except BrowserError as error:
                print(f"failed: {error}", flush=True)
                return 1
    return 0


sys.exit(main())
