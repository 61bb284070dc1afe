"""A load reads AmoCRM with whatever credential, and writes nothing to the account."""

import re
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest
from starlette.responses import HTMLResponse

from pipelines.errors import AuthError, ConfigurationError
from pipelines.ingest.amocrm.config import AmocrmConfig, OAuthApp
from pipelines.ingest.amocrm.connecting import open_client
from pipelines.ingest.amocrm.run import ingest_amocrm
from pipelines.load.log import RunInfo
from pipelines.sandbox.amocrm import Behaviour, amocrm_app
from pipelines.sandbox.serving import serve
from tests.amocrm_world import small_world
from tests.conftest import NewDatabase
from tests.ingest.token_house import KEY
from tests.scripted_server import Scripted

ROOT = Path(__file__).parents[2]
RUN = RunInfo("run-1", datetime(2026, 1, 6, 3, tzinfo=UTC))


@pytest.fixture(scope="module")
def warehouse(lasting_warehouse: NewDatabase) -> str:
    return lasting_warehouse()


@pytest.mark.parametrize("mode", ["strict", "grace"])
def test_a_load_of_an_integration_renews_its_token_and_else_only_reads(
    new_warehouse: NewDatabase, mode: str
):
    warehouse = new_warehouse()
    behaviour = Behaviour(token_mode=mode)
    desk = behaviour.desk
    app = OAuthApp(
        desk.client_id,
        desk.client_secret,
        token_key=KEY,
        refresh_token=desk.refresh_token,
        redirect_uri=desk.redirect_uri,
    )

    with serve(amocrm_app(small_world(), behaviour=behaviour)) as url:
        config = AmocrmConfig(url, oauth=app, requests_per_second=10_000)
        loaded = [table.table for table in ingest_amocrm(warehouse, config, run=RUN)]

    assert "leads" in loaded
    assert behaviour.refreshes == 1
    writes = [call for call in behaviour.calls if call[0] != "GET"]
    assert writes == [("POST", "/oauth2/access_token")]
    with psycopg.connect(warehouse) as connection:
        noted = connection.execute(
            "select count(*), count(*) filter (where run_id = 'run-1') "
            "from raw.amocrm__api_calls"
        ).fetchone()
    # Every request but the exchange of the token is in the ledger.
    assert noted == (len(behaviour.calls) - 1,) * 2


def test_a_ban_of_the_exchange_of_tokens_stops_all_programs(warehouse):
    forbidden = Scripted(HTMLResponse("<h1>403 Forbidden</h1>", status_code=403))
    app = OAuthApp("id", "secret", token_key=KEY, refresh_token="first")

    with serve(forbidden) as url:
        config = AmocrmConfig(url, oauth=app)
        for _ in range(2):
            with (
                open_client(warehouse, config, RUN) as client,
                pytest.raises(AuthError, match="nothing is asked, then once"),
            ):
                client.get("account", table="account")

    assert len(forbidden.requests) == 1


def test_without_a_credential_nothing_is_asked(warehouse: str):
    config = AmocrmConfig("http://127.0.0.1:9")

    with (
        pytest.raises(
            ConfigurationError, match=r"AMOCRM_ACCESS_TOKEN.*AMOCRM_CLIENT_ID"
        ),
        open_client(warehouse, config, RUN),
    ):
        pass


def test_only_the_client_and_the_exchange_of_tokens_send_anything():
    sending, opening = set(), set()
    for folder in ("extract/amocrm", "ingest/amocrm"):
        for path in (ROOT / "pipelines" / folder).glob("*.py"):
            text = path.read_text()
            if re.search(
                r"(transport|_http|httpx)\.(send|request|post|put|patch)\(", text
            ):
                sending.add(path.name)
            if re.search(
                r"httpx\.(Client|AsyncClient|stream|get)\(|requests\.\w+\(", text
            ):
                opening.add(path.name)

    assert sending == {"client.py", "oauth.py"}
    assert opening == {"transport.py"}
