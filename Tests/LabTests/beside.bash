# Ordinary tools beside jitgate, each of them real: started after it and before it, reloaded, restarted and stopped, while a
# stranger tries all the time and somebody with a grant is in.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
LAB_PACKAGES=$(readlink -f "$(dirname "$0")/beside.packages")
export LAB_PACKAGES
. "$(dirname "$0")/library.bash"

STRANGER6=2001:db8:2::9
lab up --fresh
lab client ip addr add "$STRANGER6/64" dev br0 nodad
# It takes a while.
host systemctl start --no-block crowdsec
install_package "$PACKAGE" >"$WORK/install.log" 2>&1
signer
policy enforce
host systemctl reload jitgated
drop four.grant 600
drop six.grant 600 "$GUEST6"

is_through() { reaches && reaches "$GUEST6" 22 "$HOST6"; }
is_shut_out() { not reaches && not reaches "$GUEST6" 22 "$HOST6"; }
unwatch() { [[ ! -f $WORK/prober ]] || stop_probe 2>/dev/null || true; }
watch() { unwatch; probe "$WORK/probe" "$STRANGER" "$STRANGER6"; }
tries() { grep -c tried "$WORK/probe" || true; }
# The granted are let in, over IPv4 and IPv6; the session goes on; the stranger, who goes on trying, has found nothing so far.
holds() {
    local before
    before=$(tries)
    eventually is_through
    goes_on "$WORK/session"
    table >/dev/null
    eventually eval "(( \$(tries) > $before ))"
    not grep through "$WORK/probe"
}
# The rules of all but jitgate, without counters.
others() { host nft -s list ruleset 2>/dev/null | sed '/^table inet jitgate /,/^}/d'; }
# conditions: what doctor says, a line each: severity, code, message and remedy.
conditions() {
    { host jitgate doctor --json || true; } | python3 -c '
import json, sys
for one in json.load(sys.stdin)["conditions"]:
    print(one["severity"], one["code"], one["message"], "|", one["remedy"] or "")'
}
says() { conditions >"$WORK/conditions"; grep -E -- "$1" "$WORK/conditions"; }
# does_as_told CONDITION: runs the remedy of one.
does_as_told() {
    local remedy
    remedy=$(says "$1" | head -n 1 | sed 's/.* | //; s/sudo //g')
    host sh -c "$remedy"
}
# The rule of another tool that is named as the one that denies.
denies() { host jitgate explain "$1" 22 >"$WORK/explained" || grep -E "denied by another tool \(table $2" "$WORK/explained"; }

