"""docs/RECORDS.md says what is so."""
import csv
import pathlib
import re
import subprocess
import sys
import tempfile

from engines import QUESTIONS, ClickHouse
from scene import WEB
from testing import equal, holds, test

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/RECORDS.md").read_text()


@test
def the_page_lists_the_questions(scene):
    """docs/RECORDS.md lists each question with its parameters, and each kind of exposure"""
    rows = dict(re.findall(r"^\| `([a-z-]+)\.sql` \|[^|]*\| ?([^|]*?) ?\|$", PAGE, re.M))
    equal(sorted(rows), sorted(QUESTIONS))
    for name, sql in QUESTIONS.items():
        equal(set(re.findall(r"`(\w+)`", rows[name])), set(re.findall(r"parameter\('(\w+)'\)", sql)))
        holds("parameter(" not in ClickHouse.translated(sql), f"{name}.sql is translated")
        holds(all(f"--   {word}" in sql or f", {word}:" in sql for word in re.findall(r"`(\w+)`", rows[name])), f"{name}.sql explains them")
    schema = (ROOT / "etc/sql/schema.sql").read_text()
    kinds = set(re.findall(r"(?:hostname|machine), '([a-z ]+)'(?: AS kind)?,", schema[schema.index("VIEW standing"):]))
    kinds |= set(re.findall(r"opening\.hostname(?: AS hostname)?, '([a-z ]+)'", schema))
    listed = set(re.findall(r"`([a-z ]+)`", "".join(re.findall(r"^\| (`.*?) \|", PAGE[PAGE.index("| `kind` |"):], re.M))))
    equal(kinds - {"protects only"}, listed - {"port not protected", "kind"})


@test
def the_commands_for_one_auditor(scene):
    """The commands of docs/RECORDS.md for one auditor work in the DuckDB program, over logs and a journal together"""
    commands = re.search(r"```sql\n(.*?)```", PAGE, re.S)[1].replace("2026-11-01", "2026-01-01").replace("2026-12-01", "2100-01-01")
    with tempfile.TemporaryDirectory() as folder:
        place = pathlib.Path(folder)
        (place / "etc").symlink_to(ROOT / "etc")
        (place / "logs").symlink_to(scene.data / "logs")
        (place / "collector.json").symlink_to(scene.data / f"{WEB}.json")
        program = pathlib.Path(sys.executable).parent / "duckdb"
        done = subprocess.run([program, "-csv", "-bail"], input=".mode csv\n" + commands, cwd=folder, text=True, capture_output=True)
        equal((done.stderr, done.returncode), ("", 0))
        rows = list(csv.DictReader(done.stdout.splitlines()))
    equal({row["grant_id"] for row in rows if row["kind"] == "grant"},
          {scene.grants[name] for name in ["first", "second", "alone", "reviewed", "open"]})
