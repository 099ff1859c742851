"""Render the reasons and the opening line in Chinese, from data alone, for requests made in Chinese.

Values stay as the record has them, so that nothing is said that the record does not say; only common field names are translated.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...core.ranking.source_weights import reason_of
from ...core.schemas import Brief, Constraint, Question, RankedItem, Words
from ...core.text.chinese import han_pairs, is_chinese
from ...core.text.words import amount, number, shorten, value_text
from .constraint_wording import label, proven
from .item_reasons import Clue, of_kind

_FIELDS = {
    "price": "价格", "color": "颜色", "colour": "颜色", "base colour": "颜色", "year": "年份", "genres": "类型", "genre": "类型",
    "category": "类别", "article type": "品类", "gender": "适用人群", "season": "季节", "usage": "用途", "size": "尺寸",
    "brand": "品牌", "material": "材质", "style": "风格", "theme": "主题", "colour group": "颜色", "objects": "画面内容", "tags": "标签", "rating": "评分",
}  # fmt: skip
_OPS = {
    "<=": "不超过", "<": "低于", ">=": "不低于", ">": "高于", "=": "为", "!=": "不是", "in": "为以下之一：",
    "not in": "不是以下任何一种：", "contains": "含", "not contains": "不含",
}  # fmt: skip
_CONFLICTS = {
    "text_image": "照片与文字不一致，因此以文字为准。",
    "image_transcript": "照片与录音不一致，因此以录音为准。",
    "text_transcript": "文字与录音不一致，因此以文字为准。",
    "content_credentials": "有文件的内容凭证无效，因此其权重较低。",
}
_FAMILY_CLUES = (
    ("anchor", "与您指的商品相近。", ()),
    ("sound", "听起来与您的音频相似。", ("transcript",)),
    ("photo", "外观与您的照片相似。", ("caption",)),
    ("taste", "与您有相同喜好的人也选择了它。", ("history",)),
    ("described", "符合您以往喜好所体现的口味。", ("history",)),
    ("profile", "与您以前喜欢的商品相近。", ("history",)),
    ("words", "描述与您的要求相近。", ("text", "transcript")),
    ("picture", "图片与您描述的内容相近。", ("text", "transcript")),
    ("popular", "很受其他顾客欢迎。", ()),
)
MAX_PAIRS = 3
_ELSE = "其他"


def speaks_chinese(brief: Brief) -> bool:
    """Say whether the request is made in Chinese: typed, or else spoken."""
    if brief.text.strip():
        return is_chinese(brief.text)
    spoken = " ".join(e.content for e in of_kind(brief, "transcript"))
    return is_chinese(spoken)


def question_in_chinese(question: Question) -> Question:
    """Return a question with its words in Chinese; the values stay as the records have them."""
    named = [c.text for c in question.choices if c.preference is not None]
    rest = any(c.preference is None for c in question.choices)
    listed = f"{'、'.join(named)}，还是{_ELSE}" if rest else "，还是".join(("、".join(named[:-1]), named[-1]))
    choices = tuple(c if c.preference is not None else c.model_copy(update={"text": _ELSE}) for c in question.choices)
    text = f"您想要哪种{field_in_chinese(question.about)}：{listed}？"
    return question.model_copy(update={"text": text, "choices": choices})


def message_in_chinese(brief: Brief) -> Words:
    """Return the opening line: disagreement first, then what the list is and which limits all of it keeps."""
    conflict = next((_CONFLICTS.get(c.check, "") for c in brief.verdict.checks if c.state == "conflict"), "")
    limits = brief.understanding.constraints
    if not brief.items:
        asked = f"目录中没有商品符合您的要求：{_listed([_asked(c, brief) for c in limits[:4]])}。可以放宽一个条件再试。"
        return Words(
            item_id=None, text=conflict + (asked if limits else "没有找到合适的商品，请换个说法或照片再试。"), by="data"
        )
    used = [(kind, tuple(e.evidence_id for e in of_kind(brief, kind))) for kind in ("text", "caption", "transcript")]
    names = {"text": f"“{shorten(brief.text, 40)}”", "caption": "您的照片", "transcript": "您的录音"}
    basis = [names[kind] for kind, ids in used if ids or (kind == "text" and brief.text.strip())]
    opening = f"根据{'和'.join(basis)}" if basis else "先"
    text = f"{conflict}{opening}为您挑选了 {len(brief.items)} 件商品。"
    kept = [c for c in limits if all(proven(c, r.item) for r in brief.items)]
    if kept:
        text += f"都符合您的要求：{_listed([_asked(c, brief) for c in kept[:3]])}。"
    ids = dict.fromkeys(i for _, found in used for i in found)
    return Words(item_id=None, text=text, by="data", evidence_ids=tuple(ids))


def reason_in_chinese(item: RankedItem, brief: Brief) -> Words:
    """Return one or two sentences that say why ``item`` is on the list."""
    kept = [c for c in brief.understanding.constraints if proven(c, item.item)]
    found = [c for c in (_shared(item, brief), *_by_source(item, brief)) if c is not None][:1]
    if kept:
        chosen = min(kept, key=lambda c: c.field != brief.price_field)
        cited = chosen.source.partition(":")[2]
        found.append(Clue(_met(chosen, item, brief), (cited,) if cited else ()))
    if len(found) < 2:
        found.append(_detail(item, brief, [c.field for c in kept[:1]]))
    ids = dict.fromkeys(i for clue in found for i in clue.evidence_ids)
    text = "".join(clue.text for clue in found)
    return Words(item_id=item.item.item_id, text=text, by="data", evidence_ids=tuple(ids))


def _shared(item: RankedItem, brief: Brief) -> Clue | None:
    """Return the words of the request that the item's own Chinese text has."""
    record = f"{item.item.title}{item.item.text}"
    for kind in ("text", "transcript"):
        pieces = of_kind(brief, kind)
        text = brief.text if kind == "text" else "".join(e.content for e in pieces)
        shared = [pair for pair in han_pairs(text) if pair in record][:MAX_PAIRS]
        if shared:
            return Clue(f"商品信息中提到“{'”“'.join(shared)}”。", tuple(e.evidence_id for e in pieces), True)
    return None


