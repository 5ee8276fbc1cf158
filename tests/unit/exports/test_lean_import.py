"""Exports are made without torch, and without ONNX Runtime."""

import subprocess
import sys


def test_making_exports_loads_neither_torch_nor_onnxruntime() -> None:
    program = (
        "import sys, exports.formats;"
        " sys.exit('torch' in sys.modules or 'onnxruntime' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_running_exports_loads_no_torch() -> None:
    program = "import sys, exports.runs; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)
