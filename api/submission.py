"""From the fields of a search to a stored one: one check for new, cloned and previewed ones."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from api.mapping import limits_from_wire, recipe_from_wire, strategy_from_wire
from api.request_keys import Once
from bitpareto.types import SearchCreate
from search.admission import Admission, admit
from search.dataset_lookup import named_dataset
from search.datasets import DatasetFacts
from search.early_stopping import early_stopping_problems
from search.entities import Limits, Model, Search, Strategy, WrittenProfile
from search.errors import FieldProblem, InvalidRequestError
from search.hardware import live, named_profile
from search.models import named_model
from search.recipe import Recipe
from search.store import Store
from search.strategy_admission import strategy_problems
from search.use_cases.searches import create_search
from search.warm_start_admission import admit_warm_start
from search_space.families.imported import MODEL
from search_space.hardware.profile import HardwareProfile


def submit(store: Store, body: SearchCreate, now: datetime, once: Once) -> Search:
    """Check everything a body says, then store the search as queued.

    Raises:
        InvalidRequestError: If anything is wrong; nothing is stored then.
    """
    return _submit(store, body, named_profile(store, body.hardware), now, once)


def clone(
    store: Store, source: Search, overrides: Mapping[str, Any], now: datetime, once: Once
) -> Search:
    """Store a search made as another one was, but for what is overridden.

    Raises:
        InvalidRequestError: If the two together are wrong; nothing is stored then.
        RequestValidationError: Likewise, for mistakes of shape.
    """
    merged = merge_patch(_fields_of(source), overrides)
    try:
        body = SearchCreate.model_validate(merged)
    except ValidationError as error:
        found = [{**e, "loc": ("body", *e["loc"])} for e in error.errors()]
        raise RequestValidationError(found) from error
    kept = source.hardware is not None and body.hardware == source.hardware.name
    # the copy that the source was made with, whatever its name means by now
    hardware = source.hardware if kept else named_profile(store, body.hardware)
    return _submit(store, body, hardware, now, once)


def merge_patch(target: object, patch: object) -> Any:
    """Apply a JSON merge patch (RFC 7396).

    Example:
        >>> merge_patch({"a": 1, "b": {"c": 2, "d": 3}}, {"a": None, "b": {"c": 4}})
        {'b': {'c': 4, 'd': 3}}
    """
    if not isinstance(patch, Mapping):
        return patch
    merged = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge_patch(merged.get(name), value)
    return merged


def _fields_of(search: Search) -> dict[str, Any]:
    return {
        "name": search.name,
        "dataset": search.dataset_id or search.dataset,
        "space": dict(search.space),
        "objectives": list(search.objectives),
        "budgets": dict(search.budgets),
        "hardware": search.hardware.name if search.hardware else None,
        "strategy": asdict(search.strategy),
        "recipe": asdict(search.recipe),
        "limits": asdict(search.limits),
        "seed": search.seed,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What a body says, when nothing is wrong with it.

    Attributes:
        declared: Its space; a model stands there by its id, whatever it was named by.
        profile: The device that the search is for, if it is for one.
    """

    dataset: DatasetFacts
    declared: Mapping[str, Any]
    budgets: Mapping[str, float]
    strategy: Strategy
    recipe: Recipe
    limits: Limits
    profile: HardwareProfile | None
    admission: Admission


def check(store: Store, body: SearchCreate, hardware: WrittenProfile | None) -> Checked:
    """Check everything a body says.

    Args:
        store: As the project of the request sees it.
        body: Whose shape is right.
        hardware: The profile that it names.

    Raises:
        InvalidRequestError: With every problem found.
    """
    budgets: dict[str, float] = dict(body.budgets.items())
    model, data = named_model(store, body.space), named_dataset(store, body.dataset)
    strategy, limits = strategy_from_wire(body.strategy), limits_from_wire(body.limits)
    recipe, space = recipe_from_wire(body.recipe), body.space
    profile = live(hardware) if hardware else None
    if isinstance(model, Model):
        if "float_epochs" not in body.recipe.model_fields_set:
            recipe = replace(recipe, float_epochs=0)  # the uploaded weights are trained already
        space = {**space, MODEL: model.id}  # a name or a sha256 may come to mean a later upload
    admission = admit(
        dataset=data,
        space=body.space,
        objectives=body.objectives,
        budgets=budgets,
        network=model.layers if isinstance(model, Model) else model,
        profile=profile,
        problems=[
            *strategy_problems(strategy, limits, body.objectives, budgets),
            *early_stopping_problems(limits.early_stopping, recipe),
        ],
        region=strategy.region,
    )
    if isinstance(data, FieldProblem):
        raise InvalidRequestError([data])
    strategy = admit_warm_start(
        store,
        strategy,
        dataset=data,
        declared=space,
        recipe=recipe,
        space=admission.space,
        budgets=budgets,
        profile=profile,
    )
    return Checked(
        dataset=data,
        declared=space,
        budgets=budgets,
        strategy=strategy,
        recipe=recipe,
        limits=limits,
        profile=profile,
        admission=admission,
    )


def _submit(
    store: Store,
    body: SearchCreate,
    hardware: WrittenProfile | None,
    now: datetime,
    once: Once,
) -> Search:
    checked = check(store, body, hardware)
    with store.begin() as uow:
        create = partial(
            create_search,
            uow,
            name=body.name,
            dataset=checked.dataset.name,
            dataset_id=checked.dataset.id,
            space=checked.declared,
            objectives=body.objectives,
            budgets=checked.budgets,
            strategy=checked.strategy,
            recipe=checked.recipe,
            limits=checked.limits,
            seed=body.seed,
            ref_point=checked.admission.ref_point,
            hardware=hardware,
            now=now,
        )
        return once.run(uow, create, uow.searches.get)