def _by_source(item: RankedItem, brief: Brief) -> list[Clue]:
    families = {reason_of(s.source) for s in item.sources if s.score > 0}
    known = brief.user == "known"
    return [
        Clue(text, tuple(e.evidence_id for kind in kinds for e in of_kind(brief, kind)))
        for family, text, kinds in _FAMILY_CLUES
        if family in families and (known or family not in ("taste", "described", "profile"))
    ]


def _met(constraint: Constraint, item: RankedItem, brief: Brief) -> str:
    have = item.item.attributes[constraint.field]
    shown = _value(constraint.field, have, brief)
    if constraint.op in ("<=", "<", ">=", ">"):
        return f"{field_in_chinese(constraint.field)}{shown}，符合您“{_asked(constraint, brief)}”的要求。"
    return f"{field_in_chinese(constraint.field)}为{shown}，符合您的要求。"


def _detail(item: RankedItem, brief: Brief, told: Sequence[str]) -> Clue:
    for name, value in item.item.attributes.items():
        if name not in told and value not in ("", []):
            return Clue(f"{field_in_chinese(name)}：{shorten(_value(name, value, brief), 60)}。")
    return Clue("这是目录中最接近的商品之一。")


def _asked(constraint: Constraint, brief: Brief) -> str:
    return (
        f"{field_in_chinese(constraint.field)}{_OPS[constraint.op]}{_value(constraint.field, constraint.value, brief)}"
    )


def _value(field: str, value: object, brief: Brief) -> str:
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, list):
        return _listed([str(v) for v in value])
    if isinstance(value, int | float):
        if field == brief.price_field:
            return f" {amount(value, brief.price_unit)} ".rstrip()
        return f" {value:.0f}" if "year" in field.lower() else f" {number(value)}"
    return value_text(value) if isinstance(value, str) else str(value)


def field_in_chinese(name: str) -> str:
    """Return a field's name in Chinese where it is a common one, else as the catalogue has it."""
    plain = label(name)
    return "价格" if plain.startswith("price") else _FIELDS.get(plain, plain)


def _listed(parts: Sequence[str]) -> str:
    return "、".join(parts)
