"""Hold a Chinese sentence to the very phrases of its record: nothing else is let through, as its words cannot be told apart.

A sentence is cut at words that claim nothing; each part must be a whole phrase of the record, a value as the wording says it, or, after
"您要的", words of the request that it does not refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...core.schemas import Brief, Item
from ...core.text.words import plain_text
from .wording import wording

MIN_CHARACTERS = 5
_ASKED = re.compile(r"(?:您|你)(?:要的|想要的?|提到的?|说的|要)(?P<words>[^，。；、]*)")
_GLUE = re.compile(r"这一?[款件种个]|本[款品]|商品|产品|以及|而且|并且|它的?|[是有为由的了和与及也还并，。、；！ ]")
_BOUNDS = re.compile(r"[，。；！？、,.;!?\s：:（）()]+")
_INNER = re.compile(r"[的和与及是有]")
_LIMITS = re.compile(
    r"[不没无非未免勿忌别禁拒防低少半仿假代约近]|可能|也许|或许|大概|除外|另售|另购|另配|需要?|仅|只|最[多少低高]|至[多少]|以[上下内外]|左右|部分|个别|避"
)
"""Words that turn, bound or weaken what stands beside them: a phrase that has one is quoted whole."""
_MONEY = re.compile(r"元|[¥￥$€]|价|折|优惠|免费|包邮")


def unquoted_chinese(text: str, item: Item, brief: Brief) -> str | None:
    """Return why a Chinese sentence about ``item`` must not be shown, or None if all of it is quoted."""
    if len(text) < MIN_CHARACTERS or not text.endswith("。") or _MONEY.search(text):
        return "not a whole sentence without a price"
    asked = [m["words"] for m in _ASKED.finditer(text)]
    wanted = {_bare(p) for p in _BOUNDS.split(brief.text) if p and not _LIMITS.search(p)}
    for words in asked:
        if not _bare(words) or not any(_bare(words) in wish for wish in wanted):
            return f"was not asked for: {words}"
    known = phrases_of(item, brief)
    parts = [p for p in _GLUE.split(_ASKED.sub("，", text)) if p]
    wrong = next((p for p in parts if p not in known), None)
    return f"not a phrase of the record: {wrong}" if wrong else None if parts else "says nothing specific"


def phrases_of(item: Item, brief: Brief) -> frozenset[str]:
    """Return the phrases of a record that may be repeated: its clauses whole and, where nothing in them turns or bounds, their parts."""
    found = set[str]()
    for clause in _BOUNDS.split(f"{item.title}。{plain_text(item.text)}"):
        found.add(_bare(clause))
        if not _LIMITS.search(clause):
            found.update(_bare(p) for p in _INNER.split(clause))
    words = wording("zh")
    for name, value in item.attributes.items():
        if name == brief.price_field or isinstance(value, bool):
            continue
        for one in value if isinstance(value, list) else [value]:
            said = words.says(name, [one] if isinstance(one, str) else one, brief)
            found.update(_parts((said, str(one) if isinstance(one, str) else f"{words.label(name)}{one:g}")))
    return frozenset(p for p in found if len(p) > 1)


def _parts(texts: Iterable[str]) -> Iterable[str]:
    return (p for text in texts for p in (text, *_GLUE.split(text)) if p)


def _bare(text: str) -> str:
    return "".join(_GLUE.split(text))
