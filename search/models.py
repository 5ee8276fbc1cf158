"""Which uploaded network a declared space means.

A request may name it as people do. A stored search names it by its id, so what it was made of never
becomes another network.
"""

from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from search.entities import Model
from search.errors import FieldProblem
from search.store import Store, UnitOfWork
from search_space.families.imported import MODEL, NAME, UNKNOWN_MODEL

_POINTER: Final = "/space/model"
_SHOWN: Final = 50
"""Networks that a refusal lists."""


def named_model(store: Store, space: Mapping[str, Any]) -> Model | FieldProblem | None:
    """Return what the space of a request names, or the problem that it is none, or one of many.

    Args:
        store: As the project of the request sees it.
        space: As declared, not yet checked.

    Returns:
        The model of this id; else the newest upload of the file with this sha256; else the newest
        of this name, where all of this name are one file with the same statistics. ``None`` where
        the space names none.
    """
    reference = reference_of(space)
    if reference is None:
        return None
    with store.read() as uow:
        found = uow.models.find(reference)
        named = uow.models.named(reference) if reference and found is None else []
        if len({model.content for model in named}) == 1:
            found = named[0]
        if found is not None:
            return found
        if named:
            detail = f"{len(named)} networks are called {reference!r}; say by its id which is meant"
            return FieldProblem(_POINTER, "ambiguous_model", detail, tuple(m.id for m in named))
        detail = f"{reference!r} is no id, name or sha256 of an uploaded network"
        return FieldProblem(_POINTER, UNKNOWN_MODEL, detail, _choices(uow))


def _choices(uow: UnitOfWork) -> tuple[str, ...]:
    """Return how networks may be named: by name where that is enough."""
    known = uow.models.page(_SHOWN)
    names = Counter(model.name for model in known)
    return tuple(
        model.name if model.name and names[model.name] == 1 else model.id for model in known
    )


def model_of_space(store: Store, space: Mapping[str, Any]) -> Model | None:
    """Return the model of a stored search's space.

    Returns:
        ``None`` for spaces of another family, and where the model was deleted.
    """
    reference = reference_of(space)
    if reference is None:
        return None
    with store.read() as uow:
        return uow.models.find(reference)


def reference_of(space: Mapping[str, Any]) -> str | None:
    """Return how a declared space names its model; ``None`` where it names none."""
    reference = space.get(MODEL)
    return reference if space.get("family") == NAME and isinstance(reference, str) else None
