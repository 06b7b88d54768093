"""Writes audit logs after docs/PROTOCOL.audit, by none of jitgate's code, for make-audit-vectors.

The private keys are those in this file: never use them.
"""
import base64
import hashlib
import json
import pathlib
import struct
import subprocess
import tempfile

KEYS = pathlib.Path(tempfile.mkdtemp(prefix="jitgate-vectors-"))
NAME = "jitgate/web-1/3f0c9a5be1c24f5e8a7d6c5b4a392817"
START = 1_772_352_000_000_000  # 2026-03-01T08:00:00Z
POLICY = 'mode = "enforce"\nhostname = "web-1"\n'
EVENTS = {
    "agent-started": (6, "25ce08cdbf264e7a8d0a3153fc53119f"),
    "agent-stopped": (6, "b7226af748c048558b40b20a99beb63a"),
    "policy-loaded": (5, "84867889b25041079c9d78169da5090c"),
    "mode-changed": (5, "c0b696794d1c4455bc36bb286e074cf3"),
    "grant-accepted": (5, "6ba07ba3216840d4acf071ceab209140"),
    "grant-refused": (4, "2fe2a36f17da4f3f9868945b1533aa6b"),
    "grant-opened": (5, "2b66dad08f3f46a9832a17eebd379dec"),
    "grant-used": (6, "1b6c58fa86d84a14b1991db6be510c4b"),
    "grant-closed": (5, "e894a16db8164e41993e712587299981"),
    "attempt-denied": (4, "c9b14e64288440e78f402ae2e1cf9c86"),
}


def run(*words, data=None):
    return subprocess.run(words, input=data, check=True, capture_output=True).stdout


def sha256(data):
    return hashlib.sha256(data.encode() if isinstance(data, str) else data).hexdigest()


# Keys: Ed25519, each from the seed that its number says.


class Key:
    def __init__(self, number):
        seed = bytes([number]) * 32
        self.file = KEYS / f"{number}.der"
        self.file.write_bytes(bytes.fromhex("302e020100300506032b657004220420") + seed)
        words = ["openssl", "pkey", "-inform", "DER", "-in", str(self.file)]
        self.point = run(*words, "-pubout", "-outform", "DER")[-32:]
        self.ssh = KEYS / f"{number}"
        self.ssh.write_bytes(self.ssh_file(seed))
        self.ssh.chmod(0o600)

    def sign(self, data):
        (KEYS / "message").write_bytes(data)
        return run("openssl", "pkeyutl", "-sign", "-rawin", "-keyform", "DER", "-inkey", str(self.file),
                   "-in", str(KEYS / "message"))

    @property
    def blob(self):
        return wire(b"ssh-ed25519") + wire(self.point)

    @property
    def line(self):
        return "ssh-ed25519 " + base64.b64encode(self.blob).decode()

    def ssh_file(self, seed):
        """OpenSSH's PROTOCOL.key, without a passphrase."""
        secret = bytes(8) + self.blob + wire(seed + self.point) + wire(b"")
        secret += bytes(range(1, 1 + -len(secret) % 8))
        data = b"openssh-key-v1\0" + wire(b"none") + wire(b"none") + wire(b"") + struct.pack(">I", 1)
        text = base64.b64encode(data + wire(self.blob) + wire(secret))
        return b"-----BEGIN OPENSSH PRIVATE KEY-----\n" + text + b"\n-----END OPENSSH PRIVATE KEY-----\n"

    def signed(self, payload, namespace="jitgate-grant"):
        """A signed file: the payload and an armored signature."""
        data = payload.encode()
        armor = run("ssh-keygen", "-Y", "sign", "-q", "-n", namespace, "-f", str(self.ssh), data=data)
        return payload + armor.decode()


def wire(data):
    return struct.pack(">I", len(data)) + data


HOST, OTHER, LEAD, STRANGER, SECOND = (Key(number) for number in range(1, 6))
SPACES = {"g": "jitgate-grant", "r": "jitgate-request"}
SIGNERS = f'lead namespaces="jitgate-grant,jitgate-revocation" {LEAD.line}'

# The tree and what is signed of it (RFC 6962, c2sp.org).


def leaf(line):
    return hashlib.sha256(b"\0" + line).digest()


def node(left, right):
    return hashlib.sha256(b"\1" + left + right).digest()


def split(count):
    return 1 << (count - 1).bit_length() - 1


def root(leaves):
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    half = split(len(leaves))
    return node(root(leaves[:half]), root(leaves[half:]))


def path(index, leaves):
    if len(leaves) == 1:
        return []
    half = split(len(leaves))
    if index < half:
        return path(index, leaves[:half]) + [root(leaves[half:])]
    return path(index - half, leaves[half:]) + [root(leaves[:half])]


def base64_text(data):
    return base64.b64encode(data).decode()


def identifier(key, name):
    return hashlib.sha256(name.encode() + b"\n\1" + key.point).digest()[:4]


def verifier(key, name=NAME):
    return f"{name}+{identifier(key, name).hex()}+{base64_text(bytes([1]) + key.point)}"


def signature(text, key=HOST, name=NAME):
    return f"\u2014 {name} {base64_text(identifier(key, name) + key.sign(text.encode()))}\n"


def note(leaves, key=HOST, name=NAME, **changes):
    parts = {"origin": name, "size": len(leaves), "root": base64_text(root(leaves)), "more": ""} | changes
    text = "{origin}\n{size}\n{root}\n{more}".format(**parts)
    return text + "\n" + signature(text, key, name)


