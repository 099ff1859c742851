"""Take back a refusal that may be none: a question in the negative, a condition, a lack that is judged, a taste of the past.

What is taken back is named as not applied: "isn't red lovely?", "it's fine if it has no garden", "a flat without a lift is useless",
"I never liked red but now I do".
"""

from __future__ import annotations

from .....core.language.keys import key_of
from .....core.language.word_groups import doubtful_words
from ..refused_values import LACKING
from ..segments import Segment
from ..sentence import COMMAS, Sentence, Wish

ASKING = frozenset(
    "isnt arent wasnt werent wouldnt shouldnt couldnt hasnt havent doesnt dont didnt wont cant aint isn".split()  # noqa: SIM905
)
"""Verbs with a "not" in them, which ask where they open a sentence."""
_SUBJECTS = frozenset(
    "it there that this these those you they we he she anyone anybody someone somebody du ihr sie man es das die der 你们 你 您".split()  # noqa: SIM905
)
_OPENERS = frozenset(
    [
        "do",
        "does",
        "did",
        "can",
        "could",
        "would",
        "will",
        "is",
        "are",
        "was",
        "have",
        "has",
        "should",
        "am",
        "haben",
        "habt",
        "hast",
        "hat",
        "gibt",
        "ist",
        "sind",
        "ware",
        "waren",
        "kann",
    ]
)
_QUESTIONS = frozenset("who whats what why wer wieso weshalb warum how where 谁 为什么 怎么 为啥 难道".split())  # noqa: SIM905
_OF_CONDITION = frozenset(
    "it its theres there they that he this you we i has have had got is are be does do comes es er sie das ihr du wir ich 它 是 有 你 你们".split()  # noqa: SIM905
)
"""Words between "if" and the "not" of its own clause."""
_COPULAS = frozenset("is are was be would isnt arent ist sind ware waren bringt macht".split())  # noqa: SIM905
_WELCOME = frozenset(
    [
        "可以",
        "fine",
        "ok",
        "okay",
        "alright",
        "happy",
        "even",
        "good",
        "great",
        "auch",
        "sogar",
        "selbst",
        "notfalls",
        "reicht",
        "genugt",
        "not",
        "gut",
        "gern",
        "gerne",
        "也",
        "就算",
        "即使",
    ]
)
"""Words before a lack that only let it be."""
_NOW = frozenset(
    "now today tonight yes time nowadays currently lately jetzt heute diesmal inzwischen mittlerweile 现在 今天 这次 今晚".split()  # noqa: SIM905
)
_FORMER = frozenset("once previously formerly used fruher 以前 本来 原来 从前 曾经".split())  # noqa: SIM905
_DEALS = frozenset(
    [
        "interesse",
        "kauf",
        "buchung",
        "bestellung",
        "geld",
        "spaß",
        "geschaft",
        "vertrag",
        "deal",
        "sale",
        "sales",
        "buy",
        "purchase",
        "booking",
        "order",
        "party",
        "fun",
        "joy",
        "life",
        "point",
        "money",
        "business",
        "thanks",
    ]
)
_NO = frozenset("no kein keine keinen keinerlei".split())  # noqa: SIM905
_OWN = frozenset(
    [
        "old",
        "last",
        "current",
        "previous",
        "other",
        "first",
        "present",
        "existing",
        "alte",
        "alter",
        "altes",
        "letzte",
        "letzter",
        "letztes",
        "bisherige",
        "aktuelle",
        "jetzige",
    ]
)
"""What a thing is called that somebody has or had."""
_LACKS = [
    *(
        [who, *rest]
        for who in ("i", "we")
        for rest in (["dont", "have"], ["dont", "own"], ["have", "no"], ["havent", "got"], ["lack"], ["havent", "any"])
    ),
    *([*who, "missing"] for who in (["im"], ["i", "am"], ["were"])),
    *([verb, who, kein] for verb, who in (("habe", "ich"), ("haben", "wir")) for kein in ("kein", "keine", "keinen")),
    *([who, verb, kein] for verb, who in (("habe", "ich"), ("haben", "wir")) for kein in ("kein", "keine", "keinen")),
]
_ALL = frozenset("anything everything all alles whatever was".split())  # noqa: SIM905


