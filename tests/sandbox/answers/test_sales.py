"""Which deals are sales: status, product, kind, amount, time, tests."""

from decimal import Decimal

import pytest

from tests.sandbox.answers.tiny import (
    CHALLENGE,
    FLAGMAN,
    PHONE_A,
    at,
    contact,
    deal,
    field,
    marts,
    moved,
    sale,
    sale_row,
    sales,
    stamp,
)

CHALLENGE_TABLE = "challenge3d_sales"


def express(*rows):
    return {"express_course_sales": list(rows)}


def prepaid(deal_id, **more):
    row = sale_row(deal_id, pipeline_id=CHALLENGE, status_id=None, prepaid=True)
    return row | more


def test_pipeline_decides_the_product_and_not_the_amount():
    found = sale(leads=[deal(1, pipeline_id=FLAGMAN, price=490000)])
    full = sale(
        landing={CHALLENGE_TABLE: [prepaid(2, prepaid=False, amount=240000)]},
    )

    assert (found["product"], found["amount_kzt"]) == ("flagman", Decimal("490000.00"))
    assert (full["product"], full["payment_kind"]) == ("challenge3d", "full")


def test_a_table_decides_the_product_only_where_the_pipeline_cannot():
    found = sales(
        landing=express(sale_row(1, pipeline_id=8311042), sale_row(2)),
        leads=[
            deal(1, pipeline_id=8311042),
            deal(2, pipeline_id=FLAGMAN),
            deal(3, pipeline_id=8311042),
            deal(4, field("UTM_CAMPAIGN", "Diary"), pipeline_id=1),
            deal(5, pipeline_id=1),
        ],
    )

    products = {deal_id: row["product"] for deal_id, row in found.items()}
    assert products == {
        1: "express",
        2: "flagman",
        4: "challenge3d",
        5: "unknown",
    }


def test_one_deal_in_two_databases_is_one_sale_with_the_newest_amount():
    older = sale_row(1, amount=4000, updated_at=at(22))
    newer = sale_row(1, amount=4500, updated_at=at(23))

    found = sale(landing=express(older), traffic=express(newer))
    tie = sale(landing=express(older), traffic=express(newer | older | {"amount": 1}))

    assert found["amount_kzt"] == 4500
    assert tie["amount_kzt"] == 4000


def test_a_pulled_deal_speaks_over_its_table_row():
    rows = express(sale_row(1, amount=4900), sale_row(2), sale_row(3, status_id=81))

    found = sales(
        landing=rows,
        leads=[deal(1, price=0), deal(2, status_id=143), deal(3)],
    )

    assert set(found) == {1, 3}
    assert found[1]["amount_kzt"] == 0 and found[1]["amount_missing"]


def test_a_row_without_status_stays_a_sale_unless_amocrm_knows_better():
    found = sales(
        landing=express(sale_row(1, status_id=None), sale_row(2, status_id=8))
    )

    assert set(found) == {1}
    assert found[1]["status_unverified"]


def test_the_newer_traffic_shape_is_read_like_the_old_one():
    row = {"amocrm_lead_id": " 77 ", "sale_amount": "4999.50", "sale_date": at(20)}
    fake = {"amocrm_lead_id": "x77", "sale_amount": 1, "sale_date": at(20)}

    found = sale(traffic=express(row, fake))

    assert (found["deal_id"], found["amount_kzt"]) == (77, Decimal("4999.50"))


@pytest.mark.parametrize(
    ("row", "crm", "kind", "amount", "is_suspicious"),
    [
        (prepaid(1), None, "prepayment", 5000, False),
        (prepaid(1, prepaid=False), None, "prepayment", 5000, False),
        (prepaid(1, prepaid=None, sale_type="Prepayment"), None, "prepayment", 5000, 0),
        (prepaid(1, prepaid=False, amount=0), None, "unknown", 0, False),
        (prepaid(1, amount=240000), None, "prepayment", 240000, True),
        (prepaid(1), {"price": 240000}, "full", 240000, False),
        (prepaid(1), {"price": 5000}, "prepayment", 5000, False),
        (prepaid(1, amount=20000), {"price": 240000}, "prepayment", 240000, True),
        (prepaid(1), {"price": 240000, "status_id": 81}, "prepayment", 5000, False),
    ],
)
def test_the_kind_of_a_challenge_payment(row, crm, kind, amount, is_suspicious):
    pulled = [deal(1, pipeline_id=CHALLENGE, **crm)] if crm else []

    found = sale(landing={CHALLENGE_TABLE: [row]}, leads=pulled)

    assert (found["payment_kind"], found["amount_kzt"]) == (kind, amount)
    assert found["prepayment_amount_suspicious"] == bool(is_suspicious)


def test_a_lost_prepayment_is_no_sale():
    pulled = [deal(1, pipeline_id=CHALLENGE, status_id=143)]

    assert not sales(landing={CHALLENGE_TABLE: [prepaid(1)]}, leads=pulled)


def test_a_prepaid_flag_under_another_product_is_ignored():
    rows = {CHALLENGE_TABLE: [prepaid(1), prepaid(2)]}

    found = sales(landing=rows, leads=[deal(1), deal(2, status_id=81)])

    assert [row["payment_kind"] for row in found.values()] == ["full"]


def test_sale_time_falls_back_from_closing_to_table_to_creation():
    rows = express(
        sale_row(1, sale_date=at(21)),
        sale_row(2, sale_date=at(21)),
        sale_row(3, sale_date=None),
        sale_row(4, sale_date=None),
    )

    found = sales(
        landing=rows,
        leads=[deal(1), deal(2, closed_at=None), deal(3, closed_at=None)],
    )

    times = {deal_id: row["sale_at"] for deal_id, row in found.items()}
    assert times == {1: at(20), 2: at(21), 3: at(19), 4: at(21)}
    assert [row["date_unverified"] for row in found.values()].count(True) == 1


