"""A Gaussian process on points of the unit cube and its upper confidence bound, as KerasTuner's.

Matern 5/2 with one length scale, fixed noise, normalised targets; the bound is climbed by L-BFGS-B
from uniform starts [KerasTuner]_. The fit is scikit-learn's; the gradient is written out, since
differences would cost as many predictions as there are genes.

Sources:
    [KerasTuner] github.com/keras-team/keras-tuner, its Bayesian optimization tuner, for every
        constant here.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy.linalg import solve_triangular
from scipy.optimize import minimize
from sklearn.exceptions import ConvergenceWarning
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import Matern

from optimizer.deadline import Deadline
from optimizer.measured import Floats

BETA = 2.6
NOISE = 1e-4
RESTARTS = 20
STARTS = 50
_STEPS = 50
_MIN_SD = 1e-9


class ConfidenceBound:
    """``mean + 2.6 sd`` of a score, larger is better; ``d`` coordinates."""

    def __init__(self, x: Floats, score: Floats, seed: int, deadline: Deadline) -> None:
        """Fit to ``(n, d)`` points with scores ``(n,)`` while time lasts.

        Args:
            x: In [0, 1].
            score: Finite.
            seed: Of the restarts.
            deadline: Ends the fit, and the restarts.
        """
        self._x, self._score = x, score
        self._gp = GaussianProcessRegressor(
            kernel=Matern(nu=2.5),
            alpha=NOISE,
            normalize_y=True,
            n_restarts_optimizer=RESTARTS,
            optimizer=_in_time(deadline),
            random_state=seed,
        )
        with warnings.catch_warnings():
            # a length scale at its bound is what data without structure gives
            warnings.simplefilter("ignore", ConvergenceWarning)
            self._gp.fit(x, score)

    def believe_worst(self, x: Floats) -> None:
        """Take points ``(k, d)`` on their way as if measured at ``mean - sd``."""
        mean, sd = self._gp.predict(x, return_std=True)
        self._x, self._score = np.concatenate([self._x, x]), np.append(self._score, mean - sd)
        self._gp = GaussianProcessRegressor(
            kernel=self._gp.kernel_, alpha=NOISE, normalize_y=True, optimizer=None
        ).fit(self._x, self._score)

    def __call__(self, x: Floats) -> Floats:
        """Return the bound at ``(n, d)`` points, ``(n,)``."""
        mean, sd = self._gp.predict(x, return_std=True)
        return np.asarray(mean + BETA * sd)

    def optima(self, rng: np.random.Generator, d: int, deadline: Deadline) -> Floats:
        """Climb from uniform starts; returns where they ended, ``(k, d)``, the highest first.

        Fewer than all starts, perhaps none, when the deadline passes.
        """
        ends: list[tuple[float, int, Floats]] = []
        for start in rng.random((STARTS, d)):
            if deadline.passed():
                break
            found = minimize(
                self._descent,
                start,
                jac=True,
                method="L-BFGS-B",
                bounds=[(0.0, 1.0)] * d,
                options={"maxiter": _STEPS},
            )
            ends.append((float(found.fun), len(ends), found.x))
        return np.array([x for _, _, x in sorted(ends)]).reshape(-1, d)

    def _descent(self, x: Floats) -> tuple[float, Floats]:
        """Return the negative bound at one point ``(d,)``, on the score's own scale, and its slope.

        With ``r`` the distance over the length scale, ``k = (1 + s + s^2/3) exp(-s)`` at
        ``s = sqrt(5) r``, and its slope by ``x`` is ``-5/3 (1 + s) exp(-s) (x - x') / l^2``.
        """
        gp = self._gp
        length = float(gp.kernel_.length_scale)
        away = (x - gp.X_train_) / length  # (n, d)
        s = np.sqrt(5.0 * np.square(away).sum(axis=1))
        k = (1 + s + s * s / 3) * np.exp(-s)
        slopes = (-5 / 3 / length) * ((1 + s) * np.exp(-s))[:, None] * away  # (n, d)
        half = solve_triangular(gp.L_, k, lower=True, check_finite=False)
        whole = solve_triangular(gp.L_, half, lower=True, trans="T", check_finite=False)
        sd = max(_MIN_SD, float(np.sqrt(max(0.0, 1 - half @ half))))
        alpha = gp.alpha_.ravel()
        bound = float(k @ alpha) + BETA * sd
        slope = slopes.T @ alpha - BETA / sd * (slopes.T @ whole)
        return -bound, -slope


def _in_time(deadline: Deadline) -> Callable[..., tuple[Floats, float]]:
    """Return scikit-learn's own fit of one start, which ends at the deadline with what it has."""

    def fit(objective: Callable[..., Any], start: Floats, bounds: Any) -> tuple[Floats, float]:
        if deadline.passed():
            return start, np.inf

        def stop(_: Floats) -> None:
            if deadline.passed():
                raise StopIteration

        found = minimize(
            objective, start, jac=True, method="L-BFGS-B", bounds=bounds, callback=stop
        )
        return found.x, float(found.fun)

    return fit
