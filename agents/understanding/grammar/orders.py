"""Read in which order items are wanted, and what they should be more or less of."""

from __future__ import annotations

from collections.abc import Sequence

from ....core.language.catalogue_language import without_unit
from ....core.language.field_concepts import comparison_words, superlatives
from ....core.language.keys import key_of
from ....core.language.word_groups import word_group
from .number_fields.limit_columns import is_limit
from .segments import Segment
from .sentence import Sentence

REACH = 3
"""Segments between a superlative or "sort by" and the field that it is about."""
REFUSING = frozenset(("not", "except"))
_TOO = frozenset(("too", "zu", "太", "overly", "way too", "far too", "much too", "viel zu"))
GERMAN_RANKS = ("zweit", "dritt", "viert", "funft")
_LENGTHS = ("length", "länge", "laenge", "长度", "时长", "片长")
"""What a field's name says that "longest" and "shortest" are about before pages and the like."""
_COPULAS = frozenset(("is", "are", "am", "ist", "sind", "the"))
_CONDITIONS = ("long", "lang")
_AT_HOME = ("speed", "bandwidth", "mass")
"""Measures that superlatives of several measures mean before others: the fastest, the heaviest."""
_LEADING = ("price", "fee", "rating", "year", "popularity", "discount")
"""Concepts whose superlatives mean them before others."""
_ENDINGS = {2: "nd", 3: "rd"}
RANKS = {
    word: rank
    for rank, words in enumerate(
        (
            "second zweite zweiten zweites 第二",
            "third dritte dritten drittes 第三",
            "fourth vierte vierten viertes 第四",
            "fifth funfte funften funftes 第五",
        ),
        2,
    )
    for word in (*words.split(), f"{rank} {_ENDINGS.get(rank, 'th')}")
}
"""Ordinals before a superlative, with the place they ask for."""


def orders(sentence: Sentence) -> None:
    """Read "cheapest", "most powerful", "the shortest commute", "sorted by price": which items come first."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries:
            continue
        if _ranked_in_chinese(sentence, i):
            continue
        ends = {c.role for c in s.comparisons} & {"most", "least"}
        if not (ends or (not s.comparisons and key_of(s.text) in superlatives())):
            continue
        if _is_wish(sentence, i) or _refused_order(sentence, i):
            continue
        of = _end_of_wait(sentence, i)
        if s.used:
            continue
        of = of or _end_of_named(sentence, i) or _end_of_own(sentence, s) or _end_of_size(sentence, s)
        if of is None and _is_open(sentence, s):
            sentence.found.unmet.append((s.start, s.end))
            s.used = "unmet"
        if of is not None:
            name, descending = of
            _set_order(sentence, name, descending != _takes_last(sentence, i), s)
            _swallow_first(sentence, i)
    _comparatives_first(sentence)
    for i, s in enumerate(sentence.segments):
        if s.used or not s.roles & {"most", "least", "ascending", "descending", "sorted"} or s.entries:
            continue
        if _refused_order(sentence, i):
            continue
        if not _sort(sentence, i, s) and key_of(s.text) in comparison_words():  # "the biggest" where no field is a size
            sentence.found.unmet.append((s.start, s.end))
            s.used = "unmet"


def _ranked_in_chinese(sentence: Sentence, i: int) -> bool:
    """Read 第二便宜, an ordinal before a plain adjective."""
    s, after = sentence.segments[i], sentence.segments[i + 1 : i + 2]
    if key_of(s.text) not in RANKS or s.text.isascii() or not after or after[0].used or after[0].entries:
        return False
    end = next((c for c in after[0].comparisons if c.role in ("high", "more", "low", "less")), None)
    if end is None:
        return False
    _set_order(sentence, end.field, end.role in ("high", "more"), after[0])
    return True


def _end_of_own(sentence: Sentence, s: Segment) -> tuple[str, bool] | None:
    """Return the field whose superlative it is, of several the one that it names; None where two fit equally."""
    ends = [c for c in s.comparisons if c.role in ("most", "least")]
    named = [c for c in ends if _is_named_in(sentence, c.field, s)]
    named = named or [c for m in _AT_HOME for c in ends if sentence.language.fields[c.field].measure == m]
    if not ends or (not named and _is_open(sentence, s)):
        return None
    end = (named or ends)[0]
    return end.field, end.role == "most"


def _is_named_in(sentence: Sentence, name: str, s: Segment) -> bool:
    """Tell whether a superlative has a field's own label in it: the 续航 of 续航最长."""
    label = key_of(" ".join(without_unit(sentence.language.fields[name].field)[0]))
    told = any(noun in name.casefold() for noun in _LENGTHS) and key_of(s.text) in word_group("longest_words")
    return told or (bool(label) and label in key_of(s.text))


