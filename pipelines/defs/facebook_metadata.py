"""What became of Facebook's accounts, as metadata that the UI plots and lists.

What is loaded belongs to `ingest/facebook/`; who reports it, to `facebook.py` and
`facebook_backfill.py`.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal

import dagster as dg

from pipelines.ingest.facebook.load import AccountResult

ACCOUNT_COLUMNS = {
    "account": "string",
    "outcome": "string",
    "rows": "int",
    "spend": "string",
    "window": "string",
    "step": "string",
    "calls": "int",
    "error": "string",
}


def spend_plots(
    accounts: Sequence[AccountResult],
) -> dict[str, dg.FloatMetadataValue]:
    """Add up what accounts have spent, apart for each currency."""
    spend: dict[str, Decimal] = {}
    for one in accounts:
        if one.spend is not None and one.currency:
            spend[one.currency] = spend.get(one.currency, Decimal(0)) + one.spend
    return plots(spend)


def plots(
    spend: Mapping[str, Decimal], *, suffix: str = ""
) -> dict[str, dg.FloatMetadataValue]:
    """Make a plot of each currency; the exact sums stand in the warehouse."""
    return {
        f"spend_{currency}{suffix}": dg.MetadataValue.float(float(amount))
        for currency, amount in spend.items()
    }


def accounts_table(accounts: Sequence[AccountResult]) -> dg.TableMetadataValue:
    """Show what became of each account, as a table in the UI."""
    records = []
    for one in accounts:
        proof = one.certificate or {}
        spend = None if one.spend is None else f"{one.spend} {one.currency or ''}"
        values: dict[str, str | int] = {
            "account": one.account_id,
            "outcome": one.outcome,
            "rows": one.rows,
            "spend": (spend or "").strip(),
            "window": one.window or "",
            "step": str(proof.get("step") or ""),
            "calls": int(proof.get("calls") or 0),
            "error": one.error or "",
        }
        records.append(dg.TableRecord(values))
    columns = [dg.TableColumn(name, kind) for name, kind in ACCOUNT_COLUMNS.items()]
    return dg.MetadataValue.table(records, schema=dg.TableSchema(columns))


def certificates(accounts: Sequence[AccountResult]) -> dg.JsonMetadataValue:
    """Show the proof of each account's newest read."""
    proofs = {
        one.account_id: dict(one.certificate) for one in accounts if one.certificate
    }
    return dg.MetadataValue.json(proofs)
