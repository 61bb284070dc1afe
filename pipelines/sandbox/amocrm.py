"""AmoCRM's API v4 on loopback: a world's documents, answered as the real one does.

Only the addresses: what answers them stands in `crm/`, what the documents say belongs
to `story/`, serving to `serving.py`.
"""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipelines.sandbox.crm import refusals
from pipelines.sandbox.crm.authorizing import Authorizing
from pipelines.sandbox.crm.behaviour import Behaviour
from pipelines.sandbox.crm.feed_list import FeedList
from pipelines.sandbox.crm.guard import ROOT, Endpoint, Guard
from pipelines.sandbox.crm.hooks import SETTINGS
from pipelines.sandbox.crm.lists import Lists
from pipelines.sandbox.crm.living import LivingCrm
from pipelines.sandbox.crm.state import Crm
from pipelines.sandbox.crm.subscriptions import Subscriptions
from pipelines.sandbox.crm.working import Working
from pipelines.sandbox.story.world import AmocrmWorld

METHODS = ["GET", "POST", "PATCH", "PUT", "DELETE"]
__all__ = ["Behaviour", "amocrm_app"]


def amocrm_app(
    amocrm: AmocrmWorld,
    *,
    behaviour: Behaviour | None = None,
    living: LivingCrm | None = None,
    ring: str | None = None,
) -> Starlette:
    """Build the application; changes of the world's lists show in the next answer.

    With a living CRM, people can work in it at `/sandbox`; their work rings `ring`.
    """
    if behaviour is None:
        behaviour = living.behaviour if living else Behaviour()
    crm = Crm(amocrm, behaviour, living)
    guard, subscriptions = Guard(crm), Subscriptions(crm)
    if ring:
        subscriptions.subscribe(ring, list(SETTINGS))
    routes = [
        Route(f"{ROOT}{path}", guard.guarded(endpoints), methods=METHODS)
        for path, endpoints in _endpoints(crm, subscriptions).items()
    ]
    give = guard.open(Authorizing(crm).give)
    routes.append(Route("/oauth2/access_token", give, methods=["POST"]))
    if living:
        working = Working(living, subscriptions)
        routes += [
            Route("/sandbox", working.listed, methods=["GET"]),
            Route("/sandbox/{operation}", working.work, methods=["POST"]),
        ]
    routes.append(Route("/{path:path}", guard.open(_not_found), methods=METHODS))
    return Starlette(routes=routes)


def _endpoints(
    crm: Crm, subscriptions: Subscriptions
) -> dict[str, dict[str, Endpoint]]:
    """Return what answers, by path and method."""
    lists, feed = Lists(crm), FeedList(crm)
    read = {
        "account": lists.account,
        "users": lists.users,
        "events": feed.events,
        "events/types": feed.types,
        "leads": lists.leads,
        "leads/pipelines": lists.pipelines,
        "leads/loss_reasons": lists.loss_reasons,
        "contacts": lists.contacts,
        "companies": lists.companies,
        "tasks": lists.tasks,
        "sources": lists.sources,
        "catalogs": lists.catalogs,
        "catalogs/{catalog_id:int}/elements": lists.elements,
        "catalogs/{catalog_id:int}/custom_fields": lists.catalog_fields,
        "webhooks": subscriptions.listed,
    }
    for entity in ("leads", "contacts", "companies"):
        read[f"{entity}/custom_fields"] = lists.fields
        read[f"{entity}/tags"] = lists.tags
    for entity in ("leads", "contacts", "companies", "tasks"):
        read[f"{entity}/{{entity_id:int}}"] = lists.one
    endpoints: dict[str, dict[str, Endpoint]] = {
        path: {"GET": endpoint} for path, endpoint in read.items()
    }
    endpoints["webhooks"] |= {
        "POST": subscriptions.add,
        "DELETE": subscriptions.remove,
    }
    return endpoints


async def _not_found(request: Request) -> Response:
    detail = f"nothing answers at {request.url.path}"
    return refusals.problem(404, "Not Found", detail)
