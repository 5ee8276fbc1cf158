"""A worker process: Celery's solo pool around the tasks of one queue."""

import argparse
import logging
import os
import threading
import warnings
from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from typing import Any, Final, NoReturn

from celery import Celery, signals
from celery.exceptions import SecurityWarning

from db.blobs import ArtifactStoreUnavailableError
from db.migrate import check_schema
from jobs.broker import BrokerUnavailableError, celery_client, queue_lengths
from jobs.messages import (
    ADVANCE,
    OPTIMIZE_QUEUE,
    REFINE,
    TRAIN,
    TRAIN_QUEUE,
    PayloadError,
    Ring,
    subject_of,
    times_passed,
)
from search.errors import NotFoundError, StoreBusyError, UnableError
from search.settings import Settings
from search.use_cases.placement import someone_is_free
from worker.gpus import take_gpu
from worker.hearing import Hearing, hearing_step
from worker.logs import configure_logging
from worker.parts import Parts, open_parts
from worker.patience import patiently
from worker.vitals import Vitals, end_with_parent

logger = logging.getLogger(__name__)

Answer = Callable[[Parts, str], None]

# named as data: an optimize worker for random search never loads torch
_ANSWERS: Final[Mapping[str, Mapping[Ring, tuple[str, str]]]] = {
    OPTIMIZE_QUEUE: {ADVANCE: ("worker.tasks.advance", "advance")},
    TRAIN_QUEUE: {
        TRAIN: ("worker.tasks.train", "answer"),
        REFINE: ("worker.tasks.refine", "refine"),
    },
}

_MOST_PASSES: Final = 64
"""Among so many idle workers a ring that only one can answer reaches it for certain."""
_DEAF_LEASES: Final = 2
"""Without a message for so long, though rung, a worker connects to its broker again."""


def run(arguments: argparse.Namespace, settings: Settings) -> NoReturn:
    """Answer one queue until told to stop, then end the process."""
    configure_logging(arguments.name or arguments.queue)
    # it warns of pickled messages from strangers; we accept JSON alone
    warnings.simplefilter("ignore", SecurityWarning)
    end_with_parent()
    if arguments.gpu is not None:
        slot = take_gpu(arguments.gpu)  # held until the process ends
        logger.info("GPU %d is this worker's, by %s", arguments.gpu, slot.name)
    patiently(partial(check_schema, settings.database_url))
    _check_broker(settings)
    device = prepare_device() if arguments.queue == TRAIN_QUEUE else "cpu"
    parts = patiently(partial(open_parts, settings, kind=arguments.queue, device=device))
    parts.artifacts.check()
    app = make_app(settings, parts, answers_of(arguments.queue))
    if arguments.queue == OPTIMIZE_QUEUE:
        _load_optimizer_meanwhile()
    worker = app.Worker(
        hostname=parts.identity.id,
        pool="solo",
        queues=[arguments.queue],
        concurrency=1,
        without_gossip=True,
        without_mingle=True,
        without_heartbeat=True,
        task_events=False,
        quiet=True,
    )
    vitals = Vitals(parts)
    vitals.start()
    logger.info("worker %s on %s answers %s", parts.identity.id, device, arguments.queue)
    try:
        worker.start()
    finally:
        vitals.stop()
    logger.info("worker %s has stopped", parts.identity.id)
    logging.shutdown()
    # taking torch and Ax apart takes seconds, and everything is saved
    os._exit(0)


def _check_broker(settings: Settings) -> None:
    """Refuse to start without credentials; a broker that is only away is waited for."""
    try:
        queue_lengths(celery_client(settings))
    except BrokerUnavailableError as error:
        logger.warning("waiting for its broker: %s", error)


def make_app(settings: Settings, parts: Parts, answers: Mapping[Ring, Answer]) -> Celery:
    """Bind answers to their rings; a signal to stop asks the process to drain."""
    app = celery_client(settings)
    hearing = Hearing(parts.store, parts.identity.kind, _DEAF_LEASES * settings.lease_s)
    app.steps["consumer"].add(hearing_step(hearing))
    for ring, answer in answers.items():
        app.task(_task(ring, answer, parts, hearing), name=ring.task, shared=False)

    def keep_our_logging(**_: Any) -> None:
        """Being connected stops Celery from configuring logs itself."""

    def drain(**_: Any) -> None:
        parts.identity.drain.set()

    signals.setup_logging.connect(keep_our_logging, weak=False)
    signals.worker_shutting_down.connect(drain, weak=False)
    return app


def answers_of(queue: str) -> dict[Ring, Answer]:
    """Load the tasks that workers of a queue run."""
    return {
        ring: getattr(import_module(module), name)
        for ring, (module, name) in _ANSWERS[queue].items()
    }


def prepare_device() -> str:
    """Limit torch's threads and return the device to train on."""
    device: str = import_module("worker.device").choose_device()
    return device


def _task(
    ring: Ring, answer: Answer, parts: Parts, hearing: Hearing
) -> Callable[[dict[str, Any]], None]:
    def task(payload: dict[str, Any]) -> None:
        hearing.heard()
        try:
            subject_id = subject_of(ring, payload)
            if ring.subject == "search_id":
                parts.identity.search_id = subject_id
            answer(parts, subject_id)
        except UnableError as error:
            pass_on(parts, error, times_passed(payload))
        except (PayloadError, NotFoundError) as error:
            logger.warning("dropped a ring: %s", error)
        except (StoreBusyError, ArtifactStoreUnavailableError) as error:
            logger.warning("dropped a ring, the sweeper rings again: %s", error)
        finally:
            parts.identity.search_id = None
            hearing.heard()

    return task


def pass_on(parts: Parts, unable: UnableError, passed: int) -> None:
    """Ring for another worker, if one that is able is free; a busy one looks by itself."""
    if passed >= _MOST_PASSES:
        return  # whoever is able does not hear; the sweeper rings again
    try:
        with parts.store.read() as uow:
            lease_s = parts.settings.lease_s
            rings = someone_is_free(uow, unable.needs, parts.now(), lease_s)
    except StoreBusyError:
        return
    if rings:
        parts.bell.train(unable.trial_id, passed + 1)


def _load_optimizer_meanwhile() -> None:
    """Import Ax beside the wait for the first ring; it takes seconds."""
    threading.Thread(
        target=import_module, args=("optimizer.bayesian",), name="imports", daemon=True
    ).start()
