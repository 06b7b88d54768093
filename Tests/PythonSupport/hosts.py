"""Hosts whose agents make records: each has a real jitgated and a real journald in namespaces of its own, and a client
that knocks at its ports."""
import contextlib
import json
import pathlib
import signal
import subprocess
import tempfile
import time
import uuid


def eventually(what, holds, seconds=30):
    """Waits until `holds()` returns something true, and returns that."""
    end, pause = time.monotonic() + seconds, 0.01
    while not (found := holds()):
        if time.monotonic() > end:
            raise AssertionError(f"it did not come to be so: {what}")
        time.sleep(pause)
        pause = min(2 * pause, 0.2)
    return found


def run(*words, data=None, check=True):
    found = subprocess.run(words, input=data, capture_output=True, timeout=120)
    if check and found.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, words))}: {found.stderr.decode(errors='replace')}")
    return found.stdout.decode()


def end(process, by=signal.SIGTERM):
    if process and process.poll() is None:
        process.send_signal(by)
        process.wait(30)


class Signer:
    """A person with an ssh key of their own."""
    may = ["jitgate-grant", "jitgate-review", "jitgate-revocation"]

    def __init__(self, name, folder):
        self.name, self.key = name, folder / f"key-{uuid.uuid4()}"
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "test", "-f", self.key)
        self.public = pathlib.Path(f"{self.key}.pub").read_text().strip()

    def sign(self, payload, namespace):
        return run("ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", self.key, data=payload).encode()


def signed(value, namespace, *signers):
    """The bytes of a signed file."""
    payload = json.dumps(value, ensure_ascii=False).encode() + b"\n"
    return payload + b"".join(signer.sign(payload, namespace) for signer in signers)


def later(seconds):
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(time.time() + seconds))


class Namespace:
    """Namespaces that a sleeping process holds."""

    def __init__(self, *kinds, script="true", arguments=()):
        self.holder = subprocess.Popen(
            ["unshare", *kinds, "--propagation", "private", "sh", "-ec", f"{script}\necho ready\nexec sleep 600", "sh", *arguments]
            if "--mount" in kinds else ["unshare", *kinds, "sh", "-ec", f"{script}\necho ready\nexec sleep 600", "sh", *arguments],
            stdout=subprocess.PIPE, text=True)
        if self.holder.stdout.readline() != "ready\n":
            raise AssertionError("the namespaces cannot be made")
        names = {"--mount": "mnt", "--net": "net", "--uts": "uts"}
        spaces = f"/proc/{self.holder.pid}/ns"
        self.enter = ["nsenter", *(f"{kind}={spaces}/{names[kind]}" for kind in kinds)]

    def run(self, *words, **options):
        return run(*self.enter, *words, **options)

    def start(self, *words, **options):
        return subprocess.Popen([*self.enter, *words], **options)

    def close(self):
        end(self.holder, signal.SIGKILL)


