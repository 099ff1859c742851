"""Keep the words that a language model wrote about items and tastes, by shop, content, prompt and model, in SQLite.

The words about items can be searched: SQLite's FTS5 with Porter stems, best first by its BM25.

A taste is kept under a digest of the titles it was made from: nothing in the file names a user.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

from sqlalchemy import Column, MetaData, PrimaryKeyConstraint, String, Table, Text, select, text
from sqlalchemy.dialects.sqlite import insert

from .database import Database

Kind = Literal["item", "taste"]
Words = tuple[str, ...]
BATCH = 500
_METADATA = MetaData()
WORDS = Table(
    "descriptions",
    _METADATA,
    Column("tenant", String(64), nullable=False),
    Column("kind", String(8), nullable=False),
    Column("key", String(128), nullable=False),
    Column("digest", String(32), nullable=False),
    Column("words", Text, nullable=False),
    PrimaryKeyConstraint("tenant", "kind", "key"),
)

_FORGET = "DELETE FROM described WHERE tenant = :tenant AND item_id = :key"
_ADD = "INSERT INTO described VALUES (:tenant, :key, :words)"
_FIND = (
    "SELECT item_id, -bm25(described) FROM described WHERE described MATCH :asked AND tenant = :tenant"
    " ORDER BY bm25(described), item_id LIMIT :most"
)


def digest_of(*parts: str) -> str:
    """Return what tells whether words are still current: a digest of content, prompt and model."""
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:32]


class Descriptions:
    """The words of one shop in the file at ``path``, which is made on first use."""

    def __init__(self, path: Path, tenant: str) -> None:
        self._database = Database(f"sqlite+aiosqlite:///{path}", "descriptions", "home")
        self._tenant = tenant

    async def get(self, kind: Kind, wanted: Mapping[str, str]) -> dict[str, Words]:
        """Return key -> words for the keys whose digest is ``wanted[key]``; the others are missing or out of date.

        Raises:
            StoreError: the file cannot be read.
        """
        keys, found = list(wanted), {}
        mine = select(WORDS.c.key, WORDS.c.digest, WORDS.c.words)
        mine = mine.where(WORDS.c.tenant == self._tenant, WORDS.c.kind == kind)
        async with self._database.connect() as connection:
            for start in range(0, len(keys), BATCH):
                asked = mine.where(WORDS.c.key.in_(keys[start : start + BATCH]))
                for key, digest, words in await connection.execute(asked):
                    if wanted[key] == digest:
                        found[key] = tuple(json.loads(words))
        return found

    async def put(self, kind: Kind, key: str, digest: str, words: Sequence[str]) -> None:
        """Keep words in place of earlier ones. Raises StoreError."""
        row = {"tenant": self._tenant, "kind": kind, "key": key, "digest": digest, "words": json.dumps(list(words))}
        changed = insert(WORDS).values(row)
        changed = changed.on_conflict_do_update(
            index_elements=["tenant", "kind", "key"], set_={"digest": digest, "words": row["words"]}
        )
        async with self._database.connect(write=True) as connection:
            await connection.execute(changed)
            if kind == "item":
                await connection.execute(text(_FORGET), row)
                await connection.execute(text(_ADD), row)

    async def delete(self, item_ids: Sequence[str]) -> None:
        """Remove the words about items. Raises StoreError."""
        items = WORDS.delete().where(WORDS.c.tenant == self._tenant, WORDS.c.kind == "item")
        async with self._database.connect(write=True) as connection:
            for key in item_ids:
                await connection.execute(items.where(WORDS.c.key == key))
                await connection.execute(text(_FORGET), {"tenant": self._tenant, "key": key})

    async def find(self, words: Sequence[str], limit: int) -> list[tuple[str, float]]:
        """Return (item id, BM25) of the items that have any of ``words``, best first.

        Raises:
            StoreError: the file cannot be read.
        """
        plain = [word for entry in words for word in re.findall(r"[^\W_]+", entry)]
        if not plain:
            return []
        asked = " OR ".join(f'words:"{word}"' for word in dict.fromkeys(plain))
        async with self._database.connect() as connection:
            rows = await connection.execute(text(_FIND), {"asked": asked, "tenant": self._tenant, "most": limit})
            return [(str(item_id), float(score)) for item_id, score in rows]

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()
