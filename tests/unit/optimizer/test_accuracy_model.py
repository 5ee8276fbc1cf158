import math

import numpy as np
import pytest
import torch

from optimizer.accuracy_model import AccuracyModel
from optimizer.errors import ModelError

DOUBLE = torch.float64


def _points(n: int, d: int, seed: int) -> torch.Tensor:
    return torch.rand((n, d), generator=torch.Generator().manual_seed(seed), dtype=DOUBLE)


def _accuracy(x: torch.Tensor) -> torch.Tensor:
    return 0.95 - 0.3 * torch.exp(-3 * x[:, 0]) - 0.1 * (1 - x[:, 1]) ** 2


@pytest.fixture(scope="module")
def fitted() -> AccuracyModel:
    x = _points(40, 6, 0)
    return AccuracyModel(x, _accuracy(x), n_summaries=6, timeout_s=60)


def test_predicts_what_it_has_not_seen(fitted: AccuracyModel) -> None:
    x = _points(200, 6, 1)
    mean, sd = fitted.predict(x)
    error = (mean - _accuracy(x)).abs()
    assert error.mean() < 0.1 * _accuracy(x).std()
    assert (error < 6 * sd + 0.005).all()


def test_predictions_do_not_depend_on_the_features_units(fitted: AccuracyModel) -> None:
    x, other = _points(40, 6, 0), _points(20, 6, 1)
    scale = torch.tensor([1.0, 1e6, 1e-3, 5.0, 1.0, 2.0], dtype=DOUBLE)
    scaled = AccuracyModel(x * scale - 3, _accuracy(x), n_summaries=6, timeout_s=60)
    for a, b in zip(fitted.predict(other), scaled.predict(other * scale - 3), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-4)


def test_a_believed_point_about_keeps_its_mean_and_loses_uncertainty() -> None:
    x = _points(15, 4, 2)
    model = AccuracyModel(x, _accuracy(x), n_summaries=0, timeout_s=60)
    pending = _points(2, 4, 3)
    mean, sd = model.predict(pending)
    model.believe(pending)
    after_mean, after_sd = model.predict(pending)
    assert ((after_mean - mean).abs() < 0.5 * sd).all()
    assert (after_sd < sd).all()


def test_what_a_stopped_trial_promised_is_believed() -> None:
    x = _points(40, 6, 0)
    there = torch.full((1, 6), 0.5, dtype=DOUBLE)
    plain = AccuracyModel(x, _accuracy(x), n_summaries=6, timeout_s=60)
    before, _ = plain.predict(there)
    plain.believe(there, torch.tensor([0.3], dtype=DOUBLE))
    after, _ = plain.predict(there)
    assert after < before - 0.05


@pytest.mark.parametrize("n", [1, 2, 10])
def test_equal_accuracies_are_predicted(n: int) -> None:
    model = AccuracyModel(
        _points(n, 3, 4), torch.full((n,), 0.9, dtype=DOUBLE), n_summaries=0, timeout_s=60
    )
    mean, sd = model.predict(_points(5, 3, 5))
    # the mean of a sigmoid lies below the sigmoid of the mean while much is uncertain
    torch.testing.assert_close(mean, torch.full((5,), 0.9, dtype=DOUBLE), rtol=0, atol=0.05)
    assert torch.isfinite(sd).all()


def test_a_repeated_point_with_different_accuracies_is_noise() -> None:
    x = _points(1, 3, 6).repeat(8, 1)
    accuracy = torch.linspace(0.8, 0.9, 8, dtype=DOUBLE)
    mean, _ = AccuracyModel(x, accuracy, n_summaries=0, timeout_s=60).predict(x[:1])
    assert mean.item() == pytest.approx(0.85, abs=0.01)


def test_a_breakdown_is_a_typed_error() -> None:
    x = _points(5, 2, 7)
    model = AccuracyModel(x, _accuracy(x), n_summaries=0, timeout_s=60)
    with pytest.raises(ModelError):
        model.predict(torch.full((3, 2), math.nan, dtype=DOUBLE))


def test_predictions_stay_between_zero_and_one() -> None:
    x = _points(30, 3, 9)
    model = AccuracyModel(x, (5 * x[:, 0]).clamp(0, 1), n_summaries=0, timeout_s=60)
    mean, sd = model.predict(5 * _points(100, 3, 10) - 2)
    assert ((mean > 0) & (mean < 1)).all()
    assert (sd <= 0.5).all()


