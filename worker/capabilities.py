"""What this process can do: its device, memory, threads and versions."""

import os
import platform
from collections.abc import Mapping
from dataclasses import replace
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Final

from search.placement import Capabilities

_LIMIT_FILES: Final = (
    Path("/sys/fs/cgroup/memory.max"),
    Path("/sys/fs/cgroup/memory/memory.limit_in_bytes"),
)
_USED_FILES: Final = (
    Path("/sys/fs/cgroup/memory.current"),
    Path("/sys/fs/cgroup/memory/memory.usage_in_bytes"),
)


def torch_threads(environment: Mapping[str, str] = os.environ) -> int:
    """Return how many threads one worker computes with (``BITPARETO_TORCH_THREADS``).

    One by default: candidates are small, so more processes use cores better than more threads.
    """
    return max(1, int(environment.get("BITPARETO_TORCH_THREADS", "1")))


def capabilities_of(device: str, environment: Mapping[str, str] = os.environ) -> Capabilities:
    """Measure this process's machine; ``cuda`` loads torch, ``cpu`` does not."""
    total, free = _memory(device)
    return Capabilities(
        device=device,
        device_name=_name(device),
        memory_bytes=total,
        free_memory_bytes=free,
        n_threads=torch_threads(environment),
        profile=environment.get("BITPARETO_WORKER_PROFILE") or None,
        versions={
            "bitpareto": version("bitpareto-server"),
            "python": platform.python_version(),
            "torch": version("torch"),
        },
    )


def remeasured(known: Capabilities) -> Capabilities:
    """Return the same with the memory that is free now."""
    return replace(known, free_memory_bytes=_memory(known.device)[1])


def _memory(device: str) -> tuple[int, int]:
    if device == "cuda":
        free, total = import_module("torch").cuda.mem_get_info()
        return int(total), int(free)
    total, free = _machine_memory()
    limit, used = _number(_LIMIT_FILES), _number(_USED_FILES)
    if limit is None or limit >= total:
        return total, free
    # a container may use less than its machine has
    return limit, max(0, min(free, limit - (used or 0)))


def _machine_memory() -> tuple[int, int]:
    """Return total and available bytes; the page cache counts as available."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    kib = {name: int(rest.split()[0]) for name, _, rest in (line.partition(":") for line in lines)}
    return kib["MemTotal"] * 1024, kib["MemAvailable"] * 1024


def _number(files: tuple[Path, ...]) -> int | None:
    for file in files:
        try:
            return int(file.read_text(encoding="ascii"))
        except (OSError, ValueError):  # not this kernel's file, or without a limit
            continue
    return None


def _name(device: str) -> str:
    if device == "cuda":
        return str(import_module("torch").cuda.get_device_name())
    return platform.processor() or platform.machine()
