"""Lead Ads into the warehouse: pages, forms, and of each form what is new.

A form is read whole before its leads are stored, and stored in one transaction: its
newest lead says that those before it are known too. Requests belong to
`extract/facebook/leads.py`, what is known already to `lead_state.py`, what is told of
it all to `lead_book.py`.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from pipelines.errors import SourceError
from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import SYSTEM, TokenRefused
from pipelines.extract.facebook.leads import Form, LeadsDenied, LeadsReader, Page
from pipelines.extract.facebook.transport import open_api
from pipelines.ingest.facebook import lead_state
from pipelines.ingest.facebook.lead_book import (
    FORMS,
    LEADS,
    PAGES,
    LeadBook,
    summarize_leads,
)
from pipelines.ingest.facebook.lead_state import FormState
from pipelines.ingest.facebook.load import Load, LoadedTable
from pipelines.load.documents import replace_documents, upsert_documents

Read = TypeVar("Read")

# Leads may show up a while after they were sent. The filter leaves out the second that
# it names, so it names the one before.
OVERLAP = timedelta(days=1, seconds=1)


def load_leads(loads: Sequence[Load]) -> Iterator[LoadedTable]:
    """Load Lead Ads with all credentials; yield each table in which nothing failed.

    Raises at the end one error that names every page and form that failed. What no
    token may read is a warning. An hourly run asks only forms whose counts have
    changed, and nothing that was refused before.
    """
    ads = _LeadAds(loads)
    ads.load()
    yield from ads.book.close()
    if failures := ads.book.failures:
        raise summarize_leads(failures)


@dataclass(frozen=True)
class _Access:
    """One credential and what it reads with."""

    load: Load
    reader: LeadsReader


@dataclass(frozen=True)
class _Candidate:
    """A page, and the credentials that may reach it; listed: they say so."""

    page: Page
    accesses: Sequence[_Access]
    is_listed: bool


class _LeadAds:
    """One run over all pages and forms."""

    def __init__(self, loads: Sequence[Load]) -> None:
        self._main = loads[0]
        self._accesses = [
            _Access(load, LeadsReader(load.client, _page_clients(load)))
            for load in loads
        ]
        self.book = LeadBook(loads[0])

    @property
    def _living(self) -> list[_Access]:
        refusals = self._main.refusals
        return [one for one in self._accesses if one.load.number not in refusals]

    def load(self) -> None:
        """Load every page's forms, then note the pages."""
        listed, are_all = self._listed_pages()
        kept = [one.page for one in self._candidates(listed) if self._load_page(one)]
        rows = [{"page_id": page.page_id, "payload": page.payload} for page in kept]
        # Pages that an unanswered list would have named are not gone.
        write = replace_documents if are_all else upsert_documents
        with self._main.writing() as warehouse:
            result = write(warehouse, "facebook__pages", rows, run=self._main.run)
            if are_all or rows:
                self.book.loaded(warehouse, PAGES, "", result)

    def _listed_pages(self) -> tuple[list[_Candidate], bool]:
        """Return the pages that the credentials list, and whether all have answered."""
        found: dict[str, _Candidate] = {}
        answers = 0
        refusals = self._main.refusals
        for access in self._living:
            try:
                pages = access.reader.pages()
            except TokenRefused as error:
                refusals[access.load.number] = error
            except LeadsDenied as error:
                self.book.denied(PAGES, "", error)
            except SourceError as error:
                self.book.failed(PAGES, "", error)
            else:
                answers += 1
                for page in pages:
                    found.setdefault(page.page_id, _Candidate(page, [access], True))
        if not self._living:
            refused = next(iter(refusals.values()))
            self.book.failed(PAGES, "", _not_asked(refused, PAGES, ""))
        return list(found.values()), answers == len(self._accesses)

    def _candidates(self, listed: list[_Candidate]) -> Iterator[_Candidate]:
        """Yield the listed pages, then those that only ads name.

        Not those after a failure: the list may hold their tokens.
        """
        yield from listed
        if self.book.failures:
            return
        known = {one.page.page_id for one in listed}
        with self._main.writing() as warehouse:
            named = lead_state.named_pages(warehouse)
        for page_id in named:
            if page_id not in known:
                yield _Candidate(Page(page_id, {"id": page_id}), self._accesses, False)

    def _load_page(self, one: _Candidate) -> bool:
        """Load a page's forms and their leads; tell whether the page is still known."""
        page = one.page
        if self._skips_refused(FORMS, page.page_id):
            return one.is_listed
        answer = self._ask(
            one.accesses, FORMS, page.page_id, lambda access: access.reader.forms(page)
        )
        if answer is None:
            return one.is_listed or not self.book.was_denied(FORMS, page.page_id)
        access, forms = answer
        run = self._main.run
        with self._main.writing() as warehouse:
            result = replace_documents(
                warehouse,
                "facebook__lead_forms",
                [form.document for form in forms],
                run=run,
                scope_columns={"page_id": page.page_id},
            )
            self.book.loaded(warehouse, FORMS, page.page_id, result)
            ids = [form.form_id for form in forms]
            states = lead_state.form_states(warehouse, ids, now=run.as_of)
        for form in forms:
            self._load_form(access, page, form, states[form.form_id])
        return True

    def _load_form(
        self, access: _Access, page: Page, form: Form, state: FormState
    ) -> None:
        """Load a form's new leads; a daily run also sees whether any are missing."""
        recent = self._main.recent
        is_empty = form.counted == 0 and form.organic == 0
        if is_empty or (recent and state.is_complete(form)):
            self.book.passed(LEADS)
            return
        if self._skips_refused(LEADS, form.form_id):
            return
        after = state.newest_at - OVERLAP if state.newest_at else None
        missing = self._read_form(access, page, form, state, after=after)
        if recent:
            return
        if missing and after and missing != state.proven_missing:
            missing = self._read_form(access, page, form, state, after=None)
        if missing:
            self.book.incomplete(form, missing)

    def _read_form(
        self,
        access: _Access,
        page: Page,
        form: Form,
        state: FormState,
        *,
        after: datetime | None,
    ) -> int | None:
        """Read and store a form's leads; return how many Facebook counts beyond them.

        None when it could not be read, or Facebook does not count.
        """
        answer = self._ask(
            [access],
            LEADS,
            form.form_id,
            lambda one: one.reader.leads(page, form, after=after),
        )
        if answer is None:
            return None
        rows = answer[1]
        run = self._main.run
        with self._main.writing() as warehouse:
            result = upsert_documents(warehouse, "facebook__leads", rows, run=run)
            held = lead_state.count_kept(warehouse, form.form_id, now=run.as_of)
            if after is None:
                # What a whole reading holds is what Facebook still has.
                held = max(held, len({row["lead_id"] for row in rows}))
            missing = None
            if form.counted is not None:
                missing = max(form.counted - form.expired - held, 0)
            is_proven = after is None or missing == state.proven_missing
            newest = [row["created_at"] for row in rows if row["created_at"]]
            self.book.loaded(
                warehouse,
                LEADS,
                form.form_id,
                result,
                newest_at=max(newest, default=None),
                details={
                    "counted": form.counted,
                    "organic": form.organic,
                    "expired": form.expired,
                    "missing": missing,
                    "proven_missing": missing if is_proven else None,
                    "after": after.isoformat() if after else None,
                },
            )
        return missing

    def _ask(
        self,
        accesses: Sequence[_Access],
        table: str,
        scope: str,
        read: Callable[[_Access], Read],
    ) -> tuple[_Access, Read] | None:
        """Read with the first credential that may; note it when none can."""
        denial: LeadsDenied | None = None
        refusal: TokenRefused | None = None
        for access in accesses:
            refusals = access.load.refusals
            if access.load.number in refusals:
                refusal = _not_asked(refusals[access.load.number], table, scope)
                continue
            try:
                return access, read(access)
            except LeadsDenied as error:
                denial = error
            except TokenRefused as error:
                refusals[access.load.number] = refusal = error
            except SourceError as error:
                self.book.failed(table, scope, error)
                return None
        if denial:
            self.book.denied(table, scope, denial)
        elif refusal:
            self.book.failed(table, scope, refusal)
        return None

    def _skips_refused(self, table: str, scope: str) -> bool:
        """Tell whether an hourly run leaves out what was refused; the warning stays."""
        if not self._main.recent:
            return False
        with self._main.writing() as warehouse:
            text = lead_state.denied_before(warehouse, table, scope)
            if text:
                self.book.denied_before(warehouse, table, scope, text)
        return text is not None


def _page_clients(load: Load) -> Callable[[str], GraphClient]:
    """Return what makes a client of a page's own token; all share their waiting."""
    config = load.config

    def opened(token: str) -> GraphClient:
        api = open_api(
            access_token=token,
            app_secret=config.app_secret,
            graph_url=config.graph_url,
            api_version=config.api_version,
        )
        return GraphClient(api, load.pacer)

    return opened


def _not_asked(gone: TokenRefused, table: str, scope: str) -> TokenRefused:
    return TokenRefused(
        f"not asked, because {gone.message}",
        system=SYSTEM,
        table=table,
        window=scope or None,
        remedy=gone.remedy,
    )
