# Carriers that are not ours, by the commands of OPERATING.md: rclone and git, run by a timer, for a host whose ssh is shut.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"

lab up --fresh
install_package "$PACKAGE" >"$WORK/install.log" 2>&1
signer
chmod 755 "$WORK"

# --- as OPERATING.md has it ----------------------------------------------
inbox() {
    host useradd --system --home-dir /var/lib/carrier --shell /usr/sbin/nologin carrier
    host install -d -m 0755 -o carrier /var/lib/carrier
    host install -d -m 2750 -o carrier -g jitgate /var/lib/carrier/inbox
    policy enforce '[[inbox]]' 'directory = "/var/lib/carrier/inbox"' 'owner = "carrier"'
    host systemctl restart jitgated
    host jitgate doctor
    not reaches
}
# carrier COMMAND [LINE]...: the unit and its timer.
carrier() {
    {
        printf '[Service]\nType=oneshot\nUser=carrier\nUMask=0027\nExecStart=%s\n' "$1"
        printf '%s\n' "${@:2}"
    } | lab push - /etc/systemd/system/carrier.service
    printf '[Timer]\nOnActiveSec=0\nOnUnitInactiveSec=2s\nAccuracySec=1s\n' | lab push - /etc/systemd/system/carrier.timer
    host systemctl daemon-reload
    host systemctl restart carrier.timer
}
revocation() { # FILE: of all grants of dana
    printf '{"jitgate": "revocation/1", "hosts": ["web-1"], "ids": ["%s"], "reason": "over"}\n' \
        "$(host jitgate list --json | jq -r '.grants[0].id')" >"$WORK/revocation.json"
    ssh-keygen -q -Y sign -n jitgate-revocation -f "$WORK/key" <"$WORK/revocation.json" 2>/dev/null |
        cat "$WORK/revocation.json" - >"$1"
}

# --- rclone, from a web server --------------------------------------------
by_rclone() {
    inbox
    mkdir "$WORK/store"
    printf 'user root; pid %s; error_log %s; events {}\nhttp { access_log off; server { listen %s:8080; root %s; autoindex on; } }\n' \
        "$WORK/nginx.pid" "$WORK/nginx.error" "$GUEST" "$WORK" >"$WORK/nginx.conf"
    lab client nginx -p "$WORK" -c "$WORK/nginx.conf"
    eventually test -s "$WORK/nginx.pid"
    cat "$WORK/nginx.pid" >>"$WORK/pids"
    carrier "rclone copy store:store /var/lib/carrier/inbox --include '*.grant'" \
        Environment=RCLONE_CONFIG_STORE_TYPE=http "Environment=RCLONE_CONFIG_STORE_URL=http://$GUEST:8080/"
    grant "$WORK/store/a.grant" 600
    eventually 30 reaches
    [[ $(lab ssh echo in) == in ]]
}
emptied_store_ends_nothing() {
    rm "$WORK/store/a.grant"
    host rm /var/lib/carrier/inbox/a.grant
    host systemctl restart jitgated
    reaches
}
revokes_by_rclone() {
    revocation "$WORK/store/r.grant"
    eventually 30 not reaches
    [[ $(events grant-closed) == revoked ]]
    host systemctl stop carrier.timer
}

# --- git, from a branch ----------------------------------------------------
# commit: what is in the folder, as the branch that the host follows.
commit() { git -C "$WORK/grants" add -A && git -C "$WORK/grants" -c user.name=dana -c user.email=dana@example.com commit -qm "$1"; }
by_git() {
    git init -q -b main "$WORK/grants"
    git -C "$WORK/grants" config safe.directory '*'
    grant "$WORK/grants/b.grant" 600
    commit 'let dana in'
    (exec "$ROOT/scripts/lab" client git daemon --base-path="$WORK" --export-all --listen="$GUEST" \
        --pid-file="$WORK/git.pid" "$WORK/grants" >"$WORK/git.log" 2>&1) &
    eventually test -s "$WORK/git.pid"
    cat "$WORK/git.pid" >>"$WORK/pids"
    host rm -rf /var/lib/carrier/inbox
    host install -d -m 2750 -o carrier -g jitgate /var/lib/carrier/inbox
    host runuser -u carrier -- git init -q /var/lib/carrier/inbox
    host runuser -u carrier -- git -C /var/lib/carrier/inbox remote add origin "git://$GUEST/grants"
    carrier "git -C /var/lib/carrier/inbox fetch --depth 1 origin main" \
        'ExecStart=git -C /var/lib/carrier/inbox reset --hard FETCH_HEAD'
    eventually 30 reaches
    [[ $(lab ssh echo in) == in ]]
    host jitgate doctor
}
revokes_by_git() {
    revocation "$WORK/grants/r.grant"
    git -C "$WORK/grants" rm -q b.grant
    commit 'shut her out'
    eventually 30 not reaches
    [[ $(events grant-closed | tail -n 1) == revoked ]]
    not host test -e /var/lib/carrier/inbox/b.grant
}

it 'rclone brings a grant to a host whose ssh is shut' by_rclone
it 'An emptied store and inbox end nothing, over a restart too' emptied_store_ends_nothing
it 'rclone brings a revocation, and the port is shut' revokes_by_rclone
it 'A checkout of git brings a grant' by_git
it 'A commit revokes it' revokes_by_git
