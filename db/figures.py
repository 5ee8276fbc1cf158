"""Sums over a whole deployment, a query for each."""

from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from db.tables import ArtifactRow, FrontMemberRow, SearchRow, TrialRow, WorkerRow
from search.figures import Figures
from search.states import SearchState, TrialState


class SqlFigures:
    """Implements ``search.figures.FiguresRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def at(self, now: datetime) -> Figures:
        """Count."""
        searches = self._counts(SearchRow.state)
        trials = self._counts(TrialRow.state)
        oldest_queued = self._one(
            select(func.min(TrialRow.created_at)).where(TrialRow.state == TrialState.QUEUED)
        )
        next_expiry = self._one(
            select(func.min(TrialRow.lease_expires_at)).where(TrialRow.state == TrialState.RUNNING)
        )
        oldest_heartbeat = self._one(select(func.min(WorkerRow.last_seen_at)))
        seconds = TrialRow.metrics["train_seconds"].as_float()
        return Figures(
            searches={state: searches.get(state, 0) for state in SearchState},
            trials={state: trials.get(state, 0) for state in TrialState},
            workers=self._counts(WorkerRow.kind),
            oldest_queued_s=_seconds(oldest_queued, now),
            oldest_heartbeat_s=_seconds(oldest_heartbeat, now),
            next_expiry_s=-_seconds(next_expiry, now),
            attempts=self._one(select(func.sum(TrialRow.attempt))) or 0,
            times_lost=self._one(select(func.sum(TrialRow.times_lost))) or 0,
            train_seconds=self._one(
                select(func.sum(seconds)).where(TrialRow.state == TrialState.COMPLETED)
            )
            or 0.0,
            gpu_seconds=self._one(
                select(func.sum(TrialRow.metrics["gpu_seconds"].as_float())).where(
                    TrialRow.state == TrialState.COMPLETED
                )
            )
            or 0.0,
            front_joined=self._one(select(func.count(FrontMemberRow.id))),
            front_left=self._one(select(func.count(FrontMemberRow.left_event))),
            artifact_bytes=self._one(select(func.sum(ArtifactRow.size_bytes))) or 0,
        )

    def _counts(self, column: Any) -> dict[Any, int]:
        query = select(column, func.count()).group_by(column)
        return {row[0]: row[1] for row in self._session.execute(query)}

    def _one(self, query: Any) -> Any:
        return self._session.scalar(query)


def _seconds(since: datetime | None, now: datetime) -> float:
    return 0.0 if since is None else (now - since).total_seconds()
