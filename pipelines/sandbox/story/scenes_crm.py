"""Scenes of AmoCRM's own making: twin fields, several contacts, many numbers.

How deals and contacts are written down belongs to `crm.py`.
"""

from pipelines.sandbox.story.cast import NICK
from pipelines.sandbox.story.crm_dictionaries import (
    NAMED_SOURCE,
    TWIN_CAMPAIGN,
    TWIN_MEDIUM,
    TWIN_OTHER,
    TWIN_SOURCE,
)
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.scene import Scene
from pipelines.sandbox.story.utm import tags


def tell_crm_fields(draft: Draft) -> None:
    """Tell the deals whose tags and people stand in unusual places."""
    scene = Scene(draft, "crm fields")
    source = scene.convention(0)["source"] or ""
    # The tags stand only in the hand-made twins ...
    deal = scene.sold(14, 9)
    deal.hand_fields = {
        TWIN_SOURCE: source, TWIN_MEDIUM: "reels", TWIN_CAMPAIGN: "by hand",
    }  # fmt: skip
    # ... or in a field of the right name and an unknown id ...
    deal = scene.sold(14, 10)
    deal.hand_fields = {NAMED_SOURCE: NICK}
    # ... or both disagree, and the system's field has the word ...
    deal = scene.sold(14, 11, utm=tags(NICK, "cpc"))
    deal.hand_fields = {TWIN_SOURCE: source}
    # ... or a known twin's number belongs to another field by now.
    deal = scene.sold(14, 12)
    deal.hand_fields = {TWIN_OTHER: source}
    _people(scene)


def _people(scene: Scene) -> None:
    # Two contacts: only the main one is the buyer.
    deal = scene.sold(13, 9)
    friend = scene.person()
    deal.companions.append(friend)
    scene.lead(friend, scene.ago(15), utm=scene.convention(1))
    # One contact with several numbers and addresses.
    person = scene.person()
    second, third = scene.person(), scene.person()
    person.extra_phones, person.extra_emails = [second.phone], [third.email]
    scene.sold(13, 10, person=person)
    scene.lead(second, scene.ago(15, 13), utm=scene.convention(2))
    # Nobody at all.
    deal = scene.sold(12, 9, utm=scene.convention(1))
    deal.has_contact = False
