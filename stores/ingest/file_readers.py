"""Stream the rows of CSV, TSV, JSON Lines and Parquet files with their line numbers, in constant memory.

A row that cannot be read is yielded with its problem and never hides the rows after it: an unclosed quote costs one line.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO

from ...core.errors import InvalidRequestError

MAX_LINE_BYTES = 4_000_000
MAX_QUOTED_LINES = 500
MAX_QUOTED_CHARS = 200_000
PARQUET_ROWS = 256
SUFFIXES = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet")
HEADER_SAMPLE = 1_000
_DELIMITERS = ",;\t|"
_UNCLOSED = "unclosed quote"


@dataclass(frozen=True)
class Record:
    """One row: the line it starts on (from 1; for Parquet the row's number), its values, or why it cannot be read."""

    line: int
    values: Mapping[str, Any] = field(default_factory=dict)
    problem: str = ""


def read_records(path: Path) -> Iterator[Record]:
    """Yield the rows of ``path``, its format told by the suffix.

    Raises:
        InvalidRequestError: the file is missing, of another format, or has no header; names ``source``.
    """
    suffix = path.suffix.lower()
    if suffix not in SUFFIXES:
        raise InvalidRequestError("source", f"{path.name} must end in {', '.join(SUFFIXES)}")
    if not path.is_file():
        raise InvalidRequestError("source", f"no file at {path}")
    if suffix == ".parquet":
        yield from _read_parquet(path)
        return
    with path.open("rb") as file:
        yield from _read_json_lines(file) if suffix in (".jsonl", ".ndjson") else _read_delimited(file, suffix)


def column_names(path: Path) -> list[str]:
    """Return the names of the columns of ``path``; of JSON Lines, those of the first ``HEADER_SAMPLE`` rows."""
    names: dict[str, None] = {}
    for count, record in enumerate(read_records(path), start=1):
        names.update(dict.fromkeys(record.values))
        if count >= HEADER_SAMPLE:
            break
    return list(names)


def _read_parquet(path: Path) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    line = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=PARQUET_ROWS):
                for values in batch.to_pylist():
                    line += 1
                    yield Record(line, {str(k): _plain(v) for k, v in values.items()})
    except (pa.ArrowException, OSError) as error:
        if line == 0:
            raise InvalidRequestError("source", f"{path.name} is not a Parquet file: {str(error)[:200]}") from error
        yield Record(line + 1, problem=f"the rest of the file cannot be read: {str(error)[:200]}")


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return float(value)
    if isinstance(value, bytes):
        return value.decode("utf-8", "surrogateescape")
    if value is None or isinstance(value, str | bool | int | float | list | dict):
        return value
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _read_json_lines(file: BinaryIO) -> Iterator[Record]:
    for line, text in _lines(file):
        if text is None:
            yield Record(line, problem=f"the line is longer than {MAX_LINE_BYTES} bytes")
            continue
        if not text.strip():
            continue
        try:
            values = json.loads(text)
        except (ValueError, RecursionError) as error:
            yield Record(line, problem="invalid UTF-8" if _broken(text) else f"not JSON: {error}")
            continue
        if isinstance(values, dict):
            yield Record(line, values, "invalid UTF-8" if _broken(text) else "")
        else:
            yield Record(line, problem="not a JSON object")


def _read_delimited(file: BinaryIO, suffix: str) -> Iterator[Record]:
    rows = _Rows(file, suffix)
    for line, cells, problem in rows:
        if problem:
            yield Record(line, problem=problem)
        elif len(cells) != len(rows.header):
            yield Record(line, problem=f"{len(cells)} columns instead of {len(rows.header)}")
        else:
            broken = any(_broken(cell) for cell in cells)
            yield Record(line, dict(zip(rows.header, cells, strict=True)), "invalid UTF-8" if broken else "")


class _Rows:
    """Split lines into rows of cells, joining lines while a quote is open and giving up on it within bounds."""

    def __init__(self, file: BinaryIO, suffix: str) -> None:
        self._source = _lines(file)
        self._pending: list[tuple[int, str | None]] = []
        first = next((text for _, text in self._source if text is None or text.strip()), None)
        if first is None:
            raise InvalidRequestError("source", "the file has no header line")
        self._tabs = suffix == ".tsv"
        self._delimiter = "\t" if self._tabs else max(_DELIMITERS, key=first.count)
        cells, problem = self._parse(first)
        self.header = [cell.strip() for cell in cells]
        if problem or len(set(self.header)) < len(self.header) or "" in self.header or _broken(first):
            raise InvalidRequestError("source", "the header line must name every column once, in UTF-8")

    def __iter__(self) -> Iterator[tuple[int, list[str], str]]:
        while (head := self._next()) is not None:
            line, text = head
            if text is None:
                yield line, [], f"the line is longer than {MAX_LINE_BYTES} bytes"
            elif text.strip():
                yield (line, *self._row(text))

    def _next(self) -> tuple[int, str | None] | None:
        return self._pending.pop(0) if self._pending else next(self._source, None)

    def _row(self, text: str) -> tuple[list[str], str]:
        cells, problem = self._parse(text)
        if problem != _UNCLOSED:
            return cells, problem
        taken: list[tuple[int, str | None]] = []
        while problem == _UNCLOSED and (more := self._to_next_quote(taken)):
            text += more
            cells, problem = self._parse(text)
        if not problem and len(cells) == len(self.header):
            return cells, ""
        self._pending[:0] = taken
        return [], "a quote is opened and not closed"

    def _to_next_quote(self, taken: list[tuple[int, str | None]]) -> str:
        """Move lines to ``taken`` up to one with a quote and return their text; empty at the end or the bounds."""
        found: list[str] = []
        while len(taken) < MAX_QUOTED_LINES and sum(map(len, found)) < MAX_QUOTED_CHARS:
            following = self._next()
            if following is None:
                return ""
            taken.append(following)
            if following[1] is None:
                return ""
            found.append(following[1])
            if '"' in following[1]:
                return "".join(found)
        return ""

    def _parse(self, text: str) -> tuple[list[str], str]:
        try:
            return next(csv.reader([text], delimiter=self._delimiter, strict=True)), ""
        except csv.Error as error:
            if self._tabs:
                return text.rstrip("\r\n").split("\t"), ""
            return [], _UNCLOSED if "unexpected end of data" in str(error) else f"bad quoting: {error}"
        except StopIteration:
            return [], ""


def _lines(file: BinaryIO) -> Iterator[tuple[int, str | None]]:
    """Yield (number from 1, text), or None for a line that is too long; bytes that are not UTF-8 become surrogates."""
    number = 0
    while raw := file.readline(MAX_LINE_BYTES):
        number += 1
        if len(raw) == MAX_LINE_BYTES and not raw.endswith(b"\n"):
            while rest := file.readline(MAX_LINE_BYTES):
                if rest.endswith(b"\n"):
                    break
            yield number, None
            continue
        text = raw.decode("utf-8", "surrogateescape")
        yield number, text.removeprefix("\ufeff") if number == 1 else text


def _broken(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)
