"""Writes docs/reference/ from OpenAPI, docstrings and the command line's parser.

`--check` only says whether the pages are current.
"""

import argparse
import inspect
import json
import re
import shlex
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import bitpareto
from api.examples import Example, examples
from bitpareto import errors
from bitpareto.cli.arguments import parse_arguments

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "docs" / "reference"
LINES = 40
"""Of an answer so many are shown."""
MADE = "<!-- Made by scripts/reference.py; change what it describes instead. -->"


def rest() -> Iterator[str]:
    """Yield the lines of the page about the REST API."""
    document = json.loads((ROOT / "docs" / "openapi.json").read_text())
    yield from ("# REST API", "", MADE, "")
    yield "How it behaves as a whole (errors, lists, events, retries) is in [api.md](../api.md)."
    for tag in sorted({tag for _, _, told in _operations(document) for tag in told["tags"]}):
        yield from ("", f"## {tag}")
        for method, path, told in _operations(document):
            if tag in told["tags"]:
                yield from _operation(f"{method.upper()} {path}", told)
    yield from ("", "## Objects")
    for name, schema in sorted(document["components"]["schemas"].items()):
        yield from ("", f"### {name}", "")
        yield from _paragraphs(schema.get("description", ""))
        required = schema.get("required", [])
        if properties := schema.get("properties"):
            yield from ("| field | type | |", "| --- | --- | --- |")
            for field, of_field in properties.items():
                words = [] if field not in required else ["required"]
                words += [_default(of_field), _cell(of_field.get("description", ""))]
                said = "; ".join(filter(None, words))
                yield f"| `{field}` | {_type(of_field)} | {said} |"
        elif "enum" in schema or "const" in schema:
            yield _type(schema)


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, told in methods.items():
            yield method, path, told


def _operation(name: str, told: dict[str, Any]) -> Iterator[str]:
    yield from ("", f"### `{name}`", "", f"**{told['summary']}.**", "")
    yield from _paragraphs(told.get("description", ""))
    if parameters := told.get("parameters"):
        yield from ("| parameter | in | type | |", "| --- | --- | --- | --- |")
        for one in parameters:
            words = ["required"] if one.get("required") else []
            words += [_default(one["schema"]), _cell(one.get("description", ""))]
            said = "; ".join(filter(None, words))
            yield f"| `{one['name']}` | {one['in']} | {_type(one['schema'])} | {said} |"
        yield ""
    if body := told.get("requestBody"):
        kinds = [f"`{kind}`: {_type(of['schema'])}" for kind, of in body["content"].items()]
        yield from (f"Body: {', '.join(kinds)}", "")
    problems = []
    yield from ("| status | | |", "| --- | --- | --- |")
    for status, answer in sorted(told["responses"].items()):
        kinds = answer.get("content", {})
        if "application/problem+json" in kinds:
            problems.append(status)
            continue
        types = [f"`{kind}` {_type(of.get('schema', {}))}" for kind, of in kinds.items()]
        yield f"| {status} | {_cell(answer['description'])} | {', '.join(types)} |"
    yield from ("", f"[Problems](../api.md#errors): {', '.join(problems)}.")
    yield from _example(*name.split(" "), told)


def _example(method: str, path: str, told: dict[str, Any]) -> Iterator[str]:
    example = examples()[told["operationId"]]
    sent = "<!-- not run: tests/unit/api/test_examples.py sends it -->"
    yield from ("", sent, "```sh", _curl(method, path, told, example), "```")
    if isinstance(example.answer, str):
        yield from ("", "```text", example.answer.strip(), "```")
    elif example.answer is not None:
        text = json.dumps(example.answer, indent=2, ensure_ascii=False).splitlines()
        cut = len(text) > LINES
        shown = [*text[:LINES], "…"] if cut else text
        yield from ("", "<!-- answer -->", "```text" if cut else "```json", *shown, "```")


def _curl(method: str, path: str, told: dict[str, Any], example: Example) -> str:
    query = urlencode(example.query, doseq=True)
    url = f"http://127.0.0.1:8642{example.path_of(path)}{'?' if query else ''}{query}"
    words = []
    has_body = example.body is not None or example.body_file is not None
    if method != ("POST" if has_body else "GET"):
        words.append(f"-X {method}")
    words = [" ".join(["curl -s", *words, shlex.quote(url) if query else url])]
    words += [f"-H '{name}: {value}'" for name, value in example.headers.items()]
    if has_body and "Content-Type" not in example.headers:
        words.append(f"-H 'Content-Type: {next(iter(told['requestBody']['content']))}'")
    if example.body_file is not None:
        words.append(f"--data-binary @{example.body_file}")
    elif isinstance(example.body, str):
        words.append(f"--data-binary {shlex.quote(example.body.rstrip())}")
    elif example.body is not None:
        words.append(f"-d {shlex.quote(json.dumps(example.body))}")
    return " \\\n  ".join(words)


