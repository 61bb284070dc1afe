"""Tags that were overwritten in the CRM, and twin fields that disagree.

Which field means what belongs to `crm_dictionaries.py`.
"""

from datetime import timedelta

from pipelines.sandbox.story.cast import NICK, STUDIO
from pipelines.sandbox.story.changes import (
    INTEGRATION,
    MANAGER,
    OTHER_MANAGER,
    ROBOT,
    retag,
    rewrite,
)
from pipelines.sandbox.story.crm_dictionaries import (
    NAMED_SOURCE,
    TWIN_CAMPAIGN,
    TWIN_MEDIUM,
    TWIN_SOURCE,
)
from pipelines.sandbox.story.deals import FLAGMAN, Lead
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.sale_rows import write_traffic_sale
from pipelines.sandbox.story.scene import MAIN_TABLE, Scene
from pipelines.sandbox.story.utm import tags

PRICE = 490_000
HOUR = timedelta(hours=1)


def tell_twins(draft: Draft, leads: list[Lead]) -> None:
    """Fill hand-made fields of deals that Landing knows; the system's have the word."""
    dice = draft.dice("twins")
    known = [
        lead.deal
        for lead in leads
        if lead.deal
        and lead.deal.is_listed
        and lead.deal.utm.get("source")
        and not lead.deal.hand_fields
    ]
    disagreeing, agreeing, *more = dice.some(known, 4)
    disagreeing.hand_fields = {TWIN_SOURCE: "manual_fb", TWIN_MEDIUM: "handmade"}
    agreeing.hand_fields = {TWIN_SOURCE: f" {str(agreeing.utm['source']).upper()} "}
    for deal in more:
        deal.hand_fields = {TWIN_CAMPAIGN: "by hand", NAMED_SOURCE: "named by hand"}


def tell_overwritten(draft: Draft) -> None:
    """Tell who rewrote the tags of which deal, when, and whose deal it became."""
    scene = Scene(draft, "history of tags")
    mine, theirs = scene.convention(0)["source"], scene.convention(1)["source"]
    # A manager gives a sale to another team; the table keeps the first one.
    deal = scene.won(14, 13, pipeline=FLAGMAN, price=PRICE, utm=scene.convention(0))
    write_traffic_sale(draft, MAIN_TABLE, deal, deal.updated_at)
    retag(deal, deal.updated_at + 30 * HOUR, "source", theirs, MANAGER)
    retag(deal, deal.updated_at + 30 * HOUR, "campaign", "by manager", MANAGER)
    # A robot makes it generic: nobody's.
    deal = scene.open(scene.ago(13, 9), pipeline=FLAGMAN, utm=scene.convention(1))
    retag(deal, scene.ago(12, 9), "source", "instagram", ROBOT)
    # An integration spells the same team otherwise.
    deal = scene.open(scene.ago(13, 10), pipeline=FLAGMAN, utm=scene.convention(0))
    retag(deal, scene.ago(12, 10), "source", str(mine).upper(), INTEGRATION)
    # Erased, then filled with another name.
    deal = scene.open(scene.ago(13, 11), pipeline=FLAGMAN, utm=tags(NICK, "cpc"))
    retag(deal, scene.ago(12, 11), "source", None, INTEGRATION)
    retag(deal, scene.ago(11, 11), "source", STUDIO, OTHER_MANAGER)
    # Filled for the first time, and changed back and forth before the sale.
    deal = scene.open(scene.ago(13, 14), pipeline=FLAGMAN, price=PRICE, utm=tags())
    retag(deal, scene.ago(12, 14), "source", mine, ROBOT)
    retag(deal, scene.ago(12, 15), "source", theirs, MANAGER)
    retag(deal, scene.ago(12, 16), "source", mine, MANAGER)
    retag(deal, scene.ago(12, 16), "medium", "reels", MANAGER)
    # Only the field that people made by hand is rewritten.
    deal = scene.open(scene.ago(13, 15), pipeline=FLAGMAN, utm=scene.convention(0))
    deal.hand_fields = {TWIN_SOURCE: str(mine)}
    rewrite(deal, scene.ago(12, 17), TWIN_SOURCE, str(theirs), MANAGER)
    # Where the system has no word, the hand-made field speaks, and changes teams.
    deal = scene.open(scene.ago(13, 16), pipeline=FLAGMAN, utm=tags())
    deal.hand_fields = {TWIN_SOURCE: str(mine), TWIN_MEDIUM: "reels"}
    rewrite(deal, scene.ago(12, 18), TWIN_SOURCE, str(theirs), OTHER_MANAGER)
