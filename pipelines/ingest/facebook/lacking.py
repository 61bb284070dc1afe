"""What an answer of Facebook lacks: days it must not lose, figures it could not give.

Only the judging and the rows; when they are written belongs to `days.py`.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from pipelines.errors import LoadRefused, SourceError
from pipelines.extract.facebook.errors import SYSTEM
from pipelines.extract.facebook.questions import WHOLE_ROW, Gap
from pipelines.ingest.facebook.certificate import number
from pipelines.ingest.facebook.restatements import Stored
from pipelines.load.log import Window

Document = dict[str, Any]
# An answer that lacks fewer days than this may be true.
DAYS_NOT_TO_LOSE = 3


def lost_days(
    ads: Sequence[Document],
    totals: Sequence[Document],
    stored: Mapping[str, Stored],
    named: Collection[date] = (),
) -> list[date]:
    """Return the days whose ads are all gone, although the account's total stands.

    Where the total fell by what they had spent, the day was restated, not lost. Days
    that are `named` already lack something for a known reason.
    """
    held = _spend_by_day(stored["ad_insights"].payloads)
    before = _spend_by_day(stored["account_insights"].payloads)
    now = _spend_by_day({("", row["stat_date"]): row["payload"] for row in totals})
    present = {row["stat_date"] for row in ads} | set(named)
    return sorted(
        day
        for day, spend in held.items()
        if spend
        and day not in present
        and now[day] > max(before[day] - spend, Decimal(0))
    )


def _spend_by_day(
    payloads: Mapping[tuple[str, date], Document],
) -> defaultdict[date, Decimal]:
    days: defaultdict[date, Decimal] = defaultdict(Decimal)
    for (_, day), payload in payloads.items():
        days[day] += number(payload.get("spend"))
    return days


def lost_gaps(account_id: str, days: Iterable[date]) -> list[Gap]:
    """Return lost days as gaps: what raw holds of them stays."""
    reason = "all its ads are gone from the answer while the account's total stands"
    return [Gap(day, "account", account_id, WHOLE_ROW, reason) for day in days]


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
    whole = [gap for gap in gaps if gap.field == WHOLE_ROW]
    ads = {(gap.object_id, gap.stat_date) for gap in whole}
    days = {gap.stat_date for gap in whole if gap.level == "account"}
    return [
        {
            "account_id": stored.account_id,
            "ad_id": object_id,
            "stat_date": day,
            "payload": payload,
        }
        for (object_id, day), payload in stored.payloads.items()
        if (object_id, day) in ads or day in days
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


def lacking(account_id: str, gaps: Sequence[Gap]) -> SourceError:
    """Return the error of an account that could not give all its figures."""
    shown = ", ".join(map(_in_words, gaps[:5]))
    more = f" and {len(gaps) - 5} more" if len(gaps) > 5 else ""
    remedy = (
        "raw.facebook__gaps names them; each run asks again, and the account's total "
        "is complete"
    )
    is_lost = any(gap.level == "account" for gap in gaps)
    if is_lost:
        remedy += "; if those ads are really gone, `confirm_lost` accepts it"
    return (LoadRefused if is_lost else SourceError)(
        f"Facebook did not give {len(gaps)} figures even alone ({shown}{more}); raw "
        "keeps what it knew of them, all else of the window is loaded",
        system=SYSTEM,
        table="ad_insights",
        window=account_id,
        remedy=remedy,
        guard="lost_days" if is_lost else "gap",
    )


def _in_words(gap: Gap) -> str:
    if gap.level == "account":
        return f"the ads of {gap.stat_date}"
    what = "everything" if gap.field == WHOLE_ROW else gap.field
    if gap.level != "ad":
        what = "an ad that no list names"
    return f"{gap.level} {gap.object_id} on {gap.stat_date}: {what}"
