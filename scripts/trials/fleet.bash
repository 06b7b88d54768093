# Three hosts whose ssh is shut, a desk, and a depot: a web server that carries signed files to the hosts.
#
#   192.0.2.1    depot: nginx, TLS with client certificates; the bridge that joins them all
#   192.0.2.7    desk: whoever posts grants, and logs in
#   192.0.2.11   web-1, .12 web-2, .13 web-3: each with its own jitgated, jitgate-fetch and sshd
# shellcheck shell=bash disable=SC1091
. scripts/trials/three-hosts.bash jitgated jitgate jitgate-fetch jitgate-fleet
depot_url=https://192.0.2.1/jitgate
mkdir "$dir/witness"

# --- the depot -----------------------------------------------------------
certify publisher publisher
certify auditor auditor

mkdir -p "$dir/nginx" "$dir/www/jitgate/shelves" "$dir/www/jitgate/files" "$dir/www/jitgate/status"
{
    echo "user root; worker_processes 1; daemon off; pid $dir/nginx/pid; events {} http {"
    echo "log_format asked '\$depot_name \$request_method \$uri \$status'; access_log $dir/nginx/access.log asked;"
    echo "proxy_temp_path $dir/nginx/p; fastcgi_temp_path $dir/nginx/f; uwsgi_temp_path $dir/nginx/u;"
    echo "scgi_temp_path $dir/nginx/s;"
    # The configuration that we ship.
    sed "s|/srv/depot|$dir/www|; s|/etc/nginx/depot|$dir|; s|listen 443|listen 192.0.2.1:443|" etc/depot/nginx.conf
    echo '}'
} >"$dir/nginx/nginx.conf"
nginx=''
start_depot() {
    ip netns exec "$depot" /usr/sbin/nginx -p "$dir/nginx" -c "$dir/nginx/nginx.conf" -e "$dir/nginx/error.log" &
    nginx=$!
    await test -s "$dir/nginx/pid"
}
stop_depot() { kill "$nginx" && wait "$nginx"; }
www=$dir/www/jitgate
is_asked() { # N: whether web-N has asked since the log was emptied
    grep -q "^web-$1 GET /jitgate/shelves/web-$1/index " "$dir/nginx/access.log"
}
asked_by_all() { # once more, all of it: what changed before is known to all of them then
    local number
    for _ in 1 2; do
        : >"$dir/nginx/access.log"
        for number in 1 2 3; do await is_asked "$number"; done
    done
}

# --- the signers ---------------------------------------------------------
for key in dana mallory; do ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$dir/$key"; done
echo "dana $(<"$dir/dana.pub")" >"$dir/allowed_signers"

complains() { # N CODE: the condition by which web-N says what is wrong with the depot, to doctor at once
    local said
    said=$(on "$1" jitgate doctor --json | jq -r --arg code "$2" '.conditions[] | select(.code == $code) | "\(.code): \(.message)"')
    [[ -n $said ]] || surprise "web-$1 does not say $2"
    printf '   web-%s $ jitgate doctor\n   ... %s\n' "$1" "${said//$dir\/here\//}"
}

cat >"$dir/fleet.toml" <<END
[depot]
url = "https://192.0.2.1/jitgate"
ca = "$dir/ca.pem"
certificate = "$dir/publisher.pem"
[fleet]
inventory = "$dir/hosts"
witness = "$dir/witness"
allowed_signers = "$dir/allowed_signers"
END
export JITGATE_FLEET_CONFIG=$dir/fleet.toml
grant() { # NAME TIME REASON HOST...: a grant that dana signs, at the desk
    local name=$1 time=$2 reason=$3 host hosts=()
    shift 3
    for host in "$@"; do hosts+=(--host "$host"); done
    typed jitgate request "${hosts[@]}" --port 22/tcp --source 192.0.2.7 --for "$time" --requestor dana \
        --reason "$reason" -o "$dir/$name.json"
    typed jitgate sign "$dir/$name.json" --key "$dir/dana" -o "$dir/$name.grant"
}

step 'A depot and three hosts start. jitgated shuts ssh on each; jitgate-fetch, without privileges, asks the depot'
start_depot
for number in 1 2 3; do configure "$number" && start "$number"; done
find_ports closed closed closed

step 'At the desk a grant is requested for two of the hosts, signed, and posted: nothing can connect to a host'
grant g 30m INC-4211 web-1 web-2
typed jitgate-fleet post "$dir/g.grant"
cp -a "$www" "$dir/old"

step 'Each host asks for the first time at random within a minute. It opens where the grant says, and not on the third'
for number in 1 2; do await 75 has "$number" grant-opened 1; done
await 75 grep -q 'web-3 GET /jitgate/shelves/web-3/index' "$dir/nginx/access.log"
find_ports open open closed
for number in 1 2; do say "web-$number     $(login "$desk" 192.0.2.7 "$(address "$number")" echo logged in)"; done

step 'Each host has signed how it is, and put that into the depot; the desk verifies it by the key of its audit log'
for number in 1 2 3; do
    echo "web-$number $(on "$number" jitgate audit key)"
