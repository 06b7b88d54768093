"""Connects to port 22 as fast as it can; prints a line for each connection that came about, and one for each second.

usage: probe.py SOURCE4 HOST4 HOST6 [SOURCE6]
"""
import select
import socket
import sys
import time

source, host4, host6, source6 = (sys.argv[1:] + ["::"])[:4]
targets = [(socket.AF_INET, host4, (source, 0)), (socket.AF_INET6, host6, (source6, 0))]
print("ready")
tries, second = 0, time.monotonic()
while True:
    waiting = []
    for family, host, bound in targets:
        attempt = socket.socket(family, socket.SOCK_STREAM)
        attempt.setblocking(False)
        try:
            attempt.bind(bound)
            attempt.connect((host, 22))
        except BlockingIOError:
            waiting.append((attempt, host))
        except OSError:
            attempt.close()
    tries += len(waiting)
    end = time.monotonic() + 0.05
    while waiting and (left := end - time.monotonic()) > 0:
        done = select.select([], [attempt for attempt, _ in waiting], [], left)[1]
        for entry in [entry for entry in waiting if entry[0] in done]:
            # A refusal says as much as an answer: the packet came through.
            error = entry[0].getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if error in (0, 111):
                print("through", entry[1], error, f"at {time.time():.3f}")
            entry[0].close()
            waiting.remove(entry)
    for attempt, _ in waiting:
        attempt.close()
    if not waiting:
        time.sleep(0.01)
    if time.monotonic() - second >= 1:
        print("tried", tries)
        tries, second = 0, time.monotonic()
