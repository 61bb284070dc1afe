"""Traps in ads and forms: where tags hide, how they lie, what Facebook forgets."""

import json
from collections import Counter, defaultdict
from datetime import date, datetime
from decimal import Decimal
from itertools import chain

from pipelines.sandbox.story.calendar import ALMATY
from pipelines.sandbox.story.world import Document, World
from tests.sandbox.traps.asking import has, leads, rows, trap

HOUR = "hourly_stats_aggregated_by_advertiser_time_zone"


def written(world: World) -> list[str]:
    return [json.dumps(one, ensure_ascii=False) for one in world.facebook.creatives]


def story_specs(world: World, kind: str) -> list[Document]:
    specs = (one.get("object_story_spec", {}) for one in world.facebook.creatives)
    return [spec[kind] for spec in specs if kind in spec]


@trap
def tags_in_every_place_of_a_creative(world: World) -> bool:
    links, videos = story_specs(world, "link_data"), story_specs(world, "video_data")
    feeds = [
        item
        for one in world.facebook.creatives
        for item in one.get("asset_feed_spec", {}).get("link_urls", [])
    ]
    cards = [link["child_attachments"] for link in links if "child_attachments" in link]
    top = set(chain.from_iterable(world.facebook.creatives))
    return (
        {"url_tags", "template_url", "template_url_spec", "link_url", "object_url"}
        <= top
        and has("utm_" in link["link"] for link in links)
        and has("utm_" in json.dumps(link.get("call_to_action")) for link in links)
        and has("utm_" in json.dumps(video["call_to_action"]) for video in videos)
        and has(len({card["link"] for card in found}) > 1 for found in cards)
        and has("utm_" in item["website_url"] for item in feeds)
        and has("url_tags" in item for item in feeds)
    )


@trap
def tags_behind_a_short_link(world: World) -> bool:
    links = {link["link"] for link in story_specs(world, "link_data")}
    return has(
        f"https://school.example/l/{row['short_code']}" in links
        and "utm_source=fb_" in row["original_url"]
        for row in rows(world, "landing", "short_links")
    )


@trap
def tags_in_odd_letters(world: World) -> bool:
    marks = ("%7B%7Bcampaign.name%7D%7D", "%D0%97", "+", "Видео 1", '"?utm', '"&utm')
    return all(has(mark in text for text in written(world)) for mark in marks)


@trap
def tags_doubled_and_blank(world: World) -> bool:
    return has(
        text.count("utm_source=") > 1 and "utm_term=&" in text
        for text in written(world)
    )


@trap
def macros_of_ids_names_clicks_and_nothing(world: World) -> bool:
    macros = (
        "{{campaign.id}}", "{{ad.id}}", "{{adset.id}}", "{{campaign.name}}",
        "{{ad.name}}", "{{adset.name}}", "{{placement}}", "{{site_source_name}}",
        "{{ad.budget}}",
    )  # fmt: skip
    return all(has(macro in text for text in written(world)) for macro in macros)


@trap
def spending_ad_without_tags(world: World) -> bool:
    bare = {
        one["id"]
        for one in world.facebook.creatives
        if "utm_" not in json.dumps(one) and "/l/" not in json.dumps(one)
    }
    ads = {ad["id"] for ad in world.facebook.ads if ad["creative"]["id"] in bare}
    return has(row["ad_id"] in ads and "spend" in row for row in world.facebook.ad_days)


@trap
def creative_of_two_ads(world: World) -> bool:
    uses = Counter(ad["creative"]["id"] for ad in world.facebook.ads)
    return max(uses.values()) == 2


@trap
def changes_of_budget_name_link_and_state(world: World) -> bool:
    kinds = {entry["event_type"] for entry in world.facebook.activities}
    return {
        "update_campaign_budget",
        "update_campaign_name",
        "update_ad_creative",
        "update_ad_run_status",
    } <= kinds


