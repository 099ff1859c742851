"""Find Chromium, for tests that drive the page, and open pages in which nothing may go wrong unseen."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MISSING = "no Chromium: install Debian's package `chromium`, or name a browser in CHROMIUM_PATH"
_WATCH = """
window.violations = [];
addEventListener("securitypolicyviolation", (event) => violations.push(`${event.violatedDirective} ${event.blockedURI}`));
"""


def chromium() -> str | None:
    """Return the path of a Chromium on this machine, or None."""
    named = os.environ.get("CHROMIUM_PATH")
    return named or next((found for name in NAMES if (found := shutil.which(name))), None)


@contextmanager
def watched(browser: Browser, allowed: tuple[str, ...] = (), **options: Any) -> Iterator[Page]:
    """Open a page, and check at the end that it logged no error and broke no policy; ``allowed`` are parts of errors wanted."""
    context = browser.new_context(reduced_motion="reduce", **options)
    page = context.new_page()
    page.add_init_script(_WATCH)
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error" and not any(part in message.text for part in allowed):
            errors.append(message.text)

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.set_default_timeout(30_000)
    try:
        yield page
        violations = page.evaluate("window.violations")
        assert not violations, violations
        assert not errors, errors
    finally:
        context.close()


def serious(page: Page) -> list[str]:
    """Return what axe finds that is serious or critical, with where."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {node['target']} {node['failureSummary']}"
        for one in found
        if one["impact"] in ("serious", "critical")
        for node in one["nodes"]
    ]
