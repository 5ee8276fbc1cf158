"""Filters, sparse fields, orders and exports over HTTP."""

import csv
import io
import json
from datetime import UTC, datetime

import pyarrow.parquet as pq
import pytest

from search.entities import Limits
from search.use_cases.results import fail_trial
from tests.served import BODY, Deployment, InProcess
from tests.service import new_search


@pytest.fixture
def searched(deployment: Deployment) -> str:
    """Three trials completed, one failed."""
    search = new_search(deployment.store, limits=Limits(max_trials=9, max_parallel=9))
    claims = deployment.claimed(search, 4)
    for claimed, accuracy in zip(claims, (0.75, 0.5, 1.0), strict=False):
        deployment.complete(claimed, accuracy)
    with deployment.store.begin() as uow:
        fail_trial(uow, claims[3].lease, "diverged", 'the loss, "nan"\n', deployment.store.now())
    return f"/v1/searches/{search.id}/trials"


def test_trials_are_filtered_and_sorted(api: InProcess, searched: str) -> None:
    def numbers(query: str) -> list[int]:
        return [trial["number"] for trial in api.get(f"{searched}?{query}").json()["data"]]

    assert numbers("sort=-accuracy") == [3, 1, 2, 4]
    assert numbers("sort=accuracy") == [2, 1, 3, 4]
    assert numbers("sort=-size_bytes") == [4, 3, 2, 1]
    assert numbers("min_accuracy=0.75") == [1, 3]
    assert numbers("state=failed") == [4]
    assert numbers("state=failed&state=completed&sort=-number") == [4, 3, 2, 1]
    assert numbers("outcome=diverged") == [4]
    assert numbers("on_front=true") == [1, 3]
    size = api.get(searched).json()["data"][1]["costs"]["size_bytes"]
    assert 2 in numbers(f"max_size_bytes={size}")
    assert 4 not in numbers(f"max_size_bytes={size}")


def test_cursors_fit_one_order_and_any_filter(api: InProcess, searched: str) -> None:
    for sort in ("number", "-number", "size_bytes", "-size_bytes", "accuracy", "-accuracy"):
        path = f"{searched}?limit=1&sort={sort}"
        found, cursor = list[int](), ""
        while True:
            page = api.get(path + (f"&cursor={cursor}" if cursor else "")).json()
            found += [trial["number"] for trial in page["data"]]
            cursor = page["next_cursor"]
            if not page["has_more"]:
                break
        assert found == [t["number"] for t in api.get(f"{searched}?sort={sort}").json()["data"]]
    first = api.get(f"{searched}?limit=1").json()["next_cursor"]
    kept = api.get(f"{searched}?cursor={first}&state=completed").json()
    assert [trial["number"] for trial in kept["data"]] == [2, 3]
    by_size = api.get(f"{searched}?limit=1&sort=size_bytes").json()["next_cursor"]
    for wrong in (
        f"cursor={by_size}",
        f"cursor={by_size}&sort=accuracy",
        "cursor=AA",
        "cursor=OTk5OTk5OTk5OTk5OTk5OTk5OTk5",
    ):
        answer = api.get(f"{searched}?{wrong}")
        assert answer.status_code == 422, wrong
        assert answer.json()["errors"][0]["code"] == "bad_cursor"


def test_sparse_fields(api: InProcess, searched: str) -> None:
    fields = "number,metrics.accuracy,costs.size_bytes,state_reason.code"
    page = api.get(f"{searched}?fields={fields}").json()
    assert page["data"][0].keys() == {"number", "metrics", "costs"}  # it has no reason
    assert page["data"][3].keys() == {"number", "metrics", "costs", "state_reason"}
    assert page["data"][0]["metrics"] == {"accuracy": 0.75}
    assert page["data"][3]["metrics"] == {}
    assert page["data"][3]["state_reason"] == {"code": "diverged"}
    assert not page["has_more"]
    wrong = api.get(f"{searched}?fields=number,colour")
    assert wrong.status_code == 422
    assert "metrics" in wrong.json()["errors"][0]["allowed"]
    searches = api.get("/v1/searches?fields=id,limits.max_trials").json()["data"]
    assert searches[0].keys() == {"id", "limits"}
    assert searches[0]["limits"] == {"max_trials": 9}


@pytest.mark.parametrize(
    "query",
    [
        "state=done",
        "min_accuracy=2",
        "min_accuracy=nan",
        "max_size_bytes=-1",
        "sort=colour",
        "format=xml",
        "outcome=%00",
        f"max_size_bytes={2**63}",
        "limit=201",
    ],
)
def test_wrong_queries_are_refused(api: InProcess, searched: str, query: str) -> None:
    answer = api.get(f"{searched}?{query}")
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"].startswith(f"?{query.partition('=')[0]}")


def test_searches_are_filtered(api: InProcess) -> None:
    ids = [api.post("/v1/searches", {**BODY, "name": f"search {i}"}).json()["id"] for i in range(3)]
    api.post(f"/v1/searches/{ids[0]}:cancel")

    def found(query: str) -> list[int]:
        return [ids.index(s["id"]) for s in api.get(f"/v1/searches?{query}").json()["data"]]

    assert found("state=cancelled") == [0]
    assert found("state=queued&name=SEARCH") == [2, 1]
    assert found("dataset=cifar10") == []
    made = api.get(f"/v1/searches/{ids[1]}").json()["created_at"]
    assert found(f"created_after={made}") == [2, 1]
    assert found(f"created_before={made}") == [0]
    for wrong in ("created_after=noon", "created_after=0001-01-01T00:00:00%2B14:00", "name=%00"):
        assert api.get(f"/v1/searches?{wrong}").status_code == 422, wrong


