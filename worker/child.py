"""One child process of the supervisor: started, watched, started again, ended."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

_SHORT_LIFE_S: Final = 20.0
_MAX_SHORT_LIVES: Final = 5
_FIRST_PAUSE_S: Final = 0.5
_LONGEST_PAUSE_S: Final = 8.0
_LOG_LINES: Final = 12
_KILLED: Final = (-signal.SIGKILL, -signal.SIGTERM)


class Child:
    """A process in a session of its own, whose output goes to a log file.

    Attributes:
        problem: Why it is not started again, once that is so.
    """

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str],
        log: Path,
        inherits: Sequence[int] = (),
    ) -> None:
        self.name = name
        self.problem: str | None = None
        self._command = list(command)
        self._environment = dict(environment)
        self._log = log
        self._inherits = tuple(inherits)
        self._process: subprocess.Popen[bytes] | None = None
        self._started_at = 0.0
        self._start_again_at = 0.0
        self._short_lives = 0

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process is not None else None

    def start(self) -> None:
        """Start the process."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own command line
                self._command,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=self._inherits,
                start_new_session=True,  # Ctrl-C reaches the supervisor alone
            )
        self._started_at = time.monotonic()

    def watch(self) -> str | None:
        """Start it again after its end, later each time it lived short; returns news, if any."""
        now = time.monotonic()
        if self._process is None:
            if now >= self._start_again_at:
                self.start()
            return None
        status = self._process.poll()
        if status is None:
            return None
        self._process = None
        self._note_end(status, now - self._started_at)
        pause_s = min(_FIRST_PAUSE_S * 2**self._short_lives, _LONGEST_PAUSE_S)
        self._start_again_at = now + pause_s
        return f"{self.name} ended with status {status}; starting it again in {pause_s:g} s"

    def terminate(self) -> None:
        """Ask the process to end."""
        if self._process is not None:
            self._process.terminate()

    def kill(self) -> None:
        """End the process, and whatever it has started, at once."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def has_ended(self) -> bool:
        """Tell whether it runs no more."""
        return self._process is None or self._process.poll() is not None

    def _note_end(self, status: int, lived_s: float) -> None:
        if status in _KILLED or lived_s >= _SHORT_LIFE_S:
            # somebody else's doing, or an accident after sound work: no reason to give up
            self._short_lives = 0
            return
        self._short_lives += 1
        if status == os.EX_CONFIG:
            self.problem = f"{self.name} cannot run as configured; {self._end_of_log()}"
        elif self._short_lives >= _MAX_SHORT_LIVES:
            self.problem = (
                f"{self.name} ended {self._short_lives} times in a row within {_SHORT_LIFE_S:g} s "
                f"of its start, last with status {status}; {self._end_of_log()}"
            )

    def _end_of_log(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n  ".join([f"its log {self._log} ends with:", *lines[-_LOG_LINES:]])
