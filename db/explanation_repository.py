"""Explanations of searches in SQL."""

from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session

from db.tables import ExplanationRow
from search.explanations import BitStep, Explanation, GeneImportance, PredictedPoint


class SqlExplanations:
    """Implements ``search.explanations.ExplanationRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def keep(self, search_id: str, explanation: Explanation) -> None:
        """Store an explanation in place of the one before."""
        document = asdict(explanation)
        columns = {name: document.pop(name) for name in ("made_at", "n_measured")}
        row = ExplanationRow(search_id=search_id, **columns, document=document)
        self._session.merge(row)
        self._session.flush()

    def find(self, search_id: str) -> Explanation | None:
        """Return a search's explanation, if it has one."""
        query = select(ExplanationRow).where(ExplanationRow.search_id == search_id)
        row = self._session.scalar(query)
        return None if row is None else _explanation(row)

    def n_measured(self, search_id: str) -> int:
        """Return how many trials a search's explanation rests on, 0 without one."""
        query = select(ExplanationRow.n_measured).where(ExplanationRow.search_id == search_id)
        return self._session.scalar(query) or 0


def _explanation(row: ExplanationRow) -> Explanation:
    document = row.document
    return Explanation(
        n_measured=row.n_measured,
        made_at=row.made_at,
        seconds=document["seconds"],
        importance=tuple(GeneImportance(**each) for each in document["importance"]),
        bit_steps=tuple(BitStep(**each) for each in document["bit_steps"]),
        front=tuple(PredictedPoint(**each) for each in document["front"]),
    )