def _is_open(sentence: Sentence, s: Segment) -> bool:
    """Tell whether a superlative is that of fields of several measures, neither a price: the longest of pages and minutes."""
    fields = [sentence.language.fields[c.field] for c in s.comparisons if c.role in ("most", "least")]
    if any(f.concept in _LEADING for f in fields):
        return False
    return len({f.measure for f in fields if f.measure}) > 1


def _end_of_size(sentence: Sentence, s: Segment) -> tuple[str, bool] | None:
    """Return the only field of a length, an area or a volume that a superlative of size may be about: "the smallest gecko"."""
    signs = superlatives().get(key_of(s.text), {})
    if s.comparisons or not {"length", "area"} & signs.keys():
        return None
    sizes = [f for m in ("length", "area", "volume") for f in sentence.language.of_measure(m)]
    if len(sizes) != 1 or is_limit(sizes[0].field):
        return None
    return sizes[0].field.name, signs.get("length", signs.get("area", False))


def _end_of_wait(sentence: Sentence, i: int) -> tuple[str, bool] | None:
    """Return the field of how long one waits, for "the quickest delivery"; such words never order by how fast a thing is."""
    key, j = key_of(sentence.segments[i].text), i + 1
    if key not in word_group("soonest_words"):
        return None
    while j < len(sentence.segments) and sentence.segments[j].is_glue:
        j += 1
    after = sentence.segments[j] if j < len(sentence.segments) else None
    if after is None or after.used or not ("terms" in after.roles or set(after.words) & word_group("waiting_columns")):
        return None
    waits = [
        f
        for f in sentence.language.of_measure("time")
        if any(w in f.field.name.casefold() for w in word_group("waiting_columns"))
    ]
    if not waits:
        sentence.found.unmet.append((sentence.segments[i].start, after.end))
        sentence.segments[i].used = after.used = "unmet"
        return None
    after.used = "order"
    return waits[0].field.name, False


def _end_of_named(sentence: Sentence, i: int) -> tuple[str, bool] | None:
    """Return the field that a superlative's noun names, and whether the most of it comes first: "shortest commute"."""
    s, beside = sentence.segments[i], field_after(sentence, i)
    signs = superlatives().get(key_of(s.text), {})
    if beside is None:
        beside = _named_before(sentence, i)
    if beside is None:
        return None
    piece = sentence.segments[beside]
    own = next((c for c in s.comparisons if c.field in piece.fields and c.role in ("most", "least")), None)
    name = own.field if own else _number_field(sentence, piece.fields)
    if name is None:
        return None
    measure = sentence.language.fields[name].measure
    like = {"length": "distance", "distance": "length"}.get(measure, measure)
    sign = signs.get(measure, signs.get(like))
    if own is None and sign is None and len(set(signs.values())) != 1:
        return None
    piece.used = "order"
    return name, own.role == "most" if own else next(iter(signs.values())) if sign is None else sign


def _named_before(sentence: Sentence, i: int) -> int | None:
    """Return the position of the number whose name a superlative follows: "where the grip is highest", 押金最低."""
    s, j = sentence.segments[i], i - 1
    while j >= 0 and i - j <= REACH and key_of(sentence.segments[j].text) in _COPULAS and s.roles & {"most", "least"}:
        j -= 1
    named = j >= 0 and (j < i - 1 or not s.text.isascii()) and sentence.segments[j].fields
    return j if named and not sentence.segments[j].used else None


