"""What raw holds against what is true: rows, deletions, feed, versions, counters.

Each function says in words what is wrong; an empty list is right.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from tests.amocrm.foreign.house import House
from tests.amocrm.foreign.showing import canonical, show, stub, text
from tests.amocrm.foreign.truth import ENTITIES, Document

SWEPT = ("leads", "contacts", "companies")
ASKED_EVENTS = (
    "lead_added", "lead_deleted", "lead_restored", "lead_status_changed",
    "sale_field_changed", "entity_responsible_changed", "entity_merged",
    "contact_deleted", "contact_restored",
)  # fmt: skip
MORE_EVENTS = (
    "company_deleted", "company_restored", "entity_tag_added", "entity_tag_deleted",
    "entity_linked", "entity_unlinked",
)  # fmt: skip
UTM_NAMES = {"utm_source", "utm_medium", "utm_campaign", "utm_content", "utm_term"}


def wrong(house: House, entities: Collection[str] = ENTITIES) -> list[str]:
    """Say everything that is wrong after the dust has settled."""
    found = []
    for entity in present(house, entities):
        found += wrong_rows(house, entity)
    return (
        found
        + wrong_dictionaries(house)
        + wrong_trash(house)
        + wrong_events(house)
        + wrong_withs(house)
        + wrong_counters(house)
        + [f"the account itself: {error}" for error in house.crm.broken]
        + [f"something was written: {write}" for write in house.crm.writes]
    )


def present(house: House, entities: Iterable[str]) -> list[str]:
    """Return the entities that the loading knows already."""
    return [entity for entity in entities if entity in house.loaded]


def expected(house: House, entity: str) -> dict[int, str]:
    """Return by id what the lists show now, in canonical text."""
    withs = house.crm.withs[entity]
    with_ = max(withs, key=lambda one: withs[one]) if withs else ()
    truth, known = house.truth, house.crm.expected
    found = {}
    for one in truth.shown(entity):
        step = truth.touched[entity, one]
        before = known.get((entity, one))
        if before is None or before[:2] != (step, with_):
            shown = text(canonical(show(truth, entity, one, with_)))
            known[entity, one] = before = (step, with_, shown)
        found[one] = before[2]
    return found


def wrong_rows(
    house: House,
    entity: str,
    only: Collection[int] | None = None,
    *,
    without: Collection[str] = (),
) -> list[str]:
    """Say which rows of an entity raw lacks, invents or has with another content.

    `only` of some ids, and `without` some parts of the rows.
    """
    true, raw = expected(house, entity), house.raw(entity)
    if only is not None:
        true = {one: row for one, row in true.items() if one in only}
        raw = {one: row for one, row in raw.items() if one in only}
    if without:
        odd = {one for one in true.keys() & raw.keys() if true[one] != raw[one]}
        same = {
            one for one in odd if _less(true[one], without) == _less(raw[one], without)
        }
        true = {one: row for one, row in true.items() if one not in same}
        raw = {one: row for one, row in raw.items() if one not in same}
    return differences(entity, true, raw, keeps_deleted=entity == "tasks")


def _less(row: str, without: Collection[str]) -> str:
    return text({k: v for k, v in json.loads(row).items() if k not in without})


def differences(
    what: str,
    true: Mapping[Any, str | Document],
    raw: Mapping[Any, str],
    *,
    keeps_deleted: bool = False,
) -> list[str]:
    """Say which rows are lost, invented or different; the truth may be documents."""
    found = []
    if lost := true.keys() - raw.keys():
        found.append(f"{what}: {len(lost)} of {len(true)} lost: {sorted(lost)[:3]}")
    more = raw.keys() - true.keys()
    if more and not keeps_deleted:
        found.append(f"{what}: {len(more)} are not there: {sorted(more)[:3]}")
    texts = {
        key: row if isinstance(row, str) else text(canonical(row))
        for key, row in true.items()
    }
    other = [key for key in texts.keys() & raw.keys() if texts[key] != raw[key]]
    if other:
        one = min(other)
        told = difference(json.loads(texts[one]), json.loads(raw[one]))
        found.append(f"{what}: {len(other)} differ: {one}: {told}")
    return found


def difference(true: Any, found: Any, path: str = "") -> str:
    """Say where two documents differ first."""
    if isinstance(true, dict) and isinstance(found, dict):
        for name in sorted(true.keys() | found.keys()):
            if text(true.get(name)) != text(found.get(name)):
                return difference(true.get(name), found.get(name), f"{path}.{name}")
    return f"{path} is {text(found)[:80]}, not {text(true)[:80]}"


def wrong_dictionaries(house: House) -> list[str]:
    truth, found = house.truth, []
    pairs: dict[str, Mapping[Any, Document]] = {
        "users": truth.users,
        "pipelines": truth.pipelines,
        "loss_reasons": truth.loss_reasons,
        "sources": truth.sources,
        "catalogs": truth.catalogs,
        "account": {truth.account["id"]: truth.account},
    }
    for table, true in pairs.items():
        if table in house.loaded:
            found += differences(table, true, house.raw(table))
    if "catalog_elements" in house.loaded:
        elements = {
            (catalog, one): row
            for catalog, rows in truth.elements.items()
            for one, row in rows.items()
        }
        raw = house.raw("catalog_elements", "catalog_id", "id")
        found += differences("catalog_elements", elements, raw)
    for table, shelf in (("custom_fields", truth.fields), ("tags", truth.tags)):
        if table in house.loaded:
            raw = house.raw(table, "entity_type", "id")
            asked = {entity for entity, _ in raw} | {"leads", "contacts"}
            rows = {
                (entity, one): row
                for entity in asked
                for one, row in shelf[entity].items()
            }
            found += differences(table, rows, raw)
    return found


def wrong_trash(house: House) -> list[str]:
    if "leads_trash" not in house.loaded:
        return []
    true = {one: stub(lead) for one, lead in house.truth.trash.items()}
    return differences("leads_trash", true, house.raw("leads_trash"))


def asked_events(house: House) -> set[str]:
    """Return the kinds of events that history needs."""
    kinds = {
        kind
        for request in house.crm.calls
        if request.asked.path == "events"
        for kind in request.asked.all("filter", "type")
    }
    return kinds | set(ASKED_EVENTS)


def wrong_events(house: House) -> list[str]:
    """Say which events of the log the warehouse lacks, of those old enough."""
    if "events" not in house.loaded:
        return []
    kinds, truth = asked_events(house), house.truth
    if "company_deleted" in kinds:
        kinds |= set(MORE_EVENTS)
        kinds |= {
            f"custom_field_{one}_value_changed"
            for one, row in truth.fields["leads"].items()
            if (row["code"] or row["name"]).lower() in UTM_NAMES
        }
    settled = int(house.as_of.timestamp()) - 60 - 400
    true = {row["id"]: row for row in truth.events if row["type"] in kinds}
    raw = house.raw("events")
    old = {
        one: {**row, "_embedded": {"entity": {"id": row["entity_id"]}}}
        for one, row in true.items()
        if row["created_at"] <= settled
    }
    found = differences(
        "events", old, {one: row for one, row in raw.items() if one in old}
    )
    if invented := raw.keys() - true.keys():
        found.append(f"events: {len(invented)} never happened: {sorted(invented)[:3]}")
    return found


def wrong_withs(house: House) -> list[str]:
    """Say for which lists it changed from one question to the next what is shown."""
    return [
        f"{entity} were asked with {dict(withs)}"
        for entity, withs in house.crm.withs.items()
        if len(withs) > 1
    ]


def wrong_counters(house: House) -> list[str]:
    """Say which loads of entities do not balance."""
    loads = house.rows(
        "select load_id, table_name, details from raw._loads where system = 'amocrm' "
        "and outcome = 'loaded' and table_name = any(%s)",
        list(ENTITIES),
    )
    found = []
    for load_id, table, details in loads:
        if details is None or "fetched" not in details:
            continue
        parts = ("repeats", "stale", "new", "changed", "unchanged")
        if details["fetched"] != sum(details[part] for part in parts):
            found.append(f"load {load_id} of {table} does not balance: {details}")
    return found[:3]


def wrong_deletions(house: House) -> list[str]:
    """Say which deletions have no two witnesses, and which rows are wrongly gone."""
    truth, found = house.truth, []
    for entity in present(house, SWEPT):
        gone, seen = house.gone(entity), _ever_shown(house, entity)
        dead = truth.deleted[entity].keys() & seen
        hidden = {one for kind, one in truth.hidden if kind == entity}
        if missed := dead - gone:
            found.append(f"{entity}: {len(missed)} deleted ones live: {min(missed)}")
        if killed := gone - dead - hidden:
            found.append(f"{entity}: {len(killed)} living ones are gone: {min(killed)}")
    return found


def _ever_shown(house: House, entity: str) -> set[int]:
    """Return what the warehouse knows of an entity, living or not."""
    rows = house.rows(f"select id from raw.amocrm__{entity}")
    return {one for (one,) in rows}
