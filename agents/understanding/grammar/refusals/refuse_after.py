"""Refuse what a "not" reaches: to the end of its clause and over lists joined by "or", "and" and commas."""

from __future__ import annotations

from .....core.language.keys import key_of
from .....core.language.word_groups import around_han
from ..bounds.negation import answers_no, is_correcting_no
from ..segments import Segment
from ..sentence import COMMAS, Sentence
from ..verdicts.two_negations import says_lacking, take_value
from .no_field_for_it import note_unmet
from .refuse_before import refuse_before, refuse_those
from .refused_lists import opens_relative
from .words import LACKING, LINKS, YES

FINE = frozenset(("fine", "also", "release"))
REACH = 40
"""Segments that a "not" reaches at most."""
_POSSESSIVE = frozenset("my our the your a an meinem meiner unserem unserer dem der einem einer".split())  # noqa: SIM905
BRIDGES = frozenset(
    "with having has have near that which who whose containing featuring in by from of made about including mit aus in von das die der welche "  # noqa: SIM905
    "welches welcher 有 带 含".split()
)
"""Words that lead from an unknown noun to what it has: "no room with a sauna"."""
_LESS = frozenset(("less than", "short of", "weniger als", "geringer als"))
_NO_AGAIN = frozenset("not dont do nothing no never i im definitely nicht kein keine".split())  # noqa: SIM905
_THEREFORE = frozenset("so then hence therefore thus deshalb darum daher drum also 所以 那就 因此".split())  # noqa: SIM905
"""Words after which one says what one takes instead."""


def refuse_after(sentence: Sentence, i: int) -> None:
    """Refuse the values that the "not" at ``i`` reaches; else the value before it; else note what it is about.

    It reaches over an unknown noun only where a preposition or relative pronoun leads on: "no room with a sauna", not "no doubt, a sauna".
    """
    first, negations = sentence.segments[i], [sentence.segments[i]]
    j, unknown, bridged, joined = i + 1, False, False, False
    if sentence.segments[j : j + 1] and sentence.segments[j].mark in (":", "：") and sentence.value_at(j + 1):
        j += 1  # "exclude: leather"
    if _is_interjection(sentence, i) or _asks_for_the_most(sentence, i) or _breaks_off(sentence, i):
        first.used = "settled"
        return
    if "not_after" in first.roles and _concludes(sentence, i + 1) and refuse_before(sentence, i):
        return
    while j < min(len(sentence.segments), i + REACH) and not sentence.stops(j):
        s = sentence.segments[j]
        if s.roles & {"not", "except", "wanted_double"} and not s.used and not s.entries:
            if unknown and (joined or not says_lacking(s)):  # "no plants and not from Spain" are two refusals
                break
            negations.append(s)
            unknown = False
        elif sentence.value_at(j):
            if unknown and says_lacking(first) and _predicates(sentence, i, j):
                sentence.doubt(j, negations)
                return
            if unknown and not bridged and not _linked(sentence, j):
                break
            if unknown and sentence.says_what(s) and _inside(sentence, j):
                break  # "no mint in my herbal tea" wants the tea
            if _is_undecided(sentence, i, j):
                sentence.doubt(i - 1, [*negations, s])
                return
            before = len(sentence.found.wishes)
            take_value(sentence, j, negations)
            if not any("except" in n.roles for n in negations):
                _release_if_fine(sentence, before)
            _close_exception(sentence, negations)
            return
        elif (
            s.used
            or (s.mark in COMMAS and not opens_relative(sentence, j + 1))
            or s.roles & {"own"}
            or (s.amount is not None and not s.entries)
            or ("want" in s.roles and any(not p.is_glue and not p.roles for p in sentence.segments[i + 1 : j]))
        ) or (unknown and s.text == "的"):
            break
        joined = joined or (unknown and bool(s.roles & {"and", "or"}) and not s.entries)
        unknown, bridged = unknown or s.is_word, key_of(s.text) in BRIDGES or (bridged and not s.is_word)
        j += 1
    if not refuse_those(sentence, i) and (_names_more(sentence, i) or not refuse_before(sentence, i)):
        note_unmet(sentence, i)
    for n in negations:
        n.used = n.used or "glue"


def _is_undecided(sentence: Sentence, i: int, j: int) -> bool:
    """Tell whether a Chinese "not" may speak of the value before it as well as of the one after: 绿茶珍珠不要半糖."""
    if sentence.segments[i].text.isascii() or i < 1 or j != i + 1 or not sentence.value_at(i - 1):
        return False
    value, behind = sentence.segments[i - 1], sentence.segments[j]
    if value.end != sentence.segments[i].start or not _is_listed(sentence, value):
        return False
    k = i - 1
    while k > 0 and sentence.segments[k - 1].entries and sentence.segments[k - 1].end == sentence.segments[k].start:
        k -= 1
    asked, after = k > 0 and sentence.segments[k - 1].text in around_han()["asking"], k < i - 1
    return not asked and (after or not _is_listed(sentence, behind))


def _is_listed(sentence: Sentence, s: Segment) -> bool:
    """Tell whether a value is of a field that holds several."""
    return any(sentence.language.fields[e.field].field.type == "list" for e in s.entries)


