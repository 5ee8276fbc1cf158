"""POST /v1/searches: what is accepted, and that nothing wrong is ever stored."""

import json
from typing import Any

import pytest

from tests.served import BODY, Deployment, InProcess

MANY: dict[str, Any] = {
    "dataset": "mnist",
    "space": {"family": "mobilenetv2", "weight_bits": [0, 4, 9], "activation_bits": [4]},
    "budgets": {"size_bytes": -1, "macs": 0},
}

WRONG: list[tuple[str, dict[str, Any], str, str]] = [
    ("unknown family", {"space": {"family": "vgg19"}}, "/space/family", "mobilenetv2"),
    ("no family", {"space": {}}, "/space/family", "mobilenetv2"),
    ("0 bits", {"space": {"family": "resnet", "weight_bits": [0]}}, "/space/weight_bits/0", "2"),
    (
        "9 bits",
        {"space": {"family": "resnet", "activation_bits": [4, 9]}},
        "/space/activation_bits/1",
        "8",
    ),
    (
        "unknown space field",
        {"space": {"family": "resnet", "wieght_bits": [4]}},
        "/space/wieght_bits",
        "weight_bits",
    ),
    ("negative budget", {"budgets": {"size_bytes": -1}}, "/budgets/size_bytes", "> 0"),
    ("zero budget", {"budgets": {"macs": 0}}, "/budgets/macs", "> 0"),
    ("unknown budget", {"budgets": {"latency": 1}}, "/budgets/latency", "size_bytes"),
    ("unknown data set", {"dataset": "mnist"}, "/dataset", "digits"),
    ("unknown field", {"dtaset": "digits"}, "/dtaset", "dataset"),
    ("unknown nested field", {"limits": {"trials": 3}}, "/limits/trials", "max_trials"),
    ("unknown strategy", {"strategy": {"name": "grid"}}, "/strategy/name", "bayesian"),
    ("no trials", {"limits": {"max_trials": 0}}, "/limits/max_trials", ">= 1"),
    ("unknown objective", {"objectives": ["accuracy", "speed"]}, "/objectives/1", "size_bytes"),
    ("one objective", {"objectives": ["accuracy"]}, "/objectives", "size_bytes"),
    ("objective twice", {"objectives": ["accuracy", "macs", "macs"]}, "/objectives", "macs"),
]


@pytest.mark.parametrize(
    ("change", "pointer", "allowed"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG]
)
def test_wrong_fields_are_named_with_what_is_allowed(
    api: InProcess, change: dict[str, Any], pointer: str, allowed: str
) -> None:
    answer = api.post("/v1/searches", {**BODY, **change})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["code"] == "invalid_request"
    error = next(e for e in problem["errors"] if e["pointer"] == pointer)
    assert allowed in error["allowed"]
    assert api.get("/v1/searches").json()["data"] == []


@pytest.mark.parametrize(
    ("change", "detail"),
    [
        ({"limits": {"max_trails": 3}}, "is no field here"),
        ({"recipe": {"quantizer": "lsqplus"}}, "cannot be 'lsqplus'"),
        ({"budgets": {"size_bytes": "64 KiB"}}, "must be a number of bytes, such as 65536"),
    ],
)
def test_slips_are_told_in_plain_words(api: InProcess, change: dict[str, Any], detail: str) -> None:
    [error] = api.post("/v1/searches", {**BODY, **change}).json()["errors"]
    assert error["detail"].startswith(detail)


def test_all_problems_are_told_at_once(api: InProcess) -> None:
    pointers = {e["pointer"] for e in api.post("/v1/searches", MANY).json()["errors"]}
    assert pointers == {
        "/dataset",
        "/space/weight_bits/0",
        "/space/weight_bits/2",
        "/budgets/size_bytes",
        "/budgets/macs",
    }


@pytest.mark.parametrize(
    "content", [b"", b"{", b"{'dataset': 1}", b"\xff\xfe", b"[" * 50_000, b"nul"]
)
def test_a_body_that_is_not_json_is_malformed(api: InProcess, content: bytes) -> None:
    headers = {"content-type": "application/json"}
    answer = api.post("/v1/searches", content=content, headers=headers)
    assert answer.status_code in {400, 422}
    assert answer.headers["content-type"] == "application/problem+json"
    if content.startswith((b"{", b"[", b"nul")):
        assert (answer.status_code, answer.json()["code"]) == (400, "malformed_json")
    assert api.get("/v1/searches").json()["data"] == []


