"""Facebook Ads, read: accounts, objects and day insights as documents for raw tables.

A document holds the key columns of its raw table and the object as `payload`. Which
accounts and which days are read belongs to `ingest/facebook.py`.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Protocol

from pipelines.errors import ProtocolError
from pipelines.extract.facebook import fields
from pipelines.extract.facebook.client import Document
from pipelines.extract.facebook.errors import SYSTEM, GraphError, Kind, source_error

Window = tuple[date, date]
Batch = list[Document]


class Client(Protocol):
    """What the extractor needs of `client.GraphClient`."""

    def node(self, node_id: str, fields: tuple[str, ...]) -> Document: ...

    def pages(
        self, path: tuple[str, ...], params: Mapping[str, Any]
    ) -> Iterator[list[Document]]: ...


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


class FacebookExtractor:
    """Reads one credential's accounts; raises the project's errors only."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def account(self, account_id: str) -> Document:
        """Read one account; AccountDenied when the token does not reach it."""
        with _as_source_error("accounts", account_id):
            payload = self._client.node(account_id, fields.ACCOUNT)
        if not payload.get("timezone_name"):
            raise _broken("accounts", account_id, "the account has no timezone_name")
        return {"account_id": account_id, "payload": payload}

    def objects(self, account_id: str, edge: Edge) -> Iterator[Batch]:
        """Read all objects of an edge except the deleted, in batches of a page.

        An object that moved between two pages comes twice; the later one is newer.
        """
        params: dict[str, Any] = {"fields": ",".join(edge.fields), "summary": True}
        if edge.statuses:
            params["effective_status"] = list(edge.statuses)
        with _as_source_error(edge.table, account_id):
            for page in self._client.pages((account_id, edge.path), params):
                yield [_object(account_id, edge, row) for row in page]

    def deleted_object(
        self, account_id: str, edge: Edge, object_id: str
    ) -> Document | None:
        """Read an object that the lists no longer hold; None when it is gone."""
        with _as_source_error(edge.table, account_id):
            try:
                payload = self._client.node(object_id, edge.fields)
            except GraphError as error:
                if (error.code, error.subcode) == NOT_FOUND:
                    return None
                raise
        return _object(account_id, edge, payload)

    def ad_insights(self, account_id: str, window: Window) -> Iterator[Batch]:
        """Read a row per ad and day of the account's zone, deleted ads included."""
        params = {
            "level": "ad",
            "fields": ",".join(fields.AD_INSIGHTS),
            "filtering": [
                {
                    "field": "ad.effective_status",
                    "operator": "IN",
                    "value": list(fields.INSIGHTS_AD_STATUSES),
                }
            ],
        }
        return self._insights("ad_insights", account_id, window, params, ["ad_id"])

    def account_insights(self, account_id: str, window: Window) -> Iterator[Batch]:
        """Read the account's own total of each day: no status filter, all its ads."""
        params = {"level": "account", "fields": ",".join(fields.ACCOUNT_INSIGHTS)}
        return self._insights("account_insights", account_id, window, params, [])

    def _insights(
        self,
        table: str,
        account_id: str,
        window: Window,
        params: Mapping[str, Any],
        keys: Sequence[str],
    ) -> Iterator[Batch]:
        def rows_between(days: Window) -> Iterator[Batch]:
            asked = {
                **params,
                "time_increment": 1,
                "time_range": {"since": str(days[0]), "until": str(days[1])},
            }
            for page in self._client.pages((account_id, "insights"), asked):
                yield [_insight(table, account_id, row, keys) for row in page]

        with _as_source_error(table, account_id, window):
            yield from _in_halves(rows_between, window)


def _in_halves(
    read: Callable[[Window], Iterator[Batch]], window: Window
) -> Iterator[Batch]:
    """Read a window; halve it while Facebook calls it too large.

    Rows that came before a refusal come again; the reader keeps the last of each key.
    """
    try:
        yield from read(window)
    except GraphError as error:
        if error.kind is not Kind.TOO_LARGE or window[0] == window[1]:
            raise
    else:
        return
    middle = window[0] + (window[1] - window[0]) // 2
    yield from _in_halves(read, (window[0], middle))
    yield from _in_halves(read, (middle + timedelta(days=1), window[1]))


def _object(account_id: str, edge: Edge, row: Document) -> Document:
    keys = {column: row.get(field) for column, field in edge.keys.items()}
    if not keys[edge.id_column]:
        raise _broken(edge.table, account_id, "an object has no id")
    return {**keys, "account_id": account_id, "payload": row}


def _insight(
    table: str, account_id: str, row: Document, keys: Sequence[str]
) -> Document:
    day = row.get("date_start")
    if not day or row.get("date_stop") != day:
        raise _broken(table, account_id, f"a row spans {day}..{row.get('date_stop')}")
    owner = str(row.get("account_id") or account_id)
    if owner.removeprefix("act_") != account_id.removeprefix("act_"):
        raise _broken(table, account_id, f"a row belongs to account {owner}")
    if missing := [key for key in keys if not row.get(key)]:
        raise _broken(table, account_id, f"a row has no {', '.join(missing)}")
    return {
        "account_id": account_id,
        **{key: row[key] for key in keys},
        "stat_date": date.fromisoformat(day),
        "payload": row,
    }


@contextlib.contextmanager
def _as_source_error(
    table: str, account_id: str, window: Window | None = None
) -> Iterator[None]:
    days = f"{window[0]}..{window[1]}" if window else None
    try:
        yield
    except GraphError as error:
        refused = source_error(error, table=table, account_id=account_id, window=days)
        raise refused from None


def _broken(table: str, account_id: str, message: str) -> ProtocolError:
    return ProtocolError(
        message,
        system=SYSTEM,
        table=table,
        window=account_id,
        remedy="Facebook's answer has changed its shape; look at it before loading",
    )
