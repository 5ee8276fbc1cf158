"""Which worker may run which trial: what a trial needs against what a worker has."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from typing_extensions import override

GIB: Final = 2**30


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a trial asks of its worker; ``None`` asks nothing.

    Attributes:
        device: ``cpu`` or ``cuda``.
        memory_bytes: Least memory of the device, or of the machine where that is the CPU.
        profile: A name that an operator gave to workers of a kind, such as ``night``.
    """

    device: str | None = None
    memory_bytes: int | None = None
    profile: str | None = None

    def __bool__(self) -> bool:
        """Whether anything is asked."""
        return self != NO_NEEDS

    @override
    def __str__(self) -> str:
        """Such as ``a CUDA device with 8.0 GiB and the profile 'night'``."""
        device = {"cuda": "a CUDA device", "cpu": "a CPU"}.get(self.device or "", "a device")
        memory = f"{self.memory_bytes / GIB:.1f} GiB" if self.memory_bytes else ""
        profile = f"the profile {self.profile!r}" if self.profile else ""
        extras = " and ".join(filter(None, (memory, profile)))
        return f"{device} with {extras}" if extras else device


NO_NEEDS: Final = Needs()


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a worker has.

    Attributes:
        device: ``cpu`` or ``cuda``.
        device_name: As the maker calls it.
        memory_bytes: Of the device; of the machine, or of what it may use of it, for the CPU.
        free_memory_bytes: Of that, when it reported.
        n_threads: With which it computes.
        profile: The operator's name for workers of its kind.
        versions: Of what decides how it computes.
    """

    device: str
    device_name: str
    memory_bytes: int
    free_memory_bytes: int
    n_threads: int = 1
    profile: str | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    def meet(self, needs: Needs) -> bool:
        """Whether a trial with these needs may run here."""
        return (
            needs.device in {None, self.device}
            and (needs.memory_bytes is None or needs.memory_bytes <= self.memory_bytes)
            and needs.profile in {None, self.profile}
        )


def any_meets(found: Iterable[Capabilities | None], needs: Needs) -> bool:
    """Whether one of these meets the needs; an unknown one meets no needs but none."""
    return any(meets(each, needs) for each in found)


def meets(found: Capabilities | None, needs: Needs) -> bool:
    """Whether a worker meets the needs; one that said nothing of itself meets no needs but none."""
    return not needs or (found is not None and found.meet(needs))
