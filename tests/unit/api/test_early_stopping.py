"""The rule that gives up trials, as a request states it and a search shows it."""

from typing import Any

import pytest

from search.early_stopping import EarlyStopping
from tests.served import BODY, Deployment, InProcess

DEEP = {**BODY, "recipe": {"float_epochs": 20, "qat_epochs": 10}}


def test_a_search_shows_the_rule_it_was_made_with(api: InProcess, deployment: Deployment) -> None:
    off = api.post("/v1/searches", DEEP).json()
    assert off["limits"]["early_stopping"] is None
    asked = {**DEEP, "limits": {"early_stopping": {"bound": 0.1, "rungs": 3}}}
    made = api.post("/v1/searches", asked).json()
    shown = api.get(f"/v1/searches/{made['id']}").json()["limits"]["early_stopping"]
    rule = EarlyStopping(bound=0.1, rungs=3)
    assert EarlyStopping(**shown) == rule
    with deployment.store.read() as uow:
        assert uow.searches.get(made["id"]).limits.early_stopping == rule
    copy = api.post(f"/v1/searches/{made['id']}:clone", {}).json()
    assert copy["limits"]["early_stopping"] == shown


@pytest.mark.parametrize(
    ("rule", "field"),
    [
        ({"bound": 0}, "bound"),
        ({"bound": 0.9}, "bound"),
        ({"min_epochs": 30}, "min_epochs"),
        ({"rungs": 0}, "rungs"),
        ({"min_completed": 1}, "min_completed"),
        ({"audit": 2}, "audit"),
    ],
)
def test_a_rule_that_means_nothing_is_refused(
    api: InProcess, rule: dict[str, Any], field: str
) -> None:
    answer = api.post("/v1/searches", {**DEEP, "limits": {"early_stopping": rule}})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == f"/limits/early_stopping/{field}"
    assert error["detail"]
    assert api.get("/v1/searches").json()["data"] == []
