"""The marts of AmoCRM's history and of its agreement with the tables, put together.

On an empty warehouse after one extract: every entity was seen once, no hook has rung.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.sandbox.answers.as_of import sales_as_of_changes
from pipelines.sandbox.answers.crm import CrmDeal, tombstones
from pipelines.sandbox.answers.crm_tests import crm_test_deals
from pipelines.sandbox.answers.deal_teams import DealTeams
from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.deletions import deal_deletions
from pipelines.sandbox.answers.history import Event, Stay, deal_events, stays
from pipelines.sandbox.answers.ladder import buyer_ladder
from pipelines.sandbox.answers.leads import Lead
from pipelines.sandbox.answers.ownership import Ownership
from pipelines.sandbox.answers.reconciliation import crm_reconciliation
from pipelines.sandbox.answers.sales import Sale
from pipelines.sandbox.answers.stages import deal_stage_times, stage_conversion
from pipelines.sandbox.answers.twins import deal_utm_twins
from pipelines.sandbox.answers.utm_changes import UtmChanges
from pipelines.sandbox.answers.won_changes import deal_changes_after_won
from pipelines.sandbox.story.world import World

MartRow = dict[str, Any]


def crm_marts(
    world: World,
    facts: Ownership,
    known_deals: Mapping[int, Deal],
    *,
    found: list[Sale],
    counted: list[Lead],
    teams: DealTeams,
) -> dict[str, list[MartRow]]:
    """Return the rows of every mart of this part."""
    crm = world.amocrm
    histories = deal_events(crm)
    gone = tombstones(crm, {*known_deals, *histories})
    listed = {one: deal.crm for one, deal in known_deals.items() if deal.crm}
    pasts = _pasts(listed, histories, gone)
    tests = {deal_id for deal_id, deal in known_deals.items() if deal.is_test}
    judged = {
        deal_id: past
        for deal_id, past in pasts.items()
        if past[-1].is_current and deal_id not in tests
    }
    changes = UtmChanges(crm, facts, known_deals, teams)
    return {
        "deal_stage_times": deal_stage_times(crm, pasts, teams, tests),
        "stage_conversion": stage_conversion(crm, judged, teams),
        "deal_changes_after_won": deal_changes_after_won(
            pasts, histories, listed, tags=changes.tags, tests=tests, teams=teams
        ),
        "deal_utm_changes": changes.rows(histories),
        "deal_utm_twins": deal_utm_twins(crm, known_deals, counted, teams),
        "buyer_ladder": buyer_ladder(found, teams),
        "crm_test_deals": crm_test_deals(crm, known_deals),
        "crm_reconciliation": crm_reconciliation(known_deals),
        "deal_deletions": deal_deletions(crm, known_deals, histories, gone, teams),
        "sales_as_of_changes": sales_as_of_changes(known_deals, teams, world.now),
    }


def _pasts(
    listed: Mapping[int, CrmDeal],
    histories: Mapping[int, Sequence[Event]],
    gone: set[int],
) -> dict[int, list[Stay]]:
    """Return the stays of every deal that AmoCRM lists or events tell of."""
    found = {
        deal_id: stays(
            listed.get(deal_id),
            histories.get(deal_id, ()),
            is_deleted=deal_id in gone,
        )
        for deal_id in sorted({*listed, *histories})
    }
    return {deal_id: past for deal_id, past in found.items() if past}
