"""A Gaussian process on accuracy: the only objective that has to be measured."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch
from botorch import settings
from botorch.exceptions.errors import ModelFittingError
from botorch.exceptions.warnings import OptimizationWarning
from botorch.models import SingleTaskGP
from botorch.optim.fit import fit_gpytorch_mll_scipy
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.utils.warnings import NumericalWarning
from linear_operator.utils.errors import NanError, NotPSDError
from torch import Tensor
from torch.linalg import LinAlgError  # type: ignore[attr-defined]  # public, but not in __all__

from optimizer.errors import ModelError

_MAX_ITERATIONS = 60
_OUTLIER = 3.0
"""Accuracies this many robust deviations below the median are pulled up to there: a network at
chance level says "bad", and how bad must not set the scale for all others."""
_MIN_SD = 1e-6


class AccuracyModel:
    """BoTorch's ``SingleTaskGP`` with its default kernel and priors, on scaled data.

    Not safe to share between threads. Uses as many threads as torch is set to; on a busy machine
    one is much faster, and setting it is the caller's business.

    Raises:
        ModelError: If the fit breaks down; also from ``predict`` and ``believe``.
    """

    def __init__(self, x: Tensor, accuracy: Tensor, *, timeout_s: float) -> None:
        """Fit.

        Args:
            x: Features ``(n, d)``, float64.
            accuracy: Measured ``(n,)``, float64.
            timeout_s: The fit ends there with what it has.
        """
        self._low = x.min(dim=0).values  # (d,)
        span = x.max(dim=0).values - self._low
        # a feature that never varied carries nothing and must not divide by zero
        self._span = torch.where(span > 0, span, 1.0)
        tamed = _raise_outliers(accuracy)
        self._center = tamed.mean()
        self._unit = tamed.std().clamp_min(_MIN_SD) if len(tamed) > 1 else torch.tensor(_MIN_SD)
        self._x = self._scaled(x)
        self._y = ((tamed - self._center) / self._unit)[:, None]  # (n, 1)
        with _numerics():
            self._gp = SingleTaskGP(self._x, self._y, outcome_transform=None)
            mll = ExactMarginalLogLikelihood(self._gp.likelihood, self._gp)
            fit_gpytorch_mll_scipy(mll, options={"maxiter": _MAX_ITERATIONS}, timeout_sec=timeout_s)
            self._gp.eval()

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation, each ``(N,)``, of the accuracy without noise.

        Args:
            x: Features ``(N, d)``.
        """
        with _numerics(), torch.no_grad():
            posterior = self._gp.posterior(self._scaled(x))
            mean, variance = posterior.mean.squeeze(-1), posterior.variance.squeeze(-1)
        sd = variance.clamp_min(_MIN_SD**2).sqrt()
        return self._center + self._unit * mean, self._unit * sd

    def believe(self, x: Tensor) -> None:
        """Treat the predictions at ``x``, ``(k, d)``, as if measured ("kriging believer").

        Means stay; uncertainty shrinks where trials are on their way.
        """
        mean, _ = self.predict(x)
        believed = ((mean - self._center) / self._unit)[:, None]
        self._x = torch.cat([self._x, self._scaled(x)])
        self._y = torch.cat([self._y, believed])
        with _numerics():
            # gpytorch has no types, and nn.Module says that any attribute may be a tensor
            self._gp.set_train_data(self._x, self._y.squeeze(-1), strict=False)  # type: ignore[operator]

    def _scaled(self, x: Tensor) -> Tensor:
        return (x - self._low) / self._span


def _raise_outliers(accuracy: Tensor) -> Tensor:
    median = accuracy.median()
    # 1.4826 makes the median absolute deviation a standard deviation for normal data
    deviation = 1.4826 * (accuracy - median).abs().median()
    return accuracy.clamp_min(median - _OUTLIER * deviation) if deviation > 0 else accuracy


@contextmanager
def _numerics() -> Iterator[None]:
    """Make numerical breakdowns one error, and keep expected remarks quiet.

    GPyTorch says when it adds jitter and BoTorch when L-BFGS ends early (maxiter, timeout): both
    are wanted here. BoTorch's check of input scaling knows neither constant accuracies nor
    candidates outside the range of the data.
    """
    try:
        with warnings.catch_warnings(), settings.validate_input_scaling(False):
            warnings.simplefilter("ignore", NumericalWarning)
            warnings.simplefilter("ignore", OptimizationWarning)
            yield
    except (ModelFittingError, NotPSDError, NanError, LinAlgError) as error:
        raise ModelError(str(error)) from error
