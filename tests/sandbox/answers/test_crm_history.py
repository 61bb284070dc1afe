"""Stages, late changes and overwritten tags of deals, from AmoCRM's events."""

from datetime import date
from decimal import Decimal

from tests.sandbox.answers.tiny import (
    EXPRESS,
    FLAGMAN,
    at,
    deal,
    field,
    marts,
    moved,
    source,
    stamp,
)

SOURCE = {"id": 1, "code": "UTM_SOURCE", "name": "utm_source"}
TWIN = {"id": 522935, "code": None, "name": "utm_source"}


def event(kind, day, hour=6, deal_id=1, **more):
    row = {"id": f"{day:02d}-{hour:02d}-{kind}", "type": kind, "entity_id": deal_id}
    return row | {"created_at": stamp(day, hour)} | more


def priced(day, before, after, hour=6, **more):
    sides = ([{"sale_field_value": {"sale": price}}] for price in (before, after))
    before_side, after_side = sides
    values = {"value_before": before_side, "value_after": after_side}
    return event("sale_field_changed", day, hour, **values, **more)


def tagged(day, before, after, field_id=1, **more):
    sides = [
        [{"custom_field_value": {"field_id": field_id, "text": text}}] if text else []
        for text in (before, after)
    ]
    kind = f"custom_field_{field_id}_value_changed"
    return event(kind, day, value_before=sides[0], value_after=sides[1], **more)


def stays(*events, **more):
    found = marts(leads=[deal(1, **more)], events=list(events))["deal_stage_times"]
    return sorted(found, key=lambda row: row["step"])


def test_a_deal_stays_in_its_first_stage_from_its_creation():
    first, second, third = stays(moved(1, 10, 20, 19, 9), moved(1, 20, 142, 20))

    assert (first["status_id"], first["entered_at"], first["left_at"]) == (
        10, at(19), at(19, 9),
    )  # fmt: skip
    assert (first["is_inferred"], second["is_inferred"]) == (True, False)
    assert (first["hours"], second["seconds"]) == (3, 21 * 3600)
    assert (third["is_current"], third["seconds"]) == (True, None)


def test_a_move_from_where_nobody_was_is_a_gap():
    found = stays(moved(1, 10, 20, 19, 9), moved(1, 30, 142, 20))

    assert [row["is_gap_before"] for row in found] == [False, False, True]


def test_a_deal_elsewhere_than_its_events_end_was_moved_unseen():
    *_, last = stays(moved(1, 10, 20, 19, 9))

    assert (last["status_id"], last["entered_at"]) == (142, at(20))
    assert (last["is_gap_before"], last["is_inferred"]) == (True, True)


def test_no_deal_waits_in_won_before_it_is_won():
    (closed,) = stays()
    (waiting,) = stays(status_id=10, closed_at=None)

    assert (closed["entered_at"], closed["is_gap_before"]) == (at(20), True)
    assert (waiting["entered_at"], waiting["is_gap_before"]) == (at(19), False)


def test_the_same_status_of_another_pipeline_is_another_stage():
    def side(pipeline_id):
        return [{"lead_status": {"id": 142, "pipeline_id": pipeline_id}}]

    found = stays(
        moved(1, 10, 142, 20),
        moved(1, 142, 142, 21)
        | {"value_before": side(EXPRESS), "value_after": side(FLAGMAN)},
        moved(1, 142, 142, 22)
        | {"value_before": side(FLAGMAN), "value_after": side(FLAGMAN)},
        pipeline_id=FLAGMAN,
    )

    assert [row["pipeline_id"] for row in found] == [EXPRESS, EXPRESS, FLAGMAN]


def test_a_stage_counts_each_deal_once_and_every_stay():
    leads = [deal(1, source("buyera")), deal(2, source("buyera"), status_id=143)]
    events = [
        moved(1, 10, 20, 19, 10), moved(1, 20, 10, 19, 11), moved(1, 10, 142, 20),
        moved(2, 10, 143, 19, 8),
    ]  # fmt: skip

    found = marts(leads=leads, events=events)["stage_conversion"]
    (sold,) = [row for row in found if row["deals_won"] and row["status_id"] == 10]
    rows = {(row["team_name"], row["status_id"]): row for row in found}

    assert sold["team_name"] == "Alpha"
    first = rows["Alpha", 10]
    assert (first["stays"], first["deals_entered"], first["deals_won"]) == (3, 2, 1)
    assert (first["won_share"], first["median_hours"]) == (Decimal("0.5"), 4)


def late(*events, **more):
    events = [moved(1, 10, 142, 20), *events]
    return marts(leads=[deal(1, **more)], events=events)["deal_changes_after_won"]


def test_a_price_changed_before_or_with_the_win_corrects_nothing():
    assert late(priced(19, 4000, 4500, 8), priced(20, 4500, 5000)) == []


def test_a_price_changed_in_the_next_month_moves_a_closed_one():
    (row,) = late(priced(31, 6000, 5000, 20, created_by=7))

    assert (row["change_kzt"], row["author_kind"]) == (Decimal("-1000.00"), "user")
    assert (row["changed_date"], row["is_closed_period"]) == (date(2026, 1, 1), True)
    assert row["closed_month"] == date(2025, 12, 1)


def test_an_exit_takes_the_price_away_that_the_deal_had_then():
    found = late(
        moved(1, 142, 10, 22), priced(23, 5000, 900), moved(1, 10, 142, 24), price=900
    )

    assert [(row["kind"], row["change_kzt"]) for row in found] == [("status", -5000)]


def test_an_integration_is_told_from_a_robot_by_its_client():
    found = late(
        priced(21, 5000, 1, created_by=0, client_uuid="some"),
        priced(22, 1, 5000, created_by=0),
    )

    assert [row["author_kind"] for row in found] == ["integration", "robot"]


def overwritten(*events, fields=(SOURCE, TWIN), values=()):
    return marts(
        leads=[deal(1, *values)], events=list(events), fields=list(fields)
    )["deal_utm_changes"]  # fmt: skip


def test_a_tag_that_names_another_team_was_stolen():
    (row,) = overwritten(tagged(21, "buyera", "buyerb"), values=[source("buyerb")])

    assert (row["from_team"], row["to_team"], row["is_stolen"]) == (
        "Alpha", "Beta", True,
    )  # fmt: skip


def test_a_tag_filled_for_the_first_time_was_nobodys():
    (row,) = overwritten(tagged(21, None, "buyera"), values=[source("buyera")])

    assert (row["value_before"], row["first_value"]) == (None, "buyera")
    assert not row["is_stolen"]


def test_a_twin_under_a_filled_field_steals_nothing():
    twin = field("", "buyerb", TWIN["id"]) | {"field_code": None}
    change = tagged(21, "buyera", "buyerb", TWIN["id"])

    (under,) = overwritten(change, values=[source("buyera"), twin])
    (alone,) = overwritten(change, values=[twin])

    assert (under["is_stolen"], alone["is_stolen"]) == (False, True)


def test_a_field_of_another_meaning_is_no_tag():
    other = TWIN | {"name": "Comment"}

    found = overwritten(tagged(21, "a", "b", TWIN["id"]), fields=[SOURCE, other])

    assert found == []
