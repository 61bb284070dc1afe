"""What a sender is answered, and what is in the inbox by then."""

import contextlib
import hashlib
import hmac
import logging
import socket
from dataclasses import replace

import psycopg
import pytest

from pipelines.ingest.amocrm.inbox import REVOCATION
from pipelines.webhook.limits import LIMITS
from tests.webhook.receiving import (
    BODY,
    FORM,
    INTEGRATION,
    PATH,
    PREVIOUS,
    SECRET,
    dial,
    digest,
    head,
    hear,
    receiving,
)

QUICK = replace(LIMITS, header_seconds=1, body_seconds=0.5, linger_seconds=0.3)


@pytest.fixture(scope="module")
def running(lasting_database):
    with receiving(lasting_database(), limits=QUICK) as running:
        yield running


@pytest.fixture
def receiver(running):
    """Return the one receiver with an empty inbox."""
    with psycopg.connect(running.url, autocommit=True) as other:
        other.execute("truncate raw.amocrm__webhook_inbox restart identity")
    return running


def test_delivery_is_kept_byte_for_byte(receiver):
    body = BODY + b"&name=\x00\xff%00&emoji=\xf0\x9f\x98\x80"

    answer = receiver.post(
        body, X_amoCRM_RequestId="r-1", User_Agent="amoCRM-Webhooks/3.0"
    )

    assert (answer.status, answer.text) == (200, "ok\n")
    columns = "body, sha256, size, request_id, user_agent, content_type, secret"
    assert receiver.stored(columns + ", parse_status, remote_hint") == [
        (
            *(body, digest(body), len(body), "r-1", "amoCRM-Webhooks/3.0", FORM),
            *("current", "new", "127.0.0.1"),
        )
    ]


def test_whatever_comes_is_answered_once_it_is_kept(receiver):
    bodies = [b"", b"{", b"\x00" * 100, b"%" * 1000, b"talk[add][0][id]=1"]

    statuses = [receiver.post(body).status for body in bodies]

    assert statuses == [200] * 5
    assert [body for (body,) in receiver.stored()] == bodies


def test_same_request_is_kept_once_and_the_same_bytes_each_time(receiver):
    for request in ("r-1", "r-1", "r-2"):
        receiver.post(X_amoCRM_RequestId=request)
    for _ in range(2):
        receiver.post()

    assert [request for (request,) in receiver.stored("request_id")] == [
        *("r-1", "r-2", None, None)
    ]


def test_one_request_id_may_carry_two_bodies(receiver):
    for body in (b"a=1", b"a=2"):
        assert receiver.post(body, X_amoCRM_RequestId="r-1").status == 200

    assert receiver.stored() == [(b"a=1",), (b"a=2",)]


def test_previous_secret_still_opens(receiver):
    before = receiver.health()["previous_secret"]

    assert receiver.post(path=f"/amocrm/{PREVIOUS}").status == 200

    assert receiver.stored("secret") == [("previous",)]
    assert receiver.health()["previous_secret"] == before + 1


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/amocrm",
        "/amocrm/",
        f"/amocrm/{SECRET[:-1]}",
        f"/amocrm/{SECRET}x",
        f"/amocrm/{SECRET.lower()}",
        f"/{SECRET}",
        f"/other/{SECRET}",
        f"/amocrm/{SECRET}/other",
        f"/amocrm/?secret={SECRET}",
        "/amocrm/%ff%00",
    ],
)
def test_without_the_secret_there_is_nothing_here(receiver, path):
    before = receiver.health()["wrong_secret"]

    answer = receiver.post(path=path)

    assert (answer.status, answer.text) == (404, "not found\n")
    assert receiver.stored() == []
    assert receiver.health()["wrong_secret"] == before + 1


def test_wrong_secret_is_answered_before_its_body(receiver):
    with dial(
        receiver.port, head("/amocrm/x", "Content-Length: 900000") + b"\r\n"
    ) as line:
        assert hear(line).startswith(b"HTTP/1.1 404")


def test_secret_takes_posts_only(receiver):
    with contextlib.closing(receiver.client()) as client:
        answer = client.ask("GET", PATH)

    assert (answer.status, answer.headers["allow"]) == (405, "POST")
    assert receiver.stored() == []


def test_body_of_just_the_limit_passes(receiver):
    body = b"x" * LIMITS.body_bytes

    assert receiver.post(body).status == 200
    assert receiver.stored("length(body)") == [(LIMITS.body_bytes,)]


def test_announced_oversize_is_refused_before_it_is_sent(receiver):
    size = LIMITS.body_bytes + 1

    with dial(receiver.port, head(PATH, f"Content-Length: {size}") + b"\r\n") as line:
        assert hear(line).startswith(b"HTTP/1.1 413")
    assert receiver.stored() == []


def test_oversize_without_an_announcement_is_refused_on_the_way(receiver):
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"

    with dial(
        receiver.port, head(PATH, "Transfer-Encoding: chunked") + b"\r\n"
    ) as line:
        sent = 0
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                line.sendall(chunk)
                sent += 1
        heard = hear(line)

    assert sent < 200
    assert heard == b"" or heard.startswith(b"HTTP/1.1 413")
    assert receiver.stored() == []


