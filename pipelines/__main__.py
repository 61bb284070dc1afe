"""The command line: `python -m pipelines <command>`.

Only the choice of a command; what it does belongs to its own package.
"""

import argparse
import sys
from collections.abc import Sequence

from pipelines.doctor import command as doctor
from pipelines.errors import PipelineError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipelines")
    commands = parser.add_subparsers(dest="command", required=True)
    about = "check every connection and credential: what is wrong and what to do"
    doctor.add_arguments(commands.add_parser("doctor", help=about, description=about))
    chosen = parser.parse_args(arguments)
    try:
        return doctor.run(chosen)
    except PipelineError as error:
        sys.stderr.write(f"{error}\n")
        return 2


if __name__ == "__main__":
    sys.exit(main())
