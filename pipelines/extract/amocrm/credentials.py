"""What proves to AmoCRM who asks.

How a credential is renewed is its own business; the client only asks for the header.
"""

import base64
import contextlib
import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol


class Credential(Protocol):
    """Gives the Authorization header of the next request."""

    @property
    def remedy(self) -> str:
        """What to do when AmoCRM does not accept it."""
        ...

    def header(self) -> str:
        """Return the header; may renew what it is made of."""
        ...

    def rejected(self, header: str) -> bool:
        """Tell whether a newer header may now be had after AmoCRM's 401."""
        ...


@dataclass(frozen=True)
class LongLivedToken:
    """A token of a private integration: lives for years, is never refreshed."""

    token: str = field(repr=False)
    remedy: str = (
        "make a new long-lived token in the settings of the integration and put it "
        "into AMOCRM_ACCESS_TOKEN"
    )

    def header(self) -> str:
        """Return the header of the one token."""
        return f"Bearer {self.token.strip()}"

    def rejected(self, header: str) -> bool:
        """Return False: there is no other."""
        return False


def expiry_of(token: str) -> datetime | None:
    """Return until when a token says that it lives, None when it does not say."""
    claims = claims_of(token)
    with contextlib.suppress(ValueError, TypeError, OverflowError, OSError):
        return datetime.fromtimestamp(int(claims["exp"]), UTC) if claims else None
    return None


def claims_of(token: str) -> dict[str, Any]:
    """Return what a JSON Web Token says of itself; nothing when it is none."""
    parts = token.strip().split(".")
    with contextlib.suppress(ValueError, TypeError, IndexError, RecursionError):
        padded = parts[1] + "=" * (-len(parts[1]) % 4)
        claims = json.loads(base64.urlsafe_b64decode(padded))
        if isinstance(claims, dict) and "exp" in claims:
            return claims
    return {}
