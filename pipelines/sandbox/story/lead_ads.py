"""Leads from forms inside Facebook: who reached Landing, and who was lost before.

Landing's own rows belong to `leads.py`; this is what Facebook itself remembers. A
form's `leads_count` counts every lead it ever had, expired and organic ones included.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from pipelines.sandbox.story.ads import Ad
from pipelines.sandbox.story.calendar import almaty_day
from pipelines.sandbox.story.deals import Lead
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.scenes_attribution import SHARED_PHONE
from pipelines.sandbox.story.world import Document

KEPT = timedelta(days=90)
BY_PHONE, BY_EMAIL, LOST, ORGANIC, IN_TRAFFIC = 9, 6, 7, 3, 12
PAGES = (("400000000000001", "School Sample"), ("400000000000002", "Course Sample"))
EXPRESS, OLD, COURSE = "5500123", "5500202", "5500203"
# Form: its page, name, status, and the leads that Facebook has thrown away.
FORMS = {
    EXPRESS: (PAGES[0], "Express | phone and mail", "ACTIVE", 0),
    OLD: (PAGES[0], "Express | last year", "ARCHIVED", 0),
    COURSE: (PAGES[1], "Course | call me", "ACTIVE", 7),
}
DUMMY = "<test lead: dummy data for {}>"


@dataclass(frozen=True)
class LeadAds:
    """Everything that Facebook knows of its own forms."""

    pages: list[Document]
    forms: list[Document]
    leads: list[Document]


@dataclass(frozen=True)
class Answer:
    """One filled form; without an ad it is organic or a test."""

    lead_id: str
    created_at: datetime
    name: str
    phone: str | None
    email: str | None
    ad: Ad | None = None
    form_id: str = EXPRESS
    is_organic: bool = False


def tell_lead_ads(draft: Draft, ads: list[Ad], leads: list[Lead]) -> LeadAds:
    """Let people fill forms in; some of them Landing knows, by one thing or other."""
    dice = draft.dice("lead ads")
    since = draft.options.now - KEPT
    known = [lead for lead in leads if since < lead.created_at]
    answers = [*_by_id(known, ads), *_by_contact(dice, known, ads)]
    answers += [*_in_traffic(draft, ads), *_unknown(draft, dice, ads)]
    answers += _doubtful(draft, dice, ads)
    answers.sort(key=lambda answer: (answer.created_at, answer.lead_id))
    answers = _on_forms(answers)
    return LeadAds(
        pages=[_page(*page) for page in PAGES],
        forms=[_form(draft, form_id, answers) for form_id in FORMS],
        leads=[_document(dice, answer) for answer in answers],
    )


def _by_id(known: list[Lead], ads: list[Ad]) -> Iterator[Answer]:
    """Return what stands behind the leads that Landing has with Facebook's ids."""
    by_id = {ad.ad_id: ad for ad in ads}
    for lead in known:
        metadata = lead.row["metadata"]
        if lead_id := metadata.get("fb_lead_id"):
            ad = by_id[metadata["fb_ad_id"]]
            yield _answer(lead, lead_id, lead.created_at - timedelta(minutes=2), ad)


def _in_traffic(draft: Draft, ads: list[Ad]) -> Iterator[Answer]:
    """Return what stands behind leads that only Traffic has; not all are shown."""
    by_id = {ad.ad_id: ad for ad in ads}
    rows = draft.rows("traffic", "traffic_leads")
    for row in [row for row in rows if row["fb_lead_id"]][:IN_TRAFFIC]:
        moment = row["created_at"] - timedelta(minutes=1)
        yield Answer(
            row["fb_lead_id"], moment, row["name"], row["phone"], row["email"],
            ad=by_id[row["fb_ad_id"]],
        )  # fmt: skip


def _by_contact(dice: Dice, known: list[Lead], ads: list[Ad]) -> Iterator[Answer]:
    """Find people whom Landing knows by their phone alone, or by their mail alone."""
    plain = [lead for lead in known if "fb_lead_id" not in lead.row["metadata"]]
    chosen = dice.some(plain, BY_PHONE + BY_EMAIL + 1)
    for number, lead in enumerate(chosen):
        moment = lead.created_at - timedelta(minutes=dice.randint(1, 9))
        ad = _running(dice, ads, moment)
        answer = _answer(lead, str(dice.getrandbits(50)), moment, ad)
        if number < BY_PHONE:
            yield replace(answer, email=None)
        elif number < BY_PHONE + BY_EMAIL:
            mistyped = f"+77009{number:06d}"
            yield replace(answer, phone=mistyped, form_id=COURSE)
        else:
            yield replace(answer, ad=None, form_id=COURSE, is_organic=True)


