"""A store of one project has nothing of another, in whatever way it is asked."""

import pytest

from db import access_tables
from db.store import SqlStore
from db.tables import Base, OfProject, OfSearch, OfTrial
from search.access import ELSEWHERE, Role, Scope
from search.entities import Artifact, Model, Search, Worker, WrittenProfile
from search.errors import NotFoundError
from search.ids import new_id
from search.store import Store
from search.use_cases.access import create_key, create_project, set_member
from search.use_cases.models import create_model
from search.use_cases.searches import cancel_search
from tests.service import NOW, claim, complete, new_search, proposals, queue_trials

OWNED = (OfProject, OfSearch, OfTrial)
SHARED = {"workers", "departures", "projects"}
"""Tables that are nobody's; what projects may not see in them, their repositories leave out."""


@pytest.fixture
def walls(store: SqlStore) -> tuple[Store, Store]:
    """The store as two projects see it."""
    with store.begin() as uow:
        for name in ("ours", "theirs"):
            create_project(uow, name, NOW)
    return store.of_project("ours"), store.of_project("theirs")


def _filled(store: Store) -> tuple[Search, str, Artifact]:
    search = new_search(store)
    trial_id, _ = queue_trials(store, search, proposals(2))
    complete(store, claim(store, trial_id), 0.9)
    with store.read() as uow:
        return search, trial_id, uow.artifacts.of_trials([trial_id])[trial_id]


def _model(store: Store) -> Model:
    with store.begin() as uow:
        return create_model(
            uow,
            model_id=new_id("mdl"),
            name="mine",
            sha256="a" * 64,
            weights_sha256="b" * 64,
            size_bytes=1,
            layers=proposals(1)[0].layers,
            mean=None,
            std=None,
            now=NOW,
        )


def test_every_table_is_behind_the_wall_or_shared_on_purpose() -> None:
    assert access_tables
    tables = {mapper.class_.__tablename__: mapper.class_ for mapper in Base.registry.mappers}
    open_tables = {name for name, table in tables.items() if not issubclass(table, OWNED)}
    assert open_tables == SHARED


def test_a_search_and_what_hangs_on_it(walls: tuple[Store, Store]) -> None:
    ours, theirs = walls
    search, trial_id, artifact = _filled(ours)
    with ours.read() as uow:
        assert uow.searches.page(9) == [uow.searches.get(search.id)]
        assert len(uow.trials.front(search.id)) == 1
        assert uow.events.last_id(search.id) > 0
    with theirs.read() as uow:
        assert uow.searches.page(9) == []
        for read, missing in (
            (uow.searches.get, search.id),
            (uow.searches.schedule, search.id),
            (uow.trials.get, trial_id),
            (uow.artifacts.get, artifact.id),
        ):
            with pytest.raises(NotFoundError):
                read(missing)
        assert uow.trials.page(search.id, 9) == []
        assert uow.trials.of_search(search.id) == []
        assert uow.trials.queued(search.id) == []
        assert uow.trials.facts(search.id) == []
        assert uow.trials.front(search.id) == []
        assert uow.trials.front_as_of(search.id, 1 << 40) == []
        assert uow.artifacts.of_trials([trial_id]) == {}
        assert uow.events.after(search.id, 0, 99) == []
        assert uow.events.of_types(search.id, ["search.state"]) == []
        assert uow.events.last_id(search.id) == 0
        figures = uow.figures.at(NOW)
        assert sum(figures.searches.values()) == sum(figures.trials.values()) == 0
        assert figures.artifact_bytes == figures.front_joined == 0


def test_nothing_of_another_project_can_be_changed(walls: tuple[Store, Store]) -> None:
    ours, theirs = walls
    search, trial_id, _ = _filled(ours)
    with theirs.begin() as uow:
        with pytest.raises(NotFoundError):
            cancel_search(uow, search.id, NOW)
        with pytest.raises(NotFoundError):
            uow.searches.save(search)
        with pytest.raises(NotFoundError):
            uow.trials.lock(trial_id)
        uow.searches.mark_rung([search.id], NOW)
        uow.trials.ask_ring(trial_id)
        uow.access.remove_member("ours", "ada")
    with ours.read() as uow:
        assert uow.searches.schedule(search.id).rung_at == NOW
        assert uow.searches.get(search.id).state == "running"


