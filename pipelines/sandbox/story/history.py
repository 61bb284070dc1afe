"""What became of deals in the CRM: stages, prices, people, deletions, odd documents.

Told last, so that nothing told before is disturbed. Overwritten tags belong to
`history_utm.py`, sales that the tables tell otherwise to `history_tables.py`.
"""

from datetime import datetime, timedelta

from pipelines.sandbox.story.changes import (
    INTEGRATION,
    MANAGER,
    OTHER_MANAGER,
    ROBOT,
    hand_over,
    link,
    merge,
    reprice,
    tag,
)
from pipelines.sandbox.story.crm_dictionaries import (
    FORMER_ID,
    LOSS_REASONS,
    MANAGER_IDS,
    OTHER_SOURCE_ID,
    RATING_FIELD,
    SOURCE_ID,
    TAG_IDS,
)
from pipelines.sandbox.story.deals import (
    EXPRESS,
    FLAGMAN,
    INTENSIVE,
    LOST,
    OLD_MAIN,
    SHORT_COURSE,
    TEST,
    TWO_STEP,
    WEBINARS,
    WON,
    Deal,
    Lead,
    stage,
)
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.history_edges import tell_edges
from pipelines.sandbox.story.history_tables import tell_tables
from pipelines.sandbox.story.history_utm import tell_overwritten, tell_twins
from pipelines.sandbox.story.sale_rows import (
    write_challenge_sale,
    write_intensive_sale,
    write_traffic_sale,
)
from pipelines.sandbox.story.scene import MAIN_TABLE, Scene
from pipelines.sandbox.story.utm import tags

FLAGMAN_PRICE, FULL_PRICE = 490_000, 240_000
# Above what 32 bits hold.
WIDE_DEAL, WIDE_CONTACT = 2_147_483_659, 2_147_484_001
REMOVED_STAGE = 81_854_699
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def tell_history(draft: Draft, leads: list[Lead]) -> None:
    """Tell it with people and chance of its own."""
    draft.told = len(draft.deals)
    tell_twins(draft, leads)
    scene = Scene(draft, "history")
    _paths(scene)
    _gaps(scene)
    _prices(scene)
    _more_prices(scene)
    _hands(scene)
    _archive(scene)
    _gone(scene)
    _merged(scene)
    _oddities(scene)
    _tests(scene)
    tell_overwritten(draft)
    tell_tables(draft)
    tell_edges(draft)


def begun(
    scene: Scene, at: datetime, *, pipeline: int = FLAGMAN, price: int = FLAGMAN_PRICE
) -> Deal:
    """Open a deal among the unsorted ones."""
    return scene.draft.open_deal(
        scene.person(),
        at,
        pipeline=pipeline,
        status=stage(pipeline, 0),
        utm=scene.convention(0),
        price=price,
    )


def flagman(scene: Scene, ago: int, hour: int = 12, *, team: int = 0) -> Deal:
    """Win a flagman that Traffic's table knows as well."""
    deal = scene.won(
        ago, hour, pipeline=FLAGMAN, price=FLAGMAN_PRICE, utm=scene.convention(team)
    )
    write_traffic_sale(scene.draft, MAIN_TABLE, deal, deal.updated_at)
    return deal


def _paths(scene: Scene) -> None:
    # The whole way, stage by stage, and paid.
    deal = begun(scene, scene.ago(21, 9))
    for number in (1, 2, 3):
        deal.move(scene.ago(21 - number, 10), stage(FLAGMAN, number))
    deal.move(scene.ago(17, 15), WON)
    write_traffic_sale(scene.draft, MAIN_TABLE, deal, deal.updated_at)
    # There and back: lost, opened again, still waiting.
    deal = begun(scene, scene.ago(20, 9), pipeline=EXPRESS, price=5_000)
    deal.move(scene.ago(19), stage(EXPRESS, 4))
    deal.move(scene.ago(18), LOST)
    deal.move(scene.ago(14), stage(EXPRESS, 2), author=ROBOT)
    # Through a stage that the dictionary has forgotten, then lost.
    deal = begun(scene, scene.ago(16, 9), pipeline=EXPRESS, price=5_000)
    deal.move(scene.ago(15), REMOVED_STAGE)
    deal.move(scene.ago(13), LOST)
    deal.document |= {"loss_reason_id": LOSS_REASONS[1]["id"]}
    # Across two pipelines, twice within one second.
    deal = begun(scene, scene.ago(15, 8), pipeline=SHORT_COURSE, price=FULL_PRICE)
    deal.move(scene.ago(14, 8), stage(SHORT_COURSE, 1), author=ROBOT)
    deal.move(scene.ago(14, 8), stage(OLD_MAIN, 1), pipeline=OLD_MAIN, author=ROBOT)
    deal.move(scene.ago(12, 8), stage(OLD_MAIN, 2))
    # Won in one pipeline, carried on as won in another one.
    deal = scene.won(12, 9, pipeline=OLD_MAIN, price=FULL_PRICE, utm=tags())
    closed_at = deal.closed_at
    deal.move(deal.updated_at + DAY, WON, pipeline=TWO_STEP)
    deal.closed_at = closed_at


