# From observe to enforce over ssh, and what the journal knows of it.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"

lab up --fresh
install_package "$PACKAGE" >"$WORK/install.log" 2>&1
signer

policy observe
host systemctl reload jitgated

mode() { host jitgate status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["mode"])'; }
is_in() { [[ $(mode) == "$1" ]]; }

own_session_survives() {
    session "$WORK/own"
    policy enforce
    host jitgate try --for 1m
    is_in enforce
    # Nobody comes in any more, and who is in stays in.
    not reaches
    goes_on "$WORK/own"
    host jitgate confirm
    host systemctl restart jitgated
    not reaches
    goes_on "$WORK/own"
    policy observe
    host systemctl reload jitgated
    kill "$(tail -n 1 "$WORK/pids")"
}
grant_over_ssh() {
    # As an administrator does it, from outside.
    grant "$WORK/a.grant" 120
    lab ssh 'cat >/root/a.grant && jitgate submit /root/a.grant' <"$WORK/a.grant"
    [[ $(count grant-opened) == 1 ]]
    host sh -c 'test -f /run/jitgate/grants.d/*.grant'
}
trial_gives_way() {
    session "$WORK/session"
    policy enforce
    lab ssh jitgate try --for 5s
    is_in enforce
    not reaches "$STRANGER"
    eventually is_in observe
    reaches "$STRANGER"
    goes_on "$WORK/session"
}
trial_is_kept() {
    lab ssh jitgate try --for 6s
    # A login of its own: the way in works.
    lab ssh jitgate confirm
    sleep 6.5
    is_in enforce
    not reaches "$STRANGER"
    goes_on "$WORK/session"
}
explains() {
    host jitgate explain "$GUEST" 22
    not host jitgate explain "$STRANGER" 22
}
revoke_cuts() {
    session "$WORK/granted"
    lab ssh 'jitgate revoke --all --reason done' || true
    eventually not reaches
    is_silent "$WORK/granted"
    [[ $(events grant-closed) == revoked ]]
}
journal_has_fields() {
    host journalctl --sync
    host journalctl -o json JITGATE_EVENT=grant-opened >"$WORK/opened"
    python3 - "$WORK/opened" <<'PY'
import json, sys
[line] = open(sys.argv[1])
record = json.loads(line)
assert record["_SYSTEMD_UNIT"] == "jitgated.service", record
assert record["JITGATE_REQUESTOR"] == "dana" and record["JITGATE_SOURCES"] == "192.0.2.1/32", record
assert record["JITGATE_PORTS"] == "22/tcp" and record["PRIORITY"].isdigit(), record
assert len(record["MESSAGE_ID"]) == 32 and record["MESSAGE"].startswith("Opened for dana"), record
PY
}
journal_explains() {
    host journalctl -x JITGATE_EVENT=grant-opened >"$WORK/explained"
    grep -q '^░░' "$WORK/explained"
    not grep -q '@JITGATE' "$WORK/explained"
    # Every record of the log is in the journal.
    [[ $(host journalctl -o json JITGATE_SEQ=0 JITGATE_SEQ=1 JITGATE_SEQ=2 | wc -l) == 3 ]]
}

trial_ends_over_a_reboot() {
    policy observe
    host systemctl reload jitgated
    policy enforce
    lab ssh jitgate try --for 30s
    is_in enforce
    lab reboot
    # The file that was not confirmed lies there still.
    eventually 60 is_in observe
    reaches "$STRANGER"
    host grep -q enforce /etc/jitgate/jitgate.toml
    [[ $(events policy-loaded | tail -n 1) == 'not confirmed in time' ]]
    host jitgate status --json | grep -q 'was not confirmed in time'
    # Nor does it come back with the next boot.
    lab reboot
    is_in observe
    reaches "$STRANGER"
}
trial_over_before_the_boot() {
    host jitgate try --for 3s
    lab crash
    sleep 3
    lab up
    # Also the gate that was there before the agent ran went by the policy before.
    is_in observe
    reaches "$STRANGER"
    [[ $(events policy-loaded | tail -n 1) == 'not confirmed in time' ]]
}

it 'A session without a grant survives the switch to enforce, and a restart after it' own_session_survives
it 'A grant comes in over ssh and opens' grant_over_ssh
it 'A policy on trial gives way unless it is confirmed' trial_gives_way
it 'A policy on trial stays when it is confirmed, and the session goes on' trial_is_kept
it 'The agent explains who would pass' explains
it 'A revocation cuts the session at once' revoke_cuts
it 'The journal has the fields of each record' journal_has_fields
it 'The journal explains each kind of record' journal_explains
it 'A policy on trial goes on over a reboot, and gives way when its time is over' trial_ends_over_a_reboot
it 'A policy whose trial ended while the host was off is not in force when it is back' trial_over_before_the_boot
