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
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor
from torch.linalg import LinAlgError  # type: ignore[attr-defined]  # public, but not in __all__

from optimizer.errors import ModelError

_MAX_ITERATIONS = 60
_CLIP = 0.002
"""Accuracies are kept this far from 0 and 1, where the logit is infinite."""
_MIN_VARIANCE = 1e-12
_N_NODES = 15
"""Quadrature nodes; moments of a sigmoid are then exact to about five digits."""


class AccuracyModel:
    """BoTorch's ``SingleTaskGP``, with its default kernel and priors, on the logit of accuracy.

    On that scale a halved error counts alike at 80 % and at 98 %, networks at chance level are no
    outliers, and nothing is predicted outside 0 to 1. Predictions come back as the moments of
    accuracy itself, since that is what the hypervolume is made of.

    Not safe to share between threads. Uses as many threads as torch is set to; on a busy machine
    one is much faster, and setting it is the caller's business.

    Raises:
        ModelError: If there is nothing to fit, or the fit breaks down; also from ``predict`` and
            ``believe``.
    """

    def __init__(self, x: Tensor, accuracy: Tensor, *, timeout_s: float) -> None:
        """Fit.

        Args:
            x: Features ``(n, d)``, float64.
            accuracy: Measured ``(n,)``, float64, in 0 to 1.
            timeout_s: The fit ends there with what it has.
        """
        if not len(x):
            raise ModelError("no trial has a finite accuracy")
        self._low = x.min(dim=0).values  # (d,)
        span = x.max(dim=0).values - self._low
        # a feature that never varied carries nothing and must not divide by zero
        self._span = torch.where(span > 0, span, 1.0)
        latent = torch.logit(accuracy.clamp(_CLIP, 1 - _CLIP))  # (n,)
        self._center = latent.mean()
        spread = latent.std(correction=0)
        self._unit = torch.where(spread > 0, spread, 1.0)
        self._x = self._scaled(x)
        self._y = (latent - self._center) / self._unit  # (n,)
        nodes, weights = hermegauss(_N_NODES)
        self._nodes = torch.from_numpy(nodes)  # (q,)
        self._weights = torch.from_numpy(weights / weights.sum())  # (q,)
        with _numerics():
            self._gp = SingleTaskGP(self._x, self._y[:, None], outcome_transform=None)
            mll = ExactMarginalLogLikelihood(self._gp.likelihood, self._gp)
            fit_gpytorch_mll_scipy(mll, options={"maxiter": _MAX_ITERATIONS}, timeout_sec=timeout_s)
            self._gp.eval()

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation, each ``(N,)``, of the accuracy without noise.

        Args:
            x: Features ``(N, d)``.
        """
        mean, variance = self._latent(x)
        sd = variance.clamp_min(_MIN_VARIANCE).sqrt()
        standard = mean[:, None] + sd[:, None] * self._nodes  # (N, q)
        accuracy = torch.sigmoid(self._center + self._unit * standard)  # (N, q)
        first = accuracy @ self._weights
        second = (accuracy - first[:, None]).square() @ self._weights
        if not (torch.isfinite(first).all() and torch.isfinite(second).all()):
            raise ModelError("a prediction is not a number")
        return first, second.clamp_min(_MIN_VARIANCE).sqrt()

    def believe(self, x: Tensor) -> None:
        """Treat the predictions at ``x``, ``(k, d)``, as if measured ("kriging believer").

        Means stay; uncertainty shrinks where trials are on their way.
        """
        mean, _ = self._latent(x)
        self._x = torch.cat([self._x, self._scaled(x)])
        self._y = torch.cat([self._y, mean])
        with _numerics():
            # gpytorch has no types, and nn.Module says that any attribute may be a tensor
            self._gp.set_train_data(self._x, self._y, strict=False)  # type: ignore[operator]

    def _latent(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and variance, each ``(N,)``, on the model's own scale."""
        with _numerics(), torch.no_grad():
            posterior = self._gp.posterior(self._scaled(x))
            return posterior.mean.squeeze(-1), posterior.variance.squeeze(-1)

    def _scaled(self, x: Tensor) -> Tensor:
        return (x - self._low) / self._span


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
