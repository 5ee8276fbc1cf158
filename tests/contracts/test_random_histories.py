"""Whatever workers, sweeper and user do in whatever order, the invariants hold."""

import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from functools import cache
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from db.migrate import upgrade
from db.store import open_store
from search.entities import Lease, Limits, Progress, Proposal, Search
from search.errors import InvalidRequestError, StaleLeaseError, TransitionError, TrialInterrupted
from search.states import TERMINAL_SEARCH_STATES, SearchState, TrialState
from search.store import UnitOfWork
from search.use_cases.advance import (
    AdvancePlan,
    begin_advance,
    record_failed_ask,
    record_proposals,
)
from search.use_cases.extend import extend_search
from search.use_cases.leases import (
    PAUSED,
    Claim,
    cancel_held_trial,
    claim_trial,
    heartbeat,
    release_trial,
)
from search.use_cases.results import fail_trial, finish_refining, report_progress
from search.use_cases.searches import cancel_search, pause_search, resume_search
from search.use_cases.sweep import sweep
from search.use_cases.trials import cancel_one_trial, replicate_trial
from tests.contracts.invariants import check_invariants
from tests.service import later, new_search, proposals, record_result

LIMITS = Limits(max_trials=8, max_parallel=3, max_attempts=2, wall_time_s=400.0, compute_s=300.0)
pick = st.integers(0, 7)


@cache
def _candidates() -> list[Proposal]:
    return proposals(12)


@cache
def _migrated() -> Path:
    path = Path(tempfile.mkdtemp(prefix="bitpareto-histories-")) / "migrated.db"
    upgrade(f"sqlite:///{path}")
    return path


