"""What two hosts go through, and what was done to them: by that the answers of the queries are known."""
import contextlib
import json
import pathlib
import shutil
import subprocess
import time
import uuid

from hosts import Client, Host, Signer, end, eventually, run, signed

WEB, DB = "web-1", "db-1"
MACHINES = {WEB: "1" * 32, DB: "2" * 32}
# What spreadsheets, shells, SQL, HTML and terminals might take for theirs.
HOSTILE = "=HYPERLINK(\"http://x\";1) 'quote' \\ back\\slash, 50%_ <b>, línea 𝒰; DROP TABLE records -- {port:String}"
HOSTILE_NAME = "it's \"a\" =1+1\nsecond line.grant"
RULES = """
[defaults]
approvals = 2
[[port]]
number = 22   # ssh
protocol = "tcp"
[[port]]
protocol = 'tcp'
number = 3389
[[approver]]
signers = ["oncall"]
max_duration = "1h"
alarm = true
"""
BURST = 60


class Scene:
    """Makes the records of both hosts, by real agents, and copies what they left to `self.data`."""

    def __init__(self, build, folder):
        self.folder, self.data = folder, folder / "data"
        self.grants = {}
        self.stack = contextlib.ExitStack()
        with contextlib.ExitStack() as undo:
            undo.push(self.stack)
            self.dana, self.erin, self.oncall, self.stranger = (
                undo.enter_context(contextlib.nullcontext(Signer(name, folder))) for name in ["dana", "erin", "oncall", "stranger"])
            signers = [self.dana, self.erin, self.oncall]
            self.web = self.host(build, WEB, {"head": {"trusted": ["192.0.2.20/32", "2001:db8:20::/64"]}, "segment": "64K", "tables": RULES}, signers)
            self.db = self.host(build, DB, {"head": {"mode": "observe"}, "tables": "[[port]]\nnumber = 22\nprotocol = \"tcp\"\n"}, signers)
            self.client = Client()
            self.stack.callback(self.client.close)
            for host in [self.web, self.db]:
                self.client.link(host)
            self.play()
            undo.pop_all()

    def host(self, build, name, policy, signers):
        host = Host(build, self.folder, name, MACHINES[name], policy, signers)
        self.stack.callback(host.close)
        return host

    def close(self):
        self.stack.close()

    def now(self):
        """The present in microseconds, and between it and what comes next a step that shows."""
        time.sleep(0.002)
        return time.time_ns() // 1000

    def knock(self, source, host, comes_in):
        if self.client.knock(source, host) != comes_in:
            raise AssertionError(f"{source} {'does not come' if comes_in else 'comes'} in at {host.name}")

    def play(self):
        self.begin = self.now()
        self.web.boot()
        self.db.boot()
        self.observe()
        self.use()
        self.refuse()
        self.deny()
        self.break_glass()
        self.tamper()
        self.change_policy()
        self.stop_and_start()
        self.leave_open()
        self.end = self.now()
        self.collect()

    def observe(self):
        """db-1 observes, so strangers come in, and then enforces."""
        self.knock("192.0.2.8", self.db, True)
        eventually("the attempt is on record", lambda: self.db.records("attempt-denied"))
        self.db.write_policy({"head": {"trusted": ["10.20.0.0/24"], "keep_existing": False}, "tables": "[[port]]\nnumber = 22\nprotocol = \"tcp\"\n"})
        self.db.jitgate("reload")
        self.enforced = self.now()
        self.knock("192.0.2.8", self.db, False)

    def use(self):
        """Two grants of web-1 overlap; one peer uses both, one the first alone. One expires, one is removed."""
        first = self.web.open({"requestor": HOSTILE, "justification": HOSTILE, "ticket": "INC-'1", "duration": "20s",
                               "sources": ["192.0.2.7/32", "2001:db8::7/128"], "ports": ["22/tcp", "3389/tcp"]}, self.dana, self.erin)
        self.knock("2001:db8::7", self.web, True)
        second = self.web.open({"sources": ["192.0.2.0/29"], "ticket": "CHG-2"}, self.dana, self.erin)
        self.knock("192.0.2.7", self.web, True)
        eventually("both uses are on record", lambda: len(self.web.records("grant-used")) == 2)
        (self.web.drop / f"{second}.grant").unlink()
        self.web.closed(second)
        # Another takes the place of an earlier one.
        third = self.db.open({"requestor": "erin", "sources": ["192.0.2.7/32"]}, self.dana)
        fourth = self.db.open({"requestor": "erin", "sources": ["192.0.2.7/32"], "supersedes": [third]}, self.dana)
        self.db.closed(third)
        self.grants |= {"first": first, "second": second, "third": third, "fourth": fourth}

    def refuse(self):
        self.web.submit(b"not a grant\n", HOSTILE_NAME)
        for number in range(2):
            value = {"jitgate": "grant/1", "id": str(uuid.uuid4())}
            self.web.submit(signed(value, "jitgate-grant", self.stranger), f"stranger-{number}.grant")
        eventually("three refusals are on record", lambda: len(self.web.records("grant-refused")) == 3)

    def deny(self):
        """More strangers than have a record of their own."""
        self.knock("2001:db8::8", self.web, False)
        flood = ("import socket, sys, time\nfor _ in range(int(sys.argv[2])):\n    s = socket.socket()\n    s.setblocking(False)\n"
                 "    s.bind(('192.0.2.8', 0))\n    s.connect_ex((sys.argv[1], 22))\n    s.close()")
        self.client.run("/usr/bin/python3", "-c", flood, self.client.hosts[WEB]["4"], str(BURST))

        def counted():
            self.client.run("/usr/bin/python3", "-c", flood, self.client.hosts[WEB]["4"], "1")
            self.extra += 1
            found = [record for record in self.web.records("attempt-denied") if record["JITGATE_PEER"].startswith("192.0.2.8:")]
            return sum(1 + int(record.get("JITGATE_MISSED", 0)) for record in found) == BURST + self.extra and found
        self.extra = 0
        found = eventually("all denials are counted", counted)
        self.own_denials, self.denials = len(found), BURST + self.extra
        if self.own_denials == self.denials:
            raise AssertionError("each denial has a record of its own, so counting is not tested")

    def break_glass(self):
        alone = self.web.open({"sources": ["192.0.2.8/32"], "duration": "1h", "justification": "database down"}, self.oncall)
        reviewed = self.web.open({"sources": ["192.0.2.8/32"], "duration": "1h", "justification": "disk full"}, self.oncall)
        review = {"jitgate": "review/1", "grant": reviewed, "hosts": [WEB], "outcome": "justified", "reason": "INC-9"}
        self.web.submit(signed(review, "jitgate-review", self.erin), "review.grant")
        eventually("the review is on record", lambda: self.web.records("review-accepted"))
        self.web.jitgate("revoke", alone, "--reason", "not needed")
        self.web.closed(alone)
        self.grants |= {"alone": alone, "reviewed": reviewed}

    def tamper(self):
        self.web.run("nft", "delete", "table", "inet", "jitgate")
        eventually("the table is back", lambda: self.web.records("tamper-repaired"))

    def change_policy(self):
        """One trusted network goes, by a policy so long that the log begins a new segment; a trial is not confirmed."""
        padding = "# padding: trusted = [\"0.0.0.0/0\"]\n" * 2500
        self.changed = self.now()
        self.web.write_policy({"head": {"trusted": ["192.0.2.20/32"]}, "segment": "64K", "tables": RULES + padding})
        self.web.jitgate("reload")
        self.web.write_policy({"head": {"trusted": ["192.0.2.20/32", "192.0.2.99/32"]}, "segment": "64K", "tables": RULES})
        self.web.jitgate("try", "--for", "10s")
        self.trial = self.web.records("policy-loaded")[-1]
        eventually("the trial is over", lambda: self.web.records("policy-loaded")[-1].get("JITGATE_POLICY_REJECTED"))
        if not list((self.web.path / "audit").glob("audit-*.jsonl")):
            raise AssertionError("the log has one segment only")

    def stop_and_start(self):
        end(self.db.agent)
        self.stopped = self.now()
        self.db.boot()

    def leave_open(self):
        """An opening that no record closes: its agent is killed, in the middle of a line."""
        self.web.closed(self.grants["first"])
        self.grants["open"] = self.web.open({"sources": ["192.0.2.7/32"], "ticket": "INC-3"}, self.dana, self.erin)
        self.knock("192.0.2.7", self.web, True)
        eventually("the use is on record", lambda: len(self.web.records("grant-used")) == 3)
        end(self.web.agent, 9)

    def collect(self):
        for host in [self.web, self.db]:
            shutil.copytree(host.path / "audit", self.data / "logs" / host.name)
            (self.data / f"{host.name}.json").write_text(host.journal("SYSLOG_IDENTIFIER=jitgated"))
        with open(self.data / "logs" / WEB / "audit.jsonl", "ab") as log:
            log.write(b'{"__REALTIME_TIMESTAMP":"17958')
