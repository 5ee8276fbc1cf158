"""Train: claim a trial, run it under a heartbeat, record what came of it."""

import logging
import os
import socket
import traceback
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from db.blobs import ArtifactStoreUnavailableError
from networks.safetensors import read_safetensors
from search.entities import Artifact, Progress, Reason, TrialResult
from search.errors import (
    ModelGoneError,
    NotFoundError,
    OutOfMemoryError,
    StaleLeaseError,
    StoreBusyError,
    TrialFailure,
    TrialInterrupted,
)
from search.ids import new_id
from search.log_ids import log_ids
from search.models import model_of_space, reference_of
from search.store import UnitOfWork
from search.use_cases.leases import (
    PAUSED,
    Claim,
    cancel_held_trial,
    claim_trial,
    release_trial,
)
from search.use_cases.placement import end_out_of_memory, next_suited
from search.use_cases.results import complete_trial, fail_trial
from search.use_cases.rungs import rungs_of
from training.float_start import FloatStart
from training.trial import run_trial
from worker.data import data_of
from worker.heartbeat import HeldTrial
from worker.parts import Parts
from worker.persistence import ForgivingCheckpoints, persist, put_file
from worker.trial_log import TrialLog

logger = logging.getLogger(__name__)

_LINE_CHARACTERS: Final = 500
_TRACEBACK_CHARACTERS: Final = 4000


def answer(parts: Parts, trial_id: str) -> None:
    """Run the trial that was rung for, then those that wait for a worker like this one.

    Raises:
        UnableError: If the trial needs more than this worker has.
    """
    while train(parts, trial_id):
        with parts.store.read() as uow:
            suited = next_suited(uow, parts.identity.capabilities)
        if suited is None:
            return
        trial_id = suited


def train(parts: Parts, trial_id: str) -> bool:
    """Run a trial that waits, and return whether it has ended; any other trial is left alone.

    Raises:
        UnableError: If it needs more than this worker has.
    """
    if parts.identity.drain.is_set():
        return False
    with parts.store.begin() as uow:
        identity, lease_s = parts.identity, parts.settings.lease_s
        able = identity.capabilities
        claim = claim_trial(uow, trial_id, identity.id, parts.now(), lease_s, able)
    if claim is None:
        return False
    with log_ids(search_id=claim.search.id, trial_id=trial_id, attempt=claim.lease.token):
        with TrialLog(parts.store, claim.lease) as log:
            ended = _attempt(parts, claim, log)
        if not ended:
            return False
        logger.info("trial %d has ended", claim.trial.number)
        ForgivingCheckpoints(parts.artifacts.checkpoints(trial_id)).discard()
        parts.bell.advance(claim.search.id)
        return True


def _attempt(parts: Parts, claim: Claim, log: TrialLog) -> bool:
    """Return whether the trial has ended, one way or another."""
    logger.info(
        "attempt %d at trial %d by worker %s, process %d on %s, %s",
        claim.lease.token,
        claim.trial.number,
        parts.identity.id,
        os.getpid(),
        socket.gethostname(),
        parts.identity.device,
    )
    try:
        return _run(parts, claim, log)
    except StaleLeaseError:
        logger.warning("another worker has the trial now; this attempt writes nothing")
        return False
    except TrialInterrupted as interruption:
        return _stop(parts, claim, interruption.why)
    except ArtifactStoreUnavailableError as error:
        _give_back(parts, claim, str(error))
        return False
    except StoreBusyError as error:
        # not the candidate's fault; the next attempt starts from the last checkpoint
        logger.warning("not recorded, the sweeper takes the trial back: %s", error)
        return False


def _run(parts: Parts, claim: Claim, log: TrialLog) -> bool:
    try:
        with HeldTrial(parts, claim.lease) as held:
            result = run_trial(
                layers=claim.trial.layers,
                recipe=claim.search.recipe,
                dataset=data_of(parts, claim.search),
                seed=claim.trial.seed,
                candidate_hash=claim.trial.candidate_hash,
                device=parts.identity.device,
                report=held.report,
                checkpoints=ForgivingCheckpoints(parts.artifacts.checkpoints(claim.trial.id)),
                start=_start(parts, claim),
                probed=rungs_of(claim.search),
            )
            # under the heartbeat too: a slow disk or a busy store must not cost the lease
            sha256 = put_file(parts.artifacts, result.artifact)
            with held.last_reports() as reports:
                _save(parts, claim, result, sha256, reports, log)
            return True
    except (TrialInterrupted, StaleLeaseError, ArtifactStoreUnavailableError, StoreBusyError):
        raise
    except OutOfMemoryError as failure:
        return _fail_for_memory(parts, claim, str(failure), log)
    except TrialFailure as failure:
        return _fail(parts, claim, failure.outcome, str(failure), log)
    except Exception as error:
        # a candidate that breaks the trainer is data for the optimizer, not the end of a worker
        logger.exception("the trial failed unexpectedly")
        return _fail(parts, claim, "error", _describe(error), log)


