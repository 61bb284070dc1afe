"""An AmoCRM emulator to ask, with its switches back in place before each test."""

import contextlib
import copy
import itertools
from collections import deque
from collections.abc import Iterator
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pipelines.sandbox.amocrm import Behaviour, amocrm_app
from pipelines.sandbox.crm.living import LivingCrm
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.world import AmocrmWorld
from tests.amocrm_world import START, TOKEN

Rows = list[dict[str, Any]]
# The first second at which people work in the living worlds.
WORK = START + 100_000


class Asker:
    """One emulator and a client that holds the right token."""

    def __init__(self, url: str, world: AmocrmWorld, behaviour: Behaviour) -> None:
        self.url = url
        self.world = world
        self.behaviour = behaviour
        self.client = httpx.Client(
            base_url=f"{url}/api/v4", headers={"Authorization": f"Bearer {TOKEN}"}
        )

        self._told = copy.deepcopy(world)

    def reset(self) -> None:
        """Put the switches and the world back to what they were at first."""
        vars(self.behaviour).update(vars(Behaviour()))
        for name, before in vars(copy.deepcopy(self._told)).items():
            now = getattr(self.world, name)
            if isinstance(now, list):
                now[:] = before
            elif isinstance(now, dict):
                now.clear()
                now.update(before)

    def get(self, path: str, **query: Any) -> httpx.Response:
        return self.client.get(path, params=query)

    def rows(self, path: str, query: dict[str, Any] | None = None) -> Rows:
        return rows(self.client.get(path, params=query))

    def walk(self, path: str, query: dict[str, Any] | None = None) -> Rows:
        """Follow the pages up to 204, as a careful client does."""
        found: Rows = []
        for page in itertools.count(1):
            answer = self.client.get(path, params={**(query or {}), "page": page})
            if answer.status_code == 204:
                return found
            found += rows(answer)
        raise AssertionError("the pages never end")


def rows(response: httpx.Response) -> Rows:
    assert response.status_code == 200, response.text
    (found,) = response.json()["_embedded"].values()
    return found


@contextlib.contextmanager
def asking(
    world: AmocrmWorld, *, living: LivingCrm | None = None, ring: str | None = None
) -> Iterator[Asker]:
    behaviour = living.behaviour if living else Behaviour()
    app = amocrm_app(world, behaviour=behaviour, living=living, ring=ring)
    with serve(app) as url:
        asker = Asker(url, world, behaviour)
        with asker.client:
            yield asker


def working(world: AmocrmWorld) -> LivingCrm:
    """Return a living CRM in which each operation happens a second later."""
    seconds = itertools.count(WORK)
    return LivingCrm(world, now=lambda: next(seconds))


class Receiver:
    """Notes what it is sent; answers what it is told to, else 200."""

    def __init__(self) -> None:
        self.url = ""
        self.got: list[tuple[str, bytes]] = []
        self.answers: deque[Response] = deque()

    async def hear(self, request: Request) -> Response:
        request_id = request.headers.get("x-amocrm-requestid", "")
        self.got.append((request_id, await request.body()))
        return self.answers.popleft() if self.answers else Response()

    @property
    def bodies(self) -> list[bytes]:
        return [body for _, body in self.got]


def listening(receiver: Receiver) -> Starlette:
    route = Route("/amocrm/{secret}", receiver.hear, methods=["POST"])
    return Starlette(routes=[route])


def status(code: int) -> Response:
    return Response(status_code=code)
