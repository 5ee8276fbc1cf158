"""What a search begins with, as a request states it."""

from typing import Any

import pytest

from search.recipe import Recipe
from search.use_cases.access import create_project
from tests.served import BODY, Deployment, InProcess
from tests.service import NOW, SPACE, new_search, proposals

SMALL: dict[str, Any] = {**BODY, "space": SPACE, "recipe": {"float_epochs": 1, "qat_epochs": 1}}


def _submit(api: InProcess, **start: Any) -> Any:
    return api.post("/v1/searches", {**SMALL, "strategy": {"warm_start": start}})


def test_it_is_stored_shown_and_cloned(api: InProcess, deployment: Deployment) -> None:
    other = new_search(deployment.store)
    genes = dict(proposals(1)[0].genes)
    start = {"searches": [other.id], "candidates": [genes], "allocate": 3}
    made = _submit(api, **start)
    assert made.status_code == 201
    assert made.json()["strategy"]["warm_start"] == start
    cloned = api.post(f"/v1/searches/{made.json()['id']}:clone", {}).json()
    assert cloned["strategy"]["warm_start"] == start


def test_candidates_are_stored_without_genes_that_have_no_effect(api: InProcess) -> None:
    genes = dict(proposals(1)[0].genes)
    (kept,) = _submit(api, candidates=[{**genes}]).json()["strategy"]["warm_start"]["candidates"]
    assert kept == genes


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"stem.weight_bits": 3}, "candidates/0/stem.weight_bits"),
        ({"stem.colour": "red"}, "candidates/0/stem.colour"),
        ({"last.weight_bits": None}, "candidates/0/last.weight_bits"),
    ],
)
def test_a_wrong_candidate_is_named_with_its_gene(
    api: InProcess, change: dict[str, Any], pointer: str
) -> None:
    genes = {**proposals(1)[0].genes, **change}
    given = {name: value for name, value in genes.items() if value is not None}
    answer = _submit(api, candidates=[given])
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["pointer"] == f"/strategy/warm_start/{pointer}"
    assert api.get("/v1/searches").json()["data"] == []


def test_candidates_twice_or_over_budget_are_refused(api: InProcess) -> None:
    small, large = sorted(proposals(2), key=lambda each: each.costs["size_bytes"])
    start = {"candidates": [dict(small.genes), dict(small.genes), dict(large.genes)]}
    body = {
        **SMALL,
        "strategy": {"warm_start": start},
        "budgets": {"size_bytes": small.costs["size_bytes"]},
    }
    errors = api.post("/v1/searches", body).json()["errors"]
    assert [(error["pointer"], error["code"]) for error in errors] == [
        ("/strategy/warm_start/candidates/1", "duplicate"),
        ("/strategy/warm_start/candidates/2", "over_budget"),
    ]


def test_searches_of_others_are_not_found_and_those_unlike_say_nothing(
    api: InProcess, deployment: Deployment
) -> None:
    with deployment.store.begin() as uow:
        create_project(uow, "other", NOW)
    hidden = new_search(deployment.store.of_project("other"))
    elsewhere = new_search(deployment.store, dataset="cifar10")
    family = new_search(deployment.store, space={"family": "resnet"})
    longer = new_search(deployment.store, recipe=Recipe(float_epochs=1, qat_epochs=9))
    answer = _submit(api, searches=[hidden.id, "sea_none", elsewhere.id, family.id, longer.id])
    assert answer.status_code == 422
    errors = answer.json()["errors"]
    assert [error["code"] for error in errors] == ["not_found"] * 2 + ["not_alike"] * 3
    assert [error["pointer"][-1] for error in errors] == ["0", "1", "2", "3", "4"]
    for error, word in zip(errors[2:], ("cifar10", "resnet", "recipe.qat_epochs, 9"), strict=True):
        assert word in error["detail"]


def test_what_needs_a_model_or_widths_is_refused_without(
    api: InProcess, deployment: Deployment
) -> None:
    other = new_search(deployment.store)
    strategy = {"name": "random", "warm_start": {"searches": [other.id]}}
    space = {**SPACE, "weight_bits": [4], "activation_bits": [8]}
    for body, pointer in (
        ({**SMALL, "strategy": strategy}, "/strategy/warm_start/searches"),
        (
            {**SMALL, "space": space, "strategy": {"warm_start": {"allocate": 2}}},
            "/strategy/warm_start/allocate",
        ),
    ):
        (error,) = api.post("/v1/searches", body).json()["errors"]
        assert error["pointer"] == pointer
