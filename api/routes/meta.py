"""What this server can do, and whether it can do it now."""

from dataclasses import asdict
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, Response

from api.deps import PartsDep
from api.errors import problem_responses, problem_types
from api.pages import DEFAULT_LIMIT, MAX_LIMIT
from bitpareto.types import Limits
from bitpareto.types.meta import DatasetMeta, Health, Meta, ObjectiveMeta, PageMeta, ProblemMeta
from bitpareto.types.searches import STRATEGIES
from search.datasets import DATASETS
from search.objectives import OBJECTIVES
from search.recipe import GRANULARITIES, QUANTIZERS
from search_space.bits import SUPPORTED_BITS
from search_space.families import FAMILIES, imported
from search_space.hardware.estimate import HARDWARE_COSTS

router = APIRouter(tags=["server"])

SERVER_VERSION: Final = version("bitpareto-server")


@router.get("/v1/meta", responses=problem_responses(), summary="What this server can do")
def meta() -> Meta:
    """Return version, choices and limits."""
    return Meta(
        version=SERVER_VERSION,
        families=[*FAMILIES, imported.NAME],
        weight_bits=list(SUPPORTED_BITS),
        activation_bits=list(SUPPORTED_BITS),
        datasets=[
            DatasetMeta(
                name=facts.name,
                input_shape=facts.input_shape,
                n_classes=facts.n_classes,
                n_train=facts.n_train,
                n_validation=facts.n_validation,
                n_test=facts.n_test,
            )
            for facts in DATASETS.values()
        ],
        objectives=[
            ObjectiveMeta(**asdict(objective), needs_hardware=objective.name in HARDWARE_COSTS)
            for objective in OBJECTIVES.values()
        ],
        strategies=list(STRATEGIES),
        quantizers=list(QUANTIZERS),
        weight_granularities=list(GRANULARITIES),
        default_limits=Limits(),
        pages=PageMeta(default_limit=DEFAULT_LIMIT, max_limit=MAX_LIMIT),
    )


@router.get("/v1/problems", responses=problem_responses(), summary="Every kind of error")
def problems() -> list[ProblemMeta]:
    """Return the problem types; `type` of a problem points here."""
    return [ProblemMeta(**asdict(kind)) for kind in problem_types()]


@router.get("/healthz", responses=problem_responses(), summary="The process answers")
def healthz(response: Response) -> Health:
    """Return at once; says nothing of the database."""
    response.headers["Cache-Control"] = "no-store"
    return Health(status="ok", version=SERVER_VERSION)


@router.get("/readyz", responses=problem_responses(503), summary="The service can work")
def readyz(parts: PartsDep, response: Response) -> Health:
    """Return when the database answers and its schema is this version's."""
    parts.check_ready()
    response.headers["Cache-Control"] = "no-store"
    return Health(status="ok", version=SERVER_VERSION)
