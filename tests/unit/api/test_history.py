"""Learning curves, growth of the hypervolume, and fronts of the past."""

from typing import Any

import pytest

from search.entities import Limits, Progress
from search.use_cases.leases import claim_trial, release_trial
from search.use_cases.results import fail_trial, report_progress
from tests.served import Deployment, InProcess
from tests.service import new_search


@pytest.fixture
def searched(deployment: Deployment) -> str:
    """A search whose front gains trial 2, then 1, which pushes nobody out, then 3; 4 fails."""
    search = new_search(deployment.store, limits=Limits(max_trials=5, max_parallel=5))
    claims = deployment.claimed(search, 5)
    for number, accuracy in ((2, 0.7), (1, 0.6), (3, 0.9)):
        deployment.complete(claims[number - 1], accuracy)
    with deployment.store.begin() as uow:
        fail_trial(uow, claims[3].lease, "diverged", "loss is nan", deployment.store.now())
    deployment.complete(claims[4], 0.95)
    return search.id


def _numbers(front: dict[str, Any]) -> list[int]:
    return [point["trial"]["number"] for point in front["points"]]


def test_curves_hold_every_report_of_every_attempt(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store)
    first, other = deployment.claimed(search, 2)
    store, now = deployment.store, deployment.store.now()
    reports = [
        Progress(phase="float", epoch=1, n_epochs=2, train_loss=2.5, accuracy=0.25),
        Progress(phase="float", epoch=2, n_epochs=2, train_loss=float("nan")),
        Progress(phase="qat", epoch=1, n_epochs=1, train_loss=0.5, accuracy=0.75),
    ]
    with store.begin() as uow:
        for report in reports[:2]:
            report_progress(uow, first.lease, report, now)
        report_progress(uow, other.lease, reports[0], now)
        release_trial(uow, first.lease, now)
        again = claim_trial(uow, first.trial.id, "worker-2", now, 15)
        assert again is not None
        report_progress(uow, again.lease, reports[2], now)
    curves = api.get(f"/v1/trials/{first.trial.id}/curves").json()
    assert (curves["trial_id"], curves["search_id"]) == (first.trial.id, search.id)
    rows = [
        [p[key] for key in ("attempt", "phase", "epoch", "n_epochs", "train_loss", "accuracy")]
        for p in curves["points"]
    ]
    assert rows == [
        [1, "float", 1, 2, 2.5, 0.25],
        [1, "float", 2, 2, None, None],
        [2, "qat", 1, 1, 0.5, 0.75],
    ]
    ids = [p["event_id"] for p in curves["points"]]
    assert ids == sorted(set(ids))


def test_the_hypervolume_grows_to_the_one_of_the_search(api: InProcess, searched: str) -> None:
    history = api.get(f"/v1/searches/{searched}/hypervolume").json()
    search = api.get(f"/v1/searches/{searched}").json()
    volumes = [point["hypervolume"] for point in history["points"]]
    assert volumes == sorted(volumes)
    assert volumes[-1] == search["hypervolume"]
    assert history["ref_point"] == search["ref_point"]
    assert [point["n_trials"] for point in history["points"]] == [1, 2, 3, 5]
    assert [point["size"] for point in history["points"]] == [1, 2, 3, 4]
    seconds = [point["compute_seconds"] for point in history["points"]]
    assert seconds == sorted(seconds)
    assert 0 < seconds[-1] == pytest.approx(search["compute_seconds"])


def test_an_earlier_front_is_the_one_there_was(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=3, max_parallel=3))
    path = f"/v1/searches/{search.id}/front"
    claims = deployment.claimed(search, 3)
    seen = [api.get(path).json()]
    for number, accuracy in ((3, 0.7), (2, 0.8), (1, 0.6)):  # 2 pushes 3 out
        deployment.complete(claims[number - 1], accuracy)
        seen.append(api.get(path).json())
    assert [_numbers(front) for front in seen] == [[], [3], [2], [1, 2]]
    for front in seen:
        past = api.get(f"{path}?as_of={front['as_of_event']}").json()
        assert (_numbers(past), past["hypervolume"]) == (_numbers(front), front["hypervolume"])
        assert past["as_of_event"] == front["as_of_event"]
    beyond = api.get(f"{path}?as_of={seen[-1]['as_of_event'] + 1}")
    assert beyond.status_code == 422
    assert beyond.json()["errors"][0]["allowed"] == [f"<= {seen[-1]['as_of_event']}"]


def test_a_front_is_sorted_and_cut(api: InProcess, searched: str) -> None:
    path = f"/v1/searches/{searched}/front"
    whole = api.get(path).json()
    assert _numbers(whole) == [1, 2, 3, 5]
    cut = api.get(f"{path}?sort=-accuracy&limit=2").json()
    assert _numbers(cut) == [5, 3]
    assert cut["hypervolume"] == whole["hypervolume"]
    by_macs = api.get(f"{path}?sort=-macs").json()["points"]
    macs = [point["trial"]["costs"]["macs"] for point in by_macs]
    assert macs == sorted(macs, reverse=True)
    for wrong in ("sort=colour", "sort=latency_ms", "limit=0", "as_of=-1"):
        assert api.get(f"{path}?{wrong}").status_code == 422, wrong


def test_nothing_is_known_of_what_is_not_there(api: InProcess) -> None:
    for path in ("/v1/trials/trl_none/curves", "/v1/searches/sea_none/hypervolume"):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
