"""Deals that went away, and what AmoCRM called sold when it was first read."""

from decimal import Decimal

from tests.sandbox.answers.test_crm_history import event, priced, tagged
from tests.sandbox.answers.tiny import (
    CHALLENGE,
    NOW,
    at,
    deal,
    marts,
    moved,
    sale_row,
    source,
    stamp,
)

DELETED, RESTORED = "lead_deleted", "lead_restored"


def goings(*events, leads=(), **parts):
    found = marts(leads=list(leads), events=list(events), **parts)["deal_deletions"]
    return sorted(found, key=lambda row: row["opened_at"])


def test_two_witnesses_make_a_tombstone_and_cost_what_was_sold():
    rows = {"express_course_sales": [sale_row(1)]}

    (row,) = goings(event(DELETED, 22, created_by=7), landing=rows)

    assert (row["is_tombstone"], row["was_sale"]) == (True, True)
    assert (row["revenue_lost_kzt"], row["author_user_id"]) == (Decimal(5000), 7)


def test_a_deal_that_came_back_lost_nothing():
    first, second = goings(
        event(DELETED, 21), event(RESTORED, 22), event(DELETED, 23),
        trashed=[{"id": 1, "updated_at": stamp(23)}],
    )  # fmt: skip

    assert (first["closed_at"], first["trash_at"]) == (at(22), None)
    assert (second["trash_at"], second["is_tombstone"]) == (at(23), True)
    assert first["revenue_lost_kzt"] == 0


def test_a_deletion_of_a_listed_deal_is_no_tombstone():
    (row,) = goings(event(DELETED, 22), leads=[deal(1)])

    assert (row["is_listed"], row["is_tombstone"]) == (True, False)
    assert row["revenue_lost_kzt"] == row["revenue_in_doubt_kzt"] == 0


def test_the_trash_alone_tells_when_too():
    (row,) = goings(trashed=[{"id": 1, "updated_at": stamp(23)}])

    assert (row["opened_at"], row["event_at"]) == (at(23), None)


def known(**document):
    return marts(leads=[deal(1, **document)])["sales_as_of_changes"]


def test_what_was_sold_before_the_first_load_was_seen_late():
    (late,) = known()
    (new,) = known(closed_at=int(NOW.timestamp()) - 60)

    assert (late["cause"], new["cause"]) == ("late_seen", "new_sale")
    assert (late["change_sales"], late["change_revenue_kzt"]) == (1, Decimal(5000))
    assert late["known_at"] == NOW


def test_only_won_deals_that_may_sell_are_called_sold():
    assert known(status_id=143) == known(pipeline_id=8311042) == []
    assert known(name="TEST deal") == []


def test_a_price_alone_tells_the_kind_of_a_payment():
    kinds = [
        known(pipeline_id=CHALLENGE, price=price)[0]["payment_kind"]
        for price in (0, 9_999, 10_000)
    ]

    assert kinds == ["unknown", "prepayment", "full"]


def test_changes_of_test_deals_are_nobodys_business():
    found = marts(
        leads=[deal(1, source("buyerb"), name="TEST deal")],
        events=[moved(1, 10, 142, 20), priced(21, 1, 2), tagged(21, "a", "buyerb")],
        fields=[{"id": 1, "code": "UTM_SOURCE", "name": "utm_source"}],
    )

    assert found["deal_changes_after_won"] == found["deal_utm_changes"] == []


def test_a_phone_in_a_tag_is_masked():
    (row,) = marts(
        leads=[deal(1, source("77000000001"))],
        events=[tagged(21, "buyera", "+7 700 000 00 01")],
        fields=[{"id": 1, "code": "UTM_SOURCE", "name": "utm_source"}],
    )["deal_utm_changes"]

    assert row["value_after"] == "(masked)"
