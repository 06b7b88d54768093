# What code that got into the agent could reach from there.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"

lab up --fresh
install_package "$PACKAGE" >"$WORK/install.log" 2>&1
lab push "$ROOT/Tests/LabTests/intruder.py" /usr/local/bin/intruder.py

# All that listens on the host, by the names that anybody could connect to.
host_sockets() { host sh -c "find /run /var /tmp /dev /root -xdev -type s 2>/dev/null; awk '\$8 ~ /^@/ { print \$8 }' /proc/net/unix" | sort -u; }
# intrude [LINE]...: runs the intruder in place of the agent, with those lines in the unit; prints what worked.
intrude() {
    host mkdir -p /etc/systemd/system/jitgated.service.d
    {
        printf '[Service]\nExecStart=\nWatchdogSec=0\nTimeoutStartSec=60\nRestart=no\n'
        printf '%s\n' "$@"
        echo "ExecStart=/usr/bin/python3 /usr/local/bin/intruder.py /var/lib/jitgate/intruder $(host_sockets | xargs)"
    } | lab push - /etc/systemd/system/jitgated.service.d/intruder.conf
    host rm -f /var/lib/jitgate/intruder
    host systemctl daemon-reload
    host systemctl restart jitgated
    eventually 60 host test -e /var/lib/jitgate/intruder
    host cat /var/lib/jitgate/intruder >"$WORK/worked"
    host systemctl stop jitgated
    host rm /etc/systemd/system/jitgated.service.d/intruder.conf /var/lib/jitgate/intruder
    host systemctl daemon-reload
    cat "$WORK/worked"
}

# The intruder is handed a whole interpreter and every program of the host: more than real code would find.
EVERYTHING='BindReadOnlyPaths=/usr'

would_work_outside() {
    [[ $(host_sockets) == */run/systemd/private* ]]
    intrude TemporaryFileSystem= BindPaths= BindReadOnlyPaths= NoExecPaths= ExecPaths= >/dev/null
    grep -q '^socket /run/systemd/private$' "$WORK/worked"
    grep -q '^systemd-run ' "$WORK/worked"
    grep -q '^busctl ' "$WORK/worked"
    host test -e /root/owned
    host rm -f /root/owned
}
reaches_nothing() {
    intrude "$EVERYTHING" >/dev/null
    grep -v -e '^end$' -e '^socket /run/systemd/notify$' -e '^socket /run/systemd/journal/socket$' \
        "$WORK/worked" >"$WORK/beyond" || true
    not grep . "$WORK/beyond"
    not host test -e /root/owned
    grep -q '^end$' "$WORK/worked"
}
# Prints every file that could be executed in the agent's mounts; fails if one that is not listed really can.
EXECUTABLES='
import ctypes, os, subprocess, sys
libc = ctypes.CDLL(None, use_errno=True)
space = os.open(f"/proc/{sys.argv[1]}/ns/mnt", os.O_RDONLY)
if libc.setns(space, 0): raise OSError(ctypes.get_errno(), "setns")
for top in ("/usr", "/var", "/etc", "/tmp", "/run", "/dev", "/opt"):
    for folder, _, names in os.walk(top):
        for path in (f"{folder}/{name}" for name in names):
            if os.path.isfile(path) and not os.path.islink(path) and os.access(path, os.X_OK):
                print(path + " that can be written" * os.access(path, os.W_OK))
for line in open(f"/proc/{sys.argv[1]}/mountinfo"):
    place, options = line.split()[4:6]
    options = set(options.split(","))
    # What systemd mounts there is for it to write alone: sockets, and a folder for mounts to come.
    if place.startswith("/run/systemd/") and "ro" in options: continue
    if "noexec" not in options and not os.path.isfile(place): print("the mount " + place)
try: subprocess.run(["/usr/bin/true"])
except PermissionError: pass
else: print("/usr/bin/true was executed")
'
executes_itself_alone() {
    host systemctl restart jitgated
    eventually is_active
    host systemctl reload jitgated
    host cp /usr/bin/true /var/lib/jitgate/true
    host python3 -c "$EXECUTABLES" "$(agent_pid)" | sort >"$WORK/executable"
    host sh -c '{ echo /usr/sbin/jitgated; echo /usr/bin/jitgate
        ldd /usr/sbin/jitgated /usr/bin/jitgate | grep -o "/[^ ]*\.so[^ ]*" | xargs readlink -f; } | sort -u' >"$WORK/listed"
    # A library that is no program of its own need not be executable for anybody.
    [[ -s $WORK/executable ]]
    not grep -vxFf "$WORK/listed" "$WORK/executable"
    grep -qx /usr/sbin/jitgated "$WORK/executable"
}
gate_unit_too() {
    host systemctl restart jitgate-gate
    host systemctl is-active --quiet jitgate-gate
}

it 'Root without capabilities and outside the sandbox is root all the same' would_work_outside
it 'Who takes over the agent reaches no socket but its own, and nothing that is root' reaches_nothing
it 'Nothing can be executed in the sandbox but the agent, the tool and their libraries' executes_itself_alone
it 'What shuts the host at boot runs in the same sandbox' gate_unit_too
