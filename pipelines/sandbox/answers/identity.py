"""Joins records that share an identifier into persons.

Union-find with a guard against junk identifiers; what a record is, the caller knows.
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from typing import TypeVar

from pipelines.sandbox.answers.rules import IDENTITY_GUARD

Identifier = tuple[str, str]
RecordT = TypeVar("RecordT", bound=Hashable)


def holders(
    records: Mapping[RecordT, Iterable[Identifier]],
) -> dict[Identifier, list[RecordT]]:
    """Return who holds each identifier, in the order of the records."""
    found: dict[Identifier, list[RecordT]] = defaultdict(list)
    for record, identifiers in records.items():
        for identifier in dict.fromkeys(identifiers):
            found[identifier].append(record)
    return dict(found)


def trusted_holders(
    records: Mapping[RecordT, Iterable[Identifier]],
) -> dict[Identifier, list[RecordT]]:
    """Return `holders` without identifiers on more records than a person has."""
    found = holders(records)
    return {key: held for key, held in found.items() if len(held) <= IDENTITY_GUARD}


def persons(
    records: Mapping[RecordT, Iterable[Identifier]],
    links: Iterable[tuple[RecordT, RecordT]] = (),
) -> dict[RecordT, RecordT]:
    """Return for each record the record that stands for its person.

    Records that share a trusted identifier, or that a link names, are one person.
    """
    parents = {record: record for record in records}

    def root(record: RecordT) -> RecordT:
        while parents[record] != record:
            parents[record] = parents[parents[record]]
            record = parents[record]
        return record

    edges = [pair for pair in links if pair[0] in parents and pair[1] in parents]
    for held in trusted_holders(records).values():
        edges.extend((held[0], other) for other in held[1:])
    for left, right in edges:
        parents[root(right)] = root(left)
    return {record: root(record) for record in records}
