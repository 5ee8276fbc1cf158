"""A narrowed space offers what a device computes, and nothing of that is lost."""

import itertools

import numpy as np
import pytest

from search_space.hardware.estimate import runs_every_layer
from search_space.hardware.narrowing import HardwareMismatchError, narrow
from search_space.hardware.reader import read_profile
from search_space.hardware.shipped import shipped_profiles
from search_space.space import Space, space_from_json

BITFUSION = read_profile(shipped_profiles()["bitfusion"])
SMALL = {
    "family": "vgg",
    "weight_bits": [2, 4, 8],
    "activation_bits": [3, 8],
    "stem_channels": [4, 8],
    "stages": [{"channels": [4], "blocks": [1]}],
}


def make(**changed: object) -> Space:
    return space_from_json(SMALL | changed, input_shape=(1, 8, 8), n_classes=10)


def hashes(space: Space) -> set[str]:
    choices = [gene.choices for gene in space.genes]
    names = [gene.name for gene in space.genes]
    candidates = (
        space.candidate(dict(zip(names, values, strict=True)))
        for values in itertools.product(*choices)
    )
    return {c.hash for c in candidates if runs_every_layer(c.layers, BITFUSION)}


def test_nothing_that_runs_is_lost() -> None:
    space = make()
    narrowed = narrow(space, BITFUSION)
    assert hashes(narrowed) == hashes(space) != set()
    assert all(3 not in g.choices for g in narrowed.genes if g.name.endswith("activation_bits"))
    rng = np.random.default_rng(0)
    assert all(runs_every_layer(narrowed.sample(rng).layers, BITFUSION) for _ in range(50))


def test_candidates_of_a_narrowed_space_are_those_of_the_space() -> None:
    space = make()
    candidate = narrow(space, BITFUSION).sample(np.random.default_rng(1))
    values = {gene.name: gene.choices[-1] for gene in space.genes} | dict(candidate.genes)
    assert space.candidate(values) == candidate


def test_a_gene_without_a_choice_is_named() -> None:
    with pytest.raises(HardwareMismatchError, match=r"stem\.weight_bits") as caught:
        narrow(make(first_layer_bits=2, weight_bits=[4]), BITFUSION)
    (gene,) = caught.value.genes
    assert (gene.name, gene.offered, gene.allowed) == ("stem.weight_bits", (2,), (4, 6, 8))
