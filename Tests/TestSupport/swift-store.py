#!/usr/bin/python3
"""Serves OpenStack Swift with its S3 interface on loopback, and prints the port: a real store, which checks signatures.

swift-store.py FOLDER: a proxy and the servers of accounts, containers and objects, with all that they store in FOLDER,
which must be on a file system with extended attributes. The user is `me:host`, the key `s3cret/key`. FOLDER/requests
has a line `METHOD PATH STATUS` for each request that was answered; while FOLDER/clock has a number, the store's clock
is ahead by so many seconds. There is a bucket, `bucket`. It ends, and removes FOLDER, at the end of its standard input.
"""
import os
import shutil
import sys
import threading
import time

import eventlet

eventlet.monkey_patch(thread=False)

import eventlet.wsgi
from paste.deploy import loadapp
from swift.common import utils
from swift.common.ring import RingBuilder
from swift.common.swob import Request

FOLDER = sys.argv[1]
COMMON = f"""
[DEFAULT]
swift_dir = {FOLDER}
devices = {FOLDER}/devices
mount_check = false
disable_fallocate = true
log_level = CRITICAL
"""
# Nothing listens where the cache should be, and Swift does without.
PROXY = COMMON + """
[pipeline:main]
pipeline = catch_errors cache s3api tempauth proxy-server
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:1
[filter:s3api]
use = egg:swift#s3api
[filter:tempauth]
use = egg:swift#tempauth
user_me_host = s3cret/key .admin
[app:proxy-server]
use = egg:swift#proxy
allow_account_management = true
account_autocreate = true
"""
SERVER = COMMON + "[app:main]\nuse = egg:swift#%s\n"
real_time, ahead = time.time, 0
time.time = lambda: real_time() + ahead


def write(name, text):
    path = os.path.join(FOLDER, name)
    with open(path, "w") as file:
        file.write(text)
    return path


def load(name, text):
    return loadapp("config:" + write(name + ".conf", text))


def serve(socket, application):
    eventlet.spawn(eventlet.wsgi.server, socket, application, log_output=False)


def ring(kind, port):
    builder = RingBuilder(1, 1, 0)
    builder.add_dev({"region": 1, "zone": 1, "ip": "127.0.0.1", "port": port, "device": "d1", "weight": 1})
    builder.rebalance()
    builder.get_ring().save(os.path.join(FOLDER, kind + ".ring.gz"))


def noted(application):
    """Writes a line for each request, and looks at the clock that the store should have."""
    requests = open(os.path.join(FOLDER, "requests"), "a", buffering=1)

    def answer(environment, start_response):
        global ahead
        try:
            with open(os.path.join(FOLDER, "clock")) as file:
                ahead = int(file.read())
        except OSError:
            ahead = 0

        def start(status, *rest):
            requests.write(f"{environment['REQUEST_METHOD']} {environment['PATH_INFO']} {status[:3]}\n")
            return start_response(status, *rest)

        return application(environment, start)

    return answer


def end_with_input():
    os.read(0, 1)
    shutil.rmtree(FOLDER, ignore_errors=True)
    os._exit(0)


os.makedirs(os.path.join(FOLDER, "devices/d1"))
utils.SWIFT_CONF_FILE = write("swift.conf", "[swift-hash]\nswift_hash_path_suffix = a\nswift_hash_path_prefix = b\n")
utils.validate_configuration()
for kind in ("account", "container", "object"):
    listener = eventlet.listen(("127.0.0.1", 0))
    ring(kind, listener.getsockname()[1])
    serve(listener, load(kind, SERVER % kind))
listener = eventlet.listen(("127.0.0.1", 0))
proxy = load("proxy", PROXY)
serve(listener, noted(proxy))
override = {"swift.authorize": lambda request: None, "swift.authorize_override": True}
made = Request.blank("/v1/AUTH_me/bucket", method="PUT", environ=override).get_response(proxy)
assert made.is_success, made.status
threading.Thread(target=end_with_input, daemon=True).start()
print(listener.getsockname()[1], flush=True)
while True:
    eventlet.sleep(3600)