def _gaps(scene: Scene) -> None:
    # One move left no event: the next one starts where nobody was known to be.
    deal = begun(scene, scene.ago(19, 11))
    deal.move(scene.ago(18, 11), stage(FLAGMAN, 1))
    deal.move(scene.ago(17, 11), stage(FLAGMAN, 2), has_event=False)
    deal.move(scene.ago(16, 11), stage(FLAGMAN, 3))
    # The last move left none: the deal stands elsewhere than its events end.
    deal = begun(scene, scene.ago(15, 11))
    deal.move(scene.ago(14, 11), stage(FLAGMAN, 1))
    deal.move(scene.ago(12, 11), stage(FLAGMAN, 2), has_event=False)
    # Nothing is told of this one at all.
    deal = begun(scene, scene.ago(14, 15))
    deal.move(scene.ago(13, 15), stage(FLAGMAN, 2))
    deal.has_events = False


def _prices(scene: Scene) -> None:
    """Change prices of won deals; tables keep what they were told."""
    # A manager gives a discount afterwards.
    deal = flagman(scene, 18)
    reprice(deal, deal.updated_at + 3 * DAY, 450_000, MANAGER)
    # A robot does, long after the month was closed.
    deal = scene.won(
        22, 13, pipeline=SHORT_COURSE, price=FULL_PRICE, utm=scene.convention(1)
    )
    write_challenge_sale(scene.draft, deal, deal.updated_at)
    reprice(deal, scene.ago(1, 11), 235_000, ROBOT)
    # An integration wipes it, a manager repairs it.
    deal = flagman(scene, 9, team=1)
    reprice(deal, deal.updated_at + HOUR, 0, INTEGRATION)
    reprice(deal, deal.updated_at + 5 * HOUR, 470_000, OTHER_MANAGER)


def _more_prices(scene: Scene) -> None:
    # Changed before the sale: no correction of anything.
    deal = begun(scene, scene.ago(13, 9))
    reprice(deal, scene.ago(12, 9), 460_000, MANAGER)
    deal.move(scene.ago(11, 15), WON)
    write_traffic_sale(scene.draft, MAIN_TABLE, deal, deal.updated_at)
    # Opened again, changed while it was open, won again.
    deal = scene.won(7, 9, pipeline=INTENSIVE, price=25_000, utm=scene.convention(1))
    write_intensive_sale(scene.draft, deal, deal.updated_at)
    deal.move(scene.ago(5, 15), stage(INTENSIVE, 2))
    reprice(deal, scene.ago(5, 16), 20_000, MANAGER)
    deal.move(scene.ago(3, 15), WON)
    # Half a tenge is a difference too.
    deal = flagman(scene, 16)
    deal.document |= {"price_with_minor_units": 489_999.5}


def _hands(scene: Scene) -> None:
    # Handed over while open, and once more after it was won, by a robot.
    deal = begun(scene, scene.ago(17, 9))
    hand_over(deal, scene.ago(16, 9), MANAGER_IDS[2], MANAGER)
    deal.move(scene.ago(15, 9), WON)
    write_traffic_sale(scene.draft, MAIN_TABLE, deal, deal.updated_at)
    hand_over(deal, scene.ago(14, 9), MANAGER_IDS[1], ROBOT)
    # Left to somebody who has left herself.
    deal = scene.open(scene.ago(13), pipeline=FLAGMAN, price=FLAGMAN_PRICE)
    hand_over(deal, scene.ago(11), FORMER_ID, MANAGER)


