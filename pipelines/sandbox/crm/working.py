"""The sandbox's own address: `POST /sandbox/<operation>` lets somebody work.

The operations belong to the work modules; AmoCRM itself has no such address.
"""

import inspect
import json
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipelines.sandbox.crm import refusals
from pipelines.sandbox.crm.delivery import Delivery
from pipelines.sandbox.crm.hooks import Hook
from pipelines.sandbox.crm.lead_work import LOST, WON
from pipelines.sandbox.crm.living import OPERATIONS, LivingCrm
from pipelines.sandbox.crm.subscriptions import Subscriptions

# Shorter names for what is done most.
ALIASES = {"edit": "edit_lead", "add": "add_lead"}


class Working:
    """Endpoints of the people who work in the sandbox's CRM."""

    def __init__(self, living: LivingCrm, subscriptions: Subscriptions) -> None:
        self._living = living
        self._subscriptions = subscriptions

    async def listed(self, request: Request) -> Response:
        """Answer what can be done, and with which arguments."""
        told = {
            name: str(inspect.signature(getattr(LivingCrm, name))).replace("self, ", "")
            for name in OPERATIONS
        }
        return JSONResponse({"operations": told, "aliases": ALIASES})

    async def work(self, request: Request) -> Response:
        """Do one thing and ring; a deal that is not named is the newest that fits."""
        name = request.path_params["operation"]
        try:
            asked = json.loads(await request.body() or b"{}")
        except ValueError:
            asked = None
        if request.url.query:
            message = "arguments are a JSON object in the body, not a query"
            return refusals.problem(400, "Bad Request", message)
        if not isinstance(asked, dict):
            return refusals.problem(400, "Bad Request", "the body is no JSON object")
        if name == "advance":
            tries = await run_in_threadpool(
                self._subscriptions.advance, float(asked.get("seconds", 300))
            )
            return JSONResponse({"answers": _answers(tries)})
        name = ALIASES.get(name, name)
        if name not in OPERATIONS:
            return refusals.problem(404, "Not Found", "there is no such operation")
        return await run_in_threadpool(self._do, name, asked)

    def _do(self, name: str, asked: dict[str, Any]) -> Response:
        living = self._living
        work = getattr(living, name)
        try:
            with living.lock:
                if "lead_id" in inspect.signature(work).parameters:
                    asked.setdefault("lead_id", self._some_lead(name))
                done = work(**asked)
                hooks = living.take_hooks()
        except TypeError as error:
            return refusals.problem(400, "Bad Request", str(error))
        except (LookupError, StopIteration) as error:
            return refusals.problem(404, "Not Found", f"there is none: {error}")
        tries = self._subscriptions.ring(hooks)
        told = {"result": done, "asked": asked, "rang": _rung(hooks)}
        return JSONResponse(told | {"answers": _answers(tries)})

    def _some_lead(self, name: str) -> int:
        """Return the newest deal that an operation makes sense for."""
        living = self._living
        if name in ("restore", "purge"):
            return [number for entity, number in living.trash if entity == "leads"][-1]
        is_closed = name == "reopen"
        deals = living.world.leads
        return next(
            int(deal["id"])
            for deal in sorted(deals, key=_how_telling, reverse=True)
            if (deal["status_id"] in (WON, LOST)) is is_closed
        )


def _how_telling(deal: dict[str, Any]) -> tuple[bool, int]:
    """Prefer a deal with a price, then a new one: a sale of nothing shows nothing."""
    return bool(deal["price"]), deal["created_at"]


def _rung(hooks: list[Hook]) -> list[dict[str, object]]:
    return [{"setting": hook.setting, "ids": hook.ids} for hook in hooks]


def _answers(tries: list[Delivery]) -> list[int | None]:
    return [one.status for one in tries]
