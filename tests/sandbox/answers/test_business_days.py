"""Days of accounts abroad, cut anew at midnight in Almaty."""

from typing import Any

import pytest

from pipelines.sandbox.answers.business_days import HOUR
from tests.sandbox.answers.tiny import ACCOUNT, account_day, marts

NEW_YORK = {
    "id": f"act_{ACCOUNT}",
    "account_id": ACCOUNT,
    "currency": "USD",
    "timezone_name": "America/New_York",
    "created_time": "2024-01-01T00:00:00+0000",
}
BOUND = {
    "traffic_ad_account_bindings": [
        {"ad_account_id": ACCOUNT, "team_name": "Beta", "is_active": True}
    ]
}


def hour(on: str, number: int, spend: str) -> dict[str, Any]:
    span = f"{number:02d}:00:00 - {number:02d}:59:59"
    return account_day(on, spend) | {HOUR: span}


def days(*hours, totals, **account) -> dict[str, Any]:
    rows = marts(
        traffic=BOUND,
        accounts=[NEW_YORK | account],
        account_days=[account_day(on, spend) for on, spend in totals.items()],
        account_hours=list(hours),
    )["account_spend_business_days"]
    return {row["date"].isoformat(): row for row in rows}


def test_an_hour_belongs_to_the_almaty_day_in_which_it_begins():
    """New York is ten hours behind Almaty in winter: 14:00 there is midnight here."""
    found = days(
        hour("2026-01-02", 13, "1.00"),
        hour("2026-01-02", 14, "2.00"),
        totals={"2026-01-02": "3.00"},
    )

    assert (found["2026-01-02"]["spend"], found["2026-01-03"]["spend"]) == (1, 2)
    assert found["2026-01-03"]["is_recut"]


@pytest.mark.parametrize(
    ("hours", "spend", "is_missing"),
    [
        ([], None, True),
        ([hour("2026-01-02", 3, "1.00")], 1, True),
        ([hour("2026-01-02", 3, "3.00")], 3, False),
    ],
)
def test_hours_that_do_not_add_up_are_named(hours, spend, is_missing):
    row = days(*hours, totals={"2026-01-02": "3.00"})["2026-01-02"]

    assert (row["spend"], row["has_missing_hours"]) == (spend, is_missing)


def test_an_account_of_almaty_keeps_its_days():
    row = days(totals={"2026-01-02": "3.00"}, timezone_name="Asia/Almaty")["2026-01-02"]

    assert (row["spend"], row["is_recut"]) == (3, False)
