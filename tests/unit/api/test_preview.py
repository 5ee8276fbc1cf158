"""POST /v1/spaces:preview: what is answered, and how wrong requests are."""

import subprocess
import sys
from typing import Any

import pytest

from bitpareto.types import SearchCreate
from search_space.hardware.estimate import energy_uj, latency_ms, violations
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles
from search_space.space import space_from_json
from tests.served import BODY, InProcess
from tests.unit.search_space import spaces

PATH = "/v1/spaces:preview"
SMALL: dict[str, Any] = {
    "dataset": "digits",
    "space": {"family": "vgg", "bits_per": "network"},
    "n": 2000,
}


def test_a_space_is_described(api: InProcess) -> None:
    answer = api.post(PATH, {**SMALL, "budgets": {"size_bytes": 4000}})
    assert answer.status_code == 200
    found = answer.json()
    space = space_from_json(SMALL["space"], input_shape=(1, 8, 8), n_classes=10)
    assert (found["family"], found["n_genes"]) == ("vgg", len(space.genes))
    assert found["count"]["exact"]
    assert found["count"]["at_most"] == found["n_seen"] == 1620
    assert found["complete"]
    assert set(found["costs"]) == {"size_bytes", "macs", "bops", "peak_activation_bytes"}
    low, high = found["share"]["interval"]
    assert low == found["share"]["estimate"] == high == found["share"]["n_within"] / 1620
    assert len(found["samples"]) == 20
    for sample in found["samples"]:
        assert sample["costs"]["size_bytes"] <= 4000
        assert space.candidate(sample["genes"]).hash == sample["candidate_hash"]


def test_a_device_adds_costs_and_bounds(api: InProcess) -> None:
    body = {**SMALL, "hardware": "bit-serial"}
    free = api.post(PATH, body).json()
    assert set(free["costs"]) >= {"latency_ms", "energy_uj"}
    bound = free["costs"]["latency_ms"]["median"]
    found = api.post(PATH, {**body, "budgets": {"latency_ms": bound}}).json()
    assert found["share"]["n_within"] == pytest.approx(found["share"]["n"] / 2, rel=0.05)
    profile = read_profile(shipped_profiles()["bit-serial"])
    space = space_from_json(SMALL["space"], input_shape=(1, 8, 8), n_classes=10)
    for sample in found["samples"]:
        layers = space.candidate(sample["genes"]).layers
        assert sample["costs"]["latency_ms"] == latency_ms(layers, profile) <= bound
        assert sample["costs"]["energy_uj"] == energy_uj(layers, profile)
        assert not violations(layers, profile)


def test_a_device_that_computes_none_of_the_widths_is_told(api: InProcess) -> None:
    space = {"family": "vgg", "bits_per": "network", "weight_bits": [3]}
    answer = api.post(PATH, {**SMALL, "space": space, "hardware": "generic-mcu-256k"})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["allowed"]) == ("/hardware", ["2", "4", "8"])
    answer = api.post(PATH, {**SMALL, "hardware": "abacus"})
    assert answer.json()["errors"][0]["allowed"] == ["bit-serial", "bitfusion", "generic-mcu-256k"]


def test_the_same_body_has_the_same_answer(api: InProcess) -> None:
    body = {**BODY, "n": 500, "seed": 3}
    assert api.post(PATH, body).json() == api.post(PATH, body).json()
    assert api.post(PATH, body).json() != api.post(PATH, {**body, "seed": 4}).json()


def test_a_preview_stores_nothing(api: InProcess) -> None:
    assert api.post(PATH, BODY).status_code == 200
    assert api.get("/v1/searches").json()["data"] == []


@pytest.mark.parametrize(
    ("change", "pointer", "allowed"),
    [
        ({"dataset": "mnist"}, "/dataset", "digits"),
        ({"space": {"family": "lenet"}}, "/space/family", "vgg"),
        ({"space": {"family": "vgg", "weight_bits": [9]}}, "/space/weight_bits/0", "8"),
        ({"budgets": {"macs": 0}}, "/budgets/macs", "> 0"),
        ({"budgets": {"latency": 1}}, "/budgets/latency", "size_bytes"),
        ({"n": 0}, "/n", ">= 1"),
        ({"n": 10**9}, "/n", "<= 100000"),
        ({"n_samples": 201}, "/n_samples", "<= 200"),
        ({"limitz": {}}, "/limitz", "limits"),
    ],
)
def test_wrong_fields_are_named_with_what_is_allowed(
    api: InProcess, change: dict[str, Any], pointer: str, allowed: str
) -> None:
    answer = api.post(PATH, {**SMALL, **change})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    error = next(e for e in answer.json()["errors"] if e["pointer"] == pointer)
    assert allowed in error["allowed"]


