"""Checks metrics, alerts and dashboard with Prometheus' own tools and a real agent.

usage: metrics_tests.py PROGRAMS PROMETHEUS-PROGRAMS      (scripts/test-metrics calls it, as root)

PROGRAMS is the folder with jitgated and jitgate, PROMETHEUS-PROGRAMS the one with promtool and
prometheus-node-exporter.
"""
import contextlib
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time
import traceback

from prometheus_client.openmetrics.parser import text_string_to_metric_families

ROOT = pathlib.Path(__file__).parents[2]
POLICY = """mode = "enforce"
hostname = "web-1"
[grants]
directories = ["{0}/grants.d"]
allowed_signers = "{0}/allowed_signers"
[[port]]
number = 22
protocol = "tcp"
[audit]
directory = "{0}/log"
[state]
directory = "{0}/state"
[control]
socket = "{0}/control"
group = "root"
"""
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def equal(found, expected):
    if found != expected:
        raise AssertionError(f"found {found!r}, expected {expected!r}")


def run(*command, status=0, env=None):
    done = subprocess.run(command, capture_output=True, text=True, env=env, timeout=60)
    if done.returncode != status:
        raise AssertionError(f"{command}: status {done.returncode}, {done.stdout}{done.stderr}")
    return done.stdout


def await_(condition, what):
    end = time.monotonic() + 20
    while not condition():
        if time.monotonic() > end:
            raise AssertionError(f"it never came: {what}")
        time.sleep(0.05)


class Host:
    """An agent in a network namespace, and the client namespace beside it."""

    def __init__(self, programs, folder):
        self.programs, self.folder = programs, pathlib.Path(folder)
        self.name, self.client = f"jitgate-m-{os.getpid()}", f"jitgate-mc-{os.getpid()}"
        self.env = {**os.environ, "JITGATE_CONFIG": f"{folder}/jitgate.toml"}
        self.agent = None

    def __enter__(self):
        # A failure before the agent runs leaves no namespace behind.
        try:
            self.prepare()
        except BaseException:
            self.remove()
            raise
        return self

    def prepare(self):
        for name in ("grants.d", "log", "state"):
            (self.folder / name).mkdir(mode=0o700)
        (self.folder / "jitgate.toml").write_text(POLICY.format(self.folder))
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self.folder}/key")
        key = (self.folder / "key.pub").read_text()
        (self.folder / "allowed_signers").write_text(f'dana namespaces="jitgate-grant" {key}')
        for name in (self.name, self.client):
            run("ip", "netns", "add", name)
        run("ip", "-n", self.name, "link", "add", "name", "va", "type", "veth", "peer", "name", "vb", "netns", self.client)
        for name, link, address in ((self.name, "va", "192.0.2.1/24"), (self.client, "vb", "192.0.2.7/24")):
            run("ip", "-n", name, "address", "add", address, "dev", link)
            run("ip", "-n", name, "link", "set", link, "up")
        self.start()

    def start(self):
        self.agent = subprocess.Popen(
            ["ip", "netns", "exec", self.name, f"{self.programs}/jitgated", "--config", self.env["JITGATE_CONFIG"]], env=self.env)
        await_(lambda: (self.folder / "control").exists() and self.answers(), "the agent")

    def answers(self):
        return subprocess.run([f"{self.programs}/jitgate", "status"], env=self.env, capture_output=True).returncode == 0

    def stop(self):
        self.agent.terminate()
        self.agent.wait(20)

    def __exit__(self, *_):
        self.remove()

    def remove(self):
        if self.agent:
            self.stop()
        for name in (self.name, self.client):
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def jitgate(self, *arguments, status=0):
        return run(f"{self.programs}/jitgate", *arguments, status=status, env=self.env)

    def knock(self, count):
        for _ in range(count):
            subprocess.run(["ip", "netns", "exec", self.client, "timeout", "0.2", "bash", "-c", "</dev/tcp/192.0.2.1/22"],
                           capture_output=True, check=False)

    def open_grant(self):
        request, grant = f"{self.folder}/g.json", f"{self.folder}/g.grant"
        self.jitgate("request", "--host", "web-1", "--port", "22/tcp", "--source", "192.0.2.9", "--for", "10m",
                     "--reason", "test", "--requestor", "dana", "-o", request)
        self.jitgate("sign", request, "--key", f"{self.folder}/key", "-o", grant)
        self.jitgate("submit", grant)


def samples(text):
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value
            for family in text_string_to_metric_families(text) for sample in family.samples}


