#!/usr/bin/python
# Copyright: 2026 the jitgate developers
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: agent_facts
short_description: Return the state of jitgate on a host as facts
description:
  - Asks the agent and returns what it says as the fact C(jitgate). Changes nothing.
  - On a host without jitgate or without a running agent the task succeeds, and says so in the fact.
version_added: 0.1.0
author: The jitgate developers (@jitgate)
options:
  config:
    description: The policy file by which the agent is found.
    type: path
  doctor:
    description: Whether C(jitgate doctor) looks at the host, too. It takes longer.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Changes nothing in any mode.
  diff_mode:
    support: none
    description: Changes nothing in any mode.
notes:
  - Needs root, or a user in the group C(jitgate); without root C(audit_key) may be null.
"""

EXAMPLES = r"""
- name: Look at jitgate
  jitgate.jitgate.agent_facts:

- name: Stop unless it is healthy
  ansible.builtin.assert:
    that: jitgate.status.healthy
    fail_msg: "{{ jitgate.status.conditions | map(attribute='message') | join('; ') }}"
"""

RETURN = r"""
ansible_facts:
  description: The fact.
  returned: always
  type: complex
  contains:
    jitgate:
      description: The state of jitgate.
      returned: always
      type: complex
      contains:
        installed:
          description: Whether the program jitgate is there.
          type: bool
          returned: always
        running:
          description: Whether an agent answers.
          type: bool
          returned: always
        status:
          description: The answer of C(jitgate status --json), or an empty dict.
          type: dict
          returned: always
        grants:
          description: The grants that wait, are open or drain, as in C(jitgate list --json).
          type: list
          elements: dict
          returned: always
        attested:
          description: What the host signs about itself, with the digests of policy and signers (docs/PROTOCOL.fleet).
          type: dict
          returned: always
        audit_key:
          description: The public key of the audit log, or null.
          type: str
          returned: always
        policy_in_force:
          description: Whether the policy on disk is the one in force.
          type: bool
          returned: always
        signers_in_force:
          description: Whether the allowed signers on disk are those in force.
          type: bool
          returned: always
        hostname:
          description: The name of the host's objects in a depot, and in an inventory of jitgate-fleet.
          type: str
          returned: always
        errors:
          description: The messages of all conditions that are errors, of status and, if wanted, doctor.
          type: list
          elements: str
          returned: always
"""

import hashlib
import os

from ansible.module_utils.basic import AnsibleModule
from ansible_collections.jitgate.jitgate.plugins.module_utils.jitgate import Jitgate


def digest(path):
    try:
        with open(path, "rb") as file:
            return hashlib.sha256(file.read()).hexdigest()
    except OSError:
        return None


def in_force(jitgate, config, attested):
    """Whether the files on disk are those that the agent goes by."""
    dummy, policy, errors = jitgate.answer("policy", "show")
    signers = digest(policy["grants"]["allowed_signers"]) if policy else None
    return dict(
        policy_in_force=attested.get("policy") == digest(config or "/etc/jitgate/jitgate.toml"),
        signers_in_force=signers is not None and attested.get("signers") == signers,
    )


def facts(module):
    jitgate = Jitgate(module, module.params["config"])
    found = dict(
        installed=jitgate.program is not None, running=False, status={}, grants=[], attested={}, audit_key=None,
        policy_in_force=False, signers_in_force=False, hostname=os.uname()[1].lower(), errors=[],
    )
    if not found["installed"]:
        return found
    status, reply, errors = jitgate.answer("status")
    if reply is None:
        found["errors"].append(errors)
        return found
    conditions = list(reply["conditions"])
    found.update(running=True, status=reply, attested=jitgate.attested() or {})
    found.update(in_force(jitgate, module.params["config"], found["attested"]))
    dummy, listed, errors = jitgate.answer("list")
    found["grants"] = (listed or {}).get("grants", [])
    dummy, key, errors = jitgate.answer("audit", "key")
    found["audit_key"] = (key or {}).get("key")
    if module.params["doctor"]:
        dummy, examined, errors = jitgate.answer("doctor")
        conditions += (examined or {}).get("conditions", [])
    for condition in conditions:
        if condition["severity"] == "error" and condition["message"] not in found["errors"]:
            found["errors"].append(condition["message"])
    return found


def main():
    module = AnsibleModule(
        argument_spec=dict(config=dict(type="path"), doctor=dict(type="bool", default=False)),
        supports_check_mode=True,
    )
    module.exit_json(changed=False, ansible_facts=dict(jitgate=facts(module)))


if __name__ == "__main__":
    main()
