# The package: what it does when it comes, is replaced and goes.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"

lab up --fresh

observes() {
    install_package "$PACKAGE"
    eventually is_active
    [[ $(status_text) == 'observe: no grant open' ]]
    reaches
    reaches "$STRANGER"
    [[ $(events) == policy-loaded* ]]
    host test -d /etc/jitgate/grants.d -a -d /run/jitgate/grants.d -a -S /run/jitgate/control
    host getent group jitgate
}
is_found() {
    host systemctl is-enabled --quiet jitgated jitgate-gate
    host sh -c 'jitgate status && jitgated --check'
    host test -s /usr/share/bash-completion/completions/jitgate
}
is_hardened() {
    local unit
    for unit in jitgated jitgate-gate; do
        # The lab has no man, and exits with its failure: what it says of manuals does not count.
        { host systemd-analyze verify "/lib/systemd/system/$unit.service" || true; } >"$WORK/verified" 2>&1
        not grep -v "Command 'man" "$WORK/verified"
        host systemd-analyze security --threshold=15 "$unit"
    done
    for unit in jitgate-fetch jitgate-hub; do
        lab push "$ROOT/systemd/$unit.service" "/root/$unit.service"
        host systemd-analyze security --offline=true --threshold=15 "/root/$unit.service"
    done
}
reload_enforces() {
    signer
    policy enforce
    host systemctl reload jitgated
    [[ $(status_text) == 'enforce: no grant open' ]]
    not reaches "$STRANGER"
    drop a.grant 120
    eventually reaches
    not reaches "$STRANGER"
    [[ $(status_text) == 'enforce: 1 grant open, the next deadline is '* ]]
    [[ $(lab ssh echo in) == in ]]
}
reload_refuses() {
    local status=0
    policy maybe
    host jitgated --check || status=$?
    ((status == 78))
    not host systemctl reload jitgated
    is_active
    host systemctl kill -s HUP jitgated
    eventually eval '[[ $(status_text) == *problem:* ]]'
    [[ $(events policy-refused) == *maybe* ]]
    reaches
    not reaches "$STRANGER"
    policy enforce
    host systemctl kill -s HUP jitgated
    eventually eval '[[ $(status_text) != *problem:* ]]'
}
upgrade_is_no_event() {
    local before
    echo '# mine' | cat <(lab pull /etc/jitgate/jitgate.toml -) - | lab push - /etc/jitgate/jitgate.toml
    session "$WORK/session"
    probe "$WORK/probe" "$STRANGER"
    before=$(agent_pid)
    install_package "$NEWER"
    eventually is_active
    (($(agent_pid) != before))
    goes_on "$WORK/session"
    not grep -q through "$WORK/probe"
    stop_probe
    reaches
    [[ $(count grant-opened) == 1 && $(count grant-closed) == 0 ]]
    host grep -q '# mine' /etc/jitgate/jitgate.toml
}
downgrade_is_no_event() {
    local before
    before=$(agent_pid)
    install_package "$PACKAGE"
    eventually is_active
    (($(agent_pid) != before))
    goes_on "$WORK/session"
    [[ $(count grant-opened) == 1 && $(count grant-closed) == 0 ]]
    host grep -q '# mine' /etc/jitgate/jitgate.toml
}
needs_no_journal() {
    local before units=(systemd-journald.socket systemd-journald-dev-log.socket systemd-journald-audit.socket systemd-journald.service)
    before=$(count agent-started)
    host systemctl mask --runtime --now "${units[@]}"
    host systemctl restart jitgated
    not host systemctl is-active --quiet systemd-journald
    host jitgate status
    reaches
    not reaches "$STRANGER"
    has_events $((before + 1)) agent-started
    host systemctl unmask --runtime "${units[@]}"
    host systemctl start systemd-journald.socket
}
chroot_keeps_the_gate() {
    # Nobody would stop it while an agent runs.
    host systemctl stop jitgated
    in_chroot /var/lib/dpkg/info/jitgate.prerm remove
    table >/dev/null
    not reaches "$STRANGER"
    host systemctl start jitgated
}
remove_opens() {
    host dpkg -r jitgate >"$WORK/said"
    grep -q '^jitgate: the gate is down: no port is protected any more$' "$WORK/said"
    not table
    reaches "$STRANGER"
    not is_active
    host grep -q '# mine' /etc/jitgate/jitgate.toml
    goes_on "$WORK/session"
}
purge_keeps_the_log() {
    host dpkg -P jitgate </dev/null >"$WORK/said"
    grep -q 'kept the audit log' "$WORK/said"
    host test -s /var/log/jitgate/audit.jsonl
    host test -s /var/lib/jitgate/audit.key
    not host test -e /var/lib/jitgate/policy.toml
    not host test -e /var/lib/jitgate/allowed_signers
    not host test -e /etc/jitgate
    not host test -e /run/jitgate
}
purge_takes_all_when_told() {
    install_package "$PACKAGE"
    host touch /etc/jitgate/purge-audit-log
    host dpkg -P jitgate
    not host test -e /var/log/jitgate
    not host test -e /var/lib/jitgate
    not host test -e /etc/jitgate
}
unpacked_shuts_nobody_out() {
    lab push "$PACKAGE" /tmp/jitgate.deb
    host dpkg --unpack /tmp/jitgate.deb
    # There is no group of its name yet, and no policy.
    not host systemctl start jitgated
    host systemctl stop jitgated
    not host systemctl is-enabled jitgated
    reaches "$STRANGER"
    not table
}
without_systemd() {
    # As on a host with another init: nothing of systemd is below /run.
    host unshare -m sh -ec 'mount -t tmpfs none /run; dpkg --configure jitgate; test -d /run/jitgate/grants.d; jitgated &
        tries=0; until jitgate status 2>/dev/null; do tries=$((tries + 1)); [ $tries -lt 100 ] || exit 1; sleep 0.1; done
        kill $!; wait $!' >"$WORK/said"
    grep -q '^mode  *observe$' "$WORK/said"
    host systemctl is-enabled --quiet jitgated jitgate-gate
    # Not for the next agent: what is no service sees another boot ID in this container, and its clock would not fit.
    host touch /etc/jitgate/purge-audit-log
    host dpkg -P jitgate
}
without_packaging_tools() {
    local source=$WORK/source
    mkdir -p "$source/programs" "$source/docs"
    cp -r "$ROOT/scripts" "$ROOT/systemd" "$ROOT/etc" "$source/"
    cp -r "$ROOT/docs/man" "$source/docs/"
    dpkg-deb --fsys-tarfile "$PACKAGE" | tar -C "$source/programs" --strip-components 3 -xf - \
        ./usr/bin/jitgate ./usr/sbin/jitgated
    lab push "$source" /root/source
    host env JITGATE_PROGRAMS=/root/source/programs /root/source/scripts/install
    is_active
    [[ $(status_text) == 'observe: no grant open' ]]
    host test -s /usr/local/share/man/man1/jitgate-request.1
    policy enforce
    host systemctl reload jitgated
    not reaches "$STRANGER"
    host /root/source/scripts/install --uninstall
    reaches "$STRANGER"
    not table
    not host test -e /usr/local/sbin/jitgated
    not host test -e /usr/local/lib/systemd/system/jitgated.service
    host test -e /etc/jitgate/jitgate.toml -a -e /var/log/jitgate/audit.jsonl
}

it 'A new install observes and shuts nobody out' observes
it 'Programs, units and completions are where they are looked for' is_found
it 'The units are well-formed and score 1.5 or lower' is_hardened
it 'A reload of the service puts a policy in force, and ssh goes by grant' reload_enforces
it 'A reload with a wrong policy fails, and the one in force stays' reload_refuses
it 'An upgrade drops no session, opens nothing and keeps the configuration' upgrade_is_no_event
it 'A downgrade drops no session, opens nothing and keeps the configuration' downgrade_is_no_event
it 'Without a journal the agent starts, and the gate holds' needs_no_journal
it 'Removing the package in a chroot leaves the gate of the machine alone' chroot_keeps_the_gate
it 'Removing the package takes the gate down and says so' remove_opens
it 'A purge asks nothing and keeps the audit log' purge_keeps_the_log
it 'A purge takes the audit log along where its owner said so' purge_takes_all_when_told
it 'A package that is only unpacked does not start, and shuts nobody out' unpacked_shuts_nobody_out
it 'Without systemd it is installed, and the agent runs' without_systemd
it 'Without packaging tools it is installed and removed by a script' without_packaging_tools
