"""Let no sign be guessed: a value beside a negation or a judgement that no rule settled is named as not applied, neither wanted nor refused.

"I find wool itchy", "I've sworn off red", "Leder ist grausam", "red? ugh", 红色让人烦.
"""

from __future__ import annotations

from .....core.language.keys import key_of
from .....core.language.tokens import stem
from .....core.language.word_groups import doubtful_words, wishing_verbs
from ..refusals.words import COPULAS
from ..segments import Segment
from ..sentence import Sentence, Wish
from .clause import Clause, clauses, is_one, is_question_mark, plays, says, says_in_german
from .settle import take_back, wishes_in

NEGATIVE = frozenset(("not", "not_after", "except", "except_after"))
_ASKING = ("want", "praise", "only", "demand", "fine")


def doubts(sentence: Sentence) -> None:
    """Take back every wish whose clause holds a negation or a judgement that no rule accounted for, and note its words."""
    before = Clause()
    asks = bool(sentence.segments) and is_question_mark(sentence.segments[-1].mark)
    for clause in clauses(sentence):
        _judged(sentence, clause)
        _governed(sentence, clause)
        _exclaimed(sentence, before, clause)
        _exclaimed(sentence, clause, before)
        _denied(sentence, clause, asks=asks)
        before = Clause() if clause and before and _exclaims(clause) else clause or before


def _judged(sentence: Sentence, clause: Clause) -> None:
    """Name the value that opens a clause and that unknown words judge: "leather is cruel", "I find wool itchy"."""
    verb = next((s for s in clause if is_one(s, "judging") or _finds(sentence, s)), None)
    if verb is None or any(is_one(s, "asking_which") for s in clause):
        return
    said = [s for s in clause if s is verb or not (s.mark or s.is_glue)]
    at = next(n for n, s in enumerate(said) if s is verb)
    subject = said[:at] if said[0].entries else said[at + 1 : at + 2]
    judgement = [s for s in said[max(at, len(subject)) :] if s is not verb and s not in subject]
    wishes = wishes_in(sentence, subject)
    if not wishes or len(subject) > 2 or not judgement or any(plays(s, *_ASKING) for s in said):
        return
    if all(s.is_word or (s.comparisons and (is_one(verb, "seeming") or _is_too(sentence, s))) for s in judgement):
        take_back(sentence, wishes, *subject, *judgement)


def _finds(sentence: Sentence, s: Segment) -> bool:
    """Tell whether somebody finds something so: "I find wool dull", but not "I hope to find wool"."""
    if not is_one(s, "finding"):
        return False
    i = sentence.place(s)
    beside = {p.text.casefold() for p in (*sentence.segments[max(0, i - 1) : i], *sentence.segments[i + 1 : i + 2])}
    return not beside.isdisjoint(("i", "we", "ich", "wir"))


def _is_too(sentence: Sentence, s: Segment) -> bool:
    """Tell whether there is too much of something: "the German ones are too expensive", 德国的太贵."""
    i = sentence.place(s)
    return i > 0 and is_one(sentence.segments[i - 1], "too")


def _governed(sentence: Sentence, clause: Clause) -> None:
    """Name the first value that an unknown verb or a word of refusal governs: "I've sworn off red", "ugh red", "quit red"."""
    n = next((n for n, s in enumerate(clause) if s.entries and s.used in ("wanted", "soft")), None)
    if n is None:
        return
    m = n - 1
    while m >= 0 and (_is_prefix(clause, m) or (clause[m].is_glue and not is_one(clause[m], "apart"))):
        m -= 1
    wishes = wishes_in(sentence, clause[n : n + 1])
    if m >= 0 and wishes and _turns(clause, m):
        take_back(sentence, wishes, clause[m])


def _is_prefix(clause: Clause, m: int) -> bool:
    """Tell whether the hyphen of "anti-red" stands at ``m``."""
    joined = m > 0 and clause[m - 1].end == clause[m].start and clause[m].end == clause[m + 1].start
    return clause[m].mark == "-" and joined


def _turns(clause: Clause, m: int) -> bool:
    """Tell whether the word at ``m`` may speak against what it governs: no adjective, and no verb that is known to wish."""
    s, lead = clause[m], clause[m - 1] if m else None
    if s.used or s.entries or (lead is not None and is_one(lead, "articles")):
        return False
    if any(plays(p, "want", "only", "demand") for p in clause[:m]):
        return False
    if s.roles & {"against", "not_after"} or (s.is_word and key_of(s.text) in doubtful_words()):
        return True
    subject = lead is not None and (
        says(lead, "subjects") or (lead.is_glue and m > 1 and says(clause[m - 2], "subjects"))
    )
    return subject and s.is_word and s.text.isascii() and stem(s.words[0]) not in wishing_verbs()


def _exclaimed(sentence: Sentence, said: Clause, other: Clause) -> None:
    """Name bare values beside a bare word of refusal: "red? ugh", "yuck, red", "red: pass"."""
    values = _content(said)
    if _exclaims(other) and values and all(s.entries and s.used in ("wanted", "soft") for s in values):
        take_back(sentence, wishes_in(sentence, values), *values)
        for s in _content(other):
            s.used = "unmet"


