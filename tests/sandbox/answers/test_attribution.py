"""Which tags speak for a sale, and what its payment chain and touches say."""

from tests.sandbox.answers.tiny import (
    CHALLENGE,
    PHONE_A,
    PHONE_B,
    at,
    contact,
    deal,
    decided,
    lead,
    sale,
    sale_row,
    sales,
    source,
    stamp,
    tagged,
)


def test_a_blank_or_fallback_original_gives_way_to_the_current_tags():
    def row(**more):
        return {"express_course_sales": [sale_row(1, utm_source="buyera", **more)]}

    blank = sale(landing=row(original_utm_source=" "))
    fallback = sale(
        landing=row(original_utm_source="buyerb", attribution_source="fallback")
    )
    original = sale(landing=row(original_utm_source="buyerb"))

    assert decided(blank)[:2] == decided(fallback)[:2] == ("Alpha", "deal_utm")
    assert decided(original)[:2] == ("Beta", "deal_original_utm")
    assert original["utm_source"] == "buyerb"


def test_the_first_kind_of_link_with_a_usable_lead_decides():
    landing = {
        "landing_leads": [
            lead("l1", utm_source="email", amocrm_lead_id="1"),
            lead("l2", utm_source="buyera", phone=PHONE_A, created_at=at(18)),
            lead("l3", utm_source="buyerb", phone=PHONE_A, created_at=at(17)),
            lead("l4", utm_source="buyera", phone=PHONE_A, created_at=at(22)),
        ]
    }

    found = sale(
        landing=landing, leads=[deal(1, contact=5)], contacts=[contact(5, PHONE_A)]
    )

    assert decided(found) == ("Beta", "lead_utm", "high", None)


def test_a_bulk_sync_links_a_lead_without_a_deal_of_its_own():
    landing = {
        "landing_leads": [lead("l1", utm_source="buyera", amocrm_lead_id=" x ")],
        "bulk_sync_results": [{"lead_id": "l1", "deal_id": 1, "created_at": at(18)}],
    }

    found = sale(landing=landing, leads=[deal(1)])

    assert decided(found)[:2] == ("Alpha", "lead_utm")


def test_a_lead_long_after_the_sale_explains_nothing():
    landing = {
        "landing_leads": [
            lead("l1", utm_source="buyera", amocrm_lead_id="1", created_at=at(21, 7))
        ]
    }

    assert sale(landing=landing, leads=[deal(1)])["method"] == "unattributed"


def test_a_junk_phone_matches_no_sale_to_a_lead():
    crowd = [lead(f"l{n}", utm_source="buyera", phone=PHONE_A) for n in range(12)]
    parts = {"leads": [deal(1, contact=5)], "contacts": [contact(5, PHONE_A)]}

    junk = sale(landing={"landing_leads": crowd}, **parts)
    shared = sale(landing={"landing_leads": crowd[:11]}, **parts)

    assert (junk["method"], shared["method"]) == ("unattributed", "lead_utm")


def test_the_earliest_earlier_deal_of_the_phone_may_name_the_team():
    pulled = [
        deal(1, contact=5, created_at=stamp(19)),
        deal(2, source("buyerb"), contact=5, status_id=143, created_at=stamp(12)),
        deal(3, source("buyera"), contact=5, status_id=81, created_at=stamp(11)),
        deal(4, source("sms"), contact=5, status_id=81, created_at=stamp(10)),
    ]

    found = sale(leads=pulled, contacts=[contact(5, PHONE_A)])

    assert decided(found) == ("Alpha", "related_deal_utm", "medium", None)


def test_a_related_deal_says_what_amocrm_holds_even_when_a_table_knows_more():
    landing = {"express_course_sales": [sale_row(2, utm_source="buyerb")]}
    pulled = [
        deal(1, contact=5, created_at=stamp(19)),
        deal(2, contact=5, status_id=81, created_at=stamp(11)),
    ]

    found = sale(landing=landing, leads=pulled, contacts=[contact(5, PHONE_A)])

    assert decided(found)[:2] == ("Unattributed", "unattributed")


def test_an_unexpanded_macro_is_shown_as_the_issue_of_an_untagged_sale():
    found = sale(leads=[tagged("{{campaign.name}}")])

    assert (found["utm_source"], found["utm_issue"]) == (None, "macro_unexpanded")
    assert found["reason"] == "no_utm"


def test_a_payment_chain_has_the_team_of_its_earliest_attributed_member():
    def challenge(deal_id, day, price, *fields, **more):
        when = {"created_at": stamp(day), "closed_at": stamp(day), "price": price}
        return deal(deal_id, *fields, pipeline_id=CHALLENGE, **when, **more)

    pulled = [
        challenge(1, 10, 5000, source("buyera"), contact=5),
        challenge(2, 15, 240000, source("buyerb"), contact=5),
        challenge(3, 10, 5000, contact=6),
        challenge(4, 15, 240000, source("fb_beta"), contact=6),
    ]
    people = [contact(5, PHONE_A), contact(6, PHONE_B)]

    found = sales(leads=pulled, contacts=people)

    assert decided(found[2]) == ("Alpha", "payment_chain", "high", None)
    assert (found[2]["user_id"], found[2]["utm_source"]) == ("u1", "buyerb")
    assert decided(found[3])[:3] == ("Beta", "payment_chain", "medium")
    assert found[4]["method"] == "deal_utm"


def test_a_named_prepayment_binds_more_than_the_phone():
    row = {
        "amocrm_lead_id": "2",
        "prepayment_deal_id": 1,
        "amount": 240000,
        "prepaid": False,
    }
    first = sale_row(1, pipeline_id=CHALLENGE, prepaid=True, utm_source="buyera")

    found = sales(
        landing={"challenge3d_sales": [first]},
        traffic={"challenge3d_sales": [row | {"sale_date": at(25)}]},
    )

    assert decided(found[2])[:2] == ("Alpha", "payment_chain")


def test_touches_are_the_persons_first_and_last_usable_ones_up_to_the_sale():
    landing = {
        "landing_leads": [
            lead("l1", utm_source="fb_beta", phone=PHONE_A, created_at=at(10)),
            lead("l2", utm_source="email", phone=PHONE_A, created_at=at(11)),
            lead("l3", utm_source="elsewhere", phone=PHONE_A, created_at=at(25)),
        ]
    }

    found = sale(
        landing=landing,
        leads=[tagged("buyera", contact=5)],
        contacts=[contact(5, PHONE_A)],
    )

    first = found["first_touch_utm_source"], found["first_touch_team"]
    last = found["last_touch_utm_source"], found["last_touch_team"]
    assert (first, last) == (("fb_beta", "Beta"), ("buyera", "Alpha"))
