"""Facebook Ads, read: accounts, objects and day insights as documents for raw tables.

A document holds the key columns of its raw table and the object as `payload`. Which
accounts and which days are read belongs to `ingest/facebook/`.
"""

import contextlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from pipelines.errors import ProtocolError
from pipelines.extract.facebook import fields
from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import SYSTEM, GraphError, source_error
from pipelines.extract.facebook.insights import InsightsReader
from pipelines.extract.facebook.pacing import SystemTimer
from pipelines.extract.facebook.pages import Document
from pipelines.extract.facebook.questions import (
    Question,
    Reading,
    Report,
    Window,
)


@dataclass(frozen=True)
class Edge:
    """A list of objects that an account has, and the raw table it becomes.

    `keys` names the payload's field for each key column; the account's comes by itself.
    """

    table: str
    path: str
    fields: tuple[str, ...]
    keys: Mapping[str, str]
    statuses: tuple[str, ...] = ()

    @property
    def id_column(self) -> str:
        return next(iter(self.keys))


CAMPAIGNS = Edge(
    "campaigns",
    "campaigns",
    fields.CAMPAIGN,
    {"campaign_id": "id"},
    fields.CAMPAIGN_STATUSES,
)
AD_SETS = Edge(
    "ad_sets",
    "adsets",
    fields.AD_SET,
    {"ad_set_id": "id", "campaign_id": "campaign_id"},
    fields.AD_SET_STATUSES,
)
ADS = Edge(
    "ads",
    "ads",
    fields.AD,
    {"ad_id": "id", "campaign_id": "campaign_id", "ad_set_id": "adset_id"},
    fields.AD_STATUSES,
)
CREATIVES = Edge("creatives", "adcreatives", fields.CREATIVE, {"creative_id": "id"})
EDGES = (CAMPAIGNS, AD_SETS, ADS, CREATIVES)
NOT_FOUND = (100, 33)
# What casts accept everywhere: money up to 15 digits, counts up to 18.
MONEY = re.compile(r"[+-]?(\d{1,15}(\.\d{0,30})?|\.\d{1,30})([eE]-\d{1,2})?", re.A)
COUNT = re.compile(r"\d{1,18}(\.0*)?", re.A)
FIGURES = {
    "spend": MONEY,
    "impressions": COUNT,
    "clicks": COUNT,
    "inline_link_clicks": COUNT,
    "reach": COUNT,
}
# "13:00:00 - 13:59:59"
HOUR = re.compile(r"([01][0-9]|2[0-3]):")


@dataclass(frozen=True)
class Listing:
    """An edge as it was read; incomplete when Facebook counts more than it gave."""

    rows: dict[str, Document]
    total_count: int | None

    @property
    def is_complete(self) -> bool:
        return self.total_count is None or len(self.rows) >= self.total_count


class FacebookExtractor:
    """Reads one credential's accounts; raises the project's errors only."""

    def __init__(
        self, client: GraphClient, reader: InsightsReader | None = None
    ) -> None:
        self.client = client
        self._reader = reader or InsightsReader(client, SystemTimer())

    def account(self, account_id: str) -> Document:
        """Read one account; AccountDenied when the token does not reach it."""
        with as_source_error("accounts", account_id):
            payload = self.client.node(
                account_id, fields.ACCOUNT, account_id=account_id
            )
        if not _text("accounts", account_id, "zone", payload.get("timezone_name")):
            raise broken("accounts", account_id, "the account has no timezone_name")
        return {"account_id": account_id, "payload": payload}

    def objects(self, account_id: str, edge: Edge) -> Listing:
        """Read all objects of an edge except the deleted, by id.

        An object that moved between two pages comes twice; the later one is newer.
        """
        params: dict[str, Any] = {"fields": ",".join(edge.fields), "summary": True}
        if edge.statuses:
            params["effective_status"] = list(edge.statuses)
        rows: dict[str, Document] = {}
        total: int | None = None
        with as_source_error(edge.table, account_id):
            for page in self.client.pages(
                (account_id, edge.path), params, account_id=account_id
            ):
                total = page.total_count if page.total_count is not None else total
                for row in page.rows:
                    document = _object(account_id, edge, row)
                    rows[document[edge.id_column]] = document
        return Listing(rows, total)

    def object(self, account_id: str, edge: Edge, object_id: str) -> Document | None:
        """Read an object that the lists do not hold; None when it is gone."""
        with as_source_error(edge.table, account_id):
            try:
                payload = self.client.node(
                    object_id, edge.fields, account_id=account_id
                )
            except GraphError as error:
                if (error.code, error.subcode) == NOT_FOUND:
                    return None
                raise
        return _object(account_id, edge, payload)

    def begin_with(self, account_id: str, step: str) -> None:
        """Begin an account's insights on the step that worked for it before."""
        self._reader.begin_with(account_id, step)

    def insights(
        self, account_id: str, report: Report, window: Window
    ) -> tuple[list[Document], Reading]:
        """Read a report on some days of the account's zone, with what it took."""
        question = Question(account_id, report, window)
        with as_source_error(report.table, account_id, window):
            reading = self._reader.read(question)
        rows = [_insight(question, row) for row in reading.rows.values()]
        return rows, reading


