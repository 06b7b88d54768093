#!/usr/bin/python
# Copyright: 2026 the jitgate developers
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: policy
short_description: Put a policy of jitgate in force, on trial if wanted
description:
  - Checks a policy with the host's own C(jitgate policy check), writes it in one step, and has the agent load it.
    A policy that is wrong, or that the agent refuses, is not left on disk.
  - With I(trial) the agent goes back to the former policy by itself unless somebody confirms the new one. The
    task confirms it over a new connection, so a policy that shuts the controller out does not last. If the
    agent dies or the host reboots meanwhile, it goes back, too.
  - A policy that is on disk and not in force, because a trial of it was not confirmed, is loaded again.
version_added: 0.1.0
author: The jitgate developers (@jitgate)
options:
  state:
    description:
      - C(present) has the policy of I(src) or I(content) in force.
      - C(confirmed) keeps the policy that is on trial, and fails if there is none.
    type: str
    choices: [present, confirmed]
    default: present
  src:
    description: The policy, a file on the controller, looked for as M(ansible.builtin.copy) does.
    type: path
  content:
    description: The text of the policy.
    type: str
  path:
    description: Where the policy lies on the host.
    type: path
    default: /etc/jitgate/jitgate.toml
  trial:
    description:
      - For how long the policy is on trial, such as C(2m) or C(90s). Without it the policy is loaded for good.
      - C(jitgate reload) refuses a policy that would cut the session over which it is called; a trial does not.
    type: str
  confirm:
    description:
      - Whether the task confirms the trial over a new connection. With C(false), do so with I(state=confirmed).
    type: bool
    default: true
  restart:
    description:
      - Whether the agent may be restarted where a change takes that (inboxes, drop directories, and the places
        of log, state and socket). A restart opens and closes nothing by itself, but it loads the whole policy without
        a trial. So the rest of an enforcing policy has to be the one in force; change it before or afterwards.
    type: bool
    default: false
  require_mode:
    description: Fail if the policy has another mode.
    type: str
    choices: [observe, enforce]
  backup:
    description: Whether the former file is kept beside the new one.
    type: bool
    default: false
requirements:
  - the package jitgate on the host
attributes:
  check_mode:
    support: full
    description: Checks the policy on the host, says whether it would change anything, and changes nothing.
  diff_mode:
    support: full
    description: Shows what changes in the file.
seealso:
  - module: jitgate.jitgate.grant
notes:
  - Needs root on the host.
"""

EXAMPLES = r"""
- name: Load a policy
  jitgate.jitgate.policy:
    src: jitgate.toml
    backup: true

- name: Enforce, on trial; the task confirms it over a new connection
  jitgate.jitgate.policy:
    content: "{{ lookup('ansible.builtin.template', 'jitgate.toml.j2') }}"
    trial: 2m
    require_mode: enforce

- name: Start a trial, and look yourself before you confirm it
  jitgate.jitgate.policy:
    src: jitgate.toml
    trial: 30m
    confirm: false

- name: Confirm it
  jitgate.jitgate.policy:
    state: confirmed
"""

RETURN = r"""
mode:
  description: The mode of the policy.
  returned: success
  type: str
  sample: enforce
in_force:
  description: Whether the agent has this policy in force, on trial or not.
  returned: success
  type: bool
on_trial:
  description: Whether the policy is still on trial.
  returned: success
  type: bool
trial_until:
  description: When the trial ends, or null.
  returned: success
  type: str
trial_seconds:
  description: How many seconds of the trial were left when it began.
  returned: if it is on trial
  type: float
restarted:
  description: Whether the agent was restarted.
  returned: success
  type: bool
problems:
  description: What is wrong with a policy that was refused, with line, column, key, reason and remedy.
  returned: if the check refuses it
  type: list
  elements: dict
backup_file:
  description: The former file.
  returned: with I(backup), if the file changed
  type: str
