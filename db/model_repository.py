"""Uploaded networks in SQL."""

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from db.access_tables import ProjectRow
from db.scoping import project_of
from db.tables import ModelRow, SearchRow
from search.access import DEFAULT_PROJECT
from search.entities import Model
from search.errors import NotFoundError
from search.states import TERMINAL_SEARCH_STATES
from search_space.families.imported import MODEL
from search_space.families.imported import NAME as IMPORTED
from search_space.layer_json import layers_from_json, layers_to_json


class SqlModels:
    """Implements ``search.store.ModelRepository``."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def add(self, model: Model) -> None:
        """Store a new model."""
        normalisation = None
        if model.mean is not None and model.std is not None:
            normalisation = {"mean": list(model.mean), "std": list(model.std)}
        row = ModelRow(
            id=model.id,
            name=model.name,
            sha256=model.sha256,
            weights_sha256=model.weights_sha256,
            size_bytes=model.size_bytes,
            layers=layers_to_json(model.layers),
            normalisation=normalisation,
            created_at=model.created_at,
        )
        self._session.add(row)
        self._session.flush()

    def get(self, model_id: str) -> Model:
        """Return a model."""
        row = self._session.get(ModelRow, model_id)
        if row is None:
            raise NotFoundError("model", model_id)
        return _to_model(row)

    def find(self, reference: str) -> Model | None:
        """Return the model with this id, or the newest with this sha256 (ids sort by time)."""
        return self._found(reference, lock=False)

    def named(self, name: str) -> list[Model]:
        """Return the models of this name, newest first."""
        query = select(ModelRow).where(ModelRow.name == name).order_by(ModelRow.id.desc())
        return [_to_model(row) for row in self._session.scalars(query)]

    def lock(self, reference: str) -> Model | None:
        """Likewise, holding its row until the transaction ends."""
        return self._found(reference, lock=True)

    def lock_uploads(self) -> None:
        """Let the project's other uploads wait until the transaction ends."""
        project = project_of(self._session) or DEFAULT_PROJECT
        row = select(ProjectRow.name).where(ProjectRow.name == project)
        # a weaker lock than a plain one: whoever merely refers to the project does not wait
        self._session.execute(row.with_for_update(key_share=True))

    def _found(self, reference: str, *, lock: bool) -> Model | None:
        same = or_(ModelRow.id == reference, ModelRow.sha256 == reference)
        query = select(ModelRow).where(same).order_by(ModelRow.id.desc()).limit(1)
        if lock:
            query = query.with_for_update().execution_options(populate_existing=True)
        row = self._session.scalar(query)
        return None if row is None else _to_model(row)

    def page(self, limit: int, before_id: str | None = None) -> list[Model]:
        """Return up to ``limit`` models, newest first."""
        query = select(ModelRow).order_by(ModelRow.id.desc()).limit(limit)
        if before_id is not None:
            query = query.where(ModelRow.id < before_id)
        return [_to_model(row) for row in self._session.scalars(query)]

    def unfinished_searches(self, model: Model) -> list[str]:
        """Return the ids of searches of it that have not ended."""
        ended = [str(state) for state in TERMINAL_SEARCH_STATES]
        query = select(SearchRow.id).where(
            SearchRow.state.not_in(ended),
            SearchRow.space["family"].as_string() == IMPORTED,
            # searches of old name a model by its sha256
            SearchRow.space[MODEL].as_string().in_((model.id, model.sha256)),
        )
        return list(self._session.scalars(query.order_by(SearchRow.id)))

    def remove(self, model_id: str) -> None:
        """Forget a model; searches that have ended keep its id."""
        self._session.execute(delete(ModelRow).where(ModelRow.id == model_id))


def _to_model(row: ModelRow) -> Model:
    numbers = row.normalisation
    return Model(
        id=row.id,
        name=row.name,
        sha256=row.sha256,
        weights_sha256=row.weights_sha256,
        size_bytes=row.size_bytes,
        layers=layers_from_json(row.layers),
        mean=None if numbers is None else tuple(numbers["mean"]),
        std=None if numbers is None else tuple(numbers["std"]),
        created_at=row.created_at,
    )
