"""What the doctor asks of Facebook on request: accounts, pages, the cost of the past.

Each question is asked with the first token that can answer, at most twice and without
waiting for limits. Nothing is stored.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from facebook_business.api import FacebookAdsApi

from pipelines.doctor.findings import Remark, listed, note, ok, warning
from pipelines.doctor.servers import Clock
from pipelines.doctor.sessions import open_session
from pipelines.errors import PipelineError, SourceError
from pipelines.extract.facebook.accounts import ListedAccounts, list_accounts
from pipelines.extract.facebook.client import GraphClient
from pipelines.extract.facebook.errors import AccountDenied, TokenRefused
from pipelines.extract.facebook.extractor import FacebookExtractor
from pipelines.extract.facebook.insights import InsightsReader
from pipelines.extract.facebook.leads import LeadsDenied, LeadsReader, Page
from pipelines.extract.facebook.pacing import Pacer, SystemTimer
from pipelines.extract.facebook.questions import ACCOUNT_DAYS
from pipelines.extract.facebook.transport import open_api
from pipelines.ingest.facebook.config import FacebookConfig
from pipelines.ingest.facebook.days import Answer
from pipelines.ingest.facebook.forecast import Forecast, forecast_account
from pipelines.ingest.facebook.load import AccountLoad
from pipelines.ingest.facebook.survey import Surveyed
from pipelines.ingest.facebook.windows import KEPT_MONTHS, earliest_day

ACTIVE = 1
ATTEMPTS = 2


@dataclass
class Probe:
    """The questions, and the accounts that were found open meanwhile."""

    apis: Sequence[FacebookAdsApi]
    config: FacebookConfig
    clock: Clock
    databases: Mapping[str, str | None]
    warehouse_url: str | None
    opened: dict[str, FacebookExtractor] = field(default_factory=dict)

    def check_listed(self) -> Iterator[Remark]:
        """Ask for every account that a list names, as the extraction will."""
        accounts = self._lists()
        denied, idle = [], []
        for account_id in accounts.account_ids:
            try:
                status = self._open_account(account_id)
            except AccountDenied as refused:
                denied.append(account_id)
                names = ", ".join(sorted(accounts.listed_by[account_id]))
                yield warning(
                    f"{account_id} is out of reach (listed by {names})",
                    refused.remedy or "",
                )
                continue
            if status != ACTIVE:
                idle.append(account_id)
        for text in accounts.warnings:
            yield warning(
                text, "correct the list, or the connection that it is read by"
            )
        if idle:
            yield note(f"not active at Facebook: {listed(idle)}", details=idle)
        if self.opened:
            yield ok(f"{len(self.opened)} listed accounts can be read")
        elif not denied:
            yield warning(
                "no list names an ad account",
                "name them in FACEBOOK_AD_ACCOUNTS, or in the databases' lists",
            )

    def check_pages(self) -> Iterator[Remark]:
        """Ask for the forms of every page, and whether their leads may be read."""
        readers = [self._leads_reader(api) for api in self.apis]
        found: dict[str, tuple[LeadsReader, Page]] = {}
        try:
            for reader in readers:
                for page in reader.pages():
                    found.setdefault(page.page_id, (reader, page))
        except LeadsDenied as refused:
            yield note(f"the pages are not told: {refused.message}")
        readable = 0
        for page_id, (reader, page) in sorted(found.items()):
            try:
                self._try_leads(reader, page)
            except SourceError as refused:
                yield warning(
                    f"page {page_id}: its leads cannot be read: {refused.message}",
                    refused.remedy or "",
                )
            else:
                readable += 1
        if readable:
            yield ok(f"the leads of {readable} pages can be read")
        elif not found:
            yield note("no page is in the token's reach, so no Lead Ads are read")

    def check_history(self) -> Iterator[Remark]:
        """Say what it would cost to load all that Facebook keeps, loading nothing."""
        today = self.clock().date()
        window = earliest_day(today), today
        surveyed = []
        for account_id, extractor in self.opened.items():
            try:
                surveyed.append(self._survey(account_id, extractor, window))
            except SourceError as refused:
                message = f"{account_id} does not tell its past: {refused.message}"
                yield warning(message, refused.remedy or "")
        if not surveyed:
            yield note("no account is open, so no history can be loaded")
            return
        forecasts = (forecast_account(one, window, again=True) for one in surveyed)
        forecast = Forecast(window, tuple(forecasts))
        yield note(
            f"a backfill of {KEPT_MONTHS} months ({window[0]}..{window[1]}) would take "
            f"about {forecast.calls:,} calls and {forecast.minutes:.0f} minutes for "
            f"{len(surveyed)} accounts",
            details=[
                f"{one.account_id}: {one.calls} calls, {one.days_with_delivery} days"
                for one in forecast.accounts
            ],
        )

    def _lists(self) -> ListedAccounts:
        """Read both databases' lists; the warehouse stands in for what is away."""
        if self.warehouse_url is None:
            raise PipelineError("the lists of accounts need WAREHOUSE_URL too")
        with open_session(
            self.warehouse_url, system="warehouse", variable="WAREHOUSE_URL"
        ) as session:
            return list_accounts(
                self.config.listed_accounts,
                databases=self.databases,
                warehouse=session.connection,
            )

    def _open_account(self, account_id: str) -> object:
        """Open an account with the first token that reaches it; return its status."""
        refusal: SourceError | None = None
        for api in self.apis:
            client = self._client(api)
            extractor = FacebookExtractor(
                client,
                InsightsReader(client, SystemTimer(), known=lambda *of: ()),
            )
            try:
                payload = extractor.account(account_id)["payload"]
            except (AccountDenied, TokenRefused) as refused:
                refusal = refusal or refused
                continue
            self.opened[account_id] = extractor
            return payload.get("account_status")
        raise refusal or PipelineError("FACEBOOK_ACCESS_TOKEN holds no token")

    def _survey(
        self,
        account_id: str,
        extractor: FacebookExtractor,
        window: tuple[date, date],
    ) -> Surveyed:
        clock = SystemTimer()
        begun = clock.now()
        rows, reading = extractor.insights(account_id, ACCOUNT_DAYS, window)
        proof = {"calls": max(extractor.client.calls_of(account_id) - 1, 1)}
        totals = Answer(rows, reading, proof, clock.now() - begun)
        return Surveyed(AccountLoad(account_id), window=window, totals=totals)

    def _try_leads(self, reader: LeadsReader, page: Page) -> None:
        """Ask for the leads of one form that were sent from now on: there are none."""
        for form in reader.forms(page)[:1]:
            reader.leads(page, form, after=self.clock())

    def _leads_reader(self, api: FacebookAdsApi) -> LeadsReader:
        def of_page(token: str) -> GraphClient:
            return self._client(
                open_api(
                    access_token=token,
                    app_secret=self.config.app_secret,
                    graph_url=self.config.graph_url,
                    api_version=self.config.api_version,
                )
            )

        return LeadsReader(self._client(api), of_page)

    def _client(self, api: FacebookAdsApi) -> GraphClient:
        return GraphClient(
            api, Pacer(SystemTimer(), patience_seconds=0), attempts=ATTEMPTS
        )
