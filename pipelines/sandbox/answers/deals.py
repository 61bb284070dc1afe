"""One deal as all systems together know it: AmoCRM first, then the sales tables.

Each group of fields comes whole from the first source that holds a value of it.
Whether the deal is a sale is decided in `sales.py`.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from pipelines.sandbox.answers.crm import (
    CrmDeal,
    StageEvent,
    crm_deals,
    stage_events,
    tombstones,
)
from pipelines.sandbox.answers.identity import Identifier
from pipelines.sandbox.answers.normalise import (
    NO_UTM,
    UTM_NAMES,
    UtmSet,
    emails,
    is_test_name,
    is_test_tag,
    phones,
    utm_set,
)
from pipelines.sandbox.answers.people import LONG_AGO
from pipelines.sandbox.answers.reading import (
    flag,
    mapping,
    moment,
    number,
    rows,
    text,
    texts,
    whole,
)
from pipelines.sandbox.answers.rules import (
    FIRST_FAKE_DEAL,
    SALES_TABLES,
    TEST_DEALS,
    TEST_PIPELINES,
)
from pipelines.sandbox.story.world import Row, World


@dataclass(frozen=True)
class SalesRow:
    """One row of a sales table, read whatever its columns are called."""

    product: str
    deal_id: int
    pipeline_id: int | None
    status_id: int | None
    amount: Decimal | None
    utm: UtmSet
    original: UtmSet
    is_prepaid: bool | None
    sale_type: str | None
    prepayment_deal_id: int | None
    related_deal_id: int | None
    identifiers: tuple[Identifier, ...]
    sold_at: datetime | None
    created_at: datetime | None
    test_reasons: frozenset[str]

    @property
    def is_flagged(self) -> bool:
        """Tell whether the row calls itself a prepayment."""
        return bool(self.is_prepaid) or (self.sale_type or "").lower() == "prepayment"


@dataclass(frozen=True)
class Deal:
    """A deal id with everything known about it; rows stand in order of priority."""

    deal_id: int
    crm: CrmDeal | None
    rows: tuple[SalesRow, ...]
    events: tuple[StageEvent, ...] = ()
    is_tombstoned: bool = False
    crm_utm: UtmSet = field(default=NO_UTM)

    @cached_property
    def status_and_pipeline(self) -> tuple[int | None, int | None]:
        """Return the pulled pair, else that of the first row holding either."""
        if self.crm:
            return self.crm.status_id, self.crm.pipeline_id
        pairs = ((row.status_id, row.pipeline_id) for row in self.rows)
        return next((pair for pair in pairs if pair != (None, None)), (None, None))

    @property
    def status_id(self) -> int | None:
        """Return the current status."""
        return self.status_and_pipeline[0]

    @property
    def pipeline_id(self) -> int | None:
        """Return the current pipeline."""
        return self.status_and_pipeline[1]

    @cached_property
    def table_amount(self) -> Decimal | None:
        """Return the amount of the newest row that has one."""
        amounts = (row.amount for row in self.rows)
        return next((amount for amount in amounts if amount is not None), None)

    @cached_property
    def table_sold_at(self) -> datetime | None:
        """Return the sale time of the first row that has one."""
        return next((row.sold_at for row in self.rows if row.sold_at), None)

    @cached_property
    def table_created_at(self) -> datetime | None:
        """Return the creation time of the first row that has one."""
        return next((row.created_at for row in self.rows if row.created_at), None)

    @cached_property
    def utm(self) -> UtmSet:
        """Return the current tags: AmoCRM's, else a row's; else the first issue."""
        return _first_set([self.crm_utm, *(row.utm for row in self.rows)])

    @cached_property
    def table_utm(self) -> UtmSet:
        """Return the current tags as the tables have them."""
        return _first_set(row.utm for row in self.rows)

    @cached_property
    def original(self) -> UtmSet:
        """Return the first-touch tags the rows kept; a fallback is none."""
        return _first_set(row.original for row in self.rows)

    @property
    def touch(self) -> UtmSet:
        """Return the tags as AmoCRM has them; a row's only if AmoCRM lacks the deal."""
        return self.crm_utm if self.crm else self.utm

    @property
    def touched_at(self) -> datetime | None:
        """Return when the deal began: its creation, for a table deal its sale time."""
        known = self.crm.created_at if self.crm else self.table_sold_at
        return known or self.table_created_at

    @cached_property
    def flag_row(self) -> SalesRow | None:
        """Return the row whose prepaid flag and sale type speak."""
        speaking = (row for row in self.rows if _says_kind(row))
        return next(speaking, None)

    @cached_property
    def identifiers(self) -> tuple[Identifier, ...]:
        """Return the direct phones and e-mails: the rows' and the main contact's."""
        found = [item for row in self.rows for item in row.identifiers]
        found += self.crm.identifiers if self.crm else ()
        return tuple(dict.fromkeys(found))

    @property
    def is_test(self) -> bool:
        """Tell whether any copy looks like a test, or the id is a made-up one."""
        return bool(self.test_reasons)

    @cached_property
    def test_reasons(self) -> frozenset[str]:
        """Return everything that makes the deal a test."""
        found = {reason for row in self.rows for reason in row.test_reasons}
        crm = self.crm
        marks = {
            "known_id": self.deal_id in TEST_DEALS,
            "fake_id": crm is None and self.deal_id >= FIRST_FAKE_DEAL,
            "pipeline": crm and crm.pipeline_id in TEST_PIPELINES,
            "name": crm and is_test_name(crm.name),
            "contact_name": crm and any(map(is_test_name, crm.contact_names)),
            "utm": crm and any(map(is_test_tag, crm.utm.values())),
        }
        return frozenset(found | {name for name, is_so in marks.items() if is_so})


