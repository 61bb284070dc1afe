"""Which ad accounts are ours: every list counts, and a silent database is no answer."""

import json

import psycopg
import pytest

from pipelines.extract.facebook.accounts import list_accounts, normalise
from pipelines.warehouse import connect

TRAFFIC = """
create table traffic_ad_account_bindings (
    ad_account_id varchar(50), ad_platform text, is_active boolean
);
insert into traffic_ad_account_bindings values
    ('act_11', 'facebook', true), ('12', null, null),
    ('act_13', 'facebook', false), ('14', 'google', true);
create table traffic_user_utm_sources (fb_ad_account_id text, is_active boolean);
insert into traffic_user_utm_sources values
    ('act_21', true), ('22', false), (null, true), ('', true);
create table traffic_targetologist_settings (fb_ad_accounts jsonb);
create table traffic_teams (name text);
"""
LANDING = """
create table traffic_teams (fb_ad_account_id text);
insert into traffic_teams values ('act_31'), ('our account');
create table integration_ad_accounts (account_id varchar(50));
insert into integration_ad_accounts values (' 41 '), ('ACT_11');
"""
SETTINGS = [
    [{"id": "act_51", "enabled": False}, {"id": "52"}, {"id": 53, "enabled": True}],
    ["act_54", "55"],
    json.dumps([{"id": "act_56"}]),
]


@pytest.fixture
def warehouse(new_warehouse):
    with connect(new_warehouse()) as connection:
        connection.autocommit = True
        yield connection


@pytest.fixture
def databases(new_database):
    urls = {"traffic": new_database(), "landing": new_database()}
    with psycopg.connect(urls["traffic"]) as traffic:
        traffic.execute(TRAFFIC)
        for setting in SETTINGS:
            traffic.execute(
                "insert into traffic_targetologist_settings values (%s)",
                [json.dumps(setting)],
            )
    with psycopg.connect(urls["landing"]) as landing:
        landing.execute(LANDING)
    return urls


@pytest.mark.parametrize(
    ("value", "account_id"),
    [
        ("act_123", "act_123"),
        (" 123 ", "act_123"),
        ("ACT_123", "act_123"),
        (123, "act_123"),
        ("", None),
        ("act_", None),
        ("0", None),
        (True, None),
        ("12a", None),
        (None, None),
    ],
)
def test_account_ids_have_one_spelling(value, account_id):
    assert normalise(value) == account_id


def test_every_list_of_both_databases_counts(warehouse, databases):
    listed = list_accounts(["act_1", "11"], databases=databases, warehouse=warehouse)

    assert listed.account_ids == (
        "act_1",
        "act_11",
        "act_12",
        "act_21",
        "act_31",
        "act_41",
        "act_52",
        "act_53",
        "act_54",
        "act_55",
        "act_56",
    )
    assert listed.listed_by["act_11"] == {
        "configuration",
        "landing.integration_ad_accounts",
        "traffic.traffic_ad_account_bindings",
    }
    assert listed.warnings == [
        "landing.traffic_teams: 'our account' is no ad account id"
    ]


def test_a_silent_database_is_answered_for_by_its_last_load(warehouse, databases):
    warehouse.execute(
        "insert into raw.traffic__traffic_ad_account_bindings "
        "(id, ad_account_id, is_active, _loaded_at, _deleted_at, _run_id) values "
        "(gen_random_uuid(), 'act_61', true, now(), null, 'r'), "
        "(gen_random_uuid(), 'act_62', true, now(), now(), 'r')"
    )
    silent = databases | {"traffic": "postgresql://reader:hidden@127.0.0.1:1/traffic"}

    listed = list_accounts([], databases=silent, warehouse=warehouse)

    assert listed.account_ids == ("act_11", "act_31", "act_41", "act_61")
    assert "traffic did not answer" in listed.warnings[0]
    assert "hidden" not in "".join(listed.warnings)


@pytest.mark.parametrize("loss", ["address", "table", "column"])
def test_what_is_gone_is_answered_for_by_its_last_load(warehouse, databases, loss):
    warehouse.execute(
        "insert into raw.landing__integration_ad_accounts "
        "(account_id, _loaded_at, _run_id) "
        "values ('41', now(), 'r')"
    )
    with psycopg.connect(databases["landing"]) as landing:
        if loss == "table":
            landing.execute("drop table integration_ad_accounts")
        elif loss == "column":
            landing.execute("alter table integration_ad_accounts drop account_id")
    url = None if loss == "address" else databases["landing"]

    listed = list_accounts([], databases={"landing": url}, warehouse=warehouse)

    assert "act_41" in listed.account_ids
    assert "taken from its last load" in listed.warnings[-1]


def test_lists_are_found_where_the_search_path_leads(warehouse, databases):
    with psycopg.connect(databases["landing"]) as landing:
        landing.execute("alter schema public rename to app")
    url = databases["landing"] + "?options=-csearch_path%3Dapp"

    listed = list_accounts([], databases={"landing": url}, warehouse=warehouse)

    assert listed.account_ids == ("act_11", "act_31", "act_41")


def test_a_table_that_may_not_be_read_is_answered_for_alone(warehouse, databases):
    with psycopg.connect(databases["traffic"]) as traffic:
        traffic.execute(
            "alter table traffic_user_utm_sources enable row level security"
        )
        traffic.execute("alter table traffic_user_utm_sources force row level security")
        traffic.execute("create role lists_reader login")
        traffic.execute("grant select on all tables in schema public to lists_reader")
    url = databases["traffic"].replace("postgres@", "lists_reader@")

    listed = list_accounts([], databases={"traffic": url}, warehouse=warehouse)

    assert "act_11" in listed.account_ids
    assert "act_21" not in listed.account_ids
    assert "traffic.traffic_user_utm_sources did not answer" in listed.warnings[0]
