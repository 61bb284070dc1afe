"""Pages, lead forms and leads of a truth, with every odd case.

Ads and money belong to `truth.py`.
"""

from datetime import datetime, timedelta
from random import Random

from tests.facebook.foreign import names
from tests.facebook.foreign.objects import Document
from tests.facebook.foreign.truth import CANARY, Truth

KEPT = timedelta(days=90)


def add_crowd(
    truth: Truth, random: Random, *, forms: int = 4, leads: int = 120
) -> None:
    """Give a truth its pages with forms, some of them empty or archived."""
    for number in range(random.randint(0, 3)):
        page_id = f"44000000000{number:02}"
        truth.pages[page_id] = {
            "id": page_id,
            "name": f"Page {number} ✨",
            "access_token": f"EAAB{CANARY}PageToken{number}0123456789",
            "category": "Education",
            "tasks": ["ADVERTISE", "ANALYZE"],
        }
        for _ in range(random.randint(0, forms)):
            _add_form(truth, page_id, random, leads)


def _add_form(truth: Truth, page_id: str, random: Random, leads: int) -> None:
    form_id = f"55{page_id[-2:]}{len(truth.forms):09}"
    truth.forms[form_id] = {
        "id": form_id,
        "name": names.name(random),
        "status": random.choice(("ACTIVE", "ACTIVE", "ARCHIVED", "DRAFT")),
        "page_id": page_id,
        "questions": [{"key": "full_name", "label": "Имя?", "type": "FULL_NAME"}],
        "tracking_parameters": {"utm_source": "buyerfb"},
        "created_time": "2026-01-02T03:04:05+0000",
        "expired_leads_count": random.choice((0, 0, 12)),
    }
    moment = truth.now
    for _ in range(random.choice((0, 1, random.randint(0, leads)))):
        add_lead(truth, form_id, random, moment)
        if random.random() < 0.8:
            moment -= timedelta(seconds=random.randint(0, 86400))
        if moment < truth.now - KEPT:
            break


def add_lead(truth: Truth, form_id: str, random: Random, moment: datetime) -> None:
    """Add a lead: of an ad, or organic, or without what it should have."""
    lead: Document = {
        "id": f"66{len(truth.leads):013}",
        "created_time": moment.strftime("%Y-%m-%dT%H:%M:%S+0000"),
        "form_id": form_id,
        "field_data": names.lead_answers(random, len(truth.leads)),
        "is_organic": random.random() < 0.3,
        "platform": random.choice(("fb", "ig")),
    }
    ads = [
        ad for a in truth.accounts.values() for ad in a.shelf.by_kind["ads"].values()
    ]
    if ads and not lead["is_organic"]:
        ad = random.choice(ads)
        lead |= {
            "ad_id": ad["id"],
            "adset_id": ad["adset_id"],
            "campaign_id": ad["campaign_id"],
            "ad_name": ad.get("name", ""),
        }
    truth.leads.append(lead)


def leads_of(truth: Truth, *, form_id: str = "", ad_id: str = "") -> list[Document]:
    """Return the leads that Facebook still keeps, newest first."""
    oldest = (truth.now - KEPT).strftime("%Y-%m-%dT%H:%M:%S+0000")
    found = [
        lead
        for lead in truth.leads
        if lead["created_time"] >= oldest
        and (not form_id or lead["form_id"] == form_id)
        and (not ad_id or lead.get("ad_id") == ad_id)
    ]
    return sorted(found, key=lambda lead: str(lead["created_time"]), reverse=True)


def form_document(truth: Truth, form_id: str) -> Document:
    """Return a form with Facebook's own counts."""
    form = truth.forms[form_id]
    kept = leads_of(truth, form_id=form_id)
    organic = sum(lead["is_organic"] for lead in kept)
    paid = len(kept) - organic + form["expired_leads_count"]
    # Whether the first count holds the second, Meta does not say.
    more = organic if truth.seed % 4 == 0 else 0
    return {**form, "leads_count": paid + more, "organic_leads_count": organic}
