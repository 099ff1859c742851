"""Take a list of values as refused, phrase by phrase: of "black shoes" the black, of "shoes with heels" the heels."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.keys import key_of
from ....core.language.value_entry import BROADER, SYNONYM, Entry
from ....core.text.field_names import words_of
from .segments import Segment
from .sentence import COMMAS, Sentence, Wish

LINKS = frozenset(("or", "nor", "and"))
LACKING = frozenset(
    map(
        key_of,
        ("不含", "没有", "无", "不带", "不加", "不含有", "without", "free of", "free from", "ohne", "sans", "不要含"),
    )
)
"""Words that say what a thing lacks: the thing itself is wanted."""
BESIDE = frozenset(
    map(
        key_of, ("instead of", "rather than", "as opposed to", "statt", "anstatt", "anstelle von", "anstelle", "而不是")
    )
)
"""Refusals of what stands after them only, in favour of what stands before."""
_OF = frozenset(
    [
        "in",
        "of",
        "的",
        "aus",
        "von",
        "with",
        "having",
        "containing",
        "from",
        "by",
        "mit",
        "that",
        "which",
        "featuring",
        "made",
        "from",
        "das",
        "die",
        "der",
    ]
)
_MORE = frozenset(("plus", "+"))
"""Words that add what is wanted to what was taken away: "minus the bar plus a pool"."""
_REMOVING = frozenset("exclude excluding omit remove drop filter strip entferne streiche".split())  # noqa: SIM905
_PLACING = frozenset("in near from to at nach bei nahe".split())  # noqa: SIM905
_OVER = frozenset("a an the any ein eine einem einer colour color has have is are is in".split())  # noqa: SIM905
_RELATIVE = frozenset("was das die der den dem that which who welche welcher welches".split())  # noqa: SIM905


def opens_relative(sentence: Sentence, j: int) -> bool:
    """Tell whether a relative clause with a second "not" opens at ``j``: "nichts, was nicht rot ist"."""
    following = sentence.segments[j : j + 3]
    return (
        len(following) > 1 and key_of(following[0].text) in _RELATIVE and any("not" in p.roles for p in following[1:])
    )


def take_refused(sentence: Sentence, j: int, negations: Sequence[Segment], *, refused: bool) -> None:
    """Take the list of values that begins at ``j`` as refused (or as wanted, after two negations), phrase by phrase."""
    phrases: list[list[int]] = [[j]]
    k = j + 1
    while k < len(sentence.segments):
        if sentence.value_at(k):
            if negations and key_of(negations[0].text) in BESIDE and _same_field(sentence, k - 1, k):
                break  # "statt Techno Jazz"
            phrases[-1].append(k)
            k += 1
            continue
        of = key_of(sentence.segments[k].text) in _OF
        following = _continues(sentence, k, phrases[-1][-1])
        if (
            following is not None
            and not of
            and sentence.segments[k].mark in COMMAS
            and _opens_anew(sentence, k, phrases)
        ):
            if refused:
                sentence.doubt(following, sentence.segments[k + 1 : k + 2])
            break
        if following is None:
            break
        if of:
            phrases[-1].append(following)
        else:
            phrases.append([following])
        k = following + 1
    inner = _inner_negation(sentence, k)
    for n in negations:
        n.used = "not"
    if inner is not None and refused:
        sentence.segments[inner].used = "not"
        return
    for phrase in phrases:
        _refuse_phrase(sentence, phrase, negations, refused=refused)


def _same_field(sentence: Sentence, a: int, b: int) -> bool:
    """Tell whether two values may belong to one field that holds one value only."""
    first = {e.field for e in sentence.segments[a].entries}
    return any(
        e.field in first and sentence.language.fields[e.field].field.type == "text"
        for e in sentence.segments[b].entries
    )


def _opens_anew(sentence: Sentence, k: int, phrases: Sequence[Sequence[int]]) -> bool:
    """Tell whether the "and" behind the comma at ``k`` may open a wish of its own: two values are no list with a comma before its "and"."""
    after = sentence.segments[k + 1 : k + 2]
    return len(phrases) == 1 and bool(after) and after[0].roles & LINKS == {"and"} and after[0].text.isascii()


def _inner_negation(sentence: Sentence, k: int) -> int | None:
    """Return the position of the second "not" of "no shoes that aren't formal", which wants shoes that are.

    A "not" behind "and" or "or" refuses more: "ohne Sahne und ohne Zwiebeln".
    """
    relative = False
    while k < len(sentence.segments) and not (sentence.segments[k].roles & LINKS and not sentence.segments[k].entries):
        s = sentence.segments[k]
        if not (s.is_glue or "not" in s.roles or (s.mark in COMMAS and opens_relative(sentence, k + 1))):
            return None
        if "not" in s.roles and not s.entries:
            j = k + 1
            while j < len(sentence.segments) and sentence.segments[j].is_glue:
                j += 1
            lacking = s.text.isascii() and key_of(s.text) in LACKING | {"lacking", "lack", "lacks", "missing"}
            return k if (relative or lacking) and sentence.value_at(j) else None
        relative = relative or key_of(s.text) in ("that", "which", "who", "die", "der", "das")
        k += 1
    return None


def _continues(sentence: Sentence, k: int, last: int) -> int | None:
    """Return the position of the next value of a refused list whose joint begins at ``k``, or None where it ends."""
    s = sentence.segments[k]
    if s.used or key_of(s.text) in _MORE:
        return None
    if key_of(s.text) in _OF and not s.entries:
        n = k + 1
        while n < len(sentence.segments) and key_of(sentence.segments[n].text) in _OVER:
            n += 1
        return n if sentence.value_at(n) else None
    roles = set(s.roles & LINKS) | ({"or"} if s.mark == "/" else set())
    comma = s.mark in COMMAS
    if not roles and not comma:
        return None
    n = k + 1
    while (
        n < len(sentence.segments)
        and (sentence.segments[n].is_glue or sentence.segments[n].roles & (LINKS | {"any"}))
        and not sentence.segments[n].entries
    ):
        roles |= sentence.segments[n].roles & LINKS
        n += 1
    if (
        n < len(sentence.segments)
        and sentence.segments[n].is_word
        and sentence.value_at(n + 2)
        and sentence.segments[n + 1].roles & LINKS
    ):
        n += 2
    if not sentence.value_at(n):
        return None
    same = bool({e.field for e in sentence.segments[n].entries} & {e.field for e in sentence.segments[last].entries})
    if roles & {"or", "nor"} or s.mark == "、" or ("and" in roles and (same or not s.text.isascii())):
        return n
    return n if same and comma and not roles and _closes(sentence, n) else None


def _closes(sentence: Sentence, n: int) -> bool:
    """Tell whether a list of commas goes on from ``n`` to an "or" or "and": "no horror, war or drama"."""
    k = n + 1
    comma = False
    while k < len(sentence.segments):
        s = sentence.segments[k]
        if s.roles & LINKS and not s.entries:
            m = k + 1
            while m < len(sentence.segments) and sentence.segments[m].is_glue:
                m += 1
            return sentence.value_at(m)
        if s.entries:
            if not comma:
                return False
            comma = False
        elif s.mark in COMMAS:
            comma = True
        elif not s.is_glue:
            return False
        k += 1
    return False


def _refuse_phrase(sentence: Sentence, phrase: Sequence[int], negations: Sequence[Segment], *, refused: bool) -> None:
    """Refuse one noun phrase: of "black shoes" the black, of "black" the black, of "shoes" the shoes."""
    if not refused:
        for p in phrase:
            sentence.want(p)
        return
    phrase = _run_together(sentence, _particular(sentence, phrase))
    segments = [sentence.segments[p] for p in phrase]
    heads, wanted = _heads(sentence, phrase, negations)
    for p, s in zip(phrase, segments, strict=True):
        if p in heads:
            if wanted:
                sentence.want(p)
            else:
                sentence.found.wishes += [Wish(e, [s], must=False) for e in sentence.best(s, evident=True)[:1]]
                s.used = "soft"
            continue
        entries = _own([e for e in s.entries if sentence.evident(s, e) and e.rank < BROADER])
        surest = min((e.rank for e in entries), default=0)
        for entry in entries:
            if entry.rank <= SYNONYM or surest > SYNONYM:
                sentence.found.wishes.append(Wish(entry, [*negations, s], refused=True))
        if not entries:
            sentence.found.unmet.append((negations[0].start, s.end))
        s.used = "refused"


def _own(entries: Sequence[Entry]) -> list[Entry]:
    """Return the meanings that say what a thing is or has, without what it only goes with: who wants no cat may want what likes cats."""
    own = [e for e in entries if words_of(e.field)[-1:] not in (("with",), ("for",), ("mit",), ("zu",))]
    return own or list(entries)


_SETTLING = frozenset(("吧", "好了", "就好", "得了", "算了"))
"""Words that settle on the value before them: 不要红茶绿茶吧."""


def _run_together(sentence: Sentence, phrase: Sequence[int]) -> Sequence[int]:
    """Return a Chinese phrase up to where a value of another field stands without a joint, which may be a wish of its own: 不要珍珠半糖去冰."""
    following = sentence.segments[phrase[-1] + 1 : phrase[-1] + 2]
    if following and following[0].text == "的":
        return phrase
    fields = {e.field for e in sentence.segments[phrase[0]].entries}
    lists = {name for name in fields if sentence.language.fields[name].field.type == "list"}
    for n, p in enumerate(phrase[1:], 1):
        s = sentence.segments[p]
        own = {e.field for e in s.entries}
        if s.text.isascii() or p != phrase[n - 1] + 1 or sentence.says_what(s):
            continue
        ends = bool(following) and following[0].text in _SETTLING and not own & lists
        if not own & fields or ends:
            for q in phrase[n:]:
                sentence.doubt(q, [])
            return phrase[:n]
    return phrase


def _particular(sentence: Sentence, phrase: Sequence[int]) -> list[int]:
    """Return a phrase without the words that only say of what its other values are: the flowers of "pink flowers"."""
    kept = []
    for p in phrase:
        meant = [e for e in sentence.segments[p].entries if len(e.wanted) > 1]
        others = [e for q in phrase if q != p for e in sentence.segments[q].entries]
        if any(e.field == o.field and set(o.wanted) < set(e.wanted) for e in meant for o in others):
            sentence.segments[p].used = "thing"
        else:
            kept.append(p)
    return kept


def _heads(sentence: Sentence, phrase: Sequence[int], negations: Sequence[Segment]) -> tuple[set[int], bool]:
    """Return the values of a phrase that only say of what the others are refused, and whether they are wanted themselves."""
    if len(phrase) < 2:
        return set(), False
    after_of = [p for p in phrase[1:] if sentence.segments[p - 1].text == "的"]
    if after_of:
        return {p for p in phrase if p >= after_of[-1]}, True
    bridges = [n for n in range(1, len(phrase)) if _is_bridged(sentence, phrase[n - 1], phrase[n])]
    excepts = any("except" in n.roles for n in negations)
    placed = key_of(sentence.segments[phrase[0] - 1].text) in _PLACING
    if bridges and _removes(sentence, phrase, negations):
        return set(phrase[bridges[0] :]), True
    if bridges and (excepts or placed) and not sentence.says_what(sentence.segments[phrase[0]]):
        return set(phrase[bridges[0] :]), excepts  # "anywhere except Graz with a pool"
    if bridges:
        return set(phrase[: bridges[-1]]), False
    fields = [{e.field for e in sentence.segments[p].entries} for p in phrase]
    if set.intersection(*fields):
        return set(), False
    kinds = {p for p in phrase if sentence.says_what(sentence.segments[p])}
    lacking = any(key_of(n.text) in LACKING for n in negations)
    if len(kinds) == len(phrase):
        return {phrase[-1]}, lacking
    return kinds, lacking


def _removes(sentence: Sentence, phrase: Sequence[int], negations: Sequence[Segment]) -> bool:
    """Tell whether what stands after "from" is only what the refused is taken out of: "exclude mint from the green teas"."""
    verbs = any(key_of(n.text).split(" ")[-1] in _REMOVING for n in negations)
    return verbs and any(key_of(s.text) in ("from", "aus") for s in sentence.segments[phrase[0] + 1 : phrase[-1]])


def _is_bridged(sentence: Sentence, a: int, b: int) -> bool:
    """Tell whether "with", "in" or a relative pronoun leads from the value at ``a`` to what it has at ``b``."""
    return any(key_of(s.text) in _OF - {"of", "的", "von"} for s in sentence.segments[a + 1 : b])
