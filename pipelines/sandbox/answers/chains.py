"""Ties prepayments and full payments together and gives each chain one team.

The steps by which a member finds its own team are in `attribution.py`.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace

from pipelines.sandbox.answers.attribution import Decision
from pipelines.sandbox.answers.identity import persons
from pipelines.sandbox.answers.rules import CHALLENGE3D
from pipelines.sandbox.answers.sales import FULL, PREPAYMENT, Sale


def prepayment_of(sale: Sale, known: Mapping[int, Sale]) -> int | None:
    """Return the deal of the prepayment a Challenge 3D full payment completes."""
    if sale.product != CHALLENGE3D or sale.payment_kind != FULL:
        return None
    named = (row.prepayment_deal_id for row in sale.deal.rows)
    related = (row.related_deal_id for row in sale.deal.rows)
    for deal_id in named:
        if deal_id and deal_id in known and deal_id != sale.deal_id:
            return deal_id
    for deal_id in related:
        if deal_id and deal_id in known and _is_prepayment(known[deal_id]):
            return deal_id
    return _latest_earlier_prepayment(sale, known)


def _is_prepayment(sale: Sale) -> bool:
    return sale.payment_kind == PREPAYMENT


def _latest_earlier_prepayment(sale: Sale, known: Mapping[int, Sale]) -> int | None:
    phones = _phones(sale)
    earlier = [
        (other.sale_at, other.deal_id)
        for other in known.values()
        if _is_prepayment(other)
        and other.sale_at < sale.sale_at
        and phones & _phones(other)
    ]
    return max(earlier)[1] if earlier else None


def _phones(sale: Sale) -> set[str]:
    return {value for kind, value in sale.deal.identifiers if kind == "phone"}


def chain_links(sales: Sequence[Sale]) -> list[tuple[int, int]]:
    """Return the deals that belong to one chain, pair by pair."""
    known = {sale.deal_id: sale for sale in sales}
    heads = ((sale.deal_id, prepayment_of(sale, known)) for sale in sales)
    return [(deal_id, head) for deal_id, head in heads if head is not None]


def chained(
    sales: Sequence[Sale], decisions: Mapping[int, Decision]
) -> dict[int, Decision]:
    """Let every member copy its chain's earliest attributed one, unless manual.

    `sales` stand in order of time.
    """
    alone = {sale.deal_id: () for sale in sales}
    chain_of = persons(alone, chain_links(sales))
    chains: dict[int, list[Sale]] = defaultdict(list)
    for sale in sales:
        chains[chain_of[sale.deal_id]].append(sale)
    result = dict(decisions)
    for members in chains.values():
        attributed = (one for one in members if decisions[one.deal_id].team)
        first = next(attributed, None)
        for member in members:
            own = decisions[member.deal_id]
            if first and member is not first and own.method != "manual":
                result[member.deal_id] = _copied(own, decisions[first.deal_id])
    return result


def _copied(own: Decision, first: Decision) -> Decision:
    return replace(
        own,
        team=first.team,
        user_id=first.user_id,
        method="payment_chain",
        confidence=first.confidence,
        reason=None,
    )
