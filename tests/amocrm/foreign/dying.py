"""A load in a process of its own, killed at one of its requests.

What is true after it belongs to the rounds.
"""

import json
import signal
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from pipelines.ingest.amocrm.config import AmocrmConfig
from pipelines.ingest.amocrm.run import ingest_amocrm
from pipelines.load.log import RunInfo
from tests.amocrm.foreign.crm import nobody
from tests.amocrm.foreign.house import House

ROOT = Path(__file__).parents[3]


def killed_at(house: House, request: int, *, full: bool, answered: bool) -> bool:
    """Load in another process, killed at a request or after its answer.

    Return whether it was killed; a load that makes fewer requests ends by itself.
    """
    asked = {
        "warehouse_url": house.warehouse_url,
        "base_url": house.api_url,
        "access_token": house.truth.token,
        "as_of": house.as_of.isoformat(),
        "full": full,
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.amocrm.foreign.dying"],
        stdin=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
    )
    last = len(house.crm.calls) + request

    def kill(number: int) -> None:
        if number >= last:
            process.kill()

    if answered:
        house.crm.on_answer = kill
    else:
        house.crm.on_request = kill
    try:
        process.communicate(json.dumps(asked).encode(), timeout=60)
    finally:
        process.kill()
        process.wait()
        house.crm.on_answer = house.crm.on_request = nobody
    return process.returncode == -signal.SIGKILL


def main(asked: dict[str, Any]) -> None:
    config = AmocrmConfig(
        asked["base_url"], asked["access_token"], requests_per_second=10_000
    )
    run = RunInfo(run_id="killed", as_of=datetime.fromisoformat(asked["as_of"]))
    loaded = ingest_amocrm(asked["warehouse_url"], config, run=run, full=asked["full"])
    for _ in loaded:
        pass


if __name__ == "__main__":
    main(json.load(sys.stdin))
