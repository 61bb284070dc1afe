"""One content has one form, however AmoCRM writes it."""

import pytest

from pipelines.extract.amocrm.canonical import canonical


@pytest.mark.parametrize("written", [1765778400, "1765778400", 1765778400.0])
def test_whole_numbers_are_numbers_however_they_come(written):
    row = canonical({"id": "7", "updated_at": written}, has_numbers=True)

    assert row == {"id": 7, "updated_at": 1765778400}


def test_what_is_no_whole_number_stays_as_it_is():
    row = {"id": "7a", "updated_at": 1.5, "closed_at": None}

    assert canonical(row, has_numbers=True) == row


def test_ids_that_are_text_stay_text():
    assert canonical({"id": "0123"}) == {"id": "0123"}


@pytest.mark.parametrize("empty", [{}, {"custom_fields_values": []}])
def test_no_fields_are_one_form(empty):
    assert canonical(empty, has_fields=True) == {"custom_fields_values": None}


def test_embedded_lists_have_one_order_and_the_main_contact_stays_first():
    contacts = [{"id": 5, "is_main": False}, {"id": 9, "is_main": True}]

    row = canonical({"_embedded": {"contacts": contacts, "tags": [], "_links": 1}})

    assert [one["id"] for one in row["_embedded"]["contacts"]] == [9, 5]
    assert "tags" not in row["_embedded"]


def test_without_a_main_contact_the_first_one_is_meant():
    contacts = [{"id": 9}, {"id": 5}]

    assert canonical({"_embedded": {"contacts": contacts}})["_embedded"] == {
        "contacts": contacts
    }
