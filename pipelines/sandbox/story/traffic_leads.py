"""Leads in Traffic: copies of Landing's, hooks with invented mails, Facebook forms.

Landing's own leads belong to `leads.py`.
"""

from datetime import timedelta

from pipelines.sandbox.story.deals import OLD_MAIN, SHORT_COURSE, UTM_KEYS, Lead, Utm
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.people import Person, spell_email, spell_phone
from pipelines.sandbox.story.utm import tags
from pipelines.sandbox.story.world import Row

COPIES, FORM_LEADS, DUPLICATES = 60, 24, 3
COPIED_LEADS, COPIED_STAGES = 1_000, 650
COPIED_COLUMNS = (
    "id", "email", "name", "phone", "source", "amocrm_lead_id", "metadata",
    "utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term",
    "created_at", "updated_at",
)  # fmt: skip


def tell_traffic_leads(draft: Draft, leads: list[Lead]) -> None:
    """Fill Traffic's lead tables, most of which repeat Landing."""
    dice = draft.dice("traffic leads")
    scale = draft.options.scale
    for lead in dice.some(leads, COPIES * scale):
        _copy(draft, dice, lead)
    _hook_leads(draft, dice)
    for _ in range(FORM_LEADS * scale):
        _form_lead(draft, dice)
    for lead in dice.some(leads, DUPLICATES):
        # The same person again, unconnected to the Landing row.
        row = _row(dice, lead.person, lead.utm, funnel_type="express")
        moment = lead.created_at + timedelta(hours=5)
        row |= {"lead_date": min(moment, draft.options.now)}
        _store(draft, row)
    _journeys(draft, dice)


def tell_cut_copies(draft: Draft) -> None:
    """Copy Landing's leads and stages as a page limit once cut them."""
    scale = draft.options.scale
    leads = sorted(draft.rows("landing", "landing_leads"), key=_age)
    for row in leads[: COPIED_LEADS * scale]:
        draft.add("traffic", "leads", {name: row[name] for name in COPIED_COLUMNS})
    stages = sorted(draft.rows("landing", "journey_stages"), key=_age)
    for row in stages[: COPIED_STAGES * scale]:
        draft.add("traffic", "journey_stages", dict(row))


def _age(row: Row) -> tuple[object, str]:
    return row["created_at"], row["id"]


def _row(dice: Dice, person: Person, utm: Utm, *, funnel_type: str | None) -> Row:
    return {
        "id": dice.uuid(),
        **{f"utm_{key}": utm.get(key) for key in UTM_KEYS},
        "funnel_type": funnel_type,
        "status": dice.pick({"new": 7, "contacted": 2, "converted": 1}),
        "phone": spell_phone(dice, person.phone),
        "email": spell_email(dice, person.email),
        "name": person.name,
        "source": "facebook",
        "fb_lead_id": None,
        "fb_form_id": None,
        "fb_ad_id": None,
        "fb_adset_id": None,
        "fb_campaign_id": None,
        "amocrm_lead_id": None,
        "amocrm_contact_id": person.contact_id,
        "amocrm_pipeline_id": None,
        "amocrm_status_id": None,
        "metadata": {},
        "landing_lead_id": None,
        "landing_db_imported": False,
        "lead_date": None,
    }


def _store(draft: Draft, row: Row) -> Row:
    moment = row["lead_date"] or draft.options.now
    row.setdefault("created_at", moment)
    row.setdefault("updated_at", row["created_at"])
    return draft.add("traffic", "traffic_leads", row)


def _copy(draft: Draft, dice: Dice, lead: Lead) -> None:
    funnel = lead.funnel if lead.funnel != "unknown" else None
    row = _row(dice, lead.person, lead.utm, funnel_type=funnel)
    row |= {
        "source": lead.row["source"],
        "landing_lead_id": lead.row["id"],
        "landing_db_imported": True,
        "lead_date": lead.created_at,
        "created_at": min(lead.created_at + timedelta(days=2), draft.options.now),
    }
    _store(draft, row)


def _hook_leads(draft: Draft, dice: Dice) -> None:
    """Write every tenth Challenge 3D deal the way its hook did: nobody in it."""
    wanted = {SHORT_COURSE, OLD_MAIN}
    deals = [deal for deal in draft.deals if deal.pipeline in wanted and deal.is_listed]
    for deal in deals[::10]:
        row = _row(dice, deal.person, deal.utm, funnel_type="challenge3d")
        row |= {
            "phone": "",
            "email": f"lead_{deal.deal_id}@unknown.amocrm.example",
            "name": "Unknown",
            "amocrm_lead_id": deal.deal_id,
            "amocrm_pipeline_id": deal.pipeline,
            "amocrm_status_id": deal.status,
            "lead_date": deal.created_at,
        }
        _store(draft, row)


def _form_lead(draft: Draft, dice: Dice) -> None:
    """Let somebody fill in a form inside Facebook."""
    team = dice.choice(draft.cast.teams)
    campaign = draft.plan.main(team)
    moment = draft.calendar.ago(dice.randint(1, 25), dice.randint(8, 21))
    utm = tags("facebook", "paid", campaign.name) if dice.chance(0.5) else tags()
    funnel = dice.pick({"express": 5, "challenge3d": 3, None: 2})
    row = _row(dice, draft.crowd.newcomer(), utm, funnel_type=funnel)
    row |= {
        "fb_lead_id": str(dice.getrandbits(52)),
        "fb_form_id": "5500123",
        "fb_ad_id": f"{campaign.campaign_id}901",
        "fb_adset_id": f"{campaign.campaign_id}81",
        "fb_campaign_id": campaign.campaign_id,
        # Some writers leave the date to the row's creation.
        "lead_date": moment if dice.chance(0.7) else None,
        "created_at": moment,
    }
    _store(draft, row)


def _journeys(draft: Draft, dice: Dice) -> None:
    for row in draft.rows("traffic", "traffic_leads")[::4]:
        draft.add(
            "traffic",
            "traffic_lead_journey",
            {
                "id": dice.uuid(),
                "lead_id": row["id"],
                "stage": "proftest_submitted",
                "source": row["source"],
                "metadata": {},
                "created_at": row["created_at"],
            },
        )
