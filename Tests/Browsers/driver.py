"""A person at a browser with a passkey, for scripts/try: does what each line of standard input says, and prints a line for it.

    open URL                     load a page
    click SELECTOR               press a button, or follow a link
    write SELECTOR TEXT          type into a field, instead of what is there
    await SELECTOR WORDS         wait until an element says this; prints all that it says
    value SELECTOR               print the content of a field
    picture FILE [WIDTH]         keep a picture of the page

Words are quoted as a shell does it. Arguments: SPKI hash of the certificates to trust.
"""
import re
import shlex
import sys

from webdriver import AUTHENTICATOR, BrowserError, Chromium


def write(browser, selector, text):
    browser.run("document.querySelector(arguments[0]).value = ''", selector)
    browser.write(selector, text)


def await_words(browser, selector, words):
    browser.await_text(selector, words, 60)
    return browser.run("return document.querySelector(arguments[0]).innerText", selector)


VERBS = {
    "open": lambda browser, url: browser.open(url),
    "click": lambda browser, selector: browser.click(selector),
    "write": write,
    "await": await_words,
    "value": lambda browser, selector: browser.run("return document.querySelector(arguments[0]).value", selector),
    "picture": lambda browser, file, width="1100": browser.picture(file, int(width), False) and None,
}


def main():
    names = "--host-resolver-rules=MAP approve.example.com 192.0.2.1"
    with Chromium(names, f"--ignore-certificate-errors-spki-list={sys.argv[1]}") as browser:
        browser.authenticator(**AUTHENTICATOR)
        print("ready", flush=True)
        for line in sys.stdin:
            verb, *words = shlex.split(line)
            try:
                said = VERBS[verb](browser, *words) or "done"
            except BrowserError as error:
                print(f"failed: {line.strip()}: {error}", flush=True)
                return 1
            print(re.sub(r"\s+", " ", said).strip(), flush=True)
    return 0


sys.exit(main())
