"""Let no sign be guessed: a value beside a negation that no rule settled is named as not applied, neither wanted nor refused."""

from __future__ import annotations

from .....core.language.keys import key_of
from .....core.language.tokens import stem
from .....core.language.word_groups import clause_words, doubtful_words, wishing_verbs
from ..refuse_before import COPULAS
from ..segments import Segment
from ..sentence import Sentence, Wish
from .clause import clauses

NEGATIVE = frozenset(("not", "not_after", "except", "except_after"))
JUDGING = frozenset(
    "is are was tastes taste smells smell feels feel looks look sounds sound seems makes make gives give drives leaves "  # noqa: SIM905
    "ist sind war schmeckt schmecken riecht riechen sieht wirkt macht 太 让 使 觉得".split()
)
"""Verbs that judge what stands before or after them."""
_TOO = frozenset(("too", "zu", "太", "way too", "far too", "much too", "viel zu"))
_LOOKS = frozenset("looks look feels feel sounds seems sieht wirkt".split())  # noqa: SIM905
LEADS = frozenset("about with in by from on for of mit aus von und and or oder".split())  # noqa: SIM905
"""Words after which a word that sounds like a refusal speaks of something else: "horror about a forbidden love"."""
_APART = frozenset("for with in to about at mit fur zu an im am 的".split())  # noqa: SIM905
"""Words that lead from a verb to something else than its object."""
_SUBJECTS = frozenset("i ive im id we weve were he hes she shes they theyve ich wir er sie 我 我们 他 她".split())  # noqa: SIM905
_ARTICLES = frozenset("a an the some any something anything one this that my your ein eine einen etwas was".split())  # noqa: SIM905
_RELATIVE = frozenset("that which who whose the a an with das die der welche welcher 的".split())  # noqa: SIM905
_DENYING = frozenset(
    "isnt arent doesnt dont wont cant cannot wouldnt couldnt shouldnt wasnt werent didnt never hasnt havent nicht 不 不是 没".split()  # noqa: SIM905
) | {"is not", "are not", "does not", "do not", "will not", "can not", "would not", "was not", "did not", "has never"}
_WONDERING = frozenset(
    ("wouldnt", "shouldnt", "isnt it", "shouldnt it", "wouldnt it", "why not", "warum nicht", "wieso nicht")
)
_ASKING_WHICH = frozenset("which what whats welche welcher welches welchen 哪 哪个 哪些 什么".split())  # noqa: SIM905
"""Words of a question that asks which of the things is so: "which water park is nearest?"."""
_CONNECTING = frozenset("dafur though so also but aber well".split())  # noqa: SIM905
OPENERS = frozenset(("no", "none", "kein", "keine", "keinen", "keins"))


def doubts(sentence: Sentence) -> None:
    """Take back every wish whose clause holds a negation that no rule accounted for, and note its words."""
    found = sentence.found
    before: list[Segment] = []
    for clause in clauses(sentence):
        _doubt_judged(sentence, clause)
        _doubt_governed(sentence, clause)
        _doubt_exclaimed(sentence, before, clause)
        before = [] if clause and before and _exclaims(clause) else clause or before
        asks = bool(sentence.segments) and sentence.segments[-1].mark in ("?", "？")
        wonders = _wonders(clause)
        if not (asks or wonders or any(_may_deny(s) for s in clause)):
            continue
        inside = {id(s) for s in clause}
        wishes = [w for w in found.wishes if not w.released and id(w.segments[-1]) in inside]
        for wish in wishes:
            negation = _unsettled(clause, wish) or (_asks(sentence, wish) if wish.refused else None)
            negation = negation or (wonders if wish.refused else None)
            if negation is not None:
                found.wishes.remove(wish)
                touched = [*wish.segments, negation]
                found.unmet.append((min(s.start for s in touched), max(s.end for s in touched)))
                wish.segments[-1].used = negation.used = "unmet"


