# The RPM packages: what is in them, what they need, and what they do on a host with a real systemd. The host is a Debian
# with rpm, and with its libraries where Fedora has them.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"

DIST=$WORK/dist OLD=98.0 NEW=99.0
mkdir "$DIST"
# file PART [VERSION]: the package.
file() { echo "$DIST/$1-${2:-$OLD}"-1.*.rpm; }
# query PART ARG...: what rpm reads of it.
query() { rpm -qp "${@:2}" "$(file "$1")" 2>/dev/null; }
# contents PACKAGE: its files, with the names that a Debian package has.
contents() {
    if [[ $1 == *.deb ]]; then
        dpkg-deb -c "$1" | awk '/^-/ { print $1, $2, substr($6, 2) }'
    else
        rpm -qp --qf '[%{FILEMODES:perms} %{FILEUSERNAME}/%{FILEGROUPNAME} %{FILENAMES}\n]' "$1" 2>/dev/null | grep '^-'
    fi | sed '
        s|/usr/lib/systemd/system/|/lib/systemd/system/|
        s|/usr/share/zsh/site-functions/|/usr/share/zsh/vendor-completions/|
        s|\(/usr/share/doc/.*\)\.gz$|\1|
        \|/usr/share/lintian/|d; \|/usr/share/doc/.*/changelog|d
        \|/copyright$|d; \|/system-preset/|d' | sort -k3
}

are_built() {
    local version
    for version in $OLD $NEW; do
        "$ROOT/scripts/package" --rpm --no-build --version $version >"$WORK/said"
        mv "$ROOT"/dist/*-$version-1.*.rpm "$DIST/"
    done
    rpmlint --strict --config "$ROOT/packaging/rpm/rpmlint.toml" "$DIST"/*-$OLD-1.*.rpm
}
have_the_same_files() {
    local part deb all=()
    for part in jitgate jitgate-fetch jitgate-fleet jitgate-hub; do
        deb=$(dirname "$PACKAGE")/${part}_$(basename "$PACKAGE" | cut -d_ -f2-)
        all+=("$deb")
        diff <(contents "$deb") <(contents "$(file $part)")
        mkdir -p "$WORK/deb" "$WORK/rpm"
        dpkg-deb --fsys-tarfile "$deb" | tar -C "$WORK/deb" -xf -
        (cd "$WORK/rpm" && rpm2cpio "$(file $part)" | cpio -idm --quiet)
    done
    # Debian's have a note of where their debug symbols are.
    find "$WORK"/{deb,rpm}/usr/bin "$WORK"/{deb,rpm}/usr/sbin -type f -exec objcopy -R .gnu_debuglink {} \;
    (cd "$WORK/deb" && find usr/bin usr/sbin etc -type f -exec cmp {} "$WORK/rpm/{}" \;) >"$WORK/said"
    not grep . "$WORK/said"
    # They can be installed together.
    for deb in "${all[@]}"; do contents "$deb"; done | awk '{ print $3 }' | sort | uniq -d >"$WORK/said"
    not grep . "$WORK/said"
}
keep_configuration() {
    [[ $(query jitgate --configfiles) == $'/etc/jitgate/allowed_signers\n/etc/jitgate/jitgate.toml' ]]
    [[ $(query jitgate-fetch --configfiles) == /etc/jitgate/fetch.toml ]]
    [[ $(query jitgate-hub --configfiles) == /etc/jitgate/hub.toml ]]
    # 16: no replacement
    not grep -v '^1[67] /etc/jitgate/' <(query jitgate --qf '[%{FILEFLAGS} %{FILENAMES}\n]' | grep ' /etc/.*/')
}
name_sonames() {
    local need
    for need in 'libnftnl.so.11()(64bit)' 'libmnl.so.0()(64bit)' 'libc.so.6()(64bit)' systemd; do
        query jitgate --requires | grep -qxF "$need"
    done
    for need in jitgate-fetch jitgate-fleet; do
        query $need --requires | grep -qxF 'libcurl.so.4()(64bit)'
        # Only Debian's libcurl has versions.
        not grep -q CURL_OPENSSL <(query $need --requires)
    done
    for need in 'libpq.so.5()(64bit)' 'libsqlite3.so.0()(64bit)'; do
        query jitgate-hub --requires | grep -qxF "$need"
    done
    not grep -q curl <(query jitgate --requires)
}
name_new_symbols() {
    local program=$WORK/deb/usr/sbin/jitgated
    "$ROOT/scripts/check-symbols" "$program"
    not "$ROOT/scripts/check-symbols" GLIBC=2.32 LIBNFTNL=15 "$program" 2>"$WORK/said"
    grep -q 'needs GLIBC_2.34, newer than 2.32: .*pthread_create' "$WORK/said"
    grep -q 'needs LIBNFTNL_16, newer than 15: nftnl_set_add_expr' "$WORK/said"
    # SQLite names no versions of its symbols.
    not "$ROOT/scripts/check-symbols" libsqlite3-0=3.14 "$WORK/deb/usr/sbin/jitgate-hub" 2>"$WORK/said"
    grep -q 'needs libsqlite3-0 3.20.0, newer than 3.14: sqlite3_' "$WORK/said"
    not "$ROOT/scripts/check-symbols" /bin/ls 2>"$WORK/said"
    grep -q 'needs LIBSELINUX, for which no floor is set' "$WORK/said"
}