@trap
def hours_abroad_that_add_up_to_their_days(world: World) -> bool:
    hours: dict[tuple[str, str], list[Decimal]] = defaultdict(lambda: [Decimal(0)] * 3)
    metrics = ("spend", "impressions", "clicks")

    def figures(row: Document) -> list[Decimal]:
        return [Decimal(row.get(name, "0")) for name in metrics]

    for row in world.facebook.account_hours:
        key = row["account_id"], row["date_start"]
        hours[key] = [a + b for a, b in zip(hours[key], figures(row), strict=True)]
    abroad = {account for account, _ in hours}
    days = {
        (row["account_id"], row["date_start"]): figures(row)
        for row in world.facebook.account_days
        if row["account_id"] in abroad
    }
    return hours == days and len(abroad) == 2


@trap
def hours_in_order_and_only_those_begun(world: World) -> bool:
    today = max(row["date_start"] for row in world.facebook.account_hours)
    last = [row[HOUR] for row in world.facebook.account_hours
            if row["date_start"] == today]  # fmt: skip
    return last == sorted(last) and date.fromisoformat(today) <= world.now.date()


@trap
def form_leads_known_by_id_phone_and_mail(world: World) -> bool:
    ids = {row["metadata"].get("fb_lead_id") for row in leads(world)}
    found = {lead["id"] for lead in world.facebook.leads}
    answers = [answered(lead) for lead in world.facebook.leads]
    mails = {(row["email"] or "").strip().lower() for row in leads(world)}
    phones = {(row["phone"] or "")[-7:] for row in leads(world)}
    return (
        has(found & ids)
        and has("email" not in one for one in answers)
        and has(
            one.get("email") in mails and one["phone_number"][-7:] not in phones
            for one in answers
        )
    )


@trap
def form_leads_that_nobody_received(world: World) -> bool:
    mails = {(row["email"] or "").strip().lower() for row in leads(world)}
    return has(
        answered(lead).get("email", "") not in mails and "ad_id" in lead
        for lead in world.facebook.leads
    )


@trap
def organic_dummy_and_simultaneous_form_leads(world: World) -> bool:
    found = world.facebook.leads
    times = Counter(lead["created_time"] for lead in found)
    return (
        has(lead["is_organic"] and "ad_id" not in lead for lead in found)
        and has("dummy data" in json.dumps(lead) for lead in found)
        and max(times.values()) > 1
    )


@trap
def form_leads_of_a_campaign_given_away_for_one_day(world: World) -> bool:
    by_hand = {
        (row["campaign_id"], row["stat_date"])
        for row in rows(world, "landing", "manual_attribution_log")
    }
    sent = {
        (
            lead.get("campaign_id"),
            datetime.fromisoformat(lead["created_time"]).astimezone(ALMATY).date(),
        )
        for lead in world.facebook.leads
    }
    given = {campaign for campaign, _ in by_hand}
    return has(sent & by_hand) and has(
        campaign in given and (campaign, day) not in by_hand for campaign, day in sent
    )


@trap
def forms_archived_and_with_expired_leads(world: World) -> bool:
    forms = world.facebook.lead_forms
    held = Counter(lead["form_id"] for lead in world.facebook.leads)
    return (
        {form["status"] for form in forms} == {"ACTIVE", "ARCHIVED"}
        and has(form["expired_leads_count"] for form in forms)
        and len({form["page_id"] for form in forms}) == 2
        and all(
            form["leads_count"] - form["expired_leads_count"] == held[form["id"]] > 0
            for form in forms
        )
    )


@trap
def form_leads_of_the_last_ninety_days_only(world: World) -> bool:
    times = [
        datetime.fromisoformat(lead["created_time"]) for lead in world.facebook.leads
    ]
    return max(times) <= world.now and (world.now - min(times)).days <= 90


def answered(lead: Document) -> dict[str, str]:
    return {field["name"]: field["values"][0] for field in lead["field_data"]}
