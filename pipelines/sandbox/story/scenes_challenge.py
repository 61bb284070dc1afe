"""Scenes of Challenge 3D: prepayments, full payments, and what links the two.

Other products belong to `scenes_products.py`.
"""

from datetime import datetime, timedelta

from pipelines.sandbox.story.deals import (
    EXPRESS,
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
from pipelines.sandbox.story.sale_rows import write_challenge_sale, write_sale
from pipelines.sandbox.story.scene import EXPRESS_TABLE, Scene
from pipelines.sandbox.story.utm import tags

PAID_STAGE = stage(OLD_MAIN, 3)


def tell_challenge(draft: Draft) -> None:
    """Tell every way in which a prepayment and its full payment were written."""
    scene = Scene(draft, "challenge")
    _same_deal(scene)
    _two_deals(scene)
    _flags(scene)
    _amounts(scene)
    _slip(scene)


def _prepaid(
    scene: Scene,
    ago: int,
    *,
    price: int,
    amount: int | None = None,
    pipeline: int = OLD_MAIN,
    person: Person | None = None,
    team: int | None = 0,
) -> Deal:
    """Take a prepayment on an open deal, whose price may be the whole budget."""
    paid_at = scene.ago(ago, 13)
    utm = tags() if team is None else scene.convention(team)
    deal = scene.open(
        paid_at - timedelta(hours=9),
        pipeline=pipeline,
        utm=utm,
        price=price,
        person=person,
    )
    deal.move(paid_at, stage(pipeline, 3))
    amount = price if amount is None else amount
    write_challenge_sale(scene.draft, deal, paid_at, prepaid=True, amount=amount)
    return deal


def _paid(
    scene: Scene,
    ago: int,
    *,
    price: int,
    pipeline: int = SHORT_COURSE,
    person: Person | None = None,
    team: int | None = 0,
    **row: object,
) -> Deal:
    utm = tags() if team is None else scene.convention(team)
    deal = scene.won(ago, 18, pipeline=pipeline, price=price, person=person, utm=utm)
    write_challenge_sale(scene.draft, deal, _sold_at(deal), **row)
    return deal


def _sold_at(deal: Deal) -> datetime:
    return deal.closed_at or deal.updated_at


def _same_deal(scene: Scene) -> None:
    # The prepaid deal became the full payment: the flag is what the hook once saw.
    deal = _prepaid(scene, 20, price=5_000)
    deal.move(scene.ago(6, 15), WON)
    deal.price = 240_000
    # Won with the prepayment's price: still a prepayment.
    deal = _prepaid(scene, 13, price=5_000, team=1)
    deal.move(scene.ago(5, 15), WON)
    # Flagged with the whole sum from the beginning: a suspicious prepayment.
    deal = _prepaid(scene, 19, price=240_000, team=1)
    deal.move(scene.ago(7, 15), WON)


def _two_deals(scene: Scene) -> None:
    # The full payment names its prepayment, and only that one knows the team.
    first = _prepaid(scene, 16, price=5_000, team=2)
    _paid(
        scene, 7, price=235_000, person=first.person, team=None,
        prepayment_deal_id=first.deal_id,
    )  # fmt: skip
    # Only the phone links them.
    first = _prepaid(scene, 15, price=3_000, team=1)
    _paid(scene, 8, price=237_000, person=first.person, team=None)
    # The prepayment is untagged, the full payment is not: one chain, one team.
    first = _prepaid(scene, 14, price=5_000, team=None)
    _paid(
        scene, 6, price=235_000, person=first.person, team=0,
        prepayment_deal_id=first.deal_id,
    )  # fmt: skip
    # Two prepayments of one phone: the later one is the link.
    first = _prepaid(scene, 18, price=5_000, team=2)
    _prepaid(scene, 12, price=5_000, person=first.person, team=1)
    _paid(scene, 5, price=230_000, person=first.person, team=None)
    # Paid in full in the pipeline that the hook's filter forgot.
    first = _prepaid(scene, 17, price=5_000, pipeline=TWO_STEP, team=1)
    scene.won(4, 14, pipeline=TWO_STEP, price=235_000, person=first.person, utm=tags())


def _flags(scene: Scene) -> None:
    # The open deal's price is the budget, the row holds what was paid.
    _prepaid(scene, 10, price=240_000, amount=5_000)
    # Flagged, yet the row holds a whole price: suspicious.
    _prepaid(scene, 9, price=240_000, team=1)
    # A prepayment on a deal that was lost afterwards is none.
    deal = _prepaid(scene, 12, price=5_000)
    deal.move(scene.ago(9, 18), LOST)
    # A flag under another product's pipeline means nothing: won and full ...
    deal = scene.sold(10, 10, utm=scene.convention(0))
    write_challenge_sale(scene.draft, deal, _sold_at(deal), prepaid=True)
    # ... or open and nothing.
    deal = scene.open(scene.ago(10), pipeline=EXPRESS, utm=scene.convention(1))
    write_challenge_sale(scene.draft, deal, deal.created_at, prepaid=True)
    # Named a prepayment by its type alone.
    deal = scene.won(9, 10, pipeline=OLD_MAIN, price=5_000, utm=scene.convention(1))
    write_challenge_sale(
        scene.draft, deal, _sold_at(deal), prepaid=False, sale_type="Prepayment"
    )


def _amounts(scene: Scene) -> None:
    """Sell at prices around the boundary between a prepayment and a full payment."""
    _paid(scene, 8, price=0)
    _paid(scene, 7, price=7_500, team=3)
    _paid(scene, 6, price=9_999)
    _paid(scene, 5, price=10_000, team=3)
    _paid(scene, 11, price=240_000, pipeline=OLD_MAIN)


def _slip(scene: Scene) -> None:
    # Won by mistake for two hours: a prepayment before, a prepayment after.
    deal = _prepaid(scene, 11, price=5_000)
    deal.move(scene.ago(10, 10), WON)
    deal.move(scene.ago(10, 12), PAID_STAGE)
    # The same deal in an express table too: its pipeline decides.
    deal = _paid(scene, 10, price=240_000, pipeline=OLD_MAIN, team=1)
    write_sale(scene.draft, EXPRESS_TABLE, deal, _sold_at(deal), amount=4_952)
