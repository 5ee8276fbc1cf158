"""Compiles an exported header with the C compiler of this machine and runs it."""

import os
import platform
import shutil
import subprocess
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
from numpy.typing import NDArray

from exports.errors import TargetFailedError, TargetMissingError

FLAGS: Final = ("-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2")

_TIMEOUT_S: Final = 600.0

_PROGRAM: Final = """\
#include <stdio.h>

#include "network.h"

int main(void)
{
    static uint8_t image[BITPARETO_IMAGE_BYTES];
    static int32_t logits[BITPARETO_CLASSES];
    while (fread(image, 1, sizeof image, stdin) == sizeof image) {
        int32_t decided = bitpareto_predict(image, logits);
        fwrite(&decided, sizeof decided, 1, stdout);
        fwrite(logits, sizeof *logits, BITPARETO_CLASSES, stdout);
    }
    return 0;
}
"""


def find_compiler() -> str:
    """Return the C compiler: what ``CC`` names, or ``cc``, ``gcc``, ``clang``.

    Raises:
        TargetMissingError: If there is none.
    """
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        found = shutil.which(name) if name else None
        if found:
            return found
    raise TargetMissingError("a C compiler")


def compiler_version(compiler: str) -> str:
    """Return the first line of what it says of itself, and the processor it compiles for."""
    said = _run([compiler, "--version"], b"", compiler).decode(errors="replace")
    return f"{said.splitlines()[0]}, {platform.machine()}"


def run_c_header(
    header: bytes,
    images: NDArray[np.uint8],
    n_classes: int,
    *,
    compiler: str,
    flags: Sequence[str] = FLAGS,
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Compile the header and classify images.

    Args:
        header: As ``to_c_header`` makes it.
        images: Bytes, ``(N, C, H, W)``.
        n_classes: Number of logits.
        compiler: Path of a C compiler that understands gcc's options.
        flags: Its options.

    Returns:
        Decisions ``(N,)`` and logits in units of 2**-12 ``(N, n_classes)``.

    Raises:
        TargetFailedError: If it does not compile or the program fails.
    """
    with TemporaryDirectory(prefix="bitpareto-c-") as name:
        folder = Path(name)
        (folder / "network.h").write_bytes(header)
        source, program = folder / "main.c", folder / "main"
        source.write_text(_PROGRAM, encoding="ascii")
        _run([compiler, *flags, str(source), "-o", str(program)], b"", compiler)
        answer = _run([str(program)], images.tobytes(), "the compiled network")
    table = np.frombuffer(answer, dtype=np.int32).reshape(len(images), n_classes + 1)
    return table[:, 0], table[:, 1:]


def _run(command: Sequence[str], given: bytes, target: str) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603 - the machine's own compiler, and what it made
            command, input=given, capture_output=True, timeout=_TIMEOUT_S, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise TargetFailedError(target, f"no end after {_TIMEOUT_S:g} s") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace")[-4000:]
        raise TargetFailedError(target, f"exit status {done.returncode}: {said}")
    return done.stdout
