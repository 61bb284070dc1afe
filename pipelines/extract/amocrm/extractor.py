"""What is taken from AmoCRM: each function yields batches of documents of one table.

A document is the key columns and the object as `payload`, without its links. A lead or
contact that changes while it is read comes again: the last one of an id counts. Where
the batches go, and what an absence means, belongs to `ingest/amocrm.py`.
"""

from collections.abc import Iterator
from typing import Any

from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.extract.amocrm.events import Window, read_events
from pipelines.extract.amocrm.keyset import read_changed
from pipelines.extract.amocrm.paging import (
    Listing,
    Row,
    read_page,
    read_pages,
    read_until_stable,
    without_links,
)

Document = dict[str, Any]
Batches = Iterator[list[Document]]

ACCOUNT = Listing(
    table="account", path="account", name="account",
    query=(("with", "datetime_settings"),),
)  # fmt: skip
USERS = Listing(table="users", path="users", name="users")
PIPELINES = Listing(table="pipelines", path="leads/pipelines", name="pipelines")
LEADS = Listing(
    table="leads", path="leads", name="leads", query=(("with", "contacts"),)
)
TRASH = Listing(
    table="leads_trash", path="leads", name="leads", query=(("with", "only_deleted"),)
)
CONTACTS = Listing(table="contacts", path="contacts", name="contacts")
FIELDS = {
    entity: Listing(
        table="custom_fields", path=f"{entity}/custom_fields", name="custom_fields"
    )
    for entity in ("leads", "contacts")
}


def extract_account(client: AmocrmClient) -> Batches:
    """Yield the account: its name, currency and time zone."""
    account = client.get(ACCOUNT.path, ACCOUNT.query, table=ACCOUNT.table)
    if not account or not isinstance(account.get("id"), int):
        raise ACCOUNT.error("the answer is no account")
    yield _documents([without_links(account)])


def extract_users(client: AmocrmClient) -> Batches:
    """Yield the users."""
    for rows in _not_empty(USERS, read_pages(client, USERS)):
        yield _documents(rows)


def extract_pipelines(client: AmocrmClient) -> Batches:
    """Yield the pipelines with their statuses, archived ones included."""
    # This list has no pages.
    rows = iter([read_page(client, PIPELINES).rows])
    for batch in _not_empty(PIPELINES, rows):
        yield _documents(batch)


def extract_custom_fields(client: AmocrmClient) -> Batches:
    """Yield the custom fields of leads and of contacts."""
    for entity, listing in FIELDS.items():
        for rows in read_pages(client, listing):
            yield [
                {"entity_type": entity, "id": row["id"], "payload": row} for row in rows
            ]


def extract_leads(client: AmocrmClient, *, since: int = 0) -> Batches:
    """Yield the leads changed since a second, with their contacts, and repeats."""
    for rows in read_changed(client, LEADS, since=since):
        yield _documents(rows)


def extract_contacts(client: AmocrmClient, *, since: int = 0) -> Batches:
    """Yield the contacts changed since a second, and repeats."""
    for rows in read_changed(client, CONTACTS, since=since):
        yield _documents(rows)


def extract_trash(client: AmocrmClient) -> Batches:
    """Yield the stubs of all leads in the trash."""
    rows = read_until_stable(client, TRASH)
    for row in rows:
        if not row.get("is_deleted"):
            raise TRASH.error("`with=only_deleted` was ignored: a living lead came")
    yield _documents(rows)


def extract_events(client: AmocrmClient, window: Window) -> Batches:
    """Yield the events of a window that lies in the past."""
    for rows in read_events(client, window):
        yield _documents(rows)


def _not_empty(listing: Listing, batches: Iterator[list[Row]]) -> Iterator[list[Row]]:
    """Refuse an empty list where no account can have one."""
    count = 0
    for rows in batches:
        count += len(rows)
        yield rows
    if not count:
        raise listing.error("the list is empty, which no account's can be")


def _documents(rows: list[Row]) -> list[Document]:
    return [{"id": row["id"], "payload": row} for row in rows]
