"""The wire models of the REST API: the one definition, used by the server and the SDK."""

from bitpareto.types.hardware import HardwareProfile, HardwareProfiles, HardwareRef
from bitpareto.types.history import CurvePoint, Curves, HypervolumeHistory, HypervolumePoint
from bitpareto.types.meta import DatasetMeta, Health, Meta, ObjectiveMeta, PageMeta, ProblemMeta
from bitpareto.types.models import Model
from bitpareto.types.problems import FieldError, Problem
from bitpareto.types.searches import (
    Front,
    FrontPoint,
    Limits,
    Needs,
    Page,
    Reason,
    Recipe,
    Replicates,
    Search,
    SearchCreate,
    SearchEvent,
    SearchExtend,
    SearchOverrides,
    Strategy,
)
from bitpareto.types.spaces import (
    CandidateCount,
    CandidateSample,
    CostPreview,
    SharePreview,
    SpacePreview,
    SpacePreviewRequest,
)
from bitpareto.types.trials import (
    Artifact,
    LayerRow,
    Progress,
    SizeBreakdown,
    Trial,
    TrialReplicate,
)
from bitpareto.types.workers import Capabilities, Worker, Workers

__all__ = [
    "Artifact",
    "CandidateCount",
    "CandidateSample",
    "Capabilities",
    "CostPreview",
    "CurvePoint",
    "Curves",
    "DatasetMeta",
    "FieldError",
    "Front",
    "FrontPoint",
    "HardwareProfile",
    "HardwareProfiles",
    "HardwareRef",
    "Health",
    "HypervolumeHistory",
    "HypervolumePoint",
    "LayerRow",
    "Limits",
    "Meta",
    "Model",
    "Needs",
    "ObjectiveMeta",
    "Page",
    "PageMeta",
    "Problem",
    "ProblemMeta",
    "Progress",
    "Reason",
    "Recipe",
    "Replicates",
    "Search",
    "SearchCreate",
    "SearchEvent",
    "SearchExtend",
    "SearchOverrides",
    "SharePreview",
    "SizeBreakdown",
    "SpacePreview",
    "SpacePreviewRequest",
    "Strategy",
    "Trial",
    "TrialReplicate",
    "Worker",
    "Workers",
]
