"""Read what is not wanted: how far a "not" reaches, before and after the value, exceptions, allergies.

A refusal reaches to the end of its clause and over lists joined by "or", "and" and commas; two of them cancel each other. What it
refuses and no field expresses is noted word for word. What stands in doubt is noted, never turned into a wish.
"""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.value_index import BROADER, SYNONYM
from ....core.language.word_data import key_of
from .segments import Segment
from .sentence import COMMAS, Sentence, Wish

COPULAS = frozenset("is are was be would look looks seem seems feel feels ist sind wirkt".split())  # noqa: SIM905
WHOLE = frozenset(
    "nope nah hurt hurts allergy allergies allergic intolerance intolerant sucks suck stinks stink dealbreaker excluded "  # noqa: SIM905
    "unwanted unnecessary allergie".split()
)
"""Refusals of one word that need no verb before them."""
LINKS = frozenset(("or", "nor", "and"))
LACKING = frozenset(
    map(
        key_of,
        ("不含", "没有", "无", "不带", "不加", "不含有", "without", "free of", "free from", "ohne", "sans", "不要含"),
    )
)
"""Words that say what a thing lacks: the thing itself is wanted."""


def refusals(sentence: Sentence) -> None:
    """Read every "not" and every exception, from left to right."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries:
            continue
        if "wanted_double" in s.roles:
            s.used = "glue"
        elif s.roles & {"not", "except"} or _is_minus(sentence, i):
            _refuse_after(sentence, i)
        elif (
            s.roles & {"not_after", "except_after", "free"}
            and "filler" not in s.roles
            and not refuse_before(sentence, i)
        ):
            _doubt_before(sentence, i)


def _doubt_before(sentence: Sentence, i: int) -> None:
    """Note, rather than want, what stands before a refusal together with words that nothing knows: 皮夹克以外的外套."""
    k = i - 1
    while k >= 0 and (sentence.segments[k].is_word or sentence.segments[k].entries) and not sentence.segments[k].used:
        k -= 1
    run = sentence.segments[k + 1 : i]
    if run and any(p.is_word for p in run):
        sentence.found.unmet.append((run[0].start, sentence.segments[i].end))
        for piece in (*run, sentence.segments[i]):
            piece.used = "unmet"


def _is_minus(sentence: Sentence, i: int) -> bool:
    """Tell whether a hyphen before a word and after a blank excludes it, as in search boxes: "dress -red"."""
    s, following = sentence.segments[i], sentence.segments[i + 1 : i + 2]
    apart = i == 0 or sentence.segments[i - 1].end < s.start
    return s.mark == "-" and apart and bool(following) and following[0].start == s.end


def _refuse_after(sentence: Sentence, i: int) -> None:
    """Refuse the values that the "not" at ``i`` reaches; else the value before it; else note what it is about."""
    first, refused, negations = sentence.segments[i], True, [sentence.segments[i]]
    j, unknown = i + 1, False
    if _is_interjection(sentence, i):
        first.used = "glue"
        return
    while j < len(sentence.segments) and not sentence.stops(j):
        s = sentence.segments[j]
        if s.roles & {"not", "wanted_double"} and not s.used and not s.entries and not unknown:
            refused = not refused
            negations.append(s)
        elif sentence.value_at(j):
            if unknown and not _linked(sentence, j):
                break
            _take_refused(sentence, j, negations, refused=refused)
            return
        elif (
            s.used
            or s.mark in COMMAS
            or s.roles & {"own"}
            or (s.amount is not None and not s.entries)
            or ("want" in s.roles and any(not p.is_glue and not p.roles for p in sentence.segments[i + 1 : j]))
        ) or (unknown and s.text == "的"):
            break
        unknown = unknown or s.is_word
        j += 1
    if _names_more(sentence, i) or not refuse_before(sentence, i):
        _unmet_words(sentence, i)
    for n in negations:
        n.used = n.used or "glue"


def _is_interjection(sentence: Sentence, i: int) -> bool:
    """Tell whether a bare "no" only opens another refusal: "no, not drama", "no I don't want that"."""
    if key_of(sentence.segments[i].text) not in ("no", "nein", "nope", "不"):
        return False
    j = i + 1
    while j < len(sentence.segments) and sentence.segments[j].mark in COMMAS:
        j += 1
    return (
        j < len(sentence.segments)
        and "not" in sentence.segments[j].roles
        and not sentence.segments[j].entries
        and key_of(sentence.segments[j].text) != "without"
    )


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


def _take_refused(sentence: Sentence, j: int, negations: Sequence[Segment], *, refused: bool) -> None:
    """Take the list of values that begins at ``j`` as refused (or as wanted, after two negations), phrase by phrase."""
    phrases: list[list[int]] = [[j]]
    k = j + 1
    while k < len(sentence.segments):
        if sentence.value_at(k):
            phrases[-1].append(k)
            k += 1
            continue
        of = key_of(sentence.segments[k].text) in ("in", "of", "的", "aus", "von")
        following = _continues(sentence, k, phrases[-1][-1])
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


def _inner_negation(sentence: Sentence, k: int) -> int | None:
    """Return the position of the second "not" of "no shoes that aren't formal", which wants shoes that are."""
    relative = False
    while k < len(sentence.segments) and (sentence.segments[k].is_glue or "not" in sentence.segments[k].roles):
        if "not" in sentence.segments[k].roles and not sentence.segments[k].entries:
            j = k + 1
            while j < len(sentence.segments) and sentence.segments[j].is_glue:
                j += 1
            return k if relative and sentence.value_at(j) else None
        relative = relative or key_of(sentence.segments[k].text) in ("that", "which", "who", "die", "der", "das")
        k += 1
    return None


def _continues(sentence: Sentence, k: int, last: int) -> int | None:
    """Return the position of the next value of a refused list whose joint begins at ``k``, or None where it ends."""
    s = sentence.segments[k]
    if s.used:
        return None
    if key_of(s.text) in ("in", "of", "的", "aus", "von") and not s.entries:
        n = k + 1
        while n < len(sentence.segments) and key_of(sentence.segments[n].text) in ("a", "the", "colour", "color"):
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
    segments = [sentence.segments[p] for p in phrase]
    if not refused:
        for p in phrase:
            sentence.want(p)
        return
    heads, wanted = _heads(sentence, phrase, negations)
    for p, s in zip(phrase, segments, strict=True):
        if p in heads:
            if wanted:
                sentence.want(p)
            else:
                sentence.found.wishes += [Wish(e, [s], must=False) for e in sentence.best(s, evident=True)[:1]]
                s.used = "soft"
            continue
        entries = [e for e in s.entries if sentence.evident(s, e) and e.rank < BROADER]
        surest = min((e.rank for e in entries), default=0)
        for entry in entries:
            if entry.rank <= SYNONYM or surest > SYNONYM:
                sentence.found.wishes.append(Wish(entry, [*negations, s], refused=True))
        if not entries:
            sentence.found.unmet.append((negations[0].start, s.end))
        s.used = "refused"


def _heads(sentence: Sentence, phrase: Sequence[int], negations: Sequence[Segment]) -> tuple[set[int], bool]:
    """Return the values of a phrase that only say of what the others are refused, and whether they are wanted themselves."""
    if len(phrase) < 2:
        return set(), False
    after_of = [p for p in phrase[1:] if sentence.segments[p - 1].text == "的"]
    if after_of:
        return {p for p in phrase if p >= after_of[-1]}, True
    fields = [{e.field for e in sentence.segments[p].entries} for p in phrase]
    if set.intersection(*fields):
        return set(), False
    kinds = {p for p in phrase if sentence.says_what(sentence.segments[p])}
    lacking = any(key_of(n.text) in LACKING for n in negations)
    if len(kinds) == len(phrase):
        return {phrase[-1]}, lacking
    return kinds, lacking


def refuse_before(sentence: Sentence, i: int) -> bool:
    """Refuse the value just before ``i``: "red doesn't suit me", "Dodge? never", "wool allergy", "nut free", 黑色以外."""
    s, k, crossed = sentence.segments[i], i - 1, 0
    while k >= 0 and not sentence.segments[k].entries:
        piece = sentence.segments[k]
        if piece.mark == "-" and "free" in s.roles and i - k == 1:
            k -= 1
            continue
        if piece.mark and piece.mark in ",，、?？-–—…." and crossed < 3 and _may_cross(s):
            crossed += 1 if piece.mark != "." or "not_after" in s.roles else 3
        elif (
            piece.used
            or piece.amount is not None
            or not (
                piece.is_glue
                or piece.fields
                or piece.roles & {"only", "too", "own"}
                or (piece.is_word and "not_after" in s.roles and i - k < 3 and not crossed)
            )
        ):
            return False
        k -= 1
    if not sentence.value_at(k) or (crossed and _asked_before(sentence, k)):
        return False
    if _is_judgement(s) and not any(key_of(p.text) in COPULAS for p in sentence.segments[k + 1 : i]):
        return False
    if "free" in s.roles and sentence.segments[k].end < s.start - 1:
        return False
    group, fields, m = [k], {e.field for e in sentence.segments[k].entries}, k - 1
    while (
        m > 0
        and (sentence.segments[m].roles & LINKS or sentence.segments[m].mark in ("/", "、"))
        and sentence.value_at(m - 1)
    ):
        if not fields & {e.field for e in sentence.segments[m - 1].entries}:
            break
        group.append(m - 1)
        m -= 2
    for position in group:
        piece = sentence.segments[position]
        entries = [e for e in piece.entries if e.rank < BROADER and sentence.evident(piece, e)]
        sentence.found.wishes += [Wish(e, [piece, s], refused=True) for e in entries]
        piece.used = "refused"
    s.used = "not"
    return True


def _may_cross(s: Segment) -> bool:
    """Tell whether a refusal may stand apart from what it refuses: "Dodge? never", "red, no thanks", but not "red, ugly"."""
    return "not" in s.roles or ("not_after" in s.roles and not _is_judgement(s))


def _is_judgement(s: Segment) -> bool:
    """Tell whether a refusal is one adjective, which needs a verb before it: "red is ugly"."""
    one = len(s.words) == 1 and s.text.isascii() and key_of(s.text) not in WHOLE
    return one and "not_after" in s.roles and "not" not in s.roles


def _asked_before(sentence: Sentence, k: int) -> bool:
    """Tell whether the value at ``k`` was asked for in so many words: "I want red, no thanks to you"."""
    j = k - 1
    while j >= 0 and not sentence.segments[j].mark:
        if "want" in sentence.segments[j].roles:
            return True
        j -= 1
    return False


def _unmet_words(sentence: Sentence, i: int) -> None:
    """Note what a "not" refuses and no field expresses, word for word."""
    first = last = sentence.segments[i]
    j, words = i + 1, False
    while j < len(sentence.segments) and not sentence.stops(j):
        s = sentence.segments[j]
        if s.mark in COMMAS or s.used or (s.amount is not None and not s.entries) or (words and s.text == "的"):
            break
        ends = s.roles & {"and", "but", "want", "own", "soft", "only"} or key_of(s.text) in (
            "for",
            "in",
            "with",
            "please",
            "from",
        )
        if words and ends and not s.entries:
            break
        if s.is_word or s.fields or s.person or s.entries:
            words, last = True, s
        j += 1
    if not words:
        return
    sentence.found.unmet.append((first.start, last.end))
    for s in sentence.segments[i:j]:
        if s.start < last.end:
            s.used = "unmet"
