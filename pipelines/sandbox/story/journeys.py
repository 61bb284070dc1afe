"""What follows a lead in Landing: stages, links, messages, the synchronisation.

The leads themselves belong to `leads.py`.
"""

from datetime import datetime, timedelta

from pipelines.sandbox.story.deals import UTM_KEYS, Lead
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.world import Row

STAGES, LINKS, CLICKS, NOTIFICATIONS, SYNC_RESULTS = 760, 1_554, 473, 557, 633
ALPHABET = "abcdefghjkmnpqrstuvwxyzABCDEFGHJKMNPQRSTUVWXYZ23456789"
Step = tuple[str, str, str]
STEPS = (
    ("proftest_submitted", "proftest_submit", "proftest"),
    ("expresscourse_clicked", "express_visit", "email_link"),
    ("expresscourse_submitted", "express_submit", "express"),
    ("payment_kaspi", "express_submit", "express"),
    ("purchase", "purchase", "amocrm"),
)


def tell_journeys(draft: Draft, leads: list[Lead]) -> None:
    """Let leads walk, click and be written to, and synchronise them twice."""
    dice = draft.dice("journeys")
    _stages(draft, dice, leads)
    _links(draft, dice, leads)
    _notifications(draft, dice, leads)
    _synchronisations(draft, dice, leads)


def _stages(draft: Draft, dice: Dice, leads: list[Lead]) -> None:
    count = STAGES * draft.options.scale
    while count > 0:
        lead = dice.choice(leads)
        moment = lead.created_at
        for step in STEPS[: dice.choice((1, 1, 1, 2, 2, 3, 4, 5))]:
            moment = dice.later(moment, 0.001, 4)
            if count == 0 or not draft.calendar.is_past(moment):
                break
            count -= 1
            _stage(draft, dice, lead, step, moment)


def _stage(draft: Draft, dice: Dice, lead: Lead, step: Step, moment: datetime) -> None:
    stage, event_type, source = step
    if stage.startswith("payment"):
        stage = dice.pick({"payment_card": 6, "payment_kaspi": 2, "payment_manager": 1})
    if dice.chance(0.004):
        # A stage nobody ordered.
        stage, event_type = "webinar_invited", "webinar"
    draft.add(
        "landing",
        "journey_stages",
        {
            "id": dice.uuid(),
            "lead_id": lead.row["id"],
            "stage": stage,
            "event_type": event_type,
            "source": source,
            "metadata": {"sale_amount": 5000} if stage == "purchase" else {},
            "created_at": moment,
        },
    )


def _links(draft: Draft, dice: Dice, leads: list[Lead]) -> None:
    scale = draft.options.scale
    codes: set[str] = set()
    for _ in range(LINKS * scale):
        lead = dice.choice(leads)
        code = "".join(dice.choices(ALPHABET, k=6))
        if code not in codes:
            codes.add(code)
            draft.add("landing", "short_links", _link(draft, dice, lead, code))
    links = draft.rows("landing", "short_links")
    for number in range(CLICKS * scale):
        link = links[int(len(links) * dice.random() ** 2)]
        draft.add("landing", "short_link_clicks", _click(draft, dice, link, number))


def _link(draft: Draft, dice: Dice, lead: Lead, code: str) -> Row:
    channel = dice.choice(("sms", "email"))
    query = "&".join(f"utm_{key}={lead.utm.get(key) or ''}" for key in UTM_KEYS[:3])
    created_at = min(dice.later(lead.created_at, 0.02, 2), draft.options.now)
    return {
        "id": code,
        "original_url": f"https://school.example/express?{query}",
        "short_code": code,
        "lead_id": lead.row["id"],
        "campaign": "proftest",
        "source": channel,
        "clicks_count": 0,
        "unique_ips": [],
        "created_at": created_at,
        "first_clicked_at": None,
        "last_clicked_at": None,
        "expires_at": created_at + timedelta(days=30),
        "is_active": True,
    }