def _archive(scene: Scene) -> None:
    """Let deals live on, and be won, in a pipeline that nobody sees any more."""
    begun(scene, scene.ago(20, 12), pipeline=WEBINARS, price=15_000)
    scene.won(19, 12, pipeline=WEBINARS, price=15_000, utm=tags("buyerfb", "cpc"))
    deal = scene.open(scene.ago(18), pipeline=WEBINARS, price=15_000)
    deal.move(scene.ago(16), LOST)


def _gone(scene: Scene) -> None:
    # Deleted and restored: a sale all the while it is there.
    deal = flagman(scene, 15, 9)
    deal.deletions.append(("lead_deleted", scene.ago(12, 9)))
    deal.deletions.append(("lead_restored", scene.ago(11, 9)))
    # Deleted, restored, deleted once more.
    deal = flagman(scene, 15, 10)
    deal.deletions.append(("lead_deleted", scene.ago(13, 10)))
    deal.deletions.append(("lead_restored", scene.ago(12, 10)))
    deal.deletions.append(("lead_deleted", scene.ago(11, 10)))
    deal.is_listed, deal.is_trashed = False, True
    # Purged: the event is all that is left of it.
    deal = flagman(scene, 14, 9, team=1)
    deal.deletions.append(("lead_deleted", scene.ago(12, 11)))
    deal.is_listed, deal.is_vanished = False, True
    # Out of sight without any event: the token's owner may not see it.
    deal = flagman(scene, 13, 9, team=1)
    deal.is_listed, deal.is_vanished = False, True


def _merged(scene: Scene) -> None:
    # A duplicate is merged into the sale.
    survivor = flagman(scene, 12, 16)
    loser = scene.open(scene.ago(13, 8), person=survivor.person, pipeline=FLAGMAN)
    merge(survivor, loser, scene.ago(11, 16))
    # Two sales are merged, and the loser is reported as deleted too.
    survivor, loser = flagman(scene, 11, 10), flagman(scene, 11, 11)
    loser.person = survivor.person
    at = scene.ago(8, 12)
    merge(survivor, loser, at, {"lead": {"id": loser.deal_id}})
    loser.deletions.append(("lead_deleted", at))
    # A merge that left nothing behind that we ever knew of.
    survivor = scene.open(scene.ago(11, 18), pipeline=FLAGMAN)
    loser = scene.open(scene.ago(11, 17), person=survivor.person, pipeline=FLAGMAN)
    loser.has_events = False
    merge(survivor, loser, scene.ago(9, 18))


def _oddities(scene: Scene) -> None:
    # Numbers that do not fit into 32 bits.
    person = scene.person()
    person.contact_id = WIDE_CONTACT
    deal = scene.won(
        10, 16, pipeline=FLAGMAN, price=FLAGMAN_PRICE, deal_id=WIDE_DEAL, person=person,
        utm=scene.convention(0),
    )  # fmt: skip
    write_traffic_sale(scene.draft, MAIN_TABLE, deal, deal.updated_at)
    # Only tags and links were changed since.
    deal = scene.open(scene.ago(16), pipeline=FLAGMAN, price=FLAGMAN_PRICE)
    tag(deal, scene.ago(14), TAG_IDS["vip"], "vip")
    link(deal, scene.ago(13), scene.person())
    deal.document |= {"source_id": SOURCE_ID}
    # A kind of field that came after us.
    deal = scene.open(scene.ago(12), pipeline=FLAGMAN, price=FLAGMAN_PRICE)
    rating = {
        "field_id": RATING_FIELD,
        "field_name": "Оценка робота",
        "field_code": None,
        "field_type": "neural_rating",
        "values": [{"value": {"score": 7, "words": ["горячий", "\N{FIRE}"]}}],
    }
    deal.document |= {
        "custom_fields_values": [rating],
        "source_id": OTHER_SOURCE_ID,
        "price": None,
    }


def _tests(scene: Scene) -> None:
    """Leave test deals where real ones live."""
    deal = scene.won(10, 10, pipeline=FLAGMAN, price=1, utm=scene.convention(0))
    deal.name = "TEST оплата"
    scene.open(scene.ago(9, 10), pipeline=FLAGMAN, utm=tags("fb", "cpc", "new_test"))
    scene.open(
        scene.ago(8, 10), pipeline=FLAGMAN, person=scene.person(name="Тест Клиент")
    )
    scene.open(scene.ago(7, 10), pipeline=TEST, price=0)