def test_an_unknown_field_is_answered_with_the_fields_of_this_body(api: InProcess) -> None:
    (error,) = api.post(PATH, {**SMALL, "limitz": {}}).json()["errors"]
    assert set(error["allowed"]) == {*SearchCreate.model_fields, "n", "n_samples"}


@pytest.mark.parametrize(
    "change",
    [
        {"limits": {"max_trails": 4}},
        {"limits": {"max_trials": "many"}},
        {"limits": {"early_stopping": {"n_rungs": 0}}},
        {"recipe": {"quantizer": "lsqplus"}},
        {"recipe": {"float_epochs": -1}, "name": 7},
        {"strategy": {"name": "bayes"}},
        {"strategy": {"name": "random", "focus": {"size_bytes": [1, 2000]}}},
        {"strategy": {"warm_start": {"searches": ["sea_nobody"]}}},
        {"objectives": ["accuracy"]},
        {"objectives": ["accuracy", "latency_ms"]},
        {"hardware": "abacus"},
        {"seed": -1},
        {"dataset": "mnist", "space": {"family": "lenet"}, "objectives": ["accuracy", "accuracy"]},
    ],
    ids=str,
)
def test_what_is_wrong_elsewhere_is_told_as_on_submission(
    api: InProcess, change: dict[str, Any]
) -> None:
    said = [api.post(path, {**BODY, **change}).json()["errors"] for path in (PATH, "/v1/searches")]
    assert said[0] == said[1]
    assert said[0]


def test_the_body_of_a_search_is_previewed_as_its_space_alone(api: InProcess) -> None:
    whole = {
        "name": "mine",
        "objectives": ["accuracy", "macs"],
        "strategy": {"name": "random"},
        "recipe": {"qat_epochs": 2},
        "limits": {"max_trials": 3},
    }
    assert api.post(PATH, {**SMALL, **whole}).json() == api.post(PATH, SMALL).json()


def test_a_budget_nothing_meets_names_the_smallest_value(api: InProcess) -> None:
    answer = api.post(PATH, {**SMALL, "budgets": {"size_bytes": 100, "macs": 10**9}})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    smallest = api.post(PATH, SMALL).json()["costs"]["size_bytes"]["smallest"]
    assert (error["pointer"], error["code"]) == ("/budgets/size_bytes", "infeasible")
    assert error["allowed"] == [f">= {smallest}"]
    fits = {**SMALL, "budgets": {"size_bytes": smallest}}
    assert api.post(PATH, fits).json()["share"]["n_within"] >= 1


def test_budgets_that_exclude_each_other_are_told_together(api: InProcess) -> None:
    body = {"dataset": "digits", "space": {**spaces.SMALL["mobilenetv2"], "bits_per": "network"}}
    costs = api.post(PATH, body).json()["costs"]
    smallest = {name: costs[name]["smallest"] for name in ("size_bytes", "macs")}
    answer = api.post(PATH, {**body, "budgets": smallest})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/budgets", "infeasible_together")
    assert error["allowed"] == [f"{name} >= {least}" for name, least in smallest.items()]


def test_counts_too_long_for_json_numbers_are_given_as_powers(api: InProcess) -> None:
    stages = [{"channels": 64, "repeats": [4]}]
    space = {"family": "mobilenetv2", "bits_per": "channel", "channel_groups": 64}
    answer = api.post(PATH, {**BODY, "space": {**space, "stages": stages}, "n": 100})
    assert answer.status_code == 200
    count = answer.json()["count"]
    assert (count["at_least"], count["at_most"]) == (None, None)
    assert 300 < count["log10_at_least"] <= count["log10_at_most"]


def test_previews_load_no_torch() -> None:
    """The import contract forbids it; this says that nothing is imported by the back door."""
    code = (
        "import sys; from search_space.space import space_from_json;"
        "from search_space.preview import preview;"
        "preview(space_from_json({'family': 'vgg'}, input_shape=(1, 8, 8), n_classes=10), n=50);"
        "sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
