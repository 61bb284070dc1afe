import pytest

from pipelines.sandbox.answers.normalise import (
    emails,
    is_test_name,
    is_test_tag,
    phones,
    utm_set,
    utm_value,
)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("BuyerFB ", "buyerfb"),
        ("a%2Bb+c", "a+b c"),
        ("a+b", "a+b"),
        ("  Brand  |  11.12 ", "brand | 11.12"),
        ("ＦＢ_Alpha", "fb_alpha"),
        ("a%20%zz", "a %zz"),
        ("%D1%82", "т"),
        ("%D1", "\ufffd"),
        ("Другие", None),
        ("(not set)", None),
        ("", None),
        (None, None),
    ],
)
def test_tags_compare_after_decoding_collapsing_and_lowering(raw, expected):
    assert utm_value(raw) == (expected, None)


def test_an_unexpanded_macro_is_no_value_but_an_issue():
    found = utm_set({"utm_source": "%7B%7Bcampaign.name%7D%7D"})

    assert (found.source, found.issue) == (None, "macro_unexpanded")


def test_a_phone_in_the_campaign_is_blanked_only_without_a_source():
    phone = "+7 (700) 000-00-01"

    blanked = utm_set({"utm_campaign": phone})
    kept = utm_set({"utm_source": "buyera", "utm_campaign": phone})
    fallback = utm_set({"utm_source": "x", "utm_campaign": phone}, is_fallback=True)

    assert (blanked.campaign, blanked.issue) == (None, "pii_in_utm")
    assert (kept.campaign, kept.issue) == ("+7 (700) 000-00-01", None)
    assert fallback.campaign is None


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ("8 (700) 000-00-01", ["+77000000001"]),
        ("7000000001", ["+77000000001"]),
        ("+7 8 700 000 00 01", ["+77000000001"]),
        ("77000000001.0", ["+77000000001"]),
        ("+998 90 000 00 01", ["+998900000001"]),
        ("\u200e+7\u00a0700 000 00 01", ["+77000000001"]),
        ("7000000001, 87000000002", ["+77000000001", "+77000000002"]),
        ("7777777777", []),
        ("88888888888", []),
        ("87777777777", []),
        ("123456789", []),
        (None, []),
    ],
)
def test_phones_take_one_form_and_junk_takes_none(raw, expected):
    assert phones(raw) == expected


def test_made_up_mail_domains_are_dropped_and_lists_are_split():
    raw = " One@Example.com ; lead_7@unknown.example;two@example.com"

    assert emails(raw) == ["one@example.com", "two@example.com"]


@pytest.mark.parametrize("raw", ["TEST_camp", "camp-test", "Test", "test.1", "a test"])
def test_a_whole_test_token_at_either_end_marks_a_test(raw):
    assert is_test_tag(raw)


@pytest.mark.parametrize("raw", ["contest", "testing", "a_test_b", "latest", None])
def test_a_word_that_only_contains_test_marks_nothing(raw):
    assert not is_test_tag(raw)


def test_a_name_is_a_test_when_test_is_its_first_whole_word():
    assert is_test_name("ТЕСТ 1") and is_test_name("TEST") and is_test_name("test2")
    assert not is_test_name("Testov") and not is_test_name("Тестова")
