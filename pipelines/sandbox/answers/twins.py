"""The fields that mean the same tag, side by side: the system's, people's, Landing's.

Which of them the other answers use is decided in `crm.py` and repeated here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pipelines.sandbox.answers.crm_fields import twin_fields
from pipelines.sandbox.answers.deal_teams import DealTeams
from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.leads import Lead
from pipelines.sandbox.answers.normalise import NO_UTM, UTM_NAMES, UtmSet, utm_set
from pipelines.sandbox.story.world import AmocrmWorld

MartRow = dict[str, Any]


def deal_utm_twins(
    crm: AmocrmWorld,
    known_deals: Mapping[int, Deal],
    counted: Iterable[Lead],
    teams: DealTeams,
) -> list[MartRow]:
    """Return a row per deal and tag that people or Landing hold."""
    landing: dict[int, UtmSet] = {}
    for lead in sorted(counted, key=lambda one: one.order):
        is_landing = lead.key[0] == "landing" and not lead.utm.is_empty
        if is_landing and lead.deal_id is not None:
            landing.setdefault(lead.deal_id, lead.utm)
    found = []
    for deal_id, (tracking, hand) in twin_fields(crm).items():
        deal = known_deals[deal_id]
        if deal.is_test:
            continue
        sets = [utm_set(tracking), utm_set(hand), landing.get(deal_id, NO_UTM)]
        found += [
            {"team_name": teams.of(deal_id), **row}
            for name in UTM_NAMES
            if (row := _row(deal, name, *(_value(one, name) for one in sets)))
        ]
    return found


def _value(tags: UtmSet, name: str) -> str | None:
    value: str | None = getattr(tags, name.removeprefix("utm_"))
    return value


def _row(
    deal: Deal, name: str, tracking: str | None, hand: str | None, landing: str | None
) -> MartRow | None:
    if hand is None and landing is None:
        return None
    used: str | None = getattr(deal.crm_utm, name.removeprefix("utm_"))
    equal = {
        "is_tracking_hand_equal": _equal(tracking, hand),
        "is_used_landing_equal": _equal(used, landing),
    }
    return {
        "deal_id": deal.deal_id,
        "parameter": name,
        "tracking_value": tracking,
        "hand_value": hand,
        "landing_value": landing,
        "used_value": used,
        "used_from": "tracking" if tracking else "hand" if hand else "none",
        **equal,
        "is_disagreeing": False in equal.values(),
        "is_missing_in_crm": used is None,
    }


def _equal(one: str | None, other: str | None) -> bool | None:
    return None if one is None or other is None else one == other
