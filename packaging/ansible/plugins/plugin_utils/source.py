# Copyright: 2026 the jitgate developers
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Files of the controller that a module gets as text."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail, AnsibleError


def arguments(action):
    """The arguments of the task, with the content of `src` in its place."""
    args = dict(action._task.args)
    source = args.pop("src", None)
    if source is None:
        return args
    if args.get("content") is not None:
        raise AnsibleActionFail("src and content exclude each other")
    try:
        path = action._loader.get_real_file(action._find_needle("files", source))
        with open(path, "rb") as file:
            args["content"] = file.read().decode("utf-8")
    except (AnsibleError, OSError, UnicodeDecodeError) as error:
        raise AnsibleActionFail("%s: %s" % (source, error))
    return args
