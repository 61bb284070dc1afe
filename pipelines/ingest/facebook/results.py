"""What became of a table over all ad accounts, and of each account in it."""

from collections.abc import Sequence

from pipelines.errors import RateLimited, SourceError
from pipelines.ingest.facebook.load import (
    ACCOUNT_TABLES,
    AccountLoad,
    AccountResult,
    LoadedTable,
    Unit,
)
from pipelines.load.log import LoadResult, Window


def merge_table(table: str, accounts: Sequence[AccountLoad]) -> LoadedTable | None:
    """Unite what the accounts have of one table; None when none has anything."""
    units = [unit for account in accounts for unit in account.units]
    units = [unit for unit in units if unit.table == table]
    denied = table in ACCOUNT_TABLES and any(account.denied for account in accounts)
    if not units and not denied:
        return None
    warnings: list[str] = []
    if table == "accounts":
        warnings += [str(account.denied) for account in accounts if account.denied]
        warnings += [text for account in accounts for text in account.warnings]
    newest = [unit.newest_row_at for unit in units if unit.newest_row_at]
    results = (account_result(account, table) for account in accounts)
    return LoadedTable(
        table,
        units[0].mode if units else "full",
        sum((unit.result for unit in units), LoadResult()),
        round(sum(unit.seconds for unit in units), 3),
        window=_span(units),
        newest_row_at=max(newest, default=None),
        accounts=tuple(result for result in results if result),
        warnings=tuple(warnings),
    )


def account_result(account: AccountLoad, table: str) -> AccountResult | None:
    """Say what one account gave to a table; None when it was not asked."""
    units = [unit for unit in account.units if unit.table == table]
    error: SourceError | None = account.failures.get(table) or account.denied
    if error is None and not units:
        return None
    certificates = [unit.certificate for unit in units if unit.certificate]
    spends = [unit.spend for unit in units if unit.spend is not None]
    outcome = "failed" if error else "loaded"
    if account.denied:
        outcome = "denied"
    elif isinstance(error, RateLimited):
        outcome = "waiting"
    return AccountResult(
        account.account_id,
        outcome,  # type: ignore[arg-type]
        rows=sum(unit.result.rows_read for unit in units),
        spend=sum(spends) if spends else None,  # type: ignore[arg-type]
        currency=account.currency,
        window=_span(units),
        certificate=certificates[-1] if certificates else None,
        error=str(error) if error else None,
    )


def _span(units: Sequence[Unit]) -> str | None:
    windows: list[Window] = [unit.window for unit in units if unit.window]
    if not windows:
        return None
    return f"{min(first for first, _ in windows)}..{max(last for _, last in windows)}"
