"""What is taken from AmoCRM: each function yields batches of documents of one table.

A document is the key columns and the object as `payload`, without its links. An entity
that changes while it is read comes again: the newest of an id counts. Where the batches
go, and what an absence means, belongs to `ingest/amocrm/`.
"""

import contextlib
import hashlib
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import urlsplit

from pipelines.extract.amocrm.canonical import Row, canonical
from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.extract.amocrm.paging import (
    Listing,
    read_page,
    read_pages,
    read_there_and_back,
)
from pipelines.extract.amocrm.refusals import NotThere

Document = dict[str, Any]
Batches = Iterator[list[Document]]

ACCOUNT = Listing(
    table="account", path="account", name="account",
    query=(("with", "datetime_settings"),),
)  # fmt: skip
USERS = Listing(table="users", path="users", name="users", query=(("with", "role"),))
PIPELINES = Listing(
    table="pipelines", path="leads/pipelines", name="pipelines", has_pages=False
)
LEADS = Listing(
    table="leads", path="leads", name="leads", has_fields=True,
    query=(
        ("with", "contacts,loss_reason,catalog_elements,source_id,"
         "is_price_modified_by_robot"),
    ),
)  # fmt: skip
TRASH = Listing(
    table="leads_trash", path="leads", name="leads", query=(("with", "only_deleted"),)
)
CONTACTS = Listing(
    table="contacts", path="contacts", name="contacts", has_fields=True,
    query=(("with", "leads,catalog_elements"),),
)  # fmt: skip
COMPANIES = Listing(
    table="companies", path="companies", name="companies", has_fields=True
)
TASKS = Listing(table="tasks", path="tasks", name="tasks", is_ordered_by_change=False)
LOSS_REASONS = Listing(
    table="loss_reasons", path="leads/loss_reasons", name="loss_reasons"
)
SOURCES = Listing(table="sources", path="sources", name="sources", has_pages=False)
CATALOGS = Listing(table="catalogs", path="catalogs", name="catalogs")
WEBHOOKS = Listing(table="webhooks", path="webhooks", name="webhooks", has_pages=False)
# Those with custom fields, and those with tags.
FIELDS = {
    entity: Listing(
        table="custom_fields", path=f"{entity}/custom_fields", name="custom_fields"
    )
    for entity in ("leads", "contacts", "companies")
}
TAGS = {
    entity: Listing(table="tags", path=f"{entity}/tags", name="tags")
    for entity in ("leads", "contacts")
}
# What lives and changes one by one, and is told apart by its updated_at.
ENTITIES = {listing.table: listing for listing in (LEADS, CONTACTS, COMPANIES, TASKS)}


def extract_account(client: AmocrmClient) -> Batches:
    """Yield the account: its name, currency and time zone."""
    account = client.get(ACCOUNT.path, ACCOUNT.query, table=ACCOUNT.table)
    if not account or not isinstance(account.get("id"), int):
        raise ACCOUNT.error("the answer is no account")
    yield documents([canonical(account)])


def extract_users(client: AmocrmClient) -> Batches:
    """Yield the users; deactivated ones too, for deals still name them."""
    for rows in _not_empty(USERS, read_pages(client, USERS)):
        yield documents(rows)


def extract_pipelines(client: AmocrmClient) -> Batches:
    """Yield the pipelines with their statuses, archived ones included."""
    rows = iter([read_page(client, PIPELINES).rows])
    for batch in _not_empty(PIPELINES, rows):
        yield documents(batch)


def extract_custom_fields(client: AmocrmClient) -> Batches:
    """Yield the custom fields of leads, contacts and companies."""
    for entity, listing in FIELDS.items():
        with contextlib.suppress(*_absent(entity)):
            for rows in read_pages(client, listing):
                yield documents(rows, entity_type=entity)


def extract_tags(client: AmocrmClient) -> Batches:
    """Yield the tags of leads and contacts."""
    for entity, listing in TAGS.items():
        for rows in read_pages(client, listing):
            yield documents(rows, entity_type=entity)


def extract_loss_reasons(client: AmocrmClient) -> Batches:
    """Yield the reasons why deals are lost."""
    for rows in read_pages(client, LOSS_REASONS):
        yield documents(rows)


def extract_sources(client: AmocrmClient) -> Batches:
    """Yield the sources of deals."""
    yield documents(read_page(client, SOURCES).rows)


def extract_catalogs(client: AmocrmClient) -> Batches:
    """Yield the lists, invoices among them."""
    for rows in read_pages(client, CATALOGS):
        yield documents(rows)


def extract_catalog_elements(client: AmocrmClient, catalogs: Iterable[int]) -> Batches:
    """Yield the elements of lists, each read there and back: links are not trusted."""
    for catalog_id in catalogs:
        listing = Listing(
            table="catalog_elements",
            path=f"catalogs/{catalog_id}/elements",
            name="elements",
        )
        # No order is documented for them.
        rows = read_there_and_back(client, listing)
        yield documents(rows, catalog_id=catalog_id)


def extract_webhooks(client: AmocrmClient, *, ours: str | None = None) -> Batches:
    """Yield the subscribed hooks; a destination is cut, for it may hold a secret.

    `ours` is the address that we subscribed, None when we did not.
    """
    for row in read_page(client, WEBHOOKS).rows:
        hook = {**row}
        destination = str(hook.pop("destination", ""))
        hook["host"] = urlsplit(destination).hostname
        hook["is_ours"] = ours is not None and destination == ours
        digest = hashlib.sha256(destination.encode()).hexdigest()
        yield [{"id": digest, "payload": hook}]


def extract_trash(client: AmocrmClient) -> Batches:
    """Yield the stubs of all leads in the trash."""
    rows = read_there_and_back(client, TRASH, query=[("order[id]", "asc")])
    for row in rows:
        if not row.get("is_deleted"):
            raise TRASH.error("`with=only_deleted` was ignored: a living lead came")
    yield documents(rows)


def documents(rows: list[Row], **keys: str | int) -> list[Document]:
    """Return rows as documents; `keys` are the key columns beside the id."""
    return [{**keys, "id": row["id"], "payload": row} for row in rows]


def _absent(entity: str) -> tuple[type[NotThere], ...]:
    """Return what may be missing: only companies can be switched off."""
    return (NotThere,) if entity == "companies" else ()


def _not_empty(listing: Listing, batches: Iterator[list[Row]]) -> Iterator[list[Row]]:
    """Refuse an empty list where no account can have one."""
    count = 0
    for rows in batches:
        count += len(rows)
        yield rows
    if not count:
        raise listing.error("the list is empty, which no account's can be")
