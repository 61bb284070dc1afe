"""The address of the feed of events, with its own rules for filters and limits.

What an event looks like belongs to `feed.py`.
"""

from starlette.requests import Request
from starlette.responses import Response

from pipelines.sandbox.amocrm_filters import chooser, values
from pipelines.sandbox.crm import refusals
from pipelines.sandbox.crm.pages import events_limit, one_page, whole
from pipelines.sandbox.crm.state import Crm
from pipelines.sandbox.php import Array, parse_query
from pipelines.sandbox.story.world import Document

MAX_ENTITY_IDS = 10
STANDARD_TYPES = (
    "lead_added", "lead_deleted", "lead_restored", "lead_status_changed",
    "lead_linked", "lead_unlinked", "contact_added", "contact_deleted",
    "contact_restored", "company_added", "company_deleted", "company_restored",
    "task_added", "task_deleted", "task_completed", "task_text_changed",
    "entity_tag_added", "entity_tag_deleted", "entity_linked", "entity_unlinked",
    "sale_field_changed", "name_field_changed", "entity_responsible_changed",
    "entity_merged",
)  # fmt: skip


class FeedList:
    """Endpoints of the feed."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm

    async def events(self, request: Request) -> Response:
        """Answer events, newest first."""
        behaviour = self._crm.behaviour
        given = parse_query(request.url.query).get("filter")
        wanted = given if isinstance(given, dict) else {}
        if refusal := _refused(wanted):
            return refusal
        if behaviour.ignores_filters:
            wanted = {}
        rows = [row for row in self._told() if _passes(row, wanted)]
        chosen = chooser({name: one for name, one in wanted.items() if name != "type"})
        rows = [row for row in rows if chosen(_plain(row))]
        rows.sort(key=lambda row: (row["created_at"], row["id"]), reverse=True)
        limit = events_limit(request, behaviour)
        return one_page(request, "events", rows, behaviour=behaviour, limit=limit)

    async def types(self, request: Request) -> Response:
        """Answer every type on one page, those of the custom fields included."""
        keys = [*STANDARD_TYPES]
        for fields in self._crm.world.custom_fields.values():
            keys += [f"custom_field_{field['id']}_value_changed" for field in fields]
        rows = [{"key": key, "type": place, "lang": key.replace("_", " ")}
                for place, key in enumerate(keys, start=1)]  # fmt: skip
        return whole(request, "events_types", rows, behaviour=self._crm.behaviour)

    def _told(self) -> list[Document]:
        """Return the events that the feed shows by now: it lags some seconds."""
        events, living = self._crm.world.events, self._crm.living
        lag = self._crm.behaviour.events_lag_seconds
        if not lag or living is None:
            return events
        return [row for row in events if row["created_at"] + lag <= living.now()]


def _refused(wanted: Array) -> Response | None:
    types = values(wanted.get("type"))
    if len(types) > 1 and any(_is_custom(name) for name in types):
        detail = "a custom field's event is the only type of its request"
        return refusals.invalid("filter.type", detail)
    if len(values(wanted.get("entity_id"))) > MAX_ENTITY_IDS:
        detail = f"more than {MAX_ENTITY_IDS} entities"
        return refusals.invalid("filter.entity_id", detail)
    return None


def _is_custom(name: str) -> bool:
    return name.startswith("custom_field_") and name.endswith("_value_changed")


def _passes(row: Document, wanted: Array) -> bool:
    types, entities = values(wanted.get("type")), values(wanted.get("entity"))
    return (not types or row["type"] in types) and (
        not entities or row["entity_type"] in entities
    )


def _plain(row: Document) -> Document:
    """Return what the filters of events look at: their range is of creation only."""
    return {name: row.get(name) for name in ("id", "created_at", "created_by",
                                             "entity_id")}  # fmt: skip
