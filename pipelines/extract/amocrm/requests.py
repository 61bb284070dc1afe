"""One request to AmoCRM as it travels through the client, and as its ledger keeps it.

When it is sent, and what its answer means, belongs to `client.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import httpx

from pipelines.extract.amocrm.answers import asked_wait, path_template, server_date
from pipelines.extract.amocrm.transport import Query

# Every user may ask for these; a refusal of one is a ban, or a token without rights.
OPEN_TO_ALL = ("account", "leads", "contacts", "companies", "tasks", "events")

# A server that cannot even make this page has other trouble.
SMALLEST_LIMIT = 25


@dataclass(frozen=True)
class Request:
    """What is asked: `body` is sent as JSON."""

    method: str
    path: str
    table: str
    query: Query = ()
    body: Mapping[str, Any] | None = None

    @property
    def is_large(self) -> bool:
        """Tell whether a smaller page could be asked for."""
        limits = [int(value) for name, value in self.query if name == "limit"]
        return bool(limits) and limits[0] > SMALLEST_LIMIT

    @property
    def needs_rights(self) -> bool:
        """Tell whether a user who may read deals may yet be refused this."""
        return path_template(self.path).removesuffix("/{id}") not in OPEN_TO_ALL

    @property
    def secrets(self) -> list[str]:
        """Return what no error may repeat: the address of a hook holds a secret."""
        return [str(value) for value in (self.body or {}).values()]


@dataclass(frozen=True)
class Call:
    """One request as the ledger keeps it: no ids, no values, no secrets."""

    table: str
    path: str
    status: int | None
    milliseconds: int
    waited_ms: int
    retry_after: float | None
    server_date: datetime | None


def noted(
    request: Request, response: httpx.Response | None, *, seconds: float, waited: float
) -> Call:
    """Return what the ledger keeps of a request and its answer."""
    if response is None:
        status, wait, date = None, None, None
    else:
        status, date = response.status_code, server_date(response)
        wait = asked_wait(response) or None
    return Call(
        table=request.table,
        path=path_template(request.path),
        status=status,
        milliseconds=round(seconds * 1000),
        waited_ms=round(waited * 1000),
        retry_after=wait,
        server_date=date,
    )


class Trouble(Exception):
    """A failure that may be gone at the next try."""

    def __init__(self, message: str, response: httpx.Response | None = None) -> None:
        super().__init__(message)
        self.response = response


class Renewed(Exception):
    """The token was refused, and there is another."""