class History(RuleBasedStateMachine):
    """One search, several workers with good and stale holds, a clock that only goes forward."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="bitpareto-histories-"))
        shutil.copy(_migrated(), self.folder / "one.db")
        self.store = open_store(f"sqlite:///{self.folder / 'one.db'}")
        self.search = new_search(self.store, limits=LIMITS)
        self.seconds = 0.0
        self.plans: list[AdvancePlan] = []
        self.claims: list[Claim] = []

    @property
    def now(self):
        return later(self.seconds)

    @rule(seconds=st.sampled_from([1.0, 5.0, 20.0, 40.0]))
    def wait(self, seconds: float) -> None:
        self.seconds += seconds

    @rule()
    def ask(self) -> None:
        with self.store.begin() as uow:
            plan = begin_advance(uow, self.search.id, self.now, hold_s=10)
        if plan is not None and plan.n_wanted:
            self.plans.append(plan)

    @precondition(lambda self: self.plans)
    @rule(which=pick, first=pick, n=st.integers(0, 4))
    def answer(self, which: int, first: int, n: int) -> None:
        plan = self.plans[which % len(self.plans)]
        with self.store.begin() as uow:
            created = record_proposals(uow, plan, _candidates()[first : first + n], self.now)
        assert len(created) <= plan.n_wanted

    @precondition(lambda self: self.plans)
    @rule(which=pick)
    def answer_nothing(self, which: int) -> None:
        with self.store.begin() as uow:
            record_failed_ask(uow, self.plans[which % len(self.plans)], "broken", self.now)

    @rule(which=pick)
    def claim(self, which: int) -> None:
        with self.store.begin() as uow:
            trials = uow.trials.of_search(self.search.id)
            if not trials:
                return
            trial = trials[which % len(trials)]
            held = claim_trial(uow, trial.id, "worker", self.now, lease_s=15)
            assert held is None or trial.state == TrialState.QUEUED
        if held is not None:
            self.claims.append(held)

    def _valid(self, lease: Lease) -> bool:
        with self.store.read() as uow:
            trial = uow.trials.get(lease.trial_id)
        return trial.state == TrialState.RUNNING and trial.attempt == lease.token

    def _ended(self) -> bool:
        with self.store.read() as uow:
            return uow.searches.get(self.search.id).state in TERMINAL_SEARCH_STATES

    def _stop(self, lease: Lease, *, ended: bool) -> None:
        with self.store.begin() as uow:
            if ended:
                cancel_held_trial(uow, lease, self.now)
            else:
                release_trial(uow, lease, self.now, PAUSED)

    def _paused(self) -> bool:
        with self.store.read() as uow:
            return uow.searches.get(self.search.id).state == SearchState.PAUSED

    @precondition(lambda self: self.claims)
    @rule(
        which=pick,
        what=st.sampled_from(["beat", "report", "fail", "release", "complete", "complete"]),
        accuracy=st.integers(0, 10),
    )
    def write(self, which: int, what: str, accuracy: int) -> None:
        held = self.claims[which % len(self.claims)]
        valid, ended = self._valid(held.lease), self._ended()
        with self.store.read() as uow:
            before = uow.trials.get(held.trial.id)
            last = uow.events.last_id(self.search.id)
        sha256 = f"{len(self.claims):064d}{which}"[-64:]
        try:
            with self.store.begin() as uow:
                if what == "beat":
                    heartbeat(uow, held.lease, self.now, 15)
                elif what == "report":
                    report_progress(
                        uow, held.lease, Progress(phase="float", epoch=1, n_epochs=1), self.now
                    )
                elif what == "fail":
                    fail_trial(uow, held.lease, "diverged", "loss", self.now)
                elif what == "release":
                    release_trial(uow, held.lease, self.now)
                else:
                    record_result(uow, held, accuracy / 10, self.now, sha256=sha256)
        except StaleLeaseError:
            assert not valid
        except TrialInterrupted:
            cancelled = before.state == TrialState.CANCELLED
            assert valid or cancelled
            assert ended or cancelled or self._paused()
            self._stop(held.lease, ended=ended or cancelled)
        else:
            if valid:
                return
        if not valid:
            with self.store.read() as uow:
                assert uow.trials.get(held.trial.id) == before
                assert uow.events.last_id(self.search.id) == last

    @rule()
    def sweep(self) -> None:
        with self.store.begin() as uow:
            sweep(uow, self.now, ring_after_s=6)

    @rule(really=st.integers(0, 9))
    def cancel(self, really: int) -> None:
        if really == 0:
            with self.store.begin() as uow:
                cancel_search(uow, self.search.id, self.now)

    @rule(which=pick)
    def cancel_trial(self, which: int) -> None:
        with self.store.begin() as uow:
            trials = uow.trials.of_search(self.search.id)
            if trials:
                cancel_one_trial(uow, trials[which % len(trials)].id, self.now)

    @rule(which=pick)
    def replicate(self, which: int) -> None:
        with self.store.read() as uow:
            before = uow.searches.get(self.search.id)
            trials = uow.trials.of_search(self.search.id)
        try:
            if trials:
                with self.store.begin() as uow:
                    replicate_trial(uow, trials[which % len(trials)].id, None, self.now)
        except (TransitionError, InvalidRequestError):
            with self.store.read() as uow:
                assert uow.searches.get(self.search.id) == before

    @rule(trials=st.integers(0, 2), wall_time_s=st.sampled_from([0.0, 0.0, 50.0]))
    def extend(self, trials: int, wall_time_s: float) -> None:
        with self.store.read() as uow:
            before = uow.searches.get(self.search.id)
        try:
            with self.store.begin() as uow:
                extend_search(
                    uow, self.search.id, trials=trials, wall_time_s=wall_time_s, now=self.now
                )
        except InvalidRequestError:
            with self.store.read() as uow:
                assert uow.searches.get(self.search.id) == before

    @rule(state=st.sampled_from([pause_search, resume_search]))
    def pause_or_resume(self, state: Callable[[UnitOfWork, str, datetime], Search]) -> None:
        try:
            with self.store.begin() as uow:
                state(uow, self.search.id, self.now)
        except TransitionError:
            with self.store.read() as uow:
                now_in = uow.searches.get(self.search.id).state
            assert now_in in TERMINAL_SEARCH_STATES | {SearchState.REFINING}

    @invariant()
    def holds(self) -> None:
        check_invariants(self.store, self.search.id)

    def teardown(self) -> None:
        """Let sweeper and workers go on: every search comes to its end, every trial too."""
        with self.store.begin() as uow:
            if uow.searches.get(self.search.id).state == SearchState.PAUSED:
                resume_search(uow, self.search.id, self.now)
        for _ in range(40):
            self.seconds += 20
            with self.store.begin() as uow:
                rings = sweep(uow, self.now, ring_after_s=6)
                for search_id in rings.advance:
                    plan = begin_advance(uow, search_id, self.now, hold_s=10)
                    if plan is not None and plan.n_wanted:
                        record_proposals(uow, plan, _candidates(), self.now)
                for search_id in rings.refine:
                    finish_refining(uow, search_id, self.now)
                for trial_id in rings.train:
                    held = claim_trial(uow, trial_id, "worker", self.now, lease_s=15)
                    if held is not None:
                        record_result(uow, held, 0.5, self.now)
        check_invariants(self.store, self.search.id)
        with self.store.read() as uow:
            ended = uow.searches.get(self.search.id)
        assert ended.state in TERMINAL_SEARCH_STATES
        assert not {TrialState.QUEUED, TrialState.RUNNING} & set(ended.trial_counts)
        self.store.close()
        shutil.rmtree(self.folder)


TestHistory = pytest.mark.filterwarnings("error")(History.TestCase)
TestHistory.settings = settings(
    max_examples=12,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
