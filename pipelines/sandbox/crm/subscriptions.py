"""The subscriptions to hooks: who is rung for what, and who was given up.

What rings belongs to `hooks.py`, the waits of a sender to `delivery.py`.
"""

import contextlib
import json
import time
from collections.abc import Callable
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pipelines.sandbox.crm import refusals
from pipelines.sandbox.crm.delivery import Delivery
from pipelines.sandbox.crm.hooks import SETTINGS, Hook
from pipelines.sandbox.crm.pages import whole
from pipelines.sandbox.crm.sender import HookSender
from pipelines.sandbox.crm.state import Crm
from pipelines.sandbox.story.world import Document

MAX_WEBHOOKS = 100
FIRST_ID = 830_001
# The sandbox rings nobody but this machine.
LOOPBACK = {"127.0.0.1", "localhost", "::1"}


class Subscriptions:
    """The endpoints of `/webhooks`, and the ringing of those who subscribed."""

    def __init__(self, crm: Crm) -> None:
        self._crm = crm
        self._senders: dict[str, HookSender] = {}

    async def listed(self, request: Request) -> Response:
        wanted = request.query_params.get("filter[destination]")
        rows = [
            row
            for row in self._crm.world.webhooks
            if wanted in (None, row["destination"])
        ]
        if not rows:
            return Response(status_code=204)
        return whole(request, "webhooks", rows, behaviour=self._crm.behaviour)

    async def add(self, request: Request) -> Response:
        """Subscribe an address, or change what it is subscribed to."""
        asked = await _read(request)
        destination = asked.get("destination")
        settings = asked.get("settings")
        if not isinstance(destination, str) or not _host(destination):
            return refusals.invalid("destination", "This value is not a valid URL.")
        if not isinstance(settings, list) or any(
            name not in SETTINGS for name in settings
        ):
            return refusals.invalid("settings", "One or more values is invalid.")
        known = {row["destination"] for row in self._crm.world.webhooks}
        if len(known | {destination}) > MAX_WEBHOOKS:
            return refusals.invalid("destination", "There are too many webhooks.")
        row = self.subscribe(destination, settings)
        links = {"self": {"href": str(request.url)}}
        return JSONResponse(row | {"_links": links}, status_code=201)

    async def remove(self, request: Request) -> Response:
        """End the subscription of an address."""
        destination = (await _read(request)).get("destination")
        rows = self._crm.world.webhooks
        left = [row for row in rows if row["destination"] != destination]
        if len(left) == len(rows):
            return refusals.problem(404, "Not Found", "there is no such webhook")
        rows[:] = left
        return Response(status_code=204)

    def subscribe(self, destination: str, settings: list[str]) -> Document:
        """Write a subscription down; one that was given up begins anew."""
        rows, now = self._crm.world.webhooks, self._now()
        for row in rows:
            if row["destination"] == destination:
                row |= {"settings": settings, "updated_at": now, "disabled": False}
                if destination in self._senders:
                    self._senders[destination].patience.enable()
                return row
        account = self._crm.world.account
        row = {
            "id": FIRST_ID + len(rows),
            "destination": destination,
            "created_at": now,
            "updated_at": now,
            "account_id": account["id"],
            "created_by": account.get("current_user_id", 0),
            "sort": len(rows) + 1,
            "disabled": False,
            "settings": settings,
        }
        rows.append(row)
        return row

    def ring(self, hooks: list[Hook]) -> list[Delivery]:
        """Send hooks to whoever subscribed to them on this machine."""
        return self._told(
            lambda row, sender: sender.send(
                hook for hook in hooks if hook.setting in row["settings"]
            )
        )

    def advance(self, seconds: float) -> list[Delivery]:
        """Let time pass for the senders: what is due is tried again."""
        return self._told(lambda _, sender: sender.advance(seconds))

    def _told(
        self, tell: Callable[[Document, HookSender], list[Delivery]]
    ) -> list[Delivery]:
        tries: list[Delivery] = []
        for row in list(self._crm.world.webhooks):
            address = row["destination"]
            if row["disabled"] or _host(address) not in LOOPBACK:
                continue
            if address not in self._senders:
                self._senders[address] = HookSender(address)
            sender = self._senders[address]
            tries += tell(row, sender)
            row["disabled"] = sender.patience.is_disabled
        return tries

    def _now(self) -> int:
        living = self._crm.living
        return living.now() if living else int(time.time())


def _host(address: str) -> str | None:
    with contextlib.suppress(ValueError):
        return urlsplit(address).hostname
    return None


async def _read(request: Request) -> Document:
    try:
        asked = json.loads(await request.body())
    except ValueError:
        return {}
    return asked if isinstance(asked, dict) else {}
