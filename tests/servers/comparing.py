"""Comparing a source of leads with raw, by what each server says."""

from tests.ingest.hostile import assert_equal_texts
from tests.ingest.source import LEADS, Pair


def assert_equal(pair: Pair, *, source_url: str | None = None) -> None:
    """Compare leads and raw by the hashes that each server makes of its rows."""
    assert_equal_texts(source_url or pair.source_url, pair.warehouse_url, LEADS)
