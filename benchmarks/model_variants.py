"""Models of accuracy that ``benchmarks.accuracy_model`` compares: ours, changed in one respect.

A variant fits ``Data`` and returns mean and standard deviation, each ``(m,)``, of the accuracy
without noise of assignments ``(m, d)``.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from botorch.models import SingleTaskGP
from botorch.optim.fit import fit_gpytorch_mll_scipy
from gpytorch.kernels import Kernel, MaternKernel, ScaleKernel
from gpytorch.mlls import ExactMarginalLogLikelihood
from gpytorch.priors import LogNormalPrior
from torch import Tensor

from benchmarks.search_problems import Floats, Problem, ProblemTerrain
from optimizer.accuracy_model import AccuracyModel
from optimizer.features import features
from optimizer.genotypes import Genotypes
from search_space.space import Places

_TIMEOUT_S: Final = 60.0


class Data:
    """What was measured of a problem.

    Attributes:
        problem: In the disguise that was searched.
        places: Assignments ``(n, d)``.
        measured: Their accuracy, with noise, ``(n,)``.
    """

    def __init__(self, problem: Problem, places: Places, measured: Floats) -> None:
        self.problem, self.places, self.measured = problem, places, measured
        self._terrain = ProblemTerrain(problem)

    @property
    def n_genes(self) -> int:
        """Parameters, ``d``."""
        return len(self.problem.parameters)

    def features(self, places: Places) -> Tensor:
        """Return what our model sees of assignments, ``(n, d + k)``."""
        rows = self._terrain.rows(places)
        return torch.from_numpy(features(Genotypes(self._terrain), rows))

    def steps(self, places: Places) -> Tensor:
        """Return the same with every choice where its index puts it, widths too."""
        x = self.features(places)
        rows = self._terrain.rows(places)
        n_choices = np.array([len(gene.choices) for gene in self.problem.parameters])
        even = np.where(rows.places < 0, 0.5, (rows.places + 0.5) / n_choices)
        x[:, : self.n_genes] = torch.from_numpy(even)
        return x


Variant = Callable[[Data, Places], tuple[Floats, Floats]]


class _Unscaled(AccuracyModel):
    """With BoTorch's prior of the length scales as it is."""

    def _scale(self, x: Tensor, y: Tensor, n_summaries: int) -> None:
        pass


class _Matern(AccuracyModel):
    """With a Matern 5/2 kernel."""

    def _scale(self, x: Tensor, y: Tensor, n_summaries: int) -> None:
        default = self._gp.covar_module
        kernel = MaternKernel(nu=2.5, ard_num_dims=x.shape[1])
        kernel.register_prior("lengthscale_prior", default.lengthscale_prior, "lengthscale")
        kernel.lengthscale = default.lengthscale.detach().clone()
        self._gp.covar_module = kernel.to(x)
        super()._scale(x, y, n_summaries)


class _Additive(AccuracyModel):
    """With a sum over genes, each by itself, beside the kernel of all together."""

    def _scale(self, x: Tensor, y: Tensor, n_summaries: int) -> None:
        super()._scale(x, y, n_summaries)
        together = self._gp.covar_module
        alone = _Sum(together.lengthscale.detach(), self._groups(x.shape[1]))
        self._gp.covar_module = (_weighted(together) + _weighted(alone)).to(x)

    def _groups(self, d: int) -> Tensor:
        return torch.eye(d)


class _Sum(Kernel):
    """Mean of squared-exponential kernels, each of a group of features.

    Args:
        lengthscale: Where the fit begins, ``(1, d)``; a single feature needs a shorter one than one
            among many, whose distances add up.
        groups: 1 where feature ``i`` is of group ``g``, ``(d, G)``.
    """

    has_lengthscale = True
    is_stationary = True

    def __init__(self, lengthscale: Tensor, groups: Tensor) -> None:
        d = lengthscale.shape[-1]
        super().__init__(ard_num_dims=d)
        self.register_prior("lengthscale_prior", LogNormalPrior(loc=0.0, scale=1.0), "lengthscale")
        self.lengthscale = lengthscale / d**0.5
        self._groups = groups.to(lengthscale)

    def forward(self, x1: Tensor, x2: Tensor, diag: bool = False, **_: object) -> Tensor:
        """Return covariances."""
        a, b = x1 / self.lengthscale, x2 / self.lengthscale
        apart = (a - b if diag else a[..., :, None, :] - b[..., None, :, :]).square()
        found: Tensor = torch.exp(-0.5 * apart @ self._groups).mean(dim=-1)
        return found


def _weighted(kernel: Kernel) -> ScaleKernel:
    weighted = ScaleKernel(kernel)
    weighted.outputscale = 0.5
    return weighted


def _ours(data: Data, judged: Places) -> tuple[Floats, Floats]:
    return _fitted(AccuracyModel, data, data.features, judged)


def _changed(model: type[AccuracyModel]) -> Variant:
    return lambda data, judged: _fitted(model, data, data.features, judged)


def _steps(data: Data, judged: Places) -> tuple[Floats, Floats]:
    return _fitted(AccuracyModel, data, data.steps, judged)


def _genes_only(data: Data, judged: Places) -> tuple[Floats, Floats]:
    return _fitted(AccuracyModel, data, lambda p: data.features(p)[:, : data.n_genes], judged)


def _summaries_only(data: Data, judged: Places) -> tuple[Floats, Floats]:
    def look(places: Places) -> Tensor:
        x = data.features(places)
        x[:, : data.n_genes] = 0.5
        return x

    return _fitted(AccuracyModel, data, look, judged)


def _mean(data: Data, judged: Places) -> tuple[Floats, Floats]:
    """What a model has to beat: the mean and spread of what was measured."""
    ones = np.ones(len(judged))
    return ones * data.measured.mean(), ones * data.measured.std()


def _untransformed(data: Data, judged: Places) -> tuple[Floats, Floats]:
    """BoTorch's defaults on accuracy itself, inputs and outputs standardised by BoTorch."""
    x, y = data.features(data.places), torch.from_numpy(data.measured)[:, None]
    low, high = x.min(dim=0).values, x.max(dim=0).values
    span = torch.where(high > low, high - low, 1.0)
    model = SingleTaskGP((x - low) / span, y)
    mll = ExactMarginalLogLikelihood(model.likelihood, model)
    fit_gpytorch_mll_scipy(mll, options={"maxiter": 60}, timeout_sec=_TIMEOUT_S)
    with torch.no_grad():
        found = model.posterior((data.features(judged) - low) / span)
    return found.mean.squeeze(-1).numpy(), found.variance.sqrt().squeeze(-1).numpy()


def _fitted(
    model: type[AccuracyModel], data: Data, look: Callable[[Places], Tensor], judged: Places
) -> tuple[Floats, Floats]:
    x, accuracy = look(data.places), torch.from_numpy(data.measured)
    fitted = model(x, accuracy, n_summaries=x.shape[1] - data.n_genes, timeout_s=_TIMEOUT_S)
    mean, sd = fitted.predict(look(judged))
    return mean.numpy(), sd.numpy()


VARIANTS: Final[Mapping[str, Variant]] = MappingProxyType(
    {
        "ours": _ours,
        "matern": _changed(_Matern),
        "additive": _changed(_Additive),
        "prior_as_is": _changed(_Unscaled),
        "widths_as_steps": _steps,
        "genes_only": _genes_only,
        "summaries_only": _summaries_only,
        "botorch_default": _untransformed,
        "mean": _mean,
    }
)
