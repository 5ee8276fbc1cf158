# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""``client.hardware_profiles``: what devices compute, and what it costs there."""

from os import PathLike
from pathlib import Path

from bitpareto import _calls as calls
from bitpareto._sync.transport import Transport
from bitpareto.types import HardwareProfile


class HardwareProfiles:
    """Add, list and read hardware profiles."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def create(self, profile: str | PathLike[str]) -> HardwareProfile:
        """Add a profile; the same again changes nothing.

        Args:
            profile: The text, when it is a ``str`` of several lines, else the path of a file.

        Raises:
            InvalidRequestError: If it breaks the schema; ``.errors`` has every problem with its
                line.
            ConflictError: If another profile has its name.
        """
        is_text = isinstance(profile, str) and "\n" in profile
        text = str(profile).encode() if is_text else Path(profile).read_bytes()
        return self._transport.send(calls.add_hardware_profile(text))

    def get(self, name: str) -> HardwareProfile:
        """Return a profile with its text.

        Raises:
            NotFoundError: If there is none of this name.
        """
        return self._transport.send(calls.get_hardware_profile(name))

    def list(self) -> list[HardwareProfile]:
        """Return every profile: the server's own, then those that were added."""
        return (self._transport.send(calls.list_hardware_profiles())).data