class Host(Namespace):
    """A server: an agent with its policy, a journald, and a listener on 22/tcp."""
    SCENE = """
        hostname "$1"
        mount --bind "$2/machine-id" /etc/machine-id
        for place in /run/systemd /run/log /var/lib/systemd; do mkdir -p $place; mount -t tmpfs none $place; done
        mkdir -p /run/systemd/journal /run/systemd/journald.conf.d
        printf '[Journal]\\nStorage=volatile\\nReadKMsg=no\\nAudit=\\nRateLimitBurst=0\\n' >/run/systemd/journald.conf.d/test.conf
        ip link set lo up"""
    LISTENER = ("import socket\ns = socket.create_server(('', 22), family=socket.AF_INET6, dualstack_ipv6=True)\n"
                "print('ready', flush=True)\nkept = []\nwhile True: kept.append(s.accept()[0])")

    def __init__(self, build, folder, name, machine, policy, signers):
        self.build, self.name, self.machine, self.path = build, name, machine, folder / name
        self.log, self.drop, self.agent = self.path / "audit/audit.jsonl", self.path / "grants", None
        for place in ["", "grants", "audit", "state"]:
            (self.path / place).mkdir(mode=0o700)
        (self.path / "machine-id").write_text(machine + "\n")
        (self.path / "allowed_signers").write_text("".join(
            f'{signer.name} namespaces="{",".join(signer.may)}" {signer.public}\n' for signer in signers))
        self.write_policy(policy)
        super().__init__("--mount", "--net", "--uts", script=self.SCENE, arguments=(name, str(self.path)))
        self.journald = self.start("/lib/systemd/systemd-journald", stderr=subprocess.DEVNULL)
        eventually("journald runs", lambda: self.run("journalctl", "--sync", check=False) == "" and
                   pathlib.Path(f"/proc/{self.holder.pid}/root/run/systemd/journal/socket").exists())
        self.listener = self.start("/usr/bin/python3", "-c", self.LISTENER, stdout=subprocess.PIPE)
        self.listener.stdout.readline()

    def write_policy(self, policy):
        head = {"mode": "enforce", "hostname": self.name}
        head.update(policy.get("head", {}))
        text = "".join(f"{key} = {json.dumps(value)}\n" for key, value in head.items())
        text += f'[grants]\ndirectories = ["{self.drop}"]\nallowed_signers = "{self.path}/allowed_signers"\n'
        text += f'[audit]\ndirectory = "{self.path}/audit"\nsegment_size = "{policy.get("segment", "64M")}"\n'
        text += f'[state]\ndirectory = "{self.path}/state"\n[control]\nsocket = "{self.path}/control"\n'
        (self.path / "jitgate.toml").write_text(text + policy.get("tables", ""))

    def boot(self):
        """Starts the agent and waits until its log says that it runs."""
        before = len(self.records("agent-started"))
        self.agent = self.start("env", "JITGATE_TABLE_OWNERSHIP=watched", f"{self.build}/jitgated", "--config",
                                self.path / "jitgate.toml")
        eventually("the agent runs", lambda: len(self.records("agent-started")) > before)

    def jitgate(self, *words, check=True):
        return self.run("env", "NO_COLOR=1", f"{self.build}/jitgate", *words, "--config", self.path / "jitgate.toml", check=check)

    def records(self, event=None, **fields):
        """The records so far, of all segments."""
        found = []
        for file in [*sorted((self.path / "audit").glob("audit-*.jsonl")), self.log]:
            whole = file.read_bytes().rpartition(b"\n")[0] if file.exists() else b""
            found += [json.loads(line) for line in whole.split(b"\n") if line]
        return [record for record in found if event in (None, record["JITGATE_EVENT"])
                and all(record.get(name) == value for name, value in fields.items())]

    def submit(self, data, name):
        place = self.path / "submitted"
        place.write_bytes(data)
        place.chmod(0o600)
        place.rename(self.drop / name)

    def open(self, grant, *signers):
        """Submits a grant and waits until it is open; returns its id."""
        value = {"jitgate": "grant/1", "id": str(uuid.uuid4()), "hosts": [self.name], "requestor": "dana", "justification": "INC-4211",
                 "sources": ["192.0.2.7/32"], "ports": ["22/tcp"], "expires": later(3600)} | grant
        self.submit(signed(value, "jitgate-grant", *signers), f"{value['id']}.grant")
        eventually(f"a grant opens: {self.records('grant-refused')}",
                   lambda: self.records("grant-opened", JITGATE_GRANT=value["id"]))
        return value["id"]

    def closed(self, grant):
        return eventually("a grant closes", lambda: self.records("grant-closed", JITGATE_GRANT=grant))[0]

    def journal(self, *words):
        self.run("journalctl", "--sync")
        return self.run("journalctl", "-o", "json", "--all", "--no-pager", *words)

    def close(self):
        for process in [self.agent, self.listener, self.journald]:
            end(process, signal.SIGKILL)
        super().close()


class Client(Namespace):
    """A remote machine with several addresses, linked to all hosts."""
    ADDRESSES = ["192.0.2.7/24", "192.0.2.8/24", "192.0.2.20/24", "2001:db8::7/64", "2001:db8::8/64"]
    KNOCK = ("import socket, sys\nsource, target = sys.argv[1:]\ns = socket.socket(socket.AF_INET6 if ':' in source else socket.AF_INET)\n"
             "s.settimeout(0.5)\ns.bind((source, 0))\n"
             "try: s.connect((target, 22)); print('in')\nexcept OSError: print('out')")

    def __init__(self):
        super().__init__("--net", script="ip link set lo up\nip link add br0 type bridge\nip link set br0 up")
        for address in self.ADDRESSES:
            self.run("ip", "addr", "add", address, "dev", "br0", *(["nodad"] if ":" in address else []))
        self.hosts = {}

    def link(self, host):
        number = len(self.hosts) + 1
        self.hosts[host.name] = {"4": f"192.0.2.{100 + number}", "6": f"2001:db8::{100 + number}"}
        self.run("ip", "link", "add", f"veth{number}", "type", "veth", "peer", "name", "eth0", "netns", str(host.holder.pid))
        self.run("ip", "link", "set", f"veth{number}", "master", "br0", "up")
        host.run("ip", "link", "set", "eth0", "up")
        host.run("ip", "addr", "add", self.hosts[host.name]["4"] + "/24", "dev", "eth0")
        host.run("ip", "addr", "add", self.hosts[host.name]["6"] + "/64", "dev", "eth0", "nodad")
        eventually("the link carries packets", lambda: "state UP" in host.run("ip", "link", "show", "eth0"))

    def knock(self, source, host):
        """Returns whether a TCP connection to 22/tcp comes about."""
        target = self.hosts[host.name]["6" if ":" in source else "4"]
        return self.run("/usr/bin/python3", "-c", self.KNOCK, source, target) == "in\n"


@contextlib.contextmanager
def workplace():
    """A directory below /run, which only root may write."""
    with tempfile.TemporaryDirectory(prefix="jitgate-hosts-", dir="/run") as folder:
        yield pathlib.Path(folder)
