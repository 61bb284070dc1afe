"""Leads of Facebook's own forms on their way to Landing and into the CRM.

Leads as the business counts them belong to `leads.py`.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pipelines.sandbox.answers.campaigns import Campaigns
from pipelines.sandbox.answers.leads import Lead
from pipelines.sandbox.answers.normalise import emails, phones
from pipelines.sandbox.answers.reading import (
    almaty_day,
    flag,
    listing,
    mapping,
    moment,
    rows,
    text,
)
from pipelines.sandbox.story.world import Document, World

PHONE_ANSWERS = ("phone_number", "phone")


class FormLeads:
    """Finds for every form the Landing lead it became."""

    def __init__(
        self, world: World, campaigns: Campaigns, counted: Iterable[Lead]
    ) -> None:
        self.world = world
        self.campaigns = campaigns
        own = [lead for lead in counted if lead.key[0] == "landing"]
        own.sort(key=lambda lead: lead.order)
        by_key = {lead.key[1]: lead for lead in own}
        self.by_id: dict[str, Lead] = {}
        for row in rows(world, "landing", "landing_leads"):
            found = text(mapping(row.get("metadata")).get("fb_lead_id"))
            if found and str(row["id"]) in by_key:
                self.by_id[found] = by_key[str(row["id"])]
        self.by_contact: dict[tuple[str, str], Lead] = {}
        for lead in own:
            for identifier in lead.identifiers:
                self.by_contact.setdefault(identifier, lead)

    def traffic_leads(self) -> list[dict[str, Any]]:
        """Return a row per form lead, with where it was lost if it was."""
        pages = {
            form["id"]: str(form["page_id"]) for form in self.world.facebook.lead_forms
        }
        return [self._row(lead, pages) for lead in self.world.facebook.leads]

    def _row(self, lead: Document, pages: Mapping[str, str]) -> dict[str, Any]:
        created_at = moment(lead["created_time"])
        if created_at is None:
            raise ValueError(f"form lead {lead['id']} has no time")
        created_date = almaty_day(created_at)
        campaign_id = text(lead.get("campaign_id"))
        owner = self.campaigns.owner(campaign_id or "", created_date)
        team = self.campaigns.facts.people.named(owner.team)
        matched_by, landing = self._landing(lead)
        deal_id = landing.deal_id if landing else None
        return {
            "fb_lead_id": lead["id"],
            "form_id": lead["form_id"],
            "page_id": pages.get(lead["form_id"]),
            "fb_campaign_id": campaign_id,
            "fb_ad_set_id": text(lead.get("adset_id")),
            "fb_ad_id": text(lead.get("ad_id")),
            "created_at": created_at,
            "created_date": created_date,
            "is_organic": flag(lead.get("is_organic")) or False,
            "team_name": team.name,
            "team_id": team.team_id,
            "landing_lead_id": landing.key[1] if landing else None,
            "deal_id": deal_id,
            "matched_by": matched_by,
            "lost_at": _lost_at(landing, deal_id),
        }

    def _landing(self, lead: Document) -> tuple[str | None, Lead | None]:
        """Return the Landing lead by Facebook's id, else by phone, else by mail."""
        if found := self.by_id.get(lead["id"]):
            return "fb_lead_id", found
        for kind, value in _contacts(lead):
            if found := self.by_contact.get((kind, value)):
                return kind, found
        return None, None


def _contacts(lead: Document) -> Iterator[tuple[str, str]]:
    answers = {
        str(one.get("name")): listing(one.get("values"))
        for one in listing(lead.get("field_data"))
    }
    for name in PHONE_ANSWERS:
        for raw in answers.get(name, []):
            yield from (("phone", found) for found in phones(raw))
    for raw in answers.get("email", []):
        yield from (("email", found) for found in emails(raw))


def _lost_at(landing: Lead | None, deal_id: int | None) -> str | None:
    if landing is None:
        return "landing"
    return "crm" if deal_id is None else None
