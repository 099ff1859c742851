"""Read what is wanted: values with the field they belong to, must or prefer, how they are joined, and for whom."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import replace

from ....core.language.keys import key_of
from ....core.language.value_entry import INFLECTED, PART, SPELLED, SYNONYM, Entry, FieldTerms
from ....core.language.word_groups import word_group
from ....core.schemas import Operator
from .evidence import STOPS
from .for_whom import for_whom
from .segments import Segment
from .sentence import COMMAS, Sentence, Wish

STORY_WORDS = 40
REACH = 12
"""Segments before a value in which a word like "maybe" makes it a preference."""
NEARLY_ALL = 0.9
"""Share of a field's values from which a general word is one for all that the shop sells."""
_ANYTHING = frozenset(("anything", "everything", "any"))
BETTER = 5
"""Segments before a comparison among which the better value stands."""
_LIKENESS = frozenset(("like", "similar to", "similar", "wie"))


def op_for(terms: FieldTerms, values: Sequence[str], *, refused: bool) -> tuple[Operator, str | bool | list[str]]:
    """Return operator and value of a wish for values of a field."""
    kind = terms.field.type
    if kind == "bool":
        return "=", not refused
    if len(values) > 1:
        return ("not in" if refused else "in"), list(values)
    if kind == "list":
        return ("not contains" if refused else "contains"), values[0]
    return ("!=" if refused else "="), values[0]


def wanted(sentence: Sentence) -> None:
    """Read every value that is left as a wish, from left to right."""
    story = sum(1 for s in sentence.segments if not s.mark) > STORY_WORDS
    previous: Wish | None = None
    last_position = -1
    for i, s in enumerate(sentence.segments):
        if s.used or (s.amount is not None and not s.entries):
            continue
        if s.entries and sentence.usable(i):
            joint = _joint(sentence, last_position, i) if previous is not None else ""
            wish = _wish(sentence, i, s, story, previous if joint else None)
            if wish is not None:
                wish.joined = joint
                if not any("but" in p.roles for p in sentence.segments[last_position + 1 : i]):
                    _as_before(wish, previous, sentence)
            if wish is None:
                continue
            sentence.found.wishes += [wish, *_in_other_fields(wish, s)]
            previous, last_position = wish, i
        elif s.person:
            for_whom(sentence, i, s)
    _told_better(sentence)


def _as_before(wish: Wish, previous: Wish | None, sentence: Sentence) -> None:
    """Give alternatives one weight, that of the first: "ideally red or grey" prefers both, "red or maybe grey" asks for either."""
    if previous is None or previous.entry.field != wish.entry.field or previous.denies:
        return
    listed = (
        wish.joined == "," and not previous.must and sentence.language.fields[wish.entry.field].field.type == "text"
    )
    if wish.joined == "or" or listed:
        wish.must, wish.joined = previous.must, "or"
        for s in wish.segments:
            s.used = "wanted" if wish.must else "soft"


def _in_other_fields(wish: Wish, s: Segment) -> list[Wish]:
    """Return the wishes for the other fields that a diet leaves something out of: "dairy free" of ingredients and of allergens."""
    others = [e for e in s.entries if e.denies and e.field != wish.entry.field]
    return [replace(wish, entry=e) for e in others] if wish.entry.denies and wish.denies and wish.must else []


def _told_better(sentence: Sentence) -> None:
    """Let what is said of a person stand for the person where one field holds both: "my daughter is a student" is for students."""
    found, people = sentence.found, {id(s) for s in sentence.found.people}
    for wish in [w for w in found.wishes if id(w.segments[0]) in people and not w.refused and not w.joined]:
        one = sentence.language.fields[wish.entry.field].field.type == "text"
        if one and any(_says_instead(other, wish) for other in found.wishes):
            found.wishes.remove(wish)


def _says_instead(other: Wish, wish: Wish) -> bool:
    """Tell whether a wish for the same field follows another one that nothing joins it to."""
    later = other.segments[0].start > wish.segments[0].start
    return other.entry.field == wish.entry.field and later and not other.denies and not other.joined


def _wish(sentence: Sentence, i: int, s: Segment, story: bool, before: Wish | None) -> Wish | None:
    found = sentence.best(s, evident=True)
    if not found:
        return None
    if _is_worse(sentence, i):
        s.used = "named"
        return None
    entry = found[0]
    same = next((e for e in found if before is not None and e.field == before.entry.field and e.rank <= PART), None)
    if same is not None and _as_exact(same, entry):
        entry = same
    elif before is not None:
        entry = _shared(sentence, found, before) or entry
    if _is_shelf(sentence, entry):
        s.used = "thing"
        return None
    must = (
        not _soft(sentence, i)
        and not (story and not _asked(sentence, i))
        and not (entry.rank == PART and not entry.head and sentence.is_common(s))
    )
    if _season_like(sentence, entry):
        must = False
    s.used = "wanted" if must else "soft"
    k = i + 1
    while (
        k < len(sentence.segments)
        and sentence.segments[k].is_glue
        and not sentence.segments[k].roles & {"also", "fine"}
    ):
        k += 1
    added = (k < len(sentence.segments) and "also" in sentence.segments[k].roles) or (
        i > 0 and "also" in sentence.segments[i - 1].roles
    )
    both = any("both" in p.roles for p in sentence.segments[max(0, i - 2) : i]) or _both_behind(sentence, i)
    return Wish(entry, [s], must=must, added=added, both=both, has=_has(sentence, i, before))


def _both_behind(sentence: Sentence, i: int) -> bool:
    """Tell whether 都有 behind a list of values speaks of all: 云影和海豚两个平台都有的."""
    for s in sentence.segments[i + 1 : i + 8]:
        if s.mark or s.is_word:
            return False
        if "both" in s.roles and not s.text.isascii():
            return True
    return False


