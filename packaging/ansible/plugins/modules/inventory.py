#!/usr/bin/python
# Copyright: 2026 the jitgate developers
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
---
module: inventory
short_description: Keep the inventory of jitgate-fleet
description:
  - Adds hosts with the keys of their audit logs to the file that C(jitgate-fleet status), C(check) and
    C(collect) verify statuses by (docs/PROTOCOL.fleet, section 7). Other lines and comments stay.
  - A host that is there with another key is a failure, because that is what a forged log looks like. Remove
    its line after you have found out why, or set I(replace_keys).
version_added: 0.1.0
author: The jitgate developers (@jitgate)
options:
  path:
    description: The inventory file. It is usually on the controller, with C(delegate_to).
    type: path
    required: true
  hosts:
    description: The hosts.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: The host name in lower case.
        type: str
        required: true
      key:
        description: The key that C(jitgate audit key) prints; without it the host has no agent yet.
        type: str
      group:
        description: The group whose hosts should have the same policy and signers.
        type: str
  replace_keys:
    description: Whether a key that changed is replaced.
    type: bool
    default: false
attributes:
  check_mode:
    support: full
    description: Says what would change.
  diff_mode:
    support: full
    description: Shows the lines that change.
"""

EXAMPLES = r"""
- name: Learn the keys of the audit logs
  jitgate.jitgate.agent_facts:

- name: Keep them in the inventory of jitgate-fleet
  jitgate.jitgate.inventory:
    path: /srv/fleet/hosts
    hosts:
      - host: web-1
        key: jitgate/web-1/3f0c9a5be1c24f5e8a7d6c5b4a392817+303ac8f4+AYueSLyBz+rPtIugqwMLxmjdg5cISb97eP0j4GJawzNV
        group: web
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
added:
  description: The hosts that were not in the file.
  returned: success
  type: list
  elements: str
updated:
  description: The hosts whose line changed.
  returned: success
  type: list
  elements: str
"""

import os
import tempfile

from ansible.module_utils.basic import AnsibleModule


def line_of(entry):
    words = [entry["host"], entry["key"] or "-"]
    if entry["group"]:
        words.append("group=" + entry["group"])
    return "  ".join(words)


def merged(lines, entries, replace):
    """The new lines, the hosts added and updated, and those whose key is another one."""
    wanted = dict((entry["host"], entry) for entry in entries)
    found, updated, conflicts = [], [], []
    for number, line in enumerate(lines):
        words = line.split()
        if not words or words[0].startswith("#") or words[0] not in wanted:
            continue
        entry = wanted.pop(words[0])
        key = words[1] if len(words) > 1 else "-"
        if key == "retired" or words == line_of(entry).split() or not entry["key"]:
            continue
        if key not in ("-", entry["key"]) and not replace:
            conflicts.append(entry["host"])
            continue
        lines[number] = line_of(entry)
        updated.append(entry["host"])
    added = sorted(wanted)
    return lines + [line_of(wanted[host]) for host in added], added, updated, conflicts


def main():
    module = AnsibleModule(
        argument_spec=dict(
            path=dict(type="path", required=True),
            hosts=dict(type="list", elements="dict", required=True, options=dict(
                host=dict(type="str", required=True),
                key=dict(type="str", no_log=False),
                group=dict(type="str"),
            )),
            replace_keys=dict(type="bool", default=False),
        ),
        supports_check_mode=True,
    )
    path = module.params["path"]
    before = ""
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            before = file.read()
    lines, added, updated, conflicts = merged(
        before.splitlines(), module.params["hosts"], module.params["replace_keys"])
    if conflicts:
        module.fail_json(
            msg="%s: another key than the one in %s: a new log, a clone, or a forged one. Find out why before you "
            "remove the line" % (", ".join(conflicts), path))
    after = "".join(line + "\n" for line in lines)
    changed = bool(added or updated)
    if changed and not module.check_mode:
        handle, draft = tempfile.mkstemp(dir=module.tmpdir)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(after)
        module.atomic_move(draft, path)
    module.exit_json(changed=changed, added=added, updated=updated, diff=dict(
        before=before, after=after, before_header=path, after_header=path))


if __name__ == "__main__":
    main()