def test_searches_are_sorted_and_compared(
    api: InProcess, deployment: Deployment, searched: str
) -> None:
    first = searched.split("/")[3]
    others = [
        api.post(f"/v1/searches/{first}:clone", {"name": f"other {i}"}).json()["id"]
        for i in range(2)
    ]
    shown = api.get(f"/v1/searches/{first}").json()
    front = api.get(f"/v1/searches/{first}/front").json()["points"]
    assert shown["best_accuracy"] == 1.0
    assert shown["smallest_bytes"] == front[0]["trial"]["costs"]["size_bytes"]
    assert [point["n_trials"] for point in shown["growth"]] == [1, 3]
    assert shown["growth"][-1]["hypervolume"] == shown["hypervolume"]

    def found(query: str) -> list[str]:
        return [search["id"] for search in api.get(f"/v1/searches?{query}").json()["data"]]

    assert found("sort=created_at") == [first, *others]
    assert found("sort=-best_accuracy") == [first, *reversed(others)]
    assert found(f"comparable_with={others[0]}") == [others[1]]
    page = api.get("/v1/searches?sort=name&limit=2").json()
    cursor = page["next_cursor"]
    assert [s["id"] for s in page["data"]] + found(f"sort=name&cursor={cursor}") == found(
        "sort=name"
    )
    for wrong in (f"cursor={cursor}", f"sort=-name&cursor={cursor}", "sort=colour"):
        assert api.get(f"/v1/searches?{wrong}").status_code == 422, wrong


def test_ndjson_has_every_trial_as_json_has_it(api: InProcess, searched: str) -> None:
    answer = api.get(f"{searched}?format=ndjson", {"Accept-Encoding": "identity"})
    assert answer.headers["content-type"] == "application/x-ndjson"
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["content-disposition"].endswith('-trials.ndjson"')
    rows = [json.loads(line) for line in answer.text.splitlines()]
    single = ("layers", "size_breakdown")
    listed = api.get(searched).json()["data"]
    assert rows == [{k: v for k, v in trial.items() if k not in single} for trial in listed]


def test_csv_has_a_column_for_each_value(api: InProcess, searched: str) -> None:
    answer = api.request("GET", searched, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"].startswith("text/csv")
    rows = list(csv.DictReader(io.StringIO(answer.text, newline="")))
    listed = api.get(searched).json()["data"]
    assert [row["id"] for row in rows] == [trial["id"] for trial in listed]
    assert [row["metrics.accuracy"] for row in rows] == ["0.75", "0.5", "1.0", ""]
    assert rows[3]["state_reason.message"] == 'the loss, "nan"\n'
    genes = {k.removeprefix("genes."): v for k, v in rows[0].items() if k.startswith("genes.")}
    assert {k: v for k, v in genes.items() if v} == {
        k: str(v) for k, v in listed[0]["genes"].items()
    }
    chosen = api.get(f"{searched}?format=csv&fields=number,costs.size_bytes&state=completed")
    assert chosen.text.splitlines()[0] == "number,costs.size_bytes"
    assert len(chosen.text.splitlines()) == 4


def test_parquet_has_types(api: InProcess, searched: str) -> None:
    answer = api.get(f"{searched}?format=parquet&sort=-accuracy")
    table = pq.read_table(io.BytesIO(answer.content))
    listed = api.get(f"{searched}?sort=-accuracy").json()["data"]
    assert table["number"].to_pylist() == [trial["number"] for trial in listed] == [3, 1, 2, 4]
    assert table["metrics.accuracy"].to_pylist() == [1.0, 0.75, 0.5, None]
    assert table["costs.size_bytes"].to_pylist() == [t["costs"]["size_bytes"] for t in listed]
    assert str(table.schema.field("costs.size_bytes").type) == "int64"
    assert table["on_front"].to_pylist() == [True, True, False, False]
    (made, *_), (told, *_) = table["created_at"].to_pylist(), listed
    assert made == datetime.fromisoformat(told["created_at"]).astimezone(UTC)


@pytest.mark.parametrize("format_", ["ndjson", "csv"])
def test_text_travels_packed_to_whoever_takes_it(
    api: InProcess, searched: str, format_: str
) -> None:
    path = f"{searched}?format={format_}"
    plain = api.get(path, {"Accept-Encoding": "identity"})
    packed = api.get(path, {"Accept-Encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert plain.headers["content-length"] == str(len(plain.content))
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "Accept-Encoding"
    assert "content-length" not in packed.headers
    assert packed.content == plain.content
    parquet = api.get(f"{searched}?format=parquet", {"Accept-Encoding": "gzip"})
    assert "content-encoding" not in parquet.headers


def test_an_export_is_of_all_trials_and_of_none(
    api: InProcess, deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("api.trial_lists.BATCH", 2)
    search = new_search(deployment.store, limits=Limits(max_trials=7, max_parallel=7))
    empty = api.get(f"/v1/searches/{search.id}/trials?format=parquet")
    assert pq.read_table(io.BytesIO(empty.content)).num_rows == 0
    deployment.claimed(search, 7)
    path = f"/v1/searches/{search.id}/trials?format=csv&fields=number"
    for sort in ("number", "size_bytes", "accuracy"):
        lines = api.get(f"{path}&sort={sort}").text.split()
        assert sorted(lines[1:]) == ["1", "2", "3", "4", "5", "6", "7"], sort
    assert len(api.get(f"{path}&limit=3").text.split()) == 4
    assert api.get("/v1/searches/sea_none/trials?format=csv").status_code == 404
