"""A conversion that does not end, or ends badly, is told from a defect of the converter."""

from pathlib import Path

import pytest

from api.model_converter import ModelConverter
from search.errors import InvalidRequestError


@pytest.mark.parametrize(
    ("script", "told"), [("exec sleep 60", "took more than 0.5 s"), ("kill -9 $$", "signal 9")]
)
def test_a_program_that_costs_too_much_is_the_senders_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, told: str
) -> None:
    monkeypatch.setattr("api.child_process.sys.executable", _python(tmp_path, script))
    with pytest.raises(InvalidRequestError, match=told) as caught:
        ModelConverter(timeout_s=0.5).convert(b"")
    assert caught.value.problems[0].code == "too_costly"


def test_a_defect_of_the_converter_is_not_the_senders_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable = _python(tmp_path, "echo lost >&2; exit 1")
    monkeypatch.setattr("api.child_process.sys.executable", executable)
    with pytest.raises(RuntimeError, match="lost"):
        ModelConverter().convert(b"")


def _python(folder: Path, script: str) -> str:
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)
