"""A day later: what changes at Facebook, and that everything else stays."""

import copy
from decimal import Decimal

import pytest

from pipelines.errors import SandboxError
from pipelines.sandbox.story.later import DayLater, a_day_later, become
from pipelines.sandbox.story.tell import tell
from pipelines.sandbox.story.world import FacebookWorld


@pytest.fixture(scope="module")
def today() -> FacebookWorld:
    return tell().facebook


@pytest.fixture(scope="module")
def tomorrow(today: FacebookWorld) -> DayLater:
    return a_day_later(today)


def spend(facebook: FacebookWorld, ad_id: str, on: str) -> Decimal | None:
    rows = [
        row
        for row in facebook.ad_days
        if (row["ad_id"], row["date_start"]) == (ad_id, on)
    ]
    return Decimal(rows[0]["spend"]) if rows else None


def by_id(documents: list[dict], object_id: str) -> dict:
    return next(one for one in documents if one["id"] == object_id)


def test_three_days_are_restated_up_down_and_away(today, tomorrow):
    later = tomorrow.facebook

    assert spend(later, *tomorrow.grown) > spend(today, *tomorrow.grown)
    assert spend(later, *tomorrow.shrunk) < spend(today, *tomorrow.shrunk)
    assert spend(later, *tomorrow.vanished) is None
    assert len({tomorrow.grown[1], tomorrow.shrunk[1], tomorrow.vanished[1]}) == 3


def test_totals_follow_their_restated_ads(today, tomorrow):
    def gaps(facebook: FacebookWorld) -> dict:
        result = {}
        for row in facebook.account_days:
            key = row["account_id"], row["date_start"]
            result[key] = Decimal(row.get("spend", "0"))
        for row in facebook.ad_days:
            key = row["account_id"], row["date_start"]
            result[key] -= Decimal(row.get("spend", "0"))
        return result

    assert gaps(tomorrow.facebook) == gaps(today)


def test_a_campaign_has_another_name_on_old_days_too(today, tomorrow):
    campaign = by_id(tomorrow.facebook.campaigns, tomorrow.renamed_campaign)
    names = {
        row["campaign_name"]
        for row in tomorrow.facebook.ad_days
        if row["campaign_id"] == tomorrow.renamed_campaign
    }

    assert campaign["name"] == tomorrow.new_name != tomorrow.old_name
    assert names == {tomorrow.new_name}
    assert len(tomorrow.facebook.campaigns) == len(today.campaigns)


def test_an_ad_shows_a_new_creative_and_the_old_one_stays(tomorrow):
    ad = by_id(tomorrow.facebook.ads, tomorrow.swapped_ad)

    assert ad["creative"]["id"] == tomorrow.new_creative
    assert by_id(tomorrow.facebook.creatives, tomorrow.old_creative)
    assert "url_tags" in by_id(tomorrow.facebook.creatives, tomorrow.new_creative)


def test_an_ad_is_deleted_and_an_account_disabled(tomorrow):
    ad = by_id(tomorrow.facebook.ads, tomorrow.deleted_ad)
    account = by_id(tomorrow.facebook.accounts, tomorrow.account_id)

    assert ad["effective_status"] == "DELETED"
    assert account["account_status"] == 2
    assert tomorrow.deleted_ad != tomorrow.swapped_ad


def test_the_world_of_today_stays_as_it_was(today, tomorrow):
    assert today == tell().facebook != tomorrow.facebook


def test_a_served_world_becomes_the_later_one(today, tomorrow):
    served = copy.deepcopy(today)
    ads = served.ads

    become(served, tomorrow.facebook)

    assert served == tomorrow.facebook
    assert served.ads is ads


def test_a_world_without_spend_has_no_later_day():
    empty = FacebookWorld("token", [], [], [], [], [], [], [])

    with pytest.raises(SandboxError, match="no ad ever ran"):
        a_day_later(empty)
