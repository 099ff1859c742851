"""Read what the same sentence takes back ("red, no, gold") and what the person has already ("I have a Golf now")."""

from __future__ import annotations

from ....core.language.keys import key_of
from ....core.language.value_entry import SYNONYM
from ....core.language.word_groups import around_han
from .bounds.negation import is_correcting_no
from .left_over import ARTICLES
from .sentence import COMMAS, Sentence, Wish

REACH = 9
"""Segments on either side in which a correction looks for what it corrects."""


def corrections(sentence: Sentence) -> None:
    """Cancel "red" in "red after all, no, gold": a later value of the same field after a word of correction."""
    for i, s in enumerate(sentence.segments):
        is_no = is_correcting_no(sentence.segments, i)
        if s.used or i == 0 or not (is_no or ("instead" in s.roles and not s.entries) or _settles_on(sentence, i)):
            continue
        if is_no:
            s.used = "correction"
        pair = _same_field(sentence, i)
        if pair is None:
            continue
        k, j = pair
        if is_no and sentence.segments[k].text.casefold() == sentence.segments[j].text.casefold():
            for m in _joined_before(sentence, k):  # "red or blue, no, just blue"
                sentence.segments[m].used = "correction"
        refused = not is_no and any("not" in p.roles for p in sentence.segments[max(0, k - 3) : k])
        if sentence.segments[k].text.casefold() != sentence.segments[j].text.casefold() and not refused:
            sentence.segments[k].used = s.used = "correction"
            for p in sentence.segments[max(0, k - 2) : k] if is_no else ():
                if "not" in p.roles and not p.entries:
                    p.used = "correction"  # "no thriller, no, no horror"
            for m in _joined_before(sentence, k):
                sentence.segments[m].used = "correction"


def _settles_on(sentence: Sentence, i: int) -> bool:
    """Tell whether a clause that 还是 opens settles on something else: 绿茶，还是红茶吧."""
    k = i - 1
    while k > 0 and sentence.segments[k].text in around_han()["hesitations"]:
        k -= 1
    if sentence.segments[i].text != "还是" or sentence.segments[k].mark not in COMMAS | {"…", "."}:
        return False
    j = i + 1
    while not sentence.stops(j) and sentence.segments[j].mark not in COMMAS:
        j += 1
    return sentence.segments[j - 1].text in ("吧", "好了", "好", "算了", "啦")


def _joined_before(sentence: Sentence, k: int) -> list[int]:
    """Return the values that "or" and "and" join with the one at ``k``: all of "black or blue, no, green" is taken back."""
    fields, found, m = {e.field for e in sentence.segments[k].entries}, [], k - 1
    while m >= 0 and (sentence.segments[m].roles & {"or", "and"} or sentence.segments[m].is_glue):
        if sentence.segments[m].roles & {"or", "and"} and sentence.value_at(m - 1):
            if not fields & {e.field for e in sentence.segments[m - 1].entries}:
                break
            found.append(m - 1)
            m -= 1
        m -= 1
    return found


def _same_field(sentence: Sentence, i: int) -> tuple[int, int] | None:
    """Return the nearest values before and after ``i`` that may belong to one field."""
    before = [k for k in range(i - 1, max(-1, i - REACH), -1) if sentence.value_at(k)]
    after = [j for j in range(i + 1, min(i + REACH, len(sentence.segments))) if sentence.value_at(j)]
    for j in after:
        for k in before:
            fields = {e.field for e in sentence.segments[k].entries if e.rank <= SYNONYM}
            if sentence.segments[k].text != sentence.segments[j].text and fields & {
                e.field for e in sentence.segments[j].entries if e.rank <= SYNONYM
            }:
                return k, j
    return None


def _goes_on(sentence: Sentence, j: int) -> bool:
    """Tell whether a list of values of one field goes on after the comma at ``j``: "I have Hulu, Netflix and Prime"."""
    if not (sentence.value_at(j - 1) or sentence.segments[j - 1].entries) or not sentence.value_at(j + 1):
        return False
    before, after = sentence.segments[j - 1].entries, sentence.segments[j + 1].entries
    return bool({e.field for e in before} & {e.field for e in after})


def had_already(sentence: Sentence) -> None:
    """Refuse the value before "hatten wir schon", "I already have" and 玩过了, with the "not that again" behind it."""
    for i, s in enumerate(sentence.segments):
        if s.used or not s.roles & {"had_after", "seen"} or not _ends_clause(sentence, i + 1):
            continue
        k = i - 1
        while k >= 0 and sentence.segments[k].is_glue and not sentence.segments[k].entries:
            k -= 1
        if not sentence.value_at(k) or sentence.negated_before(k):
            continue
        value = sentence.segments[k]
        entries = sentence.best(value, evident=True)
        if any(sentence.link(e) == "service" or e.denies or e.field in sentence.language.flags for e in entries):
            sentence.doubt(k, [s])
            continue
        sentence.found.wishes += [Wish(e, [s, value], refused=True) for e in entries[:1]]
        s.used, value.used = "owned", "owned"
        _settle_refusal(sentence, i + 1)


def _ends_clause(sentence: Sentence, i: int) -> bool:
    return sentence.stops(i) or sentence.segments[i].mark in COMMAS


def _settle_refusal(sentence: Sentence, i: int) -> None:
    """Take the "das bitte nicht nochmal" or "not that again" that only repeats a refusal as said."""
    j = i
    while j < len(sentence.segments) and (sentence.segments[j].mark or sentence.segments[j].is_glue):
        j += 1
    if j >= len(sentence.segments) or not sentence.segments[j].roles & {"not", "not_after"}:
        return
    k = j + 1
    while k < len(sentence.segments) and sentence.segments[k].is_glue and not sentence.segments[k].mark:
        k += 1
    if k >= len(sentence.segments) or sentence.segments[k].mark:
        sentence.segments[j].used = "settled"


def _asks_anew(sentence: Sentence, j: int) -> bool:
    """Tell whether an article follows the comma at ``j``, so that something else is spoken of: "we have stone floors, a wool rug"."""
    after = sentence.segments[j + 1 : j + 2]
    return bool(after) and key_of(after[0].text) in ARTICLES


def owned(sentence: Sentence) -> None:
    """Refuse what the person has already; a service that they have is where they want to watch."""
    for i, s in enumerate(sentence.segments):
        if s.used or not s.roles & {"own", "seen"} or s.entries or sentence.negated_before(i):
            continue
        already = "already" in s.text.casefold() or "seen" in s.roles or "已经" in s.text
        j, service = i + 1, False
        while j < len(sentence.segments) and not sentence.stops(j) and "want" not in sentence.segments[j].roles:
            v = sentence.segments[j]
            ends = (service or _asks_anew(sentence, j)) and v.mark in COMMAS and not _goes_on(sentence, j)
            if ends or (v.roles & {"not", "except"} and not v.entries):
                break
            if v.entries and not v.used:
                kept_off = not already and any(e.denies or e.field in sentence.language.flags for e in v.entries)
                if kept_off or any(e.unsuited for e in v.entries):
                    break  # a dog that they have must be welcome, and what is bad for their heart is not
                usable = [e for e in v.entries if sentence.link(e) != "service" and (sentence.is_name(e) or already)]
                if any(sentence.link(e) == "service" for e in v.entries):
                    service = True
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
