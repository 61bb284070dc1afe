"""The bodies of hooks have the traps that recorded ones have."""

from urllib.parse import parse_qsl

import pytest

from pipelines.sandbox.crm.bodies import Style
from pipelines.sandbox.crm.broken_bodies import BROKEN_BODIES, MIB
from pipelines.sandbox.crm.forms import build_form
from pipelines.sandbox.crm.hooks import SETTINGS, Hook, note_hooks, unsorted_hook
from pipelines.sandbox.crm.living import LivingCrm
from pipelines.sandbox.php import parse_query
from tests.amocrm_world import (
    BIRTHDAY,
    EXPRESS,
    LARGE_ID,
    NEW,
    START,
    SWITCH,
    UTM_SOURCE,
    living_world,
)
from tests.sandbox.crm import WORK, working


@pytest.fixture
def crm() -> LivingCrm:
    return working(living_world())


def pairs(hook: Hook) -> dict[str, str]:
    return dict(parse_qsl(hook.body().decode(), keep_blank_values=True))


def fields(hook: Hook) -> dict[str, dict]:
    parsed = parse_query(hook.body().decode())
    ((item, *_),) = [list(part.values()) for part in parsed["leads"].values()]
    return {field["id"]: field for field in item["custom_fields"].values()}


def test_a_move_names_the_stage_before(crm):
    crm.move(1, 142, by=11)
    body = pairs(crm.hooks[0])

    item = "leads[status][0]"
    assert body[f"{item}[id]"] == "1"
    assert (body[f"{item}[status_id]"], body[f"{item}[old_status_id]"]) == (
        "142", str(NEW),
    )  # fmt: skip
    assert body[f"{item}[pipeline_id]"] == str(EXPRESS)
    assert body[f"{item}[last_modified]"] == str(WORK)
    assert body["account[id]"] == "31"
    assert body["account[_links][self]"] == "https://sandbox.amocrm.ru"


def test_the_responsible_before_is_sent_even_when_nobody_changed_it(crm):
    deal = crm.add_lead(by=11)
    crm.edit_lead(deal, name="x", by=0)

    body = pairs(crm.hooks[-1])

    names = ("responsible_user_id", "old_responsible_user_id", "modified_user_id")
    assert [body[f"leads[update][0][{name}]"] for name in names] == ["11", "11", "0"]


def test_a_price_that_is_not_known_is_an_empty_text(crm):
    crm.edit_lead(1, price=None)

    assert b"%5Bprice%5D=&" in crm.hooks[-1].body()
    assert pairs(crm.hooks[-1])["leads[update][0][price]"] == ""


def test_a_deletion_tells_only_where_the_deal_was(crm):
    crm.delete(1)

    body = pairs(crm.hooks[-1])

    assert {name for name in body if name.startswith("leads")} == {
        "leads[delete][0][id]", "leads[delete][0][status_id]",
        "leads[delete][0][pipeline_id]",
    }  # fmt: skip


def test_values_have_another_form_for_each_type(crm):
    crm.edit_lead(LARGE_ID, name="x")

    found = fields(crm.hooks[-1])

    assert found[str(UTM_SOURCE)]["values"] == {"0": {"value": "kestrel"}}
    assert found[str(BIRTHDAY)]["values"] == {"0": str(START)}
    assert found[str(SWITCH)]["values"] == {"value": "yes"}


def test_an_emptied_field_is_not_mentioned(crm):
    crm.set_field(1, UTM_SOURCE, "kestrel")
    crm.set_field(1, UTM_SOURCE, None)

    assert b"custom_fields" not in crm.hooks[-1].body()


def test_tracking_fields_may_come_without_their_values(crm):
    crm.edit_lead(LARGE_ID, name="x")

    found = fields(crm.hooks[-1].styled(Style(utm_without_values=True)))

    assert found[str(UTM_SOURCE)] == {
        "id": str(UTM_SOURCE), "name": "utm_source", "code": "UTM_SOURCE",
    }  # fmt: skip


def test_the_account_comes_first_in_some_years(crm):
    crm.move(1, 142)
    last = crm.hooks[0].body()
    first = crm.hooks[0].styled(Style(account_first=True)).body()

    assert last.startswith(b"leads")
    assert first.startswith(b"account")
    assert sorted(first.split(b"&")) == sorted(last.split(b"&"))


