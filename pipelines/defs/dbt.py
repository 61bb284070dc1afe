"""The dbt project as assets: staging, intermediate and the candidates of an edition.

Models' SQL and rules live in `dbt_project/`; publishing them belongs to `publish.py`.
"""

import contextlib
import fcntl
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import (
    DagsterDbtTranslator,
    DagsterDbtTranslatorSettings,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)
from dagster_dbt.errors import DagsterDbtCliRuntimeError
from psycopg import sql

from pipelines.defs.assets import DAILY_FRESHNESS, OWNERS
from pipelines.defs.resources import DBT_PROJECT, Environment, dbt_resource
from pipelines.errors import ConfigurationError
from pipelines.load.merge import Connection
from pipelines.publish import withhold
from pipelines.warehouse import connect

COLOUR = re.compile(r"\x1b\[[0-9;]*m")
FAILED = re.compile(r"(?:Failure|Error) in (\w+) (\w+) \(")
PROJECT = DbtProject(project_dir=DBT_PROJECT, profiles_dir=DBT_PROJECT)


def ensure_manifest(project: DbtProject) -> Path:
    """Parse the dbt project when its manifest is missing, outdated or of elsewhere.

    Several processes load the code location at once: the first one parses.
    """
    target = project.manifest_path.parent
    target.mkdir(exist_ok=True)
    with (target / "parse.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        address = _warehouse_address()
        parsed_for = target / "parsed_for"
        is_of_elsewhere = address and (
            not parsed_for.exists() or parsed_for.read_text() != address
        )
        if is_of_elsewhere or _is_stale(project):
            dbt_resource().cli(["parse", "--quiet"], target_path=target).wait()
            parsed_for.write_text(address)
    return project.manifest_path


def _warehouse_address() -> str:
    """Return what dbt's parse depends on, empty where no warehouse is set.

    A build that finds the parse of another warehouse parses all over again.
    """
    with contextlib.suppress(ConfigurationError):
        variables = Environment().prepare_dbt()
        shown = (f"{k}={v}" for k, v in variables.items() if "PASSWORD" not in k)
        return "\n".join(sorted(shown))
    return ""


def _is_stale(project: DbtProject) -> bool:
    manifest = project.manifest_path
    sources = (
        path.stat().st_mtime
        for path in project.project_dir.rglob("*")
        if path.suffix in {".sql", ".yml", ".csv"} and "target" not in path.parts
    )
    return not manifest.exists() or manifest.stat().st_mtime < max(sources)


MANIFEST = ensure_manifest(PROJECT)
# Read once per process: it is megabytes.
PARSED: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))


Event = (
    dg.Output[Any]
    | dg.AssetMaterialization
    | dg.AssetObservation
    | dg.AssetCheckResult
    | dg.AssetCheckEvaluation
)


class Translator(DagsterDbtTranslator):
    """Names, groups and owners of the dbt assets: the key is the table's address."""

    def get_asset_spec(
        self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None
    ) -> dg.AssetSpec:
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = self.get_resource_props(manifest, unique_id)
        if node["resource_type"] == "seed":
            return spec.replace_attributes(group_name="seeds", owners=OWNERS)
        if node["resource_type"] != "model":
            return spec
        layer = node["fqn"][1]
        is_mart = layer == "marts"
        return spec.replace_attributes(
            group_name="candidate" if is_mart else layer,
            owners=OWNERS,
            tags={**spec.tags, "layer": "candidate" if is_mart else layer},
            freshness_policy=DAILY_FRESHNESS if is_mart else None,
        )


TABLES = {
    node["unique_id"]: sql.Identifier(node["schema"], node["alias"])
    for node in PARSED["nodes"].values()
    if node["config"].get("materialized") in ("table", "incremental", "seed")
}


def _with_row_count(event: Event, warehouse: Connection) -> Event:
    """Add the rows of a table that dbt has just built to what Dagster is told of it.

    The library's own way asks through a second dbt adapter in a pool of threads that
    spins while it waits: on two cores it doubled the time of a build.
    """
    if not isinstance(event, dg.Output | dg.AssetMaterialization):
        return event
    table = TABLES.get(str(event.metadata["unique_id"].value))
    if table is None:
        return event
    row = warehouse.execute(sql.SQL("select count(*) from {}").format(table)).fetchone()
    return event.with_metadata(
        {**event.metadata, "dagster/row_count": row[0] if row else None}
    )


def models_below(source_prefix: str) -> list[dg.AssetKey]:
    """Return the models beneath staging that read, near or far, sources of one name.

    Views among them too: they fall with the tables that they stand on.
    """
    children, found = PARSED["child_map"], set[str]()
    open_ends = [name for name in children if name.startswith(source_prefix)]
    while open_ends:
        below = set(children.get(open_ends.pop(), ())) - found
        found |= below
        open_ends += below
    return [
        dg.AssetKey([node["schema"], node["name"]])
        for name in sorted(found)
        if (node := PARSED["nodes"].get(name))
        and node["resource_type"] == "model"
        and node["fqn"][1] != "staging"
    ]


def reason_of(error: Exception) -> str:
    """Say in a line that BI can show which tests or models failed."""
    text = COLOUR.sub("", str(error))
    failed = dict.fromkeys(f"{kind} {name}" for kind, name in FAILED.findall(text))
    if not failed:
        return " ".join(text.split())
    return f"failed: {', '.join(failed)}; the dbt step of the last build says how"


@dbt_assets(
    manifest=MANIFEST,
    project=PROJECT,
    dagster_dbt_translator=Translator(
        settings=DagsterDbtTranslatorSettings(enable_asset_checks=True)
    ),
    name="dbt_build",
    pool="warehouse",
)
def dbt_models(
    context: dg.AssetExecutionContext, dbt: DbtCliResource, environment: Environment
) -> Iterator[Event]:
    environment.prepare_dbt()
    # Unit tests prove the models, not the data: they belong to the test suite. Dagster
    # keeps what dbt says; dbt's own, most detailed log costs a fifth of its time, and
    # its artifacts, which nobody reads, another second.
    command = ["build", "--exclude-resource-type", "unit_test"]
    command += ["--log-level-file", "none", "--no-write-json"]
    try:
        with connect(environment.settings().warehouse_url) as warehouse:
            warehouse.autocommit = True
            for event in dbt.cli(command, context=context).stream():
                yield _with_row_count(event, warehouse)
    except DagsterDbtCliRuntimeError as error:
        settings = environment.settings()
        withhold(settings.warehouse_url, reason=reason_of(error), now=settings.now())
        raise


defs = dg.Definitions(assets=[dbt_models])