def test_client_that_sends_all_of_an_oversize_reads_why(receiver):
    answer = receiver.post(b"x" * (LIMITS.body_bytes + 65536))

    assert answer.status == 413


def test_chunked_body_is_put_together(receiver):
    said = head(PATH, "Transfer-Encoding: chunked", "Connection: close") + b"\r\n"

    with dial(receiver.port, said + b"3\r\na=1\r\n4\r\n&b=2\r\n0\r\n\r\n") as line:
        assert hear(line).startswith(b"HTTP/1.1 200")
    assert receiver.stored() == [(b"a=1&b=2",)]


def test_body_that_stops_is_given_up(receiver):
    with dial(receiver.port, head(PATH, "Content-Length: 50") + b"\r\nleads") as line:
        assert hear(line).startswith(b"HTTP/1.1 408")
    assert receiver.stored() == []


def test_head_that_never_ends_is_given_up(receiver):
    with dial(receiver.port, head(PATH, "X-Slow: yes")) as line:
        assert hear(line) == b""


def test_second_head_on_a_line_has_its_own_deadline(receiver):
    said = head(PATH, "Content-Length: 3") + b"\r\na=1"

    with dial(receiver.port, said + head(PATH)) as line:
        assert hear(line).startswith(b"HTTP/1.1 200")
    assert receiver.stored() == [(b"a=1",)]


def test_endless_head_is_refused(receiver):
    with dial(receiver.port, head(PATH, "X-Long: " + "x" * 100_000)) as line:
        heard = hear(line)

    assert heard == b"" or heard.startswith(b"HTTP/1.1 400")


def test_body_behind_an_answer_is_not_read_for_ever(receiver):
    said = head("/health", "Content-Length: 9000000", method="GET") + b"\r\n"

    with dial(receiver.port, said) as line:
        assert hear(line).startswith(b"HTTP/1.1 200")


def test_client_that_hangs_up_leaves_nothing(receiver):
    line = dial(receiver.port, head(PATH, "Content-Length: 50") + b"\r\nleads")
    line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
    line.close()

    assert receiver.post().status == 200
    assert receiver.stored() == [(BODY,)]


def test_health_counts_and_tells_no_secret(receiver):
    before = receiver.health()
    receiver.post(X_amoCRM_RequestId="r-1")
    receiver.post(X_amoCRM_RequestId="r-1")

    after = receiver.health()

    assert after["status"] == "ok"
    assert after["stored"] == before["stored"] + 1
    assert after["duplicates"] == before["duplicates"] + 1
    assert SECRET not in str(after)


def signed(account: str, *, secret: str = INTEGRATION.client_secret) -> str:
    message = f"{INTEGRATION.client_id}|{account}".encode()
    signature = hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()
    fields = f"client_uuid={INTEGRATION.client_id}&account_id={account}"
    return f"{fields}&signature={signature}"


def test_signed_revocation_is_kept(receiver):
    told = signed("31000001")
    with contextlib.closing(receiver.client()) as client:
        assert client.ask("GET", f"{PATH}/revoked?{told}").status == 200
        assert client.post(told.encode(), f"{PATH}/revoked").status == 200

    row = (told.encode(), REVOCATION)
    assert receiver.stored("body, content_type") == [row, row]


def test_unsigned_revocation_is_not_believed(receiver):
    wrong = signed("31000001", secret="another")
    with contextlib.closing(receiver.client()) as client:
        assert client.ask("GET", f"{PATH}/revoked?{wrong}").status == 403
        assert client.ask("GET", f"{PATH}/revoked").status == 403
        assert client.ask("GET", f"/amocrm/x/revoked?{signed('1')}").status == 404
    assert receiver.post(Content_Type=REVOCATION).status == 200

    assert receiver.stored("content_type") == [(None,)]


def test_headers_of_any_kind_do_no_harm(receiver):
    said = head(
        PATH, "Content-Length: 3", "User-Agent: \xff\xfe", "Connection: close",
        "X-amoCRM-RequestId: " + "r" * 500,
    )  # fmt: skip
    with dial(receiver.port, said + b"\r\na=1") as line:
        assert hear(line).startswith(b"HTTP/1.1 200")

    assert receiver.stored("request_id, user_agent") == [(None, None)]


def test_address_of_the_client_is_what_the_proxy_says(receiver):
    receiver.post(X_Forwarded_For="203.0.113.9, 198.51.100.7")

    assert receiver.stored("remote_hint") == [("198.51.100.7",)]


def test_neither_secret_nor_body_is_ever_logged(receiver, caplog):
    canary = b"leads[add][0][name]=canary"
    with caplog.at_level(logging.DEBUG):
        receiver.post(canary)
        receiver.post(canary, path=f"/amocrm/{SECRET}canary")
        receiver.post(canary, path=f"/amocrm/{PREVIOUS}")
        receiver.post(b"x" * (LIMITS.body_bytes + 1))
        with dial(receiver.port, f"GET {PATH} canary\r\n\r\n".encode()) as line:
            hear(line)

    assert caplog.records
    for record in caplog.records:
        told = record.getMessage() + (record.exc_text or "")
        assert not any(word in told for word in (SECRET, PREVIOUS, "canary")), told
