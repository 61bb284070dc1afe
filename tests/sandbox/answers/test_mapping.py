"""From UTM tags to a team, level by level."""

from tests.sandbox.answers.tiny import (
    FLAGMAN,
    by_map,
    deal,
    decided,
    field,
    mapped,
    sale,
    source,
    tagged,
    user,
)


def test_the_map_is_compared_normalised_and_never_multiplies_a_sale():
    rows = [mapped("buyera", "u1"), mapped("buyera", "u1", funnel_type="challenge3d")]

    found = sale(leads=[tagged("BuyerA ")], traffic=by_map(*rows))

    assert decided(found) == ("Alpha", "deal_utm", "high", None)
    assert (found["user_id"], found["utm_source"]) == ("u1", "buyera")


def test_a_medium_in_the_map_is_asked_first_and_matches_only_itself():
    rows = [mapped("shared", "u1", utm_medium="wide"), mapped("shared", "u2")]
    facts = by_map(*rows)

    narrow = sale(
        leads=[deal(1, source("shared"), field("UTM_MEDIUM", "Wide"))], traffic=facts
    )
    other = sale(
        leads=[deal(1, source("shared"), field("UTM_MEDIUM", "ta2"))], traffic=facts
    )

    assert (narrow["team_name"], other["team_name"]) == ("Alpha", "Beta")


def test_a_generic_source_matches_only_together_with_a_medium():
    rows = [mapped("facebook", "u1"), mapped("facebook", "u2", utm_medium="ta2")]
    medium = field("UTM_MEDIUM", "ta2")

    alone = sale(leads=[tagged("facebook")], traffic=by_map(*rows))
    both = sale(leads=[deal(1, source("facebook"), medium)], traffic=by_map(*rows))

    assert decided(alone) == ("Unattributed", "unattributed", "none", "generic_utm")
    assert both["team_name"] == "Beta"


def test_a_flagman_sale_uses_the_mapping_of_any_funnel():
    found = sale(leads=[tagged("buyera", pipeline_id=FLAGMAN)])

    assert found["team_name"] == "Alpha"


def test_two_owners_of_one_tag_are_ambiguous_and_end_the_look_up():
    rows = [mapped("fb_alpha", "u1"), mapped("FB_Alpha", "u2")]

    found = sale(leads=[tagged("fb_alpha")], traffic=by_map(*rows))

    assert decided(found) == ("Unattributed", "ambiguous", "none", "ambiguous")


def test_a_team_is_known_by_convention_by_its_own_tag_and_by_its_medium():
    settings = [
        {"user_id": "u1", "assigned_utm_source": "nick", "tracking_by": "utm_source"},
        {"user_id": "u2", "utm_medium": "ta2", "tracking_by": "utm_medium"},
    ]
    facts = by_map(settings=settings, users=[user("u3", "Beta", utm_source="nina")])

    def team(*fields):
        return decided(sale(leads=[deal(1, *fields)], traffic=facts))[:3]

    assert team(source("FB_Beta")) == ("Beta", "deal_utm", "medium")
    assert team(source("nick")) == ("Alpha", "deal_utm", "medium")
    assert team(source("nina")) == ("Beta", "deal_utm", "medium")
    assert team(field("UTM_MEDIUM", "TA2")) == ("Beta", "deal_utm", "medium")
    assert team(source("fb"), field("UTM_MEDIUM", "ta2"))[0] == "Beta"


def test_a_personal_tag_that_two_users_hold_names_nobody():
    users = [
        user("u3", "Alpha", utm_source="nick"),
        user("u4", "Alpha", utm_source="Nick"),
    ]

    found = sale(leads=[tagged("nick")], traffic=by_map(users=users))

    assert decided(found)[3] == "unknown_utm"


def test_an_admins_mapping_names_no_team():
    admin = user("boss", "Office", role="admin")

    found = sale(
        leads=[tagged("x")], traffic=by_map(mapped("x", "boss"), users=[admin])
    )

    assert found["team_name"] == "Unattributed"


def test_a_medium_that_another_user_holds_too_names_nobody():
    def named(held_by_beta):
        settings = [
            {"user_id": "u1", "utm_medium": "ta2", "tracking_by": "utm_medium"},
            {"user_id": "u2", "utm_medium": held_by_beta, "tracking_by": "utm_source"},
        ]
        tags = [field("UTM_MEDIUM", "TA2 ")]
        return sale(traffic=by_map(settings=settings), leads=[deal(1, *tags)])

    assert named("cpc")["team_name"] == "Alpha"
    assert named("ta2")["team_name"] == "Unattributed"
