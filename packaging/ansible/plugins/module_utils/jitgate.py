# Copyright: 2026 the jitgate developers
# GNU General Public License v3.0+ (see https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules share: calls of jitgate(1), and the signed file."""

from __future__ import annotations

import json
import time

#: scripts/install puts the programs below /usr/local.
PLACES = ["/usr/bin", "/usr/local/bin", "/usr/sbin", "/usr/local/sbin"]

#: The beginning of the first armored signature; the payload lies before it.
ARMOR = "-----BEGIN SSH SIGNATURE-----"

#: The states of a grant that has not ended.
LIVE = ("waiting", "open", "draining")


class Refused(Exception):
    """A command said no, or could not be run; the text says why."""


class Jitgate:
    """The program jitgate on this host."""

    def __init__(self, module, config=None):
        self.module = module
        self.program = module.get_bin_path("jitgate", opt_dirs=PLACES)
        self.config = config

    def run(self, *words, **options):
        """Runs a command; returns its exit status, its output and its errors."""
        if not self.program:
            raise Refused("jitgate is not installed on this host")
        config = options.pop("config", self.config)
        command = [self.program] + list(words)
        if config:
            command += ["--config", config]
        return self.module.run_command(command, **options)

    def answer(self, *words, **options):
        """Runs a command that may say no; returns its exit status, its JSON (or None) and its errors."""
        status, output, errors = self.run(*(words + ("--json",)), **options)
        try:
            return status, json.loads(output), errors.strip()
        except ValueError:
            return status, None, errors.strip() or output.strip()

    def ask(self, *words, **options):
        """Returns the JSON that a command prints, or raises what it says instead."""
        status, reply, errors = self.answer(*words, **options)
        if status != 0 or reply is None:
            raise Refused(errors or "jitgate %s ended with status %d" % (" ".join(words), status))
        return reply

    def grant(self, identifier):
        """The agent's entry for a grant, or None."""
        for entry in self.ask("list", "--all")["grants"]:
            if entry["id"] == identifier:
                return entry
        return None

    def attested(self):
        """What the host signs about itself now (docs/PROTOCOL.fleet), or None without an agent."""
        asked = time.clock_gettime(time.CLOCK_BOOTTIME) * 1000000
        note = self._note()
        # Within a second the agent gives all callers the same note.
        for dummy in range(10):
            if note is None or note["boottime"] >= asked:
                break
            time.sleep(0.2)
            note = self._note()
        return note

    def _note(self):
        try:
            status, output, dummy = self.run("attest")
            return json.loads(output.splitlines()[1]) if status == 0 else None
        except (Refused, IndexError, ValueError):
            return None


def payload(text):
    """The object that was signed; raises ValueError if there is none."""
    body, armor, dummy = text.partition(ARMOR)
    if not armor:
        raise ValueError("it has no signature: sign it with `jitgate sign`")
    try:
        value = json.loads(body)
    except ValueError:
        raise ValueError("what lies before the signature is not JSON")
    if not isinstance(value, dict):
        raise ValueError("what lies before the signature is not a JSON object")
    return value
