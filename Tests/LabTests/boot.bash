# What holds at boot, whatever the agent does, and after crashes.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"

lab up --fresh
install_package "$PACKAGE" >"$WORK/install.log" 2>&1
signer
# As it is on many servers: at boot it empties the ruleset.
host systemctl enable --quiet nftables.service

# Boots while somebody outside tries all the time; lets him find out when it is up.
boot_under_probe() {
    : >"$WORK/probe"
    probe "$WORK/probe" "$STRANGER"
    lab reboot
    # A full second of trying after everything has started.
    eventually eval '(( $(grep -c tried "$WORK/probe") >= 3 ))'
    stop_probe
}
# Refusals while no host was there do not count: between the end of one boot and the start of the next the
# kernel takes its namespace apart, rules first.
finds_nothing() {
    local gone came
    gone=$(host journalctl -b -1 -o short-unix -n 1 -q | cut -d' ' -f1)
    came=$(host journalctl -b -o short-unix -q | sed -n '1s/ .*//p')
    not awk -v gone="$gone" -v came="$came" '
        $1 == "through" && !($3 == 111 && $5 > gone && $5 < came) { print; found = 1 }
        END { exit !found }' "$WORK/probe"
}

a_probe_sees_an_open_host() {
    boot_under_probe
    grep -q "through $HOST " "$WORK/probe"
    grep -q "through $HOST6 " "$WORK/probe"
}
enforcing_is_shut() {
    policy enforce
    host systemctl reload jitgated
    boot_under_probe
    finds_nothing
    is_active
    # The network came up behind the gate.
    order=$(host systemctl show -P ActiveEnterTimestampMonotonic jitgated nftables jitgate-gate network-pre.target lab-net | xargs)
    [[ $order == "$(tr ' ' '\n' <<<"$order" | sort -n | xargs)" ]]
}
grant_holds_for_what_is_left() {
    local deadline
    drop half.grant 15
    eventually reaches
    deadline=$(date -d "$(status_text | grep -o '20[-0-9]*T[0-9:.]*Z')" +%s)
    boot_under_probe
    finds_nothing
    reaches
    [[ $(lab ssh echo in) == in ]]
    eventually 20 not reaches
    (($(date +%s) >= deadline && $(date +%s) <= deadline + 2))
    eventually has_events 1 grant-closed
    [[ $(events grant-closed) == expired && $(count grant-opened) == 1 ]]
}
host_crash_changes_nothing() {
    drop crash.grant 120
    eventually reaches
    lab crash
    lab up
    reaches
    not reaches "$STRANGER"
    [[ $(count grant-opened) == 2 && $(count grant-closed) == 1 ]]
}
agent_crash_changes_nothing() {
    local before
    session "$WORK/session"
    host mkdir -p /etc/systemd/system/jitgated.service.d
    printf '[Service]\nRestartSec=5s\n' | lab push - /etc/systemd/system/jitgated.service.d/slow.conf
    host systemctl daemon-reload
    before=$(agent_pid)
    host kill -KILL "$before"
    # Nobody can take the table away meanwhile: systemd holds the socket that owns it.
    [[ $(host systemctl show -P NFileDescriptorStore jitgated) == 1 ]]
    host nft flush ruleset
    table >/dev/null
    not host nft delete table inet jitgate
    reaches
    not reaches "$STRANGER"
    not is_active
    host rm /etc/systemd/system/jitgated.service.d/slow.conf
    host systemctl daemon-reload
    eventually eval "is_active && (( \$(agent_pid) != $before ))"
    host nft flush ruleset
    table >/dev/null
    goes_on "$WORK/session"
    [[ $(count grant-opened) == 2 && $(count grant-closed) == 1 ]]
}
hung_agent_is_replaced() {
    local before
    host mkdir -p /etc/systemd/system/jitgated.service.d
    printf '[Service]\nWatchdogSec=2s\n' | lab push - /etc/systemd/system/jitgated.service.d/watchdog.conf
    host systemctl daemon-reload
    host systemctl restart jitgated
    before=$(agent_pid)
    # It feeds the watchdog: it lives longer than it could without.
    sleep 3
    (($(agent_pid) == before))
    host kill -STOP "$before"
    reaches
    not reaches "$STRANGER"
    eventually eval "is_active && (( \$(agent_pid) != $before ))"
    host journalctl -u jitgated --grep 'Watchdog timeout' -q >/dev/null
    goes_on "$WORK/session"
    host rm /etc/systemd/system/jitgated.service.d/watchdog.conf
}
shut_without_agent() {
    host mkdir -p /etc/systemd/system/jitgated.service.d
    printf '[Service]\nExecStart=\nExecStart=/bin/false\n' | lab push - /etc/systemd/system/jitgated.service.d/fail.conf
    boot_under_probe
    finds_nothing
    not is_active
    grep -q drop < <(table)
    # Whoever mends the agent gets the grants back that hold.
    host rm /etc/systemd/system/jitgated.service.d/fail.conf
    host systemctl daemon-reload
    host systemctl restart jitgated
    reaches
    not reaches "$STRANGER"
}
shut_while_agent_hangs() {
    printf '[Service]\nExecPaths=/usr/bin/sleep\nExecStart=\nExecStart=/usr/bin/sleep infinity\nTimeoutStartSec=2s\nRestart=no\n' |
        lab push - /etc/systemd/system/jitgated.service.d/fail.conf
    boot_under_probe
    finds_nothing
    not is_active
    host systemctl is-active --quiet network.target
    grep -q drop < <(table)
    host rm /etc/systemd/system/jitgated.service.d/fail.conf
    host systemctl daemon-reload
    host systemctl restart jitgated
    reaches
}
broken_policy_is_not_put_in_force() {
    policy maybe
    boot_under_probe
    finds_nothing
    is_active
    reaches
    [[ $(status_text) == enforce:*problem:* ]]
    (($(count policy-refused) >= 1))
}
nothing_works() {
    printf '[Service]\nExecStart=\nExecStart=/bin/false\n' | lab push - /etc/systemd/system/jitgated.service.d/fail.conf
    boot_under_probe
    finds_nothing
    not is_active
    grep -q 'by the last policy that was in force, since' < <(host journalctl -b -u jitgate-gate)
}

it 'In observe mode a boot lets everybody in' a_probe_sees_an_open_host
it 'In enforce mode nobody gets in at any time of a boot' enforcing_is_shut
it 'A grant that is half used holds after a boot for what is left of it' grant_holds_for_what_is_left
it 'A crash of the host opens nothing and loses no grant' host_crash_changes_nothing
it 'A crash of the agent drops no session and opens nothing' agent_crash_changes_nothing
it 'A hung agent is replaced, and its gate holds meanwhile' hung_agent_is_replaced
it 'A host whose agent cannot start is shut from the first packet' shut_without_agent
it 'A host whose agent hangs at boot is shut, and gets its network all the same' shut_while_agent_hangs
it 'A policy that somebody broke does not open the host at the next boot' broken_policy_is_not_put_in_force
it 'Nor does it where the agent cannot start either' nothing_works
