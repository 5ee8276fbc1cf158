"""Searches for a device: what is let in, and what is said of the rest."""

from typing import Any

import numpy as np
import pytest

from search.admission import Admission, admit
from search.datasets import DATASETS
from search.errors import FieldProblem, InvalidRequestError
from search_space.hardware.estimate import exact_costs, runs_every_layer
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles

MCU = read_profile(shipped_profiles()["generic-mcu-256k"])
SERIAL = read_profile(shipped_profiles()["bit-serial"])
SMALL = {
    "family": "vgg",
    "stem_channels": [4, 8],
    "stages": [{"channels": [4, 6], "blocks": [1, 2]}],
}


def admit_small(**changes: Any) -> Admission:
    fields = {
        "dataset": DATASETS["digits"],
        "space": SMALL,
        "objectives": ("accuracy", "latency_ms"),
        "budgets": {},
        "profile": MCU,
    }
    return admit(**{**fields, **changes})


def problem_of(**changes: Any) -> FieldProblem:
    with pytest.raises(InvalidRequestError) as caught:
        admit_small(**changes)
    (problem,) = caught.value.problems
    return problem


def test_the_space_has_what_the_device_computes() -> None:
    space = admit_small().space
    rng = np.random.default_rng(0)
    assert all(runs_every_layer(space.sample(rng).layers, MCU) for _ in range(50))


def test_no_candidate_is_beyond_the_reference_point() -> None:
    objectives = ("accuracy", "latency_ms", "energy_uj", "size_bytes")
    admission = admit_small(objectives=objectives)
    assert tuple(admission.ref_point) == objectives
    rng = np.random.default_rng(1)
    for _ in range(100):
        costs = exact_costs(admission.space.sample(rng).layers, MCU)
        assert all(costs[name] <= admission.ref_point[name] * (1 + 1e-9) for name in objectives[1:])


def test_a_budget_is_the_reference() -> None:
    assert admit_small(budgets={"latency_ms": 5}).ref_point["latency_ms"] == 5


def test_flash_is_the_reference_of_the_file() -> None:
    text = shipped_profiles()["generic-mcu-256k"].replace("1048576", "1000")
    objectives = ("accuracy", "size_bytes")
    ref_point = admit_small(profile=read_profile(text), objectives=objectives).ref_point
    assert ref_point["size_bytes"] == 1000


@pytest.mark.parametrize("cost", ["latency_ms", "energy_uj"])
def test_costs_of_a_device_need_one(cost: str) -> None:
    problem = problem_of(objectives=("accuracy", cost), profile=None)
    assert (problem.pointer, problem.code) == ("/objectives/1", "needs_hardware")
    problem = problem_of(objectives=("accuracy", "macs"), budgets={cost: 1}, profile=None)
    assert (problem.pointer, problem.code) == (f"/budgets/{cost}", "needs_hardware")


def test_a_profile_without_energies_has_none() -> None:
    lines = shipped_profiles()["bit-serial"].splitlines()
    silent = read_profile("\n".join(line for line in lines if "energy:" not in line))
    problem = problem_of(objectives=("accuracy", "energy_uj"), profile=silent)
    assert (problem.pointer, problem.code) == ("/objectives/1", "needs_hardware")
    assert "latency_ms" in problem.allowed


def test_widths_without_a_choice_are_named() -> None:
    problem = problem_of(space={**SMALL, "first_layer_bits": 3})
    assert (problem.pointer, problem.code) == ("/hardware", "no_width_left")
    assert "stem.weight_bits" in problem.detail
    assert problem.allowed == ("2", "4", "8")


def test_a_time_that_nothing_meets_is_told_with_the_least_found() -> None:
    problem = problem_of(budgets={"latency_ms": 1e-3})
    assert (problem.pointer, problem.code) == ("/budgets/latency_ms", "infeasible")
    least = float(problem.allowed[0].removeprefix(">= "))
    assert admit_small(budgets={"latency_ms": least * 1.001}).ref_point["latency_ms"] > least


@pytest.mark.parametrize(("key", "known"), [("flash_bytes", "1048576"), ("ram_bytes", "262144")])
def test_a_device_that_is_too_small_is_told(key: str, known: str) -> None:
    text = shipped_profiles()["generic-mcu-256k"].replace(f"{key}: {known}", f"{key}: 100")
    problem = problem_of(profile=read_profile(text))
    assert (problem.pointer, problem.code) == ("/hardware", "infeasible")


def test_pairs_that_exclude_each_other_are_told() -> None:
    # every width occurs, but weights of the classifier, 8 bits, are for tensors of 2
    text = """\
schema: 1
name: odd
pairs: {conv: [[4, 8], [8, 2]]}
cost:
  model: bit_serial
  rates: [{time: {bit_operation: 1}}]
"""
    problem = problem_of(profile=read_profile(text), space={**SMALL, "activation_bits": [2, 8]})
    assert (problem.pointer, problem.code) == ("/hardware", "infeasible")
