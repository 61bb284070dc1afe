"""Which of two snapshots is the older one, and settings that must not matter."""

import psycopg
import pytest

from pipelines.errors import ConfigurationError
from pipelines.extract.postgres.origin import is_older
from pipelines.extract.postgres.snapshot import open_snapshot


def test_snapshot_is_older_when_more_was_still_running(leads):
    url = leads.source_url
    with psycopg.connect(url) as slow:
        slow.execute("update leads set name = 'slow' where id = 1")
        leads.source("update leads set name = 'quick' where id = 2")
        with open_snapshot(url, system="landing") as before:
            slow.commit()
            with open_snapshot(url, system="landing") as after:
                earlier, later = before.origin, after.origin

    assert earlier.next_xid == later.next_xid
    assert is_older(earlier, later.next_xid, later.running)
    assert not is_older(later, earlier.next_xid, earlier.running)
    assert not is_older(later, later.next_xid, later.running)


@pytest.mark.parametrize(
    "setting",
    [
        "datestyle = 'SQL, DMY'",
        "quote_all_identifiers = on",
        "timezone = 'Asia/Almaty'",
    ],
)
def test_settings_of_a_database_decide_nothing(leads, setting):
    name = leads.source_url.rpartition("/")[2]
    leads.source(f"alter database {name} set {setting}")

    assert leads.changes() == (0, 0, 0)


def test_name_that_no_table_has_is_refused(leads):
    with pytest.raises(ConfigurationError, match="landing__leeds"):
        leads.load(tables={"landing__leeds"})
