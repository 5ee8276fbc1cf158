"""A training's state after an epoch, as bytes of plain tensors and numbers."""

import io
import logging
import pickle
from dataclasses import dataclass
from typing import Any

import torch

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingState:
    """All that the next epoch depends on; random draws are functions of seed, phase and epoch.

    Attributes:
        identity: Of candidate, recipe, seed and data; a checkpoint of anything else is not used.
        phase: Index of the phase.
        epochs_done: Epochs of that phase that are over.
        network: The network's ``state_dict``, step sizes of quantizers included.
        optimizer: The optimizer's ``state_dict``.
        float_accuracy: Validation accuracy after the float phase; None during it.
        seconds: Training time so far, over all attempts.
    """

    identity: str
    phase: int
    epochs_done: int
    network: dict[str, Any]
    optimizer: dict[str, Any]
    float_accuracy: float | None
    seconds: float


def state_to_bytes(state: TrainingState) -> bytes:
    """Serialise; ``state_from_bytes`` needs no pickled code to read it."""
    buffer = io.BytesIO()
    fields = {name: getattr(state, name) for name in TrainingState.__slots__}
    torch.save(fields, buffer)
    return buffer.getvalue()


def state_from_bytes(
    checkpoint: bytes | None, identity: str, device: torch.device
) -> TrainingState | None:
    """Read a checkpoint of this very training.

    Args:
        checkpoint: What the store holds, if anything.
        identity: What is being trained.
        device: Where tensors are put.

    Returns:
        The state; None, with a line in the log, where training has to start over because the
        checkpoint is damaged or belongs to something else.
    """
    if checkpoint is None:
        return None
    try:
        fields = torch.load(io.BytesIO(checkpoint), map_location=device, weights_only=True)
        state = TrainingState(**fields)
    except (RuntimeError, pickle.UnpicklingError, EOFError, TypeError, ValueError) as error:
        logger.warning("the checkpoint is not readable, training starts over: %s", error)
        return None
    if state.identity != identity:
        logger.warning("the checkpoint is of another training, training starts over")
        return None
    return state
