"""Collects the nodes and constants of an ONNX graph."""

from collections.abc import Sequence
from typing import Any

from numpy.typing import NDArray
from onnx import ModelProto, NodeProto, TensorProto, ValueInfoProto
from onnx.helper import (
    make_graph,
    make_model,
    make_node,
    make_opsetid,
    make_tensor,
    set_model_props,
)
from onnx.numpy_helper import from_array

from exports.onnx_types import IR_VERSION, OPSET, OnnxType, packed_values


class GraphBuilder:
    """Names values after the layer they belong to; holds equal constants once."""

    def __init__(self) -> None:
        self._nodes: list[NodeProto] = []
        self._constants: list[TensorProto] = []
        self._shared: dict[tuple[str, tuple[int, ...], bytes], str] = {}
        self._layer = 0
        self._used: dict[str, int] = {}

    def begin(self, layer: int) -> None:
        """Announce the layer that the following nodes belong to."""
        self._layer = layer

    def node(self, operator: str, inputs: Sequence[str], **attributes: Any) -> str:
        """Append a node with one output and return the output's name."""
        output = self._name(operator)
        self._nodes.append(make_node(operator, inputs, [output], **attributes))
        return output

    def array(self, what: str, values: NDArray[Any]) -> str:
        """Add numbers of the array's own type and return their name."""
        key = (values.dtype.str, values.shape, values.tobytes())
        if key not in self._shared:
            name = self._shared[key] = self._name(what)
            self._constants.append(from_array(values, name))
        return self._shared[key]

    def integers(self, what: str, values: NDArray[Any], kind: OnnxType) -> str:
        """Add integers of an ONNX type, packed, and return their name."""
        name = self._name(what)
        raw = packed_values(values, kind)
        self._constants.append(make_tensor(name, kind.code, values.shape, raw, raw=True))
        return name

    def rename_last(self, name: str) -> None:
        """Give the output of the last node a name of its own."""
        self._nodes[-1].output[0] = name

    def model(
        self,
        inputs: Sequence[ValueInfoProto],
        outputs: Sequence[ValueInfoProto],
        properties: dict[str, str],
    ) -> ModelProto:
        """Put the model together."""
        graph = make_graph(self._nodes, "bitpareto", inputs, outputs, self._constants)
        model = make_model(
            graph,
            opset_imports=[make_opsetid("", OPSET)],
            ir_version=IR_VERSION,
            producer_name="bitpareto",
        )
        set_model_props(model, properties)
        return model

    def _name(self, what: str) -> str:
        name = f"{self._layer}.{what}"
        n = self._used[name] = self._used.get(name, 0) + 1
        return name if n == 1 else f"{name}.{n}"
