"""Serve the print shop and start Chromium, for tests that drive the pages, and open pages in which nothing may go wrong unseen."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tastemaker.api.demo.processes import NOBODY, service
from tastemaker.api.demo.scripts import DATA
from tastemaker.api.stock import stock
from tastemaker.core.settings import CatalogueSettings, Settings

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
def print_shop(home: Path, **settings: str) -> Iterator[str]:
    """Serve the print shop without training, and without a language model unless ``LLM__BASE_URL`` names one; yield its address."""
    told = {"LLM__BASE_URL": NOBODY, "CATALOGUE__MEDIA_ROOT": str(DATA), **settings}
    shop = Settings(home=home, catalogue=CatalogueSettings(media_root=str(DATA)))
    with asyncio.Runner() as runner:
        events, rejects = DATA / "interactions.csv", home / "rejects.jsonl"
        runner.run(stock(shop, DATA / "catalogue.csv", rejects=rejects, interactions=events, media=DATA))
        running = service(home, settings={f"TASTEMAKER_{name}": value for name, value in told.items()})
        try:
            yield runner.run(running.__aenter__()).url
        finally:
            runner.run(running.__aexit__(None, None, None))


@contextmanager
def started(*arguments: str) -> Iterator[Browser]:
    """Start Chromium, once the service runs: Playwright holds the thread's event loop from then on."""
    with sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=chromium(), args=["--no-sandbox", *arguments])
        yield found
        found.close()


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
