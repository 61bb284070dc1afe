"""The command `amocrm`: what an operator does by hand about access to the account.

authorise: exchange the code of an authorisation for the first pair of tokens.
unblock: forget a ban after AmoCRM's support has lifted it.
"""

import argparse
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import datetime
from typing import TextIO

from pipelines.clock import read_clock
from pipelines.defs.resources import Environment, Settings, catalog
from pipelines.errors import AuthError, ConfigurationError
from pipelines.extract.amocrm.answers import place_of
from pipelines.extract.amocrm.client import AmocrmClient
from pipelines.extract.amocrm.oauth import (
    TABLE,
    AnswerLost,
    App,
    GrantRefused,
    TokenPair,
    code_of,
    exchange_code,
)
from pipelines.extract.amocrm.refusals import SYSTEM
from pipelines.ingest.amocrm.budget import SharedBudget
from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.tokens import StoredToken, app_of, open_store
from pipelines.warehouse import connect, prepare

PROMPT = (
    "Open the integration in AmoCRM (Settings, Integrations, Keys), copy the\n"
    "authorisation code, which lives 20 minutes, or the whole address that AmoCRM\n"
    "sent you back to, and paste it here:\n"
)
ANEW = (
    "copy a new code (it lives 20 minutes and works once); see that AMOCRM_CLIENT_ID, "
    "AMOCRM_CLIENT_SECRET and AMOCRM_REDIRECT_URI are those of the integration, letter "
    "by letter, then run the command again"
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command understands."""
    actions = parser.add_subparsers(dest="action", required=True)
    about = "exchange an authorisation code, read from the terminal, for tokens"
    actions.add_parser("authorise", help=about, description=about)
    about = "ask AmoCRM again after a ban that its support has lifted"
    actions.add_parser("unblock", help=about, description=about)


def run(chosen: argparse.Namespace) -> int:
    """Do what was chosen; return the exit code."""
    settings = Environment().settings()
    with connect(settings.warehouse_url) as warehouse:
        prepare(warehouse, catalog())
    if chosen.action == "unblock":
        said = unblock(settings.warehouse_url, settings.amocrm())
    else:
        said = authorise(settings.warehouse_url, _with_tokens(settings), sys.stdin)
    sys.stdout.write(f"{said}\n")
    return 0


def authorise(
    warehouse_url: str,
    config: AmocrmConfig,
    terminal: TextIO,
    *,
    clock: Callable[[], datetime] = lambda: read_clock(None),
) -> str:
    """Exchange a code for a pair, store it, and only then ask with it who we are.

    The code is no argument: those are shown to every user of the machine.
    """
    if config.oauth is None:
        raise ConfigurationError(
            "AMOCRM_ACCESS_TOKEN is in use: a long-lived token needs no authorisation; "
            "take it out of the settings to use an integration that renews its tokens"
        )
    # Before the code is used up: a wrong key should cost nothing.
    store = open_store(warehouse_url, config.base_url, config.oauth)
    store.ping()
    if terminal.isatty():
        sys.stdout.write(PROMPT)
    code = code_of(terminal.readline(), base_url=config.base_url)
    if not code:
        raise ConfigurationError(f"no code was given; {ANEW}")
    now = clock()
    pair = store.install(_exchanged(config.base_url, app_of(config.oauth), code), now)
    token = StoredToken(warehouse_url, config.base_url, config.oauth, clock=clock)
    with AmocrmClient(config.base_url, token) as client:
        account = client.get("account", table="account") or {}
    # It answers: whatever was refused before was not meant for these tokens.
    unblock(warehouse_url, config)
    return (
        f"authorised for account {account.get('id')}: tokens of generation "
        f"{pair.generation} are stored and work; the next is due by "
        f"{pair.due_at:%Y-%m-%d %H:%M} UTC, by itself"
    )


def _exchanged(base_url: str, app: App, code: str) -> TokenPair:
    try:
        return exchange_code(base_url, app, code)
    except (GrantRefused, AnswerLost) as refused:
        message = f"the code was not exchanged: {refused.message}"
        raise AuthError(message, system=SYSTEM, table=TABLE, remedy=ANEW) from None


def unblock(warehouse_url: str, config: AmocrmConfig) -> str:
    """Forget waits and bans of the account, for all processes."""
    host = place_of(config.base_url) or ""
    budget = SharedBudget(warehouse_url, host, config.requests_per_second)
    with closing(budget):
        before = budget.state()
        budget.free()
    if not (before.is_blocked or before.rest):
        return f"nothing held requests to {host} up"
    return f"requests to {host} go on; what held them up: {before.blocked_reason}"


def _with_tokens(settings: Settings) -> AmocrmConfig:
    settings.require("AMOCRM_REDIRECT_URI")
    return settings.amocrm()