@pytest.mark.parametrize("body", [[], "x", 7, None, {}])
def test_a_body_of_another_shape_is_invalid(api: InProcess, body: object) -> None:
    answer = api.request("POST", "/v1/searches", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_no_number_slips_past_a_bound(api: InProcess) -> None:
    headers = {"content-type": "application/json"}
    for number in ("NaN", "Infinity", "-Infinity"):
        content = (
            '{"dataset": "digits", "space": {"family": "resnet"}, '
            f'"budgets": {{"size_bytes": {number}}}}}'
        )
        answer = api.post("/v1/searches", content=content.encode(), headers=headers)
        assert answer.status_code in {400, 422}, number
    assert api.get("/v1/searches").json()["data"] == []


def test_text_that_utf8_cannot_hold_is_refused_in_order(api: InProcess) -> None:
    headers = {"content-type": "application/json"}
    for content in (
        rb'{"dataset": "digits", "space": {"family": "resnet", "\ud800": 1}}',
        rb'{"dataset": "\ud800", "space": {"family": "resnet"}}',
        rb'{"dataset": "digits", "space": {"family": "resnet"}, "\ud800": 1}',
    ):
        answer = api.post("/v1/searches", content=content, headers=headers)
        assert answer.status_code == 422, content


def test_a_budget_below_the_smallest_candidate_says_how_small_it_gets(api: InProcess) -> None:
    answer = api.post("/v1/searches", {**BODY, "budgets": {"size_bytes": 100}})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/budgets/size_bytes", "infeasible")
    smallest = int(error["allowed"][0].removeprefix(">= "))
    assert str(smallest) in error["detail"]
    fits = api.post("/v1/searches", {**BODY, "budgets": {"size_bytes": smallest}})
    assert fits.status_code == 201


def test_a_large_body_is_refused_before_it_is_read(api: InProcess) -> None:
    answer = api.post("/v1/searches", {**BODY, "name": "x" * 2_000_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_large_body_of_unannounced_length_is_refused(api: InProcess) -> None:
    async def chunks():  # type: ignore[no-untyped-def]  # an async generator of bytes
        for _ in range(40):
            yield b" " * 100_000

    headers = {"content-type": "application/json"}
    answer = api.post("/v1/searches", content=chunks(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "too_large")


def test_a_created_search_is_queued_located_and_rung(
    api: InProcess, deployment: Deployment
) -> None:
    answer = api.post("/v1/searches", {**BODY, "name": "first", "seed": 7})
    assert answer.status_code == 201
    search = answer.json()
    assert (search["state"], search["name"], search["seed"]) == ("queued", "first", 7)
    assert answer.headers["location"] == f"/v1/searches/{search['id']}"
    assert api.get(answer.headers["location"]).json() == search
    rings = list((deployment.settings.data_dir / "broker").rglob("*"))
    assert any(search["id"] in path.name for path in rings)


def test_the_reference_point_is_chance_and_the_budget_or_the_largest_size(api: InProcess) -> None:
    free = api.post("/v1/searches", BODY).json()["ref_point"]
    bound = {**BODY, "budgets": {"size_bytes": 20_000}}
    tight = api.post("/v1/searches", bound).json()["ref_point"]
    assert free["accuracy"] == tight["accuracy"] == 0.1
    assert tight["size_bytes"] == 20_000 < free["size_bytes"]
    wide = {**BODY, "budgets": {"size_bytes": 1e12}}
    assert api.post("/v1/searches", wide).json()["ref_point"] == free


def test_only_json_is_taken_so_that_no_foreign_page_can_submit(api: InProcess) -> None:
    content = json.dumps(BODY).encode()
    answer = api.post("/v1/searches", content=content, headers={"content-type": "text/plain"})
    assert answer.status_code == 415
    assert api.get("/v1/searches").json()["data"] == []
