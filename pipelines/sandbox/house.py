"""The sandbox as one thing: server, source databases, emulators, settings.

It puts the outside world on a laptop and says how to reach it; running the pipeline
against it belongs to `__main__.py` and the tests.
"""

import contextlib
import os
import secrets
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from starlette.types import ASGIApp

from pipelines.sandbox.amocrm import amocrm_app
from pipelines.sandbox.crm.clock import StandingClock
from pipelines.sandbox.crm.living import LivingCrm
from pipelines.sandbox.databases import create_sources
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.server import PostgresServer
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.tell import tell
from pipelines.sandbox.story.world import StoryOptions, World

ROOT = Path(__file__).parents[2]
# The story's twelve weeks; a real installation would run the backfill.
BACKFILL_DAYS = 90


@dataclass(frozen=True)
class House:
    """A running sandbox: its world, its server and the variables that lead to it."""

    world: World
    server: PostgresServer
    variables: Mapping[str, str]

    @property
    def home(self) -> Path:
        return self.server.home

    @property
    def warehouse_url(self) -> str:
        return self.variables["WAREHOUSE_URL"]


@contextlib.contextmanager
def open_house(
    server: PostgresServer,
    options: StoryOptions | None = None,
    *,
    prefix: str = "",
    receiver: str | None = None,
) -> Iterator[House]:
    """Tell a story to the sources on a running server; serve both APIs meanwhile.

    A prefix of the databases' names lets one server hold several houses. With the
    address of a receiver, people can work in the CRM and their work rings there.
    """
    world = tell(options or StoryOptions())
    with contextlib.ExitStack() as stack:
        databases = create_sources(server, world, prefix=prefix)
        for name in (f"{prefix}warehouse", "dagster"):
            server.create_database(name)
        facebook = stack.enter_context(serve(facebook_app(world.facebook)))
        hooks = _hook_variables(receiver) if receiver else {}
        amocrm = stack.enter_context(serve(_crm(world, hooks)))
        variables = {
            "PIPELINE_ENV": "sandbox",
            "PIPELINE_NOW": world.now.isoformat(),
            "WAREHOUSE_URL": server.url(f"{prefix}warehouse"),
            "LANDING_DATABASE_URL": databases["landing"],
            "TRAFFIC_DATABASE_URL": databases["traffic"],
            "TRIPWIRE_DATABASE_URL": databases["tripwire"],
            "FACEBOOK_ACCESS_TOKEN": world.facebook.access_token,
            "FACEBOOK_GRAPH_URL": facebook,
            "FACEBOOK_BACKFILL_DAYS": str(BACKFILL_DAYS),
            "AMOCRM_BASE_URL": amocrm,
            "AMOCRM_ACCESS_TOKEN": world.amocrm.access_token,
            "AMOCRM_REQUESTS_PER_SECOND": "1000",
            # Dagster opens a connection for each event; loopback needs no handshake.
            "DAGSTER_POSTGRES_URL": server.url("dagster") + "?sslmode=disable",
            "DAGSTER_HOME": str(_dagster_home(server.home)),
            **hooks,
        }
        yield House(world, server, variables)


@contextlib.contextmanager
def environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a while, and put the old ones back."""
    before = {name: os.environ.get(name) for name in variables}
    os.environ.update(variables)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _hook_variables(receiver: str) -> dict[str, str]:
    """Return the settings of a receiver whose secret nobody knew before."""
    return {
        "AMOCRM_WEBHOOK_SECRET": secrets.token_urlsafe(32),
        "AMOCRM_WEBHOOK_URL": receiver,
    }


def _crm(world: World, hooks: Mapping[str, str]) -> ASGIApp:
    if not hooks:
        return amocrm_app(world.amocrm)
    living = LivingCrm(world.amocrm, now=StandingClock(world.now))
    secret = hooks["AMOCRM_WEBHOOK_SECRET"]
    ring = f"{hooks['AMOCRM_WEBHOOK_URL']}/amocrm/{secret}"
    return amocrm_app(world.amocrm, living=living, ring=ring)


def _dagster_home(home: Path) -> Path:
    folder = home / "dagster"
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copy(ROOT / "dagster.yaml", folder / "dagster.yaml")
    return folder
