"""How Facebook is reached: credentials, host, version, accounts, windows."""

import re
from dataclasses import dataclass, field


@dataclass(frozen=True)
class FacebookConfig:
    """Settings of the Facebook source.

    `access_token` may hold several tokens, separated by commas or spaces: an account is
    read with the first that reaches it. `listed_accounts` are ours beside those that
    the databases name.
    """

    access_token: str = field(repr=False)
    app_secret: str | None = field(default=None, repr=False)
    graph_url: str = "https://graph.facebook.com"
    api_version: str = "v26.0"
    listed_accounts: tuple[str, ...] = ()
    backfill_days: int = 28
    patience_seconds: float = 900.0
    accounts_at_once: int = 4

    @property
    def access_tokens(self) -> tuple[str, ...]:
        return tuple(token for token in re.split(r"[\s,]+", self.access_token) if token)
