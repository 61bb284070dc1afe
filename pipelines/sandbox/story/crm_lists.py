"""What AmoCRM holds beside deals and contacts: companies, tasks, catalogs, hooks.

Pipelines, fields and users belong to `crm_dictionaries.py`.
"""

from dataclasses import dataclass
from datetime import timedelta

from pipelines.sandbox.story.calendar import unix
from pipelines.sandbox.story.crm_dictionaries import (
    ACCOUNT_ID,
    FORMER_ID,
    LOSS_REASONS,
    MANAGER_IDS,
    OTHER_SOURCE_ID,
    SOURCE_ID,
    TAG_IDS,
)
from pipelines.sandbox.story.crm_events import people_event
from pipelines.sandbox.story.deals import LOST, WON, Deal
from pipelines.sandbox.story.dice import Dice
from pipelines.sandbox.story.world import Document

FIRST_COMPANY, FIRST_TASK, FIRST_BILL = 47_000_001, 48_000_001, 49_000_001
COURSES, INVOICES = 5001, 5003
FOLLOW_UP = 1
GONE_CONTACT = 45_999_999


@dataclass(frozen=True)
class CrmLists:
    """The lists of an AmoCRM world that are no deals and no contacts."""

    companies: list[Document]
    tasks: list[Document]
    loss_reasons: list[Document]
    tags: dict[str, list[Document]]
    sources: list[Document]
    catalogs: list[Document]
    catalog_elements: list[Document]
    webhooks: list[Document]
    events: list[Document]


def write_lists(dice: Dice, deals: list[Deal]) -> CrmLists:
    """Write the lists around deals; the deals learn of their companies and bills."""
    living = [deal for deal in deals if deal.is_listed]
    return CrmLists(
        companies=_companies(living),
        tasks=_tasks(deals),
        loss_reasons=[dict(reason) for reason in LOSS_REASONS],
        tags=_tags(),
        sources=_sources(),
        catalogs=_catalogs(),
        catalog_elements=_elements(living),
        webhooks=_webhooks(),
        events=_people_events(dice, living),
    )


def _companies(deals: list[Deal]) -> list[Document]:
    companies = []
    for number, deal in enumerate(deals[:3]):
        deal.embedded |= {"companies": [{"id": FIRST_COMPANY + number}]}
        companies.append(
            {
                "id": FIRST_COMPANY + number,
                "name": f"Company Sample{number + 1}",
                "responsible_user_id": MANAGER_IDS[0],
                "group_id": 0,
                "created_by": 0,
                "updated_by": 0,
                "created_at": unix(deal.created_at),
                "updated_at": unix(deal.updated_at),
                "closest_task_at": None,
                "is_deleted": False,
                "custom_fields_values": None,
                "account_id": ACCOUNT_ID,
                "_embedded": {"tags": [], "leads": [{"id": deal.deal_id}]},
            }
        )
    return companies


def _tasks(deals: list[Deal]) -> list[Document]:
    """Write a task for every third deal: done, still open, overdue, of one who left."""
    tasks = []
    for number, deal in enumerate(deals[::3]):
        begun, is_done = deal.created_at, number % 2 == 0
        tasks.append(
            {
                "id": FIRST_TASK + number,
                "created_by": MANAGER_IDS[0],
                "updated_by": MANAGER_IDS[0],
                "created_at": unix(begun),
                "updated_at": unix(deal.updated_at if is_done else begun),
                "responsible_user_id": FORMER_ID if number == 1 else MANAGER_IDS[1],
                "group_id": 0,
                "entity_id": deal.deal_id,
                "entity_type": "leads",
                "duration": 0,
                "is_completed": is_done,
                "task_type_id": FOLLOW_UP,
                "text": "Связаться",
                "result": {"text": "Готово"} if is_done else [],
                "complete_till": unix(begun + timedelta(days=1)),
                "account_id": ACCOUNT_ID,
            }
        )
    return tasks


def _tags() -> dict[str, list[Document]]:
    leads = [
        {"id": tag_id, "name": name, "color": None} for name, tag_id in TAG_IDS.items()
    ]
    return {"leads": leads, "contacts": [{"id": 601, "name": "vip", "color": None}]}


