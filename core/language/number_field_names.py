"""Say what people call a field of numbers beside its label: "class" of ``class_size``, "a week" of ``hours_per_week``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from .keys import key_of
from .measure_words import units

_HEADS = frozenset("size diameter capacity count dimension dimensions amount score level index rate".split())  # noqa: SIM905
"""Last words of a name that only say what of the word before them is measured."""
_LIMITS = frozenset("min max minimum maximum number total average avg no num".split())  # noqa: SIM905
_HAN_LIMITS = ("最高", "最低", "最大", "最小", "最多", "最少")
_HEAT = frozenset(("temp", "temperature"))
_EVERY = {"day": "daily", "week": "weekly", "month": "monthly", "year": "yearly", "hour": "hourly"}
_SAID = {
    "hour": "pro stunde|die stunde|je stunde|每小时|一小时|一个小时|每个小时",
    "day": "pro tag|am tag|den tag|je tag|每天|一天|每日",
    "night": "pro nacht|die nacht|je nacht|每晚|一晚",
    "week": "pro woche|die woche|in der woche|je woche|每周|一周",
    "month": "pro monat|im monat|den monat|je monat|monatlich|每月|每个月|一个月",
    "year": "pro jahr|im jahr|je jahr|jährlich|每年|一年",
    "person": "pro person|pro kopf|je person|per head|a head|每人|一个人|每个人",
}
"""How other languages say "a day"."""
_HAN_RATES = {
    "人均": "person",
    "每小时": "hour",
    "每天": "day",
    "每日": "day",
    "每晚": "night",
    "每周": "week",
    "每月": "month",
    "每年": "year",
}
_SHORT = 3


def is_rate(name: str) -> bool:
    """Tell whether a Chinese name says for whom or what each of its numbers is: 人均消费, 每晚价格."""
    return any(rate in name for rate in _HAN_RATES)


def number_field_names(name: Sequence[str], words: Sequence[str], unit: str) -> Iterator[str]:
    """Yield what a field of numbers is called besides its label; ``words`` are its ``name`` without the ``unit`` at its end."""
    if "per" in name[1:-1]:
        yield from _per(name)
        return
    if unit.isalpha() and len(unit) > _SHORT and words and name[-1] == unit:
        yield f"{' '.join(words)} {unit}"
    rest = words
    while len(rest) > 1 and (rest[0] in _LIMITS or rest[0] == "of"):
        rest = rest[1:]
    if len(rest) > 1 and rest[-1] in _HEADS:
        yield from _numbers_of(" ".join(rest[:-1]))
    yield from _numbers_of(" ".join(rest))
    label = "".join(words)
    rate = next((w for w in _HAN_RATES if w in label and label != w), "")
    if rate:
        yield from (
            rate,
            label.replace(rate, ""),
            f"{rate}{label.replace(rate, '')}",
            *_SAID[_HAN_RATES[rate]].split("|"),
        )
    yield from _at_a_heat(words)
    limit = next((w for w in _HAN_LIMITS if label.startswith(w) and len(label) > len(w) + 1), "")
    if limit:
        yield label.removeprefix(limit)  # 最高时速
    if label[:1] == "距":
        yield from (f"离{label[1:]}", f"距离{label[1:]}")


def _at_a_heat(words: Sequence[str]) -> Iterator[str]:
    """Yield what is done at the degrees of a field: "wash at" of ``wash_temp``."""
    if len(words) > 1 and words[-1] in _HEAT:
        yield from (f"{words[0]}{form} at" for form in ("", "es", "ed", "able"))


def _per(words: Sequence[str]) -> Iterator[str]:
    cut = words.index("per")
    what, each = " ".join(words[:cut]), " ".join(words[cut + 1 :])
    forms = [f"per {each}", f"a {each}", f"an {each}", f"each {each}", f"every {each}"]
    forms += [_EVERY[each]] if each in _EVERY else []
    forms += _SAID[each].split("|") if each in _SAID else []
    yield from forms
    yield from (f"{what} {form}" for form in forms)
    if cut > 1 and key_of(words[cut - 1]) in units():  # salt_g_per_100
        yield from _numbers_of(" ".join(words[: cut - 1]))


def _numbers_of(name: str) -> Iterator[str]:
    """Yield a name in the singular and in the plural."""
    if not name.isascii() or not name[-1:].isalpha() or len(name) < _SHORT:
        return
    yield name
    yield (
        name[:-1] if name.endswith("s") else f"{name}es" if name.endswith(("s", "x", "ch", "sh", "ss")) else f"{name}s"
    )
    if name.endswith(("ss", "x", "ch")):
        yield f"{name}es"
