"""The command line: `python -m pipelines <command>`.

Only the choice of a command; what it does belongs to its own package.
"""

import argparse
import importlib
import sys
from collections.abc import Sequence

from pipelines.errors import PipelineError

# Where each command lives, and what it is for. Only the chosen one is imported: the
# receiver of webhooks needs no Dagster.
COMMANDS = {
    "doctor": (
        "pipelines.doctor.command",
        "check every connection and credential: what is wrong and what to do",
    ),
    "amocrm": (
        "pipelines.ingest.amocrm.access_command",
        "access to AmoCRM: authorise anew, end a ban",
    ),
    "webhook": (
        "pipelines.webhook.command",
        "receive AmoCRM's webhooks: commit them, then answer",
    ),
    "hooks": (
        "pipelines.ingest.amocrm.hooks_command",
        "the webhooks that were received: list them, replay them, let them expire",
    ),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; return its exit code."""
    given = sys.argv[1:] if arguments is None else list(arguments)
    parser = argparse.ArgumentParser(prog="python -m pipelines")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, (module_name, about) in COMMANDS.items():
        command = commands.add_parser(name, help=about, description=about)
        if name == next(iter(given), None):
            module = importlib.import_module(module_name)
            module.add_arguments(command)
            command.set_defaults(run=module.run)
    chosen = parser.parse_args(given)
    try:
        exit_code: int = chosen.run(chosen)
    except PipelineError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return exit_code


if __name__ == "__main__":
    sys.exit(main())
