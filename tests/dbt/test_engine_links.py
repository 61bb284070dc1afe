"""Functions of schema util over links, tags, slips of the pen and action lists."""

import json
from decimal import Decimal

import pytest

QUERY = (
    "(select json_agg(json_build_array(name, value)) from util.query_parameters(%s))"
)
ACTIONS = (
    "(select json_agg(json_build_array(metric, action_type, attribution_window, "
    "cast(value as text)) order by metric, action_type, attribution_window) "
    "from util.action_items(cast(%s as jsonb)))"
)
TEXTS = (
    "(select array_agg(item order by place) "
    "from util.json_texts(cast(%s as jsonb), cast(%s as text)))"
)


@pytest.mark.parametrize(
    ("content", "is_tags", "query"),
    [
        ("utm_source=a&utm_medium=b", True, "utm_source=a&utm_medium=b"),
        (" ?utm_source=a", True, "utm_source=a"),
        ("&&?utm_source=a", True, "utm_source=a"),
        ("utm_source=a#top", True, "utm_source=a"),
        ("https://x.example/p?utm_source=a#top", False, "utm_source=a"),
        ("https://x.example/p?&utm_source=a", False, "utm_source=a"),
        ("https://x.example/#/p?utm_source=a", False, ""),
        ("https://x.example/utm_source=a", False, ""),
        ("", False, ""),
        ("{{product.url}}?utm_source=a", False, "utm_source=a"),
        (None, True, None),
    ],
)
def test_the_query_of_a_link_or_of_tags_is_found(evaluate, content, is_tags, query):
    assert evaluate("util.url_query(%s, %s)", content, is_tags) == query


@pytest.mark.parametrize(
    ("query", "parameters"),
    [
        ("utm_source=a&b", [["utm_source", "a"], ["b", ""]]),
        ("utm_source=a=b", [["utm_source", "a=b"]]),
        ("UTM_Source= A ", [["utm_source", "A"]]),
        ("utm%5Fsource=a", [["utm_source", "a"]]),
        ("utm_campaign=a+b%20c%2Bd", [["utm_campaign", "a b c+d"]]),
        ("utm_campaign=%D0%97%D0%B8%D0%BC%D0%B0", [["utm_campaign", "Зима"]]),
        ("utm_campaign=%2520", [["utm_campaign", "%20"]]),
        ("utm_campaign=50%", [["utm_campaign", "50%"]]),
        ("utm_term=%7B%7Bad.id%7D%7D", [["utm_term", "{{ad.id}}"]]),
        ("utm_term=%FF%00", [["utm_term", "\ufffd"]]),
        ("a=1&&a=2", [["a", "1"], ["a", "2"]]),
        ("", None),
        (None, None),
    ],
)
def test_parameters_are_decoded_once_in_their_order(evaluate, query, parameters):
    assert evaluate(QUERY, query) == parameters


@pytest.mark.parametrize(
    ("one", "other", "slips"),
    [
        ("buyer", "buyer", 0),
        ("buyer", "buyr", 1),
        ("buyer", "buyeer", 1),
        ("buyer", "bayer", 1),
        ("buyer", "byuer", 1),
        ("buyer", "byur", 2),
        ("зима", "замы", 2),
        ("buyer", "", 5),
        ("", "", 0),
        ("a" * 300, "a" * 300 + "b", 0),
        (None, "a", None),
    ],
)
def test_slips_are_letters_added_lost_changed_or_swapped(evaluate, one, other, slips):
    assert evaluate("util.edit_distance(%s, %s)", one, other) == slips
    assert evaluate("util.edit_distance(%s, %s)", other, one) == slips


def test_every_list_of_actions_is_read_and_costs_are_not(evaluate):
    payload = {
        "spend": "5",
        "actions": [
            {"action_type": "lead", "value": "4", "7d_click": "3", "1d_ev": "x"},
            {"action_type": "lead", "action_device": "7", "28d_click": "2"},
            {"action_type": "", "value": "9"},
            None,
        ],
        "video_avg_time": [{"action_type": "video_view", "value": 3.5}],
        "cost_per_action_type": [{"action_type": "lead", "value": "1.25"}],
    }

    assert evaluate(ACTIONS, json.dumps(payload)) == [
        ["actions", "lead", "28d_click", "2"],
        ["actions", "lead", "7d_click", "3"],
        ["actions", "lead", "default", "4"],
        ["video_avg_time", "video_view", "default", "3.5"],
    ]


@pytest.mark.parametrize("payload", ["[]", "null", '"text"', "{}", '{"actions": {}}'])
def test_what_holds_no_actions_has_none(evaluate, payload):
    assert evaluate(ACTIONS, payload) is None


@pytest.mark.parametrize(
    ("choices", "value"),
    [
        ([["actions", "purchase"], ["actions", "omni_purchase"]], "3"),
        ([["actions", "omni_purchase"], ["actions", "purchase"]], "2"),
        ([["video", "view"], ["actions", "purchase"]], "3"),
        ([["video", "view"]], None),
        ([["odd", "view"], ["actions", "purchase"]], "3"),
        ([], None),
    ],
)
def test_the_first_choice_that_a_row_has_counts(evaluate, choices, value):
    payload = {
        "actions": [
            {"action_type": "omni_purchase", "value": "2"},
            {"action_type": "purchase", "value": "3"},
        ],
        "odd": {"action_type": "view", "value": "9"},
    }

    found = evaluate(
        "util.action_choice(cast(%s as jsonb), cast(%s as jsonb))",
        json.dumps(payload),
        json.dumps(choices),
    )

    assert found == (None if value is None else Decimal(value))


@pytest.mark.parametrize(
    ("path", "texts"),
    [
        ("$.a", ["x"]),
        ("$.list[*].link", ["l1", "l3"]),
        ("$.spec.*.url", ["u"]),
        ("$.number", None),
        ("$.missing.deeper", None),
        ("$.a[*].link", None),
    ],
)
def test_texts_are_found_at_a_path(evaluate, path, texts):
    value = {
        "a": " x ",
        "list": [{"link": "l1"}, {"link": " "}, {"link": 5}, {"link": "l3"}, "text"],
        "spec": {"web": {"url": "u"}, "ios": {"name": "n"}},
        "number": 5,
    }

    assert evaluate(TEXTS, json.dumps(value), path) == texts
