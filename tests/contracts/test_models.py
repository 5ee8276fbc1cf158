"""Uploaded networks are kept and found alike in every store."""

from dataclasses import replace

import pytest

from search.entities import Model
from search.errors import NotFoundError
from search.models import model_of_space
from search.store import Store
from search.use_cases.models import create_model
from tests.service import NOW, proposals

LAYERS = proposals(1)[0].layers


def _store_model(store: Store, sha256: str = "a" * 64, mean: list[float] | None = None) -> Model:
    with store.begin() as uow:
        return create_model(
            uow,
            name="mine",
            sha256=sha256,
            weights_sha256="b" * 64,
            size_bytes=1 << 40,
            layers=LAYERS,
            mean=mean,
            std=mean,
            now=NOW,
        )


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
    first, second = _store_model(store), _store_model(store)
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
