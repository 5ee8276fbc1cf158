import subprocess
import sys
import time
from importlib import import_module

import pytest

from worker.main import _COMMANDS, main, make_parser

HEAVY = ("torch", "ax", "botorch", "numpy", "sqlalchemy", "celery", "fastapi", "uvicorn")


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    program = (
        "import sys, time\n"
        "started = time.process_time()\n"
        "from worker.main import make_parser\n"
        "make_parser().format_help()\n"
        "print(time.process_time() - started)\n"
        f"print(*[name for name in {HEAVY!r} if name in sys.modules])\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    seconds, loaded = found.stdout.splitlines()
    assert loaded == ""
    assert float(seconds) < 0.5


def test_an_optimize_worker_loads_torch_only_with_its_optimizer() -> None:
    program = (
        "import sys\n"
        "from worker.celery_app import answers_of\n"
        "answers_of('optimize')\n"
        "print(*[name for name in ('torch', 'ax') if name in sys.modules])\n"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == ""


@pytest.mark.parametrize("command", _COMMANDS)
def test_every_command_has_help_and_code(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    module, name = _COMMANDS[command]
    assert callable(getattr(import_module(module), name))
    with pytest.raises(SystemExit) as end:
        make_parser().parse_args([command, "--help"])
    assert end.value.code == 0
    assert "--data-folder" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([], "COMMAND"),
        (["fly"], "invalid choice: 'fly'"),
        (["worker", "--queue", "other"], "choose from 'optimize', 'train'"),
        (["up", "--port", "70000"], "0..65535"),
        (["up", "--train-workers", "0"], "at least one"),
    ],
)
def test_a_wrong_command_line_is_explained(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
    assert words in capsys.readouterr().err


def test_an_unreadable_variable_is_named_as_such(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("BITPARETO_LEASE_S", "soon")
    with pytest.raises(SystemExit):
        main(["sweep"])
    assert "'soon'" in capsys.readouterr().err


def test_a_host_others_can_reach_is_refused_before_anything_starts(
    tmp_path: object, capsys: pytest.CaptureFixture[str]
) -> None:
    started = time.monotonic()
    assert main(["up", "--host", "0.0.0.0", "--data-folder", str(tmp_path)]) != 0  # noqa: S104
    assert "keys create" in capsys.readouterr().err
    assert time.monotonic() - started < 10