@test
def an_agent_is_measured(host, _):
    host.knock(3)
    host.open_grant()
    found = samples(host.jitgate("metrics"))
    equal(found["jitgate_up", ()], 1)
    equal(found["jitgate_mode", (("mode", "enforce"),)], 1)
    equal(found["jitgate_mode", (("mode", "observe"),)], 0)
    equal(found["jitgate_grants", (("state", "open"),)], 1)
    equal(found["jitgate_events_total", (("event", "grant-opened"),)], 1)
    equal(found["jitgate_events_total", (("event", "grant-closed"),)], 0)
    if found["jitgate_denied_packets_total", ()] < 3:
        raise AssertionError(f"denied packets: {found}")
    left = found["jitgate_next_deadline_timestamp_seconds", ()] - time.time()
    if not 500 < left <= 600:
        raise AssertionError(f"the next deadline is in {left} s")
    records = (host.folder / "log/audit.jsonl").read_text().count("\n")
    equal(found["jitgate_audit_records_total", ()], records)
    for name, labels in found:
        if "dana" in str(labels) or "192.0.2" in str(labels):
            raise AssertionError(f"{name} names somebody: {labels}")
    as_json = json.loads(host.jitgate("metrics", "--json"))["metrics"]
    equal({family["name"] for family in as_json if family["samples"]}, {name for name, _ in found})


@test
def a_restart_counts_anew_and_the_kernel_goes_on(host, _):
    host.knock(2)
    before = samples(host.jitgate("metrics"))
    host.stop()
    host.start()
    after = samples(host.jitgate("metrics"))
    equal(after["jitgate_events_total", (("event", "attempt-denied"),)], 0)
    if after["jitgate_denied_packets_total", ()] < before["jitgate_denied_packets_total", ()]:
        raise AssertionError("the kernel's counter was reset")


@test
def a_silent_agent_is_said(host, _):
    host.stop()
    file = host.folder / "jitgate.prom"
    host.jitgate("metrics", "-o", str(file), status=69)
    equal(samples(file.read_text()), {("jitgate_up", ()): 0})
    host.start()


@test
def node_exporter_serves_them(host, tools):
    collected = host.folder / "collected"
    collected.mkdir()
    host.jitgate("metrics", "-o", str(collected / "jitgate.prom"))
    with contextlib.ExitStack() as stack:
        port = 9110
        exporter = subprocess.Popen(
            ["ip", "netns", "exec", host.name, f"{tools}/prometheus-node-exporter", "--collector.disable-defaults",
             "--collector.textfile", f"--collector.textfile.directory={collected}", f"--web.listen-address=127.0.0.1:{port}"],
            stderr=subprocess.PIPE)
        stack.callback(exporter.wait)
        stack.callback(exporter.kill)
        run("ip", "-n", host.name, "link", "set", "lo", "up")

        def page():
            done = subprocess.run(["ip", "netns", "exec", host.name, sys.executable, "-c", FETCH, f"http://127.0.0.1:{port}/metrics"],
                                  capture_output=True, text=True, check=False)
            return done.stdout if done.returncode == 0 else ""

        await_(page, "node_exporter")
        text = page()
    wanted = {name for name, _ in samples(host.jitgate("metrics"))}
    served = set(re.findall(r"^(jitgate_\w+)", text, re.M))
    equal(served, wanted)
    equal(re.findall(r"^node_textfile_scrape_error (\S+)", text, re.M), ["0"])
    if "node_textfile_mtime_seconds" not in text:
        raise AssertionError("no time of the file, on which an alert rests")


FETCH = "import sys, urllib.request; print(urllib.request.urlopen(sys.argv[1], timeout=5).read().decode())"


@test
def promtool_takes_rules_and_dashboard(host, tools):
    folder = ROOT / "etc/prometheus"
    run(f"{tools}/promtool", "check", "rules", "--lint-fatal", str(folder / "jitgate.rules.yml"))
    run(f"{tools}/promtool", "test", "rules", *map(str, sorted(folder.glob("*.test.yml"))))
    dashboard = json.loads((ROOT / "etc/grafana/jitgate.json").read_text())
    queries = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    rules = [{"record": f"jitgate:query{index}", "expr": text.replace("$instance", ".*")}
             for index, text in enumerate(queries)]
    file = host.folder / "dashboard.yml"
    file.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    run(f"{tools}/promtool", "check", "rules", str(file))


@test
def every_name_is_documented(host, _):
    documented = set(re.findall(r"^\| `(jitgate_\w+)", (ROOT / "docs/METRICS.md").read_text(), re.M))
    printed = {name for name, _ in samples(host.jitgate("metrics"))}
    # A grant is open, and the kernel of the tests counts.
    equal(printed - {"jitgate_conditions"}, documented - {"jitgate_conditions"})
    used = (ROOT / "etc/prometheus/jitgate.rules.yml").read_text() + (ROOT / "etc/grafana/jitgate.json").read_text()
    equal(set(re.findall(r"\bjitgate_\w+", re.sub(r'"uid": "\w+"', "", used))) - documented, set())


def main():
    programs, tools = (str(pathlib.Path(path).absolute()) for path in sys.argv[1:3])
    failed = 0
    with tempfile.TemporaryDirectory(prefix="jitgate-metrics.", dir="/run") as folder, Host(programs, folder) as host:
        for function in TESTS:
            name = function.__name__.replace("_", " ")
            begun = time.monotonic()
            try:
                function(host, tools)
                print(f'✔ Test "{name}" passed after {time.monotonic() - begun:.1f} seconds', flush=True)
            except Exception:  # a failure of one test is no reason to leave out the others
                failed += 1
                traceback.print_exc()
                print(f'✘ Test "{name}" failed after {time.monotonic() - begun:.1f} seconds', flush=True)
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
