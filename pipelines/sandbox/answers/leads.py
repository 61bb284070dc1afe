"""The leads that count, their funnel and the persons behind them.

Two databases hold leads; copies and tests are left out. Whose lead it is belongs to
`lead_attribution.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from pipelines.sandbox.answers.deals import Deal, row_identifiers
from pipelines.sandbox.answers.identity import Identifier, persons
from pipelines.sandbox.answers.normalise import (
    NO_UTM,
    UTM_NAMES,
    UtmSet,
    is_test_name,
    is_test_tag,
    utm_set,
)
from pipelines.sandbox.answers.people import LONG_AGO
from pipelines.sandbox.answers.reading import (
    almaty_day,
    first_text,
    flag,
    mapping,
    moment,
    rows,
    text,
    whole,
)
from pipelines.sandbox.answers.rules import (
    EXPRESS,
    FUNNELS,
    PIPELINE_PRODUCTS,
    TEST_DEALS,
    TEST_PIPELINES,
    UNKNOWN,
)
from pipelines.sandbox.answers.sales import product_by_keyword
from pipelines.sandbox.story.world import Row, World

LeadKey = tuple[str, str]

FB_IDS = ("fb_campaign_id", "fb_adset_id", "fb_ad_id")
SOURCE_FUNNELS = {
    "expresscourse": EXPRESS,
    "tf4": EXPRESS,
    "challenge3d": "challenge3d",
    "intensive1d": "intensive1d",
}


@dataclass(frozen=True)
class Lead:
    """One living lead record that is neither a copy nor a test."""

    key: LeadKey
    lead_at: datetime
    source: str
    declared_funnel: str | None
    own_deal_id: int | None
    synced_deal_ids: tuple[int, ...]
    utm: UtmSet
    fb_ids: tuple[str, ...]
    identifiers: tuple[Identifier, ...]
    funnel: str = UNKNOWN

    @property
    def lead_date(self) -> date:
        """Return the Almaty day of the lead."""
        return almaty_day(self.lead_at)

    @property
    def deal_id(self) -> int | None:
        """Return the linked deal: the lead's own, else the newest synchronised."""
        if self.own_deal_id is not None:
            return self.own_deal_id
        return self.synced_deal_ids[0] if self.synced_deal_ids else None

    @property
    def order(self) -> tuple[datetime, str, str]:
        """Return what makes one lead earlier than another."""
        return self.lead_at, self.key[1], self.key[0]


def leads(world: World, known_deals: Mapping[int, Deal]) -> list[Lead]:
    """Return the leads that count, earliest first."""
    synced = _synced_deals(world)
    landing = rows(world, "landing", "landing_leads")
    landing_ids = {text(row.get("id")) for row in landing}
    own = (
        row
        for row in rows(world, "traffic", "traffic_leads")
        if (text(row.get("landing_lead_id")) or "-") not in landing_ids
    )
    found = [_lead(row, "landing", synced) for row in landing]
    found += [_lead(row, "traffic", synced) for row in own]
    counted = (
        replace(lead, funnel=_funnel(lead, known_deals)) for lead in found if lead
    )
    return sorted(counted, key=lambda lead: lead.order)


def _lead(row: Row, system: str, synced: Mapping[str, tuple[int, ...]]) -> Lead | None:
    metadata = mapping(row.get("metadata"))
    lead_id, lead_at = text(row.get("id")), moment(row.get("created_at"))
    if system == "traffic":
        lead_at = moment(row.get("lead_date")) or lead_at
    if lead_id is None or lead_at is None or _is_test(row, metadata):
        return None
    own_deal_id = whole(row.get("amocrm_lead_id"))
    synced_ids = synced.get(lead_id, ()) if system == "landing" else ()
    linked = own_deal_id or next(iter(synced_ids), None)
    if linked in TEST_DEALS:
        return None
    return Lead(
        key=(system, lead_id),
        lead_at=lead_at,
        source=(text(row.get("source")) or "").lower(),
        declared_funnel=_declared(row, metadata),
        own_deal_id=own_deal_id,
        synced_deal_ids=() if own_deal_id is not None else synced_ids,
        utm=_chosen_set(row, metadata),
        fb_ids=tuple(_fb_ids(row, metadata)),
        identifiers=row_identifiers(row),
    )


