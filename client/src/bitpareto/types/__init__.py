"""The wire models of the REST API: the one definition, used by the server and the SDK."""

from bitpareto.types.meta import DatasetMeta, Health, Meta, ObjectiveMeta, PageMeta, ProblemMeta
from bitpareto.types.models import Model
from bitpareto.types.problems import FieldError, Problem
from bitpareto.types.searches import (
    Front,
    FrontPoint,
    Limits,
    Page,
    Reason,
    Recipe,
    Search,
    SearchCreate,
    SearchEvent,
    Strategy,
)
from bitpareto.types.trials import Artifact, LayerRow, Progress, SizeBreakdown, Trial

__all__ = [
    "Artifact",
    "DatasetMeta",
    "FieldError",
    "Front",
    "FrontPoint",
    "Health",
    "LayerRow",
    "Limits",
    "Meta",
    "Model",
    "ObjectiveMeta",
    "Page",
    "PageMeta",
    "Problem",
    "ProblemMeta",
    "Progress",
    "Reason",
    "Recipe",
    "Search",
    "SearchCreate",
    "SearchEvent",
    "SizeBreakdown",
    "Strategy",
    "Trial",
]