def test_an_upload(walls: tuple[Store, Store]) -> None:
    ours, theirs = walls
    model = _model(ours)
    with theirs.read() as uow:
        assert uow.models.page(9) == []
        assert uow.models.find(model.id) is None
        assert uow.models.find(model.sha256) is None
        with pytest.raises(NotFoundError):
            uow.models.get(model.id)
    with ours.read() as uow:
        assert uow.models.find(model.sha256) == model


def test_a_profile_has_a_name_of_each_projects_own(walls: tuple[Store, Store]) -> None:
    for number, store in enumerate(walls):
        profile = WrittenProfile(name="chip", sha256=f"{number}", yaml="{}", created_at=NOW)
        with store.begin() as uow:
            assert uow.hardware_profiles.find("chip") is None
            uow.hardware_profiles.add(profile)
        with store.read() as uow:
            assert uow.hardware_profiles.all() == [profile]
            assert uow.hardware_profiles.find("chip") == profile


def test_workers_are_shared_but_not_what_they_work_on(walls: tuple[Store, Store]) -> None:
    ours, theirs = walls
    search, trial_id, _ = _filled(ours)
    worker = Worker(
        id="wrk_1",
        kind="train",
        host="box",
        pid=7,
        device="cpu",
        trial_id=trial_id,
        search_id=search.id,
        started_at=NOW,
        last_seen_at=NOW,
    )
    with theirs.begin() as uow:
        uow.workers.seen(worker)
    with ours.read() as uow:
        assert uow.workers.all() == [worker]
    with theirs.read() as uow:
        (seen,) = uow.workers.all()
    assert (seen.id, seen.trial_id, seen.search_id) == ("wrk_1", ELSEWHERE, ELSEWHERE)


def test_members_and_keys(store: SqlStore, walls: tuple[Store, Store]) -> None:
    ours, theirs = walls
    with store.begin() as uow:
        set_member(uow, "ours", "ada", Role.ADMIN, NOW)
        key, _ = create_key(
            uow,
            project_id="ours",
            user="ada",
            name="",
            scope=Scope.READ,
            expires_at=None,
            now=NOW,
        )
    with theirs.begin() as uow:
        assert [project.name for project in uow.access.projects()] == ["theirs"]
        assert uow.access.find_project("ours") is None
        assert uow.access.members("ours") == []
        assert uow.access.keys() == []
        assert uow.access.find_secret_hash(key.id) is None
        with pytest.raises(NotFoundError):
            set_member(uow, "ours", "mallory", Role.ADMIN, NOW)
        with pytest.raises(NotFoundError):
            uow.access.save_key(key)
    with ours.read() as uow:
        assert uow.access.keys() == [key]


def test_what_was_made_without_a_project_is_in_default(store: SqlStore) -> None:
    search, model = new_search(store), _model(store)
    with store.of_project("default").read() as uow:
        assert uow.searches.get(search.id).id == search.id
        assert uow.models.get(model.id) == model


def test_workers_see_every_project(store: SqlStore, walls: tuple[Store, Store]) -> None:
    found = {new_search(each).id for each in walls}
    with store.read() as uow:
        assert {search.id for search in uow.searches.page(9)} == found


def test_ids_tell_nothing_of_other_projects(walls: tuple[Store, Store]) -> None:
    ours, theirs = walls
    search, _, _ = _filled(ours)
    messages = set()
    with theirs.read() as uow:
        for search_id in (search.id, new_id("sea")):
            with pytest.raises(NotFoundError) as caught:
                uow.searches.get(search_id)
            messages.add(str(caught.value).replace(search_id, "ID"))
    assert len(messages) == 1


def test_a_worker_is_busy_whoever_it_works_for(walls: tuple[Store, Store]) -> None:
    ours, _ = walls
    claim(ours, queue_trials(ours, new_search(ours), proposals(1))[0], "wrk_1")
    for store in walls:
        with store.read() as uow:
            assert uow.trials.holders() == {"wrk_1"}
