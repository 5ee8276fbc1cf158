"""A packed network as an ONNX model."""

from dataclasses import dataclass

from onnx import ModelProto, TensorProto
from onnx.checker import check_model
from onnx.helper import make_tensor_value_info

from exports import onnx_layers
from exports.network import Network, Step
from exports.onnx_graph import GraphBuilder
from exports.onnx_layers import StoredTensor
from quantization.packed_layer import Artifact

IMAGE = "image"
LOGITS = "logits"


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightType:
    """How a layer's weights are stored, here and there.

    Attributes:
        layer: Index of the layer.
        kind: "conv" or "linear".
        weight_bits: Width in the packed file, the widest where channels differ.
        onnx_type: Type of the ONNX tensor.
        n_weights: How many.
    """

    layer: int
    kind: str
    weight_bits: int
    onnx_type: str
    n_weights: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OnnxExport:
    """An ONNX model and how large it is beside the packed file.

    Attributes:
        content: The ONNX file. It takes "image", uint8 ``(N, C, H, W)``, and yields "logits",
            float32 ``(N, n_classes)``.
        packed_bytes: Length of the packed file.
        weight_types: One for each layer with weights.
    """

    content: bytes
    packed_bytes: int
    weight_types: tuple[WeightType, ...]

    @property
    def onnx_bytes(self) -> int:
        """Length of the ONNX file."""
        return len(self.content)


def to_onnx(artifact: Artifact) -> OnnxExport:
    """Write a packed network as an ONNX model in the QDQ style.

    Args:
        artifact: The network, as ``read_artifact`` returns it.

    Returns:
        The model and its sizes. Equal networks give equal files.

    Raises:
        ArtifactError: If the network breaks a rule of the format.
    """
    network = Network.of(artifact)
    graph = GraphBuilder()
    tensors: list[StoredTensor] = []
    types: list[WeightType] = []
    for step in network.steps():
        graph.begin(step.index)
        if step.layer.weights is not None:
            types.append(_weight_type(step))
        reads = [tensors[i] for i in step.layer.inputs]
        if step.output.is_logits:
            onnx_layers.logits(graph, step, reads[0])
        else:
            tensors.append(_layer(graph, step, reads))
    graph.rename_last(LOGITS)
    model = _model(network, graph)
    check_model(model, full_check=True)
    return OnnxExport(
        content=model.SerializeToString(deterministic=True),
        packed_bytes=network.size_bytes,
        weight_types=tuple(types),
    )


def _layer(graph: GraphBuilder, step: Step, reads: list[StoredTensor]) -> StoredTensor:
    match step.layer.kind:
        case "input":
            return onnx_layers.input_layer(graph, step, IMAGE)
        case "conv":
            return onnx_layers.convolution(graph, step, *reads)
        case "linear":
            return onnx_layers.linear(graph, step, *reads)
        case "add":
            return onnx_layers.addition(graph, step, *reads)
        case "global_avg_pool":
            return onnx_layers.global_average(graph, step, *reads)
        case "max_pool":
            return onnx_layers.max_pool(graph, step, *reads)
        case "pad_channels":
            return onnx_layers.pad_channels(graph, step, *reads)


def _weight_type(step: Step) -> WeightType:
    layer = step.layer
    return WeightType(
        layer=step.index,
        kind=layer.kind,
        weight_bits=layer.weight_bits,
        onnx_type=onnx_layers.layer_weight_type(layer).name,
        n_weights=0 if layer.weights is None else layer.weights.size,
    )


def _model(network: Network, graph: GraphBuilder) -> ModelProto:
    artifact = network.artifact
    sides: list[str | int | None] = ["N", artifact.channels, artifact.height, artifact.width]
    image = make_tensor_value_info(IMAGE, TensorProto.UINT8, sides)
    logits = make_tensor_value_info(LOGITS, TensorProto.FLOAT, ["N", artifact.n_classes])
    origin = {
        "candidate_hash": artifact.candidate_hash,
        "data_hash": artifact.data_hash.hex(),
        "seed": str(artifact.seed),
        "code_version": artifact.code_version,
    }
    return graph.model([image], [logits], origin)
