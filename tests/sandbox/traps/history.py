"""Traps in the CRM's history: gaps, late edits, rewritten tags, vanished deals."""

from collections import defaultdict
from itertools import pairwise

from pipelines.sandbox.answers.rules import WON
from pipelines.sandbox.story.world import Document, World
from tests.sandbox.traps.asking import deals, has, rows, trap, utm_source


def of_kind(world: World, kind: str) -> list[Document]:
    return [event for event in world.amocrm.events if event["type"] == kind]


def stages(side: list[Document]) -> tuple[int, int]:
    status = side[0]["lead_status"]
    return status["pipeline_id"], status["id"]


def paths(world: World) -> dict[int, list[tuple[tuple[int, int], tuple[int, int]]]]:
    """Return the stages before and after each move, by deal, in order."""
    found = defaultdict(list)
    for event in of_kind(world, "lead_status_changed"):
        sides = stages(event["value_before"]), stages(event["value_after"])
        found[event["entity_id"]].append(sides)
    return found


def field_values(world: World, event: Document) -> tuple[str | None, ...]:
    sides = (event["value_before"], event["value_after"])
    return tuple(s[0]["custom_field_value"]["text"] if s else None for s in sides)


@trap
def only_told_gaps_break_the_chain_of_stages(world: World) -> bool:
    known = deals(world)
    chains = paths(world)
    gaps = [one for one, path in chains.items()
            if any(a[1] != b[0] for a, b in pairwise(path))]  # fmt: skip
    ends = [one for one, path in chains.items() if one in known
            and path[-1][1] != (known[one]["pipeline_id"], known[one]["status_id"])
            ]  # fmt: skip
    return len(gaps) == 1 and len(ends) == 1


@trap
def a_deal_in_the_middle_without_any_event(world: World) -> bool:
    told = {event["entity_id"] for event in world.amocrm.events}
    return has(
        deal["id"] not in told and deal["status_id"] not in {142, 143}
        for deal in world.amocrm.leads
    )


@trap
def two_moves_within_one_second_keep_their_order(world: World) -> bool:
    moments = [
        (event["entity_id"], event["created_at"])
        for event in of_kind(world, "lead_status_changed")
    ]
    return len(moments) - len(set(moments)) == 1


@trap
def prices_of_won_deals_were_edited_by_all_kinds_of_authors(world: World) -> bool:
    authors = {
        (event["created_by"] > 0, "client_uuid" in event)
        for event in of_kind(world, "sale_field_changed")
    }
    return authors == {(True, False), (False, False), (False, True)}


@trap
def last_price_event_and_document_agree(world: World) -> bool:
    known = deals(world)
    last = {
        event["entity_id"]: event["value_after"][0]["sale_field_value"]["sale"]
        for event in of_kind(world, "sale_field_changed")
    }
    there = known.keys() & last.keys()
    return bool(there) and all(known[one]["price"] == last[one] for one in there)


@trap
def last_tag_event_and_document_agree(world: World) -> bool:
    known = deals(world)
    last = {
        event["entity_id"]: field_values(world, event)[1]
        for event in of_kind(world, "custom_field_434731_value_changed")
    }
    there = known.keys() & last.keys()
    return bool(there) and all(utm_source(known[one]) == last[one] for one in there)


@trap
def tags_were_filled_erased_and_rewritten(world: World) -> bool:
    changes = [
        field_values(world, event)
        for event in of_kind(world, "custom_field_434731_value_changed")
    ]
    return {(a is None, b is None) for a, b in changes} == {
        (True, False), (False, True), (False, False),
    }  # fmt: skip


@trap
def deals_vanished_with_and_without_a_word(world: World) -> bool:
    there = set(deals(world)) | {stub["id"] for stub in world.amocrm.trashed}
    gone = {event["entity_id"] for event in of_kind(world, "lead_added")} - there
    deleted = {event["entity_id"] for event in of_kind(world, "lead_deleted")}
    return bool(gone & deleted) and bool(gone - deleted)


@trap
def an_archived_pipeline_is_alive(world: World) -> bool:
    archived = {one["id"] for one in world.amocrm.pipelines if one["is_archive"]}
    statuses = {
        deal["status_id"]
        for deal in world.amocrm.leads
        if deal["pipeline_id"] in archived
    }
    return {142, 143} < statuses


@trap
def ids_do_not_fit_into_32_bits(world: World) -> bool:
    return has(one > 2**31 for one in deals(world)) and has(
        contact["id"] > 2**31 for contact in world.amocrm.contacts
    )


@trap
def loss_reasons_are_lists_and_objects(world: World) -> bool:
    reasons = (deal["_embedded"].get("loss_reason") for deal in world.amocrm.leads)
    return {type(reason) for reason in reasons if reason} == {list, dict}


@trap
def a_field_of_a_kind_nobody_knows(world: World) -> bool:
    return has(
        field["field_type"] == "neural_rating"
        for deal in world.amocrm.leads
        for field in deal["custom_fields_values"] or []
    )


@trap
def tables_and_crm_part_in_every_way(world: World) -> bool:
    known = deals(world)
    table = rows(world, "traffic", "main_product_sales")
    pairs = [(row, known.get(row.get("deal_id"))) for row in table]
    both = [(row, deal) for row, deal in pairs if deal and deal["status_id"] == WON]
    return (
        has(deal is None for _, deal in pairs)
        and has(deal["status_id"] != WON for _, deal in pairs if deal)
        and has(row["amount"] != deal["price"] for row, deal in both)
        and has(
            row["sale_date"].timestamp() - deal["closed_at"] > 3600
            for row, deal in both
        )
        and has(row["utm_source"] != utm_source(deal) for row, deal in both)
    )


@trap
def lists_beside_the_deals_are_filled(world: World) -> bool:
    crm = world.amocrm
    bills = [one for one in crm.catalog_elements if one["catalog_id"] == 5003]
    lists = (crm.companies, crm.tasks, crm.loss_reasons, crm.sources, crm.webhooks)
    return all(lists) and bool(bills) and set(crm.tags) == {"leads", "contacts"}
