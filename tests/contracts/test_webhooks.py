"""What is sent to webhooks follows from the event log, in every store."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from api.mapping import event_to_wire
from search.audit import AuditFilter
from search.errors import InvalidRequestError, NotFoundError, TransitionError
from search.store import Store
from search.use_cases.access import create_project
from search.use_cases.deliveries import Attempt, derive, next_attempt, note_outcome, release
from search.use_cases.webhooks import (
    WebhookChange,
    change_webhook,
    create_webhook,
    redeliver,
    rotate_secret,
    send_ping,
)
from search.webhooks import (
    DELAYS_S,
    DISABLED_AFTER,
    JITTER,
    MOST_PENDING,
    MOST_WEBHOOKS,
    Delivery,
    DeliveryState,
    Outcome,
    Webhook,
)
from tests.service import new_search, proposals, queue_trials

GOOD = Outcome(status=200, error=None, seconds=0.1)
REFUSED = Outcome(status=400, error="answered 400", seconds=0.1)
AWAY = Outcome(status=None, error="ConnectionRefusedError", seconds=0.1)
HOLD_S = 60.0


def _webhook(store: Store, project: str = "default", **fields: Any) -> Webhook:
    given: dict[str, Any] = {"event_types": [], "search_ids": [], "enabled": True}
    given |= {"url": "https://example.org/", "description": "", "now": store.now()} | fields
    with store.of_project(project).begin() as uow:
        return create_webhook(uow, project_id=project, **given)


def _newest(store: Store) -> int:
    with store.read() as uow:
        return uow.events.newest()


def _derived(store: Store, webhook: Webhook) -> list[Delivery]:
    """Return the deliveries of a webhook by event, once the log's are made."""
    derive(store, webhook, _newest(store))
    return _all(store, webhook)


def _all(store: Store, webhook: Webhook) -> list[Delivery]:
    with store.read() as uow:
        found = uow.webhooks.deliveries(webhook.id, 1000)
    return sorted(found, key=lambda each: each.event_id or 0)


def _now_is(store: Store, webhook: Webhook) -> Webhook:
    with store.read() as uow:
        return uow.webhooks.get(webhook.id)


def _attempt(store: Store, after_s: float = 0.0) -> Attempt | None:
    """Begin the next attempt of whatever is due in some seconds."""
    now = store.now() + timedelta(seconds=after_s)
    with store.begin() as uow:
        held = uow.webhooks.claim(now, now + timedelta(seconds=HOLD_S), 1)
        return next_attempt(uow, held[0], now, HOLD_S) if held else None


def _end(store: Store, attempt: Attempt, outcome: Outcome, after_s: float = 0.0) -> None:
    now = store.now() + timedelta(seconds=after_s)
    with store.begin() as uow:
        note_outcome(uow, attempt, outcome, now)
        release(uow, attempt.webhook, now)


def _try(store: Store, outcome: Outcome, after_s: float = 0.0) -> int | None:
    """Make one attempt; returns the event, ``None`` if nothing was due."""
    attempt = _attempt(store, after_s)
    if attempt is None:
        return None
    _end(store, attempt, outcome, after_s)
    return attempt.delivery.event_id


def _race(act: Callable[[], object]) -> None:
    with ThreadPoolExecutor(4) as pool:
        for racer in [pool.submit(act) for _ in range(4)]:
            racer.result()


def test_every_event_from_then_on_has_one_delivery_and_the_body_of_the_stream(
    store: Store,
) -> None:
    new_search(store)
    webhook = _webhook(store)
    search = new_search(store)
    queue_trials(store, search, proposals(2))
    found = _derived(store, webhook)
    with store.read() as uow:
        events = uow.events.after(search.id, 0, 99)
    assert [each.event_id for each in found] == [event.id for event in events]
    for each, event in zip(found, events, strict=True):
        assert json.loads(each.body) == json.loads(event_to_wire(event).model_dump_json())
    assert _derived(store, webhook) == found
    new_search(store)
    assert len(_derived(store, webhook)) == len(found) + 1


def test_two_that_derive_at_once_make_each_delivery_once(store: Store) -> None:
    webhook = _webhook(store)
    for _ in range(5):
        new_search(store)
    newest = _newest(store)
    _race(lambda: derive(store, webhook, newest))
    assert len(_all(store, webhook)) == 5


def test_only_what_is_asked_for(store: Store) -> None:
    searches = [new_search(store), new_search(store)]
    one = _webhook(store, search_ids=[searches[0].id], event_types=["trial.created"])
    every = _webhook(store)
    for search in searches:
        queue_trials(store, search, proposals(2))
    assert {each.event_type for each in _derived(store, one)} == {"trial.created"}
    assert len(_derived(store, one)) == 2
    assert len(_derived(store, every)) > 4
    assert _now_is(store, one).cursor == _newest(store)
    with pytest.raises(InvalidRequestError, match="/search_ids/1"):
        _webhook(store, search_ids=[searches[0].id, "sea_none"])


