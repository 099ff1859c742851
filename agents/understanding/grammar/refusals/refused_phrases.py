"""Refuse one noun phrase of a list: of "black shoes" the black, of "shoes with heels" the heels."""

from __future__ import annotations

from collections.abc import Sequence

from .....core.language.keys import key_of
from .....core.language.value_entry import BROADER, SYNONYM, Entry
from .....core.text.field_names import words_of
from ..segments import Segment
from ..sentence import Sentence, Wish
from .words import LACKING

OF = frozenset(
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
_REMOVING = frozenset("exclude excluding omit remove drop filter strip entferne streiche".split())  # noqa: SIM905
_PLACING = frozenset("in near from to at nach bei nahe".split())  # noqa: SIM905
_SETTLING = frozenset(("吧", "好了", "就好", "得了", "算了"))
"""Words that settle on the value before them: 不要红茶绿茶吧."""


def refuse_phrase(sentence: Sentence, phrase: Sequence[int], negations: Sequence[Segment], *, refused: bool) -> None:
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
    return any(key_of(s.text) in OF - {"of", "的", "von"} for s in sentence.segments[a + 1 : b])
