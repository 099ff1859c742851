"""Find what a column's cells are by looking at them: numbers, prices, truths, dates, lists or words, and what looks odd."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from typing import Any

from .column import Column, json_list, read_cell, shown, text_of
from .column_names import (
    IDENTIFIERS,
    INDEX_NAMES,
    is_clock_name,
    is_code_name,
    is_date_name,
    is_duration_name,
    is_list_name,
    is_price_name,
    is_size_name,
    is_truth_name,
    simple,
)
from .column_sample import Sample
from .numbers import Decimal, decimal_mark, mark_of, number_in, number_text
from .numbers_beside import word_beside
from .price_guess import MOSTLY, as_price
from .quantities import in_unit, lowest, measure_in, quantity_in, unit_called, unit_family
from .values import (
    CROSSES,
    LATER,
    SEPARATORS,
    TICKS,
    clock_in,
    day_order,
    separators_of,
    time_in,
    truth_in,
    turned_round,
)

PLAIN = 0.5
"""Share of the cells that must be plain numbers for ranges such as 2-4 among them to be read."""
UNSEEN = "day or month first is not to be seen"
RECORDS = 0.5
"""Share of the cells that must be objects, or lists of them, for a column to be left out."""
MIN_CODES = 10
_INCHES = re.compile(r'(?<=[\d½¼¾])\s?"')
_CODE = re.compile(r"0\d+|\d{16,}")
_ID = re.compile(r"(?=.*\d)[A-Z0-9][A-Z0-9_./-]{4,}|\d{8,}|[0-9a-f]{16,}|[0-9a-f]{8}-[0-9a-f-]{27}", re.ASCII)
_GENERATION = re.compile(r"[2-6]G")
_HASH = re.compile(r"(?=[A-Za-z]*\d)[A-Za-z0-9]{16,}")
_ADDRESS = re.compile(r"(?:https?:)?//\S+|www\.\S+", re.IGNORECASE)
_WORDS_AND_UNITS = frozenset({"in", "d", "m", "v", "h", "s", "l", "w", "pages", "pcs"})
_UNIT_IN_NAME = re.compile(r"(?P<mark>[(\[/]\s*|\s(?:in|en)\s+|[\s_]+)(?P<unit>[^\W\d_]{1,9}[²2]?|%)[)\]]?$")


def guess(name: str, sample: Sample, usual: Decimal | None, rows: int) -> Column:
    """Return the column ``name`` with the kind that fits its cells; ``usual`` is the decimal mark of the file's other numbers."""
    column = Column(name=name, target=name.strip(), filled=sample.filled)
    if reason := _left_out(name, sample, rows):
        return column.model_copy(update={"kind": "ignore", "target": "", "why": reason})
    if sample.lists >= MOSTLY * sample.filled or sample.share(lambda v: json_list(v) is not None) >= MOSTLY:
        return column.model_copy(update={"kind": "list"})
    for attempt in (
        as_price,
        _as_truth,
        _as_clock,
        _as_date,
        _as_sizes,
        _as_number,
        _as_quantity,
        _as_number_beside,
        _as_list,
    ):
        found = attempt(column, sample, usual)
        if found is not None:
            return found
    return column.model_copy(update={"odd": _nearly(column, sample)})


def refine(column: Column, sample: Sample, usual: Decimal | None) -> Column:
    """Find the decimal mark, currency, separators and order of days of a column whose kind is set by hand."""
    attempt = {"price": as_price, "number": _as_number, "date": _as_date, "time": _as_clock, "bool": _as_truth}.get(
        column.kind
    )
    found = attempt(column, sample, usual) if attempt else None
    if column.kind == "list" and not column.separators:
        return column.model_copy(update={"separators": separators_of(sample.texts(), sizes=column.sizes) or ("|",)})
    return found if found is not None and found.kind == column.kind else column


