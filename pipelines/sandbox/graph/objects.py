"""The objects of ad accounts: nodes by id, and the edges that list them.

Insights and leads have modules of their own.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from facebook_business.adobjects.ad import Ad
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.adobjects.adcreative import AdCreative
from facebook_business.adobjects.adset import AdSet
from facebook_business.adobjects.campaign import Campaign

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.filters import (
    HIDDEN_STATUSES,
    Rule,
    effective_status,
    read_rules,
    seconds,
)
from pipelines.sandbox.graph.listings import checked_fields, listing
from pipelines.sandbox.graph.pages import Document, json_list, select_fields
from pipelines.sandbox.graph.state import Asked, Graph
from pipelines.sandbox.story.world import FacebookWorld

# Edge of an account → the objects it lists, as the SDK knows them.
EDGES = {"campaigns": Campaign, "adsets": AdSet, "ads": Ad, "adcreatives": AdCreative}
# Edge → the field of its objects that names them in filters.
KINDS = {"campaigns": "campaign", "adsets": "adset", "ads": "ad"}


def all_objects(facebook: FacebookWorld, edge: str) -> list[Document]:
    """Return the objects of all accounts that an edge lists."""
    return {
        "campaigns": facebook.campaigns,
        "adsets": facebook.ad_sets,
        "ads": facebook.ads,
        "adcreatives": facebook.creatives,
    }[edge]


def account(graph: Graph, account_id: str) -> Document:
    """Return an account that the token reaches."""
    graph.faults.before_account(account_id)
    for document in graph.facebook.accounts:
        if document["id"] == account_id:
            return document
    raise refusals.unknown_object(account_id)


def owner(graph: Graph, owner_id: str) -> tuple[Document, Rule | None]:
    """Return the account that an edge's owner belongs to, and the rule it means."""
    if owner_id.startswith("act_"):
        return account(graph, owner_id), None
    for edge, kind in KINDS.items():
        for document in all_objects(graph.facebook, edge):
            if document["id"] == owner_id:
                found = account(graph, f"act_{document['account_id']}")
                return found, Rule(f"{kind}.id", "IN", [owner_id])
    raise refusals.unknown_object(owner_id)


def my_accounts(graph: Graph, asked: Asked) -> Document:
    """List the accounts of the token."""
    accounts = [
        document
        for document in graph.facebook.accounts
        if document["id"] not in graph.faults.denied
    ]
    return listing(graph, accounts, asked, of=AdAccount)


def object_node(graph: Graph, node_id: str, asked: Asked) -> Document | None:
    """Return an account or one of its objects; None when the id is none of theirs."""
    if node_id.startswith("act_"):
        found = account(graph, node_id)
        return select_fields(found, checked_fields(asked.params, of=AdAccount))
    for edge, of in EDGES.items():
        for document in all_objects(graph.facebook, edge):
            if document["id"] == node_id:
                graph.faults.before_account(f"act_{document['account_id']}")
                return select_fields(document, checked_fields(asked.params, of=of))
    return None


def objects(graph: Graph, owner_id: str, edge: str, asked: Asked) -> Document:
    """List the objects of an account, a campaign or an ad set."""
    found, narrowed = owner(graph, owner_id)
    documents = [
        document
        for document in all_objects(graph.facebook, edge)
        if document["account_id"] == found["account_id"]
        and (narrowed is None or narrowed.fits(_values(document, edge)))
    ]
    if edge in KINDS:
        rules = _rules(asked.params, edge)
        wanted = _wanted_statuses(graph, asked.params, rules)
        documents = [
            document
            for document in documents
            if _is_listed(document, wanted)
            and all(rule.fits(_values(document, edge)) for rule in rules)
        ]
    return listing(graph, documents, asked, of=EDGES[edge])


def _rules(params: Mapping[str, str], edge: str) -> tuple[Rule, ...]:
    kind = KINDS[edge]
    names = [f"{one}.id" for one in KINDS.values()]
    rules = read_rules(
        params,
        lists=(*names, "id", "effective_status", f"{kind}.effective_status"),
        times=("updated_time", "created_time", f"{kind}.updated_time"),
    )
    since = params.get("updated_since")
    if since is None or edge == "campaigns":
        return rules
    if not since.isdigit():
        raise refusals.wrong_parameter("updated_since", "must be a Unix time.")
    return (*rules, Rule("updated_time", "GREATER_THAN_OR_EQUAL", int(since)))


def _values(document: Document, edge: str) -> dict[str, Any]:
    kind = KINDS.get(edge, "creative")
    status = effective_status(document)
    values = {f"{one}.id": document.get(f"{one}_id") for one in KINDS.values()}
    values |= {"id": document["id"], f"{kind}.id": document["id"]}
    values |= {"effective_status": status, f"{kind}.effective_status": status}
    for name in ("created_time", "updated_time"):
        if name in document:
            values[name] = values[f"{kind}.{name}"] = seconds(document[name])
    return values


def _wanted_statuses(
    graph: Graph, params: Mapping[str, str], rules: Sequence[Rule]
) -> Sequence[str] | None:
    """Return the statuses that are asked for; None for all that show by default."""
    wanted = json_list(params, "effective_status")
    filtered = [rule for rule in rules if rule.field.endswith("effective_status")]
    if wanted is None and filtered:
        wanted = [status for rule in filtered for status in rule.value]
    if wanted and "DELETED" in wanted:
        if graph.faults.edge_deleted == "error":
            raise refusals.deleted_in_edge()
        if graph.faults.edge_deleted == "nothing":
            return [status for status in wanted if status != "DELETED"]
    return wanted or None


def _is_listed(document: Document, wanted: Sequence[str] | None) -> bool:
    status = effective_status(document)
    return status not in HIDDEN_STATUSES if wanted is None else status in wanted