def proof(index, leaves, checkpoint=None, hashes=None, number=None):
    hashes = path(index, leaves) if hashes is None else hashes
    lines = ["c2sp.org/tlog-proof@v1", f"index {index if number is None else number}"]
    text = "".join(line + "\n" for line in lines + [base64_text(one) for one in hashes])
    return text + "\n" + (checkpoint or note(leaves))


# Records.


def entry(event, message, second, **fields):
    priority, identity = EVENTS[event]
    return {
        "__REALTIME_TIMESTAMP": str(START + second * 1_000_000),
        "__MONOTONIC_TIMESTAMP": str((1000 + second) * 1_000_000),
        "_BOOT_ID": "0f" * 16, "_MACHINE_ID": "3f0c9a5be1c24f5e8a7d6c5b4a392817", "_HOSTNAME": "web-1",
        "SYSLOG_IDENTIFIER": "jitgated", "PRIORITY": str(priority), "MESSAGE": message, "MESSAGE_ID": identity,
        "JITGATE_SEQ": "", "JITGATE_EVENT": event,
    } | {"JITGATE_" + name: value for name, value in fields.items()}


def encoded(entries):
    """The lines, numbered."""
    return [json.dumps(one | {"JITGATE_SEQ": str(number)}, ensure_ascii=False, separators=(",", ":")).encode()
            for number, one in enumerate(entries)]


def policy(text=POLICY, second=0, **changes):
    fields = {"FILE": "/etc/jitgate/jitgate.toml", "MODE": "enforce", "POLICY_SHA256": sha256(text), "EVIDENCE": text}
    return entry("policy-loaded", "Policy loaded, in enforce mode", second, **(fields | changes))


class Grant:
    """A signed grant and the records about it."""

    def __init__(self, number=1, key=LEAD, under=POLICY, signatures=None, **changes):
        self.id = f"0b8a2f6e-5c1d-4f0e-9a43-{number:012}"
        members = {"jitgate": "grant/1", "id": self.id, "hosts": ["web-1"], "requestor": "dana",
                   "justification": "INC-4211", "sources": ["203.0.113.7/32"], "ports": ["22/tcp"],
                   "expires": "2026-03-01T12:00:00Z", "duration": "2h"} | changes
        payload = json.dumps(members) + "\n"
        self.file = payload + "".join(
            one.signed(payload, namespace)[len(payload):] for one, namespace in signatures or [(key, SPACES["g"])])
        self.under = under
        self.fields = {
            "GRANT": self.id, "GRANT_SHA256": sha256(self.file), "REQUESTOR": "dana", "SIGNERS": "lead",
            "JUSTIFICATION": "INC-4211", "SOURCES": "203.0.113.7/32", "PORTS": "22/tcp",
            "FILE": "/run/jitgate/grants.d/g.grant",
        }

    def accepted(self, second=10, **changes):
        more = {"POLICY_SHA256": sha256(self.under), "ALLOWED_SIGNERS": SIGNERS, "EVIDENCE": self.file}
        fields = self.fields | more | changes
        message = "Accepted the grant of dana from 203.0.113.7/32 to 22/tcp"
        return entry("grant-accepted", message, second, **{name: one for name, one in fields.items() if one})

    def opened(self, second=10, deadline="2026-03-01T10:00:10Z", **changes):
        message = f"Opened for dana from 203.0.113.7/32 to 22/tcp until {deadline}"
        return entry("grant-opened", message, second, **(self.fields | {"DEADLINE": deadline} | changes))

    def used(self, second=20):
        return entry("grant-used", "203.0.113.7:50000 came in at 22/tcp by the grant of dana", second,
                     GRANT=self.id, GRANT_SHA256=self.fields["GRANT_SHA256"], REQUESTOR="dana", PORTS="22/tcp",
                     PEER="203.0.113.7:50000")

    def revocation(self, key=LEAD, **changes):
        """The fields of a revocation that somebody signed."""
        members = {"jitgate": "revocation/1", "ids": [self.id], "hosts": ["web-1"], "reason": "lost laptop"}
        file = key.signed(json.dumps(members | changes) + "\n", "jitgate-revocation")
        return {"REASON": "revoked", "ACTOR": "signer:lead", "COMMENT": "lost laptop", "ALLOWED_SIGNERS": SIGNERS,
                "REVOCATION_SHA256": sha256(file), "EVIDENCE": file}

    def closed(self, second=600, **fields):
        carried = {"PACKETS": "40", "BYTES": "4096", "CONNECTIONS": "1"}
        message = "Closed for dana from 203.0.113.7/32 to 22/tcp: revoked, lost laptop"
        return entry("grant-closed", message, second, **(self.fields | carried | (fields or self.revocation())))


def denied(second=5, peer="198.51.100.9:40000"):
    return entry("attempt-denied", f"{peer} was denied at 22/tcp, and 3 packets before it", second,
                 PORTS="22/tcp", PEER=peer, MISSED="3")


GRANT = Grant()
RECORDS = [
    policy(), entry("agent-started", "The agent runs", 1), denied(), GRANT.accepted(), GRANT.opened(), GRANT.used(),
    GRANT.closed(), entry("grant-refused", "Refused /run/jitgate/grants.d/h.grant", 700,
                          FILE="/run/jitgate/grants.d/h.grant", REASON="unsigned: it has no signature"),
    entry("mode-changed", "Mode changed to observe", 800, MODE="observe", ACTOR="uid:0"),
    entry("agent-stopped", "The agent stops", 900),
]
LINES = encoded(RECORDS)
LEAVES = [leaf(line) for line in LINES]
LOG = "audit.jsonl"
