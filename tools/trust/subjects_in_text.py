"""Find the visible things that a text says a photo shows, or that it asks for; plain rules over a vocabulary.

What counts is the subject. Verbs ("something to watch"), recipients ("for my dog"), companions ("with shoes"), refusals ("no
dress") and scenes say nothing about what a photo must show, and are left out. A pointing word ("this dress", "the dog in my photo")
makes its noun the only subject; pointing at the photo itself ("a mug with this picture") leaves none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

_TOKEN = re.compile(r"[a-z]+(?:[-'][a-z]+)*|[0-9]+|[,.;:!?]")


def _set(words: str) -> frozenset[str]:
    return frozenset(words.split())


REACH = 4
_POINTERS = _set("this that these those")
_SHOWS = _set("photo photos picture pictures image images video clip pic snapshot")
_BARRIERS = _set(
    "for with without no not never except but minus unlike versus vs than instead rather near beside under over against "
    "behind by about matching match matches suit suits"
)
_AUXILIARIES = _set(
    "to can could will would should must may might i we you they he she who please let's lets just don't"
)
_SEEKING = _set("look looking search searching ask asking")
_STOPS = _set(", . ; : ! ?")
_VERBS = _set(
    "watch ring park train book box play light orange record map sign slide swing seal duck bear fish fly drink dress suit "
    "tie cap belt pen iron rock ship boat bus truck cook carry hang shop bar bowl plate speaker clock"
)


@dataclass(frozen=True, slots=True)
class Subjects:
    """Vocabulary words a text is about; its other ones; whether it points at the former ("this dress")."""

    words: tuple[str, ...]
    others: tuple[str, ...]
    pointed: bool


class SubjectFinder:
    """Look for the words of a vocabulary, in singular or plural, longest first."""

    def __init__(self, words: Iterable[str]) -> None:
        self._forms: dict[tuple[str, ...], str] = {}
        for word in words:
            parts = tuple(_TOKEN.findall(word.lower()))
            for form in _forms(parts):
                self._forms.setdefault(form, word)
        self._longest = max((len(form) for form in self._forms), default=1)

    def find(self, text: str) -> Subjects:
        """Return the subjects of ``text``."""
        tokens = _TOKEN.findall(text.lower().replace("’", "'"))
        found = list(self._matches(tokens))
        chosen = [word for start, end, word in found if _pointed(tokens, start, end)]
        pointed = bool(chosen)
        if not pointed and not _points_at_photo(tokens):
            chosen = [word for start, _, word in found if _free(tokens, start)]
        words = tuple(dict.fromkeys(chosen))
        others = tuple(dict.fromkeys(word for _, _, word in found if word not in words))
        return Subjects(words, others, pointed)

    def _matches(self, tokens: list[str]) -> Iterable[tuple[int, int, str]]:
        at = 0
        while at < len(tokens):
            for size in range(min(self._longest, len(tokens) - at), 0, -1):
                word = self._forms.get(tuple(tokens[at : at + size]))
                if word is not None and not _is_verb(tokens, at):
                    yield at, at + size, word
                    at += size - 1
                    break
            at += 1


def _forms(parts: tuple[str, ...]) -> set[tuple[str, ...]]:
    *head, last = parts
    ends = {last, last + "s", last + "es"}
    if last.endswith("y") and last[-2:-1] not in set("aeiou"):
        ends.add(last[:-1] + "ies")
    if last.endswith("s") and not last.endswith("ss"):
        ends.add(last[:-1])
    return {(*head, end) for end in ends if end}


def _is_verb(tokens: list[str], at: int) -> bool:
    return tokens[at] in _VERBS and at > 0 and tokens[at - 1] in _AUXILIARIES


def _pointed(tokens: list[str], start: int, end: int) -> bool:
    """Say whether the noun at start..end follows a pointing word closely, or is said to be in the photo."""
    before = tokens[max(0, start - 3) : start]
    stops = _STOPS | _BARRIERS | {"like", "is", "are", "and", "or"}
    for token in reversed(before):
        if token in _POINTERS:
            return True
        if token in stops:
            break
    after = tokens[end : end + REACH]
    return any(
        word in {"in", "on", "from"} and any(t in _SHOWS for t in after[i + 1 :]) for i, word in enumerate(after)
    )


def _points_at_photo(tokens: list[str]) -> bool:
    """Say whether the text speaks of the photo as a thing to use: "a mug with this picture", "goes with this"."""
    for i, token in enumerate(tokens):
        if token in _BARRIERS:
            rest = tokens[i + 1 : i + 1 + REACH]
            if any(t in _POINTERS or t in _SHOWS or t in {"it", "them"} for t in rest):
                return True
    return False


def _free(tokens: list[str], start: int) -> bool:
    """Say whether no preposition or refusal comes before the noun within its phrase."""
    for at in range(start - 1, max(-1, start - 1 - REACH), -1):
        if tokens[at] in _STOPS:
            return True
        if tokens[at] in _BARRIERS:
            return tokens[at] == "for" and at > 0 and tokens[at - 1] in _SEEKING
    return True
