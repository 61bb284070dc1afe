"""Tags of deals that were overwritten in the CRM: by whom, and from team to team.

Which field means which tag, and which has the word, is decided in `crm_fields.py`.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any

from pipelines.sandbox.answers.crm_fields import held_values, tag_fields
from pipelines.sandbox.answers.deal_teams import DealTeams
from pipelines.sandbox.answers.deals import Deal
from pipelines.sandbox.answers.history import Event, field_of, field_text, shown
from pipelines.sandbox.answers.mapping import resolve
from pipelines.sandbox.answers.normalise import UtmSet, utm_value
from pipelines.sandbox.answers.ownership import Ownership
from pipelines.sandbox.answers.reading import almaty_day
from pipelines.sandbox.answers.sales import product_of
from pipelines.sandbox.story.world import AmocrmWorld

MartRow = dict[str, Any]
Values = dict[int, str | None]


class UtmChanges:
    """Replays what the fields of each deal held, and asks whose tags they were."""

    def __init__(
        self,
        crm: AmocrmWorld,
        facts: Ownership,
        known_deals: Mapping[int, Deal],
        teams: DealTeams,
    ) -> None:
        self._facts = facts
        self._deals = known_deals
        self._teams = teams
        self._fields = tag_fields(crm)
        self._held = held_values(crm)
        self.tags = {one: tag for tag, ids in self._fields.items() for one in ids}

    def rows(self, histories: Mapping[int, Sequence[Event]]) -> list[MartRow]:
        """Return a row per overwritten tag of a deal that is no test."""
        found: list[MartRow] = []
        for deal_id, events in histories.items():
            changes = [one for one in events if field_of(one) in self.tags]
            deal = self._deals.get(deal_id)
            if changes and not (deal and deal.is_test):
                found += self._replayed(deal_id, changes)
        return found

    def _replayed(self, deal_id: int, changes: Sequence[Event]) -> Iterator[MartRow]:
        values: Values = dict(self._held.get(deal_id, {}))
        for event in reversed(changes):
            values[self._field(event)] = field_text(event.before)
        steps: dict[str, int] = defaultdict(int)
        for _, together in groupby(changes, key=lambda event: event.happened_at):
            group = list(together)
            before = self._team(deal_id, values)
            for event in group:
                values[self._field(event)] = field_text(event.after)
            teams = before, self._team(deal_id, values)
            speaks = self._speaking(group)
            for event in group:
                parameter = self.tags[self._field(event)]
                steps[parameter] += 1
                named = teams if event is speaks else (None, None)
                yield {
                    "step": steps[parameter],
                    "first_value": shown(_first_value(self._field(event), changes)),
                    **self._row(event, named),
                }

    def _row(self, event: Event, teams: tuple[str | None, str | None]) -> MartRow:
        return {
            "deal_id": event.deal_id,
            "team_name": self._teams.of(event.deal_id),
            "parameter": self.tags[self._field(event)],
            "field_id": self._field(event),
            "value_before": shown(field_text(event.before)),
            "value_after": shown(field_text(event.after)),
            "changed_at": event.happened_at,
            "changed_date": almaty_day(event.happened_at),
            "author_kind": event.author.kind,
            "author_user_id": event.author.user_id,
            "from_team": teams[0],
            "to_team": teams[1],
            "is_stolen": None not in teams and teams[0] != teams[1],
            "source": "event",
        }

    @staticmethod
    def _field(event: Event) -> int:
        return field_of(event) or 0

    def _speaking(self, group: Sequence[Event]) -> Event | None:
        """Return the one change of a second that tells of the teams."""
        for parameter in ("utm_source", "utm_medium"):
            for event in group:
                if self.tags[self._field(event)] == parameter:
                    return event
        return None

    def _team(self, deal_id: int, values: Values) -> str | None:
        """Return whose tags the fields hold together."""
        source, medium = (
            next(filter(None, (values.get(one) for one in self._fields[tag])), None)
            for tag in ("utm_source", "utm_medium")
        )
        tags = UtmSet(source=utm_value(source)[0], medium=utm_value(medium)[0])
        deal = self._deals.get(deal_id)
        found = resolve(self._facts, tags, product_of(deal) if deal else None).team
        return self._facts.people.named(found).name if found else None


def _first_value(field_id: int, changes: Sequence[Event]) -> str | None:
    values = [
        field_text(side)
        for event in changes
        if field_of(event) == field_id
        for side in (event.before, event.after)
    ]
    return next(filter(None, values), None)
