"""Nothing in an archive is executed, and whatever is malformed ends in an error with its place."""

import io
import json
import pickle
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from networks.imported.convert import convert
from networks.imported.errors import ProgramError
from tests.unit.networks.imported.programs import exported, lively

MODEL = "models/model.json"
CONFIG = "data/weights/model_weights_config.json"


class Touch:
    """Leaves a file behind when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.path,)


@pytest.fixture(scope="module")
def archive() -> bytes:
    module = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 3)
    )
    return exported(lively(module), (1, 4, 4))


def entries_of(data: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as file:
        return {name.partition("/")[2]: file.read(name) for name in file.namelist()}


def zipped(entries: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as file:
        for name, content in entries.items():
            file.writestr(f"archive/{name}", content)
    return buffer.getvalue()


def problem_of(data: bytes) -> tuple[str, str]:
    with pytest.raises(ProgramError) as caught:
        convert(data)
    first = caught.value.problems[0]
    assert first.detail
    return first.place, first.code


def outcome_of(data: bytes) -> str:
    """Return the code of the first problem; any other error than ours is raised."""
    try:
        convert(data)
    except ProgramError as error:
        problems = error.problems
    else:
        return "unharmed"  # the damage is in padding, or in something nobody reads
    assert all(p.place and p.detail for p in problems)
    return problems[0].code


def edited(archive: bytes, entry: str, edit: Callable[[Any], object]) -> bytes:
    entries = entries_of(archive)
    tree = json.loads(entries[entry])
    edit(tree)
    entries[entry] = json.dumps(tree).encode()
    return zipped(entries)


def test_a_pickle_among_the_example_inputs_runs_for_torch_but_not_for_us(
    archive: bytes, tmp_path: Path
) -> None:
    sentinel = tmp_path / "ran"
    entries = entries_of(archive)
    entries["data/sample_inputs/model.pt"] = pickle.dumps(Touch(sentinel))
    path = tmp_path / "evil.pt2"
    path.write_bytes(zipped(entries))

    assert convert(path.read_bytes()).layers == convert(archive).layers
    assert not sentinel.exists()
    # the same bytes do run where the exporter's own loader reads them
    load = "import sys, torch; torch.export.load(sys.argv[1])"
    command = [sys.executable, "-W", "ignore", "-c", load, path]
    subprocess.run(command, capture_output=True, check=False)
    assert sentinel.exists()


@pytest.mark.parametrize(
    "name",
    [
        "data/weights/model.pt",
        "data/constants/model.pt",
        "data/constants/opaque_obj_0",
        "data/constants/custom_obj_0",
        "data/aotinductor/model/code.so",
        "serialized_state_dict.pt",
        "anything_else",
        "data/../../etc/passwd",
    ],
)
def test_pickles_compiled_code_and_unknown_entries_are_refused(
    archive: bytes, tmp_path: Path, name: str
) -> None:
    sentinel = tmp_path / "ran"
    place, code = problem_of(zipped(entries_of(archive) | {name: pickle.dumps(Touch(sentinel))}))
    assert name in place
    assert code in {"pickled", "compiled_code", "old_layout", "unknown_entry", "unsafe_name"}
    assert not sentinel.exists()


def test_a_weight_that_says_it_is_pickled_is_refused(archive: bytes, tmp_path: Path) -> None:
    sentinel = tmp_path / "ran"

    def edit(tree: Any) -> None:
        tree["config"]["0.weight"]["use_pickle"] = True

    entries = entries_of(edited(archive, CONFIG, edit))
    entries["data/weights/weight_0"] = pickle.dumps(Touch(sentinel))
    assert problem_of(zipped(entries)) == (f"{CONFIG}#/config/0.weight", "pickled")
    assert not sentinel.exists()


def test_expressions_and_names_in_the_program_are_not_evaluated(
    archive: bytes, tmp_path: Path
) -> None:
    sentinel = tmp_path / "ran"
    expression = f"__import__('pathlib').Path({str(sentinel)!r}).touch()"

    def edit(tree: Any) -> None:
        tree["range_constraints"] = {expression: {"min_val": 0, "max_val": 1}}
        tree["guards_code"] = [expression]
        graph = tree["graph_module"]["graph"]
        size = graph["tensor_values"]["input"]["sizes"]
        size[0] = {"as_expr": {"expr_str": expression, "hint": {"as_int": 2}}}
        graph["nodes"][2]["target"] = "torch.os.system"

    place, code = problem_of(edited(archive, MODEL, edit))
    assert (place, code) == (f"{MODEL}#/graph_module/graph/nodes/2", "unsupported_operator")
    assert not sentinel.exists()


def test_every_unsupported_operator_is_named_with_its_place() -> None:
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = nn.Conv2d(1, 4, 3)
            self.fc = nn.Linear(16, 3)

        def forward(self, x: Any) -> Any:
            return self.fc(nn.functional.gelu(self.conv(x)).sigmoid().flatten(1)).softmax(1)

    with pytest.raises(ProgramError) as caught:
        convert(exported(Odd().eval(), (1, 4, 4)))
    found = [(p.place.rpartition("/")[2], p.detail.split()[0]) for p in caught.value.problems]
    assert found == [
        ("1", "aten.gelu.default"),
        ("2", "aten.sigmoid.default"),
        ("5", "aten.softmax.int"),
    ]
    assert "aten.conv2d.default" in caught.value.problems[0].allowed


def _set(*path: str | int, to: object) -> Callable[[Any], None]:
    def edit(tree: Any) -> None:
        for step in path[:-1]:
            tree = tree[step]
        tree[path[-1]] = to

    return edit


GRAPH = ("graph_module", "graph")
META = ("config", "0.weight", "tensor_meta")


@pytest.mark.parametrize(
    ("entry", "edit", "place", "code"),
    [
        (MODEL, _set("schema_version", "major", to=9), "#/schema_version/major", "unknown_version"),
        (MODEL, _set(*GRAPH, "nodes", 0, to=[]), "/nodes/0", "malformed"),
        (MODEL, _set(*GRAPH, "nodes", 0, "inputs", 1, "arg", to={}), "/nodes/0", "unsupported_use"),
        (
            MODEL,
            _set(*GRAPH, "tensor_values", "relu", "sizes", 1, to={"as_int": 5}),
            "/nodes/2",
            "lying_size",
        ),
        (
            MODEL,
            _set(*GRAPH, "tensor_values", "input", "sizes", 2, to={"as_int": 1 << 40}),
            "/nodes/",
            "",
        ),
        (CONFIG, _set(*META, "sizes", 0, to={"as_int": 1 << 50}), "0.weight", "lying_size"),
        (CONFIG, _set(*META, "strides", 0, to={"as_int": 0}), "0.weight", ""),
        (CONFIG, _set(*META, "storage_offset", to={"as_int": 1}), "0.weight", "lying_size"),
        (CONFIG, _set(*META, "storage_offset", to={"as_int": -1}), "0.weight", "lying_size"),
        (CONFIG, _set(*META, "dtype", to=5), "dtype", "not_float"),
        (CONFIG, _set("config", "0.weight", "path_name", to="../../x"), "x", "missing"),
    ],
)
def test_lies_in_the_json_are_refused_at_their_place(
    archive: bytes, entry: str, edit: Callable[[Any], None], place: str, code: str
) -> None:
    if code == "" and place == "0.weight":
        # rows that share their numbers stay inside the entry: odd, but harmless
        assert len(convert(edited(archive, entry, edit)).layers) == 3
        return
    found_place, found_code = problem_of(edited(archive, entry, edit))
    assert place in found_place
    assert found_code == code or not code


def test_bombs_are_refused_before_they_are_unpacked(archive: bytes) -> None:
    entries = entries_of(archive)
    entries["extra/zeros"] = bytes(64 << 20)
    assert problem_of(zipped(entries, zipfile.ZIP_DEFLATED)) == ("archive/extra/zeros", "too_dense")
    deep = b"[" * 200_000 + b"]" * 200_000
    assert problem_of(zipped(entries_of(archive) | {MODEL: deep})) == (MODEL, "malformed")


def test_damaged_archives_end_in_typed_errors(archive: bytes) -> None:
    rng = np.random.default_rng(0)
    outcomes: dict[str, int] = {}
    for trial in range(600):
        data = bytearray(archive)
        if trial % 3 == 0:
            del data[rng.integers(0, len(data)) :]
        else:  # flipped bytes, in the table of contents at the end as often as anywhere
            low = len(data) - 2000 if trial % 3 == 1 else 0
            for place in rng.integers(low, len(data), size=rng.integers(1, 6)):
                data[place] ^= 1 << rng.integers(0, 8)
        outcome = outcome_of(bytes(data))
        outcomes[outcome] = outcomes.get(outcome, 0) + 1
    assert outcomes.keys() >= {"no_archive", "damaged"}


def test_damaged_json_ends_in_typed_errors(archive: bytes) -> None:
    """The checksum of an entry guards nothing when the sender computes it anew."""
    rng = np.random.default_rng(1)
    entries = entries_of(archive)
    junk = [None, -1, 1 << 70, "x", [], {}, 1.5, True, {"as_int": -5}, {"as_tensor": {"name": "x"}}]
    for trial in range(600):
        entry = (MODEL, CONFIG)[trial % 2]
        tree: Any = json.loads(entries[entry])
        node, value = tree, tree
        while isinstance(value, (dict, list)) and value and (node is tree or rng.random() < 0.85):
            node = value
            key = rng.choice(list(node)) if isinstance(node, dict) else rng.integers(len(node))
            key = str(key) if isinstance(node, dict) else int(key)
            value = node[key]
        node[key] = junk[rng.integers(len(junk))]
        outcome_of(zipped(entries | {entry: json.dumps(tree).encode()}))


def test_the_command_prints_what_came_of_it_and_writes_only_weights(
    archive: bytes, tmp_path: Path
) -> None:
    command = [sys.executable, "-m", "networks.imported"]
    sound, broken, folder = tmp_path / "a.pt2", tmp_path / "b.pt2", tmp_path / "out"
    sound.write_bytes(archive)
    broken.write_bytes(archive[:1000])
    folder.mkdir()
    refused = subprocess.run([*command, broken, folder], capture_output=True, check=True)
    assert json.loads(refused.stdout)["problems"][0]["code"] == "no_archive"
    assert not list(folder.iterdir())
    done = subprocess.run([*command, sound, folder], capture_output=True, check=True)
    assert [layer["kind"] for layer in json.loads(done.stdout)["layers"]] == [
        "input",
        "conv",
        "linear",
    ]
    assert [path.name for path in folder.iterdir()] == ["weights.safetensors"]


def test_reading_a_program_loads_no_torch() -> None:
    check = "import sys, networks.imported.__main__; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], check=False).returncode == 0


def test_a_checkpoint_is_told_in_one_sentence_what_to_write_instead() -> None:
    buffer = io.BytesIO()
    torch.save(nn.Linear(4, 3).state_dict(), buffer)
    with pytest.raises(ProgramError) as caught:
        convert(buffer.getvalue())
    [problem] = caught.value.problems
    assert problem.code == "checkpoint"
    assert "torch.export.save" in problem.detail
