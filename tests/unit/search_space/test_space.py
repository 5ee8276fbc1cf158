"""Candidates are canonical: one network, one hash, and only the genes that made it."""

import pickle
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from search_space.errors import GeneError
from search_space.genes import Gene, GeneValue
from search_space.identity import candidate_hash
from search_space.layers import LayerList
from search_space.space import Candidate, Space

seeds = st.integers(0, 2**32 - 1)
MakeSpace = Callable[..., Space]


def full_assignment(space: Space, rng: np.random.Generator) -> dict[str, GeneValue]:
    return {g.name: g.choices[rng.integers(len(g.choices))] for g in space.genes}


def first_choices(space: Space) -> dict[str, GeneValue]:
    return {gene.name: gene.choices[0] for gene in space.genes}


def names(layers: LayerList) -> list[str]:
    return [layer.name for layer in layers]


@given(seed=seeds)
def test_the_candidate_of_its_own_genes_is_itself(space: Space, seed: int) -> None:
    candidate = space.sample(np.random.default_rng(seed))
    again = space.candidate(candidate.genes)
    assert again == candidate
    assert again.genes == candidate.genes
    assert again.layers == candidate.layers
    assert list(candidate.genes) == sorted(candidate.genes)


@given(seed=seeds)
def test_genes_without_effect_change_nothing(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, others = full_assignment(space, rng), full_assignment(space, rng)
    candidate = space.candidate(values)
    disguised = space.candidate(others | dict(candidate.genes))
    assert disguised == candidate
    assert disguised.genes == candidate.genes
    assert hash(disguised) == hash(candidate)


@given(seed=seeds)
def test_every_gene_of_a_candidate_has_an_effect(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = full_assignment(space, rng)
    candidate = space.candidate(values)
    name = list(candidate.genes)[rng.integers(len(candidate.genes))]
    choices = next(gene.choices for gene in space.genes if gene.name == name)
    for choice in choices:
        changed = space.candidate(values | {name: choice})
        assert (changed == candidate) == (choice == candidate.genes[name])


@given(seed=seeds)
def test_every_gene_is_active_somewhere(space: Space, seed: int) -> None:
    """From any candidate, the largest depth and expansion bring all but shortcut genes alive."""
    rng = np.random.default_rng(seed)
    active: set[str] = set()
    for _ in range(20):
        values = full_assignment(space, rng)
        for gene in space.genes:
            if gene.name.endswith(("repeats", "blocks", "expansion", "last.channels")):
                values[gene.name] = gene.choices[-1]
        active |= space.candidate(values).genes.keys()
    assert active == {gene.name for gene in space.genes}


@given(seed=seeds)
def test_points_decode_to_the_candidate_they_encode(space: Space, seed: int) -> None:
    candidate = space.sample(np.random.default_rng(seed))
    point = space.encode(candidate.genes)
    assert point.shape == (len(space.genes),)
    assert ((point > 0) & (point < 1)).all()
    again = space.decode(point)
    assert again.genes == candidate.genes
    inactive = [i for i, gene in enumerate(space.genes) if gene.name not in candidate.genes]
    assert (point[inactive] == 0.5).all()


def test_encoding_places_choices_in_the_middle_of_equal_cells(make_space: MakeSpace) -> None:
    space = make_space("mobilenetv2")
    column = [gene.name for gene in space.genes].index("stage1.kernel")
    points = [space.encode({"stage1.kernel": kernel})[column] for kernel in (2, 3, 6)]
    np.testing.assert_allclose(points, [1 / 6, 3 / 6, 5 / 6], rtol=1e-15)


def test_the_corners_of_the_cube_decode_to_first_and_last_choices(space: Space) -> None:
    zeros, ones = np.zeros(len(space.genes)), np.ones(len(space.genes))
    last = {gene.name: gene.choices[-1] for gene in space.genes}
    assert space.decode(zeros) == space.candidate(first_choices(space))
    assert space.decode(ones) == space.candidate(last)


@given(seed=seeds)
def test_samples_depend_on_the_generator_alone(space: Space, seed: int) -> None:
    first, second = np.random.default_rng(seed), np.random.default_rng(seed)
    assert [space.sample(first).hash for _ in range(3)] == [
        space.sample(second).hash for _ in range(3)
    ]


def test_samples_are_uniform_over_the_choices_of_a_gene(make_space: MakeSpace) -> None:
    space, rng = make_space("mobilenetv2"), np.random.default_rng(1)
    drawn = [space.sample(rng).genes["stage1.repeats"] for _ in range(1200)]
    counts = [drawn.count(choice) for choice in (1, 2, 3)]
    # chi-squared, two degrees of freedom: 13.8 is passed once in a thousand seeds
    assert sum((n - 400) ** 2 / 400 for n in counts) < 13.8


@given(seed=seeds, n_changes=st.integers(1, 5))
def test_mutation_changes_that_many_active_genes(space: Space, seed: int, n_changes: int) -> None:
    rng = np.random.default_rng(seed)
    candidate = space.sample(rng)
    mutant = space.mutate(candidate, rng, n_changes)
    changed = [
        name
        for name, value in candidate.genes.items()
        if name in mutant.genes and mutant.genes[name] != value
    ]
    gone = candidate.genes.keys() - mutant.genes.keys()
    assert len(changed) <= n_changes <= len(changed) + len(gone)
    assert space.candidate(mutant.genes) == mutant


def test_mutation_of_more_genes_than_there_are_changes_all(make_space: MakeSpace) -> None:
    space = make_space("resnet", bits_per="network", stages=[{"channels": [4], "blocks": [1]}])
    candidate = space.candidate(first_choices(space))
    mutant = space.mutate(candidate, np.random.default_rng(0), 99)
    assert all(mutant.genes[name] != value for name, value in candidate.genes.items())


def test_a_space_without_choices_has_one_candidate(make_space: MakeSpace) -> None:
    space = make_space(
        "resnet",
        weight_bits=[4],
        activation_bits=[8],
        stem_channels=[4],
        stages=[{"channels": [4], "blocks": [2]}],
    )
    rng = np.random.default_rng(0)
    only = space.candidate({})
    assert space.genes == ()
    assert only.genes == {}
    assert space.sample(rng) == space.mutate(only, rng) == space.decode(np.zeros(0)) == only
    assert list(space.neighbours(only, rng)) == []


@given(seed=seeds)
def test_neighbours_are_all_changes_of_one_active_gene(space: Space, seed: int) -> None:
    rng = np.random.default_rng(seed)
    candidate = space.sample(rng)
    choices = {gene.name: gene.choices for gene in space.genes}
    neighbours = list(space.neighbours(candidate, rng))
    assert len(neighbours) == sum(len(choices[name]) - 1 for name in candidate.genes)
    for neighbour in neighbours:
        shared = candidate.genes.keys() & neighbour.genes.keys()
        assert sum(candidate.genes[name] != neighbour.genes[name] for name in shared) == 1


def test_names_do_not_make_a_network(make_space: MakeSpace) -> None:
    layers = make_space("resnet").sample(np.random.default_rng(0)).layers
    renamed = tuple(replace(layer, name=f"other{i}") for i, layer in enumerate(layers))
    assert candidate_hash(renamed) == candidate_hash(layers)


@pytest.mark.parametrize(
    "change",
    [
        {"kind": "linear"},
        {"inputs": (1,)},
        {"out_channels": 99},
        {"out_height": 99},
        {"out_width": 99},
        {"kernel": 9},
        {"stride": 9},
        {"padding": (9, 9)},
        {"groups": 9},
        {"activation": "none"},
        {"batch_norm": False},
        {"weight_bits": 9},
        {"activation_bits": 9},
    ],
    ids=lambda change: next(iter(change)),
)
def test_every_other_field_does(make_space: MakeSpace, change: dict[str, object]) -> None:
    layers = make_space("resnet").sample(np.random.default_rng(0)).layers
    changed = (layers[0], replace(layers[1], **change), *layers[2:])  # type: ignore[arg-type]
    assert candidate_hash(changed) != candidate_hash(layers)


def test_the_hash_is_sha256_and_stays_what_it_was(make_space: MakeSpace) -> None:
    """Hashes are stored and written into artifacts, so the normal form must never drift."""
    space = make_space("resnet", bits_per="network", stages=[{"channels": [4]}])
    candidate = space.candidate({"stem.channels": 4, "weight_bits": 2, "activation_bits": 3})
    assert re.fullmatch("[0-9a-f]{64}", candidate.hash)
    assert candidate.hash == "680feb5fd8d4af6a94d5610a432a5b33b68a72fcbd7e6fd5053d25d8ccaa7ca6"


def test_candidates_travel_between_processes(make_space: MakeSpace) -> None:
    candidate = make_space("mobilenetv2").sample(np.random.default_rng(3))
    again: Candidate = pickle.loads(pickle.dumps(candidate))  # noqa: S301 - our own bytes
    assert again == candidate
    assert again.genes == candidate.genes


def test_widths_that_round_to_the_same_channels_are_one_value(make_space: MakeSpace) -> None:
    space = make_space("mobilenetv2")
    (width,) = [gene for gene in space.genes if gene.name == "stage1.width"]
    assert width == Gene(name="stage1.width", choices=(0.1, 1))  # 0.1, 0.2, 0.5 -> 4 channels
    values = first_choices(space)
    candidates = {w: space.candidate(values | {"stage1.width": w}) for w in (0.1, 0.2, 0.5, 1)}
    assert candidates[0.1] == candidates[0.2] == candidates[0.5] != candidates[1]
    assert candidates[0.5].genes["stage1.width"] == 0.1


def test_expansion_one_has_no_expanding_convolution_and_no_bits_for_it(
    make_space: MakeSpace,
) -> None:
    space = make_space("mobilenetv2")
    candidate = space.candidate(first_choices(space) | {"stage2.expansion": 2})
    assert "stage1.block0.expand" not in names(candidate.layers)
    assert "stage1.block0.expand.weight_bits" not in candidate.genes
    assert "stage2.block0.expand" in names(candidate.layers)
    assert "stage2.block0.expand.weight_bits" in candidate.genes


def test_blocks_beyond_the_depth_have_no_bits(make_space: MakeSpace) -> None:
    space = make_space("mobilenetv2")
    candidate = space.candidate(first_choices(space) | {"stage1.repeats": 2})
    blocks = {name.split(".")[1] for name in candidate.genes if name.startswith("stage1.block")}
    assert blocks == {"block0", "block1"}


def test_numbers_are_stored_as_declared(make_space: MakeSpace) -> None:
    """JSON and Python write 1 and 1.0 for the same multiplier; the canonical value is one."""
    space = make_space("mobilenetv2")
    values = first_choices(space) | {"stage1.width": 1.0, "stage1.kernel": 3.0}
    genes = space.candidate(values).genes
    assert type(genes["stage1.kernel"]) is int
    assert type(genes["stage1.width"]) is int


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"stage9.kernel": 3}, r"gene 'stage9\.kernel' does not exist in this space"),
        ({"stage1.kernel": 4}, r"gene 'stage1\.kernel' cannot be 4; allowed: 2, 3, 6"),
        ({"stage1.repeats": True}, r"gene 'stage1\.repeats' cannot be True; allowed: 1, 2, 3"),
        ({"stage1.kernel": "3"}, r"gene 'stage1\.kernel' cannot be '3'; allowed: 2, 3, 6"),
        # a gene without effect is checked all the same
        ({"stage1.block2.project.weight_bits": 4}, r"cannot be 4; allowed: 2, 3, 5, 8"),
    ],
)
def test_wrong_values_are_named(
    make_space: MakeSpace, change: dict[str, GeneValue], message: str
) -> None:
    space = make_space("mobilenetv2")
    with pytest.raises(GeneError, match=message):
        space.candidate(first_choices(space) | change)
    with pytest.raises(GeneError, match=message):
        space.encode(change)


def test_a_missing_gene_is_named_with_its_choices(make_space: MakeSpace) -> None:
    space = make_space("mobilenetv2")
    values = first_choices(space)
    del values["stage2.kernel"]
    with pytest.raises(GeneError, match=r"has an effect here and needs a value; allowed: 3, 5"):
        space.candidate(values)


def test_genes_without_choice_are_known_but_not_genes(make_space: MakeSpace) -> None:
    space = make_space("resnet")
    assert "stem.weight_bits" not in {gene.name for gene in space.genes}
    assert space.single["stem.weight_bits"] == 8
    values = first_choices(space)
    assert space.candidate(values | {"stem.weight_bits": 8}) == space.candidate(values)
    assert (space.encode({"stem.weight_bits": 8}) == 0.5).all()
    with pytest.raises(GeneError, match="allowed: 8"):
        space.candidate(values | {"stem.weight_bits": 4})
