"""Traps in sales: ids, statuses, refunds, deletions, amounts and copies."""

from datetime import UTC, timedelta

from pipelines.sandbox.story.calendar import ALMATY
from pipelines.sandbox.story.world import World
from tests.sandbox.traps.asking import deals, exits, express, has, rows, trap


@trap
def fake_ids_and_a_real_big_one(world: World) -> bool:
    big = {row["deal_id"] for row in express(world) if row["deal_id"] >= 10**9}
    known = big & deals(world).keys()
    return len(known) == 1 and len(big) >= 3


@trap
def test_deal_and_test_names(world: World) -> bool:
    is_deal = has(
        row["deal_id"] == 99_999_999
        for row in rows(world, "landing", "challenge3d_sales")
    )
    names = {row["customer_name"].split()[0] for row in express(world)}
    return is_deal and {"TEST", "ТЕСТ", "Testino"} <= names


@trap
def test_tags_and_their_lookalikes(world: World) -> bool:
    campaigns = {row["utm_campaign"] for row in express(world)}
    wanted = {"TEST_launch", "autumn_test", "contest_autumn", "Brand | Test | 11.12"}
    return wanted <= campaigns


@trap
def statuses_null_lost_and_other(world: World) -> bool:
    return {None, 143, 12345, 142} <= {row["status_id"] for row in express(world)}


@trap
def lost_in_the_crm_without_events(world: World) -> bool:
    with_events = {event["entity_id"] for event in world.amocrm.events}
    known = deals(world)
    return has(
        known[row["deal_id"]]["status_id"] == 143 and row["deal_id"] not in with_events
        for row in express(world)
        if row["deal_id"] in known
    )


@trap
def slips_refunds_and_reopened_deals(world: World) -> bool:
    day = timedelta(hours=24)
    stays = exits(world)
    known = deals(world)
    is_slip = has(stay[-1] < day for stay in stays.values())
    is_refund = has(stay[-1] > day for stay in stays.values())
    is_won_again = has(known[one]["status_id"] == 142 for one in stays if one in known)
    return is_slip and is_refund and is_won_again


@trap
def refunded_deal_without_a_price(world: World) -> bool:
    stays = exits(world)
    return has(not deals(world)[one]["price"] for one in stays if one in deals(world))


@trap
def deleted_restored_and_half_deleted_deals(world: World) -> bool:
    types = {event["type"] for event in world.amocrm.events}
    deleted = {
        event["entity_id"]
        for event in world.amocrm.events
        if event["type"] == "lead_deleted"
    }
    trashed = {stub["id"] for stub in world.amocrm.trashed}
    is_sold = has(row["deal_id"] in trashed for row in express(world))
    return "lead_restored" in types and is_sold and len(deleted - trashed) >= 2


@trap
def more_won_deals_than_rows(world: World) -> bool:
    stored = {row["deal_id"] for row in express(world)} | {
        int(row["amocrm_lead_id"])
        for row in rows(world, "traffic", "express_course_sales")
        if str(row["amocrm_lead_id"]).isdigit()
    }
    won = {
        deal["id"]
        for deal in world.amocrm.leads
        if deal["status_id"] == 142 and deal["pipeline_id"] == 10350882
    }
    return len(won - stored) >= 4


@trap
def one_deal_in_two_databases_with_two_amounts(world: World) -> bool:
    amounts = {row["deal_id"]: row["amount"] for row in express(world)}
    shared = [
        row
        for row in rows(world, "traffic", "express_course_sales")
        if row["deal_id"] in amounts
    ]
    is_different = has(row["amount"] != amounts[row["deal_id"]] for row in shared)
    return is_different and {row["deal_id"] in deals(world) for row in shared} == {
        True,
        False,
    }


@trap
def one_deal_in_two_product_tables(world: World) -> bool:
    main = {row["deal_id"] for row in rows(world, "landing", "main_product_sales")}
    return has(row["deal_id"] in main for row in express(world))


@trap
def amounts_missing_zero_and_contradicting(world: World) -> bool:
    table = rows(world, "traffic", "express_course_sales")
    pairs = {(row["amount"], row["sale_amount"]) for row in table}
    return {(None, None), (0, 0), (4_000, 5_000), (None, 4_700)} <= pairs


@trap
def list_price_of_a_deal_without_price(world: World) -> bool:
    known = deals(world)
    return has(
        row["amount"] == 490_000 and known[row["deal_id"]]["price"] == 0
        for row in rows(world, "landing", "main_product_sales")
        if row["deal_id"] in known and known[row["deal_id"]]["status_id"] == 142
    )


@trap
def deal_number_only_as_text_or_not_at_all(world: World) -> bool:
    table = rows(world, "traffic", "express_course_sales")
    nameless = [row["amocrm_lead_id"] for row in table if row["deal_id"] is None]
    return has(one.isdigit() for one in nameless) and "pending" in nameless


@trap
def every_pipeline_has_a_won_deal(world: World) -> bool:
    won = {
        deal["pipeline_id"] for deal in world.amocrm.leads if deal["status_id"] == 142
    }
    return won == {pipeline["id"] for pipeline in world.amocrm.pipelines}


@trap
def won_without_a_closing_time(world: World) -> bool:
    return has(
        deal["status_id"] == 142 and deal["closed_at"] is None
        for deal in world.amocrm.leads
    )


@trap
def last_and_first_second_of_an_almaty_day(world: World) -> bool:
    times = {
        row["sale_date"].replace(tzinfo=UTC).astimezone(ALMATY).time().isoformat()
        for row in express(world)
    }
    return {"23:59:59", "00:00:00"} <= times


@trap
def double_encoded_raw_data(world: World) -> bool:
    return {type(row["raw_data"]) for row in express(world)} == {str, dict}
