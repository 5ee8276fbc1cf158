"""A network of the user's own from the upload to its front, through API, optimizer and trainer."""

from dataclasses import replace

import pytest

from api.app import create_app
from bitpareto import Client
from quantization.artifact import read_artifact
from search.settings import Settings
from search.states import SearchState
from search_space.layers import LOGIT_BITS
from tests.exported_programs import MEAN, STD, digits_network, digits_program, share_right
from tests.served import served
from training.datasets import load_dataset
from worker.parts import Parts
from worker.tasks.advance import advance
from worker.tasks.refine import refine
from worker.tasks.train import train


def test_an_uploaded_network_is_quantized_from_its_own_weights(
    settings: Settings, parts: Parts, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("upload") / "digits.pt2"
    path.write_bytes(digits_program())
    with served(create_app(settings)) as address, Client(address) as client:
        model = client.models.upload(path, mean=MEAN, std=STD)
        assert [listed.id for listed in client.models.list()] == [model.id]
        search = client.searches.create(
            dataset="digits",
            space={"family": "imported", "model": model.id, "weight_bits": [3, 8]},
            strategy={"name": "random"},
            recipe={"qat_epochs": 1, "qat_lr": 0.01, "max_accuracy_gap": 0.1},
            limits={"max_trials": 2, "max_parallel": 2},
        )
    advance(parts, search.id)
    with parts.store.read() as uow:
        trials = uow.trials.of_search(search.id)
    for trial in trials:
        train(parts, trial.id)
    advance(parts, search.id)
    refine(parts, search.id)

    with parts.store.read() as uow:
        assert uow.searches.get(search.id).state == SearchState.SUCCEEDED
        trials = uow.trials.of_search(search.id)
        files = uow.artifacts.of_trials([trial.id for trial in trials])
        stored = uow.models.get(model.id)
    assert len(trials) == 2
    module_accuracy = share_right(digits_network(), load_dataset("digits").validation)
    assert module_accuracy > 0.9
    for trial in trials:
        # no float epoch was trained, so this is the network that was uploaded, image for image
        assert trial.metrics["float_accuracy"] == pytest.approx(module_accuracy, abs=1e-9)
        assert trial.metrics["accuracy"] > 0.8
        content = parts.artifacts.read(files[trial.id].sha256)
        assert len(content) == trial.costs["size_bytes"]
        packed = read_artifact(content)
        assert [x.kind for x in packed.layers] == [x.kind for x in stored.layers]
        bits = [replace(x, weight_bits=0, activation_bits=0) for x in trial.layers]
        assert bits == [replace(x, weight_bits=0, activation_bits=0) for x in stored.layers]
        assert trial.layers[-1].activation_bits == LOGIT_BITS
