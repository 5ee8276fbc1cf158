"""What training prints reaches the database, also when the process does not reach the end."""
# ruff: noqa: T201 - what is printed is what is tested

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from search.entities import Limits, TrialResult
from search.errors import OutOfMemoryError
from search.settings import Settings, settings_from_environment
from search.use_cases.leases import Claim, claim_trial
from tests.service import new_search, proposals, queue_trials
from worker.parts import Parts, open_parts
from worker.tasks import train as module
from worker.tasks.train import train
from worker.trial_log import TrialLog

PROPOSAL = proposals(1)[0]


@pytest.fixture
def trial_id(parts: Parts) -> str:
    search = new_search(parts.store, limits=Limits(max_trials=1, max_parallel=1))
    return queue_trials(parts.store, search, [PROPOSAL])[0]


def claimed(parts: Parts, trial_id: str) -> Claim:
    with parts.store.begin() as uow:
        claim = claim_trial(uow, trial_id, parts.identity.id, parts.now(), lease_s=60)
    assert claim is not None
    return claim


def log_of(parts: Parts, trial_id: str) -> str:
    with parts.store.read() as uow:
        return "".join(piece.text for piece in uow.logs.pieces(trial_id))


def test_prints_logs_and_warnings_are_kept_and_passed_on(
    parts: Parts, trial_id: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logging.getLogger().setLevel(logging.INFO)
    before, streams = list(logging.getLogger().handlers), (sys.stdout, sys.stderr)
    with TrialLog(parts.store, claimed(parts, trial_id).lease):
        print("printed")
        print("to the other stream", file=sys.stderr)
        logging.getLogger("some.library").warning("logged %d", 7)
        logging.getLogger("some.library").debug("too fine")
    text = log_of(parts, trial_id)
    for words in ("printed\n", "to the other stream\n", "WARNING logged 7\n"):
        assert words in text
    assert "too fine" not in text
    assert "printed\n" in capsys.readouterr().out
    print("afterwards")
    assert "afterwards" not in log_of(parts, trial_id)
    assert (list(logging.getLogger().handlers), (sys.stdout, sys.stderr)) == (before, streams)


def test_a_line_is_readable_elsewhere_within_two_seconds(parts: Parts, trial_id: str) -> None:
    with TrialLog(parts.store, claimed(parts, trial_id).lease):
        print("early")
        began = time.monotonic()
        while "early" not in log_of(parts, trial_id):
            assert time.monotonic() - began < 2
            time.sleep(0.02)


def fail_to_save(log: TrialLog) -> None:
    with log.unsaved() as text:
        print("two")
        raise RuntimeError(text)


def test_a_busy_database_loses_no_line(
    parts: Parts, trial_id: str, hold_database: Callable[[float], None]
) -> None:
    lease = claimed(parts, trial_id).lease
    with TrialLog(parts.store, lease) as log:
        print("one")
        with pytest.raises(RuntimeError, match="one"):
            fail_to_save(log)
        hold_database(1.5)
        time.sleep(1.2)
        print("three")
    lines = [line for line in log_of(parts, trial_id).splitlines() if " " not in line]
    assert lines == ["one", "two", "three"]


def test_a_failed_trial_ends_with_its_log(
    parts: Parts, trial_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_room(**_: Any) -> TrialResult:
        print("allocating 80 GiB")
        raise OutOfMemoryError("no room")

    monkeypatch.setattr(module, "run_trial", no_room)
    logging.getLogger().setLevel(logging.INFO)
    train(parts, trial_id)
    with parts.store.read() as uow:
        reason = uow.trials.get(trial_id).state_reason
    assert reason is not None
    assert reason.log_tail is not None
    assert f"by worker {parts.identity.id}, process {os.getpid()}" in reason.log_tail
    last_lines = reason.log_tail.splitlines()[-2:]
    assert last_lines[0] == "allocating 80 GiB"
    assert last_lines[1].endswith("WARNING failed as out_of_memory: no room")


def _print_until_killed(settings: Settings, trial_id: str) -> None:
    parts = open_parts(settings, kind="train", device="cpu")
    with TrialLog(parts.store, claimed(parts, trial_id).lease):
        for i in range(1000):
            print("step", i)
            time.sleep(0.1)


def test_a_killed_process_leaves_what_it_printed_up_to_the_last_second(
    parts: Parts, trial_id: str, tmp_path: Path
) -> None:
    settings = settings_from_environment({"BITPARETO_DATA_FOLDER": str(tmp_path)})
    spawn = multiprocessing.get_context("spawn")
    process = spawn.Process(target=_print_until_killed, args=(settings, trial_id))
    process.start()
    deadline = time.monotonic() + 60
    while "step 15\n" not in log_of(parts, trial_id):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.kill(process.pid or 0, signal.SIGKILL)
    process.join()
    assert log_of(parts, trial_id).startswith("step 0\nstep 1\n")
