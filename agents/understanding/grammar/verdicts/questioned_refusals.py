"""Take back a refusal that may be none: a question in the negative, a condition, a lack that is judged, a taste of the past.

What is taken back is named as not applied: "isn't red lovely?", "it's fine if it has no garden", "a flat without a lift is useless",
"I never liked red but now I do", "ohne Aufzug geht es nicht", 没有阳台也可以.
"""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.language.word_groups import clause_words, doubtful_words
from ..refusals.words import LACKING
from ..segments import Segment
from ..sentence import COMMAS, Sentence
from .clause import clause_around, is_one, is_question_mark, plays, says
from .settle import take_back

REACH = 12
"""Segments behind a refusal among which it is said that it is of the past."""
_PLAIN = frozenset(("not", "no", "kein", "keine", "keinen", "nichts", "nicht"))
_POSSESSIVES = frozenset(("my", "our", "the", "mein", "meine", "das", "der", "die"))


def doubtful_refusals(sentence: Sentence) -> None:
    """Take back every refusal whose words may mean a wish, or nothing, and note them."""
    for wish in [w for w in sentence.found.wishes if w.refused and not w.released]:
        negation = next((s for s in wish.segments if plays(s, "not", "except")), None)
        if negation is None:
            continue
        i, last = sentence.place(negation), sentence.place(wish.segments[-1])
        if _was_once(sentence, last) or (i <= last and _is_none(sentence, i, last)):
            take_back(sentence, [wish])


def _is_none(sentence: Sentence, i: int, last: int) -> bool:
    """Tell whether a "not" at ``i`` before what it refuses, which ends at ``last``, may be no refusal."""
    return (
        _asks(sentence, i)
        or _describes(sentence, i)
        or _is_conditional(sentence, i)
        or _is_judged(sentence, i, last)
        or _is_deal(sentence, i, last)
        or _is_no_matter(sentence, last)
    )


def _lead(sentence: Sentence, i: int) -> list[str]:
    """Return the words of the clause before ``i``."""
    return [w for s in _before(sentence, i) for w in s.words]


def _before(sentence: Sentence, i: int) -> list[Segment]:
    return clause_around(sentence, i).before(sentence.segments[i])


def _asks(sentence: Sentence, i: int) -> bool:
    """Tell whether the "not" at ``i`` asks rather than refuses: "isn't red lovely", "do you not have", "why is there no red"."""
    words, lead, known = key_of(sentence.segments[i].text).split(" "), _lead(sentence, i), clause_words()
    if lead and lead[0] in known["questions"] and (len(lead) == 1 or lead[-1] in known["being_there"]):
        return True
    if words[0] in known["asking_verbs"]:
        return _asks_by_verb(sentence, i, words, lead)
    opens = bool(lead) and lead[0] in known["question_verbs"]
    whom = len(lead) == 1 or words[0] == "nicht" or (opens and lead[1] in known["addressed"])
    return words[0] in _PLAIN and opens and whom and not any(w in ("with", "mit", "that", "which") for w in lead)


def _asks_by_verb(sentence: Sentence, i: int, words: Sequence[str], lead: Sequence[str]) -> bool:
    """Tell whether a verb with a "not" in it asks: "isn't red lovely", "you don't happen to have"."""
    if lead:
        asking = clause_words()["asking_verbs"] | {"have", "show", "do", "happen"}
        return lead[-1] == "you" and words[-1] in asking
    following = sentence.segments[i + 1 : i + 2]
    if len(words) > 1 or not following:
        return False
    subject = following[0].words[:1] and following[0].words[0] in clause_words()["addressed"]
    return bool(subject) or sentence.value_before_words(i + 1)


def _describes(sentence: Sentence, i: int) -> bool:
    """Tell whether a "not" says what somebody has: "I don't have a red one yet", "my old one had no lift", "mine isn't red"."""
    words, lead = key_of(sentence.segments[i].text).split(" "), _lead(sentence, i)
    if lead[:1] == ["mine"] or (lead and lead[0] in _POSSESSIVES and set(lead[1:2]) & clause_words()["earlier_ones"]):
        return True
    following = sentence.segments[i + 1].words if i + 1 < len(sentence.segments) else ()
    said = [*lead, *words, *following[:1]] if words == ["no"] or (len(words) < 3 and words[0] != "no") else lead
    lacks = clause_words()["lacking"]
    if any(" ".join(said[n : n + length]) in lacks for n in range(3) for length in (2, 3)):
        return True
    return "".join(lead + words).startswith(("我没有", "我还没有", "我家没有", "我现在没有"))


