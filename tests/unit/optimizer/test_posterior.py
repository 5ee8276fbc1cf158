"""The posterior that grows by rows, against GPyTorch's, which is made anew."""

import pytest
import torch
from botorch.models import SingleTaskGP

from optimizer.accuracy_model import AccuracyModel
from optimizer.posterior import Posterior, Watched

DOUBLE = torch.float64


def _points(n: int, seed: int, d: int = 5) -> torch.Tensor:
    return torch.rand((n, d), generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


@pytest.fixture(scope="module")
def gp() -> SingleTaskGP:
    x = _points(30, 0)
    y = torch.sin(4 * x.sum(dim=1, keepdim=True))
    model = SingleTaskGP(x, (y - y.mean()) / y.std(), outcome_transform=None)
    return model.eval()


def _posterior(gp: SingleTaskGP, x: torch.Tensor, y: torch.Tensor) -> Posterior:
    def kernel(one: torch.Tensor, other: torch.Tensor) -> torch.Tensor:
        found: torch.Tensor = gp.covar_module(one, other).to_dense().detach()
        return found

    return Posterior(kernel, gp.mean_module.constant.item(), gp.likelihood.noise.item(), x, y)


def _oracle(
    gp: SingleTaskGP, x: torch.Tensor, y: torch.Tensor, at: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    gp.set_train_data(x, y, strict=False)
    with torch.no_grad():
        found = gp.posterior(at)
    return found.mean.squeeze(-1), found.variance.squeeze(-1)


def test_it_says_what_gpytorch_says_while_data_and_points_change(gp: SingleTaskGP) -> None:
    x, at = _points(30, 0), _points(12, 1)
    y = torch.sin(4 * x.sum(dim=1))
    ours = _posterior(gp, x, y)
    watched = Watched(ours, at)
    for step in range(6):
        mean, variance = watched.moments()
        expected = _oracle(gp, x, y, at)
        torch.testing.assert_close(mean, expected[0], rtol=1e-6, atol=1e-8)
        torch.testing.assert_close(variance, expected[1], rtol=1e-6, atol=1e-8)
        new = _points(1 + step % 3, 10 + step)
        ours.add(new, new[:, 0])
        x, y = torch.cat([x, new]), torch.cat([y, new[:, 0]])
        if step % 2:
            watched.drop(step)
            further = _points(4, 20 + step)
            watched.add(further)
            at = torch.cat([at[torch.arange(len(at)) != step], further])
    assert len(watched) == len(at) == 21


def test_without_data_it_is_the_prior(gp: SingleTaskGP) -> None:
    empty = _posterior(gp, _points(0, 0), torch.empty(0, dtype=DOUBLE))
    mean, variance = Watched(empty, _points(3, 1)).moments()
    assert mean.tolist() == [empty.prior_mean] * 3
    torch.testing.assert_close(variance, torch.ones(3, dtype=DOUBLE))


def test_a_watched_accuracy_is_the_predicted_one() -> None:
    x, at, pending = _points(30, 0), _points(10, 1), _points(3, 2)
    model = AccuracyModel(x, 0.5 + 0.4 * x[:, 0], n_summaries=2, timeout_s=60)
    watched = model.watch(at[:6])
    watched.predict()
    model.believe(pending)
    watched.add(at[6:])
    for ours, expected in zip(watched.predict(2), model.predict(at), strict=True):
        torch.testing.assert_close(ours, expected[2:])
