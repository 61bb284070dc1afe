"""Traps in Challenge 3D: prepayments, full payments and what links them."""

from pipelines.sandbox.story.world import World
from tests.sandbox.traps.asking import deals, has, rows, trap


@trap
def prepayment_and_full_on_one_deal(world: World) -> bool:
    known = deals(world)
    return has(
        row["prepaid"]
        and row["amount"] < 10_000
        and known[row["deal_id"]]["status_id"] == 142
        and known[row["deal_id"]]["price"] >= 10_000
        for row in rows(world, "traffic", "challenge3d_sales")
    )


@trap
def prepayment_and_full_on_two_deals(world: World) -> bool:
    table = rows(world, "traffic", "challenge3d_sales")
    return has(row["prepayment_deal_id"] for row in table)


@trap
def prepaid_budget_lost_and_suspicious(world: World) -> bool:
    known = deals(world)
    prepaid = [
        (row["amount"], known[row["deal_id"]])
        for row in rows(world, "traffic", "challenge3d_sales")
        if row["prepaid"]
    ]
    is_budget = has(amount < deal["price"] for amount, deal in prepaid)
    is_lost = has(deal["status_id"] == 143 for _, deal in prepaid)
    return is_budget and is_lost and has(amount >= 10_000 for amount, _ in prepaid)


@trap
def full_payments_around_the_boundary(world: World) -> bool:
    table = rows(world, "traffic", "challenge3d_sales")
    amounts = {row["amount"] for row in table if not row["prepaid"]}
    return {0, 7_500, 9_999, 10_000} <= amounts


@trap
def full_payment_in_the_forgotten_pipeline(world: World) -> bool:
    table = rows(world, "traffic", "challenge3d_sales")
    stored = {row["deal_id"] for row in table}
    return has(
        deal["pipeline_id"] == 9977350 and deal["status_id"] == 142
        for deal in world.amocrm.leads
        if deal["id"] not in stored
    )
