# What the lab's tests share: a host, a remote peer, a signer, and `it`.
# Each test file runs in an instance of its own and says what it checks in sentences.
# shellcheck shell=bash disable=SC2016
set -euo pipefail

ROOT=$(dirname "$(dirname "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")")")
export LAB_NAME=${LAB_NAME:-t$((BASHPID % 10000000))}
# Where the admitted peer and the stranger come from, and the host.
GUEST=192.0.2.1 GUEST6=2001:db8:2::1 STRANGER=192.0.2.9 HOST=192.0.2.2 HOST6=2001:db8:2::2
export GUEST GUEST6 STRANGER HOST HOST6
WORK=$(mktemp -d)
: >"$WORK/pids"
FAILED=0

lab() { "$ROOT/scripts/lab" "$@"; }
host() { lab exec "$@"; }
finish() {
    local status=$? pid
    while read -r pid; do kill "$pid" 2>/dev/null || true; done <"$WORK/pids"
    if ((status != 0 || FAILED)) && [[ -n ${LAB_KEEP:-} ]]; then
        echo "kept: LAB_NAME=$LAB_NAME scripts/lab exec ..." >&2
    else
        lab down || true
    fi
    rm -rf "$WORK"
    ((status != 0 || FAILED == 0)) || exit 1
}
trap finish EXIT

# it SENTENCE FUNCTION: runs a test; the rest goes on if it fails.
it() {
    local started=$EPOCHREALTIME out=$WORK/output rc=0
    # A subshell, since a function on the left of || would not stop at its first failure.
    (set -E; trap 'echo "failed: line $LINENO: $BASH_COMMAND"' ERR; "$2") >"$out" 2>&1 & wait $! || rc=$?
    local took=$(((${EPOCHREALTIME/./} - ${started/./}) / 1000))
    if ((rc == 0)); then
        printf '✔ Test "%s" passed after %d.%03d seconds.\n' "$1" $((took / 1000)) $((took % 1000))
    else
        FAILED=1
        printf '✘ Test "%s" failed after %d.%03d seconds.\n' "$1" $((took / 1000)) $((took % 1000))
        sed 's/^/↳ /' "$out"
    fi
}

# eventually [SECONDS] CMD...: true within ten seconds, or that many.
eventually() {
    local end=$((SECONDS + 10))
    if [[ $1 =~ ^[0-9]+$ ]]; then end=$((SECONDS + $1)) && shift; fi
    until "$@"; do
        ((SECONDS < end)) || { echo "did not come to be so: $*" >&2; return 1; }
        sleep 0.05
    done
}
not() { if "$@"; then return 1; fi; }

# reaches [SOURCE [PORT [ADDRESS]]]: whether a TCP connection comes about.
reaches() { lab client nc -z -w 1 -s "${1:-$GUEST}" "${3:-$HOST}" "${2:-22}" 2>/dev/null; }

# --- the agent -----------------------------------------------------------
install_package() { lab push "$1" /tmp/jitgate.deb && host dpkg -i /tmp/jitgate.deb; }
is_active() { host systemctl is-active --quiet jitgated; }
agent_pid() { host systemctl show -P MainPID jitgated; }
status_text() { host systemctl show -P StatusText jitgated; }
# The table as a reader sees it from outside; the host has no need of nft.
table() { nsenter -t "$(lab leader)" -n nft list table inet jitgate; }
# events [NAME]: the reasons of the records of that kind, or all kinds in order.
events() {
    host cat /var/log/jitgate/audit.jsonl | python3 -c '
import json, sys
for line in sys.stdin:
    record = json.loads(line)
    if len(sys.argv) < 2: print(record["JITGATE_EVENT"])
    elif record["JITGATE_EVENT"] == sys.argv[1]: print(record.get("JITGATE_REASON", "-"))' "$@"
}
count() { events "$1" | wc -l; }
has_events() { (($(count "$2") == $1)); }

# in_chroot CMD...: runs it in another root of the host, in which no systemd runs: an image that is made there.
in_chroot() {
    host sh -c 'mkdir -p /tmp/image && mount -t tmpfs image /tmp/image
        for folder in /usr /etc /var/lib/dpkg /proc; do
            mkdir -p /tmp/image$folder && mount --bind $folder /tmp/image$folder
            [ $folder = /proc ] || mount -o remount,bind,ro /tmp/image$folder
        done
        ln -s usr/bin usr/sbin usr/lib usr/lib64 /tmp/image/
        chroot /tmp/image "$@"; status=$?; umount -R -l /tmp/image; exit $status' - "$@"
}

# policy MODE [LINE]...: puts a policy there; who loads it is another matter.
policy() {
    local mode=$1
    shift
    { printf 'mode = "%s"\nhostname = "web-1"\n' "$mode"; printf '%s\n' "$@"; } | lab push - /etc/jitgate/jitgate.toml
}

# --- grants --------------------------------------------------------------
# A signer that the host knows.
signer() {
    [[ -f $WORK/key ]] || ssh-keygen -q -t ed25519 -N '' -f "$WORK/key"
    echo "dana namespaces=\"jitgate-grant,jitgate-revocation\" $(cut -d' ' -f1,2 "$WORK/key.pub")" |
        lab push - /etc/jitgate/allowed_signers
}
# grant FILE SECONDS [SOURCE [PORT]]: a signed grant.
# shellcheck disable=SC2094
grant() {
    printf '{"jitgate": "grant/1", "id": "%s", "hosts": ["web-1"], "requestor": "dana", "justification": "lab",
"sources": ["%s"], "ports": ["%s"], "expires": "%s"}\n' "$(</proc/sys/kernel/random/uuid)" "${3:-$GUEST}" \
        "${4:-22/tcp}" "$(date -u -d "+$2 seconds" +%Y-%m-%dT%H:%M:%S.%NZ)" >"$WORK/grant.json"
    ssh-keygen -q -Y sign -n jitgate-grant -f "$WORK/key" <"$WORK/grant.json" 2>/dev/null |
        cat "$WORK/grant.json" - >"$1"
}
# drop NAME SECONDS [SOURCE [PORT]]: a grant into the drop directory that outlives a boot.
drop() {
    grant "$WORK/$1" "${@:2}"
    lab push "$WORK/$1" "/etc/jitgate/grants.d/.$1"
    host mv "/etc/jitgate/grants.d/.$1" "/etc/jitgate/grants.d/$1"
}

# --- what goes on meanwhile ----------------------------------------------
# session FILE: an ssh session that writes a line ten times a second.
session() {
    (exec "$ROOT/scripts/lab" ssh 'while sleep 0.1; do date +%s.%N; done' >"$1" 2>/dev/null) &
    echo $! >>"$WORK/pids"
    eventually test -s "$1"
}
lines() { wc -l <"$1"; }
goes_on() { local before; before=$(lines "$1"); eventually eval "(( \$(lines $1) > $before + 2 ))"; }
is_silent() { local before; before=$(lines "$1"); sleep 1; (($(lines "$1") == before)); }

# probe FILE SOURCE [SOURCE6]: tries to connect all the time, IPv4 and IPv6; a line for each that came about.
probe() {
    (exec "$ROOT/scripts/lab" client python3 -u "$ROOT/Tests/LabTests/probe.py" "$2" "$HOST" "$HOST6" "${@:3:1}" >"$1") &
    echo $! >>"$WORK/pids"
    echo $! >"$WORK/prober"
    eventually grep -q '^ready' "$1"
}
stop_probe() { kill "$(<"$WORK/prober")"; }
