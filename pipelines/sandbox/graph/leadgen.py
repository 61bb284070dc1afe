"""Lead Ads: the pages of the token, their forms, and the leads of a form or an ad."""

from facebook_business.adobjects.lead import Lead
from facebook_business.adobjects.leadgenform import LeadgenForm
from facebook_business.adobjects.page import Page

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.filters import read_rules, seconds
from pipelines.sandbox.graph.listings import checked_fields, listing
from pipelines.sandbox.graph.pages import Document, select_fields
from pipelines.sandbox.graph.state import Asked, Graph


def my_pages(graph: Graph, asked: Asked) -> Document:
    """List the pages of the token."""
    pages = [one for one in graph.facebook.pages if one["id"] not in _denied(graph)]
    return listing(graph, pages, asked, of=Page)


def lead_forms(graph: Graph, page_id: str, asked: Asked) -> Document:
    """List the lead forms of a page."""
    _reach(graph, page_id, asked)
    facebook = graph.facebook
    if not any(one["id"] == page_id for one in facebook.pages):
        raise refusals.unknown_object(page_id)
    forms = [one for one in facebook.lead_forms if one["page_id"] == page_id]
    return listing(graph, forms, asked, of=LeadgenForm)


def leads(graph: Graph, owner_id: str, asked: Asked) -> Document:
    """List the leads of a form or of an ad, the newest first."""
    facebook = graph.facebook
    for form in facebook.lead_forms:
        if form["id"] == owner_id:
            _reach(graph, form["page_id"], asked)
            return _leads_of(graph, "form_id", owner_id, asked)
    for ad in facebook.ads:
        if ad["id"] == owner_id:
            graph.faults.before_account(f"act_{ad['account_id']}")
            return _leads_of(graph, "ad_id", owner_id, asked)
    raise refusals.unknown_object(owner_id)


def lead_node(graph: Graph, node_id: str, asked: Asked) -> Document | None:
    """Return a page, form or lead; None when the id is none of theirs."""
    facebook = graph.facebook
    kinds = ((facebook.pages, Page), (facebook.lead_forms, LeadgenForm))
    for documents, of in (*kinds, (facebook.leads, Lead)):
        for document in documents:
            if document["id"] == node_id:
                _reach(graph, _page_of(graph, document), asked)
                return select_fields(document, checked_fields(asked.params, of=of))
    return None


def _leads_of(graph: Graph, key: str, owner_id: str, asked: Asked) -> Document:
    rules = read_rules(asked.params, times=("time_created",))
    found = [
        lead
        for lead in graph.facebook.leads
        if lead.get(key) == owner_id
        and all(
            rule.fits({"time_created": seconds(lead["created_time"])}) for rule in rules
        )
    ]
    found.sort(key=lambda lead: seconds(lead["created_time"]), reverse=True)
    return listing(graph, found, asked, of=Lead)


def _denied(graph: Graph) -> set[str]:
    return graph.faults.denied


def _page_of(graph: Graph, document: Document) -> str:
    """Return the page that a page, form or lead belongs to."""
    if "form_id" in document:
        forms = graph.facebook.lead_forms
        pages = [one["page_id"] for one in forms if one["id"] == document["form_id"]]
        return str(pages[0]) if pages else ""
    return str(document.get("page_id", document["id"]))


def _reach(graph: Graph, page_id: str, asked: Asked) -> None:
    """Refuse a page that the token does not reach; a page's token reaches its own."""
    if asked.token != graph.facebook.access_token:
        own = [
            one["id"]
            for one in graph.facebook.pages
            if one.get("access_token") == asked.token
        ]
        if page_id not in own:
            raise refusals.no_page_permission()
    graph.faults.before_account(page_id)