def _start(parts: Parts, claim: Claim) -> FloatStart | None:
    """Return the float weights a trial begins with, where its space is an uploaded network."""
    space = claim.search.space
    model, reference = model_of_space(parts.store, space), reference_of(space)
    if model is None and reference is not None:  # from nothing it would be another trial
        raise ModelGoneError(claim.search.id, reference)
    if model is None:
        return None
    weights = read_safetensors(parts.artifacts.read(model.weights_sha256))
    return FloatStart(identity=model.id, weights=weights, mean=model.mean, std=model.std)


def _save(
    parts: Parts,
    claim: Claim,
    result: TrialResult,
    sha256: str,
    reports: Sequence[tuple[datetime, Progress]],
    log: TrialLog,
) -> None:
    artifact_id = new_id("art")
    logger.info(
        "trained: accuracy %.4f, %d bytes", result.metrics["accuracy"], len(result.artifact)
    )

    def record(uow: UnitOfWork) -> None:
        log.save_in(uow, text)
        now = parts.now()
        artifact = Artifact(
            id=artifact_id,
            trial_id=claim.trial.id,
            search_id=claim.search.id,
            sha256=sha256,
            size_bytes=len(result.artifact),
            created_at=now,
        )
        complete_trial(uow, claim.lease, result.metrics, artifact, now, reports)

    with log.unsaved() as text:
        persist(parts.store, record)


def _fail_for_memory(parts: Parts, claim: Claim, message: str, log: TrialLog) -> bool:
    logger.warning("failed as out_of_memory: %s", message.partition("\n")[0])

    def record(uow: UnitOfWork) -> bool:
        log.save_in(uow, text)
        able, lease_s = parts.identity.capabilities, parts.settings.lease_s
        return end_out_of_memory(uow, claim.lease, message, able, parts.now(), lease_s)

    with log.unsaved() as text:
        ended = persist(parts.store, record)
    if not ended:
        # on its own device it would fail again; the checkpoint serves the next worker
        parts.bell.train(claim.trial.id)
    return ended


def _fail(parts: Parts, claim: Claim, outcome: str, message: str, log: TrialLog) -> bool:
    logger.warning("failed as %s: %s", outcome, message.partition("\n")[0])

    def record(uow: UnitOfWork) -> None:
        log.save_in(uow, text)  # before the failure, whose reason ends with it
        fail_trial(uow, claim.lease, outcome, message, parts.now())

    with log.unsaved() as text:
        persist(parts.store, record)
    return True


def _give_back(parts: Parts, claim: Claim, why: str) -> None:
    """Put a trial back that could not be saved; the sweeper rings for it."""
    logger.error("handed back: %s", why)
    reason = Reason(code="artifact_store_unavailable", message=why)
    try:
        persist(parts.store, lambda uow: release_trial(uow, claim.lease, parts.now(), reason))
    except (StaleLeaseError, NotFoundError):
        logger.info("the trial was already somebody else's")


def _describe(error: Exception) -> str:
    """Return the error in a line, and the end of its traceback."""
    line = f"{type(error).__name__}: {error}"[:_LINE_CHARACTERS]
    return f"{line}\n\n{traceback.format_exc()[-_TRACEBACK_CHARACTERS:]}"


def _stop(parts: Parts, claim: Claim, why: str) -> bool:
    """Leave a trial in the state that an interruption asks for; returns whether it has ended."""
    logger.info("stopped: %s", why)
    if why == "stopped":
        return True
    try:
        if why == "cancelled":
            persist(parts.store, lambda uow: cancel_held_trial(uow, claim.lease, parts.now()))
            ForgivingCheckpoints(parts.artifacts.checkpoints(claim.trial.id)).discard()
        elif why == "released":
            persist(parts.store, lambda uow: release_trial(uow, claim.lease, parts.now()))
            parts.bell.train(claim.trial.id)
        elif why == "paused":
            persist(parts.store, lambda uow: release_trial(uow, claim.lease, parts.now(), PAUSED))
    except TrialInterrupted:
        # the last reports had it stopped
        return True
    except (StaleLeaseError, NotFoundError):
        logger.info("the trial was already somebody else's")
    return False
