"""Say what the record of an item claims: its clauses, the words for the item itself, and what all of it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from ...core.schemas import CatalogueField, Item
from ...core.text.field_names import label_of, says_what
from ...core.text.word_lists import CLASS_NOUNS
from ...core.text.words import is_content, plain_text, stem, tokens
from .clauses import ALLERGENS, MATERIALS, NO, OPEN, YES, Clause, clauses_of, with_states

GUARDED = frozenset(
    map(
        stem,
        {*ALLERGENS, *MATERIALS, "safe", "allergy", "allergic", "waterproof", "baby", "babies", "infant", "infants", "toddler",
         "toddlers", "child", "children", "kids", "pregnant", "pregnancy"},
    )
)  # fmt: skip
"""Words about safety, allergy, age and material: even as a wish they are repeated only if the record affirms them."""
_MATERIAL_FIELD = frozenset("material materials fabric composition wood metal".split())  # noqa: SIM905
_STORY_FIELDS = frozenset("genre genres director cast author authors actors pages".split())  # noqa: SIM905
"""Fields of things whose text tells a story: how it begins does not name the item."""
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
    """What a record says: its clauses, the last word of its title, the words for the item itself, its attributes, the materials that all of it is made of, and whether it tells a story."""

    clauses: tuple[Clause, ...]
    titled: frozenset[str]
    names: frozenset[str]
    attributes: frozenset[str]
    materials: frozenset[str]
    story: bool = False

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


@lru_cache(maxsize=4096)
def _read(title: str, text: str, attributes: tuple[tuple[str, object], ...]) -> RecordClaims:
    about_text, facts = clauses_of(f"{title}. {plain_text(text)}"), _facts(attributes)
    first = next(iter(clauses_of(plain_text(text))), None)
    story = any(_STORY_FIELDS & set(label_of(name).split()) for name, _ in attributes)
    names = {stem(t) for t in tokens(title)} | {stem(n) for n in CLASS_NOUNS}
    names |= _opening(first) if first and not story else set()
    if first and plain_text(text)[len(first.text) :][:1] == "," and len(first.words) == 1:
        names -= _opening(first) - {
            stem(t) for t in tokens(title)
        }  # a list of ingredients or parts, not what the item is
    names |= {s for f in facts if _says_what(f.text.partition(" = ")[0]) for s in f.holding(YES)}
    kinds = {s for f in facts for s in f.holding(YES)}
    kinds |= {s for c in about_text for _, s, state in c.meaning() if len(c.meaning()) == 1 and set(c.states) == {YES}}
    materials = {s for f in facts if _MATERIAL_FIELD & set(f.words[:2]) for s in f.holding(YES)}
    materials |= {s for c in about_text for s in _whole(c, names)}
    titled = frozenset(stem(t) for t in tokens(title)[-1:])
    return RecordClaims((*about_text, *facts), titled, frozenset(names), frozenset(kinds), frozenset(materials), story)


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
