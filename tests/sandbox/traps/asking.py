"""How a trap is asked for: a named question to a world, and what questions share.

The questions themselves stand beside this file, by subject.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta

from pipelines.sandbox.story.world import Document, Row, World

Trap = Callable[[World], bool]
TRAPS: dict[str, Trap] = {}


def trap(question: Trap) -> Trap:
    TRAPS[question.__name__] = question
    return question


def rows(world: World, system: str, table: str) -> list[Row]:
    return world.databases[system][table]


def leads(world: World) -> list[Row]:
    return rows(world, "landing", "landing_leads")


def express(world: World) -> list[Row]:
    return rows(world, "landing", "express_course_sales")


def deals(world: World) -> dict[int, Document]:
    return {deal["id"]: deal for deal in world.amocrm.leads}


def utm_source(deal: Document) -> str | None:
    for field in deal["custom_fields_values"] or []:
        if field["field_code"] == "UTM_SOURCE":
            return field["values"][0]["value"]
    return None


def exits(world: World) -> dict[int, list[timedelta]]:
    """Return how long each deal stayed won before it left, by deal."""
    entered: dict[int, int] = {}
    stays: dict[int, list[timedelta]] = defaultdict(list)
    for event in world.amocrm.events:
        if event["type"] != "lead_status_changed":
            continue
        before = event["value_before"][0]["lead_status"]["id"]
        after = event["value_after"][0]["lead_status"]["id"]
        deal_id = event["entity_id"]
        if before == 142 and after != 142 and deal_id in entered:
            stay = timedelta(seconds=event["created_at"] - entered[deal_id])
            stays[deal_id].append(stay)
        if after == 142 and before != 142:
            entered[deal_id] = event["created_at"]
    return stays


def has(items: Iterable[object]) -> bool:
    return any(items)