def doubtful_refusals(sentence: Sentence) -> None:
    """Take back every refusal whose words may mean a wish, or nothing, and note them."""
    for wish in [w for w in sentence.found.wishes if w.refused and not w.released]:
        negation = next((s for s in wish.segments if s.roles & {"not", "except"} and not s.entries), None)
        if negation is None:
            continue
        i, last = sentence.place(negation), sentence.place(wish.segments[-1])
        if i > last:
            doubtful = _was_once(sentence, last)
        else:
            doubtful = (
                _asks(sentence, i)
                or _describes(sentence, i)
                or _is_conditional(sentence, i)
                or _is_judged(sentence, i, last)
                or _was_once(sentence, last)
                or _is_deal(sentence, i, last)
                or _is_no_matter(sentence, last)
            )
        if doubtful:
            _take_back(sentence, wish)


def _take_back(sentence: Sentence, wish: Wish) -> None:
    sentence.found.wishes.remove(wish)
    sentence.found.unmet.append((min(s.start for s in wish.segments), max(s.end for s in wish.segments)))
    for s in wish.segments:
        s.used = "unmet"


def _before(sentence: Sentence, i: int) -> list[Segment]:
    """Return the segments of the clause before ``i``."""
    a = i
    while a > 0 and not sentence.stops(a - 1) and sentence.segments[a - 1].mark not in COMMAS:
        a -= 1
    return sentence.segments[a:i]


def _asks(sentence: Sentence, i: int) -> bool:
    """Tell whether the "not" at ``i`` asks rather than refuses: "isn't red lovely", "do you not have", "you don't happen to have"."""
    words = key_of(sentence.segments[i].text).split(" ")
    lead = [w for s in _before(sentence, i) for w in s.words]
    if lead and lead[0] in _QUESTIONS and (len(lead) == 1 or lead[-1] in ("is", "are", "es", "there", "theres")):
        return True
    if words[0] in ASKING:
        follows = sentence.segments[i + 1] if i + 1 < len(sentence.segments) else None
        opens = not lead and len(words) == 1 and follows is not None
        if opens and follows is not None and (follows.words[:1] and follows.words[0] in _SUBJECTS):
            return True
        if opens and follows is not None and sentence.value_before_words(i + 1):
            return True
        return bool(lead) and lead[-1] == "you" and words[-1] in (*ASKING, "have", "show", "do", "happen")
    plain = words[0] in ("not", "no", "kein", "keine", "keinen", "nichts", "nicht")
    asked = bool(lead) and lead[0] in _OPENERS and (len(lead) == 1 or lead[1] in _SUBJECTS or words[0] == "nicht")
    return plain and asked and not any(w in ("with", "mit", "that", "which") for w in lead)


def _describes(sentence: Sentence, i: int) -> bool:
    """Tell whether a "not" says what somebody has: "I don't have a red one yet", "my old one had no lift", "mine isn't red"."""
    words = key_of(sentence.segments[i].text).split(" ")
    lead = [w for s in _before(sentence, i) for w in s.words]
    following = sentence.segments[i + 1].words if i + 1 < len(sentence.segments) else ()
    said = [*lead, *words, *following[:1]] if (len(words) < 3 and words[:1] != ["no"]) or words == ["no"] else lead
    if "mine" in lead[:1] or (
        lead[:1] in (["my"], ["our"], ["the"], ["mein"], ["meine"], ["das"], ["der"], ["die"]) and set(lead[1:2]) & _OWN
    ):
        return True
    own = any(said[n : n + 3] in _LACKS for n in range(3)) or any(said[n : n + 2] in _LACKS for n in range(3))
    return own or "".join(lead + words).startswith(("我没有", "我还没有", "我家没有", "我现在没有"))


def _is_conditional(sentence: Sentence, i: int) -> bool:
    """Tell whether "if" opens the clause of the "not" at ``i``: "if it has no lift"."""
    j = i - 1
    while j >= 0 and (key_of(sentence.segments[j].text) in _OF_CONDITION and not sentence.segments[j].entries):
        j -= 1
    if j < 0 or "conditional" not in sentence.segments[j].roles or sentence.segments[j].entries:
        return False
    return "except" not in sentence.segments[j].roles


