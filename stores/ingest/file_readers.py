"""Stream the rows of a file with their line numbers: delimited text, JSON, Parquet, Excel and XML feeds, also packed by gzip.

A row that cannot be read is yielded with its problem and never hides the rows after it.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...core.errors import InvalidRequestError
from .delimited import MAX_LINE_CHARS, Table, encoding_of, is_broken, open_binary, open_text
from .records import Record, plain
from .sheets import sheet_rows

PARQUET_ROWS = 256
MIN_KEYED = 3
"""An object that holds so many like objects, and nothing else, holds rows by their ids."""
HEADER_SAMPLE = 1_000
MAX_DOCUMENT_BYTES = 500_000_000
_PRODUCTS = ("Product", "ProductGroup")
RECORD_TAGS = frozenset({"item", "entry", "product", "offer", "shopitem", "row", "record", "article", "book", "movie"})


@dataclass(frozen=True)
class Reading:
    """How a file is opened: encoding and delimiter where they are not to be found out, and the sheet of a workbook."""

    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""


def read_records(path: Path, how: Reading | None = None) -> Iterator[Record]:
    """Yield the rows of ``path``, its format told by the suffix.

    Raises:
        InvalidRequestError: the file is missing, of another format, or has no header; names ``source``.
    """
    suffix = _suffix(path)
    if suffix not in _READERS:
        raise InvalidRequestError("source", f"{path.name} must end in {', '.join(SUFFIXES)}, or one of them and .gz")
    if not path.is_file():
        raise InvalidRequestError("source", f"no file at {path}")
    try:
        yield from _READERS[suffix](path, how or Reading())
    except (LookupError, UnicodeError) as error:
        raise InvalidRequestError("source", f"{path.name} cannot be decoded: {error}") from error
    except (OSError, EOFError) as error:
        raise InvalidRequestError("source", f"{path.name} cannot be read: {error}") from error


def column_names(path: Path, how: Reading | None = None) -> list[str]:
    """Return the names of the columns of ``path``; of JSON Lines, those of the first ``HEADER_SAMPLE`` rows."""
    names: dict[str, None] = {}
    for count, record in enumerate(read_records(path, how), start=1):
        names.update(dict.fromkeys(record.values))
        if count >= HEADER_SAMPLE:
            break
    return list(names)


def said_of(path: Path, how: Reading) -> str:
    """Return in words how a text file is read: its encoding and delimiter."""
    if _suffix(path) not in (".csv", ".tsv", ".txt"):
        return ""
    table = Table(path, how.encoding, how.delimiter)
    mark = {"\t": "tabs"}.get(table.delimiter, repr(table.delimiter))
    below = f", the header on line {table.header_line}" if table.header_line > 1 else ""
    return f"{table.encoding.removesuffix('-sig')}, columns separated by {mark}{below}"


def _suffix(path: Path) -> str:
    suffix = path.suffix.lower()
    return Path(path.stem).suffix.lower() if suffix == ".gz" else suffix


def _read_delimited(path: Path, how: Reading) -> Iterator[Record]:
    table = Table(path, how.encoding, how.delimiter)
    for line, cells, problem in table.rows():
        broken = next((name for name, cell in zip(table.header, cells, strict=False) if is_broken(cell)), "")
        values = {} if problem else dict(zip(table.header, cells, strict=True))
        shown = table.encoding.removesuffix("-sig").upper()
        yield Record(line, values, problem or (f"column {broken!r}: invalid {shown}" if broken else ""))


def _read_json(path: Path, how: Reading) -> Iterator[Record]:
    """Read one object a line; or one document: a list of objects, or an object that holds such a list."""
    encoding = how.encoding or encoding_of(path)
    with open_text(path, encoding) as file:
        head = file.read(1_000).lstrip("\ufeff \t\r\n")
        file.seek(0)
        first = next((line for line in _lines(file) if line[1] is None or line[1].strip()), (1, ""))[1] or ""
        alone = not any(line[1] is None or line[1].strip() for line in _lines(file))
    start = _parsed(first)[0]
    spread = _suffix(path) in (".json", ".jsonld") and (not isinstance(start, dict) or (alone and _holds_rows(start)))
    if head.startswith("[") or spread:
        yield from _read_document(path, encoding)
        return
    with open_text(path, encoding) as file:
        for line, text in _lines(file):
            if text is None:
                yield Record(line, problem=f"the line is longer than {MAX_LINE_CHARS} characters")
            elif text.strip():
                values, problem = _parsed(text)
                problem = f"invalid {encoding.removesuffix('-sig').upper()}" if is_broken(text) else problem
                if not problem and not isinstance(values, dict):
                    problem = "not a JSON object"
                yield Record(line, values if isinstance(values, dict) and not problem else {}, problem)


def _holds_rows(value: Mapping[str, Any]) -> bool:
    """Return whether an object is no row but holds them: ``{"products": [...], "total": 2}``."""
    lists = [v for v in value.values() if isinstance(v, list) and v and all(isinstance(row, dict) for row in v)]
    one = len(lists) == 1 or bool(_by_key(value))
    return one and not any(name in value for name in ("id", "sku", "title", "name", "@type"))


def _parsed(text: str) -> tuple[Any, str]:
    try:
        return json.loads(text), ""
    except (ValueError, RecursionError) as error:
        if text.lstrip().startswith(("{'", "{u'")):
            try:
                return ast.literal_eval(text.strip()), ""
            except (ValueError, SyntaxError, RecursionError, MemoryError):
                pass
        return None, f"not JSON: {error}"


def _read_document(path: Path, encoding: str) -> Iterator[Record]:
    if path.stat().st_size > MAX_DOCUMENT_BYTES:
        raise InvalidRequestError(
            "source", f"{path.name} is one document of over {MAX_DOCUMENT_BYTES} bytes; write one object a line"
        )
    with open_text(path, encoding) as file:
        try:
            document = json.load(file)
        except (ValueError, RecursionError) as error:
            raise InvalidRequestError("source", f"{path.name} is no JSON: {error}") from error
    for number, value in enumerate(_longest_list(document), start=1):
        yield Record(number, value) if isinstance(value, dict) else Record(number, problem="not a JSON object")


def _longest_list(document: Any) -> list[Any]:
    """Return the longest list of objects in a document, or the document itself as the only object."""
    if isinstance(document, list):
        return document
    found: list[Any] = []
    waiting = [document]
    while waiting:
        node = waiting.pop()
        if isinstance(node, list):
            objects = node if any(isinstance(v, dict) for v in node) else []
            found = objects if len(objects) > len(found) else found
        elif isinstance(node, dict) and (rows := _by_key(node)):
            found = rows if len(rows) > len(found) else found
        elif isinstance(node, dict) and "sku" not in node and node.get("@type") not in _PRODUCTS:
            waiting += node.values()
    return [v.get("item", v) if isinstance(v, dict) else v for v in found] or [document]


def _by_key(node: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the objects that a document holds by their ids, each with its key as ``id``: ``{"b-1": {...}, "b-2": {...}, ...}``."""
    rows = [*node.values()]
    if len(rows) < MIN_KEYED or not all(isinstance(row, dict) and row for row in rows):
        return []
    alike = sum(len(row.keys() & rows[0].keys()) >= len(row) / 2 for row in rows)
    return [{"id": key, **row} for key, row in node.items()] if alike >= 0.9 * len(rows) else []