def measured(column: Column, sample: Sample) -> Column:
    """Return ``column`` with three values as they are read, the share that can be read, and what cannot."""
    read: list[str] = []
    bad: Counter[str] = Counter()
    total = 0
    for value, times in sample.cells.values():
        total += times
        try:
            made = read_cell(column, {column.name: value})
        except ValueError as error:
            bad[str(error)] += times
            continue
        if made and len(read) < 3:
            read.append(_shown_value(next(iter(made.values()))))
    failed = sum(bad.values())
    odd = list(column.odd)
    if sample.errors and column.target:
        example, _ = sample.errors.most_common(1)[0]
        odd.append(
            f"{sample.errors.total()} cells hold the error of a formula, such as {example}: left out; mend them in the sheet"
        )
    unclosed = [str(value) for value, _ in sample.cells.values() if is_unclosed(str(value))] if column.target else []
    if unclosed:
        odd.append(
            f"a quote is opened and not closed in {len(unclosed)} values, such as {shown(unclosed[0])}: taken as it stands"
        )
    if failed:
        examples = ", ".join(reason for reason, _ in bad.most_common(3))
        odd.append(f"{failed} of {total} cells are left out: {examples}; to keep them: --as '{column.name}=text'")
    share = 1 - failed / total if total else 1.0
    return column.model_copy(update={"samples": tuple(read), "read": round(share, 4), "odd": tuple(odd)})


def is_unclosed(text: str) -> bool:
    """Tell whether a text has a double quote without its other half; one behind a figure stands for inches."""
    return text.count('"') % 2 == 1 and len(_INCHES.findall(text)) % 2 == 0


def _left_out(name: str, sample: Sample, rows: int) -> str:
    if not sample.filled:
        return "empty"
    if name.rpartition(".")[2].startswith(("//", "_comment", "$comment")):
        return "a comment"
    if sample.share(_is_record) >= RECORDS:
        return "records within records"
    if simple(name.rpartition(".")[2]) in IDENTIFIERS:
        return "an identifier, nothing to ask for"
    texts = sample.texts()
    if simple(name) in INDEX_NAMES and sample.filled == rows and _counts_rows(texts, rows):
        return "numbers the rows"
    total = sum(texts.values())
    if sum(n for t, n in texts.items() if _ADDRESS.fullmatch(t.split("\n")[0])) >= 0.8 * total:
        return "addresses"
    codes = sum(1 for t in texts if _ID.fullmatch(t))
    words = re.search(r"(?:^|[_ ])(?:id|ids|uid)$|[a-z]I[dD]$", name)
    unspoken = words and all(_HASH.search(t) for t in texts)
    unique = len(texts) >= 0.9 * total
    if (
        total >= MIN_CODES
        and unique
        and not is_price_name(name)
        and not is_date_name(name)
        and codes >= MOSTLY * len(texts)
    ):
        return "codes, nothing to ask for"
    return "an identifier, nothing to ask for" if words and (unique or total >= MIN_CODES or unspoken) else ""


def _is_record(value: Any) -> bool:
    return isinstance(value, dict) or (isinstance(value, list) and any(isinstance(v, dict) for v in value))


def _counts_rows(texts: Mapping[str, int], rows: int) -> bool:
    numbers = {int(t) for t in texts if t.isdigit()}
    return len(numbers) == len(texts) and min(numbers, default=2) <= 1 and max(numbers, default=0) <= rows


def _as_truth(column: Column, sample: Sample, usual: Decimal | None) -> Column | None:
    texts = sample.texts()
    folded = {t.casefold() for t in texts}
    if folded & TICKS and folded <= TICKS | CROSSES:
        said = f"{shown(next(iter(texts)))}: a tick is read as yes, a dash or an empty cell as no; to keep the marks: --as '{column.name}=text'"
        return column.model_copy(update={"kind": "bool", "ticks": True, "odd": (*column.odd, said)})
    binary = set(texts) <= {"0", "1", "0.0", "1.0"} and is_truth_name(column.name, both=len(texts) > 1)
    if not binary and sample.share(lambda v: truth_in(v) is not None) < MOSTLY:
        return None
    later = sorted(t for t in texts if t.casefold() in LATER)
    odd = [f"{', '.join(later)}: read as no; to keep the words: --as '{column.name}=text'"] if later else []
    return column.model_copy(update={"kind": "bool", "odd": (*column.odd, *odd)})


