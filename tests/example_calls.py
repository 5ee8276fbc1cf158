"""Sends the example calls of the API to a server, each with the ids that exist there."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from api.examples import EVENT_STREAM, PATH_NAMES, Example, examples
from api.links import NAMED_IN_ANSWERS

_NAME = re.compile(r"\b(?:[a-z]{3}_[0-9A-HJKMNP-TV-Z]{26}|bp_[0-9A-Z]{26}_[\w-]{43})(?![\w-])")
"""Ids of objects, and API keys."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: ``content`` is JSON, text, or null where it is neither."""

    status: int
    media_type: str
    content: Any


class Names:
    """Which id of the server stands for which of the examples."""

    def __init__(self, known: Mapping[str, str]) -> None:
        self._real = {PATH_NAMES[name].example: value for name, value in known.items()}

    def real(self, shown: Any) -> Any:
        """Return something with the ids of the server."""
        return _renamed(shown, self._real)

    def shown(self, real: Any) -> Any:
        """Return something with the ids of the examples."""
        return _renamed(real, {real: shown for shown, real in self._real.items()})

    def unknown(self, shown: Any) -> set[str]:
        """Return the ids in it that no answer has had yet."""
        return set(_NAME.findall(json.dumps(shown))) - set(self._real)

    def learn(self, shown: Any, real: Any) -> None:
        """Take over what ids an answer has where its example has others."""
        if isinstance(shown, dict) and isinstance(real, dict):
            for key in shown.keys() & real.keys():
                self.learn(shown[key], real[key])
        elif isinstance(shown, list) and isinstance(real, list):
            for one, other in zip(shown, real, strict=False):
                self.learn(one, other)
        elif isinstance(shown, str) and isinstance(real, str):
            for one, other in zip(_NAME.findall(shown), _NAME.findall(real), strict=False):
                self._real.setdefault(one, other)

    def learn_made(self, operation_id: str, answer: Any) -> None:
        """Take over the ids that paths name, from an answer without an example."""
        for name, pointer in NAMED_IN_ANSWERS.get(operation_id, {}).items():
            value = answer
            for step in pointer.strip("/").split("/"):
                value = value[int(step) if isinstance(value, list) else step]
            if value not in self._real.values():
                self._real.setdefault(PATH_NAMES[name].example, value)


def in_order(document: Mapping[str, Any], names: Names) -> Iterator[tuple[str, str, str, Example]]:
    """Yield operation id, method, path and example, each when the ids that it names are known.

    Raises:
        AssertionError: If some never are.
    """
    waiting = {
        operation["operationId"]: (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if operation["operationId"] in examples()
    }
    while waiting:
        for name in sorted(waiting):
            method, path = waiting[name]
            example = examples()[name]
            asked = [example.path_of(path), example.query, example.headers, example.body]
            if not names.unknown(asked) and not waiting.keys() & set(example.after):
                yield name, method, path, example
                del waiting[name]
                break
        else:
            raise AssertionError(f"these name ids that no answer before them had: {list(waiting)}")


def send(
    client: httpx.Client, names: Names, call: tuple[str, str, Example], files: Mapping[str, bytes]
) -> Answer:
    """Send an example call of this method and path template."""
    method, path, example = call
    options: dict[str, Any] = {"headers": dict(names.real(example.headers))}
    if example.body_file is not None:
        options["headers"].setdefault("Content-Type", "application/octet-stream")
        options["content"] = files[example.body_file]
    elif isinstance(example.body, str):
        options["headers"].setdefault("Content-Type", "application/yaml")
        options["content"] = example.body.encode()
    elif example.body is not None:
        options["json"] = names.real(example.body)
    url = names.real(example.path_of(path))
    query = names.real(dict(example.query))
    client.cookies.clear()  # of a browser that has signed in
    with client.stream(method.upper(), url, params=query, **options) as response:
        media_type = response.headers.get("content-type", "").partition(";")[0]
        if media_type == EVENT_STREAM:
            content: Any = _events(response.iter_lines(), example.n_events)
        else:
            response.read()
            content = _content(response, media_type)
    return Answer(response.status_code, media_type, content)


def fits(shown: Any, real: Any, media_type: str) -> bool:
    """Whether an answer has the fields and types of its example, whatever the values."""
    if media_type == EVENT_STREAM:
        return _fits(_parsed(shown), _parsed(real))
    return _fits(shown, real)


def _fits(shown: Any, real: Any) -> bool:
    if isinstance(shown, dict):
        same = isinstance(real, dict) and shown.keys() == real.keys()
        return same and all(_fits(shown[key], real[key]) for key in shown)
    if isinstance(shown, list):  # an example shows some of a long list
        same = isinstance(real, list) and bool(shown) == bool(real)
        return same and all(any(_fits(one, other) for other in real) for one in shown)
    return _kind(shown) == _kind(real)


def _kind(value: Any) -> str:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return "number" if is_number else type(value).__name__


def _parsed(stream: str) -> list[dict[str, Any]]:
    blocks = [block.splitlines() for block in stream.split("\n\n") if block]
    found = [dict(line.split(": ", 1) for line in block) for block in blocks]
    return [{"event": block["event"], "data": json.loads(block["data"])} for block in found]


def _content(response: httpx.Response, media_type: str) -> Any:
    if media_type.endswith("json"):
        return response.json()
    return response.text if media_type == "text/plain" else None


def _events(lines: Iterator[str], n: int) -> str:
    """Return the text of the first ``n`` events of a stream, without comments."""
    found: list[str] = []
    block: list[str] = []
    for line in lines:
        if line and not line.startswith((":", "retry:")):
            block.append(line)
        elif not line and block:
            found.append("\n".join(block))
            block = []
        if len(found) == n:
            break
    return "".join(f"{event}\n\n" for event in found)


def _renamed(value: Any, names: Mapping[str, str]) -> Any:
    text = json.dumps(value)
    return json.loads(_NAME.sub(lambda found: names.get(found[0], found[0]), text))
