"""Every error is a problem, and the table of errors has no holes."""

import importlib
import json
import logging
import pkgutil
from collections.abc import Iterator

import pytest

import db
import jobs
import search
from api.app import create_app
from api.errors import ERROR_TABLE, INTERNAL, problem_type_of
from search.errors import BitparetoError, StoreBusyError
from tests.served import BODY, Deployment, InProcess
from worker.logs import JsonLines

SECRET = "the password is hunter2"  # noqa: S105 - must not appear in an answer


def _errors_that_can_reach_a_route() -> Iterator[type[BitparetoError]]:
    for package in (search, db, jobs):
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if ".migrations" not in module.name:
                importlib.import_module(module.name)
    pending = BitparetoError.__subclasses__()
    while pending:
        cls = pending.pop()
        pending += cls.__subclasses__()
        if cls.__module__.split(".")[0] in {"search", "db", "jobs"}:
            yield cls


def test_every_error_has_a_row_of_its_own_or_of_its_parent() -> None:
    missing = [
        cls.__name__
        for cls in _errors_that_can_reach_a_route()
        if not any(parent in ERROR_TABLE for parent in cls.__mro__)
    ]
    assert missing == []


def test_the_nearest_class_decides() -> None:
    assert problem_type_of(StoreBusyError("busy")).status == 503
    assert problem_type_of(BitparetoError("unknown")) is INTERNAL


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/nothing", 404),
        ("GET", "/nothing.js", 404),
        ("GET", "/../pyproject.toml", 404),
        ("GET", "/%2e%2e/pyproject.toml", 404),
        ("GET", "/__init__.py", 404),
        ("DELETE", "/v1/searches", 405),
        ("PUT", "/v1/meta", 405),
        ("POST", "/index.html", 405),
        ("GET", "/v1/searches/sea_none", 404),
        ("GET", "/v1/searches/sea_none/trials", 404),
        ("GET", "/v1/searches/sea_none/front", 404),
        ("GET", "/v1/searches/sea_none/events", 404),
        ("POST", "/v1/searches/sea_none:cancel", 404),
        ("GET", "/v1/trials/trl_none", 404),
        ("GET", "/v1/artifacts/art_none", 404),
        ("GET", "/v1/artifacts/..%2f..%2fetc%2fpasswd", 404),
        ("GET", "/v1/searches?limit=0", 422),
        ("GET", "/v1/searches?limit=201", 422),
        ("GET", "/v1/searches?limit=x", 422),
        ("GET", "/v1/searches?cursor=%25%25", 422),
        ("GET", "/v1/searches/x/trials?state=done", 422),
        ("GET", "/v1/searches/x/trials?cursor=AAAA", 422),
        ("GET", "/v1/searches/x/front?max_size_bytes=0", 422),
        ("GET", "/v1/searches/x/events?after=-1", 422),
    ],
)
def test_every_error_is_a_problem(api: InProcess, method: str, path: str, status: int) -> None:
    answer = api.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == f"/v1/problems#{problem['code']}"
    assert problem["title"]
    assert problem["detail"]
    assert problem["request_id"] == answer.headers["x-request-id"]


