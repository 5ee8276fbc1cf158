from dataclasses import replace

from benchmarks.digits_table import N_EPOCHS, RUNGS, read_table, verdict
from benchmarks.early_stopping import Front, account, replay

TRIALS = [trial for trial in read_table() if (trial.arm, trial.seed) == ("whole", 11)]


def test_a_rule_that_believes_in_nothing_saves_and_loses() -> None:
    whole = replay(TRIALS, 0.0)
    assert whole.stopped == whole.false_then == 0
    assert whole.epochs == whole.n * N_EPOCHS
    assert whole.hypervolume == Front(TRIALS).hypervolume
    assert whole.saved < 0  # the probes
    careful, rash = replay(TRIALS, 0.05), replay(TRIALS, 0.5)
    assert whole.stopped < careful.stopped < rash.stopped
    assert whole.epochs > careful.epochs > rash.epochs
    assert whole.hypervolume >= careful.hypervolume >= rash.hypervolume


def test_a_verdict_does_not_know_how_the_trial_ends() -> None:
    *before, last = TRIALS
    front = [*Front(before).members.values()]
    bright = replace(last, accuracy=1.0, curve=(*last.curve[:-1], 1.0))
    assert verdict(bright, front, before, 0.3) == verdict(last, front, before, 0.3)


def test_stops_are_false_where_the_trial_would_have_entered() -> None:
    entering = Front()
    entered = [trial.number for trial in TRIALS if entering.add(trial)]
    last = entered[-1]
    true_stop = next(t.number for t in TRIALS if t.probes and t.number not in entered)
    found = account(TRIALS, {last: RUNGS[0], true_stop: RUNGS[0]})
    assert (found.stopped, found.false_then) == (2, 1)
