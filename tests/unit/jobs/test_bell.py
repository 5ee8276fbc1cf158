import logging
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from celery import Celery

from jobs.bell import CeleryBell
from jobs.broker import BrokerUrlError, celery_client
from search.settings import Settings

Take = Callable[[], dict[str, list[dict[str, Any]]]]


def test_each_ring_reaches_its_queue_with_one_id(app: Celery, take: Take) -> None:
    bell = CeleryBell(app)
    bell.advance("sea_1")
    bell.train("trl_1")
    bell.refine("sea_2")
    taken = take()
    found = {
        queue: {(m["task"], str(m["kwargs"]["payload"])) for m in messages}
        for queue, messages in taken.items()
    }
    assert found == {
        "optimize": {("bitpareto.advance", "{'v': 1, 'search_id': 'sea_1'}")},
        "train": {
            ("bitpareto.train", "{'v': 1, 'trial_id': 'trl_1'}"),
            ("bitpareto.refine", "{'v': 1, 'search_id': 'sea_2'}"),
        },
    }


def test_no_two_messages_share_a_task_id_and_all_of_them_expire(app: Celery, take: Take) -> None:
    # Celery remembers the id of an expired task as revoked: a second use would be dropped unheard
    bell = CeleryBell(app)
    ids = []
    for _ in range(3):
        bell.train("trl_1")
        messages = take()["train"]
        assert len(messages) == 1
        assert messages[0]["expires"]
        ids.append(messages[0]["id"])
    assert len(set(ids)) == 3


@pytest.mark.parametrize("broken", ["filesystem://", "redis://127.0.0.1:1/0"])
def test_a_broken_broker_is_logged_and_fails_nobody(
    broken: str, embedded: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    (embedded.data_dir / "broker").write_text("a file where the folder should be")
    app = celery_client(replace(embedded, broker_url=broken))
    started = time.monotonic()
    with caplog.at_level(logging.WARNING, logger="jobs.bell"):
        CeleryBell(app).train("trl_1")
    assert time.monotonic() - started < 20
    assert "could not ring bitpareto.train for trl_1" in caplog.text
    app.close()


@pytest.mark.parametrize("url", ["amqp://localhost", "memory://", ""])
def test_brokers_nobody_has_tried_are_refused(url: str, embedded: Settings) -> None:
    with pytest.raises(BrokerUrlError, match="redis://"):
        celery_client(replace(embedded, broker_url=url))
