# A depot on nginx, by the configurations of etc/depot and the commands of OPERATING.md, for a host whose ssh is shut.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"

FLEET=$(readlink -f "$(dirname "$PACKAGE")"/jitgate-fleet_[!9]*.deb)
FETCH=$(readlink -f "$(dirname "$PACKAGE")"/jitgate-fetch_[!9]*.deb)
NEWER_FETCH=$(readlink -f "$(dirname "$PACKAGE")"/jitgate-fetch_99.0_*.deb)
TLS=$WORK/tls DEPOT=$WORK/depot
export HOME=$WORK
dpkg-deb -x "$FLEET" "$WORK/desk"
dpkg-deb -x "$PACKAGE" "$WORK/desk"
chmod 755 "$WORK"

lab up --fresh
lab push "$PACKAGE" /root/jitgate.deb
lab push "$FETCH" /root/jitgate-fetch.deb
host dpkg -i /root/jitgate.deb /root/jitgate-fetch.deb >"$WORK/install.log" 2>&1
signer

# At the desk, in the client's namespace, where the depot is.
desk() { lab client env PATH="$WORK/desk/usr/bin:$PATH" "$@"; }
fleet() { desk jitgate-fleet "$@"; }

# --- as OPERATING.md has it ----------------------------------------------
authority() { # NAME
    openssl ecparam -name prime256v1 -genkey -noout -out ca.key
    openssl req -x509 -new -key ca.key -subj "/CN=$1" -days 3650 -out ca.pem
}
# certificate OU NAME [DAYS [MORE]...]
certificate() {
    local days=${3:-90}
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
        -keyout "$2.key" -subj "/OU=$1/CN=$2" -out "$2.csr" "${@:4}"
    openssl x509 -req -in "$2.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days "$days" -copy_extensions copy -out "$2.crt"
    cat "$2.crt" "$2.key" >"$2.pem"
}
# start NAME PORT: nginx with a configuration of etc/depot, at the address of the client's namespace.
start() {
    local port=$2 places
    places="s|/srv/depot|$DEPOT|; s|/etc/nginx/depot|$TLS|; s|/var/cache/nginx|$WORK/cache|; s|listen 443|listen $GUEST:$port|"
    places+="; s|proxy_pass https://depot.example.com|proxy_pass https://$GUEST:443|"
    {
        echo "user www-data; daemon on; worker_processes 1; pid $WORK/$1.pid; error_log $WORK/$1.error;"
        echo "events {} http { access_log $WORK/$1.access; client_body_temp_path $WORK/t1; proxy_temp_path $WORK/t2;"
        echo "fastcgi_temp_path $WORK/t3; uwsgi_temp_path $WORK/t4; scgi_temp_path $WORK/t5;"
        sed "$places" "$ROOT/etc/depot/$1.conf"
        echo '}'
    } >"$WORK/$1.conf"
    lab client nginx -p "$WORK" -c "$WORK/$1.conf"
    eventually test -s "$WORK/$1.pid"
    cat "$WORK/$1.pid" >>"$WORK/pids"
}
stop() { kill "$(<"$WORK/$1.pid")" && eventually not test -e "$WORK/$1.pid"; }
# asks CERTIFICATE METHOD PATH [FILE]: prints the status that nginx answers, at $AT or the depot's port.
asks() {
    local words=(-s --path-as-is -o /dev/null -w '%{http_code}' --cacert "$TLS/ca.pem" -X "$2")
    [[ -z $1 ]] || words+=(--cert "$TLS/$1.pem")
    [[ -z ${4:-} ]] || words+=(--data-binary "@$4")
    lab client curl "${words[@]}" "https://$GUEST:${AT:-443}/jitgate/$3"
}
edge_asks() { AT=8443 asks "$@"; }

