#!/usr/bin/env python3
"""The size of each type under Sources: lines, extensions included, and stored properties.

type-sizes.py [N] prints the N largest (10); --check fails for those over the budget.
Swift's own layout, as swift format leaves it, is relied on: one declaration begins a line.
"""
import collections
import pathlib
import re
import sys

MOST_LINES, MOST_PROPERTIES = 300, 15
# Larger than they should be, and none of the agent's: each is to be divided before it grows.
EXCEPTIONS = {
    "AgentStatus", "AuditLog", "Configuration", "DirectoryWatch", "Expression", "GrantTimeline",
    "TableConnection",
}

BEGIN = re.compile(
    r"^\s*(?:(?:@\w+(?:\([^)]*\))?|package|public|private|fileprivate|internal|final|indirect|nonisolated|open)\s+)*"
    r"(struct|class|enum|actor|extension|protocol)\s+([A-Za-z_][\w.]*)")
STORED = re.compile(
    r"^\s*(?:(?:@\w+|package|public|private|fileprivate|internal|final|nonisolated|weak|unowned|lazy"
    r"|private\(set\)|internal\(set\)|fileprivate\(set\)|package\(set\))\s+)*(?:let|var)\s+[`\w(]")


def without_text(line, in_text):
    """The line without comments and string literals; multi-line literals are left out."""
    if in_text:
        return ("", not line.rstrip().endswith('"""') and '"""' not in line)
    if line.count('"""') == 1:
        return (line.split('"""')[0], True)
    line = re.sub(r'"(?:\\.|[^"\\])*"', '""', line)
    return (line.split("//")[0], False)


def measure(path, lines_of, stored_of):
    module = path.parts[1]
    open_types = []  # (name, depth, kind)
    depth, in_text = 0, False
    for raw in path.read_text().splitlines():
        line, in_text = without_text(raw, in_text)
        found = BEGIN.match(line)
        inside = open_types[-1] if open_types else None
        if found and not (inside and depth != inside[1] + 1):
            name = found.group(2)
            if found.group(1) != "extension" and open_types:
                name = open_types[-1][0].split(":", 1)[1] + "." + name
            open_types.append((f"{module}:{name}", depth, found.group(1)))
        elif inside and depth == inside[1] + 1 and STORED.match(line) and is_stored(line):
            if not re.search(r"\bstatic\b", line):
                stored_of[inside[0]] += 1
        if open_types:
            lines_of[open_types[-1][0]] += 1
        depth += line.count("{") - line.count("}")
        while open_types and depth <= open_types[-1][1] and "{" not in line.split("}")[-1]:
            if "}" not in line and depth == open_types[-1][1]:
                break
            open_types.pop()


def is_stored(line):
    """Whether it is no computed property: these have a body and no value."""
    body = line.rstrip()
    return not (re.search(r"\bvar\b", body) and "{" in body and "=" not in body.split("{")[0])


def main():
    lines_of, stored_of = collections.Counter(), collections.Counter()
    for path in sorted(pathlib.Path("Sources").rglob("*.swift")):
        measure(path, lines_of, stored_of)
    if sys.argv[1:] != ["--check"]:
        for name, lines in lines_of.most_common(int(sys.argv[1]) if sys.argv[1:] else 10):
            print(f"{lines:4} lines {stored_of[name]:3} stored  {name}")
        return 0
    failed = 0
    for name, lines in sorted(lines_of.items()):
        stored = stored_of[name]
        if (lines > MOST_LINES or stored > MOST_PROPERTIES) and name.split(":")[1] not in EXCEPTIONS:
            print(f"{name}: {lines} lines, {stored} stored properties", file=sys.stderr)
            failed = 1
    return failed


sys.exit(main())
