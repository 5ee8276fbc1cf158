"""``python -m networks.imported PROGRAM FOLDER``: convert under limits; nothing else is written.

Prints one JSON object: ``{"layers": [...]}`` when ``FOLDER/weights.safetensors`` was written, else
``{"problems": [{"place", "code", "detail", "allowed"}, ...]}``. The limits hold for this process
alone, so a program that asks for too much ends here and not in a server.
"""

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Final

from networks.imported.convert import convert
from networks.imported.errors import ProgramError, ProgramProblem
from networks.safetensors import write_safetensors
from search.process_limits import limit_process
from search_space.layer_json import layers_to_json

WEIGHTS: Final = "weights.safetensors"
MOST_MEMORY_BYTES: Final = 4 << 30
MOST_CPU_S: Final = 60
MOST_OUTPUT_BYTES: Final = 1 << 30


def main(program: Path, folder: Path) -> None:
    """Convert one file and print what came of it."""
    limit_process(memory_bytes=MOST_MEMORY_BYTES, cpu_s=MOST_CPU_S, output_bytes=MOST_OUTPUT_BYTES)
    try:
        network = convert(program.read_bytes())
        (folder / WEIGHTS).write_bytes(write_safetensors(network.weights))
        answer: dict[str, object] = {"layers": layers_to_json(network.layers)}
    except ProgramError as error:
        answer = {"problems": [asdict(problem) for problem in error.problems]}
    except MemoryError:
        detail = f"needs more than {MOST_MEMORY_BYTES} bytes of memory"
        answer = {"problems": [asdict(ProgramProblem("archive", "too_large", detail))]}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
