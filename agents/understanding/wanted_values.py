"""Turn mentions of catalogue values into predicates, soft preferences, refusals and releases.

A value is required when it is named plainly in a request ("red dress") or after a word of requirement ("only red"); it is
refused after a negation, released after "doesn't have to be", no wish at all inside a name ("like Star Wars"), and a soft preference after "maybe", "I like", "about" or in
a story that is not the request itself. A plain mention that two fields share stays soft.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ...core.schemas import CatalogueField, CatalogueSchema, Constraint, Operator
from ...core.text.catalogue_values import Mention, closed_entries, find_mentions, find_sizes
from ...core.text.field_names import field_names, names_pattern
from .amounts import MIN_HARD_CONFIDENCE
from .query_text import REQUEST, STORY_WORDS
from .utterance import WINDOW, Utterance

MAX_MENTIONS = 40
Manner = Literal["required", "stated", "soft", "refused", "released", "named", "local"]
_GLUE = (
    r"(?:[\s-]+(?:any|the|a|an|of|with|in|from|more|too|those|these|that|such|be|is|are|to|ones?|really|by|for|want|like|show|me|"
    r"have|has|containing|featuring|any more|else|de|des|du|the colou?r|films?|movies?|items?|things?|stuff))*[\s-]*$"
)
_REFUSE = re.compile(
    r"(?:\b(?:no|not|without|except(?: for)?|excluding|exclude|but not|anything but|everything but|all but|other than|"
    r"apart from|avoid|skip|hates?|dislikes?|(?:do not|don't|dont|didn't|doesn't|never|can't) (?:want|like|need|stand|show(?: me)?|give me|include|have|wear)|"
    r"isn't|aren't|never|non|neither|nor|nothing|anything except|free of|rather than|instead of|sick of|tired of|kein(?:e|en|er|es)?|nicht|ohne|außer|sans|pas)\b|不要|不是|没有|除了|别|不想要|不喜欢|讨厌)"
    + _GLUE
)
_RELEASE = re.compile(
    r"(?:\b(?:does not|doesn't|do not|don't|need not|needn't) (?:have|need) to be|\bforget (?:about )?|\bno longer|\bnot necessarily|"
    r"\bnot (?:only|just)|\bdrop|\bremove|\bnever mind|\bdon't care (?:about|for|if it'?s)|不一定(?:要|非要)?|不必(?:是)?|不用(?:是)?|可以不(?:是|要))\s*(?:the |a |in )*$"
)
_REQUIRE = re.compile(
    r"(?:\b(?:only|just|must(?: be| have| contain)?|ha(?:s|ve) to (?:be|have)|needs? to (?:be|have)|strictly|exclusively|nur|all|it'?s got to be|"
    r"make (?:it|them|that)|in|definitely)|只要|必须)" + r"(?:\s+(?:in|the|a|an|be|with|colou?r))*[\s-]*$"
)
_SOFT = re.compile(
    r"\b(?:prefer(?:ably|red)?|ideally|maybe|perhaps|possibly|might|(?:i|we|he|she|they) (?:really |usually |also |generally )?(?:like|love|enjoy)[sd]?|"
    r"would be nice|about|lieber|vorzugsweise|bit of|touch of|kind of|sort of|hint of|"
    r"for (?:a|an|the|my|our|his|her|their|your)|(?:with|to|of|by|from) (?:my|our|his|her|their|your))(?:\s+(?:a|an|the|some|in|of|something|new|old|big|little|small))*[\s-]*$|\b(?:my|our|his|her|their)\s+$"
)
_SOFT_AFTER = re.compile(
    r"[\w\s-]{0,20}\b(?:if possible|would be nice|preferred|preferably|maybe|or similar|ish)\b|ish\b"
)
_LIKES = re.compile(r"\b(?:i|we|he|she|they|would|'d|also|really)\s+like\s+(?:[\w']+\s+){0,3}$")
_LINK = re.compile(
    r"\s*,?\s*\b(?P<any>or|nor|oder|ou)\b\s+(?:any\s+|the\s+|an?\s+|no\s+|in\s+)?|\s*,?\s*(?:\band\b|&|\bund\b|\bet\b)\s+|\s*/\s*|\s*(?:和|或|、)\s*"
)
_COMMA = re.compile(r"\s*,\s*")
_NOUN_AFTER = re.compile(r"\s+(?:films?|movies?|pictures?|photos?|prints?|items?|ones?|things?|stuff)\b")
_STRICT = re.compile(
    r"(?:(?<!\bthe )\b(?:only|strictly|exclusively|must (?:be|have|contain))|只要|必须)(?:\s+(?:in|the|a|an))*\s*$"
)


@dataclass
class Wishes:
    """What value mentions amount to. ``released`` holds (field, value) pairs that no longer matter, ``spans`` what became hard
    and ``mentioned`` every value that was named."""

    hard: list[Constraint] = field(default_factory=list)
    soft: list[str] = field(default_factory=list)
    released: list[tuple[str, str]] = field(default_factory=list)
    spans: list[tuple[int, int]] = field(default_factory=list)
    mentioned: list[tuple[int, int]] = field(default_factory=list)


def take_wishes(u: Utterance, schema: CatalogueSchema, is_local: Callable[[Mention], bool] | None = None) -> Wishes:
    """Read every value mention of ``u``; refused and released ones leave the query, the others stay in it.

    What ``is_local`` to one part of a plan is only searched for, unless it is refused: as a preference of the whole it would
    draw the other parts towards it.
    """
    mentions = sorted([*find_mentions(u.low, schema), *find_sizes(u.plain, u.low, schema)], key=lambda m: m.start)
    mentions = mentions[:MAX_MENTIONS]
    u.known = tuple(u.plain[m.start : m.end] for m in mentions)
    manners = _manners(u, mentions, is_local)
    wishes = Wishes(mentioned=[(m.start, m.end) for m in mentions])
    positive: list[tuple[CatalogueField, str, bool]] = []
    for i, (mention, manner) in enumerate(zip(mentions, manners, strict=True)):
        if manner == "refused":
            wishes.hard += [_refusal(u, f, v) for f, v in mention.entries]
        elif manner == "released":
            wishes.released += [(f.name, v) for f, v in mention.entries]
        elif manner not in ("named", "local"):
            chosen = _choose(u, mention, manner, schema)
            if chosen is None or u.confidence < MIN_HARD_CONFIDENCE:
                wishes.soft.append(u.text[mention.start : mention.end])
            else:
                positive.append((*chosen, i > 0 and _any_link(u, mentions[i - 1], mention)))
                wishes.spans.append((mention.start, mention.end))
    wishes.hard += _requirements(u, positive)
    for mention, manner in zip(mentions, manners, strict=True):
        if manner in ("refused", "released"):
            noun = _NOUN_AFTER.match(u.low, mention.end)
            u.take(_negation_start(u, mention), noun.end() if noun else mention.end)
    return wishes


def _manners(u: Utterance, mentions: Sequence[Mention], is_local: Callable[[Mention], bool] | None) -> list[Manner]:
    manners: list[Manner] = []
    for i, mention in enumerate(mentions):
        own = _manner(u, mention)
        if own == "stated" and i and manners[-1] in ("refused", "released") and _chained(u, mentions, i):
            own = manners[-1]
        if own in ("required", "stated", "soft") and is_local and is_local(mention):
            own = "local"
        manners.append(own)
    return manners


def _manner(u: Utterance, mention: Mention) -> Manner:
    before, after = u.before(mention.start), u.after(mention.end)
    if _RELEASE.search(before):
        return "released"
    if _REFUSE.search(before) or re.match(r"[\s-]free\b", after):
        return "refused"
    if _is_named(u, mention):
        return "named"
    if _SOFT.search(before) or _SOFT_AFTER.match(after):
        return "soft"
    if _REQUIRE.search(before) or re.match(r"\s+(?:ones?|only)\b", after):
        return "required"
    is_story = len(u.plain.split()) > STORY_WORDS and not REQUEST.search(u.plain[slice(*u.clause(mention.start))])
    return "soft" if is_story else "stated"


def _is_named(u: Utterance, mention: Mention) -> bool:
    """Tell whether the mention is part of a name: in quotes, after "like", or amid other capitalised words."""
    first = mention.start - len(u.before(mention.start))
    before, after = u.text[first : mention.start], u.text[mention.end : mention.end + WINDOW]
    if re.search(r"\"[^\"]*$|“[^”]*$", before) and re.match(r"[^\"”]*[\"”]", after):
        return True
    if re.search(
        r"\b(?:like|similar to|called|named|titled)\s+(?!an?\b|the\b|this\b|that\b|these\b|those\b|some\b)(?:[\w']+\s+){0,3}$",
        before.lower(),
    ):
        return _LIKES.search(before.lower()) is None
    if not u.text[mention.start].isupper() or u.text.isupper():
        return False
    left = re.search(r"(?:^|\S\s+)([A-Z][\w']*)\s+$", before)
    is_first = bool(left) and not before[: left.start(1)].strip() if left else False
    right = re.match(r"\s+[A-Z][a-z]", after)
    return bool((left and not is_first) or right) and not _all_known(u, mention)


def _all_known(u: Utterance, mention: Mention) -> bool:
    """Tell whether the capitalised words around a mention are themselves marked as known values."""
    first = max(0, mention.start - WINDOW)
    left = re.search(r"(?:[A-Z][\w'-]*\s+)*$", u.text[first : mention.start])
    right = re.match(r"(?:\s+[A-Z][\w'-]*)*", u.text[mention.end : mention.end + WINDOW])
    start = first + left.start() if left else mention.start
    end = mention.end + (right.end() if right else 0)
    words = re.findall(r"[A-Z][\w'-]*", u.text[start:end])
    return all(any(w.lower() in known for known in u.known) for w in words)


def _chained(u: Utterance, mentions: Sequence[Mention], i: int) -> bool:
    """Tell whether mention ``i`` goes on with the list of the one before: "no horror, war or drama"."""
    between = u.low[mentions[i - 1].end : mentions[i].start]
    if _LINK.fullmatch(between):
        return True
    if not _COMMA.fullmatch(between):
        return False
    return i + 1 < len(mentions) and _chained(u, mentions, i + 1)


def _any_link(u: Utterance, first: Mention, second: Mention) -> bool:
    """Tell whether either will do: joined by "or", or plurals joined by "and" ("dogs and horses")."""
    link = _LINK.fullmatch(u.low[first.end : second.start])
    plural = all(re.search(r"s$|people$|men$|children$", u.plain[m.start : m.end]) for m in (first, second))
    return bool(link and (link["any"] or "/" in link[0] or "或" in link[0] or plural))


def _negation_start(u: Utterance, mention: Mention) -> int:
    before = u.before(mention.start)
    match = _RELEASE.search(before) or _REFUSE.search(before) or re.search(_LINK.pattern + r"$|\s*,\s*$", before)
    return mention.start - len(before) + match.start() if match else mention.start


def _refusal(u: Utterance, of: CatalogueField, value: str) -> Constraint:
    if of.type == "bool":
        return _constraint(u, of, "=", False)
    return _constraint(u, of, "not contains" if of.type == "list" else "!=", value)


def _choose(
    u: Utterance, mention: Mention, manner: Manner, schema: CatalogueSchema
) -> tuple[CatalogueField, str] | None:
    """Return the one field that a positive mention constrains, or None when it must stay soft."""
    named = _named_fields(u, mention, schema)
    of_named = next(((f, v) for f, v in (*mention.exact, *mention.entries) if f in named), None)
    if of_named:
        return of_named
    strict = manner == "required" and _STRICT.search(u.before(mention.start)) is not None
    entries = closed_entries(mention) or (mention.exact if strict else ())
    if manner == "soft" or not entries or (len(entries) < len(mention.exact) and not strict):
        return None
    if len(entries) == 1:
        return entries[0]
    return min(entries, key=lambda e: len(e[0].values)) if manner == "required" else None


def _named_fields(u: Utterance, mention: Mention, schema: CatalogueSchema) -> tuple[CatalogueField, ...]:
    names = names_pattern(schema)
    before = re.search(
        rf"(?<!\w)({names})(?:\s+(?:is|are|be|must be|should be|in|of))?[\s:=]+$", u.before(mention.start)
    )
    return field_names(schema)[before[1]] if before else ()


def _requirements(u: Utterance, positive: Sequence[tuple[CatalogueField, str, bool]]) -> list[Constraint]:
    """Join values of one text field to ``in``; values of a list field must all be there unless joined by "or"."""
    groups: dict[str, list[tuple[CatalogueField, str, bool]]] = {}
    for entry in positive:
        groups.setdefault(entry[0].name, []).append(entry)
    out: list[Constraint] = []
    for entries in groups.values():
        of = entries[0][0]
        values = list(dict.fromkeys(v for _, v, _ in entries))
        if of.type == "bool":
            out.append(_constraint(u, of, "=", True))
        elif len(values) > 1 and (of.type == "text" or any(joined for *_, joined in entries)):
            out.append(_constraint(u, of, "in", values))
        else:
            out += [_constraint(u, of, "contains" if of.type == "list" else "=", v) for v in values]
    return out


def _constraint(u: Utterance, of: CatalogueField, op: Operator, value: str | bool | list[str]) -> Constraint:
    return Constraint(field=of.name, op=op, value=value, source=u.source, confidence=u.confidence)
