"""The ledgers of raw against what was ever shown: versions, dictionaries, absences.

The current rows are compared in `comparing.py`.
"""

import itertools
from collections import defaultdict

from tests.amocrm.foreign.comparing import expected, present
from tests.amocrm.foreign.house import House
from tests.amocrm.foreign.showing import stored
from tests.amocrm.foreign.truth import ENTITIES

Seen = dict[tuple[str, int], list[str]]


def remember(house: House, quiet: Seen) -> None:
    """Note what a load in a quiet hour must have seen."""
    for entity in present(house, ENTITIES):
        for one, state in expected(house, entity).items():
            states = quiet.setdefault((entity, one), [])
            if not states or states[-1] != state:
                states.append(state)


def versions(house: House) -> dict[tuple[str, int], list[str]]:
    rows = house.rows(
        "select entity_type, entity_id, version, payload::text "
        "from raw.amocrm__entity_versions order by 1, 2, 3"
    )
    found: dict[tuple[str, int], list[str]] = defaultdict(list)
    for entity, one, version, payload in rows:
        found[entity, one].append(stored(payload))
        assert version == len(found[entity, one]), f"{entity} {one}: gap at {version}"
    return found


def wrong_versions(house: House, quiet: Seen) -> list[str]:
    """Say where versions were missed, invented, doubled, or end before the truth."""
    known, wrong = versions(house), []
    if not known:
        return []
    for key, states in known.items():
        told = [one for one, _ in itertools.groupby(states)]
        if not _is_within(told, house.crm.shown[key]):
            wrong.append(f"versions of {key} were never shown so: {len(states)}")
        if any(one == other for one, other in itertools.pairwise(states)):
            wrong.append(f"versions of {key} repeat one another")
    for key, states in quiet.items():
        if key[0] in {entity for entity, _ in known} and not _is_within(
            states, known[key]
        ):
            wrong.append(
                f"versions of {key} lack a quiet hour: {len(known[key])} versions, "
                f"{len(states)} quiet states"
            )
    for entity in {entity for entity, _ in known}:
        ends = {
            one: states[-1] for (kind, one), states in known.items() if kind == entity
        }
        raw = house.raw(entity)
        odd = [one for one, row in raw.items() if ends.get(one) != row]
        if odd:
            wrong.append(f"{entity}: the last versions of {len(odd)} are not current")
    return wrong[:6]


def _is_within(some: list[str], all_: list[str]) -> bool:
    """Tell whether a list is a subsequence of another."""
    rest = iter(all_)
    return all(any(one == other for other in rest) for one in some)
