"""What every benchmark writes: its name, the commit, the machine, metrics and single runs."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

ROOT = Path(__file__).resolve().parent.parent


def machine() -> str:
    """Describe the machine in one line."""
    parts = [f"{os.cpu_count()} cores", platform.machine(), f"torch {torch.__version__}"]
    if torch.cuda.is_available():
        parts.append(torch.cuda.get_device_name())
    return ", ".join(parts)


def commit() -> str:
    """Return the commit of the code in use; ``unknown`` outside a checkout."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    return done.stdout.strip() or "unknown"


def write_report(
    name: str,
    metrics: Mapping[str, float],
    runs: Sequence[Mapping[str, Any]],
    path: Path | None,
) -> None:
    """Print the report and, if asked, write it as JSON."""
    report = {
        "name": name,
        "commit": commit(),
        "machine": machine(),
        "metrics": dict(metrics),
        "runs": list(runs),
    }
    text = json.dumps(report, indent=2) + "\n"
    print(text, end="")
    if path is not None:
        path.write_text(text)
