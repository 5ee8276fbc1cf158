"""The shape of the repository: rooms, arrows, sizes, and what each process loads."""

import subprocess
import sys
import tomllib
from pathlib import Path

import api

ROOT = Path(__file__).resolve().parents[2]
LONGEST = 400


def _root_packages() -> set[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    return set(settings["tool"]["importlinter"]["root_packages"])


def test_every_package_on_disk_is_under_the_import_contract() -> None:
    on_disk = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks"}
    on_disk |= {path.parent.name for path in (ROOT / "client/src").glob("*/__init__.py")}
    assert on_disk == _root_packages()


def test_packages_are_those_of_this_repository() -> None:
    assert Path(api.__file__).is_relative_to(ROOT)


def test_imports_point_one_way() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_no_module_is_too_long() -> None:
    listed = subprocess.run(
        ["git", "ls-files", "*.py", "*.js"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()
    long = {
        name: length
        for name in listed
        if "migrations/versions" not in name and (ROOT / name).exists()
        for length in [len((ROOT / name).read_text().splitlines())]
        if length > LONGEST
    }
    assert long == {}


def _loaded_by(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(' '.join(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return {name.split(".")[0] for name in done.stdout.split()}


def test_the_api_process_loads_no_torch() -> None:
    assert not _loaded_by("import api.app") & {"torch", "ax", "botorch", "gpytorch"}


def test_the_supervisor_and_the_client_start_light() -> None:
    heavy = {"torch", "ax", "botorch", "gpytorch", "sklearn", "pandas"}
    assert not _loaded_by("import worker.main") & heavy
    assert not _loaded_by("import bitpareto.cli") & (heavy | {"fastapi", "sqlalchemy", "celery"})


def test_the_packed_file_is_read_without_torch() -> None:
    statement = "import quantization.artifact, quantization.integer_runtime"
    assert "torch" not in _loaded_by(statement)
