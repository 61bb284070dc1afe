"""The account behind the address: another one must not be mixed with what is stored."""

from pipelines.errors import LoadRefused
from pipelines.extract.amocrm.client import SYSTEM, AmocrmClient
from pipelines.extract.amocrm.extractor import Batches, extract_account
from pipelines.ingest.amocrm.dictionaries import Dictionary
from pipelines.load.merge import Connection


def account(warehouse: Connection, *, is_confirmed: bool) -> Dictionary:
    """Return the account; another than the stored one is refused, unless confirmed."""

    def extract(client: AmocrmClient) -> Batches:
        for batch in extract_account(client):
            for document in batch:
                stored = stored_account(warehouse)
                if stored not in (None, document["id"]) and not is_confirmed:
                    raise _refusal(document["id"], stored)
            yield batch

    return Dictionary("account", extract)


def stored_account(warehouse: Connection) -> int | None:
    """Return the id of the account whose deals are stored, None when none are."""
    row = warehouse.execute(
        "select id from raw.amocrm__account where _deleted_at is null "
        "and exists (select from raw.amocrm__leads)"
    ).fetchone()
    return row[0] if row else None


def _refusal(found: int, stored: int | None) -> LoadRefused:
    return LoadRefused(
        f"the address leads to account {found}, but the stored deals belong to account "
        f"{stored}; nothing was read of it",
        system=SYSTEM,
        table="account",
        remedy="put the old account's address and token back, or use an empty "
        "warehouse for the new one; if both are one account under a new number, run "
        "with `confirm_account: true` in the run config",
    )
