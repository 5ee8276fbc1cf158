"""Links between operations: what an answer holds that another operation's path asks for."""

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any, Final

NAMED_IN_ANSWERS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "access_add_project": {"project": "/name"},
        "access_create_key": {"key_id": "/id", "project": "/project"},
        "access_list_keys": {"key_id": "/data/0/id", "project": "/data/0/project"},
        "access_list_projects": {"project": "/data/0/name"},
        "datasets_list_datasets": {"dataset_id": "/data/0/id"},
        "datasets_upload": {"dataset_id": "/id"},
        "fronts_get": {
            "trial_id": "/points/0/trial/id",
            "artifact_id": "/points/0/trial/artifact/id",
        },
        "hardware_add": {"name": "/name"},
        "hardware_list_profiles": {"name": "/data/0/name"},
        "models_list_models": {"model_id": "/data/0/id"},
        "models_upload": {"model_id": "/id"},
        "searches_clone": {"search_id": "/id"},
        "searches_create": {"search_id": "/id"},
        "searches_extend": {"search_id": "/id"},
        "searches_get": {"search_id": "/id"},
        "searches_list_searches": {"search_id": "/data/0/id"},
        "searches_pause": {"search_id": "/id"},
        "searches_resume": {"search_id": "/id"},
        "trials_get": {"search_id": "/search_id", "artifact_id": "/artifact/id"},
        "trials_lineage": {"trial_id": "/closest/0/trial_id", "search_id": "/search_id"},
        "trials_list_trials": {"trial_id": "/data/0/id", "artifact_id": "/data/0/artifact/id"},
        "trials_replicate": {"trial_id": "/id"},
        "webhooks_create": {"webhook_id": "/id"},
        "webhooks_list_deliveries": {
            "webhook_id": "/data/0/webhook_id",
            "delivery_id": "/data/0/id",
        },
        "webhooks_list_webhooks": {"webhook_id": "/data/0/id"},
        "webhooks_ping": {"webhook_id": "/webhook_id", "delivery_id": "/id"},
    }
)
"""By operation id: names in paths, and the JSON pointers of their values in the answer."""


def add_links(document: dict[str, Any]) -> None:
    """Add to each successful answer the operations that go on from it, in place."""
    operations = {
        operation["operationId"]: operation
        for methods in document["paths"].values()
        for operation in methods.values()
    }
    for name, operation in operations.items():
        links = dict(_links_of(name, operation, operations))
        if links:
            status = next(each for each in operation["responses"] if str(each).startswith("2"))
            operation["responses"][status]["links"] = links


def _links_of(
    name: str, operation: dict[str, Any], operations: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, dict[str, Any]]]:
    held = {
        parameter: f"$response.body#{pointer}"
        for parameter, pointer in NAMED_IN_ANSWERS.get(name, {}).items()
    }
    for other, target in operations.items():
        asked = _parameters(target, "path")
        if other != name and asked and asked <= set(held):
            yield other, {"operationId": other, "parameters": {one: held[one] for one in asked}}
    if "cursor" in _parameters(operation, "query"):
        same = {one: f"$request.path.{one}" for one in _parameters(operation, "path")}
        cursor = {"cursor": "$response.body#/next_cursor"}
        yield "next_page", {"operationId": name, "parameters": {**same, **cursor}}


def _parameters(operation: dict[str, Any], place: str) -> set[str]:
    return {each["name"] for each in operation.get("parameters", ()) if each["in"] == place}
