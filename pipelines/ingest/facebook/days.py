"""The days of one ad account: read, compared with the account's own totals, replaced.

A window is read whole before its transaction begins, ads and account total together,
and replaced whole in it. Which window it is belongs to `windows.py`.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from datetime import time as time_of_day
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.errors import SourceError
from pipelines.extract.facebook.questions import (
    ACCOUNT_DAYS,
    AD_DAYS,
    Question,
    Reading,
    Report,
)
from pipelines.ingest.facebook.certificate import Effort, certify, total_spend
from pipelines.ingest.facebook.lacking import (
    DAYS_NOT_TO_LOSE,
    carried_over,
    gap_row,
    lacking,
    lost,
    lost_days,
    lost_gaps,
)
from pipelines.ingest.facebook.load import (
    INSIGHTS,
    AccountLoad,
    Load,
    Unit,
    fail,
    log_unit,
)
from pipelines.ingest.facebook.restatements import (
    Stored,
    read_stored,
    record_restatements,
)
from pipelines.ingest.facebook.windows import (
    chunks,
    find_loaded,
    find_step,
    full_window,
    recent_window,
    was_full_read_cut,
)
from pipelines.load.documents import replace_window
from pipelines.load.log import Mode, Window

Document = dict[str, Any]
# The objects that a day mentions, by raw table.
MENTIONED = {"campaigns": "campaign_id", "ad_sets": "adset_id", "ads": "ad_id"}


@dataclass(frozen=True)
class Answer:
    """One report on a window: rows, what it took, and the certificate of both."""

    rows: list[Document]
    reading: Reading
    certificate: Document
    seconds: float


def load_days(load: Load, done: AccountLoad, zone: ZoneInfo) -> None:
    """Load the days of a daily or hourly run; the first failure ends it.

    Windows are loaded oldest first: what is certified then has no holes.
    """
    today = load.run.as_of.astimezone(zone).date()
    window, mode = _choose_window(load, done.account_id, today)
    for chunk in chunks(window):
        try:
            load_window(load, done, chunk, zone=zone, mode=mode)
        except SourceError as error:
            fail(load, done, INSIGHTS, error, window=chunk, mode=mode)
            return


def _choose_window(load: Load, account_id: str, today: date) -> tuple[Window, Mode]:
    with load.writing() as warehouse:
        if load.recent and not was_full_read_cut(warehouse, account_id):
            # Only a daily read finds out anew what Facebook can answer at once.
            if step := find_step(warehouse, account_id):
                load.extractor.begin_with(account_id, step)
            return recent_window(today), "incremental"
        loaded = find_loaded(warehouse, account_id)
    window = full_window(today, loaded=loaded, backfill_days=load.config.backfill_days)
    return window, "window"


def load_window(
    load: Load,
    done: AccountLoad,
    window: Window,
    *,
    zone: ZoneInfo,
    mode: Mode,
    totals: Answer | None = None,
) -> None:
    """Replace some days of an account; raises, and then nothing has changed.

    `totals` are the account's own, when they are known already.
    """
    totals = totals or ask(load, done, ACCOUNT_DAYS, window, zone=zone)
    ads = _ask_ads(load, done, window, totals, zone=zone)
    with load.writing() as warehouse:
        stored = {
            table: read_stored(warehouse, table, done.account_id, window)
            for table in INSIGHTS
        }
    ads = _guarded(load, done, window, (ads, totals), stored=stored, zone=zone)
    _replace(load, done, window, (ads, totals), stored=stored, zone=zone, mode=mode)
    for row in ads.rows:
        for table, name in MENTIONED.items():
            if object_id := row["payload"].get(name):
                done.seen.setdefault(table, set()).add(str(object_id))
    if ads.reading.gaps:
        done.failures |= dict.fromkeys(
            ["ad_insights"], lacking(done.account_id, ads.reading.gaps)
        )


def ask(
    load: Load, done: AccountLoad, report: Report, window: Window, *, zone: ZoneInfo
) -> Answer:
    """Ask Facebook for a report on some days."""
    begun = time.monotonic()
    account_id = done.account_id
    calls, pages = load.client.calls_of(account_id), load.client.pages_of(account_id)
    rows, reading = load.extractor.insights(account_id, report, window)
    seconds = round(time.monotonic() - begun, 3)
    certificate = certify(
        Question(account_id, report, window),
        reading,
        rows,
        effort=Effort(
            load.client.calls_of(account_id) - calls,
            load.client.pages_of(account_id) - pages,
            seconds,
        ),
        api_version=load.config.api_version,
        zone=zone.key,
        currency=done.currency,
    )
    load.on_progress(
        f"{account_id}: {report.table} {window[0]}..{window[1]}: {len(rows):,} rows, "
        f"{certificate['calls']} calls, {reading.step}"
    )
    return Answer(rows, reading, certificate, seconds)


def _ask_ads(
    load: Load, done: AccountLoad, window: Window, totals: Answer, *, zone: ZoneInfo
) -> Answer:
    """Ask for the ads of the days on which the account delivered anything at all."""
    days = [row["stat_date"] for row in totals.rows]
    if days:
        span = (min(days), max(days))
        return ask(load, done, AD_DAYS, span, zone=zone)
    question = Question(done.account_id, AD_DAYS, window)
    certificate = certify(
        question,
        Reading(),
        [],
        effort=Effort(0, 0, 0.0),
        api_version=load.config.api_version,
        zone=zone.key,
        currency=done.currency,
    )
    return Answer([], Reading(), certificate, 0.0)


def _guarded(
    load: Load,
    done: AccountLoad,
    window: Window,
    answers: tuple[Answer, Answer],
    *,
    stored: Mapping[str, Stored],
    zone: ZoneInfo,
) -> Answer:
    """Lose no days that Facebook no longer tells of; return the ads' answer.

    A whole empty window is refused: it is no restatement. A day whose ads are gone
    while its account's total stands is asked for once more, then it is a gap.
    """
    ads, totals = answers
    if done.account_id in load.confirm_lost:
        return ads
    held = {day for _, day in stored["account_insights"].payloads}
    if not totals.rows and len(held) >= DAYS_NOT_TO_LOSE:
        raise lost(done.account_id, window, len(held))
    # What this reading knows to be missing is not lost besides.
    named = {gap.stat_date for gap in ads.reading.gaps}
    if not lost_days(ads.rows, totals.rows, stored, named):
        return ads
    ads = _ask_ads(load, done, window, totals, zone=zone)
    named = {gap.stat_date for gap in ads.reading.gaps}
    days = lost_days(ads.rows, totals.rows, stored, named)
    ads.reading.gaps += lost_gaps(done.account_id, days)
    certificate = {**ads.certificate, "gaps": len(ads.reading.gaps)}
    return replace(ads, certificate=certificate)


def _replace(
    load: Load,
    done: AccountLoad,
    window: Window,
    answers: tuple[Answer, Answer],
    *,
    stored: Mapping[str, Stored],
    zone: ZoneInfo,
    mode: Mode,
) -> None:
    """Replace both levels, the gaps, the ledger and the log in one transaction."""
    account_id = done.account_id
    units: list[Unit] = []
    with load.writing() as warehouse:
        scope = {"account_id": account_id}
        for table, answer in zip(INSIGHTS, answers, strict=True):
            kept = carried_over(answer.reading.gaps, stored[table])
            rows = [*kept, *answer.rows]
            result = replace_window(
                warehouse,
                f"facebook__{table}",
                rows,
                run=load.run,
                scope_columns=scope,
                window=window,
            )
            record_restatements(warehouse, stored[table], rows, zone=zone, run=load.run)
            newest = max((row["stat_date"] for row in rows), default=None)
            unit = Unit(
                table,
                mode,
                result,
                answer.seconds,
                window=window,
                newest_row_at=midnight(newest, zone) if newest else None,
                spend=total_spend(row["payload"] for row in rows),
                certificate=answer.certificate,
            )
            log_unit(warehouse, load, account_id, unit)
            units.append(unit)
        replace_window(
            warehouse,
            "facebook__gaps",
            [gap_row(account_id, gap) for gap in answers[0].reading.gaps],
            run=load.run,
            scope_columns=scope,
            window=window,
        )
    done.units += units


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return the moment a day begins in a zone."""
    return datetime.combine(day, time_of_day(), tzinfo=zone)
