"""Draw sentences from phrasings: lines in which every place of a value has its sign.

What a value is does not matter to its sign, so every value is the same token, and what is learnt on one shop holds for all.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Literal, NamedTuple

from ...core.language.tokens import tokenise

VALUE, NUMBER, UNKNOWN, PADDING = "[v]", "[n]", "[?]", "[ ]"
SIGNS = "+-0"
"""Wanted, refused, neither: the order of a model's numbers."""
LANGUAGES = ("en", "de", "zh")
FOLDER = Path(__file__).parent / "data"
OPENED = 0.15
"""Share of the sentences that begin with a word of courtesy or of hesitation."""
HELD_OUT = 0.15
"""Share of the phrasings that are never trained on."""
_CHOICE = re.compile(r"\(([^()]*\|[^()]*)\)")
_LINKS = {"en": "in with for from of by on at".split(), "de": "in mit für aus von bei auf".split(), "zh": ["的", "、"]}  # noqa: SIM905
"""What leads from one wanted value to another."""
_BARE = re.compile(r"\[|\([^()]*\|\)")
_SLOT = re.compile(r"\[([+\-0nwp])\]")
Language = Literal["en", "de", "zh"]


class Phrasing(NamedTuple):
    """One way to say something: its language and its line."""

    language: str
    line: str

    @property
    def is_bare(self) -> bool:
        """Tell whether it begins with a value, so that it would go on with the list of the clause before it."""
        return _BARE.match(self.line) is not None


class Example(NamedTuple):
    """Tokens, and for each its sign as a place in ``SIGNS``, or -1 where it is no value."""

    tokens: tuple[str, ...]
    signs: tuple[int, ...]


def load_phrasings(folder: Path = FOLDER) -> list[Phrasing]:
    """Return all phrasings of the three languages in order."""
    return [
        Phrasing(language, line.strip())
        for language in LANGUAGES
        for line in (folder / f"phrasings_{language}.txt").read_text(encoding="utf-8").splitlines()
        if line.strip() and not line.startswith("#")
    ]


def parted(phrasings: Sequence[Phrasing], seed: int) -> tuple[list[Phrasing], list[Phrasing]]:
    """Return the phrasings to learn from, and the share that is held out, of each language alike."""
    learnt: list[Phrasing] = []
    held: list[Phrasing] = []
    for language in LANGUAGES:
        own = [p for p in phrasings if p.language == language]
        random.Random(f"{seed} {language}").shuffle(own)  # noqa: S311
        cut = round(len(own) * HELD_OUT)
        held += own[:cut]
        learnt += own[cut:]
    return learnt, held


class Words(NamedTuple):
    """Words that fill the places of things and people, and words that open a request, by language."""

    things: dict[str, list[str]]
    people: dict[str, list[str]]
    openers: dict[str, list[str]]


def load_words(folder: Path = FOLDER) -> Words:
    """Return the words for ``[w]`` and ``[p]``, and the openers."""
    held: dict[str, dict[str, list[str]]] = {"things": {}, "people": {}, "openers": {}}
    for line in (folder / "things_and_people.txt").read_text(encoding="utf-8").splitlines():
        if line.strip() and not line.startswith("#"):
            kind, language, words = line.split(":", 2)
            held[kind].setdefault(language, []).extend(w.strip() for w in words.split(","))
    return Words(**held)


def written(phrasing: Phrasing, words: Words, rng: random.Random) -> str:
    """Return the line with its choices made and its things, people and values filled in; values still have their signs."""
    line = phrasing.line
    while match := _CHOICE.search(line):
        line = line[: match.start()] + rng.choice(match[1].split("|")) + line[match.end() :]
    return _SLOT.sub(lambda m: _filled(m[1], phrasing.language, words, rng), line)


def _filled(slot: str, language: str, words: Words, rng: random.Random) -> str:
    if slot == "n":
        return str(rng.randint(1, 2000))
    if slot == "w":
        return rng.choice(words.things[language])
    if slot == "p":
        return rng.choice(words.people[language])
    return _values(slot, language, rng.choice(words.things[language]), rng)


