"""Facebook's refusals: one table from error codes to what we do about them.

How long to wait belongs to `pacing.py`, how often to try to `client.py`.
"""

from collections.abc import Mapping
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
    FAILING = "failing"
    JOB = "job"


class GraphError(Exception):
    """One refused or broken call, classified; its text holds no credentials.

    `headers` are the answer's rate headers. `wait_seconds` is set where the call was
    not made because a limit lifts only then.
    """

    def __init__(
        self,
        message: str,
        *,
        kind: Kind,
        code: int | None = None,
        subcode: int | None = None,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
        wait_seconds: float = 0,
    ) -> None:
        self.message = message
        self.kind = kind
        self.code = code
        self.subcode = subcode
        self.status = status
        self.headers = headers or {}
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
    for a report run that was created, or its result for one that was completed, minutes
    ago. `stops_all`: the limit is the app's or the token's, not one account's.
    """

    kind: Kind
    codes: frozenset[int]
    subcodes: frozenset[int] = frozenset()
    words: str = ""
    young_job: bool = False
    stops_all: bool = False


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
    # The app's load of insights, asked at once and as jobs.
    Rule(Kind.RATE, _codes(4), _codes(1504022, 1504039), stops_all=True),
    # The user's limit, unless the subcode says that it is one account's.
    Rule(Kind.RATE, _codes(17), _codes(2446079)),
    Rule(Kind.RATE, _codes(4, 17, 341), stops_all=True),
    Rule(Kind.RATE, _codes(613), _codes(1996)),
    Rule(Kind.RATE, _codes(32, 613, range(80000, 80007), 80008, 80014)),
    Rule(Kind.CONFIG, _codes(2), _codes(1504041, 1504042)),
    Rule(Kind.TRANSIENT, _codes(2), _codes(1504043, 1504044)),
    Rule(Kind.TRANSIENT, _codes(1, 2, 99, 104)),
    Rule(Kind.TRANSIENT, _codes(100), words="in summary param"),
    Rule(Kind.TRANSIENT, _codes(2601), _codes(1815107), young_job=True),
    Rule(Kind.TRANSIENT, _codes(100), _codes(33), young_job=True),
    Rule(Kind.AUTH, _codes(190), _codes(458, 460, 463, 467)),
    Rule(Kind.AUTH, _codes(102, 190)),
    Rule(Kind.PERMISSION, _codes(10, range(200, 300), 3191001)),
    Rule(Kind.PERMISSION, _codes(100), _codes(33)),
    Rule(Kind.CONFIG, _codes(100, 2500, 2635, 3018)),
)

_NEW_TOKEN = "make a new token and set FACEBOOK_ACCESS_TOKEN"
REMEDIES = {
    (
        190,
        458,
    ): f"the token's user has removed the app: let it in, {_NEW_TOKEN}",
    (190, 460): f"the password was changed, which ends its tokens: {_NEW_TOKEN}",
    (190, 463): f"the token has expired: {_NEW_TOKEN}",
    (190, 467): f"the token was taken back: {_NEW_TOKEN}",
    (2635, None): (
        "this Graph API version has ended: set FACEBOOK_API_VERSION to a living one"
    ),
    (3018, None): "Facebook keeps 37 months: start the window later",
}


def matching_rule(
    code: int | None,
    *,
    subcode: int | None = None,
    message: str = "",
    young_job: bool = False,
) -> Rule | None:
    """Return the row of the table that an error falls under, None for a new one."""
    for rule in RULES:
        if (
            code in rule.codes
            and (not rule.subcodes or subcode in rule.subcodes)
            and rule.words in message.lower()
            and (young_job or not rule.young_job)
        ):
            return rule
    return None


def classify(
    code: int | None,
    *,
    subcode: int | None = None,
    message: str = "",
    status: int = 400,
    young_job: bool = False,
    is_transient: bool = False,
) -> Kind:
    """Tell what an error asks of us.

    A code that the table lacks is final, unless Facebook calls it transient or HTTP
    says 5xx.
    """
    rule = matching_rule(code, subcode=subcode, message=message, young_job=young_job)
    if rule and not (status == 429 and rule.kind is Kind.TRANSIENT):
        return rule.kind
    if status == 429:
        return Kind.RATE
    passes = code is None or is_transient or status >= 500
    return Kind.TRANSIENT if passes else Kind.CONFIG


def stops_all(error: GraphError) -> bool:
    """Tell whether a refusal stops every account, not only the one that was asked."""
    rule = matching_rule(error.code, subcode=error.subcode, message=error.message)
    # A 429 without a code comes from before the API: it counts all our calls.
    return rule.stops_all if rule else error.status == 429


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
        remedy=_remedy(error) or remedy,
    )


def _remedy(error: GraphError) -> str | None:
    exact = REMEDIES.get((error.code or 0, error.subcode))
    return exact or REMEDIES.get((error.code or 0, None))


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
    Kind.AUTH: (TokenRefused, _NEW_TOKEN),
    Kind.PERMISSION: (
        AccountDenied,
        "give the token's system user access to this account, or take it off the lists",
    ),
    Kind.CONFIG: (
        ProtocolError,
        "the question is wrong for this API version; the text says where",
    ),
    Kind.FAILING: (
        SourceUnreachable,
        "Facebook fails on most of this account; the next run asks again",
    ),
    Kind.BROKEN: (
        ProtocolError,
        "Facebook's pages cannot be followed to their end; nothing was replaced",
    ),
    Kind.JOB: (
        SourceUnreachable,
        "Facebook's report jobs kept failing; the next run closes the gap",
    ),
}


def _number(code: int | None, subcode: int | None) -> str:
    if code is None:
        return ""
    return f"error {code}/{subcode}: " if subcode is not None else f"error {code}: "
