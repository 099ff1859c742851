"""Hold a sentence to the very words of its record, and let nothing through that is neither there nor empty.

Every word of a clause is either glue, the item's own name, a whole value of a field with the words that the wording puts before it, or part
of a run of words that one clause of the record holds in the same order and the same states. What quantifies, compares, hedges, bounds
or dates ("all", "only", "more", "may", "until", "was") is no glue: it stands only where the record has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ...core.language.measure_words import units
from ...core.schemas import AttributeValue, Brief, Item
from ...core.text.field_names import label_of
from ...core.text.word_lists import DETERMINERS, VERBS
from ...core.text.words import stem, tokens
from .clauses import NO, YES, Clause, figure
from .other_words import GLUE, JOINTS, LINKING, material_first, ways_to_say
from .record_claims import GUARDED, RecordClaims
from .wording import Wording, wording

MEDIA_NOUNS = frozenset(
    map(stem, ("film", "movie", "book", "game", "album", "song", "poster", "print", "picture", "piece"))
)
SHIFTERS = frozenset(
    """
    half semi part partly low lower reduced less no non not anti faux fake mock pseudo former almost nearly up over under at least most about around
    only just any all every each never without free imitation artificial vegan eco optional extra additional some few many
    """.split()  # noqa: SIM905
)
"""Words that change what follows them so much that it is not quoted without them."""
STRONG = frozenset(
    """
    all every everything everyone each both only just any most more less least fewer few many much several always never ever often usually
    sometimes still already until before after since because thus therefore due may might can could should would will must was were
    than better best worse worst too enough very quite rather almost nearly about around up down over under above below between within
    instead except unless entire entirely whole wholly fully completely totally guaranteed sure certainly definitely probably perhaps
    """.split()  # noqa: SIM905
)
"""Words that quantify, compare, hedge, bound, date or give a cause: nobody is said to have used them who did not."""
AGAIN = (("to",), ("into",), ("from",))
"""After "back" they make it a way and no part of a thing: "back to life", but "a padded back"."""
GOVERNING = frozenset("from for to by at on in into as up after before until since about over under between".split())  # noqa: SIM905
AGES = (("age",), ("ages",))
FOR_WHAT = frozenset(map(stem, ("skin", "hair", "gender", "room", "season", "usage", "use", "occasion", "surface")))
"""Names of fields that say what an item is for."""
PASSIVE = frozenset(("was", "were"))
"""May stand before a clause that begins with a participle: "Serviced every year" was serviced every year; so may "you can"."""


@dataclass(frozen=True, slots=True)
class Row:
    """Words of one clause without glue: before which of them a phrase begins, the word before each as written, and where its verb stands."""

    keys: tuple[str, ...]
    states: tuple[int, ...]
    words: tuple[str, ...]
    begins: tuple[bool, ...]
    before: tuple[str, ...]
    verb: int


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a field as words, and the words that may stand around it."""

    keys: tuple[str, ...]
    around: frozenset[str]
    denied: bool = False


def unquoted(piece: Clause, claims: RecordClaims, values: Sequence[Value]) -> str | None:
    """Return the first words of a clause about the item that the record does not hold so, or None."""
    told = [c for c in claims.clauses if " = " not in c.text]
    rows = [None, *map(row_of, told), *(row_of(c) for c in map(material_first, told) if c)]
    furthest: tuple[str, ...] = ()
    for row in map(row_of, ways_to_say(piece, claims)):
        for source in rows:
            rest = row.words[_covered(row, source, claims, values) :]
            if not rest:
                return None
            furthest = min(furthest or rest, rest, key=len)
    return f"not in the record's own words: {' '.join(furthest[:3])}"


