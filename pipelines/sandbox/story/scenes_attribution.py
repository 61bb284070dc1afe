"""Scenes of attribution: one sale for each way in which a team is found or is not.

Campaigns and mappings behind them belong to `campaigns.py` and `mapping.py`.
"""

from datetime import timedelta

from pipelines.sandbox.story.cast import (
    AGENCY,
    CONTESTED,
    MAPPED_MEDIUM,
    MEDIUM_ONLY,
    NICK,
    SHARED_NICK,
    STUDIO,
)
from pipelines.sandbox.story.deals import FLAGMAN, LOST, Utm
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.scene import MAIN_TABLE, Scene
from pipelines.sandbox.story.utm import tags

SHARED_PHONE = "77000999001"


def tell_attribution(draft: Draft) -> None:
    """Tell one sale per step of the precedence, and those that no step decides."""
    scene = Scene(draft, "attribution")
    _own_tags(scene)
    _originals(scene)
    _by_lead(scene)
    _related(scene)
    _by_campaign(scene)
    _manual(scene)
    _shared_phone(scene)


def _own_tags(scene: Scene) -> None:
    convention = scene.convention(0)["source"] or ""
    cases: list[Utm] = [
        tags(AGENCY.upper(), "Instagram_Reels", "Agency/12.11"),
        tags(f" {NICK.title()} ", "cpc"),
        tags(STUDIO, "feed", f"{STUDIO}/11.12"),
        # Owned by two teams, in two spellings.
        tags(CONTESTED.lower(), "feed"),
        # Held by two users: identifies nobody.
        tags(SHARED_NICK, "feed"),
        # Generic sources: only a mapped medium or an owned medium helps.
        tags("facebook", MAPPED_MEDIUM),
        tags("facebook", MEDIUM_ONLY),
        tags(None, MEDIUM_ONLY),
        tags("Instagram", "social"),
        tags("some_blogger", "post"),
        tags("organic"),
        tags("direct"),
        tags("{{site_source_name}}", "{{placement}}", "{{campaign.name}}"),
        tags(convention.replace("_", "%5F").replace(" ", "+"), "cpc"),
        tags(f"{convention.upper()} "),
        tags("(not set)", None, "undefined"),
    ]
    for number, utm in enumerate(cases):
        scene.sold(10 + number % 14, 9 + number % 8, utm=utm)
    # A person's mapping holds for the flagman too, though no map row may say so.
    scene.sold(
        13, 9, pipeline=FLAGMAN, price=490_000, table=MAIN_TABLE, utm=tags(AGENCY)
    )


def _originals(scene: Scene) -> None:
    team = scene.convention(2)["source"]
    # The first touch stands beside the click in a mail that came last.
    scene.sold(
        12, 20, utm=tags("email", None, "proftest"),
        row={"original_utm_source": team, "attribution_source": "current_deal"},
    )  # fmt: skip
    # A blank original hides nothing.
    scene.sold(11, 20, utm=tags(NICK), row={"original_utm_source": ""})
    # The fallback wrote a phone where a campaign belongs.
    person = scene.person()
    scene.sold(
        11, 21, person=person, utm=tags(None, None, f"+{person.phone}"),
        row={
            "original_utm_source": "unknown",
            "original_utm_campaign": person.phone,
            "attribution_source": "fallback",
        },
    )  # fmt: skip
    # A message click with nothing else: own channel, no team.
    scene.sold(10, 20, utm=tags("sms", None, "proftest"))


