# Sessions of a real sshd that are told, on their terminals, before they are cut.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"

lab up --fresh
install_package "$PACKAGE" >"$WORK/install.log" 2>&1
signer
policy enforce '[sessions]' 'warn = ["4s"]'
host systemctl reload jitgated
host useradd -m -p '*' ann
host sh -c 'cp -r /root/.ssh /home/ann/ && chown -R ann /home/ann/.ssh'

# logged_in USER NAME COMMAND: what USER sees on a terminal until a grant of nine seconds ends.
logged_in() {
    drop "$2.grant" 9
    eventually reaches
    LAB_SSH_USER=$1 lab ssh -tt "echo in; $3; exec sleep 60" </dev/null >"$WORK/$2" 2>"$WORK/$2.errors" || true
    cat "$WORK/$2"
    grep -q '^in' "$WORK/$2"
    not reaches
}
user_is_told() {
    logged_in ann user true
    [[ $(grep -c 'jitgate: your access to 22/tcp ends in 4 seconds, at ' "$WORK/user") == 1 ]]
    grep -q 'To stay: jitgate extend' "$WORK/user"
    grep -q $'\a' "$WORK/user"
}
root_is_told() {
    logged_in root root true
    grep -q 'ends in 4 seconds' "$WORK/root"
}
refuses_messages() {
    logged_in ann quiet 'chmod 600 "$(tty)"'
    not grep -q jitgate: "$WORK/quiet"
    is_active
}

logind_tells() {
    # Debian 13 has none anyway.
    host rm -f /run/utmp
    logged_in ann logind true
    [[ $(grep -c 'jitgate: your access to 22/tcp ends in 4 seconds, at ' "$WORK/logind") == 1 ]]
}

it 'A user on a terminal is told before the session is cut, once' user_is_told
it 'Root is told as well' root_is_told
it 'Who takes no messages gets none, and is cut all the same' refuses_messages
it 'A user is told by what logind knows where no utmp is written' logind_tells
