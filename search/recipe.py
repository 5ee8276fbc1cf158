"""How a candidate is trained and quantized: a validated value, stored with the search."""

from dataclasses import dataclass
from typing import Literal

QUANTIZERS = ("lsq", "lsq_plus", "pact", "dorefa", "ewgs")
GRANULARITIES = ("per_channel", "per_tensor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """Float training, then quantization-aware fine-tuning, then packing and evaluation.

    Attributes:
        float_epochs: Epochs of full-precision training.
        qat_epochs: Epochs of quantization-aware fine-tuning.
        batch_size: Images per step.
        lr: Peak learning rate of the float phase.
        qat_lr: Peak learning rate of the fine-tuning phase.
        weight_decay: L2 decay of SGD; never applied to scales, biases or batch norm.
        quantizer: Name of the fake quantizer; ``docs/quantizers.md`` compares them.
        weight_granularity: One weight scale per output channel or per tensor.
        max_train_images: Train on at most this many images: a stratified part, the same in every
            trial.
        max_accuracy_gap: Largest tolerated share of images (the first 1,000 of the validation
            split) on which the packed file decides otherwise than the fake-quantized network it was
            packed from, and largest loss of validation accuracy against that network before its
            numbers were rounded to those of the file; beyond either the trial fails as
            ``artifact_mismatch``.
    """

    float_epochs: int = 30
    qat_epochs: int = 10
    batch_size: int = 64
    lr: float = 0.2
    qat_lr: float = 0.05
    weight_decay: float = 5e-4
    quantizer: Literal["lsq", "lsq_plus", "pact", "dorefa", "ewgs"] = "lsq"
    weight_granularity: Literal["per_channel", "per_tensor"] = "per_channel"
    max_train_images: int | None = None
    max_accuracy_gap: float = 0.02
