"""Who may still buy: leads waiting for each product, found by the day of a sale.

What they pay, and where it is written down, belongs to `sales.py`.
"""

from bisect import bisect_left
from datetime import datetime, timedelta

from pipelines.sandbox.story.deals import EXPRESS, STAGES, WON, Deal, Lead, Move, stage
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.draft import Draft
from pipelines.sandbox.story.leads import open_lead_deal

Span = tuple[datetime, datetime]
ATTEMPTS = 300
EXPRESS_PATIENCE, CHALLENGE_PATIENCE = timedelta(days=6), timedelta(days=21)
SHORTEST = timedelta(minutes=20)


class Buyers:
    """The leads that have not bought yet, in the order in which they came."""

    def __init__(self, draft: Draft, dice: Dice, leads: list[Lead]) -> None:
        self._draft = draft
        self._dice = dice
        self._express = [lead for lead in leads if lead.funnel == "express"]
        self._challenge = [lead for lead in leads if lead.funnel == "challenge3d"]
        self._happy: list[Deal] = []
        self._served: set[int] = set()

    def win(self, span: Span, price: int, *, is_silent: bool = False) -> Deal | None:
        """Let somebody buy the express course at any moment of a span."""
        for _ in range(ATTEMPTS):
            moment = self._moment(span)
            if self._draft.calendar.is_silent(moment) != is_silent:
                continue
            lead = self._find(self._express, moment, EXPRESS_PATIENCE)
            if lead and lead.deal and lead.deal.pipeline != EXPRESS:
                continue
            if lead:
                self._express.remove(lead)
                return self._pay(lead, moment, price)
        return None

    def prepay(self, moment: datetime) -> Lead | None:
        """Find a Challenge 3D lead with a deal that was there before a moment."""
        for _ in range(20):
            lead = self._find(self._challenge, moment, CHALLENGE_PATIENCE)
            if lead and lead.deal:
                self._challenge.remove(lead)
                return lead
        return None

    def next_step(self, span: Span) -> tuple[Deal, datetime] | None:
        """Find who buys the flagman within a span: mostly happy buyers, else a lead."""
        waiting = [lead.deal for lead in self._express if lead.deal]
        for number in range(ATTEMPTS):
            moment = self._moment(span)
            deals = self._happy if number % 3 else waiting
            fitting = [
                deal
                for deal in deals
                if deal.person.number not in self._served
                and timedelta(hours=30) < moment - deal.updated_at < timedelta(days=14)
            ]
            if fitting and not self._draft.calendar.is_silent(moment):
                deal = self._dice.choice(fitting)
                self._served.add(deal.person.number)
                return deal, moment
        return None

    def _moment(self, span: Span) -> datetime:
        seconds = int((span[1] - span[0]).total_seconds())
        return span[0] + timedelta(seconds=self._dice.randrange(seconds))

    def _find(
        self, leads: list[Lead], moment: datetime, patience: timedelta
    ) -> Lead | None:
        first = bisect_left(leads, moment - patience, key=_came)
        last = bisect_left(leads, moment - SHORTEST, key=_came)
        return leads[self._dice.randrange(first, last)] if first < last else None

    def _pay(self, lead: Lead, moment: datetime, price: int) -> Deal:
        deal = lead.deal or open_lead_deal(self._draft, self._dice, lead, linked=False)
        if deal.pipeline != EXPRESS:
            deal.moves = [Move(deal.created_at, EXPRESS, stage(EXPRESS, 1))]
        deal.price = price
        halfway = deal.created_at + (moment - deal.created_at) / 2
        card = list(STAGES[EXPRESS])[self._dice.randint(2, 3)]
        deal.move(halfway.replace(microsecond=0), card).move(moment, WON)
        self._happy.append(deal)
        return deal


def _came(lead: Lead) -> datetime:
    return lead.created_at
