# Copyright: 2026 the jitgate developers
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import time

from ansible.errors import AnsibleConnectionFailure
from ansible.module_utils.parsing.convert_bool import boolean
from ansible.plugins.action import ActionBase
from ansible_collections.jitgate.jitgate.plugins.plugin_utils.source import arguments

#: Seconds between two attempts to connect.
PAUSE = 2


class ActionModule(ActionBase):
    """Puts a policy on trial over one connection, and confirms it over a new one."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        args = arguments(self)
        wanted = boolean(args.get("confirm", True), strict=False)
        result = self.module(args, task_vars)
        if result.get("on_trial") and result.get("changed") and wanted and not result.get("failed"):
            self.confirm(args, result, task_vars)
        return result

    def module(self, args, task_vars):
        return self._execute_module(
            module_name="jitgate.jitgate.policy", module_args=args, task_vars=task_vars
        )

    def confirm(self, args, result, task_vars):
        """Keeps the policy on trial if this controller can still come in."""
        end = time.monotonic() + result["trial_seconds"]
        args = dict((key, args[key]) for key in ("path",) if key in args)
        args["state"] = "confirmed"
        while True:
            self.disconnect()
            try:
                answer = self.module(args, task_vars)
                break
            except AnsibleConnectionFailure as error:
                answer = dict(failed=True, msg="no new connection: %s" % error)
            if time.monotonic() + PAUSE >= end:
                break
            time.sleep(PAUSE)
        if answer.get("unreachable") or answer.get("failed"):
            result.update(failed=True, on_trial=False, msg=self.refusal(result, answer))
        else:
            result.update((key, answer[key]) for key in ("on_trial", "trial_until", "mode"))

    def disconnect(self):
        """Ends the connection, so that the next command needs a new one."""
        try:
            self._connection.reset()
        except AttributeError:
            self._connection.close()

    @staticmethod
    def refusal(result, answer):
        return (
            "the policy was not confirmed, so the host goes back to the one before it at %s by itself. %s. "
            "Name the controller's network in `trusted`, or open a grant for it first"
            % (result.get("trial_until"), str(answer.get("msg", "")).strip().rstrip("."))
        )
