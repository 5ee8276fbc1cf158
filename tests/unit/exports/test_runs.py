"""What "runs where" says is what was executed."""

import json

import numpy as np
import pytest

from exports import runs
from exports.c_run import find_compiler
from exports.errors import TargetMissingError, UnknownFormatError
from exports.formats import FORMATS, export
from exports.runs import Executed, execute
from quantization.artifact import write_artifact
from quantization.errors import ArtifactError
from tests.unit.quantization.packed_networks import every_kind

FILE = write_artifact(every_kind())
IMAGES = np.random.default_rng(0).integers(0, 256, (30, 3, 7, 6), dtype=np.uint8)


def test_lists_the_runtime_and_each_target_with_what_came_out() -> None:
    try:
        find_compiler()
    except TargetMissingError as error:
        pytest.skip(str(error))
    reference, onnx, c = execute(FILE, IMAGES, ["onnx", "c-header"])
    assert (reference.format, reference.size_bytes) == ("bpar", len(FILE))
    for row in (reference, onnx, c):
        assert (row.n_images, row.n_agreeing, row.n_equal) == (30, 30, 30)
        assert row.agrees
        assert json.loads(json.dumps(row.to_json()))["agreement"] == 1.0
    assert onnx.size_bytes == len(export(FILE, "onnx"))
    assert c.size_bytes == len(export(FILE, "c-header"))
    assert onnx.details["weights_by_type"]["INT2"] > 0


def test_tells_an_export_that_decides_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = runs.run_onnx

    def wrong(model: bytes, images: np.ndarray) -> np.ndarray:
        logits = honest(model, images)
        logits[0] = -logits[0] - 1
        return logits

    monkeypatch.setattr(runs, "run_onnx", wrong)
    (_, onnx) = execute(FILE, IMAGES, ["onnx"])
    assert (onnx.n_agreeing, onnx.n_equal, onnx.agrees) == (29, 29, False)


def test_agreement_is_enough_from_999_of_1000_on() -> None:
    def row(n_agreeing: int) -> Executed:
        return Executed(
            target="t",
            version="1",
            format="onnx",
            size_bytes=1,
            n_images=1000,
            n_agreeing=n_agreeing,
            n_equal=0,
            details={},
        )

    assert row(999).agrees
    assert not row(998).agrees


def test_every_format_can_be_run_and_no_other_exists() -> None:
    assert set(FORMATS) == set(runs.TARGETS) == {"onnx", "c-header"}
    with pytest.raises(UnknownFormatError, match="onnx, c-header"):
        export(FILE, "tflite")


def test_a_damaged_file_is_refused() -> None:
    with pytest.raises(ArtifactError):
        export(FILE[:-1], "onnx")


def test_a_missing_compiler_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("CC", raising=False)
    with pytest.raises(TargetMissingError, match="C compiler"):
        find_compiler()