# --- the policy of SELinux, linked into the reference policy of Debian -------------------------
# within RULES TARGETS FILE: there are such rules, and all are about these targets.
within() { grep -E "$1" "$3" >"$WORK/rules" && not grep -vE "^allow \S+ ($2):" "$WORK/rules"; }
confines() {
    local folder=$WORK/selinux module
    mkdir -p "$folder/root"
    (
        cd "$folder"
        apt-get download -qq selinux-policy-default || { apt-get update -qq && apt-get download -qq selinux-policy-default; }
        dpkg-deb -x selinux-policy-default_*.deb root
    )
    for module in base cron ssh staff su sudo unconfined unprivuser; do
        bzcat "$folder/root/usr/share/selinux/default/$module.pp.bz2" >"$folder/$module.pp"
    done
    (cd "$WORK/rpm" && rpm2cpio "$(file jitgate-selinux)" | cpio -idm --quiet)
    # Expanding checks every neverallow of the policy.
    semodule_link -o "$folder/linked" "$folder/base.pp" "$folder"/{cron,ssh,staff,su,sudo,unconfined,unprivuser}.pp \
        "$WORK/rpm/usr/share/selinux/packages/jitgate.pp"
    semodule_expand "$folder/linked" "$WORK/policy"

    sesearch -T -s init_t -t jitgated_exec_t -c process "$WORK/policy" | grep -q 'process jitgated_t;'
    # What is allowed to its type, and what to it as a daemon, too.
    sesearch -A -s jitgated_t -ds "$WORK/policy" >"$WORK/own"
    sesearch -A -s jitgated_t "$WORK/policy" >"$WORK/all"
    grep -q 'jitgated_t:capability net_admin;$' "$WORK/all"
    not grep -E ':(capability|capability2) ' <(grep -v ':capability net_admin;$' "$WORK/all")
    within ':netlink_netfilter_socket ' jitgated_t "$WORK/own"
    within ':file .* write ' '(jitgate_(grants|log|run|state)|jitgated|jitgated_tmpfs)_t' "$WORK/own"
    within ':sock_file .*write' '(jitgate_run|devlog|(init|syslogd)_runtime)_t' "$WORK/all"
    not grep -E 'execute_no_trans|execmem|:process .*transition|:tcp_socket .*connect|:udp_socket .*create' "$WORK/all"
    not grep -E ' (shadow_t|user_home_dir_t):' "$WORK/all"
}

