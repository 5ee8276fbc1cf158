"""A process in a race: ``python -m tests.contracts.racing ROLE URL TRIAL_ID...``."""

import random
import sys
import time

from db.store import open_store
from search.store import Store
from search.use_cases.leases import claim_trial
from tests.service import NOW, complete, record_result


def accuracy_of(number: int) -> float:
    """Return an accuracy that orders trials unlike their numbers."""
    return 0.5 + (number * 7 % 24) / 60


def take_and_complete(store: Store, trial_ids: list[str]) -> None:
    """Try every trial; record a result for those that were free."""
    random.shuffle(trial_ids)
    for trial_id in trial_ids:
        with store.begin() as uow:
            held = claim_trial(uow, trial_id, "racer", NOW, lease_s=15)
        if held is not None:
            complete(store, held, accuracy_of(held.trial.number))


def hang_before_commit(store: Store, trial_ids: list[str]) -> None:
    """Record a result and stay inside the transaction until killed."""
    with store.begin() as uow:
        held = claim_trial(uow, trial_ids[0], "doomed", NOW, lease_s=15)
        assert held is not None
        record_result(uow, held, 0.9)
        sys.stdout.write("recorded\n")
        sys.stdout.flush()
        time.sleep(600)


if __name__ == "__main__":
    role, url, *ids = sys.argv[1:]
    opened = open_store(url)
    {"race": take_and_complete, "hang": hang_before_commit}[role](opened, ids)
    opened.close()