@lru_cache(maxsize=8192)
def row_of(clause: Clause) -> Row:
    """Return the words of a clause that may claim something."""
    words = clause.words
    kept = [i for i, w in enumerate(words) if w not in GLUE and not (w == "for" and words[i + 1 : i + 2] in AGES)]
    begins = [
        i == 0
        or bool(
            {clause.words[i - 1], clause.words[i]} & (JOINTS if words[i + 1 : i + 2] in AGAIN else JOINTS - {"back"})
        )
        or clause.words[i - 1] in GLUE
        or _acts(words[i : i + 2])
        for i in kept
    ]
    return Row(
        tuple(clause.stems[i] for i in kept),
        tuple(clause.states[i] for i in kept),
        tuple(clause.words[i] for i in kept),
        tuple(begins),
        tuple(words[i - 1] if i else "" for i in kept),
        _verb(words, kept),
    )


def _acts(words: Sequence[str]) -> bool:
    """Say whether the first of two words is a verb: "finds" before "a child", "moves" before "to"."""
    return len(words) == 2 and words[0].endswith("s") and len(words[0]) > 3 and words[1] in DETERMINERS | {"to", "into"}


def _verb(words: Sequence[str], kept: Sequence[int]) -> int:
    """Return how many of the kept words stand before the first verb; 0 where none is known."""
    verb = next((i for i, w in enumerate(words) if i and w in VERBS | LINKING), 0)
    return sum(i < verb for i in kept)


def _covered(row: Row, source: Row | None, claims: RecordClaims, values: Sequence[Value]) -> int:
    """Return how many words from the start are covered: by the name, by values, and by runs of ``source`` in its order.

    A value is said of the item, so none comes after a run, which may be about a part of it; and what follows the verb of a
    clause about a part is not said without that part.
    """
    free = claims.names | MEDIA_NOUNS | claims.materials
    furthest, tried = 0, set[tuple[int, int, bool]]()
    part = source is not None and any(k not in free for k in source.keys[: source.verb])
    open_ = [(0, 0, False)]
    while open_:
        at, reached, named = open_.pop()
        if at == len(row.keys):
            return at
        furthest = max(furthest, at)
        if (at, reached, named) in tried:
            continue
        tried.add((at, reached, named))
        if _is_free(row, at, free, claims):
            open_.append(
                (at + 1, reached, named)
            )  # what is denied or left open has been compared with the record's denials
        if not reached and (length := _value(row, at, values)):
            open_.append((at + length, reached, named))
        if source is not None:
            open_ += _steps(row, at, source, reached, free, named=named or not part)
    return furthest


def _steps(
    row: Row, at: int, source: Row, reached: int, free: frozenset[str], *, named: bool
) -> list[tuple[int, int, bool]]:
    """Return where a run of ``source`` leads to, here and there, and whether what the clause is about has been said by then."""
    opens = row.words[at] in PASSIVE or (row.words[at] == "can" and row.before[at] == "you")
    start = at + 1 if opens and not reached and at + 1 < len(row.keys) else at
    found = list[tuple[int, int, bool]]()
    for first, n in _runs(row, start, source, reached, free):
        about = named or first < source.verb
        if about and (start == at or first == 0):
            found.append((start + n, first + n, about))
    return found


def _is_free(row: Row, at: int, names: frozenset[str], claims: RecordClaims) -> bool:
    """Say whether a word needs no source here: it names the item, or is denied or left open, which has been compared already.

    A guarded word names the item only as "this cream", before another word of its name, "marble run", or where all of it is made of that.
    """
    key, following = row.keys[at], row.keys[at + 1 : at + 2]
    named = key in names and (
        key not in GUARDED
        or key in claims.materials
        or (key in claims.titled and row.before[at] in ("this", "these"))
        or (bool(following) and following[0] in names - GUARDED)
    )
    return named or row.states[at] != YES or (row.words[at] == "free" and at > 0 and row.states[at - 1] == NO)


