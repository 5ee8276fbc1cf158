"""Hardware profiles on the wire."""

from datetime import datetime

from bitpareto.types.base import ResponseModel


class HardwareProfile(ResponseModel):
    """What is known of a device; see ``docs/hardware-profiles.md``."""

    name: str
    sha256: str
    """Of ``yaml``; a name keeps its content."""
    description: str
    weight_bits: list[int]
    activation_bits: list[int]
    pairs: dict[str, list[tuple[int, int]]]
    """(weight bits, activation bits) that each kind of layer can be computed at."""
    flash_bytes: int | None
    """Largest packed file."""
    ram_bytes: int | None
    """Most bytes of tensors at once."""
    costs: list[str]
    """Exact costs of a search on this hardware, for budgets and objectives."""
    yaml: str | None
    """As it was written; present where one profile is asked for."""
    shipped: bool
    """Whether it comes with the server."""
    created_at: datetime | None


class HardwareProfiles(ResponseModel):
    """Every profile of a server."""

    data: list[HardwareProfile]


class HardwareRef(ResponseModel):
    """The profile that a search was made with."""

    name: str
    sha256: str
