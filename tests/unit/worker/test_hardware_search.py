from search.hardware import find_profile
from search.states import TrialState
from search_space.hardware.estimate import exact_costs, violations
from search_space.hardware.reader import read_profile
from tests.service import claim, complete, later, new_search
from worker.parts import Parts
from worker.tasks.advance import advance


def test_a_search_for_a_device_tries_what_runs_there(parts: Parts) -> None:
    with parts.store.read() as uow:
        hardware = find_profile(uow, "bitfusion")
    assert hardware is not None
    profile = read_profile(hardware.yaml)
    search = new_search(
        parts.store,
        hardware=hardware,
        objectives=("accuracy", "latency_ms"),
        budgets={"latency_ms": 0.2},
        ref_point={"accuracy": 0.1, "latency_ms": 0.2},
    )
    advance(parts, search.id)
    with parts.store.read() as uow:
        trials = uow.trials.of_search(search.id)
    assert len(trials) == 2
    for trial in trials:
        assert violations(trial.layers, profile) == []
        assert trial.costs == exact_costs(trial.layers, profile)
        assert trial.costs["latency_ms"] <= 0.2
    # an earlier trial is history to the next ask, and a member of the front by its time
    complete(parts.store, claim(parts.store, trials[0].id), 0.5, later(1))
    advance(parts, search.id)
    with parts.store.read() as uow:
        trials = uow.trials.of_search(search.id)
        front = uow.trials.front(search.id)
    assert [trial.state for trial in trials] == [TrialState.COMPLETED, *[TrialState.QUEUED] * 2]
    assert [trial.number for trial in front] == [1]
