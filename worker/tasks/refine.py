"""Refine: measure the front's files on the test split, which the search has never seen."""

import logging
import random

from db.blobs import ArtifactStoreError, ArtifactStoreUnavailableError
from search.entities import Artifact, Trial
from search.errors import NotFoundError
from search.log_ids import log_ids
from search.states import SearchState
from search.use_cases.results import finish_refining, record_test_accuracy
from training.datasets import Split
from training.trial import measure_artifact
from worker.data import data_of
from worker.parts import Parts
from worker.persistence import persist

logger = logging.getLogger(__name__)


def refine(parts: Parts, search_id: str) -> None:
    """Measure the front members that nobody has measured yet, then end the search.

    Workers rung for one search share it: each goes through the members in an order of its own and
    skips what another has recorded meanwhile. When stopped in between, the sweeper rings again.
    """
    with log_ids(search_id=search_id):
        with parts.store.read() as uow:
            search = uow.searches.get(search_id)
            front = uow.trials.front(search_id)
            files = uow.artifacts.of_trials([trial.id for trial in front])
        if search.state != SearchState.REFINING:
            return
        test = data_of(parts, search).test
        random.shuffle(front)
        for trial in front:
            if parts.identity.drain.is_set():
                parts.bell.refine(search_id)
                return
            _measure(parts, trial, files[trial.id], test)
        persist(parts.store, lambda uow: finish_refining(uow, search_id, parts.now()))
        logger.info("succeeded with %d points on the front", len(front))


def _measure(parts: Parts, trial: Trial, artifact: Artifact, test: Split) -> None:
    with parts.store.read() as uow:
        if "test_accuracy" in uow.trials.get(trial.id).metrics:
            return
    try:
        content = parts.artifacts.read(artifact.sha256)
    except ArtifactStoreUnavailableError:
        raise  # nothing is known of the file; the search stays in refining until it can be read
    except (ArtifactStoreError, NotFoundError):
        # the search's other points are sound; this one stays without a test accuracy
        logger.exception("the file of trial %d cannot be read", trial.number)
        return
    correct, total = measure_artifact(content, test.images, test.labels)
    persist(
        parts.store,
        lambda uow: record_test_accuracy(uow, trial.id, correct, total, parts.now()),
    )
