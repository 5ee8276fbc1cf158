import json

import pytest

from jobs.messages import (
    ADVANCE,
    QUEUES,
    RINGS,
    TRAIN,
    PayloadError,
    Ring,
    payload_of,
    ring_name,
    subject_of,
)


@pytest.mark.parametrize("ring", RINGS)
def test_a_payload_survives_json_and_names_its_subject(ring: Ring) -> None:
    payload = json.loads(json.dumps(payload_of(ring, "x_1")))
    assert payload["v"] == 1
    assert subject_of(ring, payload) == "x_1"
    assert ring.queue in QUEUES


@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"trial_id": "trl_1"},
        {"v": 2, "trial_id": "trl_1"},
        {"v": 1, "search_id": "sea_1"},
        {"v": 1, "trial_id": 7},
        {"v": 1, "trial_id": ""},
    ],
)
def test_a_payload_of_another_version_or_shape_is_refused(payload: dict[str, object]) -> None:
    with pytest.raises(PayloadError, match=TRAIN.task):
        subject_of(TRAIN, payload)


def test_only_equal_rings_share_a_name() -> None:
    names = [ring_name(ring, subject) for ring in RINGS for subject in ("a", "b")]
    assert len(set(names)) == len(names)
    assert ring_name(ADVANCE, "a") in names
