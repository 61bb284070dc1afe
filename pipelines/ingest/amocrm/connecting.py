"""The client as a run uses it: the stored credential, the shared turns, the ledger.

What is asked with it belongs to `run.py`, `refresh.py` and the doctor.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from datetime import datetime

from pipelines.errors import ConfigurationError
from pipelines.extract.amocrm.answers import place_of
from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.extract.amocrm.credentials import (
    Credential,
    LongLivedToken,
    expiry_of,
)
from pipelines.extract.amocrm.limiter import MAX_WAIT_SECONDS
from pipelines.ingest.amocrm.budget import SharedBudget
from pipelines.ingest.amocrm.calls import CallLog
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.tokens import DEAD_AFTER, StoredToken, open_store
from pipelines.load.log import RunInfo


def credential_of(warehouse_url: str, config: AmocrmConfig) -> Credential:
    """Return the credential of the settings: an integration's, else one long token."""
    if config.oauth:
        return StoredToken(warehouse_url, config.base_url, config.oauth)
    if config.access_token:
        return LongLivedToken(config.access_token)
    raise ConfigurationError(
        "AMOCRM_ACCESS_TOKEN is not set, nor AMOCRM_CLIENT_ID with its companions; set "
        "one of them as .env.example says"
    )


def token_expiry(warehouse_url: str, config: AmocrmConfig) -> datetime | None:
    """Return when loads will need another token unless one runs before, if known."""
    if config.oauth is None:
        return expiry_of(config.access_token or "")
    pair = open_store(warehouse_url, config.base_url, config.oauth).read()
    return None if pair is None else pair.obtained_at + DEAD_AFTER


@contextlib.contextmanager
def open_client(
    warehouse_url: str,
    config: AmocrmConfig,
    run: RunInfo,
    *,
    max_wait_seconds: float = MAX_WAIT_SECONDS,
    sleep: Callable[[float], None] = time.sleep,
) -> Iterator[AmocrmClient]:
    """Yield a client that shares its turns, bans and tokens with every other process.

    The raw tables must exist.
    """
    budget = SharedBudget(
        warehouse_url,
        place_of(config.base_url) or "",
        config.requests_per_second,
        max_wait_seconds=max_wait_seconds,
        sleep=sleep,
    )
    with (
        contextlib.closing(budget),
        CallLog(warehouse_url, run.run_id) as calls,
        AmocrmClient(
            config.base_url,
            credential_of(warehouse_url, config),
            budget=budget,
            on_call=calls,
        ) as client,
    ):
        yield client
