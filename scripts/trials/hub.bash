# Three hosts whose ssh is shut, a desk, and a hub, at which people ask for access and approve it.
#
#   192.0.2.1    hub: jitgate-hub over SQLite, as nobody; the bridge that joins them all
#   192.0.2.7    desk: dana, who asks, and erin, who approves
#   192.0.2.11   web-1, .12 web-2, .13 web-3: each with its own jitgated, jitgate-fetch and sshd
# shellcheck shell=bash disable=SC1091
. scripts/trials/three-hosts.bash jitgated jitgate jitgate-fetch jitgate-fleet jitgate-hub
hub=https://192.0.2.1 approve_url=https://approve.example.com depot_url=https://192.0.2.1

# --- the people ----------------------------------------------------------
enlist() { # NAME NAMESPACE...: a key, a line, and a home with the settings of their tools
    local name=$1 may
    shift
    may=$(printf ',jitgate-%s' "$@")
    ssh-keygen -q -t ed25519 -N '' -C "$name" -f "$dir/$name"
    echo "$name namespaces=\"${may#,}\" $(<"$dir/$name.pub")" >>"$dir/allowed_signers"
    mkdir -p "$dir/home-$name/.config/jitgate"
    printf 'hub = "%s"\nhub_ca = "%s"\n' "$hub" "$dir/ca.pem" >"$dir/home-$name/.config/jitgate/config.toml"
}
enlist dana login request
enlist erin login grant decision revocation audit