def _doubt_judged(sentence: Sentence, clause: list[Segment]) -> None:
    """Note, rather than want, the value that opens a clause and that unknown words judge: "leather is cruel", "I find wool itchy"."""
    verbs = [s for s in clause if key_of(s.text) in JUDGING or _finds(sentence, s)]
    said = [s for s in clause if s in verbs[:1] or not (s.mark or s.is_glue)]
    verb = said.index(verbs[0]) if verbs else -1
    if (
        verb < 0
        or any(key_of(s.text) in _ASKING_WHICH for s in clause)
        or any(s.roles & {"want", "praise", "only", "demand", "fine"} and not s.entries for s in said)
    ):
        return
    subject = said[:verb] if said[0].entries else said[verb + 1 : verb + 2]
    judged = said[max(verb, len(subject)) :]
    judgement = [s for s in judged if s is not said[verb] and s not in subject]
    wishes = [w for w in sentence.found.wishes if w.segments[-1] in subject and not w.refused and not w.released]
    looks = key_of(said[verb].text) in _LOOKS
    if not subject or not wishes or len(subject) > 2 or not judgement:
        return
    if not all(s.is_word or (s.comparisons and (looks or _is_too(sentence, s))) for s in judgement):
        return
    for wish in wishes:
        sentence.found.wishes.remove(wish)
    sentence.found.unmet.append((subject[0].start, judgement[-1].end))
    for s in (*subject, *judgement):
        s.used = "unmet"


def _is_too(sentence: Sentence, s: Segment) -> bool:
    """Tell whether there is too much of something: "the German ones are too expensive", 德国的太贵."""
    i = sentence.place(s)
    return i > 0 and key_of(sentence.segments[i - 1].text) in _TOO


def _doubt_governed(sentence: Sentence, clause: list[Segment]) -> None:
    """Note, rather than want, what an unknown verb or a word of refusal governs: "I've sworn off red", "ugh red", "quit red"."""
    for n, s in enumerate(clause):
        if not s.entries or s.used not in ("wanted", "soft"):
            continue
        m = n - 1
        while m >= 0 and (_is_prefix(clause, m) or (clause[m].is_glue and key_of(clause[m].text) not in _APART)):
            m -= 1
        wishes = [w for w in sentence.found.wishes if w.segments[0] is s and not w.refused and not w.released]
        if m >= 0 and wishes and _turns(clause, m):
            for wish in wishes:
                sentence.found.wishes.remove(wish)
            sentence.found.unmet.append((clause[m].start, s.end))
            s.used = clause[m].used = "unmet"
        return


def _is_prefix(clause: list[Segment], m: int) -> bool:
    """Tell whether the hyphen of "anti-red" stands at ``m``."""
    return (
        clause[m].mark == "-"
        and m > 0
        and clause[m - 1].end == clause[m].start
        and clause[m].end == clause[m + 1].start
    )


def _turns(clause: list[Segment], m: int) -> bool:
    """Tell whether the word at ``m`` may speak against what it governs: no adjective, and no verb that is known to wish."""
    s, lead = clause[m], clause[m - 1] if m else None
    if s.used or s.entries or (lead is not None and key_of(lead.text) in _ARTICLES):
        return False
    if any(p.roles & {"want", "only", "demand"} and not p.entries for p in clause[:m]):
        return False
    if s.roles & {"against", "not_after"} or (s.is_word and key_of(s.text) in doubtful_words()):
        return True
    subject = lead is not None and (
        set(lead.words) & _SUBJECTS or (lead.is_glue and m > 1 and set(clause[m - 2].words) & _SUBJECTS)
    )
    return bool(subject) and s.is_word and s.text.isascii() and stem(s.words[0]) not in wishing_verbs()


def _doubt_exclaimed(sentence: Sentence, first: list[Segment], second: list[Segment]) -> None:
    """Note, rather than want, a bare value beside a bare word of refusal: "red? ugh", "yuck, red", "red: pass"."""
    for said, other in ((first, second), (second, first)):
        content = [s for s in other if not (s.mark or s.is_glue or "and" in s.roles)]
        if not _exclaims(other):
            continue
        values = [s for s in said if not (s.mark or s.is_glue or "and" in s.roles)]
        if not values or not all(s.entries and s.used in ("wanted", "soft") for s in values):
            continue
        own = {id(s) for s in values}
        sentence.found.wishes = [w for w in sentence.found.wishes if id(w.segments[-1]) not in own]
        sentence.found.unmet.append((values[0].start, values[-1].end))
        for s in (*values, *content):
            s.used = "unmet"


def _exclaims(clause: list[Segment]) -> bool:
    """Tell whether a clause says nothing but a word of refusal."""
    content = [s for s in clause if not (s.mark or s.is_glue or "and" in s.roles)]
    return bool(content) and all("against" in s.roles or key_of(s.text) in doubtful_words() for s in content)


def _finds(sentence: Sentence, s: Segment) -> bool:
    """Tell whether somebody finds something so: "I find wool dull", but not "I hope to find wool"."""
    if key_of(s.text) not in ("find", "found", "finde", "finden", "fand"):
        return False
    beside = [p.text.casefold() for p in sentence.segments if abs(sentence.place(p) - sentence.place(s)) == 1]
    return bool({"i", "we", "ich", "wir"} & set(beside))


