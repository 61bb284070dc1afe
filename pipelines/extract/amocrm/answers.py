"""What can be read out of one answer of AmoCRM, well formed or not.

Nothing here asks again or raises: what an answer leads to belongs to `client.py`.
"""

import contextlib
import json
import re
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

DETAIL_CHARACTERS = 300
# Whatever number an answer holds, nobody waits for years.
LONGEST_WAIT = 1e8
MAX_DETAIL_BYTES = 20_000
# The hosts of AmoCRM's accounts; what a token or a hook says must be one of them.
HOSTS = (".amocrm.ru", ".amocrm.com", ".kommo.com")
ID = re.compile(r"/\d+(?=/|$)")
QUERY = re.compile(r"(\bquery=)[^&\s\"']*", re.IGNORECASE)
LONG_NUMBER = re.compile(r"\+?\d[\d\s()-]{8,}\d")


def body_of(response: httpx.Response) -> dict[str, Any] | None:
    """Return the JSON object of an answer, None when it holds none."""
    with contextlib.suppress(ValueError, RecursionError):
        body = json.loads(response.content, parse_constant=_refuse_constant)
        if isinstance(body, dict):
            return body
    return None


def host_of(address: str) -> str | None:
    """Return the host of a web address, None when it is none."""
    with contextlib.suppress(ValueError):
        parts = urlsplit(address)
        # Reading the port is what finds a wrong one.
        usable = parts.scheme in ("http", "https") and parts.port != 0
        return parts.hostname if usable else None
    return None


def place_of(address: str) -> str | None:
    """Return host and port of a web address: the name of an account."""
    host = host_of(address.strip())
    port = urlsplit(address.strip()).port if host else None
    return f"{host}:{port}" if host and port else host


def is_amocrm_host(host: str) -> bool:
    """Tell whether a host that a token or a hook names can be an account's."""
    return host.lower().endswith(HOSTS)


def path_template(path: str) -> str:
    """Return a path without the ids in it."""
    return ID.sub("/{id}", path)


def server_date(response: httpx.Response) -> datetime | None:
    """Return the server's time of an answer."""
    # A proxy on the way may have added its own.
    dates = response.headers.get_list("date")
    with contextlib.suppress(ValueError, TypeError, IndexError):
        sent = parsedate_to_datetime(dates[0])
        return sent if sent.tzinfo else None
    return None


def asked_wait(response: httpx.Response) -> float:
    """Return the seconds that an answer asks to wait: in its header or in its body."""
    in_body = (body_of(response) or {}).get("retry_after")
    return max(_header_wait(response), _seconds(in_body))


def refusal_detail(response: httpx.Response) -> str:
    """Return the reason that a refusal states, whatever its form."""
    body = body_of(response)
    if body is None:
        # Not by the charset that it claims: some names of those are no charset at all.
        text = response.content[:MAX_DETAIL_BYTES].decode("utf-8", "replace")
        text = re.sub(r"<[^>]*>", " ", text)
        return " ".join(text.split())[:DETAIL_CHARACTERS] or "no reason given"
    parts = [body.get(name) for name in ("title", "detail", "hint")]
    parts.append(body.get("validation-errors"))
    return ", ".join(str(part) for part in parts if part)[:DETAIL_CHARACTERS]


def redact(text: str, *secrets: str) -> str:
    """Take secrets, searched-for values and phone numbers out of a text."""
    for secret in secrets:
        for part in secret.split():
            if len(part) > len("Bearer"):
                text = text.replace(part, "***")
    return LONG_NUMBER.sub("***", QUERY.sub(r"\1***", text))


def _refuse_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _header_wait(response: httpx.Response) -> float:
    header = response.headers.get("retry-after", "").strip()
    if header.isdecimal():
        return _seconds(header)
    # A date is measured against the server's own clock, ours may be a replay's.
    with contextlib.suppress(ValueError, TypeError):
        until = parsedate_to_datetime(header)
        since = parsedate_to_datetime(response.headers.get("date", ""))
        return _seconds((until - since).total_seconds())
    return 0.0


def _seconds(value: object) -> float:
    if isinstance(value, str) and value.strip().isdecimal():
        value = float(value)
    if isinstance(value, int | float) and value > 0:
        return float(min(value, LONGEST_WAIT))
    return 0.0
