"""Read a text as clauses and say of each word whether the text affirms it, denies it, or leaves it open.

Records and sentences about them are read by the same rules, so a sentence may repeat a denial, but never turn it round:
"Free from gluten" denies gluten, "Batteries not included" batteries, "Does not fit iPhone 15" all of its words, "May contain
nuts" and "looks like leather" leave nuts and leather open. A denial reaches to the end of its clause.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ...core.text.word_lists import NUMBER_WORDS
from ...core.text.words import is_content, numbers, sentences, stem, tokens

YES, NO, OPEN = 1, -1, 0
MAX_WORDS = 60
"""No clause is longer: what comes after is neither affirmed nor denied."""
_CLAUSE = re.compile(
    r"[,;:()–—.!?]+(?=\s|$)|[();:–—]|\s-\s|(?<!anything )(?<!nothing )(?<!everything )(?<!all )\bbut\b|\b(?:yet|because|(?<!less )(?<!not )so(?! (?:is|are|was|were|does|do)\b)|which|while|since|whereas|although|however"
    r"|that(?=\s+(?:is|are|has|have|also)))\b"
    r"|\band\b(?=\s+(?:it|its|this|these|they|is|are|has|have|shows?|comes?|the|there|cannot|can|does|do|will|must)\b)"
    r"|\band\b(?=\s+(?:works|holds|carries|folds|weighs|keeps|needs|lasts|measures|runs|offers|includes)\s+(?:an?|the|up|for|with|on|in|at|to|\d|flat|one|two|three)\b)",
    re.IGNORECASE,
)
_STATES = re.compile(r"\w\W+(?:is|are|has|have|comes?)\b", re.IGNORECASE)
_STATEMENT = re.compile(r"\sand\s+(?=(?:[\w-]+\s+){1,2}(?:is|are|has|have)\s)", re.IGNORECASE)
_AFTER = frozenset(
    "no not zero nil unfit unsafe unsuited inappropriate inadvisable dangerous harmful hazardous toxic skip refrain beware omit without never non neither nor nobody nothing none lacks lacking cannot excluding except avoid avoids away unlike "  # noqa: SIM905
    "unsuitable incompatible instead rather too minus sans prohibits refuse refuses refused fails fail failed unable stopped ceased isn aren doesn don won wasn weren didn hasn "
    "haven couldn shouldn mustn".split()
)
"""Words that deny what follows them in their clause."""
_PHRASES = (
    ("out", "of", "reach"),
    ("anything", "but"),
    ("everything", "but"),
    ("all", "but"),
    ("far", "from"),
    ("other", "than"),
    ("apart", "from"),
    ("less", "so"),
)
_KEPT = frozenset("keep keeps kept stay stays put store stored".split())  # noqa: SIM905
"""Before "away" they deny: "keep it away", but not "folds away"."""
_NOT_ALONE = {"instead": {"of"}, "rather": {"than"}}
_GONE = frozenset(
    "missing absent excluded lacking separately unavailable omitted removed prohibited forbidden optional none".split()  # noqa: SIM905
)
"""Words that deny their whole clause: "Mattress excluded"."""
HAD = frozenset(
    "included supplied supported used needed required available permitted allowed added present part possible provided".split()  # noqa: SIM905
)
"""With a negation before them they deny what stands before it, too: "Batteries not included"."""
_SEPARATE = re.compile(
    r"\b(?:sold|bought|purchased|ordered|available|costs?)\b(?:\W+\w+){0,3}\W+(?:separately|extra)\b", re.IGNORECASE
)
"""Denies its whole clause, and the thing before it in its sentence: "four batteries, which must be bought separately"."""
_MAYBE = frozenset(
    "may might could need needs require requires hardly scarcely barely almost traces unless if factory facility handles warning caution hazard".split()  # noqa: SIM905
)
_NOTHING = frozenset(("0", "none", "no", "zero", "nil", "never"))
"""A part of a sentence that begins so and is short denies the part before: "Lactose: 0 g", but not "Steel legs, no assembly"."""
_STARTS = frozenset("contains comes has is are it they with made suits fits for".split())  # noqa: SIM905
"""A denial does not go on into a part of the sentence that begins so."""
_SEEMS = re.compile(r"(?:look|feel|smell|taste|seem)(?:s|ing)?")
_FAKE = frozenset("faux fake imitation artificial mock simulated pretend pseudo".split())  # noqa: SIM905
_FAKE_MATERIAL = frozenset("vegan protein synthetic eco pu bonded man manmade".split())  # noqa: SIM905
_LIKENESS = frozenset(
    "look effect style print finish optic like imitation flavour flavor flavoured scented coloured".split()  # noqa: SIM905
)
_PLANTS = frozenset("coconut almond oat soy soya rice cashew hazelnut cocoa shea peanut nut apple plant".split())  # noqa: SIM905
_DAIRY = frozenset("milk butter cream cheese yoghurt yogurt".split())  # noqa: SIM905
MATERIALS = frozenset(
    """
    leather suede nubuck wool cashmere cotton linen silk denim velvet down fur feather sheepskin canvas fleece polyester nylon viscose
    elastane cork wood wooden oak pine walnut beech birch teak bamboo metal steel iron aluminium brass copper bronze gold silver platinum
    plastic rubber silicone glass ceramic porcelain marble stone granite paper cardboard rattan wicker jute hemp felt
    """.split()  # noqa: SIM905
)
ALLERGENS = frozenset(
    """
    gluten milk dairy lactose salt butter cream fat colouring additives nut nuts peanut almond hazelnut cashew walnut egg soya soy sesame celery mustard fish shellfish crustacean
    wheat rye sulphite lupin latex nickel perfume alcohol sugar meat pork gelatine caffeine
    """.split()  # noqa: SIM905
)
_THINGS = frozenset(map(stem, ALLERGENS | MATERIALS))
_LOW = frozenset("from over above least minimum min older larger bigger more exceeding".split())  # noqa: SIM905
_HIGH = frozenset("under below up most maximum max younger smaller less within".split())  # noqa: SIM905
_DENIALS = _AFTER | _GONE | {"free", "seldom"}
EMPTY = _DENIALS | {"run", "runs", "filed", "listed"}
"""Words that mean nothing alone: "runs on diesel", "runs large", "is filed under comedy"."""
_SUFFIX = re.compile(r"['’](?:s|re|ve|ll|d|m)?$")


@dataclass(frozen=True, slots=True)
class Clause:
    """A clause: its text, its words in lower case, their stems or plain figures, and whether each is affirmed (1, 0 or -1).

    ``bounds`` holds "<", ">" or "-" for a number that is an upper limit, a lower one, or one end of a range.
    """

    text: str
    words: tuple[str, ...]
    stems: tuple[str, ...]
    states: tuple[int, ...]
    bounds: tuple[str, ...]

    def holding(self, state: int) -> frozenset[str]:
        """Return the stems that the clause affirms, denies or leaves open."""
        return frozenset(s for s, held in zip(self.stems, self.states, strict=True) if held == state)

    def part(self, start: int, end: int) -> Clause:
        """Return the words from ``start`` to before ``end``."""
        cut = slice(start, end)
        text = " ".join(self.words[cut])
        return Clause(text, self.words[cut], self.stems[cut], self.states[cut], self.bounds[cut])

    def only(self, places: Sequence[int]) -> Clause:
        """Return the words at these places."""
        rows = ([row[i] for i in places] for row in (self.words, self.stems, self.states, self.bounds))
        words, stems_, states, bounds = rows
        return Clause(" ".join(words), tuple(words), tuple(stems_), tuple(states), tuple(bounds))  # type: ignore[arg-type]

    def meaning(self) -> list[tuple[str, str, int]]:
        """Return word, stem or figure, and state of all words that carry meaning."""
        rows = zip(self.words, self.stems, self.states, strict=True)
        return [
            (w, s, held) for w, s, held in rows if (is_content(w) or figure(w) or w in MATERIALS) and w not in EMPTY
        ]


def figure(word: str) -> str | None:
    """Return a number in plain figures, also if it is written in words."""
    return NUMBER_WORDS.get(word.lower()) if word.isalpha() else next(iter(numbers(word)), None)


@lru_cache(maxsize=8192)
def clauses_of(text: str) -> tuple[Clause, ...]:
    """Return the clauses of ``text``; kept, as the same records are spoken of again and again."""
    found: list[Clause] = []
    for sentence in sentences(text):
        carried = False
        for place, (mark, part) in enumerate(_parts(sentence)):
            words = tuple(_SUFFIX.sub("", t.lower()) for t in tokens(part)[:MAX_WORDS])
            if not words:
                continue
            continues = (
                carried and words[0] not in _STARTS and (len(words) <= 3 or bool({"or", "nor", "and"} & set(words[:4])))
            )
            states = [OPEN] * len(words) if sentence.endswith("?") else _states(words, part, denied=continues)
            if found and place and _answers_no(mark, words):
                found[-1] = with_states(found[-1], [NO] * len(found[-1].words))
            elif found and "none" in words and YES in found[-1].states:
                found[-1] = with_states(found[-1], [OPEN] * len(found[-1].words))
            if (
                found
                and place
                and (gone := _SEPARATE.search(part))
                and not any(map(is_content, tokens(part[: gone.start()])))
            ):
                found[-1] = _without_last(found[-1])
            stems_ = tuple(figure(w) or _key(w) for w in words)
            found.append(Clause(part, words, stems_, tuple(states), _bounds(words)))
            carried = states[-1] == NO
    return tuple(found)


def _key(word: str) -> str:
    """Return the stem of a word; what is done to a thing is not that thing: "fishing" is no fish."""
    plain = stem(word)
    return word if word.endswith("ing") and plain in _THINGS and word not in ALLERGENS else plain


def _without_last(clause: Clause) -> Clause:
    """Deny the last word that carries meaning."""
    last = max((i for i, w in enumerate(clause.words) if is_content(w)), default=0)
    return with_states(clause, [NO if i == last else s for i, s in enumerate(clause.states)])


def _parts(sentence: str) -> list[tuple[str, str]]:
    """Return the parts of a sentence, each with the mark or word that cuts it from the one before."""
    cuts = list(_CLAUSE.finditer(sentence))
    marks = ["", *(c.group().strip().lower() for c in cuts)]
    ends = zip([0, *(c.end() for c in cuts)], [*(c.start() for c in cuts), len(sentence)], strict=True)
    parts = [(mark, sentence[a:b]) for mark, (a, b) in zip(marks, ends, strict=True) if sentence[a:b].strip()]
    return [cut for mark, part in parts for cut in _two_statements(mark, part)]


def _two_statements(mark: str, part: str) -> list[tuple[str, str]]:
    """Cut "the hotel is by the lake and dogs are welcome" in two, each with a subject and a verb of its own."""
    stated = _STATES.search(part)
    found = _STATEMENT.search(part, stated.end()) if stated else None
    return [(mark, part[: found.start()]), ("and", part[found.end() :])] if found else [(mark, part)]


def _answers_no(mark: str, words: tuple[str, ...]) -> bool:
    """Say whether a part denies the one before; after a comma or "but", "no" with a thing of its own denies that thing alone."""
    own = words[0] in {"no", "zero", "never"} and any(is_content(w) and w not in HAD for w in words[1:])
    return words[0] in _NOTHING and len(words) <= 3 and not (own and mark in {",", "but", "and"})


def with_states(clause: Clause, states: list[int]) -> Clause:
    """Return ``clause`` with other states."""
    return Clause(clause.text, clause.words, clause.stems, tuple(states), clause.bounds)


def _states(words: tuple[str, ...], text: str, *, denied: bool) -> list[int]:
    """Return whether each word is affirmed; a double negation leaves all of its words open."""
    if _GONE & set(words) or _SEPARATE.search(text) or re.search(r"\bleft out\b", text, re.IGNORECASE):
        return _subjects_stay(words, [NO] * len(words))
    states = _denied(words, denied=denied)
    for i, word in enumerate(words):
        if _is_guess(words, i):
            states[i:] = [OPEN if s == YES else s for s in states[i:]]
        elif word == "free" and i and words[i + 1 : i + 2] not in (("from",), ("of",)) and is_content(words[i - 1]):
            states[i - 1] = OPEN if states[i - 1] == NO else NO
        elif _is_likeness(words, i):
            states[i] = OPEN if states[i] == YES else states[i]
    return _subjects_stay(words, states)


def _denied(words: tuple[str, ...], *, denied: bool) -> list[int]:
    """Return the states that denials give: from the word that denies to the end, before it too with "included"."""
    states = [NO if denied else YES] * len(words)
    negators = [i for i, w in enumerate(words) if _denies(words, i)]
    for place in negators:
        goes_on = denied or words[place] == "nor" or (place and words[place - 1] in {"and", "or", "neither"})
        states[place:] = [OPEN if s == NO and not goes_on else NO for s in states[place:]]
    if negators and (_is_told_of(words, negators[0]) or words[negators[-1]] == words[-1]):
        states = [NO if s == YES else s for s in states]
    return states


def _is_told_of(words: tuple[str, ...], place: int) -> bool:
    """Say whether a denial is what is told of the thing before it: "batteries are not included", but not "no added sugar"."""
    after = range(place + 1, len(words))
    return any(words[i] in HAD and not (i + 1 < len(words) and is_content(words[i + 1])) for i in after)


def _is_guess(words: tuple[str, ...], place: int) -> bool:
    """Say whether all that follows is only possible or only seems so; "if you like" is a wish and no guess."""
    following = words[place + 1 : place + 3]
    if words[place] == "if" and following[:1] == ("you",):
        return not {"like", "love", "enjoy", "want", "prefer"} & set(following)
    return words[place] in _MAYBE or bool(_SEEMS.fullmatch(words[place]) and {"like", "as"} & set(following[:1]))


def _denies(words: tuple[str, ...], place: int) -> bool:
    word, following = words[place].replace("’", "'"), words[place + 1 : place + 2]
    if any(words[place : place + len(p)] == p for p in _PHRASES):
        return True
    if word == "free":
        return following in (("from",), ("of",))
    if word == "too":
        return "for" in words[place:]
    if word == "away":
        return following == ("from",) or bool(_KEPT & set(words[max(0, place - 3) : place]))
    if word in {"not", "nothing"} and following and following[0] in {"only", "just", "merely", "but"}:
        return False
    return (word in _AFTER or word.endswith("n't")) and (
        word not in _NOT_ALONE or (bool(following) and following[0] in _NOT_ALONE[word])
    )


def _is_likeness(words: tuple[str, ...], place: int) -> bool:
    """Say whether a word is only an appearance or a stand-in: faux fur, oak effect, vegan leather, coconut milk."""
    word, before = words[place], words[place - 1] if place else ""
    after = words[place + 1] if place + 1 < len(words) else ""
    material = word in MATERIALS
    return (
        before in _FAKE
        or (material and (before in _FAKE_MATERIAL or after in _LIKENESS))
        or (word in _DAIRY and before in _PLANTS)
    )


def _subjects_stay(words: tuple[str, ...], states: list[int]) -> list[int]:
    """Affirm the item itself where a denial speaks of it: "towing is not permitted with this estate"."""
    for i, word in enumerate(words[:-1]):
        if word in {"this", "these"}:
            end = next(
                (n for n in range(i + 1, len(words)) if words[n] in _DENIALS or not is_content(words[n])), len(words)
            )
            states[i:end] = [YES] * (end - i)
    return states


def _bounds(words: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(_bound(words, i) if figure(w) else "" for i, w in enumerate(words))


def _bound(words: tuple[str, ...], place: int) -> str:
    before, after = words[max(0, place - 3) : place], words[place + 1 : place + 4]
    if before[-1:] == ("from",) and re.fullmatch(r"(?:19|20)\d\d", words[place]):
        return ""
    for beside in (before[::-1], after):
        other = next((i for i, w in enumerate(beside) if figure(w)), None)
        joints = {"to", "and"} if {"between", "from"} & set(words[:place]) else {"to"}
        if other is not None and (other == 0 or joints & set(beside[:other])):
            return "-"
    if set(before[-2:]) & _LOW or {"over", "older", "upwards"} & set(after) or after[:2] == ("and", "up"):
        return ">"
    return "<" if set(before[-2:]) & _HIGH or "younger" in after or after[:2] == ("or", "less") else ""
