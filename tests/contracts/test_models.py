"""Uploaded networks are kept and found alike in every store."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from search.entities import Model
from search.errors import (
    FieldProblem,
    InvalidRequestError,
    ModelGoneError,
    ModelInUseError,
    NotFoundError,
)
from search.ids import new_id
from search.models import model_of_space, named_model
from search.store import Store
from search.use_cases.access import create_project
from search.use_cases.extend import extend_search
from search.use_cases.models import create_model, delete_model
from search.use_cases.searches import cancel_search
from search.use_cases.trials import replicate_trial
from tests.service import NOW, new_search, proposals, queue_trials

LAYERS = proposals(1)[0].layers


def _store_model(
    store: Store, sha256: str = "a" * 64, mean: list[float] | None = None, name: str = "mine"
) -> Model:
    with store.begin() as uow:
        return create_model(
            uow,
            model_id=new_id("mdl"),
            name=name,
            sha256=sha256,
            weights_sha256="b" * 64,
            size_bytes=1 << 40,
            layers=LAYERS,
            mean=mean,
            std=mean,
            now=NOW,
        )


def delete(store: Store, model_id: str) -> None:
    with store.begin() as uow:
        delete_model(uow, model_id)


def test_what_is_stored_comes_back(store: Store) -> None:
    plain, normalised = _store_model(store), _store_model(store, mean=[0.25, 0.5, 1e-3])
    with store.read() as uow:
        assert uow.models.get(plain.id) == plain
        assert uow.models.get(normalised.id) == normalised
        assert uow.models.page(10) == sorted([plain, normalised], key=lambda m: m.id, reverse=True)
        assert uow.models.page(10, before_id=min(plain.id, normalised.id)) == []
        with pytest.raises(NotFoundError):
            uow.models.get("mdl_nobody")


def test_a_space_names_a_model_by_id_or_by_the_newest_upload_of_a_file(store: Store) -> None:
    first, second = _store_model(store), _store_model(store, name="second")
    other = _store_model(store, sha256="c" * 64)
    newest = max(first, second, key=lambda m: m.id)
    space = {"family": "imported", "model": "a" * 64}
    assert model_of_space(store, space) == newest
    assert model_of_space(store, space | {"model": other.id}) == other
    assert model_of_space(store, space | {"model": first.id}) == first
    assert model_of_space(store, space | {"model": "mdl_nobody"}) is None
    assert model_of_space(store, space | {"model": 7}) is None
    assert model_of_space(store, space | {"family": "resnet"}) is None
    assert replace(other, id=first.id, sha256="a" * 64) == first


def test_the_same_upload_is_there_once(store: Store) -> None:
    first = _store_model(store, mean=[0.25])
    assert _store_model(store, mean=[0.25]) == first
    others = [
        _store_model(store, mean=[0.5]),
        _store_model(store, mean=[0.25], name="second"),
        _store_model(store, mean=[0.25], sha256="c" * 64),
    ]
    with store.read() as uow:
        assert len(uow.models.page(10)) == 4
    assert len({first.id, *(other.id for other in others)}) == 4


def test_of_two_uploads_alike_at_once_one_is_kept(store: Store) -> None:
    barrier = threading.Barrier(4)

    def upload(_: int) -> Model:
        barrier.wait()
        return _store_model(store)

    with ThreadPoolExecutor(4) as threads:
        kept = [*threads.map(upload, range(4))]
    assert kept == [kept[0]] * 4
    with store.read() as uow:
        assert uow.models.page(10) == [kept[0]]


def test_a_request_names_a_network_by_its_name_where_that_means_one(store: Store) -> None:
    def named(reference: str) -> Model | FieldProblem | None:
        return named_model(store, {"family": "imported", "model": reference})

    first, other = _store_model(store), _store_model(store, sha256="c" * 64, name="other")
    nameless = _store_model(store, sha256="d" * 64, name="")
    for reference in (first.id, first.sha256, "mine"):
        assert named(reference) == first
    copy = replace(first, id=new_id("mdl"))  # as two uploads at the same time once left it
    with store.begin() as uow:
        uow.models.add(copy)
    assert named("mine") == max(first, copy, key=lambda model: model.id)
    second = _store_model(store, sha256="e" * 64)
    ambiguous = named("mine")
    assert isinstance(ambiguous, FieldProblem)
    assert (ambiguous.pointer, ambiguous.code) == ("/space/model", "ambiguous_model")
    assert {*ambiguous.allowed} == {first.id, copy.id, second.id}
    for reference in ("nobody", ""):
        unknown = named(reference)
        assert isinstance(unknown, FieldProblem)
        assert unknown.code == "unknown_model"
        assert {*unknown.allowed} == {"other", nameless.id, first.id, copy.id, second.id}
    with store.begin() as uow:
        create_project(uow, "second", NOW)
    elsewhere = named_model(store.of_project("second"), {"family": "imported", "model": "other"})
    assert isinstance(elsewhere, FieldProblem)
    assert elsewhere.allowed == ()
    assert named("other") == other
    assert named_model(store, {"family": "resnet", "model": "mine"}) is None


@pytest.mark.parametrize("key", ["id", "sha256"])
def test_a_search_that_has_not_ended_keeps_its_network(store: Store, key: str) -> None:
    model, other = _store_model(store), _store_model(store, sha256="c" * 64)
    space = {"family": "imported", "model": getattr(model, key)}
    new_search(store)  # of another family
    search = new_search(store, space=space)
    delete(store, other.id)
    with pytest.raises(ModelInUseError) as caught:
        delete(store, model.id)
    assert caught.value.search_ids == (search.id,)
    (trial_id,) = queue_trials(store, search, proposals(1))
    with store.begin() as uow:
        cancel_search(uow, search.id, NOW)
    delete(store, model.id)
    with store.read() as uow:
        assert uow.models.page(10) == []
        assert uow.trials.get(trial_id).layers == LAYERS
    with store.begin() as uow, pytest.raises(ModelGoneError):
        extend_search(uow, search.id, trials=9, wall_time_s=0, now=NOW)
    with store.begin() as uow, pytest.raises(ModelGoneError):
        replicate_trial(uow, trial_id, None, NOW)
    with pytest.raises(InvalidRequestError, match="deleted just now"):
        new_search(store, space=space)


def test_only_ones_own_network_goes_and_only_by_its_id(store: Store) -> None:
    model = _store_model(store)
    with store.begin() as uow:
        create_project(uow, "second", NOW)
    for elsewhere, reference in ((store.of_project("second"), model.id), (store, model.sha256)):
        with pytest.raises(NotFoundError):
            delete(elsewhere, reference)
    delete(store, model.id)
    with pytest.raises(NotFoundError):
        delete(store, model.id)


def test_weights_stay_for_as_long_as_an_upload_has_them(store: Store) -> None:
    first, second = _store_model(store), _store_model(store, sha256="c" * 64)
    weights = {first.weights_sha256}
    assert weights == {second.weights_sha256}
    for model, left in ((first, weights), (second, set())):
        delete(store, model.id)
        with store.read() as uow:
            assert uow.leftovers.referenced(weights) == left