def _type(schema: dict[str, Any]) -> str:
    if ref := schema.get("$ref"):
        name = ref.rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if parts := schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf"):
        return " or ".join(dict.fromkeys(_type(part) for part in parts))
    if "enum" in schema:
        return ", ".join(f"`{value}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{schema['const']}`"
    if schema.get("type") == "array":
        inner = schema.get("items") or {}
        return f"list of {_type(inner)}" if inner else "list"
    kind = schema.get("format") or schema.get("type", "anything")
    low, high = schema.get("minimum"), schema.get("maximum")
    bounds = " ".join(
        [
            *([f"from {low}"] if low is not None else []),
            *([f"to {high}"] if high is not None else []),
        ]
    )
    return f"{kind} {bounds}".strip()


def _default(schema: dict[str, Any]) -> str:
    return f"default `{json.dumps(schema['default'])}`" if "default" in schema else ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


def _paragraphs(text: str) -> Iterator[str]:
    if text:
        yield from (re.sub(r"``(.+?)``", r"`\1`", text.strip()), "")


def python() -> Iterator[str]:
    """Yield the lines of the page about the SDK."""
    yield from ("# Python SDK", "", MADE, "")
    yield "`AsyncClient` and the classes behind it have the same methods, as coroutines and async"
    yield "iterators."
    client = bitpareto.Client(base_url="http://127.0.0.1:1")
    yield from _class("Client", bitpareto.Client)
    for name, resource in sorted(vars(client).items()):
        if type(resource).__module__.startswith("bitpareto._sync.resources"):
            yield from _class(f"Client.{name}", type(resource))
    for kind in (bitpareto.Search, bitpareto.Front, bitpareto.FrontPoint, bitpareto.Artifact):
        yield from _class(kind.__name__, kind)
    yield from ("", "## Errors", "", "| error | is a | raised when |", "| --- | --- | --- |")
    for name, kind in sorted(vars(errors).items()):
        if inspect.isclass(kind) and issubclass(kind, bitpareto.BitparetoError):
            first = _cell((kind.__doc__ or "").split("\n\n")[0]).replace("``", "`")
            yield f"| `{name}` | `{kind.__bases__[0].__name__}` | {first} |"


def _class(name: str, kind: type) -> Iterator[str]:
    yield from ("", f"## {name}", "")
    yield from _docstring(inspect.getdoc(kind) or "")
    for member, value in vars(kind).items():
        if member.startswith("_"):
            continue
        if isinstance(value, property):
            yield from (f"### `{name}.{member}`", "")
            yield from _docstring(inspect.getdoc(value) or "")
        elif inspect.isfunction(value):
            signature = (
                str(inspect.signature(value)).replace("(self, ", "(").replace("(self)", "()")
            )
            signature = re.sub(r"\bbitpareto\.[\w.]*\.(\w+)", r"\1", signature)
            signature = signature.replace("collections.abc.", "").replace("typing.", "")
            yield from (f"### `{name}.{member}`", "", "```text", f"{member}{signature}", "```", "")
            yield from _docstring(inspect.getdoc(value) or "")


def _docstring(text: str) -> Iterator[str]:
    text = re.sub(r"``(.+?)``", r"`\1`", text)
    for part in re.split(r"\n\n", text):
        heading, _, rest_ = part.partition("\n")
        if heading in ("Args:", "Raises:", "Returns:", "Yields:", "Attributes:"):
            yield from (f"**{heading.removesuffix(':')}**", "")
            for entry in re.split(r"\n(?=    \S)", f"\n{rest_}".removeprefix("\n")):
                words = " ".join(entry.split())
                known, colon, said = words.partition(": ")
                yield f"- `{known}`: {said}" if colon else f"- {words}"
            yield ""
        elif heading == "Example:":
            yield from ("```text", textwrap.dedent(rest_).strip(), "```", "")
        else:
            yield from (part, "")


def command_line() -> Iterator[str]:
    """Yield the lines of the page about the command line."""
    parser: argparse.ArgumentParser = parse_arguments(["completion", "bash"]).parser
    yield from ("# Command line", "", MADE, "")
    yield "Every command takes `--json`, `--base-url URL` and `--help`."
    yield from ("", "```text", (parser.epilog or "").strip(), "```")
    yield from _commands("bitpareto", parser)


def _commands(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if not isinstance(action, argparse._SubParsersAction):
            continue
        for verb, of_verb in action.choices.items():
            nested = any(isinstance(one, argparse._SubParsersAction) for one in of_verb._actions)
            if nested:
                yield from _commands(f"{name} {verb}", of_verb)
            else:
                yield from _command(f"{name} {verb}", of_verb)


def _command(name: str, parser: argparse.ArgumentParser) -> Iterator[str]:
    yield from ("", f"## `{name}`", "", parser.description or "", "")
    rows = [one for one in parser._actions if one.dest not in ("help", "json", "base_url")]
    if rows:
        yield from ("| argument | |", "| --- | --- |")
    for one in rows:
        value = str(one.metavar or (",".join(map(str, one.choices)) if one.choices else ""))
        names = ", ".join(one.option_strings) or value
        shown = f"{names} {value}" if one.option_strings and one.nargs != 0 else names
        yield f"| `{_cell(shown)}` | {_cell(one.help or '')} |"
    if parser.epilog:
        yield from ("", "```text", parser.epilog.partition("\n")[2].strip(), "```")


PAGES = {"rest.md": rest, "python.md": python, "command-line.md": command_line}


def main() -> int:
    """Write or check; returns the exit status."""
    stale = []
    for name, lines in PAGES.items():
        text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines())).rstrip() + "\n"
        path = FOLDER / name
        if not path.exists() or path.read_text() != text:
            stale.append(name)
            if "--check" not in sys.argv[1:]:
                FOLDER.mkdir(exist_ok=True)
                path.write_text(text)
    if "--check" not in sys.argv[1:] or not stale:
        return 0
    print(f"docs/reference: {', '.join(stale)} stale: run scripts/reference.py")
    return 1


if __name__ == "__main__":
    sys.exit(main())
