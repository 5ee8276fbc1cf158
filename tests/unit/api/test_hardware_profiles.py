"""Hardware profiles over REST, and searches that name one."""

from typing import Any

import pytest

from search_space.hardware.document import MOST_BYTES
from search_space.hardware.shipped import shipped_profiles
from tests.served import Deployment, InProcess
from tests.service import new_search

YAML = """\
schema: 1
name: board
description: a board
flash_bytes: 20000
pairs:
  conv: [[8, 8], [4, 8]]
cost:
  model: bit_serial
  rates:
    - time: {bit_operation: 1}
"""


def add(api: InProcess, text: str | bytes = YAML) -> Any:
    content = text.encode() if isinstance(text, str) else text
    headers = {"content-type": "application/yaml"}
    return api.request("POST", "/v1/hardware-profiles", content=content, headers=headers)


def search_on(name: str | None, **changes: object) -> dict[str, object]:
    space = {"family": "vgg", "stem_channels": [4], "stages": [{"channels": [4]}]}
    fields = {"dataset": "digits", "space": space, "hardware": name}
    return {**fields, "objectives": ["accuracy", "latency_ms"], **changes}


def test_a_profile_is_kept_as_written(api: InProcess) -> None:
    answer = add(api)
    assert answer.status_code == 201, answer.text
    profile = answer.json()
    assert answer.headers["location"] == "/v1/hardware-profiles/board"
    assert api.get("/v1/hardware-profiles/board").json() == profile
    assert (profile["yaml"], profile["shipped"]) == (YAML, False)
    assert (profile["flash_bytes"], profile["ram_bytes"]) == (20000, None)
    assert profile["pairs"]["linear"] == [[4, 8], [8, 8]]
    assert "latency_ms" in profile["costs"]
    assert "energy_uj" not in profile["costs"]
    listed = api.get("/v1/hardware-profiles").json()["data"]
    assert [row["name"] for row in listed] == [*shipped_profiles(), "board"]
    assert listed[-1] == {**profile, "yaml": None}


def test_shipped_profiles_can_be_read(api: InProcess) -> None:
    for name, text in shipped_profiles().items():
        profile = api.get(f"/v1/hardware-profiles/{name}").json()
        assert (profile["yaml"], profile["shipped"], profile["created_at"]) == (text, True, None)
    assert api.get("/v1/hardware-profiles/nobody").status_code == 404


def test_a_name_keeps_its_content(api: InProcess) -> None:
    first = add(api).json()
    again = add(api)
    assert (again.status_code, again.json()) == (201, first)
    other = add(api, YAML + "ram_bytes: 5\n")
    assert (other.status_code, other.json()["code"]) == (409, "name_taken")
    shipped = add(api, YAML.replace("board", "bitfusion"))
    assert (shipped.status_code, shipped.json()["code"]) == (409, "name_taken")


def test_every_problem_has_its_line(api: InProcess) -> None:
    answer = add(api, YAML.replace("20000", "lots").replace("[4, 8]", "[9, 8]"))
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "invalid_request"
    assert [(e["pointer"], e["line"]) for e in problem["errors"]] == [
        ("/flash_bytes", 4),
        ("/pairs/conv/1/0", 6),
    ]
    assert "line 6, column 19" in problem["errors"][1]["detail"]
    assert problem["errors"][1]["allowed"][0] == "1"
    assert len(api.get("/v1/hardware-profiles").json()["data"]) == len(shipped_profiles())


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe", b"a: &a [*a]", b"x" * (MOST_BYTES + 1), b'"\\ud800": 1', b"{}"]
)
def test_what_is_no_profile_is_refused(api: InProcess, body: bytes) -> None:
    answer = add(api, body)
    assert answer.status_code == 422
    assert answer.json()["errors"]


def test_a_large_body_is_refused_unread(api: InProcess) -> None:
    assert add(api, b"x" * (2 << 20)).status_code == 413


def test_a_search_names_a_profile_and_keeps_a_copy(api: InProcess, deployment: Deployment) -> None:
    sha256 = add(api).json()["sha256"]
    answer = api.post("/v1/searches", json=search_on("board", budgets={"latency_ms": 1}))
    assert answer.status_code == 201, answer.text
    search = answer.json()
    assert search["hardware"] == {"name": "board", "sha256": sha256}
    assert search["ref_point"]["latency_ms"] == 1
    assert api.get(f"/v1/searches/{search['id']}").json()["hardware"]["sha256"] == sha256
    with deployment.store.read() as uow:
        kept = uow.searches.get(search["id"]).hardware
    assert kept is not None
    assert kept.yaml == YAML


def test_a_search_without_a_profile_has_none(api: InProcess) -> None:
    answer = api.post("/v1/searches", json=search_on(None, objectives=["accuracy", "macs"]))
    assert answer.json()["hardware"] is None


def test_an_unknown_profile_is_told_with_those_there_are(api: InProcess) -> None:
    answer = api.post("/v1/searches", json=search_on("boards"))
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert (error["pointer"], error["code"]) == ("/hardware", "unknown_profile")
    assert error["allowed"] == [*shipped_profiles()]


def test_costs_of_a_device_need_one(api: InProcess) -> None:
    answer = api.post("/v1/searches", json=search_on(None))
    assert [e["code"] for e in answer.json()["errors"]] == ["needs_hardware"]


def test_a_trial_says_which_devices_it_runs_on(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store)
    (claimed,) = deployment.claimed(search, 1)
    path = f"/v1/trials/{claimed.trial.id}"
    length = api.get(path).json()["costs"]["size_bytes"]
    pairs = [[w, a] for w in range(1, 9) for a in range(1, 9)]
    free = YAML.replace("[[8, 8], [4, 8]]", str(pairs))
    for name, flash in (("fits", length), ("small", length - 1)):
        text = free.replace("name: board", f"name: {name}").replace("20000", str(flash))
        assert add(api, text).status_code == 201
    devices = {
        device["profile"]: device["violations"] for device in api.get(path).json()["devices"]
    }
    assert [*devices] == [*shipped_profiles(), "fits", "small"]
    assert devices["fits"] == []
    (why,) = devices["small"]
    assert why == f"size_bytes is {length}; the device has {length - 1}"
    listed = api.get(f"/v1/searches/{search.id}/trials").json()["data"]
    assert [trial["devices"] for trial in listed] == [None]
