"""Landing's leads: who left contacts, when, from which page, tagged how.

Duplicates and other oddities of leads belong to `scenes_leads.py`; leads that only
Traffic has to `traffic_leads.py`.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from pipelines.sandbox.story.calendar import almaty_day, at
from pipelines.sandbox.story.cast import Team
from pipelines.sandbox.story.deals import (
    EXPRESS,
    INTENSIVE,
    PROFTEST,
    SHORT_COURSE,
    UTM_KEYS,
    Deal,
    Lead,
    Utm,
    stage,
)
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.people import (
    Person,
    digits_and_plus,
    spell_email,
    spell_phone,
)
from pipelines.sandbox.story.utm import SHARES, draw_utm
from pipelines.sandbox.story.world import Row

LEADS = 1_112
# Leads have UTM columns since then; older rows were back-filled, some of them.
COLUMNS_SINCE_DAYS_AGO = 14
CHALLENGE_SINCE_DAYS_AGO = 10
DAILY_GROWTH = 1.02
SOURCES = {
    "proftest_0": 29.8,
    "proftest_1": 20.2,
    "proftest_2": 11.8,
    "expresscourse": 25.6,
    "TF4": 9.1,
    "proftest_unknown": 3.5,
    "challenge3d": 8.0,
    "twland": 1.0,
    "intensive1d": 1.0,
}
LATE_SOURCES = {"challenge3d": 92, "proftest_unknown": 4, "expresscourse": 4}
FUNNELS = {"challenge3d": "challenge3d", "intensive1d": "intensive1d"}
PIPELINES = {"challenge3d": SHORT_COURSE, "intensive1d": INTENSIVE}


def tell_leads(draft: Draft) -> list[Lead]:
    """Fill Landing up to its number of leads, most of them with a deal."""
    dice = draft.dice("leads")
    count = LEADS * draft.options.scale - len(draft.rows("landing", "landing_leads"))
    situations = dice.quota(count, SHARES)
    leads = []
    for moment, situation in zip(_moments(draft, dice, count), situations, strict=True):
        lead = _ordinary(draft, dice, moment, situation)
        if dice.chance(0.75):
            open_lead_deal(draft, dice, lead)
        leads.append(lead)
    return leads


def write_lead(
    draft: Draft,
    dice: Dice,
    person: Person,
    created_at: datetime,
    *,
    source: str = "expresscourse",
    utm: Utm | None = None,
    metadata: dict[str, Any] | None = None,
    **columns: object,
) -> Lead:
    """Add a Landing lead; `columns` replace what an ordinary lead would hold."""
    utm = utm or {}
    phone = spell_phone(dice, person.phone)
    row: Row = {
        "id": dice.uuid(),
        "email": spell_email(dice, person.email),
        "name": person.name,
        "phone": phone,
        "phone_normalized": digits_and_plus(phone),
        "source": source,
        "amocrm_lead_id": None,
        "amocrm_contact_id": str(person.contact_id),
        "amocrm_synced": False,
        "amocrm_sync_status": None,
        "amocrm_sync_attempts": 0,
        "metadata": {"timestamp": created_at.isoformat()} | (metadata or {}),
        **{f"utm_{key}": utm.get(key) for key in UTM_KEYS},
        "client_id": f"client-{dice.getrandbits(40):010x}",
        "created_at": created_at,
        "updated_at": dice.later(created_at, 0, 0.4),
    }
    row |= columns
    draft.add("landing", "landing_leads", row)
    funnel = FUNNELS.get(source, "express")
    return Lead(row, person, created_at, funnel, utm)


def open_lead_deal(
    draft: Draft, dice: Dice, lead: Lead, *, linked: bool = True
) -> Deal:
    """Open the lead's deal in AmoCRM; an unlinked one the lead row does not name."""
    pipeline = PIPELINES.get(lead.funnel, EXPRESS)
    if lead.funnel == "express" and dice.chance(0.06):
        pipeline = PROFTEST
    opened_at = lead.created_at + timedelta(seconds=dice.randint(20, 280))
    lead.deal = draft.open_deal(
        lead.person,
        opened_at,
        pipeline=pipeline,
        status=stage(pipeline, 1),
        utm=dict(lead.utm) if dice.chance(0.85) else {},
    )
    if linked and dice.chance(0.8):
        lead.row |= {
            "amocrm_lead_id": str(lead.deal.deal_id),
            "amocrm_synced": True,
            "amocrm_sync_status": "synced",
            "amocrm_sync_attempts": 1,
        }
    return lead.deal


