"""How traffic is tagged: the situations of a real week and who stands behind each.

Situations are drawn in the shares that were once counted; see `SHARES`.
"""

from urllib.parse import quote

from pipelines.sandbox.story.campaigns import CampaignPlan
from pipelines.sandbox.story.cast import (
    AGENCY,
    CONTESTED,
    MAPPED_MEDIUM,
    MEDIUM_ONLY,
    NICK,
    STUDIO,
    Cast,
    Team,
)
from pipelines.sandbox.story.deals import UTM_KEYS, Utm
from pipelines.sandbox.story.dice import Dice

SHARES = {
    "none": 12.7,
    "generic": 14.2,
    "convention": 34.3,
    "agency": 16.9,
    "nick": 12.5,
    "name": 5.1,
    "instagram": 3.9,
    "macros": 1.2,
    "numeric": 0.2,
}
MEDIUMS = {"cpc": 30, "Instagram_Reels": 14, "feed": 12, "Lookalike 2 % KZ": 8, "": 6}
CONTENTS = ("video 1", "video_2", "carousel/05.12", "story+reels", "")
FREE_CAMPAIGNS = ("Brand | Test | 11.12", "Winter / wide", "leads 03.12", "")


def draw_utm(
    dice: Dice,
    situation: str,
    *,
    cast: Cast,
    plan: CampaignPlan,
    team: Team | None = None,
) -> tuple[Utm, Team]:
    """Return the tags of one visit and the team whose visit it was."""
    team = team or dice.pick({one: 1 + one.index for one in cast.teams})
    match situation:
        case "none":
            utm = _blank(dice)
        case "generic":
            utm = _generic(dice, team, plan)
        case "convention":
            source = _spell(dice, team.convention)
            utm = _tagged(dice, source, plan.main(team).name)
        case "agency":
            team = cast.agency.team
            source = dice.pick({AGENCY: 8, AGENCY.lower(): 1, f" {AGENCY} ": 1})
            utm = _tagged(dice, source, plan["agency"].name)
        case "nick":
            team = cast.nick.team
            source = dice.pick({NICK: 8, NICK.upper(): 1, f"{NICK.title()} ": 1})
            utm = _tagged(dice, source, dice.choice(FREE_CAMPAIGNS))
        case "name":
            team = cast.studio.team
            source = dice.pick({STUDIO: 6, CONTESTED: 2, CONTESTED.upper(): 2})
            utm = _tagged(dice, source, f"{source}/11.12")
        case "instagram":
            source = dice.choice(("instagram", "ig", "Instagram_Stories"))
            utm = tags(source, dice.choice(("social", None)))
        case "macros":
            utm = _macros(dice)
        case "numeric":
            utm = tags("fb", "cpc", plan.main(team).campaign_id)
        case _:
            raise ValueError(f"unknown utm situation {situation!r}")
    return utm, team


def tags(
    source: str | None = None,
    medium: str | None = None,
    campaign: str | None = None,
    content: str | None = None,
    term: str | None = None,
) -> Utm:
    """Name the five values of one visit."""
    values = (source, medium, campaign, content, term)
    return dict(zip(UTM_KEYS, values, strict=True))


def _tagged(dice: Dice, source: str, campaign: str) -> Utm:
    return tags(
        source,
        dice.pick(MEDIUMS),
        campaign,
        dice.choice(CONTENTS),
        dice.choice((None, None, "kz")),
    )


def _blank(dice: Dice) -> Utm:
    source = dice.pick(
        {None: 70, "": 8, "null": 5, "(not set)": 5, "unknown": 6, "-": 6}
    )
    return tags(source)


def _generic(dice: Dice, team: Team, plan: CampaignPlan) -> Utm:
    source = dice.pick({"facebook": 80, "Facebook": 10, "fb": 10})
    medium = dice.pick({"cpc": 60, MAPPED_MEDIUM: 6, MEDIUM_ONLY: 10, None: 24})
    names = {None: 50, plan.main(team).name.upper(): 25, "Winter / wide": 25}
    return tags(source, medium, dice.pick(names))


def _spell(dice: Dice, source: str) -> str:
    return dice.pick(
        {
            source: 80,
            source.upper(): 8,
            source.title(): 6,
            quote(source).replace("_", "%5F"): 3,
            f"{source} ": 3,
        }
    )


def _macros(dice: Dice) -> Utm:
    source = dice.choice(("{{site_source_name}}", "facebook", "{{campaign.name}}"))
    return tags(
        source, "{{placement}}", "{{campaign.name}}", "{{ad.name}}", "{{adset.name}}"
    )
