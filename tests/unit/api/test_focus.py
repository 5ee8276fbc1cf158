"""A region of interest or a target, as a request states it and a search shows it."""

from typing import Any

import pytest

from tests.served import BODY, InProcess

FOCUS = {"focus": {"size_bytes": [32768, 65536]}}
TARGET = {"target": {"maximize": "accuracy", "within": {"size_bytes": 65536}}}


@pytest.mark.parametrize(("asked", "worst"), [(FOCUS, 65536 * 2**0.1), (TARGET, 65536)])
def test_it_is_stored_shown_and_cloned(api: InProcess, asked: dict[str, Any], worst: float) -> None:
    made = api.post("/v1/searches", {**BODY, "strategy": asked}).json()
    for search in (
        api.get(f"/v1/searches/{made['id']}").json(),
        api.post(f"/v1/searches/{made['id']}:clone", {}).json(),
    ):
        assert {name: search["strategy"][name] for name in asked} == asked
        assert search["ref_point"]["size_bytes"] == pytest.approx(worst)


@pytest.mark.parametrize(
    ("strategy", "pointer", "allowed"),
    [
        ({"focus": {"size_bytes": [2, 1]}}, "/strategy/focus/size_bytes", "0 < low < high"),
        ({"focus": {"macs": [1, 2]}}, "/strategy/focus/macs", "size_bytes"),
        ({"focus": {"size_bytes": [1, 2]}}, "/strategy/focus/size_bytes", ">= "),
        ({"focus": {"size_bytes": [9e5, 1e6]}}, "/strategy/focus/size_bytes", "low < 80000"),
        ({"target": {"within": {"macs": 9}}}, "/strategy/target/within/macs", "size_bytes"),
        ({"target": {"within": {"size_bytes": 0}}}, "/strategy/target/within/size_bytes", "> 0"),
        ({**FOCUS, "name": "random"}, "/strategy/focus", "strategy.name bayesian"),
        ({**FOCUS, **TARGET}, "/strategy/target", "null"),
        (
            {"target": {"maximize": "speed", "within": {"size_bytes": 9}}},
            "/strategy/target/maximize",
            "accuracy",
        ),
        ({"focus": {}}, "/strategy/focus", ""),
    ],
)
def test_what_cannot_be_meant_is_refused(
    api: InProcess, strategy: dict[str, Any], pointer: str, allowed: str
) -> None:
    body = {**BODY, "strategy": strategy, "budgets": {"size_bytes": 80000}}
    answer = api.post("/v1/searches", body)
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert allowed in f"{error['detail']} {error['allowed']}"
    assert api.get("/v1/searches").json()["data"] == []
