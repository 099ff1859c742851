"""Render the reasons and the opening line from data alone: no model, nothing that the record or evidence does not say."""

from __future__ import annotations

from ...core.schemas import Brief, Composition, RankedItem, Words
from ...core.text.words import counted, listed, shorten
from .constraint_wording import describe, proven
from .item_reasons import clues, detail, limit_clue, of_kind
from .rendered_chinese import message_in_chinese, reason_in_chinese, speaks_chinese


def render_composition(brief: Brief) -> Composition:
    """Return the words of a whole response without a model."""
    return Composition(message=render_message(brief), reasons=tuple(render_reason(r, brief) for r in brief.items))


def render_reason(item: RankedItem, brief: Brief) -> Words:
    """Return one or two sentences that say why ``item`` is on the list, varied by its rank; Chinese for a Chinese request."""
    if speaks_chinese(brief):
        return reason_in_chinese(item, brief)
    found = clues(item, brief)
    limits = limit_clue(item, brief)
    telling = bool(found) and found[0].strong
    chosen = found[:1]
    if limits and (item.rank == 1 or not telling):
        chosen.append(limits)
    elif len(found) > 1 and found[1].strong:
        chosen.append(found[1])
    if len(chosen) < 2 and not (limits and chosen == [limits]):
        chosen.append(detail(item.item, brief, [w for c in chosen for w in c.words]))
    ids = dict.fromkeys(i for c in chosen for i in c.evidence_ids)
    return Words(item_id=item.item.item_id, text=" ".join(c.text for c in chosen), by="data", evidence_ids=tuple(ids))


def render_message(brief: Brief) -> Words:
    """Return the opening line: disagreement first, then what the list is and which limits all of it keeps."""
    if speaks_chinese(brief):
        return message_in_chinese(brief)
    used = _inputs(brief)
    parts = [_disagreement(brief), _unheard(brief)]
    if not brief.items:
        parts.append(_nothing(brief))
        return Words(item_id=None, text=" ".join(p for p in parts if p), by="data")
    count = counted(len(brief.items), "item")
    lead = "Here is" if len(brief.items) == 1 else "Here are"
    parts.append(f"{lead} {count}{_basis(brief, [words for words, _ in used])}.")
    kept = [c for c in brief.understanding.constraints if all(proven(c, r.item) for r in brief.items)]
    if kept:
        subject = "It keeps" if len(brief.items) == 1 else "All keep" if len(brief.items) > 2 else "Both keep"
        parts.append(f"{subject} to what you asked: {listed([describe(c, brief) for c in kept[:3]])}.")
    if brief.cold_start and not used:
        parts.append(_sentence(brief.cold_start))
    ids = dict.fromkeys(i for _, evidence in used for i in evidence)
    return Words(item_id=None, text=" ".join(p for p in parts if p), by="data", evidence_ids=tuple(ids))


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _inputs(brief: Brief) -> list[tuple[str, tuple[str, ...]]]:
    used: list[tuple[str, tuple[str, ...]]] = []
    if brief.text.strip():
        said = shorten(brief.text, 10_000)
        words = f"“{said.rstrip('.')}”" if len(said) <= 60 else "your words"
        used.append((words, tuple(e.evidence_id for e in of_kind(brief, "text"))))
    for kind, words in (("caption", "your photo"), ("transcript", "your recording")):
        found = of_kind(brief, kind)
        plural = "s" if len({e.source.partition("-frame-")[0] for e in found}) > 1 else ""
        if found and any(e.content.strip() for e in found):
            used.append((words + plural, tuple(e.evidence_id for e in found)))
    return used


def _basis(brief: Brief, used: list[str]) -> str:
    intent = brief.understanding.intent
    if intent == "compare":
        return " to compare"
    if intent == "similar" and brief.understanding.like_item_ids:
        return " close to the one you pointed at"
    if used:
        return f" for {listed(used)}"
    if brief.user == "known" and brief.liked_titles:
        return f", chosen from what you liked, such as “{shorten(brief.liked_titles[0], 60)}”"
    return " to start with" if brief.cold_start else ""


def _disagreement(brief: Brief) -> str:
    for check in brief.verdict.checks:
        if check.state != "conflict":
            continue
        if check.check == "text_image":
            return "The photo and the text disagree, so I followed the text."
        if check.check == "image_transcript":
            return "The photo and the recording disagree, so I followed the recording."
        if check.check == "text_transcript":
            return "The text and the recording disagree, so I followed the text."
        if check.check == "content_credentials":
            return "The Content Credentials of a file do not hold, so it counts for less."
    return ""


def _unheard(brief: Brief) -> str:
    """Say what a recording without words holds instead of them."""
    sounds = dict.fromkeys(e.sound for e in of_kind(brief, "transcript") if not e.content.strip() and e.sound)
    what = ["something unclear" if sound == "unclear" else sound for sound in sounds]
    return f"I heard no words in your recording, only {listed(what)}." if what else ""


def _nothing(brief: Brief) -> str:
    limits = brief.understanding.constraints
    if not limits:
        return "I found nothing for this; try other words or another photo."
    asked = listed([describe(c, brief) for c in limits[:4]])
    return f"Nothing in the catalogue meets what you asked: {asked}. Change or drop a condition and I will look again."