# --- on a host ---------------------------------------------------------------
# changes ARG...: rpm of the host, which changes a Debian only when told so, up to Debian 12.
changes() { host sh -c 'rpm --force-debian --version >/dev/null 2>&1 && set -- --force-debian "$@"; exec rpm "$@"' - "$@"; }
install_rpm() { lab push "$1" /tmp/jitgate.rpm && changes --nodeps -U "${@:2}" /tmp/jitgate.rpm; }
fedora_libraries() {
    # In the order of Fedora's loader, and with Fedora's paths in the unit.
    host sh -c 'for name in libc.so.6 libm.so.6 libgcc_s.so.1 libstdc++.so.6 libmnl.so.0 libnftnl.so.11; do
        cp -L /lib/*-linux-gnu*/$name /usr/lib*/*-linux-gnu*/$name /usr/lib64/ 2>/dev/null; done
        echo /usr/lib64 >/etc/ld.so.conf.d/000-fedora.conf; ldconfig'
}
observes() {
    lab up --fresh
    fedora_libraries
    install_rpm "$(file jitgate)" 2>"$WORK/said" || { cat "$WORK/said"; return 1; }
    eventually is_active
    host sh -c 'ldd /usr/sbin/jitgated | grep -q "libnftnl.so.11 => /usr/lib64/"'
    host systemctl is-enabled --quiet jitgated jitgate-gate
    [[ $(status_text) == 'observe: no grant open' ]]
    reaches && reaches "$STRANGER"
    host test -d /etc/jitgate/grants.d -a -d /run/jitgate/grants.d -a -S /run/jitgate/control
    host getent group jitgate
    host rpm -V --nodeps jitgate
}
upgrade_is_no_event() {
    local before
    signer
    policy enforce '# mine'
    host systemctl reload jitgated
    not reaches "$STRANGER"
    drop a.grant 240
    eventually reaches
    session "$WORK/session"
    probe "$WORK/probe" "$STRANGER"
    for package in "$(file jitgate $NEW)" "$(file jitgate)"; do
        before=$(agent_pid)
        install_rpm "$package" --oldpackage
        eventually is_active
        (($(agent_pid) != before))
        goes_on "$WORK/session"
    done
    not grep -q through "$WORK/probe"
    stop_probe
    reaches
    [[ $(count grant-opened) == 1 && $(count grant-closed) == 0 ]]
    host grep -q '# mine' /etc/jitgate/jitgate.toml
}
chroot_keeps_the_gate() {
    host rpm -q --qf '%{PREUN}' jitgate | lab push - /usr/share/jitgate.preun
    # Nobody would stop it while an agent runs.
    host systemctl stop jitgated
    in_chroot sh /usr/share/jitgate.preun 0
    table >/dev/null
    not reaches "$STRANGER"
    host systemctl start jitgated
}
removal_opens() {
    changes -e jitgate >"$WORK/said"
    grep -q '^jitgate: the gate is down: no port is protected any more$' "$WORK/said"
    grep -q 'kept the audit log' "$WORK/said"
    not table
    reaches "$STRANGER"
    not is_active
    goes_on "$WORK/session"
    host test -s /etc/jitgate/jitgate.toml.rpmsave -a -s /var/log/jitgate/audit.jsonl -a -s /var/lib/jitgate/audit.key
    not host test -e /var/lib/jitgate/policy.toml
    not host test -e /usr/sbin/jitgated
    not host test -e /usr/lib/systemd/system/jitgated.service
}
starts_over() {
    install_rpm "$(file jitgate)"
    eventually is_active
    [[ $(status_text) == 'observe: no grant open' ]]
    reaches "$STRANGER"
    host jitgate audit verify
}
fetch_waits() {
    install_rpm "$(file jitgate-fetch)"
    host systemctl is-enabled --quiet jitgate-fetch
    not host systemctl is-active --quiet jitgate-fetch
    [[ $(host stat -c '%a %U %G' /var/lib/jitgate-fetch/inbox) == '2750 jitgate-fetch jitgate' ]]
    changes -e jitgate-fetch
    not host test -e /var/lib/jitgate-fetch
}
hub_waits() {
    install_rpm "$(file jitgate-hub)"
    host systemctl is-enabled --quiet jitgate-hub
    not host systemctl is-active --quiet jitgate-hub
    changes -e jitgate-hub
}

it 'The RPM packages are built, and rpmlint has nothing to say' are_built
it 'They have the files, modes and owners of the Debian packages, the same programs, and no file twice' have_the_same_files
it 'They never replace a configuration' keep_configuration
it 'They require libraries by sonames, and no version that only Debian has' name_sonames
it 'A program that needs newer libraries than Debian 12 has is refused, and the symbol named' name_new_symbols
it 'The SELinux module links into a policy, breaks no neverallow and allows no more than the unit' confines
it 'A new install of the RPM observes and shuts nobody out' observes
it 'An upgrade and a downgrade drop no session, open nothing and keep the configuration' upgrade_is_no_event
it 'A removal in a chroot leaves the gate of the machine alone' chroot_keeps_the_gate
it 'A removal takes the gate down, says so and keeps the log' removal_opens
it 'An install after it observes again, and goes on with the log' starts_over
it 'A new jitgate-fetch waits until its depot is named' fetch_waits
it 'A new jitgate-hub waits until its URL is named' hub_waits
