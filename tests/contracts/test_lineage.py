"""Where a trial's network comes from, on each kind of database."""

from dataclasses import replace

import pytest

from search.entities import Limits, Strategy
from search.errors import NotFoundError
from search.lineage import Lineage
from search.store import Store
from search.use_cases.lineage import lineage_of
from search.use_cases.results import fail_trial
from search.use_cases.trials import replicate_trial
from search.warm_start import WarmStart
from tests.service import claim, complete, later, new_search, proposals, queue_trials

LIMITS = Limits(max_trials=8, max_parallel=2)


def _lineage(store: Store, trial_id: str, n: int = 5) -> Lineage:
    with store.read() as uow:
        return lineage_of(uow, trial_id, n)


def _numbers(found: Lineage) -> set[int]:
    return {each.trial.number for each in found.closest}


def test_only_what_was_known_when_it_was_proposed_counts(store: Store) -> None:
    search = new_search(store, limits=LIMITS)
    drawn = proposals(6)
    one, two = queue_trials(store, search, drawn[:2])
    assert _lineage(store, two).closest == ()
    complete(store, claim(store, one), 0.7, later(1))
    (three,) = queue_trials(store, search, drawn[2:3], later(2))
    complete(store, claim(store, two), 0.8, later(3))
    (four,) = queue_trials(store, search, drawn[3:4], later(4))
    failed = claim(store, three)
    with store.begin() as uow:
        fail_trial(uow, failed.lease, "diverged", "loss is nan", later(5))
    complete(store, claim(store, four), 0.9, later(5))
    (five,) = queue_trials(store, search, drawn[4:5], later(6))
    assert _numbers(_lineage(store, three)) == {1}
    assert _numbers(_lineage(store, four)) == {1, 2}
    assert _numbers(_lineage(store, five)) == {1, 2, 4}
    (nearest,) = _lineage(store, five, 1).closest
    genes = {number: drawn[number - 1].genes for number in (1, 2, 4)}
    n_differing = {
        number: sum(
            genes[number].get(name) != drawn[4].genes.get(name)
            for name in genes[number].keys() | drawn[4].genes.keys()
        )
        for number in genes
    }
    assert len(nearest.changes) == min(n_differing.values())
    assert n_differing[nearest.trial.number] == len(nearest.changes)
    assert nearest.trial.accuracy == {1: 0.7, 2: 0.8, 4: 0.9}[nearest.trial.number]
    assert nearest.trial.size_bytes == drawn[nearest.trial.number - 1].costs["size_bytes"]


def test_a_replicate_comes_from_where_the_first_trial_does(store: Store) -> None:
    search = new_search(store, limits=Limits(max_trials=3, max_parallel=1))
    drawn = proposals(2)
    (one,) = queue_trials(store, search, drawn[:1])
    complete(store, claim(store, one), 0.7, later(1))
    (two,) = queue_trials(store, search, drawn[1:], later(2))
    complete(store, claim(store, two), 0.8, later(3))
    with store.begin() as uow:
        again = replicate_trial(uow, two, None, later(4))
    of_first, of_replicate = _lineage(store, two), _lineage(store, again.id)
    assert of_first.closest == of_replicate.closest
    assert _numbers(of_replicate) == {1}
    assert (of_replicate.trial.id, of_replicate.first.id) == (again.id, two)
    assert [other.id for other in of_first.replicates] == [again.id]
    assert [other.id for other in of_replicate.replicates] == [two]


def test_other_searches_are_named_where_they_taught_the_model(store: Store) -> None:
    strategy = Strategy(name="random", warm_start=WarmStart(searches=("sea_x", "sea_y")))
    search = new_search(store, limits=LIMITS, strategy=strategy)
    usual, taught = proposals(2)
    one, two = queue_trials(store, search, [usual, replace(taught, gen_method="ehvi_warm")])
    assert _lineage(store, one).taught_by == ()
    assert _lineage(store, two).taught_by == ("sea_x", "sea_y")


def test_an_unknown_trial_has_none(store: Store) -> None:
    with pytest.raises(NotFoundError):
        _lineage(store, "trl_none")