def test_nothing_of_another_project_is_sent_seen_or_changed(store: Store) -> None:
    now = store.now()
    with store.begin() as uow:
        create_project(uow, "theirs", now)
    theirs = _webhook(store, "theirs")
    search = new_search(store)
    assert _derived(store, theirs) == []
    with pytest.raises(InvalidRequestError):
        _webhook(store, "theirs", search_ids=[search.id])
    new_search(store.of_project("theirs"))
    (delivery,) = _derived(store, theirs)
    with store.of_project("default").begin() as uow:
        assert uow.webhooks.all() == []
        assert uow.webhooks.deliveries(theirs.id, 9) == []
        assert uow.webhooks.find_delivery(theirs.id, delivery.id) is None
        assert uow.webhooks.backlogs([theirs.id]) == {theirs.id: 0}
        for act in (
            lambda: uow.webhooks.get(theirs.id),
            lambda: change_webhook(uow, theirs.id, WebhookChange(enabled=False), now),
            lambda: rotate_secret(uow, theirs.id, 0, now),
            lambda: send_ping(uow, theirs.id, now),
            lambda: redeliver(uow, theirs.id, delivery.id, now),
            lambda: uow.webhooks.remove(theirs.id),
        ):
            with pytest.raises(NotFoundError):
                act()
    mine = _webhook(store)
    with pytest.raises(NotFoundError), store.of_project("default").begin() as uow:
        redeliver(uow, mine.id, delivery.id, now)


def test_they_are_sent_in_the_order_of_events(store: Store) -> None:
    webhook = _webhook(store)
    queue_trials(store, new_search(store), proposals(2))
    expected = [each.event_id for each in _derived(store, webhook)]
    sent = [_try(store, GOOD) for _ in expected]
    assert sent == expected
    assert _try(store, GOOD) is None
    assert {each.state for each in _all(store, webhook)} == {DeliveryState.DELIVERED}


def test_one_that_is_refused_lets_the_others_pass_and_comes_back(store: Store) -> None:
    webhook = _webhook(store)
    for _ in range(3):
        new_search(store)
    first, second, third = (each.event_id for each in _derived(store, webhook))
    assert [_try(store, REFUSED), _try(store, GOOD), _try(store, GOOD)] == [first, second, third]
    assert _try(store, GOOD) is None
    assert _try(store, GOOD, DELAYS_S[0] * (1 + JITTER)) == first


def test_a_receiver_that_is_away_keeps_all_waiting_in_their_order(store: Store) -> None:
    webhook = _webhook(store)
    for _ in range(3):
        new_search(store)
    expected = [each.event_id for each in _derived(store, webhook)]
    after_s = 0.0
    for delay_s in DELAYS_S[:3]:
        assert _try(store, AWAY, after_s) == expected[0]
        assert _try(store, GOOD, after_s + delay_s - 1) is None
        after_s += delay_s * (1 + JITTER)
        assert _now_is(store, webhook).last_error == AWAY.error
    assert [_try(store, GOOD, after_s) for _ in expected] == expected
    healed = _now_is(store, webhook)
    assert (healed.failing_since, healed.last_error) == (None, None)


def test_a_receiver_says_when_to_come_again(store: Store) -> None:
    webhook = _webhook(store)
    new_search(store)
    assert _derived(store, webhook)
    _try(store, replace(AWAY, status=429, retry_after_s=900.0))
    assert _try(store, GOOD, 899) is None
    assert _try(store, GOOD, 901) is not None


def test_a_delivery_is_given_up_after_a_day(store: Store) -> None:
    webhook = _webhook(store)
    new_search(store)
    (delivery,) = _derived(store, webhook)
    after_s, attempts = 0.0, 0
    while _try(store, REFUSED, after_s) is not None:
        attempts += 1
        assert attempts < 30
        if attempts <= len(DELAYS_S):
            after_s += DELAYS_S[attempts - 1] * (1 + JITTER)
    (delivery,) = _all(store, webhook)
    assert (delivery.state, delivery.attempts) == (DeliveryState.FAILED, len(DELAYS_S) + 1)
    assert 23 * 3600 < sum(DELAYS_S) < 25 * 3600
    with store.begin() as uow:
        redeliver(uow, webhook.id, delivery.id, store.now())
    assert _try(store, GOOD, after_s) == delivery.event_id
    (delivery,) = _all(store, webhook)
    assert (delivery.state, delivery.attempts) == (DeliveryState.DELIVERED, len(DELAYS_S) + 2)