def _may_deny(s: Segment) -> bool:
    """Tell whether a segment that no rule used may turn a value's sign."""
    if s.used == "unmet" and "not" in s.roles and not s.entries:
        return True
    loose = not s.entries and s.used in ("", "glue")
    return loose and (
        bool(s.roles & NEGATIVE and not s.is_glue)
        or "against" in s.roles
        or ((s.is_word or "reaction" in s.roles) and key_of(s.text) in doubtful_words())
    )


def _unsettled(clause: list[Segment], wish: Wish) -> Segment | None:
    own = {id(s) for s in wish.segments}
    last = wish.segments[-1]
    for n, s in enumerate(clause):
        if id(s) in own or s.entries:
            continue
        if s.used == "unmet" and "not" in s.roles and _is_unsaid(clause, n, last, refused=wish.refused):
            return s
        if s.used not in ("", "glue"):
            continue
        if s.roles & NEGATIVE and not s.is_glue and not _goes_with(wish, s):
            return s
        if (
            not wish.refused
            and s.start >= last.end
            and ("against" in s.roles or ((s.is_word or "reaction" in s.roles) and key_of(s.text) in doubtful_words()))
        ):
            return None if _led(clause, last, s) else s
    return None


def _is_unsaid(clause: list[Segment], n: int, value: Segment, *, refused: bool) -> bool:
    """Tell whether a "not" that was only noted may speak of the value: "not the greatest admirer of red", "red doesn't match"."""
    if clause[n].end <= value.start:
        return _leads_on(clause[n + 1 :], value)
    between = [s for s in clause[:n] if s.start >= value.end]
    told = bool(clause_words("german")["nots"].intersection(clause[n].words)) and not any(
        s.entries or s.amount is not None or s.roles & {"and", "or", "want"} or key_of(s.text) in _RELATIVE
        for s in between
    )
    return (told and not refused) or (
        all((s.is_glue or s.person or s.roles & {"and", "own"}) and key_of(s.text) not in _RELATIVE for s in between)
        and (key_of(clause[n].text) in _DENYING or key_of(clause[n].text).split(" ")[0] in _DENYING)
    )


def _leads_on(rest: list[Segment], value: Segment) -> bool:
    """Tell whether what a "not" is about may lead on to the value: "not the greatest admirer of red", but not "no frills and red"."""
    between = [s for s in rest if s.end <= value.start]
    apart = {"and", "or", "want", "also"}
    return not any(s.text == "的" or s.roles & apart or s.used in ("wanted", "bound") for s in between)


def _goes_with(wish: Wish, s: Segment) -> bool:
    """Tell whether a negation only completes the wish's own: the "nor" of "neither", the 以外 of 除了."""
    excepts = wish.refused and any("except" in p.roles for p in wish.segments)
    return "nor" in s.roles or (excepts and bool(s.roles & {"except_after", "free"}))


def _led(clause: list[Segment], value: Segment, word: Segment) -> bool:
    """Tell whether something else than the value is what a word after it speaks of."""
    between = [p for p in clause if value.end <= p.start < word.start]
    return any(p.entries or p.amount is not None or key_of(p.text) in LEADS for p in between)


def _wonders(clause: list[Segment]) -> Segment | None:
    """Return the word that makes a clause a question that rather wishes: "and wouldn't red be nice", "und wäre rot nicht schön"."""
    said = [s for s in clause if not (s.roles & {"and"} or key_of(s.text) in _CONNECTING)]
    if len(said) < 3:
        return None
    first = key_of(said[0].text)
    valued = next((n for n, s in enumerate(said) if s.entries), 0)
    denied = any(key_of(s.text) == "nicht" for s in said[valued + 1 :])
    if first in _WONDERING or (
        first in COPULAS and first.isascii() and valued and denied and "nicht" not in map(_key, said[:valued])
    ):
        return said[0]
    return None


def _key(s: Segment) -> str:
    return key_of(s.text)


def _asks(sentence: Sentence, wish: Wish) -> Segment | None:
    """Return the "no" of "no red ones?", which rather asks for red ones."""
    first = next((s for s in sentence.segments if not s.mark), None)
    asked = sentence.segments[-1].mark in ("?", "？") if sentence.segments else False
    short = sum(1 for s in sentence.segments if not (s.mark or s.is_glue)) <= len(wish.segments)
    if asked and short and first is not None and key_of(first.text) in OPENERS and first in wish.segments:
        return first
    return None
