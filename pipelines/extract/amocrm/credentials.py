"""What proves to AmoCRM who asks.

How a credential is renewed is its own business; the client only asks for the header.
"""

from dataclasses import dataclass, field
from typing import Protocol


class Credential(Protocol):
    """Gives the Authorization header of the next request."""

    def header(self) -> str: ...


@dataclass(frozen=True)
class LongLivedToken:
    """A token of a private integration: lives for years, is never refreshed."""

    token: str = field(repr=False)

    def header(self) -> str:
        return f"Bearer {self.token.strip()}"