@pytest.mark.parametrize(
    ("path", "sent", "wanted"),
    [
        ("/v1/searches", None, "application/json"),
        ("/v1/searches", "text/plain", "application/json"),
        ("/v1/searches", "application/x-www-form-urlencoded", "application/json"),
        ("/v1/searches", "multipart/form-data; boundary=x", "application/json"),
        *(
            (path, sent, "application/octet-stream")
            for path in ("/v1/models", "/v1/datasets?name=mine")
            for sent in (
                "application/json",
                "text/plain",
                "application/x-www-form-urlencoded",
                "multipart/form-data; boundary=x",
            )
        ),
        ("/v1/hardware-profiles", "application/json", "application/yaml"),
    ],
)
def test_a_body_of_another_type_is_told_the_right_one(
    api: InProcess, path: str, sent: str | None, wanted: str
) -> None:
    headers = {} if sent is None else {"content-type": sent}
    answer = api.request("POST", path, content=json.dumps(BODY).encode(), headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
    assert wanted in answer.json()["detail"]


def test_a_form_around_a_file_is_told_to_leave_it_away(api: InProcess) -> None:
    for path in ("/v1/models", "/v1/datasets?name=mine"):
        answer = api.request("POST", path, files={"file": b"content"})
        assert answer.status_code == 415
        assert "send the file itself" in answer.json()["detail"]
        for headers in ({}, {"content-type": "Application/Octet-Stream; x=y"}):
            answer = api.request("POST", path, content=b"no file", headers=headers)
            assert answer.status_code == 422  # read, and found to be neither


def test_a_program_that_says_it_is_json_is_not_read_as_json(api: InProcess) -> None:
    headers = {"content-type": "application/json"}
    answer = api.request("POST", "/v1/models", content=b"PK no json", headers=headers)
    assert answer.status_code == 415


@pytest.mark.parametrize(
    "sent", ["application/json; charset=utf-8", "application/merge-patch+json"]
)
def test_json_has_several_names(api: InProcess, sent: str) -> None:
    content = json.dumps(BODY).encode()
    answer = api.request("POST", "/v1/searches", content=content, headers={"content-type": sent})
    assert answer.status_code == 201
    wrong = api.request("POST", "/v1/searches", content=b"[1]", headers={"content-type": sent})
    assert wrong.status_code == 422


def test_every_problem_is_documented(api: InProcess) -> None:
    codes = {row["code"] for row in api.get("/v1/problems").json()}
    for path in ("/v1/nothing", "/v1/searches/none", "/v1/searches?limit=0"):
        assert api.get(path).json()["code"] in codes


def test_an_unforeseen_error_is_a_500_that_tells_nothing(
    deployment: Deployment, caplog: pytest.LogCaptureFixture
) -> None:
    app = create_app(deployment.settings)

    @app.get("/v1/broken", tags=["test"])
    def broken() -> None:
        raise RuntimeError(SECRET)

    answer = InProcess(app).get("/v1/broken", {"X-Request-ID": "mine-1"})
    app.state.parts.store.close()
    assert answer.status_code == 500
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["x-request-id"] == answer.json()["request_id"] == "mine-1"
    assert SECRET not in answer.text
    assert SECRET in caplog.text


def test_what_is_logged_within_a_request_has_its_id(deployment: Deployment) -> None:
    app = create_app(deployment.settings)
    lines: list[dict[str, object]] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(json.loads(JsonLines("api").format(record)))

    @app.get("/v1/broken", tags=["test"])
    def broken() -> None:
        logging.getLogger("api").warning("on its way")
        raise RuntimeError(SECRET)

    handler = Kept()
    logging.getLogger("api").addHandler(handler)
    InProcess(app).get("/v1/broken", {"X-Request-ID": "mine-1"})
    logging.getLogger("api").removeHandler(handler)
    app.state.parts.store.close()
    assert [line["message"] for line in lines] == ["on its way", "GET /v1/broken failed"]
    assert {line["request_id"] for line in lines} == {"mine-1"}


def test_a_busy_store_asks_to_come_back(deployment: Deployment) -> None:
    app = create_app(deployment.settings)

    @app.get("/v1/busy", tags=["test"])
    def busy() -> None:
        raise StoreBusyError("locked", retry_after_s=3)

    answer = InProcess(app).get("/v1/busy")
    app.state.parts.store.close()
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "3")


@pytest.mark.parametrize("sent", ["", "two\nlines", "ünïcode", "x" * 200, "<script>"])
def test_a_request_id_that_could_harm_a_log_is_replaced(api: InProcess, sent: str) -> None:
    answer = api.request("GET", "/healthz", headers={"X-Request-ID": sent.encode()})
    assert answer.headers["x-request-id"].startswith("req_")


def test_a_path_forges_no_line_of_the_log(deployment: Deployment) -> None:
    app = create_app(deployment.settings)
    lines: list[str] = []

    class Kept(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            lines.append(JsonLines("api").format(record))

    @app.get("/v1/broken/{what}", tags=["test"])
    def broken(what: str) -> None:
        raise RuntimeError(what)

    handler = Kept()
    logging.getLogger("api").addHandler(handler)
    answer = InProcess(app).get('/v1/broken/a%0D%0A{"level":"info"}%1B[2J')
    logging.getLogger("api").removeHandler(handler)
    app.state.parts.store.close()
    assert answer.status_code == 500
    (line,) = lines
    assert line.isprintable()
    assert json.loads(line)["level"] == "error"


def test_a_name_forges_no_header(api: InProcess) -> None:
    name = 'x"\r\nSet-Cookie: a=b'
    created = api.post("/v1/searches", {**BODY, "name": name})
    assert created.status_code == 201
    for path in (
        f"/v1/searches/{created.json()['id']}/trials?format=csv",
        "/v1/nothing%0D%0ASet-Cookie:%20a=b",
        "/v1/searches/x%0D%0ASet-Cookie:%20a=b",
        "/v1/searches?cursor=x%0D%0ASet-Cookie:%20a=b",
    ):
        answer = api.get(path)
        assert "set-cookie" not in answer.headers
        assert not any("\n" in value or "\r" in value for value in answer.headers.values())


def test_every_answer_carries_the_security_headers(api: InProcess) -> None:
    answers = [api.get("/"), api.get("/v1/nothing"), api.post("/v1/searches", BODY)]
    for answer in answers:
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "default-src 'self'" in answer.headers["content-security-policy"]
        assert "unsafe" not in answer.headers["content-security-policy"]