def test_a_webhook_that_fails_for_days_is_disabled_and_the_audit_log_says_so(store: Store) -> None:
    webhook = _webhook(store)
    new_search(store)
    assert _derived(store, webhook)
    _try(store, AWAY)
    days_s = DISABLED_AFTER.total_seconds()
    _try(store, AWAY, days_s - 60)
    assert _now_is(store, webhook).enabled
    _try(store, AWAY, days_s + 60)
    reason = _now_is(store, webhook).disabled_reason
    assert reason is not None
    assert reason.code == "failing"
    with store.of_project("default").read() as uow:
        (entry,) = uow.audit.page(AuditFilter(object_id=webhook.id), 9)
    assert (entry.operation, entry.user) == ("webhooks_disable", "bitpareto")
    new_search(store)
    assert len(_derived(store, webhook)) == 1
    assert _try(store, GOOD, 9 * days_s) is None
    with pytest.raises(TransitionError), store.begin() as uow:
        send_ping(uow, webhook.id, store.now())
    with store.begin() as uow:
        change_webhook(uow, webhook.id, WebhookChange(enabled=True), store.now())
    new_search(store)
    assert len(_derived(store, webhook)) == 2  # not what happened while it was disabled
    assert _try(store, GOOD, days_s + 90) is not None


def test_nobody_else_has_a_webhook_that_is_held(store: Store) -> None:
    webhook = _webhook(store)
    new_search(store)
    assert _derived(store, webhook)
    now = store.now()
    held: list[Webhook] = []

    def claim() -> None:
        with store.begin() as uow:
            held.extend(uow.webhooks.claim(now, now + timedelta(seconds=HOLD_S), 9))

    _race(claim)
    assert [each.id for each in held] == [webhook.id]


def test_what_a_killed_sender_held_is_sent_by_another_and_its_word_counts_no_more(
    store: Store,
) -> None:
    webhook = _webhook(store)
    new_search(store)
    assert _derived(store, webhook)
    lost = _attempt(store)
    assert lost is not None
    assert _attempt(store) is None
    found = _attempt(store, HOLD_S + 1)
    assert found is not None
    assert (found.delivery.id, found.delivery.attempts) == (lost.delivery.id, 2)
    _end(store, lost, REFUSED)
    (delivery,) = _all(store, webhook)
    assert (delivery.state, delivery.error) == (DeliveryState.PENDING, None)
    _end(store, found, GOOD)
    (delivery,) = _all(store, webhook)
    assert delivery.state == DeliveryState.DELIVERED


def test_a_backlog_stays_in_the_event_log(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    webhook = _webhook(store)
    monkeypatch.setattr("search.use_cases.deliveries.MOST_PENDING", 3)
    for _ in range(5):
        new_search(store)
    assert len(_derived(store, webhook)) == 3
    assert len(_derived(store, webhook)) == 3
    for _ in range(3):
        _try(store, GOOD)
    found = _derived(store, webhook)
    assert len({each.event_id for each in found}) == len(found) == 5
    assert MOST_PENDING > 3
    with store.read() as uow:
        assert uow.webhooks.behind(_newest(store)) == []
        assert uow.webhooks.first_cursor() == _newest(store)


def test_an_old_secret_signs_for_a_while(store: Store) -> None:
    webhook = _webhook(store)
    now = store.now()
    with store.begin() as uow:
        rotated = rotate_secret(uow, webhook.id, 60, now)
    assert rotated.secrets(now) == (rotated.secret, webhook.secret)
    assert rotated.secrets(now + timedelta(seconds=60)) == (rotated.secret,)
    with store.begin() as uow:
        at_once = rotate_secret(uow, webhook.id, 0, now)
    assert at_once.secrets(now) == (at_once.secret,)
    assert len({webhook.secret, rotated.secret, at_once.secret}) == 3


def test_a_ping_is_tried_once(store: Store) -> None:
    webhook = _webhook(store)
    with store.begin() as uow:
        ping = send_ping(uow, webhook.id, store.now())
    assert json.loads(ping.body)["payload"] == {"webhook_id": webhook.id}
    assert _try(store, REFUSED) is None  # of no event
    (found,) = _all(store, webhook)
    assert (found.state, found.attempts, found.status) == (DeliveryState.FAILED, 1, 400)


def test_deliveries_go_with_their_webhook_and_with_time(store: Store) -> None:
    webhook = _webhook(store)
    for _ in range(2):
        new_search(store)
    assert len(_derived(store, webhook)) == 2
    _try(store, GOOD)
    with store.begin() as uow:
        figures = uow.webhooks.figures(store.now())
        assert (figures.enabled, figures.disabled) == (1, 0)
        assert figures.deliveries == {"pending": 1, "delivered": 1, "failed": 0}
        assert figures.oldest_pending_s >= 0
        soon = store.now() + timedelta(seconds=9)
        assert uow.leftovers.deliveries(soon, remove=False) == 1
        assert uow.leftovers.deliveries(soon, remove=True) == 1
        assert [each.state for each in uow.webhooks.deliveries(webhook.id, 9)] == ["pending"]
        uow.webhooks.remove(webhook.id)
        assert uow.webhooks.deliveries(webhook.id, 9) == []


def test_a_project_has_so_many_webhooks(store: Store) -> None:
    for _ in range(MOST_WEBHOOKS):
        _webhook(store)
    with pytest.raises(InvalidRequestError, match="at most"):
        _webhook(store)
