"""Checks metrics, alerts and dashboard with Prometheus' own tools and a real agent.

usage: metrics_tests.py PROGRAMS PROMETHEUS-PROGRAMS      (scripts/test-metrics calls it, as root)

PROGRAMS is the folder with jitgated and jitgate, PROMETHEUS-PROGRAMS the one with promtool and
prometheus-node-exporter.
"""
import contextlib
import json
import pathlib
import re
import signal
import subprocess
import sys
import time

import testing
from hosts import Client, Host, Signer, end, eventually, run, workplace
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from testing import equal, holds, test

ROOT = pathlib.Path(__file__).parents[2]
SSH = '[[port]]\nnumber = 22\nprotocol = "tcp"\n'
FETCH = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())"


class Scene:
    """A host whose agent runs, a client beside it, and the programs of Prometheus."""

    def __init__(self, programs, tools, folder, stack):
        self.tools, self.folder, self.stack = tools, folder, stack
        self.dana = Signer("dana", folder)
        self.host = self.opened(Host(programs, folder, "web-1", "1" * 32, {"tables": SSH}, [self.dana]))
        self.client = self.opened(Client())
        self.client.link(self.host)
        self.host.boot()

    def opened(self, place):
        self.stack.callback(place.close)
        return place

    def knock(self, count):
        for _ in range(count):
            equal(self.client.knock("192.0.2.8", self.host), False)

    def samples(self):
        return samples(self.host.jitgate("metrics"))


def samples(text):
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


@test
def measured(scene):
    """The metrics say what the agent did, and name nobody"""
    scene.knock(3)
    scene.host.open({"duration": "10m"}, scene.dana)
    found = scene.samples()
    equal(found["jitgate_up", ()], 1)
    equal(found["jitgate_mode", (("mode", "enforce"),)], 1)
    equal(found["jitgate_mode", (("mode", "observe"),)], 0)
    equal(found["jitgate_grants", (("state", "open"),)], 1)
    equal(found["jitgate_events_total", (("event", "grant-opened"),)], 1)
    equal(found["jitgate_events_total", (("event", "grant-closed"),)], 0)
    holds(found["jitgate_denied_packets_total", ()] >= 3, f"denied packets: {found}")
    left = found["jitgate_next_deadline_timestamp_seconds", ()] - time.time()
    holds(500 < left <= 600, f"the next deadline is in {left} s")
    # A denial may be on its way to the log.
    eventually("the number of records is that of the log",
               lambda: scene.samples()["jitgate_audit_records_total", ()] == len(scene.host.records()))
    for name, labels in found:
        holds("dana" not in str(labels) and "192.0.2" not in str(labels), f"{name} names somebody: {labels}")
    as_json = json.loads(scene.host.jitgate("metrics", "--json"))["metrics"]
    equal({family["name"] for family in as_json if family["samples"]}, {name for name, _ in found})


@test
def restarted(scene):
    """A restart counts events from zero, and the kernel's counter goes on"""
    scene.knock(2)
    before = scene.samples()
    end(scene.host.agent)
    scene.host.boot()
    after = scene.samples()
    equal(after["jitgate_events_total", (("event", "attempt-denied"),)], 0)
    holds(after["jitgate_denied_packets_total", ()] >= before["jitgate_denied_packets_total", ()], "it was reset")


@test
def silent(scene):
    """That no agent answers is the only metric then"""
    end(scene.host.agent)
    file = scene.folder / "jitgate.prom"
    command = [f"{scene.host.build}/jitgate", "metrics", "-o", file, "--config", scene.host.path / "jitgate.toml"]
    equal(subprocess.run([*scene.host.enter, *command], capture_output=True, timeout=60, check=False).returncode, 69)
    equal(samples(file.read_text()), {("jitgate_up", ()): 0})
    scene.host.boot()


@test
def collected(scene):
    """node_exporter serves all of them, and the time of their file"""
    folder = scene.folder / "collected"
    folder.mkdir()
    scene.host.jitgate("metrics", "-o", folder / "jitgate.prom")
    exporter = scene.host.start(
        f"{scene.tools}/prometheus-node-exporter", "--collector.disable-defaults", "--collector.textfile",
        f"--collector.textfile.directory={folder}", "--web.listen-address=127.0.0.1:9110", stderr=subprocess.DEVNULL)
    try:
        text = eventually("node_exporter answers", lambda: scene.host.run(
            "/usr/bin/python3", "-c", FETCH, "http://127.0.0.1:9110/metrics", check=False))
    finally:
        end(exporter)
    equal(set(re.findall(r"^(jitgate_\w+)", text, re.M)), {name for name, _ in scene.samples()})
    equal(re.findall(r"^node_textfile_scrape_error (\S+)", text, re.M), ["0"])
    holds("node_textfile_mtime_seconds" in text, "no time of the file, on which an alert rests")


@test
def rules(scene):
    """promtool takes the rules, their tests, and the queries of the dashboard"""
    folder = ROOT / "etc/prometheus"
    run(f"{scene.tools}/promtool", "check", "rules", "--lint-fatal", *sorted(folder.glob("*.rules.yml")))
    run(f"{scene.tools}/promtool", "test", "rules", *sorted(folder.glob("*.test.yml")))
    dashboards = [json.loads(file.read_text()) for file in sorted((ROOT / "etc/grafana").glob("*.json"))]
    queries = [target["expr"] for dashboard in dashboards for panel in dashboard["panels"] for target in panel["targets"]]
    found = [{"record": f"jitgate:query{index}", "expr": text.replace("$instance", ".*")} for index, text in enumerate(queries)]
    file = scene.folder / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": found}]}))
    run(f"{scene.tools}/promtool", "check", "rules", file)


@test
def documented(scene):
    """docs/METRICS.md has every name that is printed, and no other; rules and dashboard use no other"""
    listed = set(re.findall(r"^\| `(jitgate_\w+)", (ROOT / "docs/METRICS.md").read_text(), re.M))
    names = {name for name in listed if not name.startswith("jitgate_hub_")}
    printed = {name for name, _ in scene.samples()}
    # A grant is open, and the kernel of the tests counts.
    equal(printed - {"jitgate_conditions"}, names - {"jitgate_conditions"})
    used = "".join(file.read_text() for pattern in ("etc/prometheus/*.rules.yml", "etc/grafana/*.json") for file in ROOT.glob(pattern))
    equal(set(re.findall(r"\bjitgate_\w+", re.sub(r'"uid": "\w+"', "", used))) - listed, set())


def main():
    programs, tools = (str(pathlib.Path(path).absolute()) for path in sys.argv[1:3])
    # Ended from outside, it still ends its agents.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with workplace() as folder, contextlib.ExitStack() as stack:
        passed, failed = testing.run(Scene(programs, tools, folder, stack), sys.argv[3:])
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
