# A real RDP server behind the gate.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"

lab up --fresh
install_package "$PACKAGE" >"$WORK/install.log" 2>&1
signer
# As Debian's README says, for the key of its certificate.
host usermod -aG ssl-cert xrdp
host systemctl start xrdp

connects() { lab client timeout 5 python3 "$ROOT/Tests/LabTests/rdp.py" "$HOST" "$1" >"$WORK/rdp" 2>&1; }

observed() {
    eventually connects "$GUEST"
    grep -q 'rdp over TLS' "$WORK/rdp"
}
without_a_grant() {
    policy enforce
    host systemctl reload jitgated
    not connects "$GUEST"
}
with_a_grant() {
    drop ssh.grant 60
    eventually reaches
    not connects "$GUEST"
    drop rdp.grant 60 "$GUEST" 3389/tcp
    eventually connects "$GUEST"
    not connects "$STRANGER"
    host rm /etc/jitgate/grants.d/rdp.grant
    eventually not connects "$GUEST"
    reaches
}

it 'An RDP client gets through while the host observes' observed
it 'An RDP client gets no answer without a grant' without_a_grant
it 'An RDP client gets through by a grant for 3389/tcp, until it is taken back' with_a_grant
