"""When a token ends, by Facebook's word, and when an API version does, by its table.

What becomes of the answers, and what else ends, belongs to
`ingest/facebook/expiries.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import GraphError

# The day on which each version of the Marketing API stops, from the public table
# developers.facebook.com/docs/marketing-api/marketing-api-changelog/versions, as read
# in autumn 2026. None: Meta has not named a day; it gives at least 90 days' notice.
VERSION_ENDS: Mapping[str, date | None] = {
    "v18.0": date(2024, 8, 13),
    "v19.0": date(2025, 2, 4),
    "v20.0": date(2025, 5, 6),
    "v21.0": date(2025, 9, 9),
    "v22.0": date(2026, 2, 19),
    "v23.0": date(2026, 6, 9),
    "v24.0": date(2026, 10, 6),
    "v25.0": None,
    "v26.0": None,
}
# What of a token is kept: nothing that opens anything or names a person.
TOKEN_FACTS = ("type", "app_id", "is_valid", "scopes")


@dataclass(frozen=True)
class TokenFacts:
    """What Facebook says of a token; None = it does not end.

    `error` says why it is not known.
    """

    expires_at: datetime | None = None
    data_access_expires_at: datetime | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)
    error: str | None = None


def read_token(client: GraphClient, token: str) -> TokenFacts:
    """Ask what a token is, with the token itself; never raises for a refusal."""
    try:
        answer = client.get(("debug_token",), {"input_token": token})
    except GraphError as error:
        return TokenFacts(error=str(error))
    data = answer.get("data")
    if not isinstance(data, Mapping) or "is_valid" not in data:
        return TokenFacts(error="the answer says nothing of the token")
    facts = {name: data[name] for name in TOKEN_FACTS if name in data}
    if not data["is_valid"]:
        said = data.get("error")
        message = said.get("message") if isinstance(said, Mapping) else None
        return TokenFacts(facts=facts, error=str(message or "the token is not valid"))
    return TokenFacts(
        _moment(data.get("expires_at")),
        _moment(data.get("data_access_expires_at")),
        facts,
    )


def version_end(version: str) -> datetime | None:
    """Return when an API version stops; None when no day is known."""
    day = VERSION_ENDS.get(version)
    return datetime.combine(day, time(), tzinfo=UTC) if day else None


def _moment(value: object) -> datetime | None:
    """Read Unix seconds; 0 means never."""
    if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
        return None
    try:
        return datetime.fromtimestamp(value, UTC)
    except (OverflowError, ValueError, OSError):
        return None