def _exclaims(clause: Clause) -> bool:
    """Tell whether a clause says nothing but a word of refusal."""
    content = _content(clause)
    return bool(content) and all("against" in s.roles or key_of(s.text) in doubtful_words() for s in content)


def _content(clause: Clause) -> list[Segment]:
    return [s for s in clause if not (s.mark or s.is_glue or "and" in s.roles)]


def _denied(sentence: Sentence, clause: Clause, *, asks: bool) -> None:
    """Name the values beside which a word that denies was left over."""
    wonders = _wonders(clause)
    if not (asks or wonders or any(map(_may_deny, clause))):
        return
    for wish in [*wishes_in(sentence, clause), *wishes_in(sentence, clause, refused=True)]:
        denial = _left_over(clause, wish)
        if wish.refused:
            denial = denial or (_asked_for(sentence, wish) if asks else None) or wonders
        if denial is not None:
            take_back(sentence, [wish], denial)


def _may_deny(s: Segment) -> bool:
    """Tell whether a segment that no rule used may turn a value's sign."""
    if s.used == "unmet":
        return plays(s, "not")
    denies = (s.roles & NEGATIVE and not s.is_glue) or _speaks_against(s)
    return not s.entries and s.used in ("", "glue") and bool(denies)


def _speaks_against(s: Segment) -> bool:
    return "against" in s.roles or ((s.is_word or "reaction" in s.roles) and key_of(s.text) in doubtful_words())


def _left_over(clause: Clause, wish: Wish) -> Segment | None:
    """Return the word of a clause that may turn the sign of a wish and that no rule used."""
    own, value = set(map(id, wish.segments)), wish.segments[-1]
    for n, s in enumerate(clause):
        if id(s) in own or s.entries:
            continue
        if s.used == "unmet" and "not" in s.roles and _is_unsaid(clause, n, value, refused=wish.refused):
            return s
        if s.used not in ("", "glue"):
            continue
        if s.roles & NEGATIVE and not s.is_glue and not _goes_with(wish, s):
            return s
        if not wish.refused and s.start >= value.end and _speaks_against(s):
            return None if _is_led(clause, value, s) else s
    return None


def _is_unsaid(clause: Clause, n: int, value: Segment, *, refused: bool) -> bool:
    """Tell whether a "not" that was only noted may speak of the value: "not the greatest admirer of red", "red doesn't match"."""
    if clause[n].end <= value.start:
        return _leads_on(clause[n + 1 :], value)
    between = [s for s in clause[:n] if s.start >= value.end]
    if any(is_one(s, "relatives_and_articles") for s in between):
        return False
    apart = any(s.entries or s.amount is not None or s.roles & {"and", "or", "want"} for s in between)
    if says_in_german(clause[n], "nots") and not apart and not refused:
        return True
    own = all(s.is_glue or s.person or s.roles & {"and", "own"} for s in between)
    return own and (is_one(clause[n], "denying") or says(clause[n], "denying"))


def _leads_on(rest: list[Segment], value: Segment) -> bool:
    """Tell whether what a "not" is about may lead on to the value: "not the greatest admirer of red", but not "no frills and red"."""
    between = [s for s in rest if s.end <= value.start]
    apart = {"and", "or", "want", "also"}
    return not any(s.text == "的" or s.roles & apart or s.used in ("wanted", "bound") for s in between)


def _goes_with(wish: Wish, s: Segment) -> bool:
    """Tell whether a negation only completes the wish's own: the "nor" of "neither", the 以外 of 除了."""
    excepts = wish.refused and any("except" in p.roles for p in wish.segments)
    return "nor" in s.roles or (excepts and bool(s.roles & {"except_after", "free"}))


def _is_led(clause: Clause, value: Segment, word: Segment) -> bool:
    """Tell whether something else than the value is what a word after it speaks of: "horror about a forbidden love"."""
    between = [p for p in clause if value.end <= p.start < word.start]
    return any(p.entries or p.amount is not None or is_one(p, "leading") for p in between)


def _wonders(clause: Clause) -> Segment | None:
    """Return the word that makes a clause a question that rather wishes: "and wouldn't red be nice", "und wäre rot nicht schön"."""
    said = [s for s in clause if not (s.roles & {"and"} or is_one(s, "connecting"))]
    if len(said) < 3:
        return None
    if is_one(said[0], "wondering"):
        return said[0]
    first = key_of(said[0].text)
    valued = next((n for n, s in enumerate(said) if s.entries), 0)
    nots = [n for n, s in enumerate(said) if key_of(s.text) == "nicht"]
    asks = first in COPULAS and first.isascii() and valued and nots and nots[0] > valued
    return said[0] if asks else None


def _asked_for(sentence: Sentence, wish: Wish) -> Segment | None:
    """Return the "no" of "no red ones?", which rather asks for red ones."""
    first = next((s for s in sentence.segments if not s.mark), None)
    short = sum(1 for s in sentence.segments if not (s.mark or s.is_glue)) <= len(wish.segments)
    opens = first is not None and is_one(first, "negatives") and first in wish.segments
    return first if short and opens else None
