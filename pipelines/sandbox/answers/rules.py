"""The business's constants, as the answers know them: lists, limits and maps.

Data only; what is done with them belongs to the modules that import them.
"""

from datetime import timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

ALMATY: Final = ZoneInfo("Asia/Almaty")

WON: Final = 142
LOST: Final = 143

EXPRESS: Final = "express"
FLAGMAN: Final = "flagman"
CHALLENGE3D: Final = "challenge3d"
INTENSIVE1D: Final = "intensive1d"
UNKNOWN: Final = "unknown"
FUNNELS: Final = frozenset({EXPRESS, FLAGMAN, CHALLENGE3D, INTENSIVE1D})
MAPPED_FUNNELS: Final = frozenset({EXPRESS, CHALLENGE3D, INTENSIVE1D})

PIPELINE_PRODUCTS: Final = {
    10350882: EXPRESS,
    10418746: FLAGMAN,
    9777626: CHALLENGE3D,
    9430994: CHALLENGE3D,
    9977350: CHALLENGE3D,
    9820886: INTENSIVE1D,
}
TEST_PIPELINES: Final = frozenset({9965766})
LEADS_ONLY_PIPELINES: Final = frozenset({8311042})

SALES_TABLES: Final = {
    "express_course_sales": EXPRESS,
    "main_product_sales": FLAGMAN,
    "challenge3d_sales": CHALLENGE3D,
    "intensive1d_sales": INTENSIVE1D,
}

PRODUCT_KEYWORDS: Final = (
    (CHALLENGE3D, ("3d", "challenge", "трехдневник", "3дневник", "3х", "diary")),
    (EXPRESS, ("express", "экспресс", "5000", "5k")),
    (INTENSIVE1D, ("intensive", "1day", "1d", "однодневник")),
)

TEST_DEALS: Final = frozenset({99999999})
FIRST_FAKE_DEAL: Final = 1_000_000_000
PREPAYMENT_MAX: Final = Decimal(10_000)
WON_CORRECTION: Final = timedelta(hours=24)
IDENTITY_GUARD: Final = 12

BLANK_UTM: Final = frozenset(
    {
        "",
        "null",
        "undefined",
        "none",
        "(none)",
        "(not set)",
        "unknown",
        "no utm source",
        "__no_match__",
        "-",
        "n/a",
        "другие",
    }
)
GENERIC_SOURCES: Final = frozenset(
    {
        "facebook",
        "fb",
        "instagram",
        "ig",
        "meta",
        "google",
        "tiktok",
        "youtube",
        "vk",
    }
)
GENERIC_MEDIUMS: Final = GENERIC_SOURCES | {"cpc"}
OWN_CHANNELS: Final = frozenset({"email", "sms"})
ORGANIC_SOURCES: Final = frozenset({"organic", "direct"})
ID_DIGITS: Final = 14

UTM_FIELD_IDS: Final = {
    "utm_source": 434731,
    "utm_medium": 434727,
    "utm_campaign": 434729,
    "utm_content": 434725,
    "utm_term": 434733,
}
TWIN_FIELD_IDS: Final = (522935, 951803, 951805, 951807)

RATE_MIN: Final = Decimal(400)
RATE_MAX: Final = Decimal(600)
RATE_MAX_AGE_DAYS: Final = 7
PLACEHOLDER_RATES: Final = frozenset({Decimal("475.25")})

UNATTRIBUTED: Final = "Unattributed"
UNATTRIBUTED_KEY: Final = "unattributed"
NO_TEAM_KEYS: Final = frozenset({"unattributed", "unassigned"})

PLAN_GROWTH_PCT: Final = Decimal(10)
PLAN_MIN_ROAS: Final = Decimal("1.5")
PLAN_MAX_CPA_USD: Final = Decimal(60)
FORECAST_WEEKS: Final = 8
BACKTEST_WEEKS: Final = 12
