"""Who asks: the token's check, and what Facebook says of it and of its permissions."""

import hashlib
import hmac
from collections.abc import Mapping

from pipelines.sandbox.graph import refusals
from pipelines.sandbox.graph.pages import Document
from pipelines.sandbox.graph.state import Asked, Graph

SCOPES = (
    "read_insights",
    "ads_read",
    "ads_management",
    "business_management",
    "leads_retrieval",
    "pages_show_list",
    "pages_read_engagement",
    "pages_manage_ads",
    "public_profile",
)
# A page's own token opens its forms and leads only.
PAGE_EDGES = frozenset({"leadgen_forms", "leads", ""})


def check_credentials(graph: Graph, params: Mapping[str, str], *, edge: str) -> None:
    """Refuse a call without a valid token, or without its proof."""
    token = params.get("access_token")
    if not token:
        raise refusals.token_missing()
    if token != graph.facebook.access_token:
        of_pages = {one.get("access_token") for one in graph.facebook.pages}
        if token not in of_pages or edge not in PAGE_EDGES:
            raise refusals.token_wrong()
    proof = params.get("appsecret_proof")
    if graph.app_secret is None:
        return
    if proof is None:
        raise refusals.proof_missing()
    expected = hmac.new(graph.app_secret.encode(), token.encode(), hashlib.sha256)
    if not hmac.compare_digest(proof, expected.hexdigest()):
        raise refusals.proof_wrong()


def debug_token(graph: Graph, asked: Asked) -> Document:
    """Say what a token is; `faults.token_facts` changes the answer."""
    token = asked.params.get("input_token")
    if not token:
        raise refusals.wrong_parameter("input_token", "is required.")
    if token != graph.facebook.access_token:
        error = {"code": 190, "message": "Invalid OAuth access token."}
        return {"data": {"error": error, "is_valid": False, "scopes": []}}
    facts: Document = {
        "app_id": "4000000000001",
        "type": "SYSTEM_USER",
        "application": "Sandbox",
        "data_access_expires_at": 0,
        "expires_at": 0,
        "is_valid": True,
        "issued_at": 1735689600,
        "scopes": list(SCOPES),
        "granular_scopes": [{"scope": scope} for scope in SCOPES],
        "user_id": "5000000000001",
    }
    return {"data": {**facts, **graph.faults.token_facts}}


def permissions(graph: Graph) -> Document:
    """List the permissions of the token; `faults.declined` have not been given."""
    declined = graph.faults.declined
    rows = [
        {
            "permission": scope,
            "status": "declined" if scope in declined else "granted",
        }
        for scope in SCOPES
    ]
    return {"data": rows}
