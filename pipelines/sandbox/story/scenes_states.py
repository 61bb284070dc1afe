"""Scenes of status: lost, slipped, refunded, reopened, deleted and restored deals.

Scenes of product and amount belong to `scenes_products.py`.
"""

from datetime import timedelta

from pipelines.sandbox.story.deals import EXPRESS, FLAGMAN, LOST, OLD_MAIN, WON, stage
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.scene import MAIN_TABLE, Scene

OPEN_STAGE = stage(EXPRESS, 3)


def tell_states(draft: Draft) -> None:
    """Tell what the table says and what AmoCRM says, whenever they differ."""
    scene = Scene(draft, "states")
    _table_against_crm(scene)
    _slips(scene)
    _refunds(scene)
    _reopened(scene)
    _deleted(scene)


def _table_against_crm(scene: Scene) -> None:
    # Lost in AmoCRM since long, so that no event tells of it: no sale.
    deal = scene.sold(21, utm=scene.convention(0))
    deal.move(scene.ago(19), LOST)
    deal.has_events = False
    # The table itself says lost, and AmoCRM knows nothing: no sale.
    scene.sold(20, utm=scene.convention(1), row={"status_id": LOST}, is_listed=False)
    # The table holds a stage, AmoCRM says won: a sale.
    scene.sold(18, utm=scene.convention(0), row={"status_id": 81854578})
    # The table holds a stage and nobody confirms it: no sale.
    scene.sold(18, 15, row={"status_id": 12345}, is_listed=False)
    # History without any status: a sale, unverified.
    scene.sold(
        24,
        utm=scene.convention(1),
        row={"status_id": None, "pipeline_id": None},
        is_listed=False,
    )


def _slips(scene: Scene) -> None:
    # Won for five hours by mistake: neither a sale nor a refund.
    deal = scene.sold(17, utm=scene.convention(2))
    deal.move(deal.updated_at + timedelta(hours=5), OPEN_STAGE)
    deal = scene.sold(6, utm=scene.convention(0))
    deal.move(deal.updated_at + timedelta(hours=2), LOST)


def _refunds(scene: Scene) -> None:
    # Money back after days: the sale stays, the refund stands beside it.
    deal = scene.sold(20, utm=scene.convention(0))
    deal.move(scene.ago(7, 16), LOST)
    # The manager also wiped the price: the table still knows what was paid.
    deal = scene.sold(
        16, pipeline=FLAGMAN, price=490_000, table=MAIN_TABLE, utm=scene.convention(1)
    )
    deal.move(scene.ago(6, 11), LOST)
    deal.price = 0
    # One second more than the correction window is a refund already.
    deal = scene.sold(14, utm=scene.convention(2))
    deal.move(deal.updated_at + timedelta(hours=24, seconds=1), OPEN_STAGE)
    # Refunded long ago although no sales table ever heard of it.
    deal = scene.won(22, utm=scene.convention(3))
    deal.move(scene.ago(18), LOST)


def _reopened(scene: Scene) -> None:
    # Left and won again: one sale on the day of the last win, no refund.
    deal = scene.sold(18, utm=scene.convention(1))
    deal.move(scene.ago(16), OPEN_STAGE)
    deal.move(scene.ago(15, 17), WON)
    # Won twice, then refunded: only the last win and the last exit count.
    deal = scene.sold(19, utm=scene.convention(3))
    deal.move(scene.ago(17), OPEN_STAGE)
    deal.move(scene.ago(16), WON)
    deal.move(scene.ago(12), OPEN_STAGE)
    # Moved to another pipeline while won: no exit, but another product.
    deal = scene.sold(13, utm=scene.convention(0), price=250_000, row={"amount": 5_000})
    closed_at = deal.closed_at
    deal.move(scene.ago(11), WON, pipeline=FLAGMAN)
    deal.closed_at = closed_at


def _deleted(scene: Scene) -> None:
    # Deleted: event and trash stub agree, the table row is no sale.
    deal = scene.sold(15, utm=scene.convention(0))
    deal.deletions.append(("lead_deleted", scene.ago(12)))
    deal.is_listed, deal.is_trashed = False, True
    # Deleted and restored: a sale.
    deal = scene.sold(15, 18, utm=scene.convention(1))
    deal.deletions.append(("lead_deleted", scene.ago(13)))
    deal.deletions.append(("lead_restored", scene.ago(12, 15)))
    # A deletion event alone, while the deal is still listed: a sale.
    deal = scene.sold(13, 18, utm=scene.convention(2))
    deal.deletions.append(("lead_deleted", scene.ago(10)))
    # Deleted before any sales table knew of it.
    deal = scene.open(scene.ago(20), pipeline=OLD_MAIN, utm=scene.convention(2))
    deal.deletions.append(("lead_deleted", scene.ago(14)))
    deal.is_listed, deal.is_trashed = False, True
