"""The two engines, each with the schema and the records of some files."""
import datetime
import json
import pathlib
import subprocess
import uuid

import chdb.session
import duckdb

SQL = pathlib.Path(__file__).resolve().parents[2] / "etc/sql"
# What a question asks for that the test does not name: everything.
EVERYTHING = {"host": "%", "port": "22/tcp", "since": "2026-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z", "requestor": "%",
              "approver": "dana", "ticket": "%", "grant": "%", "source": "%"}
QUESTIONS = {file.stem: file.read_text() for file in sorted((SQL / "questions").glob("*.sql"))}


def statements(text):
    lines = [line for line in text.splitlines() if not line.startswith("--")]
    return [statement for statement in "\n".join(lines).split(";\n") if statement.strip(" ;\n")]


class DuckDB:
    name = "DuckDB"

    def __init__(self, *patterns):
        self.connection = duckdb.connect()
        self.connection.execute(f"SET VARIABLE files = {list(map(str, patterns))}")
        for file in ["duckdb.sql", "schema.sql"]:
            self.connection.execute((SQL / file).read_text())

    def ask(self, sql, **parameters):
        for name, value in parameters.items():
            # (SET takes no placeholders)
            quoted = value.replace("'", "''")
            self.connection.execute(f"SET VARIABLE {name} = '{quoted}'")
        answer = self.connection.execute(sql)
        names = [column[0] for column in answer.description]
        return [dict(zip(names, map(self.plain, row))) for row in answer.fetchall()]

    @staticmethod
    def plain(value):
        return value.strftime("%Y-%m-%d %H:%M:%S.%f") if isinstance(value, datetime.datetime) else value

    def close(self):
        self.connection.close()


class ClickHouse:
    name = "ClickHouse"
    # A process has one session; each instance has a database of its own in it.
    session = None

    def __init__(self, *patterns):
        ClickHouse.session = ClickHouse.session or chdb.session.Session()
        self.database = f"records_{uuid.uuid4().hex}"
        self.session.query(f"CREATE DATABASE {self.database}")
        self.session.query(f"USE {self.database}")
        for file in ["clickhouse.sql", "schema.sql"]:
            for statement in statements(self.translated((SQL / file).read_text())):
                self.session.query(statement)
        self.load(*patterns)

    def load(self, *patterns):
        self.session.query(f"USE {self.database}")
        for pattern in patterns:
            self.session.query(f"INSERT INTO lines SELECT line, _path FROM file('{pattern}', LineAsString, 'line String')")

    @staticmethod
    def translated(sql):
        return subprocess.run(["sed", "-f", SQL / "clickhouse.sed"], input=sql, text=True, capture_output=True, check=True).stdout

    def ask(self, sql, **parameters):
        sql = self.translated(sql)
        self.session.query(f"USE {self.database}")
        # Values of parameters are read as in TabSeparated.
        escaped = {name: value.replace("\\", "\\\\") for name, value in parameters.items() if f"{{{name}:String}}" in sql}
        answer = json.loads(str(self.session.query(sql, "JSONCompact", params=escaped)))
        names = [column["name"] for column in answer["meta"]]
        return [dict(zip(names, row)) for row in answer["data"]]

    def close(self):
        self.session.query(f"DROP DATABASE {self.database}")


class Both:
    """Both engines over the same files; they must give the same rows."""

    def __init__(self, *patterns):
        self.engines = [DuckDB(*patterns), ClickHouse(*patterns)]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for engine in self.engines:
            engine.close()

    def ask(self, question, **parameters):
        sql = QUESTIONS.get(question, question)
        answers = [engine.ask(sql, **EVERYTHING | parameters) for engine in self.engines]
        if answers[0] != answers[1]:
            raise AssertionError(f"{question}: DuckDB says\n{answers[0]}\nand ClickHouse\n{answers[1]}")
        return answers[0]
