"""What AmoCRM's refusals mean: errors of its own, and what to do about each.

Which answer is which refusal is decided in `client.py` and `oauth.py`.
"""

from datetime import datetime

from pipelines.errors import (
    AuthError,
    ProtocolError,
    RateLimited,
    SourceError,
    SourceUnreachable,
)

SYSTEM = "amocrm"
TROUBLE = "AmoCRM has trouble of its own; the next run goes on"
OTHERS_ASK = "find who else asks this account; the next run goes on"
PAYMENT = "pay for the AmoCRM account, then run the extraction again"
BAN = (
    "stop every program that asks this account, check that the user of the token is an "
    "administrator, and ask AmoCRM's support to lift the ban"
)
CHANGED = "AmoCRM's API has changed, or AMOCRM_BASE_URL is not an account"
ADDRESS = (
    "set AMOCRM_BASE_URL to the account's exact address, such as "
    "https://<account>.amocrm.ru, and see that it can be reached"
)


class AccessDenied(AuthError):
    """The token's user lacks a right; everything else may still be asked."""


class Banned(AuthError):
    """Every request is refused, whoever sends it."""


class NotThere(ProtocolError):
    """Nothing answers at a path: the account's plan or API does not have it."""


class PageTooLarge(SourceUnreachable):
    """The server could not make so large a page; a smaller one may be asked for."""


def access_denied(path: str, detail: str, *, table: str | None) -> AccessDenied:
    """Say that the token's user may not read something."""
    return AccessDenied(
        f"the user of the token may not ask for {path} (HTTP 403: {detail})",
        system=SYSTEM,
        table=table,
        remedy=f"let the token's user read {path} (an administrator may)",
    )


def unreachable(message: str, *, table: str | None) -> SourceUnreachable:
    """Say that the address does not lead to the account."""
    return SourceUnreachable(message, system=SYSTEM, table=table, remedy=ADDRESS)


def limited(
    message: str, *, table: str | None = None, remedy: str = OTHERS_ASK
) -> RateLimited:
    """Say that AmoCRM wants a longer rest than this run may take."""
    return RateLimited(message, system=SYSTEM, table=table, remedy=remedy)


def banned(message: str, *, until: datetime | None = None) -> Banned:
    """Say that AmoCRM refuses every request, and when one is tried again."""
    remedy = BAN
    if until:
        remedy += f"; until {until:%Y-%m-%d %H:%M} UTC nothing is asked, then once"
    return Banned(message, system=SYSTEM, remedy=remedy)


def named(error: SourceError, table: str, message: str | None = None) -> SourceError:
    """Return an error in the name of the table that it keeps from being read."""
    return type(error)(
        message or error.message, system=error.system, table=table, remedy=error.remedy
    )
