"""The HTML page in a browser: by keyboard, on a phone, in the dark, and without JavaScript.

Needs the extra ``browser`` and a Chromium on the path.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from browser import ARGUMENTS, CHROMIUM, playwright_or_skip
from report.toy_runs import Run, varied_run

sync_api = playwright_or_skip()

#: The contrast ratio of each visible text to what lies behind it (WCAG 2.2, relative luminance).
CONTRASTS = """() => {
    const parts = (colour) => colour.match(/[\\d.]+/g).map(Number);
    const luminance = (colour) => {
        const [red, green, blue] = parts(colour).slice(0, 3).map((value) => value / 255)
            .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const opaque = (colour) => parts(colour).length === 3 || parts(colour)[3] === 1;
    const behind = (element) => {
        for (let one = element; one; one = one.parentElement) {
            const colour = getComputedStyle(one).backgroundColor;
            if (opaque(colour)) return colour;
        }
        return "rgb(255, 255, 255)";
    };
    const ratios = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const element = walker.currentNode.parentElement;
        if (!walker.currentNode.data.trim() || !element.checkVisibility() || element.closest("script")) continue;
        const text = luminance(getComputedStyle(element).color), ground = luminance(behind(element));
        const ratio = (Math.max(text, ground) + 0.05) / (Math.min(text, ground) + 0.05);
        ratios.push([ratio, element.className, walker.currentNode.data.trim().slice(0, 40)]);
    }
    return ratios;
}"""


@dataclass
class Opened:
    """A page in the browser, and everything it complained of or asked for."""

    tab: Any
    run: Run
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def shown(self) -> list[str]:
        names = self.tab.locator("article:visible").evaluate_all("all => all.map((one) => one.dataset.name)")
        return list(names)

    def finding(self, name: str) -> Any:
        return self.tab.locator(f'article[data-name="{name}"]')

    def expect_count(self, count: int) -> None:
        told = f"{count} of {len(self.run.results)} findings shown, worst first"
        sync_api.expect(self.tab.locator("#shown")).to_have_text(told)

    def focused(self) -> Any:
        return self.tab.locator(":focus")

    def tab_to(self, target: Any) -> None:
        """Press Tab until the target has the focus; on the way every stop shows that it has it."""
        for _ in range(200):
            self.tab.keyboard.press("Tab")
            outline = self.focused().evaluate("one => [getComputedStyle(one).outlineStyle, one.offsetWidth]")
            assert outline[0] != "none"
            assert outline[1] > 1
            if target.evaluate("one => one === document.activeElement"):
                return
        raise AssertionError("the keyboard does not get there")


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


@pytest.fixture(scope="module")
def run_and_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    folder = tmp_path_factory.mktemp("page")
    run = varied_run(folder / "findings")
    path = folder / "page.html"
    path.write_text(run.page(), encoding="utf-8")
    return run, path


@pytest.fixture
def opened(browser: Any, run_and_file: tuple[Run, Path]) -> Iterator[Callable[..., Opened]]:
    """Open the page in a profile of its own; afterwards it must have complained of nothing and asked for nothing."""
    pages: list[Opened] = []

    def at(fragment: str = "", before: str = "", **options: Any) -> Opened:
        run, path = run_and_file
        context = browser.new_context(**options)
        one = Opened(context.new_page(), run)
        pages.append(one)
        one.tab.on("console", lambda message: one.complaints.append(message.text))
        one.tab.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.tab.on("request", lambda request: one.requests.append(request.url))
        if before:
            one.tab.add_init_script(before)
        one.tab.goto(path.as_uri() + fragment)
        return one

    yield at
    for one in pages:
        assert one.complaints == []
        assert {url.partition("#")[0] for url in one.requests} == {run_and_file[1].as_uri()}
        one.tab.context.close()


def open_everything(page: Opened) -> None:
    page.tab.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


# Filters


@pytest.mark.parametrize(
    ("ticked", "sought", "left"),
    [
        ([], "", 7),
        (["silently wrong"], "", 2),
        (["silently wrong", "crash"], "", 3),
        (["silently wrong", "toy"], "", 1),
        (["bites", "changed", "third"], "", 2),
        (["clear", "crash"], "", 0),
        (["unknown"], "", 2),
        ([], "SIGSEGV", 1),
        ([], "  worst   WRONG ", 1),
        (["toy"], "another transform", 1),
        ([], "json.dumps", 0),
    ],
)
def test_a_filter_leaves_what_has_one_ticked_value_of_each_kind(
    opened: Callable[..., Opened], ticked: list[str], sought: str, left: int
) -> None:
    page = opened()
    everything = page.shown()
    for value in ticked:
        page.tab.locator(f'input[value="{value}"]').check()
    page.tab.get_by_role("searchbox").fill(sought)
    page.expect_count(left)
    assert len(page.shown()) == left
    assert page.tab.get_by_text("No finding matches the filter.").is_visible() == (left == 0)
    page.tab.get_by_role("button", name="Show all", exact=True).click()
    page.expect_count(7)
    assert page.shown() == everything


def test_what_is_shown_can_be_opened_at_once(opened: Callable[..., Opened]) -> None:
    page = opened()
    page.tab.locator('input[value="toy"]').check()
    page.expect_count(2)
    page.tab.get_by_role("button", name="Open all shown").click()
    assert page.tab.locator("article > details[open]").count() == 2
    page.tab.get_by_role("button", name="Close all shown").click()
    assert page.tab.locator("article > details[open]").count() == 0


def test_a_finding_has_an_address_that_opens_it(opened: Callable[..., Opened]) -> None:
    page = opened("#third/flaky")
    assert page.finding("third/flaky").locator("> details").get_attribute("open") is not None
    assert page.tab.locator("article > details[open]").count() == 1


def test_a_link_to_a_related_finding_shows_it_though_a_filter_hides_it(opened: Callable[..., Opened]) -> None:
    page = opened("#toy/wrong")
    page.tab.locator('input[value="silently wrong"]').check()
    page.expect_count(2)
    page.finding("toy/wrong").get_by_role("link", name="toy/crashes").click()
    page.expect_count(7)
    sync_api.expect(page.finding("toy/crashes").get_by_text("Documented")).to_be_visible()


# By keyboard alone, and for a screen reader


def test_the_keyboard_alone_filters_opens_and_copies(opened: Callable[..., Opened]) -> None:
    page = opened(permissions=["clipboard-read", "clipboard-write"])
    page.tab_to(page.tab.locator('input[value="crash"]'))
    page.tab.keyboard.press("Space")
    page.expect_count(1)
    finding = page.finding("toy/crashes")
    page.tab_to(finding.locator("> details > summary"))
    page.tab.keyboard.press("Enter")
    page.tab_to(finding.locator("button.copy"))
    page.tab.keyboard.press("Enter")
    sync_api.expect(page.tab.locator("#said")).to_have_text("Copied the source of toy/crashes")
    source = next(one.finding.source for one in page.run.results if one.finding.id == "toy/crashes")
    assert page.tab.evaluate("navigator.clipboard.readText()") == source
    page.tab_to(finding.locator("details", has=page.tab.locator("pre.source")).last.locator("summary"))
    page.tab.keyboard.press("Space")
    assert finding.locator("pre.source").is_visible()
    assert finding.locator("pre.source").text_content() == source


def test_the_first_stop_leads_past_the_filters(opened: Callable[..., Opened]) -> None:
    page = opened()
    page.tab.keyboard.press("Tab")
    sync_api.expect(page.focused()).to_have_text("Skip to the findings")
    page.tab.keyboard.press("Enter")
    page.tab_to(page.finding("toy/wrong").locator("> details > summary"))


REFUSED = "navigator.clipboard.writeText = () => Promise.reject(new Error('refused'));"
RECORDED = "addEventListener('copy', () => { window.copied = document.activeElement.value; });"


def test_where_the_clipboard_is_refused_the_older_way_copies(opened: Callable[..., Opened]) -> None:
    page = opened("#toy/wrong", before=REFUSED + RECORDED)
    button = page.finding("toy/wrong").locator("button.copy")
    button.press("Enter")
    sync_api.expect(page.tab.locator("#said")).to_have_text("Copied the source of toy/wrong")
    assert page.tab.evaluate("window.copied") == page.run.results[0].finding.source
    assert button.evaluate("one => one === document.activeElement"), "the focus is back where it was"


def test_where_nothing_copies_the_source_is_selected(opened: Callable[..., Opened]) -> None:
    page = opened("#toy/wrong", before=REFUSED + "document.execCommand = () => false;")
    page.finding("toy/wrong").locator("button.copy").click()
    sync_api.expect(page.tab.locator("#said")).to_contain_text("copy it with Ctrl+C")
    assert page.tab.evaluate("getSelection().toString()").strip() == page.run.results[0].finding.source.strip()


def test_a_screen_reader_finds_landmarks_headings_and_names(opened: Callable[..., Opened]) -> None:
    page = opened("#toy/wrong")
    tree = page.tab.locator("body").aria_snapshot()
    for part in (
        r"banner", r"main", r'search "Filter"', r'searchbox "Search"', r'group "Severity"', r'group "Component"',
        r'checkbox "silently wrong \(2\)"', r"status: 7 of 7 findings shown, worst first",
        r'region "Findings"', r'article "what wrong shows"', r'heading "what wrong shows" \[level=3\]',
        r'button "Copy source of toy/wrong"', r'region "Environment"', r"term: Verdict", r"definition: bites",
    ):  # fmt: skip
        assert re.search(rf"- '?{part}", tree), part
    assert page.tab.locator("#shown").get_attribute("role") == "status"
    assert page.tab.locator("#said").get_attribute("role") == "status"


# On a phone, in the dark, without JavaScript


@pytest.mark.parametrize("width", [320, 360])
def test_a_phone_scrolls_the_page_in_one_direction_only(opened: Callable[..., Opened], width: int) -> None:
    page = opened(viewport={"width": width, "height": 740}, has_touch=True, is_mobile=True)
    assert page.tab.evaluate("document.scrollingElement.scrollWidth") <= width
    open_everything(page)
    assert page.tab.evaluate("document.scrollingElement.scrollWidth") <= width
    scrolling = page.tab.evaluate(
        "[...document.querySelectorAll('*')].filter((one) => one.clientWidth && one.scrollWidth > one.clientWidth + 1"
        " && getComputedStyle(one).overflowX === 'auto').map((one) => one.tabIndex)"
    )
    assert scrolling, "code keeps its lines, within a box"
    assert set(scrolling) == {0}, "which the keyboard can scroll"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_text_stands_out_from_its_ground(opened: Callable[..., Opened], scheme: str) -> None:
    page = opened(color_scheme=scheme)
    open_everything(page)
    contrasts = page.tab.evaluate(CONTRASTS)
    assert len(contrasts) > 200
    assert [one for one in contrasts if one[0] < 4.5] == []
    ground = page.tab.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") == (scheme == "light")


def test_without_javascript_everything_can_be_read(opened: Callable[..., Opened]) -> None:
    page = opened(java_script_enabled=False)
    assert len(page.shown()) == 7
    assert not page.tab.locator("#filters").is_visible()
    assert page.tab.locator("button:visible").count() == 0
    while page.tab.locator("details:not([open]) > summary:visible").count():
        page.tab.locator("details:not([open]) > summary:visible").first.click()
    for one in page.run.results:
        finding = page.finding(one.finding.id)
        assert finding.locator("pre.source").is_visible()
        assert finding.locator("pre.source").text_content() == one.finding.source
        for seen in one.observations:
            for line in seen.stderr_tail:
                assert finding.locator("pre:not(.source)", has_text=line).is_visible()
    hidden = page.tab.evaluate(
        "[...document.querySelectorAll('main *, header *')].filter((one) => !one.checkVisibility()"
        " && !one.closest('[data-needs-script], #nothing, script')).map((one) => one.outerHTML.slice(0, 80))"
    )
    assert hidden == []
