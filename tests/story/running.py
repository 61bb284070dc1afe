"""Run the pipeline against a sandbox as a scheduler would, and compare the marts."""

import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from pipelines.definitions import defs
from pipelines.defs.resources import DBT_PROJECT
from pipelines.sandbox.answers.expected import expected_marts
from pipelines.sandbox.house import BACKFILL_DAYS, House
from pipelines.warehouse import dbt_environment
from tests.comparison import differences, published

KEYS = {
    "sale_attribution": ("deal_id", "payment_kind"),
    "lead_attribution": ("source_db", "lead_id"),
    "traffic_stats": ("stat_date", "ad_account_id", "ad_id"),
    "traffic_sales_stats": ("date", "period_type", "team_name"),
    "traffic_weekly_plans": ("team_name", "week_start"),
    "daily_traffic_reports": ("report_date",),
    "facebook_ad_spend": ("ad_account_id", "date"),
    "spend_reconciliation": ("ad_account_id", "stat_date"),
    "account_spend_business_days": ("ad_account_id", "date"),
    "dim_ad_accounts": ("ad_account_id",),
    "traffic_leads": ("fb_lead_id",),
    "ad_utms": ("ad_id", "creative_id", "set_number"),
    "utm_hygiene": ("ad_id", "issue"),
    "traffic_fb_campaigns": ("fb_campaign_id",),
    "traffic_fb_ad_sets": ("fb_ad_set_id",),
    "traffic_fb_ads": ("fb_ad_id",),
    "deal_stage_times": ("deal_id", "step"),
    "stage_conversion": ("team_name", "pipeline_id", "status_id"),
    "deal_changes_after_won": ("deal_id", "change_id"),
    "deal_utm_changes": ("deal_id", "parameter", "step"),
    "deal_utm_twins": ("deal_id", "parameter"),
    "buyer_ladder": ("first_deal_id",),
    "crm_test_deals": ("deal_id",),
    "crm_reconciliation": ("product", "deal_id"),
    "deal_deletions": ("deal_id", "opened_at"),
    # One version of each deal, so one change: what is first seen.
    "sales_as_of_changes": ("deal_id",),
}
# A person's id is the pipeline's own; which records share one is compared apart. A team
# without an id of its own has a hash, which the answers do not know.
OPAQUE = ("person_id", "team_id")


WAREHOUSE, KEPT = "warehouse", "first_edition"


@dataclass
class Pipeline:
    """A sandbox and the Dagster instance its jobs run in.

    All editions are built in a warehouse of one name: dbt parses its project anew
    whenever the address changes.
    """

    house: House
    instance: dg.DagsterInstance
    first_run_id: str = ""
    is_at_first_edition: bool = False

    def start_from(self, template: str) -> None:
        """Make the warehouse anew: empty, prepared, or with its first edition."""
        self.house.server.drop_database(WAREHOUSE)
        self.house.server.create_database(WAREHOUSE, template=template)
        self.is_at_first_edition = template == KEPT

    def run(self, job: str, **config: Any) -> dg.ExecuteInProcessResult:
        """Run one of the real jobs to its end, in this process."""
        self.is_at_first_edition = False
        return defs.resolve_job_def(job).execute_in_process(
            instance=self.instance, raise_on_error=False, **config
        )

    def rows(self, mart: str) -> list[Mapping[str, Any]]:
        return published(self.house.warehouse_url, mart)

    def run_dbt(
        self, *arguments: str, project: Path = DBT_PROJECT
    ) -> subprocess.CompletedProcess[str]:
        """Run dbt of this environment, with the parse of the real project at hand."""
        self.is_at_first_edition = False
        target = os.environ["DBT_TARGET_PATH"]
        command = [str(Path(sys.executable).with_name("dbt")), "--no-use-colors"]
        command += [*arguments, "--project-dir", str(project)]
        command += ["--profiles-dir", str(project), "--log-path", target]
        environment = {**os.environ, **dbt_environment(self.house.warehouse_url)}
        return subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False
        )


def story_differences(warehouse_url: str, house: House, *, schema: str) -> list[str]:
    """Compare every mart that the story answers for; name all that differs."""
    answers = expected_marts(house.world, backfill_days=BACKFILL_DAYS)
    return [
        f"{mart} {line}"
        for mart, key in KEYS.items()
        for line in differences(
            [
                _without_hashes(row)
                for row in published(warehouse_url, mart, schema=schema)
            ],
            [_without_hashes(row) for row in answers[mart]],
            key=key,
            ignore=OPAQUE,
        )
    ]


def _without_hashes(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Leave out the team ids inside a report's array of teams."""
    teams = row.get("teams_data")
    if not teams:
        return row
    plain = [{k: v for k, v in team.items() if k != "team_id"} for team in teams]
    return {**row, "teams_data": plain}
