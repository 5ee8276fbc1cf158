import subprocess
import sys
from pathlib import Path

from benchmarks.machinery import draw, machinery
from benchmarks.orchestration_peer import compare, durable_sqlite, ours
from benchmarks.report import ROOT
from db.engines import make_engine
from tests.contracts.invariants import check_invariants


def test_a_trial_of_the_comparison_is_a_whole_trial(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'ours.db'}"
    with ours(url, tmp_path, 3) as trial:
        for _ in range(3):
            trial()
    with machinery(url, tmp_path) as opened:
        with opened.parts.store.read() as uow:
            (search,) = uow.searches.page(2)
            events = uow.events.after(search.id, 0, 100)
        check_invariants(opened.parts.store, search.id)
    assert search.trial_counts == {"completed": 3}
    assert [event.type for event in events].count("trial.progress") == 30


def test_both_stores_do_their_trials(tmp_path: Path) -> None:
    urls = [f"sqlite:///{tmp_path / name}.db" for name in ("ours", "theirs")]
    seconds = compare(urls[0], urls[1], tmp_path, 1, 1)
    assert {name: len(values) for name, values in seconds.items()} == {"ours": 1, "optuna": 1}


def test_commits_are_flushed_while_it_is_asked_for(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'one.db'}"
    with durable_sqlite():
        flushing = make_engine(url)
        with flushing.connect() as connection:
            assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        flushing.dispose()
    usual = make_engine(url)
    with usual.connect() as connection:
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 1
    usual.dispose()


_GROW = """
import sys
from pathlib import Path
from benchmarks.machinery import machinery
from benchmarks.orchestration_growth import long_search

with machinery(sys.argv[1], Path(sys.argv[2])) as opened:
    print([row["trials"] for row in long_search(opened, sys.argv[1], [100])])
"""


def test_a_search_is_grown_and_still_works(tmp_path: Path) -> None:
    # what stands in for training would stay in this process
    url = f"sqlite:///{tmp_path / 'one.db'}"
    command = [sys.executable, "-c", _GROW, url, str(tmp_path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout == "[100]\n"
    with machinery(url, tmp_path) as opened, opened.parts.store.read() as uow:
        (search,) = uow.searches.page(2)
        trials = uow.trials.of_search(search.id)
    assert len(trials) >= 100
    assert [trial.number for trial in trials] == [*range(1, len(trials) + 1)]
    assert search.trial_counts["completed"] == sum(t.state == "completed" for t in trials)


def test_drawn_candidates_differ() -> None:
    assert len({proposal.candidate_hash for proposal in draw(50)}) == 50