def field_after(sentence: Sentence, i: int) -> int | None:
    """Return the position of the number field named just after ``i``, over glue: "lowest in sugar"."""
    j = i + 1
    while (
        j < len(sentence.segments)
        and j <= i + REACH
        and sentence.segments[j].is_glue
        and not sentence.segments[j].fields
    ):
        j += 1
    if j >= len(sentence.segments) or j > i + REACH:
        return None
    s = sentence.segments[j]
    return j if s.fields and not s.entries and not s.used and s.amount is None else None


def _is_wish(sentence: Sentence, i: int) -> bool:
    """Tell whether 最好 only says what would be best, as it does beside a value: 最好黑色, 有露台最好, but not 最好的耳机."""
    s, after = sentence.segments[i], sentence.segments[i + 1 : i + 2]
    if s.text.isascii() or "soft" not in s.roles or (after and after[0].text == "的"):
        return False
    return (
        (bool(after) and after[0].amount is not None) or sentence.value_at(sentence.next(i)) or sentence.value_at(i - 1)
    )


def _refused_order(sentence: Sentence, i: int) -> bool:
    """Note a refused superlative as not applied, and take one that need not be as said: "not the cheapest", 不一定要最近的."""
    j = i - 1
    while j >= 0 and sentence.segments[j].is_glue and not sentence.segments[j].roles & REFUSING:
        j -= 1
    if j >= 0 and "release" in sentence.segments[j].roles and not sentence.segments[j].used:
        sentence.segments[j].used = sentence.segments[i].used = "release"
        return True
    if j < 0 or not sentence.segments[j].roles & REFUSING or sentence.segments[j].used:
        return False
    sentence.found.unmet.append((sentence.segments[j].start, sentence.segments[i].end))
    for piece in sentence.segments[j : i + 1]:
        piece.used = "unmet"
    return True