def _synced_deals(world: World) -> dict[str, tuple[int, ...]]:
    """Return the deals the bulk synchronisation made of a lead, newest first."""
    found: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for row in rows(world, "landing", "bulk_sync_results"):
        lead_id, deal_id = text(row.get("lead_id")), whole(row.get("deal_id"))
        if lead_id and deal_id is not None:
            made = moment(row.get("created_at")) or LONG_AGO
            found[lead_id].append((made, deal_id))
    return {
        lead_id: tuple(deal_id for _, deal_id in sorted(made, reverse=True))
        for lead_id, made in found.items()
    }


def _shapes(row: Row, metadata: Mapping[str, Any]) -> Iterator[UtmSet]:
    """Yield the sets a lead may carry: columns, three metadata shapes, the original."""
    yield utm_set(row)
    params = mapping(metadata.get("utmParams"))
    yield utm_set(params, utm_id=params.get("utm_id"))
    yield utm_set(metadata, utm_id=metadata.get("utm_id"))
    camel = {name: metadata.get(_camel(name)) for name in UTM_NAMES}
    yield utm_set(camel, utm_id=metadata.get("utmId"))
    original = mapping(metadata.get("original_utm"))
    yield utm_set(
        {f"utm_{name}": original.get(name) for name in ("source", "campaign")}
    )


def _camel(name: str) -> str:
    head, tail = name.split("_")
    return head + tail.capitalize()


def _chosen_set(row: Row, metadata: Mapping[str, Any]) -> UtmSet:
    """Return the first usable set, else the first that says anything at all.

    Among unusable sets those that are no own-channel or organic touch come first.
    """
    sets = list(_shapes(row, metadata))
    wishes = (
        [tags for tags in sets if tags.is_usable],
        [tags for tags in sets if not tags.is_empty and not tags.is_skipped],
        [tags for tags in sets if not tags.is_empty],
        [tags for tags in sets if tags.issue],
    )
    return next((found[0] for found in wishes if found), NO_UTM)


def _fb_ids(row: Row, metadata: Mapping[str, Any]) -> Iterator[str]:
    for name in FB_IDS:
        found = first_text(row, name) or first_text(metadata, name)
        if found and found.isascii() and found.isdigit():
            yield found


def _is_test(row: Row, metadata: Mapping[str, Any]) -> bool:
    """Tell whether a lead carries any of the marks of a test."""
    params = mapping(metadata.get("utmParams"))
    sources = (row, params, metadata)
    tags = [source.get(name) for source in sources for name in UTM_NAMES]
    tags += [metadata.get(_camel(name)) for name in UTM_NAMES]
    original = mapping(metadata.get("original_utm"))
    tags += [original.get(name) for name in ("source", "campaign")]
    pipelines = (row.get("amocrm_pipeline_id"), metadata.get("pipeline_id"))
    return (
        flag(metadata.get("testRun")) is True
        or any(whole(pipeline) in TEST_PIPELINES for pipeline in pipelines)
        or is_test_name(row.get("name"))
        or any(map(is_test_tag, tags))
    )


def _declared(row: Row, metadata: Mapping[str, Any]) -> str | None:
    for raw in (row.get("funnel_type"), metadata.get("funnel_type")):
        value = (text(raw) or "").lower()
        if value in FUNNELS:
            return value
    return None


def _funnel(lead: Lead, known_deals: Mapping[int, Deal]) -> str:
    """Return the funnel: as declared, by source, by the deal's pipeline, by keyword."""
    if lead.declared_funnel:
        return lead.declared_funnel
    if lead.source.startswith("proftest"):
        return EXPRESS
    if lead.source in SOURCE_FUNNELS:
        return SOURCE_FUNNELS[lead.source]
    deal = known_deals.get(lead.deal_id or 0)
    if deal and deal.pipeline_id in PIPELINE_PRODUCTS:
        return PIPELINE_PRODUCTS[deal.pipeline_id]
    return product_by_keyword(lead.utm.campaign)


def lead_persons(counted: Iterable[Lead]) -> dict[LeadKey, LeadKey]:
    """Return the person of each lead, by shared phones and e-mails of leads alone."""
    return persons({lead.key: lead.identifiers for lead in counted})


def first_in_funnel(
    counted: Iterable[Lead], person_of: Mapping[LeadKey, LeadKey]
) -> set[LeadKey]:
    """Return the leads that count their person: the earliest of each funnel."""
    first: dict[tuple[LeadKey, str], LeadKey] = {}
    for lead in sorted(counted, key=lambda lead: lead.order):
        first.setdefault((person_of[lead.key], lead.funnel), lead.key)
    return set(first.values())
