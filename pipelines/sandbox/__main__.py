"""The sandbox command: `run` the whole pipeline once, or keep it up for `dev`.

Progress goes to the terminal; what the pipeline does belongs to the jobs themselves.
"""

import argparse
import contextlib
import importlib
import shlex
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import FrameType

import dagster as dg
from rich.console import Console

from pipelines.errors import PipelineError
from pipelines.headline import has_edition, print_headline, read_headline
from pipelines.sandbox.house import ROOT, House, environment, open_house
from pipelines.sandbox.progress import progress_of, quiet_terminal
from pipelines.sandbox.server import PostgresServer

HOME = ROOT / ".sandbox"
JOBS = ("extract", "build")
BIN = Path(sys.executable).parent
LOOPBACK = "127.0.0.1"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one of the sandbox commands; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m pipelines.sandbox")
    parser.add_argument("command", choices=["run", "dev"])
    parser.add_argument("--home", type=Path, default=HOME)
    parser.add_argument(
        "--port",
        type=int,
        default=3000,
        help="of the Dagster UI; the next one is the receiver's",
    )
    chosen = parser.parse_args(arguments)
    console = Console(highlight=False)
    try:
        if chosen.command == "run":
            return run(chosen.home, console)
        return dev(chosen.home, chosen.port, console)
    except PipelineError as error:
        console.print(str(error), style="red")
        return 1


def run(home: Path, console: Console) -> int:
    """Open the sandbox, run extract and build, print the headline table."""
    started = time.monotonic()
    with _opened(home, console) as house:
        succeeded = run_jobs(house)
        if succeeded["build"]:
            console.print()
            print_headline(read_headline(house.warehouse_url), console)
    console.print(
        "\n[bold]Where to look next[/]\n"
        "  make dev    the Dagster UI with these runs, the lineage and the checks\n"
        "  make test   the proof that these numbers are the story's\n"
        f"  {house.home / 'run.log'}  all that the jobs said"
    )
    console.print(f"\nDone in {time.monotonic() - started:.0f} s.")
    return 0 if all(succeeded.values()) else 1


def run_jobs(house: House) -> dict[str, bool]:
    """Run the pipeline's jobs in this process; tell which of them succeeded.

    `build` runs when `extract` has ended, well or badly, as the schedules do it.
    """
    log = house.home / "run.log"
    with quiet_terminal(log) as terminal:
        terminal.print("Loading the pipeline (the first time, dbt parses its project)")
        # Here, because loading the definitions takes seconds and may parse dbt.
        defs = importlib.import_module("pipelines.definitions").defs
        with dg.DagsterInstance.get() as instance:
            return {
                name: _run_job(name, defs=defs, instance=instance, terminal=terminal)
                for name in JOBS
            }


def _run_job(
    name: str,
    *,
    defs: dg.Definitions,
    instance: dg.DagsterInstance,
    terminal: Console,
) -> bool:
    job = defs.resolve_job_def(name)
    run_id = str(uuid.uuid4())
    keys = job.asset_layer.selected_asset_keys
    with progress_of(terminal, instance, run_id=run_id, name=name, keys=keys):
        result = job.execute_in_process(
            instance=instance, run_id=run_id, raise_on_error=False
        )
    for event in result.get_step_failure_events():
        error = event.step_failure_data.error
        cause = error.cause if error and error.cause else error
        message = cause.message.strip() if cause else "no message"
        terminal.print(f"  {event.step_key}: {message}", style="red", markup=False)
    return result.success


def dev(home: Path, port: int, console: Console) -> int:
    """Keep the sandbox up until interrupted: Dagster, and the receiver of hooks."""
    receiver = port + 1
    with _opened(home, console, receiver=f"http://{LOOPBACK}:{receiver}") as house:
        if not has_edition(house.warehouse_url):
            run_jobs(house)
        _write_environment(house)
        dagster = ["-w", "workspace.yaml"]
        programs: list[list[str | Path]] = [
            [BIN / "dagster-webserver", "-h", LOOPBACK, "-p", str(port), *dagster],
            [BIN / "dagster-daemon", "run", *dagster],
            [sys.executable, "-m", "pipelines", "webhook", "--host", LOOPBACK,
             "--port", str(receiver)],
        ]  # fmt: skip
        processes = [subprocess.Popen(program, cwd=ROOT) for program in programs]
        crm = house.variables["AMOCRM_BASE_URL"]
        console.print(
            f"Dagster UI: http://{LOOPBACK}:{port} (Ctrl-C stops everything)\n"
            f"Receiver of hooks: http://{LOOPBACK}:{receiver}/health\n"
            f"Sell something: curl -X POST {crm}/sandbox/win\n"
            f"What else people can do: curl {crm}/sandbox",
            soft_wrap=True,
        )
        try:
            _wait_for_the_first_to_end(processes)
        finally:
            for process in processes:
                process.terminate()
            for process in processes:
                process.wait(timeout=60)
    return 0


def _wait_for_the_first_to_end(processes: list[subprocess.Popen[bytes]]) -> None:
    def stop(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    with contextlib.suppress(KeyboardInterrupt):
        while all(process.poll() is None for process in processes):
            time.sleep(0.5)


@contextlib.contextmanager
def _opened(
    home: Path, console: Console, *, receiver: str | None = None
) -> Iterator[House]:
    console.print("Starting the sandbox: PostgreSQL, three sources, two APIs")
    with (
        PostgresServer(home) as server,
        open_house(server, receiver=receiver) as house,
        environment(house.variables),
    ):
        yield house


def _write_environment(house: House) -> None:
    """Write the variables to a file that a shell can source beside `make dev`."""
    lines = "".join(
        f"export {name}={shlex.quote(value)}\n"
        for name, value in house.variables.items()
    )
    (house.home / "environment").write_text(lines)


if __name__ == "__main__":
    sys.exit(main())
