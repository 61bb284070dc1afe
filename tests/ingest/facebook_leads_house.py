"""Lead Ads between a small Facebook and a warehouse, for tests of their loading."""

import functools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from urllib.parse import parse_qs

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pipelines.catalog import load_catalog
from pipelines.ingest.facebook.expiries import load_expiries
from pipelines.ingest.facebook.leads import load_leads
from pipelines.ingest.facebook.load import Load, LoadedTable
from pipelines.ingest.facebook.run import opened as opened_loads
from pipelines.load.documents import upsert_documents
from pipelines.load.log import RunInfo
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.graph.faults import Faults
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.world import FacebookWorld
from pipelines.warehouse import connect, prepare
from tests.facebook_world import NOW, TOKEN, lead, lead_form, page, world
from tests.ingest.facebook_house import Pipeline

CATALOG = functools.cache(load_catalog)
PAGE, OTHER_PAGE = "31", "32"
FORM, OTHER_FORM = "41", "42"
PAGE_TOKEN = "the-own-token-of-a-page"


class Door:
    """The emulator behind a list of who came with which token.

    `wants_page_tokens`: forms and leads are refused to any but a page's own token.
    `cuts`: answers of this edge end in the middle, as if that were all. Without
    `lists_pages` the token has pages, but does not list them.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self.tokens: list[tuple[str, str]] = []
        self.wants_page_tokens = False
        self.cuts: str | None = None
        self.lists_pages = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        [token] = parse_qs(scope["query_string"].decode())["access_token"]
        edge = scope["path"].rstrip("/").rpartition("/")[2]
        self.tokens.append((edge, token))
        if self.wants_page_tokens and edge.startswith("lead") and token == TOKEN:
            message = "(#190) This method must be called with a Page Access Token"
            answer = {"error": {"message": message, "code": 190}}
            await JSONResponse(answer, status_code=400)(scope, receive, send)
            return
        if edge == "accounts" and not self.lists_pages:
            await JSONResponse({"data": []})(scope, receive, send)
            return
        if edge == self.cuts:
            send = _cutting(send)
        await self._app(scope, receive, send)


def _cutting(send: Send) -> Send:
    async def cut(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = [one for one in message["headers"] if one[0] != b"content-length"]
            message = {**message, "headers": headers}
        elif body := message.get("body"):
            message = {**message, "body": body[: len(body) - 3]}
        await send(message)

    return cut


class LeadsPipeline(Pipeline):
    """A pipeline that loads nothing but Lead Ads, or the ledger of what ends."""

    door: Door

    def leads(
        self, *, now: datetime = NOW, recent: bool = False
    ) -> dict[str, LoadedTable]:
        loaded: dict[str, LoadedTable] = {}
        self.leads_loaded = loaded
        with self.loads(now=now, recent=recent) as loads:
            for table in load_leads(loads):
                loaded[table.table] = table
        return loaded

    def expiries(
        self, *, now: datetime = NOW, recent: bool = False
    ) -> list[LoadedTable]:
        with self.loads(now=now, recent=recent) as loads:
            return list(load_expiries(loads))

    @contextmanager
    def loads(self, *, now: datetime, recent: bool) -> Iterator[list[Load]]:
        with opened_loads(
            self.warehouse_url,
            self.config,
            run=RunInfo("run", now),
            timer=self.timer,
            on_progress=self.said.append,
        ) as loads:
            yield [replace(load, recent=recent) for load in loads]

    def name_pages(self, of_creative: str, of_ad_set: str) -> None:
        """Store a creative and an ad set that each name a page."""
        account = {"account_id": "act_1001"}
        story = {"object_story_spec": {"page_id": of_creative}}
        promoted = {"promoted_object": {"page_id": of_ad_set}}
        creative = {**account, "creative_id": "1", "payload": story}
        ad_set = {**account, "ad_set_id": "1", "payload": promoted}
        run = RunInfo("run", NOW)
        with self.warehouse.transaction():
            upsert_documents(self.warehouse, "facebook__creatives", [creative], run=run)
            upsert_documents(self.warehouse, "facebook__ad_sets", [ad_set], run=run)

    def asked(self, edge: str) -> list[str]:
        """Return whose edge was asked for, call by call."""
        parts = [call.path.split("/") for call in self.calls]
        return [part[0] for part in parts if part[-1] == edge]

    def stored(self, form_id: str | None = None) -> list[str]:
        rows = self.rows(
            "select lead_id from raw.facebook__leads where _deleted_at is null "
            "and form_id = coalesce(%s, form_id) order by created_at, lead_id",
            form_id,
        )
        return [lead_id for (lead_id,) in rows]

    def ledger(self, kind: str) -> list[tuple]:
        return self.rows(
            "select subject, expires_at, payload from raw.facebook__expiries "
            "where kind = %s and _deleted_at is null order by subject",
            kind,
        )


@contextmanager
def opened(
    facebook: FacebookWorld,
    warehouse_url: str,
    page_size: int = 500,
    app_secret: str | None = None,
) -> Iterator[LeadsPipeline]:
    with connect(warehouse_url) as connection:
        prepare(connection, CATALOG())
    faults = Faults()
    app = facebook_app(
        facebook, faults=faults, page_size=page_size, app_secret=app_secret
    )
    door = Door(app)
    with serve(door) as url:
        pipeline = LeadsPipeline(warehouse_url, url, faults, app)
        pipeline.door = door
        pipeline.config = replace(pipeline.config, app_secret=app_secret)
        with pipeline.warehouse:
            yield pipeline


def with_form(*, counted: int | None = None, leads: int = 5) -> FacebookWorld:
    """Return a page with a form whose leads came hour by hour until yesterday."""
    facebook = world()
    facebook.pages.append(page(PAGE, access_token=PAGE_TOKEN, tasks=["ADVERTISE"]))
    facebook.lead_forms.append(lead_form(FORM, PAGE))
    for number in range(leads):
        moment = f"2026-01-05T{number:02}:00:00+0000"
        add_lead(facebook, str(500 + number), moment, ad_id="10010000")
    if counted is not None:
        facebook.lead_forms[0]["leads_count"] = counted
    return facebook


def add_lead(
    facebook: FacebookWorld, lead_id: str, moment: str, form: str = FORM, **more: str
) -> None:
    """Let somebody fill a form in, and Facebook count it."""
    facebook.leads.append(lead(lead_id, form, moment, **more))
    [counts] = [one for one in facebook.lead_forms if one["id"] == form]
    counts["leads_count"] += 1
    counts["organic_leads_count"] += not more
