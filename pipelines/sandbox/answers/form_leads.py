"""Leads of Facebook's own forms, followed to the lead and to the deal they became.

Leads as the business counts them belong to `leads.py`, their teams to
`lead_attribution.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pipelines.sandbox.answers.campaigns import Campaigns
from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.identity import Identifier, trusted_holders
from pipelines.sandbox.answers.leads import Lead, LeadKey
from pipelines.sandbox.answers.normalise import emails, phones
from pipelines.sandbox.answers.ownership import account_key
from pipelines.sandbox.answers.reading import (
    almaty_day,
    first_text,
    flag,
    listing,
    mapping,
    moment,
    rows,
    text,
)
from pipelines.sandbox.answers.rules import UNATTRIBUTED
from pipelines.sandbox.story.world import Document, World

MartRow = dict[str, Any]
# How far apart the same person's form and lead, or form and deal, may be.
PATIENCE = timedelta(days=3)
ID, PHONE, EMAIL = "fb_lead_id", "phone", "email"
PHONE_ANSWERS = ("phone_number", "phone")
# What Facebook's testing tool writes into every answer.
DUMMY = "<test lead:"


@dataclass(frozen=True)
class Form:
    """One filled form."""

    document: Document
    sent_at: datetime
    identifiers: tuple[Identifier, ...]

    @property
    def is_test(self) -> bool:
        return DUMMY in str(self.document.get("field_data"))


class FormLeads:
    """Follows forms to leads by Facebook's id, else by phone, else by e-mail."""

    def __init__(
        self,
        world: World,
        campaigns: Campaigns,
        counted: Iterable[Lead],
        known_deals: Iterable[Deal],
    ) -> None:
        self.world = world
        self.campaigns = campaigns
        self.leads = {lead.key: lead for lead in counted}
        self.by_id = _ids(world, self.leads)
        self.by_contact: dict[Identifier, list[Lead]] = defaultdict(list)
        self.deals_of: dict[Identifier, list[tuple[datetime, int]]] = defaultdict(list)
        self._index({deal.deal_id: deal for deal in known_deals if not deal.is_test})

    def _index(self, known_deals: Mapping[int, Deal]) -> None:
        """Note who holds each identifier; one on too many records names nobody."""
        records: dict[LeadKey | int, Iterable[Identifier]] = {
            key: lead.identifiers for key, lead in self.leads.items()
        }
        records |= {key: deal.identifiers for key, deal in known_deals.items()}
        for identifier, held in trusted_holders(records).items():
            for key in held:
                if not isinstance(key, int):
                    self.by_contact[identifier].append(self.leads[key])
                elif (crm := known_deals[key].crm) and crm.created_at:
                    self.deals_of[identifier].append((crm.created_at, key))

    def traffic_leads(self, attributed: Iterable[MartRow]) -> list[MartRow]:
        """Return a row per form lead; `attributed` says whose each known lead is."""
        teams = {(row["source_db"], row["lead_id"]): row for row in attributed}
        forms = {form["id"]: form for form in self.world.facebook.lead_forms}
        return [
            self._row(form, forms.get(form.document["form_id"], {}), teams)
            for document in self.world.facebook.leads
            if (form := _form(document))
        ]

    def _row(
        self, form: Form, about: Document, teams: Mapping[LeadKey, MartRow]
    ) -> MartRow:
        document = form.document
        matched_by, lead = self._lead(form)
        deal_matched_by, deal_id = self._deal(form, lead)
        system, lead_id = lead.key if lead else (None, None)
        lost_at = None if deal_id else "crm" if lead else "landing"
        return {
            "fb_lead_id": document["id"],
            "form_id": document["form_id"],
            "form_name": text(about.get("name")),
            "page_id": text(about.get("page_id")),
            "ad_account_id": self._account(text(document.get("ad_id"))),
            "campaign_id": text(document.get("campaign_id")),
            "ad_set_id": text(document.get("adset_id")),
            "ad_id": text(document.get("ad_id")),
            "created_at": form.sent_at,
            "created_date": almaty_day(form.sent_at),
            **self._team(form, teams.get(lead.key) if lead else None),
            "platform": text(document.get("platform")),
            "is_organic": flag(document.get("is_organic")) or False,
            "is_test": form.is_test,
            "landing_lead_id": lead_id if system == "landing" else None,
            "traffic_lead_id": lead_id if system == "traffic" else None,
            "matched_by": matched_by,
            "deal_id": deal_id,
            "deal_matched_by": deal_matched_by,
            "lost_at": None if form.is_test else lost_at,
        }

    def _lead(self, form: Form) -> tuple[str | None, Lead | None]:
        """Return the lead a form became; among several the nearest in time."""
        if found := self.by_id.get(form.document["id"]):
            return ID, found
        for kind in (PHONE, EMAIL):
            near = [
                (abs(lead.lead_at - form.sent_at), lead.order, lead)
                for identifier in form.identifiers
                if identifier[0] == kind
                for lead in self.by_contact.get(identifier, [])
                if abs(lead.lead_at - form.sent_at) <= PATIENCE
            ]
            if near:
                return kind, min(near, key=lambda one: one[:2])[2]
        return None, None

    def _deal(self, form: Form, lead: Lead | None) -> tuple[str | None, int | None]:
        """Return the deal of the lead, else the nearest one of the same person."""
        if lead and lead.deal_id is not None:
            return "lead", lead.deal_id
        for kind in (PHONE, EMAIL):
            near = [
                (abs(created_at - form.sent_at), deal_id)
                for identifier in form.identifiers
                if identifier[0] == kind
                for created_at, deal_id in self.deals_of.get(identifier, [])
                if abs(created_at - form.sent_at) <= PATIENCE
            ]
            if near:
                return "contact", min(near)[1]
        return None, None

    def _team(self, form: Form, known: MartRow | None) -> MartRow:
        """Return the known lead's team, else that of its campaign's spend."""
        if known and known["team_name"] != UNATTRIBUTED:
            return {
                "team_name": known["team_name"],
                "team_id": known["team_id"],
                "team_method": "lead",
            }
        campaign_id = text(form.document.get("campaign_id"))
        owner = self.campaigns.owner(campaign_id or "", almaty_day(form.sent_at))
        team = self.campaigns.facts.people.named(owner.team)
        return {
            "team_name": team.name,
            "team_id": team.team_id,
            "team_method": "campaign" if owner.team else "unattributed",
        }

    def _account(self, ad_id: str | None) -> str | None:
        ads = (ad for ad in self.world.facebook.ads if ad["id"] == ad_id)
        return next((account_key(ad.get("account_id")) for ad in ads), None)


