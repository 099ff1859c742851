"""Wishes and refusals put in hundreds of ways keep their sign, whatever value of whatever shop stands in them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tastemaker.agents.understanding.reader import read

from ..shops.loader import SHOPS
from ..shops.probes import PROBES, Probe, sign_of

DATA = Path(__file__).parent / "templates"
BOTH = 9


def _rows(name: str) -> list[list[str]]:
    lines = (DATA / name).read_text(encoding="utf-8").splitlines()
    return [line.split("|") for line in lines if line and not line.startswith("#")]


WAYS = [(lang, template, expected) for lang, _, template, expected in _rows("ways_to_say_yes_and_no.txt")]
RARER = [(lang, template, expected) for lang, template, expected in _rows("rarer_ways_to_say_yes_and_no.txt")]
KNOWN = {("{V} makes me sick", "German"), ("不能没有{V}", "苹果"), ("少不了{V}", "苹果")}
"""Left unread, and named: "German makes" are makers, and 苹果 is a fruit, too."""


def _text(template: str, probe: Probe) -> str:
    return template.format(V=probe.said, N=probe.noun)


def _fault(template: str, expected: str, probe: Probe) -> str:
    """Return what is wrong with how one request is read, or an empty string."""
    text = _text(template, probe)
    sign = sign_of(probe.shop, text, probe.field, probe.value)
    wanted = int(expected.rstrip("?"))
    if sign == BOTH or (wanted and sign == -wanted) or (expected == "0" and sign):
        return f"{text!r} is turned round: {sign}"
    loose = expected.endswith("?") or (template, probe.said) in KNOWN
    return "" if loose or sign == wanted else f"{text!r} is not read"


def _faults(ways: list[tuple[str, str, str]], probes: list[Probe], step: int) -> list[str]:
    found = []
    for n, (lang, template, expected) in enumerate(ways):
        own = [p for p in probes if p.lang == lang]
        found += [_fault(template, expected, probe) for probe in own[n % step :: step]]
    return [f for f in found if f]


def test_a_wish_and_a_refusal_keep_their_sign_in_every_wording() -> None:
    assert _faults(WAYS, PROBES, 7) == []


@pytest.mark.slow
def test_a_wish_and_a_refusal_keep_their_sign_in_every_wording_for_every_value() -> None:
    assert _faults(WAYS, PROBES, 1) == []


def test_no_rarer_wording_turns_a_sign_round() -> None:
    assert _faults(RARER, PROBES, 13) == []


@pytest.mark.slow
def test_no_rarer_wording_turns_a_sign_round_for_any_value() -> None:
    assert _faults(RARER, PROBES, 1) == []


REFUSED = [line[0] for line in _rows("ways_to_refuse_a_number.txt")]


@pytest.mark.parametrize(
    ("comparison", "up"), [("over {n}", True), ("{n} or more", True), ("less than {n}", False), ("{n} or less", False)]
)
def test_no_refused_comparison_is_asked_for(comparison: str, up: bool) -> None:
    kept = [
        text
        for shop, field, number in (("boats", "length_m", "10 m"), ("phones", "price", "400 dollars"))
        for refusal in REFUSED
        for text in [refusal.format(c=comparison.format(n=number))]
        if any(
            c.field == field and c.op in ((">", ">=") if up else ("<", "<="))
            for c in read(text, SHOPS[shop]).conditions
        )
    ]
    assert kept == []


_CERTAIN = [(lang, t, e) for lang, t, e in WAYS if e in ("1", "-1")]
_BEFORE = {
    "en": ["", "hi, ", "please: ", "Hello there. ", "for my kitchen, ", "I am in a hurry. ", "well, "],
    "de": ["", "Hallo, ", "Guten Tag. ", "also, "],
    "zh": ["", "你好，", "请问，", "麻烦了。"],
}
_AFTER = {
    "en": ["", ".", " please", ", thanks", "!", ". Thank you so much", ", and quickly"],
    "de": ["", ".", " bitte", ", danke", "!"],
    "zh": ["", "。", "，谢谢", "！"],
}


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_frame_turns_a_sign_round(data: st.DataObject) -> None:
    lang, template, expected = data.draw(st.sampled_from(_CERTAIN))
    probe = data.draw(st.sampled_from([p for p in PROBES if p.lang == lang]))
    text = data.draw(st.sampled_from(_BEFORE[lang])) + _text(template, probe) + data.draw(st.sampled_from(_AFTER[lang]))
    change = data.draw(st.sampled_from(["", "upper", "lower", "capitalize"]))
    text = getattr(text, change)() if change else text
    sign = sign_of(probe.shop, text, probe.field, probe.value)
    assert sign not in (-int(expected), BOTH), text


_BETWEEN = {
    "en": [". ", "; ", "! ", ", but ", ", though "],
    "de": [". ", "; ", "! ", ", aber ", ", dafür "],
    "zh": ["。", "；", "，", "，但是", "，不过"],
}
"""Behind "and" and a mere comma a refusal may go on: these open a clause of their own."""


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_two_wishes_beside_each_other_keep_their_signs(data: st.DataObject) -> None:
    lang = data.draw(st.sampled_from(["en", "de", "zh"]))
    ways = [w for w in _CERTAIN if w[0] == lang]
    _, one, sign_one = data.draw(st.sampled_from(ways))
    _, two, sign_two = data.draw(st.sampled_from(ways))
    first = data.draw(st.sampled_from([p for p in PROBES if p.lang == lang]))
    second = data.draw(st.sampled_from([p for p in PROBES if p.shop == first.shop and p.lang == lang]))
    if first.field == second.field:
        return
    text = _text(one, first) + data.draw(st.sampled_from(_BETWEEN[lang])) + _text(two, second)
    assert sign_of(first.shop, text, first.field, first.value) not in (-int(sign_one), BOTH), text
    assert sign_of(second.shop, text, second.field, second.value) not in (-int(sign_two), BOTH), text
