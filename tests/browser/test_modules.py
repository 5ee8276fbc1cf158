"""The pure modules of the page, run in the browser that will run them."""

from typing import Any

import pytest
from playwright.sync_api import Page

pytestmark = pytest.mark.browser

EVENTS = """
const at = "2030-01-01T00:00:00Z";
const event = (id, type, payload) => ({ id, search_id: "s", type, at, payload });
const a = { trial_id: "a", number: 1 };
const costs = { size_bytes: 2048 };
const reason = { code: "x", message: "its worker fell silent" };
const events = [
  event(1, "trial.created", { ...a, costs, gen_method: "random" }),
  event(2, "trial.started", { ...a, attempt: 1, worker_id: "w" }),
  event(3, "trial.requeued", { ...a, reason }),
  event(4, "trial.started", { ...a, attempt: 2, worker_id: "v" }),
  event(5, "trial.progress", { ...a, phase: "qat", epoch: 2, n_epochs: 5 }),
  event(6, "trial.finished", { ...a, metrics: { accuracy: 0.931 }, costs }),
  event(7, "front.changed", { added: ["a"], removed: ["b", "c"], hypervolume: 0.5, size: 1 }),
];
const { EMPTY, reduce, staleAfter } = await import("/state.js");
const feed = (state, batch) => reduce(state, { type: "events", events: batch });
const plain = (state) => ({ ...state, trials: [...state.trials] });
"""


@pytest.fixture
def evaluate(page: Page) -> Any:
    page.goto("/")

    def run(body: str) -> Any:
        return page.evaluate(f"async () => {{ {EVENTS} {body} }}")

    return run


def test_state_does_not_depend_on_how_events_are_batched(evaluate: Any) -> None:
    at_once, one_by_one = evaluate(
        "return [plain(feed(EMPTY, events)), plain(events.reduce((s, e) => feed(s, [e]), EMPTY))];"
    )
    assert at_once == one_by_one
    assert at_once["trials"][0][1]["state"] == "completed"
    assert at_once["trials"][0][1]["attempt"] == 2


def test_replayed_events_change_nothing(evaluate: Any) -> None:
    once, twice = evaluate(
        "const s = feed(EMPTY, events); return [plain(s), plain(feed(s, events))];"
    )
    assert once == twice


def test_ended_trial_of_a_snapshot_survives_the_replay_of_its_past(evaluate: Any) -> None:
    trial = evaluate(
        """
        const done = { id: "a", number: 1, state: "completed", attempt: 2, costs: {},
                       metrics: { accuracy: 0.9 } };
        const s = reduce(EMPTY, { type: "trials", trials: [done] });
        return feed(s, events.slice(0, 5)).trials.get("a");
        """
    )
    assert trial["state"] == "completed"


def test_older_front_never_replaces_a_newer_one(evaluate: Any) -> None:
    as_of = evaluate(
        """
        const front = (as_of_event) => ({ type: "front", front: { as_of_event, points: [] } });
        return reduce(reduce(EMPTY, front(9)), front(8)).front.as_of_event;
        """
    )
    assert as_of == 9


def test_progress_alone_causes_no_reads(evaluate: Any) -> None:
    stale = evaluate(
        "const s = staleAfter([events[4]], 0); return [s.search, s.front, s.trialIds.size];"
    )
    assert stale == [False, False, 0]


def test_only_progress_leaves_pictures_and_orders_alone(evaluate: Any) -> None:
    same = evaluate(
        """
        const { differInProgressAlone } = await import("/state.js");
        const first = feed(EMPTY, events.slice(0, 5)).trials;
        const progress = (id, epoch) => event(id, "trial.progress", { ...a, phase: "qat", epoch });
        const later = feed(feed(EMPTY, events.slice(0, 5)), [progress(6, 3)]).trials;
        const done = feed(EMPTY, events.slice(0, 6)).trials;
        const again = feed(EMPTY, events.slice(0, 4)).trials;
        const pairs = [[first, later], [first, done], [again, first], [null, first]];
        const same = pairs.map((pair) => differInProgressAlone(...pair));
        return [first.get("a") !== later.get("a"), ...same];
        """
    )
    assert same == [True, True, False, False, False]


def test_events_in_words(evaluate: Any) -> None:
    lines = evaluate(
        """
        const { inWords } = await import("/events_in_words.js");
        const trials = new Map(feed(EMPTY, events).trials);
        trials.set("b", { number: 2, metrics: {}, costs: {} });
        trials.set("c", { number: 3, metrics: {}, costs: {} });
        const rung = { ...a, epoch: 3, n_epochs: 9, accuracy: 0.5 };
        const judged = { ...rung, probability: 0.01, verdict: "stop" };
        const later = [
          event(8, "trial.rung", { ...rung, probability: null, verdict: "go_on" }),
          event(9, "trial.rung", judged),
          event(10, "trial.rung", { ...judged, probe_accuracy: 0.25, verdict: "audit" }),
          event(11, "search.extended", { max_trials: 9, wall_time_s: 7200, compute_s: null }),
        ];
        return [...events, ...later].map((e) => inWords(e, trials).text.replaceAll("\\u202f", " "));
        """
    )
    assert lines == [
        "Trial 1 was proposed by random: 2 KiB",
        "Trial 1 started",
        "Trial 1 waits for another worker: its worker fell silent",
        "Trial 1 started, attempt 2",
        "Trial 1: qat epoch 2 of 5",
        "Trial 1 finished: 93.1 % at 2 KiB",
        "Trial 1 joined the front: 93.1 % at 2 KiB, replacing 2 and 3 (hypervolume 0.5000)",
        "Trial 1 reached 50.0 % at epoch 3 of 9; it goes on",
        "Trial 1 reached 50.0 % at epoch 3 of 9; its chance to join the front is 1.0 %,"
        " so it stops",
        "Trial 1 reached 50.0 % (25.0 % quantized) at epoch 3 of 9; its chance to join the front is"
        " 1.0 %, and it goes on to check the rule",
        "The search may go on to 9 trials and 2 h of time",
    ]


def test_ticks_lie_in_the_range_at_any_zoom(evaluate: Any) -> None:
    ranges = evaluate(
        """
        const { logTicks } = await import("/axes.js");
        const ranges = [[3, 6], [3, 9], [4, 4.1], [4.5, 4.6]];
        return ranges.map((range) => [range, logTicks(range, String, 9).tickvals]);
        """
    )
    for (low, high), ticks in ranges:
        assert 2 <= len(ticks) <= 9
        assert all(10**low * (1 - 1e-9) <= tick <= 10**high * (1 + 1e-9) for tick in ticks)
