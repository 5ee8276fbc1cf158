"""A Gaussian process on accuracy: the only objective that has to be measured."""

import itertools
import math
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
from gpytorch.priors import LogNormalPrior
from gpytorch.utils.warnings import NumericalWarning
from linear_operator.utils.errors import NanError, NotPSDError
from numpy.polynomial.hermite_e import hermegauss
from torch import Tensor
from torch.distributions import MultivariateNormal, Normal
from torch.linalg import LinAlgError  # type: ignore[attr-defined]  # public, but not in __all__

from optimizer.errors import ModelError
from optimizer.posterior import Posterior, Watched

_MAX_ITERATIONS = 60
_MOST_FITTED = 256
"""Trials, spread evenly over the history, that the length scales and the noise are fitted to; all
enter the predictions."""
_CLIP = 0.002
"""Accuracies are kept this far from 0 and 1, where the logit is infinite."""
_MIN_VARIANCE = 1e-12
_FACTORS = (0.25, 1.0, 4.0, 16.0)
"""Length scales over BoTorch's default."""
_N_NODES = 15
"""Quadrature nodes; moments of a sigmoid are then exact to about five digits."""


class AccuracyModel:
    """BoTorch's ``SingleTaskGP``, with its default kernel, on the logit of accuracy.

    On that scale a halved error counts alike at 80 % and at 98 %, networks at chance level are no
    outliers, and nothing is predicted outside 0 to 1. Predictions come back as the moments of
    accuracy itself, since that is what the hypervolume is made of.

    Not safe to share between threads. Uses as many threads as torch is set to; on a busy machine
    one is much faster, and setting it is the caller's business.

    Raises:
        ModelError: If there is nothing to fit, or the fit breaks down; also from ``predict`` and
            ``believe``.
    """

    def __init__(self, x: Tensor, accuracy: Tensor, *, n_summaries: int, timeout_s: float) -> None:
        """Fit.

        Args:
            x: Features ``(n, d)``, float64.
            accuracy: Measured ``(n,)``, float64, in 0 to 1.
            n_summaries: The last so many features sum up the others.
            timeout_s: The fit ends there with what it has.
        """
        if not len(x):
            raise ModelError("no trial has a finite accuracy")
        # Genes are in [0, 1] as they come. Stretching them to what was seen would put a width that
        # no trial has yet dozens of units away where the trials all have 6 or 8 bits.
        n_genes = x.shape[1] - n_summaries
        self._low = x.min(dim=0).values  # (d,)
        span = x.max(dim=0).values - self._low
        # a feature that never varied carries nothing and must not divide by zero
        self._span = torch.where(span > 0, span, 1.0)
        self._low[:n_genes], self._span[:n_genes] = 0.0, 1.0
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
            some = torch.linspace(0, len(x) - 1, min(len(x), _MOST_FITTED)).long()
            self._gp = SingleTaskGP(self._x[some], self._y[some, None], outcome_transform=None)
            self._scale(self._x[some], self._y[some], n_summaries)
            mll = ExactMarginalLogLikelihood(self._gp.likelihood, self._gp)
            fit_gpytorch_mll_scipy(mll, options={"maxiter": _MAX_ITERATIONS}, timeout_sec=timeout_s)
            self._gp.eval()
            with torch.no_grad():
                self._posterior = Posterior(
                    self._covariance,
                    self._gp.mean_module.constant.item(),
                    self._gp.likelihood.noise.item(),
                    self._x,
                    self._y,
                )

    def watch(self, x: Tensor) -> "WatchedAccuracy":
        """Return what predicts at ``x``, ``(N, d)``, again and again while trials are believed."""
        return WatchedAccuracy(self, x)

    def predict(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation, each ``(N,)``, of the accuracy without noise.

        Args:
            x: Features ``(N, d)``.
        """
        return self.moments(*self._latent(x))

    def moments(self, mean: Tensor, variance: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and standard deviation of accuracy from moments on the model's own scale."""
        sd = variance.clamp_min(_MIN_VARIANCE).sqrt()
        standard = mean[:, None] + sd[:, None] * self._nodes  # (N, q)
        accuracy = torch.sigmoid(self._center + self._unit * standard)  # (N, q)
        first = accuracy @ self._weights
        second = (accuracy - first[:, None]).square() @ self._weights
        if not (torch.isfinite(first).all() and torch.isfinite(second).all()):
            raise ModelError("a prediction is not a number")
        return first, second.clamp_min(_MIN_VARIANCE).sqrt()

    def left_out(self, n: int) -> Tensor:
        """Return the log density of each of the last ``n`` trials given all others, ``(n,)``.

        Of the logit of accuracy, so models of the same trials compare whatever else they know.
        Rasmussen and Williams 2006, equations 5.10 to 5.12; hyperparameters stay as fitted.
        """
        known, n = self._posterior, min(n, len(self._y))
        with _numerics(), torch.no_grad():
            inverse = torch.cholesky_inverse(known.factor)
            precision = inverse.diagonal()
            error = (inverse @ (self._y - known.prior_mean)) / precision
            sd = precision.rsqrt()
            density: Tensor = Normal(0.0, sd).log_prob(error) - self._unit.log()
        return density[len(density) - n :]

    def joint(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean ``(N,)`` and covariance ``(N, N)`` of the accuracy without noise.

        Deviations are those of ``predict``, correlations those of the latent scale.

        Args:
            x: Features ``(N, d)``.
        """
        mean, sd = self.predict(x)
        with _numerics(), torch.no_grad():
            # gpytorch has no types, and nn.Module says that any attribute may be a tensor
            self._gp.set_train_data(self._x, self._y, strict=False)  # type: ignore[operator]
            latent = self._gp(self._scaled(x)).covariance_matrix  # (N, N)
        unit = latent.diagonal().clamp_min(_MIN_VARIANCE).sqrt()
        correlation = (latent / (unit[:, None] * unit)).clamp(-1.0, 1.0)
        return mean, correlation * sd[:, None] * sd

    def believe(self, x: Tensor, accuracy: Tensor | None = None) -> None:
        """Treat the predictions at ``x``, ``(k, d)``, as if measured ("kriging believer").

        Means stay; uncertainty shrinks where trials are on their way. With accuracies ``(k,)``,
        such as those predicted for trials that were stopped, these are believed instead; what was
        fitted, the noise among it, rests on measurements alone.
        """
        if accuracy is None:
            mean, _ = self._latent(x)
        else:
            latent = torch.logit(accuracy.clamp(_CLIP, 1 - _CLIP))
            mean = (latent - self._center) / self._unit
        scaled = self._scaled(x)
        self._x = torch.cat([self._x, scaled])
        self._y = torch.cat([self._y, mean])
        with _numerics(), torch.no_grad():
            self._posterior.add(scaled, mean)

    def _scale(self, x: Tensor, y: Tensor, n_summaries: int) -> None:
        """Move the prior of the length scales to the likeliest of a few multiples of the default.

        BoTorch's prior speaks for every feature by itself. With more than a hundred it outweighs
        some dozens of trials by far and holds every length scale where no two points are alike, so
        that each new one is predicted as if nothing was known. Here the data alone, without any
        prior, choose one multiple for all genes and one for the summaries.
        """
        kernel = self._gp.covar_module
        default = kernel.lengthscale.detach().clone()  # (1, d)
        n_genes = default.shape[-1] - n_summaries
        noise = self._gp.likelihood.noise.detach() * torch.eye(len(x), dtype=x.dtype)
        likeliest, best = torch.ones_like(default), -math.inf
        with torch.no_grad():
            for of_genes, of_summaries in itertools.product(_FACTORS, _FACTORS):
                factors = torch.full_like(default, of_genes)
                factors[:, n_genes:] = of_summaries
                kernel.lengthscale = factors * default
                normal = MultivariateNormal(torch.zeros_like(y), kernel(x).to_dense() + noise)
                value = float(normal.log_prob(y))
                if value > best:
                    likeliest, best = factors, value
        prior = kernel.lengthscale_prior
        kernel.register_prior(
            "lengthscale_prior",
            LogNormalPrior(loc=prior.loc + likeliest.log(), scale=prior.scale),
            "lengthscale",
        )
        kernel.lengthscale = likeliest * default

    def _latent(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Return mean and variance, each ``(N,)``, on the model's own scale."""
        with _numerics(), torch.no_grad():
            return Watched(self._posterior, self._scaled(x)).moments()

    def _covariance(self, x: Tensor, other: Tensor) -> Tensor:
        found: Tensor = self._gp.covar_module(x, other).to_dense()
        return found

    def _scaled(self, x: Tensor) -> Tensor:
        return (x - self._low) / self._span


class WatchedAccuracy:
    """Predictions of an ``AccuracyModel`` at the same points, time and again.

    Raises:
        ModelError: From every method, if the model breaks down.
    """

    def __init__(self, model: AccuracyModel, x: Tensor) -> None:
        self._model = model
        with _numerics(), torch.no_grad():
            self._points = Watched(model._posterior, model._scaled(x))

    def __len__(self) -> int:
        """Points watched."""
        return len(self._points)

    def add(self, x: Tensor) -> None:
        """Watch further points ``(k, d)``, behind the others."""
        with _numerics(), torch.no_grad():
            self._points.add(self._model._scaled(x))

    def drop(self, index: int) -> None:
        """Watch a point no longer."""
        self._points.drop(index)

    def predict(self, first: int = 0) -> tuple[Tensor, Tensor]:
        """Return what ``AccuracyModel.predict`` does, for the points from ``first`` on."""
        with _numerics(), torch.no_grad():
            mean, variance = self._points.moments()
        return self._model.moments(mean[first:], variance[first:])


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
