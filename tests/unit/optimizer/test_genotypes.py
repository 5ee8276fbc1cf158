from dataclasses import dataclass
from typing import cast

import numpy as np
import pytest

from optimizer.genotypes import Genotypes
from search_space.genes import Gene
from search_space.space import Space


def _parents(space: Space, n: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    genotypes = Genotypes(space)
    return np.stack([genotypes.places(space.sample(rng).genes) for _ in range(n)])


def _inside(genotypes: Genotypes, places: np.ndarray) -> bool:
    return bool(((places >= 0) & (places < genotypes.n_choices)).all())


def test_a_candidate_survives_the_way_to_places_and_back(staged: Space) -> None:
    genotypes, rng = Genotypes(staged), np.random.default_rng(0)
    for _ in range(20):
        candidate = staged.sample(rng)
        places = genotypes.places(candidate.genes)
        filled = np.where(places < 0, genotypes.uniform(rng, 1)[0], places)
        assert staged.candidate(genotypes.assignment(filled)).hash == candidate.hash


def test_mutation_changes_one_to_most_live_genes_and_no_others(staged: Space) -> None:
    genotypes, parents = Genotypes(staged), _parents(staged, 300, 1)
    children = genotypes.mutate(parents, np.random.default_rng(2), most=3)
    assert _inside(genotypes, children)
    n_changed = ((children != parents) & (parents >= 0)).sum(axis=1)
    assert set(n_changed.tolist()) == {1, 2, 3}


def test_mutation_reaches_every_other_choice_of_every_live_gene(tiny: Space) -> None:
    genotypes = Genotypes(tiny)
    parent = genotypes.places(tiny.sample(np.random.default_rng(0)).genes)
    children = genotypes.mutate(np.tile(parent, (600, 1)), np.random.default_rng(1), most=1)
    reached = {(int(i), int(c[i])) for c in children for i in np.flatnonzero(c != parent)}
    live = np.flatnonzero(parent >= 0)
    wanted = {(int(i), v) for i in live for v in range(genotypes.n_choices[i]) if v != parent[i]}
    assert wanted <= reached


@dataclass(frozen=True)
class _OneGene:
    """What ``Genotypes`` reads of a space."""

    genes: tuple[Gene, ...]


@pytest.mark.parametrize(("ordered", "share_of_next"), [(True, 0.75 + 0.25 / 4), (False, 0.25)])
def test_ordered_genes_mostly_step_to_the_next_choice(ordered: bool, share_of_next: float) -> None:
    gene = Gene(name="bits", choices=(2, 3, 4, 5, 6), ordered=ordered)
    genotypes = Genotypes(cast("Space", _OneGene((gene,))))
    children = genotypes.mutate(np.zeros((4000, 1), dtype=np.int64), np.random.default_rng(0), 1)
    shares = np.bincount(children[:, 0], minlength=5) / 4000
    others = (1 - share_of_next) / 3
    # five standard deviations of 4000 draws
    assert shares == pytest.approx([0, share_of_next, others, others, others], abs=0.04)


def test_children_of_a_cross_have_each_gene_from_a_parent_that_has_it(staged: Space) -> None:
    genotypes = Genotypes(staged)
    mothers, fathers = _parents(staged, 100, 3), _parents(staged, 100, 4)
    children = genotypes.cross(mothers, fathers, np.random.default_rng(5))
    assert _inside(genotypes, children)
    nobody = (mothers < 0) & (fathers < 0)
    assert ((children == mothers) | (children == fathers) | nobody).all()
