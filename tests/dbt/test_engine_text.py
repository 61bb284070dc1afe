"""Functions of schema util over UTM values, phones, e-mails; hostile input too."""

import itertools
import random
import unicodedata
from urllib.parse import unquote

import pytest


def test_percent_decoding_agrees_with_python(evaluate):
    dice = random.Random(7)
    alphabet = ["%", "%D0", "%9F", "%d1", "%80", "%E2%82%AC", "%41", "%zz", "a", "я"]
    alphabet += ["%F0", "%9F%8E%AF", "%ED%A0%80", "%C0%AF", "%FF", "%E0%80", "+", " "]
    texts = ["".join(dice.choices(alphabet, k=dice.randint(1, 12))) for _ in range(600)]

    for text in texts:
        assert evaluate("util.percent_decode(%s)", text) == unquote(text), text


def test_percent_decoding_drops_nul_and_bears_size(evaluate):
    assert evaluate("util.percent_decode('a%%00b')") == "ab"
    assert evaluate("length(util.percent_decode(repeat('%%D0%%B0', 100000)))") == 100000


@pytest.mark.parametrize(
    ("raw", "normal"),
    [
        ("BuyerFB ", "buyerfb"),
        ("  Brand  |  Test | 11.12 ", "brand | test | 11.12"),
        ("%D0%9F%D1%80%D0%B8%D0%B2%D0%B5%D1%82+%D0%BC%D0%B8%D1%80", "привет мир"),
        ("a+b", "a+b"),
        ("a+b c%20d", "a+b c d"),
        ("1%2B1", "1+1"),
        ("%2541", "%41"),
        ("100%", "100%"),
        ("caf%E9", "caf\ufffd"),
        ("\uff26\uff22_Team", "fb_team"),
        ("a\u00a0\u2003b", "a b"),
        ("ДРУГИЕ", None),
        ("Null", None),
        ("(Not Set)", None),
        ("%28none%29", None),
        ("No  UTM  Source", None),
        ("__NO_MATCH__", None),
        ("-", None),
        ("", None),
        ("   ", None),
        ("+", "+"),
        ("%20", None),
        ("{{campaign.name}}", None),
        ("%7B%7Bad.name%7D%7D", None),
        ("x}}", None),
        ("unknown_team", "unknown_team"),
        (None, None),
    ],
)
def test_utm_values_have_one_normal_form(evaluate, raw, normal):
    assert evaluate("util.utm_norm(%s)", raw) == normal


@pytest.mark.parametrize(
    ("raw", "issue"),
    [
        ("{{campaign.name}}", "macro_unexpanded"),
        ("%7B%7Bplacement%7D%7D", "macro_unexpanded"),
        ("{single}", None),
        ("fb_team", None),
        (None, None),
    ],
)
def test_unexpanded_macros_are_named(evaluate, raw, issue):
    assert evaluate("util.utm_issue(%s)", raw) == issue


def test_utm_normal_form_is_stable(evaluate):
    dice = random.Random(11)
    letters = "aБ \u00a0\u00a8ﬁ|/.É\u0301ß+"
    texts = ["".join(dice.choices(letters, k=8)) for _ in range(300)]

    for text in texts:
        once = evaluate("util.utm_norm(%s)", text)

        assert evaluate("util.utm_norm(%s)", once) == once, text


ONE = "+77000001234"


@pytest.mark.parametrize(
    ("raw", "phones"),
    [
        ("+7 700 000 12 34", [ONE]),
        ("+7 (700) 000-12-34", [ONE]),
        ("8 700 000 12 34", [ONE]),
        ("87000001234", [ONE]),
        ("77000001234", [ONE]),
        ("7000001234", [ONE]),
        ("700-000-12-34", [ONE]),
        ("+7 8 700 000 12 34", [ONE]),
        ("+7 8700 000 12 34", [ONE]),
        ("+8 700 000 12 34", [ONE]),
        ("77000001234.0", [ONE]),
        ("тел: +7 700 000 12 34", [ONE]),
        ("\u200e+7\u00a0700\u00a0000\u00a012\u00a034\u202c", [ONE]),
        (
            "\uff0b\uff17\uff17\uff10\uff10\uff10\uff10\uff10\uff11\uff12\uff13\uff14",
            [ONE],
        ),
        ("87000001234, +7 700 000 12 35", [ONE, "+77000001235"]),
        ("87000001234; 7000001234 / 77000001235 | x", [ONE, "+77000001235"]),
        ("87000001234.0,77000001235.0", [ONE, "+77000001235"]),
        ("+49 1500 0001234", ["+4915000001234"]),
        ("998900001234", ["+998900001234"]),
        ("7777777777", []),
        ("+7 777 777 77 77", []),
        ("0000000000", []),
        ("8 777 777 77 77", []),
        ("8 888 888 88 88", []),
        ("7,70000E+10", []),
        ("123456789", []),
        ("1234567890123456", []),
        ("нет", []),
        ("", []),
        (None, []),
    ],
)
def test_phones_are_found_in_what_people_type(evaluate, raw, phones):
    assert evaluate("util.phones(%s)", raw) == phones


@pytest.mark.parametrize(
    ("raw", "emails"),
    [
        (" Lead@Example.COM ", ["lead@example.com"]),
        (
            "a@example.com; B@example.com,a@EXAMPLE.com",
            ["a@example.com", "b@example.com"],
        ),
        ("\u200ba@example.com\ufeff", ["a@example.com"]),
        ("lead_123@unknown.com", []),
        ("lead_123@Unknown.kz, a@example.com", ["a@example.com"]),
        ("unknown.person@example.com", ["unknown.person@example.com"]),
        ("no mail", []),
        ("@example.com", []),
        ("", []),
        (None, []),
    ],
)
def test_emails_are_found_and_invented_ones_dropped(evaluate, raw, emails):
    assert evaluate("util.emails(%s)", raw) == emails


@pytest.mark.parametrize(
    ("raw", "key"),
    [(" Team  North ", "team north"), ("СЕВЕР", "север"), ("", None), (None, None)],
)
def test_team_names_compare_by_key(evaluate, raw, key):
    assert evaluate("util.team_key(%s)", raw) == key


@pytest.mark.parametrize(
    ("text", "part", "is_contained"),
    [
        ("Brand|FB_North|11.12", "fb_north", True),
        ("Brand|FB_Northern", "fb_north", False),
        ("fb north", "fb_north", True),
        ("Север-2", "север", True),
    ],
)
def test_tokens_are_contained_as_a_run(evaluate, text, part, is_contained):
    found = "position(util.tokens(%s) in util.tokens(%s)) > 0"

    assert evaluate(found, part, text) is is_contained


TEXT_FUNCTIONS = [
    "utc", "day", "try_numeric", "try_bigint", "try_boolean", "account_id", "json",
    "text_array", "percent_decode", "utm_norm", "utm_issue", "phones", "emails",
    "team_key", "tokens",
]  # fmt: skip


def test_no_text_makes_a_function_fail(evaluate):
    dice = random.Random(3)
    pool = "0189+-()%{}[]\",;|/\\ \t\n\u00a0\u200bабвÉ🎯٣eE.@_xX:'"
    texts = ["".join(dice.choices(pool, k=dice.randint(0, 40))) for _ in range(150)]
    texts += ["{" * 50, "%" * 999, "9" * 5000, unicodedata.lookup("ZERO WIDTH JOINER")]

    for name, text in itertools.product(TEXT_FUNCTIONS, texts):
        evaluate(f"cast(util.{name}(%s::text) as text)", text)