def _is_judged(sentence: Sentence, i: int, last: int) -> bool:
    """Tell whether something is said of a lack: "without a lift it is no use", "fine without a lift", "ohne Aufzug geht es nicht"."""
    said = key_of(sentence.segments[i].text)
    before = [s for s in _before(sentence, i) if not s.mark]
    lacks = said in LACKING or said in ("no", "kein", "keine", "keinen", "keinerlei")
    asked = any("bitte" in s.words or "and" in s.roles for s in before)
    asked = asked or any(s.text == "吗" or s.mark in ("?", "？") for s in sentence.segments[last + 1 : last + 4])
    if (
        lacks
        and not asked
        and before
        and (before[-1].words[-1:] and {before[-1].words[-1], before[-1].text} & _WELCOME)
    ):
        return not any(w.refused and sentence.place(w.segments[-1]) < i for w in sentence.found.wishes)
    if lacks and len(before) == 1 and key_of(before[0].text) in doubtful_words():
        return True
    k = last + 1
    following = sentence.segments[k] if k < len(sentence.segments) else None
    if lacks and following is not None and key_of(following.text) in _COPULAS and not following.entries:
        return not any(s.roles & {"want", "demand", "praise"} for s in sentence.segments[k : k + 4])
    return _in_free_relative(sentence, i) and _gone(sentence, k)


def _in_free_relative(sentence: Sentence, i: int) -> bool:
    """Tell whether the "not" at ``i`` says which ones of all: "anything that isn't red", "was nicht rot ist"."""
    words = [w for s in _before(sentence, i) for w in s.words]
    return bool(words) and any(w in _ALL for w in words[-2:])


def _gone(sentence: Sentence, k: int) -> bool:
    """Tell whether another negation follows ``k`` in the sentence, across one comma at most, before any value."""
    commas = 0
    while k < len(sentence.segments) and not sentence.stops(k):
        s = sentence.segments[k]
        commas += s.mark in COMMAS
        if commas > 1 or sentence.value_at(k):
            return False
        if s.roles & {"not", "not_after"} and not s.entries:
            return True
        k += 1
    return False


def _was_once(sentence: Sentence, last: int) -> bool:
    """Tell whether a refusal is of the past, or of most days: "I never liked red but now I do", "not usually red, but I want it"."""
    k = last + 1
    while k < len(sentence.segments) and not (
        sentence.segments[k].mark in COMMAS or sentence.segments[k].roles & {"but", "and"}
    ):
        if sentence.segments[k].mark or sentence.segments[k].entries or sentence.segments[k].is_word:
            return False
        k += 1
    rest = []
    for s in sentence.segments[k : k + 12]:
        if s.mark and s.mark not in COMMAS:
            break
        rest.append(s)
    if not rest or any(
        s.entries or (s.is_word and not _says(s, _NOW)) or s.amount is not None or s.fields for s in rest
    ):
        return False
    former = any(_says(s, _FORMER) for s in sentence.segments[:last])
    asked = any(s.roles & {"want", "soft", "fine"} for s in rest)
    contrasts = any("but" in s.roles for s in rest[:2])
    return any(_says(s, _NOW) for s in rest) or (asked and (former or contrasts))


def _says(s: Segment, words: frozenset[str]) -> bool:
    return key_of(s.text) in words or bool(set(s.words) & words)


def _is_deal(sentence: Sentence, i: int, last: int) -> bool:
    """Tell whether a second "no" says what follows from the first: "no garden, no deal"."""
    rest = [s for s in sentence.segments[last + 1 : last + 4] if s.mark not in COMMAS]
    said = [w for s in rest for w in s.words]
    return (
        key_of(sentence.segments[i].text) in _NO
        and said[:1] != []
        and said[0] in _NO
        and said[1:2] != []
        and said[1] in _DEALS - {"thanks"}
    )


def _is_no_matter(sentence: Sentence, last: int) -> bool:
    """Tell whether a lack that was asked about is shrugged off: "no garden? no problem"."""
    asked, answer = sentence.segments[last + 1 : last + 2], sentence.segments[last + 2 : last + 3]
    return bool(asked and answer) and asked[0].mark in ("?", "？") and bool(answer[0].roles & {"release", "fine"})