configures() {
    mkdir -p "$TLS" "$WORK/cache"
    install -d -o www-data -g www-data "$DEPOT"
    cd "$TLS"
    authority depot-ca
    certificate host "$LAB_NAME"
    certificate host web-9
    certificate publisher dana
    certificate auditor erin
    certificate edge edge-1
    certificate server depot 90 -addext "subjectAltName=IP:$GUEST,DNS:depot.example.com"
    mv depot.pem server.pem
    mv edge-1.pem edge.pem
    start nginx 443
    mkdir -p "$WORK/.config/jitgate"
    printf '[depot]\nurl = "https://%s/jitgate"\nca = "%s/ca.pem"\ncertificate = "%s/dana.pem"\n[fleet]\ninventory = "%s/hosts"\n' \
        "$GUEST" "$TLS" "$TLS" "$WORK" >"$WORK/.config/jitgate/fleet.toml"
}
# fetch PORT: has the host read the depot at this port.
fetch() {
    {
        printf '[depot]\nurl = "https://%s:%s/jitgate"\nca = "/etc/jitgate/depot-ca.pem"\n' "$GUEST" "$1"
        printf 'certificate = "/etc/jitgate/fetch.pem"\n[fetch]\nevery = "2s"\nshelves = ["all", "web-1"]\n[report]\nstatus = "1m"\n'
    } | lab push - /etc/jitgate/fetch.toml
    lab push "$TLS/ca.pem" /etc/jitgate/depot-ca.pem
    give "$LAB_NAME"
    host jitgate-fetch --check
    host systemctl stop jitgate-fetch
    once
    host systemctl start jitgate-fetch
}
once() { host runuser -u jitgate-fetch -- jitgate-fetch --once; }
give() { # CERTIFICATE: to the host
    lab push "$TLS/$1.pem" /etc/jitgate/.fetch.pem
    host chgrp jitgate-fetch /etc/jitgate/.fetch.pem
    host chmod 640 /etc/jitgate/.fetch.pem
    host mv /etc/jitgate/.fetch.pem /etc/jitgate/fetch.pem
}
post() { # SECONDS: posts a grant for the guest
    grant "$WORK/g.grant" "$1"
    fleet post "$WORK/g.grant"
}
opens() {
    policy enforce '[[inbox]]' 'directory = "/var/lib/jitgate-fetch/inbox"' 'owner = "jitgate-fetch"'
    host systemctl restart jitgated
    not reaches
    post 600
    fetch 443
    eventually reaches
    [[ $(lab ssh echo in) == in ]]
    host jitgate list --json | jq -e '.grants | length == 1'
}
upgrade_goes_on() {
    local file before
    for file in "$NEWER_FETCH" "$FETCH"; do
        before=$(host systemctl show -P MainPID jitgate-fetch)
        lab push "$file" /root/jitgate-fetch.deb
        host dpkg -i /root/jitgate-fetch.deb
        host systemctl is-active --quiet jitgate-fetch
        [[ $(host systemctl show -P MainPID jitgate-fetch) != "$before" ]]
    done
}
# The agent is root, and what lets root read and write anything is what its unit takes away.
reads_by_its_group() {
    local inbox=/var/lib/jitgate-fetch/inbox effective
    effective=$(host sed -n 's/^CapEff:\s*//p' "/proc/$(agent_pid)/status")
    # CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH, CAP_FOWNER, CAP_CHOWN: bits 1, 2, 3 and 0.
    ((0x$effective & 0xf)) && return 1
    [[ $(host stat -c '%a %U %G' $inbox) == '2750 jitgate-fetch jitgate' ]]
    [[ $(host sh -c "stat -c '%a %U %G' $inbox/*.grant | sort -u") == '640 jitgate-fetch jitgate' ]]
    # Nor can the carrier read what is the agent's own.
    not host runuser -u jitgate-fetch -- test -r /var/lib/jitgate/audit.key
    # A file that the group may not read is a condition, and no more.
    host sh -c "umask 077 && echo no grant >$inbox/../own && chown jitgate-fetch:jitgate-fetch $inbox/../own && mv $inbox/../own $inbox/own.grant"
    eventually 30 has_condition inbox-unreadable
    reaches
    host rm $inbox/own.grant
    eventually 30 not has_condition inbox-unreadable
}
keeps_roles_apart() {
    local own=status/$LAB_NAME index=shelves/web-1/index
    head -c 1000 /dev/zero >"$WORK/small"
    head -c 1100000 /dev/zero >"$WORK/large"
    [[ $(asks "$LAB_NAME" GET $index) == 200 && $(asks dana GET $index) == 200 && $(asks erin GET $index) == 200 ]]
    [[ $(asks "$LAB_NAME" PUT $index "$WORK/small") == 403 && $(asks erin PUT $index "$WORK/small") == 403 ]]
    [[ $(asks '' GET $index) == 400 && $(asks server GET $index) == 403 ]]
    [[ $(asks web-9 PUT status/web-9 "$WORK/small") == 201 && $(asks web-9 PUT status/web-9.proof "$WORK/small") == 201 ]]
    [[ $(asks web-9 PUT "$own" "$WORK/small") == 403 && $(asks dana PUT "$own" "$WORK/small") == 403 ]]
    [[ $(asks web-9 GET status/web-9) == 403 && $(asks dana GET "$own") == 403 && $(asks erin GET status/web-9) == 200 ]]
    [[ $(asks dana PUT $index "$WORK/large") == 413 && $(asks web-9 PUT status/web-9 "$WORK/large") == 413 ]]
    [[ $(asks dana GET files/../../../ca.key) == 400 && $(asks dana DELETE $index) == 403 ]]
    # A new authority beside the old one.
    (mkdir "$TLS/new" && cd "$TLS/new" && authority depot-ca-2 && certificate host "$LAB_NAME" && mv "$LAB_NAME.pem" ../later.pem)
    [[ $(asks later GET $index) == 400 ]]
    cat "$TLS/new/ca.pem" >>"$TLS/ca.pem"
    kill -HUP "$(<"$WORK/nginx.pid")"
    eventually eval '[[ $(asks later GET '$index') == 200 && $(asks dana GET '$index') == 200 ]]'
    [[ $(asks dana GET shelves/) == 404 && $(asks erin GET status/) == 404 ]]
}
reports() {
    echo "$LAB_NAME  $(host jitgate audit key)  group=web" >"$WORK/hosts"
    eventually 80 test -s "$DEPOT/jitgate/status/$LAB_NAME"
    auditor status
    mkdir "$WORK/witness"
    auditor collect --witness "$WORK/witness"
    auditor check --witness "$WORK/witness" --enforcing --junit "$WORK/hosts.xml"
    auditor list | grep -q dana
    grep -q "$LAB_NAME" "$WORK/hosts.xml"
    # A host without an agent, and one whose key is another, are not as they should be.
    echo "web-9  $(host jitgate audit key)" >>"$WORK/hosts"
    not auditor check --witness "$WORK/witness"
    sed -i '/^web-9/d' "$WORK/hosts"
}
auditor() { fleet "$1" --certificate "$TLS/erin.pem" "${@:2}"; }
loses_its_key() {
    host rm /var/lib/jitgate/audit.key
    host systemctl restart jitgated
    reaches
    host jitgate attest >"$DEPOT/jitgate/status/$LAB_NAME"
    not auditor check --witness "$WORK/witness" >"$WORK/said"
    grep -q unverified "$WORK/said"
    # Once people have looked into it, the inventory gets the new key.
    echo "$LAB_NAME  $(host jitgate audit key)  group=web" >"$WORK/hosts"
    auditor collect --witness "$WORK/witness"
    auditor check --witness "$WORK/witness"
}
expires() {
    cd "$TLS"
    openssl req -new -key "$LAB_NAME.key" -subj "/OU=host/CN=$LAB_NAME" -out "$LAB_NAME.csr"
    openssl x509 -req -in "$LAB_NAME.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -days 0 -out "$LAB_NAME.crt"
    cat "$LAB_NAME.crt" "$LAB_NAME.key" >"$LAB_NAME.pem"
    give "$LAB_NAME"
    host systemctl stop jitgate-fetch
    not once
    has_condition depot-certificate-expires
    reaches
    certificate host "$LAB_NAME"
    give "$LAB_NAME"
    once
    not has_condition depot-certificate-expires
}
has_condition() { host jitgate status --json | jq -e --arg code "$1" 'any(.conditions[]; .code == $code)' >/dev/null; }
through_an_edge() {
    start edge 8443
    host jitgate revoke --all --reason over
    eventually not reaches
    post 600
    fetch 8443
    eventually reaches
    [[ $(edge_asks "$LAB_NAME" PUT "status/$LAB_NAME" "$WORK/small") == 20[14] ]]
    cmp "$WORK/small" "$DEPOT/jitgate/status/$LAB_NAME"
    [[ $(edge_asks "$LAB_NAME" PUT status/web-9 "$WORK/small") == 403 && $(edge_asks dana GET shelves/all/index) == 403 ]]
    # Many questions are one at the depot.
    : >"$WORK/nginx.access"
    for _ in {1..20}; do [[ $(edge_asks "$LAB_NAME" GET shelves/web-1/index) == 200 ]]; done
    (($(grep -c shelves/web-1/index "$WORK/nginx.access" || true) <= 4))
    stop edge
}
without_a_depot() {
    stop nginx
    reaches
    host jitgate revoke --all --reason over
    eventually not reaches
    # Any carrier will do: here a stick, on the console.
    grant "$WORK/stick.grant" 600
    lab push "$WORK/stick.grant" /root/stick.grant
    host install -o jitgate-fetch -g jitgate -m 0640 /root/stick.grant /var/lib/jitgate-fetch/inbox/stick.grant
    eventually reaches
    # An empty depot takes the place of the old one.
    rm -r "$DEPOT"
    install -d -o www-data -g www-data "$DEPOT"
    start nginx 443
    post 600
    fetch 443
    reaches
    eventually eval '(($(host jitgate list --json | jq ".grants | length") == 2))'
}

it 'The configuration and the certificates of the handbook make a depot' configures
it 'A grant that is posted opens on a host whose ssh is shut' opens
it 'An upgrade and a downgrade of jitgate-fetch restart it, so that the host goes on asking' upgrade_goes_on
it 'The agent reads the inbox through its group, and has no capability to do more' reads_by_its_group
it 'Each certificate may do what its subject says, and no more' keeps_roles_apart
it 'The statuses of hosts are for auditors, and check says who is not as they should be' reports
it 'A host that lost the key of its log is unverified until the inventory has the new one' loses_its_key
it 'An expired certificate closes nothing and is a condition until its successor is there' expires
it 'Through an edge grants come and statuses go' through_an_edge
it 'Without the depot any carrier will do, and an empty one takes its place' without_a_depot
