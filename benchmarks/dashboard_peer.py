"""The rival of ``benchmarks.dashboard``: optuna-dashboard on a study with the same trials.

optuna-dashboard is installed apart, for instance with
``python -m venv peer && peer/bin/pip install optuna-dashboard optuna==5.0.0``.
"""

import json
from pathlib import Path
from typing import Any, Final

import httpx
import optuna
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend

# a chart with at least one point of the study, drawn as SVG or by WebGL
FRONT_ON_SCREEN: Final = """() => [...document.querySelectorAll('.js-plotly-plot')].some(
  (plot) => plot.data?.some((trace) => trace.mode?.includes('markers') && trace.x?.length > 0)
    && plot.querySelector('.points path, canvas'))"""
PAGE: Final = "/dashboard/studies/0"


def copy_trials(address: str, search_id: str, folder: Path) -> Path:
    """Store the finished trials of a search as a study of two objectives; returns its journal."""
    fields = {"fields": "genes,costs.size_bytes,metrics.accuracy", "format": "ndjson"}
    answer = httpx.get(f"{address}/v1/searches/{search_id}/trials", params=fields, timeout=120)
    found = [json.loads(line) for line in answer.raise_for_status().text.splitlines()]
    finished = [trial for trial in found if "accuracy" in trial.get("metrics", {})]
    choices: dict[str, set[Any]] = {}
    for trial in finished:
        for name, value in trial["genes"].items():
            choices.setdefault(name, set()).add(value)
    kinds = {
        name: optuna.distributions.CategoricalDistribution(sorted(values))
        for name, values in choices.items()
    }
    journal = folder / "study.journal"
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(
        study_name="the same trials",
        storage=JournalStorage(JournalFileBackend(str(journal))),
        directions=["maximize", "minimize"],
    )
    study.add_trials(
        [
            optuna.trial.create_trial(
                params=trial["genes"],
                distributions={name: kinds[name] for name in trial["genes"]},
                values=[trial["metrics"]["accuracy"], trial["costs"]["size_bytes"]],
            )
            for trial in finished
        ]
    )
    return journal


def peer_command(program: str, journal: Path, port: int) -> list[str]:
    """Return what starts optuna-dashboard on a journal."""
    return [program, "--host", "127.0.0.1", "--port", str(port), str(journal)]
