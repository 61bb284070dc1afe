"""The least number of calls that a load can do with, from the truth alone.

How a load really asks is counted in `crm.py`.
"""

import math
from collections import Counter

from tests.amocrm.foreign.comparing import asked_events, present
from tests.amocrm.foreign.house import House
from tests.amocrm.foreign.truth import ENTITIES

OVERLAP = 600


def least_calls(house: House, *, full: bool) -> Counter[str]:
    """Return the calls that a load needs, by path: each row once, each end shown.

    To be asked after the load: what it knows of tables is what it must read.
    """
    truth, calls = house.truth, Counter[str]()
    simple = {
        "account": 1,
        "users": _pages(len(truth.users)),
        "pipelines": 1,
        "loss_reasons": _pages(len(truth.loss_reasons)),
        "sources": _pages(len(truth.sources)),
        "catalogs": _pages(len(truth.catalogs)),
        "webhooks": 1,
    }
    paths = {"pipelines": "leads/pipelines", "loss_reasons": "leads/loss_reasons"}
    for table, pages in simple.items():
        if table in house.loaded:
            calls[paths.get(table, table)] += pages
    for entity in ("leads", "contacts"):
        if "custom_fields" in house.loaded:
            pages = _pages(len(truth.fields[entity]))
            calls[f"{entity}/custom_fields"] += pages
        if "tags" in house.loaded:
            calls[f"{entity}/tags"] += _pages(len(truth.tags[entity]))
    if "catalog_elements" in house.loaded:
        for catalog, rows in truth.elements.items():
            calls[f"catalogs/{catalog}/elements"] += _pages(len(rows))
    calls["leads"] += _pages(len(truth.trash)) if "leads_trash" in house.loaded else 0
    for entity in present(house, ENTITIES):
        rows = len(truth.living[entity])
        if full and entity != "tasks":
            calls[entity] += _pages(rows)
        else:
            calls[entity] += 1
    if "events" in house.loaded:
        kinds = asked_events(house)
        single = sum(kind.startswith("custom_field_") for kind in kinds)
        calls["events"] += 1 + single
    return calls


def _pages(rows: int) -> int:
    return max(1, math.ceil(rows / 250))
