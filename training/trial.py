"""A trial: float training, quantization-aware fine-tuning, packing, evaluation of the packed file.

The accuracy that counts is that of the file, run by the integer runtime on the validation images.
"""

import json
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, replace
from importlib.metadata import PackageNotFoundError, version
from typing import Final

import numpy as np
import torch

from networks.build import build_network
from networks.export import pack
from networks.float_weights import load_float_weights
from networks.rounding import round_to_file
from quantization.artifact import write_artifact
from search.entities import Progress, TrialResult
from search.errors import ArtifactMismatchError
from search.ports import CheckpointStore, ReportProgress
from search.recipe import Recipe
from search_space.costs import costs, float_size_bytes
from search_space.layers import LayerList
from training.artifact_accuracy import artifact_decisions, measure_artifact
from training.augmentation import AUGMENTATIONS, Augmentation
from training.batch_norm import reestimate_batch_norm
from training.batches import epoch_generator, resident
from training.checkpoint import TrainingState, state_from_bytes, state_to_bytes
from training.datasets.dataset import Dataset
from training.evaluation import accuracy, decisions
from training.failures import typed_failures
from training.float_start import FloatStart
from training.loop import Phase, train_epoch
from training.optimizers import make_optimizer
from training.probe import probe

__all__ = ["measure_artifact", "run_trial"]

_FLOAT, _QAT, _STATISTICS = 0, 1, 2
_CALIBRATION_IMAGES: Final = 512
"""Step sizes start from so many training images; more change them by little."""

_COMPARED_IMAGES: Final = 1000
"""File and network are compared on so many; in double precision each takes a ResNet-20 34 ms on a
CPU core, and a wrong export shows on far fewer."""


def run_trial(
    *,
    layers: LayerList,
    recipe: Recipe,
    dataset: Dataset,
    seed: int,
    candidate_hash: str,
    device: str = "cpu",
    report: ReportProgress,
    checkpoints: CheckpointStore,
    start: FloatStart | None = None,
    probed: Collection[int] = (),
) -> TrialResult:
    """Train and pack one candidate; the same arguments give the same file on one machine.

    Args:
        layers: The candidate's network.
        recipe: How to train and quantize it.
        dataset: Train and validation splits are used, the test split is not touched.
        seed: Of initial weights, order of images and augmentation.
        candidate_hash: Identity of the candidate, 64 hexadecimal digits, written into the file.
        device: Where torch trains; the integer runtime stays on the CPU.
        report: Called after each epoch and around packing; may raise ``TrialInterrupted``.
        checkpoints: Saved after each epoch; training resumes from there.
        start: Trained float weights to begin with, before the float phase; drawn when ``None``.
        probed: Epochs, counted over both phases, whose report also says what the network would be
            worth quantized; the outcome of the trial does not depend on them.

    Raises:
        DivergedError: If the loss or a packed number became non-finite.
        OutOfMemoryError: If memory ran out.
        ArtifactMismatchError: If the packed file has another size than predicted, breaks a rule of
            its format, or decides otherwise than the network too often.
        TrialInterrupted: From ``report``, untouched.
    """
    known = [candidate_hash, asdict(recipe), seed, dataset.data_hash.hex()]
    identity = json.dumps(known if start is None else [*known, start.identity])
    with typed_failures(), torch.backends.cudnn.flags(deterministic=True, benchmark=False):
        training = _Training(
            layers=layers,
            recipe=recipe,
            dataset=dataset,
            seed=seed,
            device=torch.device(device),
            identity=identity,
            report=report,
            checkpoints=checkpoints,
            start=start,
            probed=probed,
        )
        training.run()
        report(Progress(phase="pack", epoch=0, n_epochs=1))
        as_trained = accuracy(training.network, training.validation)
        # in single precision rounding errors, too, would move values across borders of integers
        round_to_file(training.network.double())
        artifact = pack(
            training.network,
            candidate_hash=candidate_hash,
            data_hash=dataset.data_hash,
            seed=seed,
            code_version=_code_version(),
        )
        data = write_artifact(artifact)
        _check_size(len(data), costs(layers).size_bytes)
        packed = artifact_decisions(data, dataset.validation.images)  # (N,)
        compared = training.validation.first(_COMPARED_IMAGES)
        fake = decisions(training.network, compared).cpu().numpy()  # (n,)
    labels = dataset.validation.labels
    otherwise = int((packed[: len(fake)] != fake).sum()) / len(fake)
    metrics = {
        "accuracy": float(np.mean(packed == labels)),
        "accuracy_fake_quantized": as_trained,
        "decision_agreement": 1 - otherwise,
        "float_accuracy": training.float_accuracy,
        "float_size_bytes": float(float_size_bytes(layers)),
        "n_validation": float(len(labels)),
        "train_seconds": training.seconds,
        "gpu_seconds": training.seconds if device.startswith("cuda") else 0.0,
    }
    _check_gap(otherwise, metrics, recipe)
    report(Progress(phase="pack", epoch=1, n_epochs=1, accuracy=metrics["accuracy"]))
    return TrialResult(metrics=metrics, artifact=data)


