"""What is rung: task names, queues and the versioned payload.

A message names one search or one trial and says nothing of it: whoever answers reads the truth
from the database. A payload of an unknown version is refused, so a worker that is older than the
sender drops the ring and the sweeper rings again.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from search.errors import BitparetoError

VERSION: Final = 1
RING_HEADER: Final = "ring"
"""Message header by which a transport may join equal rings that wait.

Not the task id: Celery remembers an expired task's id as revoked for three hours.
"""

OPTIMIZE_QUEUE: Final = "optimize"
TRAIN_QUEUE: Final = "train"
QUEUES: Final = (OPTIMIZE_QUEUE, TRAIN_QUEUE)


class PayloadError(BitparetoError, ValueError):
    """A message this version cannot read; drop it, the sweeper rings again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """One kind of message.

    Attributes:
        task: Celery task name.
        queue: Queue whose workers answer.
        subject: Key of the one id in the payload, ``search_id`` or ``trial_id``.
    """

    task: str
    queue: str
    subject: str


ADVANCE: Final = Ring(task="bitpareto.advance", queue=OPTIMIZE_QUEUE, subject="search_id")
TRAIN: Final = Ring(task="bitpareto.train", queue=TRAIN_QUEUE, subject="trial_id")
REFINE: Final = Ring(task="bitpareto.refine", queue=TRAIN_QUEUE, subject="search_id")
RINGS: Final = (ADVANCE, TRAIN, REFINE)


def payload_of(ring: Ring, subject_id: str, times_passed: int = 0) -> dict[str, Any]:
    """Return the JSON payload, such as ``{"v": 1, "trial_id": "trl_…"}``."""
    passed = {"passed": times_passed} if times_passed else {}
    return {"v": VERSION, ring.subject: subject_id, **passed}


def times_passed(payload: Mapping[str, Any]) -> int:
    """Return how many workers heard a ring, were not able to answer, and rang again."""
    passed = payload.get("passed", 0)
    return passed if isinstance(passed, int) else 0


def subject_of(ring: Ring, payload: Mapping[str, Any]) -> str:
    """Read the id back out of a payload.

    Raises:
        PayloadError: If the version or the shape is not ours.
    """
    if payload.get("v") != VERSION:
        raise PayloadError(f"{ring.task}: payload version {payload.get('v')!r}, not {VERSION}")
    subject_id = payload.get(ring.subject)
    if not isinstance(subject_id, str) or not subject_id:
        raise PayloadError(f"{ring.task}: payload without {ring.subject}")
    return subject_id


def ring_name(ring: Ring, subject_id: str) -> str:
    """Name equal rings alike, such as ``train-trl_…``; sent as the header ``RING_HEADER``."""
    return f"{ring.task.rpartition('.')[2]}-{subject_id}"
