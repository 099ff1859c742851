"""Link days and times of day to the catalogue's fields of dates: "before Christmas", "not on Sundays", "after 8 pm", "ab Januar", 下周六晚上.

Runs before numbers are read, since a day's number is no amount. Where a negation stands near and not beside a moment, its sign is in doubt, and
it is named instead of guessed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.clock_times import part_at
from ....core.language.moment_forms import Kind, Moment, longest, words_of_moments
from ....core.language.moments import day_of_month, moment_at, nearest_year, today
from ....core.language.tokens import Token, stem, tokenise, words_of_form
from ....core.language.value_entry import SYNONYM
from ....core.schemas import Condition, Operator, Predicate
from ....core.text.field_names import label_of
from .cutting import MAX_CHARACTERS, MAX_TOKENS
from .evidence import STOPS
from .segments import Segment
from .sentence import COMMAS, Sentence

MAX_DAYS = 200
"""Most days of a catalogue that "on Sundays" is spelled out as."""
REACH = 4
"""Segments before a moment among which a field's name decides what it is about."""
MINUTE = "~"
_ROLES = ("date", "start", "available", "released", "until")
_GLUE = frozenset("the a an any anything at on in am im der den dem das that of".split())  # noqa: SIM905
_TURNED = {"before": "from", "until": "after", "after": "until", "from": "before"}


class Said(NamedTuple):
    """One moment of a sentence: tokens ``first:end``, ``lead`` how it bounds (``plain``: within it), ``denied`` that it is not wanted."""

    first: int
    end: int
    moment: Moment
    lead: str
    denied: bool


def moments(sentence: Sentence) -> None:
    """Turn the moments that a field can hold into conditions, and "the earliest" into the order."""
    fields = _fields(sentence.language)
    if not fields:
        return
    tokens = tokenise(sentence.text[:MAX_CHARACTERS])[:MAX_TOKENS]
    i = 0
    while i < len(tokens):
        said = _said(tokens, i, sentence.language, fields)
        if said is not None:
            _apply(sentence, tokens, said, fields)
        i = said.end if said is not None else i + 1
    if sentence.found.order is None:
        _order(sentence, tokens, fields)


def _fields(language: CatalogueLanguage) -> Mapping[Kind, list[str]]:
    """Return the fields of days and of times of day, the likeliest first."""
    found: dict[Kind, list[tuple[int, str]]] = {}
    for name, terms in language.fields.items():
        kind = terms.field.type
        if kind == "date" or (kind == "time" and _role(name, ("time",), "clocks") is not None):
            role = _role(name, _ROLES)
            found.setdefault(kind, []).append((len(_ROLES) if role is None else _ROLES.index(role), name))
    return {kind: [name for _, name in sorted(rows, key=lambda r: r[0])] for kind, rows in found.items()}


def _role(name: str, roles: Sequence[str], part: str = "fields") -> str | None:
    """Return the role of a field of dates by its name."""
    forms, words = words_of_moments(part), tuple(words_of_form(label_of(name)))
    for role in reversed(roles):  # "date" says least
        if any(meaning == role and _holds(words, form) for form, meaning in forms.items()):
            return role
    return None


def _holds(words: tuple[str, ...], form: tuple[str, ...]) -> bool:
    return any(words[n : n + len(form)] == form for n in range(len(words) - len(form) + 1))


def _said(
    tokens: Sequence[Token], i: int, language: CatalogueLanguage, fields: Mapping[Kind, list[str]]
) -> Said | None:
    """Return what is said of a moment from token ``i`` on: negation, preposition, moment, and what trails it."""
    found = longest(words_of_moments("denials"), tokens, i)
    denied, j = (True, found[1]) if found else (False, i)
    while (
        found and j < len(tokens) and tokens[j].text in _GLUE and longest(words_of_moments("leads"), tokens, j) is None
    ):
        j += 1
    led = longest(words_of_moments("leads"), tokens, j)
    lead, k = led or ("", j)
    read = _reader(language, fields)
    days = _days_of_a_month(tokens, k, read) if k < len(tokens) else None
    moment = days or (read(tokens, k) if k < len(tokens) else None)
    if moment is None and led:  # "this weekend" begins with a word that may lead too
        lead, moment = "", read(tokens, j)
    if moment is None or not (moment.sure or lead) or moment.kind not in fields:
        return None
    if lead in ("between", "from", "plain", ""):
        moment, ranged = _range(tokens, moment, read)
        ranged = ranged or days is not None
        if lead == "between" and not ranged:
            return None
        lead = "plain" if ranged else lead
    trail = longest(words_of_moments("trails"), tokens, moment.end)
    if trail and not (trail[0] == "from" and lead not in ("", "plain", "from")):
        denied = denied or trail[0] == "not"
        lead = lead if trail[0] == "not" else trail[0]
        moment = moment._replace(end=trail[1])
    return Said(i, moment.end, moment, lead or "plain", denied)


