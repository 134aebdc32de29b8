"""The browser that the tests of the pages need: playwright (extra ``browser``) and a Chromium on the path.

Where either is absent these tests are skipped, with the reason. With ``SHARPBITS_BROWSER=required``, as CI sets it,
that is an error instead: there a green run means that the pages were looked at.
"""

from __future__ import annotations

import importlib
import os
import shutil
from typing import Any

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)

#: Nothing of the browser's own goes over the network either; tests often run as root and without a GPU.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip


def playwright_or_skip() -> Any:
    """Return playwright's module, or skip the module that asks for it.

    Raises
    ------
    pytest.UsageError
        The browser is required and something of it is missing.
    """
    try:
        found = importlib.import_module("playwright.sync_api")
    except ModuleNotFoundError:
        found = None
    missing = "playwright is not installed (extra: browser)" if found is None else ""
    if not missing and CHROMIUM is None:
        missing = "there is no chromium, chromium-browser or google-chrome"
    if missing and os.environ.get("SHARPBITS_BROWSER") == "required":
        raise pytest.UsageError(f"SHARPBITS_BROWSER=required, but {missing}")
    if missing:
        pytest.skip(missing, allow_module_level=True)
    return found
