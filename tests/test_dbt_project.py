"""Rules of the dbt project: who reads whom, what SQL may say, which keys YAML knows."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from pipelines.catalog import load_catalog
from pipelines.defs.dbt import PROJECT, ensure_manifest
from pipelines.sandbox.story.world import StoryOptions

ROOT = PROJECT.project_dir
MANIFEST = json.loads(ensure_manifest(PROJECT).read_text())
MODELS = {
    node["name"]: node
    for node in MANIFEST["nodes"].values()
    if node["resource_type"] == "model"
}
SQL = sorted(
    path
    for folder in ("models", "macros", "tests", "snapshots")
    for path in (ROOT / folder).rglob("*.sql")
)
YAML = sorted(
    path
    for folder in ("models", "seeds", "macros")
    for path in (ROOT / folder).rglob("*.yml")
)
DIALECT = {
    "cast by ::": r"::",
    "distinct on": r"\bdistinct\s+on\b",
    "filter": r"\bfilter\s*\(",
    "at time zone": r"\bat\s+time\s+zone\b",
    "generate_series": r"\bgenerate_series\b",
    "JSON operator": r"->|#>|\?\||@>",
    "JSON function": r"\bjsonb?_\w+\s*\(|\bjsonb\b",
    "regular expression operator": r"!?~\*?\s*'",
    "array function": r"\b(unnest|array_agg|array_length)\s*\(",
    "schema util": r"\butil\.",
    "float": r"\b(float[48]?|double\s+precision|real)\b",
    "ilike": r"\bilike\b",
}


def layer(node: dict[str, Any]) -> str:
    return node["fqn"][1]


def parents(node: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        MANIFEST["nodes"].get(parent) or MANIFEST["sources"][parent]
        for parent in node["depends_on"]["nodes"]
    ]


# What the pipeline itself writes is no business data: any layer may read it.
BOOKKEEPING = {"pipeline", "history"}
LISTED_ACCOUNTS = "stg_facebook__listed_accounts"


def place(node: dict[str, Any]) -> str:
    if node["resource_type"] != "model":
        return node["resource_type"]
    if node["name"] == LISTED_ACCOUNTS or node["fqn"][2] in BOOKKEEPING:
        return "bookkeeping"
    return layer(node)


# Facts are marts; what stands on a fact may still be intermediate.
MAY_READ = {
    "staging": {"source", "seed", "staging"},
    "bookkeeping": {"source"},
    "intermediate": {"staging", "bookkeeping", "seed", "intermediate", "marts"},
    "marts": {"bookkeeping", "seed", "intermediate", "marts"},
}


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_reads_only_the_layers_below_it(name):
    node = MODELS[name]

    read = {place(parent): parent["name"] for parent in parents(node)}

    assert set(read) <= MAY_READ[place(node)], read


def test_every_source_is_read_by_staging_of_its_own_system():
    readers: dict[str, set[str]] = {}
    for node in MODELS.values():
        for parent in node["depends_on"]["nodes"]:
            readers.setdefault(parent, set()).add("/".join(node["fqn"][1:3]))

    for unique_id, source in MANIFEST["sources"].items():
        folder = Path(source["original_file_path"]).parent.name

        assert readers.get(unique_id) == {f"staging/{folder}"}, unique_id


# A view that does none of these has a row for each living row of its one raw table.
RESHAPING = re.compile(
    r"\b(join|union|unnest|lateral|group by|distinct|cross|staged_\w+|json_items"
    r"|\w*array\w*)\b"
)
CATALOG = load_catalog()
RAW_KEYS = {table.name: table.key for table in (*CATALOG.tables, *CATALOG.own)}


def test_names_say_the_layer_and_the_area():
    for name, node in MODELS.items():
        if layer(node) == "staging":
            assert name.startswith(f"stg_{node['fqn'][2]}__"), name
        elif layer(node) == "intermediate":
            assert name.startswith(f"int_{node['fqn'][2]}__"), name
        else:
            assert not name.startswith(("stg_", "int_")), name


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_says_what_it_is_and_its_grain(name):
    description = MODELS[name]["description"]

    assert re.search("one row|a single row", description.lower()), description


@pytest.mark.parametrize("name", sorted(MODELS))
def test_a_model_has_a_key_that_the_build_proves(name):
    node = MODELS[name]
    key = node["config"]["meta"].get("key")
    hooks = node["config"]["post-hook"]
    constraints = [
        *node["constraints"],
        *(c for column in node["columns"].values() for c in column["constraints"]),
    ]

    if key is None:
        is_mart = any(c["type"] == "primary_key" for c in constraints)
        assert is_mart or is_row_for_row(node)
    else:
        assert isinstance(key, list) and key
        assert any("finish(this)" in hook["sql"] for hook in hooks)


def is_row_for_row(node) -> bool:
    """Tell whether a staging view has the key that its raw table's index enforces."""
    inputs = node["depends_on"]["nodes"]
    if (
        layer(node) != "staging"
        or len(inputs) != 1
        or RESHAPING.search(node["raw_code"])
    ):
        return False
    return bool(RAW_KEYS.get(inputs[0].split(".")[-1]))


def test_marts_have_contracts_with_primary_keys():
    for name, node in MODELS.items():
        if layer(node) == "marts":
            constraints = {c["type"] for c in node["constraints"]} | {
                c["type"]
                for column in node["columns"].values()
                for c in column["constraints"]
            }

            assert node["config"]["contract"]["enforced"], name
            assert "primary_key" in constraints, name