def test_a_fit_without_time_still_predicts() -> None:
    x = _points(20, 5, 8)
    mean, sd = AccuracyModel(x, _accuracy(x), n_summaries=0, timeout_s=1e-6).predict(x)
    assert torch.isfinite(mean).all()
    assert (sd > 0).all()


def test_replicates_teach_how_noisy_accuracy_is() -> None:
    x = _points(12, 3, 2)
    twice = torch.cat([x, x])
    agreeing = AccuracyModel(twice, torch.cat([_accuracy(x)] * 2), n_summaries=0, timeout_s=60)
    apart = torch.cat([_accuracy(x) - 0.03, _accuracy(x) + 0.03])
    disagreeing = AccuracyModel(twice, apart, n_summaries=0, timeout_s=60)
    for model in (agreeing, disagreeing):
        mean, _ = model.predict(x)
        torch.testing.assert_close(mean, _accuracy(x), rtol=0, atol=0.03)
    assert disagreeing.predict(x)[1].mean() > 2 * agreeing.predict(x)[1].mean()


def test_a_choice_that_no_trial_has_is_not_far_away() -> None:
    x = _points(12, 3, 6)
    x[:, 2] = 0.004 * (x[:, 2] > 0.5)
    model = AccuracyModel(x, _accuracy(x), n_summaries=0, timeout_s=60)
    unseen = x.clone()
    unseen[:, 2] = 0.25
    # the other genes still tell good from bad
    mean, _ = model.predict(unseen)
    ranks = torch.stack([mean.argsort().argsort(), _accuracy(x).argsort().argsort()]).double()
    assert torch.corrcoef(ranks)[0, 1] > 0.9


def test_dozens_of_trials_teach_something_about_a_hundred_and_fifty_genes() -> None:
    x = _points(60, 150, 7)
    levels = torch.linspace(0, 1, 60, dtype=DOUBLE)[:, None]
    x = (0.6 * levels + 0.4 * x).clamp(0, 1)
    accuracy = 0.4 + 0.5 * x.mean(dim=1)
    model = AccuracyModel(x[::2], accuracy[::2], n_summaries=0, timeout_s=60)
    mean, sd = model.predict(x[1::2])
    assert (mean - accuracy[1::2]).abs().mean() < 0.1 * accuracy.std()
    assert sd.max() < 0.5 * accuracy.std()


def test_of_many_trials_some_fit_the_model_and_all_enter_it() -> None:
    x = _points(700, 4, 8)
    model = AccuracyModel(x, _accuracy(x), n_summaries=0, timeout_s=60)
    mean, sd = model.predict(x)
    assert (mean - _accuracy(x)).abs().max() < 0.05 * _accuracy(x).std()
    few = AccuracyModel(x[::7], _accuracy(x[::7]), n_summaries=0, timeout_s=60)
    assert sd.mean() < few.predict(x)[1].mean()


def test_left_out_trials_are_predicted_from_the_others_alone() -> None:
    x = _points(20, 3, 5)
    accuracy = (_accuracy(x) + 0.01 * torch.sin(40 * x[:, 2])).clamp(0.01, 0.99)
    model = AccuracyModel(x, accuracy, n_summaries=0, timeout_s=60)
    latent = torch.logit(accuracy)
    y = ((latent - latent.mean()) / latent.std(correction=0)).numpy()
    with torch.no_grad():
        noise = model._gp.likelihood.noise.item()
        covariance = model._gp.covar_module(x).to_dense().numpy() + noise * np.eye(20)
        mean = model._gp.mean_module.constant.item()
    expected = []
    for i in range(14, 20):
        others = np.delete(np.arange(20), i)
        weights = np.linalg.solve(covariance[np.ix_(others, others)], covariance[others, i])
        variance = covariance[i, i] - weights @ covariance[others, i]
        error = y[i] - mean - weights @ (y[others] - mean)
        unit = latent.std(correction=0).item()
        expected.append(-0.5 * (math.log(2 * math.pi * variance * unit**2) + error**2 / variance))
    np.testing.assert_allclose(model.left_out(6).numpy(), expected, rtol=1e-6)
