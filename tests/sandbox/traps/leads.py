"""Traps in leads and tags: shapes, spellings, duplicates and junk."""

from collections import Counter, defaultdict

from pipelines.sandbox.story.world import World
from tests.sandbox.traps.asking import express, has, leads, rows, trap, utm_source


@trap
def tags_in_three_shapes_of_metadata(world: World) -> bool:
    keys = {
        key
        for row in leads(world)
        if row["utm_source"] is None
        for key in row["metadata"]
    }
    return {"utmParams", "utm_source", "utmSource", "original_utm"} <= keys


@trap
def first_touch_overwritten_by_a_message(world: World) -> bool:
    return has(
        row["utm_source"] in {"email", "sms"} and "original_utm" in row["metadata"]
        for row in leads(world)
    )


@trap
def odd_tags(world: World) -> bool:
    seen = {utm_source(deal) for deal in world.amocrm.leads}
    campaigns = [row["utm_campaign"] or "" for row in express(world)]
    is_phone = has(one.strip("+").startswith("77000") for one in campaigns)
    is_number = has(one.isdigit() and len(one) >= 14 for one in campaigns)
    wanted = {"organic", "direct", "{{site_source_name}}", "(not set)", "email", "sms"}
    return wanted <= seen and is_phone and is_number


@trap
def original_tags_blank_and_fallback(world: World) -> bool:
    originals = {row["original_utm_source"] for row in express(world)}
    sources = {row["attribution_source"] for row in express(world)}
    return "" in originals and {"fallback", "current_deal"} <= sources


@trap
def twin_fields_beyond_the_first_page(world: World) -> bool:
    numbers = [field["id"] for field in world.amocrm.custom_fields["leads"]]
    used = {
        field["field_id"]
        for deal in world.amocrm.leads
        for field in deal["custom_fields_values"] or []
    }
    return numbers.index(522935) >= 50 and {522935, 951807, 960001} <= used


@trap
def phone_of_more_records_than_a_person_has(world: World) -> bool:
    tails = Counter(
        "".join(mark for mark in row["phone"] if mark.isdigit())[-10:]
        for row in leads(world)
    )
    return has(count > 12 and tail.startswith("7000") for tail, count in tails.items())


@trap
def junk_phones(world: World) -> bool:
    return {"77777777777", "0000000000", "12345", ""} <= {
        row["phone"] for row in leads(world)
    }


@trap
def duplicates_by_phone_and_by_mail(world: World) -> bool:
    phones, mails = defaultdict(set), defaultdict(set)
    for row in leads(world):
        digits = "".join(mark for mark in row["phone"] if mark.isdigit())[-10:]
        phones[digits].add(row["phone"])
        mails[(row["email"] or "").strip().lower()].add(row["email"])
    is_phone = has(len(one) > 1 and len(key) == 10 for key, one in phones.items())
    return is_phone and has(len(spellings) > 1 for spellings in mails.values())


@trap
def deal_ids_that_are_no_numbers(world: World) -> bool:
    return {"pending", "12345abc", ""} <= {
        row["amocrm_lead_id"] for row in leads(world)
    }


@trap
def test_leads(world: World) -> bool:
    is_run = has(row["metadata"].get("testRun") for row in leads(world))
    return is_run and has(row["name"] == "тест" for row in leads(world))


@trap
def traffic_copies_and_invented_mails(world: World) -> bool:
    table = rows(world, "traffic", "traffic_leads")
    is_copy = has(row["landing_lead_id"] for row in table)
    return is_copy and has(
        "@unknown." in row["email"] and row["name"] == "Unknown" for row in table
    )


@trap
def deals_known_only_to_the_bulk_synchronisation(world: World) -> bool:
    linked = {row["id"] for row in leads(world) if row["amocrm_lead_id"]}
    return has(
        row["deal_id"] and row["lead_id"] not in linked
        for row in rows(world, "landing", "bulk_sync_results")
    )
