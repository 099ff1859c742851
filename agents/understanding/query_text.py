"""Make a search query of what rules left of a sentence: request phrases and joints go, wishes stay."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...core.language.keys import key_of
from ...core.language.word_groups import word_group

STORY_WORDS = 25
REQUEST = re.compile(
    r"\b(?:show|want|looking|look|need|recommend|suggest|find|give|get|buy|search|searching|watch|see|only|must|please|prefer|like)\b"
)
_FILLER = re.compile(
    r"\b(?:hi|hello|hey|please|thanks|thank you|(?:can|could|would|will) you(?: please)?|(?:show|give|find|get|send|tell) (?:me|us)|recommend(?: me| us)?|suggest(?: me)?|"
    r"i(?:'d| would)(?: like| love)?(?=\s*(?:$|[,.!?]))|i(?:'m| am| was)? (?:looking|searching|hunting) for|looking for|search(?:ing)? for|i(?:'d| would) (?:like|love)(?: to (?:see|watch|buy|have|get|find|read|play))?|"
    r"i (?:really )?(?:want|need|wish)(?: to (?:see|watch|buy|have|get|find|read|play|spend|pay))?|do you have|have you got|any (?:ideas|recommendations|suggestions)(?: for)?|what (?:about|do you have)|how about|"
    r"something|anything|some|make it|make them|it (?:must|should|has to|needs to) be|(?:must|should|has to|have to) be|instead|rather|actually|okay|ok|yes|well|um+|uh+|"
    r"(?:(?:something|anything|more|movies?|films?|ones?) )?(?:like|similar to|along the lines of)(?= [a-z])|i (?:really |also )?(?:like|love|enjoy|prefer)|maybe|perhaps|preferably|ideally|"
    r"(?:compare|comparison of|which (?:one )?is better|what is the difference between|difference between|pros and cons of)|"
    r"(?:in|from|on) (?:this|the|my) (?:photo|picture|image|clip)|this (?:photo|picture|image)|euros?|is fine|will do|works|only|just|"
    r"no idea|surprise me|"
    r"ich (?:suche|möchte|will)|zeig(?:e)? mir|je (?:cherche|veux|voudrais)|montre[- ]moi|bitte|s'il vous plaît)\b|(?:我)?(?:想要|还要|也要|只要|(?<!不)要|想看|想买|想找|想|推荐|给我看看?|给我|帮我找?|找|请|预算|有没有|不一定|不必)|总共|一共|也可以|也行|随便|随意|什么都(?:行|可以)|(?:有)?什么(?:好的|好东西)|改[成为]|换[成为]|但是|不过|最好|哪[个件款部](?:更|比较)?(?:好|合适|值)|几[部个件张款]|(?:(?<=[要想找荐我])|^)一(?:部|个|件|张|款|条|双|点|些)|(?:比较|对比)(?=\s|和|与|跟|$)|的吗"
)
_ANY_CASE = re.compile(_FILLER.pattern, re.IGNORECASE)


def clean(text: str) -> str:
    """Remove request phrases and dangling joints from what rules left; empty if nothing of substance remains."""
    text = _ANY_CASE.sub(" ", re.sub(r"\s+", " ", text).replace("’", "'"))
    text = re.sub(r"\s+", " ", text)
    text = re.sub(r" ([,.!?;:])", r"\1", text)
    text = re.sub(r"(?:[,.!?;:]\s*)+([,.!?;:])", r"\1", text)
    text = re.sub(r"\s+", " ", text).strip(" ,.!?;:-\"'。，！？的")
    text = re.sub(r"^(?:no|nope|yes|well|ok|okay)\s*,\s*", "", text, flags=re.IGNORECASE)
    trimmed = re.sub(
        r"^(?:(?:and|but|or|with|for|that|which|is|are|of|a|an|in|the)\b[\s,]*)+|(?:[\s,]+(?:and|but|or|with|for|that|which|is|are|of|a|an|in|the|at|to|from))+$",
        "",
        text,
        flags=re.IGNORECASE,
    )
    return trimmed if has_substance(trimmed) else ""


def request_part(text: str) -> str:
    """Return the sentences of a long story that ask for something; the whole text if it is short or none does."""
    if len(text.split()) <= STORY_WORDS:
        return text
    sentences = re.split(r"(?<=[.!?;])\s+|\n", text)
    asking = " ".join(s for s in sentences if REQUEST.search(s.lower()))
    return asking if clean(asking) else text


def has_substance(text: str) -> bool:
    """Tell whether a text has a word that names something."""
    return any(
        key_of(word) not in word_group("empty_words") for word in re.findall(r"[^\W_]+(?:'[a-z]+)?", text.lower())
    )


def join_queries(parts: Sequence[str], limit: int = 600) -> str:
    """Join parts of a query without repeating one, cut at ``limit`` characters."""
    kept: list[str] = []
    for part in parts:
        if part and part.lower() not in " ".join(kept).lower():
            kept.append(part)
    return ". ".join(kept)[:limit].strip()


_CHANGE = re.compile(
    r"\b(?:but|except|instead|rather|only)\b"
    r"|\b(?:this|that|these|those|it)(?: (?:one|photo|picture|image))?,? (?:in|with|without|made)\b"
    r"|但|不过|换成|改成|只要",
    re.IGNORECASE,
)


def asks_for_change(text: str) -> bool:
    """Tell whether words beside something shown say how it is to differ: "like this, but in red", not "this for my wall"."""
    return _CHANGE.search(text) is not None