def _values(sign: str, language: str, thing: str, rng: random.Random) -> str:
    """Return one value, several that are joined, or one with a thing: "red", "red or blue", "red socks"."""
    one = f" [{sign}] "
    gap = "" if language == "zh" else " "
    either = {"en": " or ", "de": " oder ", "zh": "或"}[language]
    both = {"en": " and ", "de": " und ", "zh": "和"}[language]
    draw = rng.random()
    if draw < 0.58:
        return one
    if draw < 0.76:
        return f"{one}{gap}{thing}"
    if draw < 0.82:
        return f"{one}{either}{one}"
    if draw < 0.87:
        return f"{one}{both}{one}"
    if draw < 0.89:
        return f"{one}, {one}{both}{one}"
    if sign != "+":
        return f"{one}{gap}{one}"
    if draw < 0.97:
        return f"{one}{gap}{rng.choice(_LINKS[language])}{gap}{one}"
    return f"{one}{gap}{one}{gap}{thing}"


def tokens_of(text: str) -> Example:
    """Return the tokens and signs of a written line."""
    tokens: list[str] = []
    signs: list[int] = []
    place = 0
    for match in [*_SLOT.finditer(text), None]:
        for token in tokenise(text[place : match.start() if match else len(text)]):
            tokens.append(NUMBER if token.kind == "number" else token.text)
            signs.append(-1)
        if match:
            tokens.append(VALUE)
            signs.append(SIGNS.index(match[1]))
            place = match.end()
    return Example(tuple(tokens), tuple(signs))


def examples(phrasings: Sequence[Phrasing], words: Words, count: int, rng: random.Random) -> Iterator[Example]:
    """Yield so many sentences of one to three phrasings of a language each, some with slips of the keyboard."""
    by_language = {x: [p for p in phrasings if p.language == x] for x in LANGUAGES}
    shares = [(x, len(own)) for x, own in by_language.items() if own]
    weights = {x: list(accumulate(map(_weight, own))) for x, own in by_language.items()}
    for _ in range(count):
        language = rng.choices([x for x, _ in shares], [n for _, n in shares])[0]
        own = by_language[language]
        clauses = rng.choices(own, cum_weights=weights[language], k=rng.choices((1, 2, 3), (5, 4, 1))[0])
        yield _with_slips(tokens_of(_joined(clauses, words, rng)), rng)


def _weight(phrasing: Phrasing) -> int:
    """Return how often a phrasing is drawn: people want more than they refuse."""
    return 1 if "[-]" in phrasing.line else 2


def one_each(phrasings: Sequence[Phrasing], words: Words, seed: int, times: int = 3) -> list[tuple[Phrasing, Example]]:
    """Return sentences of each phrasing alone, to measure on."""
    rng = random.Random(seed)  # noqa: S311
    return [(p, tokens_of(written(p, words, rng))) for p in phrasings for _ in range(times)]


def _joined(clauses: Sequence[Phrasing], words: Words, rng: random.Random) -> str:
    """Join clauses so that none changes the sign of another: what begins with a value begins a sentence."""
    text = written(clauses[0], words, rng)
    if rng.random() < OPENED:
        text = rng.choice(words.openers[clauses[0].language]) + rng.choice((" ", ", ")) + text
    for clause in clauses[1:]:
        comma, stop = ("，", "。") if clause.language == "zh" else (", ", ". ")
        link = {"en": " and ", "de": " und ", "zh": "，"}[clause.language]
        ways = [stop] if clause.is_bare else [stop, comma, comma, link]
        text += rng.choice(ways) + written(clause, words, rng)
    return text + rng.choice(("", "", "", ".", "!"))


def _with_slips(example: Example, rng: random.Random) -> Example:
    """Change a letter of a word here and there, and leave out a mark."""
    if rng.random() > 0.15:
        return example
    kept: list[tuple[str, int]] = []
    for said, sign in zip(example.tokens, example.signs, strict=True):
        if sign < 0 and said in ",，" and rng.random() < 0.3:
            continue
        slips = sign < 0 and len(said) > 4 and said.isascii() and said.isalpha() and rng.random() < 0.15
        kept.append((_slip(said, rng) if slips else said, sign))
    return Example(tuple(t for t, _ in kept), tuple(s for _, s in kept))


def _slip(word: str, rng: random.Random) -> str:
    n = rng.randrange(1, len(word) - 1)
    return rng.choice((word[:n] + word[n + 1 :], word[:n] + word[n + 1] + word[n] + word[n + 2 :]))
