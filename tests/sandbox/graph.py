"""A Graph emulator to ask: by the SDK as it comes, and by plain requests."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import requests
from facebook_business.adobjects.adaccount import AdAccount
from facebook_business.api import FacebookAdsApi
from facebook_business.session import FacebookSession

from pipelines.sandbox.facebook import Call, facebook_app
from pipelines.sandbox.graph.faults import Faults
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.world import FacebookWorld
from tests.facebook_world import FIRST, TODAY, TOKEN, world

WEEK = {"since": "2026-01-01", "until": str(TODAY)}
# How long a client waits for an answer that never comes.
PATIENCE_SECONDS = 0.3


@dataclass(frozen=True)
class Asker:
    """One client of one emulator."""

    url: str
    api: FacebookAdsApi
    faults: Faults
    calls: list[Call]

    def get(self, path: str, **params: object) -> requests.Response:
        """Ask as a stranger would, without the SDK."""
        return requests.get(
            f"{self.url}/v26.0/{path}",
            params={"access_token": TOKEN, **texts(params)},
            timeout=10,
        )

    def post(self, path: str, **params: object) -> requests.Response:
        form = {"access_token": TOKEN, **texts(params)}
        return requests.post(f"{self.url}/v26.0/{path}", data=form, timeout=10)

    def rows(self, path: str, **params: object) -> list[dict]:
        return self.get(path, **params).json()["data"]

    def all_rows(self, path: str, **params: object) -> list[list[dict]]:
        """Follow `next`, as a browser would, to the end: the rows of each page."""
        answer = self.get(path, **params).json()
        pages = [answer["data"]]
        while link := answer.get("paging", {}).get("next"):
            answer = requests.get(link, timeout=10).json()
            pages.append(answer["data"])
        return pages

    def insights(self, **params: object) -> requests.Response:
        asked = {"level": "ad", "time_increment": 1, "time_range": WEEK, **params}
        return self.get(f"{FIRST}/insights", **asked)

    @property
    def account(self) -> AdAccount:
        return AdAccount(FIRST, api=self.api)


@contextmanager
def asking(
    facebook: FacebookWorld | None = None,
    *,
    page_size: int = 500,
    timeout: float = 10,
    **faults: object,
) -> Iterator[Asker]:
    """Serve a small Facebook with some faults, and yield who asks it."""
    app = facebook_app(
        facebook or world(), faults=Faults(**faults), page_size=page_size
    )
    with serve(app) as url:
        session = FacebookSession(access_token=TOKEN, timeout=timeout)
        session.GRAPH = url
        api = FacebookAdsApi(session, api_version="v26.0")
        yield Asker(url, api, app.state.faults, app.state.calls)


def error_of(response: requests.Response) -> tuple[int, int | None]:
    error = response.json()["error"]
    return error["code"], error.get("error_subcode")


def texts(params: dict[str, object]) -> dict[str, str]:
    return {
        name: value if isinstance(value, str) else json.dumps(value)
        for name, value in params.items()
    }
