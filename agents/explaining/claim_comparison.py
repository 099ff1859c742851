"""Tell how a sentence about an item goes beyond its record, so that known words make no false claim together."""

from __future__ import annotations

from itertools import pairwise

from ...core.text.words import is_content
from .clauses import ALLERGENS, EMPTY, HAD, MATERIALS, NO, OPEN, YES, Clause, figure
from .other_words import material_first, without_item
from .record_claims import GUARDED, RecordClaims

_FIT = frozenset("fit fits fitting suit suits suitable compatible safe approved recommended".split())  # noqa: SIM905
_FOR = _FIT | {"for", "works", "work", "age", "ages", "aged", "years", "months"}
_VERBS = frozenset(
    [
        "is",
        "are",
        "was",
        "were",
        "has",
        "have",
        "had",
        "not",
        "never",
        "cannot",
        "refuses",
        "refuse",
        "refused",
        "fails",
        "failed",
        "stopped",
        "can",
        "will",
        "must",
        "should",
        "may",
        "might",
        "would",
        "could",
        "did",
        "does",
    ]
)
_ASIDE = frozenset("after before when while where who whose whom that which until as if".split())  # noqa: SIM905
"""A verb after one of these belongs to something said aside."""
_JOINTS = frozenset("with in from for of is are contains has".split())  # noqa: SIM905
_LINKS = frozenset("of from in is are".split())  # noqa: SIM905
_PLACES = frozenset("over under on onto against near beside".split())  # noqa: SIM905
"""Before a material they make it a place or a means, and no material of the item."""


def differs(piece: Clause, claims: RecordClaims, leads: frozenset[str] = frozenset()) -> str | None:
    """Return how a clause about the item goes beyond the clauses of its record, or None if it keeps to them.

    ``leads`` are the words that the wording puts before a value: "stars" before an actor's name.
    """
    if _verbatim(piece, claims) or _verbatim(without_item(piece, claims.names), claims):
        return None
    return (
        _denial(piece, claims)
        or _contested(piece, claims)
        or _material(piece, claims)
        or _fit(piece, claims)
        or _limit(piece, claims)
        or _joined(piece, claims, leads)
        or _mixed(piece, claims, leads)
        or _unquoted(piece, claims)
    )


def _verbatim(piece: Clause, claims: RecordClaims) -> bool:
    """Say whether a clause of the record holds these very words, in one run and in the same states."""
    run = list(zip(piece.words, piece.states, strict=True))
    if len(run) < 2:
        return False
    rows = (list(zip(c.words, c.states, strict=True)) for c in claims.clauses)
    return any(run == row[i : i + len(run)] for row in rows for i in range(len(row) - len(run) + 1))


def _denial(piece: Clause, claims: RecordClaims) -> str | None:
    """A denial or a guess must be one of the record's own, in one clause and whole: no allergy to soya is not no soya."""
    for state, what in ((NO, "a denial"), (OPEN, "a guess")):
        members = [m - claims.names if m - claims.names else m - claims.affirmed for m in _members(piece, state)]
        if state == NO and not any(members) and OPEN in piece.states:
            continue  # "not gluten free muesli" denies nothing but what it leaves open
        bounds = {(k, b) for k, b in zip(piece.stems, piece.bounds, strict=True) if b}
        there = all(any(_covers(c, m, bounds, state, claims.names) for c in claims.clauses) for m in members if m)
        if state in piece.states and not (any(members) and there):
            return f"{what} that the record does not hold: {piece.text.strip()}"
    return None


def _members(clause: Clause, state: int) -> list[set[str]]:
    """Return the words in one state that carry meaning, those of each member of a list together: "no milk and no egg" has two."""
    meaning = {key for _, key, held in clause.meaning() if held == state}
    members: list[set[str]] = [set()]
    for word, key, held in zip(clause.words, clause.stems, clause.states, strict=True):
        if word in {"and", "or", "nor"}:
            members.append(set())
        elif key in meaning and held == state:
            members[-1].add(key)
    return members


def _covers(clause: Clause, wanted: set[str], bounds: set[tuple[str, str]], state: int, names: frozenset[str]) -> bool:
    """Say whether a clause holds all these words in this state, and nothing more in the members of a list they stand in."""
    limits = {(k, b) for k, b in bounds if k in wanted}
    if not (wanted <= clause.holding(state) and limits <= set(zip(clause.stems, clause.bounds, strict=True))):
        return False
    return all(m <= wanted | names for m in _members(clause, state) if m & wanted)


def _contested(piece: Clause, claims: RecordClaims) -> str | None:
    """A word that the record affirms in one place and denies in another is quoted from where it is affirmed."""
    for place, (word, key) in enumerate(zip(piece.words, piece.stems, strict=True)):
        contested = piece.states[place] == YES and key in claims.denied and key in {k for _, k, _ in piece.meaning()}
        named = key in claims.names and key in claims.affirmed and word not in MATERIALS
        if not contested or named:
            continue
        affirmed = max(_shared(piece, place, c, {YES}) for c in claims.clauses)
        denied = max(_shared(piece, place, c, {NO, OPEN}) for c in claims.clauses)
        if affirmed < 2 or affirmed <= denied:
            return f"a word that the record also denies: {word}"
    return None


