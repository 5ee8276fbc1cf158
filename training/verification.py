"""What ``bitpareto verify`` finds out about a packed file, as plain values; loads no torch.

The client finds ``verify_file`` by the entry point group ``bitpareto.verify``, so neither
distribution imports the other.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, Protocol

from quantization.artifact import FORMAT_VERSION, read_artifact
from quantization.errors import ArtifactError
from quantization.network_rules import tensor_specs
from quantization.packed_layer import Artifact
from search.datasets import DATASETS
from search_space.costs import costs
from search_space.identity import candidate_hash
from search_space.layers import Layer, LayerList
from training.artifact_accuracy import measure_artifact
from training.datasets import (
    LOADERS,
    Dataset,
    DatasetError,
    DatasetUnavailableError,
    cifar10,
    fashion_mnist,
    load_dataset,
    read_stored,
)
from training.datasets.download import Fetch

OK: Final = "ok"
DAMAGED: Final = "damaged"
WRONG: Final = "wrong"
NO_DATA: Final = "no_data"

_ROUNDING: Final = 1e-9


class _Load(Protocol):
    def __call__(self, places: tuple[Path, ...], fetch: Fetch) -> Dataset: ...


_FROM_FOLDER: Final[Mapping[str, _Load]] = MappingProxyType(
    {"cifar10": cifar10.load, "fashion-mnist": fashion_mnist.load}
)


def verify_file(
    path: Path, *, data: str | None = None, claims: Mapping[str, float | str] | None = None
) -> dict[str, Any]:
    """Recompute what a packed file says, and what is said about it.

    Args:
        path: The file.
        data: Name of a built-in data set, a folder that holds one's files, or the stored file of
            an uploaded one; None measures no accuracy.
        claims: What is said about the file, any of ``sha256``, ``size_bytes``, ``candidate_hash``,
            ``seed``, and the accuracies ``accuracy`` (validation) and ``test_accuracy``. Those may
            be rounded: ``accuracy_tolerance`` says by how much.

    Returns:
        A report of plain values. ``status`` is ``ok``, ``damaged`` (the file breaks its own
        format), ``wrong`` (the file is whole, something said about it is not so) or ``no_data``
        (the data set is missing, damaged, or not the one the file was made with); ``problems`` says
        why in sentences. The other keys are in ``docs/verify.md``.

    Raises:
        OSError: If the file cannot be read.
    """
    content = path.read_bytes()
    report: dict[str, Any] = {
        "file": str(path),
        "status": OK,
        "problems": [],
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_bytes": len(content),
        "format_version": FORMAT_VERSION,
    }
    try:
        artifact = read_artifact(content)
        report |= _facts(artifact)
    except ArtifactError as error:
        report["format_version"] = None
        return _with_problem(report, DAMAGED, str(error))
    if report["formula_size_bytes"] != len(content):
        formula = report["formula_size_bytes"]
        _with_problem(report, DAMAGED, f"the formula gives {formula} bytes, not {len(content)}")
    claims = {} if claims is None else claims
    _compare(report, claims)
    if data is not None:
        _measure(report, artifact, content, data)
        _compare_accuracies(report, claims)
    return report


def layers_of(artifact: Artifact) -> LayerList:
    """The layer list that a packed network was built from, as far as the file tells.

    Names are indices. Where batch norm was is not in a file: every convolution is taken to have
    one, as in the built-in families.
    """
    return tuple(
        Layer(
            name=str(index),
            kind=layer.kind,
            inputs=layer.inputs,
            out_channels=spec.channels,
            out_height=spec.height,
            out_width=spec.width,
            kernel=layer.kernel,
            stride=layer.stride,
            padding=layer.padding,
            groups=layer.groups,
            activation=layer.activation,
            batch_norm=layer.kind == "conv",
            weight_bits=layer.weight_bits,
            channel_weight_bits=(
                () if layer.channel_bits is None else tuple(map(int, layer.channel_bits))
            ),
            activation_bits=layer.activation_bits,
        )
        for index, (layer, spec) in enumerate(
            zip(artifact.layers, tensor_specs(artifact), strict=True)
        )
    )


def _facts(artifact: Artifact) -> dict[str, Any]:
    layers = layers_of(artifact)
    without_norm = tuple(replace(layer, batch_norm=False) for layer in layers)
    recomputed = {candidate_hash(layers), candidate_hash(without_norm)}
    return {
        "formula_size_bytes": costs(layers).size_bytes,
        "candidate_hash": artifact.candidate_hash,
        "candidate_hash_recomputed": artifact.candidate_hash in recomputed,
        "seed": artifact.seed,
        "data_hash": artifact.data_hash.hex(),
        "code_version": artifact.code_version,
        "input_shape": [artifact.channels, artifact.height, artifact.width],
        "n_classes": artifact.n_classes,
        "n_layers": len(layers),
        "accuracy": None,
    }


def _compare(report: dict[str, Any], claims: Mapping[str, float | str]) -> None:
    for name in ("sha256", "size_bytes", "candidate_hash", "seed"):
        if name in claims and claims[name] != report[name]:
            problem = f"{name} is {report[name]}, not {claims[name]} as claimed"
            _with_problem(report, WRONG, problem)


def _compare_accuracies(report: dict[str, Any], claims: Mapping[str, float | str]) -> None:
    if report["accuracy"] is None:
        return
    tolerance = float(claims.get("accuracy_tolerance", 0.0)) + _ROUNDING
    for claim, split in (("accuracy", "validation"), ("test_accuracy", "test")):
        measured = report["accuracy"][split]["accuracy"]
        if claim in claims and abs(float(claims[claim]) - measured) > tolerance:
            problem = f"{split} accuracy is {measured:.6f}, not {claims[claim]} as claimed"
            _with_problem(report, WRONG, problem)


def _measure(report: dict[str, Any], artifact: Artifact, content: bytes, data: str) -> None:
    try:
        dataset = dataset_of(artifact, data)
    except DatasetError as error:
        _with_problem(report, NO_DATA, str(error))
        return
    if dataset.data_hash != artifact.data_hash:
        _with_problem(
            report,
            NO_DATA,
            f"data set {dataset.facts.name} has the hash {dataset.data_hash.hex()}, the file was "
            f"made with {artifact.data_hash.hex()}: its splits or pixels are others",
        )
        return
    accuracy: dict[str, Any] = {"dataset": dataset.facts.name}
    for name in ("validation", "test"):
        split = getattr(dataset, name)
        correct, total = measure_artifact(content, split.images, split.labels)
        accuracy[name] = {"correct": correct, "total": total, "accuracy": correct / total}
    report["accuracy"] = accuracy


def dataset_of(artifact: Artifact, data: str) -> Dataset:
    """Load the data set that is named, or whose files a folder holds.

    Args:
        artifact: The network; only data sets that fit it are looked for in a folder.
        data: Name of a built-in data set, a folder, or the stored file of an uploaded one.

    Raises:
        DatasetError: If there is none, or its files are damaged.
    """
    if data not in LOADERS and Path(data).is_file():
        return read_stored(Path(data))
    if data in LOADERS or not Path(data).is_dir():
        return load_dataset(data)
    shape = (artifact.channels, artifact.height, artifact.width)
    looked_at = []
    for name, load in _FROM_FOLDER.items():
        facts = DATASETS[name]
        if (facts.input_shape, facts.n_classes) != (shape, artifact.n_classes):
            looked_at.append(f"{name}: has other images or classes than the file")
            continue
        try:
            return load((Path(data), Path(data, name)), _no_fetch)
        except DatasetUnavailableError as error:
            looked_at += error.looked_at
    advice = "Name a folder with the files of a built-in data set, or the data set itself."
    raise DatasetUnavailableError(data, looked_at, advice)


def _no_fetch(url: str, _known_hash: str) -> Path:
    raise OSError(f"{url} is not asked: a folder was named")


def _with_problem(report: dict[str, Any], status: str, problem: str) -> dict[str, Any]:
    """Add a problem; the first one decides the status."""
    if report["status"] == OK:
        report["status"] = status
    report["problems"].append(problem)
    return report
