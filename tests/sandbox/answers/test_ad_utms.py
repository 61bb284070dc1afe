"""Tags of ads: every place, spelling and macro, and what is wrong with them."""

from datetime import UTC, datetime

import pytest

from tests.sandbox.answers.tiny import ACCOUNT, account_day, ad_day, mapped, marts, user

PAGE = "https://school.example/page"
AD = {"id": "a1", "account_id": ACCOUNT, "campaign_id": "c1", "adset_id": "s1"}


def told(creative, *, landing=None, traffic=None, **parts):
    """Return the marts of a world in which one ad of Alpha spent yesterday."""
    return marts(
        landing=landing,
        traffic=traffic,
        campaigns=[{"id": "c1", "account_id": ACCOUNT, "name": "buyera | Win"}],
        ad_sets=[{"id": "s1", "account_id": ACCOUNT, "campaign_id": "c1",
                  "name": "wide"}],
        ads=[AD | {"name": "Photo 1", "creative": {"id": "k1"}}],
        creatives=[{"id": "k1", "account_id": ACCOUNT} | creative],
        ad_days=[ad_day("2026-01-05", "2.00", campaign_name="buyera | Win")],
        account_days=[account_day("2026-01-05", "2.00")],
        **parts,
    )  # fmt: skip


def bound(**more):
    """List the account of the tiny world, so that it is loaded."""
    binding = {"ad_account_id": ACCOUNT, "team_name": "Alpha", "is_active": True}
    return {"traffic_ad_account_bindings": [binding], **more}


def sets(creative, **parts):
    parts.setdefault("traffic", bound())
    return told(creative, **parts)["ad_utms"]


def issues(creative, **parts):
    parts.setdefault("traffic", bound())
    rows = told(creative, **parts)["utm_hygiene"]
    return {row["issue"]: row["suggestion"] for row in rows}


def spec(kind, **data):
    return {"object_story_spec": {kind: data}}


BUTTON = {"value": {"link": f"{PAGE}?utm_source=buyera"}}
PLACES = {
    "url_tags": {"url_tags": "utm_source=buyera"},
    "object_story_spec.link_data.link": spec(
        "link_data", link=f"{PAGE}?utm_source=buyera"
    ),
    "object_story_spec.link_data.child_attachments[].link": spec(
        "link_data",
        link=PAGE,
        child_attachments=[{"link": f"{PAGE}?utm_source=buyera"}],
    ),
    "object_story_spec.link_data.call_to_action.value.link": spec(
        "link_data", link=PAGE, call_to_action=BUTTON
    ),
    "object_story_spec.video_data.call_to_action.value.link": spec(
        "video_data", call_to_action=BUTTON
    ),
    "asset_feed_spec.link_urls[].website_url": {
        "asset_feed_spec": {"link_urls": [{"website_url": f"{PAGE}?utm_source=buyera"}]}
    },
    "asset_feed_spec.link_urls[].url_tags": {
        "asset_feed_spec": {"link_urls": [{"url_tags": "utm_source=buyera"}]}
    },
    "template_url": {"template_url": f"{PAGE}?utm_source=buyera"},
    "template_url_spec": {
        "template_url_spec": {"web": {"url": f"{PAGE}?utm_source=buyera"}}
    },
    "link_url": {"link_url": f"{PAGE}?utm_source=buyera"},
    "object_url": {"object_url": f"{PAGE}?utm_source=buyera#top"},
}


@pytest.mark.parametrize("place", PLACES)
def test_tags_are_found_in_every_place(place):
    (row,) = sets(PLACES[place])

    assert (row["place"], row["utm_source"]) == (place, "buyera")
    assert row["match_kind"] == "literal"


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("?utm_source=buyera", "buyera"),
        ("&utm_source=buyera", "buyera"),
        ("utm_source=%D0%97%D0%B8%D0%BC%D0%B0+1", "зима 1"),
        ("utm_source=Зима", "зима"),
        ("utm_source=%7B%7Bcampaign.id%7D%7D", "c1"),
        ("utm_source=buyera&utm_source=other", "buyera"),
        ("utm_medium=cpc&utm_source=", None),
    ],
)
def test_tags_are_read_however_they_are_written(written, value):
    (row,) = sets({"url_tags": written})

    assert row["utm_source"] == value


