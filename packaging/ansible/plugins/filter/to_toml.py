# Copyright: 2026 the jitgate developers
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import re

from ansible.errors import AnsibleFilterError

BARE = re.compile(r"^[A-Za-z0-9_-]+$")


def key(text):
    text = str(text)
    return text if BARE.match(text) else json.dumps(text, ensure_ascii=False)


def value(item, name):
    if isinstance(item, bool):
        return "true" if item else "false"
    if isinstance(item, int):
        return str(item)
    if isinstance(item, str):
        # JSON escapes what TOML escapes, and DEL on top.
        return json.dumps(str(item), ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(item, (list, tuple)):
        return "[%s]" % ", ".join(value(part, name) for part in item)
    if isinstance(item, dict):
        return "{ %s }" % ", ".join("%s = %s" % (key(k), value(v, name)) for k, v in item.items())
    raise AnsibleFilterError("to_toml: %s: neither text, a whole number, true, false, a list nor a table" % name)


def is_tables(item):
    return isinstance(item, (list, tuple)) and bool(item) and all(isinstance(part, dict) for part in item)


def lines(table):
    return ["%s = %s" % (key(k), value(v, k)) for k, v in table.items()]


def to_toml(document):
    """A dict as TOML: plain keys first, then a table for each dict and an array of tables for each list of dicts."""
    if not isinstance(document, dict):
        raise AnsibleFilterError("to_toml: a table is needed, such as {mode: observe}")
    parts = [lines(dict((k, v) for k, v in document.items() if not isinstance(v, dict) and not is_tables(v)))]
    for name, item in document.items():
        if isinstance(item, dict):
            parts.append(["[%s]" % key(name)] + lines(item))
        elif is_tables(item):
            parts += [["[[%s]]" % key(name)] + lines(part) for part in item]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


class FilterModule:
    def filters(self):
        return {"to_toml": to_toml}
