"""Read what the same sentence takes back ("red, no, gold") and what the person has already ("I have a Golf now")."""

from __future__ import annotations

from ....core.language.word_data import key_of
from .sentence import COMMAS, STOPS, Sentence, Wish


def corrections(sentence: Sentence) -> None:
    """Cancel "red" in "red after all, no, gold": a later value of the same field after a word of correction."""
    for i, s in enumerate(sentence.segments):
        is_no = (
            key_of(s.text) in ("no", "nein", "nee")
            and i + 1 < len(sentence.segments)
            and sentence.segments[i + 1].mark in COMMAS
        )
        wrong = is_no or ("instead" in s.roles and not s.entries)
        if not wrong or s.used or i == 0:
            continue
        j = next((k for k in range(i + 1, min(i + 8, len(sentence.segments))) if sentence.segments[k].entries), None)
        k = next(
            (
                k
                for k in range(i - 1, max(-1, i - 8), -1)
                if sentence.segments[k].entries and not sentence.segments[k].used
            ),
            None,
        )
        if is_no:
            s.used = "correction"
        if j is None or k is None or any(sentence.segments[m].mark in STOPS for m in range(k, i)):
            continue
        shared = {e.field for e in sentence.segments[k].entries} & {e.field for e in sentence.segments[j].entries}
        refused = any("not" in sentence.segments[m].roles for m in range(max(0, k - 3), k)) and not is_no
        if shared and sentence.segments[k].text.casefold() != sentence.segments[j].text.casefold() and not refused:
            sentence.segments[k].used = s.used = "correction"


def owned(sentence: Sentence) -> None:
    """Refuse what the person has already; a service that they have is where they want to watch."""
    for i, s in enumerate(sentence.segments):
        if s.used or not s.roles & {"own", "seen"} or s.entries or sentence.negated_before(i):
            continue
        already = "already" in s.text.casefold() or "seen" in s.roles or "已经" in s.text
        j = i + 1
        while j < len(sentence.segments) and not sentence.stops(j) and "want" not in sentence.segments[j].roles:
            v = sentence.segments[j]
            if v.entries and not v.used:
                usable = [e for e in v.entries if sentence.link(e) != "service" and (sentence.is_name(e) or already)]
                if any(sentence.link(e) == "service" for e in v.entries):
                    pass
                elif "seen" in s.roles and not any(sentence.is_name(e) for e in usable):
                    v.used = "named"
                elif usable:
                    best = min(usable, key=lambda e: e.rank)
                    finest = max(
                        (e for e in usable if e.rank == best.rank),
                        key=lambda e: len(sentence.language.fields[e.field].values),
                    )
                    sentence.found.wishes.append(Wish(finest, [s, v], refused=True))
                    v.used = "owned"
                else:
                    v.used = "owned"
            j += 1
        s.used = "owned"
