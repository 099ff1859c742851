"""Deny items whose title, text or attributes hold a word of a list; off unless ``filters.use`` names ``words``."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from ...core.errors import ConfigurationError
from ...core.predicates import fold
from ...core.protocols import Ruling
from ...core.schemas import Item
from ...core.settings import Settings


class WordFilter:
    """Compares whole words and phrases, whatever the case; the reason does not repeat the word."""

    name = "words"

    def __init__(self, words: Sequence[str]) -> None:
        listed = sorted({fold(w) for w in words} - {""}, key=len, reverse=True)
        self._pattern = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, listed))})(?!\w)") if listed else None

    async def check(self, items: Sequence[Item], context: Mapping[str, str]) -> list[Ruling]:
        """Return one ruling for each item."""
        return await asyncio.to_thread(lambda: [self._ruling(i) for i in items])

    def _ruling(self, item: Item) -> Ruling:
        values = (v if isinstance(v, list) else [v] for v in item.attributes.values() if isinstance(v, str | list))
        parts = (item.title, item.text, *(word for found in values for word in found))
        if self._pattern is not None and any(self._pattern.search(fold(part)) for part in parts):
            return Ruling(allow=False, reason="holds a listed word")
        return Ruling(allow=True)


def open_word_filter(settings: Settings) -> WordFilter:
    """Return the filter with the words of the settings and of the file they name, one word or phrase a line.

    Raises:
        ConfigurationError: the file cannot be read, or there is no word.
    """
    words = list(settings.filters.words)
    if settings.filters.words_file:
        try:
            lines = Path(settings.filters.words_file).read_text(encoding="utf-8").splitlines()
        except (OSError, UnicodeError) as error:
            raise ConfigurationError(f"filters.words_file: cannot be read ({type(error).__name__})") from error
        words += [line for line in lines if line.strip() and not line.startswith("#")]
    if not words:
        raise ConfigurationError("filters.use names words, but filters.words and filters.words_file hold none")
    return WordFilter(words)
