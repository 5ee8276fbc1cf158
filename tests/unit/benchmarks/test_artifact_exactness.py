"""The cases cover every family, mode and quantizer; one case is examined from end to end."""

from itertools import islice

import pytest

from benchmarks.artifact_exactness import FAMILIES, MODES, cases, examine, summarise
from benchmarks.peer_exports import EXPORTS
from quantization.registry import QUANTIZERS
from training.datasets import Dataset, load_dataset


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits")


def test_cases_are_distinct_and_cover_every_combination_that_matters(digits: Dataset) -> None:
    found = list(cases(4 * len(MODES), 0, digits))
    assert len({case.candidate.hash for case in found}) == len(found)
    assert {(case.family, case.mode) for case in found} == {(f, m) for f in FAMILIES for m in MODES}
    assert {(case.quantizer, case.granularity) for case in found} == {
        (name, granularity) for name in QUANTIZERS for granularity in ("per_channel", "per_tensor")
    }
    assert [case.number for case in found] == list(range(len(found)))


def test_the_same_seed_gives_the_same_cases(digits: Dataset) -> None:
    first, again, other = (
        [case.candidate.hash for case in cases(13, seed, digits)] for seed in (3, 3, 4)
    )
    assert first == again
    assert first != other


def test_a_case_is_examined_from_training_to_the_peers(digits: Dataset) -> None:
    case = next(islice(cases(4, 0, digits), 3, None))
    row = examine(case, digits, with_peers=True)
    assert row["prediction_error_bytes"] == 0
    assert row["reload_differs"] == 0
    assert row["decision_agreement"] >= 0.999
    assert row["accuracy"] > 0.8
    assert row["n_images"] == 1797
    for name in EXPORTS:
        size = row["peers"][name]
        assert isinstance(size, str) or size > row["size_bytes"]
    metrics = summarise([row, {**row, "prediction_error_bytes": 2, "n_decided_otherwise": 1797}])
    assert metrics["max_prediction_error_bytes"] == 2
    assert metrics["candidates"] == 2
    assert metrics["decision_agreement"] == pytest.approx(row["decision_agreement"] / 2, abs=1e-3)
