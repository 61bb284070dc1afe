"""The SDK's way to the network, guarded: every answer is an object or a GraphError.

The SDK signs and encodes; it is never given an answer that it would misread. Retries
belong to `client.py`.
"""

import json
import logging
import re
from collections.abc import Mapping
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import quote, urlsplit

import requests
import urllib3
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from pipelines.extract.facebook.errors import GraphError, Kind, classify
from pipelines.extract.facebook.usage import rate_headers

CONNECT_SECONDS = 10.0
# Insights of a busy account take Facebook more than a minute.
READ_SECONDS = 180.0
REDACTED = "[redacted]"
# Shorter texts are no secrets, and may be a part of ordinary words.
SECRET_LENGTH = 8
# Also those of tokens that we were never told, as a page's in a `next` address.
CREDENTIAL = re.compile(
    r"""((?:access_token|appsecret_proof|input_token)["']?\s*(?:=|%3D|:)\s*["']?)"""
    r"""[^&\s"'<>)]+""",
    re.IGNORECASE,
)
LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_WRONG_ADDRESS = (
    requests.exceptions.InvalidSchema,
    requests.exceptions.InvalidURL,
    requests.exceptions.MissingSchema,
)


ESCAPE = re.compile("%[0-9A-F]{2}")


def _lowered(match: re.Match[str]) -> str:
    return match[0].lower()


class Secrets:
    """The texts that may appear nowhere."""

    def __init__(self, *texts: str | None) -> None:
        known = {text for text in texts if text}
        escaped = {quote(text, safe="") for text in known}
        # Escapes come in both cases.
        known |= escaped | {ESCAPE.sub(_lowered, text) for text in escaped}
        self._texts = tuple(sorted(known, key=len))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secrets) and self._texts == other._texts

    def __hash__(self) -> int:
        return hash(self._texts)

    def redact(self, text: str) -> str:
        """Return a text with every secret and everything named as one blotted out."""
        for secret in reversed(self._texts):
            text = text.replace(secret, REDACTED)
        return CREDENTIAL.sub(rf"\1{REDACTED}", text)

    def redact_body(self, body: str) -> str:
        """Return an answer without secrets; data that merely looks alike stays."""
        for secret in reversed(self._texts):
            if len(secret) >= SECRET_LENGTH:
                body = body.replace(secret, REDACTED)
        return body


class Guard(requests.Session):
    """A requests session that turns every broken answer into a GraphError."""

    def __init__(self, original: requests.Session, secrets: Secrets) -> None:
        super().__init__()
        self.verify = original.verify
        self.params = original.params
        self.proxies = original.proxies
        # Threads share the session; none needs cookies.
        self.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        self._secrets = secrets

    def request(  # type: ignore[override]
        self,
        method: str,
        url: str,
        **options: Any,  # noqa: ANN401 - the base's options
    ) -> requests.Response:
        """Send a request; the answer is a JSON object without an error."""
        # A redirect would carry the token to another host.
        options["allow_redirects"] = False
        response = self._send(method, url, options)
        if isinstance(response, GraphError):
            # Raised here, so that the library's exception, which holds the URL and so
            # the token, is not even its context.
            raise response
        # Not left to a guess by the content: Graph's JSON is UTF-8.
        text = self._secrets.redact_body(response.content.decode(errors="replace"))
        self._refuse_errors(response, text)
        response._content = text.encode()
        response.encoding = "utf-8"
        return response

    def _send(
        self, method: str, url: str, options: dict[str, Any]
    ) -> requests.Response | GraphError:
        try:
            return super().request(method, url, **options)
        except _WRONG_ADDRESS as error:
            kind, text = Kind.CONFIG, f"{type(error).__name__}: {error}"
        except (OSError, urllib3.exceptions.HTTPError) as error:
            kind, text = Kind.TRANSIENT, f"{type(error).__name__}: {error}"
        return GraphError(self._secrets.redact(text), kind=kind)

    def _refuse_errors(self, response: requests.Response, text: str) -> None:
        body = _object_in(text)
        if body and "error" in body:
            raise self._error(body["error"], response)
        if not body or response.status_code >= 300:
            raise self._no_object(response, text)
        # The SDK takes these words, also as a key, for a failure.
        if not body.get("success", True) or "Service Unavailable" in body:
            raise GraphError(
                "the answer says that the call did not succeed", kind=Kind.TRANSIENT
            )

    def _no_object(self, response: requests.Response, text: str) -> GraphError:
        status = response.status_code
        shown = self._secrets.redact(_excerpt(text))
        return GraphError(
            f"HTTP {status} without a JSON object: {shown}",
            kind=classify(None, status=status),
            status=status,
            headers=rate_headers(response.headers),
        )

    def _error(self, error: object, response: requests.Response) -> GraphError:
        details: Mapping[str, Any] = error if isinstance(error, dict) else {}
        message = self._secrets.redact(_message(details) or str(error))
        code, subcode = (_number(details.get(k)) for k in ("code", "error_subcode"))
        kind = classify(
            code,
            subcode=subcode,
            message=message,
            status=response.status_code,
            is_transient=details.get("is_transient") is True,
        )
        return GraphError(
            message,
            kind=kind,
            code=code,
            subcode=subcode,
            status=response.status_code,
            headers=rate_headers(response.headers),
        )


