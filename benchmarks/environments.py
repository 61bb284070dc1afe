"""An environment of its own for each tool, under a folder that git ignores.

Packages are installed by name at the versions of `constraints.txt`. What the tools are
told to do belongs to `tools.py`.
"""

import re
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".bench"
CONSTRAINTS = Path(__file__).with_name("constraints.txt")
TIMEOUT_SECONDS = 900
# Words that would tell where this machine keeps or fetches things.
PLACE = re.compile(r"\S*(/|\\|://)\S*")
ESCAPE = re.compile(r"\x1b\[[0-9;]*m")


def program(name: str, command: str) -> str:
    """Return the path of a program in a tool's environment."""
    return str(FOLDER / "environments" / name / "bin" / command)


def prepare(name: str, requirements: tuple[str, ...]) -> str | None:
    """Make a tool's environment unless it is there; return why that is impossible."""
    folder = FOLDER / "environments" / name
    wanted = "\n".join([*requirements, CONSTRAINTS.read_text()])
    done = folder / "installed.txt"
    if done.exists() and done.read_text() == wanted:
        return None
    python = str(folder / "bin" / "python")
    what = ["-c", str(CONSTRAINTS), *requirements]
    uv = str(Path(sys.executable).with_name("uv"))
    # pip knows an index of the machine's own that uv may not know.
    installers = (
        [uv, "pip", "install", "--quiet", "--python", python, *what],
        [python, "-m", "pip", "install", "--quiet", *what],
    )
    reason = _run([sys.executable, "-m", "venv", "--clear", str(folder)])
    if reason is None:
        for installer in installers:
            reason = _run(installer)
            if reason is None:
                done.write_text(wanted)
                break
    return reason


def versions() -> dict[str, str]:
    """Return the version that each package of the benchmark is held at."""
    lines = CONSTRAINTS.read_text().splitlines()
    return dict(line.split("==", 1) for line in lines if "==" in line)


def reason_in(output: str) -> str:
    """Return the line of an output that says what went wrong, without any place."""
    lines = [ESCAPE.sub("", line).strip() for line in output.splitlines()]
    lines = [line for line in lines if line]
    telling = [line for line in lines if re.search(r"error|fail", line, re.IGNORECASE)]
    line = (telling or lines or ["it said nothing"])[-1]
    return PLACE.sub("…", line)[:200]


def _run(command: list[str]) -> str | None:
    try:
        done = subprocess.run(
            command,
            capture_output=True,
            text=True,
            timeout=TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return reason_in(str(error))
    return None if done.returncode == 0 else reason_in(done.stderr or done.stdout)
