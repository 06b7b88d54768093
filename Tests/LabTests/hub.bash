# The package of the hub on a host with a real systemd: its user, its sandbox, upgrade and removal.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"
LAB_PACKAGES=$(readlink -f "$(dirname "$0")/hub.packages")
export LAB_PACKAGES

HUB=$(readlink -f "$(dirname "$PACKAGE")"/jitgate-hub_[!9]*.deb)
NEWER_HUB=$(readlink -f "$(dirname "$PACKAGE")"/jitgate-hub_99.0_*.deb)
lab up --fresh
ssh-keygen -q -t ed25519 -N '' -f "$WORK/key"

install_hub() { lab push "$1" /root/hub.deb && host dpkg -i /root/hub.deb; }
runs() { host systemctl is-active --quiet jitgate-hub; }
main_pid() { host systemctl show -P MainPID jitgate-hub; }
# get PATH: what the hub answers at loopback.
get() {
    host bash -c 'exec 3<>/dev/tcp/127.0.0.1/8080 && printf "GET %s HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nConnection: close\r\n\r\n" "$1" >&3 && cat <&3' - "$1" 2>/dev/null
}
is_healthy() { get /healthz | grep -q '^HTTP/1.1 200 '; }
# configure LINE...: the file of the hub, and somebody who may log in.
configure() {
    printf '%s\n' 'url = "http://127.0.0.1:8080"' "$@" | lab push - /etc/jitgate/hub.toml
    echo "dana namespaces=\"jitgate-login\" $(cut -d' ' -f1,2 "$WORK/key.pub")" | lab push - /etc/jitgate/allowed_signers
}

checks() { host runuser -u jitgate-hub -- jitgate-hub --check; }

waits() {
    install_hub "$HUB"
    host systemctl is-enabled --quiet jitgate-hub
    not runs
    { host systemd-analyze verify /lib/systemd/system/jitgate-hub.service || true; } >"$WORK/verified" 2>&1
    not grep -v "Command 'man" "$WORK/verified"
    host systemd-analyze security --threshold=20 jitgate-hub
}
serves() {
    configure
    host systemctl start jitgate-hub
    # systemd was told that it is ready.
    is_healthy
    [[ $(host stat -c '%a %U %G' /var/lib/jitgate-hub) == '700 jitgate-hub jitgate-hub' ]]
    host test -s /var/lib/jitgate-hub/hub.db
    [[ $(host stat -c '%a %U' /var/lib/jitgate-hub/hub.key) == '600 jitgate-hub' ]]
}
is_confined() {
    local pid
    pid=$(main_pid)
    [[ $(host stat -c %U "/proc/$pid") == jitgate-hub ]]
    [[ $(host sed -n 's/^CapEff:\s*//p' "/proc/$pid/status") == 0000000000000000 ]]
    [[ $(host sed -n 's/^NoNewPrivs:\s*//p' "/proc/$pid/status") == 1 ]]
    [[ $(host sed -n 's/^Seccomp:\s*//p' "/proc/$pid/status") == 2 ]]
    # Of /run it sees its own directory and what the unit names.
    host sh -c 'nsenter -t "$1" -m ls /run' - "$pid" >"$WORK/seen"
    not grep -vxE 'jitgate-hub|systemd|postgresql|nscd|resolvconf|credentials' "$WORK/seen"
    not host sh -c 'nsenter -t "$1" -m touch /etc/jitgate/mine' - "$pid"
}
refuses() {
    local before
    before=$(host systemctl show -P NRestarts jitgate-hub)
    configure 'listen = "0.0.0.0:80"'
    not checks
    not host systemctl restart jitgate-hub
    [[ $(host systemctl show -P ExecMainStatus jitgate-hub) == 78 ]]
    [[ $(host systemctl show -P NRestarts jitgate-hub) == "$before" ]]
    configure
    checks
    host systemctl restart jitgate-hub
    is_healthy
}
comes_back() {
    local before
    before=$(main_pid)
    host kill -KILL "$before"
    eventually 20 is_healthy
    [[ $(main_pid) != "$before" ]]
}
shares_its_socket() {
    configure 'listen = "unix:/run/jitgate-hub/http"'
    host systemctl restart jitgate-hub
    [[ $(host stat -c '%a %U %G' /run/jitgate-hub) == '750 jitgate-hub jitgate-hub' ]]
    [[ $(host stat -c '%a %U %G' /run/jitgate-hub/http) == '660 jitgate-hub jitgate-hub' ]]
    configure
    host systemctl restart jitgate-hub
}
upgrades() {
    local before key
    before=$(main_pid)
    key=$(host sha256sum /var/lib/jitgate-hub/hub.key)
    install_hub "$NEWER_HUB"
    eventually is_healthy
    [[ $(main_pid) != "$before" ]]
    install_hub "$HUB"
    eventually is_healthy
    [[ $(host sha256sum /var/lib/jitgate-hub/hub.key) == "$key" ]]
    grep -q '^url = "http://127.0.0.1:8080"$' <(host cat /etc/jitgate/hub.toml)
}
upgrade_of_a_stopped_one() {
    host systemctl stop jitgate-hub
    install_hub "$NEWER_HUB"
    not runs
    install_hub "$HUB"
    host systemctl start jitgate-hub
}
leaves() {
    host dpkg --remove jitgate-hub
    not runs
    not host test -e /usr/sbin/jitgate-hub
    host test -s /var/lib/jitgate-hub/hub.key -a -s /etc/jitgate/hub.toml
    host dpkg --purge jitgate-hub
    not host test -e /var/lib/jitgate-hub
    not host test -e /etc/jitgate/hub.toml
}

it 'A new hub waits for its URL; its unit is well-formed and scores 2 or lower' waits
it 'It is ready when it listens, and keeps its store and its key to itself' serves
it 'It runs as a user of its own without privileges, and sees nothing of /run that it does not need' is_confined
it 'A configuration that is wrong stops it, and systemd does not try again' refuses
it 'A hub that dies comes back' comes_back
it 'Its Unix socket is for its group' shares_its_socket
it 'An upgrade and a downgrade restart it, and keep configuration, store and key' upgrades
it 'An upgrade starts no hub that was stopped' upgrade_of_a_stopped_one
it 'A removal stops it and keeps what it knows; a purge does not' leaves
