"""Scenes of product, amount, time and copies: what was sold, for how much, and once.

Challenge 3D with its prepayments belongs to `scenes_challenge.py`.
"""

from datetime import timedelta

from pipelines.sandbox.story.calendar import naive
from pipelines.sandbox.story.deals import (
    FLAGMAN,
    INTENSIVE,
    PARTNERS,
    PROFTEST,
    SHORT_COURSE,
    TEST,
    WON,
)
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.sale_rows import (
    write_intensive_sale,
    write_landing_challenge,
    write_landing_sale,
    write_traffic_sale,
)
from pipelines.sandbox.story.scene import EXPRESS_TABLE, MAIN_TABLE, Scene
from pipelines.sandbox.story.utm import tags

FAKE_IDS = (1_766_000_123, 1_766_100_456)
REAL_BIG_ID = 1_000_000_007
TEST_DEAL_ID = 99_999_999


def tell_products(draft: Draft) -> None:
    """Tell the sales whose id, product, amount or hour misleads."""
    scene = Scene(draft, "products")
    _fakes(scene)
    _tests(scene)
    _lookalikes(scene)
    _pipelines(scene)
    _amounts(scene)
    _two_databases(scene)
    _keys(scene)
    _hours(scene)


def _fakes(scene: Scene) -> None:
    for deal_id in FAKE_IDS:
        scene.sold(23, deal_id=deal_id, utm=scene.convention(0), is_listed=False)
    # It looks like an epoch, but AmoCRM knows it: a sale.
    scene.sold(22, deal_id=REAL_BIG_ID, utm=scene.convention(1))


def _tests(scene: Scene) -> None:
    scene.sold(22, 10, utm=tags("facebook", "cpc", "TEST_launch"))
    scene.sold(21, 10, utm=tags("buyerfb", "cpc", "autumn_test"))
    scene.sold(20, 10, utm=scene.convention(0), row={"customer_name": "TEST 1 Sample"})
    scene.sold(19, 10, person=scene.person(name="ТЕСТ Проверка"))
    scene.won(8, 10, pipeline=TEST, utm=scene.convention(1))
    deal = scene.won(12, 10, utm=scene.convention(1))
    deal.name = "Test-deal of a manager"
    now = scene.ago(4, 13)
    write_landing_challenge(
        scene.draft,
        {
            "id": scene.dice.uuid(),
            "deal_id": TEST_DEAL_ID,
            "pipeline_id": 9430994,
            "status_id": 12345,
            "amount": 5_000,
            "package_type": "prepaid",
            "prepaid": True,
            "utm_source": "buyerfb",
            "utm_medium": "cpc",
            "customer_name": "Nobody Sample",
            "phone": "+7 700 000 00 01",
            "sale_date": now,
            "created_at": now,
            "updated_at": now,
            "raw_data": {},
        },
    )


def _lookalikes(scene: Scene) -> None:
    scene.sold(17, 10, utm=tags("buyerfb", "cpc", "contest_autumn"))
    scene.sold(16, 10, utm=tags("buyerfb", "cpc", "Brand | Test | 11.12"))
    scene.sold(
        15, 10, person=scene.person(name="Testino Sample"), utm=scene.convention(0)
    )


def _pipelines(scene: Scene) -> None:
    # The leads-only pipeline: a table makes it a sale, else it is none.
    scene.sold(16, 15, pipeline=PROFTEST, utm=scene.convention(0))
    scene.won(16, 16, pipeline=PROFTEST, utm=scene.convention(0))
    # A pipeline nobody mapped: keywords of the campaign, else an unknown product.
    scene.won(7, 15, pipeline=PARTNERS, utm=tags("buyerfb", "cpc", "Express 5000"))
    scene.won(
        7, 16, pipeline=PARTNERS, price=12_000, utm=tags("buyerfb", "cpc", "Partners")
    )
    # The table says express, the deal lives in another pipeline.
    scene.sold(
        14, 15, pipeline=SHORT_COURSE, price=240_000, utm=scene.convention(1),
        row={"amount": 4_952},
    )  # fmt: skip
    # One deal in two product tables is one sale.
    deal = scene.sold(
        13, 15, pipeline=FLAGMAN, price=490_000, table=MAIN_TABLE,
        utm=scene.convention(0),
    )  # fmt: skip
    write_landing_sale(scene.draft, EXPRESS_TABLE, deal, deal.updated_at, amount=4_952)
    # Won, and no hook wrote it down.
    scene.won(3, 12, pipeline=FLAGMAN, price=490_000, utm=scene.convention(2))


