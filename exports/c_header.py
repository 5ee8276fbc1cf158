"""A packed network as one self-contained C99 header for microcontrollers.

The header holds the payloads of the packed file byte for byte, so what goes to flash is what the
file weighs, and reads the packed weights as they are. There is no heap: all tensors share one
static buffer, each in it only while it is needed. The kernels (``exports/kernels/*.c``) compute
what ``docs/artifact-format.md`` defines, in integers, without undefined or compiler-defined
operations, so the logits are those of the reference runtime bit for bit.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from importlib.resources import files
from typing import Final

from exports.errors import NotExportableError
from exports.memory_plan import MemoryPlan, plan_memory
from exports.network import Network, Step
from quantization.grids import WIDE_BITS
from quantization.layer_codec import pack_payload, payload_sizes
from quantization.network_rules import last_uses
from quantization.packed_layer import KINDS, LOGIT_SCALE, Artifact
from quantization.tensor_spec import TensorSpec

MAX_STREAM_BYTES: Final = 1 << 28
"""Longest weights of one layer: their bits are counted in 32 bits."""

_WITH_WEIGHTS: Final = ("conv", "linear")
_BYTES_PER_LINE: Final = 24

_CALLS: Final = {
    "input": "bitpareto_input(layer, image, output)",
    "conv": "bitpareto_conv(layer, first, output)",
    "linear": "bitpareto_linear(layer, first, output)",
    "add": "bitpareto_add(layer, first, second, output)",
    "global_avg_pool": "bitpareto_global_avg_pool(layer, first, output)",
    "max_pool": "bitpareto_max_pool(layer, first, output)",
    "pad_channels": "bitpareto_pad_channels(layer, first, output)",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CHeader:
    """A header and what it needs on the device.

    Attributes:
        content: The header, ASCII.
        data_bytes: Constant bytes of weights, multipliers and biases: the payloads of the file.
        buffer_bytes: Static bytes of the buffer for tensors.
    """

    content: bytes
    data_bytes: int
    buffer_bytes: int


def to_c_header(artifact: Artifact) -> CHeader:
    """Write a packed network as C.

    Args:
        artifact: The network, as ``read_artifact`` returns it.

    Returns:
        The header. It defines ``int bitpareto_predict(const uint8_t *image, int32_t *logits)``.

    Raises:
        ArtifactError: If the network breaks a rule of the format.
        NotExportableError: If the weights of one layer have more than 2**31 bits.
    """
    network = Network.of(artifact)
    plan = plan_memory([_bytes(spec) for spec in network.specs], last_uses(artifact.layers))
    data = bytearray()
    rows: list[str] = []
    for step in network.steps():
        rows.append(_layer_row(step, len(data)))
        data += pack_payload(step.layer, _weights_read(step), step.index)
    text = "\n".join(_parts(network, plan, bytes(data), rows))
    return CHeader(
        content=text.encode("ascii"), data_bytes=len(data), buffer_bytes=plan.total_bytes
    )


def _parts(network: Network, plan: MemoryPlan, data: bytes, rows: list[str]) -> Iterable[str]:
    artifact = network.artifact
    kinds = [kind for kind in KINDS if any(layer.kind == kind for layer in artifact.layers)]
    yield _top(network, plan, data)
    yield f"static const uint8_t bitpareto_data[{len(data)}] = {{\n{_hex(data)}\n}};\n"
    yield f"static int32_t bitpareto_buffer[{plan.total_bytes // 4}];\n"
    yield _kernel("base")
    yield f"typedef {_sum_type(network)} bitpareto_sum;\n"
    n = len(rows)
    yield f"static const bitpareto_layer bitpareto_layers[{n}] = {{\n{''.join(rows)}}};\n"
    tensors = "".join(map(_tensor_row, network.specs, plan.offsets))
    yield f"static const bitpareto_tensor bitpareto_tensors[{n}] = {{\n{tensors}}};\n"
    yield _kernel("requantize")
    yield _kernel("weights")  # the last layer is linear: there always are some
    for kind in kinds:
        yield _kernel(kind)
    yield _predict(kinds, n, artifact.n_classes)
    yield "#endif"
    yield ""


def _top(network: Network, plan: MemoryPlan, data: bytes) -> str:
    artifact = network.artifact
    pixels = artifact.channels * artifact.height * artifact.width
    return f"""\
/*
 * A quantized network, exported by bitpareto from a packed file of {network.size_bytes} bytes:
 * candidate {artifact.candidate_hash},
 * data {artifact.data_hash.hex()}, seed {artifact.seed}.
 *
 * C99, self-contained, integers only. Include it in one source file. Not reentrant: all calls share
 * one static buffer.
 *
 * Constants: {len(data)} bytes, and the tables. Static memory: {plan.total_bytes} bytes.
 */
