"""What an answer of Facebook lacks: days it must not lose, figures it could not give.

Only the judging and the rows; when they are written belongs to `days.py`.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

from pipelines.errors import LoadRefused, SourceError
from pipelines.extract.facebook.errors import SYSTEM
from pipelines.extract.facebook.insights import WHOLE_ROW, Gap
from pipelines.ingest.facebook.certificate import number
from pipelines.ingest.facebook.restatements import Stored
from pipelines.load.log import Window

Document = dict[str, Any]
# An answer that lacks fewer days than this may be true.
DAYS_NOT_TO_LOSE = 3


def lost_days(
    ads: Sequence[Document], totals: Sequence[Document], stored: Stored
) -> set[date]:
    """Return the days on which money was spent and whose ads are all gone."""
    spent = {row["stat_date"] for row in totals if number(row["payload"].get("spend"))}
    held = {
        day
        for (_, day), payload in stored.payloads.items()
        if number(payload.get("spend"))
    }
    return (spent & held) - {row["stat_date"] for row in ads}


def lost(account_id: str, window: Window, days: int) -> LoadRefused:
    """Return the guard's refusal to lose days."""
    return LoadRefused(
        f"Facebook has no figures where the warehouse holds {days} days",
        system=SYSTEM,
        table="ad_insights",
        window=f"{account_id} {window[0]}..{window[1]}",
        remedy="look at the account in Ads Manager; the next run asks again, and "
        "`confirm_lost` accepts it",
        guard="lost_days",
    )


def carried_over(gaps: Sequence[Gap], stored: Stored) -> list[Document]:
    """Keep what raw holds of rows that Facebook could not give: they are not gone."""
    missing = {(gap.object_id, gap.stat_date) for gap in gaps if gap.field == WHOLE_ROW}
    return [
        {
            "account_id": stored.account_id,
            "ad_id": object_id,
            "stat_date": day,
            "payload": payload,
        }
        for (object_id, day), payload in stored.payloads.items()
        if (object_id, day) in missing
    ]


def gap_row(account_id: str, gap: Gap) -> Document:
    """Return a gap as its raw table holds it."""
    return {
        "account_id": account_id,
        "stat_date": gap.stat_date,
        "level": gap.level,
        "object_id": gap.object_id,
        "field": gap.field,
        "payload": {"reason": gap.reason},
    }


def poisoned(account_id: str, gaps: Sequence[Gap]) -> SourceError:
    """Return the error of an account that could not give all its figures."""
    shown = ", ".join(
        f"ad {gap.object_id} on {gap.stat_date}: {gap.field}" for gap in gaps[:5]
    )
    more = f" and {len(gaps) - 5} more" if len(gaps) > 5 else ""
    return SourceError(
        f"Facebook cannot give {len(gaps)} figures even alone ({shown}{more}); "
        "all else of the window is loaded",
        system=SYSTEM,
        table="ad_insights",
        window=account_id,
        remedy="raw.facebook__gaps names them; each run asks again, and the account's "
        "total is complete",
        guard="gap",
    )
