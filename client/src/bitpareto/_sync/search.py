# Made by scripts/make_sync_client.py; change bitpareto/_async instead.
"""A search on the server, and everything one can do with it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from bitpareto import _calls as calls
from bitpareto._frames import trials_frame
from bitpareto._notebook import search_html
from bitpareto._sync.follow import follow
from bitpareto._sync.front import Front
from bitpareto._sync.resources.trials import Trials
from bitpareto._sync.transport import Transport
from bitpareto._sync.waiting import wait_for
from bitpareto.errors import SearchFailedError
from bitpareto.sizes import Size, parse_size
from bitpareto.types import Explanation, HypervolumeHistory, SearchEvent, Trial
from bitpareto.types import Search as SearchData
from bitpareto.types.searches import FrontSort, Reason, SearchState
from bitpareto.types.trials import TrialSort, TrialState

if TYPE_CHECKING:
    import pandas as pd


class Search:
    """A handle; its facts are those of the last answer until ``refresh`` or ``wait``.

    Attributes:
        data: Everything the server said of it.
    """

    def __init__(self, transport: Transport, data: SearchData) -> None:
        self._transport = transport
        self.data = data

    @property
    def id(self) -> str:
        """Its id; ``client.searches.get`` makes the handle again."""
        return self.data.id

    @property
    def name(self) -> str:
        """What it was called."""
        return self.data.name

    @property
    def state(self) -> SearchState:
        """Where it is; ``succeeded``, ``failed`` and ``cancelled`` are ends."""
        return self.data.state

    @property
    def waiting(self) -> Reason | None:
        """Why nothing of it is in work; ``None`` when something is, or it has ended."""
        return self.data.waiting

    @property
    def hypervolume(self) -> float:
        """Hypervolume of its front."""
        return self.data.hypervolume

    @property
    def created_at(self) -> datetime:
        """When it was submitted."""
        return self.data.created_at

    @property
    def trial_counts(self) -> dict[str, int]:
        """Number of trials per state."""
        return self.data.trial_counts

    @property
    def url(self) -> str:
        """Its page in the dashboard."""
        return f"{self._transport.base_url}/?search={self.id}"

    def refresh(self) -> "Search":
        """Ask the server again; returns this handle."""
        self.data = self._transport.send(calls.get_search(self.id))
        return self

    def cancel(self) -> "Search":
        """Cancel it; returns this handle. One that has ended stays as it is."""
        self.data = self._transport.send(calls.cancel_search(self.id))
        return self

    def pause(self) -> "Search":
        """Pause it: nothing new starts until it is resumed; returns this handle."""
        self.data = self._transport.send(calls.pause_search(self.id))
        return self

    def resume(self) -> "Search":
        """Let it go on after a pause; returns this handle."""
        self.data = self._transport.send(calls.resume_search(self.id))
        return self

    def extend(
        self, *, trials: int = 0, wall_time_s: float = 0.0, compute_s: float = 0.0
    ) -> "Search":
        """Give it more trials or more time; returns this handle. One that has ended runs again.

        Args:
            trials: How many more.
            wall_time_s: Seconds more, from the end of its time or from now, whichever is later.
            compute_s: Seconds of its trials more, from the limit or from what they took.
        """
        call = calls.extend_search(self.id, trials, wall_time_s, compute_s)
        self.data = self._transport.send(call)
        return self

    def clone(self, **overrides: Any) -> "Search":
        """Submit a search like it and return that one.

        Args:
            **overrides: Fields that are to be another way; objects such as ``limits`` are merged
                field by field, and ``None`` takes a field away.
        """
        call = calls.clone_search(self.id, overrides)
        return Search(self._transport, self._transport.send(call))

    def trials(
        self,
        *,
        state: TrialState | Sequence[TrialState] | None = None,
        on_front: bool | None = None,
        max_size: Size | None = None,
        min_accuracy: float | None = None,
        sort: TrialSort | None = None,
    ) -> Iterator[Trial]:
        """Yield its trials, page after page; ``client.trials.list`` has further filters.

        Args:
            state: Only those in this state, or in one of these.
            on_front: Only those on the front, or not on it.
            max_size: Only those whose file is at most so long, such as ``"64 KiB"``.
            min_accuracy: Only those at least so accurate.
            sort: By default ``number``; with ``-`` the largest first.
        """
        return Trials(self._transport).list(
            self.id,
            state=state,
            on_front=on_front,
            max_size=max_size,
            min_accuracy=min_accuracy,
            sort=sort,
        )

    def to_pandas(self) -> "pd.DataFrame":
        """Return all its trials as a data frame, with the columns of the CSV export.

        Raises:
            MissingExtraError: If pandas is not installed.
        """
        return trials_frame([trial for trial in self.trials()])

    def front(
        self,
        *,
        max_size: Size | None = None,
        sort: FrontSort | None = None,
        limit: int | None = None,
        as_of: int | None = None,
    ) -> Front:
        """Return its Pareto front.

        Args:
            max_size: Leave out points whose file is larger, such as ``"64 KiB"``.
            sort: A value of the points, with ``-`` the largest first; by default ``size_bytes``.
            limit: Only the first points, as sorted.
            as_of: Go back to the front right after this event; by default it is that of now.
        """
        bound = None if max_size is None else parse_size(max_size)
        call = calls.get_front(self.id, bound, sort, limit, as_of)
        return Front(self._transport, self._transport.send(call))

    def hypervolume_history(self) -> HypervolumeHistory:
        """Return how the hypervolume of its front grew, over trials and over training time."""
        return self._transport.send(calls.get_hypervolume(self.id))

    def explanation(self) -> Explanation:
        """Return what the optimizer's model has learned: genes, bits, and the predicted front.

        Raises:
            NotFoundError: While there is none, with the reason; ``problem.code`` is
                ``not_explained``.
        """
        return self._transport.send(calls.get_explanation(self.id))

    def stream(self, *, after: int = 0) -> Iterator[SearchEvent]:
        """Yield every event after one, none lost and none twice, until the search has ended.

        A lost connection is opened again where it broke.
        """
        return follow(self._transport, partial(calls.events_call, self.id), after)

    def wait(
        self,
        timeout: float | None = None,
        *,
        progress: bool = True,
        raise_on_failure: bool = True,
    ) -> "Search":
        """Block until the search has ended; returns this handle, refreshed.

        Ctrl-C detaches and leaves the search running.

        Args:
            timeout: Seconds to wait at most; ``None`` waits for ever, 0 asks once.
            progress: Show a panel in a notebook; a live line in a terminal, plain lines elsewhere,
                on standard error.
            raise_on_failure: Raise when it ends as ``failed`` or ``cancelled``.

        Raises:
            WaitTimeoutError: If time runs out; the search goes on.
            SearchFailedError: If it failed or was cancelled.
        """
        self.data = wait_for(self._transport, self.data, timeout, show=progress, url=self.url)
        if raise_on_failure and self.state in {"failed", "cancelled"}:
            raise SearchFailedError(self.data)
        return self

    def _repr_html_(self) -> str:
        return search_html(self.data, self.url)

    def __repr__(self) -> str:  # type: ignore[explicit-override]  # Python 3.11 has no override
        return f"<Search {self.id} {self.state}>"
