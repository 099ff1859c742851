"""Read the rows of one file into items: the last of equal ids, with their pictures and digests; report the bad ones, and count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...core.schemas import Item
from .digest import Digest, digest_of
from .file_survey import Survey
from .pictures import ImageProblem, PictureAddress, check_image, file_digest, locate, named_by_id, variant_pictures
from .readers import Readers
from .records import Record
from .report import Rejects
from .rows_to_items import RowError, attributes_of, to_item, variants_of

MAX_ADDRESSES = 20
"""After so many pictures that lie elsewhere they are only counted."""


@dataclass(frozen=True)
class UsableRow:
    """An item to write, with the picture's file, its digest, and what its stored digest says can be kept."""

    line: int
    item: Item
    image: Path | None
    digest: Digest
    stored: Digest | None = None

    @property
    def keeps_text(self) -> bool:
        """Whether the stored text vector is of these words and this model."""
        old = self.stored
        return old is not None and (old.mark, old.text) == (self.digest.mark, self.digest.text)

    @property
    def keeps_image(self) -> bool:
        """Whether the stored picture vector is of this file and this model."""
        old = self.stored
        return old is not None and not old.damaged and (old.mark, old.image) == (self.digest.mark, self.digest.image)


class Run:
    """Read the rows of one file, report the bad ones, and count."""

    def __init__(self, source: Path, found: Survey, media: Path | None, problems: Rejects, readers: Readers) -> None:
        self.source, self.found, self.problems, self.readers = source, found, problems, readers
        self.media, self._by_id = media or source.parent, media is not None and "image" not in found.plan.fields
        self.read = self.inserted = self.updated = self.unchanged = self.addresses = 0
        self.changed: list[str] = []

    def rows(self, mark: str) -> Iterator[UsableRow]:
        """Yield the usable rows; of rows with the same id only the last usable one."""
        held: dict[str, UsableRow] = {}
        for record in self.found.records():
            self.read += 1
            row = self._usable(record, mark)
            item_id = row.item.item_id if row else self.found.plan.item_id(record.values)
            last = self.found.last_line.get(item_id)
            if last is None:
                if row is not None:
                    yield row
                continue
            if row is not None:
                if item_id in held:
                    self.warn(
                        held[item_id], "item_id", f"the same id comes again on line {row.line}, which replaces this"
                    )
                held[item_id] = row
            if record.line >= last and item_id in held:
                yield held.pop(item_id)

    def warn(self, row: UsableRow, field: str, reason: str) -> None:
        """Report a row that is used only in part."""
        self._warn(row.line, row.item.item_id, field, reason)

    def notes(self) -> list[str]:
        """Return what is to be said of the run as a whole."""
        elsewhere = (
            f"{self.addresses} pictures are web addresses and were not read: put the files into a folder and name it with "
            "--media; they are found there by their names"
        )
        return [*self.readers.notes(), *([elsewhere] if self.addresses > MAX_ADDRESSES else [])]

    def _warn(self, line: int, item_id: str, field: str, reason: str) -> None:
        self.problems.add(self.source, line, field=field, reason=reason, item_id=item_id[:128], level="warning")

    def _usable(self, record: Record, mark: str) -> UsableRow | None:
        if record.problem:
            self.problems.add(self.source, record.line, field="", reason=record.problem)
            return None
        plan = self.found.plan
        item_id = plan.item_id(record.values)

        def warn(field: str, reason: str) -> None:
            self._warn(record.line, item_id, field, reason)

        try:
            if self.found.choices.only:
                attributes = attributes_of(record.values, plan, warn)
                variants = variants_of(record.values, plan, warn)
                item = Item.model_construct(
                    item_id=item_id, title="", text="", attributes=attributes, variants=variants
                )
                return UsableRow(record.line, item, None, Digest(mark, ""))
            item = to_item(record.values, plan, warn)
        except RowError as error:
            self.problems.add(
                self.source, record.line, field=error.field, reason=error.reason, item_id=error.item_id[:128]
            )
            return None
        if self._by_id and (name := named_by_id(item_id, self.media)):
            item = item.model_copy(update={"image": name})
        item, image, content = self._picture(item, record.line)
        if item.variants:
            shown = variant_pictures(item, self.media, lambda reason: self._warn(record.line, item_id, "image", reason))
            item = item.model_copy(update={"variants": shown})
        return UsableRow(record.line, item, image, digest_of(item, content, mark, self.readers.of(item)))

    def _picture(self, item: Item, line: int) -> tuple[Item, Path | None, str]:
        """Return the item, without its picture if that cannot be used, the picture's file and the hash of its bytes."""
        if item.image is None:
            return item, None, ""
        try:
            image = locate(item.image, self.media)
            content = file_digest(image)
            check_image(image, decode=False)
        except ImageProblem as problem:
            self.addresses += isinstance(problem, PictureAddress)
            if not isinstance(problem, PictureAddress) or self.addresses <= MAX_ADDRESSES:
                self._warn(line, item.item_id, "image", f"{item.image[:200]}: {problem}; stored without it")
            return item.model_copy(update={"image": None}), None, ""
        if "://" in item.image or item.image.startswith("/"):
            item = item.model_copy(update={"image": image.relative_to(self.media.resolve()).as_posix()})
        return item, image, content
