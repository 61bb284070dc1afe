"""The command line: `python -m pipelines <command>`.

Only the choice of a command; what it does belongs to its own package.
"""

import argparse
import sys
from collections.abc import Sequence

from pipelines.doctor import command as doctor
from pipelines.errors import PipelineError
from pipelines.ingest.amocrm import command as amocrm


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipelines")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, module, about in (
        (
            "doctor",
            doctor,
            "check every connection and credential: what is wrong and what to do",
        ),
        ("amocrm", amocrm, "access to AmoCRM: authorise anew, end a ban"),
    ):
        command = commands.add_parser(name, help=about, description=about)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    chosen = parser.parse_args(arguments)
    try:
        exit_code: int = chosen.run(chosen)
    except PipelineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
