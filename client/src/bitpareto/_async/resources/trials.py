"""``client.trials`` and the trials of a search."""

from asyncio import sleep
from collections.abc import AsyncIterator, Sequence
from os import PathLike
from pathlib import Path
from typing import Any, Final

from bitpareto import _calls as calls
from bitpareto._async.transport import AsyncTransport
from bitpareto._files import put_file
from bitpareto._filters import trial_filters
from bitpareto.sizes import Size
from bitpareto.types import Curves, Lineage, Trial
from bitpareto.types.trials import Attempt, TrialFormat, TrialSort, TrialState

ENDED: Final = frozenset({"completed", "stopped", "failed", "cancelled"})


class AsyncTrials:
    """Read, cancel and replicate trials."""

    def __init__(self, transport: AsyncTransport) -> None:
        self._transport = transport

    async def get(self, trial_id: str) -> Trial:
        """Return a trial with its layer table.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return await self._transport.send(calls.get_trial(trial_id))

    async def cancel(self, trial_id: str) -> Trial:
        """Cancel a trial; its search goes on, and one that has ended stays as it is.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return await self._transport.send(calls.cancel_trial(trial_id))

    async def replicate(self, trial_id: str, *, seed: int | None = None) -> Trial:
        """Train a trial's candidate once more, with another seed; returns the new trial.

        Args:
            trial_id: The trial.
            seed: Of the new trial; by default one of its own.

        Raises:
            ConflictError: If the search failed or was cancelled.
            InvalidRequestError: If the seed was used for this candidate, or no time is left.
        """
        return await self._transport.send(calls.replicate_trial(trial_id, seed))

    async def curves(self, trial_id: str) -> Curves:
        """Return a trial's learning curves: every report of its training.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return await self._transport.send(calls.get_curves(trial_id))

    async def lineage(self, trial_id: str, *, limit: int = 3) -> Lineage:
        """Return where a trial's network comes from: the earlier ones most like it, its replicates.

        Args:
            trial_id: The trial.
            limit: Most trials in ``closest``, at most 20.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return await self._transport.send(calls.get_lineage(trial_id, limit))

    async def log(
        self, trial_id: str, *, tail: int | None = None, attempt: int | None = None
    ) -> str:
        """Return what a trial's training printed, the last 256 KiB of it.

        Args:
            trial_id: The trial.
            tail: Only so many lines of its end.
            attempt: Only what this attempt printed.

        Raises:
            NotFoundError: If there is no trial with this id.
        """
        return await self._transport.send(calls.get_log(trial_id, tail, attempt))

    async def follow_log(self, trial_id: str, *, poll_s: float = 1.0) -> AsyncIterator[str]:
        """Yield what a trial has printed and then what it prints, until it has ended.

        Raises:
            NotFoundError: If there is no trial with this id.
        """
        after = 0
        while True:
            found = await self._transport.send(calls.get_log_pieces(trial_id, after))
            for piece in found.data:
                after = piece.id
                yield piece.text
            if found.state in ENDED:
                return
            await sleep(poll_s)

    async def attempts(self, trial_id: str) -> "list[Attempt]":
        """Return each worker's hold on a trial, by number.

        Raises:
            NotFoundError: If there is none with this id.
        """
        return (await self._transport.send(calls.get_attempts(trial_id))).data

    async def list(
        self,
        search_id: str,
        *,
        state: TrialState | Sequence[TrialState] | None = None,
        outcome: str | None = None,
        on_front: bool | None = None,
        min_size: Size | None = None,
        max_size: Size | None = None,
        min_accuracy: float | None = None,
        max_accuracy: float | None = None,
        sort: TrialSort | None = None,
        page_size: int = calls.PAGE_LIMIT,
    ) -> AsyncIterator[Trial]:
        """Yield a search's trials; further pages are fetched when they are needed.

        Args:
            search_id: The search.
            state: Only those in this state, or in one of these.
            outcome: Only those that ended so, such as ``"diverged"``.
            on_front: Only those on the front, or not on it.
            min_size: Only those whose file is at least so long, such as ``"16 KiB"``.
            max_size: Only those whose file is at most so long.
            min_accuracy: Only those at least so accurate.
            max_accuracy: Only those at most so accurate.
            sort: By default ``number``; with ``-`` the largest first.
            page_size: How many to fetch at once.
        """
        filters = trial_filters(
            state, outcome, on_front, min_size, max_size, min_accuracy, max_accuracy, sort
        )
        cursor: str | None = None
        while True:
            call = calls.list_trials(search_id, page_size, cursor, filters)
            page = await self._transport.send(call)
            for each in page.data:
                yield each
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    async def rows(
        self,
        search_id: str,
        fields: Sequence[str],
        *,
        state: TrialState | Sequence[TrialState] | None = None,
        outcome: str | None = None,
        on_front: bool | None = None,
        min_size: Size | None = None,
        max_size: Size | None = None,
        min_accuracy: float | None = None,
        max_accuracy: float | None = None,
        sort: TrialSort | None = None,
        page_size: int = calls.PAGE_LIMIT,
    ) -> AsyncIterator[dict[str, Any]]:
        """Yield some fields of a search's trials, such as ``["number", "metrics.accuracy"]``.

        The other arguments are those of ``list``; what a trial has not got is absent.
        """
        filters = trial_filters(
            state, outcome, on_front, min_size, max_size, min_accuracy, max_accuracy, sort
        )
        cursor: str | None = None
        while True:
            call = calls.list_trial_rows(search_id, fields, page_size, cursor, filters)
            page = await self._transport.send(call)
            for each in page.data:
                yield each
            cursor = page.next_cursor
            if not page.has_more or cursor is None:
                return

    async def export(
        self,
        search_id: str,
        path: str | PathLike[str],
        *,
        format: TrialFormat = "csv",  # noqa: A002 - as REST names it
        fields: Sequence[str] | None = None,
        state: TrialState | Sequence[TrialState] | None = None,
        outcome: str | None = None,
        on_front: bool | None = None,
        min_size: Size | None = None,
        max_size: Size | None = None,
        min_accuracy: float | None = None,
        max_accuracy: float | None = None,
        sort: TrialSort | None = None,
    ) -> Path:
        """Write a search's trials, as they are at one moment, to a file; returns its path.

        Args:
            search_id: The search.
            path: File to write, put in place in one step.
            format: ``"csv"``, ``"ndjson"`` or ``"parquet"``.
            fields: Only these, such as ``["number", "metrics.accuracy"]``.
            state: As in ``list``, like all that follow.
            outcome: See there.
            on_front: See there.
            min_size: See there.
            max_size: See there.
            min_accuracy: See there.
            max_accuracy: See there.
            sort: See there.
        """
        filters = trial_filters(
            state, outcome, on_front, min_size, max_size, min_accuracy, max_accuracy, sort
        )
        chosen = None if fields is None else ",".join(fields)
        call = calls.export_trials(search_id, format, {**filters, "fields": chosen})
        content = await self._transport.send(call)
        return put_file(Path(path), lambda part: part.write_bytes(content))
