"""The JSON of an exported program, read field by field into plain values.

Only what a network needs is read: the graph's nodes with their arguments, which of its inputs are
weights and which is the image, and shapes. Symbolic expressions are never evaluated.

Sources:
    torch/_export/serde/schema.py of torch 2.13.0: schema version 8.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from networks.imported.archive import Archive
from networks.imported.errors import refusal

SCHEMA_MAJOR: Final = 8
MOST_NODES: Final = 20_000
FLOAT: Final = 7
"""``ScalarType.FLOAT`` of the schema."""


@dataclass(frozen=True, slots=True)
class Ref:
    """The name of a tensor in the graph."""

    name: str


@dataclass(frozen=True, slots=True)
class Symbol:
    """A number that is only known when the program runs, such as the number of images."""


@dataclass(frozen=True, slots=True)
class Unread:
    """An argument of a kind that no supported operator takes."""

    kind: str


Argument = None | bool | int | float | str | tuple[Any, ...] | Ref | Symbol | Unread


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One operation.

    Attributes:
        place: Where it is in the archive.
        module: Path of the module it was traced in, for messages.
        target: Name of the operator, such as ``aten.conv2d.default``.
        arguments: By name in the operator's schema; those that equal their default are missing.
        outputs: Names of the tensors and numbers it yields.
    """

    place: str
    module: str
    target: str
    arguments: Mapping[str, Argument]
    outputs: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Program:
    """A graph with one image in and one tensor out.

    Attributes:
        nodes: In execution order.
        weights: Name in the graph of each parameter and buffer -> its name in the module.
        image: Name in the graph of the image.
        image_shape: ``(C, H, W)``.
        output: Name in the graph of what is returned.
        output_place: Where that is said.
        shapes: Of each tensor in the graph; ``None`` for a size that is not fixed.
    """

    nodes: tuple[Node, ...]
    weights: Mapping[str, str]
    image: str
    image_shape: tuple[int, int, int]
    output: str
    output_place: str
    shapes: Mapping[str, tuple[int | None, ...]]


def read_json(archive: Archive, name: str) -> dict[str, Any]:
    """Return a JSON object of an archive.

    Raises:
        ProgramError: If it is missing, damaged or no JSON object.
    """
    try:
        value = json.loads(archive.read(name).decode())
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError, ValueError) as error:
        if hasattr(error, "problems"):
            raise
        raise refusal(name, "malformed", f"is not JSON: {error}") from error
    if not isinstance(value, dict):
        raise refusal(name, "malformed", "is no JSON object")
    return value


def read_program(archive: Archive) -> Program:
    """Read the only program of an archive.

    Raises:
        ProgramError: If it is malformed, of another version, or not a network of one image.
    """
    for name, expected in (("archive_format", "pt2"), ("archive_version", "0")):
        if archive.read(name) != expected.encode():
            raise refusal(name, "unknown_version", "is of another format", (expected,))
    if "byteorder" in archive.names and archive.read("byteorder") != b"little":
        raise refusal("byteorder", "unknown_version", "numbers must be", ("little",))
    models = [name for name in archive.names if name.startswith("models/")]
    if len(models) != 1:
        raise refusal("models", "n_programs", f"has {len(models)} programs", ("1",))
    return _Reader(models[0]).program(read_json(archive, models[0]))


def model_name(archive: Archive) -> str:
    """Return the name under which an archive holds its program."""
    (name,) = (name for name in archive.names if name.startswith("models/"))
    return name.removeprefix("models/").removesuffix(".json")


