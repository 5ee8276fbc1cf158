"""What a fitted Gaussian process says at points that are looked at again and again.

Within an ask hyperparameters stay and data only grow, by the trials that are on their way. So the
Cholesky factor grows by rows, and what is known of a point is corrected by these rows alone: the
next proposal of a batch costs ``O(n N)`` for ``N`` points instead of ``O(n^3 + n^2 N)``.

Sources:
    [RW2006] Rasmussen and Williams, "Gaussian Processes for Machine Learning", algorithm 2.1: mean
        and variance from the factor; a factor in blocks is appendix A.3's.
"""

from collections.abc import Callable
from typing import Final

import torch
from linear_operator.utils.cholesky import psd_safe_cholesky
from torch import Tensor

Kernel = Callable[[Tensor, Tensor], Tensor]
_ROOM: Final = 256
"""Points and data for which room is made at once."""


class Posterior:
    """Data ``(x, y)`` and the Cholesky factor of their covariance with noise.

    Args:
        kernel: Covariances ``(n, m)`` of features ``(n, d)`` and ``(m, d)``; its diagonal is the
            same everywhere.
        mean: Of the prior, everywhere.
        noise: Variance of a measurement.
        x: Features ``(n, d)``.
        y: Measured ``(n,)``.

    Attributes:
        x: Features of all data.
    """

    def __init__(self, kernel: Kernel, mean: float, noise: float, x: Tensor, y: Tensor) -> None:
        self.kernel, self.prior_mean, self._noise = kernel, mean, noise
        self.x = x[:0]
        self.factor = torch.empty((0, 0), dtype=x.dtype)
        """Lower triangular, ``(n, n)``."""
        self.whitened = torch.empty(0, dtype=x.dtype)
        """The factor's inverse times ``y - mean``, ``(n,)``."""
        self.add(x, y)

    def add(self, x: Tensor, y: Tensor) -> None:
        """Take further data in: features ``(k, d)`` and values ``(k,)``."""
        n, k = len(self.x), len(x)
        cross = _solve(self.factor, self.kernel(self.x, x)).mT  # (k, n)
        block = self.kernel(x, x) + self._noise * torch.eye(k, dtype=x.dtype) - cross @ cross.mT
        factor = torch.zeros((n + k, n + k), dtype=x.dtype)
        factor[:n, :n], factor[n:, :n] = self.factor, cross
        factor[n:, n:] = psd_safe_cholesky(block)
        residual = (y - self.prior_mean - cross @ self.whitened)[:, None]
        added = _solve(factor[n:, n:], residual).squeeze(-1)
        self.x, self.factor = torch.cat([self.x, x]), factor
        self.whitened = torch.cat([self.whitened, added])


class Watched:
    """Points at which a posterior is read, while it and they change.

    Args:
        posterior: Whose.
        x: Features ``(N, d)``.
    """

    def __init__(self, posterior: Posterior, x: Tensor) -> None:
        self._posterior = posterior
        self._x = x[:0]
        self._n_data = len(posterior.x)
        # one row per point ever watched, with room for more points and more data: copying it for
        # each would cost more than all the rest
        self._rows = torch.empty((0, 0), dtype=x.dtype)  # the factor's inverse at x, transposed
        self._mean = self._variance = torch.empty(0, dtype=x.dtype)
        self._watched = torch.empty(0, dtype=torch.long)
        self.add(x)

    def __len__(self) -> int:
        """Points watched."""
        return len(self._watched)

    def add(self, x: Tensor) -> None:
        """Watch further points ``(k, d)``, behind the others."""
        self._catch_up()
        start, n_points, at = len(self._x), len(x), self._posterior
        if not n_points:
            return
        rows = _solve(at.factor, at.kernel(at.x, x)).mT  # (k, n)
        self._x = torch.cat([self._x, x])
        self._make_room()
        self._rows[start : start + n_points, : self._n_data] = rows
        self._mean = torch.cat([self._mean, at.prior_mean + rows @ at.whitened])
        prior = at.kernel(x[:1], x[:1]).squeeze()
        self._variance = torch.cat([self._variance, prior - rows.square().sum(dim=1)])
        added = torch.arange(start, start + n_points)
        self._watched = torch.cat([self._watched, added])

    def drop(self, index: int) -> None:
        """Watch a point no longer."""
        self._watched = self._watched[torch.arange(len(self)) != index]

    def moments(self) -> tuple[Tensor, Tensor]:
        """Return mean and variance, each ``(N,)``, without noise."""
        self._catch_up()
        return self._mean[self._watched], self._variance[self._watched]

    def _catch_up(self) -> None:
        """Take in what the posterior has learned since."""
        at, known = self._posterior, self._n_data
        if known == len(at.x):
            return
        self._n_data = len(at.x)
        n_points = len(self._x)
        if not n_points:
            return
        self._make_room()
        below, block = at.factor[known:, :known], at.factor[known:, known:]
        right = at.kernel(at.x[known:], self._x) - below @ self._rows[:n_points, :known].mT
        rows = _solve(block, right)  # (k, N)
        self._rows[:n_points, known : self._n_data] = rows.mT
        self._mean = self._mean + at.whitened[known:] @ rows
        self._variance = self._variance - rows.square().sum(dim=0)

    def _make_room(self) -> None:
        n_points, n_data = self._rows.shape
        if len(self._x) <= n_points and self._n_data <= n_data:
            return
        n_points = max(n_points, len(self._x) + _ROOM)
        n_data = max(n_data, self._n_data + _ROOM)
        larger = torch.empty((n_points, n_data), dtype=self._rows.dtype)
        held = self._rows.shape
        larger[: held[0], : held[1]] = self._rows
        self._rows = larger


def _solve(lower: Tensor, right: Tensor) -> Tensor:
    solution: Tensor = torch.linalg.solve_triangular(lower, right, upper=False)
    return solution