class _Training:
    """Both phases of one trial and where they stand."""

    def __init__(
        self,
        *,
        layers: LayerList,
        recipe: Recipe,
        dataset: Dataset,
        seed: int,
        device: torch.device,
        identity: str,
        report: ReportProgress,
        checkpoints: CheckpointStore,
        start: FloatStart | None,
        probed: Collection[int],
    ) -> None:
        self._recipe = recipe
        self._probed = probed
        self._seed = seed
        self._identity = identity
        self._report = report
        self._checkpoints = checkpoints
        self._augmentation = AUGMENTATIONS.get(dataset.facts.name, Augmentation())
        self._train = resident(dataset.train, device, recipe.max_train_images)
        self.validation = resident(dataset.validation, device)
        self.network = build_network(
            layers,
            mean=start.mean if start and start.mean else dataset.facts.mean,
            std=start.std if start and start.std else dataset.facts.std,
            seed=seed,
            weight_granularity=recipe.weight_granularity,
            quantizer=recipe.quantizer,
        ).to(device)
        if start is not None:
            load_float_weights(self.network, start.weights)
        self.float_accuracy = 0.0
        self.seconds = 0.0
        self._saved = state_from_bytes(checkpoints.load(), identity, device)

    def run(self) -> None:
        """Train from the last checkpoint to the end, then re-estimate batch norm."""
        recipe = self._recipe
        if self._saved is not None:
            self.seconds = self._saved.seconds
        if self._saved is None or self._saved.phase == _FLOAT:
            self._run_phase(
                Phase(name="float", index=_FLOAT, n_epochs=recipe.float_epochs, lr=recipe.lr)
            )
            self.float_accuracy = accuracy(self.network, self.validation)
            self.network.initialise_quantizers(self._train.images[:_CALIBRATION_IMAGES])
        elif self._saved.float_accuracy is not None:
            self.float_accuracy = self._saved.float_accuracy
        self.network.quantized = True
        self._run_phase(Phase(name="qat", index=_QAT, n_epochs=recipe.qat_epochs, lr=recipe.qat_lr))
        started = time.perf_counter()
        reestimate_batch_norm(
            self.network,
            self._train,
            recipe.batch_size,
            self._augmentation,
            epoch_generator(self._seed, _STATISTICS, 0),
        )
        self.seconds += time.perf_counter() - started

    def _run_phase(self, phase: Phase) -> None:
        recipe = self._recipe
        optimizer = make_optimizer(self.network, weight_decay=recipe.weight_decay)
        first = 0
        if self._saved is not None:
            self.network.load_state_dict(self._saved.network)
            optimizer.load_state_dict(self._saved.optimizer)
            first = self._saved.epochs_done
            self._saved = None  # the next phase starts afresh
        for epoch in range(first, phase.n_epochs):
            started = time.perf_counter()
            loss = train_epoch(
                self.network,
                optimizer,
                self._train,
                phase=phase,
                epoch=epoch,
                batch_size=recipe.batch_size,
                augmentation=self._augmentation,
                seed=self._seed,
            )
            self.seconds += time.perf_counter() - started
            self._save(phase, epoch + 1, optimizer)
            progress = Progress(
                phase=phase.name,
                epoch=epoch + 1,
                n_epochs=phase.n_epochs,
                train_loss=loss,
                accuracy=accuracy(self.network, self.validation),
            )
            before = 0 if phase.index == _FLOAT else recipe.float_epochs
            self._report(
                self._with_probe(progress) if before + epoch + 1 in self._probed else progress
            )

    def _with_probe(self, progress: Progress) -> Progress:
        started = time.perf_counter()
        found = probe(self.network, self._train.images, self.validation)
        self.seconds += time.perf_counter() - started
        return replace(progress, probe_accuracy=found)

    def _save(self, phase: Phase, epochs_done: int, optimizer: torch.optim.Optimizer) -> None:
        state = TrainingState(
            identity=self._identity,
            phase=phase.index,
            epochs_done=epochs_done,
            network=self.network.state_dict(),
            optimizer=optimizer.state_dict(),
            float_accuracy=self.float_accuracy if phase.index == _QAT else None,
            seconds=self.seconds,
        )
        self._checkpoints.save(state_to_bytes(state))


def _check_size(size: int, predicted: int) -> None:
    if size != predicted:
        raise ArtifactMismatchError(f"the file has {size} bytes, {predicted} were predicted")


def _check_gap(otherwise: float, metrics: Mapping[str, float], recipe: Recipe) -> None:
    """Compare the file with the network it was packed from, and with that before rounding."""
    packed, trained = metrics["accuracy"], metrics["accuracy_fake_quantized"]
    if otherwise > recipe.max_accuracy_gap:
        raise ArtifactMismatchError(
            f"the file decides otherwise than the fake-quantized network on {otherwise:.2%} of the "
            f"images compared, more than {recipe.max_accuracy_gap:.2%}; it reaches {packed:.4f}"
        )
    if trained - packed > recipe.max_accuracy_gap:
        raise ArtifactMismatchError(
            f"the file reaches {packed:.4f}, the network before rounding {trained:.4f}, more than "
            f"{recipe.max_accuracy_gap} apart"
        )


def _code_version() -> str:
    try:
        return version("bitpareto-server")[:16]
    except PackageNotFoundError:  # a source tree that was never installed
        return "unknown"
