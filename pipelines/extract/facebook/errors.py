"""Facebook's refusals: one table from error codes to what we do about them.

How long to wait belongs to `pacing.py`, how often to try to `client.py`.
"""

from dataclasses import dataclass
from enum import StrEnum

from pipelines.errors import (
    AuthError,
    ProtocolError,
    RateLimited,
    SourceError,
    SourceUnreachable,
)

SYSTEM = "facebook"


class Kind(StrEnum):
    """What an error asks of us."""

    RATE = "rate"
    TOO_LARGE = "too large"
    TRANSIENT = "transient"
    AUTH = "auth"
    PERMISSION = "permission"
    CONFIG = "config"
    BROKEN = "broken"


class GraphError(Exception):
    """One refused or broken call, classified; its text holds no credentials."""

    def __init__(
        self,
        message: str,
        *,
        kind: Kind,
        code: int | None = None,
        subcode: int | None = None,
        wait_seconds: float = 0,
    ) -> None:
        self.message = message
        self.kind = kind
        self.code = code
        self.subcode = subcode
        self.wait_seconds = wait_seconds
        super().__init__(f"{_number(code, subcode)}{message}")


class TokenRefused(AuthError):
    """The token itself is wrong or expired: no account can be read with it."""


class AccountDenied(AuthError):
    """The token is fine, but this account is not in its reach."""


@dataclass(frozen=True)
class Rule:
    """A row of the table: which errors it means, and their kind.

    No subcodes: any subcode. `words` must be in the message. `young_job` rows hold only
    for the result of a report run that was created minutes ago.
    """

    kind: Kind
    codes: frozenset[int]
    subcodes: frozenset[int] = frozenset()
    words: str = ""
    young_job: bool = False


def _codes(*codes: int | range) -> frozenset[int]:
    spans = (code if isinstance(code, range) else (code,) for code in codes)
    return frozenset(number for span in spans for number in span)


# The first row that fits decides.
RULES = (
    Rule(Kind.TOO_LARGE, _codes(100), _codes(1487534, 1504018)),
    Rule(Kind.TOO_LARGE, _codes(2), _codes(1504038)),
    Rule(Kind.TOO_LARGE, _codes(-3), _codes(1504045)),
    Rule(Kind.TOO_LARGE, _codes(-2), _codes(2490547)),
    Rule(Kind.TOO_LARGE, _codes(1), words="reduce the amount of data"),
    Rule(Kind.TOO_LARGE, _codes(960)),
    Rule(Kind.RATE, _codes(4, 17, 32, 341, 613, range(80000, 80007), 80008, 80014)),
    Rule(Kind.CONFIG, _codes(2), _codes(1504041, 1504042)),
    Rule(Kind.TRANSIENT, _codes(1, 2, 99, 104)),
    Rule(Kind.TRANSIENT, _codes(100), words="in summary param"),
    Rule(Kind.TRANSIENT, _codes(2601), _codes(1815107), young_job=True),
    Rule(Kind.TRANSIENT, _codes(100), _codes(33), young_job=True),
    Rule(Kind.AUTH, _codes(190, 102)),
    Rule(Kind.PERMISSION, _codes(10, range(200, 300), 3191001)),
    Rule(Kind.PERMISSION, _codes(100), _codes(33)),
    Rule(Kind.CONFIG, _codes(100, 2500, 2635, 3018)),
)

REMEDIES = {
    2635: "this Graph API version has ended: set FACEBOOK_API_VERSION to a living one",
    3018: "Facebook keeps 37 months: start the window later",
}


def classify(
    code: int | None,
    *,
    subcode: int | None = None,
    message: str = "",
    status: int = 400,
    young_job: bool = False,
) -> Kind:
    """Tell what an error asks of us; an unknown code is final unless HTTP says 5xx."""
    for rule in RULES:
        if (
            code in rule.codes
            and (not rule.subcodes or subcode in rule.subcodes)
            and rule.words in message
            and (young_job or not rule.young_job)
        ):
            return rule.kind
    if status == 429:
        return Kind.RATE
    return Kind.TRANSIENT if code is None or status >= 500 else Kind.CONFIG


def source_error(
    error: GraphError, *, table: str, account_id: str, window: str | None = None
) -> SourceError:
    """Turn a refused call into the project's error, with what to do next."""
    where = f"{account_id} {window}" if window else account_id
    cls, remedy = _MEANINGS[error.kind]
    return cls(
        str(error),
        system=SYSTEM,
        table=table,
        window=where,
        remedy=REMEDIES.get(error.code or 0, remedy),
    )


_MEANINGS: dict[Kind, tuple[type[SourceError], str]] = {
    Kind.RATE: (
        RateLimited,
        "the limit did not lift while this run may wait; the next run closes the gap",
    ),
    Kind.TOO_LARGE: (
        ProtocolError,
        "Facebook refuses even the smallest question; ask for this window later",
    ),
    Kind.TRANSIENT: (
        SourceUnreachable,
        "Facebook kept failing; the next run closes the gap",
    ),
    Kind.AUTH: (
        TokenRefused,
        "make a new token and set FACEBOOK_ACCESS_TOKEN",
    ),
    Kind.PERMISSION: (
        AccountDenied,
        "give the token's system user access to this account, or take it off the lists",
    ),
    Kind.CONFIG: (
        ProtocolError,
        "the question is wrong for this API version; the text says where",
    ),
    Kind.BROKEN: (
        ProtocolError,
        "Facebook's pages cannot be followed to their end; nothing was replaced",
    ),
}


def _number(code: int | None, subcode: int | None) -> str:
    if code is None:
        return ""
    return f"error {code}/{subcode}: " if subcode is not None else f"error {code}: "
