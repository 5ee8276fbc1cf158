"""Curves read off a search's log."""

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from bitpareto.types import CurvePoint, HypervolumePoint
from search.attempts import ENDS, STARTED
from search.entities import Event

_ENDED: Final = ("trial.finished", "trial.stopped", "trial.failed")
GROWTH_EVENTS: Final = (STARTED, *ENDS, "front.changed")


def curve_points(events: Iterable[Event]) -> list[CurvePoint]:
    """Return a trial's reports, each with the attempt it is from.

    Args:
        events: ``trial.started`` and ``trial.progress`` of one trial, in order.
    """
    points, attempt = [], 0
    for event in events:
        payload = event.payload
        if event.type == "trial.started":
            attempt = payload["attempt"]
            continue
        points.append(
            CurvePoint(
                event_id=event.id,
                at=event.at,
                attempt=attempt,
                phase=payload["phase"],
                epoch=payload["epoch"],
                n_epochs=payload["n_epochs"],
                train_loss=payload["train_loss"],
                accuracy=payload["accuracy"],
                # events written before there were probes have none
                probe_accuracy=payload.get("probe_accuracy"),
            )
        )
    return points


def hypervolume_points(events: Iterable[Event]) -> list[HypervolumePoint]:
    """Return the front's changes with the work that had been done by then.

    Args:
        events: Those of ``GROWTH_EVENTS`` of a search, in order.
    """
    points, n_trials, train_seconds, compute_seconds = [], 0, 0.0, 0.0
    held_since = dict[str, datetime]()
    for event in events:
        if event.type == STARTED:
            held_since[event.payload["trial_id"]] = event.at
        elif event.type == "front.changed":
            points.append(
                HypervolumePoint(
                    event_id=event.id,
                    at=event.at,
                    hypervolume=event.payload["hypervolume"],
                    size=event.payload["size"],
                    n_trials=n_trials,
                    train_seconds=train_seconds,
                    compute_seconds=compute_seconds,
                )
            )
        else:
            began_at = held_since.pop(event.payload["trial_id"], event.at)
            compute_seconds += (event.at - began_at).total_seconds()
            n_trials += event.type in _ENDED
            train_seconds += event.payload.get("metrics", {}).get("train_seconds", 0.0)
    return points
