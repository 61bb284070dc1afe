"""Lead Ads, read: pages, their forms with Facebook's counts, and a form's leads.

A page's own token is used for that page's calls and goes nowhere else; answers of leads
go into the payload and nowhere else. What is stored, skipped or asked again belongs to
`ingest/facebook/leads.py`.
"""

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from pipelines.errors import AuthError
from pipelines.extract.facebook.activities import moment
from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import (
    SYSTEM,
    GraphError,
    Kind,
    source_error,
)
from pipelines.extract.facebook.extractor import broken
from pipelines.extract.facebook.pages import Document

# Not `tasks`: the SDK's Page does not know it, and one field refused costs all leads.
PAGE_FIELDS = ("id", "name", "access_token")
# What of a page may be kept.
PAGE_FACTS = ("id", "name", "tasks")
FORM_FIELDS = (
    "id",
    "name",
    "status",
    "page_id",
    "questions",
    "leads_count",
    "organic_leads_count",
    "expired_leads_count",
    "tracking_parameters",
    "created_time",
)
LEAD_FIELDS = (
    "id",
    "created_time",
    "ad_id",
    "ad_name",
    "adset_id",
    "adset_name",
    "campaign_id",
    "campaign_name",
    "form_id",
    "field_data",
    "custom_disclaimer_responses",
    "is_organic",
    "platform",
)
REMEDY = (
    "give the token's system user the page with lead access (Leads Access Manager) and "
    "leads_retrieval, pages_show_list, pages_read_engagement, pages_manage_ads"
)
UNSUPPORTED = "this Graph API version does not offer it: compare FACEBOOK_API_VERSION"
# A call that wants a page's own token says so under the code of a wrong token.
NEEDS_PAGE_TOKEN = "page access token"
VERSION_ENDED = 2635
NOT_OFFERED = (100, 2500)


class LeadsDenied(AuthError):
    """A page or form that the token may not read; the spend does not depend on it."""


@dataclass(frozen=True)
class Page:
    """A page that may have forms; its token is never shown."""

    page_id: str
    payload: Document
    token: str | None = field(default=None, repr=False)


@dataclass(frozen=True)
class Form:
    """A form, and how many leads Facebook says it has had; None when it does not."""

    form_id: str
    page_id: str
    payload: Document

    @property
    def counted(self) -> int | None:
        """All leads ever sent: the organic and the expired ones are among them."""
        return _count(self.payload.get("leads_count"))

    @property
    def organic(self) -> int:
        """Leads that came without an ad."""
        return _count(self.payload.get("organic_leads_count")) or 0

    @property
    def expired(self) -> int:
        """Leads that Facebook has thrown away by now."""
        return _count(self.payload.get("expired_leads_count")) or 0

    @property
    def document(self) -> Document:
        return {
            "form_id": self.form_id,
            "page_id": self.page_id,
            "payload": self.payload,
        }


class LeadsReader:
    """Reads Lead Ads with a credential, and pages with their own where they have one.

    `open_client` makes the client of a page's token. Raises LeadsDenied for what may
    not be read, and else the project's errors, without tokens and personal data.
    """

    def __init__(
        self, client: GraphClient, open_client: Callable[[str], GraphClient]
    ) -> None:
        self._client = client
        self._open_client = open_client
        self._clients: dict[str, GraphClient] = {}

    def pages(self) -> list[Page]:
        """Read the pages that the credential may use."""
        params = {"fields": ",".join(PAGE_FIELDS)}
        with _as_leads_error("pages", "me/accounts"):
            rows = [
                row
                for page in self._client.pages(("me", "accounts"), params)
                for row in page.rows
            ]
        return [_page(row) for row in rows]

    def forms(self, page: Page) -> list[Form]:
        """Read all forms of a page."""
        where = f"page {page.page_id}"
        params = {"fields": ",".join(FORM_FIELDS)}
        with _as_leads_error("lead_forms", where, own_token=page.token):
            rows = [
                row
                for part in self._client_of(page).pages(
                    (page.page_id, "leadgen_forms"), params, account_id=page.page_id
                )
                for row in part.rows
            ]
        if any(not row.get("id") for row in rows):
            raise broken("lead_forms", where, "a form has no id")
        return [Form(str(row["id"]), page.page_id, row) for row in rows]

    def leads(
        self, page: Page, form: Form, *, after: datetime | None
    ) -> list[Document]:
        """Read a form's leads, all that Facebook keeps or those sent after a second."""
        where = f"page {page.page_id} form {form.form_id}"
        params: Document = {"fields": ",".join(LEAD_FIELDS)}
        if after:
            params["filtering"] = [
                {
                    "field": "time_created",
                    "operator": "GREATER_THAN",
                    "value": int(after.timestamp()),
                }
            ]
        with _as_leads_error("leads", where, own_token=page.token):
            rows = [
                row
                for part in self._client_of(page).pages(
                    (form.form_id, "leads"), params, account_id=page.page_id
                )
                for row in part.rows
            ]
        if any(not row.get("id") for row in rows):
            raise broken("leads", where, "a lead has no id")
        return [_lead(form, row) for row in rows]

    def _client_of(self, page: Page) -> GraphClient:
        if page.token is None:
            return self._client
        if page.page_id not in self._clients:
            self._clients[page.page_id] = self._open_client(page.token)
        return self._clients[page.page_id]


def _page(row: Document) -> Page:
    if not row.get("id"):
        raise broken("pages", "me/accounts", "a page has no id")
    facts = {name: row[name] for name in PAGE_FACTS if name in row}
    token = row.get("access_token")
    return Page(str(row["id"]), facts, str(token) if token else None)


def _lead(form: Form, row: Document) -> Document:
    """Return a lead's document; organic and test leads name no ad."""
    ad_id = row.get("ad_id")
    return {
        "lead_id": str(row["id"]),
        "form_id": form.form_id,
        "page_id": form.page_id,
        "ad_id": str(ad_id) if ad_id else None,
        "created_at": moment(row.get("created_time")),
        "payload": row,
    }


def _count(value: object) -> int | None:
    try:
        return max(int(str(value)), 0)
    except ValueError:
        return None


@contextlib.contextmanager
def _as_leads_error(
    table: str, where: str, *, own_token: str | None = None
) -> Iterator[None]:
    try:
        yield
    except GraphError as error:
        # Neither the cause nor the text may carry an answer's body.
        shown = _without_body(error)
        remedy = _objection(shown, has_own_token=own_token is not None)
        if remedy is None:
            raise source_error(shown, table=table, account_id=where) from None
        raise LeadsDenied(
            str(shown), system=SYSTEM, table=table, window=where, remedy=remedy
        ) from None


def _objection(error: GraphError, *, has_own_token: bool) -> str | None:
    """Return what to do about a refusal that concerns this page or form only."""
    if error.kind is Kind.PERMISSION:
        return REMEDY
    if error.kind is Kind.AUTH:
        asks_for_page = NEEDS_PAGE_TOKEN in error.message.lower()
        return REMEDY if has_own_token or asks_for_page else None
    if error.kind is Kind.CONFIG and error.code in NOT_OFFERED:
        return UNSUPPORTED
    return None


def _without_body(error: GraphError) -> GraphError:
    """Cut what a broken answer holds: it may be a page's token or a lead's answers."""
    if error.code is not None:
        return error
    text = re.split(r"[\[{]", str(error), maxsplit=1)[0].rstrip(": ")
    return GraphError(text, kind=error.kind, wait_seconds=error.wait_seconds)
