"""The page of one trial in a real browser, with the real file behind it."""

from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pytest
import yaml  # type: ignore[import-untyped]  # ships no types
from playwright.sync_api import Page, expect

from quantization.artifact import read_artifact

pytestmark = pytest.mark.browser

READ = """async (href) => {
  const { bytesByPart, isUndamaged, readPackedFile, weightCounts } =
    await import("/packed_file.js");
  const file = readPackedFile(await (await fetch(href)).arrayBuffer());
  return { parts: bytesByPart(file), isWhole: await isUndamaged(file), hash: file.candidateHash,
           counts: file.layers.map((layer) => [...weightCounts(layer, file.bytes)]) };
}"""


def saved_yaml(page: Page, name: str, folder: Path) -> dict[str, Any]:
    with page.expect_download() as download:
        page.get_by_role("button", name=name).click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    declared: dict[str, Any] = yaml.safe_load(path.read_text())
    return declared


def test_trial_page_accounts_for_every_byte_and_leads_back_to_it(
    page: Page, service: Any, script: Any, tmp_path: Path
) -> None:
    script.run_one(0.9)
    (trial_id,) = script.propose(1)
    lease = script.claim(trial_id)
    page.goto(f"/?trial={trial_id}")
    expect(page.get_by_role("heading", level=1)).to_have_text("Trial 2")
    for epoch, accuracy in enumerate((0.5, 0.8), start=1):
        script.report(lease, epoch, 2, accuracy)
    page.get_by_text("Learning curves as a table").click()
    expect(page.get_by_role("region", name="Learning curves as a table")).to_contain_text("80.0")
    script.complete(lease, 0.97)
    expect(page.locator(".title .pill")).to_have_text("on the front")
    expect(page.get_by_role("region", name="Table of attempts")).to_contain_text("finished")

    trial = httpx.get(f"{service.address}/v1/trials/{trial_id}").json()
    length = trial["artifact"]["size_bytes"]
    expect(page.locator("[data-total]")).to_have_attribute("data-total", str(length))
    expect(page.locator(".layers tbody tr")).to_have_count(len(trial["layers"]))
    expect(page.get_by_text(f"{length} are accounted for, its hash is right")).to_be_visible()

    alone = saved_yaml(page, "This network as YAML", tmp_path)
    body = {"dataset": alone["dataset"], "space": alone["space"], "n_samples": 1}
    preview = httpx.post(f"{service.address}/v1/spaces:preview", json=body).json()
    assert preview["count"]["at_most"] == 1
    assert preview["samples"][0]["candidate_hash"] == trial["candidate_hash"]

    # the address holds the layer that is shown
    page.get_by_role("combobox").select_option(label="classifier (8 bits)")
    page.reload()
    expect(page.get_by_role("combobox").locator("option:checked")).to_contain_text("classifier")


def test_browser_reads_the_same_integers_as_the_service(
    page: Page, service: Any, script: Any
) -> None:
    trial_id = script.run_one(0.9)
    trial = httpx.get(f"{service.address}/v1/trials/{trial_id}").json()
    page.goto("/")
    seen = page.evaluate(READ, trial["artifact"]["href"])
    assert seen["isWhole"] is True
    assert seen["hash"] == trial["candidate_hash"]
    assert seen["parts"] == trial["size_breakdown"]
    assert sum(seen["parts"].values()) == trial["artifact"]["size_bytes"]
    stored = read_artifact(httpx.get(service.address + trial["artifact"]["href"]).content)
    for layer, counts in zip(stored.layers, seen["counts"], strict=True):
        occurring = {level: n for level, n in counts if n}
        if layer.weights is None:
            assert occurring == {}
            continue
        levels, n = np.unique(layer.weights, return_counts=True)
        assert occurring == dict(zip(levels.tolist(), n.tolist(), strict=True))


