"""An inbox of webhooks, as the receiver fills it and a refresh empties it."""

import hashlib
from urllib.parse import urlencode

import psycopg
import pytest

from pipelines.ingest.amocrm import inbox
from pipelines.ingest.amocrm.inbox import ParsedDeliveries, Work
from pipelines.warehouse import connect
from tests.conftest import NewDatabase

OURS = {"account[id]": "31000001", "account[subdomain]": "sandbox"}


class Box:
    """An inbox, as the receiver fills it and a refresh empties it."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.warehouse = connect(url)

    def put(self, body: bytes | dict[str, str], *, content_type: str = "form") -> int:
        body = urlencode(body).encode() if isinstance(body, dict) else body
        return self.one(
            "insert into raw.amocrm__webhook_inbox (sha256, secret, size, body, "
            "content_type) values (%s, 'current', %s, %s, %s) returning delivery_id",
            hashlib.sha256(body).hexdigest(), len(body), body, content_type,
        )  # fmt: skip

    def ring(self, *ids: int, entity: str = "leads", action: str = "update") -> int:
        named = {f"{entity}[{action}][{n}][id]": str(id_) for n, id_ in enumerate(ids)}
        return self.put({**named, **OURS})

    def parse(self, **more) -> ParsedDeliveries:
        values = {"account_id": 31000001, "subdomain": "sandbox", **more}
        return inbox.parse_deliveries(self.warehouse, **values)

    def finish(self, work: Work, outcome: str = "changed") -> None:
        with self.warehouse.transaction():
            for entity, ids in work.ids.items():
                found = dict.fromkeys(ids, (outcome, 1))
                inbox.finish_work(self.warehouse, entity, found, upto=work.upto)

    def claim(self, **more) -> dict[str, list[int]]:
        return inbox.claim_work(self.warehouse, **more).ids

    def items(self, columns: str = "entity_type, entity_id, action") -> list[tuple]:
        table = "raw.amocrm__webhook_items"
        return self.rows(f"select {columns} from {table} order by delivery_id, item")

    def verdict(self, delivery: int) -> tuple:
        return self.rows(
            "select parse_status, quarantine_reason from raw.amocrm__webhook_inbox "
            f"where delivery_id = {delivery}"
        )[0]

    def rows(self, query: str, *values) -> list[tuple]:
        with psycopg.connect(self.url, autocommit=True) as other:
            return other.execute(query, values).fetchall()

    def one(self, query: str, *values):
        return self.rows(query, *values)[0][0]

    def run(self, statement: str, *values) -> None:
        with psycopg.connect(self.url, autocommit=True) as other:
            other.execute(statement, values)


@pytest.fixture(scope="module")
def shared_box(lasting_warehouse: NewDatabase):
    box = Box(lasting_warehouse())
    yield box
    box.warehouse.close()


@pytest.fixture
def box(shared_box):
    shared_box.run(
        "truncate raw.amocrm__webhook_inbox, raw.amocrm__webhook_items, "
        "raw.amocrm__account restart identity"
    )
    return shared_box
