# One host: a server with a real sshd and the agent, and a client with one address that has a grant and one that has
# none.
# shellcheck shell=bash disable=SC1091
. scripts/trials/library.bash
build jitgated jitgate

server=jitgate-try-s-$$ client=jitgate-try-c-$$
export JITGATE_CONFIG=$dir/jitgate.toml

approve() { # CMD...: a command that serves a page, and what a person with a passkey sees there and agrees to
    local link answer page line
    printf '   $ %s\n' "${*//$dir\//}"
    "$@" --no-browser --port "$port" --allowed-signers "$dir/allowed_signers" >"$dir/out" 2>"$dir/said" &
    page=$!
    await grep -q "http://localhost:$port" "$dir/said"
    link=$(grep -o 'http://localhost:[^ ]*' "$dir/said" | head -n 1)
    echo "$link" >&"$browser"
    read -r -t 60 answer <&"${BROWSER[0]}" && wait "$page" || { cat "$dir/said" >&2; echo "$answer" >&2; exit 1; }
    while IFS= read -r line; do
        printf '   %s\n' "${line//$dir\//}"
        [[ $line != *"$link"* ]] || printf '   (in the browser) %s\n' "$answer"
    done < <(cat "$dir/said" "$dir/out")
}
space "$server"
space "$client"
ip -n "$server" link add veth0 type veth peer name veth1 netns "$client"
ip -n "$server" addr add 192.0.2.1/24 dev veth0
ip -n "$server" addr add 2001:db8::1/64 dev veth0 nodad
ip -n "$client" addr add 192.0.2.7/24 dev veth1
ip -n "$client" addr add 192.0.2.8/24 dev veth1
ip -n "$client" addr add 2001:db8::7/64 dev veth1 nodad
ip -n "$server" link set veth0 up
ip -n "$client" link set veth1 up

mkdir -p "$dir/grants" "$dir/audit" "$dir/state"
for key in dana user host; do ssh-keygen -q -t ed25519 -N '' -C "$key" -f "$dir/$key"; done
echo "dana $(<"$dir/dana.pub")" >"$dir/allowed_signers"
port=$((20000 + RANDOM % 10000))
cat >"$dir/jitgate.toml" <<END
mode = "enforce"
hostname = "web-1"
[grants]
directories = ["$dir/grants"]
allowed_signers = "$dir/allowed_signers"
[webauthn]
origins = ["http://localhost:$port"]
[audit]
directory = "$dir/audit"
[state]
directory = "$dir/state"
[control]
socket = "$dir/control"
END
serve_ssh "$server" server

step 'Without the agent, a port scan finds ssh open to anybody'
scan "$client" 192.0.2.8 192.0.2.1 open
scan "$client" 2001:db8::7 2001:db8::1 open

step 'The agent starts in enforce mode: nobody gets in, over IPv4 or IPv6'
ip netns exec "$server" jitgated --config "$dir/jitgate.toml" &
await jitgate status
scan "$client" 192.0.2.7 192.0.2.1 closed
scan "$client" 2001:db8::7 2001:db8::1 closed

step 'A grant is requested, signed with a new key by ssh-keygen, and dropped'
shown jitgate request --host web-1 --port 22/tcp --source 192.0.2.7 --for 8s --requestor dana \
    --reason INC-4211 -o "$dir/g.json"
shown jitgate sign "$dir/g.json" --key "$dir/dana" -o "$dir/g.grant"
shown jitgate submit "$dir/g.grant"

step 'A real ssh login from the granted address works; another address still finds nothing'
printf '   192.0.2.7    '
login "$client" 192.0.2.7 192.0.2.1 echo logged in
scan "$client" 192.0.2.8 192.0.2.1 closed
shown jitgate list

step 'At the deadline the session and the port die'
status=0
login "$client" 192.0.2.7 192.0.2.1 -o ServerAliveInterval=1 'while sleep 0.2; do date +%T.%N; done' >"$dir/session" 2>"$dir/end" || status=$?
((status == 255)) || surprise 'the session was not cut'
echo "   the session printed until $(tail -n 1 "$dir/session"), then: $(tail -n 1 "$dir/end")"
scan "$client" 192.0.2.7 192.0.2.1 closed

step 'Another grant is approved with a passkey, on a page in a browser; stock ssh-keygen verifies it, and it opens'
if command -v chromium >/dev/null && command -v chromedriver >/dev/null; then
    open_browser python3 -B Tests/Browsers/approver.py
    approve jitgate passkey enroll erin
    cat "$dir/out" >>"$dir/allowed_signers"
    shown jitgate request --host web-1 --port 22/tcp --source 192.0.2.8 --for 1m --requestor dana \
        --reason INC-4212 -o "$dir/p.json"
    approve jitgate sign "$dir/p.json" --passkey -o "$dir/p.grant"
    tail -c +$(($(wc -c <"$dir/p.json") + 1)) "$dir/p.grant" >"$dir/p.sig"
    shown ssh-keygen -Y verify -n jitgate-grant -I erin -f "$dir/allowed_signers" -s "$dir/p.sig" <"$dir/p.json"
    shown jitgate submit "$dir/p.grant"
    scan "$client" 192.0.2.8 192.0.2.1 open
    close_browser
else
    echo '   left out: chromium and chromedriver are not installed (scripts/install-dependencies --browsers)'
fi

step 'The audit log tells all of it'
shown jitgate audit show
echo
echo 'done; nothing is left behind'
