"""Families on the HTML page in a browser: folded to read, in the open where one filters, links or opens all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from report import test_page_in_browser as pages
from report.test_page_in_browser import Opened
from report.toy_runs import Run, family_run

# The browser and the page are opened as there, on the run below.
browser, opened = pages.browser, pages.opened


@pytest.fixture(scope="module")
def run_and_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    folder = tmp_path_factory.mktemp("page")
    run = family_run(folder / "findings")
    path = folder / "page.html"
    path.write_text(run.page(), encoding="utf-8")
    return run, path


FOLDED = ["toy/f_news", "toy/b_silent", "toy/h_alone", "toy/d_fine", "toy/g_absent"]


def test_a_page_opens_with_one_article_for_a_family(opened: Callable[..., Opened]) -> None:
    assert opened().shown() == FOLDED


def test_a_filter_shows_a_face_whose_family_s_worst_it_hides(opened: Callable[..., Opened]) -> None:
    page = opened()
    page.tab.locator('input[value="crash"]').check()
    page.expect_count(2)
    assert page.shown() == ["toy/f_news", "toy/c_crash"]
    page.tab.get_by_role("button", name="Show all", exact=True).click()
    page.expect_count(8)
    assert page.shown() == FOLDED, "what the filter opened is folded again"


def test_a_family_without_a_match_leaves_nothing_of_itself(opened: Callable[..., Opened]) -> None:
    page = opened()
    page.tab.get_by_role("searchbox").fill("h_alone")
    page.expect_count(1)
    assert page.shown() == ["toy/h_alone"]
    assert page.tab.locator("details.faces > summary:visible").count() == 0


def test_the_address_of_a_face_unfolds_its_family(opened: Callable[..., Opened]) -> None:
    page = opened("#toy/c_crash")
    assert page.finding("toy/c_crash").locator("> details").get_attribute("open") is not None
    assert page.finding("toy/c_crash").is_visible()
    assert not page.finding("toy/e_fine").is_visible()


def test_a_link_to_a_face_shows_it_though_folded_and_filtered_out(opened: Callable[..., Opened]) -> None:
    page = opened("#toy/b_silent")
    page.tab.locator('input[value="silently wrong"]').check()
    page.expect_count(1)
    page.finding("toy/b_silent").get_by_role("link", name="toy/e_fine").click()
    page.expect_count(8)
    pages.sync_api.expect(page.finding("toy/e_fine").get_by_text("Documented")).to_be_visible()


def test_open_all_opens_the_faces_too_and_close_all_leaves_them_listed(opened: Callable[..., Opened]) -> None:
    page = opened()
    page.tab.get_by_role("button", name="Open all shown").click()
    assert len(page.shown()) == 8
    assert page.tab.locator("article > details[open]").count() == 8
    page.tab.get_by_role("button", name="Close all shown").click()
    assert page.tab.locator("article > details[open]").count() == 0


def test_the_keyboard_alone_unfolds_a_family(opened: Callable[..., Opened]) -> None:
    page = opened()
    summary = page.tab.locator("details.faces > summary").first
    page.tab_to(summary)
    page.tab.keyboard.press("Enter")
    assert page.finding("toy/c_crash").is_visible()


def test_a_family_fits_a_phone_and_stands_out_in_the_dark(opened: Callable[..., Opened]) -> None:
    page = opened(viewport={"width": 320, "height": 740}, is_mobile=True, color_scheme="dark")
    pages.open_everything(page)
    assert page.tab.evaluate("document.scrollingElement.scrollWidth") <= 320
    assert [one for one in page.tab.evaluate(pages.CONTRASTS) if one[0] < 4.5] == []


def test_without_javascript_a_family_unfolds_too(opened: Callable[..., Opened]) -> None:
    page = opened(java_script_enabled=False)
    page.tab.locator("details.faces > summary").first.click()
    assert page.finding("toy/a_loud").is_visible()
