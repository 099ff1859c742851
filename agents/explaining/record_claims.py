"""Say what a record claims, and how a sentence about the item goes beyond it, so that known words make no false claim together."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ...core.schemas import CatalogueField, Item
from ...core.text.field_names import label_of, says_what
from ...core.text.word_lists import CLASS_NOUNS
from ...core.text.words import is_content, plain_text, stem, tokens
from .clauses import MATERIALS, NO, OPEN, YES, Clause, clauses_of, figure, with_states

_FIT = frozenset("fit fits fitting suit suits suitable compatible safe approved recommended".split())  # noqa: SIM905
_FOR = _FIT | {"for", "works", "work"}
_LINKS = frozenset("of from in is are".split())  # noqa: SIM905
_MATERIAL_FIELD = frozenset("material materials fabric composition wood metal".split())  # noqa: SIM905
_FILLING = frozenset(
    [
        "made",
        "of",
        "from",
        "in",
        "is",
        "are",
        "with",
        "a",
        "an",
        "the",
        "it",
        "its",
        "this",
        "solid",
        "real",
        "genuine",
        "pure",
        "natural",
        "white",
        "brown",
    ]
)
_NO_VALUES = frozenset(("no", "none", "false", "n/a", "never", "nein", "non", "否", "无"))


@dataclass(frozen=True, slots=True)
class RecordClaims:
    """What a record says: its clauses, the last word of its title, the words for the item itself, its attributes, and the materials that all of it is made of."""

    clauses: tuple[Clause, ...]
    titled: frozenset[str]
    names: frozenset[str]
    attributes: frozenset[str]
    materials: frozenset[str]

    @property
    def affirmed(self) -> frozenset[str]:
        """Return every stem and figure that some clause affirms."""
        return frozenset().union(self.titled, *(c.holding(YES) for c in self.clauses))

    @property
    def denied(self) -> frozenset[str]:
        """Return every stem and figure that some clause denies or leaves open."""
        return frozenset().union(*(c.holding(NO) | c.holding(OPEN) for c in self.clauses))


def claims_of(item: Item, price_field: str | None) -> RecordClaims:
    """Return what the record of ``item`` says, its price left out and text addressed to machines too."""
    values = (
        (name, tuple(v) if isinstance(v, list) else v) for name, v in item.attributes.items() if name != price_field
    )
    return _read(item.title, item.text, tuple(values))


def differs(piece: Clause, claims: RecordClaims) -> str | None:
    """Return how a clause about the item goes beyond the clauses of its record, or None if it keeps to them."""
    return (
        _denial(piece, claims)
        or _contested(piece, claims)
        or _material(piece, claims)
        or _fit(piece, claims)
        or _limit(piece, claims)
        or _joined(piece, claims)
    )


def _denial(piece: Clause, claims: RecordClaims) -> str | None:
    """A denial or a guess must be one of the record's own: all of its words in one clause, in the same state."""
    for state, what in ((NO, "a denial"), (OPEN, "a guess")):
        wanted = {key for _, key, held in piece.meaning() if held == state}
        bounds = {(k, b) for k, b in zip(piece.stems, piece.bounds, strict=True) if b and k in wanted}
        there = any(
            wanted <= c.holding(state) and bounds <= set(zip(c.stems, c.bounds, strict=True)) for c in claims.clauses
        )
        if state in piece.states and not (wanted and there):
            return f"{what} that the record does not hold: {piece.text.strip()}"
    return None


def _contested(piece: Clause, claims: RecordClaims) -> str | None:
    """A word that the record affirms in one place and denies in another is quoted from where it is affirmed."""
    for place, (word, key) in enumerate(zip(piece.words, piece.stems, strict=True)):
        contested = piece.states[place] == YES and key in claims.denied and key in {k for _, k, _ in piece.meaning()}
        if not contested or (key in claims.names and word not in MATERIALS):
            continue
        affirmed = max(_shared(piece, place, c, {YES}) for c in claims.clauses)
        if affirmed < max(2, *(_shared(piece, place, c, {NO, OPEN}) for c in claims.clauses)):
            return f"a word that the record also denies: {word}"
    return None


def _shared(piece: Clause, place: int, clause: Clause, states: set[int]) -> int:
    """Return the length of the longest run of words around ``place`` that ``clause`` holds too, in one of ``states``."""
    best = 0
    for there, key in enumerate(clause.stems):
        if key != piece.stems[place] or clause.states[there] not in states:
            continue
        length = 1
        for step in (-1, 1):
            a, b = place + step, there + step
            while 0 <= a < len(piece.stems) and 0 <= b < len(clause.stems):
                if piece.stems[a] != clause.stems[b] or clause.states[b] not in states:
                    break
                length, a, b = length + 1, a + step, b + step
        best = max(best, length)
    return best


def _material(piece: Clause, claims: RecordClaims) -> str | None:
    """A material belongs to what the record gives it to: leather laces do not make a leather shoe."""
    rows = piece.meaning()
    near = _neighbours(claims)
    for place, (word, key, state) in enumerate(rows):
        if word not in MATERIALS or state != YES:
            continue
        where = piece.words.index(word)
        after = rows[place + 1] if place + 1 < len(rows) and piece.words[where + 1] == rows[place + 1][0] else None
        if after and not ((key, after[1]) in near or (key in claims.materials and after[1] in claims.names)):
            return f"a material of something else: {word} {after[0]}"
        about = {k for _, k, _ in rows[:place]} - claims.names - claims.attributes
        if not after and _LINKS & set(piece.words[max(0, where - 3) : where]):
            held = any({*about, key} <= c.holding(YES) for c in claims.clauses) if about else key in claims.materials
            if not held:
                return f"a material of something else: {word}"
    return None


