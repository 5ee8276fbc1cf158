"""The compose file speaks of commands, variables and images that exist."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from worker.main import make_parser

ROOT = Path(__file__).resolve().parents[3]
SERVICES: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
OURS = {name: service for name, service in SERVICES.items() if "build" in service}


def test_every_process_of_a_deployment_is_there() -> None:
    assert set(OURS) == {"migrate", "api", "sweep", "optimize", "train"}


@pytest.mark.parametrize("name", OURS)
def test_its_command_is_one_of_ours(name: str) -> None:
    make_parser().parse_args(OURS[name]["command"])


@pytest.mark.parametrize("name", OURS)
def test_its_variables_are_read_by_the_server(name: str) -> None:
    known = set(re.findall(r"BITPARETO_\w+", make_parser().epilog or ""))
    given = {key for key in OURS[name]["environment"] if key.startswith("BITPARETO_")}
    assert given <= known


@pytest.mark.parametrize("name", OURS)
def test_its_image_is_built_here(name: str) -> None:
    dockerfile = (ROOT / OURS[name]["build"]["dockerfile"]).read_text()
    assert f" AS {OURS[name]['build']['target']}\n" in dockerfile


def test_the_api_is_published_to_this_machine_alone() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert published
    assert all(port.startswith("127.0.0.1:") for port in published)
