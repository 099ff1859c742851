"""Read delimited text in any common encoding: which one, which delimiter, what the header says, and every row's cells.

A row that cannot be read is given with its problem and never hides the rows after it: an unclosed quote costs one line.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from ...core.errors import InvalidRequestError
from .header_row import SEARCHED, header_row, with_groups

MAX_LINE_CHARS = 4_000_000
MAX_QUOTED_LINES = 500
MAX_QUOTED_CHARS = 200_000
SAMPLE_BYTES = 200_000
SAMPLE_LINES = 50
_DELIMITERS = ",;\t|"
_UNCLOSED = "unclosed quote"
_BOMS = (
    (b"\xff\xfe\x00\x00", "utf-32"),
    (b"\x00\x00\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)
_ENCODINGS = ["cp1252", "gb18030", "big5", "shift_jis", "euc_jp", "euc_kr", "cp1250", "cp1251", "cp1253", "cp1254", "cp1255", "cp1256"]  # fmt: skip


def open_binary(path: Path) -> IO[bytes]:
    """Open a file, unpacked if its name ends in ``.gz``."""
    return cast(IO[bytes], gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb"))


def open_text(path: Path, encoding: str) -> IO[str]:
    """Open a file as text; every kind of line end is read as ``\\n``, and bytes that do not fit are kept as surrogates."""
    errors = "replace" if encoding.startswith(("utf-16", "utf-32")) else "surrogateescape"
    return io.TextIOWrapper(open_binary(path), encoding=encoding, errors=errors, newline=None)


def encoding_of(path: Path) -> str:
    """Return the encoding of a text file: by its mark, by where NULs stand, UTF-8 if most lines are, else by statistics."""
    with open_binary(path) as file:
        start = file.read(SAMPLE_BYTES)
        if found := next((name for bom, name in _BOMS if start.startswith(bom)), ""):
            return found
        if start.count(0) > len(start) // 8:
            return "utf-16-be" if start[::2].count(0) > start[1::2].count(0) else "utf-16-le"
        special = [line for line in start.splitlines() if not line.isascii()]
        while not special and (more := file.read(SAMPLE_BYTES)):
            special = [line for line in more.splitlines()[1:] if not line.isascii()]
    if not special or 2 * sum(map(_is_utf8, special)) >= len(special):
        return "utf-8-sig"
    return _guessed(b"\n".join(special))


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _guessed(sample: bytes) -> str:
    from charset_normalizer import from_bytes

    best = from_bytes(sample, cp_isolation=_ENCODINGS).best()
    if best is None:
        return "cp1252"
    western = sample.decode("cp1252", "replace")
    return "cp1252" if western == str(best) else best.encoding


class Table:
    """The rows of a delimited file: ``header`` and ``notes`` are known once it is opened."""

    def __init__(self, path: Path, encoding: str = "", delimiter: str = "") -> None:
        self.path = path
        self.encoding = encoding or encoding_of(path)
        with open_text(path, self.encoding) as file:
            lines = [line for line in (file.readline(MAX_LINE_CHARS) for _ in range(SAMPLE_LINES)) if line]
        self._skip, lines = _preamble(lines)
        if not lines:
            raise InvalidRequestError("source", "the file has no header line")
        self._tabs = ".tsv" in path.suffixes
        self.delimiter = delimiter or ("\t" if self._tabs else _delimiter(lines))
        lines, above = self._below_titles(lines)
        cells, problem = self._parse(lines[0])
        rest = iter(lines[1:])
        while problem == _UNCLOSED and (more := next(rest, None)) is not None:
            lines[0] += more
            cells, problem = self._parse(lines[0])
        if problem:
            raise InvalidRequestError("source", f"line {self._skip + 1}, the header: {problem}")
        if any(is_broken(cell) for cell in cells):
            raise InvalidRequestError("source", f"the header line is not {self.encoding}; name it: --encoding NAME")
        self.header_line = self._skip + 1
        self._header_lines = lines[0].count("\n")
        self.header = unique_names(with_groups([cell.strip() for cell in cells], above))

    def _below_titles(self, lines: list[str]) -> tuple[list[str], list[str]]:
        """Return the lines from the header on, and the cells of the line above it: a title or the names of groups."""
        if any(line.count('"') % 2 for line in lines[:SEARCHED]):
            return lines, []
        rows = [self._parse(line)[0] for line in lines[:SEARCHED]]
        place = header_row(rows)
        self._skip += place
        return lines[place:], rows[place - 1] if place else []

    def rows(self) -> Iterator[tuple[int, list[str], str]]:
        """Yield (line from 1, cells, problem) of every row after the header."""
        with open_text(self.path, self.encoding) as file:
            source = _Lines(file)
            for _ in range(self._skip + self._header_lines):
                source.next()
            while (head := source.next()) is not None:
                line, text = head
                if text is None:
                    yield line, [], f"the line is longer than {MAX_LINE_CHARS} characters"
                elif text.strip():
                    yield (line, *self._row(text, source))

    def _row(self, text: str, source: _Lines) -> tuple[list[str], str]:
        cells, problem = self._parse(text)
        taken: list[tuple[int, str | None]] = []
        while problem == _UNCLOSED and (more := source.to_next_quote(taken)):
            text += more
            cells, problem = self._parse(text)
        while len(cells) > len(self.header) and not cells[-1].strip():
            cells.pop()
        if problem != _UNCLOSED and not (taken and len(cells) != len(self.header)):
            if not problem and len(cells) != len(self.header):
                problem = f"{len(cells)} columns instead of {len(self.header)}"
            return cells, problem
        source.give_back(taken)
        return [], "a quote is opened and not closed"

    def _parse(self, text: str) -> tuple[list[str], str]:
        try:
            return next(csv.reader([text], delimiter=self.delimiter, strict=True)), ""
        except csv.Error as error:
            if self._tabs:
                return text.rstrip("\r\n").split("\t"), ""
            return [], _UNCLOSED if "unexpected end of data" in str(error) else f"bad quoting: {error}"
        except StopIteration:
            return [], ""


class _Lines:
    """Give numbered lines, and take back those that were read on for a quote that never closes."""

    def __init__(self, file: IO[str]) -> None:
        self._file, self._number = file, 0
        self._pending: list[tuple[int, str | None]] = []

    def next(self) -> tuple[int, str | None] | None:
        """Return the next line with its number, None for its text when it is too long; None at the end."""
        if self._pending:
            return self._pending.pop(0)
        text = self._file.readline(MAX_LINE_CHARS)
        if not text:
            return None
        self._number += 1
        if len(text) < MAX_LINE_CHARS or text.endswith("\n"):
            return self._number, text
        while (rest := self._file.readline(MAX_LINE_CHARS)) and not rest.endswith("\n"):
            pass
        return self._number, None

    def give_back(self, lines: list[tuple[int, str | None]]) -> None:
        """Let ``lines`` come again."""
        self._pending[:0] = lines

    def to_next_quote(self, taken: list[tuple[int, str | None]]) -> str:
        """Move lines to ``taken`` up to one with a quote and return their text; empty at the end or the bounds."""
        found: list[str] = []
        while len(taken) < MAX_QUOTED_LINES and sum(map(len, found)) < MAX_QUOTED_CHARS:
            following = self.next()
            if following is None:
                return ""
            taken.append(following)
            if following[1] is None:
                return ""
            found.append(following[1])
            if '"' in following[1]:
                return "".join(found)
        return ""


def _preamble(lines: list[str]) -> tuple[int, list[str]]:
    """Leave out what stands before the header: blank lines, comments, and the ``sep=;`` that Excel reads."""
    skip = 0
    for line in lines:
        text = line.strip().strip('"')
        comment = text.startswith("#") and skip + 1 < len(lines)
        if text and not comment and not (text.lower().startswith("sep=") and len(text) <= 5):
            break
        skip += 1
    return skip, lines[skip:]


def _delimiter(lines: list[str]) -> str:
    """Return the delimiter that the header has most, among those that give the rows as many cells as the header."""
    head = next((line for line in lines if any(d in line for d in _DELIMITERS)), lines[0])
    counts = {d: head.count(d) for d in _DELIMITERS}

    def fits(delimiter: str) -> tuple[int, int]:
        try:
            widths = [len(row) for row in csv.reader(lines, delimiter=delimiter) if row]
        except csv.Error:
            return 0, counts[delimiter]
        usual = Counter(widths[1:]).most_common(1)
        agrees = bool(usual) and usual[0][0] >= widths[0] > 1
        return int(agrees), counts[delimiter]

    return max(_DELIMITERS, key=fits)


def unique_names(names: list[str]) -> list[str]:
    """Name the columns without a name, and tell those of the same name apart."""
    seen: Counter[str] = Counter()
    made = []
    for place, name in enumerate(names, start=1):
        own = name or f"column {place}"
        seen[own] += 1
        made.append(own if seen[own] == 1 else f"{own} ({seen[own]})")
    return made


def is_broken(text: str) -> bool:
    """Return whether ``text`` holds what could not be decoded."""
    return not text.isascii() and any("\ud800" <= c <= "\udfff" or c == "\ufffd" for c in text)