def test_a_sale_belongs_to_its_almaty_day_also_before_the_clock_change():
    found = sales(
        leads=[
            deal(1, closed_at=stamp(31, 20) + 1800),
            deal(2, closed_at="2024-02-15T18:30:00+00:00"),
        ]
    )

    assert str(found[1]["sale_date"]) == "2026-01-01"
    assert str(found[2]["sale_date"]) == "2024-02-16"


def test_leaving_the_won_status_late_is_a_refund_and_early_a_slip():
    events = [
        moved(1, 81, 142, 10),
        moved(1, 142, 143, 12),
        moved(2, 81, 142, 10),
        moved(2, 142, 143, 10, 20),
        moved(3, 81, 142, 10),
        moved(3, 142, 143, 12),
    ]
    lost = {"status_id": 143, "price": 4000}

    found = marts(leads=[deal(1, **lost), deal(2, **lost), deal(3)], events=events)

    (refund,) = found["refunds"]
    assert (refund["deal_id"], refund["refund_kzt"]) == (1, 4000)
    assert refund["refunded_at"] == at(12)
    times = {row["deal_id"]: row["sale_at"] for row in found["sale_attribution"]}
    assert times == {1: at(10), 3: at(20)}


def test_a_refund_counts_the_last_stay_and_takes_the_table_amount_for_a_zero_price():
    events = [
        moved(1, 81, 142, 1),
        moved(1, 142, 81, 5),
        moved(1, 81, 142, 6),
        moved(1, 142, 82, 9),
        moved(1, 82, 143, 11),
    ]
    lost = deal(1, status_id=143, price=0)

    found = marts(leads=[lost], events=events, landing=express(sale_row(1)))

    assert found["sale_attribution"][0]["sale_at"] == at(6)
    assert found["refunds"][0]["refunded_at"] == at(9)
    assert found["refunds"][0]["refund_kzt"] == 5000


def test_a_slip_makes_an_open_flagged_deal_a_prepayment_again():
    events = [moved(1, 81, 142, 10), moved(1, 142, 81, 10, 8)]
    pulled = deal(1, pipeline_id=CHALLENGE, status_id=81, price=9, closed_at=None)

    found = sale(leads=[pulled], events=events, landing={CHALLENGE_TABLE: [prepaid(1)]})

    assert (found["payment_kind"], found["amount_kzt"]) == ("prepayment", 5000)


def test_moving_a_won_deal_to_another_pipeline_is_no_exit():
    events = [moved(1, 81, 142, 1), moved(1, 142, 142, 5), moved(1, 142, 143, 9)]

    found = marts(leads=[deal(1, status_id=143)], events=events)

    assert found["refunds"][0]["refunded_at"] == at(9)


def test_fake_and_test_deals_are_no_sales():
    rows = express(
        sale_row(99999999),
        sale_row(1_700_000_000),
        sale_row(1, customer_name="TEST 1"),
        sale_row(2, utm_campaign="camp_TEST"),
        sale_row(3, metadata='{"testRun": true}'),
        sale_row(4, pipeline_id=9965766),
        sale_row(5),
        sale_row(1_800_000_000),
    )
    pulled = [deal(5, name="ТЕСТ"), deal(1_800_000_000), deal(6, contact=7)]
    person = contact(7, PHONE_A) | {"name": "test"}

    found = sales(landing=rows, leads=pulled, contacts=[person])

    assert set(found) == {1_800_000_000}


def test_two_witnesses_make_a_tombstone_and_one_does_not():
    def deleted(deal_id, day=22, kind="lead_deleted"):
        event = {"id": f"{day}-{deal_id}", "type": kind, "entity_id": deal_id}
        return event | {"created_at": stamp(day)}

    events = [deleted(1), deleted(3), deleted(3, 23, "lead_restored")]
    rows = express(sale_row(1), sale_row(2), sale_row(3), sale_row(4))

    found = sales(landing=rows, events=events, trashed=[{"id": 2, "is_deleted": True}])

    assert set(found) == {3, 4}


def test_only_the_first_counted_payment_of_a_person_is_a_new_buyer():
    rows = {
        "express_course_sales": [
            sale_row(1, phone=PHONE_A, sale_date=at(10)),
            sale_row(2, phone="8 700 000 00 01", sale_date=at(11)),
            sale_row(3, sale_date=at(12)),
        ],
        CHALLENGE_TABLE: [prepaid(4, prepaid=False, amount=0, sale_date=at(9))],
    }

    found = sales(landing=rows)

    buyers = {deal_id for deal_id, row in found.items() if row["is_new_buyer"]}
    assert buyers == {1, 3}


def test_deal_tags_come_by_code_then_id_then_dictionary_then_name():
    twin = field("", "from_twin", 522935)
    named = {"field_id": 5, "field_name": "UTM_Source", "values": [{"value": "named"}]}
    dictionary = [{"id": 522935, "name": "utm_source"}]

    def tag(*fields, known=dictionary):
        return sale(leads=[deal(1, *fields)], fields=known)["utm_source"]

    assert tag(named, twin, field("", "by_id", 434731)) == "by_id"
    assert tag(field("", "by_id", 434731), field("UTM_SOURCE", "by_code")) == "by_code"
    assert tag(named, twin) == "from_twin"
    assert tag(named, twin, known=[]) == "named"
    assert tag(twin, known=[]) is None