def _is_shelf(sentence: Sentence, entry: Entry) -> bool:
    """Tell whether a word for a kind of thing means nearly all that the shop sells, so that it asks for nothing."""
    if entry.rank < SYNONYM or len(entry.wanted) < 2 or entry.denies:
        return False
    counts = sentence.language.counts.get(entry.field) or dict.fromkeys(sentence.language.fields[entry.field].values, 1)
    return sum(counts.get(v, 0) for v in entry.wanted) >= NEARLY_ALL * sum(counts.values())


def _is_worse(sentence: Sentence, i: int) -> bool:
    """Tell whether something is preferred to the value at ``i``: the Wolle of "lieber Seide als Wolle"."""
    j = i - 1
    while j > 0 and sentence.segments[j].is_glue and not _compares(sentence.segments[j]):
        j -= 1
    if j < 1 or not _compares(sentence.segments[j]):
        return False
    before = sentence.segments[max(0, j - REACH) : j]
    if key_of(before[-1].text) in _ANYTHING or any("soft" in p.roles or key_of(p.text) == "rather" for p in before):
        return True
    fields = {e.field for e in sentence.segments[i].entries}
    near = [p for p in before[-BETTER:] if p.used in ("wanted", "soft") and fields & {e.field for e in p.entries}]
    if near and any(set(p.words) & word_group("poorer_words") for p in before[-BETTER:]):
        _poorer(sentence, near)
        return False
    return bool(near)


def _compares(s: Segment) -> bool:
    """Tell whether a word leads from what is better to what is not: "coffee over tea", "oak beats pine", "anything before tea"."""
    return "than" in s.roles or key_of(s.text) in word_group("beating_words")


def _poorer(sentence: Sentence, near: Sequence[Segment]) -> None:
    """Take back what is said to be worse than the value that follows: "grey is worse than green"."""
    for s in near:
        sentence.found.wishes = [w for w in sentence.found.wishes if w.segments[-1] is not s]
        s.used = "named"


def _has(sentence: Sentence, i: int, before: Wish | None) -> bool:
    """Tell whether "with" leads to the value, or to the first of its list: what has both must have each."""
    lead = key_of(sentence.segments[i - 1].text) if i else ""
    return lead in ("with", "having", "has", "mit", "带", "有") or (before is not None and before.has)


def _shared(sentence: Sentence, found: Sequence[Entry], before: Wish) -> Entry | None:
    """Bring two joined values into one field that may hold both: of "hatchback or coupe" the style."""
    said = [e for s in before.segments for e in s.entries if sentence.evident(s, e) and e.rank <= PART]
    others = {e.field: e for e in said if _as_exact(e, before.entry)}
    fitting = (e for e in found if e.field in others and e.rank <= PART and _as_exact(e, found[0]))
    entry = next(fitting, None)
    if entry is not None:
        before.entry = others[entry.field]
    return entry


def _as_exact(entry: Entry, other: Entry) -> bool:
    """Tell whether a meaning may take the place of another one, which no stem does of a word as it is spelled: blues is not blue."""
    return entry.rank != INFLECTED or other.rank != SPELLED


def _season_like(sentence: Sentence, entry: Entry) -> bool:
    return sentence.language.fields[entry.field].concept in ("season",)


def _soft(sentence: Sentence, i: int) -> bool:
    j, beside = i - 1, True
    while (
        j >= max(0, i - REACH)
        and not sentence.segments[j].mark
        and not sentence.segments[j].is_word
        and sentence.segments[j].amount is None
    ):
        roles = sentence.segments[j].roles
        if key_of(sentence.segments[j].text).split(" ")[-1] in _LIKENESS and not sentence.article_at(j + 1):
            return True
        if roles & {"soft", "permits"} and not sentence.segments[j].entries:
            theirs = key_of(sentence.segments[j].text).split(" ")[0] in ("he", "she", "they")
            return not (theirs and sentence.found.people)
        if roles & {"want", "only", "and", "or", "not", "but"} and "filler" not in roles and j < i - 1:
            break
        beside = beside and bool(sentence.segments[j].entries or sentence.segments[j].is_glue)
        if sentence.segments[j].entries and not beside:
            break
        j -= 1
    k, end = i + 1, min(len(sentence.segments), i + REACH)
    while k < end and not sentence.segments[k].mark and (sentence.segments[k].is_glue or sentence.segments[k].entries):
        k += 1
    if k == len(sentence.segments):
        return False
    roles = sentence.segments[k].roles
    return "soft_after" in roles or roles >= {"permits", "fine"}


def _asked(sentence: Sentence, i: int) -> bool:
    """Tell whether the sentence around ``i`` asks for something."""
    asking = sentence.asking
    place = bisect_left(asking, i)
    near = [k for k in asking[max(0, place - 1) : place + 1] if abs(k - i) < STORY_WORDS]
    return any(not any(s.mark in STOPS for s in sentence.segments[min(k, i) : max(k, i)]) for k in near)


def _joint(sentence: Sentence, before: int, i: int) -> str:
    """Return how a value is joined to the one before: "or", "and", "," or "" for none."""
    between = sentence.segments[before + 1 : i]
    if any(s.is_word or s.entries or s.amount or s.mark in STOPS for s in between):
        return ""
    roles = frozenset().union(*(s.roles for s in between)) if between else frozenset()
    marks = {s.mark for s in between}
    if roles & {"or"} or "/" in marks or "、" in marks:
        return "or"
    if "and" in roles or "&" in marks or "+" in marks:
        return "and"
    return "," if marks & COMMAS else ""
