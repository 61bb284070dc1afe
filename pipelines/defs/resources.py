"""Settings of a run: the one place that names environment variables.

But for the executor nothing is read at import; a step that misses a variable names all
that are missing.
"""

import functools
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import dagster as dg
from dagster_dbt import DbtCliResource

from pipelines.catalog import Catalog, load_catalog
from pipelines.clock import read_clock
from pipelines.defs.orphans import free_orphans, identify
from pipelines.errors import ConfigurationError
from pipelines.extract.facebook.pacing import SystemTimer, Timer
from pipelines.ingest.amocrm.config import AmocrmConfig, OAuthApp
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.load.log import RunInfo
from pipelines.warehouse import dbt_environment

ROOT = Path(__file__).parents[2]
DBT_PROJECT = ROOT / "dbt_project"
REQUIRED = (
    "WAREHOUSE_URL",
    "LANDING_DATABASE_URL",
    "TRAFFIC_DATABASE_URL",
    "TRIPWIRE_DATABASE_URL",
    "FACEBOOK_ACCESS_TOKEN",
    "AMOCRM_BASE_URL",
    "AMOCRM_ACCESS_TOKEN",
    "DAGSTER_POSTGRES_URL",
)
# An integration that refreshes its tokens needs these instead of a long-lived one.
OAUTH = ("AMOCRM_CLIENT_ID", "AMOCRM_CLIENT_SECRET", "AMOCRM_TOKEN_KEY")
FACEBOOK_GRAPH_URL = "https://graph.facebook.com"
FACEBOOK_API_VERSION = "v26.0"
# Facebook restates its figures for up to 28 days, then they freeze.
FACEBOOK_BACKFILL_DAYS = "28"
# All the waiting for limits that a run does for one account.
FACEBOOK_PATIENCE_MINUTES = "15"
# AmoCRM blocks an account above 7 requests a second.
AMOCRM_REQUESTS_PER_SECOND = "5"
IN_PROCESS = (None, "", "in_process")
PARALLEL_STEPS = 4
PRODUCTION = "production"


@functools.cache
def catalog() -> Catalog:
    """Return the declared tables, read once per process."""
    return load_catalog(DBT_PROJECT / "models" / "staging")


