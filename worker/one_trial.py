"""``bitpareto-server train TRIAL_ID``: run one queued trial here, in the foreground."""

import argparse
import logging
import signal
from types import FrameType

from db.migrate import check_schema
from search.settings import Settings
from search.states import TrialState
from worker.device import choose_device
from worker.logs import configure_logging
from worker.parts import open_parts
from worker.tasks.train import train
from worker.vitals import Vitals

logger = logging.getLogger(__name__)


def run(arguments: argparse.Namespace, settings: Settings) -> int:
    """Train one trial; Ctrl-C hands it back. Returns 0 when it completed."""
    configure_logging("train")
    check_schema(settings.database_url)
    parts = open_parts(settings, kind="train", device=choose_device())

    def drain(_number: int, _frame: FrameType | None) -> None:
        parts.identity.drain.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, drain)
    vitals = Vitals(parts)
    vitals.start()
    try:
        train(parts, arguments.trial_id)
    finally:
        vitals.stop()
    with parts.store.read() as uow:
        trial = uow.trials.get(arguments.trial_id)
    logger.info("trial %d is %s", trial.number, trial.state)
    return 0 if trial.state == TrialState.COMPLETED else 1
