"""AmoCRM's dictionaries: the account, its users, pipelines and custom fields.

Deals and contacts belong to `crm.py`.
"""

from pipelines.sandbox.story.deals import (
    EXPRESS,
    FLAGMAN,
    INTENSIVE,
    LOST,
    OLD_MAIN,
    PARTNERS,
    PROFTEST,
    SHORT_COURSE,
    STAGES,
    TEST,
    TWO_STEP,
    WEBINARS,
    WON,
)
from pipelines.sandbox.story.world import Document

ACCOUNT_ID = 30_000_001
MANAGER_IDS = (11_000_001, 11_000_002, 11_000_003)
# She left; deals and events still name her.
FORMER_ID = 11_000_004
PHONE_FIELD, EMAIL_FIELD = 301_001, 301_003
TRACKING_FIELDS = {
    "UTM_CONTENT": 434725,
    "UTM_MEDIUM": 434727,
    "UTM_CAMPAIGN": 434729,
    "UTM_SOURCE": 434731,
    "UTM_TERM": 434733,
    "UTM_REFERRER": 434735,
    "FBCLID": 434761,
}
# Fields that people made by hand beside them; the last one means something else.
TWIN_SOURCE, TWIN_MEDIUM, TWIN_CAMPAIGN, TWIN_OTHER, NAMED_SOURCE = (
    522935, 951803, 951805, 951807, 960001,
)  # fmt: skip
TWIN_NAMES = {
    TWIN_SOURCE: "utm_source",
    TWIN_MEDIUM: "utm_medium",
    TWIN_CAMPAIGN: "utm_campaign",
    TWIN_OTHER: "Комментарий менеджера",
    NAMED_SOURCE: "UTM_Source",
}
LOSS_REASONS = [
    {"id": 700001 + number, "name": name, "sort": 10_000 * (number + 1),
     "created_at": 1_700_000_000, "updated_at": 1_700_000_000}
    for number, name in enumerate(("Дорого", "Нет ответа", "Передумал"))
]  # fmt: skip
TAG_IDS = {"landing": 501, "vip": 502, "Повтор": 503}
SOURCE_ID, OTHER_SOURCE_ID = 15_001_001, 15_001_002
# A kind of field that no client has heard of, and one that people choose from.
RATING_FIELD, PACKAGE_FIELD = 970_001, 970_003
PACKAGES = {970_101: "Стандарт", 970_102: "Премиум"}
# More than a page of fields stands before the twins.
FILLER_FIELDS = 55
PIPELINES = {
    EXPRESS: "Express Course",
    FLAGMAN: "Основной продукт",
    SHORT_COURSE: "КЦ",
    OLD_MAIN: "ОП",
    TWO_STEP: "Предоплаты",
    INTENSIVE: "Однодневник",
    TEST: "Тестовая",
    PROFTEST: "Профтест (старая)",
    PARTNERS: "Партнёры",
    WEBINARS: "Вебинары (архив)",
}
ARCHIVED = {PROFTEST, WEBINARS}


def describe_account() -> Document:
    """Return the account; its currency is that of every deal."""
    return {
        "id": ACCOUNT_ID,
        "name": "School Sample",
        "subdomain": "sandbox",
        "current_user_id": MANAGER_IDS[0],
        "country": "KZ",
        "currency": "KZT",
        "currency_symbol": "₸",
        "customers_mode": "disabled",
        "is_unsorted_on": True,
        "is_loss_reason_enabled": True,
        "language": "ru",
    }


def describe_users() -> list[Document]:
    """Return the sales managers, the former one included."""
    return [
        {
            "id": user_id,
            "name": f"Manager Sample{number}",
            "email": f"manager.{number}@crm.example",
            "lang": "ru",
            "rights": {"is_admin": number == 1, "is_active": user_id != FORMER_ID},
        }
        for number, user_id in enumerate((*MANAGER_IDS, FORMER_ID), start=1)
    ]


def manager_of(deal_id: int) -> int:
    """Return who is responsible for a deal that was never handed over."""
    return MANAGER_IDS[deal_id % len(MANAGER_IDS)]


def list_pipelines() -> list[Document]:
    """Return every pipeline with its statuses; 142 and 143 are in all of them."""
    return [
        {
            "id": pipeline_id,
            "name": name,
            "sort": number,
            "is_main": pipeline_id == EXPRESS,
            "is_unsorted_on": True,
            "is_archive": pipeline_id in ARCHIVED,
            "account_id": ACCOUNT_ID,
            "_embedded": {"statuses": _statuses(pipeline_id)},
        }
        for number, (pipeline_id, name) in enumerate(PIPELINES.items(), start=1)
    ]


def _statuses(pipeline_id: int) -> list[Document]:
    named = [*STAGES[pipeline_id].items(), (WON, "Успешно"), (LOST, "Не реализовано")]
    return [
        {
            "id": status_id,
            "name": name,
            "sort": 10 * (number + 1)
            if status_id not in {WON, LOST}
            else 10_000 + number,
            "is_editable": status_id not in {WON, LOST},
            "pipeline_id": pipeline_id,
            "color": "#99ccff",
            "type": 1 if number == 0 else 0,
            "account_id": ACCOUNT_ID,
        }
        for number, (status_id, name) in enumerate(named)
    ]


def custom_fields() -> dict[str, list[Document]]:
    """Return the fields by entity; the tracking twins come after the first page."""
    fields = [
        _field(field_id, code.lower(), code, "tracking_data")
        for code, field_id in TRACKING_FIELDS.items()
    ]
    fields += [
        _field(800_001 + number, f"Анкета {number + 1}", None, "text")
        for number in range(FILLER_FIELDS)
    ]
    fields += [_field(field_id, name, None, "text") for field_id, name in
               TWIN_NAMES.items()]  # fmt: skip
    fields.append(_field(RATING_FIELD, "Оценка робота", None, "neural_rating"))
    packages = [
        {"id": enum_id, "value": name, "sort": enum_id}
        for enum_id, name in PACKAGES.items()
    ]
    choice = _field(PACKAGE_FIELD, "Пакет", None, "select")
    fields.append(choice | {"enums": packages})
    contacts = [
        _field(PHONE_FIELD, "Телефон", "PHONE", "multitext"),
        _field(EMAIL_FIELD, "Email", "EMAIL", "multitext"),
    ]
    return {"leads": fields, "contacts": contacts}


def _field(field_id: int, name: str, code: str | None, field_type: str) -> Document:
    return {
        "id": field_id,
        "name": name,
        "code": code,
        "type": field_type,
        "sort": field_id,
        "is_api_only": field_type == "tracking_data",
        "account_id": ACCOUNT_ID,
    }
