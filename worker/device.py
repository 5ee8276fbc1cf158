"""Which device a train worker computes on, and with how many threads."""

import os
from collections.abc import Mapping
from typing import Final

import torch

from search.errors import BitparetoError
from worker.capabilities import torch_threads

CHOICES: Final = ("auto", "cpu", "cuda")


class DeviceError(BitparetoError, ValueError):
    """``BITPARETO_DEVICE`` asks for what this machine has not; change it."""


def choose_device(environment: Mapping[str, str] = os.environ) -> str:
    """Set torch's threads and return ``cpu`` or ``cuda`` (``BITPARETO_DEVICE``, default ``auto``).

    Raises:
        DeviceError: If the choice is unknown, or CUDA is asked for and missing.
    """
    torch.set_num_threads(torch_threads(environment))
    choice = environment.get("BITPARETO_DEVICE", "auto")
    if choice not in CHOICES:
        raise DeviceError(f"BITPARETO_DEVICE is {choice!r}; allowed: {', '.join(CHOICES)}")
    if choice == "cuda" and not torch.cuda.is_available():
        raise DeviceError("BITPARETO_DEVICE is 'cuda', but torch finds no CUDA device here")
    return "cuda" if choice != "cpu" and torch.cuda.is_available() else "cpu"