def _reader(
    language: CatalogueLanguage, fields: Mapping[Kind, list[str]]
) -> Callable[[Sequence[Token], int], Moment | None]:
    values = language.fields[fields["date"][0]].values if "date" in fields else ()
    now = today()
    nearest = nearest_year(min(values, default=""), max(values, default=""), now)

    def read(tokens: Sequence[Token], i: int) -> Moment | None:
        moment = moment_at(tokens, i, now, nearest)
        if moment is not None and moment.kind in fields:
            return moment
        return part_at(tokens, i) if "time" in fields else None

    return read


def _days_of_a_month(
    tokens: Sequence[Token], i: int, read: Callable[[Sequence[Token], int], Moment | None]
) -> Moment | None:
    """Read "5 to 12 December", where the month stands once."""
    day, j = day_of_month(tokens, i)
    joint = longest(dict.fromkeys(words_of_moments("joints"), ""), tokens, j) if day else None
    last = read(tokens, joint[1]) if joint and joint[1] < len(tokens) else None
    if last is None or last.kind != "date" or not _single(last.low, last.high) or int(last.low[-2:]) <= day:
        return None
    return last._replace(low=f"{last.low[:-2]}{day:02}")


def _range(
    tokens: Sequence[Token], first: Moment, read: Callable[[Sequence[Token], int], Moment | None]
) -> tuple[Moment, bool]:
    """Join "5 December to 12 December"."""
    joint = longest(dict.fromkeys(words_of_moments("joints"), ""), tokens, first.end)
    last = read(tokens, joint[1]) if joint and joint[1] < len(tokens) else None
    if last is None or last.kind != first.kind or first.weekdays or last.high <= first.low:
        return first, False
    return last._replace(low=first.low), True


def _apply(sentence: Sentence, tokens: Sequence[Token], said: Said, fields: Mapping[Kind, list[str]]) -> None:
    start, end = tokens[said.first].start, tokens[said.end - 1].end
    covered = [s for s in sentence.segments if s.start < end and s.end > start]
    if not covered:
        return
    name, beside = _about(sentence, covered[0], fields[said.moment.kind])
    if not beside and _is_value(covered, said) and not _is_named(sentence, covered[0], name):
        return
    conditions = _conditions(sentence.language, name, said)
    if conditions and said.moment.part and "time" in fields and not said.denied:
        low, high = said.moment.part.split()
        conditions += _within(fields["time"][0], low, high)
    words = sentence.text[start:end].strip()
    if not conditions or _in_doubt(sentence, covered, said):
        sentence.found.unmet.append((start, end))
        _silence(covered, "unmet")
        return
    sentence.found.conditions += [c.model_copy(update={"words": words}) for c in conditions]
    _silence([*covered, *beside], "bound")


def _is_value(covered: Sequence[Segment], said: Said) -> bool:
    """Tell whether a weekday or a month is a value as it stands, of a column of words beside the dates: ``days: Monday, Saturday``."""
    spelled = any(e.rank <= SYNONYM for s in covered for e in s.entries)
    numbered = any(c.isdigit() for s in covered for c in s.text)
    return said.moment.kind == "date" and said.lead == "plain" and spelled and not numbered


def _is_named(sentence: Sentence, first: Segment, name: str) -> bool:
    """Tell whether a form of a field's name stands before a moment: "starting in March"."""
    label, place = set(map(stem, words_of_form(label_of(name)))), sentence.place(first)
    return any(stem(w) in label for s in sentence.segments[max(0, place - REACH) : place + 1] for w in s.words)


def _silence(segments: Sequence[Segment], used: str) -> None:
    """Leave nothing of segments that any other rule could use."""
    for s in segments:
        s.used, s.amount, s.entries, s.fields, s.comparisons, s.person = used, None, (), (), (), ""
        s.roles = frozenset()


def _about(sentence: Sentence, first: Segment, names: Sequence[str]) -> tuple[str, list[Segment]]:
    """Return the field that a moment is about: the one named before it, else the likeliest."""
    place = sentence.place(first)
    for s in reversed(sentence.segments[max(0, place - REACH) : place]):
        named = [n for n in s.fields if n in names and not s.entries]
        if named:
            return named[0], [s]
    return names[0], []


def _in_doubt(sentence: Sentence, covered: Sequence[Segment], said: Said) -> bool:
    """Tell whether a negation that something else may be meant by stands before or after in the same clause."""
    if said.denied:
        return False
    place, last = sentence.place(covered[0]), sentence.place(covered[-1])
    before = reversed(sentence.segments[max(0, place - 6) : place])
    for s in before:
        if s.mark in STOPS | COMMAS or s.roles & {"but", "and"} or s.entries:
            break
        if s.roles & {"not"}:
            return True
    for s in sentence.segments[last + 1 : last + 4]:
        if s.mark in STOPS | COMMAS or s.roles & {"but", "and", "want"} or s.entries or s.amount:
            break
        if s.roles & {"not", "not_after"}:
            return True
    return False


