"""The page of a matrix in a browser: filters, the keyboard, the detail, a phone, the dark, and without JavaScript.

Needs the extra ``browser`` and a Chromium on the path.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest

from browser import ARGUMENTS, CHROMIUM, playwright_or_skip

sync_api = playwright_or_skip()

from report.test_page_in_browser import CONTRASTS  # noqa: E402 -- it needs playwright too
from sharpbits.timetravel.matrix.page import matrix_page  # noqa: E402
from timetravel.toy_matrix import RELEASES, varied_matrix  # noqa: E402

ROWS = 9


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("matrix") / "matrix.html"
    path.write_text(matrix_page(varied_matrix()), encoding="utf-8")
    return path


@pytest.fixture
def opened(browser: Any, file: Path) -> Iterator[Callable[..., Any]]:
    """Open the page in a profile of its own; afterwards it must have complained of nothing and asked for nothing."""
    contexts = []
    complaints: list[str] = []
    requests: set[str] = set()

    def at(fragment: str = "", **options: Any) -> Any:
        contexts.append(browser.new_context(**options))
        tab = contexts[-1].new_page()
        tab.set_default_timeout(10_000)
        tab.on("console", lambda message: complaints.append(message.text))
        tab.on("pageerror", lambda error: complaints.append(str(error)))
        tab.on("request", lambda request: requests.add(request.url.partition("#")[0]))
        tab.goto(file.as_uri() + fragment)
        return tab

    yield at
    for context in contexts:
        context.close()
    assert complaints == []
    assert requests == {file.as_uri()}


def cell(tab: Any, name: str, release: str) -> Any:
    return tab.locator(f'tr[data-name="{name}"] .cell').nth(RELEASES.index(release))


def shown(tab: Any) -> list[str]:
    return list(tab.locator("tr.row:visible").evaluate_all("all => all.map((one) => one.dataset.name)"))


def expect_count(tab: Any, count: int) -> None:
    sync_api.expect(tab.locator("#shown")).to_have_text(f"{count} of {ROWS} findings shown")


def tab_to(tab: Any, target: Any) -> int:
    """Press Tab until the target has the focus, and count; on the way every stop shows that it has it."""
    for count in range(1, 60):
        tab.keyboard.press("Tab")
        assert tab.locator(":focus").evaluate("one => getComputedStyle(one).outlineStyle") != "none"
        if target.evaluate("one => one === document.activeElement"):
            return count
    raise AssertionError("the keyboard does not get there")


# Filters


@pytest.mark.parametrize(
    ("ticked", "sought", "left"),
    [
        ([], "", ROWS),
        (["toy"], "", 4),
        ([], "SIGABRT", 1),
        ([], "  entry   LAX_MAP ", 1),
        (["other"], "SIGABRT", 0),
        (["changing"], "", 5),
        (["changing", "other"], "", 3),
        (["changing"], "always", 0),
    ],
)
def test_a_filter_leaves_the_rows_that_meet_all_of_it(
    opened: Callable[..., Any], ticked: list[str], sought: str, left: int
) -> None:
    tab = opened()
    everything = shown(tab)
    for value in ticked:
        tab.locator("#changing" if value == "changing" else f'input[value="{value}"]').check()
    tab.get_by_role("searchbox").fill(sought)
    expect_count(tab, left)
    kept = shown(tab)
    assert len(kept) == left
    assert tab.get_by_text("No finding matches the filter.").is_visible() == (left == 0)
    groups = tab.locator("tr.component:visible").all_inner_texts()
    assert groups == sorted({name.partition("/")[0] for name in kept}), "a component without rows is gone"
    details = tab.locator("article[data-name]:visible").evaluate_all("all => all.map((one) => one.dataset.name)")
    assert details == kept, "the details are those of the rows"
    tab.get_by_role("button", name="Show all", exact=True).click()
    expect_count(tab, ROWS)
    assert shown(tab) == everything


# Hints and details


def test_a_hint_shows_the_numbers_on_hover_and_goes(opened: Callable[..., Any]) -> None:
    tab = opened()
    one = cell(tab, "toy/lax_map", "0.12.0")
    hint = tab.get_by_role("tooltip")
    one.hover()
    sync_api.expect(hint).to_contain_text("0.12.0: wrong-gradient")
    sync_api.expect(hint).to_contain_text("Error: 0.1, tolerance 1e-12")
    assert one.get_attribute("title") is None, "the browser shows no second one"
    hint.hover()
    tab.wait_for_timeout(300)
    assert hint.is_visible(), "it can be reached with the mouse"
    tab.keyboard.press("Escape")
    sync_api.expect(hint).to_be_hidden()
    one.hover()
    sync_api.expect(hint).to_be_visible()
    tab.mouse.move(2, 2)
    sync_api.expect(hint).to_be_hidden()


def test_a_hint_stays_within_the_window(opened: Callable[..., Any]) -> None:
    tab = opened(viewport={"width": 900, "height": 500})
    for release in (RELEASES[0], RELEASES[2], RELEASES[-1]):
        cell(tab, "toy/lax_map", release).hover()
        sync_api.expect(tab.get_by_role("tooltip")).to_contain_text(release)
        box = tab.get_by_role("tooltip").bounding_box()
        assert box["x"] >= 0
        assert box["y"] >= 0
        assert box["x"] + box["width"] <= 900
        assert box["y"] + box["height"] <= 500


def test_a_click_opens_the_detail_and_closing_returns_the_focus(opened: Callable[..., Any]) -> None:
    tab = opened()
    one = cell(tab, "toy/lax_map", "0.12.0")
    ways: list[Callable[[], Any]] = [
        lambda: tab.get_by_role("button", name="Close").click(),
        lambda: tab.keyboard.press("Escape"),
        lambda: tab.mouse.click(3, 3),
    ]
    for close in ways:
        one.click()
        dialog = tab.get_by_role("dialog")
        sync_api.expect(dialog).to_be_visible()
        text = " ".join(dialog.inner_text().split())
        for part in (
            "catalyst.grad of a loss", "On 0.12.0, 2025-05-05", "Outcome wrong-gradient", "Documented wrong-gradient",
            "Error 0.1, tolerance 1e-12", "Observed [0.0, 0.125", "Detail largest difference in entry 59",
            "What happens A made-up finding", "Held against the closed form", "upstream: use another transform",
            "owner/project#12", "Stack of 0.12.0", "pennylane-catalyst 0.12.0", "jax 0.4.28", "All 4 packages",
        ):  # fmt: skip
            assert part in text
        assert "On 0.11.0" not in text
        close()
        sync_api.expect(dialog).to_be_hidden()
        sync_api.expect(one).to_be_focused()


def test_the_title_of_a_row_opens_all_its_releases(opened: Callable[..., Any]) -> None:
    tab = opened()
    tab.get_by_role("link", name="what always_wrong shows").click()
    text = tab.get_by_role("dialog").inner_text()
    assert all(f"On {release}" in text for release in RELEASES)


def test_a_cell_has_an_address_that_opens_it_also_where_a_filter_hides_it(opened: Callable[..., Any]) -> None:
    tab = opened("#toy/loud@0.12.0")
    dialog = tab.get_by_role("dialog")
    sync_api.expect(dialog).to_contain_text("On 0.12.0")
    sync_api.expect(dialog).to_contain_text("what loud shows")
    tab.keyboard.press("Escape")
    sync_api.expect(cell(tab, "toy/loud", "0.12.0")).to_be_focused()
    tab.locator('input[value="other"]').check()
    expect_count(tab, 5)
    tab.evaluate("location.hash = '#toy/always_fine'")
    sync_api.expect(dialog).to_contain_text("what always_fine shows")
    expect_count(tab, ROWS)


# By keyboard alone, and for a screen reader


def test_the_keyboard_alone_moves_opens_and_closes(opened: Callable[..., Any]) -> None:
    tab = opened()
    tab.keyboard.press("Tab")
    sync_api.expect(tab.locator(":focus")).to_have_text("Skip to the matrix")
    tab.keyboard.press("Enter")
    first = cell(tab, "other/varies", "0.11.0")
    assert tab_to(tab, first) <= len(RELEASES) + 2, "the scrolling box, the releases, then one stop for all cells"
    sync_api.expect(tab.get_by_role("tooltip")).to_contain_text("0.11.0: nondeterministic")
    for key, name, release in (
        ("ArrowRight", "other/varies", "0.12.0"), ("ArrowDown", "other/hangs", "0.12.0"),
        ("End", "other/hangs", "0.15.0"), ("ArrowRight", "other/hangs", "0.15.0"),
        ("ArrowLeft", "other/hangs", "0.14.1"), ("ArrowUp", "other/varies", "0.14.1"),
        ("ArrowUp", "other/varies", "0.14.1"),
    ):  # fmt: skip
        tab.keyboard.press(key)
        sync_api.expect(cell(tab, name, release)).to_be_focused()
    tab.keyboard.press("Enter")
    sync_api.expect(tab.get_by_role("dialog")).to_contain_text("On 0.14.1")
    tab_to(tab, tab.get_by_role("dialog").get_by_role("link"))
    tab.keyboard.press("Escape")
    sync_api.expect(cell(tab, "other/varies", "0.14.1")).to_be_focused()
    tab.keyboard.press("Home")
    tab.keyboard.press("Enter")
    sync_api.expect(tab.get_by_role("dialog")).to_contain_text("On 0.15.0")


def test_the_stop_of_the_keyboard_is_a_row_that_is_shown(opened: Callable[..., Any]) -> None:
    tab = opened()
    tab.get_by_role("searchbox").fill("SIGABRT")
    expect_count(tab, 1)
    tab_to(tab, cell(tab, "toy/lax_map", "0.11.0"))
    tab.keyboard.press("ArrowDown")
    sync_api.expect(cell(tab, "toy/lax_map", "0.11.0")).to_be_focused()


def test_what_has_the_focus_is_not_behind_the_sticky_header(opened: Callable[..., Any]) -> None:
    tab = opened(viewport={"width": 700, "height": 420})
    tab.get_by_role("searchbox").focus()
    tab_to(tab, cell(tab, "other/varies", "0.11.0"))
    for key in ["End", *["ArrowDown"] * 8, "Home", "ArrowRight", *["ArrowUp"] * 8]:
        tab.keyboard.press(key)
        covered = tab.locator(":focus").evaluate("""one => {
            const box = one.getBoundingClientRect();
            const top = document.elementFromPoint((box.left + box.right) / 2, (box.top + box.bottom) / 2);
            return !one.contains(top) && !top.closest("#hint");
        }""")
        assert not covered, key


def test_a_screen_reader_finds_landmarks_a_named_table_and_its_headers(opened: Callable[..., Any]) -> None:
    tab = opened()
    tree = tab.locator("body").aria_snapshot()
    for part in (
        "banner", "main", 'search "Filter"', 'searchbox "Search"', 'group "Component"', 'checkbox "toy (4)"',
        'checkbox "Only rows that change between releases (5)"', "status: 9 of 9 findings shown",
        'table "What each finding shows on each release of pennylane-catalyst"', "columnheader \"0.12.0 2025-05-05\"",
        'rowheader "what loud shows"', 'cell "silently wrong: gradient"', 'link "ok , not as documented"',
        'region "Legend"',
    ):  # fmt: skip
        assert part in tree, part
    cell(tab, "toy/loud", "0.12.0").click()
    assert 'dialog "what loud shows"' in tab.locator("body").aria_snapshot()


# On a phone, in the dark, without JavaScript


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_scrolls_the_table_and_not_the_page_sideways(opened: Callable[..., Any], width: int) -> None:
    tab = opened(viewport={"width": width, "height": 740}, has_touch=True, is_mobile=True)
    assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
    box = tab.locator(".matrix")
    assert box.evaluate("one => one.scrollWidth > one.clientWidth")
    assert box.get_attribute("tabindex") == "0", "the keyboard can scroll it"
    name = tab.locator('tr[data-name="toy/loud"] th')
    before = name.bounding_box()["x"]
    box.evaluate("one => one.scrollTo(1000, 0)")
    assert name.bounding_box()["x"] == before, "the names stay"
    last = cell(tab, "toy/loud", "0.15.0")
    size = last.bounding_box()
    assert min(size["width"], size["height"]) >= 24
    assert size["x"] + size["width"] <= width
    last.tap()
    sync_api.expect(tab.get_by_role("dialog")).to_contain_text("On 0.15.0")
    assert tab.evaluate("document.scrollingElement.scrollWidth") <= width
    edge = tab.get_by_role("dialog").bounding_box()
    assert edge["x"] >= 0
    assert edge["x"] + edge["width"] <= width
    tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert tab.evaluate("document.scrollingElement.scrollWidth") <= width


def test_the_header_stays_while_the_rows_scroll(opened: Callable[..., Any]) -> None:
    tab = opened(viewport={"width": 1280, "height": 420})
    box = tab.locator(".matrix")
    box.evaluate("one => one.scrollTo(0, 60)")
    assert box.evaluate("one => one.scrollTop") > 0
    top = box.bounding_box()["y"]
    assert abs(tab.get_by_role("columnheader", name="0.12.0").bounding_box()["y"] - top) < 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(opened: Callable[..., Any], scheme: str) -> None:
    tab = opened(color_scheme=scheme)
    tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    cell(tab, "toy/lax_map", "0.12.0").hover()
    contrasts = tab.evaluate(CONTRASTS)
    cell(tab, "toy/lax_map", "0.12.0").click()
    contrasts += tab.evaluate(CONTRASTS)
    assert len(contrasts) > 400
    assert [one for one in contrasts if one[0] < 4.5] == []
    ground = tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")


def test_without_javascript_a_cell_leads_to_its_detail(opened: Callable[..., Any]) -> None:
    tab = opened(java_script_enabled=False)
    assert not tab.locator("#filters").is_visible()
    assert tab.locator("button:visible").count() == 0
    one = cell(tab, "toy/lax_map", "0.12.0")
    assert "Error: 0.1, tolerance 1e-12" in one.get_attribute("title")
    one.click()
    place = tab.locator(f'[id="{quote("toy/lax_map", safe="/")}@0.12.0"]')
    sync_api.expect(place).to_be_visible()
    sync_api.expect(place).to_be_in_viewport()
    tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    text = " ".join(tab.locator("main").inner_text().split())
    for finding in varied_matrix().rows:
        for part in (
            finding.title,
            finding.summary,
            finding.oracle,
            *[one.detail for one in finding.cells],
        ):
            assert part in text
