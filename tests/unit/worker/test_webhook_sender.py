"""Events reach real receivers: signed, in order, again after failures, and no inner machine."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from search.addresses import Address, Allowed, allowed_of
from search.use_cases.webhooks import create_webhook, redeliver, rotate_secret, send_ping
from search.webhooks import Delivery, DeliveryState, Webhook
from tests.receivers import Receiver, receiving, wait_until
from tests.served import Deployment, migrated_settings
from tests.service import new_search, proposals, queue_trials
from worker.webhook_post import Calls
from worker.webhook_sender import Pace, WebhookSender

HERE = allowed_of("127.0.0.1")
QUICK = Pace(poll_s=0.02, n_lanes=4, hold_s=30.0)


@pytest.fixture
def deployment(tmp_path: Path) -> Iterator[Deployment]:
    opened = Deployment(migrated_settings(tmp_path))
    yield opened
    opened.store.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as opened:
        yield opened


@contextmanager
def _sending(deployment: Deployment, calls: Calls | None = None) -> Iterator[WebhookSender]:
    sender = WebhookSender(deployment.store, calls or Calls(allowed=HERE), QUICK)
    sender.start()
    try:
        yield sender
    finally:
        sender.stop(20)


def _webhook(deployment: Deployment, url: str, **fields: Any) -> Webhook:
    given: dict[str, Any] = {"event_types": [], "search_ids": [], "description": "", **fields}
    now = deployment.store.now()
    with deployment.store.begin() as uow:
        return create_webhook(uow, project_id="default", url=url, enabled=True, now=now, **given)


def _deliveries(deployment: Deployment, webhook: Webhook) -> list[Delivery]:
    with deployment.store.read() as uow:
        return uow.webhooks.deliveries(webhook.id, 1000)[::-1]


def _ended(deployment: Deployment, webhook: Webhook, n: int) -> list[Delivery]:
    """Return the deliveries of a webhook once ``n`` have ended."""

    def found() -> list[Delivery]:
        every = _deliveries(deployment, webhook)
        return [each for each in every if each.state != DeliveryState.PENDING]

    wait_until(lambda: len(found()) >= n, f"{n} deliveries")
    return found()


def _first_failure(deployment: Deployment, webhook: Webhook) -> Delivery:
    wait_until(lambda: [d for d in _deliveries(deployment, webhook) if d.error], "a failure")
    return _deliveries(deployment, webhook)[0]


def test_events_come_signed_once_and_in_order(deployment: Deployment, receiver: Receiver) -> None:
    webhook = _webhook(deployment, receiver.url + "?token=a%20b")
    with _sending(deployment):
        search = new_search(deployment.store)
        queue_trials(deployment.store, search, proposals(2), deployment.store.now())
        with deployment.store.read() as uow:
            expected = [event.id for event in uow.events.after(search.id, 0, 99)]
        got = receiver.wait_for(len(expected))
    assert receiver.event_ids == expected
    assert all(one.is_signed_by(webhook.secret) for one in got)
    assert not any(one.is_signed_by(webhook.secret + "x") for one in got)
    deliveries = _ended(deployment, webhook, len(expected))
    for one, delivery in zip(got, deliveries, strict=True):
        assert one.path == "/hook?token=a%20b"
        assert one.headers["Content-Type"] == "application/json"
        assert one.headers["Bitpareto-Delivery-Id"] == delivery.id
        assert one.headers["Bitpareto-Event-Id"] == str(one.event["id"]) == str(delivery.event_id)
        assert one.headers["Bitpareto-Event-Type"] == one.event["type"]
        assert one.headers["Bitpareto-Attempt"] == "1"
        assert one.headers["Host"] == receiver.url.split("/")[2]


def test_both_secrets_sign_after_a_rotation(deployment: Deployment, receiver: Receiver) -> None:
    webhook = _webhook(deployment, receiver.url)
    with deployment.store.begin() as uow:
        rotated = rotate_secret(uow, webhook.id, 60, deployment.store.now())
        send_ping(uow, webhook.id, deployment.store.now())
    with _sending(deployment):
        (one,) = receiver.wait_for(1)
    assert one.event["type"] == "ping"
    assert one.is_signed_by(webhook.secret)
    assert one.is_signed_by(rotated.secret)


def test_a_failure_is_tried_again_and_a_delivery_sent_anew(
    deployment: Deployment, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("search.webhooks.DELAYS_S", (0.01, 0.01))
    statuses = iter([500, 503, 200, 201])
    receiver.answer = lambda _: next(statuses)
    webhook = _webhook(deployment, receiver.url)
    with _sending(deployment):
        new_search(deployment.store)
        (delivery,) = _ended(deployment, webhook, 1)
        assert (delivery.state, delivery.attempts, delivery.status) == ("delivered", 3, 200)
        with deployment.store.begin() as uow:
            redeliver(uow, webhook.id, delivery.id, deployment.store.now())
        got = receiver.wait_for(4)
        wait_until(lambda: _deliveries(deployment, webhook)[0].status == 201, "the fourth answer")
    assert [one.headers["Bitpareto-Attempt"] for one in got] == ["1", "2", "3", "4"]
    assert len({one.headers["Bitpareto-Delivery-Id"] for one in got}) == 1
    assert len({one.body for one in got}) == 1


def test_two_senders_send_each_once_and_in_order(
    deployment: Deployment, receiver: Receiver
) -> None:
    _webhook(deployment, receiver.url)
    with _sending(deployment), _sending(deployment):
        for _ in range(12):
            new_search(deployment.store)
        receiver.wait_for(12)
        time.sleep(0.3)
    assert receiver.event_ids == sorted(set(receiver.event_ids))
    assert len(receiver.event_ids) == 12


_DOOMED = """
import sys, time
from db.store import open_store
from search.addresses import allowed_of
from worker.webhook_post import Calls
from worker.webhook_sender import Pace, WebhookSender
pace = Pace(poll_s=0.02, hold_s=2.0)
WebhookSender(open_store(sys.argv[1]), Calls(allowed=allowed_of("127.0.0.1")), pace).start()
time.sleep(600)
"""


def test_what_a_killed_sender_was_sending_is_sent_again(
    deployment: Deployment, receiver: Receiver
) -> None:
    may_answer = threading.Event()
    receiver.answer = lambda _: 200 if may_answer.wait(30) else 500
    webhook = _webhook(deployment, receiver.url)
    new_search(deployment.store)
    new_search(deployment.store)
    command = [sys.executable, "-c", _DOOMED, deployment.settings.database_url]
    doomed = subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)})
    try:
        receiver.wait_for(1)
    finally:
        doomed.send_signal(signal.SIGKILL)
        doomed.wait(20)
    may_answer.set()
    with _sending(deployment):
        first, second = _ended(deployment, webhook, 2)
    assert (first.attempts, second.attempts) == (2, 1)
    assert receiver.event_ids == [first.event_id, first.event_id, second.event_id]


def test_a_slow_receiver_holds_up_nobody_else(deployment: Deployment, receiver: Receiver) -> None:
    may_answer = threading.Event()
    with receiving() as slow:
        slow.answer = lambda _: 200 if may_answer.wait(30) else 500
        for _ in range(QUICK.n_lanes - 1):
            _webhook(deployment, slow.url)
        _webhook(deployment, receiver.url)
        with _sending(deployment, Calls(allowed=HERE, total_s=20.0)):
            for _ in range(5):
                new_search(deployment.store)
            receiver.wait_for(5)
            slow.wait_for(QUICK.n_lanes - 1)
            assert len(slow.got) == QUICK.n_lanes - 1
            may_answer.set()
            slow.wait_for(5 * (QUICK.n_lanes - 1))


def test_a_name_that_was_public_when_it_was_checked_is_checked_again(
    deployment: Deployment, receiver: Receiver
) -> None:
    """DNS rebinding: the first look-up finds a public address, the next one this machine."""
    webhook = _webhook(deployment, receiver.url.replace("127.0.0.1", "rebind.example"))
    answers = iter([["127.0.0.1"]] * 9)

    def rebound(_host: str, _port: int) -> list[Address]:
        return [ip_address(text) for text in next(answers)]

    with _sending(deployment, Calls(allowed=Allowed(), resolve=rebound)):
        new_search(deployment.store)
        failed = _first_failure(deployment, webhook)
    assert "not on the public internet" in str(failed.error)
    assert receiver.got == []


def test_a_sender_ends_when_told_to(deployment: Deployment, receiver: Receiver) -> None:
    webhook = _webhook(deployment, receiver.url)
    with _sending(deployment) as sender:
        new_search(deployment.store)
        _ended(deployment, webhook, 1)
        sender.stop(5)
        new_search(deployment.store)
        time.sleep(0.2)
    assert len(receiver.got) == 1
