"""Make the sync client of the async one: ``python scripts/make_sync_client.py [--check]``.

Everything that both have is written once, in ``bitpareto/_async``; the words that make it async are
taken out here. With ``--check`` nothing is written, and what differs is named.
"""

import re
import subprocess
import sys
from pathlib import Path
from typing import Final

SOURCE: Final = Path(__file__).parents[1] / "client" / "src" / "bitpareto" / "_async"
TARGET: Final = SOURCE.with_name("_sync")
_WORDS: Final = (
    (
        r"\bfrom asyncio import CancelledError, sleep\b",
        "from asyncio import CancelledError\nfrom time import sleep",
    ),
    (r"\bfrom asyncio import sleep\b", "from time import sleep"),
    (r"\basync (def|with|for) ", r"\1 "),
    (r"\bawait ", ""),
    (r"\basynccontextmanager\b", "contextmanager"),
    (r"\b__a(enter|exit|iter|next)__\b", r"__\1__"),
    (r"\ba(close|read|iter_bytes)\b", r"\1"),
    (r"\bAsync([A-Z])", r"\1"),
    (r"\b_async\b", "_sync"),
    (r"  # noqa: ASYNC\d+ .*", ""),
    (r"safe to share between tasks", "safe to share between threads"),
)
_HEADER: Final = "# Made by scripts/make_sync_client.py; change bitpareto/_async instead.\n"


def sync_of(text: str) -> str:
    """Return the sync twin of a module's text, not yet formatted."""
    for pattern, replacement in _WORDS:
        text = re.sub(pattern, replacement, text)
    return text


def main(arguments: list[str]) -> int:
    """Write or check the sync package; returns the exit status."""
    made = {
        path.relative_to(SOURCE): _formatted(sync_of(path.read_text(encoding="utf-8")), path)
        for path in sorted(SOURCE.rglob("*.py"))
    }
    found = {path.relative_to(TARGET) for path in TARGET.rglob("*.py")}
    stale = [name for name, text in made.items() if not _is(TARGET / name, text)]
    stale += sorted(found - set(made))
    if "--check" in arguments:
        sys.stderr.writelines(f"{TARGET / name} is not what it should be\n" for name in stale)
        return int(bool(stale))
    for name in stale:
        if name in made:
            (TARGET / name).parent.mkdir(parents=True, exist_ok=True)
            (TARGET / name).write_text(made[name], encoding="utf-8")
        else:
            (TARGET / name).unlink()
    return 0


def _is(path: Path, text: str) -> bool:
    return path.is_file() and path.read_text(encoding="utf-8") == text


def _formatted(text: str, source: Path) -> str:
    name = str(TARGET / source.relative_to(SOURCE))
    for command in (["check", "--select", "I", "--fix", "--quiet"], ["format", "--quiet"]):
        text = subprocess.run(  # noqa: S603 - our own linter
            [sys.executable, "-m", "ruff", *command, "--stdin-filename", name, "-"],
            input=_HEADER + text if "check" in command else text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    return text


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