def test_one_delivery_may_hold_several_deals(crm):
    crm.edit_lead(1, name="a")
    crm.edit_lead(2, name="b")
    first, second = crm.hooks

    body = pairs(first.joined(second))

    assert (body["leads[update][0][id]"], body["leads[update][1][id]"]) == ("1", "2")


def test_a_company_arrives_among_the_contacts(crm):
    crm.edit_company(60_001, name="Another")
    crm.edit_contact(70_001, name="Somebody")
    company, contact = (pairs(hook) for hook in crm.hooks)

    assert company["contacts[update][0][type]"] == "company"
    assert contact["contacts[update][0][type]"] == "contact"
    assert contact["contacts[update][0][linked_leads_id][1][ID]"] == "1"


def test_a_task_mixes_texts_and_seconds(crm):
    crm.add_task(1, by=11)
    body = pairs(crm.hooks[0])

    # 2025-12-16 09:46:40 UTC, as a clock in Moscow shows it.
    assert body["task[add][0][date_create]"] == "2025-12-16 12:46:40"
    assert body["task[add][0][created_at]"] == str(WORK)
    assert body["task[add][0][element_type]"] == "2"


def test_hooks_of_a_stage_are_equal_when_the_way_is_the_same(crm):
    for stage in (142, NEW, 142, NEW):
        crm.move(1, stage)
    style = Style(is_digital_pipeline=True)
    moves = [hook.styled(style) for hook in crm.hooks if hook.kind == "status"]

    first, second, third, fourth = (hook.body() for hook in moves)

    assert (first, second) == (third, fourth)
    assert set(pairs(moves[0])) == {
        "leads[status][0][id]", "leads[status][0][status_id]",
        "leads[status][0][pipeline_id]", "leads[status][0][old_status_id]",
        "leads[status][0][old_pipeline_id]", "account[id]", "account[subdomain]",
    }  # fmt: skip


def test_an_accepted_unsorted_deal_is_a_deletion_with_an_action():
    hook = unsorted_hook({"id": 31, "subdomain": "sandbox"}, 5)
    body = pairs(hook)

    assert body["unsorted[delete][0][action]"] == "accept"
    assert body["unsorted[delete][0][accept_result][leads][0]"] == "5"


def test_a_note_with_a_picture_rings_twice():
    first, second = note_hooks({"id": 31, "subdomain": "sandbox"}, 5, 900)

    assert pairs(first)["leads[note][0][note][element_id]"] == "5"
    assert pairs(second)["leads[note][0][note][id]"] == "901"
    assert first.setting in SETTINGS


def test_nul_and_emoji_travel_in_a_form(crm):
    crm.edit_lead(1, name="a\x00b 🔥 & =[]")

    assert pairs(crm.hooks[-1])["leads[update][0][name]"] == "a\x00b 🔥 & =[]"


def test_headers_name_the_sender_and_the_delivery(crm):
    crm.edit_lead(1, name="a")
    new = crm.hooks[-1].headers("an-id")
    old = crm.hooks[-1].styled(Style(is_old_agent=True)).headers("an-id")

    assert new["X-amoCRM-RequestId"] == "an-id"
    assert new["User-Agent"] == "amoCRM-Webhooks/3.0"
    assert old["User-Agent"] == "amoCRM-WebHook-client/1.0"


def test_every_hook_has_a_subscription(crm):
    crm.edit_lead(1, responsible_user_id=12)
    crm.add_task(1)
    crm.edit_contact(70_001, name="x")
    crm.delete_company(60_001)

    assert {hook.setting for hook in crm.hooks} <= set(SETTINGS)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": {"b": [1, "x y"]}}, b"a%5Bb%5D%5B0%5D=1&a%5Bb%5D%5B1%5D=x+y"),
        ({"a": None, "b": [], "c": True, "d": ""}, b"c=1&d="),
        ({"a": {"7": {"ID": 7}}}, b"a%5B7%5D%5BID%5D=7"),
    ],
)
def test_forms_are_written_as_php_writes_them(value, expected):
    assert build_form(value) == expected


def test_broken_bodies_are_all_different_and_one_is_too_large():
    assert len(set(BROKEN_BODIES.values())) == len(BROKEN_BODIES)
    assert len(BROKEN_BODIES["oversize"]) > MIB
