"""In the guest: opens and closes as fast as it goes, and says outside what it was told, a line each, until the power fails.

usage: churn.py ROUND DROP SOCKET

    try ID ADDRESS        a file is about to be put there
    dropped ID            it is, and the directory is on disk
    opened ID             the agent said that it is open
    in ADDRESS            the kernel said so
    removing ID           the file is about to go
    revoking ID           it is about to be revoked
    closed ID             the agent said that it is closed
"""
import json
import os
import random
import re
import subprocess
import sys
import threading
from pathlib import Path

from agent import port
from calls import call, verdict

POOL = Path("/lab/more/pool")


def main(number, drop, control):
    channel = open(port("events"), "w", buffering=1)
    lock = threading.Lock()

    def say(*words):
        with lock:
            channel.write(" ".join(words) + "\n")

    def follow():
        monitor = subprocess.Popen(("stdbuf", "-oL", "nft", "monitor", "new", "elements"), stdout=subprocess.PIPE, text=True)
        for line in monitor.stdout:
            for address in re.findall(r"198\.1[89]\.\d+\.\d+", line):
                say("in", address)

    threading.Thread(target=follow, daemon=True).start()
    grants = json.loads((POOL / "index.json").read_text())
    random.seed()
    mine = grants[number * 100 :][:100]
    opened = []
    say("begin", str(number))
    for identifier, address in mine:
        content = (POOL / f"{identifier}.grant").read_bytes()
        hidden, path = drop / f".{identifier}", drop / f"{identifier}.grant"
        say("try", identifier, address)
        with open(hidden, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        hidden.rename(path)
        if random.random() < 0.5:
            folder = os.open(drop, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
            say("dropped", identifier)
        if verdict(control, path, content)["outcome"] == "accepted":
            say("opened", identifier)
            opened.append(identifier)
        if len(opened) > 3 and random.random() < 0.6:
            ended = opened.pop(random.randrange(len(opened)))
            if random.random() < 0.6:
                say("revoking", ended)
                if "error" not in call(control, "Revoke", ids=[ended], reason="churn"):
                    say("closed", ended)
            else:
                say("removing", ended)
                (drop / f"{ended}.grant").unlink(missing_ok=True)
    say("done", str(number))


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3])