def _form(document: Document) -> Form | None:
    sent_at = moment(document.get("created_time"))
    if sent_at is None:
        return None
    answers = {
        str(one.get("name")): listing(one.get("values"))
        for one in listing(document.get("field_data"))
    }
    found = [
        (PHONE, value)
        for name in PHONE_ANSWERS
        for raw in answers.get(name, [])
        for value in phones(raw)
    ]
    found += [(EMAIL, value) for raw in answers.get(EMAIL, []) for value in emails(raw)]
    return Form(document, sent_at, tuple(dict.fromkeys(found)))


def _ids(world: World, counted: Mapping[LeadKey, Lead]) -> dict[str, Lead]:
    """Return the leads that carry Facebook's id; a copy stands for its original."""
    found: dict[str, Lead] = {}
    for system, table in (
        ("landing", "landing_leads"),
        ("traffic", "traffic_leads"),
    ):
        for row in rows(world, system, table):
            own = (system, str(row.get("id")))
            original = ("landing", text(row.get("landing_lead_id")) or "")
            lead = counted.get(own) or counted.get(original)
            metadata = mapping(row.get("metadata"))
            fb_lead_id = first_text(row, ID) or first_text(metadata, ID)
            if lead and fb_lead_id:
                found.setdefault(fb_lead_id, lead)
    return found
