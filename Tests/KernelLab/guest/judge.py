"""What a power cut must not have changed: holds what the log and the kernel say to what was said before it.

usage: judge.py HOME POOL <WHAT-CHURN-SAID; HOME is `system` for an installed agent, or a folder that holds it all.
Prints one JSON object; the agent must be running, started since.
"""
import datetime
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

from calls import call, verdict


class Home:
    def __init__(self, name):
        if name == "system":
            self.log, self.drop, self.config = Path("/var/log/jitgate"), Path("/etc/jitgate/grants.d"), "/etc/jitgate/jitgate.toml"
            self.control = "/run/jitgate/control"
        else:
            base = Path(name)
            self.log, self.drop, self.config = base / "log", base / "grants.d", str(base / "jitgate.toml")
            self.control = "/run/control"


def moment(record):
    return datetime.datetime.fromisoformat(record["JITGATE_DEADLINE"].replace("Z", "+00:00")).timestamp()


def read(log):
    records = []
    for path in sorted(log.glob("*.jsonl*")):
        raw = path.read_bytes()
        records += [json.loads(line) for line in raw[: raw.rfind(b"\n") + 1].splitlines()]
    return sorted(records, key=lambda record: int(record["JITGATE_SEQ"]))


def elements():
    """The addresses that the kernel lets in, between when that was read, and the whole seconds that they have left."""
    before = time.time()
    text = subprocess.run(("nft", "-j", "list", "table", "inet", "jitgate"), capture_output=True, text=True, check=False).stdout
    after, found = time.time(), {}
    for entry in json.loads(text or '{"nftables": []}')["nftables"]:
        opening = entry.get("set", {})
        if not re.fullmatch(r"ipv[46]_\d+", opening.get("name", "")):
            continue
        for element in opening.get("elem", []):
            element = element.get("elem", element) if isinstance(element, dict) else {}
            address = re.search(r"198\.1[89]\.\d+\.\d+", json.dumps(element.get("val", "")))
            if address:
                found[address[0]] = (before, after, element.get("expires", 1e9))
    return found


def judge(home, pool, said):
    faults = []
    told = {}
    for line in said:
        words = line.split()
        if len(words) >= 2:
            told.setdefault(words[0], set()).add(words[1])
    checked = subprocess.run(("jitgate", "audit", "verify", "--config", home.config), capture_output=True, text=True, check=False)
    if checked.returncode:
        faults.append(f"audit verify: {checked.returncode}: {(checked.stdout + checked.stderr)[-500:]}")
    records = read(home.log)
    if [int(record["JITGATE_SEQ"]) for record in records] != list(range(len(records))):
        faults.append("the numbers of the records have a gap")

    def by_grant(kind):
        return {record["JITGATE_GRANT"]: record for record in records if record["JITGATE_EVENT"] == kind}

    opened, closed = by_grant("grant-opened"), by_grant("grant-closed")
    source = {record["JITGATE_SOURCES"].split("/")[0]: grant for grant, record in opened.items()}
    faults += [f"{grant} was said to be open and is not on record" for grant in told.get("opened", set()) - set(opened)]
    faults += [f"{grant} was said to be closed and that is not on record" for grant in told.get("closed", set()) - set(closed)]
    faults += [f"{address} was open in the kernel and is not on record" for address in told.get("in", set()) - set(source)]
    meant = told.get("removing", set()) | told.get("revoking", set())
    for grant in (told.get("dropped", set()) & set(closed)) - meant:
        if closed[grant].get("JITGATE_REASON") == "removed":
            faults.append(f"{grant} was closed as removed, and its file was on disk")

    there = elements()
    for address, (before, after, left) in there.items():
        grant = source.get(address)
        if grant is None:
            faults.append(f"{address} is open without a record")
        elif grant in closed:
            faults.append(f"{address} ({grant}) is open, and was closed: {closed[grant].get('JITGATE_REASON')}")
        # nft rounds down to seconds.
        elif not moment(opened[grant]) - after - 1.5 < left < moment(opened[grant]) - before + 0.5:
            faults.append(f"{address} has {left} s left, and {moment(opened[grant]) - before:.1f} s by its record")
    for grant in set(opened) - set(closed):
        address = opened[grant]["JITGATE_SOURCES"].split("/")[0]
        if moment(opened[grant]) > time.time() + 3 and address not in there:
            faults.append(f"{address} ({grant}) should be open and is not")

    ended = sorted(set(closed) | told.get("closed", set()))[-8:]
    for grant in ended:
        content = (pool / f"{grant}.grant").read_bytes()
        hidden, path = home.drop / f".{grant}", home.drop / f"again-{grant}.grant"
        hidden.write_bytes(content)
        os.rename(hidden, path)
        if verdict(home.control, path, content)["outcome"] == "accepted":
            faults.append(f"{grant} had ended and was accepted again")
    there = elements()
    for grant in ended:
        if grant in opened and opened[grant]["JITGATE_SOURCES"].split("/")[0] in there:
            faults.append(f"{grant} had ended and is open again")
        (home.drop / f"again-{grant}.grant").unlink(missing_ok=True)
    return {"records": len(records), "open": len(there), "again": len(ended), "told": sum(map(len, told.values())), "faults": faults}


if __name__ == "__main__":
    print(json.dumps(judge(Home(sys.argv[1]), Path(sys.argv[2]), sys.stdin.read().splitlines())))
