"""Calls of the agent over its control socket (docs/PROTOCOL.control), without the cost of a program each."""
import hashlib
import json
import socket


def _replies(control, method, more, parameters):
    request = {"method": f"io.jitgate.Agent.{method}", "parameters": parameters}
    if more:
        request["more"] = True
    with socket.socket(socket.AF_UNIX) as channel:
        channel.settimeout(120)
        channel.connect(control)
        channel.sendall(json.dumps(request).encode() + b"\0")
        waiting = b""
        while True:
            data = channel.recv(1 << 16)
            if not data:
                return
            *messages, waiting = (waiting + data).split(b"\0")
            for message in messages:
                reply = json.loads(message)
                yield reply
                if not reply.get("continues"):
                    return


def call(control, method, **parameters):
    return next(iter(_replies(control, method, False, parameters)), {"error": "no reply"})


def verdict(control, path, content):
    """What became of a file, waited for."""
    digest = hashlib.sha256(content).hexdigest()
    last = {"error": "no reply"}
    for reply in _replies(control, "Verdict", True, {"file": str(path), "sha256": digest}):
        last = reply
    return last.get("parameters", {"outcome": last.get("error")})
