"""Filters, orders and pages of searches and trials, on each kind of database."""

import itertools

import pytest
from alembic import command
from sqlalchemy import create_engine, text

from db.migrate import alembic_config, upgrade
from db.store import open_store
from search.entities import Limits, Search
from search.filters import (
    SearchFilter,
    SearchKey,
    SearchOrder,
    TrialFilter,
    TrialKey,
    TrialOrder,
    TrialPosition,
)
from search.states import SearchState, TrialState
from search.store import Store
from search.use_cases.results import fail_trial
from search.use_cases.searches import cancel_search
from tests.service import claim, complete, later, new_search, proposals, queue_trials

ACCURACIES = (0.5, 0.9, 0.5, 0.7)
LIMITS = Limits(max_trials=8, max_parallel=8)


@pytest.fixture
def searched(store: Store) -> Search:
    """Trials 1 to 4 completed, two of them alike in accuracy; 5 failed, 6 runs, 7 waits."""
    return _searched(store)


def _searched(store: Store) -> Search:
    search = new_search(store, limits=LIMITS)
    trial_ids = queue_trials(store, search, proposals(7))
    for trial_id, accuracy in zip(trial_ids, ACCURACIES, strict=False):
        complete(store, claim(store, trial_id), accuracy)
    held = claim(store, trial_ids[4])
    with store.begin() as uow:
        fail_trial(uow, held.lease, "diverged", "nan", later(1))
    claim(store, trial_ids[5])
    return search


def _numbers(store: Store, search: Search, kept: TrialFilter) -> list[int]:
    with store.read() as uow:
        return [trial.number for trial in uow.trials.page(search.id, 100, kept=kept)]


def test_trials_are_filtered(store: Store, searched: Search) -> None:
    with store.read() as uow:
        trials = uow.trials.of_search(searched.id)
        front = sorted(trial.number for trial in uow.trials.front(searched.id))
    sizes = sorted(trial.costs["size_bytes"] for trial in trials)
    low, high = sizes[2], sizes[4]
    between = [t.number for t in trials if low <= t.costs["size_bytes"] <= high]
    queued, running = TrialState.QUEUED, TrialState.RUNNING
    for kept, expected in (
        (TrialFilter(), [1, 2, 3, 4, 5, 6, 7]),
        (TrialFilter(states=frozenset({queued, running})), [6, 7]),
        (TrialFilter(outcome="diverged"), [5]),
        (TrialFilter(on_front=True), front),
        (TrialFilter(on_front=False), sorted({1, 2, 3, 4, 5, 6, 7} - {*front})),
        (TrialFilter(min_size_bytes=low, max_size_bytes=high), between),
        (TrialFilter(min_accuracy=0.5), [1, 2, 3, 4]),
        (TrialFilter(min_accuracy=0.7), [2, 4]),
        (TrialFilter(max_accuracy=0.5), [1, 3]),
        (TrialFilter(min_accuracy=0.7, states=frozenset({queued})), []),
    ):
        assert _numbers(store, searched, kept) == expected, kept


@pytest.mark.parametrize(
    ("key", "descending"), [*itertools.product(("number", "size_bytes", "accuracy"), (False, True))]
)
def test_pages_of_any_order_join_without_gap_or_repetition(
    store: Store, searched: Search, key: TrialKey, descending: bool
) -> None:
    order = TrialOrder(key=key, descending=descending)
    with store.read() as uow:
        trials = uow.trials.of_search(searched.id)

        def value(trial):
            values = {"number": trial.number, **trial.costs, **trial.metrics}
            return values.get(key)

        known = [trial for trial in trials if value(trial) is not None]
        known.sort(key=lambda t: ((-1 if descending else 1) * value(t), t.number))
        rest = [trial.number for trial in trials if value(trial) is None]
        expected = [trial.number for trial in known] + rest
        for limit in (1, 2, 3, 7):
            joined, after = list[int](), None
            while page := uow.trials.page(searched.id, limit, after, order=order):
                joined += [trial.number for trial in page]
                after = TrialPosition(value=value(page[-1]), number=page[-1].number)
            assert joined == expected, limit


