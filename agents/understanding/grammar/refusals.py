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
    "unwanted unnecessary allergie annoys annoy bothers excepted tabu taboo ausgenommen ausgeschlossen".split()
)
"""Refusals of one word that need no verb before them."""
LINKS = frozenset(("or", "nor", "and"))
MAX_NEGATIONS = 2
"""More of them in one clause leave the sign in doubt."""
BRIDGES = frozenset(
    "with having has have that which who whose containing featuring in by from of made about including mit aus in von das die der welche "  # noqa: SIM905
    "welches welcher 有 带 含".split()
)
"""Words that lead from an unknown noun to what it has: "no room with a sauna"."""
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
_OVER = frozenset("a an the any ein eine einem einer colour color has have is are is in".split())  # noqa: SIM905
STATES = frozenset(
    "not isnt arent aint wasnt non nicht kein keine keinen lacking lacks lack missing 不是 非 没有 没 无 不含 不带".split()  # noqa: SIM905
)
"""Negations that say what a thing is not or has not."""
REST = frozenset(
    "nothing none nobody nichts else everything 都 都不 都不要 其他 其它 别的 其余 什么 一律 其他都 其他的 别的都".split()  # noqa: SIM905
)
"""What is left beside an exception."""
_UNLESS = frozenset(("unless", "除非", "es sei denn"))
_RELATIVE = frozenset("was das die der den dem that which who welche welcher welches".split())  # noqa: SIM905
_NO_AGAIN = frozenset("not dont do nothing no never i im definitely nicht kein keine".split())  # noqa: SIM905
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
            s.used = "settled"
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
    """Refuse the values that the "not" at ``i`` reaches; else the value before it; else note what it is about.

    It reaches over an unknown noun only where a preposition or relative pronoun leads on: "no room with a sauna", not "no doubt, a sauna".
    """
    first, negations = sentence.segments[i], [sentence.segments[i]]
    j, unknown, bridged = i + 1, False, False
    if _is_interjection(sentence, i):
        first.used = "settled"
        return
    while j < len(sentence.segments) and not sentence.stops(j):
        s = sentence.segments[j]
        if s.roles & {"not", "except", "wanted_double"} and not s.used and not s.entries:
            if unknown and not _says_lacking(s):
                break
            negations.append(s)
            unknown = False
        elif sentence.value_at(j):
            if unknown and not bridged and not _linked(sentence, j):
                break
            _take_value(sentence, j, negations)
            return
        elif (
            s.used
            or (s.mark in COMMAS and not _opens_relative(sentence, j + 1))
            or s.roles & {"own"}
            or (s.amount is not None and not s.entries)
            or ("want" in s.roles and any(not p.is_glue and not p.roles for p in sentence.segments[i + 1 : j]))
        ) or (unknown and s.text == "的"):
            break
        unknown, bridged = unknown or s.is_word, key_of(s.text) in BRIDGES or (bridged and not s.is_word)
        j += 1
    if _names_more(sentence, i) or not refuse_before(sentence, i):
        _unmet_words(sentence, i)
    for n in negations:
        n.used = n.used or "glue"


def _opens_relative(sentence: Sentence, j: int) -> bool:
    """Tell whether a relative clause with a second "not" opens at ``j``: "nichts, was nicht rot ist"."""
    following = sentence.segments[j : j + 3]
    return (
        len(following) > 1 and key_of(following[0].text) in _RELATIVE and any("not" in p.roles for p in following[1:])
    )


def _take_value(sentence: Sentence, j: int, negations: list[Segment]) -> None:
    """Settle what one or more negations before the value at ``j`` and at most one after it make of the value.

    A lack that is refused is a wish ("nothing without a sauna", 不是红色的不要); an aversion that is denied is neither ("I don't hate
    red"); three are in doubt.
    """
    after = _closing_negation(sentence, j, negations)
    if len(negations) == 1 and not after:
        _take_refused(sentence, j, negations, refused=True)
    elif len(negations) + len(after) > MAX_NEGATIONS:
        sentence.doubt(j, [*negations, *after])
    elif any("averse" in n.roles for n in negations[1:]):
        _set_free(sentence, j, negations)
    elif after and not _lacks(sentence, negations[0], after[0]):
        if len(negations) == 1 and _reinforces(sentence, after[0]):
            after[0].used = "not"
            _take_refused(sentence, j, negations, refused=True)
            return
        sentence.doubt(j, [*negations, *after])
    else:
        for n in after:
            n.used = "not"
        _take_refused(sentence, j, negations, refused=False)


def _reinforces(sentence: Sentence, last: Segment) -> bool:
    """Tell whether a second negation only says the first again of "it" or "them": "no red I hate it"."""
    rest = [s for s in sentence.segments[sentence.place(last) + 1 :] if not s.mark]
    return last.text.isascii() and [key_of(s.text) for s in rest[:1]] in (
        ["it"],
        ["them"],
        ["that"],
        ["those"],
        ["ones"],
    )


def _set_free(sentence: Sentence, j: int, negations: Sequence[Segment]) -> None:
    """Take the value at ``j`` as neither wanted nor refused."""
    for entry in sentence.segments[j].entries:
        sentence.found.wishes.append(Wish(entry, [sentence.segments[j]], released=True))
    for s in (*negations, sentence.segments[j]):
        s.used = "release"


