"""``ETag`` and ``If-None-Match`` on single objects."""

import pytest

from search.entities import Limits
from tests.served import Deployment, InProcess
from tests.service import new_search


def test_a_search_that_stayed_is_not_sent_again(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    path = f"/v1/searches/{search.id}"
    api.post(f"{path}:cancel")
    first = api.get(path)
    assert first.headers["etag"].startswith('W/"')
    held = {"If-None-Match": first.headers["etag"]}
    again = api.get(path, held)
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]

    api.post(f"{path}:extend", {"trials": 1})
    changed = api.get(path, held)
    assert changed.status_code == 200
    assert changed.json()["limits"]["max_trials"] == 3
    assert changed.headers["etag"] != first.headers["etag"]


def test_a_trial_that_changed_is_sent_again(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=2, max_parallel=2))
    claimed = deployment.claimed(search, 1)[0]
    path = f"/v1/trials/{claimed.trial.id}"
    held = {"If-None-Match": api.get(path).headers["etag"]}
    assert api.get(path, held).status_code == 304
    deployment.complete(claimed, 0.9)
    changed = api.get(path, held)
    assert (changed.status_code, changed.json()["state"]) == (200, "completed")


def test_a_hardware_profile_has_a_tag(api: InProcess) -> None:
    path = "/v1/hardware-profiles/generic-mcu-256k"
    tag = api.get(path).headers["etag"]
    assert api.get(path, {"If-None-Match": f'"other", {tag}'}).status_code == 304
    assert api.get(path, {"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("path", ["/v1/searches/none", "/v1/trials/none", "/v1/models/none"])
def test_what_is_not_there_matches_nothing(api: InProcess, path: str) -> None:
    assert api.get(path, {"If-None-Match": "*"}).status_code == 404
