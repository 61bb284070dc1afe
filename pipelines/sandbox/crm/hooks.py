"""A webhook as AmoCRM sends it: a form text and the headers around it.

The items in it belong to `bodies.py`; sending it, losing it and sending it again to
`sender.py`.
"""

import uuid
from dataclasses import dataclass, field, replace

from pipelines.sandbox.crm.bodies import Style, contact_item, lead_item, task_item
from pipelines.sandbox.crm.forms import build_form
from pipelines.sandbox.story.world import Document

AGENT, OLD_AGENT = "amoCRM-Webhooks/3.0", "amoCRM-WebHook-client/1.0"
# The part of the body that an entity arrives in, and its name in subscriptions.
PARTS = {
    "leads": "leads",
    "contacts": "contacts",
    "companies": "contacts",
    "tasks": "task",
    "unsorted": "unsorted",
}
SETTING_NAMES = {
    "leads": "lead",
    "contacts": "contact",
    "companies": "company",
    "tasks": "task",
    "unsorted": "unsorted",
}
SETTINGS = tuple(
    f"{kind}_{name}"
    for name in ("lead", "contact", "company", "task")
    for kind in ("add", "update", "delete", "restore", "status", "responsible", "note")
    if not (kind == "status" and name != "lead")
    and not (kind in ("restore", "note") and name == "task")
)


@dataclass(frozen=True)
class Hook:
    """One delivery: what happened to one or more documents of one kind.

    `documents` are those of the API as they were then; `old` holds, for each of them,
    what its changed fields were before.
    """

    entity: str
    kind: str
    documents: tuple[Document, ...]
    account: Document
    old: tuple[Document, ...] = ()
    sent_at: int = 0
    style: Style = field(default_factory=Style)

    @property
    def ids(self) -> tuple[int, ...]:
        return tuple(document["id"] for document in self.documents)

    @property
    def setting(self) -> str:
        """Name the subscription that lets this hook ring."""
        return f"{self.kind}_{SETTING_NAMES[self.entity]}"

    def styled(self, style: Style) -> "Hook":
        return replace(self, style=style)

    def joined(self, other: "Hook") -> "Hook":
        """Put the documents of two hooks of one kind into one delivery."""
        return replace(
            self,
            documents=self.documents + other.documents,
            old=self._olds() + other._olds(),
        )

    def body(self) -> bytes:
        """Return the form text."""
        items = [
            self._item(document, old)
            for document, old in zip(self.documents, self._olds(), strict=True)
        ]
        told: dict[str, object] = {PARTS[self.entity]: {self.kind: items}}
        account: dict[str, object] = {"account": self._account()}
        return build_form(
            account | told if self.style.account_first else told | account
        )

    def headers(self, request_id: str) -> dict[str, str]:
        return {
            "User-Agent": OLD_AGENT if self.style.is_old_agent else AGENT,
            "Content-Type": "application/x-www-form-urlencoded",
            "X-amoCRM-RequestId": request_id,
        }

    def _olds(self) -> tuple[Document, ...]:
        return self.old or ({},) * len(self.documents)

    def _item(self, document: Document, old: Document) -> Document:
        match self.entity:
            case "leads" if self.kind == "note":
                return {"note": document["note"]}
            case "leads":
                return lead_item(self.kind, document, old, self.style)
            case "tasks":
                return task_item(self.kind, document)
            case "unsorted":
                return document
        return contact_item(self.kind, document, old, self.style, entity=self.entity)

    def _account(self) -> Document:
        if self.style.is_digital_pipeline:
            return self.account
        address = f"https://{self.account.get('subdomain')}.amocrm.ru"
        return self.account | {"_links": {"self": address}}


def unsorted_hook(
    account: Document, lead_id: int, *, action: str = "accept", by: int = 0
) -> Hook:
    """Return the hook of an unsorted deal that was accepted or declined."""
    item = {
        "id": lead_id,
        "uid": uuid.UUID(int=lead_id).hex,
        "action": action,
        f"{action}_result": {"leads": [lead_id]},
        "modified_user_id": by,
    }
    return Hook("unsorted", "delete", (item,), account)


def note_hooks(account: Document, lead_id: int, note_id: int) -> list[Hook]:
    """Return the two hooks of one note with a picture: the note, then its file."""
    return [
        Hook(
            "leads",
            "note",
            ({"id": lead_id, "note": {"id": number, "element_id": lead_id,
                                      "element_type": 2, "note_type": kind}},),
            account,
        )
        for number, kind in ((note_id, 4), (note_id + 1, 5))
    ]  # fmt: skip
