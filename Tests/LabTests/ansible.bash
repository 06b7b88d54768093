# The Ansible collection, by ansible-core over ssh as a controller does it.
# shellcheck shell=bash disable=SC2329,SC2016,SC1091
. "$(dirname "$0")/library.bash"

# JITGATE_ANSIBLE=DIR: the programs of another ansible-core, such as that of a virtual environment.
[[ -z ${JITGATE_ANSIBLE:-} ]] || PATH=$JITGATE_ANSIBLE:$PATH
for tool in ansible-playbook ansible-galaxy ansible-doc ansible-lint dpkg-scanpackages; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: scripts/install-dependencies" >&2; exit 1; }
done
PLAYS=$ROOT/Tests/LabTests/ansible
FETCH=$(readlink -f "$(dirname "$PACKAGE")"/jitgate-fetch_[!9]*.deb)
INSTANCE=${LAB_CACHE:-/var/tmp/jitgate-lab}/run/$LAB_NAME

lab up --fresh

export ANSIBLE_CONFIG=$WORK/ansible.cfg
cat >"$ANSIBLE_CONFIG" <<CFG
[defaults]
collections_path = $WORK/collections
inventory = $WORK/hosts
local_tmp = $WORK/tmp
interpreter_python = /usr/bin/python3
host_key_checking = true
timeout = 3
display_skipped_hosts = false
[ssh_connection]
pipelining = true
control_path_dir = $WORK/cp
ssh_args = -F none -i $INSTANCE/id -o UserKnownHostsFile=$INSTANCE/known_hosts -o GlobalKnownHostsFile=/dev/null -o ControlMaster=auto -o ControlPersist=60s
CFG
# ansible-core before 2.19 spells it so.
export ANSIBLE_COLLECTIONS_PATH=$WORK/collections LC_ALL=C.UTF-8
printf '[servers]\nweb-1 ansible_host=%s ansible_user=root\n' "$HOST" >"$WORK/hosts"

# play NAME [OPTION]...: runs a playbook from the client's namespace; its output stays in $WORK/played.
play() {
    lab client ansible-playbook "$PLAYS/$1.yml" -e "work=$WORK" "${@:2}" >"$WORK/played" 2>&1 ||
        { local status=$?; cat "$WORK/played"; return "$status"; }
}
recap() { grep -Eo "$1=[0-9]+" "$WORK/played" | tail -n 1 | cut -d= -f2; }
mode() { host jitgate status --json | jq -r .mode; }
is_in() { [[ $(mode) == "$1" ]]; }
enforcing=(-e '{"trusted": ["192.0.2.1/32"]}' -e jitgate_mode=enforce -e "{\"jitgate_packages\": [\"$NEWER\"]}")

