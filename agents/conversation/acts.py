"""Recognise what a turn does with the items shown before: "why the first one?", "show more", "I have seen that one", "undo".

An act is recognised only in a later turn, and one about items only where some were shown. What a sentence says beyond its act is left to be read as a request.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ...core.language.catalogue_language import CatalogueLanguage
from ...core.language.word_data import key_of
from ...core.schemas import Act, Constraint, Item, Order, Reading, ShownItem, ThreadMemory
from ...core.text.titles import spoken
from ..understanding.grammar.meanings_in_context import settled
from ..understanding.reader import read

ANSWERED: frozenset[Act] = frozenset(("why", "price of", "fact", "compare", "of these", "unclear"))
"""Acts that are answered from the record: the list and the request stay as they are."""
MAX_QUESTION_CHARS = 200
MAX_SHORT_WORDS = 4
NOTHING_ASKED = Reading()


@dataclass(frozen=True)
class TurnAct:
    """What a turn does: the items it speaks of, what it asks about them, and the words left to be read as a request."""

    name: Act = "ask"
    item_ids: tuple[str, ...] = ()
    asked: Reading = NOTHING_ASKED
    fields: tuple[str, ...] = ()
    order: Order | None = None
    same_field: tuple[str, Literal["=", "!="]] | None = None
    rest: str = ""


_ORDINALS = {
    word: place
    for place, words in enumerate(
        (
            "first 1st erste ersten 第一 第1",
            "second 2nd zweite zweiten 第二 第2",
            "third 3rd dritte dritten 第三 第3",
            "fourth 4th vierte vierten 第四 第4",
            "fifth 5th fünfte fünften 第五 第5",
            "sixth 6th 第六 第6",
            "seventh 7th 第七 第7",
            "eighth 8th 第八 第8",
            "ninth 9th 第九 第9",
            "tenth 10th 第十 第10",
            "last letzte letzten 最后一",
        )
    )
    for word in words.split()
}
_LAST = 10
_POLITE = r"(?:please|pls|bitte|thanks|thank you|ok|okay|hm+|well|so|and|but|then|no|yes|oh|und|那|请|好的?)"
_LEAD = rf"^(?:\W|{_POLITE}\b)*"
_TAIL = r"(?:\W|please|pls|bitte|now|then|again|吧|呢|一下)*$"
_ORDINAL = "|".join(sorted(map(re.escape, _ORDINALS), key=len, reverse=True))
_PLACE = re.compile(
    rf"(?<![a-z\d])(?:the\s+)?(?P<ord>{_ORDINAL})(?:\s*(?P<n>two|three|2|3)\b|个|款|件|部|张|\b)|(?:\bnumber|\bno\.|\bnr\.?|#|\bitem|\boption)\s*(?P<num>\d{{1,2}})\b"
)
_DIGITS = re.compile(r"(?<![\w.])(\d{1,2})(?:st|nd|rd|th)?(?![\w.])|(?<=[和与跟第])(\d{1,2})")
_ALL = re.compile(r"\b(?:these|those|them|they|all|both|diese)\b|这些|它们|都")
_ONE = re.compile(r"\b(?:it|its|that|this|that one|this one|es|das)\b|(?:这|那)[个款件部张]|它")
_SUBJECT = rf"(?:\x03+|it|its|that|this|they|these|those|them|both|(?:the\s+)?(?:{_ORDINAL})|(?:number|no\.|nr\.?|#|item|option)\s*\d)"

_UNDO = re.compile(
    rf"{_LEAD}(?:undo(?: (?:that|it|the last (?:one|step|change)))?|go back(?: (?:one step|a step))?|take (?:that|it) back|revert(?: that)?|"
    rf"(?:forget|scratch|ignore|cancel) (?:the|my) last (?:one|thing|step|request|message|sentence|change)(?: i said)?|"
    rf"(?:back to )?the (?:previous|earlier) (?:list|results|ones)|rückgängig(?: machen)?|zurück|撤销|撤回|返回(?:上一步)?|上一步|退回去?|还是刚才的|取消刚才的?){_TAIL}"
)
_MORE = re.compile(
    rf"{_LEAD}(?:(?:can|could|may) (?:you|i|we) )?(?:(?:show|give|get|see|have|find|let me see|i want|i'd like)\s+(?:me |us )?)?(?:(?:some|a few|the|any|one) )*"
    rf"(?:more(?: (?:options|results|ones|items|of (?:these|those|them)))?|others?|other ones|next(?: (?:one|ones|page|item))?|another(?: one)?|different ones|"
    rf"(?:something|anything) (?:else|different)|what else(?: (?:do you have|is there|have you got))?|keep going|go on|weiter|mehr|noch (?:mehr|eins?)|"
    rf"还有(?:没有|吗|别的吗|别的|其他的吗|其他的|更多)*|更多|多来几个|下一[个批页款]|换一?[个批款]|再来一?[个批些]|再来几个|继续|(?:看看)?别的){_TAIL}"
)
_SEEN = re.compile(
    rf"(?:\b(?:i|we)(?:'ve|ve| have| had)?(?: already| just)? (?:seen|saw|watched|read|bought|own|played|heard|tried)(?: already)?"
    rf"|\b(?:i|we)(?:'ve|ve)?(?: already (?:have|got)| (?:have|got) already)|(?:^|\balready )(?:seen|watched|read|bought|own)"
    rf"|\b(?:i|we) (?:have|got)(?= {_SUBJECT}(?: \w+)? already)|\bhabe ich schon|\bkenne ich schon)"
    rf" {_SUBJECT}(?: (?:one|ones|film|movie|book|two|three)\b)*(?: (?:already|before|too|as well))*"
    r"|(?:这|那|第[一二三四五六七八九十])?[个款件部本]?(?:我|我们)?(?:都)?(?:已经)?(?:看|买|读|吃|喝|用|玩|听)过了?|我?已经有(?:这个)?了"
)
_WHY = re.compile(
    rf"{_LEAD}(?:why(?! not)|how come|what made you|for what reason|wieso|warum|为什么|为何|为啥|凭什么|怎么会?推荐)"
)
_PRICE = re.compile(
    r"\bhow (?:much|expensive)\b|\bwhat(?:'s| is|s| does| do| are)?\b[^?]*\b(?:price|prices|costs?)\b|\bprice of\b|\bwas kostet\b|\bwie teuer\b|"
    r"多少钱|什么价|几块钱|价格(?:是|怎么样|呢|多少)|怎么卖"
)
_DIFFERENCE = re.compile(
    r"\bdifferences?\b|\bcompare\b|\bdiffer\b|\bversus\b|\bvs\b|\b(?:which|what)(?: one)?(?:'s| is) better\b|\bunterschied\b|区别|对比|比较一下|有什么不同|哪个更?好"
)
_YES_NO = re.compile(
    rf"{_LEAD}(?:does|do|is|are|has|have|can|was|were|did|will|hat|ist|gibt es)\s+{_SUBJECT}(?:\s+(?:one|ones|film|movie|two))?\s+(?P<about>.+)"
)
_WHAT = re.compile(rf"{_LEAD}(?:in |on |by )?(?:what|which|who|how|when|where|welche\w*|wer|wie|wo)\b(?! about\b)")
_OPEN = re.compile(rf"{_WHAT.pattern}|什么|多少|谁|哪|几|多[长大重久]")
_WISHES = re.compile(
    r"\b(?:like|similar|than|instead|want|need|looking|prefer|do you have|have you got)\b|类似|一样|想要|有没有"
)
_CONCEPTS = (
    (re.compile(r"\bwho(?:'s| is| are| plays| stars| acts| appears)\b[^?]*\bin\b|\bwho stars\b|谁演|有谁"), ("cast",)),
    (re.compile(r"\bwho (?:directed|made|shot|filmed)\b|谁导"), ("director", "brand")),
    (re.compile(r"\bwho (?:wrote|is it by)\b|谁写"), ("author", "director", "artist")),
    (re.compile(r"\bwho (?:makes|produces|sells)\b|\bwhich company\b|哪家|什么牌子"), ("brand",)),
    (re.compile(r"\bwho (?:sings|plays)\b|谁唱"), ("artist",)),
    (re.compile(r"\bwhere\b|哪里|哪儿|哪国"), ("country",)),
    (re.compile(r"\bwhen\b|哪年|哪一年|什么时候"), ("year",)),
)
"""Questions that name no field, and the concepts that may answer them."""
_ZH_ASKS = re.compile(r"(?:吗|么|没有)\s*[？?]?\s*$|什么|多少|多长|多大|多重|哪里|谁|几[个分克元]")
_OF_THESE = re.compile(
    rf"\b(?:of|among|from|out of|between|von) (?:these|those|them|all of them|the ones shown|diesen)\b|其中|这些(?:里面?|当中|中)?|{_LEAD}which (?:one )?(?:of \w+ )?(?:is|has)\b|哪一?个最"
)
_DESCRIBED = re.compile(
    rf"{_LEAD}(?:that|this|it|these|those)(?:'s| is|'re| are)?(?:n't| not| no)(?: really)?(?: an?| the| in)? (?P<about>.+)|^(?:这|那)个?不是(?P<zh>.+)"
)
_THAT_FIELD = re.compile(
    r"(?P<other>\b(?:(?:not|no more(?: of)?|without|except|anything but|don't (?:like|want)|do not (?:like|want)|other than|nicht)\s+(?:that|this|the same|diese\w*)|"
    r"(?:a |any |some )?(?:different|another|other|andere\w*))|换一?个|不要(?:这个|那个|同一个)|别的)\s*(?P<name>[\w-]+(?: [\w-]+)?)"
    r"|(?P<same>\b(?:the )?same|\bgleiche\w*|同一个|同样的)\s*(?P<name2>[\w-]+(?: [\w-]+)?)"
)


def read_act(text: str, memory: ThreadMemory, language: CatalogueLanguage) -> TurnAct:
    """Return what a turn does; ``ask`` where it only states or changes a wish. Takes time in proportion to the text."""
    low, shown = spoken_low(text), memory.shown
    if not memory.turn or not text.strip() or len(text) > MAX_QUESTION_CHARS:
        return TurnAct(rest=text)
    act = _whole_turn(low)
    if act is None and shown:
        act = (
            _seen(low, text, shown) or _question(low, text, shown, language) or _that_field(low, text, shown, language)
        )
    return act or TurnAct(rest=_meant(low, text, language))


def spoken_low(text: str) -> str:
    """Return the text in lower case with plain apostrophes, of the same length where lower case keeps it."""
    return text.lower().replace("’", "'")


def referred(low: str, shown: Sequence[ShownItem], *, digits: bool = False) -> tuple[str, ...]:
    """Return the ids of the shown items that are spoken of, in the order of the text; with ``digits`` bare numbers count."""
    found: list[tuple[int, int]] = []
    for match in _PLACE.finditer(low):
        if match["num"]:
            found.append((match.start(), int(match["num"]) - 1))
            continue
        place = _ORDINALS[match["ord"]]
        n = {"two": 2, "2": 2, "three": 3, "3": 3}.get(match["n"] or "", 1)
        start = len(shown) - n if place == _LAST else place
        found += [(match.start(), start + i) for i in range(n)]
    if digits:
        found += [(m.start(), int(m[1] or m[2]) - 1) for m in _DIGITS.finditer(low)]
    for index, item in enumerate(shown):
        named = re.search(rf"(?<!\w){re.escape(spoken(item.title))}(?!\w)", low) if len(item.title) > 2 else None
        found += [(named.start(), index)] if named else []
    ids = [shown[index].item_id for _, index in sorted(found) if 0 <= index < len(shown)]
    if not ids and _ALL.search(low):
        ids = [item.item_id for item in shown]
    if not ids and _ONE.search(low):
        ids = [shown[0].item_id]
    return tuple(dict.fromkeys(ids))


def _meant(low: str, text: str, language: CatalogueLanguage) -> str:
    """Return a complaint about what is shown as the wish that it is: "that's no sedan" means a sedan; else the text itself."""
    match = _DESCRIBED.search(low)
    if match is None or len(low) != len(text):
        return text
    about = text[match.start("about" if match["about"] else "zh") :]
    conditions = read(about, language).conditions
    return about if conditions and not any(c.refused for c in conditions) else text


def _whole_turn(low: str) -> TurnAct | None:
    """Return an act that is all a turn says."""
    if _UNDO.search(low):
        return TurnAct("undo")
    return TurnAct("more") if _MORE.search(low) else None


def _seen(low: str, text: str, shown: Sequence[ShownItem]) -> TurnAct | None:
    titles = "|".join(sorted((re.escape(spoken(item.title)) for item in shown), key=len, reverse=True))
    marked = re.sub(rf"(?<!\w)(?:{titles})(?!\w)", lambda m: "\x03" * len(m[0]), low)
    match = _SEEN.search(marked)
    if match is None or len(low) != len(text):
        return None
    ids = referred(low[match.start() : match.end()], shown) or (shown[0].item_id,)
    rest = f"{text[: match.start()]} {text[match.end() :]}".strip(" ,.;!?，。、")
    return TurnAct("seen", ids, rest="" if _MORE.search(rest.lower()) else rest)


def _question(low: str, text: str, shown: Sequence[ShownItem], language: CatalogueLanguage) -> TurnAct | None:
    """Return a question about items shown; their titles and places are no part of what is asked."""
    ids = referred(low, shown)
    if _WHY.search(low):
        return TurnAct("why", ids or tuple(item.item_id for item in shown))
    if _DIFFERENCE.search(low):
        compared = referred(low, shown, digits=True)
        compared = compared or (tuple(item.item_id for item in shown) if len(shown) == 2 else ())
        return TurnAct("compare", compared) if len(compared) > 1 else None
    if _PRICE.search(low) and (ids or not read(_PRICE.sub(" ", low), language).conditions):
        return TurnAct("price of", ids or tuple(item.item_id for item in shown[:1]))
    if _OF_THESE.search(low) and (order := read(text, language).order) is not None:
        return TurnAct("of these", tuple(item.item_id for item in shown), order=order)
    return _fact(low, text, shown, language)


def _fact(low: str, text: str, shown: Sequence[ShownItem], language: CatalogueLanguage) -> TurnAct | None:
    """Return a question about a fact of items shown, or a short question that no field answers ("size 42?")."""
    ids = referred(low, shown)
    yes_no = _YES_NO.search(low)
    about = text[yes_no.start("about") :] if yes_no and len(text) == len(low) else text
    is_question = bool(yes_no or _ZH_ASKS.search(low) or _WHAT.search(low))
    if ids and is_question and not _WISHES.search(low):
        asked, fields = read(about, language), fields_in(low, language)
        if fields and _OPEN.search(low):
            return TurnAct("fact", ids, fields=fields)
        fields = () if asked.conditions else fields
        if not (asked.conditions or fields or asked.not_applied):
            asked = asked.model_copy(update={"not_applied": (about.strip(" ?？。."),)})
        return TurnAct("fact", ids, asked, fields)
    if low.rstrip().endswith(("?", "？")) and len(low.split()) <= MAX_SHORT_WORDS:
        asked = read(text, language)
        if asked.not_applied and not asked.conditions:
            return TurnAct("fact", ids or (shown[0].item_id,), asked)
    return None


def fields_in(low: str, language: CatalogueLanguage) -> tuple[str, ...]:
    """Return the catalogue fields that words name, ask for ("who is in it") or measure ("how long"), in this order."""
    segments = settled(low, language)
    named = [name for s in segments for name in s.fields]
    measured = [c.field for s in segments for c in s.comparisons]
    concepts = next((names for pattern, names in _CONCEPTS if pattern.search(low)), ())
    meant = [terms.field.name for name in concepts for terms in language.of_concept(name)][:1]
    return tuple(dict.fromkeys(named or meant or measured))


def _that_field(low: str, text: str, shown: Sequence[ShownItem], language: CatalogueLanguage) -> TurnAct | None:
    """Return "not that brand", "the same colour": a wish about one field's value of an item shown."""
    for match in _THAT_FIELD.finditer(low):
        words = (match["name"] or match["name2"]).split()
        for n in range(len(words), 0, -1):
            fields = language.names.get(key_of(" ".join(words[:n])), ())
            if fields and len(text) == len(low):
                ids = referred(low[match.end() :], shown) or (shown[0].item_id,)
                end = match.end() - len(" ".join(words)) + len(" ".join(words[:n]))
                rest = f"{text[: match.start()]} {text[end:]}".strip(" ,.;!?，。、")
                return TurnAct("refine", ids[:1], same_field=(fields[0], "=" if match["same"] else "!="), rest=rest)
    return None


def value_constraints(act: TurnAct, items: Sequence[Item]) -> list[Constraint]:
    """Return "not that brand" as a condition, from the record of the item spoken of; none where it has no such value."""
    if act.same_field is None or not items:
        return []
    field, op = act.same_field
    value = items[0].attributes.get(field)
    if value is None or value == []:
        return []
    if isinstance(value, list):
        return [Constraint(field=field, op="in" if op == "=" else "not in", value=value, source="text")]
    return [Constraint(field=field, op=op, value=value, source="text")]
