"""Whether a search can begin with what it names: searches, candidates, allocated widths."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace

from search.dataset_lookup import facts_of
from search.datasets import DatasetFacts
from search.entities import Search, Strategy
from search.errors import FieldProblem, InvalidRequestError, NotFoundError
from search.recipe import Recipe
from search.store import Store
from search.strategy_admission import STEERED
from search.warm_start import WarmStart
from search_space.bits import is_bit_gene
from search_space.errors import GeneError
from search_space.families.imported import MODEL
from search_space.genes import GeneValue
from search_space.hardware.estimate import exact_costs
from search_space.hardware.profile import HardwareProfile
from search_space.space import Space

_POINTER = "/strategy/warm_start"


def admit_warm_start(
    store: Store,
    strategy: Strategy,
    *,
    dataset: DatasetFacts,
    declared: Mapping[str, object],
    recipe: Recipe,
    space: Space,
    budgets: Mapping[str, float],
    profile: HardwareProfile | None,
) -> Strategy:
    """Check a warm start and return the strategy with its candidates' canonical genes.

    Args:
        store: As the project of the request sees it: searches of another are not found.
        strategy: As requested.
        dataset: Of the new search.
        declared: Its space.
        recipe: Its recipe.
        space: Its live space.
        budgets: Its budgets.
        profile: The device that it is for, if it is for one.

    Raises:
        InvalidRequestError: With every problem found.
    """
    start = strategy.warm_start
    if start is None:
        return strategy
    problems = [*_search_problems(store, strategy, start, dataset, declared, recipe)]
    bounds = dict(budgets) if profile is None else profile.bounds(budgets)
    candidates = list[Mapping[str, GeneValue]]()
    seen = dict[str, int]()
    for i, genes in enumerate(start.candidates):
        found = _candidate(space, genes, bounds, profile, i, seen)
        if isinstance(found, FieldProblem):
            problems.append(found)
        else:
            candidates.append(found)
    if start.allocate and not any(is_bit_gene(gene.name) for gene in space.genes):
        detail = "this space has no widths that could be allocated"
        problems.append(FieldProblem(f"{_POINTER}/allocate", "no_widths", detail, ("0",)))
    if problems:
        raise InvalidRequestError(problems)
    return replace(strategy, warm_start=replace(start, candidates=tuple(candidates)))


def _search_problems(
    store: Store,
    strategy: Strategy,
    start: WarmStart,
    dataset: DatasetFacts,
    declared: Mapping[str, object],
    recipe: Recipe,
) -> Iterator[FieldProblem]:
    if start.searches and strategy.name not in STEERED:
        detail = f"the strategy {strategy.name} fits no model that could be taught"
        allowed = ("[]", *(f"with strategy.name {name}" for name in STEERED))
        yield FieldProblem(f"{_POINTER}/searches", "not_with_strategy", detail, allowed)
    for i, search_id in enumerate(start.searches):
        pointer = f"{_POINTER}/searches/{i}"
        try:
            with store.read() as uow:
                other = uow.searches.get(search_id)
                theirs = facts_of(uow, other)
        except NotFoundError as error:
            yield FieldProblem(pointer, "not_found", str(error))
            continue
        why = _why_not_alike(other, theirs, dataset, declared, recipe)
        if why:
            detail = f"its accuracies say nothing about this search: another {why}"
            yield FieldProblem(pointer, "not_alike", detail)


def _why_not_alike(
    other: Search,
    its_data: DatasetFacts,
    data: DatasetFacts,
    declared: Mapping[str, object],
    recipe: Recipe,
) -> str:
    if its_data.identity != data.identity:
        return f"data set, {other.dataset}"
    for name in ("family", MODEL):
        if other.space.get(name) != declared.get(name):
            return f"{name}, {other.space.get(name)}"
    theirs, mine = asdict(other.recipe), asdict(recipe)
    # how many images may be decided otherwise changes no accuracy
    differs = [name for name in mine if mine[name] != theirs[name] and name != "max_accuracy_gap"]
    return ", ".join(f"recipe.{name}, {theirs[name]}" for name in differs)


def _candidate(
    space: Space,
    genes: Mapping[str, GeneValue],
    bounds: Mapping[str, float],
    profile: HardwareProfile | None,
    number: int,
    seen: dict[str, int],
) -> Mapping[str, GeneValue] | FieldProblem:
    pointer = f"{_POINTER}/candidates/{number}"
    try:
        candidate = space.candidate(genes)
    except GeneError as error:
        return FieldProblem(f"{pointer}/{error.gene}", "gene", str(error), error.allowed)
    if candidate.hash in seen:
        detail = f"it is the same network as candidate {seen[candidate.hash]}"
        return FieldProblem(pointer, "duplicate", detail)
    seen[candidate.hash] = number
    costs = exact_costs(candidate.layers, profile)
    over = [name for name, bound in bounds.items() if costs[name] > bound]
    if over:
        detail = "; ".join(f"its {name} is {costs[name]:g}" for name in over)
        return FieldProblem(pointer, "over_budget", detail, _limits(bounds, over))
    return candidate.genes


def _limits(bounds: Mapping[str, float], names: Sequence[str]) -> tuple[str, ...]:
    return tuple(f"{name} <= {bounds[name]:g}" for name in names)
