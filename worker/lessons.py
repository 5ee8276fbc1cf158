"""What other searches have measured, read for a search that is to learn from them."""

from collections import OrderedDict
from typing import Final

from search.dataset_lookup import facts_of
from search.entities import Search, Trial
from search.models import model_of_space
from search.states import TrialState
from search.store import Store
from search.warm_start import MOST_LESSONS, Lesson
from search_space.costs import mean_weight_bits
from search_space.space import space_from_json

_N_REMEMBERED: Final = 16
_remembered: Final[OrderedDict[tuple[str, int], tuple[Lesson, ...]]] = OrderedDict()
"""By search and its completed trials, so that a search that has ended is read once."""


def lessons_for(store: Store, search: Search) -> tuple[Lesson, ...]:
    """Return the completed trials of the searches that a search begins with, the newest last."""
    start = search.strategy.warm_start
    lessons: list[Lesson] = []
    for search_id in start.searches if start else ():
        lessons += _lessons_of(store, search_id)
    return tuple(lessons[-MOST_LESSONS:])


def _lessons_of(store: Store, search_id: str) -> tuple[Lesson, ...]:
    with store.read() as uow:
        search = uow.searches.get(search_id)
        key = (search_id, search.trial_counts.get(TrialState.COMPLETED, 0))
        if key in _remembered:
            return _remembered[key]
        trials = uow.trials.of_search(search_id)
        facts = facts_of(uow, search)
    model = model_of_space(store, search.space)
    space = space_from_json(
        search.space,
        input_shape=facts.input_shape,
        n_classes=facts.n_classes,
        network=model.layers if model else None,
    )
    done = [trial for trial in trials if trial.state == TrialState.COMPLETED]
    lessons = tuple(_lesson(trial, dict(space.single)) for trial in done[-MOST_LESSONS:])
    _remembered[key] = lessons
    if len(_remembered) > _N_REMEMBERED:
        _remembered.popitem(last=False)
    return lessons


def _lesson(trial: Trial, single: dict[str, int | float | str]) -> Lesson:
    return Lesson(
        genes={**single, **trial.genes},
        costs=trial.costs,
        mean_weight_bits=mean_weight_bits(trial.layers),
        accuracy=trial.metrics["accuracy"],
    )
