"""The lists of AmoCRM: deals, people, tasks, and the dictionaries around them.

The feed of events belongs to `feed_list.py`, what a document shows to `showing.py`.
"""

from collections.abc import Collection

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipelines.sandbox.amocrm_filters import ORDERS, TASK_ORDERS, chooser, ordered
from pipelines.sandbox.crm import refusals
from pipelines.sandbox.crm.pages import one_page, whole
from pipelines.sandbox.crm.showing import asked_for, show_account, show_entity
from pipelines.sandbox.crm.state import Crm
from pipelines.sandbox.php import Array, parse_query
from pipelines.sandbox.story.world import Document

UNSORTED = 1


class Lists:
    """Endpoints that answer rows of the world."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self._world = crm.world
        self._behaviour = crm.behaviour

    async def account(self, request: Request) -> Response:
        wanted = asked_for(request.query_params)
        shown = show_account(self._world.account, wanted, self._behaviour)
        return JSONResponse(shown | {"_links": {"self": {"href": str(request.url)}}})

    async def users(self, request: Request) -> Response:
        return self._rows(request, "users", self._world.users)

    async def pipelines(self, request: Request) -> Response:
        return self._whole(request, "pipelines", self._world.pipelines)

    async def loss_reasons(self, request: Request) -> Response:
        return self._rows(request, "loss_reasons", self._world.loss_reasons)

    async def sources(self, request: Request) -> Response:
        if not self._world.sources:
            return Response(status_code=204)
        return self._whole(request, "sources", self._world.sources)

    async def fields(self, request: Request) -> Response:
        entity = request.url.path.split("/")[-2]
        return self._rows(request, "custom_fields", self._fields(entity))

    async def catalog_fields(self, request: Request) -> Response:
        entity = f"catalogs/{request.path_params['catalog_id']}"
        return self._rows(request, "custom_fields", self._fields(entity))

    async def tags(self, request: Request) -> Response:
        entity = request.url.path.split("/")[-2]
        return self._rows(request, "tags", self._world.tags.get(entity, []))

    async def catalogs(self, request: Request) -> Response:
        return self._rows(request, "catalogs", self._world.catalogs)

    async def elements(self, request: Request) -> Response:
        """Answer the elements of one list, of which pages may reach only some."""
        catalog_id = request.path_params["catalog_id"]
        if all(row["id"] != catalog_id for row in self._world.catalogs):
            return refusals.problem(404, "Not Found", "there is no such list")
        rows = [
            row
            for row in self._world.catalog_elements
            if row.get("catalog_id") == catalog_id
        ]
        chosen = self._chosen(request, rows)
        return self._rows(request, "elements", chosen[: self._behaviour.reachable])

    async def leads(self, request: Request) -> Response:
        wanted = asked_for(request.query_params)
        if "only_deleted" in wanted and not self._behaviour.ignores_only_deleted:
            return self._entities(request, "leads", self._world.trashed)
        return self._entities(request, "leads", self._living_leads())

    async def contacts(self, request: Request) -> Response:
        return self._entities(request, "contacts", self._world.contacts)

    async def companies(self, request: Request) -> Response:
        return self._entities(request, "companies", self._world.companies)

    async def tasks(self, request: Request) -> Response:
        by_update = self._behaviour.tasks_order_by_update
        orders = {*TASK_ORDERS, *(ORDERS if by_update else ())}
        rows = self._chosen(request, self._world.tasks, orders=orders)
        return self._rows(request, "tasks", rows)

    async def one(self, request: Request) -> Response:
        """Answer one document by its address."""
        entity = request.url.path.split("/")[-2]
        entity_id = request.path_params["entity_id"]
        world = self._world
        lists = {
            "contacts": world.contacts,
            "companies": world.companies,
            "tasks": world.tasks,
        }
        rows = self._living_leads() if entity == "leads" else lists[entity]
        for row in rows:
            if row["id"] == entity_id:
                shown = self._shown(request, entity, row)
                self_link = {"self": {"href": str(request.url)}}
                return JSONResponse(shown | {"_links": self_link})
        return self._gone(entity, entity_id)

    def _gone(self, entity: str, entity_id: int) -> Response:
        match self._behaviour.deleted_lead_by_id:
            case "404":
                return refusals.problem(404, "Not Found", "there is no such document")
            case "stub":
                for stub in self._world.trashed if entity == "leads" else ():
                    if stub["id"] == entity_id:
                        return JSONResponse(stub)
        return Response(status_code=204)

    def _living_leads(self) -> list[Document]:
        gone = {stub["id"] for stub in self._world.trashed}
        rows = [row for row in self._world.leads if row["id"] not in gone]
        if self._behaviour.unsorted_in_leads:
            return rows
        unsorted = {
            (pipeline["id"], stage["id"])
            for pipeline in self._world.pipelines
            for stage in pipeline["_embedded"]["statuses"]
            if stage.get("type") == UNSORTED
        }
        return [
            row
            for row in rows
            if (row.get("pipeline_id"), row.get("status_id")) not in unsorted
        ]

    def _entities(self, request: Request, name: str, rows: list[Document]) -> Response:
        chosen = self._chosen(request, rows)
        return one_page(
            request,
            name,
            chosen,
            behaviour=self._behaviour,
            show=lambda row: self._shown(request, name, row),
        )

    def _chosen(
        self,
        request: Request,
        rows: list[Document],
        *,
        orders: Collection[str] = ORDERS,
    ) -> list[Document]:
        query = parse_query(request.url.query)
        order = None if self._behaviour.orders_ignored else query.get("order")
        passes = chooser(self._filters(query))
        return ordered((row for row in rows if passes(row)), order, orders=orders)

    def _filters(self, query: Array) -> Array:
        wanted = query.get("filter")
        if self._behaviour.ignores_filters or not isinstance(wanted, dict):
            return {}
        return wanted

    def _shown(self, request: Request, entity: str, row: Document) -> Document:
        wanted = asked_for(request.query_params)
        return show_entity(
            entity, row, wanted, world=self._world, behaviour=self._behaviour
        )

    def _fields(self, entity: str) -> list[Document]:
        return self._world.custom_fields.get(entity, [])

    def _whole(self, request: Request, name: str, rows: list[Document]) -> Response:
        return whole(request, name, rows, behaviour=self._behaviour)

    def _rows(self, request: Request, name: str, rows: list[Document]) -> Response:
        return one_page(request, name, rows, behaviour=self._behaviour)