def test_unknown_trial_is_explained(page: Page, complaints: list[str]) -> None:
    page.goto("/?trial=trl_unknown")
    expect(page.get_by_role("alert")).to_contain_text("This trial cannot be shown")
    complaints[:] = [text for text in complaints if "404" not in text]


def test_trial_page_says_where_the_network_runs(page: Page, service: Any, script: Any) -> None:
    board = "schema: 1\nname: tiny\ndescription: tiny\nflash_bytes: 64\npairs: {conv: all}\n"
    cost = "cost: {model: bit_serial, rates: [{time: {bit_operation: 1}}]}\n"
    made = httpx.post(
        f"{service.address}/v1/hardware-profiles",
        content=board.replace("all", "[[8, 8]]") + cost,
        headers={"content-type": "application/yaml"},
    )
    assert made.status_code == 201, made.text
    trial_id = script.run_one(0.9)
    page.goto(f"/?trial={trial_id}")
    panel = page.get_by_role("region", name="Runs where", exact=True)
    expect(panel.get_by_role("row", name="tiny")).to_contain_text("does not")
    expect(panel.get_by_role("row", name="bitpareto's integer runtime")).to_contain_text("runs")
    profiles = httpx.get(f"{service.address}/v1/hardware-profiles").json()["data"]
    expect(panel.locator("tbody tr")).to_have_count(3 + len(profiles))


def test_trial_page_names_the_closest_before_it_and_its_replicates(
    page: Page, service: Any, script: Any
) -> None:
    script.run_one(0.9)
    trial_id = script.run_one(0.8)
    (near,) = httpx.get(f"{service.address}/v1/trials/{trial_id}/lineage").json()["closest"]
    again = httpx.post(f"{service.address}/v1/trials/{trial_id}:replicate", json={"seed": 5}).json()
    page.goto(f"/?trial={trial_id}")
    panel = page.get_by_role("region", name="Where it comes from", exact=True)
    words = f"{near['n_differing']} of {near['n_genes']} choices differ; accuracy "
    words += "\N{MINUS SIGN}10.0 points"
    expect(panel.get_by_role("listitem").filter(has_text="choices differ")).to_contain_text(words)
    expect(panel.locator(".changes li")).to_have_count(near["n_differing"])
    change = near["changes"][0]
    before, after = (
        change[key] if change[key] is not None else "none" for key in ("before", "after")
    )
    expect(panel.locator(".changes li").first).to_have_text(f"{change['gene']} {before} → {after}")

    panel.get_by_role("link", name="Trial 3").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Trial 3")
    assert page.url.endswith(again["id"])
    expect(panel.get_by_role("listitem").filter(has_text="the first")).to_contain_text("80.0")
    panel.get_by_role("link", name="Trial 1", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Trial 1")
    expect(panel).to_contain_text("No trial had completed")


def test_output_shows_its_end_and_stays_there_unless_scrolled(
    page: Page, service: Any, script: Any
) -> None:
    (trial_id,) = script.propose(1)
    lease = script.claim(trial_id)
    script.prints(trial_id, "".join(f"line {i}\n" for i in range(200)))
    page.goto(f"/?trial={trial_id}")
    output = page.get_by_role("region", name="Output of the training")
    expect(output).to_contain_text("line 199")
    below = "(e) => e.scrollHeight - e.scrollTop - e.clientHeight"
    is_at_end = f"(e) => e.clientHeight > 0 && e.scrollTop > 0 && ({below})(e) < 2"
    page.wait_for_function(is_at_end, arg=output.element_handle())
    script.prints(trial_id, "line 200\n")
    expect(output).to_contain_text("line 200")
    page.wait_for_function(is_at_end, arg=output.element_handle())
    output.evaluate("(e) => { e.scrollTop = 40; }")
    script.prints(trial_id, "line 201\n")
    expect(output).to_contain_text("line 201")
    assert output.evaluate("(e) => e.scrollTop") == 40

    script.complete(lease, 0.9)
    page.reload()
    expect(output).to_contain_text("line 201")
    page.wait_for_function(is_at_end, arg=output.element_handle())
