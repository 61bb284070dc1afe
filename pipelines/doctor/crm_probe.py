"""What the doctor asks of AmoCRM on request: what its manuals leave open.

Everything is read-only, a few rows at a time, and nothing is stored. What each answer
means for the loads stands in its remedy.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pipelines.doctor.findings import Look, Remark, error, note, ok, warning
from pipelines.errors import SourceError
from pipelines.extract.amocrm import extractor
from pipelines.extract.amocrm.client import AmocrmClient, Query
from pipelines.extract.amocrm.extractor import LEADS, PIPELINES, TRASH
from pipelines.extract.amocrm.paging import Listing, read_page
from pipelines.extract.amocrm.refusals import AccessDenied, NotThere
from pipelines.ingest.amocrm.config import AmocrmConfig

Row = dict[str, Any]
SAMPLE = 50
DEEP = 1000
UNSORTED = 1
# Asked for one row each.
LISTINGS = (
    extractor.USERS,
    PIPELINES,
    *extractor.FIELDS.values(),
    *extractor.TAGS.values(),
    LEADS,
    TRASH,
    extractor.CONTACTS,
    extractor.COMPANIES,
    extractor.TASKS,
    extractor.LOSS_REASONS,
    extractor.SOURCES,
    extractor.CATALOGS,
    Listing(table="events", path="events", name="events"),
)
IGNORED = (
    "set AMOCRM_FILTERS=ignored: the loads then read what changed by order, and all of "
    "it each night"
)


@dataclass
class Probe:
    """The questions, asked with the client of the visit."""

    client: AmocrmClient
    config: AmocrmConfig

    @property
    def checks(self) -> Mapping[str, Look]:
        """Return the checks by name, in the order in which they are asked."""
        return {
            "rights": self.check_rights,
            "filters": self.check_filters,
            "order": self.check_order,
            "events": self.check_events,
            "details": self.check_details,
            "deleted deals": self.check_deleted,
            "unsorted deals": self.check_unsorted,
            "page depth": self.check_depth,
        }

    def check_rights(self) -> Iterator[Remark]:
        """Ask for one row of each kind that is loaded."""
        readable = []
        for listing in LISTINGS:
            path = listing.path
            try:
                self._rows(listing, limit=1)
            except NotThere:
                yield note(f"the account has no {path}")
            except AccessDenied as denied:
                yield error(denied.message, denied.remedy or "")
            except SourceError as refused:
                yield error(f"{path}: {refused.message}", refused.remedy or "")
            else:
                readable.append(path)
        if readable:
            yield ok(f"can be read: {', '.join(dict.fromkeys(readable))}")

    def check_filters(self) -> Iterator[Remark]:
        """Say whether filters are honoured: on some accounts they are not."""
        rows = self._rows(LEADS, [("order[updated_at]", "desc")])
        if len({row.get("updated_at") for row in rows}) < 2:
            yield note("too few deals to see whether filters are honoured")
            return
        wanted, moment = rows[-1]["id"], rows[-1]["updated_at"]
        by_id = self._rows(LEADS, [("filter[id][]", wanted)])
        window: Query = [
            ("filter[updated_at][from]", moment),
            ("filter[updated_at][to]", moment),
        ]
        by_time = self._rows(LEADS, window)
        by_id_works = [row["id"] for row in by_id] == [wanted]
        by_time_works = bool(by_time) and all(
            row["updated_at"] == moment for row in by_time
        )
        yield from judge_filters(
            by_id_works, by_time_works, is_trusted=self.config.honours_filters
        )

    def check_order(self) -> Iterator[Remark]:
        """Say whether an order is honoured: without one nothing is read twice alike."""
        for name in ("id", "updated_at"):
            up, down = (
                [row[name] for row in self._rows(LEADS, [(f"order[{name}]", way)])]
                for way in ("asc", "desc")
            )
            if len(set(up + down)) < 2:
                yield note(f"too few deals to see whether order[{name}] is honoured")
            elif up == sorted(up) and down == sorted(down, reverse=True):
                yield ok(f"order[{name}] is honoured")
            else:
                yield error(
                    f"order[{name}] is not honoured",
                    "the loads cannot tell that they read everything; report it to "
                    "AmoCRM's support",
                )

    def check_events(self) -> Iterator[Remark]:
        """Say how many events a page gives, for the manuals differ."""
        feed = Listing(table="events", path="events", name="events")
        counts = {limit: len(self._rows(feed, limit=limit)) for limit in (100, 250)}
        said = ", ".join(f"asked for {limit}: {n}" for limit, n in counts.items())
        if counts[100] < 100:
            yield note(f"a page of events ({said}); too few to see its limit")
        else:
            yield note(f"a page of events ({said}); the loads ask for 100")

    def check_details(self) -> Iterator[Remark]:
        """Say which of the details that are asked for with deals are given."""
        rows = self._rows(LEADS, limit=SAMPLE)
        asked = str(dict(LEADS.query)["with"]).split(",")
        given = {name for row in rows for name in (*row, *(row.get("_embedded") or ()))}
        missing = [name for name in asked if name not in given]
        if not rows:
            yield note("no deals to see details of")
        elif missing:
            message = f"not given with the last {len(rows)} deals: {', '.join(missing)}"
            yield note(f"{message} (none may have any)")
        else:
            yield ok(f"given with deals: {', '.join(asked)}")

    def check_deleted(self) -> Iterator[Remark]:
        """Say what the address of a deleted deal answers."""
        stubs = self._rows(TRASH, limit=1)
        if not stubs:
            yield note("the trash is empty: no deleted deal to ask for")
            return
        if not stubs[0].get("is_deleted"):
            yield error(
                "with=only_deleted is not honoured: living deals come",
                "deletions are then known by events and sweeps only; see the release "
                "notes of AmoCRM",
            )
            return
        try:
            answer = self.client.get(f"leads/{stubs[0]['id']}", table="leads")
        except NotThere:
            yield note("a deleted deal asked for by id: 404")
            return
        said = "204" if answer is None else f"a document of {len(answer)} members"
        yield note(f"a deleted deal asked for by id: {said}")

    def check_unsorted(self) -> Iterator[Remark]:
        """Say whether deals that nobody has accepted yet are among the others."""
        stages = [
            (pipeline["id"], status["id"])
            for pipeline in read_page(self.client, PIPELINES).rows
            for status in (pipeline.get("_embedded") or {}).get("statuses") or ()
            if status.get("type") == UNSORTED
        ]
        for pipeline_id, status_id in stages:
            query: Query = [
                ("filter[statuses][0][pipeline_id]", pipeline_id),
                ("filter[statuses][0][status_id]", status_id),
            ]
            rows = self._rows(LEADS, query, limit=1)
            if any(row.get("status_id") == status_id for row in rows):
                yield note("unsorted deals are listed among the others")
                return
        yield note(f"no unsorted deal is listed ({len(stages)} such stages)")

    def check_depth(self) -> Iterator[Remark]:
        """Say whether pages go deep: the nightly sweep reads to the last one."""
        query: Query = [("order[id]", "asc"), ("page", DEEP)]
        try:
            body = self.client.get("leads", [*query, ("limit", 1)], table="leads")
        except SourceError as refused:
            message = f"page {DEEP} is refused: {refused.message}"
            yield warning(message, "the nightly sweep cannot see deals further down")
            return
        said = "is empty" if body is None else "answers"
        yield note(f"page {DEEP} of one deal each {said}")

    def _rows(
        self, listing: Listing, query: Query = (), *, limit: int = SAMPLE
    ) -> list[Row]:
        asked = [*listing.query, *query, ("limit", limit)]
        body = self.client.get(listing.path, asked, table=listing.table)
        embedded = (body or {}).get("_embedded")
        rows = embedded.get(listing.name) if isinstance(embedded, dict) else None
        return [row for row in rows or () if isinstance(row, dict)]


def judge_filters(by_id: bool, by_time: bool, *, is_trusted: bool) -> Iterator[Remark]:
    """Compare what the server does with what AMOCRM_FILTERS says."""
    if by_id and by_time:
        yield ok("filters are honoured, by id and by time of change")
        if not is_trusted:
            yield warning(
                "AMOCRM_FILTERS=ignored makes the loads read more than they need",
                "take AMOCRM_FILTERS out of the settings",
            )
        return
    names = [name for name, works in (("id", by_id), ("time", by_time)) if not works]
    message = f"filters by {' and '.join(names)} are ignored"
    yield error(message, IGNORED) if is_trusted else note(f"{message}, as is known")