def _sources() -> list[Document]:
    named = {SOURCE_ID: ("Сайт", True), OTHER_SOURCE_ID: ("Чат", False)}
    return [
        {
            "id": source_id,
            "name": name,
            "pipeline_id": None,
            "external_id": f"source-{source_id}",
            "default": is_default,
        }
        for source_id, (name, is_default) in named.items()
    ]


def _catalogs() -> list[Document]:
    named = {COURSES: ("Курсы", "regular"), INVOICES: ("Счета", "invoices")}
    return [
        {
            "id": catalog_id,
            "name": name,
            "created_by": MANAGER_IDS[0],
            "updated_by": MANAGER_IDS[0],
            "created_at": 1_700_000_000,
            "updated_at": 1_700_000_000,
            "sort": 10 * number,
            "type": kind,
            "can_add_elements": True,
            "can_show_in_cards": kind == "regular",
            "can_link_multiple": True,
            "account_id": ACCOUNT_ID,
        }
        for number, (catalog_id, (name, kind)) in enumerate(named.items(), start=1)
    ]


def _elements(deals: list[Deal]) -> list[Document]:
    """Write two courses, and a bill for each deal that was won or lost."""
    elements = [
        _element(COURSES, FIRST_BILL - 1 - number, name, 1_700_000_000, [])
        for number, name in enumerate(("Экспресс", "Флагман"))
    ]
    closed = [deal for deal in deals if deal.status in {WON, LOST}][:8]
    for number, deal in enumerate(closed):
        status = "Оплачен" if deal.status == WON else "Создан"
        values = [
            _value("BILL_STATUS", "Статус", "select", status),
            _value("BILL_PRICE", "Итого", "numeric", str(deal.price or 0)),
        ]
        bill_id, made_at = FIRST_BILL + number, unix(deal.updated_at)
        elements.append(
            _element(INVOICES, bill_id, f"Счет {number + 1}", made_at, values)
        )
        deal.embedded |= {
            "catalog_elements": [
                {
                    "id": bill_id,
                    "metadata": {"quantity": 1, "catalog_id": INVOICES},
                    "quantity": 1,
                    "catalog_id": INVOICES,
                }
            ]
        }
    return elements


def _element(
    catalog_id: int, element_id: int, name: str, made_at: int, values: list[Document]
) -> Document:
    return {
        "id": element_id,
        "catalog_id": catalog_id,
        "name": name,
        "created_by": MANAGER_IDS[0],
        "updated_by": MANAGER_IDS[0],
        "created_at": made_at,
        "updated_at": made_at,
        "is_deleted": None,
        "custom_fields_values": values or None,
        "account_id": ACCOUNT_ID,
    }


def _value(code: str, name: str, kind: str, value: str) -> Document:
    return {
        "field_id": 980_001 if code == "BILL_STATUS" else 980_003,
        "field_name": name,
        "field_code": code,
        "field_type": kind,
        "values": [{"value": value}],
    }


def _webhooks() -> list[Document]:
    """Return the subscription of a stranger, which AmoCRM has given up on."""
    return [
        {
            "id": 7001,
            "destination": "https://hooks.example/amocrm",
            "settings": ["add_lead", "status_lead"],
            "disabled": True,
            "sort": 1,
            "created_by": MANAGER_IDS[0],
            "created_at": 1_700_000_000,
            "updated_at": 1_700_000_000,
            "account_id": ACCOUNT_ID,
        }
    ]


def _people_events(dice: Dice, deals: list[Deal]) -> list[Document]:
    """Tell of a contact that is gone, and of a company that came back."""
    moment = deals[0].created_at + timedelta(hours=1)
    later = moment + timedelta(hours=2)
    return [
        people_event(dice, "contact", GONE_CONTACT, "contact_deleted", moment),
        people_event(dice, "company", FIRST_COMPANY, "company_deleted", moment),
        people_event(dice, "company", FIRST_COMPANY, "company_restored", later),
    ]
