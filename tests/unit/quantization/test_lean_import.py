"""What reads and runs artifacts works without torch."""

import subprocess
import sys


def test_artifact_side_loads_no_torch() -> None:
    program = (
        "import sys, quantization, quantization.artifact, quantization.packing,"
        " quantization.fixed_point, quantization.integer_runtime;"
        " sys.exit('torch' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
