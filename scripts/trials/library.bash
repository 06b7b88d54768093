# What the trials share: a directory, namespaces that go when the trial ends, and the way they are told.
# shellcheck shell=bash
set -euo pipefail

dir=$(mktemp -d /run/jitgate-try.XXXXXX)
spaces=()
programs=$(readlink -f "${JITGATE_BUILD:-.build/debug}")
export NO_COLOR=1 PATH=$programs:$PATH

# build PRODUCT...: what a trial needs, unless JITGATE_BUILD names a directory with the programs.
build() {
    local product
    scripts/install-dependencies
    [[ -z ${JITGATE_BUILD:-} ]] || return 0
    for product in "$@"; do swift build --product "$product"; done
}

# space NAME: a network namespace with its loopback up.
space() {
    ip netns add "$1"
    spaces+=("$1")
    ip -n "$1" link set lo up
}

# Ends all that runs in the namespaces, and removes them and the directory.
leave() {
    local name pid
    for name in "${spaces[@]}"; do
        for pid in $(ip netns pids "$name" 2>/dev/null); do kill "$pid" 2>/dev/null || true; done
        ip netns del "$name" 2>/dev/null || true
    done
    wait
    rm -rf "$dir"
}
trap 'close_browser; leave' EXIT

# A browser in a coprocess, which does what each line that it is sent says, and answers each with a line.
browser='' person=''
open_browser() { # CMD...: the program that drives it
    coproc BROWSER { exec "$@"; }
    person=$BROWSER_PID
    exec {browser}>&"${BROWSER[1]}" {BROWSER[1]}>&-
    read -r -t 120 _ <&"${BROWSER[0]}" || surprise 'the browser does not start'
}
close_browser() { # it ends with its input
    [[ -n $browser ]] || return 0
    exec {browser}>&-
    browser=''
    wait "$person" || true
}

step() { printf '\n== %s\n' "$*"; }
say() { printf '   %s\n' "$*"; }
shown() { # CMD...: the command as a user would type it, and what it prints
    printf '   $ %s\n' "${*//$dir\//}"
    "$@" 2>&1 | sed -e "s|$dir/||g" -e 's/^/   /'
}
surprise() { # WORDS...: what should not be
    echo "scripts/try: $*" >&2
    exit 1
}
await() { # [SECONDS] CMD...: until it succeeds, for half a minute or that many at most
    local end=$((SECONDS + 30))
    if [[ $1 =~ ^[0-9]+$ ]]; then end=$((SECONDS + $1)) && shift; fi
    until "$@" &>/dev/null; do
        ((SECONDS < end)) || surprise "it never came: $*"
        sleep 0.1
    done
}
scan() { # SPACE SOURCE TARGET EXPECTED [NAME]: what a client at SOURCE finds at port 22 of TARGET
    local found=closed
    ! ip netns exec "$1" nc -z -w 1 -s "$2" "$3" 22 || found=open
    printf '   %-12s finds port 22 of %s %s\n' "$2" "${5:-$3}" "$found"
    [[ $found == "$4" ]] || surprise "expected $4"
}
login() { # SPACE SOURCE TARGET CMD...: a real ssh login from SOURCE
    local space=$1 source=$2 target=$3
    shift 3
    ip netns exec "$space" ssh -F none -b "$source" -i "$dir/user" -o BatchMode=yes -o ConnectTimeout=2 \
        -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR "root@$target" "$@"
}
# serve_ssh SPACE NAME: a real sshd in the namespace, for the key `user`.
serve_ssh() {
    mkdir -p /run/sshd
    cat >"$dir/$2.sshd" <<CONFIG
HostKey $dir/host
PidFile $dir/$2.sshd.pid
AuthorizedKeysFile $dir/user.pub
StrictModes no
UsePAM no
PermitRootLogin prohibit-password
CONFIG
    ip netns exec "$1" /usr/sbin/sshd -D -f "$dir/$2.sshd" 2>/dev/null &
    await test -s "$dir/$2.sshd.pid"
}