def _says_lacking(s: Segment) -> bool:
    """Tell whether a negation says what a thing lacks or is not, so that a noun may stand before it: "no room without a sauna"."""
    words = key_of(s.text).split(" ")
    return key_of(s.text) in LACKING | STATES or words[0] in STATES or "except" in s.roles


def _closing_negation(sentence: Sentence, j: int, negations: Sequence[Segment]) -> list[Segment]:
    """Return the negation that closes the clause of the value at ``j`` and refuses nothing else: "without a sauna I won't buy", 不是红色的不要."""
    wide = bool({"conditional", "except"} & negations[0].roles) or _is_conditional(sentence, negations[0])
    k, comma = j + 1, False
    while k < len(sentence.segments) and not sentence.stops(k):
        s = sentence.segments[k]
        if s.mark in COMMAS:
            following = sentence.segments[k + 1 :][:3]
            if comma or not (wide or any(key_of(p.text) in REST for p in following)):
                return []
            comma = True
        elif s.roles & {"not", "not_after"} and not s.used and not s.entries and "nor" not in s.roles:
            return [s] if _refuses_nothing_else(sentence, k) else []
        elif s.used or ((sentence.value_at(k) or s.amount is not None) and not _same_list(sentence, k, j)):
            return []
        k += 1
    return []


def _same_list(sentence: Sentence, k: int, j: int) -> bool:
    """Tell whether the values at ``k`` and ``j`` stand side by side or in one list."""
    return all(
        sentence.segments[n].entries or sentence.segments[n].is_glue or sentence.segments[n].roles & LINKS
        for n in range(j + 1, k)
    )


def _refuses_nothing_else(sentence: Sentence, k: int) -> bool:
    """Tell whether no value and no unknown noun follows the negation at ``k`` in its clause."""
    n = k + 1
    while n < len(sentence.segments) and not sentence.stops(n) and sentence.segments[n].mark not in COMMAS:
        s = sentence.segments[n]
        if sentence.value_at(n) or s.amount is not None or s.fields or "instead" in s.roles:
            return False
        n += 1
    return True


def _is_conditional(sentence: Sentence, negation: Segment) -> bool:
    """Tell whether "if" or "unless" opens the clause of a negation."""
    j = sentence.place(negation) - 1
    while j >= 0 and sentence.segments[j].is_glue:
        if "conditional" in sentence.segments[j].roles:
            return True
        j -= 1
    return False


def _lacks(sentence: Sentence, first: Segment, last: Segment) -> bool:
    """Tell whether two negations around a value make a wish: the first says what is lacking, or one is a condition or an exception."""
    said = key_of(first.text)
    if said in _UNLESS:
        return True
    if "except" in first.roles:
        return any(key_of(p.text) in REST for p in sentence.between(first, last)) or key_of(last.text) in REST
    if _is_conditional(sentence, first):
        return True
    if first.text.isascii():
        return said in LACKING and bool(
            {"i", "we", "ich", "wir"} & {w for p in (last, *sentence.between(first, last)) for w in p.words}
        )
    return said in LACKING | STATES


def _is_interjection(sentence: Sentence, i: int) -> bool:
    """Tell whether a bare "no" only opens another refusal: "no, not drama", "no I don't want that"."""
    if key_of(sentence.segments[i].text) not in ("no", "nein", "nope", "不"):
        return False
    j = i + 1
    while j < len(sentence.segments) and sentence.segments[j].mark in COMMAS:
        j += 1
    if j >= len(sentence.segments) or (sentence.segments[i].text == "不" and j == i + 1):
        return False
    following = sentence.segments[j]
    said = key_of(following.text)
    lacking = said in LACKING or said == "non" or (j == i + 1 and said.split(" ")[0] not in _NO_AGAIN)
    return "not" in following.roles and not following.entries and not lacking


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
        of = key_of(sentence.segments[k].text) in _OF
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
    while k < len(sentence.segments) and (
        sentence.segments[k].is_glue
        or "not" in sentence.segments[k].roles
        or (sentence.segments[k].mark in COMMAS and _opens_relative(sentence, k + 1))
    ):
        if "not" in sentence.segments[k].roles and not sentence.segments[k].entries:
            j = k + 1
            while j < len(sentence.segments) and sentence.segments[j].is_glue:
                j += 1
            lacking = key_of(sentence.segments[k].text) in LACKING | {"lacking", "lack", "lacks", "missing"}
            return k if (relative or lacking) and sentence.value_at(j) else None
        relative = relative or key_of(sentence.segments[k].text) in ("that", "which", "who", "die", "der", "das")
        k += 1
    return None


def _continues(sentence: Sentence, k: int, last: int) -> int | None:
    """Return the position of the next value of a refused list whose joint begins at ``k``, or None where it ends."""
    s = sentence.segments[k]
    if s.used:
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
    bridges = [n for n in range(1, len(phrase)) if _is_bridged(sentence, phrase[n - 1], phrase[n])]
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


def _is_bridged(sentence: Sentence, a: int, b: int) -> bool:
    """Tell whether "with", "in" or a relative pronoun leads from the value at ``a`` to what it has at ``b``."""
    return any(key_of(s.text) in _OF - {"of", "的", "von"} for s in sentence.segments[a + 1 : b])


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
                or ("want" in piece.roles and "not" in s.roles and not s.text.isascii())
                or (
                    "want" in piece.roles
                    and s.roles & {"not"}
                    and key_of(piece.text).split(" ")[0] in ("mochte", "will", "suche", "brauche")
                )
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
