"""AmoCRM's refusals: problems in JSON, and the pages of the servers in front of it.

When which of them is due belongs to `guard.py` and to the endpoints.
"""

from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from pipelines.sandbox.crm.behaviour import Behaviour

PAGE = """<html>
<head><title>{title}</title></head>
<body>
<center><h1>{title}</h1></center>
<hr><center>nginx</center>
</body>
</html>
"""


def problem(
    status: int, title: str, detail: str, *, headers: dict[str, str] | None = None,
    **more: object,
) -> Response:  # fmt: skip
    body = {
        "title": title,
        "type": f"https://httpstatus.es/{status}",
        "status": status,
        "detail": detail,
        **more,
    }
    return JSONResponse(
        body,
        status_code=status,
        headers=headers,
        media_type="application/problem+json",
    )


def page(status: int, title: str) -> Response:
    """Return the HTML of a server that never asked AmoCRM."""
    return HTMLResponse(PAGE.format(title=f"{status} {title}"), status_code=status)


def unauthorized() -> Response:
    return problem(401, "Unauthorized", "the token is wrong, expired or revoked")


def unpaid() -> Response:
    return problem(402, "Payment Required", "the account is not paid for")


def forbidden(form: str) -> Response:
    if form == "html":
        return page(403, "Forbidden")
    return problem(403, "Forbidden", "the user has no right to do this")


def too_large() -> Response:
    return page(504, "Gateway Time-out")


def too_many(behaviour: Behaviour) -> Response:
    """Return 429 with the wait where this account puts it."""
    wait, place = behaviour.retry_after, behaviour.retry_after_in
    headers = {"Retry-After": str(wait)} if place != "body" else None
    more = {"retry_after": wait} if place != "header" else {}
    return problem(429, "Too Many Requests", "slow down", headers=headers, **more)


def invalid(path: str, detail: str) -> Response:
    """Return 400 as a validation puts it: errors in a list."""
    errors = [{"code": "NotSupportedChoice", "path": path, "detail": detail}]
    more: dict[str, Any] = {
        "validation-errors": [{"request_id": "0", "errors": errors}]
    }
    return problem(400, "Bad Request", "Request validation failed", **more)


def oauth(hint: str, status: int = 401) -> Response:
    """Return the refusal of the desk of tokens, which says why in a hint."""
    body = {
        "hint": hint,
        "title": "Авторизация не удалась",
        "type": "https://developers.amocrm.ru/v3/errors/OAuthProblemJson",
        "status": status,
        "detail": "В запросе отсутствует ряд параметров или параметры невалидны",
    }
    return JSONResponse(body, status_code=status, media_type="application/problem+json")
