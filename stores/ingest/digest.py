"""Tell from an item's stored digest what of it changed: the record, the words its vector was made of, or the picture."""

from __future__ import annotations

import hashlib
import json
from typing import NamedTuple

from ...core.schemas import Item

TEXT_CHARS = 1_000
SHORT_ATTRIBUTE_CHARS = 40
CHOICES = "with the highest number among the choices"
"""Told of items with choices, so that those written before there was such a column are written again."""
DAMAGED = "damaged-image:"
"""Begins the digest of an item whose picture could not be decoded, so that the next run reports it again."""


class Digest(NamedTuple):
    """What an item was made from: the model's mark, and hashes of the record, the embedded words and the picture's file."""

    mark: str
    record: str
    text: str = ""
    image: str = ""
    damaged: bool = False

    def __str__(self) -> str:
        return (DAMAGED if self.damaged else "") + self.mark + ":".join((self.record, self.text, self.image))

    @property
    def key(self) -> tuple[str, str, str]:
        """What stays the same exactly when nothing has to be written."""
        return self.mark, self.record, self.image


def digest_of(item: Item, image: str, mark: str, reader: str = "") -> Digest:
    """Return the digest of ``item`` whose picture's file hashes to ``image`` and whose words ``reader`` embeds in place of the usual network."""
    record = item.model_dump(mode="json", exclude=None if item.variants else {"variants"})
    told = [*([CHOICES] if item.variants else []), *([reader] if reader else [])]
    content = json.dumps([record, image, *told], sort_keys=True, ensure_ascii=True)
    return Digest(mark, _hash(content, 32), _hash(embedding_text(item) + reader, 16), image)


def read_digest(stored: str) -> Digest:
    """Return a stored digest; one of an older form holds no parts and matches nothing."""
    damaged = stored.startswith(DAMAGED)
    mark, _, rest = stored.removeprefix(DAMAGED).partition(":")
    parts = rest.split(":")
    record, text, image = parts if len(parts) == 3 else (rest, "", "")
    return Digest(f"{mark}:", record, text, image, damaged)


def embedding_text(item: Item) -> str:
    """Return what is embedded of ``item``: its title, its short text and list attributes, the start of its text."""
    short: list[str] = []
    for value in item.attributes.values():
        members = value if isinstance(value, list) else [value] if isinstance(value, str) else []
        short += [m for m in members if len(m) <= SHORT_ATTRIBUTE_CHARS]
    return ". ".join(part for part in (item.title, ", ".join(short), item.text[:TEXT_CHARS]) if part)


def _hash(text: str, length: int) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:length]
