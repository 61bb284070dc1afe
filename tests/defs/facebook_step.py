"""A small Facebook behind Dagster's own steps, for tests of what an operator sees."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import dagster as dg
import psycopg
import pytest

from pipelines.defs.facebook import extract_facebook
from pipelines.defs.facebook_backfill import backfill_facebook
from pipelines.defs.resources import Environment
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.graph.faults import Faults
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.world import FacebookWorld
from tests.facebook_clock import VirtualTimer
from tests.facebook_world import NOW, TOKEN

Checks = dict[tuple[str, str], dg.AssetCheckEvaluation]


class Unhurried(Environment):
    """The environment of a step that waits in no time."""

    def timer(self) -> VirtualTimer:
        return VirtualTimer()


@dataclass
class Step:
    """Runs Facebook's steps in an instance that remembers."""

    warehouse_url: str
    instance: dg.DagsterInstance
    faults: Faults
    calls: list[Any] = field(default_factory=list)

    def extract(self, **config: Any) -> tuple[dg.ExecuteInProcessResult, Checks]:
        """Run the extraction; return its checks by table and name."""
        result = self._run(extract_facebook, config)
        found = result.get_asset_check_evaluations()
        checks = {(one.asset_key.path[-1], one.check_name): one for one in found}
        return result, checks

    def backfill(
        self, first: str, last: str, **config: Any
    ) -> dg.ExecuteInProcessResult:
        """Run the months from one to another in one run, as the UI does."""
        tags = {
            "dagster/asset_partition_range_start": first,
            "dagster/asset_partition_range_end": last,
        }
        return self._run(backfill_facebook, config, tags=tags)

    def _run(
        self, step: dg.AssetsDefinition, config: dict[str, Any], **more: Any
    ) -> dg.ExecuteInProcessResult:
        return dg.materialize(
            [step],
            instance=self.instance,
            resources={"environment": Unhurried()},
            run_config={"ops": {step.op.name: {"config": config}}},
            raise_on_error=False,
            **more,
        )

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.warehouse_url) as connection:
            return connection.execute(query.encode()).fetchall()


@contextmanager
def facebook_step(
    world: FacebookWorld, warehouse_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Step]:
    faults = Faults()
    app = facebook_app(world, faults=faults)
    accounts = ",".join(account["id"] for account in world.accounts)
    with serve(app) as url, dg.DagsterInstance.ephemeral() as instance:
        variables = {
            "WAREHOUSE_URL": warehouse_url,
            "PIPELINE_NOW": NOW.isoformat(),
            "FACEBOOK_ACCESS_TOKEN": TOKEN,
            "FACEBOOK_GRAPH_URL": url,
            "FACEBOOK_AD_ACCOUNTS": accounts,
        }
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        yield Step(warehouse_url, instance, faults, app.state.calls)


def failure_of(result: dg.ExecuteInProcessResult, step: str) -> str:
    """Return what a red step says."""
    data = result.failure_data_for_node(step)
    assert data is not None and data.user_failure_data is not None
    return str(data.user_failure_data.description)


def was_tried_again(result: dg.ExecuteInProcessResult) -> bool:
    return any(event.is_step_up_for_retry for event in result.all_events)
