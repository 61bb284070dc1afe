"""What was changed by hand in the ad accounts: budgets, names, links, states.

Facebook keeps it as a log; the objects show only how they are now.
"""

import json
from datetime import UTC, datetime

from pipelines.sandbox.story.ads import Ad
from pipelines.sandbox.story.campaigns import Campaign
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.world import Document


def tell_activities(draft: Draft, ads: list[Ad]) -> list[Document]:
    """Return the accounts' logs, newest first as Facebook lists them."""
    log = _Log(draft)
    plan = draft.plan
    main, agency, abroad = plan["main_0"], plan["agency"], plan["abroad"]
    by_place = {(ad.campaign.key, ad.number): ad for ad in ads}
    log.budget(main, 24, old=1000, new=1400)
    log.budget(main, 12, old=1400, new=1900)
    log.budget(abroad, 8, old=500, new=600)
    log.name(agency, 16, old="Agency/Challenge 3D/01.11")
    for key, number, ago, kind in (
        ("main_0", 1, 14, "update_ad_creative"),
        ("agency", 1, 9, "update_ad_creative"),
        ("tracked", 1, 6, "edit_and_update_ad_creative"),
    ):
        log.link(by_place[key, number], ago, kind)
    log.status(by_place["main_0", 3], 15, old="Active", new="Archived")
    log.status(by_place["agency", 2], 11, old="Active", new="Deleted")
    log.status(by_place["main_1", 0], 4, old="Active", new="Inactive")
    log.status(by_place["main_1", 0], 4, old="Inactive", new="Active", hour=19)
    log.charge(main, 3)
    entries: list[Document] = log.entries
    return sorted(entries, key=lambda entry: str(entry["event_time"]), reverse=True)


class _Log:
    """Writes entries as Facebook does: what was and what is stand in JSON text."""

    def __init__(self, draft: Draft) -> None:
        self._calendar = draft.calendar
        self._actors = [buyer.name for buyer in draft.cast.buyers]
        self.entries: list[Document] = []

    def budget(self, campaign: Campaign, ago: int, *, old: int, new: int) -> None:
        values = {
            name: {"old_value": cents, "additional_value": "Per day"}
            for name, cents in (("old_value", old), ("new_value", new))
        }
        extra = {"type": "payment_amount", "currency": campaign.account.currency}
        self._campaign("update_campaign_budget", campaign, ago, values | extra)

    def name(self, campaign: Campaign, ago: int, *, old: str) -> None:
        values = {"old_value": old, "new_value": campaign.name}
        self._campaign("update_campaign_name", campaign, ago, values)

    def link(self, ad: Ad, ago: int, kind: str) -> None:
        values = {"old_value": "https://school.example/old", "new_value": None}
        self._ad(kind, ad, ago, values)

    def status(self, ad: Ad, ago: int, *, old: str, new: str, hour: int = 12) -> None:
        values = {"old_value": old, "new_value": new, "type": "run_status"}
        self._ad("update_ad_run_status", ad, ago, values, hour=hour)

    def charge(self, campaign: Campaign, ago: int) -> None:
        """Let Facebook itself take the money: nobody changed anything."""
        account = campaign.account
        values = {"currency": account.currency, "new_value": 25000}
        happened = (self._calendar.ago(ago, 3), "Meta", "ad_account_billing_charge")
        self._add(account.digits, happened, (account.digits, account.name), values)

    def _campaign(self, kind: str, one: Campaign, ago: int, values: Document) -> None:
        happened = (self._calendar.ago(ago, 11, 5), self._actor(one), kind)
        self._add(
            one.account.digits, happened, (one.campaign_id, one.name), values,
            object_type="CAMPAIGN",
        )  # fmt: skip

    def _ad(
        self, kind: str, ad: Ad, ago: int, values: Document, *, hour: int = 12
    ) -> None:
        moment = self._calendar.ago(ago, hour, 30)
        self._add(
            ad.campaign.account.digits, (moment, self._actor(ad.campaign), kind),
            (ad.ad_id, ad.name), values, object_type="AD",
        )  # fmt: skip

    def _actor(self, campaign: Campaign) -> str:
        return self._actors[campaign.team.index if campaign.team else 0]

    def _add(
        self,
        digits: str,
        happened: tuple[datetime, str, str],
        about: tuple[str, str],
        values: Document,
        *,
        object_type: str = "ACCOUNT",
    ) -> None:
        moment, actor, kind = happened
        self.entries.append(
            {
                "account_id": digits,
                "event_time": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S%z"),
                "event_type": kind,
                "translated_event_type": kind.replace("_", " "),
                "object_id": about[0],
                "object_name": about[1],
                "object_type": object_type,
                "actor_id": f"8000000000000{self._number(actor):02d}",
                "actor_name": actor,
                "extra_data": json.dumps(values, ensure_ascii=False),
            }
        )

    def _number(self, actor: str) -> int:
        return self._actors.index(actor) + 1 if actor in self._actors else 0