def _fit(piece: Clause, claims: RecordClaims) -> str | None:
    """What something fits, suits or is safe for must stand in one clause of the record, for figures with such a word."""
    for place, word in enumerate(piece.words):
        if word not in _FIT:
            continue
        what = {k for _, k, held in piece.part(place + 1, len(piece.words)).meaning() if held == YES}
        exact = bool(what & {s for s, w in zip(piece.stems, piece.words, strict=True) if figure(w)}) or word == "safe"
        if what and not any(what <= c.holding(YES) and (not exact or _FOR & set(c.words)) for c in claims.clauses):
            return f"fits or suits what the record does not say: {' '.join(piece.words[place:])}"
    return None


def _limit(piece: Clause, claims: RecordClaims) -> str | None:
    """A number keeps its direction: "up to 20 kg" is not "over 20 kg"."""
    for key, state, bound in zip(piece.stems, piece.states, piece.bounds, strict=True):
        if not bound or state != YES:
            continue
        held = {
            b
            for c in claims.clauses
            for k, s, b in zip(c.stems, c.states, c.bounds, strict=True)
            if (k, s) == (key, YES)
        }
        if bound not in held:
            return f"a limit that the record does not set: {key}"
    return None


def _joined(piece: Clause, claims: RecordClaims) -> str | None:
    """Two words side by side must stand in one clause of the record, unless both speak of the item as a whole."""
    whole = claims.names | claims.attributes
    for (first, one), (second, other) in pairwise(zip(piece.words, piece.stems, strict=True)):
        subject = one in claims.names - claims.attributes
        if not (is_content(first) and is_content(second)) or subject or {one, other} <= whole:
            continue
        if not any({one, other} <= set(c.stems) for c in claims.clauses):
            return f"words joined that the record keeps apart: {first} {second}"
    return None


def _neighbours(claims: RecordClaims) -> set[tuple[str, str]]:
    """Return pairs of words that carry meaning and stand side by side, both affirmed."""
    rows = [[(k, s) for _, k, s in c.meaning()] for c in claims.clauses]
    return {(a, b) for row in rows for (a, x), (b, y) in pairwise(row) if x == y == YES}


@lru_cache(maxsize=4096)
def _read(title: str, text: str, attributes: tuple[tuple[str, object], ...]) -> RecordClaims:
    about_text, facts = clauses_of(f"{title}. {plain_text(text)}"), _facts(attributes)
    first = next(iter(clauses_of(plain_text(text))), None)
    names = {stem(t) for t in tokens(title)} | {stem(n) for n in CLASS_NOUNS} | (_opening(first) if first else set())
    names |= {s for f in facts if _says_what(f.text.partition(" = ")[0]) for s in f.holding(YES)}
    kinds = {s for f in facts for s in f.holding(YES)}
    kinds |= {s for c in about_text for _, s, state in c.meaning() if len(c.meaning()) == 1 and state == YES}
    materials = {s for f in facts if _MATERIAL_FIELD & set(f.words[:2]) for s in f.holding(YES)}
    materials |= {s for c in about_text for s in _whole(c, names)}
    titled = frozenset(stem(t) for t in tokens(title)[-1:])
    return RecordClaims((*about_text, *facts), titled, frozenset(names), frozenset(kinds), frozenset(materials))


def _says_what(name: str) -> bool:
    return says_what(CatalogueField(name=name, type="text"))


def _opening(clause: Clause) -> set[str]:
    """Return the first run of content words of a text, which names the item: "An estate with ..." """
    start = next((i for i, w in enumerate(clause.words[:2]) if is_content(w)), len(clause.words))
    end = next((i for i in range(start, len(clause.words)) if not is_content(clause.words[i])), len(clause.words))
    held = zip(clause.stems[start:end], clause.states[start:end], strict=True)
    return {s for s, state in held if state == YES and s not in MATERIALS}


def _whole(clause: Clause, names: set[str]) -> set[str]:
    """Return the materials that a clause gives to the item itself: "a leather boot", "boot of leather", "is made of leather"."""
    found = set()
    for i, (word, key) in enumerate(zip(clause.words, clause.stems, strict=True)):
        if word not in MATERIALS or clause.states[i] != YES:
            continue
        before = [s for w, s in zip(clause.words[:i], clause.stems[:i], strict=True) if w not in _FILLING]
        after = clause.stems[i + 1 : i + 2]
        is_part = bool(after) and is_content(clause.words[i + 1])
        linked = {"of", "from", "in"} & set(clause.words[max(0, i - 3) : i]) and "with" not in clause.words[:i]
        if (after and after[0] in names) or (linked and not is_part and all(b in names for b in before)):
            found.add(key)
    return found


def _facts(attributes: tuple[tuple[str, object], ...]) -> tuple[Clause, ...]:
    """Return one clause for each value of an attribute, its field's name first; "no" and false deny the name."""
    found: list[Clause] = []
    for name, value in attributes:
        words = label_of(name)
        for one in value if isinstance(value, tuple) else (value,):
            denied = one is False or str(one).strip().lower() in _NO_VALUES
            if denied or one is True:
                said = [with_states(c, [_turned(s) for s in c.states]) if denied else c for c in clauses_of(words)]
            else:
                said = list(clauses_of(f"{words} {one:g}" if isinstance(one, float) else f"{words} {one}"))
            found += [Clause(f"{name} = {c.text}", c.words, c.stems, c.states, c.bounds) for c in said]
    return tuple(found)


def _turned(state: int) -> int:
    return NO if state == YES else OPEN
