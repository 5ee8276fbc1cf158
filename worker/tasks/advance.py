"""Advance: top a search up with new trials, or send it on to its end."""

import logging
from collections import OrderedDict
from dataclasses import replace
from typing import Final

from optimizer.registry import STRATEGIES, explain
from optimizer.seeds import with_seeds
from search.dataset_lookup import facts_of
from search.explanations import Explanation
from search.hardware import live
from search.log_ids import log_ids
from search.models import model_of_space
from search.objectives import OBJECTIVES
from search.ports import AskRequest
from search.states import SearchState
from search.use_cases.advance import (
    NO_HISTORY,
    AdvancePlan,
    History,
    begin_advance,
    record_explanation,
    record_failed_ask,
    record_proposals,
)
from search_space.hardware.narrowing import narrow
from search_space.space import space_from_json
from worker.lessons import lessons_for
from worker.parts import Parts
from worker.persistence import persist

logger = logging.getLogger(__name__)

_N_REMEMBERED: Final = 64
_remembered: Final[OrderedDict[str, History]] = OrderedDict()
"""Histories of the searches advanced last, so that only what is new is read from the database."""

EXPLAINING_S: Final = 5.0
"""Longest that explaining the model may take, beside the ask."""
_HOLD_MARGIN_S: Final = 20.0
"""Longest that loading the optimizer and noticing its deadline may take beyond the deadline."""


def advance(parts: Parts, search_id: str) -> None:
    """Propose what the search lacks, outside of any transaction; ring for each new trial."""
    with log_ids(search_id=search_id):
        with parts.store.begin() as uow:
            # the strategy is the search's own, so its deadline is read in the same transaction
            deadline_s = uow.searches.get(search_id).strategy.deadline_s
            plan = begin_advance(
                uow,
                search_id,
                parts.now(),
                deadline_s + EXPLAINING_S + _HOLD_MARGIN_S,
                _remembered.get(search_id, NO_HISTORY),
            )
        if plan is None:
            return
        _remember(plan)
        created = _propose(parts, plan) if plan.n_wanted else []
        for trial_id in created:
            parts.bell.train(trial_id)
        if not created:
            _ring_refining(parts, search_id)
        if plan.explain and not plan.n_wanted:
            _explain_at_end(parts, plan)


def _remember(plan: AdvancePlan) -> None:
    _remembered[plan.search.id] = plan.history
    _remembered.move_to_end(plan.search.id)
    if len(_remembered) > _N_REMEMBERED:
        _remembered.popitem(last=False)


def _propose(parts: Parts, plan: AdvancePlan) -> list[str]:
    try:
        proposals = with_seeds(STRATEGIES[plan.search.strategy.name], _request(parts, plan))
    except Exception as error:
        # whatever a strategy raises is the search's reason, never the end of a worker
        logger.exception("the optimizer failed")
        message = f"{type(error).__name__}: {error}"
        persist(parts.store, lambda uow: record_failed_ask(uow, plan, message, parts.now()))
        return []
    explanation = _explained(parts, plan) if plan.explain else None
    created = persist(
        parts.store,
        lambda uow: record_proposals(uow, plan, proposals, parts.now(), explanation),
    )
    logger.info("asked for %d, got %d, recorded %d", plan.n_wanted, len(proposals), len(created))
    return created


def _explain_at_end(parts: Parts, plan: AdvancePlan) -> None:
    explanation = _explained(parts, plan)
    if explanation is not None:
        persist(parts.store, lambda uow: record_explanation(uow, plan.search.id, explanation))


def _explained(parts: Parts, plan: AdvancePlan) -> Explanation | None:
    try:
        return explain(replace(_request(parts, plan), deadline_s=EXPLAINING_S), parts.now())
    except Exception:
        # an explanation is an extra: without it the search goes on as well
        logger.exception("the search was not explained")
        return None


def _request(parts: Parts, plan: AdvancePlan) -> AskRequest:
    search = plan.search
    with parts.store.read() as uow:
        facts = facts_of(uow, search)
    model = model_of_space(parts.store, search.space)
    space = space_from_json(
        search.space,
        input_shape=facts.input_shape,
        n_classes=facts.n_classes,
        network=model.layers if model else None,
    )
    profile = None if search.hardware is None else live(search.hardware)
    return AskRequest(
        space=space if profile is None else narrow(space, profile),
        hardware=profile,
        objectives=[OBJECTIVES[name] for name in search.objectives],
        ref_point=search.ref_point,
        budgets=search.budgets,
        history=plan.history.observations,
        n=plan.n_wanted,
        seed=search.seed,
        n_initial=search.strategy.n_initial,
        deadline_s=search.strategy.deadline_s,
        region=search.strategy.region,
        warm_start=search.strategy.warm_start,
        lessons=lessons_for(parts.store, search),
    )


def _ring_refining(parts: Parts, search_id: str) -> None:
    with parts.store.read() as uow:
        state = uow.searches.get(search_id).state
    if state == SearchState.REFINING:
        parts.bell.refine(search_id)
