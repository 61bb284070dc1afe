"""Connected components in the database against a union-find in Python."""

import random
from itertools import pairwise

import pytest

Edge = tuple[str, str]


def united(edges: list[Edge]) -> dict[str, str]:
    """Name every node's component after its smallest node."""
    parent: dict[str, str] = {}

    def root(node: str) -> str:
        parent.setdefault(node, node)
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for one, other in edges:
        low, high = sorted((root(one), root(other)))
        parent[high] = low
    return {node: root(node) for node in list(parent)}


def connected(evaluate, edges: list[Edge]) -> dict[str, str]:
    pairs = ", ".join(f"('{one}', '{other}')" for one, other in edges)
    rows = evaluate(
        "jsonb_agg(jsonb_build_array(found.node, found.component)) "
        "from util.connected_components(%s) as found",
        f"(select * from (values {pairs}) as pairs (node_a, node_b))",
    )
    return dict(rows)


def numbered(number: int) -> str:
    return f"n{number:05d}"


@pytest.mark.parametrize("seed", range(5))
def test_random_graphs_agree_with_union_find(evaluate, seed):
    dice = random.Random(seed)
    count = dice.choice([50, 200, 800])
    edges = [
        (numbered(dice.randrange(count)), numbered(dice.randrange(count)))
        for _ in range(dice.choice([count // 2, count, 2 * count]))
    ]

    assert connected(evaluate, edges) == united(edges)


def test_a_long_chain_in_any_order_is_one_component(evaluate):
    order = list(range(3000))
    random.Random(7).shuffle(order)
    edges = [(numbered(one), numbered(other)) for one, other in pairwise(order)]

    assert set(connected(evaluate, edges).values()) == {numbered(0)}


def test_a_star_and_a_loop_onto_oneself_end(evaluate):
    edges = [(numbered(999), numbered(leaf)) for leaf in range(300)]
    edges.append((numbered(5), numbered(5)))

    assert connected(evaluate, edges) == united(edges)