class _TokenFilter(logging.Filter):
    """Keep credentials out of the HTTP library's debug lines."""

    def __init__(self) -> None:
        super().__init__()
        self.known: list[Secrets] = []

    def filter(self, record: logging.LogRecord) -> bool:
        text = record.getMessage()
        for secrets in self.known:
            text = secrets.redact(text)
        record.msg, record.args = text, ()
        return True


def open_api(
    *,
    access_token: str,
    app_secret: str | None,
    graph_url: str,
    api_version: str,
    timeout: tuple[float, float] = (CONNECT_SECONDS, READ_SECONDS),
) -> FacebookAdsApi:
    """Return the SDK's API over a guarded session; nothing global is installed."""
    session = FacebookSession(
        app_secret=app_secret,
        access_token=access_token,
        timeout=timeout,
    )
    session.GRAPH = graph_url.rstrip("/")
    proof = session.appsecret_proof if app_secret else None
    secrets = Secrets(access_token, app_secret, proof)
    session.requests = Guard(session.requests, secrets)
    # A proxy of this machine's environment cannot reach the machine itself.
    session.requests.trust_env = not _is_loopback(session.GRAPH)
    _quiet_the_wire(secrets)
    return FacebookAdsApi(session, api_version=api_version)


def _is_loopback(url: str) -> bool:
    try:
        return urlsplit(url).hostname in LOOPBACK
    except ValueError:
        # The first call will say what is wrong with the address.
        return False


def _quiet_the_wire(secrets: Secrets) -> None:
    """Teach the process's one filter the secrets of one more session."""
    log = logging.getLogger("urllib3.connectionpool")
    known = [item for item in log.filters if isinstance(item, _TokenFilter)]
    if not known:
        known = [_TokenFilter()]
        log.addFilter(known[0])
    if secrets not in known[0].known:
        known[0].known.append(secrets)


def _object_in(text: str) -> dict[str, Any] | None:
    """Return the JSON object that a text is, None for everything else."""
    try:
        body = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    return body if isinstance(body, dict) else None


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _excerpt(text: str) -> str:
    """Show what a proxy says; of spoilt data only its length, it may be personal."""
    words = " ".join(text.split())
    if words.startswith(("{", "[")):
        return f"{len(text)} characters of broken JSON"
    return words[:200] or "an empty body"


def _message(details: Mapping[str, Any]) -> str:
    """Join what Facebook tells developers and users; either may be missing."""
    texts = (details.get("message"), details.get("error_user_msg"))
    return " - ".join(dict.fromkeys(str(text) for text in texts if text))


def _number(value: object) -> int | None:
    try:
        return int(str(value))
    except ValueError:
        return None
