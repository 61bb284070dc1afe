"""What the doctor says of Facebook: tokens, ends, rights, accounts, pages, the past."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from pipelines.clock import read_clock
from pipelines.doctor.ads import examine_facebook, judge_version
from pipelines.doctor.findings import Finding
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.sandbox.facebook import facebook_app
from pipelines.sandbox.graph.faults import Faults
from pipelines.sandbox.serving import serve
from pipelines.sandbox.story.world import FacebookWorld
from tests import facebook_world
from tests.conftest import NewDatabase
from tests.doctor.looking import of, said
from tests.ingest.facebook_raw import prepared

NOW = datetime(2026, 1, 6, 3, tzinfo=UTC)
SECRET = "an-app-secret"
Options = dict[str, object]


def machine_clock() -> datetime:
    return read_clock(None)


@contextmanager
def asked_facebook(
    *,
    world: FacebookWorld | None = None,
    app: Options | None = None,
    config: Options | None = None,
    **options: object,
) -> Iterator[list[Finding]]:
    """Serve a small Facebook and yield what the doctor says of it."""
    served = facebook_app(world or facebook_world.world(), **(app or {}))
    options = {"clock": machine_clock, "databases": {}} | options
    with serve(served) as url:
        known: Options = {"access_token": facebook_world.TOKEN, "graph_url": url}
        found = examine_facebook(FacebookConfig(**known | (config or {})), **options)
        yield list(found)


def test_a_working_facebook_token_says_what_it_opens():
    with asked_facebook() as findings:
        assert said(findings, "error") == ""
        assert "opens 1 ad accounts" in said(findings, "ok")
        assert "version v26.0" in said(findings, "ok")


@pytest.mark.parametrize(
    ("app", "config", "remedy"),
    [
        ({}, {"access_token": "an-old-token"}, "set FACEBOOK_ACCESS_TOKEN"),
        ({}, {"api_version": "v19.0"}, "set FACEBOOK_API_VERSION"),
        ({"app_secret": SECRET}, {}, "set FACEBOOK_APP_SECRET"),
        (
            {"app_secret": SECRET},
            {"app_secret": "another-secret"},
            "set FACEBOOK_APP_SECRET",
        ),
    ],
)
def test_a_refusal_of_facebook_names_the_variable(
    app: Options, config: Options, remedy: str
):
    with asked_facebook(app=app, config=config) as findings:
        errors = said(of(findings, "facebook", "token"), "error")

    assert remedy in errors
    for secret in ("an-old-token", "another-secret", facebook_world.TOKEN):
        assert secret not in str(findings)


def test_facebook_that_does_not_answer_is_said_without_patience():
    with asked_facebook(config={"graph_url": "http://127.0.0.1:1"}) as findings:
        assert "ConnectionError" in said(of(findings, "facebook", "token"), "error")


def test_a_probe_names_listed_accounts_out_of_reach(new_database: NewDatabase):
    accounts = (facebook_world.FIRST, facebook_world.SECOND)

    with asked_facebook(
        config={"listed_accounts": accounts}, probe=True, warehouse_url=new_database()
    ) as findings:
        warnings = said(of(findings, "facebook", "ad accounts"), "warning")
        good = said(of(findings, "facebook", "ad accounts"), "ok")

    assert f"{facebook_world.SECOND} is out of reach" in warnings
    assert "listed by configuration" in warnings
    assert "1 listed accounts can be read" in good


def test_a_token_that_opens_nothing_is_a_warning():
    faults = Faults(denied={facebook_world.FIRST})

    with asked_facebook(app={"faults": faults}) as findings:
        assert "opens no ad account" in said(findings, "warning")


def test_a_listed_account_is_opened_by_the_token_that_reaches_it(
    new_database: NewDatabase,
):
    tokens = f"an-old-token,{facebook_world.TOKEN}"

    with asked_facebook(
        config={"access_token": tokens, "listed_accounts": (facebook_world.FIRST,)},
        probe=True,
        warehouse_url=new_database(),
    ) as findings:
        assert "set FACEBOOK_ACCESS_TOKEN" in said(
            of(findings, "facebook", "token 1"), "error"
        )
        assert "opens 1 ad accounts" in said(of(findings, "facebook", "token 2"), "ok")
        assert "1 listed accounts can be read" in said(
            of(findings, "facebook", "ad accounts"), "ok"
        )
    assert "an-old-token" not in str(findings)


@pytest.mark.parametrize(
    ("facts", "state", "words"),
    [
        ({"expires_at": 1, "is_valid": True}, "error", "expired on 1970-01-01"),
        ({"is_valid": False}, "error", "is not valid"),
        ({"data_access_expires_at": 4102444800}, "ok", "valid until 2100-01-01"),
        ({}, "ok", "does not expire"),
    ],
)
def test_the_end_of_a_facebook_token_is_told(facts: Options, state: str, words: str):
    with asked_facebook(app={"faults": Faults(token_facts=facts)}) as findings:
        assert words in said(of(findings, "facebook", "expiry"), state)


def test_rights_that_only_lead_ads_need_are_a_note():
    faults = Faults(declined={"leads_retrieval", "pages_manage_ads"})

    with asked_facebook(app={"faults": faults}) as findings:
        rights = of(findings, "facebook", "rights")

    assert "granted to read ads" in said(rights, "ok")
    assert "not granted leads_retrieval, pages_manage_ads" in said(rights, "note")


def test_a_token_without_the_right_to_read_ads_is_an_error():
    faults = Faults(declined={"ads_read", "ads_management"})

    with asked_facebook(app={"faults": faults}) as findings:
        errors = said(of(findings, "facebook", "rights"), "error")

    assert "with ads_read" in errors


@pytest.mark.parametrize(
    ("asked", "answered", "state", "words"),
    [
        ("v26.0", "v26.0", "ok", "no end is announced"),
        ("v24.0", "v24.0", "warning", "ends on 2026-10-06"),
        ("v21.0", "v21.0", "warning", "ended on 2025-09-09"),
        ("v21.0", "v26.0", "warning", "answers in v26.0"),
    ],
)
def test_the_end_of_a_version_is_told_months_before(
    asked: str, answered: str, state: str, words: str
):
    remark = judge_version(asked, answered, datetime(2026, 8, 1, tzinfo=UTC))

    assert remark.state == state
    assert words in remark.message


def test_a_probe_tells_the_pages_whose_leads_cannot_be_read(new_database: NewDatabase):
    facebook = facebook_world.world()
    for form_id, page_id in (("601", "501"), ("602", "502")):
        facebook.pages.append(facebook_world.page(page_id))
        facebook.lead_forms.append(facebook_world.lead_form(form_id, page_id))

    with asked_facebook(
        world=facebook,
        app={"faults": Faults(revoked={"502": 0})},
        config={"listed_accounts": (facebook_world.FIRST,)},
        probe=True,
        warehouse_url=new_database(),
    ) as findings:
        pages = of(findings, "facebook", "pages")

    assert "page 502: its leads cannot be read" in said(pages, "warning")
    assert "Leads Access Manager" in said(pages, "warning")
    assert "the leads of 1 pages can be read" in said(pages, "ok")


def test_a_probe_forecasts_the_whole_past_and_stores_nothing(
    new_database: NewDatabase,
):
    url = new_database()

    with asked_facebook(
        config={"listed_accounts": (facebook_world.FIRST,)},
        probe=True,
        warehouse_url=url,
        clock=lambda: NOW,
    ) as findings:
        past = said(of(findings, "facebook", "history"), "note")

    assert "a backfill of 37 months (2022-12-07..2026-01-06) would take" in past
    assert f"{facebook_world.FIRST}: 1 calls, 5 days" in past
    with psycopg.connect(url) as connection:
        assert connection.execute("select to_regclass('raw._loads')").fetchall() == [
            (None,)
        ]


def test_known_ends_are_read_from_the_last_load(new_database: NewDatabase):
    url = new_database()
    with prepared(url) as raw:
        for days, subject in ((3, "601"), (300, "602")):
            ends = NOW + timedelta(days=days)
            raw.add(
                "expiries", kind="leads", subject=subject, expires_at=ends, payload={}
            )

    with asked_facebook(warehouse_url=url, clock=lambda: NOW) as findings:
        calendar = of(findings, "facebook", "calendar")

    assert "leads 601 ends on 2026-01-09, in 3 days" in said(calendar, "warning")
    assert "leads 602: 2026-11-02" in said(calendar, "note")
