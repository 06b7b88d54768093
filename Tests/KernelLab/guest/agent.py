"""In the guest: runs what is asked for on the virtio port, one request a line, and answers each with one line.

{"run": [ARG, ...], "input": BASE64, "limit": SECONDS} is answered by {"status": N, "output": BASE64}.
What a test says as it goes on leaves by a second port, `events`, a line each.
"""
import base64
import fcntl
import json
import os
import subprocess
import sys
import time


def port(name):
    for entry in sorted(os.listdir("/sys/class/virtio-ports")):
        with open(f"/sys/class/virtio-ports/{entry}/name") as file:
            if file.read().strip() == name:
                return "/dev/" + entry
    sys.exit(f"no virtio port {name}")


def answer(request):
    try:
        done = subprocess.run(
            request["run"],
            input=base64.b64decode(request.get("input", "")),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=request.get("limit", 120),
            env={**os.environ, "HOME": "/root", "LANG": "C.UTF-8"},
        )
        status, output = done.returncode, done.stdout
    except subprocess.TimeoutExpired as error:
        status, output = 124, (error.stdout or b"") + b"\nit took too long\n"
    except OSError as error:
        status, output = 127, str(error).encode()
    return {"status": status, "output": base64.b64encode(output).decode()}


def main():
    channel = os.open(port("control"), os.O_RDWR)
    fcntl.fcntl(channel, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
    waiting = b""
    while True:
        data = os.read(channel, 1 << 16)
        if not data:  # nobody is connected outside
            time.sleep(0.05)
            continue
        waiting += data
        while b"\n" in waiting:
            line, waiting = waiting.split(b"\n", 1)
            try:
                request = json.loads(line)
            except ValueError:
                continue
            # An answer begins with a line feed, so that one that was cut off before spoils nothing.
            reply = b"\n" + json.dumps({**answer(request), "id": request.get("id")}).encode() + b"\n"
            while reply:
                reply = reply[os.write(channel, reply) :]


if __name__ == "__main__":
    main()
