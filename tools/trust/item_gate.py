"""Examine the items of a catalogue and hold back those that a check of the shop's policy finds something about.

A new method is one file with an ``ItemMethod`` and a line in ``ITEM_METHODS``; every method for single photos runs here too.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from pydantic import Field

from ...core.errors import ConfigurationError
from ...core.protocols import VectorColumn, Vectors
from ...core.schemas import Frozen, Item, MediaFile, Review, ReviewFinding
from .examiner import Examiner
from .item_method import Goods, ItemMethod
from .item_print import ITEM_PRINT
from .item_text import ITEM_TEXT
from .item_values import ITEM_VALUES
from .method import Method
from .same_photo import SAME_PHOTO

ITEM_METHODS: tuple[ItemMethod, ...] = (ITEM_TEXT, ITEM_VALUES, ITEM_PRINT, SAME_PHOTO)
MAX_FINDINGS = 16
NOT_EXAMINED = "Not examined"
"""How the reason of a method for single photos begins where it could not look."""
_LOG = logging.getLogger(__name__)


class Examined(Frozen):
    """What a run over a catalogue found."""

    checks: tuple[str, ...] = Field(description="The checks that ran.")
    examined: int = Field(description="Items that were looked at.")
    found: dict[str, int] = Field(
        default_factory=dict, description="Items by the check that found something about them."
    )
    held: tuple[str, ...] = Field(default=(), description="Ids of the items that now wait for a decision.")
    unexamined: dict[str, str] = Field(
        default_factory=dict, description="How many items a check could not look at, and why, by the check."
    )


class ItemsAndVectors(Protocol):
    """What is asked of a catalogue."""

    async def scan(self, limit: int) -> list[str]: ...  # noqa: D102
    async def get(self, item_ids: Sequence[str]) -> list[Item]: ...  # noqa: D102
    async def stored_vectors(self, column: VectorColumn, item_ids: Sequence[str]) -> dict[str, Vectors]: ...  # noqa: D102
    async def count(self) -> int: ...  # noqa: D102


class HoldsItems(Protocol):
    """Keeps what waits for a decision."""

    async def hold(self, tenant: str, reviews: Sequence[Review]) -> list[str]: ...  # noqa: D102


class ItemGate:
    """Run checks over a catalogue and hold back what they object to.

    Args:
        catalogue: whose items.
        reviews: keeps what is held.
        tenant: whose they are.
        media: the folder that the items' pictures are relative to; none: checks of pictures find nothing.
        checks: which to run, by name.
        photo_methods: those for single photos that may be named.

    Raises:
        ConfigurationError: there is no check of that name; the message lists them.
    """

    def __init__(
        self,
        catalogue: ItemsAndVectors,
        reviews: HoldsItems,
        tenant: str,
        media: Path | None,
        checks: Sequence[str],
        *,
        photo_methods: Sequence[Method] = (),
    ) -> None:
        known = {*(m.name for m in ITEM_METHODS), *(m.name for m in photo_methods)}
        for name in checks:
            if name not in known:
                raise ConfigurationError(
                    f"trust.review: no check {name!r} for items; there are: {', '.join(sorted(known))}"
                )
        self._catalogue, self._reviews, self._tenant, self._media = catalogue, reviews, tenant, media
        self._together = [m for m in ITEM_METHODS if m.name in checks]
        self._alone = [m for m in photo_methods if m.name in checks]

    async def __call__(self, new: Sequence[str] | None = None) -> Examined:
        """Examine the items of these ids, or all, against the whole catalogue, and hold back those with a finding.

        Raises:
            StoreError: a store failed.
        """
        goods = await self._goods(new)
        findings: dict[str, list[ReviewFinding]] = {}
        missed: dict[str, list[str]] = {}
        for method in self._together:
            seen = await asyncio.to_thread(_found, method, goods)
            if seen is None:
                missed[method.name] = [f"{NOT_EXAMINED}: the check failed, and the log says how."] * len(goods.new)
            for item_id, finding in (seen or {}).items():
                findings.setdefault(item_id, []).append(finding)
        for item_id, found in (await self._of_photos(goods, missed)).items():
            findings.setdefault(item_id, []).extend(found)
        reviews = [
            Review(item_id=item_id, findings=tuple(found[:MAX_FINDINGS]), mark=_mark(goods, item_id))
            for item_id, found in findings.items()
        ]
        held = await self._reviews.hold(self._tenant, reviews) if reviews else []
        names = [*(m.name for m in self._together), *(m.name for m in self._alone)]
        count = {name: sum(any(f.check == name for f in some) for some in findings.values()) for name in names}
        unexamined = {name: f"{len(reasons)} items, {_commonest(reasons)}" for name, reasons in missed.items()}
        return Examined(
            checks=tuple(names), examined=len(goods.new), found=count, held=tuple(held), unexamined=unexamined
        )

    async def _goods(self, new: Sequence[str] | None) -> Goods:
        ids = await self._catalogue.scan(await self._catalogue.count())
        items = await self._catalogue.get(ids)
        texts = await self._catalogue.stored_vectors("text", ids)
        images = await self._catalogue.stored_vectors("image", ids)
        photos = {i.item_id: self._media / i.image for i in items if i.image and self._media is not None}
        present = {i: path for i, path in photos.items() if path.is_file()}
        return Goods(items, present, texts, images, frozenset(ids if new is None else set(new) & set(ids)))

    async def _of_photos(self, goods: Goods, missed: dict[str, list[str]]) -> dict[str, list[ReviewFinding]]:
        """Run the methods for single photos on the new items; add to ``missed`` why one could not look, by its name."""
        if not self._alone:
            return {}
        examine, found = Examiner(self._alone), {}
        for item_id in sorted(goods.new & goods.photos.keys()):
            medium = MediaFile(media_id=item_id, kind="image", path=str(goods.photos[item_id]), mime="")
            checks = [c for c, _ in await examine(medium, "asked")]
            for check in (c for c in checks if c.reason.startswith(NOT_EXAMINED)):
                missed.setdefault(check.check, []).append(check.reason)
            bad = [c for c in checks if c.state == "conflict"]
            if bad:
                found[item_id] = [ReviewFinding(check=c.check, reason=c.reason, score=c.score) for c in bad]
        return found


def _found(method: ItemMethod, goods: Goods) -> Mapping[str, ReviewFinding] | None:
    """Return what a method finds; none where it fails, and the log says how."""
    try:
        return method.examine(goods)
    except Exception:  # noqa: BLE001  # a plug-in's fault is its own: the ingest goes on
        _LOG.warning("the check %s failed", method.name, exc_info=True)
        return None


def _commonest(reasons: Sequence[str]) -> str:
    """Return the reason that is given most often, as the rest of a sentence."""
    said = Counter(reasons).most_common(1)[0][0]
    return said[0].lower() + said[1:]


def _mark(goods: Goods, item_id: str) -> str:
    """Return what tells whether an item's words or photo changed since they were examined."""
    item, photo = goods.by_id[item_id], goods.photos.get(item_id)
    content = hashlib.sha256(f"{item.title}\0{item.text}\0".encode())
    if photo is not None:
        content.update(photo.read_bytes())
    return content.hexdigest()[:32]