def _says_kind(row: SalesRow) -> bool:
    return row.is_prepaid is not None or row.sale_type is not None


def _first_set(sets: Iterable[UtmSet]) -> UtmSet:
    """Return the first set that holds a value, else one that at least has an issue."""
    known = list(sets)
    filled = (tags for tags in known if not tags.is_empty)
    issues = (tags for tags in known if tags.issue)
    return next(filled, next(issues, NO_UTM))


def deals(world: World) -> dict[int, Deal]:
    """Return every deal that AmoCRM or a sales table of either database knows."""
    pulled = crm_deals(world.amocrm)
    by_deal: dict[int, list[SalesRow]] = defaultdict(list)
    for row in _sales_rows(world):
        by_deal[row.deal_id].append(row)
    known = sorted({*pulled, *by_deal})
    dead = tombstones(world.amocrm, set(known))
    events = stage_events(world.amocrm)
    return {
        deal_id: Deal(
            deal_id=deal_id,
            crm=pulled.get(deal_id),
            rows=tuple(by_deal[deal_id]),
            events=tuple(events.get(deal_id, ())),
            is_tombstoned=deal_id in dead,
            crm_utm=utm_set(pulled[deal_id].utm) if deal_id in pulled else NO_UTM,
        )
        for deal_id in known
    }


def _sales_rows(world: World) -> Iterator[SalesRow]:
    """Yield the rows of all sales tables: the newest first, Landing before Traffic."""
    found: list[tuple[datetime, SalesRow]] = []
    for system in ("landing", "traffic"):
        for table, product in SALES_TABLES.items():
            for raw in rows(world, system, table):
                if row := _sales_row(raw, product):
                    newest = moment(raw.get("updated_at")) or LONG_AGO
                    found.append((newest, row))
    found.sort(key=lambda pair: pair[0], reverse=True)
    return (row for _, row in found)


def _sales_row(raw: Row, product: str) -> SalesRow | None:
    deal_id = whole(raw.get("deal_id"))
    deal_id = whole(raw.get("amocrm_lead_id")) if deal_id is None else deal_id
    if deal_id is None:
        return None
    amount = number(raw.get("amount"))
    is_fallback = text(raw.get("attribution_source")) == "fallback"
    originals = {name: raw.get(f"original_{name}") for name in UTM_NAMES}
    return SalesRow(
        product=product,
        deal_id=deal_id,
        pipeline_id=whole(raw.get("pipeline_id")),
        status_id=whole(raw.get("status_id")),
        amount=number(raw.get("sale_amount")) if amount is None else amount,
        utm=utm_set(raw, is_fallback=is_fallback),
        original=NO_UTM if is_fallback else utm_set(originals),
        is_prepaid=flag(raw.get("prepaid")),
        sale_type=text(raw.get("sale_type")),
        prepayment_deal_id=whole(raw.get("prepayment_deal_id")),
        related_deal_id=whole(raw.get("related_deal_id")),
        identifiers=row_identifiers(raw),
        sold_at=moment(raw.get("sale_date")),
        created_at=moment(raw.get("created_at")),
        test_reasons=frozenset(_test_reasons(raw)),
    )


def row_identifiers(raw: Row) -> tuple[Identifier, ...]:
    """Return the phones and e-mails a row of any table holds."""
    calls = texts(raw, "phone", "lead_phone", "customer_phone")
    mails = texts(raw, "email", "lead_email", "customer_email")
    found = [("phone", phone) for value in calls for phone in phones(value)]
    found += [("email", email) for value in mails for email in emails(value)]
    return tuple(dict.fromkeys(found))


def _test_reasons(raw: Row) -> Iterator[str]:
    tags = [raw.get(name) for name in UTM_NAMES]
    tags += [raw.get(f"original_{name}") for name in UTM_NAMES]
    if whole(raw.get("pipeline_id")) in TEST_PIPELINES:
        yield "pipeline"
    if any(map(is_test_tag, tags)):
        yield "utm"
    is_run = flag(mapping(raw.get("metadata")).get("testRun")) is True
    if is_run or any(map(is_test_name, texts(raw, "customer_name", "lead_name"))):
        yield "table_row"
