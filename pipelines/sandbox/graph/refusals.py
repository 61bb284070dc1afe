"""What Facebook says when it says no: the error bodies of the Graph API.

Only their wording and codes; when they are said belongs to the modules beside it.
"""

from typing import Any

from starlette.responses import JSONResponse


class Refusal(Exception):
    """An answer that is an error object."""

    def __init__(
        self,
        message: str,
        *,
        code: int,
        subcode: int | None = None,
        kind: str = "OAuthException",
        status: int = 400,
        is_transient: bool = False,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.headers: dict[str, str] = {}
        self.error: dict[str, Any] = {"message": message, "type": kind, "code": code}
        if subcode is not None:
            self.error["error_subcode"] = subcode
        if is_transient:
            self.error["is_transient"] = True
        self.error["fbtrace_id"] = "AbCdEfGhIjKlMnOpQrStUvW"

    def response(self) -> JSONResponse:
        return JSONResponse(
            {"error": self.error}, status_code=self.status, headers=self.headers
        )


def token_missing() -> Refusal:
    return Refusal(
        "An active access token must be used to query information about the current "
        "user.",
        code=2500,
    )


def token_wrong() -> Refusal:
    return Refusal("Invalid OAuth access token - Cannot parse access token", code=190)


def token_expired() -> Refusal:
    return Refusal(
        "Error validating access token: Session has expired on Monday, 05-Jan-26 "
        "21:00:00 PST.",
        code=190,
        subcode=463,
    )


def proof_missing() -> Refusal:
    return Refusal(
        "API calls from the server require an appsecret_proof argument",
        code=100,
        kind="GraphMethodException",
    )


def proof_wrong() -> Refusal:
    return Refusal(
        "Invalid appsecret_proof provided in the API argument",
        code=100,
        kind="GraphMethodException",
    )


def version_ended(version: str) -> Refusal:
    return Refusal(
        "(#2635) You are calling a deprecated version of the Ads API. Please update to "
        f"the latest version: v26.0. Called: {version}.",
        code=2635,
    )


def unknown_path(path: str) -> Refusal:
    return Refusal(
        f"Unknown path components: /{path}", code=2500, kind="OAuthException"
    )


def unknown_object(object_id: str) -> Refusal:
    return Refusal(
        f"Unsupported get request. Object with ID '{object_id}' does not exist, cannot "
        "be loaded due to missing permissions, or does not support this operation. "
        "Please read the Graph API documentation at "
        "https://developers.facebook.com/docs/graph-api",
        code=100,
        subcode=33,
        kind="GraphMethodException",
    )


def unknown_field(field: str, *, kind: str) -> Refusal:
    return Refusal(
        f"(#100) Tried accessing nonexisting field ({field}) on node type ({kind})",
        code=100,
    )


def unknown_insights_field(field: str) -> Refusal:
    return Refusal(
        f"(#100) {field} is not valid for fields param. please check "
        "https://developers.facebook.com/docs/marketing-api/reference/ads-insights/ "
        "for all valid values",
        code=100,
    )


def wrong_parameter(name: str, reason: str) -> Refusal:
    return Refusal(f"(#100) Param {name} {reason}", code=100)


def wrong_summary(value: str) -> Refusal:
    return Refusal(
        f"(#100) Cannot include {value} in summary param because they weren't there "
        "while creating the report run.",
        code=100,
    )


def too_long_ago() -> Refusal:
    return Refusal(
        "(#3018) The start date of the time range cannot be beyond 37 months from the "
        "current date",
        code=3018,
    )


def deleted_in_edge() -> Refusal:
    return Refusal(
        "(#100) Cannot Request for Deleted Objects: they can only be read by their id",
        code=100,
        subcode=1815001,
    )


def run_not_ready() -> Refusal:
    return Refusal("(#2601) Error accessing adreport job.", code=2601, subcode=1815107)


def batch_too_large() -> Refusal:
    return Refusal(
        "Too many requests in batch message. Maximum batch size is 50", code=1
    )


def no_page_permission() -> Refusal:
    return Refusal(
        "(#200) Requires leads_retrieval and pages_manage_ads permission to manage the "
        "object",
        code=200,
        status=403,
    )


def no_permission() -> Refusal:
    return Refusal(
        "(#200) Ad account owner has NOT grant ads_management or ads_read permission",
        code=200,
        status=403,
    )


def try_again() -> Refusal:
    return Refusal(
        "An unexpected error has occurred. Please retry your request later.",
        code=2,
        status=500,
        is_transient=True,
    )


def too_much_data(code: int = 1, subcode: int | None = None) -> Refusal:
    return Refusal(
        "Please reduce the amount of data you're asking for, then retry your request",
        code=code,
        subcode=subcode,
        status=500,
    )


def poisoned(code: int, subcode: int | None) -> Refusal:
    return Refusal("An unknown error occurred", code=code, subcode=subcode, status=500)


def user_limit() -> Refusal:
    return Refusal("(#17) User request limit reached", code=17, subcode=2446079)


def too_many_calls(code: int) -> Refusal:
    whose = "this lead form" if code == 80005 else "this ad-account"
    return Refusal(
        f"(#{code}) There have been too many calls from {whose}. Wait a bit and try "
        "again. For more info, please refer to "
        "https://developers.facebook.com/docs/graph-api/overview/rate-limiting.",
        code=code,
        subcode=2446079,
    )
