"""The findings as people read them, and as machines do.

What is found belongs to the checks.
"""

import json
from collections import Counter
from collections.abc import Sequence
from itertools import groupby

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipelines.doctor.findings import SETTINGS, STATES, Finding, State, exit_code

MARKS: dict[State, tuple[str, str]] = {
    "ok": ("✓", "green"),
    "note": ("·", "dim"),
    "warning": ("!", "yellow"),
    "error": ("✗", "red"),
}
SANDBOX_HINT = (
    "`make run` and `make dev` need no variable: they bring a sandbox of their own. "
    "Beside `make dev`, `source .sandbox/environment` leads here too."
)


def print_findings(
    findings: Sequence[Finding],
    console: Console,
    *,
    verbose: bool = False,
    sandbox_hint: bool = False,
) -> None:
    """Print a table for each system, then the count."""
    for system, group in groupby(_in_order(findings), key=lambda one: one.system):
        console.print(Text(f"\n{system}", style="bold"))
        console.print(_table(list(group), verbose=verbose))
    if sandbox_hint:
        console.print(f"\n{SANDBOX_HINT}", markup=False)
    console.print(Text(f"\n{summary(findings)}", style="bold"))


def summary(findings: Sequence[Finding]) -> str:
    """Say in one line what was found."""
    counts = Counter(finding.state for finding in findings)
    errors, warnings = counts["error"], counts["warning"]
    return (
        f"{errors} {'error' if errors == 1 else 'errors'}, "
        f"{warnings} {'warning' if warnings == 1 else 'warnings'}, "
        f"{len(findings)} findings in all"
    )


def _in_order(findings: Sequence[Finding]) -> list[Finding]:
    """Keep what belongs to a system together, in the order of the first finding."""
    places: dict[str, int] = {}
    for finding in findings:
        places.setdefault(finding.system, len(places))
    return sorted(findings, key=lambda finding: places[finding.system])


def _table(findings: Sequence[Finding], *, verbose: bool) -> Table:
    table = Table.grid(padding=(0, 1))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True, min_width=11)
    table.add_column(overflow="fold")
    for finding, following in zip(findings, [*findings[1:], None], strict=True):
        mark, style = MARKS[finding.state]
        table.add_row(
            Text(f"  {mark}", style=style),
            finding.check,
            Text(finding.message, style="dim" if finding.state == "note" else ""),
        )
        # What several findings in a row ask for is said once, after the last.
        if finding.remedy and (not following or following.remedy != finding.remedy):
            table.add_row("", "", Text(f"→ {finding.remedy}", style="cyan"))
        for detail in finding.details if verbose else ():
            table.add_row("", "", Text(f"  {detail}", style="dim"))
    return table


def as_json(findings: Sequence[Finding]) -> str:
    """Return the findings, their count by state and the exit code as JSON."""
    counts = Counter(finding.state for finding in findings)
    document = {
        "exit_code": exit_code(findings),
        "counts": {state: counts[state] for state in STATES},
        "findings": [vars(finding) for finding in findings],
    }
    return json.dumps(document, ensure_ascii=False, indent=2)


def lacks_everything(findings: Sequence[Finding]) -> bool:
    """Tell whether required variables are missing."""
    return any(
        finding.system == SETTINGS
        and finding.check == "required"
        and finding.state == "error"
        for finding in findings
    )
