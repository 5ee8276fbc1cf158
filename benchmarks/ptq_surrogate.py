"""A fast stand-in for ResNet-20 after training, fitted to real measurements and then frozen.

``python -m benchmarks.ptq_surrogate [--table FILE] [--frozen FILE]``

The mean, on the logit scale, of small networks that read which width each gene has. A tenth of the
table, chosen once by a fixed seed, is held out; the errors on it are kept in the frozen file.
"""

import argparse
from pathlib import Path
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from benchmarks.ptq_resnet20 import TABLE, read_table
from benchmarks.search_problems import Floats
from search_space.space import Places

FROZEN: Final = Path(__file__).parent / "tables" / "ptq_resnet20_surrogate.npz"
_N_WIDTHS: Final = 6
_N_INDICES: Final = 8
_HIDDEN: Final = 48
_MEMBERS: Final = 4
_EPOCHS: Final = 150
_CLIP: Final = 0.02
_GOOD: Final = 0.8
_SPLIT_SEED: Final = 20


class _Member(nn.Module):
    """Sums of one number per gene and width, and a network on these sums."""

    def __init__(self, n_genes: int) -> None:
        super().__init__()
        self.table = nn.Parameter(0.1 * torch.randn(n_genes * _N_WIDTHS, _N_INDICES))
        self.network = nn.Sequential(
            nn.Linear(_N_INDICES, _HIDDEN),
            nn.SiLU(),
            nn.Linear(_HIDDEN, _HIDDEN),
            nn.SiLU(),
            nn.Linear(_HIDDEN, 1),
        )
        self.linear = nn.Linear(_N_INDICES, 1)

    def forward(self, x: Tensor) -> Tensor:
        sums = x @ self.table
        out: Tensor = (self.linear(sums) + self.network(sums)).squeeze(-1)
        return out


class Surrogate:
    """The frozen stand-in."""

    def __init__(self, path: Path = FROZEN) -> None:
        with np.load(path) as file:
            self._weights = {name: file[name].astype(np.float64) for name in file.files}
        self.errors = {
            name.removeprefix("error."): float(value)
            for name, value in self._weights.items()
            if name.startswith("error.")
        }

    def accuracy(self, places: Places) -> Floats:
        """Return the predicted accuracy ``(n,)`` of assignments ``(n, 40)``."""
        x = _one_hot(places)
        total = np.zeros(len(places))
        for k in range(_MEMBERS):
            sums = x @ self._weights[f"{k}.table"]
            hidden = sums
            for layer in (0, 2):
                hidden = self._affine(hidden, f"{k}.network.{layer}")
                hidden = hidden / (1 + np.exp(-hidden))
            out = self._affine(hidden, f"{k}.network.4") + self._affine(sums, f"{k}.linear")
            total += out[:, 0]
        accuracy: Floats = 1 / (1 + np.exp(-total / _MEMBERS))
        return accuracy

    def _affine(self, x: Floats, name: str) -> Floats:
        affine: Floats = x @ self._weights[f"{name}.weight"].T + self._weights[f"{name}.bias"]
        return affine


def main() -> None:
    """Fit, freeze, and say how far off it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", type=Path, default=TABLE)
    parser.add_argument("--frozen", type=Path, default=FROZEN)
    arguments = parser.parse_args()
    places, accuracy = read_table(arguments.table)
    shuffled = np.random.default_rng(_SPLIT_SEED).permutation(len(places))
    held_out, train = shuffled[: len(places) // 10], shuffled[len(places) // 10 :]
    frozen: dict[str, np.ndarray] = {}
    for k in range(_MEMBERS):
        member = _fit(places[train], accuracy[train], seed=k)
        frozen |= {
            f"{k}.{name}": value.detach().numpy().astype(np.float16)
            for name, value in member.named_parameters()
        }
    np.savez_compressed(arguments.frozen, **frozen)
    predicted = Surrogate(arguments.frozen).accuracy(places[held_out])
    errors = _errors(predicted, accuracy[held_out])
    errors |= {"n_train": len(train), "n_held_out": len(held_out)}
    np.savez_compressed(
        arguments.frozen, **frozen, **{f"error.{name}": np.array(v) for name, v in errors.items()}
    )
    print(errors)


def _fit(places: Places, accuracy: Floats, seed: int) -> _Member:
    torch.manual_seed(seed)
    x = torch.from_numpy(_one_hot(places)).float()
    y = torch.logit(torch.from_numpy(accuracy).float().clamp(_CLIP, 1 - _CLIP))
    member = _Member(places.shape[1])
    optimizer = torch.optim.AdamW(member.parameters(), lr=1e-2, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, _EPOCHS)
    for _ in range(_EPOCHS):
        for batch in torch.randperm(len(x)).split(128):
            optimizer.zero_grad()
            functional.smooth_l1_loss(member(x[batch]), y[batch], beta=0.3).backward()
            optimizer.step()
        schedule.step()
    return member


def _one_hot(places: Places) -> Floats:
    hot: Floats = np.eye(_N_WIDTHS)[places].reshape(len(places), -1)
    return hot


def _errors(predicted: Floats, accuracy: Floats) -> dict[str, float]:
    """Return errors on held-out measurements, over all and where the accuracy is useful."""
    good = accuracy > _GOOD
    ranks = [v[good].argsort().argsort() for v in (predicted, accuracy)]
    return {
        "mean_absolute": float(np.abs(predicted - accuracy).mean()),
        "root_mean_square": float(np.sqrt(np.square(predicted - accuracy).mean())),
        "mean_absolute_above_80": float(np.abs(predicted - accuracy)[good].mean()),
        "rank_correlation_above_80": float(np.corrcoef(*ranks)[0, 1]),
    }


if __name__ == "__main__":
    main()
