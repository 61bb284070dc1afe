"""What a story is made of: the options it is told with and the world it results in.

Shapes only: how the world comes about belongs to `tell.py` and the modules beside it.
"""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Literal

Row = dict[str, Any]
Document = dict[str, Any]
Variant = Literal["production", "drifted"]

TEAMS = ("Kestrel", "Lantern", "Marble", "Nectar")
NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)


@dataclass(frozen=True)
class StoryOptions:
    """What may differ between two stories; equal options tell equal stories."""

    seed: int = 7
    teams: tuple[str, ...] = TEAMS
    weeks: int = 12
    now: datetime = NOW
    scale: int = 1
    base_rate: Decimal = Decimal(502)
    variant: Variant = "production"


@dataclass(frozen=True)
class FacebookWorld:
    """Graph objects and insights rows as Facebook would give them.

    Ids are text; every object that is not an account carries the digits of its account
    as `account_id`. Insights hold numbers as strings and leave zero metrics out.
    Activities carry `account_id` too, lead forms `page_id`, leads `form_id`.
    """

    access_token: str
    accounts: list[Document]
    campaigns: list[Document]
    ad_sets: list[Document]
    ads: list[Document]
    creatives: list[Document]
    ad_days: list[Document]
    account_days: list[Document]
    account_hours: list[Document] = field(default_factory=list)
    activities: list[Document] = field(default_factory=list)
    pages: list[Document] = field(default_factory=list)
    lead_forms: list[Document] = field(default_factory=list)
    leads: list[Document] = field(default_factory=list)


@dataclass(frozen=True)
class AmocrmWorld:
    """AmoCRM v4 documents; `trashed` holds the stubs that `only_deleted` gives.

    Tags are kept by entity, elements carry `catalog_id`, hooks are subscriptions.
    """

    access_token: str
    account: Document
    users: list[Document]
    pipelines: list[Document]
    custom_fields: dict[str, list[Document]]
    leads: list[Document]
    contacts: list[Document]
    events: list[Document]
    trashed: list[Document]
    companies: list[Document] = field(default_factory=list)
    tasks: list[Document] = field(default_factory=list)
    loss_reasons: list[Document] = field(default_factory=list)
    tags: dict[str, list[Document]] = field(default_factory=dict)
    sources: list[Document] = field(default_factory=list)
    catalogs: list[Document] = field(default_factory=list)
    catalog_elements: list[Document] = field(default_factory=list)
    webhooks: list[Document] = field(default_factory=list)


@dataclass(frozen=True)
class World:
    """Everything outside the pipeline at one moment.

    `databases[system][table]` is a list of rows. A table that is missing there does not
    exist in that source; an empty list is an empty table. JSON columns hold Python
    objects; a `str` in one is a JSON string, which is how double-encoded values look.
    """

    options: StoryOptions
    now: datetime
    databases: dict[str, dict[str, list[Row]]]
    facebook: FacebookWorld
    amocrm: AmocrmWorld