def test_searches_are_filtered(store: Store) -> None:
    made = [
        new_search(store, name=name, dataset=dataset, now=later(60 * i))
        for i, (name, dataset) in enumerate(
            [("MCU one", "digits"), ("mcu 100%", "digits"), ("other", "cifar10")]
        )
    ]
    with store.begin() as uow:
        cancel_search(uow, made[0].id, later(500))

    def found(**kept: object) -> list[int]:
        with store.read() as uow:
            page = uow.searches.page(10, kept=SearchFilter(**kept))  # type: ignore[arg-type]  # mixed
        ids = [search.id for search in made]
        return [ids.index(search.id) for search in page]

    assert found() == [2, 1, 0]
    assert found(states=frozenset({SearchState.CANCELLED})) == [0]
    assert found(states=frozenset({SearchState.CANCELLED, SearchState.QUEUED})) == [2, 1, 0]
    assert found(dataset="digits") == [1, 0]
    assert found(name="mcu") == [1, 0]
    assert found(name="100%") == [1]
    assert found(name="1%o") == []
    assert found(created_after=later(60)) == [2, 1]
    assert found(created_before=later(60)) == [0]
    assert found(created_after=later(30), created_before=later(90), name="MCU") == [1]


@pytest.fixture
def shelf(store: Store) -> list[str]:
    """Ids of five searches: two with a front, of which one is on other data."""
    names = ("beta", "Alpha", "gamma", "", "alpha")
    made = [
        new_search(store, name=name, dataset="cifar10" if i == 2 else "digits", now=later(i))
        for i, name in enumerate(names)
    ]
    for i, accuracy in ((0, 0.5), (2, 0.75), (4, 0.5)):
        (trial_id, _) = queue_trials(store, made[i], proposals(2))
        complete(store, claim(store, trial_id), accuracy)
    return [search.id for search in made]


SEARCH_ORDERS: dict[SearchKey, list[int]] = {
    "created_at": [0, 1, 2, 3, 4],
    "name": [3, 1, 4, 0, 2],
    "best_accuracy": [0, 4, 2, 1, 3],
    "smallest_bytes": [0, 2, 4, 1, 3],
}


@pytest.mark.parametrize(("key", "descending"), [*itertools.product(SEARCH_ORDERS, (False, True))])
def test_pages_of_sorted_searches_join(
    store: Store, shelf: list[str], key: SearchKey, descending: bool
) -> None:
    expected = SEARCH_ORDERS[key]
    if descending:
        n_without = 2 if key in ("best_accuracy", "smallest_bytes") else 0
        known = expected[: len(expected) - n_without]
        expected = known[::-1] + expected[len(known) :][::-1]
    order = SearchOrder(key=key, descending=descending)
    with store.read() as uow:
        for limit in (1, 2, 5):
            joined, after = list[int](), None
            while page := uow.searches.page(limit, after, order=order):
                joined += [shelf.index(search.id) for search in page]
                after = page[-1].id
            assert joined == expected, limit


def test_searches_of_the_same_task_compare(store: Store, shelf: list[str]) -> None:
    budgeted = new_search(store, budgets={"size_bytes": 4096.0}, now=later(9)).id
    shelf = [*shelf, budgeted]

    def comparable(i: int) -> list[int]:
        kept = SearchFilter(comparable_with=shelf[i])
        with store.read() as uow:
            return sorted(shelf.index(search.id) for search in uow.searches.page(10, kept=kept))

    assert comparable(0) == [1, 3, 4]
    assert comparable(4) == [0, 1, 3]
    assert comparable(2) == []
    assert comparable(5) == []
    with store.read() as uow:
        assert uow.searches.page(10, kept=SearchFilter(comparable_with="sea_none")) == []


def test_the_migration_fills_the_columns(database_url: str) -> None:
    store = open_store(database_url)
    search = _searched(store)
    store.close()
    engine = create_engine(database_url)
    queries = (
        "SELECT number, size_bytes, accuracy FROM trials ORDER BY number",
        "SELECT id, trial_id FROM events ORDER BY id",
        "SELECT best_accuracy, smallest_bytes, growth, task_key FROM searches",
    )

    def read() -> list[list[tuple[object, ...]]]:
        with engine.connect() as connection:
            return [[tuple(row) for row in connection.execute(text(query))] for query in queries]

    before = read()
    assert len(before[0]) == 7
    command.downgrade(alembic_config(database_url), "0005")
    upgrade(database_url)
    assert read() == before
    engine.dispose()
    store = open_store(database_url)
    with store.read() as uow:
        first = uow.trials.of_search(search.id)[0]
        events = uow.events.of_types(search.id, ("trial.created", "trial.finished"), first.id)
    assert [event.type for event in events] == ["trial.created", "trial.finished"]
    store.close()