nftables_service() {
    host systemctl start nftables
    holds
    host nft list table inet filter
    host systemctl reload nftables
    host systemctl restart nftables
    host systemctl stop nftables
    holds
    host systemctl start nftables
    [[ $(count tamper-detected) == 0 ]]
}
older_kernel() {
    # As before Linux 6.9: the kernel lets everybody flush the table.
    unwatch
    host mkdir -p /etc/systemd/system/jitgated.service.d
    printf '[Service]\nEnvironment=JITGATE_TABLE_OWNERSHIP=watched\n' |
        lab push - /etc/systemd/system/jitgated.service.d/watched.conf
    host systemctl daemon-reload
    host systemctl restart jitgated
    says '^note table-not-owned '
    host systemctl restart nftables
    eventually eval '(( $(count tamper-detected) >= 1 ))'
    [[ $(host nft list tables) == *inet\ jitgate* ]]
    host systemctl stop nftables
    eventually table >/dev/null
    watch
    holds
    [[ -z $(others) ]]
    host rm /etc/systemd/system/jitgated.service.d/watched.conf
    host systemctl daemon-reload
    host systemctl restart jitgated
    host systemctl start nftables
    holds
}
firewalld() {
    # Its unit stops nftables.service, which empties the ruleset.
    host systemctl start firewalld
    holds
    not says 'firewalld .* drops 22/tcp[^|]*(shut|exceptions)'
    host firewall-cmd --reload
    host firewall-cmd --complete-reload
    host systemctl restart firewalld
    holds
    host firewall-cmd --permanent --remove-service=ssh
    host firewall-cmd --reload
    eventually is_shut_out
    denies "$GUEST" 'inet firewalld'
    does_as_told '^error firewall-drops firewalld \(table inet firewalld, chain filter_IN[^)]*\) drops 22/tcp'
    holds
    not says '^error firewall-drops .* 22/tcp'
}
fail2ban() {
    # Debian's configuration, which has a jail for sshd, for a host without syslog.
    printf '[DEFAULT]\nbackend = systemd\n' | lab push - /etc/fail2ban/jail.d/lab.conf
    host systemctl start fail2ban
    eventually host fail2ban-client status sshd
    holds
    host fail2ban-client set sshd banip "$GUEST" "$GUEST6"
    eventually is_shut_out
    denies "$GUEST" '(ip filter|inet f2b-table)'
    says '^note firewall-drops-some fail2ban .*22/tcp'
    # A ban from before stays over reload and restart.
    host systemctl reload fail2ban
    host systemctl restart fail2ban
    eventually is_shut_out
    host fail2ban-client unban "$GUEST" "$GUEST6"
    holds
}
crowdsec() {
    lab pull /etc/crowdsec/bouncers/crowdsec-firewall-bouncer.yaml.local - >"$WORK/bouncer"
    echo 'update_frequency: 1s' | cat "$WORK/bouncer" - | lab push - /etc/crowdsec/bouncers/crowdsec-firewall-bouncer.yaml.local
    eventually 30 host systemctl is-active --quiet crowdsec
    host systemctl start crowdsec-firewall-bouncer
    eventually host nft list chain ip crowdsec crowdsec-chain
    holds
    host sh -c "cscli decisions add --ip $GUEST && cscli decisions add --ip $GUEST6"
    eventually is_shut_out
    denies "$GUEST6" 'ip6 crowdsec6'
    says '^note firewall-drops-some crowdsec \(table ip crowdsec, chain crowdsec-chain\) .*22/tcp'
    host cscli decisions delete --all
    eventually is_through
    host systemctl restart crowdsec-firewall-bouncer
    holds
}
answer() { { sleep 0.5 | lab client timeout 3 nc -w 1 -s "$1" "$2" "$3"; } 2>/dev/null | head -n 1; }
published() {
    # This machine's kernel gives no root of a container the right to load what podman limits devices with, and a disk that is
    # an overlay carries no other: hence --cgroups and vfs.
    printf '[storage]\ndriver = "vfs"\nrunroot = "/run/containers/storage"\ngraphroot = "/var/lib/containers/storage"\n' |
        lab push - /etc/containers/storage.conf
    host sh -c 'mkdir -p /root/box/bin && cp /bin/busybox /root/box/bin/ && tar -C /root/box -c . | podman import - box'
    host podman network create --subnet 10.89.0.0/24 --ipv6 --subnet fd00:89::/64 --disable-dns published
    lab push - /etc/systemd/system/box.service <<'END'
[Service]
Type=notify
NotifyAccess=all
ExecStartPre=rm -f %t/%n.id
ExecStart=podman run --cidfile=%t/%n.id --cgroups=disabled --ulimit=host --rm --replace --sdnotify=conmon -d --name=%p \
    --network=published -p 22:22 -p 2222:22 box /bin/busybox nc -ll -p 22 -e /bin/busybox echo container
ExecStop=podman stop --ignore -t 0 --cidfile=%t/%n.id
ExecStopPost=podman rm -f --ignore -t 0 --cidfile=%t/%n.id

[Install]
WantedBy=multi-user.target
END
    host systemctl daemon-reload
    # The port is one or the other's.
    host systemctl stop ssh
    host systemctl start box
    answers
    says '^note firewall-rewrites podman .* rewrites 22/tcp to port 22'
    host systemctl restart box
    host podman network reload --all
    answers
    # Another port is another port: whoever publishes it has to name it in the policy.
    eventually eval '[[ $(answer "$STRANGER" "$HOST" 2222) == container ]]'
    says '^note listeners-uncovered .*2222/tcp'
    policy enforce '[[port]]' 'number = 2222' 'protocol = "tcp"' '[[port]]' 'number = 22' 'protocol = "tcp"'
    host systemctl reload jitgated
    not reaches "$STRANGER" 2222
    not reaches "$STRANGER6" 2222 "$HOST6"
    policy enforce
    host systemctl reload jitgated
    host systemctl stop box
    host systemctl start ssh
    holds
}
# Who has a grant talks to the container by 22/tcp; the session with the host itself goes on.
answers() {
    eventually eval '[[ $(answer "$GUEST" "$HOST" 22) == container ]]'
    eventually eval '[[ $(answer "$GUEST6" "$HOST6" 22) == container ]]'
    holds
}
removal_and_installation() {
    local before
    before=$(others)
    grep -q firewalld <<<"$before"
    grep -q crowdsec6 <<<"$before"
    unwatch
    host dpkg -r jitgate
    [[ $(others) == "$before" ]]
    reaches "$STRANGER"
    # All of them were there before it.
    install_package "$PACKAGE"
    [[ $(others) == "$before" ]]
    watch
    holds
    host systemctl is-active firewalld fail2ban crowdsec-firewall-bouncer
}
boot() {
    # Without nftables.service, which firewalld's unit conflicts with.
    host systemctl enable --quiet firewalld fail2ban crowdsec crowdsec-firewall-bouncer
    watch
    lab reboot
    eventually host nft list chain ip crowdsec crowdsec-chain
    host systemctl is-active firewalld fail2ban
    session "$WORK/session"
    watch
    holds
    host systemctl disable --quiet firewalld fail2ban crowdsec crowdsec-firewall-bouncer
    host systemctl stop firewalld fail2ban crowdsec crowdsec-firewall-bouncer
}
ufw() {
    host ufw --force enable
    eventually is_shut_out
    denies "$GUEST" 'ip filter'
    says '^error firewall-drops ufw \(table ip6 filter, chain INPUT\) drops 22/tcp'
    does_as_told '^error firewall-drops ufw \(table ip filter, chain .*\) drops 22/tcp'
    holds
    not says ' firewall-drops(-most)? .* 22/tcp'
    host jitgate explain "$GUEST" 22
    host ufw reload
    host systemctl restart ufw
    holds
    host ufw limit 22/tcp
    not says ' firewall-drops(-most)? .* 22/tcp'
    says '^note firewall-drops-some ufw .*22/tcp'
    host ufw --force reset
    holds
}
iptables_persistent() {
    host dpkg -r ufw
    host sh -c 'DEBIAN_FRONTEND=noninteractive dpkg -i /root/archives/*.deb'
    lab push - /etc/iptables/rules.v4 <<'END'
*filter
:INPUT DROP [0:0]
-A INPUT -i lo -j ACCEPT
-A INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p tcp -m tcp --tcp-flags FIN,SYN,RST,PSH,ACK,URG NONE -j DROP
-A INPUT -p tcp -m tcp ! --tcp-flags FIN,SYN,RST,ACK SYN -m state --state NEW -j DROP
COMMIT
END
    host systemctl restart netfilter-persistent
    eventually not reaches
    denies "$GUEST" 'ip filter, chain INPUT'
    does_as_told '^error firewall-drops iptables \(table ip filter, chain INPUT\) drops 22/tcp'
    holds
    not says ' firewall-drops.* 22/tcp'
    # It saves what it may, and loads that again.
    host netfilter-persistent save
    host systemctl restart netfilter-persistent
    holds
    not host grep -r jitgate /etc/iptables
    host netfilter-persistent flush
    holds
}
iptables_legacy() {
    host iptables-legacy -A INPUT -p tcp --dport 22 -j DROP
    eventually not reaches
    says '^warning legacy-table iptables-legacy .* filter'
    host jitgate explain "$GUEST" 22 2>"$WORK/notes"
    grep 'iptables-legacy has rules in its table filter, which are not followed' "$WORK/notes"
    host iptables-legacy -F
    holds
}

eventually is_through
session "$WORK/session"
watch

it 'nftables.service flushes all but the gate' nftables_service
it 'On an older kernel the gate is back at once after nftables.service, with records' older_kernel
it 'firewalld: the gate holds, and doctor names the rule that keeps a grant from working' firewalld
it 'fail2ban: a ban counts for those with a grant too, and explain says so' fail2ban
it 'The firewall bouncer of CrowdSec: as fail2ban' crowdsec
it 'podman: a published port is protected as one of the host is' published
it 'Removing the package leaves the rules of others, and it is installed beside them' removal_and_installation
it 'A boot with all of them lets nobody in without a grant' boot
it 'ufw: the gate holds, and doctor tells what ufw lets in' ufw
it 'iptables-persistent: the gate holds, and is not in what it saves' iptables_persistent
it 'iptables-legacy is not followed, and doctor and explain say that' iptables_legacy
