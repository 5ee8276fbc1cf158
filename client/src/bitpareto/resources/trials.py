"""``client.trials`` and the trials of a search."""

import time
from collections.abc import Iterator
from typing import Final

from bitpareto import _calls as calls
from bitpareto._transport import Transport
from bitpareto.types import Curves, Trial
from bitpareto.types.trials import Attempt, TrialState

ENDED: Final = frozenset({"completed", "stopped", "failed", "cancelled"})


class Trials:
    """Read, cancel and replicate trials."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def get(self, trial_id: str) -> Trial:
        """Return a trial with its layer table.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return self._transport.send(calls.get_trial(trial_id))

    def cancel(self, trial_id: str) -> Trial:
        """Cancel a trial; its search goes on, and one that has ended stays as it is.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return self._transport.send(calls.cancel_trial(trial_id))

    def replicate(self, trial_id: str, *, seed: int | None = None) -> Trial:
        """Train a trial's candidate once more, with another seed; returns the new trial.

        Args:
            trial_id: The trial.
            seed: Of the new trial; by default one of its own.

        Raises:
            ConflictError: If the search failed or was cancelled.
            InvalidRequestError: If the seed was used for this candidate, or no time is left.
        """
        return self._transport.send(calls.replicate_trial(trial_id, seed))

    def curves(self, trial_id: str) -> Curves:
        """Return a trial's learning curves: every report of its training.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return self._transport.send(calls.get_curves(trial_id))

    def log(self, trial_id: str, *, tail: int | None = None, attempt: int | None = None) -> str:
        """Return what a trial's training printed, the last 256 KiB of it.

        Args:
            trial_id: The trial.
            tail: Only so many lines of its end.
            attempt: Only what this attempt printed.

        Raises:
            NotFoundError: If there is no trial with this id.
        """
        return self._transport.send(calls.get_log(trial_id, tail, attempt))

    def follow_log(self, trial_id: str, *, poll_s: float = 1.0) -> Iterator[str]:
        """Yield what a trial has printed and then what it prints, until it has ended.

        Raises:
            NotFoundError: If there is no trial with this id.
        """
        after = 0
        while True:
            found = self._transport.send(calls.get_log_pieces(trial_id, after))
            for piece in found.data:
                after = piece.id
                yield piece.text
            if found.state in ENDED:
                return
            time.sleep(poll_s)

    def attempts(self, trial_id: str) -> "list[Attempt]":
        """Return each worker's hold on a trial, by number.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return self._transport.send(calls.get_attempts(trial_id)).data

    def list(
        self,
        search_id: str,
        *,
        state: TrialState | None = None,
        page_size: int = calls.PAGE_LIMIT,
    ) -> Iterator[Trial]:
        """Yield a search's trials by number; further pages are fetched when they are needed."""
        cursor: str | None = None
        while True:
            page = self._transport.send(calls.list_trials(search_id, state, page_size, cursor))
            yield from page.data
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return
