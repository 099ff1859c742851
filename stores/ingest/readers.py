"""Tell what embeds an item's words: the usual network, or that of other languages where it is here."""

from __future__ import annotations

from ...core.protocols import ImageTextModel, ReadsOtherLanguages
from ...core.schemas import Item
from .digest import embedding_text


class Readers:
    """Ask the image-text model about every item, and count those whose words nothing can read."""

    def __init__(self, embed: ImageTextModel) -> None:
        self._embed, self._unread, self._why = embed, 0, ""

    def of(self, item: Item) -> str:
        """Return the revision of what embeds an item's words in place of the usual network, empty where nothing does; its weights are fetched once."""
        if not isinstance(self._embed, ReadsOtherLanguages):
            return ""
        reader = self._embed.reader_of(embedding_text(item), fetch=True)
        self._unread += bool(reader.problem)
        self._why = reader.problem or self._why
        return reader.revision

    def notes(self) -> list[str]:
        """Return what is to be said of a run: how many items could not be read, and why."""
        if not self._unread:
            return []
        return [
            f"{self._unread} items are in another language than English and are found by their words only: {self._why}, "
            "then run ingest again"
        ]