class _Reader:
    """Reads one program; every step down names its place when it fails."""

    def __init__(self, entry: str) -> None:
        self._entry = entry

    def program(self, root: dict[str, Any]) -> Program:
        major = self._at(root, "", "schema_version", "major", kind=int)
        if major != SCHEMA_MAJOR:
            place = f"{self._entry}#/schema_version/major"
            raise refusal(place, "unknown_version", f"cannot be {major}", (str(SCHEMA_MAJOR),))
        graph = self._at(root, "", "graph_module", "graph", kind=dict)
        where = "/graph_module/graph"
        rows = self._at(graph, where, "nodes", kind=list)
        if len(rows) > MOST_NODES:
            place = f"{self._entry}#{where}/nodes"
            raise refusal(place, "too_large", f"are {len(rows)}", (f"up to {MOST_NODES}",))
        shapes = {
            name: self._shape(meta, f"{where}/tensor_values/{name}")
            for name, meta in self._at(graph, where, "tensor_values", kind=dict).items()
        }
        signature = self._at(root, "", "graph_module", "signature", kind=dict)
        weights, image = self._inputs(signature)
        output, output_place = self._output(signature)
        image_place = f"{where}/tensor_values/{image}"
        meta = self._at(graph, where, "tensor_values", image, kind=dict)
        if self._at(meta, image_place, "dtype", kind=int) != FLOAT:
            self._fail(f"{image_place}/dtype", "unsupported_input", "the image must be float32")
        shape = shapes[image]
        if len(shape) != 4 or None in shape[1:]:
            detail = f"the input has shape {shape}, which is not (N, C, H, W) with C, H, W fixed"
            self._fail(image_place, "unsupported_input", detail)
        return Program(
            nodes=tuple(self._node(row, f"{where}/nodes/{i}") for i, row in enumerate(rows)),
            weights=weights,
            image=image,
            image_shape=tuple(shape[1:]),  # type: ignore[arg-type]  # three integers, as checked
            output=output,
            output_place=output_place,
            shapes=shapes,
        )

    def _inputs(self, signature: dict[str, Any]) -> tuple[dict[str, str], str]:
        where = "/graph_module/signature"
        weights: dict[str, str] = {}
        images: list[str] = []
        for i, spec in enumerate(self._at(signature, where, "input_specs", kind=list)):
            match spec:
                case {"parameter": {"arg": {"name": str(name)}, "parameter_name": str(inner)}}:
                    weights[name] = inner
                case {"buffer": {"arg": {"name": str(name)}, "buffer_name": str(inner)}}:
                    weights[name] = inner
                case {"user_input": {"arg": {"as_tensor": {"name": str(name)}}}}:
                    images.append(name)
                case _:
                    detail = "is neither a parameter, a buffer nor the image"
                    self._fail(f"{where}/input_specs/{i}", "unsupported_input", detail)
        if len(images) != 1:
            detail = f"a network takes one tensor, this program takes {len(images)}"
            self._fail(f"{where}/input_specs", "unsupported_input", detail)
        return weights, images[0]

    def _output(self, signature: dict[str, Any]) -> tuple[str, str]:
        where = "/graph_module/signature/output_specs"
        specs = self._at(signature, "/graph_module/signature", "output_specs", kind=list)
        for i, spec in enumerate(specs):
            if isinstance(spec, dict) and "buffer_mutation" in spec:
                detail = "changes a buffer: call eval() on the module before exporting it"
                self._fail(f"{where}/{i}", "training_mode", detail)
        match specs:
            case [{"user_output": {"arg": {"as_tensor": {"name": str(name)}}}}]:
                return name, f"{self._entry}#{where}/0"
        detail = "a network returns one tensor, its logits"
        raise refusal(f"{self._entry}#{where}", "unsupported_output", detail)

    def _node(self, row: Any, where: str) -> Node:
        arguments: dict[str, Argument] = {}
        for i, given in enumerate(self._at(row, where, "inputs", kind=list)):
            match given:
                case {"name": str(name), "arg": dict(value)}:
                    arguments[name] = _argument(value)
                case _:
                    self._fail(f"{where}/inputs/{i}", "malformed", "needs a name and a value")
        outputs = self._at(row, where, "outputs", kind=list)
        target = self._at(row, where, "target", kind=str)
        stack: Any = row.get("metadata")
        return Node(
            place=f"{self._entry}#{where}",
            module=_module_path(stack.get("nn_module_stack") if isinstance(stack, dict) else None),
            target=target.removeprefix("torch.ops."),
            arguments=arguments,
            outputs=tuple(_output_name(value) for value in outputs),
        )

    def _shape(self, meta: object, where: str) -> tuple[int | None, ...]:
        return tuple(
            size if isinstance(size, int) else None
            for size in sizes_of(self._at(meta, where, "sizes", kind=list))
        )

    def _at(self, value: Any, where: str, *path: str, kind: type) -> Any:
        for key in path:
            if not isinstance(value, dict) or key not in value:
                self._fail(where, "malformed", f"lacks {key!r}")
            value = value[key]
            where = f"{where}/{key}"
        found: Any = value
        if not isinstance(found, kind) or (isinstance(found, bool) and kind is int):
            self._fail(where, "malformed", f"must be a {kind.__name__}")
        return found

    def _fail(self, where: str, code: str, detail: str) -> Any:
        raise refusal(f"{self._entry}#{where}", code, detail)


def sizes_of(values: list[Any]) -> list[int | None]:
    """Return symbolic or plain integers of the schema; ``None`` for what is not a plain one."""
    return [
        value["as_int"]
        if isinstance(value, dict)
        and type(value.get("as_int")) is int
        and 0 <= value["as_int"] < 1 << 62
        else None
        for value in values
    ]


_PLAIN: Final = {"as_int": int, "as_float": float, "as_bool": bool, "as_string": str}


def _argument(given: dict[str, Any]) -> Argument:
    kind: str
    value: Any
    kind, value = next(iter(given.items()), ("nothing", None))
    if kind in _PLAIN and isinstance(value, _PLAIN[kind]):
        return cast("Argument", value)
    match kind, value:
        case "as_none", _:
            return None
        case "as_tensor", {"name": str(name)}:
            return Ref(name)
        case "as_ints", [*items] if all(type(item) is int for item in items):
            return tuple(items)
        case "as_sym_int", _:
            return Symbol()
        case "as_sym_ints", [*items]:
            sizes = [item.get("as_int") if isinstance(item, dict) else None for item in items]
            return tuple(size if type(size) is int else Symbol() for size in sizes)
        case "as_optional_tensor", {"as_tensor": {"name": str(name)}}:
            return Ref(name)
    return Unread(kind)


def _output_name(value: object) -> str:
    match value:
        case {"as_tensor": {"name": str(name)}}:
            return name
    return ""


def _module_path(stack: object) -> str:
    """Return ``block.c1`` of ``L__self__,,Net;L__self__block.c1,block.c1,Conv2d``."""
    if not isinstance(stack, str):
        return ""
    last = stack.rpartition(";")[2].split(",")
    return last[1][:200] if len(last) == 3 else ""
