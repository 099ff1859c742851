"""Write an answer as Markdown for a chat: what was understood, the items, the words, what was missing; everything of a record is escaped."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from ...core.ranking.cross_modal import SearchResponse
from ...core.schemas import Language, RecommendResponse
from ...core.text.chinese import is_chinese
from .answer_language import language_of_answer

_SPECIAL = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&])")
_LABELS = {
    "en": {"kept": "Kept to", "not_applied": "Not applied", "missing": "Made without", "moved": "In another order now"},
    "de": {
        "kept": "Berücksichtigt",
        "not_applied": "Nicht berücksichtigt",
        "missing": "Ohne",
        "moved": "Jetzt in anderer Reihenfolge",
    },
    "zh": {"kept": "已按照", "not_applied": "未能应用", "missing": "缺少", "moved": "顺序有变"},
}


def plain(text: Any) -> str:
    """Return text as Markdown that shows it as it is, on one line."""
    return _SPECIAL.sub(r"\\\1", " ".join(str(text).split()))


def reading_line(
    conditions: Sequence[Mapping[str, Any]], not_applied: Sequence[str], language: Language | None = None
) -> str:
    """Return what the list keeps to, in the words that said it, and what no field expresses; empty if there is neither."""
    words = list(dict.fromkeys(str(c.get("words") or c["condition_id"]) for c in conditions))
    labels = _LABELS[language or ("zh" if is_chinese(" ".join([*words, *not_applied])) else "en")]
    told = [(labels["kept"], words), (labels["not_applied"], list(not_applied))]
    lines = [f"*{label}: {', '.join(f'“{plain(w)}”' for w in said)}*" for label, said in told if said]
    return "  \n".join(lines)


def reading_of(response: RecommendResponse) -> str:
    """Return the reading of a whole answer."""
    understood = response.understanding
    conditions = [c.model_dump(mode="json") for c in understood.conditions]
    return reading_line(conditions, understood.unparsed, understood.language)


def item_list(items: Sequence[Mapping[str, Any]], reasons: Mapping[str, str] | None = None) -> str:
    """Return the items, numbered, with link, price and, where they are known, reasons."""
    return "\n".join(
        f"{item['rank']}. {_named(item)}{_price(item)}"
        + (f"  \n   {plain(reasons[item['item_id']])}" if reasons and item["item_id"] in reasons else "")
        for item in items
    )


def hit_list(found: SearchResponse) -> str:
    """Return the items that a search found, numbered."""
    return item_list([hit.model_dump(mode="json") for hit in found.hits]) or "Nothing was found."


def words_after(response: RecommendResponse, shown: Sequence[str]) -> str:
    """Return what follows a list that is shown already, by ids: the message, the reasons, a question, what was missing."""
    labels, reasons = _labels(response), _reasons(response)
    ids = [item.item_id for item in response.items]
    parts = [plain(response.message)]
    if ids != list(shown):
        parts += [f"*{labels['moved']}:*", item_list(_dumped(response), reasons)]
    else:
        parts.append(
            "\n".join(f"{i.rank}. {plain(reasons[i.item_id])}" for i in response.items if i.item_id in reasons)
        )
    return "\n\n".join(filter(None, [*parts, *_ending(response)]))


def whole(response: RecommendResponse) -> str:
    """Return an answer at once."""
    items = item_list(_dumped(response), _reasons(response))
    parts = (reading_of(response), plain(response.message), items, *_ending(response))
    return "\n\n".join(filter(None, parts))


def _ending(response: RecommendResponse) -> list[str]:
    ending = []
    if response.question:
        choices = [plain(c.text) for c in response.asked.choices] if response.asked else []
        ending.append(f"**{plain(response.question)}**" + (f" ({' / '.join(choices)})" if choices else ""))
    if response.degraded:
        parts = dict.fromkeys(plain(label.what.replace("_", " ")) for label in response.degraded)
        ending.append(f"*{_labels(response)['missing']}: {', '.join(parts)}*")
    return ending


def _labels(response: RecommendResponse) -> Mapping[str, str]:
    return _LABELS[language_of_answer(response.message, response.understanding)]


def _reasons(response: RecommendResponse) -> dict[str, str]:
    return {item.item_id: item.reason.text for item in response.items if item.reason is not None}


def _dumped(response: RecommendResponse) -> list[dict[str, Any]]:
    return [item.model_dump(mode="json") for item in response.items]


def _named(item: Mapping[str, Any]) -> str:
    title, link = f"**{plain(item['title'])}**", _link(item.get("url"))
    return f"[{title}]({link})" if link else title


def _link(url: str | None) -> str:
    """Return an address that can stand in Markdown; empty for what is no address of the web."""
    try:
        scheme = urlsplit(url or "").scheme
    except ValueError:
        return ""
    return quote(url or "", safe=":/?#@!$&'*+,;=%~-._") if scheme in ("http", "https") else ""


def _price(item: Mapping[str, Any]) -> str:
    price = item["attributes"].get("price")
    if isinstance(price, bool) or not isinstance(price, int | float):
        return ""
    return f" · {price:.2f}" if price % 1 else f" · {price:.0f}"