def _runs(row: Row, at: int, source: Row, reached: int, free: frozenset[str]) -> list[tuple[int, int]]:
    """Return every run from ``at`` that ``source`` holds from ``reached`` on, as its first place there and its length, the longest last.

    What stands after "from", "for" or "in" there stands after the same word here.
    """
    found = []
    for start in range(reached, len(source.keys)):
        governed = source.before[start] in GOVERNING and source.before[start] != row.before[at]
        for n in range(0 if governed else min(len(row.keys) - at, len(source.keys) - start)):
            if (row.keys[at + n], row.states[at + n]) != (source.keys[start + n], source.states[start + n]):
                break
            if _whole(source, start, start + n + 1, free):
                found.append((start, n + 1))
    return sorted(found, key=lambda run: run[1])


def _whole(source: Row, start: int, end: int, free: frozenset[str]) -> bool:
    """Say whether words can stand without those beside them in their phrase: nothing guarded is cut, and what goes on is the item."""
    guarded = any(
        key in GUARDED or figure(word)
        for key, word in zip(source.keys[start:end], source.words[start:end], strict=True)
    )
    if (
        start
        and not source.begins[start]
        and (guarded or source.words[start - 1] in SHIFTERS or figure(source.words[start - 1]))
    ):
        return False
    rest = end
    while rest < len(source.keys) and not source.begins[rest] and source.states[rest] == YES:
        if source.keys[rest] not in free:
            return False
        rest += 1
    return True


def _value(row: Row, at: int, values: Sequence[Value]) -> int:
    """Return the length of the longest stretch from ``at`` that holds one value whole, with the words around it alone."""
    best = 0
    for value in values:
        end, found = at, False
        while end < len(row.keys):
            if not found and row.keys[end : end + len(value.keys)] == value.keys:
                states = row.states[end : end + len(value.keys)]
                if any(s != (NO if value.denied else YES) for s in states):
                    break
                found, end = True, end + len(value.keys)
            elif row.keys[end] in value.around and (row.states[end] == YES or value.denied):
                end += 1
            else:
                break
        if found:
            best = max(best, end - at)
    return best


def values_of(item: Item, brief: Brief) -> tuple[Value, ...]:
    """Return every value of a record that may be told, with the words that the wording puts around it; the price is rendered."""
    held = tuple(
        (name, tuple(v) if isinstance(v, list) else v)
        for name, v in item.attributes.items()
        if name != brief.price_field
    )
    return _values(held, wording("en"))


@lru_cache(maxsize=4096)
def _values(attributes: tuple[tuple[str, object], ...], words: Wording) -> tuple[Value, ...]:
    found = []
    for name, value in attributes:
        label = frozenset(map(stem, tokens(label_of(name).lower())))
        for one in value if isinstance(value, tuple) else (value,):
            if isinstance(one, bool):
                keys = tuple(stem(t.lower()) for t in tokens(label_of(name)) if t.lower() not in GLUE)
                found.append(Value(keys, frozenset(), denied=not one))
                continue
            shown = f"{one:g}" if isinstance(one, float) else str(one)
            keys = tuple(figure(t.lower()) or stem(t.lower()) for t in tokens(shown) if t.lower() not in GLUE)
            if keys:
                suits = frozenset(("for",)) if label & FOR_WHAT else frozenset[str]()
                units_ = _spelled(name) if isinstance(one, int | float) else frozenset[str]()
                found.append(Value(keys, label | suits | units_ | _lead(words, name, one) - set(keys)))
    return tuple(found)


def _lead(words: Wording, name: str, value: AttributeValue) -> frozenset[str]:
    """Return the words that the wording puts before and after a value of a field."""
    said = words.says(name, [value] if isinstance(value, str) else value, Brief())
    return frozenset(stem(t.lower()) for t in tokens(said) if not t[0].isdigit())


@lru_cache(maxsize=1024)
def _spelled(name: str) -> frozenset[str]:
    """Return the stems of what the unit that a field's name ends on is called: litres for ``volume_l``."""
    last = (tokens(label_of(name).lower()) or [""])[-1]
    same = set(units().get(last, ()))
    return frozenset(
        stem(form) for form, measures in units().items() if same & set(measures) and form.isascii() and form.isalpha()
    )
