"""What an answer shows of a document: only what was asked for with `with`.

The documents themselves belong to the world and to `living.py`.
"""

from typing import Any

from pipelines.sandbox.crm.behaviour import Behaviour
from pipelines.sandbox.story.world import AmocrmWorld, Document

# What a deal or a contact embeds without being asked to.
ALWAYS_EMBEDDED = {"tags", "companies"}
# What is embedded when it is asked for, empty or not.
LISTS = {
    "leads": ("contacts", "catalog_elements"),
    "contacts": ("leads", "catalog_elements", "customers"),
    "companies": ("leads", "contacts", "catalog_elements", "customers"),
}
# Fields of a deal that are shown only when asked for.
ON_REQUEST = {"source_id": None, "is_price_modified_by_robot": False}
CLOCK = {
    "date_pattern": "d.m.Y H:i",
    "short_date_pattern": "d.m.Y",
    "short_time_pattern": "H:i",
    "date_format": "d.m.Y",
    "time_format": "H:i:s",
    "timezone": "Asia/Almaty",
    "timezone_offset": "+05:00",
}


def asked_for(query: Any) -> set[str]:  # noqa: ANN401 - a mapping of texts
    return set(query.get("with", "").split(",")) - {""}


def show_entity(
    entity: str,
    document: Document,
    wanted: set[str],
    *,
    world: AmocrmWorld,
    behaviour: Behaviour,
) -> Document:
    """Return a deal, a contact or a company as an answer shows it."""
    shown = dict(document)
    embedded: Document = dict(shown.pop("_embedded", None) or {})
    for name in LISTS.get(entity, ()):
        if name in wanted:
            embedded.setdefault(name, [])
    if entity == "leads":
        for name, nothing in ON_REQUEST.items():
            if name in wanted:
                shown.setdefault(name, nothing)
            else:
                shown.pop(name, None)
        if "loss_reason" in wanted:
            _embed_reason(embedded, shown, world, behaviour)
        if "source" in wanted:
            found = [
                row for row in world.sources if row["id"] == shown.get("source_id")
            ]
            embedded.setdefault("source", found[0] if found else None)
    kept = keep_embedded(embedded, ALWAYS_EMBEDDED | wanted)
    return shown | ({"_embedded": kept} if kept else {})


def show_account(account: Document, wanted: set[str], behaviour: Behaviour) -> Document:
    """Return the account; what is asked for stands embedded or beside its name."""
    shown = dict(account)
    embedded: Document = dict(shown.pop("_embedded", None) or {})
    defaults: Document = {
        "datetime_settings": CLOCK,
        "users_groups": [{"id": 0, "name": "Sales", "uuid": None}],
        "task_types": [
            {"id": 1, "name": "Звонок", "code": "FOLLOW_UP"},
            {"id": 2, "name": "Встреча", "code": "MEETING"},
        ],
    }
    for name in wanted & defaults.keys():
        embedded.setdefault(name, defaults[name])
    beside = {
        "is_api_filter_enabled": not behaviour.ignores_filters,
        "version": 12,
        "amojo_id": "00000000-0000-4000-8000-000000000000",
    }
    shown |= {name: beside[name] for name in sorted(wanted & beside.keys())}
    kept = keep_embedded(embedded, wanted)
    return shown | ({"_embedded": kept} if kept else {})


def keep_embedded(embedded: Document, wanted: set[str]) -> Document:
    return {name: rows for name, rows in embedded.items() if name in wanted}


def _embed_reason(
    embedded: Document, lead: Document, world: AmocrmWorld, behaviour: Behaviour
) -> None:
    """Embed the reason, unless the world did, in one of the manual's two forms."""
    if "loss_reason" in embedded:
        return
    reason_id = lead.get("loss_reason_id")
    found = [dict(row) for row in world.loss_reasons if row["id"] == reason_id]
    if behaviour.loss_reason_shape == "list":
        embedded["loss_reason"] = found
    elif found:
        embedded["loss_reason"] = found[0]