def _object(account_id: str, edge: Edge, row: Document) -> Document:
    keys = {
        column: _text(edge.table, account_id, field, row.get(field))
        for column, field in edge.keys.items()
    }
    if not keys[edge.id_column]:
        raise broken(edge.table, account_id, "an object has no id")
    return {**keys, "account_id": account_id, "payload": row}


def _insight(question: Question, row: Document) -> Document:
    table, account_id = question.report.table, question.account_id
    day = row.get("date_start")
    if not day or row.get("date_stop") != day:
        raise broken(table, account_id, f"a row spans {day}..{row.get('date_stop')}")
    owner = _text(table, account_id, "account_id", row.get("account_id")) or account_id
    if owner.removeprefix("act_") != account_id.removeprefix("act_"):
        raise broken(table, account_id, f"a row belongs to account {owner}")
    try:
        stat_date = date.fromisoformat(day)
    except (TypeError, ValueError):
        raise broken(table, account_id, f"a row has the day {day!r}") from None
    if not question.window[0] <= stat_date <= question.window[1]:
        raise broken(table, account_id, f"a row of {day} was not asked for")
    for name, shape in FIGURES.items():
        if not _is_like(shape, row.get(name)):
            text = f"a row of {day} has a figure that is no number: {name}"
            raise broken(table, account_id, text)
    return {
        "account_id": account_id,
        **dict(_key_columns(question, row)),
        "stat_date": stat_date,
        "payload": row,
    }


def _key_columns(question: Question, row: Document) -> Iterator[tuple[str, str]]:
    table, account_id = question.report.table, question.account_id
    for key in question.report.keys:
        value = _text(table, account_id, key, row.get(key))
        if not value:
            raise broken(table, account_id, f"a row has no {key}")
        if key != fields.HOUR:
            yield key, value
        elif match := HOUR.match(value):
            yield "hour", match[1]
        else:
            raise broken(table, account_id, f"a row has the hour {value!r}")


def _text(table: str, account_id: str, name: str, value: object) -> str | None:
    """Return an id as text; Facebook may send it as a number."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise broken(table, account_id, f"{name} is a {type(value).__name__}")


def _is_like(shape: re.Pattern[str], value: object) -> bool:
    """Tell whether a figure can be added up, also by SQL; an absent one can."""
    return value is None or (
        not isinstance(value, bool) and shape.fullmatch(str(value)) is not None
    )


@contextlib.contextmanager
def as_source_error(
    table: str, account_id: str, window: Window | None = None
) -> Iterator[None]:
    """Turn a refusal by Facebook into the project's error, with its place."""
    days = f"{window[0]}..{window[1]}" if window else None
    try:
        yield
    except GraphError as error:
        refused = source_error(error, table=table, account_id=account_id, window=days)
        raise refused from None


def broken(table: str, account_id: str, message: str) -> ProtocolError:
    """Return the error of an answer whose shape is not what Facebook documents."""
    return ProtocolError(
        message,
        system=SYSTEM,
        table=table,
        window=account_id,
        remedy="Facebook's answer has changed its shape; look at it before loading",
    )