is_a_collection() {
    local name
    # Both write below the collection.
    cp -r "$ROOT/packaging/ansible" "$WORK/source"
    (cd "$WORK/source" && ansible-galaxy collection build --output-path "$WORK" &&
        ansible-galaxy collection install "$WORK"/jitgate-jitgate-*.tar.gz -p "$WORK/collections")
    for name in grant policy agent_facts inventory; do
        ansible-doc -j "jitgate.jitgate.$name" | jq -e '.[] | (.examples | length > 0) and (.return | length > 0)'
    done
    ansible-doc -j -t filter jitgate.jitgate.to_toml | jq -e '.[].examples | length > 0'
    ansible-doc -j -t role jitgate.jitgate.agent | jq -e '.[].entry_points.main.options.jitgate_mode'
    (cd "$WORK/source" && ansible-lint --offline)
}
foresees() {
    # A repository of the packages, on the host itself.
    mkdir "$WORK/packages"
    cp "$PACKAGE" "$FETCH" "$WORK/packages/"
    (cd "$WORK/packages" && dpkg-scanpackages . >Packages)
    lab push "$WORK/packages" /srv/packages
    ssh-keygen -q -t ed25519 -N '' -f "$WORK/key"
    echo "dana namespaces=\"jitgate-grant,jitgate-revocation\" $(cut -d' ' -f1,2 "$WORK/key.pub")" >"$WORK/allowed_signers"
    play role --check --diff
    grep -q 'Name the repository' "$WORK/played"
    (($(recap changed) >= 2))
    not host test -e /etc/jitgate
    not host test -e /etc/apt/sources.list.d/jitgate.sources
    not test -e "$WORK/fleet"
}
installs() {
    play role
    is_active
    is_in observe
    reaches "$STRANGER"
    host cmp /etc/jitgate/allowed_signers - <"$WORK/allowed_signers"
    host systemctl is-active --quiet jitgate-fetch
    [[ $(cat "$WORK/fleet") == "$LAB_NAME  $(host jitgate audit key)  group=web-observe" ]]
}
refuses_another_key() {
    local before forged
    before=$(cat "$WORK/fleet")
    forged=$(sed 's/.*+\([^+]*+\)[^ ]* .*/jitgate\/other\/0+\1AQVMPBfYpbh0XNJL0qLLdt9wjftYr1FzCa4ZVjnnpoId/' "$WORK/fleet")
    not ansible localhost -m jitgate.jitgate.inventory \
        -e "{\"entries\": [{\"host\": \"$LAB_NAME\", \"key\": \"$forged\"}, {\"host\": \"web-9\"}]}" \
        -a "path=$WORK/fleet hosts={{ entries }}" >"$WORK/played"
    grep -q 'another key' "$WORK/played"
    [[ $(cat "$WORK/fleet") == "$before" ]]
    # Somebody found out why.
    sed -i 's/  jitgate/  another/' "$WORK/fleet"
    ansible localhost -m jitgate.jitgate.inventory \
        -e "{\"entries\": [{\"host\": \"$LAB_NAME\", \"key\": \"$(host jitgate audit key)\", \"group\": \"web-observe\"}]}" \
        -a "path=$WORK/fleet replace_keys=true hosts={{ entries }}"
    [[ $(cat "$WORK/fleet") == "$before" ]]
}
policies() { play policy; }
trial_gives_way() {
    play trial
    eventually 20 is_in observe
    reaches "$STRANGER"
}
on_servers() { lab client ansible servers "$@"; }
enforces() {
    session "$WORK/session"
    on_servers -a "jitgate audit show --event attempt-denied --since yesterday"
    play role "${enforcing[@]}" --limit 'servers[0:9]'
    is_in enforce
    host dpkg-query --show jitgate | grep -q 99.0
    on_servers -m jitgate.jitgate.agent_facts -a doctor=true | grep -q '"errors": \[\]'
    host jitgate status --json | jq -e '.trial_until == null'
    not reaches "$STRANGER"
    goes_on "$WORK/session"
    [[ $(cat "$WORK/fleet") == "$LAB_NAME  $(host jitgate audit key)  group=web-enforce" ]]
}
changes_nothing() {
    local before
    before=$(host stat -c %Y%Z /etc/jitgate/jitgate.toml)$(agent_pid)
    # Without a word about its mode, a host stays as it is.
    play role "${enforcing[@]}" -e jitgate_mode=keep
    [[ $(recap changed) == 0 ]]
    [[ $before == "$(host stat -c %Y%Z /etc/jitgate/jitgate.toml)$(agent_pid)" ]]
    is_in enforce
}
grants() {
    # shellcheck disable=SC2094
    sign() { ssh-keygen -q -Y sign -n jitgate-grant -f "$1" <"$WORK/grant.json" 2>/dev/null | cat "$WORK/grant.json" -; }
    grant "$WORK/good.grant" 600 "$STRANGER"
    sed -i 's/"lab"/"solve it"/' "$WORK/grant.json" && sign "$WORK/key" >"$WORK/good.grant"
    grant "$WORK/long.grant" 90000 "$STRANGER"
    grant "$WORK/one.grant" 600 "$STRANGER"
    ssh-keygen -q -t ed25519 -N '' -f "$WORK/stranger" && sign "$WORK/stranger" >"$WORK/stranger.grant"
    sed -i 's/"web-1"/"web-2"/' "$WORK/grant.json" && sign "$WORK/key" >"$WORK/other.grant"
    play grant
    [[ $(count grant-opened) == 1 && $(events grant-closed) == revoked ]]
    # The port itself, which the playbook cannot try from outside.
    not reaches "$STRANGER"
    on_servers -m jitgate.jitgate.grant -a "src=$WORK/one.grant"
    reaches "$STRANGER"
    printf '{"jitgate": "revocation/1", "hosts": ["*"], "ids": [%s], "reason": "over"}\n' \
        "$(host jitgate list --json | jq '.grants[0].id')" >"$WORK/r.json"
    ssh-keygen -q -Y sign -n jitgate-revocation -f "$WORK/key" <"$WORK/r.json" 2>/dev/null | cat "$WORK/r.json" - >"$WORK/r.grant"
    on_servers -m jitgate.jitgate.grant -a "src=$WORK/r.grant"
    not reaches "$STRANGER"
}

refuses_signers() {
    cp "$WORK/allowed_signers" "$WORK/good_signers"
    echo 'erin ssh-ed25519 AAAA' >>"$WORK/allowed_signers"
    not play role "${enforcing[@]}"
    grep -q 'Stop if something is wrong' "$WORK/played"
    is_in enforce
    cp "$WORK/good_signers" "$WORK/allowed_signers"
}
goes_back() {
    play role -e jitgate_mode=observe
    is_in observe
    reaches "$STRANGER"
    host jitgate status --json | jq -e .healthy
}

it 'It is a collection with manuals, and ansible-lint has nothing to say' is_a_collection
it 'Check mode on a host without jitgate says what would come, and changes nothing' foresees
it 'The role installs from a repository and observes, and the inventory has the key of the log' installs
it 'Another key than the one in the inventory is a failure, and not written' refuses_another_key
it 'A policy that is wrong is refused and the old one stays; check mode foresees' policies
it 'A policy that shuts the controller out gives way, and its own connection lives' trial_gives_way
it 'The role upgrades and enforces over ssh; sessions go on' enforces
it 'A second run changes nothing and restarts nothing' changes_nothing
it 'A grant opens and goes, once; what the agent refuses fails with its reason' grants
it 'The role stops at malformed signers, and the last good ones stay' refuses_signers
it 'Asked for it, the role goes back to observing' goes_back
