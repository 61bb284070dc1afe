"""What the receiver reads from its environment, and which secrets it accepts.

Its process needs no other setting and no Dagster; those of the pipeline belong to
`defs/resources.py`.
"""

import hashlib
import hmac
import os
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

from pipelines.errors import ConfigurationError

SecretName = Literal["current", "previous"]
SECRET: Final = "AMOCRM_WEBHOOK_SECRET"
PREVIOUS: Final = "AMOCRM_WEBHOOK_SECRET_PREVIOUS"
MAKE_ONE: Final = "python -c 'import secrets; print(secrets.token_urlsafe(32))'"
# What 32 random bytes are in base64; in hex they are longer.
SHORTEST: Final = 43
FEWEST_CHARACTERS: Final = 10
# Random ones do not get shorter than this; words and repetitions do.
SHORTEST_PACKED: Final = 40
ALLOWED: Final = re.compile(r"[A-Za-z0-9_-]+")


@dataclass(frozen=True)
class Secrets:
    """The one or two secrets that a path may hold, as digests."""

    current: bytes = field(repr=False)
    previous: bytes | None = field(default=None, repr=False)

    @classmethod
    def of(cls, current: str, previous: str | None = None) -> "Secrets":
        """Accept good secrets; refuse weak ones with the command that makes one."""
        _refuse_weak(SECRET, current)
        if previous:
            _refuse_weak(PREVIOUS, previous)
        return cls(_digest(current), _digest(previous) if previous else None)

    def match(self, candidate: str) -> SecretName | None:
        """Return which secret this is; takes as long whatever it is."""
        given = _digest(candidate)
        is_current = hmac.compare_digest(given, self.current)
        # Without a second secret the work is the same, and never a match.
        is_previous = hmac.compare_digest(given, self.previous or _NOTHING)
        if is_current:
            return "current"
        return "previous" if is_previous and self.previous else None


@dataclass(frozen=True)
class Integration:
    """The OAuth integration whose removal AmoCRM signs."""

    client_id: str
    client_secret: str = field(repr=False)

    def signed(self, client_id: str, account_id: str, signature: str) -> bool:
        """Tell whether AmoCRM says that this integration was removed."""
        message = f"{self.client_id}|{account_id}".encode()
        expected = hmac.new(self.client_secret.encode(), message, hashlib.sha256)
        is_signed = hmac.compare_digest(
            expected.hexdigest().encode(), signature.lower().encode()
        )
        is_ours = hmac.compare_digest(self.client_id.encode(), client_id.encode())
        return is_signed and is_ours


@dataclass(frozen=True)
class HookSettings:
    """All that a receiver has to know."""

    warehouse_url: str = field(repr=False)
    secrets: Secrets
    integration: Integration | None = None


def read_settings(values: Mapping[str, str] = os.environ) -> HookSettings:
    """Read the environment; say what is missing."""
    names = ("WAREHOUSE_URL", SECRET)
    if missing := [name for name in names if not values.get(name)]:
        remedy = f"; make a secret with: {MAKE_ONE}" if SECRET in missing else ""
        raise ConfigurationError(
            f"the receiver of webhooks needs {' and '.join(missing)}{remedy}"
        )
    client_id = values.get("AMOCRM_CLIENT_ID")
    client_secret = values.get("AMOCRM_CLIENT_SECRET")
    is_oauth = client_id and client_secret
    return HookSettings(
        warehouse_url=values["WAREHOUSE_URL"],
        secrets=Secrets.of(values[SECRET], values.get(PREVIOUS)),
        integration=Integration(client_id or "", client_secret or "")
        if is_oauth
        else None,
    )


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode(errors="surrogatepass")).digest()


def _refuse_weak(name: str, secret: str) -> None:
    if not ALLOWED.fullmatch(secret):
        fault = "may hold only letters, digits, - and _, for it is part of an address"
    elif len(secret) < SHORTEST:
        fault = f"has {len(secret)} characters; 32 random bytes have {SHORTEST} or more"
    elif (
        len(set(secret)) < FEWEST_CHARACTERS
        or len(zlib.compress(secret.encode(), 9)) < SHORTEST_PACKED
    ):
        fault = "repeats itself: it is not random"
    else:
        return
    raise ConfigurationError(f"{name} {fault}; make one with: {MAKE_ONE}")


_NOTHING: Final = _digest("")
