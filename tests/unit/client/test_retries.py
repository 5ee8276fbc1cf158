"""What is sent again, what never is, and how errors of the network arrive."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from bitpareto import (
    APIConnectionError,
    APIResponseError,
    APIStatusError,
    APITimeoutError,
    BadRequestError,
    Client,
    ConflictError,
    InvalidRequestError,
    NotFoundError,
    RateLimitError,
    ServerError,
)
from bitpareto._retries import LONGEST_DELAY_S, backoff_s, delay_after_status, retry_after_s

Answer = httpx.Response | Exception


@pytest.fixture
def slept(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Collects what the transport would have slept."""
    naps: list[float] = []
    monkeypatch.setattr("bitpareto._sync.transport.sleep", naps.append)
    return naps


def _client(answers: list[Answer], seen: list[httpx.Request], retries: int = 2) -> Client:
    script = iter(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        answer = next(script)
        if isinstance(answer, Exception):
            raise answer
        return answer

    http = httpx.Client(transport=httpx.MockTransport(handle))
    return Client("http://server", http_client=http, max_retries=retries)


def _page() -> httpx.Response:
    return httpx.Response(200, json={"data": [], "has_more": False, "next_cursor": None})


@pytest.mark.parametrize(
    "failure",
    [
        httpx.Response(408),
        httpx.Response(429),
        httpx.Response(502),
        httpx.Response(500),
        httpx.Response(503),
        httpx.Response(504),
        httpx.Response(529),
        httpx.ConnectError("refused"),
        httpx.ReadError("reset"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("closed"),
    ],
    ids=str,
)
def test_reads_are_tried_again(failure: Answer, slept: list[float]) -> None:
    seen: list[httpx.Request] = []
    assert list(_client([failure, failure, _page()], seen).searches.list()) == []
    assert [request.headers.get("x-retry-count") for request in seen] == [None, "1", "2"]
    assert 0 < slept[0] <= 0.5 < slept[1] <= 1.0


@pytest.mark.parametrize(
    "failure",
    [httpx.Response(503), httpx.Response(429), httpx.ReadTimeout("slow"), httpx.ReadError("reset")],
    ids=str,
)
def test_a_create_that_may_have_arrived_is_sent_again_under_its_key(
    failure: Answer, slept: list[float]
) -> None:
    seen: list[httpx.Request] = []
    client = _client([failure, httpx.Response(422), httpx.Response(422)], seen)
    for _ in range(2):
        with pytest.raises(InvalidRequestError):
            client.searches.create(dataset="digits", space={})
    first, again, other = (request.headers["idempotency-key"] for request in seen)
    assert first == again != other
    assert len(slept) == 1


def test_the_key_of_a_create_may_be_the_callers() -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(InvalidRequestError):
        _client([httpx.Response(422)], seen).searches.create(
            idempotency_key="mine", dataset="digits", space={}
        )
    assert seen[0].headers["idempotency-key"] == "mine"
    assert b"mine" not in seen[0].content


def test_a_create_that_cannot_have_arrived_is_sent_again(slept: list[float]) -> None:
    seen: list[httpx.Request] = []
    answers: list[Answer] = [httpx.ConnectError("refused"), httpx.Response(422)]
    with pytest.raises(InvalidRequestError):
        _client(answers, seen).searches.create(dataset="digits", space={})
    assert len(seen) == 2
    assert len(slept) == 1


@pytest.mark.parametrize("status", [400, 404, 409, 422])
def test_final_answers_are_not_questioned(status: int, slept: list[float]) -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(APIStatusError):
        _client([httpx.Response(status)], seen).searches.get("x")
    assert len(seen) == 1


def test_the_server_decides_how_long_to_wait(slept: list[float]) -> None:
    wait = httpx.Response(503, headers={"Retry-After": "7"})
    list(_client([wait, _page()], []).searches.list())
    assert slept == [7]
    too_long = httpx.Response(503, headers={"Retry-After": "3600"})
    with pytest.raises(ServerError):
        list(_client([too_long], []).searches.list())
    assert slept == [7]


def test_retries_end(slept: list[float]) -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(APIConnectionError):
        list(_client([httpx.ConnectError("refused")] * 4, seen, retries=3).searches.list())
    assert len(seen) == 4


def test_retry_after_is_seconds_or_a_date() -> None:
    now = datetime(2026, 3, 1, tzinfo=UTC)
    assert retry_after_s("2.5", now) == 2.5
    assert retry_after_s(format_datetime(now + timedelta(seconds=9), usegmt=True), now) == 9
    assert retry_after_s(format_datetime(now - timedelta(seconds=9), usegmt=True), now) == 0
    assert retry_after_s("soon", now) is None


def test_delays_double_up_to_a_bound() -> None:
    for attempt in range(12):
        nominal = min(0.5 * 2**attempt, LONGEST_DELAY_S)
        assert 0.75 * nominal <= backoff_s(attempt) <= nominal


def test_a_server_cannot_make_a_create_repeat() -> None:
    headers = {"retry-after": "1"}
    assert delay_after_status(429, headers, 0, idempotent=False) is None


@pytest.mark.parametrize(
    ("status", "cls"),
    [
        (400, BadRequestError),
        (404, NotFoundError),
        (409, ConflictError),
        (413, InvalidRequestError),
        (422, InvalidRequestError),
        (429, RateLimitError),
        (500, ServerError),
        (503, ServerError),
        (418, APIStatusError),
    ],
)
def test_errors_mirror_problems(status: int, cls: type[APIStatusError], slept: list[float]) -> None:
    errors = [{"pointer": "/a", "code": "c", "detail": "is wrong", "allowed": ["1", "2"]}]
    problem = {"type": "t", "title": "T", "status": status, "detail": "D", "code": "c"}
    body = {**problem, "request_id": "req_1", "errors": errors, "added_later": True}
    with pytest.raises(cls) as caught:
        _client([httpx.Response(status, json=body)] * 3, []).searches.get("x")
    error = caught.value
    assert (error.status, error.request_id, error.problem.code) == (status, "req_1", "c")
    assert error.errors[0].allowed == ["1", "2"]
    for part in ("/a", "is wrong", "1, 2", "req_1"):
        assert part in str(error)


def test_an_error_without_a_problem_still_says_what_came() -> None:
    page = httpx.Response(404, text="<h1>proxy</h1>", headers={"X-Request-ID": "r"})
    with pytest.raises(NotFoundError, match="proxy") as caught:
        _client([page], []).searches.get("x")
    assert caught.value.request_id == "r"


def test_an_answer_of_another_program_is_not_believed() -> None:
    for answer in (httpx.Response(200, text="<html>"), httpx.Response(200, json={"id": 1})):
        with pytest.raises(APIResponseError):
            _client([answer], []).searches.get("x")


def _all_request_errors() -> list[type[httpx.RequestError]]:
    found, pending = [], [httpx.RequestError]
    while pending:
        cls = pending.pop()
        found.append(cls)
        pending += cls.__subclasses__()
    return [cls for cls in found if cls.__module__.startswith("httpx")]


@pytest.mark.parametrize("cls", _all_request_errors(), ids=lambda cls: cls.__name__)
def test_every_error_of_httpx_becomes_ours(
    cls: type[httpx.RequestError], slept: list[float]
) -> None:
    wanted = APITimeoutError if issubclass(cls, httpx.TimeoutException) else APIConnectionError
    with pytest.raises(wanted):
        _client([cls("broken")] * 3, []).searches.get("x")


@pytest.mark.parametrize("address", ["nonsense", "ftp://x", "http://[", "http://127.0.0.1:1"])
def test_a_wrong_address_is_a_connection_error(address: str, slept: list[float]) -> None:
    with Client(address, max_retries=0) as client, pytest.raises(APIConnectionError):
        client.searches.get("x")


def test_the_address_comes_from_argument_environment_or_default(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Client() as client:
        assert client.base_url == "http://127.0.0.1:8642"
    monkeypatch.setenv("BITPARETO_BASE_URL", "http://elsewhere:1/")
    with Client() as client:
        assert client.base_url == "http://elsewhere:1"
    with Client("http://here:2") as client:
        assert client.base_url == "http://here:2"


def test_unknown_fields_of_a_newer_server_are_ignored_and_sent_ones_untouched() -> None:
    seen: list[httpx.Request] = []
    with pytest.raises(InvalidRequestError):
        _client([httpx.Response(422)], seen).searches.create(dataset="d", space={}, new_field=[1])
    assert json.loads(seen[0].content) == {"dataset": "d", "space": {}, "new_field": [1]}
