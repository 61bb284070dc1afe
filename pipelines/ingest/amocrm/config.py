"""How to reach one AmoCRM account: what the environment says, as one value.

Reading the environment belongs to `defs/resources.py`.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class OAuthApp:
    """An integration that refreshes its tokens; `refresh_token` is only the first."""

    client_id: str
    client_secret: str = field(repr=False)
    token_key: str = field(repr=False)
    refresh_token: str | None = field(default=None, repr=False)
    redirect_uri: str = ""


@dataclass(frozen=True)
class AmocrmConfig:
    """One account: its address, its credential (long-lived token or OAuth), its limits.

    `honours_filters` is false where the account answers a filter with everything.
    """

    base_url: str
    access_token: str | None = field(default=None, repr=False)
    oauth: OAuthApp | None = None
    requests_per_second: float = 5
    honours_filters: bool = True
    # Our receiver's public address, secret included; set = subscribe it when it is not.
    hook_address: str | None = field(default=None, repr=False)
