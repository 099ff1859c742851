"""No record and no request, however odd, breaks the words of an answer or its checks, and none takes long."""

from __future__ import annotations

import time
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tastemaker.agents.explaining.rendered import render_composition
from tastemaker.agents.explaining.sentence_check import check_message, check_words
from tastemaker.core.schemas import Brief, Constraint, Evidence, Item, RankedItem, SourceScore, Understanding

WORDS = st.sampled_from(
    [
        "free",
        "from",
        "not",
        "no",
        "“",
        "”",
        "{says}",
        "{",
        "}",
        "nuts",
        "so",
        "is",
        "-",
        "0",
        "1,000",
        "红色",
        "不要",
        "it",
        "None",
        "NaN",
        "\n",
        "'",
    ]
)
TEXT = st.one_of(st.text(max_size=40), st.lists(WORDS, max_size=12).map(" ".join))
VALUE = st.one_of(TEXT, st.floats(allow_nan=False, allow_infinity=False), st.booleans(), st.lists(TEXT, max_size=3))
NAME = st.one_of(
    st.sampled_from(["price", "year", "baseColour", "genres", "allergens", "价格"]), st.text(min_size=1, max_size=12)
)
OPERATOR = st.sampled_from(["<=", ">=", "<", ">", "=", "!=", "in", "not in", "contains", "not contains"])


@st.composite
def briefs(draw: st.DrawFn) -> Brief:
    items = []
    for rank in range(1, draw(st.integers(1, 4)) + 1):
        attributes = draw(st.dictionaries(NAME, VALUE, max_size=4))
        title = draw(TEXT.filter(bool))
        item = Item(item_id=str(rank), title=title, text=draw(TEXT), attributes=attributes)
        sources = (
            SourceScore(source=draw(st.sampled_from(["full_text", "popularity", "graph", "x"])), rank=1, score=1),
        )
        items.append(RankedItem(item=item, rank=rank, score=1.0, sources=sources))
    held = []
    for name, value in items[0].item.attributes.items():
        op = draw(OPERATOR)
        wanted = (
            [str(value)] if "in" in op.split() else str(value) if isinstance(value, list) or "contains" in op else value
        )
        if op[0] not in "<>" or (isinstance(value, float) and not isinstance(value, bool)):
            fields: dict[str, Any] = {"field": name, "op": op, "value": wanted, "source": "text", "confidence": 1.0}
            held.append(Constraint.model_construct(None, **fields))
    text = draw(TEXT)
    said = Evidence(evidence_id="text-1", kind="text", source="request", content=text, confidence=1)
    return Brief.model_construct(
        **dict(Brief(text=text, evidence=(said,), items=tuple(items), price_field="price", price_unit="EUR"))
        | {"understanding": Understanding.model_construct(**dict(Understanding()) | {"constraints": tuple(held), "unparsed": (text,)})}
    )  # fmt: skip


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(briefs(), TEXT)
def test_nothing_raises(brief: Brief, sentence: str) -> None:
    made = render_composition(brief)
    assert all(w.text.strip() for w in (made.message, *made.reasons))
    check_words(sentence, brief.items[0].item, brief, ["Other"])
    check_message(sentence, brief)


def test_long_and_repetitive_texts_take_no_time() -> None:
    for text in (
        "sold " * 4000,
        "not " * 4000,
        "a, " * 6000,
        "x" * 19_000,
        "free from " * 1900,
        "“" * 19_000,
        "0" * 19_000,
    ):
        item = Item(item_id="1", title="Thing", text=text[:20_000])
        brief = Brief(text=text[:4000], items=(RankedItem(item=item, rank=1, score=1.0),))
        began = time.process_time()
        render_composition(brief)
        check_words(text[:280], item, brief, ())
        assert time.process_time() - began < 1.5, text[:10]
