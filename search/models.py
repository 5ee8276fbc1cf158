"""Which uploaded network a declared space means."""

from collections.abc import Mapping
from typing import Any

from search.entities import Model
from search.store import Store
from search_space.families.imported import MODEL, NAME


def model_of_space(store: Store, space: Mapping[str, Any]) -> Model | None:
    """Return the model that a declared space names.

    Args:
        store: Read only where the space is of the family ``imported``.
        space: As declared, not yet checked.

    Returns:
        ``None`` for spaces of another family, and where no such model exists: the check of the
        space then says so.
    """
    reference = space.get(MODEL)
    if space.get("family") != NAME or not isinstance(reference, str):
        return None
    with store.read() as uow:
        return uow.models.find(reference)