def required(values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the variables that a run cannot do without, by the credential chosen."""
    if values.get("AMOCRM_ACCESS_TOKEN") or not values.get("AMOCRM_CLIENT_ID"):
        return REQUIRED
    return (*(name for name in REQUIRED if name != "AMOCRM_ACCESS_TOKEN"), *OAUTH)


@dataclass(frozen=True)
class Settings:
    """What the environment says, read when a step begins."""

    values: dict[str, str]

    def require(self, name: str) -> str:
        """Return a variable, or name every required one that is missing."""
        if value := self.values.get(name):
            return value
        missing = [name for name in required(self.values) if not self.values.get(name)]
        remedy = "set them as .env.example says"
        if self.values.get("PIPELINE_ENV") != PRODUCTION:
            remedy += (
                ", or use `make run` / `make dev`: PIPELINE_ENV is not production, and "
                "they bring a sandbox of their own"
            )
        absent = ", ".join(missing) or name
        raise ConfigurationError(
            f"{name} is not set (missing in all: {absent}); {remedy}"
        )

    @property
    def warehouse_url(self) -> str:
        return self.require("WAREHOUSE_URL")

    def now(self) -> datetime:
        """Return the run's clock: PIPELINE_NOW, else the real time."""
        return read_clock(self.values.get("PIPELINE_NOW"))

    def database_url(self, system: str) -> str:
        return self.require(f"{system.upper()}_DATABASE_URL")

    def listing_database_urls(self) -> dict[str, str | None]:
        """Return the addresses of the databases that list ad accounts; None: unset."""
        return {
            system: self.values.get(f"{system.upper()}_DATABASE_URL") or None
            for system in ("landing", "traffic")
        }

    def facebook(self) -> FacebookConfig:
        get = self.values.get
        accounts = (get("FACEBOOK_AD_ACCOUNTS") or "").replace(",", " ").split()
        return FacebookConfig(
            access_token=self.require("FACEBOOK_ACCESS_TOKEN"),
            app_secret=get("FACEBOOK_APP_SECRET") or None,
            graph_url=get("FACEBOOK_GRAPH_URL") or FACEBOOK_GRAPH_URL,
            api_version=get("FACEBOOK_API_VERSION") or FACEBOOK_API_VERSION,
            listed_accounts=tuple(accounts),
            backfill_days=int(get("FACEBOOK_BACKFILL_DAYS") or FACEBOOK_BACKFILL_DAYS),
            patience_seconds=60
            * float(get("FACEBOOK_PATIENCE_MINUTES") or FACEBOOK_PATIENCE_MINUTES),
        )

    def amocrm(self) -> AmocrmConfig:
        get = self.values.get
        rate = get("AMOCRM_REQUESTS_PER_SECOND") or AMOCRM_REQUESTS_PER_SECOND
        is_oauth = not get("AMOCRM_ACCESS_TOKEN") and bool(get("AMOCRM_CLIENT_ID"))
        return AmocrmConfig(
            base_url=self.require("AMOCRM_BASE_URL"),
            access_token=None if is_oauth else self.require("AMOCRM_ACCESS_TOKEN"),
            oauth=self._oauth() if is_oauth else None,
            requests_per_second=float(rate),
            honours_filters=get("AMOCRM_FILTERS") != "ignored",
            hook_address=self._hook_address(),
        )

    def _oauth(self) -> OAuthApp:
        return OAuthApp(
            client_id=self.require("AMOCRM_CLIENT_ID"),
            client_secret=self.require("AMOCRM_CLIENT_SECRET"),
            token_key=self.require("AMOCRM_TOKEN_KEY"),
            refresh_token=self.values.get("AMOCRM_REFRESH_TOKEN") or None,
            redirect_uri=self.values.get("AMOCRM_REDIRECT_URI") or "",
        )

    def _hook_address(self) -> str | None:
        """Return the address that our receiver is to be subscribed with, if it is."""
        public = self.values.get("AMOCRM_WEBHOOK_URL")
        if not public:
            return None
        return f"{public.rstrip('/')}/amocrm/{self.require('AMOCRM_WEBHOOK_SECRET')}"


class Environment(dg.ConfigurableResource[None]):
    """Access to the settings, and to what a step needs to know about its run."""

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Before the first step claims a pool, free those of runs that were killed."""
        is_own_process = os.environ.get("PIPELINE_EXECUTOR") in IN_PROCESS
        if is_own_process and context.instance and context.run:
            free_orphans(context.instance)
            identify(context.instance, context.run.run_id)

    def settings(self) -> Settings:
        return Settings(dict(os.environ))

    def run_info(self, context: dg.AssetExecutionContext) -> RunInfo:
        """Return who loads and by which clock, as the load log wants it."""
        return RunInfo(run_id=context.run.run_id, as_of=self.settings().now())

    def timer(self) -> Timer:
        """Return the clock by which a step waits for the limits of an API."""
        return SystemTimer()

    def prepare_dbt(self) -> dict[str, str]:
        """Give dbt's profile its connection, from the one warehouse address."""
        variables = dbt_environment(self.settings().warehouse_url)
        os.environ.update(variables)
        return variables


def dbt_resource() -> DbtCliResource:
    """Return the dbt of this environment, whatever is on the PATH."""
    return DbtCliResource(
        project_dir=str(DBT_PROJECT),
        profiles_dir=str(DBT_PROJECT),
        dbt_executable=str(Path(sys.executable).with_name("pipelines-dbt")),
    )


def executor(name: str | None) -> dg.ExecutorDefinition:
    """Return how the steps of a run are executed: in its process, or side by side."""
    if name in IN_PROCESS:
        return dg.in_process_executor
    if name == "forkserver":
        # Without the preload every step would spend nine seconds on imports.
        preload = {"preload_modules": ["pipelines.definitions"]}
        return dg.multiprocess_executor.configured(
            {"max_concurrent": PARALLEL_STEPS, "start_method": {"forkserver": preload}},
            name="forkserver",
        )
    raise ConfigurationError(
        f"PIPELINE_EXECUTOR is {name}, but must be in_process or forkserver"
    )


defs = dg.Definitions(
    resources={"environment": Environment(), "dbt": dbt_resource()},
    executor=executor(os.environ.get("PIPELINE_EXECUTOR")),
)