def _as_date(column: Column, sample: Sample, usual: Decimal | None) -> Column | None:
    named = is_date_name(column.name) or column.kind == "date"
    texts = sample.texts()
    order, guessed = day_order(texts)
    if sample.share(lambda v: time_in(v, order, numeric=named) is not None) < MOSTLY and column.kind != "date":
        return None
    odd = [f"{UNSEEN}; read as day first: --as '{column.name}=date:mdy'"] if guessed else []
    return column.model_copy(update={"kind": "date", "order": order, "odd": (*column.odd, *odd)})


def _as_clock(column: Column, sample: Sample, usual: Decimal | None) -> Column | None:
    """Take a column for times of day where its name says so: "1:45" is a length elsewhere."""
    if (
        not (is_clock_name(column.name) or column.kind == "time")
        or sample.share(lambda v: clock_in(v) is not None) < MOSTLY
    ):
        return None
    return column.model_copy(update={"kind": "time"})


def _as_sizes(column: Column, sample: Sample, usual: Decimal | None) -> Column | None:
    if not is_size_name(column.name):
        return None
    texts = sample.texts()
    separators = separators_of(texts, sizes=True)
    if sample.lists:
        separators = separators or (",",)
    if not separators and (
        _all_numbers(texts) or sample.share(lambda v: quantity_in(text_of(v)) is not None) >= MOSTLY
    ):
        return None
    ranges = [t for t in texts if re.search(r"\d\s*[-–]\s*\d", t)]
    odd = [f"ranges stand for every size between: {ranges[0]!r}"] if ranges else []
    return column.model_copy(
        update={"kind": "list", "separators": separators, "sizes": True, "odd": (*column.odd, *odd)}
    )


def _all_numbers(texts: Mapping[str, int]) -> bool:
    return all(number_in(t) is not None and "," not in t for t in texts)


def _as_number(column: Column, sample: Sample, usual: Decimal | None) -> Column | None:
    texts = sample.texts()
    if column.kind != "number":
        if any(_CODE.fullmatch(t) for t in texts) and sample.typed < sample.filled:
            return None
        if is_code_name(column.name) or sample.share(_is_number) < MOSTLY:
            return None
    digits = [] if sample.typed >= MOSTLY * sample.filled else list(texts.items())
    decimal, guessed = decimal_mark(digits, usual, price=False)
    unit = column.unit or _unit_of_name(column.name)
    odd = []
    if guessed and (example := next((t for t in texts if mark_of(t) == "?"), "")):
        other = "comma" if decimal == "." else "dot"
        odd.append(f"{example!r} is read as {number_in(example, decimal):g}; else: --as '{column.name}=number:{other}'")
    beside = word_beside(column.name, texts, MOSTLY, decimal) if column.kind == "number" and digits else ""
    found = {"kind": "number", "decimal": decimal, "unit": unit, "beside": beside, "odd": (*column.odd, *odd)}
    return column.model_copy(update=found)


def _is_plain(value: Any) -> bool:
    """Return whether a cell is a number as it stands, or an open one such as "300+"."""
    return _is_number(value) or _is_number(text_of(value).removesuffix("+"))


def _is_number(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, int | float) or number_in(text_of(value)) is not None


def _unit_of_name(name: str) -> str:
    """Return the unit that a column's name ends with: "Weight (kg)", "Power/W", "size in inches", "duration_min"."""
    match = _UNIT_IN_NAME.search(name.strip())
    if match is None:
        return ""
    word, unit = match["unit"].lower(), unit_called(match["unit"])
    marked = not match["mark"].isspace() and match["mark"] != "_"
    return unit if marked or word.endswith("s") or (word == unit and word not in _WORDS_AND_UNITS) else ""