def _click(draft: Draft, dice: Dice, link: Row, number: int) -> Row:
    clicked_at = min(dice.later(link["created_at"], 0.01, 60), draft.options.now)
    address = f"198.51.100.{dice.randint(1, 254)}"
    link["first_clicked_at"] = min(link["first_clicked_at"] or clicked_at, clicked_at)
    link["last_clicked_at"] = max(link["last_clicked_at"] or clicked_at, clicked_at)
    if dice.chance(0.9):
        # Read, add, write: two clicks at once count as one.
        link["clicks_count"] += 1
    link["unique_ips"] = sorted({*link["unique_ips"], address})
    return {
        "id": number + 1,
        "short_link_id": link["id"],
        "ip_address": address,
        "user_agent": "canary-pii-user-agent",
        "referer": None,
        "country": "KZ",
        "city": dice.choice(("Almaty", "Astana", None)),
        "clicked_at": clicked_at,
    }


def _notifications(draft: Draft, dice: Dice, leads: list[Lead]) -> None:
    for lead in dice.some(leads, NOTIFICATIONS * draft.options.scale):
        moment = dice.later(lead.created_at, 0.2, 30)
        is_sent = draft.calendar.is_past(moment)
        status = dice.pick({"sent": 90, "failed": 7, "cancelled": 3})
        draft.add(
            "landing",
            "scheduled_notifications",
            {
                "id": dice.uuid(),
                "lead_id": lead.row["id"],
                "notification_type": dice.choice(("email", "sms", "both")),
                "scheduled_for": moment,
                "status": status if is_sent else "pending",
                "sent_at": moment if is_sent and status == "sent" else None,
                "error_message": None,
                "retry_count": 0,
                "metadata": {"template": "express"},
                "created_at": lead.created_at,
                "updated_at": moment if is_sent else lead.created_at,
            },
        )


def _synchronisations(draft: Draft, dice: Dice, leads: list[Lead]) -> None:
    """Push older leads into AmoCRM twice; the results know deals the leads do not."""
    count = SYNC_RESULTS * draft.options.scale
    left = list(leads)
    # Scenes that are linked nowhere else must be among them.
    wanted = {id(lead) for lead in draft.scene_leads if lead.deal}
    for ago, share in ((10, count // 3), (3, count)):
        started_at = draft.calendar.ago(ago, 3)
        present = [lead for lead in left if lead.created_at < started_at]
        chosen = [lead for lead in present if id(lead) in wanted]
        rest = [lead for lead in present if id(lead) not in wanted]
        chosen += dice.some(rest, min(share, count) - len(chosen))
        picked = {id(lead) for lead in chosen}
        left = [lead for lead in left if id(lead) not in picked]
        count -= len(chosen)
        _synchronise(draft, dice, chosen, started_at)


def _synchronise(
    draft: Draft, dice: Dice, leads: list[Lead], started_at: datetime
) -> None:
    sync_id = dice.uuid()
    draft.add(
        "landing",
        "bulk_syncs",
        {
            "id": sync_id,
            "total_leads": len(leads),
            "status": "completed",
            "started_at": started_at,
            "completed_at": started_at + timedelta(minutes=20),
            "created_at": started_at,
            "updated_at": started_at + timedelta(minutes=20),
        },
    )
    for number, lead in enumerate(leads):
        moment = started_at + timedelta(seconds=number)
        status = "success" if lead.deal else dice.pick({"failed": 9, "retrying": 1})
        draft.add(
            "landing",
            "bulk_sync_results",
            {
                "id": dice.uuid(),
                "sync_id": sync_id,
                "lead_id": lead.row["id"],
                "status": status,
                "contact_id": lead.person.contact_id if lead.deal else None,
                "deal_id": lead.deal.deal_id if lead.deal else None,
                "error": None if lead.deal else "canary-pii-sync-error",
                "attempt": 1 if status != "retrying" else 2,
                "created_at": moment,
                "updated_at": moment,
            },
        )