def _by_lead(scene: Scene) -> None:
    """Sell untagged deals whose leads know more."""
    created = scene.ago(14, 10)
    # The lead names the deal.
    deal = scene.sold(13, 11)
    scene.lead(
        scene.person(), created, utm=scene.convention(1),
        amocrm_lead_id=f" {deal.deal_id}",
    )  # fmt: skip
    # Only the phone agrees, in another spelling, and only the mail does.
    deal = scene.sold(13, 12)
    other = scene.person(phone=deal.person.phone)
    scene.lead(other, created, utm=scene.convention(2), phone=_bare(other.phone))
    deal = scene.sold(13, 13)
    other = scene.person(email=deal.person.email)
    scene.lead(other, created, utm=tags(NICK), email=other.email.upper())
    # Only the bulk synchronisation knows which deal it was.
    deal = scene.sold(13, 15)
    lead = scene.lead(scene.person(), created, utm=scene.convention(1))
    lead.deal = deal
    # The first touch, overwritten by a click in a mail.
    deal = scene.sold(13, 14)
    first = {"source": scene.convention(0)["source"], "campaign": "Winter / wide"}
    scene.lead(
        deal.person, created, utm=tags("email", None, "proftest"),
        metadata={"original_utm": first},
    )  # fmt: skip
    # A lead that came two days after the sale explains nothing.
    deal = scene.sold(12, 12)
    scene.lead(deal.person, scene.ago(10, 12), utm=scene.convention(1))
    # No tags at all, but the page carried the team's name.
    deal = scene.sold(12, 13)
    team = scene.draft.cast.team(1)
    scene.lead(deal.person, created, source=f"proftest_{team.key}")


def _bare(phone: str) -> str:
    return phone[1:]


def _related(scene: Scene) -> None:
    # An earlier deal of the same phone, lost long ago, had the tags.
    person = scene.person()
    first = scene.open(scene.ago(22), person=person, utm=scene.convention(1), price=0)
    first.move(scene.ago(21), LOST)
    scene.sold(11, 12, person=person)
    # A later deal explains nothing.
    person = scene.person()
    scene.sold(11, 13, person=person)
    scene.open(scene.ago(8), person=person, utm=scene.convention(1), price=0)


def _by_campaign(scene: Scene) -> None:
    plan = scene.draft.plan
    scene.sold(10, 12, utm=tags("fb", "cpc", plan["mapped"].campaign_id))
    scene.sold(10, 13, utm=tags("facebook", "cpc", plan["agency"].name.lower()))
    # Two campaigns bear this name.
    scene.sold(10, 14, utm=tags("facebook", "cpc", plan["twin_1"].name))
    # A campaign of two teams in everybody's account.
    scene.sold(10, 15, utm=tags("fb", "cpc", plan["contested"].campaign_id))
    # The lead came through a form of Facebook and brought its campaign.
    deal = scene.sold(10, 16)
    scene.lead(
        deal.person, deal.created_at - timedelta(hours=2),
        metadata={"fb_campaign_id": plan["abroad"].campaign_id, "fb_lead_id": "901"},
    )  # fmt: skip


def _manual(scene: Scene) -> None:
    """Sell on days and campaigns for which an admin wrote a team down."""
    orphan, contested = scene.draft.plan["orphan"], scene.draft.plan["contested"]
    scene.sold(12, 15, utm=tags("fb", "cpc", orphan.campaign_id))
    scene.sold(11, 15, utm=tags("fb", "cpc", contested.campaign_id))
    scene.sold(11, 16, utm=tags("fb", "cpc", contested.campaign_id))
    entries = [
        (12, orphan.campaign_id, 1, None),
        # The second word on a day is the last one.
        (12, orphan.campaign_id, 0, None),
        (11, contested.campaign_id, None, "Unassigned"),
        (13, orphan.campaign_id, None, "No Such Team"),
    ]
    for number, (ago, campaign_id, team, other) in enumerate(entries):
        new_team = other or scene.draft.cast.team(team or 0).name
        scene.draft.add(
            "landing",
            "manual_attribution_log",
            {
                "id": scene.dice.uuid(),
                "admin_user_id": scene.draft.cast.admin.user_id,
                "admin_email": scene.draft.cast.admin.email,
                "stat_date": scene.day(ago),
                "campaign_id": campaign_id,
                "old_team": "Unassigned",
                "new_team": new_team,
                "reason": "spoke with the buyer",
                "created_at": scene.ago(ago - 1, 10, number),
            },
        )


def _shared_phone(scene: Scene) -> None:
    """Give one managers' phone to more records than any person has."""
    for number in range(15):
        person = scene.person(phone=SHARED_PHONE)
        created = scene.ago(22 - number, 11)
        scene.lead(person, created, utm=scene.convention(number % 2))
    scene.sold(9, 15, person=scene.person(phone=SHARED_PHONE))
