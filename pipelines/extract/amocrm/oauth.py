"""The exchange of a code or a refresh token for a pair of tokens: one request each.

Nothing is repeated here and nothing kept: both decide over the account's only key, and
belong to `ingest/amocrm/tokens.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx

from pipelines.errors import AuthError, ProtocolError, SourceUnreachable
from pipelines.extract.amocrm import refusals
from pipelines.extract.amocrm.answers import (
    asked_wait,
    body_of,
    host_of,
    is_amocrm_host,
    redact,
    refusal_detail,
)
from pipelines.extract.amocrm.refusals import SYSTEM
from pipelines.extract.amocrm.transport import Transport

TABLE = "token"
PATH = "/oauth2/access_token"
# What AmoCRM's documentation says, where an answer does not.
USUAL_LIFE = timedelta(hours=24)
LONGEST_LIFE = timedelta(days=366)
# After these the request has certainly not been sent.
UNSENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class GrantRefused(AuthError):
    """AmoCRM does not accept the code or the refresh token."""


class AnswerLost(SourceUnreachable):
    """The request was sent, and what became of it is not known."""


@dataclass(frozen=True)
class App:
    """The integration that asks, as its settings in AmoCRM state it."""

    client_id: str
    client_secret: str = field(repr=False)
    redirect_uri: str = ""


@dataclass(frozen=True)
class TokenPair:
    """What an exchange gives; the refresh token is good for one more."""

    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)
    life: timedelta


def refresh(base_url: str, app: App, refresh_token: str) -> TokenPair:
    """Exchange a refresh token, which may be used up whatever comes of it."""
    return _exchange(
        base_url, app, {"grant_type": "refresh_token", "refresh_token": refresh_token}
    )


def exchange_code(base_url: str, app: App, code: str) -> TokenPair:
    """Exchange the code of an authorisation: it lives 20 minutes and works once."""
    return _exchange(base_url, app, {"grant_type": "authorization_code", "code": code})


def code_of(given: str, *, base_url: str) -> str:
    """Return the code of what an operator pastes: itself, or the address it came by.

    Raises AuthError when the address was made for another account.
    """
    given = given.strip()
    if "code=" not in given:
        return given
    query = parse_qs(urlsplit(given).query or given.partition("?")[2] or given)
    host = query.get("referer", [""])[0].lower()
    own = host_of(base_url.strip())
    if host and is_amocrm_host(host) and host != own:
        raise AuthError(
            f"the code was given by {host}, but AMOCRM_BASE_URL leads to {own}",
            system=SYSTEM,
            table=TABLE,
            remedy=refusals.ADDRESS,
        )
    return query.get("code", [""])[0]


def _exchange(base_url: str, app: App, grant: Mapping[str, str]) -> TokenPair:
    body = {
        "client_id": app.client_id,
        "client_secret": app.client_secret,
        "redirect_uri": app.redirect_uri,
        **grant,
    }
    with Transport(base_url) as transport:
        if not transport.host:
            message = "AMOCRM_BASE_URL is no web address"
            raise refusals.unreachable(message, table=TABLE)
        try:
            response = transport.send("POST", PATH, body=body)
        except UNSENT as error:
            message = f"the server does not answer ({type(error).__name__})"
            raise refusals.unreachable(message, table=TABLE) from None
        except httpx.RequestError as error:
            raise _lost(f"no answer came ({type(error).__name__})") from None
    secrets = [value for name, value in body.items() if name != "grant_type"]
    _refuse(response, secrets)
    return _pair_of(body_of(response) or {})


def _refuse(response: httpx.Response, secrets: list[str]) -> None:
    """Raise what a refusal of the exchange means."""
    status = response.status_code
    if status == 200:
        return
    if status >= 500:
        raise _lost(f"the server answered {status}")
    detail = redact(refusal_detail(response), *secrets)
    if 300 <= status < 400:
        host = host_of(response.headers.get("location", "")) or "another path"
        raise refusals.unreachable(f"the server redirects to {host}", table=TABLE)
    if status == 429:
        wait = asked_wait(response)
        message = f"the server wants {wait:.0f} s of rest before tokens are renewed"
        raise refusals.limited(message, table=TABLE)
    if status in (400, 401):
        raise GrantRefused(
            f"AmoCRM does not accept it (HTTP {status}: {detail})",
            system=SYSTEM,
            table=TABLE,
        )
    if status in (402, 403):
        message = f"tokens are not renewed (HTTP {status}: {detail})"
        if status == 403:
            raise refusals.banned(message)
        raise AuthError(message, system=SYSTEM, table=TABLE, remedy=refusals.PAYMENT)
    raise ProtocolError(
        f"the exchange of tokens was refused with HTTP {status}: {detail}",
        system=SYSTEM,
        table=TABLE,
        remedy=refusals.ADDRESS,
    )


def _pair_of(body: Mapping[str, Any]) -> TokenPair:
    """Read a pair; an answer that holds none is as good as lost."""
    access, second = body.get("access_token"), body.get("refresh_token")
    if not (_is_token(access) and _is_token(second)):
        raise _lost("the answer holds no pair of tokens")
    return TokenPair(str(access), str(second), _life(body.get("expires_in")))


def _is_token(value: object) -> bool:
    return (
        isinstance(value, str)
        and bool(value)
        and value.isascii()
        and value.isprintable()
        and " " not in value
    )


def _life(seconds: object) -> timedelta:
    """Return how long an access token lives, by its answer where that is credible."""
    if isinstance(seconds, str) and seconds.isdecimal():
        seconds = float(seconds)
    if not isinstance(seconds, int | float) or not seconds > 0:
        return USUAL_LIFE
    return timedelta(seconds=min(seconds, LONGEST_LIFE.total_seconds()))


def _lost(message: str) -> AnswerLost:
    return AnswerLost(
        f"{message}; the tokens may have been renewed all the same",
        system=SYSTEM,
        table=TABLE,
        remedy="the next run asks again with the token that is stored",
    )
