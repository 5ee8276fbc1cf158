from benchmarks.digits_curves import read_table
from benchmarks.early_stopping import replay
from search.early_stopping import EarlyStopping


def test_a_rule_that_believes_in_nothing_saves_and_loses() -> None:
    trials = [trial for trial in read_table() if trial.seed == 11]
    whole = replay(trials, None, 0)
    assert whole.epochs == sum(len(trial.curve) for trial in trials)
    assert (whole.stopped, whole.false_stops) == (0, 0)
    rash = replay(trials, EarlyStopping(bound=0.5, audit=0.0), 0)
    careful = replay(trials, EarlyStopping(bound=0.01, audit=0.0), 0)
    assert rash.epochs < careful.epochs <= whole.epochs
    assert rash.hypervolume <= careful.hypervolume <= whole.hypervolume
    audited = replay(trials, EarlyStopping(bound=0.5, audit=1.0), 0)
    assert (audited.epochs, audited.stopped) == (whole.epochs, 0)
    assert audited.audited > 0
