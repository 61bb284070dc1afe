"""What proves to AmoCRM who asks.

How a credential is renewed is its own business; the client only asks for the header.
"""

from dataclasses import dataclass, field
from typing import Protocol


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
