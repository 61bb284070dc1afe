"""Sales that the CRM and the sales tables tell differently, and a ladder of one buyer.

Sales told alike, or told by one side since long, belong to `sales.py` and the scenes.
"""

from datetime import timedelta

from pipelines.sandbox.story.deals import (
    FLAGMAN,
    INTENSIVE,
    LOST,
    OLD_MAIN,
    SHORT_COURSE,
    WON,
    stage,
)
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.sale_rows import (
    write_challenge_sale,
    write_intensive_sale,
    write_traffic_sale,
)
from pipelines.sandbox.story.scene import EXPRESS_TABLE, MAIN_TABLE, Scene
from pipelines.sandbox.story.utm import tags

PRICE, FULL_PRICE, PREPAID = 490_000, 235_000, 5_000


def tell_tables(draft: Draft) -> None:
    """Tell every way in which the two sides part."""
    scene = Scene(draft, "history of tables")
    _one_side(scene)
    _differences(scene)
    _ladder(scene)


def _one_side(scene: Scene) -> None:
    # Won, and written down nowhere.
    scene.won(16, 9, pipeline=FLAGMAN, price=PRICE, utm=scene.convention(0))
    scene.won(16, 10, pipeline=INTENSIVE, price=25_000, utm=scene.convention(1))
    # Written down by a hook without a filter, never won.
    deal = scene.open(scene.ago(15), pipeline=FLAGMAN, price=PRICE)
    write_traffic_sale(scene.draft, MAIN_TABLE, deal, scene.ago(14))
    # Written down, then lost; no event tells of a won day.
    deal = scene.open(scene.ago(14, 9), pipeline=SHORT_COURSE, price=FULL_PRICE)
    write_challenge_sale(scene.draft, deal, scene.ago(13, 9))
    deal.move(scene.ago(12, 9), LOST)
    # Written down, and AmoCRM has never heard of it.
    scene.sold(
        7, 9, pipeline=FLAGMAN, price=PRICE, table=MAIN_TABLE, is_listed=False,
        utm=scene.convention(1),
    )  # fmt: skip


def _differences(scene: Scene) -> None:
    def stored(hour: int, **row: object) -> None:
        deal = scene.won(
            8, hour, pipeline=FLAGMAN, price=PRICE, utm=scene.convention(0)
        )
        write_traffic_sale(scene.draft, MAIN_TABLE, deal, deal.updated_at, **row)

    day_later = scene.ago(7, 12)
    stored(9)
    stored(10, amount=480_000, sale_amount=480_000)
    stored(11, sale_date=day_later)
    stored(12, utm_source="somebody_else")
    stored(13, amount=1, sale_amount=1, sale_date=day_later, utm_source="somebody_else")
    stored(14, utm_source=f" {str(scene.convention(0)['source']).upper()}")
    deal = scene.won(8, 15, pipeline=INTENSIVE, price=25_000, utm=scene.convention(1))
    write_intensive_sale(scene.draft, deal, deal.updated_at, sale_amount=24_000)


def _ladder(scene: Scene) -> None:
    """Let one person climb every rung, and another one pay in two parts."""
    climber = scene.person()
    # The first step is known to a table only.
    scene.sold(
        9, 9, table=EXPRESS_TABLE, person=climber, is_listed=False,
        utm=scene.convention(0),
    )  # fmt: skip
    prepaid = scene.open(
        scene.ago(8, 8), person=climber, pipeline=OLD_MAIN, price=PREPAID, utm=tags()
    )
    prepaid.move(scene.ago(8, 18), stage(OLD_MAIN, 3))
    write_challenge_sale(scene.draft, prepaid, prepaid.updated_at, prepaid=True)
    rest = scene.won(
        6, 18, person=climber, pipeline=SHORT_COURSE, price=FULL_PRICE, utm=tags()
    )
    write_challenge_sale(
        scene.draft, rest, rest.updated_at, prepayment_deal_id=prepaid.deal_id
    )
    last = scene.won(4, 18, person=climber, pipeline=FLAGMAN, price=PRICE, utm=tags())
    write_traffic_sale(scene.draft, MAIN_TABLE, last, last.updated_at)
    # Paid in parts by one deal, and a second flagman by the same phone.
    buyer = scene.person()
    deal = scene.open(
        scene.ago(9, 14), person=buyer, pipeline=OLD_MAIN, price=PREPAID, utm=tags()
    )
    deal.move(scene.ago(9, 20), stage(OLD_MAIN, 3))
    write_challenge_sale(scene.draft, deal, deal.updated_at, prepaid=True)
    deal.move(scene.ago(7, 20), WON)
    deal.price = FULL_PRICE + PREPAID
    for hour in (10, 11):
        again = scene.won(
            3, hour, person=buyer, pipeline=FLAGMAN, price=PRICE, utm=tags()
        )
        moment = again.updated_at + timedelta(minutes=1)
        write_traffic_sale(scene.draft, MAIN_TABLE, again, moment)
