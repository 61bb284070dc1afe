"""Functions of schema util over times, numbers, JSON, lists; hostile input too."""

import datetime as dt
import json
from decimal import Decimal
from typing import Any

import pytest

UTC = dt.UTC
NOON = dt.datetime(2026, 1, 5, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "expression",
    [
        "timestamp '2026-01-05 12:00'",
        "timestamptz '2026-01-05 17:00+05'",
        "'2026-01-05T12:00:00Z'",
        "cast('2026-01-05 17:00:00+05' as varchar(40))",
        "'2026-01-05T12:00:00+0000'",
        "cast(1767614400 as bigint)",
        "1767614400",
    ],
)
def test_every_type_of_time_is_one_instant(evaluate, expression):
    evaluate("set_config('timezone', 'America/New_York', false)")

    assert evaluate(f"util.utc({expression})") == NOON


@pytest.mark.parametrize(
    "expression",
    [
        "cast('infinity' as timestamptz)",
        "cast('-infinity' as timestamp)",
        "timestamp '20000-01-01'",
        "'now'",
        "'today'",
        "'2026-13-45'",
        "''",
        "cast(0 as bigint)",
        "cast(9223372036854775807 as bigint)",
        "cast(null as text)",
    ],
)
def test_what_is_no_instant_is_null(evaluate, expression):
    assert evaluate(f"util.utc({expression})") is None


def test_a_date_begins_at_midnight_utc(evaluate):
    midnight = dt.datetime(2026, 1, 5, tzinfo=UTC)

    assert evaluate("util.utc(date '2026-01-05')") == midnight


@pytest.mark.parametrize(
    "expression",
    [
        "date '2026-01-05'",
        "timestamp '2026-01-05 23:59'",
        "timestamptz '2026-01-05 23:59Z'",
        "'2026-01-05'",
        "'2026-01-05T23:59:00Z'",
    ],
)
def test_every_type_of_day_is_one_day(evaluate, expression):
    assert evaluate(f"util.day({expression})") == dt.date(2026, 1, 5)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("5000", "5000"),
        (" 490000.50 ", "490000.5"),
        ("5000.0000", "5000"),
        ('"1.5"', "1.5"),
        ("-12", "-12"),
        ("1e3", "1000"),
        (".5", "0.5"),
        ("NaN", None),
        ("Infinity", None),
        ("1e400", None),
        ("5 000", None),
        ("5000 KZT", None),
        ("", None),
        ("1" * 60, None),
        (None, None),
    ],
)
def test_numbers_are_read_or_null(evaluate, text, number):
    expected = None if number is None else Decimal(number)

    assert str(evaluate("util.try_numeric(%s)", text)) == str(expected)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        (" 12345 ", 12345),
        ("0012", 12),
        ("9223372036854775807", 9223372036854775807),
        ("9223372036854775808", None),
        ("9" * 400, None),
        ("12345.0", None),
        ("-5", None),
        ("12 345", None),
        ("deal 12345", None),
        ("\uff11\uff12", None),
        ("", None),
        (None, None),
    ],
)
def test_deal_ids_are_digits_or_null(evaluate, text, number):
    assert evaluate("util.try_bigint(%s)", text) == number


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("act_123", "act_123"),
        ("123", "act_123"),
        (" ACT_123 ", "act_123"),
        ("act_", None),
        ("my account", None),
        (None, None),
    ],
)
def test_an_ad_account_has_one_spelling(evaluate, text, account):
    assert evaluate("util.account_id(%s)", text) == account


@pytest.mark.parametrize("depth", [0, 1, 2, 3])
def test_json_in_strings_is_unwrapped(evaluate, depth):
    value: Any = {"utm": {"source": "тест", "emoji": "🎯"}}
    text = json.dumps(value)
    for _ in range(depth):
        text = json.dumps(text)

    assert evaluate("util.json(cast(%s as jsonb))", text) == value
    assert evaluate("util.json(cast(%s as text))", text) == value
    assert evaluate("util.json(cast(%s as json))", text) == value


@pytest.mark.parametrize(
    "text", ['"hello"', '""', "null", '"{broken"', '"null"', '"[1,"']
)
def test_what_is_no_json_is_null(evaluate, text):
    assert evaluate("util.json(cast(%s as jsonb))", text) is None


def test_an_escaped_nul_costs_only_itself(evaluate):
    text = json.dumps(json.dumps({"a": "b\0c", "d": 1}))

    assert evaluate("util.json(cast(%s as text))", text) == {"a": "bc", "d": 1}


@pytest.mark.parametrize("nesting", [10_000, 200_000])
def test_deep_json_is_null_not_an_error(evaluate, nesting):
    text = "[" * nesting + "]" * nesting

    assert evaluate("coalesce(util.json(%s), '[]') is not null", text)


@pytest.mark.parametrize(
    "expression",
    [
        "array['120001', ' 120002 ', '', null]",
        "cast(array['120001', '120002'] as varchar(20)[])",
        "cast(array[120001, 120002] as bigint[])",
        """cast('["120001", 120002, null, ""]' as jsonb)""",
        """cast('"[\\"120001\\", \\"120002\\"]"' as jsonb)""",
        "'{120001,120002}'",
        """'["120001","120002"]'""",
        "'120001, 120002'",
    ],
)
def test_a_list_of_ids_is_a_list_in_every_shape(evaluate, expression):
    assert evaluate(f"util.text_array({expression})") == ["120001", "120002"]


@pytest.mark.parametrize(
    "expression",
    ["cast(null as text)", "cast(null as jsonb)", "cast(null as text[])", "'{\"a'"],
)
def test_no_list_is_an_empty_list(evaluate, expression):
    assert not evaluate(f"array_remove(util.text_array({expression}), '{{\"a')")


@pytest.mark.parametrize(
    ("actions", "value"),
    [
        ([{"action_type": "lead", "value": "3"}], 3),
        ([{"action_type": "x", "value": "9"}, {"action_type": "lead", "value": 2}], 2),
        ([], None),
        ({"action_type": "lead", "value": "4"}, 4),
        ("nonsense", None),
        (None, None),
    ],
)
def test_action_values_are_read_by_type(evaluate, actions, value):
    text = json.dumps(actions)

    assert evaluate("util.action_value(cast(%s as jsonb), 'lead')", text) == value


def test_days_and_weeks_are_inclusive(evaluate):
    days = "array(select util.days(date '2026-02-27', date '2026-03-01'))"
    weeks = "array(select util.weeks(date '2025-12-31', date '2026-01-05'))"

    assert [day.day for day in evaluate(days)] == [27, 28, 1]
    assert evaluate(weeks) == [dt.date(2025, 12, 29), dt.date(2026, 1, 5)]
