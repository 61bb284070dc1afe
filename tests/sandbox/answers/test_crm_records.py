"""Twins, test deals, the ladder and the CRM against its tables."""

import pytest

from tests.sandbox.answers.tiny import (
    CHALLENGE,
    FLAGMAN,
    PHONE_A,
    at,
    contact,
    deal,
    field,
    lead,
    marts,
    sale_row,
    source,
    stamp,
)

TWIN = {"id": 522935, "code": None, "name": "utm_source"}


def hand(value):
    return field("", value, TWIN["id"]) | {"field_code": None}


def twins(*values, **parts):
    found = marts(leads=[deal(1, *values)], fields=[TWIN], **parts)["deal_utm_twins"]
    return found[0] if found else None


def test_twins_agree_however_they_are_spelled():
    row = twins(source("BuyerA"), hand(" buyera "))

    assert (row["used_from"], row["is_tracking_hand_equal"]) == ("tracking", True)
    assert not row["is_disagreeing"]


def test_the_systems_field_has_the_word_over_a_twin():
    row = twins(source("buyera"), hand("buyerb"))

    assert (row["used_value"], row["is_disagreeing"]) == ("buyera", True)
    assert twins(hand("buyerb"))["used_from"] == "hand"
    assert twins(source("buyera")) is None


def test_landings_tags_that_never_reached_the_crm_are_shown():
    row = twins(
        landing={"landing_leads": [lead("l", amocrm_lead_id="1", utm_source="buyera")]}
    )

    assert (row["landing_value"], row["used_from"]) == ("buyera", "none")
    assert row["is_missing_in_crm"] and not row["is_disagreeing"]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ({"name": "TEST 1"}, "name"),
        ({"pipeline_id": 9965766}, "pipeline"),
        ({"id": 99999999, "name": "Test"}, "known_id"),
    ],
)
def test_a_test_deal_says_why(document, reason):
    (row,) = marts(leads=[deal(1) | document])["crm_test_deals"]

    assert row["reason"] == reason


def compared(row=None, **document):
    tables = {"express_course_sales": [sale_row(1, **row)]} if row is not None else {}
    found = marts(landing=tables, leads=[deal(1, **document)])["crm_reconciliation"]
    return found[0] if found else None


def test_two_records_of_a_deal_match():
    row = compared({})

    assert (row["finding"], row["difference_kzt"]) == ("matched", 0)


def test_the_worst_difference_is_named_first():
    row = compared({"amount": 1, "sale_date": at(22), "utm_source": "buyera"})

    assert row["finding"] == "amount_differs"
    assert row["findings"] == "amount_differs, day_differs, utm_differs"


def test_one_side_alone_is_missing_or_extra():
    assert compared()["finding"] == "missing_in_tables"
    assert compared({}, status_id=10)["finding"] == "extra_in_tables"
    assert compared(status_id=10) is None


def test_a_prepayment_stands_by_right_while_its_deal_waits():
    def extra(status_id):
        row = sale_row(1, pipeline_id=CHALLENGE, prepaid=True)
        document = deal(1, pipeline_id=CHALLENGE, status_id=status_id)
        found = marts(traffic={"challenge3d_sales": [row]}, leads=[document])
        return [row["finding"] for row in found["crm_reconciliation"]]

    assert (extra(10), extra(143)) == ([], ["extra_in_tables"])


def climbed(**parts):
    return marts(contacts=[contact(9, PHONE_A)], **parts)["buyer_ladder"]


def test_a_buyer_climbs_rung_by_rung():
    (row,) = climbed(
        leads=[
            deal(1, contact=9),
            deal(2, contact=9, pipeline_id=CHALLENGE, closed_at=stamp(22)),
            deal(3, contact=9, pipeline_id=FLAGMAN, price=490000, closed_at=stamp(29)),
        ]
    )

    assert (row["rungs"], row["payments"], row["total_kzt"]) == (3, 3, 500000)
    assert (row["days_express_to_prepayment"], row["full_deal_id"]) == (2, None)
    assert not row["is_prepayment_paired"]


def test_chains_and_phones_together_make_one_buyer():
    def paid(deal_id, phone, **more):
        at_hand = {"phone": phone, "sale_date": at(20 + deal_id)}
        return sale_row(deal_id, pipeline_id=CHALLENGE, **at_hand, **more)

    rows = [
        paid(1, "77000000001", prepaid=True),
        paid(2, "77000000002", amount=235000, prepayment_deal_id=1),
        paid(3, "77000000002", prepaid=True),
        paid(4, "77000000003", amount=235000, prepayment_deal_id=3),
    ]

    (row,) = marts(traffic={"challenge3d_sales": rows})["buyer_ladder"]

    assert row["payments"] == 4


def test_a_prepayment_and_its_rest_are_one_buyer_without_a_phone():
    rest = sale_row(
        2, pipeline_id=CHALLENGE, amount=235000, prepayment_deal_id=1, sale_date=at(25)
    )
    first = sale_row(1, pipeline_id=CHALLENGE, prepaid=True)

    (row,) = marts(traffic={"challenge3d_sales": [first, rest]})["buyer_ladder"]

    assert row["is_prepayment_paired"]
    assert (row["prepayment_deal_id"], row["full_deal_id"]) == (1, 2)
