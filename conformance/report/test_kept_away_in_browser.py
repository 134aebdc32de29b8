"""What an absent package keeps away, on the page in a browser: folded to read, there where one asks for it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from report import test_page_in_browser as pages
from report.test_page_in_browser import Opened
from report.toy_runs import Run, kept_away_run

# The browser and the page are opened as there, on the run below.
browser, opened = pages.browser, pages.opened


@pytest.fixture(scope="module")
def run_and_file(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Path]:
    folder = tmp_path_factory.mktemp("page")
    run = kept_away_run(folder / "findings")
    path = folder / "page.html"
    path.write_text(run.page(), encoding="utf-8")
    return run, path


def test_a_page_opens_with_the_reason_and_none_of_what_it_keeps_away(opened: Callable[..., Opened]) -> None:
    page = opened()
    assert page.shown() == ["toy/bites", "toy/no_gpu", "toy/tells_itself"]
    assert page.tab.get_by_text("3 findings cannot run here: no-such-package is not installed").is_visible()


def test_a_search_brings_out_the_one_that_it_finds(opened: Callable[..., Opened]) -> None:
    page = opened()
    page.tab.get_by_role("searchbox").fill("b_absent")
    page.expect_count(1)
    assert page.shown() == ["toy/b_absent"]


def test_the_address_of_one_unfolds_them(opened: Callable[..., Opened]) -> None:
    page = opened("#other/c_absent")
    assert page.finding("other/c_absent").is_visible()
    assert page.finding("other/c_absent").locator("> details").get_attribute("open") is not None
