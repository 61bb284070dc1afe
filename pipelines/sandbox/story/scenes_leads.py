"""Scenes of leads: junk and foreign phones, duplicates, tests, odd tags and ids.

Leads of sales scenes belong to those; ordinary leads to `leads.py`.
"""

from datetime import timedelta

from pipelines.sandbox.story.cast import AGENCY, NICK
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.scene import Scene
from pipelines.sandbox.story.utm import tags

ODD_PHONES = (
    # All digits equal, too few digits, nothing at all.
    "77777777777", "0000000000", "+1 111 111 11 11", "12345", "",
)  # fmt: skip


def tell_odd_leads(draft: Draft) -> None:
    """Tell the leads that a normaliser has to think about."""
    scene = Scene(draft, "odd leads")
    _phones(scene)
    _duplicates(scene)
    _chain(scene)
    _tests(scene)
    _tags(scene)
    _pages(scene)
    _hours(scene)


def _phones(scene: Scene) -> None:
    for number, phone in enumerate(ODD_PHONES):
        moment = scene.ago(20 - number, 13)
        scene.lead(scene.person(), moment, phone=phone, phone_normalized=None)
        # The same junk again, by somebody else.
        scene.lead(scene.person(), moment, phone=phone, phone_normalized=None)
    for number in range(6):
        person = scene.person()
        tail = person.phone[4:]
        spellings = (
            f"{person.phone}.0",
            f"+7 8 700 {tail}",
            f"+7\u200b700\u00a0{tail}",
            "".join(chr(ord(mark) + 0xFEE0) for mark in person.phone),
            f"+7700{tail}, 8700{tail[::-1]}",
            f"  {person.phone[1:]} ",
        )
        moment = scene.ago(15 - number, 16)
        scene.lead(person, moment, utm=tags(NICK), phone=spellings[number])
        scene.lead(person, moment + timedelta(hours=2), email=None)
    for phone in ("+1 (202) 555-0143", "+44 7700 900123"):
        scene.lead(scene.person(), scene.ago(9, 12), phone=phone)


def _duplicates(scene: Scene) -> None:
    """Let people return: by phone, by mail, in another funnel, on another day."""
    for number in range(14):
        person = scene.person()
        first = scene.ago(24 - number, 9 + number % 10)
        scene.lead(person, first, utm=scene.convention(number))
        again = scene.draft.crowd.newcomer(
            phone=person.phone if number % 2 else None,
            email=None if number % 2 else person.email,
        )
        later = first + timedelta(hours=(1, 30, 80)[number % 3])
        source = "challenge3d" if number % 5 == 0 else "expresscourse"
        scene.lead(
            again, later, source=source, email=f" {again.email.upper()}",
            utm=scene.convention(number + 1),
        )  # fmt: skip


def _chain(scene: Scene) -> None:
    # Three records that only together are one person.
    first, second, third = scene.person(), scene.person(), scene.person()
    start = scene.ago(17, 10)
    scene.lead(first, start, utm=scene.convention(2))
    scene.lead(second, start + timedelta(days=1), email=first.email)
    scene.lead(third, start + timedelta(days=2), phone=f"8{second.phone[1:]}")
    mails = f"{scene.person().email}; {first.email.capitalize()}"
    scene.lead(scene.person(), start + timedelta(days=3), email=mails)


def _tests(scene: Scene) -> None:
    start = scene.ago(16, 11)
    scene.lead(scene.person(), start, metadata={"testRun": True})
    scene.lead(scene.person(name="TEST-1 Sample"), start, utm=scene.convention(0))
    scene.lead(scene.person(name="тест"), start, utm=scene.convention(0))
    scene.lead(scene.person(), start, utm=tags("TEST_source", "cpc"))
    scene.lead(scene.person(), start, utm=tags(NICK, "cpc", "winter-test"))
    # Not a test, whatever it looks like.
    scene.lead(scene.person(name="Testino Sample"), start, utm=tags(NICK))


def _tags(scene: Scene) -> None:
    start = scene.ago(13, 12)
    plan = scene.draft.plan
    shapes: list[dict[str, object]] = [
        {"utmParams": {"utm_source": AGENCY, "utm_medium": "reels"}},
        {"utm_source": NICK, "utm_campaign": "Winter / wide"},
        {"utmSource": AGENCY, "utmCampaign": "Agency/12.11"},
        # The first shape with a source wins, blanks do not count.
        {"utmParams": {"utm_source": "unknown"}, "utm_source": NICK},
        {"utm_source": "fb", "utm_id": plan["mapped"].campaign_id},
        {"fb_campaign_id": plan["abroad"].campaign_id, "fb_form_id": "7700"},
        {"original_utm": {"source": AGENCY, "campaign": "proftest"}},
    ]
    for shape in shapes:
        scene.lead(scene.person(), start, metadata=shape)
    # The column beats the metadata; an own-channel column does not.
    metadata = {"utmParams": {"utm_source": AGENCY}}
    scene.lead(scene.person(), start, utm=tags(NICK), metadata=metadata)
    scene.lead(scene.person(), start, utm=tags("email"), metadata=metadata)
    scene.lead(scene.person(), start, utm=tags("sms", None, "proftest"))
    scene.lead(scene.person(), start, utm=tags("organic"))
    scene.lead(scene.person(), start, utm=tags(NICK, None, f"+{scene.person().phone}"))


def _pages(scene: Scene) -> None:
    start = scene.ago(12, 12)
    scene.lead(scene.person(), start, source="webinar_2024", utm=tags(NICK))
    scene.lead(scene.person(), start, source="amocrm", utm=tags(AGENCY, "cpc", "3d_kz"))
    # What the page says beats its name.
    scene.lead(
        scene.person(), start, source="TF4", metadata={"funnel_type": "challenge3d"}
    )
    scene.lead(scene.person(), start, source="intensive1d", utm=tags(NICK))
    # Deal ids that are no numbers.
    for value in ("pending", "12345abc", ""):
        scene.lead(scene.person(), start, amocrm_lead_id=value)
    scene.lead(
        scene.person(), start, amocrm_sync_status="failed", amocrm_sync_attempts=3,
        amocrm_sync_last_error="canary-pii-sync-error",
    )  # fmt: skip


def _hours(scene: Scene) -> None:
    for seconds in (-1, 0):
        moment = scene.ago(8, 0) + timedelta(seconds=seconds)
        scene.lead(scene.person(), moment, utm=scene.convention(0))
