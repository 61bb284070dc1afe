"""What the doctor says: remarks of a check, findings about a system, an exit code.

How they are shown belongs to `printing.py`, what is looked at to the checks.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pipelines.errors import PipelineError, SourceError

State = Literal["ok", "note", "warning", "error"]
STATES: tuple[State, ...] = ("ok", "note", "warning", "error")
# The system under which the environment's variables are reported.
SETTINGS = "settings"
SHOWN_NAMES = 5


@dataclass(frozen=True)
class Remark:
    """What a check has to say; `details` are shown on demand only."""

    state: State
    message: str
    remedy: str | None = None
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Finding:
    """A remark with its place: the system, and what was checked there."""

    system: str
    check: str
    state: State
    message: str
    remedy: str | None = None
    details: tuple[str, ...] = ()


Look = Callable[[], Iterable[Remark]]


def ok(message: str) -> Remark:
    """Say that something is as it should be."""
    return Remark("ok", message)


def note(message: str, *, details: Iterable[str] = ()) -> Remark:
    """Say something that asks for nothing."""
    return Remark("note", message, details=tuple(details))


def warning(message: str, remedy: str, *, details: Iterable[str] = ()) -> Remark:
    """Say what should be better, though the pipeline works."""
    return Remark("warning", message, remedy, tuple(details))


def error(message: str, remedy: str, *, details: Iterable[str] = ()) -> Remark:
    """Say what stops the pipeline, or must not be."""
    return Remark("error", message, remedy, tuple(details))


def graded(is_lenient: bool) -> Callable[[str, str], Remark]:
    """Return `warning` where a fault is tolerable, else `error`."""
    return warning if is_lenient else error


def conduct(system: str, checks: Mapping[str, Look]) -> Iterator[Finding]:
    """Run checks by name; one that breaks becomes a finding, the others go on."""
    for name, look in checks.items():
        try:
            for remark in look():
                yield Finding(system, name, **vars(remark))
        except PipelineError as refused:
            yield refusal(system, name, refused)
        except Exception as broken:  # a check must never stop the others
            yield Finding(system, name, "error", *_broken(name, broken))


def refusal(system: str, check: str, refused: PipelineError) -> Finding:
    """Turn an error of ours into a finding."""
    if isinstance(refused, SourceError):
        remedy = refused.remedy or "see the message"
        return Finding(system, check, "error", refused.message, remedy)
    return Finding(system, check, "error", str(refused), "see the message")


def _broken(name: str, broken: Exception) -> tuple[str, str]:
    lines = str(broken).strip().splitlines() or ["no reason given"]
    message = f"the check {name} broke: {type(broken).__name__}: {lines[0]}"
    return message, "look at the server's log; if it is the doctor's fault, report it"


def exit_code(findings: Sequence[Finding]) -> int:
    """Return 0 when nothing is wrong (warnings may be), 1, or 2 for the settings."""
    wrong = [finding for finding in findings if finding.state == "error"]
    if any(finding.system == SETTINGS for finding in wrong):
        return 2
    return 1 if wrong else 0


def listed(names: Sequence[str]) -> str:
    """Name the first few, and count the others."""
    more = len(names) - SHOWN_NAMES
    shown = ", ".join(names[:SHOWN_NAMES])
    return f"{shown} and {more} more" if more > 0 else shown
