"""What the model has learned, by REST."""

from search.entities import Limits, Strategy
from tests.served import Deployment, InProcess
from tests.service import EXPLANATION, new_search


def test_an_explanation_is_served_with_an_etag(api: InProcess, deployment: Deployment) -> None:
    search = new_search(deployment.store, strategy=Strategy(name="bayesian"))
    with deployment.store.begin() as uow:
        uow.searches.lock(search.id)
        uow.explanations.keep(search.id, EXPLANATION)
    path = f"/v1/searches/{search.id}/explanation"
    answer = api.get(path)
    assert answer.status_code == 200
    found = answer.json()
    assert found["search_id"] == search.id
    assert found["importance"] == [{"gene": "stem.width", "share": 1.0}]
    assert found["bit_steps"][0]["costs"] == {"size_bytes": 12.5}
    assert found["front"][0]["number"] is None
    assert api.get(path, headers={"If-None-Match": answer.headers["ETag"]}).status_code == 304


def test_while_there_is_none_the_reason_is_said(api: InProcess, deployment: Deployment) -> None:
    limits = Limits(max_trials=8, max_parallel=5)
    random = new_search(deployment.store)
    search = new_search(deployment.store, strategy=Strategy(name="bayesian"), limits=limits)
    said = {
        random.id: "the strategy random fits no model",
        search.id: "0 of the 5 trials it takes have completed",
    }
    for search_id, why in said.items():
        answer = api.get(f"/v1/searches/{search_id}/explanation")
        assert (answer.status_code, answer.json()["code"]) == (404, "not_explained")
        assert answer.json()["detail"].endswith(why)
    for claimed in deployment.claimed(search, 5):
        deployment.complete(claimed, 0.9)
    answer = api.get(f"/v1/searches/{search.id}/explanation")
    assert "when the optimizer is asked next" in answer.json()["detail"]
    missing = api.get("/v1/searches/sea_none/explanation")
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")