def _inside(sentence: Sentence, j: int) -> bool:
    """Tell whether "in my" or "im" leads to the value at ``j``."""
    lead = [key_of(s.text) for s in sentence.segments[max(0, j - 2) : j]]
    return lead[-1:] == ["im"] or (lead[:1] == ["in"] and lead[-1] in _POSSESSIVE) or lead[-1:] == ["in"]


def _concludes(sentence: Sentence, j: int) -> bool:
    """Tell whether what one takes instead is said next: "red I must avoid so blue"."""
    return j < len(sentence.segments) and key_of(sentence.segments[j].text) in _THEREFORE


def _release_if_fine(sentence: Sentence, before: int) -> None:
    """Free what was refused where the clause only says that its lack is no trouble: "no balcony is fine", 没有阳台也行."""
    made = [w for w in sentence.found.wishes[before:] if w.refused]
    if not made:
        return
    k = 1 + max(sentence.place(w.segments[-1]) for w in made)
    while k < len(sentence.segments) and sentence.segments[k].is_glue and not sentence.segments[k].roles & FINE:
        k += 1
    s = sentence.segments[k] if k < len(sentence.segments) else None
    if s is None or s.used or s.entries or s.roles & {"not", "not_after"} or not s.roles & FINE:
        return
    if any("not" in p.roles for p in sentence.segments[k + 1 : k + 2]):
        return  # "nicht Zimt und auch nicht Vanille"
    if not s.text.isascii() and not s.text.startswith(("也", "auch", "geht", "ist")):
        return  # 不是苹果就行 refuses
    for wish in made:
        wish.released, wish.refused = True, False
    s.used = "release"


def _close_exception(sentence: Sentence, negations: list[Segment]) -> None:
    """Take the 以外 that closes an exception as part of it; what it leaves is wanted: 除了普洱以外的茶."""
    if not any("except" in n.roles for n in negations):
        return
    last = max((sentence.place(s) for w in sentence.found.wishes for s in w.segments if w.refused), default=-1)
    following = sentence.segments[last + 1 : last + 2]
    if following and "except_after" in following[0].roles:
        following[0].used = "not"


def _is_interjection(sentence: Sentence, i: int) -> bool:
    """Tell whether a bare "no" only opens another refusal: "no, not drama", "no I don't want that"."""
    if key_of(sentence.segments[i].text) not in ("no", "nein", "nope", "不") or answers_no(sentence.segments, i):
        return False
    if is_correcting_no(sentence.segments, i) and sentence.segments[i + 1].mark not in COMMAS:
        return True
    j = i + 1
    while j < len(sentence.segments) and sentence.segments[j].mark in COMMAS:
        j += 1
    if j >= len(sentence.segments) or (sentence.segments[i].text == "不" and j == i + 1):
        return False
    following = sentence.segments[j]
    said = key_of(following.text)
    if said in YES:
        return True
    lacking = said in LACKING or said == "non" or (j == i + 1 and said.split(" ")[0] not in _NO_AGAIN)
    return "not" in following.roles and not following.entries and not lacking


def _breaks_off(sentence: Sentence, i: int) -> bool:
    """Tell whether one begins again after a bare "not": 不要，我是说不要复古的."""
    opens = i == 0 or bool(sentence.segments[i - 1].mark)
    after = sentence.segments[i + 1 : i + 3]
    return opens and len(after) > 1 and after[0].mark in COMMAS and "instead" in after[1].roles


def _asks_for_the_most(sentence: Sentence, i: int) -> bool:
    """Tell whether "less than" makes a wish of a "nothing" before a value: "nothing less than silk"."""
    j = sentence.next(i)
    if j >= len(sentence.segments) or key_of(sentence.segments[j].text) not in _LESS:
        return False
    if not sentence.value_at(sentence.next(j)):
        return False
    sentence.segments[j].used = "settled"
    return True


def _predicates(sentence: Sentence, i: int, j: int) -> bool:
    """Tell whether an unknown word follows an "and" on the way to the value at ``j``, which may be a verb of its own: "isn't toxic and copes with clay"."""
    joined = known = False
    for s in sentence.segments[i + 1 : j]:
        if joined and s.is_word:
            return True
        joined = joined or (known and "and" in s.roles and not s.entries)
        known = known or s.is_word
    return False


def _linked(sentence: Sentence, j: int) -> bool:
    """Tell whether "or", "and" or "nor" leads to the value at ``j``: "other than Jeep or Chevy"."""
    j -= 1
    while j >= 0 and sentence.segments[j].is_glue and not sentence.segments[j].roles & LINKS:
        j -= 1
    return j >= 0 and bool(sentence.segments[j].roles & LINKS or sentence.segments[j].mark == "/")


def _names_more(sentence: Sentence, i: int) -> bool:
    """Tell whether words that mean something follow in the clause, which a "not" is then about."""
    j = i + 1
    while j < len(sentence.segments) and not sentence.stops(j) and sentence.segments[j].mark not in COMMAS:
        s = sentence.segments[j]
        if s.used or s.roles & {"and", "own"}:
            return False
        if s.is_word or s.person or s.entries or s.amount is not None or (s.fields and not s.is_glue):
            return True
        j += 1
    return False