@pytest.mark.parametrize(
    ("template", "value", "kind"),
    [
        ("{{campaign.id}}", "c1", "id_macro"),
        ("{{adset.id}}", "s1", "id_macro"),
        ("{{ad.name}}", "photo 1", "first_seen_name"),
        ("x-{{campaign.name}}", "x-buyera | win", "first_seen_name"),
        ("{{placement}}", None, "wildcard"),
        ("{{ad.id}}/{{placement}}", None, "wildcard"),
        ("{{ad.budget}}", None, "unresolved"),
        ("{{ad.name}", None, "unresolved"),
    ],
)
def test_macros_are_filled_as_far_as_an_ad_can_tell(template, value, kind):
    (row,) = sets({"url_tags": f"utm_source=buyera&utm_content={template}"})

    assert (row["utm_content"], row["utm_content_match_kind"]) == (value, kind)
    assert row["match_kind"] == kind


def test_cards_with_different_tags_are_ambiguous_and_equal_ones_are_not():
    def cards(*sources):
        return spec(
            "link_data",
            child_attachments=[{"link": f"{PAGE}?utm_source={s}"} for s in sources],
        )

    assert [row["set_number"] for row in sets(cards("a", "b", "a"))] == [1, 2]
    assert [row["is_ambiguous"] for row in sets(cards("a", "b"))] == [True, True]
    assert [row["is_ambiguous"] for row in sets(cards("a", "a"))] == [False]


def test_tags_beside_a_link_are_one_set_unless_they_contradict_it():
    link = spec("link_data", link=f"{PAGE}?utm_source=buyera&utm_term=kz")

    (together,) = sets(link | {"url_tags": "utm_source=buyera&utm_medium=cpc"})
    apart = sets(link | {"url_tags": "utm_source=other"})

    assert (together["utm_medium"], together["utm_term"]) == ("cpc", "kz")
    assert together["place"] == "url_tags"
    assert [row["utm_source"] for row in apart] == ["other", "buyera"]


def test_a_short_link_is_followed_in_the_database():
    links = [{"short_code": "abc123", "original_url": f"{PAGE}?utm_source=buyera"}]

    (row,) = sets(
        spec("link_data", link="https://school.example/l/abc123"),
        landing={"short_links": links},
    )

    assert (row["utm_source"], row["short_link_id"]) == ("buyera", "abc123")


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ("utm_source=buyera", {}),
        ("utm_source=fb_alpha&utm_content={{ad.id}}", {}),
        ("utm_medium=cpc", {"no_source": None}),
        ("utm_source=&utm_medium=cpc", {"no_source": None, "blank_value": None}),
        ("utm_source=facebook", {"generic_source": None}),
        ("utm_source={{site_source_name}}", {"generic_source": None}),
        ("utm_source=buyerb", {"foreign_source": None}),
        ("utm_source=fb_lapha", {"misspelt_source": "fb_alpha"}),
        ("utm_source=fb_alph", {"misspelt_source": "fb_alpha"}),
        ("utm_source=fb_lapha1", {"misspelt_source": "fb_alpha"}),
        # As near to one buyer as to the other.
        ("utm_source=buyerc", {"unknown_source": None}),
        ("utm_source=somebody", {"unknown_source": None}),
        ("utm_source=buyera&utm_source=x", {"duplicate_parameter": None}),
        ("utm_source=buyera&utm_term={{nobody}}", {"broken_macro": None}),
    ],
)
def test_each_fault_of_a_tag_is_named(tags, expected):
    assert issues({"url_tags": tags}) == expected


def test_an_ad_without_tags_is_named():
    assert issues(spec("link_data", link=PAGE)) == {"no_utm": None}


def test_a_tag_of_two_teams_is_shared():
    rows = [mapped("both", "u1"), mapped("BOTH", "u2")]
    traffic = bound(traffic_user_utm_sources=rows)

    assert issues({"url_tags": "utm_source=both"}, traffic=traffic) == {
        "shared_tag": None
    }


def test_a_tag_that_two_users_hold_is_shared():
    people = [
        user("u1", "Alpha", utm_source="mine"),
        user("u2", "Beta", utm_source="Mine"),
    ]

    found = issues({"url_tags": "utm_source=mine"}, traffic=bound(traffic_users=people))

    assert found == {"shared_tag": None}


def test_an_ad_that_has_not_spent_for_a_month_is_left_alone():
    rows = told(
        spec("link_data", link=PAGE),
        traffic=bound(),
        now=datetime(2026, 2, 20, 6, tzinfo=UTC),
    )

    assert rows["utm_hygiene"] == []
