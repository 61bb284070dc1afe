"""Nodes and lists of objects, pages, forms, leads, edits and the token itself.

Figures of days belong to `insights.py`, the cutting into pages to `paging.py`.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

from tests.facebook.foreign.asking import Question, Refusal
from tests.facebook.foreign.crowd import form_document, leads_of
from tests.facebook.foreign.objects import HIDDEN, KINDS, SHOWN
from tests.facebook.foreign.truth import Account, Truth

Document = dict[str, Any]
SCOPES = ("ads_read", "ads_management", "leads_retrieval", "pages_show_list")


class Edges:
    """Answers about objects; `deleted` is what DELETED in a list's filter does."""

    def __init__(self, truth: Truth, *, deleted: str = "nothing") -> None:
        self.truth = truth
        self.deleted = deleted

    def find(self, object_id: str) -> tuple[str, Document] | None:
        """Return the kind and the document of a node, None when it is gone."""
        for account in self.truth.accounts.values():
            if object_id in (account.id, account.digits):
                return "account", account.node
            for kind in KINDS:
                if object_id in account.shelf.by_kind[kind]:
                    if object_id in account.shelf.gone:
                        return None
                    return kind, account.shelf.by_kind[kind][object_id]
        if object_id in self.truth.pages:
            return "pages", self.truth.pages[object_id]
        if object_id in self.truth.forms:
            return "leadgen_forms", form_document(self.truth, object_id)
        return None

    def owner(self, object_id: str) -> str:
        """Return the digits of the account that an id belongs to, "" for none."""
        for digits, account in self.truth.accounts.items():
            if object_id in (account.id, digits):
                return digits
            if any(object_id in objects for objects in account.shelf.by_kind.values()):
                return digits
        return ""

    def node(self, question: Question) -> Document:
        found = self.find(question.path[0])
        if found is None:
            raise _unknown(question.path[0])
        kind, document = found
        return _shown(document, question.fields(kind))

    def rows(self, question: Question) -> list[Document] | None:
        """Return all rows of a list, None for one that there is not."""
        head, edge = question.path
        by_edge: dict[str, Callable[[], list[Document]]] = {
            "accounts": lambda: list(self.truth.pages.values()),
            "adaccounts": lambda: [a.node for a in self.truth.accounts.values()],
            "permissions": _permissions,
            "leadgen_forms": lambda: self._forms(head),
            "leads": lambda: self._leads(question),
        }
        digits = self.owner(head)
        if digits:
            account = self.truth.accounts[digits]
            by_edge["activities"] = lambda: _activities(account, question)
            for kind in KINDS:
                by_edge[kind] = lambda kind=kind: self._objects(account, kind, question)  # type: ignore[misc]
        if edge not in by_edge:
            return None
        if head != "me" and self.find(head) is None:
            raise _unknown(head)
        kind = {"accounts": "pages", "adaccounts": "account"}.get(edge, edge)
        fields = question.fields(kind) if edge != "permissions" else []
        made = by_edge[edge]()
        if edge == "permissions":
            return made
        return [_shown(row, fields, with_id=edge != "activities") for row in made]

    def _objects(
        self, account: Account, kind: str, question: Question
    ) -> list[Document]:
        statuses = question.texts("effective_status")
        if kind == "adcreatives":
            statuses = []
        if "DELETED" in statuses:
            if self.deleted == "error":
                raise Refusal(100, "(#100) effective_status: DELETED is not allowed")
            if self.deleted == "nothing":
                statuses.remove("DELETED")
        shelf = account.shelf
        wanted = set(statuses or (s for s in SHOWN[kind] if s not in HIDDEN))
        return [
            document
            for object_id, document in shelf.by_kind[kind].items()
            if object_id not in shelf.gone and shelf.status(kind, object_id) in wanted
        ]

    def _forms(self, page_id: str) -> list[Document]:
        forms = self.truth.forms
        return [
            form_document(self.truth, form_id)
            for form_id, form in forms.items()
            if form["page_id"] == page_id
        ]

    def _leads(self, question: Question) -> list[Document]:
        head = question.path[0]
        if head in self.truth.forms:
            found = leads_of(self.truth, form_id=head)
        else:
            found = leads_of(self.truth, ad_id=head)
        for condition in question.json("filtering", []):
            if condition["field"] != "time_created":
                raise Refusal(100, f"(#100) cannot filter by {condition['field']}")
            bound = int(condition["value"])
            keep = {
                "GREATER_THAN": bound.__lt__,
                "GREATER_THAN_OR_EQUAL": bound.__le__,
                "LESS_THAN": bound.__gt__,
            }[condition["operator"]]
            found = [lead for lead in found if keep(_unix(lead["created_time"]))]
        return found

    def debug_token(self, question: Question) -> Document:
        known = (self.truth.token, self.truth.second_token)
        if question.params.get("input_token") not in known:
            return {"data": {"is_valid": False, "error": {"code": 190}}}
        return {
            "data": {
                "app_id": "900000000000001",
                "type": "SYSTEM_USER",
                "application": "Example reports",
                "data_access_expires_at": _unix("2026-11-01T00:00:00+0000"),
                "expires_at": 0,
                "is_valid": True,
                "issued_at": 1767225600,
                "scopes": list(SCOPES),
                "user_id": "122000000000001",
            }
        }


def _shown(document: Document, fields: list[str], *, with_id: bool = True) -> Document:
    """Return the asked fields that an object has; the id always, where there is one."""
    names = dict.fromkeys([*fields, *(["id"] if with_id else [])])
    return {name: document[name] for name in names if name in document}


def _unknown(object_id: str) -> Refusal:
    return Refusal(
        100,
        f"Unsupported get request. Object with ID '{object_id}' does not exist, "
        "cannot be loaded due to missing permissions",
        subcode=33,
    )


def _permissions() -> list[Document]:
    return [{"permission": scope, "status": "granted"} for scope in SCOPES]


def _activities(account: Account, question: Question) -> list[Document]:
    """Return edits between two moments, both inclusive, newest first."""
    since = _moment(question.params.get("since"), datetime.min)
    until = _moment(question.params.get("until"), datetime.max)
    found = [
        entry
        for entry in account.activities
        if since <= _moment(entry["event_time"], datetime.min) <= until
    ]
    return sorted(found, key=lambda entry: str(entry["event_time"]), reverse=True)


def _moment(text: str | None, default: datetime) -> datetime:
    if not text:
        return default.replace(tzinfo=UTC)
    if text.isdigit():
        return datetime.fromtimestamp(int(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _unix(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp())


def dressed(row: Document, random: Random, *, seed: int) -> Document:
    """Return a row as this Facebook writes it: other order, keys nobody asked for."""
    lot = Random(f"{seed}{row.get('id') or sorted(row.items(), key=str)}")
    dressed = dict(row)
    if lot.random() < 0.1:
        dressed["zz_new_field"] = {"since": "v26.0", "values": [1, None, 2.50]}
    if isinstance(dressed.get("account_id"), str) and lot.random() < 0.1:
        dressed["account_id"] = f"act_{dressed['account_id'].removeprefix('act_')}"
    keys = list(dressed)
    random.shuffle(keys)
    return {key: dressed[key] for key in keys}
