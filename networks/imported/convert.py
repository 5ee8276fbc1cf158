"""From the bytes of an exported program to a layer list and its float weights."""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Final

from networks.imported.archive import open_archive
from networks.imported.call import Bound, Call, Matrix, transposed
from networks.imported.drafts import Drafts, Floats, UnsupportedError, Value
from networks.imported.errors import ProgramError, ProgramProblem
from networks.imported.operators import OPERATORS, SIZES, TRANSPOSES
from networks.imported.program import Node, Program, Symbol, read_program
from networks.imported.tensors import Weights
from search_space.layers import LayerList

MOST_LAYERS: Final = 1000
_KNOWN: Final = (*OPERATORS, *SIZES, *TRANSPOSES)


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedNetwork:
    """What an exported program computes.

    Attributes:
        layers: The network; widths are placeholders, but for the 32-bit logits of the last layer.
        weights: Float weights by the names of ``networks.float_weights``.
    """

    layers: LayerList
    weights: Mapping[str, Floats]


def convert(data: bytes) -> ImportedNetwork:
    """Read a ``.pt2`` file; nothing in it is executed.

    Args:
        data: As ``torch.export.save`` of torch 2.13 writes it.

    Raises:
        ProgramError: With every problem found at the first step that finds any: the archive, the
            program, operators (all unsupported ones at once), their use.
    """
    archive = open_archive(data)
    program = read_program(archive)
    _check_operators(program)
    return _Walk(program, Weights(archive)).run()


def _check_operators(program: Program) -> None:
    problems = [
        ProgramProblem(
            node.place,
            "unsupported_operator",
            f"{node.target[:200]} is not supported{_in_module(node)}",
        )
        for node in program.nodes
        if node.target not in _KNOWN
    ]
    if problems:
        problems[0] = replace(problems[0], allowed=tuple(sorted(OPERATORS)))
        raise ProgramError(problems)


class _Walk:
    """Goes through a graph once, from the image to the logits."""

    def __init__(self, program: Program, tensors: Weights) -> None:
        self._program = program
        self._tensors = tensors
        self._drafts = Drafts(program.image_shape)
        self._bound: dict[str, Bound] = {g: Matrix(name) for g, name in program.weights.items()}
        self._bound[program.image] = self._drafts.output(0)

    def run(self) -> ImportedNetwork:
        for node in self._program.nodes:
            try:
                self._step(node)
            except UnsupportedError as error:
                # later operations would only complain about what is missing because of this one
                raise _error(node, "unsupported_use", str(error), error.allowed) from error
        layers, weights = self._finish()
        return ImportedNetwork(layers=layers, weights=weights)

    def _step(self, node: Node) -> None:
        if not node.outputs:
            raise UnsupportedError("yields nothing")
        output = node.outputs[0]
        if node.target in SIZES:
            self._bound[output] = Symbol()
            return
        call = Call(node=node, bound=self._bound, drafts=self._drafts, tensors=self._tensors)
        if node.target in TRANSPOSES:
            self._bound[output] = transposed(call)
            return
        value = OPERATORS[node.target](call)
        if len(self._drafts.layers) > MOST_LAYERS:
            raise UnsupportedError("makes too many layers", (f"up to {MOST_LAYERS}",))
        if call.in_place and call.given("self"):
            # every name of the tensor written into stands for the new numbers
            first = call.value_written()
            for field in fields(Value):
                setattr(first, field.name, getattr(value, field.name))
            value = first
        self._check_shape(node, output, value)
        self._bound[output] = value

    def _check_shape(self, node: Node, output: str, value: Value) -> None:
        declared = self._program.shapes.get(output)
        if declared is None or declared[1:] != value.shape:
            shown = "nothing" if declared is None else declared[1:]
            detail = f"has shape {value.shape} per image, but the program says {shown}"
            raise _error(node, "lying_size", detail)

    def _finish(self) -> tuple[LayerList, dict[str, Floats]]:
        place = self._program.output_place
        value = self._bound.get(self._program.output)
        if not isinstance(value, Value):
            detail = "what is returned is not computed from the image"
            raise ProgramError([ProgramProblem(place, "unsupported_output", detail)])
        draft = self._drafts.layers[value.layer]
        if draft.kind != "linear" or draft.activation != "none" or draft.n_readers:
            detail = "what is returned must be the logits: the output of the last linear layer"
            raise ProgramError([ProgramProblem(place, "unsupported_output", detail)])
        return self._drafts.finish(value.layer)


def _error(node: Node, code: str, detail: str, allowed: tuple[str, ...] = ()) -> ProgramError:
    detail = f"{node.target}{_in_module(node)}: {detail}"
    return ProgramError([ProgramProblem(node.place, code, detail, allowed)])


def _in_module(node: Node) -> str:
    return f" (module {node.module})" if node.module else ""