def test_marts_hold_no_personal_data():
    personal = re.compile(
        r"phone|e_?mail|customer_name|lead_name|contact_name|deal_name"
    )
    for name, node in MODELS.items():
        if layer(node) == "marts":
            assert not [c for c in node["columns"] if personal.search(c)], name


def plain_sql(path: Path) -> str:
    """Return SQL without comments and without what Jinja would replace."""
    text = path.read_text()
    for pattern in (r"\{#.*?#\}", r"\{\{.*?\}\}", r"\{%.*?%\}"):
        text = re.sub(pattern, " ", text, flags=re.DOTALL)
    return re.sub(r"--[^\n]*", "", text).lower()


@pytest.mark.parametrize("path", SQL, ids=lambda path: path.name)
def test_dialect_lives_in_the_engine_macros(path):
    if "engine" in path.parts:
        return
    text = plain_sql(path)

    found = [what for what, pattern in DIALECT.items() if re.search(pattern, text)]

    assert not found


def test_no_sql_and_no_seed_names_a_team():
    teams = [team.lower() for team in StoryOptions().teams]
    for path in [*SQL, *(ROOT / "seeds").rglob("*.csv")]:
        words = path.read_text().lower()

        assert not [team for team in teams if team in words], path.name


ARGUMENTS = {"name", "description", "arguments", "config"}
COLUMN = {"name", "description", "data_type", "constraints", "data_tests", "config"}
KNOWN: dict[str, set[str]] = {
    "file": {"version", "models", "sources", "seeds", "unit_tests", "exposures"},
    "models": {"name", "description", "config", "constraints", "data_tests", "columns"},
    "seeds": {"name", "description", "config", "data_tests", "columns"},
    "sources": {"name", "description", "schema", "config", "tables"},
    "tables": {"name", "description", "config", "data_tests", "columns"},
    "columns": COLUMN,
    "constraints": {"type", "columns", "expression", "name", "warn_unenforced"},
    "data_tests": ARGUMENTS,
    "unit_tests": {
        "name", "description", "model", "given", "expect", "overrides", "config",
    },
    "given": {"input", "rows", "format"},
    "expect": {"rows", "format"},
    "overrides": {"vars", "macros", "env_vars"},
    "macros": {"name", "description", "arguments"},
    "exposures": {
        "name", "label", "type", "description", "maturity", "url", "depends_on",
        "owner", "config",
    },
}  # fmt: skip
CONFIG = {
    "meta", "column_types", "materialized", "severity", "tags", "where", "enabled",
    "contract", "indexes", "pre_hook", "post_hook", "warn_if", "error_if", "schema",
}  # fmt: skip
META = {
    "dagster", "source_table", "aliases", "key", "required", "newest", "personal",
    "excluded", "publish_to", "volume_guard", "mode", "may_empty", "signature",
    "ledger", "optional", "own",
}  # fmt: skip


def unknown_keys(kind: str, entry: Any) -> Iterator[str]:
    """Walk one YAML entry and name each key that nobody would read."""
    if isinstance(entry, list):
        for item in entry:
            yield from unknown_keys(kind, item)
        return
    if not isinstance(entry, dict):
        return
    if kind == "data_tests":
        for body in entry.values():
            yield from (f"data_tests.{key}" for key in set(body or {}) - ARGUMENTS)
        return
    yield from (f"{kind}.{key}" for key in set(entry) - KNOWN[kind])
    config = entry.get("config") or {}
    yield from (f"{kind}.config.{key}" for key in set(config) - CONFIG)
    yield from (
        f"{kind}.config.meta.{key}" for key in set(config.get("meta", {})) - META
    )
    for key, value in entry.items():
        if key in KNOWN and key not in ("macros",):
            yield from unknown_keys(key, value)


@pytest.mark.parametrize("path", YAML, ids=lambda path: path.name)
def test_yaml_has_no_key_that_nobody_reads(path):
    assert not list(unknown_keys("file", yaml.safe_load(path.read_text())))


def test_a_misspelt_key_is_found():
    entry = {"models": [{"name": "m", "columns": [{"name": "c", "data_test": []}]}]}

    assert list(unknown_keys("file", entry)) == ["columns.data_test"]


def test_no_secret_is_declared_in_the_catalog():
    secret = re.compile(
        r"token|password|secret|payload|raw_data|telegram|stack|context"
    )
    for source in MANIFEST["sources"].values():
        if source["fqn"][2] in ("landing", "traffic", "tripwire"):
            declared = set(source["columns"]) - {"password_changed"}

            assert not [name for name in declared if secret.search(name)], source[
                "name"
            ]


def test_contact_columns_are_marked_personal():
    contact = re.compile(r"^(lead_|customer_)?(phone|email|name)$|^metadata$")
    for source in MANIFEST["sources"].values():
        for name, column in source["columns"].items():
            if contact.search(name) and not source["name"].endswith("_teams"):
                assert column["config"]["meta"].get("personal"), (source["name"], name)


def test_the_project_reports_nothing_to_anybody():
    project = yaml.safe_load((ROOT / "dbt_project.yml").read_text())

    assert project["flags"]["send_anonymous_usage_stats"] is False
