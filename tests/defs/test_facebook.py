"""Facebook's step, as an operator sees it: tables, plots, accounts, checks."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import dagster as dg
import pytest

from pipelines.defs.facebook_checks import CHECKS, EVERY_ACCOUNT
from tests.conftest import NewDatabase
from tests.defs.facebook_step import Step, facebook_step, failure_of, was_tried_again
from tests.facebook_world import FIRST, SECOND, TODAY, TOKEN, account, insight, world

STEP = "extract_facebook"
Open = Callable[..., AbstractContextManager[Step]]


@pytest.fixture
def opened(
    new_warehouse: NewDatabase, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Open]:
    def open_step(facebook: Any) -> AbstractContextManager[Step]:
        return facebook_step(facebook, new_warehouse(), monkeypatch)

    yield open_step


def facts_of(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    """Return the metadata of each table that was materialized."""
    made = result.asset_materializations_for_node(STEP)
    return {
        one.asset_key.path[-1].removeprefix("facebook__"): {
            name: getattr(entry, "records", entry.value)
            for name, entry in one.metadata.items()
        }
        for one in made
    }


def table_of(facts: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {row.data["account"]: row.data for row in facts["accounts"]}


def test_every_table_says_its_rows_and_every_check_passes(opened: Open):
    with opened(world([FIRST, SECOND])) as step:
        result, checks = step.extract()

    assert result.success
    assert len(checks) == len(CHECKS)
    unbound = checks.pop(("facebook__accounts", "bindings_hold"))
    assert "is bound to no team" in str(unbound.description)
    said = {name: one.description for name, one in checks.items() if not one.passed}
    assert said == {}
    facts = facts_of(result)
    assert facts["ad_insights"]["dagster/row_count"] == 2 * 2 * 5
    assert facts["accounts"]["dagster/row_count"] == 2


def test_spend_is_plotted_by_currency(opened: Open):
    facebook = world([FIRST], ads=1, history=3)
    facebook.accounts.append(account(SECOND, currency="EUR"))
    facebook.account_days.append(insight(SECOND, TODAY) | {"account_currency": "EUR"})

    with opened(facebook) as step:
        facts = facts_of(step.extract()[0])["account_insights"]

    assert facts["spend_USD"] == 3.0
    assert facts["spend_USD_yesterday"] == 1.0
    assert facts["spend_EUR"] == 1.1


def test_every_account_has_its_line_and_its_certificate(opened: Open):
    with opened(world([FIRST, SECOND])) as step:
        facts = facts_of(step.extract()[0])["ad_insights"]

    line = table_of(facts)[FIRST]
    assert (line["outcome"], line["rows"], line["spend"]) == ("loaded", 10, "10.05 USD")
    assert line["step"] == "pages of 500"
    assert facts["certificates"][SECOND]["rows"] == 10
    assert facts["certificates"][SECOND]["zone"] == "Asia/Almaty"


def test_failed_account_is_red_after_all_else_was_told(opened: Open):
    with opened(world([FIRST, SECOND])) as step:
        step.faults.revoked[SECOND] = 2
        result, checks = step.extract()

    assert not result.success
    facts = facts_of(result)
    assert table_of(facts["ad_insights"])[FIRST]["outcome"] == "loaded"
    assert table_of(facts["ad_insights"])[SECOND]["outcome"] == "failed"
    assert len(checks) == len(CHECKS)
    red = checks["facebook__ad_insights", EVERY_ACCOUNT]
    assert (red.passed, red.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert f"{SECOND}: failed (never)" in str(red.description)
    assert "give the token's system user access" in str(red.description)
    assert FIRST not in str(red.description)
    assert checks["facebook__accounts", EVERY_ACCOUNT].passed


def test_single_accounts_that_failed_are_left_to_the_next_run(opened: Open):
    with opened(world([FIRST, SECOND])) as step:
        step.faults.revoked[SECOND] = 2
        result, _ = step.extract()

    assert "1 of 2 ad accounts failed" in failure_of(result, STEP)
    assert not was_tried_again(result)


def test_throttled_account_waits_for_the_next_run_and_says_until_when(opened: Open):
    with opened(world([FIRST, SECOND])) as step:
        step.faults.throttled[SECOND] = 99
        result, checks = step.extract()

    assert not result.success
    assert not was_tried_again(result)
    red = checks["facebook__ad_insights", EVERY_ACCOUNT]
    assert red.severity == dg.AssetCheckSeverity.ERROR
    assert f"{SECOND}: failed (never)" in str(red.description)
    assert "lifts in about" in str(red.description)
    assert table_of(facts_of(result)["ad_insights"])[FIRST]["outcome"] == "loaded"


def test_refused_token_is_red_and_not_tried_again(opened: Open):
    with opened(world([FIRST, SECOND])) as step:
        step.faults.token_expired = True
        result, checks = step.extract()

    assert list(facts_of(result))[:1] == ["listed_accounts"]
    assert not was_tried_again(result)
    assert TOKEN not in failure_of(result, STEP)
    for table in ("accounts", "ad_insights"):
        red = checks[f"facebook__{table}", EVERY_ACCOUNT]
        assert "set FACEBOOK_ACCESS_TOKEN" in str(red.description)


def test_account_out_of_reach_is_yellow_and_the_step_green(opened: Open):
    with opened(world([FIRST, SECOND])) as step:
        step.faults.denied.add(SECOND)
        result, checks = step.extract()

    assert result.success
    yellow = checks["facebook__ad_insights", EVERY_ACCOUNT]
    assert (yellow.passed, yellow.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert f"{SECOND}: never in the token's reach" in str(yellow.description)


def test_poisoned_field_is_named_and_all_else_is_there(opened: Open):
    facebook = world([FIRST], ads=2, history=2)
    day = TODAY.isoformat()
    poisoned = facebook.ads[0]["id"]

    with opened(facebook) as step:
        step.faults.poison[poisoned, day] = {"reach"}
        step.faults.poison_code = (100, 1487534)
        _, checks = step.extract()
        rows = step.rows("select count(*) from raw.facebook__ad_insights")

    assert rows == [(4,)]
    missing = checks["facebook__ad_insights", "nothing_is_missing"]
    assert missing.severity == dg.AssetCheckSeverity.WARN
    assert f"{FIRST} {day}: ad {poisoned} lacks reach" in str(missing.description)


def test_days_that_are_really_gone_are_confirmed_by_account(opened: Open):
    facebook = world([FIRST], history=5)

    with opened(facebook) as step:
        step.extract()
        facebook.ad_days.clear()
        facebook.account_days.clear()
        result, _ = step.extract()

        said = failure_of(result, STEP)
        assert "holds 5 days" in said
        assert said.endswith(f"      confirm_lost: [{FIRST}]")
        result, _ = step.extract(confirm_lost=[FIRST])
        assert result.success
        assert step.rows(
            "select count(*) from raw.facebook__ad_insights where _deleted_at is null"
        ) == [(0,)]


def test_hourly_run_reads_two_days(opened: Open):
    with opened(world([FIRST], history=20)) as step:
        result, checks = step.extract(recent=True)

    assert result.success
    assert facts_of(result)["ad_insights"]["window"] == "2026-01-05..2026-01-06"
    assert checks["facebook__accounts", EVERY_ACCOUNT].passed


def test_progress_is_told_while_it_goes(opened: Open, caplog: pytest.LogCaptureFixture):
    with opened(world([FIRST])) as step:
        result, _ = step.extract()
        logs = [
            event.message or ""
            for event in step.instance.all_logs(result.run_id)
            if not event.is_dagster_event
        ]

    assert any(FIRST in line and "calls" in line for line in logs), logs