"""

import datetime
import hashlib
import os
import tempfile
import time

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.jitgate.jitgate.plugins.module_utils.jitgate import Jitgate, Refused

#: What the agent reads at its start alone, as `jitgate policy show --json` has it.
FIXED = (
    ("grants", "directories"), ("inbox", None), ("audit", "directory"), ("audit", "log_group"),
    ("state", None), ("control", None),
)


class Policy:
    """A policy as jitgate on this host understands it."""

    def __init__(self, jitgate, path):
        self.settings = jitgate.ask("policy", "show", config=path)

    @property
    def mode(self):
        return self.settings["mode"]

    def fixed(self):
        return dict((".".join(filter(None, pair)), self._value(*pair)) for pair in FIXED)

    def _value(self, table, key):
        value = self.settings.get(table)
        return value.get(key) if key and value else value

    def rest(self):
        """What a restart of the agent must not change on the side."""
        rest = dict(self.settings)
        for table, key in FIXED:
            if key and table in rest:
                rest[table] = dict(item for item in rest[table].items() if item[0] != key)
            else:
                rest.pop(table, None)
        return rest


class Change:
    """The change from the policy that is there to the one that is wanted."""

    def __init__(self, module, content):
        self.module = module
        self.path = module.params["path"]
        self.jitgate = Jitgate(module, self.path)
        self.new = content.encode("utf-8")
        self.old = self._read()
        self.result = dict(changed=False, in_force=False, on_trial=False, trial_until=None, restarted=False)

    def _read(self):
        try:
            with open(self.path, "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None

    def run(self):
        if not self.jitgate.program and self.module.check_mode:
            self.module.warn("jitgate is not installed yet, so the policy was not checked")
            self.exit(changed=True)
        draft = self._draft(self.new)
        policy = self._checked(draft)
        attested = self.jitgate.attested()
        if attested is None:
            raise Refused("no agent answers: systemctl status jitgated")
        self.result["mode"] = policy.mode
        in_force = attested["policy"] == hashlib.sha256(self.new).hexdigest()
        restart = False if in_force else self._restart_needed(policy, attested)
        if in_force and self.old == self.new and self._attributes(check=True) is False:
            self.exit(changed=False, in_force=True, **self._trial(attested["trial_until"]))
        self.result["diff"] = dict(
            before_header=self.path, after_header=self.path,
            before=(self.old or b"").decode("utf-8", "replace"), after=self.new.decode("utf-8"))
        if self.module.check_mode:
            self.exit(changed=True)
        self._write(draft)
        if not in_force:
            self._load(restart)
        elif not attested["trial_until"]:
            self._forget_the_last_file()
        self.exit(changed=True, in_force=True)

    def exit(self, **values):
        self.result.update(values)
        self.module.exit_json(**self.result)

    # What is wanted

    def _draft(self, content):
        handle, draft = tempfile.mkstemp(dir=self.module.tmpdir, suffix=".toml")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        self.module.add_cleanup_file(draft)
        return draft

    def _checked(self, draft):
        dummy, reply, errors = self.jitgate.answer("policy", "check", draft, config=None)
        if reply is None:
            raise Refused(errors)
        if not reply["ok"]:
            lines = [sentence(problem) for problem in reply["problems"]]
            self.module.fail_json(msg="the policy is wrong: " + "; ".join(lines), problems=reply["problems"])
        policy = Policy(self.jitgate, draft)
        wanted = self.module.params["require_mode"]
        if wanted and policy.mode != wanted:
            raise Refused("the policy says mode = \"%s\" and not \"%s\"" % (policy.mode, wanted))
        return policy

    def _restart_needed(self, policy, attested):
        """Whether the change takes a restart; raises if that would be unsafe or is not wanted."""
        old = self._in_force(policy, attested)
        if old is None:
            return False  # The agent itself refuses it.
        before, after = old.fixed(), policy.fixed()
        changed = sorted(name for name in before if before[name] != after[name])
        if not changed:
            return False
        names = ", ".join(changed)
        if not self.module.params["restart"]:
            raise Refused("%s: a change takes a restart of the agent: set `restart: true`" % names)
        if policy.mode == "enforce" and old.rest() != policy.rest():
            raise Refused(
                "%s: a change takes a restart of the agent, which has no trial: change nothing else in the same task"
                % names)
        return True

    def _in_force(self, policy, attested):
        """The policy in force, from the disk or from the agent's copy of it; None if neither has it."""
        if self.old is not None and hashlib.sha256(self.old).hexdigest() == attested["policy"]:
            return Policy(self.jitgate, self.path)
        if attested["trial_until"]:
            return None
        try:
            return Policy(self.jitgate, policy.settings["state"]["directory"] + "/policy.toml")
        except Refused:
            return None

    # The file

    def _attributes(self, check=False):
        """Whether owner or mode of the file differ; changes them unless it only checks."""
        wanted = dict(self.module.load_file_common_arguments(dict(path=self.path)),
                      owner="root", group="root", mode="0644")
        previous = self.module.check_mode
        self.module.check_mode = check or previous
        try:
            return self.module.set_fs_attributes_if_different(wanted, False)
        finally:
            self.module.check_mode = previous

    def _write(self, draft):
        if self.old != self.new:
            if self.module.params["backup"] and self.old is not None:
                self.result["backup_file"] = self.module.backup_local(self.path)
            self.module.atomic_move(draft, self.path)
        self._attributes()

    def _restore(self):
        """Puts the former file back, and has the agent see that nothing is wrong with it."""
        if self.old is None:
            os.unlink(self.path)
            return
        self.module.atomic_move(self._draft(self.old), self.path)
        self._attributes()
        try:
            self.jitgate.ask("reload")
        except Refused as error:
            self.module.warn("the former policy is back at %s; jitgate reload says: %s" % (self.path, error))

    # The agent

    def _forget_the_last_file(self):
        """Has the agent see that the file on disk is again the one in force."""
        self.jitgate.answer("reload")

    def _load(self, restart):
        trial = self.module.params["trial"]
        try:
            if restart:
                self._restart()
            elif trial:
                dummy, reply, errors = self.jitgate.answer("try", "--for", trial)
                if reply is None:
                    raise Refused(errors)
                for line in errors.splitlines():
                    self.module.warn(line.replace("jitgate: ", "", 1))
                self.result.update(self._trial(reply["until"]))
            else:
                self.jitgate.ask("reload")
        except Refused as error:
            self._restore()
            self.module.fail_json(
                msg="the agent refused the policy, the former one is back: %s" % error)

    def _restart(self):
        status, output, errors = self.module.run_command(["systemctl", "restart", "jitgated"])
        if status != 0:
            raise Refused(errors.strip() or output.strip())
        digest = hashlib.sha256(self.new).hexdigest()
        end = time.monotonic() + 30
        while (self.jitgate.attested() or {}).get("policy") != digest:
            if time.monotonic() > end:
                raise Refused("the policy is not in force 30 s after the restart of the agent")
            time.sleep(0.2)
        self.result["restarted"] = True

    @staticmethod
    def _trial(until):
        if not until:
            return dict(on_trial=False, trial_until=None)
        moment = datetime.datetime.strptime(until[:19], "%Y-%m-%dT%H:%M:%S")
        left = (moment.replace(tzinfo=datetime.timezone.utc) - datetime.datetime.now(datetime.timezone.utc))
        return dict(on_trial=True, trial_until=until, trial_seconds=left.total_seconds())


