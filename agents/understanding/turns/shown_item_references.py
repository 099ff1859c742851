"""Resolve references to the items shown last: "not that one", "more like the second", "cheaper than number 3".

"That one" is the only item shown or the first. "Cheaper" without a reference means below the price in the middle of the list, "more
expensive" above it; so does "longer" of what ``relative_limits`` finds. Without shown prices "cheaper" is a soft preference.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median_high, median_low

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.schemas import Condition, Constraint, Operator, ShownItem, ThreadMemory
from ....core.text.field_names import label_of
from ....core.text.titles import spoken
from ..utterance import NUMBER, Utterance
from .named_comparatives import named_comparatives
from .relative_limits import relatives
from .turn_phrases import asks_to_compare

_ORDINALS = {
    w: i
    for i, words in enumerate(
        (
            "first 1st erste ersten premier 第一",
            "second 2nd zweite zweiten deuxième 第二",
            "third 3rd dritte dritten troisième 第三",
            "fourth 4th 第四",
            "fifth 5th 第五",
            "sixth 6th 第六",
            "seventh 7th 第七",
            "eighth 8th 第八",
            "ninth 9th 第九",
            "tenth 10th 第十",
        )
    )
    for w in words.split()
} | {
    f"{stem}e{ending}": i
    for i, stem in enumerate(("erst", "zweit", "dritt", "viert", "fünft", "sechst", "siebt", "acht", "neunt", "zehnt"))
    for ending in ("", "r", "s", "n", "m")
}
_NOUN = r"(?:\s*(?:one|ones|item|film|movie|photo|picture|print|option|result|suggestion|choice|个|张|部|件|款|双|条|本|幅))?"
_END = r"(?=\s*(?:[,.!?;)\x02]|$|[^\x00-\x7f]|\b(?:but|and|or|only|under|over|with|in|without|from|please|than|instead|below|that|not|is|for|if|as|at|was)\b))"
_ORDINAL = rf"(?:(?:the|your|der|den|dem|die|das|le|la)\s+)?(?:very\s+)?(?P<ord>{'|'.join(_ORDINALS)}|last|最后一|cheapest|最便宜(?:的那)?|dearest|最贵(?:的那)?|most expensive){_NOUN}{_END}"
_NUMBERED = rf"(?:the\s+)?(?:number|no\.?|nr\.?|#|item|option|result)\s*(?P<num>{NUMBER})"
_DEICTIC = r"(?:any of |all of )?(?P<all>these|those|them)\b(?! (?:with|in|that))|(?P<it>(?:that|this|the) one|this|that|it|那[个件款部张]|这[个件款部张])\b(?![ -](?:is|are|time|year|week|\w+ed\b))"
_TITLE = r"(?P<title>\x03+)(?:\s*\(\x01+\))?"
_LIKENESS = r"(?:一样|类似|相似|那样|这样|那种|这种|差不多)的?"
_REF = rf"(?:{_ORDINAL}|{_NUMBERED}|{_TITLE}|{_DEICTIC})(?:{_LIKENESS})?"
_NOT = (
    r"(?:\b(?:not|except(?: for)?|but not|other than|anything but|everything but|instead of|rather than|skip|hide|remove|drop|no more|"
    r"(?:don't|do not|didn't|did not) (?:like|want|show me|need|care for)|hated?|dislike|nicht|pas|without)|不要|不是|不(?:太|怎么|是很)?喜欢|不想要|讨厌)\s*(?:like\s+|ones? like\s+)?"
)
_LIKE = (
    r"(?:(?:\b(?:show me|give me|find me|i want|i'd like)\s+)?(?:(?:\b(?:some|a few|a bit|much)\s+)?\b(?:more|something|anything|others?|ones?|some|films?|movies?|items?)\s+)?"
    r"(?:\b(?:like|similar to|along the lines of|in the style of|closer to|close to|the same as|resembling|in the vein of|comme|wie)|类似|(?:更)?像)\s*)"
)
_LIKE_AFTER = rf"(?:和|跟|与|同)?(?:(?P<ord>第[一二三四五六七八九十])|[这那])[个件款部张双条]{_LIKENESS}"
_LIKING = r"(?:\bi (?:really |quite )?(?:like|love|liked|loved|prefer|enjoyed)\s+|我?(?<!不)(?:很|更|最|比较)?喜欢)"
_LIKED = re.compile(
    rf"(?:{_ORDINAL.replace(_END, '')}|{_NUMBERED})\s+(?:(?:looks?|is|seems?|sounds?|would be)\s+(?:really |quite |very |pretty |rather )?(?:nice|good|great|lovely|interesting|fine|perfect|ok|okay)|"
    r"(?:gefällt mir|ist|sieht|klingt|wirkt)(?:\s+(?:ganz|sehr|echt|wirklich|recht|auch))?(?:\s+(?:gut|nett|schön|toll|interessant|super|gut aus|schön aus|nett aus|toll aus))?|(?:不错|挺好|很好|好看|看起来不错|还行))"
)
"""An item shown that somebody likes, before what it is to have besides: "the second looks nice, but with breakfast"."""
_CHEAPER = (
    r"(?:\b(?:something |anything |a bit |a little |slightly |much |even |ones? )*(?:cheaper|less expensive|more affordable|lower[- ]priced|less pricey|"
    r"billiger(?:es)?|günstiger(?:es)?|moins cher|(?<!not )(?<!nothing )(?<!nicht )too (?:expensive|pricey|costly|dear)|(?<!nicht )zu teuer)\b|\b(?:that's|that is|it's|das ist|ist mir)(?: mir| a bit| way| really| far| leider| doch)* (?:too much|zu viel)(?: (?:money|for me|geld|für mich))?(?=\s*(?:$|[,.!?;]))|(?:再|更)?便宜一?[点些]的?|(?:更|再)便宜的?|太贵了?|贵了|有点贵)"
)
_DEARER = (
    r"(?:\b(?:something |anything |a bit |a little |slightly |much |ones? )*(?:more expensive|pricier|dearer|higher[- ]priced|more upmarket|fancier|"
    r"teurer|plus cher)\b|(?:更|再)?贵一?[点些]的?|更贵的?|(?:更)?高档一?[点些]?的?)"
)
_THAN = rf"(?:\s*(?:ones?\s+)?(?:than|als|que|比)\s*{_REF})?"
_REPLACED = re.compile(r"\b(?:instead of|rather than|statt|anstatt|anstelle von)\s+$")
_REFUSED = re.compile(
    r"(?:\b(?:not|nothing|never|don't want|do not want|nicht|kein\w*|nichts)\s+(?:an?\s+|any\s+|ein\w*\s+|etwas\s+|even\s+|noch\s+|really\s+|unbedingt\s+|necessarily\s+)*"
    rf"|(?P<none>{_REPLACED.pattern[:-1]})|(?:不要|不想要|(?<!能)不能|别)\s*)$"
)
"""What refuses the comparative behind it; what something is asked for in place of bounds nothing."""
_TOLERATED = re.compile(
    r"^\s*(?:ones?\s+)?(?:(?:is|are|would be|will be|wäre|wären|ist|sind|geht|gehen)\s+)?(?:also\s+|auch\s+|still\s+|noch\s+|too\s+|perfectly\s+|absolut\s+)*(?:fine|ok|okay|alright|all right|in ordnung|kein problem|no problem|möglich|geht|sein)\b"
    r"|^\s*(?:的)?(?:也)?(?:没关系|没问题|无所谓|不要紧|不介意|也行|也可以|也成|可以)"
)
_MAY_BE = re.compile(
    r"\b(?:i|we)(?:'d| would|'ll)(?: also| even)? (?:take|accept|consider)\s+(?:something\s+|ones?\s+)?$|\b(?:ich|wir) (?:würde|nähme|würden|nähmen)(?: auch| sogar)?\s+$|"
    r"\b(?:can|could|may|might|kann|darf|dürfte|könnte)\s+(?:(?:it|they|es|sie|das|be|also|well|auch|ruhig|gern|gerne|noch|sogar|etwas|a bit|a little)\s+)*$|(?:可以|不介意|不怕)\s*$"
)
"""What allows more or less than was asked for, which bounds nothing: "a bit more expensive is fine", "darf auch teurer sein"."""
_OTHERS = re.compile(
    r"\b(?:something|anything|show me|any|some)\s+(?:else|others?|different(?: ones?)?|new ones)\b|\bnone of (?:these|those|them)\b|\b(?:other|different) (?:ones|options|ideas|suggestions)\b|^\s*(?:show me |give me )?(?:others?|next|more)\s*(?:please)?\s*[.!]?$|换一?[批个些组换]|还有(?:没有)?(?:别|其他|其它)的吗?|(?:看看?|要|来点)(?:别|其他|其它)的|(?:^|(?<=[\s,，。!！;；的])|(?:这|那)(?:些|几个|几款)|它们)\s*我?都不(?:太)?(?:喜欢|想要|要|行|好|合适)|再(?:多)?(?:给我)?(?:来|看|推荐)(?:看)?几[个部件张款]"
)
_CHEAPER_AFTER = rf"比\s*{_REF}(?:还|再|更|稍微)?便宜(?:一?[点些])?的?"
_DEARER_AFTER = rf"比\s*{_REF}(?:还|再|更|稍微)?贵(?:一?[点些])?的?"
_COMPARED = re.compile(rf"比\s*(?P<of>{_REF})(?:还要?|再|更|要|稍微)*")
_THAN_REF = re.compile(rf"\s*(?:ones?\s+)?(?:than|as|als|wie|que)\s*{_REF}")

BARE_REFERENCE = re.compile(rf"{_ORDINAL}|{_NUMBERED}")
"""The second one, number 3: whatever was shown."""


@dataclass
class References:
    """What references amount to; ``compared`` are items merely named, ``said`` the words of ``hard``, ``ended`` bounds of earlier turns that are refused, ``unresolved`` refer to nothing shown."""

    like: list[str] = field(default_factory=list)
    exclude: list[str] = field(default_factory=list)
    compared: list[str] = field(default_factory=list)
    hard: list[Constraint] = field(default_factory=list)
    said: list[Condition] = field(default_factory=list)
    ended: list[Constraint] = field(default_factory=list)
    soft: list[str] = field(default_factory=list)
    unresolved: list[str] = field(default_factory=list)


def take_references(u: Utterance, language: CatalogueLanguage, memory: ThreadMemory, has_photo: bool) -> References:
    """Take references to shown items out of ``u``. With a photo, "like this" means the photo."""
    found = References()
    titled = _mark_titles(u, memory.shown)
    cheaper = _take_price_comparatives(u, language, memory.shown, titled, found)
    longer = _take_comparatives(u, language, memory, titled, found) if memory.shown else []
    if memory.shown:
        for lead, target in ((_NOT, found.exclude), (_LIKE, found.like), (_LIKING, found.like)):
            for match in list(re.finditer(lead + _REF, u.low)):
                if not (has_photo and match["it"]):
                    lacking = match[0].startswith(("without", "ohne")) and match["it"]  # of what was asked, no item
                    meant = [] if lacking else _items(u, match, memory.shown, titled)
                    words = u.take(match.start(), match.end())
                    target.extend(meant)
                    found.unresolved += [] if meant else [words]
        for match in list(_LIKED.finditer(u.low)):
            found.like += _items(u, match, memory.shown, titled)
            u.take(match.start(), match.end())
        _take_bare(u, memory.shown, titled, found)
        for limit in (*cheaper, *longer):
            _bound(u, limit, memory, found)
    else:
        for match in list(re.finditer(rf"(?:{_LIKE}|{_NOT})(?:{_ORDINAL}|{_NUMBERED})", u.low)):
            found.unresolved.append(u.take(match.start(), match.end()))
    u.low = u.low.replace("\x03", "\x04")
    return found


def _take_bare(u: Utterance, shown: Sequence[ShownItem], titled: dict[int, str], found: References) -> None:
    """Take references that stand alone ("the second one") and refusals of the whole list ("something else")."""
    for match in list(re.finditer(_LIKE_AFTER, u.low)):
        index = _ORDINALS[match["ord"]] if match["ord"] else 0
        found.like.append(shown[min(index, len(shown) - 1)].item_id)
        u.take(match.start(), match.end())
    for match in list(re.finditer(rf"{_ORDINAL}|{_NUMBERED}|{_TITLE}", u.low)):
        if _is_named(match):
            meant = _items(u, match, shown, titled)
            words = u.take(match.start(), match.end())
            found.compared += meant
            found.unresolved += [] if meant or asks_to_compare(u.plain) else [words]
    others = _OTHERS.search(u.low)
    if others and not found.like:
        found.exclude += [s.item_id for s in shown]
        u.take(others.start(), others.end())


def _is_named(match: re.Match[str]) -> bool:
    """Tell whether a bare ordinal points at an item: "the second one", but not "second world war"."""
    groups = match.groupdict()
    return bool(
        groups.get("num")
        or groups.get("title")
        or re.search(
            r"(?:one|item|option|result|[个张部件款双条本幅]|个.{2,4})$|^(?:the|der|den|dem|die|das) \w+$", match[0]
        )
    )


def _mark_titles(u: Utterance, shown: Sequence[ShownItem]) -> dict[int, str]:
    """Mark every shown title that ends at a clause boundary; return start -> item id."""
    titled: dict[int, str] = {}
    boundary = r"(?=\s*(?:[,.!?;)(]|$|\b(?:but|and|only|under|over|with|in|without|from|please|or|instead|below|that|not|is|for)\b))"
    for item in sorted(shown, key=lambda s: -len(s.title)):
        title = spoken(item.title)
        if len(title) < 2:
            continue
        lead = r"(?:(?:like|to|not|but|than|of|and|compare|versus|vs\.?|for|loved?|liked?|skip|drop|hated?)\s+(?:the |a |an )?['\"]?)"
        for match in re.finditer(rf"\b{lead}(?P<t>{re.escape(title)})['\"]?{boundary}", u.plain):
            start, end = match.span("t")
            if "\x02" not in u.low[start:end] and "\x03" not in u.low[start:end]:
                u.low = u.low[:start] + "\x03" * (end - start) + u.low[end:]
                titled[start] = item.item_id
    return titled


def _items(u: Utterance, match: re.Match[str], shown: Sequence[ShownItem], titled: dict[int, str]) -> list[str]:
    groups = match.groupdict()
    if groups.get("title"):
        return [titled[match.start("title")]]
    if groups.get("all"):
        return [s.item_id for s in shown]
    if groups.get("num"):
        index = int(u.numbers[match.start("num")].value) - 1
    elif groups.get("ord"):
        index = _ordinal(groups["ord"] or "", shown)
    else:
        index = 0
    return [shown[index].item_id] if 0 <= index < len(shown) else []


def _ordinal(word: str, shown: Sequence[ShownItem]) -> int:
    priced = [(s.price, i) for i, s in enumerate(shown) if s.price is not None]
    if word in ("last", "最后一"):
        return len(shown) - 1
    if word == "cheapest" or word.startswith("最便宜"):
        return min(priced, default=(0.0, -1))[1]
    if word in ("dearest", "most expensive") or word.startswith("最贵"):
        return max(priced, default=(0.0, -1))[1]
    return _ORDINALS[word]


@dataclass(frozen=True)
class _Limit:
    """A comparative: its words, its field, whether more is wanted, whether the item compared with will do, the items it points at.

    With ``none`` something else takes its place ("lighter instead of cheaper"): it bounds nothing, but ends such a bound.
    """

    words: str
    field: str
    more: bool
    equal: bool = False
    ids: tuple[str, ...] = ()
    is_price: bool = False
    none: bool = False


def _take_price_comparatives(
    u: Utterance,
    language: CatalogueLanguage,
    shown: Sequence[ShownItem],
    titled: dict[int, str],
    found: References,
) -> list[_Limit]:
    """Take "cheaper" and "dearer" with what they point at; where no price was shown they are soft preferences."""
    price, limits = language.schema.price, []
    patterns = ((_CHEAPER_AFTER, True), (_DEARER_AFTER, False), (_CHEAPER + _THAN, True), (_DEARER + _THAN, False))
    for pattern, cheaper in patterns:
        for match in list(re.finditer(pattern, u.low)):
            if re.match(r"\s*than\s*\x01", u.low[match.end() :]):
                continue
            ids = _items(u, match, shown, titled) if any(match.groupdict().values()) else []
            allowed = _allowed(u, match.start(), match.end())
            start, refused, none = _refusal(u, match.start())
            words = u.take(*(allowed or (start, match.end())))
            if allowed and price is not None:
                limits.append(_Limit(words, price.name, not cheaper, equal=True, is_price=True, none=True))
            elif price is None or not any(s.price is not None for s in shown):
                found.soft.append(f"{'low' if cheaper else 'high'} {label_of(price.name) if price else 'price'}")
            else:
                limits.append(_Limit(words, price.name, cheaper == refused, refused, tuple(ids), True, none))
    return limits


def _refusal(u: Utterance, start: int) -> tuple[int, bool, bool]:
    """Return where a comparative at ``start`` begins with what refuses it, whether it is refused, and whether only replaced.

    A question refuses nothing: "isn't there anything cheaper?".
    """
    refused = None if _asks(u, start) else _REFUSED.search(u.before(start))
    return (start - len(refused[0]), True, bool(refused["none"])) if refused else (start, False, False)


def _allowed(u: Utterance, start: int, end: int) -> tuple[int, int] | None:
    """Return where a comparative begins and ends that is only tolerated, with what says so: it bounds nothing, but ends a bound against it."""
    if _asks(u, start):
        return None
    after, before = _TOLERATED.search(u.after(end)), _MAY_BE.search(u.before(start))
    if not (after or before):
        return None
    return start - len(before[0]) if before else start, end + after.end() if after else end


def _asks(u: Utterance, position: int) -> bool:
    """Tell whether the sentence around ``position`` is a question."""
    _, end = u.clause(position)
    return u.plain[end : end + 1] in ("?", "？") or u.plain[:end].rstrip().endswith(("吗", "么", "不"))


def _take_comparatives(
    u: Utterance, language: CatalogueLanguage, memory: ThreadMemory, titled: dict[int, str], found: References
) -> list[_Limit]:
    """Take "longer", "not as heavy" and 更大的 of any number that the items shown have, with what they point at.

    By how much ("10 kg lighter") is no limit of its own: it is said that it was not applied.
    """
    known = f"{memory.query} {' '.join(item.title for item in memory.shown)}"
    behind = {end: m for m in _COMPARED.finditer(u.low) for end in range(m.end("of"), m.end() + 1)}
    limits = list[_Limit]()
    price = language.schema.price
    for one in list(named_comparatives(u.low, language, memory.shown)):
        is_price = price is not None and one.field == price.name
        if allowed := _allowed(u, one.start, one.end):
            limits.append(_Limit(u.take(*allowed), one.field, one.more, True, (), is_price, True))
            continue
        than = _THAN_REF.match(u.low, one.end)
        ids = _items(u, than, memory.shown, titled) if than else []
        words = u.take(one.start, than.end() if than else one.end)
        limits.append(_Limit(words, one.field, one.more, one.equal, tuple(ids), is_price))
    for one in list(relatives(u.low, language, memory.shown, known, frozenset(behind))):
        than = _THAN_REF.match(u.low, one.end)
        match = than or behind.get(one.start)
        ids = _items(u, match, memory.shown, titled) if match else []
        start = behind[one.start].start() if one.start in behind else one.start
        if allowed := _allowed(u, start, one.end):
            limits.append(_Limit(u.take(*allowed), one.field, one.more, equal=True, none=True))
            continue
        replaced = _REPLACED.search(u.before(start))
        words = u.take(start - len(replaced[0]) if replaced else start, than.end() if than else one.end)
        if replaced:
            limits.append(_Limit(words, one.field, not one.more, equal=True, none=True))
            continue
        if one.by is not None:
            found.unresolved.append(u.take(one.by, one.start))
        limits.append(_Limit(words, one.field, one.more, one.equal, tuple(ids)))
    return limits


def _bound(u: Utterance, limit: _Limit, memory: ThreadMemory, found: References) -> None:
    """Add a comparative as a bound: beyond all items it points at, else those of "like the second, but", else the middle of the list.

    A refused one ends the bound that an earlier turn made of it ("lighter, I said, not cheaper").
    """
    shown = memory.shown
    ended = [c for c in memory.constraints if limit.equal and c.relative and c.field == limit.field]
    ended = [c for c in ended if c.op.startswith("<" if limit.more else ">")]
    found.ended += ended
    if ended or limit.none:
        held = any(c.field == limit.field and c.op.startswith("<" if limit.more else ">") for c in memory.constraints)
        found.unresolved += [limit.words] if held and not ended else []
        return
    ids = limit.ids or tuple(found.like)
    meant = [s for s in shown if s.item_id in ids] or [s for s in shown if not s.close] or shown
    values = [v for s in meant if (v := s.price if limit.is_price else s.numbers.get(limit.field)) is not None]
    if not values:
        found.unresolved.append(limit.words)
        return
    if ids:
        value = max(values) if limit.more != limit.equal else min(values)
    else:
        value = median_high(values) if limit.more else median_low(values)
    op: Operator = (">=" if limit.equal else ">") if limit.more else ("<=" if limit.equal else "<")
    about = {"field": limit.field, "op": op, "value": value, "source": u.source, "confidence": u.confidence}
    found.hard.append(Constraint(**about, relative=True))
    found.said.append(Condition(condition_id="", field=limit.field, op=op, value=value, words=limit.words))
