# The network and the hosts of the trials of a fleet: a bridge at 192.0.2.1 with a depot or a hub, a desk, three hosts.
# A trial names the products that it needs when it reads this file.
# shellcheck shell=bash disable=SC1091,SC2154
. scripts/trials/library.bash
build "$@"

depot=jitgate-try-d-$$ desk=jitgate-try-c-$$
web() { echo "jitgate-try-$1-$$"; } # N: the namespace of web-N
address() { echo "192.0.2.1$1"; }
mkdir "$dir/here"
export JITGATE_CONFIG=$dir/here/jitgate.toml

on() { # N CMD...: on web-N: in its namespace, by its name, and with its files at $dir/here
    local number=$1
    shift
    # shellcheck disable=SC2016
    ip netns exec "$(web "$number")" unshare --uts sh -c \
        'hostname "$1" && mount --bind "$0/$1" "$0/here" && shift && exec "$@"' "$dir" "web-$number" "$@"
}
told() { # N CMD...: a command on a host, as a user would type it there, and what it prints
    local number=$1
    shift
    printf '   web-%s $ %s\n' "$number" "${*//$dir\//}"
    on "$number" "$@" 2>&1 | sed -e "s|$dir/here/||g" -e "s|$dir/||g" -e 's/^/   /'
}
records() { # N EVENT: how many records of that kind web-N has
    grep -c "\"JITGATE_EVENT\":\"$2\"" "$dir/web-$1/audit/audit.jsonl" || true
}
has() { (($(records "$1" "$2") >= $3)); } # N EVENT COUNT
find_ports() { # EXPECTED...: what the desk finds at port 22 of web-1, web-2 and web-3, all asked at once
    local number scans=() expected=("$@")
    for number in 1 2 3; do
        scan "$desk" 192.0.2.7 "$(address "$number")" "${expected[number - 1]}" "web-$number" >"$dir/scan-$number" &
        scans+=("$!")
    done
    for number in 1 2 3; do
        wait "${scans[number - 1]}" || surprise "port 22 of web-$number is not ${expected[number - 1]}"
        cat "$dir/scan-$number"
    done
}

at_desk() { ip netns exec "$desk" "$@"; }
typed() { # CMD...: a command at the desk, and what it prints
    printf '   $ %s\n' "${*//$dir\//}"
    at_desk "$@" 2>&1 | sed -e "s|$dir/||g" -e 's/^/   /'
}

# --- the network ---------------------------------------------------------
space "$depot"
ip -n "$depot" link add br0 type bridge
ip -n "$depot" addr add 192.0.2.1/24 dev br0
ip -n "$depot" link set br0 up
join() { # SPACE ADDRESS
    space "$1"
    ip -n "$depot" link add "v${2##*.}" type veth peer name veth0 netns "$1"
    ip -n "$depot" link set "v${2##*.}" master br0 up
    ip -n "$1" addr add "$2/24" dev veth0
    ip -n "$1" link set veth0 up
}
join "$desk" 192.0.2.7
for number in 1 2 3; do join "$(web "$number")" "$(address "$number")"; done

# --- certificates --------------------------------------------------------
# An authority of the fleet, and a certificate for each who talks to the depot: the subject says what they may do.
certify() { # ROLE NAME [ALTERNATIVE-NAME]: NAME.pem, a certificate with its key
    openssl ecparam -name prime256v1 -genkey -noout -out "$dir/$2.key"
    openssl req -new -key "$dir/$2.key" -subj "/OU=$1/CN=$2" -addext "subjectAltName=${3:-DNS:$2}" -out "$dir/$2.csr"
    openssl x509 -req -in "$dir/$2.csr" -CA "$dir/ca.pem" -CAkey "$dir/ca.key" -CAcreateserial -copy_extensions copy \
        -days 365 -out "$dir/$2.crt" 2>/dev/null
    cat "$dir/$2.crt" "$dir/$2.key" >"$dir/$2.pem"
}
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/ca.key" -subj '/CN=fleet' \
    -days 365 -out "$dir/ca.pem" 2>/dev/null
certify server server IP:192.0.2.1,DNS:approve.example.com
for name in web-1 web-2 web-3; do certify host "$name"; done

# --- the hosts -----------------------------------------------------------
for key in user host; do ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$dir/$key"; done
chmod 0755 "$dir"
# depot_url says where they ask.
# All hosts have the same files, as configuration management would give them.
policy() {
    local home=$dir/here
    cat <<END
mode = "enforce"
trusted = ["192.0.2.250/32"]
[grants]
directories = ["$home/grants"]
allowed_signers = "$dir/allowed_signers"
[audit]
directory = "$home/audit"
[state]
directory = "$home/state"
[control]
socket = "$home/control"
group = "nogroup"
[webauthn]
origins = ["https://approve.example.com"]
[[inbox]]
directory = "$home/fetch/inbox"
owner = "nobody"
END
}
carrier_configuration() {
    local home=$dir/here
    cat <<END
[depot]
url = "$depot_url"
ca = "$dir/ca.pem"
certificate = "$home/fetch/fetch.pem"
[fetch]
every = "2s"
inbox = "$home/fetch/inbox"
[report]
status = "5m"
socket = "$home/control"
END
}
configure() { # N: the files of web-N; jitgate-fetch runs there as nobody
    local home=$dir/web-$1
    mkdir -p "$home/grants" "$home/audit" "$home/state" "$home/fetch/inbox"
    policy >"$home/jitgate.toml"
    carrier_configuration >"$home/fetch.toml"
    cp "$dir/web-$1.pem" "$home/fetch/fetch.pem"
    chown -R nobody "$home/fetch"
    chgrp root "$home/fetch/inbox"
    chmod 2750 "$home/fetch/inbox"
}
start() { # N: agent, carrier and sshd of web-N
    local home=$dir/here
    serve_ssh "$(web "$1")" "web-$1"
    on "$1" jitgated --config "$home/jitgate.toml" 2>"$dir/web-$1/agent.log" &
    await on "$1" jitgate status
    on "$1" setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs \
        jitgate-fetch --config "$home/fetch.toml" 2>"$dir/web-$1/fetch.log" &
}