def sentence(problem):
    place = "%s:%s" % (problem["line"], problem["column"])
    return ": ".join(filter(None, (place, problem["key"], problem["reason"], problem["remedy"])))


def confirm(module):
    jitgate = Jitgate(module, module.params["path"])
    status = jitgate.ask("status")
    if not status["trial_until"]:
        raise Refused("no policy is on trial: nothing was started, or its time was up")
    if not module.check_mode:
        jitgate.ask("confirm")
    module.exit_json(changed=True, mode=status["mode"], in_force=True, on_trial=False, trial_until=None,
                     restarted=False)


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=["present", "confirmed"], default="present"),
            src=dict(type="path"),
            content=dict(type="str"),
            path=dict(type="path", default="/etc/jitgate/jitgate.toml"),
            trial=dict(type="str"),
            confirm=dict(type="bool", default=True),
            restart=dict(type="bool", default=False),
            require_mode=dict(type="str", choices=["observe", "enforce"]),
            backup=dict(type="bool", default=False),
        ),
        mutually_exclusive=[("src", "content")],
        required_if=[("state", "present", ("src", "content"), True)],
        supports_check_mode=True,
    )
    try:
        if module.params["state"] == "confirmed":
            confirm(module)
        Change(module, module.params["content"]).run()
    except Refused as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
