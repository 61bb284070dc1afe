"""Tokens of the second AmoCRM: a long-lived one, or pairs that rotate.

Two kinds of server are known: a strict one, where the old refresh token is dead at
once, and a graceful one, where it lives until the new pair is first used.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.amocrm.foreign.asking import Answer, problem
from tests.amocrm.foreign.truth import Truth

DAY = 86_400


@dataclass
class Pair:
    access: str
    refresh: str
    until: int
    used: bool = False


@dataclass
class Tokens:
    """What proves who asks; the default is one token for years."""

    truth: Truth
    mode: str = "long_lived"
    client_id: str = "client-of-nobody"
    client_secret: str = "secret-of-nobody"
    pairs: list[Pair] = field(default_factory=list)
    refreshes: int = 0
    refused: int = 0
    # So many answers to a refresh get lost on their way.
    lose_answers: int = 0

    def begin(self, mode: str) -> str:
        """Rotate pairs from now on; return the first refresh token."""
        self.mode = mode
        return self._issue().refresh

    def check(self, authorization: str) -> Answer | None:
        """Return the refusal of a request, if it is refused."""
        if self.mode == "long_lived":
            good = authorization == f"Bearer {self.truth.token}"
            return None if good else self._refuse("Unauthorized")
        token = authorization.removeprefix("Bearer ")
        for number, pair in enumerate(self.pairs):
            if pair.access == token:
                if self.truth.now >= pair.until:
                    return self._refuse("Token has expired")
                pair.used = True
                # First use of the new pair kills what was before it.
                for old in self.pairs[:number]:
                    old.refresh = ""
                return None
        return self._refuse("Token has been revoked")

    def exchange(self, form: Mapping[str, Any]) -> Answer:
        """Answer POST /oauth2/access_token."""
        if (form.get("client_id"), form.get("client_secret")) != (
            self.client_id,
            self.client_secret,
        ):
            return self._refuse("Check the client")
        given = str(form.get("refresh_token") or "")
        known = [pair for pair in self.pairs if given and pair.refresh == given]
        if form.get("grant_type") != "refresh_token" or not known:
            return problem(
                400, "Некорректный запрос", hint="Token has been revoked", detail="-"
            )
        self.refreshes += 1
        if self.mode == "strict":
            known[0].refresh = ""
        pair = self._issue()
        body = {
            "token_type": "Bearer",
            "expires_in": DAY,
            "access_token": pair.access,
            "refresh_token": pair.refresh,
            "server_time": self.truth.now,
        }
        if self.lose_answers:
            self.lose_answers -= 1
            return Answer(200, body, trick="reset")
        return Answer(200, body)

    def _issue(self) -> Pair:
        number = len(self.pairs)
        pair = Pair(f"access-{number}-x", f"refresh-{number}-x", self.truth.now + DAY)
        self.pairs.append(pair)
        return pair

    def _refuse(self, why: str) -> Answer:
        self.refused += 1
        return problem(401, "Unauthorized", detail=why)