#ifndef BITPARETO_NETWORK_H
#define BITPARETO_NETWORK_H

#include <stdint.h>

#define BITPARETO_CHANNELS {artifact.channels}
#define BITPARETO_HEIGHT {artifact.height}
#define BITPARETO_WIDTH {artifact.width}
#define BITPARETO_IMAGE_BYTES {pixels} /* channel by channel, row by row */
#define BITPARETO_CLASSES {artifact.n_classes}
#define BITPARETO_LOGITS_PER_UNIT {round(1 / LOGIT_SCALE)}
#define BITPARETO_BUFFER_BYTES {plan.total_bytes}
"""


def _sum_type(network: Network) -> str:
    """Sums of narrow numbers are below 2**31 by the rules of the format."""
    wide = any(
        WIDE_BITS in (step.layer.weight_bits, step.reads[0].bits)
        for step in network.steps()
        if step.layer.kind in _WITH_WEIGHTS
    )
    return "int64_t" if wide else "int32_t"


def _weights_read(step: Step) -> TensorSpec:
    """The tensor a layer's weights apply to; any, where it has none."""
    return step.reads[0] if step.reads else step.output


def _layer_row(step: Step, start: int) -> str:
    layer = step.layer
    sizes = payload_sizes(layer, _weights_read(step))
    if sizes.weights > MAX_STREAM_BYTES:
        detail = f"{sizes.weights} bytes of weights exceed {MAX_STREAM_BYTES}"
        raise NotExportableError("c-header", detail, layer=step.index)
    weights = start + sizes.channel_widths
    multipliers = weights + sizes.weights
    biases = multipliers + sizes.multipliers
    inputs = (*layer.inputs, 0, 0)[:2]
    window = (KINDS.index(layer.kind), layer.kernel, layer.stride, layer.padding[0])
    numbers = (layer.weight_bits, int(layer.odd_weights))
    flags = (int(layer.channel_bits is not None), int(layer.biases.size > 0))
    fields = [
        *window,
        *numbers,
        layer.scale_exponent,
        layer.bias_exponent,
        layer.groups,
        *inputs,
        *(start, weights, multipliers, biases),
        *flags,
    ]
    return f"    {{{', '.join(map(str, fields))}}},\n"


def _tensor_row(spec: TensorSpec, offset: int) -> str:
    low, high = spec.limits
    fields = [spec.channels, spec.height, spec.width, offset]
    # -2147483648 is an expression of type long where int has 32 bits, and fits
    fields += [low, high, int(_is_wide(spec)), int(spec.is_sign)]
    return f"    {{{', '.join(map(str, fields))}}},\n"


def _is_wide(spec: TensorSpec) -> bool:
    return spec.is_logits or spec.bits == WIDE_BITS


def _bytes(spec: TensorSpec) -> int:
    return spec.size * (4 if _is_wide(spec) else 1)


def _hex(data: bytes) -> str:
    lines = (data[i : i + _BYTES_PER_LINE] for i in range(0, len(data), _BYTES_PER_LINE))
    return ",\n".join("    " + ",".join(map(str, line)) for line in lines)


def _kernel(name: str) -> str:
    return files("exports").joinpath("kernels", f"{name}.c").read_text(encoding="ascii")


def _predict(kinds: Iterable[str], n_layers: int, n_classes: int) -> str:
    cases = "".join(
        f"        case {KINDS.index(kind)}: /* {kind} */\n"
        f"            {_CALLS[kind]};\n"
        "            break;\n"
        for kind in KINDS
        if kind in kinds
    )
    return f"""\
/*
 * Classify one image: its bytes, BITPARETO_IMAGE_BYTES of them. Returns the class, the first of
 * equally good ones. Writes BITPARETO_CLASSES logits, in units of 1/BITPARETO_LOGITS_PER_UNIT,
 * unless logits is a null pointer.
 */
static inline int bitpareto_predict(const uint8_t *image, int32_t *logits)
{{
    const bitpareto_tensor *last = &bitpareto_tensors[{n_layers - 1}];
    int best = 0;
    for (int32_t i = 0; i < {n_layers}; i++) {{
        const bitpareto_layer *layer = &bitpareto_layers[i];
        const bitpareto_tensor *output = &bitpareto_tensors[i];
        const bitpareto_tensor *first = &bitpareto_tensors[layer->input_0];
        const bitpareto_tensor *second = &bitpareto_tensors[layer->input_1];
        (void)second; /* of use where there is an addition */
        switch (layer->kind) {{
{cases}        }}
    }}
    for (int32_t i = 0; i < {n_classes}; i++) {{
        if (bitpareto_get(last, i) > bitpareto_get(last, best))
            best = i;
        if (logits)
            logits[i] = bitpareto_get(last, i);
    }}
    return best;
}}
"""