as() { # NAME CMD...: a command of somebody at the desk
    local home=$dir/home-$1
    shift
    at_desk env -u XDG_CONFIG_HOME -u XDG_CACHE_HOME HOME="$home" "$@"
}
types() { # NAME CMD...: a command as NAME types it, and what it prints
    local name=$1 words
    shift
    words=$*
    words=${words//" --key $dir/$name"/}
    printf '   %s $ %s\n' "$name" "${words//$dir\//}"
    as "$name" "$@" 2>&1 | sed -e "s|$dir/||g" -e 's/^/   /'
}
# Plain tools are enough: a session for curl, from a nonce that ssh-keygen signs.
curl_as() { # NAME ARG...: curl, as somebody who has logged in
    local name=$1
    shift
    [[ -s $dir/$name.token ]] || log_in "$name"
    at_desk curl -sS --fail-with-body --cacert "$dir/ca.pem" -H "Authorization: Bearer $(<"$dir/$name.token")" "$@"
}
log_in() { # NAME
    local nonce
    nonce=$(at_desk curl -sS --cacert "$dir/ca.pem" "$hub/v1/login" | jq -r .nonce)
    printf '{"jitgate": "login/1", "url": "%s", "nonce": "%s"}\n' "$hub" "$nonce" >"$dir/login"
    ssh-keygen -q -Y sign -n jitgate-login -f "$dir/$1" <"$dir/login" 2>/dev/null | cat "$dir/login" - |
        at_desk curl -sS --cacert "$dir/ca.pem" -H 'Content-Type: application/octet-stream' --data-binary @- "$hub/v1/login" |
        jq -r .token >"$dir/$1.token"
}

# --- the browser ---------------------------------------------------------
# It knows the page for approvals by its name, and the server by the key of its certificate.
said=''
start_browser() {
    local key
    key=$(openssl x509 -in "$dir/server.crt" -noout -pubkey | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64)
    open_browser ip netns exec "$desk" python3 -B Tests/Browsers/driver.py "$key"
}
heard() { read -r -t 120 said <&"${BROWSER[0]}" && [[ $said != failed:* ]]; }
browse() { # VERB WORD...: what the person at the browser does; the answer is in `said`
    printf '%s ' "${@@Q}" >&"$browser"
    echo >&"$browser"
    heard || surprise "in the browser: $said"
}
picture() { # NAME [WIDTH]: kept where JITGATE_PICTURES says
    [[ -z ${JITGATE_PICTURES:-} ]] || browse picture "$JITGATE_PICTURES/hub-$1.png" "${@:2}"
}
enter() { # NAME: logs the browser in by the link that jitgate prints
    browse open "$(as "$1" jitgate login --key "$dir/$1" 2>/dev/null)"
    browse click 'main button'
    browse await 'header .name' "$1"
}

# --- the hub -------------------------------------------------------------
mkdir -m 0750 "$dir/hub"
cp "$dir/server.pem" "$dir/hub/server.pem"
chown -R nobody "$dir/hub"
cat >"$dir/hub.toml" <<END
url = "$hub"
approve_url = "$approve_url"
listen = "192.0.2.1:443"
store = "sqlite:$dir/hub/hub.db"
state = "$dir/hub"
allowed_signers = "$dir/allowed_signers"
inventory = "$dir/hosts"
[tls]
certificate = "$dir/hub/server.pem"
key = "$dir/hub/server.pem"
[hosts]
client_ca = "$dir/ca.pem"
END
hub_process=''
start_hub() {
    # Without a privilege: the namespace lets everybody listen on 443.
    ip netns exec "$depot" setpriv --reuid nobody --regid nogroup --clear-groups --no-new-privs \
        jitgate-hub --config "$dir/hub.toml" 2>>"$dir/hub.log" &
    hub_process=$!
    await at_desk curl -sS --fail --cacert "$dir/ca.pem" "$hub/healthz"
}
ip netns exec "$depot" sysctl -q net.ipv4.ip_unprivileged_port_start=443

pending() { # REASON: the id of the pending request with that reason
    as erin jitgate requests --key "$dir/erin" --json | jq -er --arg reason "$1" \
        '.requests[] | select(.reason == $reason and .state == "pending").id'
}
is_pending() { pending "$1"; }
state() { # ID: of a request
    curl_as dana "$hub/v1/requests/$1" | jq -r .state
}
is_now() { [[ $(state "$1") == "$2" ]]; } # ID STATE
posture() { # what the hub knows of its hosts, as a table
    curl_as erin "$hub/v1/hosts" |
        jq -r '.hosts[] | [.host, .state, "open: \(.open)", "last user: \(.last_user // "-")"] | join("  ")' | sed 's/^/   /'
}
knows() { # COUNT STATE: whether the hub shows that many hosts in a state
    [[ $(curl_as erin "$hub/v1/hosts" | jq --arg state "$2" '[.hosts[] | select(.state == $state)] | length') == "$1" ]]
}
shows_open() { # COUNT: whether it shows that many open grants
    [[ $(curl_as erin "$hub/v1/hosts" | jq '[.hosts[].open] | add') == "$1" ]]
}

step 'A hub and three hosts start. jitgated shuts ssh on each; jitgate-fetch waits at the hub for news, and reports the status'
for number in 1 2 3; do configure "$number" && start "$number"; done
for number in 1 2 3; do
    echo "web-$number $(on "$number" jitgate audit key)"
done >"$dir/hosts"
echo 'web-4 -' >>"$dir/hosts"
start_hub
find_ports closed closed closed

step 'Each host comes for the first time at random within a minute. Then the hub knows what each would let in'
await 90 knows 3 configured
posture

step 'dana asks for two of the hosts, from where she is. A request that no host would take is refused at once'
types dana jitgate request --send --key "$dir/dana" --host web-1 --host web-2 --port 22/tcp --for 30m --reason INC-4211
types dana jitgate request --send --key "$dir/dana" --host web-1 --port 22/tcp --for 25h --reason INC-4212 &&
    surprise 'the hub took a request that no host would take'
find_ports closed closed closed

step 'erin sees it, and approves: she signs the bytes that the hosts get. They have it within a second'
types erin jitgate requests --key "$dir/erin"
id=$(pending INC-4211)
types erin jitgate approve "$id" --yes --key "$dir/erin"
for number in 1 2; do await 15 has "$number" grant-opened 1; done
find_ports open open closed
for number in 1 2; do say "web-$number     $(login "$desk" 192.0.2.7 "$(address "$number")" echo logged in)"; done

step 'The hub shows who can come in now, by what the hosts have signed themselves'
await 30 is_now "$id" open
await 30 shows_open 2
posture

step 'erin denies another request, and dana takes one back: nothing opens'
types dana jitgate request --send --key "$dir/dana" --host web-3 --port 22/tcp --for 1h --reason INC-4213
types erin jitgate deny "$(pending INC-4213)" --reason 'web-3 is being replaced' --key "$dir/erin"
types dana jitgate request --send --key "$dir/dana" --host web-3 --port 22/tcp --for 1h --reason INC-4214
types dana jitgate withdraw "$(pending INC-4214)" --key "$dir/dana"
find_ports open open closed

step 'The hub is killed while dana is at work: her session goes on, and the port stays as it is'
login "$desk" 192.0.2.7 192.0.2.11 -o ServerAliveInterval=1 'while sleep 0.2; do date +%T; done' \
    >"$dir/session" 2>"$dir/end" &
session=$!
await test -s "$dir/session"
kill -KILL "$hub_process"
wait "$hub_process" || true
await 30 grep -q "no answer from $hub" "$dir/web-1/fetch.log"
lines=$(wc -l <"$dir/session")
await eval "((\$(wc -l <'$dir/session') > lines + 5))"
find_ports open open closed

step 'It starts again, with all that it had acknowledged'
start_hub
[[ $(state "$id") == open || $(state "$id") == published ]] || surprise "the request is $(state "$id")"
curl_as dana "$hub/v1/requests?mine=true" | jq -r '.requests[] | "   \(.reason)  \(.state)  \(.decision.reason // "")"'

step 'erin sends a revocation through it: the session is cut, and both ports are shut'
types erin jitgate request-revocation "$id" --host web-1 --host web-2 --reason 'lost laptop' -o "$dir/r.json"
types erin jitgate sign "$dir/r.json" --key "$dir/erin" -o "$dir/r.grant"
say "erin $ curl --data-binary @r.grant $hub/v1/files"
curl_as erin -H 'Content-Type: application/octet-stream' --data-binary "@$dir/r.grant" "$hub/v1/files" | jq -r '"   on the shelves of \(.shelves | join(", "))"'
for number in 1 2; do await 90 has "$number" grant-closed 1; done
status=0
wait "$session" || status=$?
((status == 255)) || surprise 'the session was not cut'
say "the session printed until $(tail -n 1 "$dir/session"), then: $(tail -n 1 "$dir/end")"
find_ports closed closed closed
await 30 is_now "$id" ended

if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    step 'erin makes a passkey in a browser, on the page for approvals; the line that it shows goes to all hosts and the hub'
    start_browser
    browse open "$approve_url/enroll"
    browse write '#name' erin
    browse click '#go'
    browse await h1 'Passkey created'
    browse value '#line'
    echo "$said" >>"$dir/allowed_signers"
    say "${said:0:60}..."

    step 'dana asks on the page of the hub. It shows what would open, and the command that signs it'
    enter dana
    browse open "$hub/request?hosts=web-3"
    browse write '#f-ports' 22/tcp
    browse write '#f-for' 2m
    browse write '#f-reason' INC-4215
    browse click 'form.ask button'
    browse await '#preview pre.command' 'jitgate request --send'
    read -ra words <<<"$said"
    picture ask
    types dana "${words[@]}" --key "$dir/dana"
    find_ports closed closed closed

    step 'erin opens the request in her browser, and taps her passkey on the page for approvals: ssh of web-3 opens'
    enter erin
    id=$(pending INC-4215)
    browse open "$hub/requests/$id"
    browse await '#hosts' web-3
    picture request
    browse click '#approve a.main'
    browse await h1 'Approve this access?'
    browse await '#facts' INC-4215
    say "(in the browser) $said"
    picture approve
    browse click '#go'
    browse await h1 Signed
    await 15 has 3 grant-opened 1
    find_ports closed closed open
    login "$desk" 192.0.2.7 192.0.2.13 -o ServerAliveInterval=1 'while sleep 0.2; do date +%T; done' \
        >"$dir/session" 2>"$dir/end" &
    session=$!

    step 'The page of the hosts shows it. At the deadline the session is cut, and the port is shut'
    await 30 is_now "$id" open
    browse open "$hub/hosts"
    browse await tbody dana
    picture hosts 1280
    status=0
    wait "$session" || status=$?
    ((status == 255)) || surprise 'the session was not cut'
    say "the session printed until $(tail -n 1 "$dir/session"), then: $(tail -n 1 "$dir/end")"
    find_ports closed closed closed
    await 90 is_now "$id" ended
    browse open "$hub/requests/$id"
    browse await .standing ended
    browse open "$hub/activity"
    browse await main 'is closed on web-3'
    picture activity
    close_browser
else
    say 'Left out: chromium and chromedriver are not installed (scripts/install-dependencies --browsers)'
fi

step 'Everything is in the log of the hub, which it signs; every host proves its own'
curl_as erin "$hub/v1/activity?request=$id" | jq -r '.activity | reverse[] | "   \(.time[11:19])  \(.event)  \(.host // .actor // "")"'
at_desk curl -sS --cacert "$dir/ca.pem" "$hub/v1/key" | sed 's/^/   /'
for number in 1 2 3; do told "$number" jitgate audit verify; done
echo
echo 'done; nothing is left behind'
