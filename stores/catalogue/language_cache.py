"""Compile the language of a catalogue table from all its values, once for a version, away from the event loop."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from ...core.errors import StoreError
from ...core.language.catalogue_language import CatalogueLanguage, compile_language, language_of
from ...core.language.own_words import OwnWords
from ...core.schemas import CatalogueSchema
from .field_statistics import texts, vocabulary

REST = 20
"""A language of an earlier version serves for so many times the seconds that compiling it took."""


class LanguageCache:
    """Holds the language compiled last, and the work on the next one."""

    def __init__(self) -> None:
        self._known: tuple[CatalogueSchema, CatalogueLanguage, float] | None = None
        self._own = OwnWords()
        self._work: asyncio.Task[CatalogueLanguage] | None = None

    async def of(self, table: Any, schema: CatalogueSchema, own: OwnWords) -> CatalogueLanguage:
        """Return the language of ``table``, whose fields are ``schema``, with the shop's ``own`` words; who is cut off while it is compiled leaves the work to the next.

        Raises:
            StoreError: the values cannot be read.
        """
        if table is None:
            return language_of(schema)
        if own is not self._own:
            self._own, self._known, self._work = own, None, None
        if self._known and (self._known[0] is schema or time.monotonic() < self._known[2]):
            return self._known[1]
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._compile(table, schema, own))
        return await asyncio.shield(self._work)

    async def _compile(self, table: Any, schema: CatalogueSchema, own: OwnWords) -> CatalogueLanguage:
        start = time.perf_counter()
        try:
            words, (titles, said) = await vocabulary(table), await texts(table)
        except (OSError, RuntimeError, ValueError) as error:
            raise StoreError("cannot read the catalogue's values") from error
        language = await asyncio.to_thread(compile_language, schema, words, said, own, titles)
        if own is self._own:
            self._known = schema, language, time.monotonic() + REST * (time.perf_counter() - start)
        return language
