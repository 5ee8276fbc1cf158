"""``python -m training.uploads FILE FOLDER OPTIONS``: read an upload under limits.

``OPTIONS`` are the fields of ``Options`` as JSON. Prints one JSON object: ``{"data": {...}}`` when
the stored form was written into ``FOLDER``, else ``{"problems": [{"place", "code", "detail",
"allowed"}, ...]}``. The limits hold for this process alone, so an upload that asks for too much
ends here and not in a server.
"""

import json
import sys
from pathlib import Path
from typing import Any, Final

from search.errors import FieldProblem, InvalidRequestError
from search.process_limits import limit_process
from training.uploads.convert import convert
from training.uploads.options import options_of

MOST_MEMORY_BYTES: Final = 8 << 30
"""Of address space: the pixels, which are mapped from a file, and what libraries reserve."""
MOST_CPU_S: Final = 900
MOST_OUTPUT_BYTES: Final = 5 << 30


def main(source: Path, folder: Path, fields: dict[str, Any]) -> None:
    """Convert one file and print what came of it."""
    limit_process(memory_bytes=MOST_MEMORY_BYTES, cpu_s=MOST_CPU_S, output_bytes=MOST_OUTPUT_BYTES)
    try:
        answer: dict[str, Any] = {"data": convert(source, folder, options_of(fields))}
    except InvalidRequestError as error:
        answer = {"problems": [_plain(problem) for problem in error.problems]}
    except MemoryError:
        detail = f"needs more than {MOST_MEMORY_BYTES} bytes of memory"
        answer = {"problems": [_plain(FieldProblem("file", "too_large", detail))]}
    sys.stdout.write(json.dumps(answer))


def _plain(problem: FieldProblem) -> dict[str, Any]:
    return {
        "place": problem.pointer,
        "code": problem.code,
        "detail": problem.detail,
        "allowed": problem.allowed,
    }


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), json.loads(sys.argv[3]))
