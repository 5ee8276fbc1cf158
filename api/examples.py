"""Example calls, one file per operation in ``example_calls/``: shown in OpenAPI, sent by a test.

A file holds what is sent (``query``, ``headers``, ``body``, ``path`` where it is not the usual) and
the ``answer``, which ``scripts/examples.py`` records from a real server.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

FOLDER: Final = Path(__file__).parent / "example_calls"
EVENT_STREAM: Final = "text/event-stream"


@dataclass(frozen=True, slots=True)
class PathName:
    """A name in paths: what it stands for, and the value that examples have for it."""

    example: str
    description: str


PATH_NAMES: Final[Mapping[str, PathName]] = MappingProxyType(
    {
        "artifact_id": PathName("art_01M8J5PY4B2YKB31CTZ79ECCRT", "Id of a packed file."),
        "dataset_id": PathName("dts_01M8J5PY4D3S1W0X7B2Q9ZK6VN", "Id or name of a data set."),
        "delivery_id": PathName("dlv_01M8J5PY4C3W7QX0V1B9H2TGZE", "Id of a delivery."),
        "format": PathName("onnx", "Format of the export."),
        "key_id": PathName("key_01M8J5PY4BJTVCNFY6J64VVJCV", "Id of an API key; not its secret."),
        "model_id": PathName("mdl_01M8J5PY4BX1XWBS21E8RMRW7P", "Id of an uploaded network."),
        "name": PathName("bitfusion", "Name of a hardware profile."),
        "project": PathName("default", "Name of a project."),
        "search_id": PathName("sea_01M8J5PY4BX1Y0Z5KCCHXNBQJ1", "Id of a search."),
        "trial_id": PathName("trl_01M8J5PY4CQ4BBMEDDXD3NSGE6", "Id of a trial."),
        "user": PathName("ada", "Name of a user."),
        "webhook_id": PathName("whk_01M8J5PY4CM5RJ8N6D0KAYV4SX", "Id of a webhook."),
    }
)
"""By the name that paths have in braces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """One call of an operation.

    Attributes:
        path: Values of names in the path, where they are not those of ``PATH_NAMES``.
        body: JSON, or text of another media type.
        body_file: Name of a file that is the body, where that is no text.
        after: Operations whose examples come first.
        n_events: Events to read of a stream.
        answer: JSON, or text; null where there is no body, or it is no text.
    """

    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: Any = None
    body_file: str | None = None
    after: tuple[str, ...] = ()
    n_events: int = 0
    status: int = 200
    answer: Any = None

    def path_of(self, template: str) -> str:
        """Return the path that the call goes to."""
        usual = {name: known.example for name, known in PATH_NAMES.items()}
        return template.format_map({**usual, **self.path})


@cache
def examples() -> Mapping[str, Example]:
    """Return every example by operation id.

    Raises:
        TypeError: If a file says something that no example has.
    """
    return {
        file.stem: Example(**json.loads(file.read_text(encoding="utf-8")))
        for file in sorted(FOLDER.glob("*.json"))
    }


def add_example(operation: dict[str, Any]) -> None:
    """Write an operation's example into its description, which is changed in place."""
    example = examples().get(operation["operationId"])
    if example is None:
        return
    given = {**example.query, **example.headers}
    for parameter in operation.get("parameters", ()):
        name = parameter["name"]
        if parameter["in"] == "path" and name in PATH_NAMES:
            parameter["example"] = example.path.get(name, PATH_NAMES[name].example)
            parameter.setdefault("description", PATH_NAMES[name].description)
        elif name in given:
            parameter["example"] = given[name]
    if example.body is not None:
        for content in operation["requestBody"]["content"].values():
            content["example"] = example.body
    if example.answer is not None:
        kinds = operation["responses"][str(example.status)]["content"]
        next(iter(kinds.values()))["example"] = example.answer
