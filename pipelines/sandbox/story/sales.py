"""Ordinary sales: deals that are won, paid and mostly written down.

Sales with a lesson in them belong to the `scenes_*` modules; they come first, and
what is told here fills the tables up to their known numbers.
"""

from datetime import datetime, timedelta

from pipelines.sandbox.story.buyers import Buyers, Span
from pipelines.sandbox.story.calendar import CONSOLIDATED_DAYS_AGO
from pipelines.sandbox.story.deals import (
    EXPRESS,
    FLAGMAN,
    LOST,
    OLD_MAIN,
    SHORT_COURSE,
    TWO_STEP,
    WON,
    Deal,
    Lead,
    stage,
)
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.sale_rows import write_challenge_sale, write_sale

LANDING_EXPRESS, LANDING_MAIN, WON_EXPRESS, LOST_BY_HOOKS = 87, 12, 91, 4
LANDING_EXPRESS_SUM = 432_504
TRAFFIC_MAIN = 4
PREPAYMENTS, FULL_PAYMENTS = 16, 9
EXPRESS_PRICE, EXPRESS_FALLBACK_PRICE, FLAGMAN_PRICE = 5_000, 4_952, 490_000


def tell_sales(draft: Draft, leads: list[Lead]) -> None:
    """Win deals until every table holds what it is known to hold."""
    dice = draft.dice("sales")
    scale, days = draft.options.scale, draft.options.weeks * 7
    cut = draft.calendar.ago(CONSOLIDATED_DAYS_AGO, 0)
    latest = draft.options.now - timedelta(minutes=10)
    past, recent = (draft.calendar.ago(days - 2), cut), (cut, latest)
    buyers = Buyers(draft, dice, leads)
    missing = LANDING_EXPRESS * scale - len(
        draft.rows("landing", "express_course_sales")
    )
    _sell_express(draft, dice, buyers, past, missing)
    missing = WON_EXPRESS * scale - LOST_BY_HOOKS - _won_express(draft)
    _sell_express(draft, dice, buyers, recent, missing)
    for _ in range(LOST_BY_HOOKS):
        buyers.win(recent, EXPRESS_PRICE, is_silent=True)
    _balance(draft)
    missing = LANDING_MAIN * scale - len(draft.rows("landing", "main_product_sales"))
    _sell_flagman(draft, dice, buyers, past, missing)
    _sell_flagman(draft, dice, buyers, recent, TRAFFIC_MAIN * scale)
    _sell_challenge(draft, dice, buyers)


def tell_open_deals(draft: Draft, leads: list[Lead]) -> None:
    """Move the deals nobody bought: some lost, some reopened, most waiting."""
    dice = draft.dice("open deals")
    for lead in leads:
        if not lead.deal or len(lead.deal.moves) > 1:
            continue
        moment = lead.deal.created_at
        for number in range(dice.randint(0, 3)):
            moment = dice.later(moment, 0.5, 40)
            if draft.calendar.is_past(moment):
                open_stage = stage(lead.deal.pipeline, number + 2)
                lead.deal.move(moment, open_stage)
        moment = dice.later(moment, 5, 200)
        if dice.chance(0.28) and draft.calendar.is_past(moment):
            lead.deal.move(moment, LOST)


def _sell_express(
    draft: Draft, dice: Dice, buyers: Buyers, span: Span, count: int
) -> None:
    for _ in range(count):
        price = dice.pick({EXPRESS_PRICE: 40, EXPRESS_FALLBACK_PRICE: 60})
        if deal := buyers.win(span, price):
            write_sale(draft, "express_course_sales", deal, deal.updated_at)


def _balance(draft: Draft) -> None:
    """Change prices between the two usual ones until Landing's known sum is met."""
    if draft.options.scale != 1:
        return
    deals = {deal.deal_id: deal for deal in draft.deals}
    rows = draft.rows("landing", "express_course_sales")
    step = EXPRESS_PRICE - EXPRESS_FALLBACK_PRICE
    excess = sum(row["amount"] or 0 for row in rows) - LANDING_EXPRESS_SUM
    was, becomes = EXPRESS_PRICE, EXPRESS_FALLBACK_PRICE
    if excess < 0:
        was, becomes = becomes, was
    for row in rows[-60:]:
        deal = deals.get(row["deal_id"])
        if abs(excess) >= step and deal and deal.price == row["amount"] == was:
            row["amount"] = deal.price = becomes
            excess += becomes - was


def _won_express(draft: Draft) -> int:
    return sum(
        deal.is_listed and deal.status == WON and deal.pipeline == EXPRESS
        for deal in draft.deals
    )


def _sell_flagman(
    draft: Draft, dice: Dice, buyers: Buyers, span: Span, count: int
) -> None:
    """Sell the second step in a deal of its own, first to buyers of the first."""
    for _ in range(count):
        found = buyers.next_step(span)
        if not found:
            continue
        first, won_at = found
        deal = draft.open_deal(
            first.person,
            won_at - timedelta(minutes=dice.randint(60, 1500)),
            pipeline=FLAGMAN,
            status=stage(FLAGMAN, 1),
            utm=dict(first.utm) if dice.chance(0.4) else {},
            price=FLAGMAN_PRICE,
        )
        deal.move(won_at, WON)
        # This hook dates a sale by the deal's last change, not by its closing.
        changed_at = min(dice.later(won_at, 0.1, 20), draft.options.now)
        changed_at = min(changed_at, span[1] - timedelta(seconds=1))
        write_sale(draft, "main_product_sales", deal, changed_at)


def _sell_challenge(draft: Draft, dice: Dice, buyers: Buyers) -> None:
    """Take prepayments, and for some of them the full payment in a second deal."""
    scale = draft.options.scale
    days = min(draft.options.weeks * 7 - 5, 80)
    full = FULL_PAYMENTS * scale
    for number in range(PREPAYMENTS * scale):
        paid_at = draft.calendar.ago(2 + number * days // (PREPAYMENTS * scale), 14)
        lead = buyers.prepay(paid_at)
        if not lead or not lead.deal:
            continue
        deal = lead.deal
        pipeline = dice.choice((OLD_MAIN, TWO_STEP))
        deal.price = dice.pick({5_000: 7, 3_000: 2, 2_500: 1})
        deal.move(paid_at, stage(pipeline, 3), pipeline=pipeline)
        write_challenge_sale(draft, deal, paid_at, prepaid=True)
        won_at = dice.later(paid_at, 30, 200)
        if full > 0 and draft.calendar.is_past(won_at):
            full -= 1
            _pay_rest(draft, dice, deal, won_at, pipeline)


def _pay_rest(
    draft: Draft, dice: Dice, prepaid: Deal, won_at: datetime, pipeline: int
) -> None:
    """Win a second deal; the storing hook does not know the two-step pipeline."""
    rest = draft.open_deal(
        prepaid.person,
        dice.later(prepaid.updated_at, 1, 20),
        pipeline=pipeline if pipeline == TWO_STEP else SHORT_COURSE,
        status=stage(pipeline, 2),
        price=dice.choice((235_000, 240_000, 237_500)),
    )
    rest.move(won_at, WON)
    if rest.pipeline != TWO_STEP:
        write_challenge_sale(draft, rest, won_at, prepayment_deal_id=prepaid.deal_id)
