"""From campaigns and ad accounts to teams."""

from tests.sandbox.answers.tiny import (
    ACCOUNT,
    ad_day,
    at,
    by_map,
    deal,
    decided,
    field,
    lead,
    mapped,
    marts,
    sale,
    sales,
    source,
)

CAMPAIGN = "120000000000000001"


def test_spend_follows_manual_then_tracked_then_mapped_then_name_then_account():
    def day(campaign, name):
        return ad_day(
            "2025-12-20", "1", campaign_id=campaign, campaign_name=name, ad_id=campaign
        )

    days = [
        day("c1", "fb_beta"),
        day("c2", "x"),
        day("c3", "x"),
        day("c4", "A|BuyerA|1"),
        day("c5", "fb Beta 2"),
        day("c6", "notbuyera"),
        day("c7", "fb_alpha buyerb"),
    ]
    manual = {"campaign_id": "c1", "stat_date": "2025-12-20", "new_team": "Alpha"}
    traffic = {
        "traffic_ad_account_bindings": [
            {"ad_account_id": ACCOUNT, "team_name": "Gamma"}
        ],
        "traffic_targetologist_settings": [
            {
                "user_id": "u2",
                "tracked_campaigns": '[{"id": "c2"}, {"id": "c3", "enabled": false}]',
            }
        ],
        "traffic_user_utm_sources": [
            mapped("buyera", "u1", fb_campaign_ids="{c3}"),
            mapped("buyerb", "u2"),
        ],
    }

    rows = marts(
        traffic=traffic, ad_days=days, landing={"manual_attribution_log": [manual]}
    )

    found = {
        row["campaign_id"]: (row["team_name"], row["method"])
        for row in rows["traffic_stats"]
    }
    assert found == {
        "c1": ("Alpha", "manual"),
        "c2": ("Beta", "tracked_campaign"),
        "c3": ("Alpha", "mapped_campaign"),
        "c4": ("Alpha", "campaign_name"),
        "c5": ("Beta", "campaign_name"),
        "c6": ("Gamma", "ad_account"),
        "c7": ("Gamma", "ad_account"),
    }


def test_a_shared_account_is_ambiguous_and_never_guessed():
    teams = [
        {"id": n, "name": n, "fb_ad_account_id": ACCOUNT} for n in ("Alpha", "Beta")
    ]

    rows = marts(landing={"traffic_teams": teams}, ad_days=[ad_day("2025-12-20", "1")])

    (found,) = rows["traffic_stats"]
    assert (found["team_name"], found["method"]) == ("Unattributed", "ambiguous")


def test_a_campaign_id_leads_to_the_team_of_its_spend():
    tracked = {"user_id": "u2", "tracked_campaigns": [CAMPAIGN]}
    facts = by_map(settings=[tracked])
    landing = {
        "landing_leads": [lead("l1", amocrm_lead_id="1", fb_campaign_id=CAMPAIGN)]
    }

    in_tag = sale(
        leads=[deal(1, source("fb"), field("UTM_CAMPAIGN", CAMPAIGN))], traffic=facts
    )
    in_lead = sale(leads=[deal(1)], traffic=facts, landing=landing)
    own_channel = sale(
        leads=[deal(1, source("sms"), field("UTM_CAMPAIGN", CAMPAIGN))], traffic=facts
    )

    assert decided(in_tag) == ("Beta", "campaign_id", "medium", None)
    assert decided(in_lead)[:2] == ("Beta", "campaign_id")
    assert decided(own_channel) == ("Unattributed", "unattributed", "none", "no_utm")


def test_a_manual_entry_comes_first_and_may_be_final():
    def entry(team, created, on="2025-12-20"):
        row = {"campaign_id": CAMPAIGN, "stat_date": on, "new_team": team}
        return row | {"created_at": at(created)}

    pulled = [deal(1, source("buyera"), field("UTM_CAMPAIGN", CAMPAIGN))]

    def team(*entries):
        return decided(
            sale(leads=pulled, landing={"manual_attribution_log": list(entries)})
        )

    assert team(entry("Alpha", 20), entry(" beta", 21)) == (
        "Beta",
        "manual",
        "manual",
        None,
    )
    assert team(entry("Beta", 20), entry("Nobody knows", 21))[0] == "Beta"
    assert team(entry("Beta", 20, on="2025-12-21"))[:2] == ("Alpha", "deal_utm")
    assert team(entry("Unassigned", 20))[:3] == ("Unattributed", "manual", "manual")


def test_a_campaign_name_and_a_lead_source_are_the_last_hints():
    traffic = {
        "traffic_ad_account_bindings": [{"ad_account_id": ACCOUNT, "team_name": "Beta"}]
    }
    graph = {"campaigns": [{"id": "c9", "account_id": ACCOUNT, "name": "Winter | 1"}]}
    landing = {
        "landing_leads": [lead("l1", amocrm_lead_id="2", source="proftest_Alpha")]
    }

    found = sales(
        leads=[deal(1, field("UTM_CAMPAIGN", "winter |  1")), deal(2), deal(3)],
        traffic=traffic,
        landing=landing,
        **graph,
    )

    assert decided(found[1])[:3] == ("Beta", "campaign_name", "low")
    assert decided(found[2])[:3] == ("Alpha", "lead_source", "low")
    assert decided(found[3]) == ("Unattributed", "unattributed", "none", "no_utm")
