"""Which leads count, for whom, in which funnel."""

import pytest

from tests.sandbox.answers.tiny import (
    ACCOUNT,
    FLAGMAN,
    PHONE_A,
    at,
    deal,
    lead,
    leads,
    source,
)

CAMPAIGN = "120000000000000001"


def test_leads_are_read_from_both_databases_without_copies_and_tests():
    landing = {
        "landing_leads": [
            lead("l1", metadata={"utmParams": {"utm_source": "buyera"}}),
            lead("l2", name="TEST"),
            lead("l3", metadata='{"testRun": true}'),
            lead("l4", utm_source="sms", metadata={"utmSource": "buyerb"}),
        ]
    }
    traffic = {
        "traffic_leads": [
            lead("t1", landing_lead_id="l1"),
            lead("t2", landing_lead_id="l2"),
            lead("t3", lead_date=at(9), utm_source="buyerb"),
        ]
    }

    found = leads(landing=landing, traffic=traffic)

    assert {key: row["team_name"] for key, row in found.items()} == {
        "l1": "Alpha",
        "l4": "Beta",
        "t3": "Beta",
    }
    assert found["t3"]["lead_at"] == at(9)


@pytest.mark.parametrize(
    ("row", "funnel"),
    [
        ({"source": "challenge3d", "metadata": {"funnel_type": "express"}}, "express"),
        ({"source": "proftest_unknown"}, "express"),
        ({"source": "TF4"}, "express"),
        ({"source": "intensive1d"}, "intensive1d"),
        ({"source": "twland", "amocrm_lead_id": "1"}, "flagman"),
        ({"source": "twland", "utm_campaign": "Diary 1"}, "challenge3d"),
        ({"source": "twland"}, "unknown"),
    ],
)
def test_the_funnel_of_a_lead(row, funnel):
    pulled = [deal(1, pipeline_id=FLAGMAN, status_id=81)]

    found = leads(landing={"landing_leads": [lead("l1", **row)]}, leads=pulled)

    assert found["l1"]["funnel"] == funnel


def test_a_lead_asks_tags_then_campaigns_then_its_source_then_its_deal():
    landing = {
        "landing_leads": [
            lead("l1", utm_source="buyera", source="proftest_beta"),
            lead("l2", fb_ad_id="7", source="proftest_alpha"),
            lead("l3", source="proftest_alpha", amocrm_lead_id="1"),
            lead("l4", amocrm_lead_id="1"),
            lead("l5", utm_source="direct", utm_campaign=CAMPAIGN),
        ]
    }
    traffic = {
        "traffic_ad_account_bindings": [
            {"ad_account_id": f"act_{ACCOUNT}", "team_name": "Beta"}
        ]
    }
    ads = [{"id": "7", "account_id": ACCOUNT, "campaign_id": "c1", "adset_id": "s1"}]
    campaigns = [{"id": "c1", "account_id": ACCOUNT, "name": "Quiet"}]

    found = leads(
        landing=landing,
        traffic=traffic,
        ads=ads,
        campaigns=campaigns,
        leads=[deal(1, source("buyerb"), status_id=81)],
    )

    assert {key: row["method"] for key, row in found.items()} == {
        "l1": "lead_utm",
        "l2": "campaign_id",
        "l3": "lead_source",
        "l4": "deal_utm",
        "l5": "unattributed",
    }


def test_a_person_counts_once_per_funnel_on_the_first_day():
    rows = [
        lead("l1", phone=PHONE_A, created_at=at(10)),
        lead("l2", phone="8 700 000 00 01", email="A@Example.com", created_at=at(11)),
        lead("l3", email="a@example.com ", phone=None, created_at=at(12)),
        lead("l4", phone=PHONE_A, source="TF4", created_at=at(13)),
    ]

    found = leads(landing={"landing_leads": rows})

    assert len({row["person_id"] for row in found.values()}) == 1
    counted = {key for key, row in found.items() if row["is_first_in_funnel"]}
    assert counted == {"l1", "l4"}
