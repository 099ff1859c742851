"""Hold back items that a content filter objects to; a filter that fails or is late is labelled, open or closed as set.

Filters are named by the setting ``filters.use``: a built-in one, or an entry point of the group ``tastemaker.filters``
(``mine = mypackage.safety:open_filter``), a callable that takes the settings and returns a ``ContentFilter``.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import entry_points
from types import MappingProxyType
from typing import cast

from ...core.errors import ConfigurationError
from ...core.protocols import ContentFilter, Ruling
from ...core.schemas import Degradation, Item
from ...core.settings import FilterSettings, Settings

GROUP = "tastemaker.filters"
BUILT_IN: Mapping[str, str] = MappingProxyType({"words": ".word_filter:open_word_filter"})
_log = logging.getLogger("tastemaker.filters")


@dataclass(frozen=True)
class Screening:
    """Item id -> why it is held back, and labels of the filters that failed."""

    denied: Mapping[str, str] = field(default_factory=dict)
    degraded: tuple[Degradation, ...] = ()


class ContentFilters:
    """Every filter in use, asked at the same time."""

    def __init__(self, filters: Sequence[ContentFilter], settings: FilterSettings) -> None:
        self._filters = tuple(filters)
        self._settings = settings

    async def __call__(self, items: Sequence[Item], context: Mapping[str, str]) -> Screening:
        """Return what is held back; an item that any filter denies, and, closed, every item where one failed."""
        if not self._filters or not items:
            return Screening()
        found = await asyncio.gather(*(self._ask(f, items, context) for f in self._filters))
        denied: dict[str, str] = {}
        for one in found:
            denied |= {item_id: why for item_id, why in one.denied.items() if item_id not in denied}
        return Screening(denied, tuple(label for one in found for label in one.degraded))

    async def _ask(self, content: ContentFilter, items: Sequence[Item], context: Mapping[str, str]) -> Screening:
        try:
            rulings = await asyncio.wait_for(content.check(items, context), self._settings.timeout_s)
            if len(rulings) != len(items):
                raise ValueError(f"{len(rulings)} rulings for {len(items)} items")
        except TimeoutError:
            return self._failed(content.name, items, "no answer in time")
        except Exception as error:  # noqa: BLE001 - a broken filter must not fail the request
            _log.error("the content filter %s failed with %s", content.name, type(error).__name__)
            return self._failed(content.name, items, "failed; see the server's log")
        pairs = zip(items, rulings, strict=True)
        return Screening({i.item_id: f"{content.name}: {r.reason or 'denied'}" for i, r in pairs if not r.allow})

    def _failed(self, name: str, items: Sequence[Item], why: str) -> Screening:
        closed = self._settings.on_failure == "deny"
        done = "items it did not check are held back" if closed else "items are shown unchecked"
        label = Degradation(what=f"filter:{name}", why=f"{why}; {done}")
        return Screening(dict.fromkeys((i.item_id for i in items), f"{name}: not checked") if closed else {}, (label,))


def open_filters(settings: Settings) -> ContentFilters:
    """Return the filters that the settings name.

    Raises:
        ConfigurationError: there is no filter of that name, or it cannot be opened.
    """
    return ContentFilters([_opened(name, settings) for name in settings.filters.use], settings.filters)


def _opened(name: str, settings: Settings) -> ContentFilter:
    added = {e.name: e for e in entry_points(group=GROUP)}
    if name not in BUILT_IN and name not in added:
        known = ", ".join(sorted({*BUILT_IN, *added}))
        raise ConfigurationError(f"filters.use: no content filter {name!r}; there are: {known}")
    try:
        factory = _built_in(BUILT_IN[name]) if name in BUILT_IN else added[name].load()
        return cast(Callable[[Settings], ContentFilter], factory)(settings)
    except ConfigurationError:
        raise
    except Exception as error:
        raise ConfigurationError(f"filters.use: {name!r} cannot be opened: {type(error).__name__}") from error


def _built_in(path: str) -> object:
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module, __package__), attribute)


__all__ = ["ContentFilters", "Ruling", "Screening", "open_filters"]
