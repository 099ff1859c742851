"""Keep which items wait for a person's decision, and keep those, and the rejected ones, out of answers by a rule."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, Column, String, Table, Text, delete, select, update

from ..core.errors import StoreError
from ..core.rules.model import MAX_ITEMS, Block, RuleSet
from ..core.schemas import CatalogueSchema, Review, ReviewFinding, ReviewState
from .database import METADATA, Database
from .rules import LoadedRules, Rules

REVIEWS = Table(
    "reviews",
    METADATA,
    Column("tenant", String(64), primary_key=True),
    Column("item_id", String(128), primary_key=True),
    Column("state", String(16), nullable=False),
    Column("findings", Text, nullable=False),
    Column("mark", String(64), nullable=False),
    Column("at_us", BigInteger, nullable=False),
)
AT_ONCE = 500
RULE_ID = "held-for-review"
CHECK_S = 1.0
"""Seconds between two looks at what is held."""
_log = logging.getLogger("tastemaker.reviews")


class ReviewStore:
    """The reviews of all tenants' items in one database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def hold(self, tenant: str, reviews: Sequence[Review]) -> list[str]:
        """Hold items back and return their ids; one that was decided on stays decided while its mark is the same.

        Raises:
            StoreError: the database failed.
        """
        async with self._database.connect(write=True) as connection:
            decided = select(REVIEWS.c.item_id, REVIEWS.c.mark).where(
                REVIEWS.c.tenant == tenant, REVIEWS.c.state != "waiting"
            )
            done = {(row.item_id, row.mark) for row in (await connection.execute(decided)).all()}
            new = [r for r in {r.item_id: r for r in reviews}.values() if (r.item_id, r.mark) not in done]
            held = [review.item_id for review in new]
            await _delete(connection, tenant, held)
            if new:
                await connection.execute(REVIEWS.insert(), [_row(tenant, review) for review in new])
        return held

    async def find(self, tenant: str, state: ReviewState | None = "waiting") -> tuple[Review, ...]:
        """Return the reviews in this state, or all of them, newest first.

        Raises:
            StoreError: the database failed.
        """
        wanted = select(REVIEWS).where(REVIEWS.c.tenant == tenant)
        if state is not None:
            wanted = wanted.where(REVIEWS.c.state == state)
        async with self._database.connect() as connection:
            rows = (await connection.execute(wanted.order_by(REVIEWS.c.at_us.desc(), REVIEWS.c.item_id))).all()
        return tuple(_review(row) for row in rows)

    async def decide(self, tenant: str, item_ids: Sequence[str], *, accept: bool) -> list[str]:
        """Accept or reject items, whatever was decided before, and return the ids of those that have a review.

        Raises:
            StoreError: the database failed.
        """
        decided = []
        values = {"state": "accepted" if accept else "rejected", "at_us": time.time_ns() // 1000}
        async with self._database.connect(write=True) as connection:
            for item_id in dict.fromkeys(item_ids):
                mine = (REVIEWS.c.tenant == tenant) & (REVIEWS.c.item_id == item_id)
                if (await connection.execute(update(REVIEWS).where(mine).values(values))).rowcount:
                    decided.append(item_id)
        return decided

    async def forget(self, tenant: str, item_ids: Sequence[str]) -> None:
        """Remove the reviews of items that are no more.

        Raises:
            StoreError: the database failed.
        """
        async with self._database.connect(write=True) as connection:
            await _delete(connection, tenant, item_ids)

    async def kept_out(self, tenant: str) -> list[str]:
        """Return the ids of the items that are not to be offered, in order.

        Raises:
            StoreError: the database failed.
        """
        wanted = select(REVIEWS.c.item_id).where(REVIEWS.c.tenant == tenant, REVIEWS.c.state != "accepted")
        async with self._database.connect() as connection:
            return sorted((await connection.execute(wanted)).scalars())


@dataclass
class _Held:
    """What is held of one tenant, when that was read, and the rules it was last added to."""

    ids: tuple[str, ...] | None = None
    read_at: float = 0.0
    base: LoadedRules | None = None
    rules: LoadedRules | None = None


@dataclass
class RulesWithReviews:
    """The rules of a shop, and one that keeps out what is held for review. Implements ``Rules``."""

    base: Rules
    reviews: ReviewStore
    check_s: float = CHECK_S
    _held: dict[str, _Held] = field(default_factory=dict)

    async def load(self, tenant: str, schema: CatalogueSchema) -> LoadedRules:
        """Return the rules in use; what is held was read at most ``check_s`` ago, or is what was read last, and a label says so."""
        loaded = await self.base.load(tenant, schema)
        held = self._held.setdefault(tenant, _Held())
        if held.ids is None or time.monotonic() - held.read_at >= self.check_s:
            try:
                ids = tuple(await self.reviews.kept_out(tenant))
            except StoreError as error:
                _log.warning("what tenant %s holds for review cannot be read: %s", tenant, error)
                label = "What is held for review could not be read; what was known of it is kept out."
                return _added(loaded, held.ids or ()).model_copy(update={"label": loaded.label or label})
            if ids != held.ids:
                held.base = None
            held.ids, held.read_at = ids, time.monotonic()
        if held.base is not loaded or held.rules is None:
            held.base, held.rules = loaded, _added(loaded, held.ids)
        return held.rules

    def at_hand(self, tenant: str, schema: CatalogueSchema) -> LoadedRules:
        """Return, without waiting, the rules at hand and what was held when that was read last."""
        held = self._held.get(tenant)
        return _added(self.base.at_hand(tenant, schema), (held.ids if held else None) or ())


async def _delete(connection: Any, tenant: str, item_ids: Sequence[str]) -> None:
    for start in range(0, len(item_ids), AT_ONCE):
        some = item_ids[start : start + AT_ONCE]
        await connection.execute(delete(REVIEWS).where(REVIEWS.c.tenant == tenant, REVIEWS.c.item_id.in_(some)))


def _added(loaded: LoadedRules, ids: Sequence[str]) -> LoadedRules:
    if not ids:
        return loaded
    pieces = [ids[start : start + MAX_ITEMS] for start in range(0, len(ids), MAX_ITEMS)]
    names = [RULE_ID, *(f"{RULE_ID}-{n}" for n in range(2, len(pieces) + 1))]
    blocks = tuple(Block(kind="block", id=name, items=tuple(some)) for name, some in zip(names, pieces, strict=True))
    return loaded.model_copy(update={"rules": RuleSet.model_construct(rules=(*loaded.rules.rules, *blocks))})


def _row(tenant: str, review: Review) -> dict[str, Any]:
    findings = json.dumps([f.model_dump(mode="json") for f in review.findings], ensure_ascii=False)
    about = {"tenant": tenant, "item_id": review.item_id, "state": review.state, "findings": findings}
    return about | {"mark": review.mark, "at_us": time.time_ns() // 1000}


def _review(row: Any) -> Review:
    findings = tuple(ReviewFinding.model_validate(one) for one in json.loads(row.findings))
    at = datetime.fromtimestamp(row.at_us / 1_000_000, UTC)
    return Review(item_id=row.item_id, state=row.state, findings=findings, mark=row.mark, at=at)
