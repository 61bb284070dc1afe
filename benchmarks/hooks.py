"""From a hook to the changed mart, beside a running `make dev`: how long it takes.

Sells deals in the sandbox's CRM at random moments and waits for each sale in
`marts.sale_attribution`. Prints every time and the percentiles; the figures stand in
docs/reliability.md. `source .sandbox/environment && python -m benchmarks.hooks`
"""

import argparse
import os
import random
import statistics
import threading
import time

import httpx
import psycopg

PATIENCE_SECONDS = 300.0
LOOK_SECONDS = 0.25
OPEN = """
select id from raw.amocrm__leads
where _deleted_at is null and payload ->> 'status_id' not in ('142', '143')
    and payload ->> 'pipeline_id' = '10350882' and payload ->> 'name' !~* '^(test|тест)'
    and id not in (select deal_id from marts.sale_attribution)
order by id desc
"""
IS_SOLD = "select exists (select from marts.sale_attribution where deal_id = %s)"


def main() -> None:
    """Sell, wait, print."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.hooks")
    parser.add_argument("--sales", type=int, default=20)
    parser.add_argument("--pause", type=float, default=60, help="seconds, at most")
    chosen = parser.parse_args()
    warehouse, crm = os.environ["WAREHOUSE_URL"], os.environ["AMOCRM_BASE_URL"]
    with psycopg.connect(warehouse) as connection:
        deals = [row[0] for row in connection.execute(OPEN)][: chosen.sales]
    dice, times, watchers = random.Random(7), list[float](), list[threading.Thread]()
    for deal in deals:
        answer = httpx.post(f"{crm}/sandbox/win", json={"lead_id": deal})
        answer.raise_for_status()
        watcher = threading.Thread(target=_watch, args=(warehouse, deal, times))
        watcher.start()
        watchers.append(watcher)
        time.sleep(dice.uniform(0, chosen.pause))
    for watcher in watchers:
        watcher.join()
    times.sort()
    p95 = times[min(len(times) - 1, round(0.95 * len(times)))]
    print(
        f"{len(times)} sales: p50 {statistics.median(times):.1f} s, p95 {p95:.1f} s, "
        f"most {times[-1]:.1f} s"
    )


def _watch(warehouse: str, deal: int, times: list[float]) -> None:
    begun = time.monotonic()
    with psycopg.connect(warehouse, autocommit=True) as connection:
        while time.monotonic() - begun < PATIENCE_SECONDS:
            row = connection.execute(IS_SOLD, [deal]).fetchone()
            if row and row[0]:
                break
            time.sleep(LOOK_SECONDS)
    times.append(time.monotonic() - begun)
    print(f"deal {deal}: {times[-1]:.1f} s", flush=True)


if __name__ == "__main__":
    main()