def _amounts(scene: Scene) -> None:
    # The table's default against an empty price: revenue 0, amount missing.
    scene.sold(
        15, 20, pipeline=FLAGMAN, price=0, table=MAIN_TABLE, row={"amount": 490_000},
        utm=scene.convention(2),
    )  # fmt: skip
    scene.sold(14, 20, price=None, row={"amount": 5_000}, utm=scene.convention(3))
    # AmoCRM's price replaces what the hook made of it.
    scene.sold(13, 20, price=4_500, row={"amount": 4_952}, utm=scene.convention(2))
    # Nothing anywhere.
    scene.sold(
        8, 20, row={"amount": None, "sale_amount": None}, is_listed=False,
        utm=scene.convention(2),
    )  # fmt: skip
    scene.sold(
        8, 21, row={"amount": 0, "sale_amount": 0}, is_listed=False,
        utm=scene.convention(3),
    )  # fmt: skip
    # Two amount columns that disagree, and one that is empty.
    scene.sold(
        7, 20, row={"amount": 4_000, "sale_amount": 5_000}, is_listed=False,
        utm=scene.convention(3),
    )  # fmt: skip
    scene.sold(
        7, 21, row={"amount": None, "sale_amount": 4_700}, is_listed=False,
        utm=scene.convention(2),
    )  # fmt: skip


def _two_databases(scene: Scene) -> None:
    # The same deal in Landing and Traffic; first AmoCRM knows the price ...
    deal = scene.sold(12, 11, price=4_952, utm=scene.convention(0))
    write_traffic_sale(
        scene.draft, EXPRESS_TABLE, deal, deal.updated_at, amount=5_000,
        sale_amount=5_000,
    )  # fmt: skip
    # ... then nobody does, and the newer row has the word.
    deal = scene.sold(12, 14, price=4_952, utm=scene.convention(1), is_listed=False)
    write_traffic_sale(
        scene.draft, EXPRESS_TABLE, deal, deal.updated_at, amount=4_100,
        sale_amount=4_100, updated_at=scene.ago(8, 9),
    )  # fmt: skip


def _keys(scene: Scene) -> None:
    # The deal's number stands only in the text column.
    scene.sold(8, 14, row={"deal_id": None}, utm=scene.convention(3))
    scene.sold(
        8, 15, row={"deal_id": None, "amocrm_lead_id": "pending"}, is_listed=False,
        utm=scene.convention(3),
    )  # fmt: skip
    for ago, price in ((7, 25_000), (6, 19_000)):
        deal = scene.won(
            ago, 19, pipeline=INTENSIVE, price=price, utm=scene.convention(0)
        )
        write_intensive_sale(scene.draft, deal, deal.updated_at)
    deal = scene.won(6, 20, pipeline=INTENSIVE, price=25_000, is_listed=False)
    write_intensive_sale(
        scene.draft, deal, deal.updated_at, amocrm_lead_id="lead-unknown"
    )


def _hours(scene: Scene) -> None:
    """Sell in the last second of a Sunday and in the first of a Monday."""
    monday = scene.calendar.last_monday
    days_ago = (scene.calendar.today - monday).days
    for is_listed in (True, False):
        for seconds in (-1, 0):
            sold_at = scene.calendar.ago(days_ago, 0) + timedelta(seconds=seconds)
            deal = scene.open(
                sold_at - timedelta(hours=3),
                utm=scene.convention(0 if is_listed else 1),
                is_listed=is_listed,
            )
            deal.move(sold_at, WON)
            write_landing_sale(scene.draft, EXPRESS_TABLE, deal, sold_at)
    # Won without a closing time: the table's date is the next best.
    deal = scene.sold(12, 17, utm=scene.convention(1))
    deal.closed_at = None
    # Stored with another time than the closing.
    deal = scene.sold(11, 17, utm=scene.convention(0))
    row = scene.draft.rows("landing", EXPRESS_TABLE)[-1]
    row["sale_date"] = naive(scene.ago(10, 1))
    # Neither a closing time nor a table: AmoCRM's creation is all there is.
    deal = scene.won(11, 9, pipeline=FLAGMAN, price=480_000, utm=scene.convention(0))
    deal.closed_at = None