def _is_conditional(sentence: Sentence, i: int) -> bool:
    """Tell whether "if" opens the clause of the "not" at ``i``: "if it has no lift"."""
    j = i - 1
    while j >= 0 and is_one(sentence.segments[j], "behind_if") and not sentence.segments[j].entries:
        j -= 1
    return j >= 0 and plays(sentence.segments[j], "conditional") and "except" not in sentence.segments[j].roles


def _is_judged(sentence: Sentence, i: int, last: int) -> bool:
    """Tell whether something is said of a lack: "without a lift it is no use", "fine without a lift", "ohne Aufzug geht es nicht"."""
    negation, before = sentence.segments[i], [s for s in _before(sentence, i) if not s.mark]
    following = sentence.segments[last + 1 : last + 5]
    if key_of(negation.text) in LACKING or is_one(negation, "negatives"):
        if before and _is_welcome(before[-1]) and not _is_asked(sentence, before, last):
            return not any(w.refused and sentence.place(w.segments[-1]) < i for w in sentence.found.wishes)
        if len(before) == 1 and key_of(before[0].text) in doubtful_words():
            return True
        if following and is_one(following[0], "being") and not following[0].entries:
            return not any(s.roles & {"want", "demand", "praise"} for s in following)
    return _in_free_relative(sentence, i) and _is_gone(sentence, last + 1)


def _is_welcome(s: Segment) -> bool:
    """Tell whether a word before a lack only lets it be."""
    return bool(s.words) and bool({s.words[-1], s.text} & clause_words()["welcoming"])


def _is_asked(sentence: Sentence, before: Sequence[Segment], last: int) -> bool:
    asked = any("bitte" in s.words or "and" in s.roles for s in before)
    return asked or any(s.text == "吗" or is_question_mark(s.mark) for s in sentence.segments[last + 1 : last + 4])


def _in_free_relative(sentence: Sentence, i: int) -> bool:
    """Tell whether the "not" at ``i`` says which ones of all: "anything that isn't red", "was nicht rot ist"."""
    return any(w in clause_words()["all_of_them"] for w in _lead(sentence, i)[-2:])


def _is_gone(sentence: Sentence, k: int) -> bool:
    """Tell whether another negation follows ``k`` in the sentence, across one comma at most, before any value."""
    commas = 0
    while not sentence.stops(k):
        s = sentence.segments[k]
        commas += s.mark in COMMAS
        if commas > 1 or sentence.value_at(k):
            return False
        if plays(s, "not", "not_after"):
            return True
        k += 1
    return False


def _was_once(sentence: Sentence, last: int) -> bool:
    """Tell whether a refusal is of the past, or of most days: "I never liked red but now I do", "not usually red, but I want it"."""
    k = last + 1
    while k < len(sentence.segments) and not _links(sentence.segments[k]):
        if sentence.segments[k].mark or sentence.segments[k].entries or sentence.segments[k].is_word:
            return False
        k += 1
    rest: list[Segment] = []
    for s in sentence.segments[k : k + REACH]:
        if s.mark and s.mark not in COMMAS:
            break
        rest.append(s)
    if not rest or any(_says_more(s) for s in rest):
        return False
    asked = any(s.roles & {"want", "soft", "fine"} for s in rest)
    former = any(says(s, "formerly") for s in sentence.segments[:last])
    return any(says(s, "now") for s in rest) or (asked and (former or any("but" in s.roles for s in rest[:2])))


def _links(s: Segment) -> bool:
    return s.mark in COMMAS or bool(s.roles & {"but", "and"})


def _says_more(s: Segment) -> bool:
    """Tell whether a word speaks of more than that it is otherwise now."""
    return bool(s.entries or (s.is_word and not says(s, "now")) or s.amount is not None or s.fields)


def _is_deal(sentence: Sentence, i: int, last: int) -> bool:
    """Tell whether a second "no" says what follows from the first: "no garden, no deal"."""
    said = [w for s in sentence.segments[last + 1 : last + 4] if s.mark not in COMMAS for w in s.words]
    no, deals = clause_words()["negatives"], clause_words()["deals"]
    return is_one(sentence.segments[i], "negatives") and len(said) > 1 and said[0] in no and said[1] in deals


def _is_no_matter(sentence: Sentence, last: int) -> bool:
    """Tell whether a lack that was asked about is shrugged off: "no garden? no problem"."""
    asked, answer = sentence.segments[last + 1 : last + 2], sentence.segments[last + 2 : last + 3]
    return bool(asked and answer) and is_question_mark(asked[0].mark) and bool(answer[0].roles & {"release", "fine"})
