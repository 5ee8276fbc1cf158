"""One slot per GPU: which there are, and a worker's hold on one of them."""

import fcntl
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TextIO

from search.errors import BitparetoError
from search.placement import GIB

VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
_LEAST_FREE_BYTES: Final = GIB
_ASK_S: Final = 30.0
_QUERY: Final = ("index", "uuid", "name", "memory.total", "memory.free")
_MIB: Final = 2**20


class NoSuchGpuError(BitparetoError, ValueError):
    """A GPU was asked for that this machine has not; change ``--gpu`` or ``--gpus``."""


class GpuBusyError(BitparetoError):
    """Something else uses the GPU; free it, then start again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gpu:
    """A GPU as the driver shows it; ``index`` counts all of the machine's."""

    index: int
    uuid: str
    name: str
    memory_bytes: int
    free_memory_bytes: int


def gpus_here(environment: Mapping[str, str] = os.environ) -> list[Gpu]:
    """Return the machine's GPUs by the driver's ``nvidia-smi``; none where there is no driver.

    Those that ``CUDA_VISIBLE_DEVICES`` hides are left out.

    Raises:
        NoSuchGpuError: If the driver does not answer as it should.
    """
    command = ["nvidia-smi", f"--query-gpu={','.join(_QUERY)}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(  # noqa: S603 - a fixed command
            command, capture_output=True, text=True, check=True, timeout=_ASK_S
        )
    except FileNotFoundError:
        return []
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
        said = (getattr(error, "stdout", None) or str(error)).strip()
        raise NoSuchGpuError(f"nvidia-smi does not answer: {said}") from error
    found = [_gpu(line) for line in answer.stdout.splitlines() if line.strip()]
    visible = environment.get(VISIBLE)
    if visible is None:
        return found
    named = {name.strip() for name in visible.split(",")}
    return [gpu for gpu in found if str(gpu.index) in named or gpu.uuid in named]


def choose_gpus(wanted: str, found: Sequence[Gpu]) -> list[Gpu]:
    """Return the GPUs of ``all`` or of a list of indices such as ``0,2``.

    Raises:
        NoSuchGpuError: If one of them is not there, or none is.
    """
    there = ", ".join(f"{gpu.index} ({gpu.name})" for gpu in found) or "none"
    if wanted == "all":
        if not found:
            raise NoSuchGpuError("--gpus all: nvidia-smi shows no GPU on this machine")
        return list(found)
    by_index = {str(gpu.index): gpu for gpu in found}
    names = [name.strip() for name in wanted.split(",")]
    for name in names:
        if name not in by_index:
            raise NoSuchGpuError(f"no GPU {name!r} on this machine; there are: {there}")
    return [by_index[name] for name in dict.fromkeys(names)]


def take_gpu(index: int, environment: Mapping[str, str] = os.environ) -> TextIO:
    """Make one GPU the only one of this process, before torch is loaded.

    Returns:
        Its lock, to be kept open: no other worker on this machine takes the GPU meanwhile, and the
        system frees it when this process ends, however it ends.

    Raises:
        NoSuchGpuError: If it is not there.
        GpuBusyError: If another worker has it, or most of its memory is in use.
    """
    if "torch" in sys.modules:
        raise RuntimeError("torch is loaded already and may have seen every GPU")
    (gpu,) = choose_gpus(str(index), gpus_here(environment))
    lock = _lock(gpu)
    least = float(environment.get("BITPARETO_GPU_FREE_GIB", _LEAST_FREE_BYTES / GIB)) * GIB
    if gpu.free_memory_bytes < least:
        lock.close()
        raise GpuBusyError(
            f"GPU {index} ({gpu.name}) has {gpu.free_memory_bytes / GIB:.1f} of "
            f"{gpu.memory_bytes / GIB:.1f} GiB free, and {least / GIB:.1f} are asked for "
            "(BITPARETO_GPU_FREE_GIB); end what uses it"
        )
    os.environ[VISIBLE] = gpu.uuid
    os.environ["BITPARETO_DEVICE"] = "cuda"
    return lock


def _lock(gpu: Gpu) -> TextIO:
    path = Path(tempfile.gettempdir()) / f"bitpareto-{gpu.uuid}.lock"
    # ours to write, and to lock by workers of other users too
    file = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT, 0o666), "r+", encoding="ascii")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = file.read().strip() or "unknown"
        file.close()
        raise GpuBusyError(
            f"GPU {gpu.index} ({gpu.name}) has a worker already (pid {holder}); one is enough"
        ) from error
    file.truncate(0)
    file.write(str(os.getpid()))
    file.flush()
    return file


def _gpu(line: str) -> Gpu:
    fields = [field.strip() for field in line.split(",")]
    try:
        index, uuid, name, total, free = fields
        return Gpu(
            index=int(index),
            uuid=uuid,
            name=name,
            memory_bytes=int(total) * _MIB,
            free_memory_bytes=int(free) * _MIB,
        )
    except ValueError as error:
        raise NoSuchGpuError(f"nvidia-smi shows a GPU in an unknown way: {line!r}") from error
