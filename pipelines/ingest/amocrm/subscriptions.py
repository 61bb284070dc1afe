"""The hooks that AmoCRM is subscribed to send: listed, and ours healed where asked.

Only with AMOCRM_WEBHOOK_URL is anything written to AmoCRM: the subscription of our own
receiver, when it is missing or was disabled after too many bad answers.
"""

from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.extract.amocrm.extractor import Batches, extract_webhooks
from pipelines.ingest.amocrm.dictionaries import Dictionary

# What rings for entities that we load.
RINGING = (
    "add_lead", "update_lead", "delete_lead", "restore_lead", "status_lead",
    "responsible_lead", "add_contact", "update_contact", "delete_contact",
    "restore_contact", "add_company", "update_company", "delete_company",
    "restore_company", "add_task", "update_task", "delete_task",
)  # fmt: skip


def webhooks(address: str | None) -> Dictionary:
    """Return the list of hooks; with an address ours is subscribed if it must be."""
    return Dictionary("webhooks", lambda client: _healed(client, address))


def _healed(client: AmocrmClient, address: str | None) -> Batches:
    listed = [row for batch in extract_webhooks(client, ours=address) for row in batch]
    ours = [row["payload"] for row in listed if row["payload"]["is_ours"]]
    if address and not any(not hook.get("disabled") for hook in ours):
        client.subscribe(address, RINGING)
        yield from extract_webhooks(client, ours=address)
        return
    yield listed
