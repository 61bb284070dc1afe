"""The catalog: what the sources YAML may say, and how a mistake in it is named."""

from pathlib import Path

import pytest

from pipelines.catalog import Column, load_catalog
from pipelines.errors import ConfigurationError

TABLE = """
version: 2
sources:
  - name: raw
    schema: raw
    tables:
      - name: landing__journeys
        description: Steps of a lead
        config:
          meta:
            dagster: {{asset_key: [raw, landing__journeys]}}
            aliases: [lead_journey]
            key: [id]
            newest: created_at
            {meta}
        columns:
          - {{name: id, data_type: uuid, config: {{meta: {{required: true}}}}}}
          - {{name: created_at, data_type: timestamptz, description: When}}
          - name: phone
            data_type: varchar(50)
            config: {{meta: {{personal: true}}}}
          {column}
"""


def write(folder: Path, text: str, system: str = "landing") -> Path:
    path = folder / system / f"_{system}__sources.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return folder


def table(folder: Path, *, meta: str = "", column: str = "") -> Path:
    return write(folder, TABLE.format(meta=meta, column=column))


def test_table_is_read_as_declared(tmp_path):
    journeys = load_catalog(table(tmp_path)).get("landing__journeys")

    assert (journeys.system, journeys.table) == ("landing", "journeys")
    assert journeys.source_names == ("journeys", "lead_journey")
    assert (journeys.key, journeys.newest) == (("id",), "created_at")
    assert not journeys.required
    assert journeys.columns == (
        Column("id", "uuid", required=True),
        Column("created_at", "timestamp with time zone", "When"),
        Column("phone", "character varying(50)", personal=True),
    )


def test_declared_source_name_wins(tmp_path):
    catalog = load_catalog(table(tmp_path, meta="source_table: Journey Stages"))

    assert catalog.get("landing__journeys").source_table == "Journey Stages"


def test_own_tables_of_the_pipeline_are_no_source_tables(tmp_path):
    text = "sources: [{name: raw, schema: raw, tables: [{name: _loads}]}]"

    assert list(load_catalog(write(tmp_path, text, "pipeline"))) == []


def test_history_is_kept_apart(tmp_path):
    text = TABLE.format(meta="", column="").replace("raw", "history")
    text = text.replace("landing__journeys", "journeys")
    catalog = load_catalog(write(tmp_path, text, "history"))

    assert list(catalog) == []
    assert [(t.schema, t.name) for t in catalog.history] == [("history", "journeys")]


@pytest.mark.parametrize(
    ("meta", "column", "says"),
    [
        ("keys: [id]", "", r"unknown keys in config.meta: \['keys'\]"),
        ("required: sometimes", "", "required must be true or false"),
        ("", "- {name: id, data_type: text}", "a column is declared twice"),
        ("", "- {name: _run_id, data_type: text}", "the pipeline's own columns"),
        ("", "- {name: x}", "`data_type` is missing"),
        ("", "- {name: x, data_type: 'text; drop table y'}", "not a column type"),
        (
            "",
            "- {name: x, data_type: text, config: {meta: {pii: true}}}",
            "unknown key",
        ),
    ],
)
def test_mistake_names_file_and_table(tmp_path, meta, column, says):
    folder = table(tmp_path, meta=meta, column=column)

    with pytest.raises(ConfigurationError, match=rf"landing__journeys: .*{says}"):
        load_catalog(folder)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("sources: [", "not YAML"),
        ("sources: {name: raw}", "must be a list"),
        ("sources: [{name: raw}]", "needs a list `tables`"),
        ("sources: [{name: raw, tables: [leads]}]", "no mapping"),
        ("sources: [{name: raw, tables: [{name: leads}]}]", "<system>__<table>"),
        ("sources: [{name: raw, tables: [{name: a__b}]}]", "needs a list `columns`"),
    ],
)
def test_malformed_file_is_named(tmp_path, text, says):
    with pytest.raises(ConfigurationError, match=rf"_landing__sources.yml.*{says}"):
        load_catalog(write(tmp_path, text))


def test_key_must_be_stated_and_declared(tmp_path):
    text = TABLE.format(meta="", column="")
    for old, new, says in (
        ("key: [id]", "", "key is missing"),
        ("key: [id]", "key: [lead_id]", r"undeclared columns \['lead_id'\]"),
    ):
        with pytest.raises(ConfigurationError, match=says):
            load_catalog(write(tmp_path, text.replace(old, new)))


def test_the_projects_own_catalog_is_sound():
    catalog = load_catalog()

    systems = {table.system for table in catalog}
    assert systems == {"landing", "traffic", "tripwire", "facebook", "amocrm"}
    assert {table.name for table in catalog.history} == {
        "ownership_versions",
        "frozen_plans",
    }


def test_no_secret_is_declared():
    secrets = ("token", "secret", "password_hash", "generated_password")

    declared = [
        f"{table.name}.{column}"
        for table in load_catalog()
        for column in table.column_names
        if any(word in column for word in secrets)
    ]

    assert declared == []
