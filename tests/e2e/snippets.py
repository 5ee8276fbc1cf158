"""The fenced blocks of a Markdown page, and a folder in which they are run as a reader would.

A comment in front of a block says what to do with it where its language does not:

- ``<!-- file: NAME -->`` writes it to a file of the reader's folder;
- ``<!-- not run: REASON -->`` leaves it out;
- ``<!-- answer -->`` is what something printed: of ``json`` and ``yaml`` the syntax is checked;
- ``<!-- search -->``, ``<!-- space -->``, ``<!-- profile -->`` are declarations, or parts of one,
  which a server has to accept.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_FENCE: Final = re.compile(r"^( *)```(\w*)$")
_COMMENT: Final = re.compile(r"^ *<!-- ([\w ]+?)(?:: (.*?))? -->$")
_BLOCK_S: Final = 240.0

_BASH: Final = """\
set -aeuo pipefail
[ -e "$STATE" ] && . "$STATE"
{block}
{{ declare -f; export -p; }} > "$STATE"
"""
"""What one block sets, the next ones see."""

_PYTHON: Final = """\
import sys, traceback
names = {"__name__": "__main__"}
while True:
    size = sys.stdin.buffer.readline()
    if not size:
        break
    code = sys.stdin.buffer.read(int(size)).decode()
    try:
        exec(compile(code, "snippet", "exec"), names)
        answer = "done"
    except BaseException:
        answer = traceback.format_exc()
    sys.stdout.flush()
    sys.__stderr__.write(f"{len(answer.encode())}\\n{answer}")
    sys.__stderr__.flush()
"""
"""Runs the blocks of a page one after the other in one namespace."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """A fenced block: where it starts, its language, its text, and what its comment says."""

    page: Path
    line: int
    language: str
    text: str
    mark: str
    value: str

    def __str__(self) -> str:
        return f"{self.page.name}:{self.line}"


def snippets(page: Path) -> Iterator[Snippet]:
    """Yield the blocks of a page in order."""
    lines = page.read_text().splitlines()
    n = 0
    while n < len(lines):
        fence = _FENCE.match(lines[n])
        if fence is None:
            n += 1
            continue
        indent, language = fence.groups()
        end = lines.index(f"{indent}```", n + 1)
        before = next((line for line in reversed(lines[:n]) if line.strip()), "")
        comment = _COMMENT.match(before)
        mark, value = (comment[1], comment[2] or "") if comment else ("", "")
        text = "".join(f"{line.removeprefix(indent)}\n" for line in lines[n + 1 : end])
        yield Snippet(page, n + 1, language, text, mark, value)
        n = end + 1


class Reader:
    """Somebody with an empty folder who does what a page says."""

    def __init__(self, folder: Path, url: str, variables: Mapping[str, str]) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        scripts = str(Path(sys.executable).parent)
        self.environment = {
            **os.environ,
            **variables,
            "BITPARETO_BASE_URL": url,
            "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
            "STATE": str(folder.parent / f"{folder.name}.state"),
            "OMP_NUM_THREADS": "1",
        }
        self._python: subprocess.Popen[bytes] | None = None

    def write(self, name: str, text: str) -> None:
        """Write a file of the page."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def shell(self, snippet: Snippet, text: str) -> str:
        """Run a block of shell commands; returns what it printed."""
        done = subprocess.run(
            ["bash", "-c", _BASH.format(block=text)],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_BLOCK_S,
            check=False,
        )
        assert done.returncode == 0, f"{snippet} ended with {done.returncode}:\n{done.stdout}"
        return done.stdout

    def python(self, snippet: Snippet, text: str) -> None:
        """Run a block of Python in the page's namespace."""
        if self._python is None:
            self._python = subprocess.Popen(
                [sys.executable, "-W", "error", "-c", _PYTHON],
                cwd=self.folder,
                env=self._exported(),
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
            )
        process = self._python
        assert process.stdin is not None
        assert process.stderr is not None
        code = text.encode()
        process.stdin.write(b"%d\n" % len(code) + code)
        process.stdin.flush()
        printed = []
        for line in process.stderr:  # the program's own messages come before the answer
            if line.strip().isdigit():
                answer = process.stderr.read(int(line)).decode()
                assert answer == "done", f"{snippet}:\n{answer}"
                return
            printed.append(line.decode())
        raise AssertionError(f"{snippet} ended Python:\n{''.join(printed)}")

    def _exported(self) -> dict[str, str]:
        """Return what Python, started now from the page's shell, finds in its environment."""
        told = self.environment
        if not Path(told["STATE"]).exists():
            return told
        script = 'set -a; . "$STATE"; env -0'
        printed = subprocess.run(["bash", "-c", script], env=told, capture_output=True, check=True)
        pairs = (line.split("=", 1) for line in printed.stdout.decode().split("\0") if line)
        return dict(pairs)

    def leave(self) -> None:
        """End the page's Python."""
        if self._python is not None:
            self._python.communicate()
