"""The marts as dbt declares them: where each is published, by which key.

Read from dbt's manifest, so that a new mart needs no line of Python.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from psycopg import sql

from pipelines.errors import PublishRefused

CANDIDATE = "candidate"
HISTORY = "history"
TARGETS = ("marts", HISTORY)


@dataclass(frozen=True)
class MartSpec:
    """A mart as dbt declares it: where it goes, its key, what to say about it."""

    name: str
    key: tuple[str, ...]
    schema: str = "marts"
    description: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    has_volume_guard: bool = True

    @property
    def candidate(self) -> sql.Identifier:
        return sql.Identifier(CANDIDATE, self.name)

    @property
    def target(self) -> sql.Identifier:
        return sql.Identifier(self.schema, self.name)


def marts_from_manifest(path: Path) -> list[MartSpec]:
    """Read the marts from dbt's manifest: key from the contract, target from meta.

    `config.meta` of a model may say `publish_to: history` (durable memory) and
    `volume_guard: false` (a mart that may well become empty; memory never may).
    """
    manifest = json.loads(path.read_text(encoding="utf-8"))
    nodes = sorted(manifest["nodes"].values(), key=lambda node: str(node["name"]))
    return [_spec(node) for node in nodes if _is_mart(node)]


def _is_mart(node: Mapping[str, Any]) -> bool:
    return bool(node["resource_type"] == "model" and node["fqn"][1] == "marts")


def _spec(node: Mapping[str, Any]) -> MartSpec:
    meta = node["config"].get("meta") or {}
    schema = meta.get("publish_to", TARGETS[0])
    if schema not in TARGETS:
        raise PublishRefused(f"{node['name']}: publish_to must be one of {TARGETS}")
    return MartSpec(
        name=node["name"],
        key=tuple(_key(node)),
        schema=schema,
        description=node.get("description") or "",
        columns={
            column["name"]: column.get("description") or ""
            for column in node["columns"].values()
        },
        has_volume_guard=meta.get("volume_guard", True),
    )


def _key(node: Mapping[str, Any]) -> Iterator[str]:
    """Yield the columns of the primary key of a contract, of either spelling."""
    for constraint in node.get("constraints") or []:
        if constraint["type"] == "primary_key":
            yield from constraint.get("columns") or []
    for column in node["columns"].values():
        for constraint in column.get("constraints") or []:
            if constraint["type"] == "primary_key":
                yield column["name"]
