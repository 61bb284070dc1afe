"""The desk where access and refresh tokens are given out, and die.

Its address belongs to `authorizing.py`.
"""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

DAY = 86_400
Mode = Literal["long_lived", "strict", "grace"]


@dataclass
class Pair:
    """One pair of tokens; `parent` is the pair whose refresh token it was given for."""

    access: str
    refresh: str
    given_at: float
    parent: "Pair | None" = None
    is_used: bool = False
    is_refreshable: bool = True
    is_dead: bool = False


@dataclass
class TokenDesk:
    """One integration: its keys, its first code and every pair it was given.

    The first pair holds the world's own access token and `refresh_token`.
    """

    client_id: str = "sandbox-integration"
    client_secret: str = "sandbox-client-secret"
    redirect_uri: str = "https://school.example/amocrm"
    code: str = "sandbox-code"
    refresh_token: str = "sandbox-first-refresh-token"
    access_seconds: int = DAY
    refresh_seconds: int = 90 * DAY
    clock: Callable[[], float] = time.time
    pairs: list[Pair] = field(default_factory=list)
    is_code_used: bool = False

    def open(self, access_token: str) -> None:
        """Give out the first pair, unless that was done."""
        if not self.pairs:
            self.pairs.append(Pair(access_token, self.refresh_token, self.clock()))

    @property
    def current(self) -> Pair:
        return self.pairs[-1]

    def admits(self, access: str) -> bool:
        """Tell whether an access token is alive; its first use ends older pairs."""
        pair = next((pair for pair in self.pairs if pair.access == access), None)
        if pair is None or pair.is_dead:
            return False
        if pair.given_at + self.access_seconds <= self.clock():
            return False
        self._use(pair)
        return True

    def exchange(self, code: str) -> Pair | None:
        """Give a pair for the code of the authorization, once."""
        if code != self.code or self.is_code_used:
            return None
        self.is_code_used = True
        return self._give(None)

    def refresh(self, token: str, *, mode: Mode) -> Pair | None:
        """Give a new pair for a refresh token; None when it is dead."""
        pair = next((pair for pair in self.pairs if pair.refresh == token), None)
        if pair is None or pair.is_dead or not pair.is_refreshable:
            return None
        if pair.given_at + self.refresh_seconds <= self.clock():
            return None
        self._use(pair)
        if mode == "strict":
            pair.is_refreshable = False
        return self._give(pair)

    def expire(self) -> None:
        """Let every access token run out now; refresh tokens live on."""
        for pair in self.pairs:
            pair.given_at = min(pair.given_at, self.clock() - self.access_seconds)

    def revoke(self) -> None:
        """Remove the integration from the account: every token dies."""
        for pair in self.pairs:
            pair.is_dead = True

    def revocation(self, account_id: int) -> dict[str, str]:
        """Return the signed query of the hook that tells of a removal."""
        text = f"{self.client_id}|{account_id}".encode()
        digest = hmac.new(self.client_secret.encode(), text, hashlib.sha256)
        return {
            "account_id": str(account_id),
            "client_uuid": self.client_id,
            "signature": digest.hexdigest(),
        }

    def _use(self, pair: Pair) -> None:
        """Note a first use: the parent and its other pairs are over."""
        if pair.is_used:
            return
        pair.is_used = True
        if pair.parent is not None:
            pair.parent.is_refreshable = False
            for other in self.pairs:
                if other is not pair and other.parent is pair.parent:
                    other.is_dead = True

    def _give(self, parent: Pair | None) -> Pair:
        number = len(self.pairs) + 1
        now = self.clock()
        claims = {"aud": self.client_id, "jti": str(number), "iat": int(now),
                  "exp": int(now) + self.access_seconds, "scopes": ["crm"]}  # fmt: skip
        head = _part({"typ": "JWT", "alg": "RS256"})
        access = f"{head}.{_part(claims)}.{_part({'sandbox': number})}"
        pair = Pair(access, f"sandbox-refresh-token-{number}", now, parent)
        self.pairs.append(pair)
        return pair


def _part(value: dict[str, object]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")