def _conditions(language: CatalogueLanguage, name: str, said: Said) -> list[Condition]:
    lead, denied = _lead(name, said)
    low, high = said.moment.low, said.moment.high
    if said.moment.weekdays:
        return _on_weekdays(language.fields[name].values, name, said)
    if denied and lead == "plain":
        return [_outside(name, low, high)]
    if denied:
        lead = "from" if said.lead == "until" and said.moment.kind == "date" else _TURNED[lead]
    if lead == "around":
        low, high = _around(low, high)
    if lead in ("plain", "around") and _single(low, high):
        return [_condition(name, "=", low)]
    upper: tuple[Operator, str] = ("<=", high.removesuffix(MINUTE)) if high.endswith(MINUTE) else ("<", high)
    beyond: tuple[Operator, str] = (">", upper[1]) if upper[0] == "<=" else (">=", high)
    ways: Mapping[str, list[tuple[Operator, str]]] = {
        "before": [("<", low)],
        "until": [upper],
        "after": [beyond],
        "from": [(">=", low)],
    }
    if lead in ways:
        return [_condition(name, op, value) for op, value in ways[lead]]
    return _within(name, low, high)


def _within(name: str, low: str, high: str) -> list[Condition]:
    upper: tuple[Operator, str] = ("<=", high.removesuffix(MINUTE)) if high.endswith(MINUTE) else ("<", high)
    return [_condition(name, ">=", low), *([_condition(name, *upper)] if high != "24:00" else [])]


def _lead(name: str, said: Said) -> tuple[str, bool]:
    """Return how a moment bounds a field: what is wanted from January on must be available by then."""
    if _role(name, _ROLES) != "available":
        return said.lead, said.denied
    if said.denied:
        return ("from", False) if said.lead == "before" else (said.lead, True)
    return ("until" if said.lead in ("plain", "from", "around") else said.lead), False


def _single(low: str, high: str) -> bool:
    if high.endswith(MINUTE):
        return high == low + MINUTE
    return len(low) > len("00:00") and (date.fromisoformat(high) - date.fromisoformat(low)).days == 1


def _around(low: str, high: str) -> tuple[str, str]:
    """Return an hour around a time of day; days stay as they are."""
    if not high.endswith(MINUTE):
        return low, high
    hour = int(low[:2])
    return f"{max(0, hour - 1):02}{low[2:]}", f"{min(23, hour + 1):02}{low[2:]}{MINUTE}"


def _outside(name: str, low: str, high: str) -> Condition:
    if _single(low, high):
        return _condition(name, "!=", low, refused=True)
    beyond = Predicate(field=name, op=">=" if not high.endswith(MINUTE) else ">", value=high.removesuffix(MINUTE))
    return _condition(name, "<", low, refused=True, either=(beyond,))


def _on_weekdays(values: Sequence[str], name: str, said: Said) -> list[Condition]:
    """Spell "on Sundays" out as the catalogue's days that are Sundays, those to come if there are any."""
    days = [v for v in values if date.fromisoformat(v[:10]).weekday() in said.moment.weekdays]
    ahead = sorted(v for v in days if v[:10] >= today().isoformat()) or sorted(days)
    if not ahead or said.lead not in ("plain", "around"):
        return []
    return [_condition(name, "not in" if said.denied else "in", ahead[:MAX_DAYS], refused=said.denied)]


def _condition(
    name: str, op: Operator, value: str | list[str], *, refused: bool = False, either: tuple[Predicate, ...] = ()
) -> Condition:
    return Condition(condition_id="", field=name, op=op, value=value, words="", refused=refused, either=either)


def _order(sentence: Sentence, tokens: Sequence[Token], fields: Mapping[Kind, list[str]]) -> None:
    """Read "the earliest", "as soon as possible"; what is released is called new and old."""
    if "date" not in fields:
        return
    name = fields["date"][0]
    released = _role(name, _ROLES) == "released"
    ways = {"first": False, "last": True} | ({"newest": True, "oldest": False} if released else {})
    forms = {form: ways[way] for form, way in words_of_moments("orders").items() if way in ways}
    for i in range(len(tokens)):
        found = longest(forms, tokens, i)
        if found is None:
            continue
        start, end = tokens[i].start, tokens[found[1] - 1].end
        covered = [s for s in sentence.segments if s.start < end and s.end > start]
        if not covered or any(s.used or s.entries for s in covered):
            continue
        now = today().isoformat()
        if not released and not found[0] and max(sentence.language.fields[name].values, default="") >= now:
            sentence.found.conditions.append(
                _condition(name, ">=", now).model_copy(update={"words": sentence.text[start:end]})
            )
        _silence(covered, "order")
        sentence.found.order = (name, found[0], covered[0])
        return