def _as_quantity(column: Column, sample: Sample, usual: Decimal | None) -> Column | None:
    """Take a column for numbers where all its cells measure the same, or are numbers with some ranges among them."""
    texts = sample.texts()
    if is_code_name(column.name) or is_size_name(column.name) or all(_GENERATION.fullmatch(t) for t in texts):
        return None
    decimal, _ = decimal_mark([(number_text(t), n) for t, n in texts.items()], usual, price=False)
    measures = {text: found for text in texts if (found := measure_in(text, decimal)) is not None}
    units: Counter[str] = Counter()
    for text, found in measures.items():
        units[found.unit] += texts[text]
    if not units or (not units.keys() - {""} and sample.share(_is_plain) < PLAIN):
        return None
    unit = max(units, key=lambda u: (u != "", units[u]))
    if unit == "m" and (is_duration_name(column.name) or unit_family(units.keys() - {"m", ""}) == "time"):
        unit = "min"
    readable = sum(texts[t] for t, q in measures.items() if in_unit(q, unit) is not None)
    if readable < MOSTLY * texts.total():
        return None
    named = [u for u in units if u]
    odd = [f"units {', '.join(named)} are turned into {unit}"] if len(named) > 1 else []
    if ranges := [t for t in measures if lowest(t, decimal)]:
        odd.append(f"ranges are read as their lower end: {len(ranges)}, such as {ranges[0]!r}")
    if loose := [t for t, q in measures.items() if not q.unit and not _is_plain(t) and t not in ranges]:
        odd.append(f"{loose[0]!r} is read as {measures[loose[0]].number:g}")
    return column.model_copy(update={"kind": "number", "unit": unit, "decimal": decimal, "odd": (*column.odd, *odd)})


def _as_number_beside(column: Column, sample: Sample, usual: Decimal | None) -> Column | None:
    """Take a column for numbers where the same word stands beside each, or the same best mark: "40 pp.", "12岁", "3/5"."""
    if is_code_name(column.name) or is_size_name(column.name):
        return None
    texts = sample.texts()
    decimal, _ = decimal_mark([(number_text(t), n) for t, n in texts.items()], usual, price=False)
    word = word_beside(column.name, texts, MOSTLY, decimal)
    if not word:
        return None
    odd = f"{shown(next(iter(texts)))} is read as a number, without {word!r}; to keep the words: --as '{column.name}=text'"
    return column.model_copy(update={"kind": "number", "beside": word, "decimal": decimal, "odd": (*column.odd, odd)})


def _as_list(column: Column, sample: Sample, usual: Decimal | None) -> Column | None:
    texts = sample.texts()
    separators = separators_of(texts, listed=is_list_name(column.name))
    if not separators:
        return Column.model_copy(column, update={"kind": "list"}) if sample.lists else None
    return column.model_copy(update={"kind": "list", "separators": separators})


def _nearly(column: Column, sample: Sample) -> tuple[str, ...]:
    """Say that a column of words holds many numbers, or cells that look like lists."""
    numbers = sample.share(
        lambda v: _is_number(v) or (not is_price_name(column.name) and quantity_in(text_of(v)) is not None)
    )
    odd = list(column.odd)
    if 0.5 <= numbers < 1 and not any(_CODE.fullmatch(t) for t in sample.texts()):
        words = next(t for t in sample.texts() if not _is_number(t))
        odd.append(
            f"{numbers:.0%} are numbers and {shown(words)} is none: read as words; for numbers: --as '{column.name}=number'"
        )
    if is_price_name(column.name) and any(c.isdigit() for text in sample.texts() for c in text):
        odd.append(f"called a price and not read as one: --as '{column.name}=price'")
    texts = sample.texts()
    total = sum(texts.values())
    for mark in ",/":
        if name := turned_round(texts, ["|", ";"], mark):
            odd.append(f"{shown(name)} is read as one name; if it is a list: --as '{column.name}=list:{mark}'")
            return tuple(odd)
    shares = {m: sum(n for t, n in texts.items() if m in t and len(t) < 80) / max(1, total) for m in SEPARATORS[:-2]}
    if marks := [m for m in SEPARATORS[:-2] if shares[m] >= 0.3]:
        odd.append(
            f"{marks[0]!r} in many cells is not taken for a list; if it is: --as '{column.name}=list:{marks[0]}'"
        )
    return tuple(odd)


def _shown_value(value: Any) -> str:
    text = (
        ", ".join(value)
        if isinstance(value, list)
        else format(value, ".15g")
        if isinstance(value, float)
        else str(value)
    )
    return " ".join(text.split())[:60]
