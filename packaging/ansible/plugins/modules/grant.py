#!/usr/bin/python
# Copyright: 2026 the jitgate developers
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: grant
short_description: Give a signed grant to the agent of a host, or end one
description:
  - Gives a file that people have signed to the agent, by C(jitgate submit), and waits for its answer.
    The agent checks every signature, so the controller is trusted with nothing but the delivery.
  - If the agent refuses the file, the task fails with the reason, and the host is as it was before.
  - Revocations, reviews and the ends of bars are given to the agent in the same way. Their tasks always
    report a change, because the agent accepts such a file again.
version_added: 0.1.0
author: The jitgate developers (@jitgate)
options:
  state:
    description:
      - C(present) has the grant waiting or open. C(absent) ends it for good; a grant that was ended never opens again.
    type: str
    choices: [present, absent]
    default: present
  src:
    description: A signed file on the controller, looked for as M(ansible.builtin.copy) does.
    type: path
  content:
    description: The text of a signed file.
    type: str
  id:
    description: The grant to end, with I(state=absent), instead of its file.
    type: str
  reason:
    description: Why the grant is ended, for the audit log.
    type: str
    default: ended by Ansible
  skip_other_hosts:
    description: Whether a grant that does not name this host is passed over, instead of a failure.
    type: bool
    default: false
  wait:
    description: For how many seconds the agent's answer is waited for.
    type: int
    default: 30
  config:
    description: The policy file by which the agent is found.
    type: path
requirements:
  - the package jitgate on the host
attributes:
  check_mode:
    support: full
    description: Says whether the host would accept the file, as C(jitgate verify) does, and changes nothing.
  diff_mode:
    support: full
    description: Shows the payload of the grant.
seealso:
  - module: jitgate.jitgate.policy
notes:
  - Needs root on the host. It reaches hosts whose ports are open to the controller; for others let the
    host fetch the file from a depot (docs/OPERATING.md, A thousand hosts).
"""

EXAMPLES = r"""
- name: Let dana in
  jitgate.jitgate.grant:
    src: INC-4211.grant

- name: Give one file to all hosts; those that it does not name pass it over
  jitgate.jitgate.grant:
    src: INC-4211.grant
    skip_other_hosts: true

- name: End it early
  jitgate.jitgate.grant:
    src: INC-4211.grant
    state: absent
    reason: solved

- name: End it by its id
  jitgate.jitgate.grant:
    id: 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11
    state: absent

- name: Shut a key out
  jitgate.jitgate.grant:
    src: key-stolen.grant
"""

RETURN = r"""
id:
  description: The id of the grant, or the first id that the file is about.
  returned: if the file has one
  type: str
  sample: 0b8a2f6e-5c1d-4f0e-9a43-2f1f6f0c7d11
outcome:
  description: C(accepted), C(refused), C(pending), C(other-host), C(ended), or C(absent).
  returned: success, or if the agent answered
  type: str
  sample: accepted
deadline:
  description: When its access ends; null while it waits.
  returned: success
  type: str
  sample: "2026-11-28T12:00:00Z"
code:
  description: The reason of a refusal as a stable word.
  returned: if the agent refused it
  type: str
  sample: max-duration
"""

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.jitgate.jitgate.plugins.module_utils.jitgate import LIVE, Jitgate, Refused, payload


class SignedFile:
    """The file, and what it is about."""

    def __init__(self, text):
        self.text = text
        self.payload = payload(text)
        self.is_grant = self.payload.get("jitgate") == "grant/1"

    @property
    def id(self):
        value = self.payload.get("id")
        return value.lower() if isinstance(value, str) else None


class Delivery:
    """One task: what is to be done, and with which agent."""

    def __init__(self, module, file):
        self.module = module
        self.jitgate = Jitgate(module, module.params["config"])
        self.file = file
        self.result = dict(changed=False)

    def present(self):
        entry = self.jitgate.grant(self.file.id) if self.file.is_grant and self.file.id else None
        if entry and entry["state"] in ("waiting", "open"):
            return self.finish("accepted", deadline=entry["deadline"])
        self.result["diff"] = dict(before="", after=self.file.text.partition("-----BEGIN")[0])
        if self.module.check_mode:
            return self.verify()
        return self.submit()

    def verify(self):
        dummy, reply, errors = self.jitgate.answer("verify", "-", data=self.file.text, binary_data=True)
        if reply is None:
            raise Refused(errors)
        if not reply["accepted"]:
            failed = [check for check in reply["checks"] if not check["ok"]]
            self.refuse(failed[0]["code"], "; ".join(reason(check) for check in failed))
        self.finish("accepted", changed=True, deadline=reply["deadline"])

    def submit(self):
        words = ("submit", "-", "--wait", str(self.module.params["wait"]))
        dummy, reply, errors = self.jitgate.answer(*words, data=self.file.text, binary_data=True)
        if reply is None:
            raise Refused(errors)
        self.result["id"] = (reply["ids"] or [self.file.id])[0]
        if reply["outcome"] == "refused":
            self.refuse(reply["code"], reply["reason"])
        if reply["outcome"] == "pending":
            self.module.fail_json(
                msg="the agent has not answered within %d s; the file stays at %s"
                % (self.module.params["wait"], reply["file"]), outcome="pending", **self.result)
        self.finish("accepted", changed=True, deadline=reply["deadline"])

    def refuse(self, code, why):
        if code == "host" and self.module.params["skip_other_hosts"]:
            self.result.pop("diff", None)
            self.finish("other-host")
        self.result["changed"] = False
        self.module.fail_json(msg="refused: %s" % why, outcome="refused", code=code, **self.result)

    def absent(self, identifier):
        self.result["id"] = identifier
        entry = self.jitgate.grant(identifier)
        if not entry or entry["state"] not in LIVE:
            return self.finish("ended" if entry else "absent")
        self.result["diff"] = dict(before="%s\n" % entry["state"], after="ended\n")
        if not self.module.check_mode:
            self.jitgate.ask("revoke", identifier, "--reason", self.module.params["reason"])
        self.finish("ended", changed=True)

    def finish(self, outcome, changed=False, deadline=None):
        if self.file and self.file.id:
            self.result.setdefault("id", self.file.id)
        self.result.update(outcome=outcome, changed=changed, deadline=deadline)
        self.module.exit_json(**self.result)


def reason(check):
    text = "%s: %s" % (check["field"] or check["check"], check["finding"])
    return "%s; %s" % (text, check["remedy"]) if check["remedy"] else text


def main():
    module = AnsibleModule(
        argument_spec=dict(
            state=dict(type="str", choices=["present", "absent"], default="present"),
            src=dict(type="path"),
            content=dict(type="str"),
            id=dict(type="str"),
            reason=dict(type="str", default="ended by Ansible"),
            skip_other_hosts=dict(type="bool", default=False),
            wait=dict(type="int", default=30),
            config=dict(type="path"),
        ),
        mutually_exclusive=[("src", "content", "id")],
        required_one_of=[("src", "content", "id")],
        supports_check_mode=True,
    )
    parameters = module.params
    try:
        file = SignedFile(parameters["content"]) if parameters["content"] is not None else None
        delivery = Delivery(module, file)
        if parameters["state"] == "present":
            if not file:
                raise Refused("to be present, a grant needs its file: src or content")
            delivery.present()
        identifier = parameters["id"].lower() if parameters["id"] else file and file.is_grant and file.id
        if not identifier:
            raise Refused("only a grant can be absent, and it needs an id")
        delivery.absent(identifier)
    except (Refused, ValueError) as error:
        module.fail_json(msg=str(error))


if __name__ == "__main__":
    main()
