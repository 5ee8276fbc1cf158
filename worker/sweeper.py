"""The sweeper: takes back what was lost, rings for what waits, and has webhooks sent."""

import argparse
import logging
import time
from datetime import timedelta
from functools import partial
from typing import Final

from db.artifact_files import ArtifactFiles
from db.blobs import ArtifactStoreUnavailableError
from db.migrate import check_schema
from db.store import open_store
from jobs.bell import CeleryBell
from jobs.broker import celery_client
from search.errors import StoreBusyError
from search.ports import Bell
from search.settings import Settings
from search.store import Store
from search.use_cases.sweep import Rings, sweep
from worker.garbage import collect, describe
from worker.logs import configure_logging
from worker.patience import patiently
from worker.stop_signals import StopSignals
from worker.vitals import end_with_parent
from worker.webhook_post import Calls
from worker.webhook_sender import WebhookSender

logger = logging.getLogger(__name__)

_ROUNDS_BEFORE_RINGING: Final = 3
"""A waiting trial is rung again after this many rounds: often enough not to be missed, seldom
enough that a queue of busy workers does not fill with repetitions."""
_LEASES_BEFORE_FORGETTING: Final = 4
_LAST_DELIVERIES_S: Final = 3.0
"""For what is being sent when told to stop; what then has not ended is sent again."""


def run(_arguments: argparse.Namespace, settings: Settings) -> int:
    """Sweep every ``settings.sweep_s`` seconds until told to stop; returns the exit status."""
    configure_logging("sweeper")
    end_with_parent()
    patiently(partial(check_schema, settings.database_url))
    stop = StopSignals()
    store, bell = open_store(settings.database_url), CeleryBell(celery_client(settings))
    files = ArtifactFiles(settings.artifacts_url)
    logger.info("sweeping every %g s", settings.sweep_s)
    sender = WebhookSender(store, Calls(allowed=settings.webhooks_allowed))
    sender.start()
    collect_at_s = time.monotonic() + settings.retention.every_s
    while not stop.received:
        try:
            sweep_once(store, bell, settings)
            if time.monotonic() >= collect_at_s:
                collect_at_s = time.monotonic() + settings.retention.every_s
                collect_once(store, files, settings)
        except StoreBusyError as error:
            logger.warning("skipped a round: %s", error)
        stop.sleep(settings.sweep_s)
    sender.stop(_LAST_DELIVERIES_S)
    return 0


def collect_once(store: Store, files: ArtifactFiles, settings: Settings) -> None:
    """Remove what nothing needs any more; a store that is away is tried again next time."""
    try:
        removed = collect(store, files, settings, remove=True)
    except ArtifactStoreUnavailableError as error:
        logger.warning("nothing was collected: %s", error)
        return
    if removed:
        logger.info("removed %s", describe(removed))


def sweep_once(store: Store, bell: Bell, settings: Settings) -> Rings:
    """Do one round: change the store, then ring, after the commit."""
    now = store.now()
    with store.begin() as uow:
        rings = sweep(uow, now, _ROUNDS_BEFORE_RINGING * settings.sweep_s)
        forgotten_before = now - timedelta(seconds=_LEASES_BEFORE_FORGETTING * settings.lease_s)
        for worker in uow.workers.all():
            if worker.last_seen_at < forgotten_before:
                uow.workers.gone(worker.id)
        # a project that is used forgets its own; this is for those that nobody uses any more
        uow.request_keys.forget(now)
    for search_id in rings.advance:
        bell.advance(search_id)
    for trial_id in rings.train:
        bell.train(trial_id)
    for search_id in rings.refine:
        bell.refine(search_id)
    if rings.advance or rings.train or rings.refine:
        logger.info(
            "rang again: %d to advance, %d to train, %d to refine",
            len(rings.advance),
            len(rings.train),
            len(rings.refine),
        )
    return rings
