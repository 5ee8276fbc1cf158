"""The same network written by other tools: how long their files are.

Every export takes a trained network and some images, and returns the length of the file in bytes,
or a sentence that says why there is none. Nothing here is installed with bitpareto but torch:
``pip install onnx onnxruntime brevitas`` adds the others.
"""

import io
import tempfile
import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import torch

from networks.network import QuantizedNetwork

Export = Callable[[QuantizedNetwork, torch.Tensor], int | str]
_OPSET: Final = 17


def float_state_dict(network: QuantizedNetwork, images: torch.Tensor) -> int:
    """``torch.save`` of weights, biases and batch norm in float32, quantizers left out."""
    del images
    state = {name: t for name, t in network.state_dict().items() if "quantizer." not in name}
    buffer = io.BytesIO()
    torch.save(state, buffer)
    return len(buffer.getvalue())


def onnx_runtime_int8(network: QuantizedNetwork, images: torch.Tensor) -> int | str:
    """ONNX of the float network, quantized by ONNX Runtime: 8 bits, per channel, QDQ."""
    if not (find_spec("onnx") and find_spec("onnxruntime")):
        return "onnx and onnxruntime are not installed"
    from onnxruntime.quantization import (  # noqa: PLC0415 - only where it is installed
        CalibrationDataReader,
        QuantFormat,
        quantize_static,
    )
    from onnxruntime.quantization.shape_inference import quant_pre_process  # noqa: PLC0415

    class Reader(CalibrationDataReader):  # type: ignore[misc]  # the package has no types
        def __init__(self) -> None:
            self._rest = iter([{"images": images.float().numpy()}])

        def get_next(self) -> dict[str, np.ndarray[Any, Any]] | None:
            return next(self._rest, None)

    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        plain, folded, quantized = (Path(folder, f"{n}.onnx") for n in ("plain", "folded", "int8"))
        _export_float(network, images[:1].float(), plain)
        quant_pre_process(str(plain), str(folded))
        quantize_static(
            str(folded), str(quantized), Reader(), quant_format=QuantFormat.QDQ, per_channel=True
        )
        return quantized.stat().st_size


def _export_float(network: QuantizedNetwork, image: torch.Tensor, path: Path) -> None:
    was_quantized, network.quantized = network.quantized, False
    try:
        torch.onnx.export(
            network.eval(),
            (image,),
            str(path),
            input_names=["images"],
            dynamic_axes={"images": {0: "n"}},
            opset_version=_OPSET,
            dynamo=False,
        )
    finally:
        network.quantized = was_quantized


def brevitas_qcdq(network: QuantizedNetwork, images: torch.Tensor) -> int | str:
    """ONNX QCDQ of Brevitas, at the same widths; it keeps narrow weights in 8-bit integers."""
    if not find_spec("brevitas"):
        return "brevitas is not installed"
    return import_module("benchmarks.peer_brevitas").brevitas_qcdq(network, images)  # type: ignore[no-any-return]  # found by name


EXPORTS: Final[Mapping[str, Export]] = MappingProxyType(
    {
        "torch float32 state dict": float_state_dict,
        "onnx runtime int8 qdq": onnx_runtime_int8,
        "brevitas onnx qcdq": brevitas_qcdq,
    }
)