def _ordinary(draft: Draft, dice: Dice, moment: datetime, situation: str) -> Lead:
    sources: Mapping[str, float] = SOURCES
    if moment >= draft.calendar.ago(CHALLENGE_SINCE_DAYS_AGO, 0):
        sources = LATE_SOURCES
    source, team = _page(draft, dice.pick(sources))
    utm, team = draw_utm(dice, situation, cast=draft.cast, plan=draft.plan, team=team)
    metadata, columns = _record_utm(draft, dice, moment, utm)
    metadata |= _visit(dice, source, team, draft)
    person = draft.crowd.newcomer()
    lead = write_lead(
        draft, dice, person, moment, source=source, metadata=metadata, **columns
    )
    lead.utm = utm
    return lead


def _page(draft: Draft, source: str) -> tuple[str, Team | None]:
    name, _, number = source.partition("_")
    if not number.isdigit():
        return source, None
    team = draft.cast.team(int(number))
    return f"{name}_{team.key}", team


def _visit(dice: Dice, source: str, team: Team, draft: Draft) -> dict[str, Any]:
    """Return what the page adds: some of it personal, some of it useful."""
    visit: dict[str, Any] = {
        "userAgent": "canary-pii-user-agent",
        "ip": f"203.0.113.{dice.randint(1, 254)}",
    }
    if dice.chance(0.5):
        visit["funnel_type"] = FUNNELS.get(source, "express")
    if dice.chance(0.2):
        visit["fbclid"] = f"fb.1.{dice.getrandbits(48)}"
    if dice.chance(0.04):
        campaign = draft.plan.main(team)
        visit |= {
            "fb_campaign_id": campaign.campaign_id,
            "fb_ad_id": f"{campaign.campaign_id}901",
            "fb_lead_id": str(dice.getrandbits(50)),
        }
    return visit


def _record_utm(
    draft: Draft, dice: Dice, moment: datetime, utm: Utm
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Spread the tags over metadata and columns as the pages of that time did."""
    columns = {f"utm_{key}": utm.get(key) for key in UTM_KEYS}
    empty = dict.fromkeys(columns)
    if utm.get("source") and dice.chance(0.03):
        return _overwritten(dice, utm, empty)
    if moment >= draft.calendar.ago(COLUMNS_SINCE_DAYS_AGO, 0):
        return (_shape(dice, utm) if dice.chance(0.5) else {}), columns
    return _shape(dice, utm), columns if dice.chance(0.6) else empty


def _overwritten(
    dice: Dice, utm: Utm, empty: dict[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Lose the first touch to a click in one of our own mails or messages."""
    first = {"source": utm.get("source"), "campaign": utm.get("campaign")}
    clicked = {"utm_source": dice.choice(("email", "sms")), "utm_campaign": "proftest"}
    return {"original_utm": first}, empty | clicked


def _shape(dice: Dice, utm: Utm) -> dict[str, Any]:
    """Write the tags in one of the three shapes that pages have used."""
    tags = {f"utm_{key}": value for key, value in utm.items() if value}
    match dice.pick({"a": 5, "b": 3, "c": 2}):
        case "a":
            return {"utmParams": tags}
        case "b":
            return tags
    return {f"utm{key.capitalize()}": value for key, value in utm.items() if value}


def _moments(draft: Draft, dice: Dice, count: int) -> list[datetime]:
    """Spread leads over the days: more each day, none in the future."""
    days = draft.calendar.days
    weights = [DAILY_GROWTH**number for number in range(len(days))]
    weights[-1] /= 3
    if draft.now_on(days[-1]) < at(days[-1], 1):
        weights[-1] = 0
    moments = []
    for day in dice.choices(days, weights, k=count):
        latest = int((draft.now_on(day) - at(day, 0)).total_seconds())
        moments.append(at(day, 0) + timedelta(seconds=dice.randint(60, latest)))
    return sorted(moments, key=lambda moment: (almaty_day(moment), moment))
