"""The command `hooks`: what was received, what is in quarantine, once more, no more.

It prints numbers, times and reasons, never a body.
"""

import argparse
import sys

from pipelines.defs.resources import Environment, catalog
from pipelines.errors import ConfigurationError
from pipelines.ingest.amocrm.inbox import waiting
from pipelines.ingest.amocrm.inbox_upkeep import (
    QUARANTINED,
    count_deliveries,
    list_deliveries,
    replay,
    retain,
)
from pipelines.load.merge import Connection
from pipelines.warehouse import connect, prepare, read_time

STATUSES = ("new", "parsed", "foreign", "bad")
SHOWN = 50


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare what the command understands."""
    actions = parser.add_subparsers(dest="action", required=True)
    listing = actions.add_parser("list", help="counts, and what is in quarantine")
    listing.add_argument("--status", choices=STATUSES, action="append")
    listing.add_argument("--limit", type=int, default=SHOWN)
    again = actions.add_parser("replay", help="let deliveries be parsed once more")
    chosen = again.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--delivery", type=int, action="append", metavar="N")
    chosen.add_argument("--status", choices=QUARANTINED, action="append")
    actions.add_parser("purge", help="empty bodies and delete rows that have expired")


def run(chosen: argparse.Namespace) -> int:
    """Do what was asked; 1 where nothing could be replayed."""
    settings = Environment().settings()
    with connect(settings.warehouse_url) as warehouse:
        prepare(warehouse, catalog())
        if chosen.action == "list":
            return _list(warehouse, chosen)
        if chosen.action == "replay":
            return _replay(warehouse, chosen)
        retained = retain(warehouse, read_time(warehouse))
    sys.stdout.write(
        f"{retained.bodies} bodies emptied, {retained.rows} rows deleted\n"
    )
    return 0


def _list(warehouse: Connection, chosen: argparse.Namespace) -> int:
    say = sys.stdout.write
    for count in count_deliveries(warehouse):
        say(
            f"{count.status}: {count.deliveries} deliveries, {count.size} bytes, "
            f"{count.first_at:%Y-%m-%d %H:%M} to {count.last_at:%Y-%m-%d %H:%M} UTC\n"
        )
    left = waiting(warehouse)
    say(f"waiting: {left.new} to be parsed, {left.items} to be read again\n")
    statuses = chosen.status or QUARANTINED
    for one in list_deliveries(warehouse, statuses=statuses, limit=chosen.limit):
        size = f"{one.size} bytes" if one.has_body else "expired"
        say(
            f"{one.delivery_id}  {one.received_at:%Y-%m-%d %H:%M:%S}  {one.status}  "
            f"{size}  parsed {one.attempts} times  {one.reason or ''}\n"
        )
    return 0


def _replay(warehouse: Connection, chosen: argparse.Namespace) -> int:
    if chosen.delivery and min(chosen.delivery) < 1:
        raise ConfigurationError("hooks: deliveries are numbered from 1 on")
    replayed = replay(
        warehouse, deliveries=chosen.delivery or (), statuses=chosen.status or ()
    )
    sys.stdout.write(
        f"{replayed} deliveries will be parsed again by the next refresh\n"
        if replayed
        else "none was replayed: no such delivery, it is new, or its body has expired\n"
    )
    return 0 if replayed else 1
