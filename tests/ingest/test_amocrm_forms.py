"""Form bodies are read as PHP reads them, and refused where they are ambiguous."""

import contextlib

import pytest

from pipelines.ingest.amocrm.forms import FormError, parse_str, read_form
from tests.ingest import amocrm_php


@pytest.mark.skipif(amocrm_php.PHP is None, reason="no php here to compare with")
def test_real_php_reads_the_same():
    assert amocrm_php.differences(4000, seed=20260101) == []


@pytest.mark.parametrize(
    ("body", "tree"),
    [
        (b"a.b c=1", {b"a_b_c": b"1"}),
        (b"a[b.c d]=1", {b"a": {b"b.c d": b"1"}}),
        (b"a[b=1", {b"a_b": b"1"}),
        (b"a[b][c=1", {b"a": {b"b": b"1"}}),
        (b"a]b=1", {b"a]b": b"1"}),
        (b"[a]=1&=2&&%00=3", {}),
        (b"a%5Bb%5D=%2B+%3D", {b"a": {b"b": b"+ ="}}),
        (b"a[][b]=1&a[][b]=2", {b"a": {0: {b"b": b"1"}, 1: {b"b": b"2"}}}),
        (b"a[5]=1&a[]=2&a[]=3", {b"a": {5: b"1", 6: b"2", 7: b"3"}}),
        (b"a[01]=1&a[-0]=2&a[1]=3", {b"a": {b"01": b"1", b"-0": b"2", 1: b"3"}}),
        (b"a=1&a[b]=2", {b"a": {b"b": b"2"}}),
        (b"a[b]=2&a=1", {b"a": b"1"}),
        (b"a=1&a=2", {b"a": b"2"}),
        (b"a=&b", {b"a": b"", b"b": b""}),
        (b"b=1&a[c]=2&a" + b"[x]" * 65 + b"=3", {b"b": b"1"}),
    ],
)
def test_brackets_make_arrays(body, tree):
    assert parse_str(body) == tree


def test_fields_beyond_the_limit_are_not_read():
    assert parse_str(b"a=1&b=2&c=3", max_fields=2) == {b"a": b"1", b"b": b"2"}


def test_only_keys_from_zero_on_make_a_list():
    body = b"a[0]=x&a[1]=y&b[1]=x&b[2]=y&c[1]=x&c[0]=y&d[0]=x&d[k]=y"

    assert read_form(body) == {
        "a": ["x", "y"],
        "b": {"1": "x", "2": "y"},
        "c": {"1": "x", "0": "y"},
        "d": {"0": "x", "k": "y"},
    }


def test_empty_values_are_kept():
    assert read_form(b"price=&name") == {"price": "", "name": ""}


def test_text_that_is_no_utf8_is_read_as_old_senders_meant_it():
    assert read_form("имя=Чай".encode()) == {"имя": "Чай"}
    assert read_form(b"a=%D7%E0%E9") == {"a": "Чай"}
    assert read_form(b"a=%98") == {"a": "\ufffd"}


@pytest.mark.parametrize(
    "body",
    [
        b"a=1&a=1",
        b"a[b]=1&a%5Bb%5D=2",
        b"a.b=1&a_b=2",
        b"a[0]=1&a[]=2&a[1]=3",
        b"a=1&a[b]=2",
        b"a[b]=2&a=1",
        b"a[9223372036854775807]=1&a[]=2",
        b"a" + b"[b]" * 9 + b"=1",
        b"a" + b"[b]" * 500_000,
        b"<xml/>",
        b"--boundary\r\nContent-Disposition: form-data",
        b" \r\n",
    ],
)
def test_what_has_no_one_meaning_is_refused(body):
    with pytest.raises(FormError):
        read_form(body)


@pytest.mark.parametrize(
    "body",
    [
        b"&".join(b"a[-1%d]=" % number for number in range(20_000)),
        b"a[" * 500_000,
        b"a" + b"[]" * 500_000,
        b"a=%" * 300_000,
        b"a[]=&" * 200_000,
        b"&" * 1_000_000,
    ],
    ids=["negative", "open", "deep", "percent", "many", "nothing"],
)
def test_no_body_of_a_megabyte_is_read_for_ever(body):
    with contextlib.suppress(FormError):
        read_form(body)
