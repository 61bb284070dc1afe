"""The thin places of the CRM's history: same seconds, phones in tags, imports, chains.

The plain cases belong to `history.py` and the modules beside it.
"""

from datetime import timedelta

from pipelines.sandbox.story.cast import MAPPED_MEDIUM, MEDIUM_ONLY
from pipelines.sandbox.story.changes import (
    INTEGRATION,
    MANAGER,
    ROBOT,
    reprice,
    retag,
    rewrite,
)
from pipelines.sandbox.story.crm_dictionaries import NAMED_SOURCE, TWIN_MEDIUM
from pipelines.sandbox.story.deals import (
    FLAGMAN,
    LOST,
    OLD_MAIN,
    SHORT_COURSE,
    TWO_STEP,
    WON,
    Deal,
    stage,
)
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.people import Person
from pipelines.sandbox.story.sale_rows import write_challenge_sale, write_traffic_sale
from pipelines.sandbox.story.scene import MAIN_TABLE, Scene
from pipelines.sandbox.story.utm import tags

PRICE, FULL_PRICE, PREPAID = 490_000, 235_000, 5_000
HOUR = timedelta(hours=1)


def tell_edges(draft: Draft) -> None:
    """Tell them with chance of their own."""
    scene = Scene(draft, "history of edges")
    _same_second(scene)
    _imported(scene)
    _tags(scene)
    _tests(scene)
    _gone(scene)
    _chain_of_chains(scene)


def _same_second(scene: Scene) -> None:
    # A robot fills the price in the second of the win: part of the win.
    deal = scene.open(
        scene.ago(11, 9), pipeline=FLAGMAN, price=0, utm=scene.convention(0)
    )
    won_at = scene.ago(10, 9)
    deal.move(won_at, WON)
    reprice(deal, won_at, PRICE, ROBOT)
    write_traffic_sale(scene.draft, MAIN_TABLE, deal, won_at)
    # Won, carried on in another pipeline, then cheaper, then lost in that second.
    deal = scene.won(11, 14, pipeline=OLD_MAIN, price=FULL_PRICE, utm=tags())
    deal.move(deal.updated_at + 30 * HOUR, WON, pipeline=TWO_STEP)
    lost_at = deal.updated_at + 20 * HOUR
    reprice(deal, lost_at, 1_000, MANAGER)
    deal.move(lost_at, LOST)


def _imported(scene: Scene) -> None:
    # Created as won by an import, lost weeks later: nobody ever saw it being won.
    deal = scene.draft.open_deal(
        scene.person(),
        scene.ago(20, 11),
        pipeline=FLAGMAN,
        status=WON,
        utm=scene.convention(1),
        price=PRICE,
    )
    reprice(deal, scene.ago(15, 11), PRICE - 1, INTEGRATION)
    deal.move(scene.ago(14, 11), LOST)
    # Imported as won, and left alone.
    deal = scene.draft.open_deal(
        scene.person(), scene.ago(19, 11), pipeline=FLAGMAN, status=WON, price=PRICE
    )
    deal.closed_at = deal.created_at


def _tags(scene: Scene) -> None:
    # A phone and an address got into tags.
    person = scene.person()
    deal = scene.open(
        scene.ago(9, 9), person=person, pipeline=FLAGMAN, utm=scene.convention(0)
    )
    retag(deal, scene.ago(8, 9), "campaign", f"+{person.phone}", INTEGRATION)
    retag(deal, scene.ago(8, 10), "content", person.email, INTEGRATION)
    # The source is everybody's: the medium alone names the team, and changes it.
    deal = scene.open(
        scene.ago(9, 10), pipeline=FLAGMAN, utm=tags("facebook", MAPPED_MEDIUM)
    )
    retag(deal, scene.ago(8, 11), "medium", MEDIUM_ONLY, MANAGER)
    # A twin of the medium, and a field of the right name that nobody had counted on.
    deal = scene.open(scene.ago(9, 11), pipeline=FLAGMAN, utm=tags())
    rewrite(deal, scene.ago(8, 12), TWIN_MEDIUM, "reels", MANAGER)
    rewrite(deal, scene.ago(8, 13), NAMED_SOURCE, "buyerfb", ROBOT)
    rewrite(deal, scene.ago(8, 14), NAMED_SOURCE, "instagram", ROBOT)
    # From a team to the school's own letters, which are nobody's traffic.
    deal = scene.open(scene.ago(9, 12), pipeline=FLAGMAN, utm=scene.convention(1))
    retag(deal, scene.ago(8, 15), "source", "email", ROBOT)


def _tests(scene: Scene) -> None:
    """Change test deals as if they were real: nobody counts it."""
    deal = scene.won(9, 15, pipeline=FLAGMAN, price=10, utm=scene.convention(0))
    deal.name = "ТЕСТ интеграции"
    reprice(deal, deal.updated_at + HOUR, 20, MANAGER)
    retag(deal, deal.updated_at + HOUR, "source", "buyerfb", MANAGER)


def _gone(scene: Scene) -> None:
    # In the trash, and the feed of events has never said a word.
    deal = _stored(scene, 10)
    deal.deletions.append(("lead_deleted", scene.ago(8, 16)))
    deal.has_events, deal.is_listed, deal.is_trashed = False, False, True
    # Deleted for good after its tags and its price were changed.
    deal = _stored(scene, 11)
    retag(deal, deal.updated_at + HOUR, "source", "buyerfb", MANAGER)
    reprice(deal, deal.updated_at + 2 * HOUR, PRICE + 1, MANAGER)
    deal.deletions.append(("lead_deleted", scene.ago(7, 16)))
    deal.is_listed, deal.is_vanished = False, True


def _stored(scene: Scene, hour: int) -> Deal:
    deal = scene.won(10, hour, pipeline=FLAGMAN, price=PRICE, utm=scene.convention(1))
    write_traffic_sale(scene.draft, MAIN_TABLE, deal, deal.updated_at)
    return deal


def _chain_of_chains(scene: Scene) -> None:
    """Let one pay in parts from three phones; the middle one ties them together."""
    first, second, third = scene.person(), scene.person(), scene.person()
    prepaid = _prepaid(scene, 9, first)
    _paid(scene, 7, second, prepaid)
    prepaid = _prepaid(scene, 6, second)
    _paid(scene, 4, third, prepaid)


def _prepaid(scene: Scene, ago: int, person: Person) -> Deal:
    deal = scene.open(
        scene.ago(ago, 8), person=person, pipeline=OLD_MAIN, price=PREPAID, utm=tags()
    )
    deal.move(scene.ago(ago, 17), stage(OLD_MAIN, 3))
    write_challenge_sale(scene.draft, deal, deal.updated_at, prepaid=True)
    return deal


def _paid(scene: Scene, ago: int, person: Person, prepaid: Deal) -> None:
    deal = scene.won(
        ago, 17, person=person, pipeline=SHORT_COURSE, price=FULL_PRICE, utm=tags()
    )
    write_challenge_sale(
        scene.draft, deal, deal.updated_at, prepayment_deal_id=prepaid.deal_id
    )
