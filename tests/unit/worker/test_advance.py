from datetime import timedelta
from types import MappingProxyType

import pytest

from search.entities import Limits, Proposal, Strategy
from search.ports import AskRequest
from search.states import SearchState
from search.use_cases.extend import extend_search
from tests.service import claim, complete, later, new_search
from tests.unit.worker.conftest import Rung
from worker.parts import Parts
from worker.tasks import advance as module
from worker.tasks.advance import advance


def test_a_new_search_is_topped_up_and_every_trial_rung(parts: Parts, rung: Rung) -> None:
    search = new_search(parts.store)
    advance(parts, search.id)
    with parts.store.read() as uow:
        trials = uow.trials.of_search(search.id)
        assert uow.searches.get(search.id).state == SearchState.RUNNING
    assert len(trials) == 2
    assert rung() == {f"train-{trial.id}" for trial in trials}
    assert {trial.gen_method for trial in trials} == {"random"}


def test_advancing_a_full_search_again_changes_nothing(parts: Parts, rung: Rung) -> None:
    search = new_search(parts.store)
    advance(parts, search.id)
    rung()
    for _ in range(3):
        advance(parts, search.id)
    with parts.store.read() as uow:
        assert len(uow.trials.of_search(search.id)) == 2
    assert not rung()


def test_when_all_trials_have_ended_refining_is_rung(parts: Parts, rung: Rung) -> None:
    search = new_search(parts.store, limits=Limits(max_trials=2, max_parallel=2))
    advance(parts, search.id)
    with parts.store.read() as uow:
        trials = uow.trials.of_search(search.id)
    for number, trial in enumerate(trials):
        complete(parts.store, claim(parts.store, trial.id), 0.5 + 0.1 * number, later(1))
    rung()
    advance(parts, search.id)
    assert rung() == {f"refine-{search.id}"}
    with parts.store.read() as uow:
        assert uow.searches.get(search.id).state == SearchState.REFINING


def test_a_space_with_too_few_candidates_ends_the_search_instead_of_repeating(
    parts: Parts, rung: Rung
) -> None:
    stage = {"channels": 8, "width": [1.0], "kernel": [3], "expansion": [1], "repeats": [1]}
    tiny = {
        "family": "mobilenetv2",
        "stem_channels": [4],
        "stages": [{**stage, "stride": 2}],
        "last_channels": None,
        "weight_bits": [4],
        "activation_bits": [4],
    }
    search = new_search(parts.store, space=tiny)
    advance(parts, search.id)
    with parts.store.read() as uow:
        (trial,) = uow.trials.of_search(search.id)
    complete(parts.store, claim(parts.store, trial.id), 0.5, later(1))
    rung()
    advance(parts, search.id)
    assert rung() == {f"refine-{search.id}"}


def test_an_optimizer_that_keeps_failing_fails_the_search_with_its_words(
    parts: Parts, rung: Rung, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_request: AskRequest) -> list[Proposal]:
        raise ZeroDivisionError("no variance left")

    monkeypatch.setattr(module, "STRATEGIES", MappingProxyType({"random": broken}))
    search = new_search(parts.store, strategy=Strategy(name="random"))
    for _ in range(3):
        advance(parts, search.id)
    with parts.store.read() as uow:
        failed = uow.searches.get(search.id)
    assert failed.state == SearchState.FAILED
    assert failed.state_reason.message == "ZeroDivisionError: no variance left"
    assert not rung()


def test_the_optimizer_sees_the_search_as_stored_and_no_transaction_is_open_meanwhile(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[AskRequest] = []

    def looking(request: AskRequest) -> list[Proposal]:
        with parts.store.begin() as uow:  # would wait for ever inside another transaction
            uow.workers.gone("nobody")
        seen.append(request)
        return []

    monkeypatch.setattr(module, "STRATEGIES", MappingProxyType({"random": looking}))
    search = new_search(parts.store, budgets={"size_bytes": 4000.0}, seed=7)
    advance(parts, search.id)
    (request,) = seen
    assert (request.seed, request.n, request.budgets) == (7, 2, {"size_bytes": 4000.0})
    assert [objective.name for objective in request.objectives] == ["accuracy", "size_bytes"]
    assert request.space.input_shape == (1, 8, 8)


def test_a_worker_that_dies_while_asking_holds_the_search_for_a_bounded_time(
    parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(_request: AskRequest) -> list[Proposal]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, "STRATEGIES", MappingProxyType({"random": killed}))
        search = new_search(parts.store, strategy=Strategy(name="random", deadline_s=1.0))
        with pytest.raises(KeyboardInterrupt):
            advance(parts, search.id)
    advance(parts, search.id)
    with parts.store.begin() as uow:
        assert not uow.trials.of_search(search.id)
        held_until = uow.searches.schedule(search.id).hold_until
    assert held_until is not None
    assert held_until - parts.now() < timedelta(seconds=60)


def _bayesian(parts: Parts, n: int) -> str:
    limits = Limits(max_trials=n, max_parallel=n)
    strategy = Strategy(name="bayesian", n_initial=4)
    search = new_search(parts.store, strategy=strategy, limits=limits)
    advance(parts, search.id)
    with parts.store.read() as uow:
        trials = uow.trials.of_search(search.id)
    for number, trial in enumerate(trials):
        complete(parts.store, claim(parts.store, trial.id), 0.5 + 0.05 * number, later(1))
    return search.id


def test_what_the_model_has_learned_is_kept_at_the_end(parts: Parts) -> None:
    search_id = _bayesian(parts, 6)
    advance(parts, search_id)
    with parts.store.read() as uow:
        assert uow.searches.get(search_id).state == SearchState.REFINING
        found = uow.explanations.find(search_id)
    assert found is not None
    assert found.n_measured == 6
    assert sum(each.share for each in found.importance) == pytest.approx(1.0)
    assert found.front


def test_a_search_goes_on_when_it_cannot_be_explained(
    parts: Parts, rung: Rung, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("no variance left")

    monkeypatch.setattr(module, "explain", broken)
    search_id = _bayesian(parts, 6)
    with parts.store.begin() as uow:
        extend_search(uow, search_id, trials=2, wall_time_s=0.0, now=parts.now())
    rung()
    advance(parts, search_id)
    assert len([name for name in rung() if name.startswith("train-")]) == 2
    assert "was not explained" in caplog.text
