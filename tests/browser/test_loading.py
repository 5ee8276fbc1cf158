"""What of a search's page is there before the rest of it."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = pytest.mark.browser

CHART = ".chart-plot .scatterlayer .points path"
# the middles of points on the screen, from left to right
MIDDLES = """(points) => points.map((point) => point.getBoundingClientRect())
  .map(({ x, y, width, height }) => [x + width / 2, y + height / 2]).sort((a, b) => a[0] - b[0])"""


@pytest.fixture
def held(page: Page) -> Any:
    """Holds requests back until they are let go."""
    waiting: list[Route] = []

    def keep(route: Route) -> None:  # Playwright cannot call a method of a list
        waiting.append(route)

    def hold(pattern: str) -> Callable[[], None]:
        page.route(pattern, keep)

        def let_go() -> None:
            page.unroute(pattern)
            while waiting:
                waiting.pop().continue_()

        return let_go

    return hold


def test_front_is_on_the_screen_before_plotly_and_the_trials(
    page: Page, script: Any, held: Any
) -> None:
    for accuracy in (0.91, 0.94, 0.97):
        script.run_one(accuracy)
    let_plotly_go = held("**/assets/plotly.min.js")
    page.route("**/trials?*", lambda _route: None)  # never answered
    page.goto(f"/?search={script.id}", wait_until="commit")
    sketched = page.locator(".front-sketch .point")
    expect(sketched.first).to_be_visible()
    expect(page.get_by_role("img", name=re.compile(r"^The front has .* networks?"))).to_be_visible()
    before = sketched.evaluate_all(MIDDLES)
    let_plotly_go()
    expect(page.locator(CHART).first).to_be_visible()
    expect(sketched).to_have_count(0)
    drawn = page.locator(".chart-plot .trace").filter(has=page.locator(".errorbar"))
    after = drawn.locator(".points path").evaluate_all(MIDDLES)
    assert len(before) == len(after) > 0
    for old, new in zip(before, after, strict=True):
        assert old == pytest.approx(new, abs=16)  # Plotly moves the floor for its legend


def test_front_stays_where_plotly_never_comes(
    page: Page, script: Any, complaints: list[str]
) -> None:
    script.run_one(0.95)
    page.route("**/assets/plotly.min.js", lambda route: route.abort())
    page.goto(f"/?search={script.id}")
    expect(page.get_by_text("This picture does without it")).to_be_visible()
    expect(page.locator(".front-sketch .point")).to_have_count(1)
    script.run_one(0.99)
    expect(page.locator(".front-sketch .point, .front-sketch .others").nth(1)).to_be_attached()
    complaints[:] = [text for text in complaints if "ERR_FAILED" not in text]


def test_selection_and_brush_leave_the_drawn_points_alone(page: Page, script: Any) -> None:
    for accuracy in (0.91, 0.94, 0.97):
        script.run_one(accuracy)
    page.goto(f"/?search={script.id}")
    expect(page.locator(CHART).first).to_be_visible()
    expect(page.locator(".trials tbody tr")).to_have_count(3)
    page.wait_for_timeout(500)  # the last picture of what has come
    page.evaluate("""() => {
      window.wasRedrawn = 0;
      document.querySelector('.chart-plot').on('plotly_react', () => { window.wasRedrawn += 1; });
    }""")
    best = page.locator(".trials tr.on-front .row-button").first
    best.click()
    ring = page.locator(".chart-ring")
    expect(ring).to_be_visible()
    (middle,) = ring.evaluate_all(MIDDLES)
    drawn = page.locator(".chart-plot .trace").filter(has=page.locator(".errorbar"))
    points = drawn.locator(".points path").evaluate_all(MIDDLES)
    assert any(middle == pytest.approx(point, abs=1.5) for point in points)
    page.locator(".axis-handle").first.focus()
    page.keyboard.press("PageUp")
    page.wait_for_function("""() => document.querySelector('.chart-plot').data
      .some((trace) => trace.marker.opacity?.includes?.(0.15))""")
    assert page.evaluate("window.wasRedrawn") == 0
    page.keyboard.press("Escape")
    best.click()
    expect(ring).to_be_hidden()
