"""Lists, trials, fronts, artifacts, meta."""

import hashlib

import pytest

from db.blobs import open_blobs
from search.entities import Limits
from search_space.costs import cost_mapping
from tests.served import BODY, Deployment, InProcess, packed_file
from tests.service import new_search


@pytest.fixture
def searched(deployment: Deployment) -> tuple[str, dict[int, str]]:
    """A search with three trials, 1 and 3 on the front; returns it and its artifacts by number."""
    search = new_search(deployment.store, limits=Limits(max_trials=5, max_parallel=5))
    claims = deployment.claimed(search, 5)
    artifacts = {
        number: deployment.complete(claims[number - 1], accuracy)
        for number, accuracy in ((2, 0.5), (1, 0.8), (3, 0.9))
    }
    return search.id, artifacts


def test_searches_come_newest_first_page_by_page(api: InProcess) -> None:
    made = [api.post("/v1/searches", {**BODY, "name": str(i)}).json()["name"] for i in range(5)]
    seen, path = [], "/v1/searches?limit=2"
    while True:
        page = api.get(path).json()
        assert len(page["data"]) <= 2
        seen += [search["name"] for search in page["data"]]
        assert page["has_more"] == (page["next_cursor"] is not None)
        if not page["has_more"]:
            break
        path = f"/v1/searches?limit=2&cursor={page['next_cursor']}"
    assert seen == made[::-1]


def test_trials_come_by_number_and_by_state(
    api: InProcess, searched: tuple[str, dict[int, str]]
) -> None:
    path = f"/v1/searches/{searched[0]}/trials"
    first = api.get(f"{path}?limit=3").json()
    second = api.get(f"{path}?limit=3&cursor={first['next_cursor']}").json()
    assert [t["number"] for t in first["data"] + second["data"]] == [1, 2, 3, 4, 5]
    assert not second["has_more"]
    running = api.get(f"{path}?state=running").json()["data"]
    assert [t["number"] for t in running] == [4, 5]
    assert all(t["layers"] is None for t in first["data"])
    assert all(t["size_breakdown"] is None for t in first["data"])


def test_a_trial_has_the_layer_table_its_costs_are_the_sum_of(
    api: InProcess, deployment: Deployment, searched: tuple[str, dict[int, str]]
) -> None:
    with deployment.store.read() as uow:
        stored = uow.trials.of_search(searched[0])[0]
    trial = api.get(f"/v1/trials/{stored.id}").json()
    assert trial["costs"] == cost_mapping(stored.layers)
    assert sum(row["macs"] for row in trial["layers"]) == trial["costs"]["macs"]
    assert sum(trial["size_breakdown"].values()) == trial["costs"]["size_bytes"]
    assert trial["size_breakdown"]["records"] == 24 * len(trial["layers"])
    weights = sum(row["n_weights"] for row in trial["layers"])
    bits = sum(row["n_weights"] * row["weight_bits"] for row in trial["layers"])
    assert trial["mean_weight_bits"] == pytest.approx(bits / weights, rel=1e-12)
    assert trial["artifact"]["id"] == searched[1][1]


def test_the_front_holds_the_non_dominated_smallest_first(
    api: InProcess, searched: tuple[str, dict[int, str]]
) -> None:
    front = api.get(f"/v1/searches/{searched[0]}/front").json()
    assert [point["trial"]["number"] for point in front["points"]] == [1, 3]
    assert front["hypervolume"] > 0
    for point in front["points"]:
        low, high = point["accuracy_interval"]
        assert low < point["trial"]["metrics"]["accuracy"] < high
        assert point["test_accuracy_interval"] is None
    size = front["points"][0]["trial"]["costs"]["size_bytes"]
    small = api.get(f"/v1/searches/{searched[0]}/front?max_size_bytes={size}").json()
    assert [point["trial"]["number"] for point in small["points"]] == [1]


def test_the_fronts_etag_changes_with_the_front_alone(
    api: InProcess, deployment: Deployment
) -> None:
    search = new_search(deployment.store)
    first, second = deployment.claimed(search, 2)
    path = f"/v1/searches/{search.id}/front"
    deployment.complete(first, 0.9)
    etag = api.get(path).headers["etag"]
    held = {"If-None-Match": etag}
    answer = api.get(path, held)
    assert (answer.status_code, answer.content) == (304, b"")
    deployment.complete(second, 0.5)  # larger and worse: dominated
    assert api.get(path, held).status_code == 304
    assert api.get(path, {"If-None-Match": '"another"'}).status_code == 200


def test_after_refining_the_front_has_test_accuracies(
    api: InProcess, deployment: Deployment
) -> None:
    search = new_search(deployment.store, limits=Limits(max_trials=1, max_parallel=1))
    deployment.complete(deployment.claimed(search, 1)[0], 0.9)
    etag = api.get(f"/v1/searches/{search.id}/front").headers["etag"]
    deployment.finish(search.id)
    answer = api.get(f"/v1/searches/{search.id}/front", {"If-None-Match": etag})
    (point,) = answer.json()["points"]
    low, high = point["test_accuracy_interval"]
    assert low < point["trial"]["metrics"]["test_accuracy"] < high
    assert api.get(f"/v1/searches/{search.id}").json()["state"] == "succeeded"


