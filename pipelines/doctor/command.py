"""The command `doctor`: what is asked for, and the exit code.

0: nothing is wrong (warnings may be). 1: something is wrong. 2: settings are missing or
malformed, or the command was. Nothing is written anywhere.
"""

import argparse
import sys
from datetime import datetime

from rich.console import Console

from pipelines.clock import read_clock
from pipelines.defs.resources import Environment, catalog
from pipelines.doctor.environment import is_production
from pipelines.doctor.findings import exit_code
from pipelines.doctor.printing import as_json, lacks_everything, print_findings
from pipelines.doctor.rounds import Round


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command understands."""
    parser.add_argument(
        "--probe",
        action="store_true",
        help="ask the APIs more: each listed ad account, each kind of AmoCRM's rows",
    )
    parser.add_argument(
        "--health",
        action="store_true",
        help="for monitors: only how old loads, edition, runs and the daemon are",
    )
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "-v", "--verbose", action="store_true", help="name what is only counted"
    )


def run(chosen: argparse.Namespace) -> int:
    """Go the round, print what was found, return the exit code."""
    settings = Environment().settings()
    rounds = Round(settings, catalog(), clock=_machine_clock, probe=chosen.probe)
    findings = rounds.examine_health() if chosen.health else rounds.examine()
    if chosen.json:
        sys.stdout.write(as_json(findings) + "\n")
    else:
        is_bare = lacks_everything(findings) and not is_production(settings.values)
        print_findings(
            findings,
            Console(highlight=False),
            verbose=chosen.verbose,
            sandbox_hint=is_bare,
        )
    return exit_code(findings)


def _machine_clock() -> datetime:
    # Not PIPELINE_NOW: servers are compared with the real time.
    return read_clock(None)
