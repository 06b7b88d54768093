"""Keys, passkeys and certificates in OpenSSH's wire forms, by none of jitgate's code, for the vectors of keys."""
import base64
import hashlib
import json
import pathlib
import struct
import subprocess
import tempfile

KEYS = pathlib.Path(tempfile.mkdtemp(prefix="jitgate-vectors-"))
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
WEBAUTHN = "webauthn-sk-ecdsa-sha2-nistp256@openssh.com"
SK = "sk-ecdsa-sha2-nistp256@openssh.com"
PAYLOAD = json.dumps({
    "jitgate": "grant/1", "id": "0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11", "hosts": ["web-1"], "requestor": "dana",
    "justification": "INC-4211", "sources": ["198.51.100.7/32"], "ports": ["22/tcp"],
    "expires": "2099-01-01T00:00:00Z", "duration": "1h",
}).encode() + b"\n"
TIME = "20270115080000Z"


def run(*words, data=None):
    return subprocess.run(words, input=data, check=True, capture_output=True).stdout


def wire(data):
    data = data.encode() if isinstance(data, str) else data
    return struct.pack(">I", len(data)) + data


def number(value):
    return wire(value.to_bytes(value.bit_length() // 8 + 1, "big") if value else b"")


def pair(r, s):
    return number(r) + number(s)


def sha256(data):
    return hashlib.sha256(data).digest()


def armor(blob):
    text = base64.b64encode(blob)
    lines = [text[start:start + 70] + b"\n" for start in range(0, len(text), 70)]
    return b"-----BEGIN SSH SIGNATURE-----\n" + b"".join(lines) + b"-----END SSH SIGNATURE-----\n"


def signed_bytes(data=PAYLOAD, name="sha512", namespace="jitgate-grant"):
    return b"SSHSIG" + wire(namespace) + wire("") + wire(name) + wire(hashlib.new(name, data).digest())


def sshsig(key, signature, name="sha512", namespace="jitgate-grant"):
    return b"SSHSIG" + struct.pack(">I", 1) + wire(key) + wire(namespace) + wire("") + wire(name) + wire(signature)


def base64url(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=")


class P256:
    """A key by openssl; r and s as numbers."""
    count = 0

    def __init__(self):
        P256.count += 1
        self.file = KEYS / f"p256-{P256.count}.pem"
        run("openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", str(self.file))
        self.point = run("openssl", "ec", "-in", str(self.file), "-pubout", "-outform", "DER")[-65:]

    def sign(self, data):
        der = run("openssl", "dgst", "-sha256", "-sign", str(self.file), data=data)
        size = der[3]
        return int.from_bytes(der[4:4 + size], "big"), int.from_bytes(der[6 + size:], "big")


class Passkey(P256):
    """A passkey of a relying party; each part of what it signs can be another one."""

    def __init__(self, application="localhost"):
        super().__init__()
        self.application = application

    @property
    def fields(self):
        return wire("nistp256") + wire(self.point) + wire(self.application)

    @property
    def key(self):
        return wire(SK) + self.fields

    @property
    def line(self):
        return f"{SK} {base64.b64encode(self.key).decode()}"

    def client_data(self, challenge, origin=b"http://localhost:8931", tail=b',"crossOrigin":false}', kind=b"webauthn.get"):
        return b'{"type":"' + kind + b'","challenge":"' + challenge + b'","origin":"' + origin + b'"' + tail

    def sign(self, flags=5, counter=7, origin=b"http://localhost:8931", tail=b',"crossOrigin":false}', extensions=b"",
             client_data=None, challenge=None, name="sha512", application=None, said=None, key=None, signature=None,
             kind=WEBAUTHN, inner=None, end=b"", change=lambda r, s: pair(r, s), namespace="jitgate-grant"):
        """An armored signature. `said` has what the file says where something else was signed."""
        said = said or {}
        if challenge is None:
            challenge = base64url(signed_bytes(name=name, namespace=namespace))
        if client_data is None:
            client_data = self.client_data(challenge, origin, tail)
        state = bytes([flags]) + struct.pack(">I", counter)
        message = sha256((application or self.application).encode()) + state + extensions + sha256(client_data)
        numbers = change(*super().sign(message))
        state = bytes([said.get("flags", flags)]) + struct.pack(">I", said.get("counter", counter))
        if inner is None:
            inner = (wire(kind) + wire(numbers) + state + wire(said.get("origin", origin))
                     + wire(said.get("client_data", client_data)) + wire(said.get("extensions", extensions)) + end)
        return armor(sshsig(key or self.key, inner, name, namespace))

    def sign_plainly(self, flags=5, kind=SK):
        """Without a browser."""
        state = bytes([flags]) + struct.pack(">I", 7)
        message = sha256(self.application.encode()) + state + sha256(signed_bytes())
        return armor(sshsig(self.key, wire(kind) + wire(pair(*super().sign(message))) + state))


def strings(*texts):
    return b"".join(wire(text) for text in texts)


class Authority:
    """A CA: a key whose signatures any function makes."""

    def __init__(self, key, sign):
        self.key = key
        self.sign = sign

    def certify(self, kind, fields, serial=1, usage=1, key_id="dana-1", principals=("dana",), after=0,
                before=2 ** 64 - 1, critical=b"", extensions=None, reserved=b"", authority=None, end=b"", nonce=b"n" * 32,
                packed=None, change=lambda blob: blob, signature=None):
        extensions = strings("permit-pty", "") if extensions is None else extensions
        packed = strings(*principals) if packed is None else packed
        body = (wire(kind) + wire(nonce) + fields + struct.pack(">QI", serial, usage) + wire(key_id) + wire(packed)
                + struct.pack(">QQ", after, before) + wire(critical) + wire(extensions) + wire(reserved)
                + wire(authority or self.key))
        return change(body + wire(signature or self.sign(body))) + end


def p256_authority(key=None):
    key = key or P256()
    blob = wire("ecdsa-sha2-nistp256") + wire("nistp256") + wire(key.point)
    return Authority(blob, lambda data: wire("ecdsa-sha2-nistp256") + wire(pair(*P256.sign(key, data))))


def public(key, options=""):
    """A line of allowed_signers behind the principals."""
    kind = key[4:4 + int.from_bytes(key[:4], "big")].decode()
    return f"{options} {kind} {base64.b64encode(key).decode()}".strip()


def accepts(signers, signature, principal="dana", time=TIME):
    """The word of ssh-keygen on one signature."""
    (KEYS / "signers").write_text("".join(line + "\n" for line in signers))
    (KEYS / "signature").write_bytes(signature)
    words = ["ssh-keygen", "-Y", "verify", "-q", "-n", "jitgate-grant", "-I", principal, "-f", str(KEYS / "signers"),
             "-s", str(KEYS / "signature"), f"-Overify-time={time}"]
    return subprocess.run(words, input=PAYLOAD, capture_output=True).returncode == 0


class Folder:
    """Where vectors go: header lines, an empty line, and a signed file."""

    def __init__(self, name):
        self.path = pathlib.Path(__file__).resolve().parent / name
        self.names = set()
        self.path.mkdir(exist_ok=True)
        for old in self.path.glob("*.vector"):
            old.unlink()

    def add(self, name, signature, *expected, signers, origin=None, synced=False, time=TIME, principal="dana"):
        assert name not in self.names, name
        self.names.add(name)
        lines = [f"expect: {code}" for code in expected] + [f"signer: {line}" for line in signers]
        lines += [f"origin: {origin}"] if origin else []
        lines += ["synced: true"] if synced else []
        lines += [f"time: {time}", f"principal: {principal}"]
        lines.append("ssh-keygen: " + ("accepts" if accepts(signers, signature, principal, time) else "refuses"))
        (self.path / f"{name}.vector").write_bytes("\n".join(lines).encode() + b"\n\n" + PAYLOAD + signature)
