"""What is proven where rows are made, and how they replace those of before: keys and
values that YAML declares, by dbt's own run of a small project."""

import os
import re
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
import yaml

from pipelines.defs.resources import DBT_PROJECT
from pipelines.warehouse import dbt_environment
from tests.conftest import NewDatabase

PHONE = "+7 700 000 00 01"
LONG = "(select string_agg(md5(cast(i as text)), '') from generate_series(1, 300) as i)"
# An earlier build: other kinds, a reader of its own, a draft that a dead run left.
BEFORE = """
create schema intermediate;
create table intermediate.repeated as select 7 as day;
create view intermediate.whole as select 7 as day;
create view public.reader as select * from intermediate.whole;
create table intermediate.whole__dbt_tmp as select 7 as day;
create table intermediate.seen as select 7 as day;
"""
# Name, materialization, key, rows.
MODELS = [
    ("whole", "table", "[phone, day]", f"('{PHONE}', 1), ('{PHONE}', 2)"),
    ("repeated", "table", "[phone, day]", f"('{PHONE}', 1), ('{PHONE}', 1)"),
    ("incomplete", "table", "[phone, day]", f"('{PHONE}', 1), ('{PHONE}', null)"),
    ("seen", "view", "[day]", f"('{PHONE}', 1), ('{PHONE}', 2)"),
    ("viewed", "view", "[phone]", f"('{PHONE}', 1), ('{PHONE}', 2)"),
    ("viewed_incomplete", "view", "[phone]", f"('{PHONE}', 1), (null, 2)"),
    ("long", "table", "[phone]", f"({LONG}, 1), ('{PHONE}', 1)"),
    ("long_repeated", "table", "[phone]", f"({LONG}, 1), ({LONG}, 1)"),
    ("expressed", "table", "[\"coalesce(phone, '')\"]", "(null, 1), (' ', 1)"),
    ("expressed_twice", "table", "[\"coalesce(phone, '')\"]", "(null, 1), ('', 1)"),
]

MART = """
models:
  - name: valued
    columns:
      - name: kind
        data_type: text
        constraints:
          - {type: primary_key}
          - {type: check, expression: "kind in ('first', 'second')"}
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the macros, the hooks and the settings of the real one."""
    home = tmp_path_factory.mktemp("project")
    settings = yaml.safe_load((DBT_PROJECT / "dbt_project.yml").read_text())
    settings["macro-paths"] = [str(DBT_PROJECT / "macros")]
    (home / "dbt_project.yml").write_text(yaml.safe_dump(settings))
    folder = home / "models" / "intermediate"
    folder.mkdir(parents=True)
    for name, kind, _, rows in MODELS:
        sql = f"select * from (values {rows}) as given (phone, day)"
        config = f"{{{{ config(materialized='{kind}') }}}}\n"
        (folder / f"{name}.sql").write_text(config + sql)
    (home / "seeds").mkdir()
    (home / "seeds" / "codes.csv").write_text("code,meaning\na,one\na,two\n")
    models = "\n".join(_entry(name, key) for name, _, key, _ in MODELS)
    seeds = _entry("codes", "[code]")
    (folder / "models.yml").write_text(f"models:\n{models}\nseeds:\n{seeds}\n")
    marts = home / "models" / "marts"
    marts.mkdir()
    (marts / "valued.sql").write_text("select cast('third' as text) as kind")
    (marts / "valued.yml").write_text(MART)
    return home


def _entry(name: str, key: str) -> str:
    return f"  - {{name: {name}, config: {{meta: {{key: {key}}}}}}}"


@pytest.fixture(scope="module")
def warehouse(lasting_database: NewDatabase) -> str:
    return lasting_database()


@pytest.fixture(scope="module")
def log(project: Path, warehouse: str) -> str:
    """Build over a table of an earlier build; return what dbt said."""
    with psycopg.connect(warehouse) as connection:
        connection.execute(BEFORE)
    done = subprocess.run(
        [Path(sys.executable).with_name("dbt"), "--no-use-colors", "build",
         "--project-dir", project, "--profiles-dir", DBT_PROJECT,
         "--target-path", project / "target", "--log-path", project / "target"],
        env={**os.environ, **dbt_environment(warehouse)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "verdict"),
    [
        ("repeated", "(phone, day) is no key: 1 values of it are on several rows, 0"),
        ("incomplete", "(phone, day) is no key: 0 values of it are on several rows, 1"),
        ("viewed", "(phone) is no key: 1 values of it are on several rows, 0"),
        ("viewed_incomplete", "(phone) is no key: 0 values of it are on several"),
        ("long_repeated", "(phone) is no key: 1 values of it are on several rows, 0"),
        ("expressed_twice", "(coalesce(phone, '')) is no key: 1 values of it"),
        ("codes", "(code) is no key: 1 values of it are on several rows, 0"),
    ],
)
def test_a_key_that_does_not_hold_fails_its_node(log, name, verdict):
    schema = "seeds" if name == "codes" else "intermediate"

    assert f"{schema}.{name}: {verdict}" in log


def test_keys_that_hold_fail_nothing(log):
    assert {name for name, *_ in MODELS} - failed(log) == {
        "whole",
        "seen",
        "long",
        "expressed",
    }


def test_a_value_that_a_mart_does_not_list_fails_it(log):
    assert "valued" in failed(log)
    assert 'violates check constraint "valued__dbt_tmp_kind_check"' in log


def failed(log: str) -> set[str]:
    return set(re.findall(r"Database Error in \w+ (\w+) \(", log))


def test_a_failure_says_what_to_do_and_nothing_personal(log):
    assert "correct the join" in log
    assert PHONE not in log


def test_a_table_has_its_key_as_primary_key_and_statistics(log, warehouse):
    with psycopg.connect(warehouse) as connection:
        row = connection.execute(
            "select pg_get_constraintdef(oid), "
            "(select reltuples from pg_class where oid = conrelid) "
            "from pg_constraint where conrelid = 'intermediate.whole'::regclass "
            "and contype = 'p'"
        ).fetchone()

    assert row == ("PRIMARY KEY (phone, day)", 2)


def test_a_relation_replaces_one_of_another_kind_and_its_readers(log, warehouse):
    with psycopg.connect(warehouse) as connection:
        kinds = connection.execute(
            "select relname, relkind from pg_class where relkind in ('r', 'v') and "
            "relnamespace in ('public'::regnamespace, 'intermediate'::regnamespace)"
        ).fetchall()

    assert set(kinds) == {
        ("whole", "r"), ("seen", "v"), ("long", "r"), ("expressed", "r"),
        ("repeated", "r"),
    }  # fmt: skip


def test_what_was_built_before_is_kept_when_its_key_breaks(log, warehouse):
    with psycopg.connect(warehouse) as connection:
        assert connection.execute("table intermediate.repeated").fetchall() == [(7,)]
