"""What each operation's errors are, in OpenAPI: the codes of a status, each with an example."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from api.errors import PROBLEM_MEDIA_TYPE, ProblemType, problem_types

_HAVE_FILES: Final = frozenset(
    {
        "artifacts_get",
        "artifacts_export",
        "datasets_content",
        "datasets_samples",
        "datasets_upload",
        "models_upload",
    }
)
ONLY_AT: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "artifact_store_unavailable": _HAVE_FILES,
        "dataset_gone": frozenset({"searches_extend", "trials_replicate"}),
        "dataset_in_use": frozenset({"datasets_delete"}),
        "model_gone": frozenset({"searches_extend", "trials_replicate"}),
        "model_in_use": frozenset({"models_delete"}),
        "name_taken": frozenset({"access_add_project", "datasets_upload", "hardware_add"}),
        "no_such_path": frozenset(),  # an operation's path is one
        "not_explained": frozenset({"explanations_get"}),
        "stale_lease": frozenset(),  # of workers, who do not ask by HTTP
        "state_conflict": frozenset(
            {
                "searches_pause",
                "searches_resume",
                "trials_replicate",
                "webhooks_ping",
                "webhooks_redeliver",
            }
        ),
    }
)
"""Codes that few operations have, and which; every other comes with each of its status."""

_DETAILS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "idempotency_key_reused": "another request was sent with this Idempotency-Key",
        "internal_error": "Not your fault; the log has it under request "
        "req_1166a90ef192e3991f9dbbf6.",
        "invalid_request": "/space/weight_bits/1: 9 bits are not supported",
        "malformed_json": "Expecting ',' delimiter at character 31",
        "not_found": "there is no search sea_00000000000000000000000000",
        "rate_limited": "too many requests: wait 2 s",
        "too_large": "a request body may have 1048576 bytes",
        "unauthenticated": "this API key is unknown, expired or revoked",
    }
)


def add_errors(operation: dict[str, Any]) -> None:
    """Name the codes of each error that an operation documents, in place."""
    for status, response in operation["responses"].items():
        content = response.get("content", {}).get(PROBLEM_MEDIA_TYPE)
        if content is None:
            continue
        kinds = [kind for kind in problem_types() if _may_be(kind, int(status), operation)]
        response["description"] = " or ".join(f"`{kind.code}`" for kind in kinds)
        content["examples"] = {
            kind.code: {"$ref": f"#/components/examples/{kind.code}"} for kind in kinds
        }


def error_examples() -> dict[str, Any]:
    """Return an example of every kind of error, by code."""
    return {kind.code: {"summary": kind.title, "value": _example(kind)} for kind in problem_types()}


def _may_be(kind: ProblemType, status: int, operation: dict[str, Any]) -> bool:
    if kind.status != status:
        return False
    if kind.code == "idempotency_key_reused":
        sent = {parameter["name"] for parameter in operation.get("parameters", ())}
        return "Idempotency-Key" in sent
    return operation["operationId"] in ONLY_AT.get(kind.code, {operation["operationId"]})


def _example(kind: ProblemType) -> dict[str, Any]:
    errors = []
    if kind.code == "invalid_request":
        detail = "9 bits are not supported"
        errors = [
            {
                "pointer": "/space/weight_bits/1",
                "code": "bits_not_supported",
                "detail": detail,
                "allowed": ["1", "2", "3", "4", "5", "6", "7", "8", "32"],
                "line": None,
            }
        ]
    return {
        "type": f"/v1/problems#{kind.code}",
        "title": kind.title,
        "status": kind.status,
        "detail": _DETAILS.get(kind.code, kind.title),
        "instance": "/v1/searches",
        "code": kind.code,
        "request_id": "req_1166a90ef192e3991f9dbbf6",
        "errors": errors,
    }
