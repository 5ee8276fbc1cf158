"""What exists on the server that the example calls are sent to."""

import io
from datetime import timedelta
from unittest.mock import patch

import numpy as np

from quantization.artifact import write_artifact
from search.entities import Limits, Progress, Search, Worker
from search.ids import new_id
from search.placement import Capabilities
from search.use_cases.leases import Claim
from search.use_cases.results import report_all
from tests import served
from tests.exported_programs import digits_program
from tests.served import Deployment
from tests.service import EXPLANATION, claim, new_search, proposals, queue_trials
from tests.unit.quantization.packed_networks import of_length
from tests.uploads import digits

WORKER = new_id("wrk")
ACCURACIES = (0.881, 0.925, 0.903, 0.964)


def fill(deployment: Deployment) -> dict[str, str]:
    """Put in a search that has succeeded and one at work; returns the values of names in paths."""
    limits = Limits(max_trials=4, max_parallel=2)
    search = new_search(
        deployment.store,
        name="digits in 8 KiB",
        limits=limits,
        budgets={"size_bytes": 8192.0},
        now=deployment.store.now() - timedelta(minutes=3),
    )
    found = sorted(proposals(4), key=lambda proposal: proposal.costs["size_bytes"])
    trial_ids, artifacts = [], []
    for asked in (slice(2), slice(2, 4)):  # the later two come after results
        queued = queue_trials(deployment.store, search, found[asked], deployment.store.now())
        claims = [
            claim(deployment.store, trial_id, WORKER, deployment.store.now()) for trial_id in queued
        ]
        for claimed, accuracy in zip(claims, ACCURACIES[asked], strict=True):
            _train(deployment, claimed)
            with patch.object(served, "packed_file", _real_file):
                artifacts.append(deployment.complete(claimed, accuracy))
        trial_ids += queued
    deployment.finish(search.id)
    with deployment.store.begin() as uow:
        uow.searches.lock(search.id)
        uow.explanations.keep(search.id, EXPLANATION)
    _add_worker(deployment, search)
    return {
        "search_id": search.id,
        "trial_id": trial_ids[0],
        "artifact_id": artifacts[0],
    }


def files() -> dict[str, bytes]:
    """Return the files that examples send, by name."""
    images, labels = digits()
    data = io.BytesIO()
    np.savez_compressed(data, images=images, labels=labels)
    return {"network.pt2": digits_program(), "digits.npz": data.getvalue()}


def _train(deployment: Deployment, claimed: Claim) -> None:
    """Play the training of a trial: two reports and what was printed meanwhile."""
    now = deployment.store.now()
    reports = [
        Progress(phase="float", epoch=30, n_epochs=30, train_loss=0.214, accuracy=0.953),
        Progress(phase="qat", epoch=10, n_epochs=10, train_loss=0.187, accuracy=0.944),
    ]
    with deployment.store.begin() as uow:
        report_all(uow, claimed.lease, [(now, report) for report in reports])
        printed = "float 30/30 loss 0.214 accuracy 0.953\nqat 10/10 loss 0.187 accuracy 0.944\n"
        uow.logs.append(claimed.trial.id, 1, printed)


def _real_file(claimed: Claim) -> bytes:
    return write_artifact(of_length(claimed.trial.costs["size_bytes"]))


def _add_worker(deployment: Deployment, search: Search) -> None:
    now = deployment.store.now()
    worker = Worker(
        id=WORKER,
        kind="train",
        host="gpu-box-1",
        pid=4127,
        device="cuda:0",
        trial_id=None,
        search_id=search.id,
        started_at=now - timedelta(hours=1),
        last_seen_at=now,
        capabilities=Capabilities(
            device="cuda",
            device_name="NVIDIA H200",
            memory_bytes=150_754_820_096,
            free_memory_bytes=149_120_876_544,
        ),
    )
    with deployment.store.begin() as uow:
        uow.workers.seen(worker)
