# Copyright: 2026 the jitgate developers
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible.plugins.action import ActionBase
from ansible_collections.jitgate.jitgate.plugins.plugin_utils.source import arguments


class ActionModule(ActionBase):
    """Gives the module the text of a file of the controller."""

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        return self._execute_module(
            module_name="jitgate.jitgate.grant", module_args=arguments(self), task_vars=task_vars
        )