def _comparatives_first(sentence: Sentence) -> None:
    """Read "cheaper ones first"."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries:
            continue
        end = next((c for c in s.comparisons if c.role in ("more", "less")), None)
        if end is not None and not sentence.negated_before(i) and _swallow_first(sentence, i):
            _set_order(sentence, end.field, end.role == "more", s)


def _takes_last(sentence: Sentence, i: int) -> bool:
    """Take the "last" of "fewest reviews last", which turns an order round."""
    for j in range(i + 1, min(i + REACH, len(sentence.segments))):
        s = sentence.segments[j]
        if key_of(s.text) in word_group("last_words") and not s.used and not s.entries:
            s.used = "order"
            return True
        if not (s.is_glue or s.is_word or s.fields):
            return False
    return False


def _swallow_first(sentence: Sentence, i: int) -> bool:
    """Take the "first" of "newest first" and "cheaper ones first"."""
    j = i + 1
    while (
        j < len(sentence.segments)
        and j <= i + REACH
        and (sentence.segments[j].is_glue or (j == i + 1 and sentence.segments[j].is_word))
        and key_of(sentence.segments[j].text) not in word_group("first_words")
    ):
        j += 1
    if (
        j >= len(sentence.segments)
        or key_of(sentence.segments[j].text) not in word_group("first_words")
        or sentence.segments[j].used
    ):
        return False
    sentence.segments[j].used = "order"
    return True


def _sort(sentence: Sentence, i: int, s: Segment) -> bool:
    """Read "sort by price", "price low to high", "most doors", "top 5 by rating"; tell whether some field is meant."""
    sorts = s.roles & {"ascending", "descending", "sorted"}
    top = key_of(s.text) == "top"
    reach = REACH if sorts or top else 1
    around = [j for d in range(1, reach + 1) for j in (i + d, i - d) if 0 <= j < len(sentence.segments)]
    near = [j for j in around if not sentence.segments[j].used and not sentence.segments[j].entries]
    of = next((n for j in near if (n := _number_field(sentence, sentence.segments[j].fields))), None)
    price, ratings = sentence.language.schema.price, sentence.language.of_measure("rating")
    if of is None and top and ratings:
        of = ratings[0].field.name
    if of is None and s.roles & {"ascending", "descending"} and price is not None:
        of = price.name
    if of is None:
        return False
    beside = [j for j in (i, *around) if not sentence.segments[j].used]
    ways = {r for j in beside for r in sentence.segments[j].roles & {"ascending", "descending"}}
    high = bool(s.roles & {"most", "descending"}) or "descending" in ways
    if "sorted" in s.roles and not ways:
        high = sentence.language.fields[of].better == "high"
    _set_order(sentence, of, high, s)
    for j in near:
        more = sentence.segments[j].words[:1] in (("then",), ("and",), ("再",), ("然",))
        if of in sentence.segments[j].fields or (
            sorts and not more and sentence.segments[j].roles & {"ascending", "descending", "sorted"}
        ):
            sentence.segments[j].used = "order"
    return True


def _in_currency_asked(sentence: Sentence, of: str) -> str:
    """Return the price that the request limits, where an order by price leaves open in which currency: "the cheapest bag under 50 dollars"."""
    fields = sentence.language.fields
    if fields[of].concept != "price":
        return of
    return next(
        (b.field for b in sentence.found.bounds if fields[b.field].concept == "price" and fields[b.field].field.unit),
        of,
    )


def _set_order(sentence: Sentence, of: str, descending: bool, s: Segment) -> None:
    found = sentence.found
    of = _in_currency_asked(sentence, of)
    if found.order is None:
        found.order = (of, descending, s)
        found.rank = _rank(sentence, sentence.place(s))
    elif found.then is None and found.order[0] != of:
        found.then = (of, descending, s)
        if s.start < found.order[2].start:
            found.order, found.then = found.then, found.order
    s.used = "order"


def _rank(sentence: Sentence, i: int) -> int:
    """Return the place that an ordinal before the superlative at ``i`` asks for, or that its word begins with: "zweitgünstigste"."""
    word = key_of(sentence.segments[i].text)
    compound = next((n for n, lead in enumerate(GERMAN_RANKS, 2) if word.startswith(lead)), 1)
    before = sentence.segments[i - 1] if i else None
    if compound > 1 or before is None or before.used:
        return compound
    rank = RANKS.get(key_of(before.text), 1)
    if rank == 1 and before.mark == "-" and i > 1:
        before = sentence.segments[i - 2]
        rank = RANKS.get(key_of(before.text), 1)
    if rank > 1:
        before.used = "order"
    return rank


def _number_field(sentence: Sentence, names: Sequence[str]) -> str | None:
    return next((n for n in names if sentence.language.fields[n].field.type == "number"), None)


def _is_likened(sentence: Sentence, i: int) -> bool:
    """Tell whether an adjective compares with what is not shown: "twice as heavy as mine", "so teuer wie letztes Jahr", 比去年便宜."""
    after = sentence.segments[i + 1] if i + 1 < len(sentence.segments) else None
    if after is not None and key_of(after.text) in ("as", "wie", "than", "als"):
        return True
    j = i - 1
    while j >= 0 and not (sentence.segments[j].mark or sentence.segments[j].used):
        if sentence.segments[j].text == "比":
            return True
        j -= 1
    return False


def leanings(sentence: Sentence) -> None:
    """Read "cheap", "not too expensive", "something newer": what moves the order and bounds nothing."""
    for i, s in enumerate(sentence.segments):
        if s.used or not s.comparisons or (s.entries and not s.roles & {"too"}):
            continue
        role = next((c.role for c in s.comparisons if c.role in ("high", "more", "low", "less")), "")
        if not role:
            continue
        if _is_likened(sentence, i):
            s.used = "glue" if key_of(s.text) in _CONDITIONS else "unmet"  # "as long as it is dry"
            sentence.found.unmet += [] if s.used == "glue" else [(s.start, s.end)]
            continue
        of = next(c.field for c in s.comparisons if c.role == role)
        high = role in ("high", "more")
        j = i - 1
        while (
            j >= 0
            and (sentence.segments[j].is_glue or "too" in sentence.segments[j].roles)
            and "not" not in sentence.segments[j].roles
        ):
            j -= 1
        negated = j >= 0 and "not" in sentence.segments[j].roles and not sentence.segments[j].used
        if negated:
            for k in range(j, i):
                sentence.segments[k].used = "leaning"
        if s.fields and not negated and role in ("high", "low") and key_of(s.text) in sentence.language.names:
            continue
        much = i > 0 and key_of(sentence.segments[i - 1].text) in _TOO and not negated  # "too expensive" asks for less
        sentence.found.leanings.append((of, high != (negated or much), s))
        s.used = "leaning"
