"""What trials print while they train: kept in pieces, of a bounded size per trial."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Protocol

LOG_BYTES: Final = 256 * 1024
"""Of each trial's log so much is kept, the newest."""

_REASON_LINES: Final = 30
_REASON_BYTES: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class LogPiece:
    """Some lines of one attempt; ids rise."""

    id: int
    attempt: int
    text: str


class TrialLogRepository(Protocol):
    """Logs of all trials; whoever reads them needs no file of the machine that trained."""

    def append(self, trial_id: str, attempt: int, text: str, keep_bytes: int = LOG_BYTES) -> None:
        """Add a piece and drop the oldest beyond ``keep_bytes``."""

    def pieces(
        self, trial_id: str, after_id: int = 0, attempt: int | None = None
    ) -> list[LogPiece]:
        """Return what is kept of a trial's log, in order, of one attempt where asked to."""


def storable(text: str, keep_bytes: int = LOG_BYTES) -> str:
    """Return text as every database takes it, at most ``keep_bytes`` of its end."""
    clean = text.replace("\0", "\N{REPLACEMENT CHARACTER}").encode(errors="replace")
    if len(clean) <= keep_bytes:
        return clean.decode()
    # the cut may go through a character, or a line
    end = clean[-keep_bytes:].decode(errors="ignore")
    return end.partition("\n")[2] or end


def last_lines(text: str, n: int) -> str:
    """Return the last ``n`` lines."""
    return "".join(text.splitlines(keepends=True)[-n:])


def tail_for_reason(pieces: Sequence[LogPiece]) -> str | None:
    """Return the end of a log, short enough for a trial's reason; ``None`` without a log."""
    text = "".join(piece.text for piece in pieces).rstrip()
    return storable(last_lines(text, _REASON_LINES), _REASON_BYTES) or None
