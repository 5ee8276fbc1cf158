"""Many assignments at once are what they are one by one."""

import numpy as np
import pytest

from optimizer.features import features
from optimizer.genotypes import Genotypes
from optimizer.terrain import Networks, joined, select
from search_space.costs import cost_mapping, mean_weight_bits
from search_space.space import Space, space_from_json


@pytest.mark.parametrize("bits_per", ["stage", "layer", "channel"])
def test_rows_are_those_of_the_candidates(bits_per: str) -> None:
    declared = {"family": "resnet", "bits_per": bits_per}
    space = space_from_json(declared, input_shape=(1, 8, 8), n_classes=10)
    places = space.sample_places(np.random.default_rng(0), 20)
    networks, genotypes = Networks(space), Genotypes(space)
    rows = networks.rows(places)
    for i, row in enumerate(places):
        candidate = networks.candidate(row)
        assert (genotypes.places(candidate.genes) == rows.places[i]).all()
        costs = cost_mapping(candidate.layers)
        assert {name: int(v[i]) for name, v in rows.costs.items()} == costs
        assert networks.costs(candidate) == costs
        wanted = [np.log2(costs[name]) for name in ("size_bytes", "macs", "bops")]
        wanted.append(mean_weight_bits(candidate.layers))
        assert np.allclose(rows.summaries[i], wanted, rtol=1e-12, atol=0)


def test_no_rows_are_rows_too(staged: Space) -> None:
    networks = Networks(staged)
    rows = networks.rows(np.empty((0, len(staged.genes)), dtype=np.int64))
    assert len(rows.places) == len(rows.costs["macs"]) == len(rows.summaries) == 0
    some = networks.rows(staged.sample_places(np.random.default_rng(0), 3))
    both = joined([rows, some])
    assert (select(both, np.array([2, 0])).places == some.places[[2, 0]]).all()


def test_widths_are_seen_as_noise_and_other_genes_in_order(staged: Space) -> None:
    networks, genotypes = Networks(staged), Genotypes(staged)
    rows = networks.rows(staged.sample_places(np.random.default_rng(0), 200))
    seen = features(genotypes, rows)
    assert seen.shape == (200, len(staged.genes) + 4)
    for column, gene in enumerate(staged.genes):
        places = rows.places[:, column]
        assert set(seen[places < 0, column]) <= {0.5}
        for place in set(places[places >= 0].tolist()):
            (x,) = set(seen[places == place, column].tolist())
            if gene.name.endswith("bits"):
                low, high = gene.choices[0], gene.choices[-1]
                noise = [4.0 ** -int(b) for b in (gene.choices[place], low, high)]
                assert x == pytest.approx((noise[0] - noise[2]) / (noise[1] - noise[2]), rel=1e-12)
            else:
                assert x == pytest.approx((place + 0.5) / len(gene.choices), rel=1e-12)
