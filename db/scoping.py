"""The one place where a session is kept to one project.

Every statement that a session of a project runs, ``session.get`` included, is narrowed here, and
every row it adds is the project's. So no repository, and no route, can forget to ask.

Sources:
    SQLAlchemy manual, "Adding global WHERE / ON criteria"
"""

from functools import lru_cache
from typing import Any, Final

from sqlalchemy import event, inspect, select
from sqlalchemy.orm import ORMExecuteState, Session, with_loader_criteria
from sqlalchemy.orm.util import LoaderCriteriaOption

from db.access_tables import ProjectRow
from db.tables import OfProject, OfSearch, OfTrial, SearchRow, TrialRow

_PROJECT: Final = "bitpareto_project"
_owner: Final = inspect(SearchRow).local_table.alias("owner")
_trial: Final = inspect(TrialRow).local_table.alias("owned_trial")


class ProjectSession(Session):
    """A session that may be one project's."""


def scoped_info(project: str | None) -> dict[str, Any]:
    """Return the ``info=`` of a session of a project; ``None`` is all of them."""
    return {} if project is None else {_PROJECT: project}


def project_of(session: Session) -> str | None:
    """Return the project that a session is kept to."""
    found: str | None = session.info.get(_PROJECT)
    return found


@lru_cache(maxsize=256)
def _criteria(project: str) -> tuple[LoaderCriteriaOption, ...]:
    return (
        with_loader_criteria(
            OfProject, lambda cls: cls.project_id == project, include_aliases=True
        ),
        with_loader_criteria(
            OfSearch,
            # correlated, so that one row costs one look at its search
            lambda cls: (
                select(_owner.c.id)
                .where(_owner.c.id == cls.search_id, _owner.c.project_id == project)
                .exists()
            ),
            include_aliases=True,
        ),
        with_loader_criteria(
            OfTrial,
            lambda cls: (
                select(_trial.c.id)
                .join(_owner, _owner.c.id == _trial.c.search_id)
                .where(_trial.c.id == cls.trial_id, _owner.c.project_id == project)
                .exists()
            ),
            include_aliases=True,
        ),
        with_loader_criteria(ProjectRow, ProjectRow.name == project, include_aliases=True),
    )


@event.listens_for(ProjectSession, "do_orm_execute")
def _narrow(state: ORMExecuteState) -> None:
    project = project_of(state.session)
    if project is not None and (state.is_select or state.is_update or state.is_delete):
        state.statement = state.statement.options(*_criteria(project))


@event.listens_for(ProjectSession, "before_flush")
def _own(session: Session, *_: object) -> None:
    project = project_of(session)
    for row in session.new:
        if project is not None and isinstance(row, OfProject):
            row.project_id = project