def _unknown(draft: Draft, dice: Dice, ads: list[Ad]) -> Iterator[Answer]:
    """Tell of forms that reached nobody: a broken hook, organic ones, a test."""
    for number in range(LOST + ORGANIC - 1):
        person = draft.crowd.newcomer()
        # Two of them within one second.
        moment = draft.calendar.ago(6 - number // 2, 14, 7)
        is_organic = number >= LOST
        answer = Answer(
            lead_id=str(dice.getrandbits(50)),
            created_at=moment,
            name=person.name,
            phone=f"+{person.phone}",
            email=person.email,
            ad=None if is_organic else _running(dice, ads, moment),
            form_id=COURSE if is_organic else EXPRESS,
            is_organic=is_organic,
        )
        yield answer
    yield Answer(
        lead_id=str(dice.getrandbits(50)),
        created_at=draft.calendar.ago(7, 10),
        name=DUMMY.format("full_name"),
        phone=DUMMY.format("phone_number"),
        email="test@example.com",
    )


def _doubtful(draft: Draft, dice: Dice, ads: list[Ad]) -> Iterator[Answer]:
    """Tell of leads whose campaign is somebody's on one day, and of a managers' phone.

    The campaign was given to a team by hand for the day of a scene, for no other day.
    """
    orphan = next(ad for ad in ads if ad.campaign.key == "orphan")
    by_hand, shared = draft.calendar.scene(12), draft.calendar.scene(15)
    for ago, phone in ((by_hand, None), (6, None), (shared, SHARED_PHONE)):
        person = draft.crowd.newcomer()
        yield Answer(
            str(dice.getrandbits(50)), draft.calendar.ago(ago, 15), person.name,
            f"+{phone or person.phone}", person.email, ad=orphan,
        )  # fmt: skip


def _answer(lead: Lead, lead_id: str, moment: datetime, ad: Ad) -> Answer:
    person = lead.person
    return Answer(lead_id, moment, person.name, f"+{person.phone}", person.email, ad=ad)


def _running(dice: Dice, ads: list[Ad], moment: datetime) -> Ad:
    """Return an ad of a team's main campaign that ran on the day."""
    day = almaty_day(moment)
    return dice.choice(
        [
            ad
            for ad in ads
            if ad.campaign.key.startswith("main_") and ad.first <= day <= ad.last
        ]
    )


def _on_forms(answers: list[Answer]) -> list[Answer]:
    """Give the earliest quarter to the form that was archived since."""
    early = len(answers) // 4
    return [
        replace(answer, form_id=OLD)
        if number < early and answer.form_id == EXPRESS
        else answer
        for number, answer in enumerate(answers)
    ]


def _page(page_id: str, name: str) -> Document:
    return {
        "id": page_id,
        "name": name,
        "category": "Education",
        "access_token": "canary-secret-page-token",
        "tasks": ["ADVERTISE", "ANALYZE"],
    }


def _form(draft: Draft, form_id: str, answers: list[Answer]) -> Document:
    (page_id, page_name), name, status, expired = FORMS[form_id]
    own = [answer for answer in answers if answer.form_id == form_id]
    questions = ("FULL_NAME", "PHONE", "EMAIL")
    return {
        "id": form_id,
        "page_id": page_id,
        "page": {"id": page_id, "name": page_name},
        "name": name,
        "status": status,
        "locale": "ru_RU",
        "questions": [{"key": key.lower(), "type": key} for key in questions],
        "leads_count": len(own) + expired,
        "organic_leads_count": sum(answer.is_organic for answer in own),
        "expired_leads_count": expired,
        "tracking_parameters": [{"key": "utm_source", "value": "facebook"}],
        "created_time": _time(draft.calendar.ago(draft.options.weeks * 7 + 40, 10)),
    }


def _document(dice: Dice, answer: Answer) -> Document:
    values = {
        "full_name": answer.name,
        "phone_number": answer.phone,
        "email": answer.email,
    }
    document: Document = {
        "id": answer.lead_id,
        "created_time": _time(answer.created_at),
        "form_id": answer.form_id,
        "is_organic": answer.is_organic,
        "platform": dice.choice(("fb", "ig")),
        "field_data": [
            {"name": name, "values": [value]} for name, value in values.items() if value
        ],
    }
    if answer.ad:
        ad, campaign = answer.ad, answer.ad.campaign
        document |= {
            "ad_id": ad.ad_id,
            "ad_name": ad.name,
            "adset_id": ad.ad_set_id,
            "adset_name": ad.ad_set_name,
            "campaign_id": campaign.campaign_id,
            "campaign_name": campaign.name,
        }
    return document


def _time(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S%z")
