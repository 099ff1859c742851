"""Settle what a segment means by the segments beside it: a number that is a value, a "zero" that refuses, a "noch" that does not."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.tokens import german_stem, words_of_form
from ....core.language.value_entry import BROADER, SYNONYM, Entry
from ....core.text.field_names import words_of
from .cutting import segment
from .segments import Segment, is_german

_DENYING = frozenset(("not", "except"))
_AGAINST = frozenset(("against", "gegen", "治", "针对", "对付"))
_TREATING = frozenset(
    [
        "for",
        "symptom",
        "symptoms",
        "treats",
        "helps",
        "against",
        "pest",
        "pests",
        "indication",
        "gegen",
        "beschwerden",
        "symptome",
        "hilft",
        "症状",
        "适应症",
    ]
)
"""Words in the names of fields that say what things are good for, or against."""
_ONLY = frozenset("only just merely solely nur bloß".split())  # noqa: SIM905
_SUITING = frozenset(
    """
    safe suitable unsuitable unsuited fit unfit ok okay fine bad harmful dangerous risky allowed recommended
    people persons patients leute menschen personen patienten
    geeignet ungeeignet sicher schlecht schadlich gefahrlich erlaubt verboten 适合 不适合 适用 安全 有害 不好 危险
    """.split()  # noqa: SIM905
)
"""Words that say how things suit what they are for, and that it is people."""


def settled(text: str, language: CatalogueLanguage) -> list[Segment]:
    """Return the segments of a text with their meanings settled."""
    segments, _ = segment(text, language)
    settle_meanings(segments, language)
    return segments


def settle_meanings(segments: Sequence[Segment], language: CatalogueLanguage) -> None:
    """Settle the meanings of all segments of a request, in their places."""
    _of_things(segments, language)
    _numbered(segments, language)
    _zeros(segments)
    _he(segments)
    _but_not(segments)
    _not_only(segments)
    _without_nor(segments)
    _treated(segments)
    _suited(segments)


def _of_things(segments: Sequence[Segment], language: CatalogueLanguage) -> None:
    """Let a word for what all of the catalogue's things are stand for no value that it only comes near."""
    for s in segments:
        if s.entries and language.names_things(s.words):
            s.entries = tuple(e for e in s.entries if not _is_far(e))


def _is_far(entry: Entry) -> bool:
    """Tell whether a value is meant by a word for one of its parts, or by one for several kinds: no cheese is a "Blackrock Dairy"."""
    if entry.rank < SYNONYM or entry.denies:
        return False
    return entry.rank == BROADER or len(entry.wanted) > 1 or len(words_of_form(entry.wanted[0])) > 1


def _zeros(segments: Sequence[Segment]) -> None:
    """Let "zero" before a value refuse it: "zero sugar", 零添加."""
    for s, after in pairwise(segments):
        if s.amount is not None and s.amount.spelled and s.amount.value == 0 and after.entries:
            s.amount, s.roles = None, frozenset(["not"])


def _he(segments: Sequence[Segment]) -> None:
    """Let the "er" of a German sentence be a person and no hesitation, which stands between marks or English words."""
    for i, s in enumerate(segments):
        apart = (i and segments[i - 1].mark) or (i + 1 < len(segments) and segments[i + 1].mark)
        if s.text.casefold() == "er" and not apart and is_german(segments):
            s.roles = frozenset(["filler"])


def _but_not(segments: Sequence[Segment]) -> None:
    """Let an "aber" between a value and the "not" that ends its clause part nothing: "Beutel ja, Dose aber nicht"."""
    for i in range(1, len(segments) - 1):
        s, before, after = segments[i], segments[i - 1], segments[i + 1]
        ends = i + 2 == len(segments) or bool(segments[i + 2].mark)
        if "but" in s.roles and before.entries and after.roles & {"not", "not_after"} and not after.entries and ends:
            s.roles = frozenset(["filler"])


def _not_only(segments: Sequence[Segment]) -> None:
    """Let "not only" ask for what it stands before where "but also" goes on: "nicht nur Rot, sondern auch Blau"."""
    for i, s in enumerate(segments):
        only = "release" in s.roles and s.words and s.words[-1] in _ONLY
        if only and any("but" in p.roles or "sondern" in p.words for p in segments[i + 2 : i + 7]):
            s.roles = frozenset(["filler"])


def _without_nor(segments: Sequence[Segment]) -> None:
    """Let "noch" refuse only behind "weder" or another refusal: "mindestens noch 4 Plätze" has none."""
    refused = False
    for s in segments:
        if s.text.casefold() == "noch" and not refused:
            s.roles = frozenset(["filler"])
        refused = (refused or bool(s.roles & _DENYING)) and s.mark not in (".", "!", "?", ";")


def _numbered(segments: Sequence[Segment], language: CatalogueLanguage) -> None:
    """Let a number stand for a value beside its field's name or its maker: "size 43", "43码", "Porsche 911"."""
    for i, s in enumerate(segments):
        if s.amount is None or s.entries or len(s.words) != 1 or not s.words[0].isdigit():
            continue
        before, after = (segments[j] if 0 <= j < len(segments) else None for j in (i - 1, i + 1))
        named = [f for piece in (before, after) if piece is not None and not piece.entries for f in piece.fields]
        if before is not None and any(language.fields[e.field].concept == "brand" for e in before.entries):
            named += [f.field.name for f in language.of_concept("model")]
        found = [
            (f, language.numbered[f, s.words[0]]) for f in dict.fromkeys(named) if (f, s.words[0]) in language.numbered
        ]
        s.entries = tuple(Entry(f, values, values, 0) for f, values in found)


def says_what_for(s: Segment) -> bool:
    """Tell whether a segment is a value that says what things are good for, or against: the cough of ``for_symptom``."""
    return bool(_TREATING & {w for e in s.entries for w in words_of(e.field)})


def _treated(segments: Sequence[Segment]) -> None:
    """Let "against" before what a thing is made for only lead to it: "a cream against itching"."""
    for n, s in enumerate(segments[:-1]):
        if s.text.casefold() in _AGAINST and says_what_for(segments[n + 1]):
            s.roles = frozenset(["filler"])


def _suited(segments: Sequence[Segment]) -> None:
    """Let "safe for" and "nothing unsuitable for" only lead to whom or what things are not for."""
    for n, s in enumerate(segments):
        if not any(e.unsuited for e in s.entries):
            continue
        i, said = n - 1, False
        while i >= 0 and not segments[i].entries and not segments[i].mark:
            lead = segments[i]
            suits = bool(_SUITING & {fold for w in lead.words for fold in (w, german_stem(w))})
            if not (suits or lead.is_glue or (said and lead.roles & _DENYING)):
                break
            said = said or suits
            if suits or lead.roles & _DENYING:
                lead.roles = frozenset(["filler"])
            i -= 1
