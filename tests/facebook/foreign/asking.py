"""A question to the Graph API, taken apart; and the refusal of one.

Strict where Meta is strict: versions, credentials, fields, JSON. What the answer is
belongs to `edges.py` and `insights.py`.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from typing import Any

VERSION = "v26.0"
AGENT = "fbbizsdk-python-v26"
MODULES = {
    "account": ("adaccount", "AdAccount"),
    "campaigns": ("campaign", "Campaign"),
    "adsets": ("adset", "AdSet"),
    "ads": ("ad", "Ad"),
    "adcreatives": ("adcreative", "AdCreative"),
    "insights": ("adsinsights", "AdsInsights"),
    "activities": ("adactivity", "AdActivity"),
    "leadgen_forms": ("leadgenform", "LeadgenForm"),
    "leads": ("lead", "Lead"),
    "pages": ("page", "Page"),
    "job": ("adreportrun", "AdReportRun"),
}
_FIELD = re.compile(r"([A-Za-z0-9_]+)((?:\.[a-z_]+\([^)]*\))*)(\{)?")


class Refusal(Exception):
    """An error object, as Graph sends it."""

    def __init__(
        self,
        code: int,
        message: str,
        *,
        subcode: int | None = None,
        status: int = 400,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.subcode = subcode
        self.status = status
        self.headers = dict(headers or {})

    def body(self) -> dict[str, Any]:
        error: dict[str, Any] = {
            "message": str(self),
            "type": "OAuthException",
            "code": self.code,
            "fbtrace_id": "AForeignTrace",
        }
        if self.subcode is not None:
            error["error_subcode"] = self.subcode
        return {"error": error}


@dataclass(frozen=True)
class Question:
    """One call: where to, and what for; `account` is the digits of whom it costs."""

    method: str
    path: tuple[str, ...]
    params: Mapping[str, str]
    account: str = ""
    category: str = "other"
    trailing_slash: bool = False
    extra: dict[str, Any] = field(default_factory=dict)

    def json(self, name: str, default: object = None) -> Any:
        text = self.params.get(name)
        if text is None:
            return default
        try:
            return json.loads(text)
        except ValueError:
            raise Refusal(100, f"(#100) param {name} must be valid JSON") from None

    def texts(self, name: str) -> list[str]:
        """Return a list that may come as JSON or between commas."""
        text = self.params.get(name, "")
        found = self.json(name) if text.startswith("[") else text.split(",")
        return [str(item) for item in found if item]

    def fields(self, kind: str) -> list[str]:
        """Return the asked fields, without what is asked inside of them."""
        text = self.params.get("fields", "")
        if text.startswith("["):
            text = ",".join(self.texts("fields"))
        names = _outermost(text)
        for name in names:
            if name not in known_fields(kind):
                raise Refusal(
                    100,
                    f"(#100) Tried accessing nonexisting field ({name}) "
                    f"on node type ({MODULES[kind][1]})",
                )
        return names

    @property
    def limit(self) -> int:
        limit = int(self.params.get("limit", "25"))
        if limit < 1 or limit > 5000:
            raise Refusal(100, "(#100) limit must be between 1 and 5000")
        return limit


@cache
def known_fields(kind: str) -> frozenset[str]:
    """Return the fields of a kind of object, as the SDK's source lists them."""
    module, name = MODULES[kind]
    owner = getattr(import_module(f"facebook_business.adobjects.{module}"), name)
    names = {v for k, v in vars(owner.Field).items() if not k.startswith("_")}
    if kind == "pages":
        # Documented for the list of pages, but not a field of the SDK's page.
        names.add("tasks")
    return frozenset(names | {"id", "account_id"})


def _outermost(text: str) -> list[str]:
    names, at = [], 0
    while at < len(text):
        found = _FIELD.match(text, at)
        if not found:
            raise Refusal(2500, f"Syntax error at character {at}: {text[at:]}")
        names.append(found[1])
        at = found.end()
        if found[3]:
            depth = 1
            while depth and at < len(text):
                depth += {"{": 1, "}": -1}.get(text[at], 0)
                at += 1
        at += text[at : at + 1] == ","
    return names


def check_credentials(
    params: Mapping[str, str], agent: str, *, tokens: Collection[str], secret: str
) -> None:
    """Refuse a call that is not signed as the application must sign."""
    token = params.get("access_token", "")
    if token not in tokens:
        message = f"Invalid OAuth access token {params.get('access_token')}"
        raise Refusal(190, message, subcode=463, status=401)
    if secret:
        proof = hmac.new(secret.encode(), token.encode(), hashlib.sha256).hexdigest()
        if params.get("appsecret_proof") != proof:
            raise Refusal(100, "Invalid appsecret_proof provided in the API argument")
    if not agent.startswith(AGENT):
        raise Refusal(10, f"an application asked that is not ours: {agent}")


def category(path: tuple[str, ...], params: Mapping[str, str]) -> str:
    """Return what a call is for, as it is counted."""
    if not path:
        return "batch"
    if len(path) == 1:
        if path[0].startswith("act_"):
            return "account"
        return "token" if path[0] in ("me", "debug_token") else "objects by id"
    if path[1] != "insights":
        return "token" if path[1] == "permissions" else path[1]
    if "breakdowns" in params:
        return "hourly insights"
    return f"{params.get('level', 'account')} insights"