done >"$dir/hosts"
knows() { # COUNT: whether the desk knows of so many open grants
    at_desk jitgate-fleet status --certificate "$dir/auditor.pem" --json | jq -e --argjson count "$1" '[.hosts[].status.open // [] | .[]] | length == $count'
}
await 30 knows 2
cp -a "$www/status" "$dir/old/"
typed jitgate-fleet collect --certificate "$dir/auditor.pem"
typed jitgate-fleet status --certificate "$dir/auditor.pem"
typed jitgate-fleet list --certificate "$dir/auditor.pem"

step 'A revocation is signed and posted: it cuts the session, and shuts both hosts'
login "$desk" 192.0.2.7 192.0.2.11 -o ServerAliveInterval=1 'while sleep 0.2; do date +%T; done' \
    >"$dir/session" 2>"$dir/end" &
session=$!
await test -s "$dir/session"
id=$(jq -r .id "$dir/g.json")
typed jitgate request-revocation "$id" --host web-1 --host web-2 --reason 'lost laptop' -o "$dir/r.json"
typed jitgate sign "$dir/r.json" --key "$dir/dana" -o "$dir/r.grant"
typed jitgate-fleet post "$dir/r.grant"
for number in 1 2; do await 15 has "$number" grant-closed 1; done
status=0
wait "$session" || status=$?
((status == 255)) || surprise 'the session was not cut'
say "the session printed until $(tail -n 1 "$dir/session"), then: $(tail -n 1 "$dir/end")"
find_ports closed closed closed

step 'Another grant opens web-1. Then the depot fails, and lies: from here on nothing may open or close'
grant h 30m INC-4212 web-1
typed jitgate-fleet post "$dir/h.grant"
await 15 has 1 grant-opened 2
await 30 knows 1
at_desk jitgate-fleet collect --certificate "$dir/auditor.pem"
cp -a "$www" "$dir/honest"
unchanged() { # what every lie is held against
    find_ports open closed closed
    has 1 grant-opened 3 && surprise 'web-1 opened again'
    has 1 grant-closed 2 && surprise 'web-1 closed'
    has 2 grant-opened 2 && surprise 'web-2 opened again'
    has 3 grant-opened 1 && surprise 'web-3 opened'
    return 0
}
serve() { # DIRECTORY OBJECTS...: the depot has these as they are there
    local from=$1 name
    shift
    for name in "$@"; do rm -rf "${www:?}/$name" && cp -a "$from/$name" "$www/"; done
}

step 'The depot is down'
stop_depot
for number in 1 2 3; do
    await 15 grep -q 'no answer from https://192.0.2.1/jitgate' "$dir/web-$number/fetch.log"
done
complains 1 depot-silent
unchanged
start_depot
for number in 1 2 3; do await 60 grep -q 'the depot answers again' "$dir/web-$number/fetch.log"; done

step 'It shows what it had before: the grant that was revoked, neither the revocation nor the second grant, old statuses'
serve "$dir/old" shelves files status
asked_by_all
typed jitgate-fleet collect --certificate "$dir/auditor.pem"
typed jitgate-fleet status --certificate "$dir/auditor.pem"
unchanged

step 'It names a file for web-3 that is signed by a stranger'
serve "$dir/honest" shelves files status
jq -c '.hosts = ["web-3"] | .id = "00000000-0000-4000-8000-000000000001"' "$dir/g.json" >"$dir/m.json"
ssh-keygen -q -Y sign -n jitgate-grant -f "$dir/mallory" <"$dir/m.json" 2>/dev/null | cat "$dir/m.json" - >"$dir/m.grant"
offer() { # FILE CONTENT: a file of that digest on the shelf of web-3, and what the depot answers for it
    local digest
    digest=$(sha256sum <"$1" | cut -d' ' -f1)
    mkdir -p "$www/shelves/web-3"
    cp "$2" "$www/files/$digest.grant"
    echo "$digest  lie.grant" >"$www/shelves/web-3/index"
}
offer "$dir/m.grant" "$dir/m.grant"
await 15 has 3 offers-refused 1
told 3 jitgate audit show --event offers-refused
unchanged

step 'It sends web-3 another file than the one it names'
offer "$dir/g.json" "$dir/g.grant"
await 15 grep -q 'another digest' "$dir/web-3/fetch.log"
complains 3 depot-incomplete
unchanged

step 'It answers with a page of HTML, as the login page of a network would be'
for number in 1 2 3; do
    mkdir -p "$www/shelves/web-$number"
    echo '<!DOCTYPE html><title>Sign in</title>' >"$www/shelves/web-$number/index"
done
for number in 1 2 3; do await 15 grep -q "shelves/web-$number/index: line 1" "$dir/web-$number/fetch.log"; done
complains 1 depot-incomplete
unchanged

step 'It is emptied'
rm -rf "$www/shelves" "$www/files"
for number in 1 2 3; do
    await 90 jq -e --arg object "shelves/web-$number/index" \
        '.objects[] | select(.object == $object).state == "absent"' "$dir/web-$number/fetch/state.json"
done
unchanged

step 'It is as it was: all three are in order, and every log proves what it says'
serve "$dir/honest" shelves files
for number in 1 2 3; do told "$number" jitgate audit verify; done
typed jitgate-fleet status --certificate "$dir/auditor.pem"
at_desk jitgate-fleet check --certificate "$dir/auditor.pem" >"$dir/checked" || { cat "$dir/checked" >&2; surprise 'a host is not as it should be'; }
say "$(tail -n 1 "$dir/checked")"
echo
echo 'done; nothing is left behind'