def _lines(file: Iterable[str]) -> Iterator[tuple[int, str | None]]:
    for number, text in enumerate(file, start=1):
        yield number, text.removeprefix("\ufeff") if len(text) <= MAX_LINE_CHARS else None


def _read_parquet(path: Path, how: Reading) -> Iterator[Record]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    line = 0
    try:
        with pq.ParquetFile(path) as file:
            for batch in file.iter_batches(batch_size=PARQUET_ROWS):
                for values in batch.to_pylist():
                    line += 1
                    yield Record(line, {str(k): plain(v) for k, v in values.items()})
    except (pa.ArrowException, OSError) as error:
        if line == 0:
            raise InvalidRequestError("source", f"{path.name} is not a Parquet file: {str(error)[:200]}") from error
        yield Record(line + 1, problem=f"the rest of the file cannot be read: {str(error)[:200]}")


def _read_workbook(path: Path, how: Reading) -> Iterator[Record]:
    """Read the first sheet that has rows, or the one named; the header is the first row with two cells or more."""
    import warnings

    from openpyxl import load_workbook

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl raises what zipfile, expat and its own parsers raise
        raise InvalidRequestError("source", f"{path.name} is not an Excel workbook: {str(error)[:200]}") from error
    try:
        if how.sheet and how.sheet not in book.sheetnames:
            raise InvalidRequestError("source", f"no sheet {how.sheet!r}; there are: {', '.join(book.sheetnames)}")
        for name in [how.sheet] if how.sheet else book.sheetnames:
            rows = [*sheet_rows(book[name])]
            if rows:
                yield from rows
                return
    finally:
        book.close()


def _read_feed(path: Path, how: Reading) -> Iterator[Record]:
    """Read the products of an XML feed, RSS or Atom among them; names lose their namespace, repeated ones are a list."""
    from defusedxml.common import DefusedXmlException
    from defusedxml.ElementTree import ParseError, iterparse

    number = 0
    with open_binary(path) as file:
        try:
            for _, element in iterparse(file, events=("end",)):
                if _name(element.tag).lower() in RECORD_TAGS and len(element):
                    number += 1
                    yield Record(number, _values(element))
                    element.clear()
        except (ParseError, DefusedXmlException) as error:
            if number == 0:
                raise InvalidRequestError("source", f"{path.name} is no XML: {error}") from error
            yield Record(number + 1, problem=f"the rest of the file cannot be read: {error}")


def _values(element: Any) -> dict[str, Any]:
    found: dict[str, Any] = {_name(k): v for k, v in element.attrib.items()}
    for child in element:
        name = _name(child.tag)
        value: Any = _values(child) if len(child) else (child.text or "").strip() or child.attrib.get("href", "")
        if name in found:
            earlier = found[name]
            found[name] = [*(earlier if isinstance(earlier, list) else [earlier]), value]
        else:
            found[name] = value
    return found


def _name(tag: str) -> str:
    return tag.rpartition("}")[2]


_READERS: dict[str, Callable[[Path, Reading], Iterator[Record]]] = {
    ".csv": _read_delimited,
    ".tsv": _read_delimited,
    ".txt": _read_delimited,
    ".jsonl": _read_json,
    ".ndjson": _read_json,
    ".json": _read_json,
    ".jsonld": _read_json,
    ".parquet": _read_parquet,
    ".xlsx": _read_workbook,
    ".xml": _read_feed,
}
SUFFIXES = tuple(_READERS)
