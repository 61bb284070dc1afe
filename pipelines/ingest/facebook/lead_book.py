"""What becomes of Lead Ads in one run: told to the load log, the warnings, the UI.

What is read and stored belongs to `leads.py`.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pipelines.errors import SourceError
from pipelines.extract.facebook.errors import SYSTEM
from pipelines.extract.facebook.leads import Form, LeadsDenied
from pipelines.ingest.facebook.lead_state import KEPT_DAYS, WARNING_DAYS, days_unread
from pipelines.ingest.facebook.load import Load, LoadedTable
from pipelines.load.log import LoadResult, Mode, Outcome, record_load
from pipelines.load.merge import Connection

PAGES, FORMS, LEADS = TABLES = ("pages", "lead_forms", "leads")
MODES: dict[str, Mode] = {PAGES: "full", FORMS: "full", LEADS: "incremental"}


@dataclass
class _Part:
    """One table so far; `denial` is the last refusal, `read` counts what was not."""

    result: LoadResult = field(default_factory=LoadResult)
    newest_at: datetime | None = None
    read: int = 0
    denial: str | None = None
    warnings: list[str] = field(default_factory=list)
    failures: list[SourceError] = field(default_factory=list)

    @property
    def outcome(self) -> Outcome:
        if self.failures:
            return "failed"
        return "denied" if self.denial and not self.read else "loaded"

    @property
    def error(self) -> str | None:
        if self.failures:
            return str(summarize_leads(self.failures))
        return self.denial if self.outcome == "denied" else None


class LeadBook:
    """The pages and forms of one run: read, refused, failed.

    Each is logged under its id, and each table once as a whole.
    """

    def __init__(self, load: Load) -> None:
        self._load = load
        self._begun = load.timer.now()
        self._parts = {table: _Part() for table in TABLES}
        self._denied: set[tuple[str, str]] = set()

    @property
    def failures(self) -> list[SourceError]:
        return [error for part in self._parts.values() for error in part.failures]

    def loaded(
        self,
        warehouse: Connection,
        table: str,
        scope: str,
        result: LoadResult,
        *,
        newest_at: datetime | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> None:
        """Note what was stored, and log it in the transaction of the rows."""
        part = self._parts[table]
        part.read += 1
        part.result += result
        known = [moment for moment in (part.newest_at, newest_at) if moment]
        part.newest_at = max(known, default=None)
        if scope:
            self._log(
                warehouse, table, scope, "loaded",
                result=result, newest_at=newest_at, details=details,
            )  # fmt: skip

    def passed(self, table: str) -> None:
        """Note that there was nothing to read, which was seen without asking."""
        self._parts[table].read += 1

    def incomplete(self, form: Form, missing: int) -> None:
        """Warn of leads that Facebook counts, but does not give."""
        self._parts[LEADS].warnings.append(
            f"form {form.form_id} of page {form.page_id}: Facebook counts "
            f"{form.counted} leads, {form.expired} of them expired; {missing} are "
            f"neither stored nor to be read, though all {KEPT_DAYS} days were asked "
            "for - look at the page's Leads Access Manager, or at deleted leads"
        )

    def denied(self, table: str, scope: str, error: LeadsDenied) -> None:
        """Note a refusal that costs leads only; say when they begin to be lost."""
        self._denied.add((table, scope))
        with self._load.writing() as warehouse:
            if scope:
                self._log(warehouse, table, scope, "denied", error=str(error))
            self.denied_before(warehouse, table, scope, str(error))

    def denied_before(
        self, warehouse: Connection, table: str, scope: str, text: str
    ) -> None:
        """Note a refusal that an earlier run has logged."""
        unread = days_unread(warehouse, table, scope, now=self._load.run.as_of)
        if unread is not None and unread >= WARNING_DAYS:
            text += (
                f" (not read for {unread} days, and Facebook throws leads away after "
                f"{KEPT_DAYS})"
            )
        self._parts[table].denial = text
        self._parts[table].warnings.append(text)

    def was_denied(self, table: str, scope: str) -> bool:
        return (table, scope) in self._denied

    def failed(self, table: str, scope: str, error: SourceError) -> None:
        """Note a failure, and log it in a transaction of its own."""
        self._parts[table].failures.append(error)
        if scope:
            with self._load.writing() as warehouse:
                self._log(warehouse, table, scope, "failed", error=str(error))

    def close(self) -> Iterator[LoadedTable]:
        """Log each table as a whole and yield those in which nothing failed."""
        seconds = round(self._load.timer.now() - self._begun, 3)
        with self._load.writing() as warehouse:
            for table, part in self._parts.items():
                self._log(
                    warehouse, table, "", part.outcome, result=part.result,
                    newest_at=part.newest_at, error=part.error, seconds=seconds,
                )  # fmt: skip
        for table, part in self._parts.items():
            if not part.failures:
                yield LoadedTable(
                    table,
                    MODES[table],
                    part.result,
                    seconds,
                    newest_row_at=part.newest_at,
                    warnings=tuple(part.warnings),
                )

    def _log(
        self,
        warehouse: Connection,
        table: str,
        scope: str,
        outcome: Outcome,
        *,
        result: LoadResult | None = None,
        newest_at: datetime | None = None,
        details: Mapping[str, Any] | None = None,
        error: str | None = None,
        seconds: float | None = None,
    ) -> None:
        record_load(
            warehouse,
            run=self._load.run,
            system=SYSTEM,
            table=table,
            outcome=outcome,
            scope=scope,
            mode=MODES[table],
            result=result,
            seconds=seconds,
            newest_row_at=newest_at,
            error=error,
            details=details,
        )


def summarize_leads(failures: list[SourceError]) -> SourceError:
    """Make one error of all pages and forms that failed."""
    if len(failures) == 1:
        return failures[0]
    kinds = {type(error) for error in failures}
    kind = kinds.pop() if len(kinds) == 1 else SourceError
    lines = "\n".join(f"  {error}" for error in failures)
    return kind(
        f"{len(failures)} readings of Lead Ads failed:\n{lines}",
        system=SYSTEM,
        table=LEADS,
    )