def _unquoted(piece: Clause, claims: RecordClaims) -> str | None:
    """A word about safety, allergy, age or material is quoted with all of its phrase: no word beside it may be left out."""
    said = {key for _, key, _ in piece.meaning()} | claims.names | claims.attributes
    for word, key, state in piece.meaning():
        if state != YES or key not in GUARDED or key in claims.titled:
            continue
        ends = None if word in MATERIALS and word not in ALLERGENS else claims.names | claims.materials
        phrases = (phrase for c in claims.clauses if key in c.holding(YES) for phrase in _phrases(c, ends))
        if not any(key in phrase and phrase <= said for phrase in phrases):
            return f"not quoted as the record has it: {word}"
    return None


def _phrases(clause: Clause, names: frozenset[str] | None) -> list[set[str]]:
    """Return the words that carry meaning, cut at "and" and at prepositions, those after ``names`` alone if there are any.

    The values of a field stand alone.
    """
    meaning = {key for _, key, _ in clause.meaning()}
    if " = " in clause.text:
        return [{key} for key in meaning]
    found: list[set[str]] = [set()]
    for place, (word, key) in enumerate(zip(clause.words, clause.stems, strict=True)):
        if word in {"and", "or", "plus", "that", "which", "who"} or (
            word in _JOINTS and place and (names is None or clause.stems[place - 1] in names)
        ):
            found.append(set())
        elif key in meaning:
            found[-1].add(key)
    return found


def _mixed(piece: Clause, claims: RecordClaims, leads: frozenset[str]) -> str | None:
    """What is no word for the item itself comes from one clause of the record, and a subject brings its predicate along."""
    said = {key for _, key, held in piece.meaning() if held == YES}
    words = said - claims.names - claims.attributes - leads
    if not words:
        return None
    whole = [c for c in claims.clauses if words <= c.holding(YES)]
    if not whole:
        return f"words of several clauses: {piece.text.strip()}"
    if not any(_with_predicate(c, words, piece) for c in whole):
        return f"a subject without what the record says of it: {piece.text.strip()}"
    return None


def _with_predicate(clause: Clause, words: set[str], piece: Clause) -> bool:
    """Say whether words before a verb of ``clause`` come with some of what follows it: "leather seats were replaced"."""
    verb = next((i for i, w in enumerate(clause.words) if i and (w in _VERBS or w.endswith("n't"))), None)
    if verb is None or not words <= set(clause.stems[:verb]) or _ASIDE & set(clause.words[:verb]):
        return True
    predicate = clause.part(verb, len(clause.words))
    if NO in predicate.states and NO not in piece.states:
        return False
    keys = {key for _, key, _ in predicate.meaning()}
    return not keys or bool(keys & {key for _, key, _ in piece.meaning()})


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
        if set(piece.words[max(0, where - 2) : where]) & _PLACES:
            continue  # "smoked over beech" is quoted or refused as other words are
        just_before = set(piece.words[max(0, where - 3) : where])
        has = piece.words[where - 1 : where] == ("with",) and "made" not in just_before
        if not after and not has and _LINKS & just_before:
            held = any({*about, key} <= c.holding(YES) for c in claims.clauses) if about else key in claims.materials
            if not held:
                return f"a material of something else: {word}"
    return None


def _fit(piece: Clause, claims: RecordClaims) -> str | None:
    """What something fits, suits, is safe for or includes must stand in one clause of the record, which says so too."""
    for place, word in enumerate(piece.words):
        if piece.states[place] != YES:
            continue
        what = {k for _, k, held in piece.part(place + 1, len(piece.words)).meaning() if held == YES}
        exact = any(figure(w) for w in piece.words[place:]) or word == "safe"
        says = _FOR if exact else frozenset[str]()
        if word in HAD:
            what, says = {k for _, k, held in piece.meaning() if held == YES} - claims.names, HAD
        elif word not in _FIT and not (word == "for" and (exact or what & GUARDED)):
            continue
        held = [c for c in claims.clauses if what <= c.holding(YES)]
        people = word in {"for", "safe"} and bool(what & GUARDED)
        if people or word in _FIT:
            said = what | claims.names | claims.attributes | {key for _, key, _ in piece.meaning()}
            held = [
                c
                for c in held
                if {k for _, k, _ in c.meaning()} <= said
                or " = " in c.text
                or any(what <= p for p in _phrases(c, claims.names | claims.materials) if p <= said)
            ]
        if what and not any(not says or says & set(c.words) or " = " in c.text for c in held):
            return f"fits, suits or includes what the record does not say: {piece.text.strip()}"
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


def _joined(piece: Clause, claims: RecordClaims, leads: frozenset[str]) -> str | None:
    """Two words side by side must stand in one clause of the record, unless both speak of the item as a whole."""
    whole = claims.names | claims.attributes
    piece = without_item(piece, claims.names)
    for (first, one), (second, other) in pairwise(zip(piece.words, piece.stems, strict=True)):
        subject = one in claims.names - claims.attributes
        if (
            {first, second} & EMPTY
            or not (is_content(first) and is_content(second))
            or subject
            or {one, other} <= whole
            or (one in leads and other in claims.attributes)
        ):
            continue
        if not any({one, other} <= set(c.stems) for c in claims.clauses):
            return f"words joined that the record keeps apart: {first} {second}"
    return None


def _neighbours(claims: RecordClaims) -> set[tuple[str, str]]:
    """Return pairs of words that carry meaning and stand side by side, both affirmed."""
    turned = [c for c in map(material_first, claims.clauses) if c]
    rows = [[(k, s) for _, k, s in c.meaning()] for c in (*claims.clauses, *turned)]
    return {(a, b) for row in rows for (a, x), (b, y) in pairwise(row) if x == y == YES}