@pytest.fixture
def packed(deployment: Deployment) -> tuple[str, bytes]:
    """Path and bytes of an artifact."""
    (claimed,) = deployment.claimed(new_search(deployment.store), 1)
    return f"/v1/artifacts/{deployment.complete(claimed, 0.9)}", packed_file(claimed)


def test_an_artifact_is_its_bytes_named_by_their_hash(
    api: InProcess, packed: tuple[str, bytes]
) -> None:
    path, content = packed
    answer = api.get(path)
    assert answer.content == content
    assert answer.headers["content-length"] == str(len(content))
    assert answer.headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["content-disposition"].startswith("attachment")
    assert api.get(path, {"If-None-Match": answer.headers["etag"]}).status_code == 304


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=10-19", 10, 20),
        ("bytes=90-", 90, None),
        ("bytes=-7", -7, None),
        ("bytes=50-9999999", 50, None),
        ("bytes=-9999999", 0, None),
    ],
)
def test_part_of_an_artifact(
    api: InProcess, packed: tuple[str, bytes], asked: str, start: int, end: int | None
) -> None:
    path, content = packed
    answer = api.get(path, {"Range": asked})
    assert (answer.status_code, answer.content) == (206, content[start:end])
    first, last, _ = slice(start, end).indices(len(content))
    assert answer.headers["content-range"] == f"bytes {first}-{last - 1}/{len(content)}"


def test_ranges_that_are_none_and_ranges_beyond_the_end(
    api: InProcess, packed: tuple[str, bytes]
) -> None:
    path, content = packed
    for ignored in ("bytes=5-2", "bytes=-", "lines=1-2", "bytes=0-1,4-5"):
        whole = api.get(path, {"Range": ignored})
        assert (whole.status_code, whole.content) == (200, content)
    beyond = api.get(path, {"Range": f"bytes={len(content)}-"})
    assert (beyond.status_code, beyond.json()["code"]) == (416, "range_not_satisfiable")
    assert beyond.headers["content-range"] == f"bytes */{len(content)}"


def test_a_damaged_file_is_never_sent(
    api: InProcess, deployment: Deployment, packed: tuple[str, bytes]
) -> None:
    path, content = packed
    sha256 = hashlib.sha256(content).hexdigest()
    open_blobs(deployment.settings.artifacts_url).write(f"{sha256[:2]}/{sha256}", b"damaged")
    assert api.get(path).status_code == 500


def test_cancelling_twice_is_cancelling_once(api: InProcess) -> None:
    search_id = api.post("/v1/searches", BODY).json()["id"]
    first = api.post(f"/v1/searches/{search_id}:cancel")
    second = api.post(f"/v1/searches/{search_id}:cancel")
    assert (first.status_code, second.status_code) == (202, 202)
    assert first.json() == second.json()
    assert first.json()["state"] == "cancelled"


def test_meta_names_what_a_request_may_say(api: InProcess) -> None:
    meta = api.get("/v1/meta").json()
    assert {dataset["name"] for dataset in meta["datasets"]} >= {"digits", "cifar10"}
    for family in set(meta["families"]) - {"imported"}:  # which needs an uploaded network
        body = {
            "dataset": "digits",
            "space": {
                "family": family,
                "weight_bits": meta["weight_bits"],
                "activation_bits": meta["activation_bits"],
            },
            "objectives": [objective["name"] for objective in meta["objectives"]],
            "hardware": "bit-serial",
            "strategy": {"name": meta["strategies"][-1]},
            "recipe": {
                "quantizer": meta["quantizers"][0],
                "weight_granularity": meta["weight_granularities"][-1],
            },
        }
        assert api.post("/v1/searches", body).status_code == 201
        body["objectives"] = [o["name"] for o in meta["objectives"] if not o["needs_hardware"]]
        assert api.post("/v1/searches", {**body, "hardware": None}).status_code == 201


def test_readiness_is_about_the_database(api: InProcess, deployment: Deployment) -> None:
    assert api.get("/readyz").status_code == 200
    database = deployment.settings.data_dir / "bitpareto.db"
    deployment.store.close()
    database.unlink()
    answer = api.get("/readyz")
    assert (answer.status_code, answer.json()["code"]) == (503, "schema_mismatch")
    assert api.get("/healthz").status_code == 200


def test_the_dashboard_and_its_chart_script_come_from_here(api: InProcess) -> None:
    page = api.get("/")
    assert page.headers["content-type"].startswith("text/html")
    assert "<title>bitpareto</title>" in page.text
    assert api.get("/main.js").headers["content-type"].startswith("text/javascript")
    script = api.get("/assets/plotly.min.js")
    assert script.headers["content-type"].startswith("text/javascript")
    assert len(script.content) > 1_000_000


def test_the_chart_script_travels_packed_and_once(api: InProcess) -> None:
    path = "/assets/plotly.min.js"
    plain = api.get(path, headers={"Accept-Encoding": "identity"})
    packed = api.get(path, headers={"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert int(packed.headers["content-length"]) < len(plain.content) / 2
    assert packed.content == plain.content
    assert packed.headers["etag"] != plain.headers["etag"]
    known = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["etag"]}
    assert api.get(path, headers=known).status_code == 304
    known["If-None-Match"] = plain.headers["etag"]
    assert api.get(path, headers=known).status_code == 200
