"""Render the reasons and the opening line from data alone: no model, nothing that the record or evidence does not say."""

from __future__ import annotations

from dataclasses import dataclass

from .grounding import trusted
from .limits import describe, how_met, label, proven
from .schemas import Brief, Composition, Evidence, Item, RankedItem, SourceScore, Words
from .wording import (
    affirmed_stems,
    amount,
    content_words,
    counted,
    listed,
    plain_text,
    quoted,
    shorten,
    stem,
    value_text,
)

_FAMILIES = {
    "text_vector": "words",
    "full_text": "words",
    "text_to_image": "picture",
    "image_vector": "photo",
    "image_to_text": "photo",
    "similar_to_shown": "anchor",
    "co_occurrence": "taste",
    "profile_vector": "profile",
    "popularity": "popular",
}
CLEAR_RANK = 30
"""A source's word counts as a reason down to this rank in its own list; co-occurrence and anchors at any rank."""


@dataclass(frozen=True)
class Clue:
    """One sentence and the evidence it rests on."""

    text: str
    evidence_ids: tuple[str, ...] = ()


def render_composition(brief: Brief) -> Composition:
    """Return the words of a whole response without a model."""
    return Composition(message=render_message(brief), reasons=tuple(render_reason(r, brief) for r in brief.items))


def render_reason(item: RankedItem, brief: Brief) -> Words:
    """Return one or two sentences that say why ``item`` is on the list, varied by its rank."""
    record = _record(item.item)
    families = {_family(s.source) for s in item.sources if s.score > 0 and _is_clear(s)}
    clues = [
        _slot(item),
        _anchor(brief, families),
        _shared_words(item, brief, record),
        _photo(item, brief, record, families),
        _preference(item, brief, record),
        _taste(brief, families),
        _profile(brief, families),
        _meaning(brief, families),
        _popular(brief, families, item.rank),
    ]
    found = [c for c in clues if c is not None]
    limits = _limits(item.item, brief, item.rank)
    chosen = found[: 1 if limits else 2] + ([limits] if limits else [])
    if not chosen or (len(chosen) == 1 and found and not _names_item(found[0])):
        chosen.append(_fact(item.item, brief))
    ids = dict.fromkeys(i for c in chosen for i in c.evidence_ids)
    return Words(item_id=item.item.item_id, text=" ".join(c.text for c in chosen), by="data", evidence_ids=tuple(ids))


def render_message(brief: Brief) -> Words:
    """Return the opening line: disagreement first, then what the list is and which limits all of it keeps."""
    used = _inputs(brief)
    parts = [_disagreement(brief)]
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


def _record(item: Item) -> set[str]:
    values = " . ".join(value_text(v) for v in item.attributes.values() if not isinstance(v, bool))
    return affirmed_stems(f"{item.title} . {plain_text(item.text)} . {values}")


def _slot(item: RankedItem) -> Clue | None:
    labels = [s.source.partition(":")[2] for s in item.sources if s.source.startswith("deliberate:")]
    return Clue(f"It is the “{labels[0]}” of your set.") if labels and labels[0] != "compare" else None


def _family(source: str) -> str:
    return "slot" if source.startswith("deliberate:") else _FAMILIES.get(source, "other")


def _is_clear(score: SourceScore) -> bool:
    return score.rank <= CLEAR_RANK or _family(score.source) in {"taste", "anchor", "slot"}


def _names_item(clue: Clue) -> bool:
    return "“" in clue.text


def _of_kind(brief: Brief, kind: str) -> list[Evidence]:
    return [e for e in trusted(brief.evidence, brief.verdict.distrusted) if e.kind == kind]


def _shared_words(item: RankedItem, brief: Brief, record: set[str]) -> Clue | None:
    spoken = _of_kind(brief, "transcript")
    limits = {stem(w) for c in brief.understanding.constraints for w in content_words(f"{c.field} {c.value}")}
    for text, evidence, verb in (
        (brief.text, _of_kind(brief, "text"), "asked for"),
        (" ".join(e.content for e in spoken), spoken, "said"),
    ):
        shared = [w for w in content_words(text) if stem(w) in record and stem(w) not in limits][:3]
        if shared:
            return Clue(_shared_sentence(shared, verb, item.rank), tuple(e.evidence_id for e in evidence))
    return None


def _shared_sentence(shared: list[str], verb: str, rank: int) -> str:
    words = listed(quoted(shared))
    those = "it is" if len(shared) == 1 else "both are" if len(shared) == 2 else "all are"
    asked = "from your request" if verb == "asked for" else "from your recording"
    return (
        f"It matches {words} {asked}.",
        f"You {verb} {words}, and {those} in its description.",
        f"Its description has the {words} you {verb}." if verb == "asked for" else f"It has {words}, as you said.",
    )[(rank - 1) % 3]


def _photo(item: RankedItem, brief: Brief, record: set[str], families: set[str]) -> Clue | None:
    captions = _of_kind(brief, "caption")
    for caption in captions:
        seen = [t.label for t in caption.tags] or content_words(caption.content)
        shared = [w for w in seen if content_words(w) and all(stem(c) in record for c in content_words(w))][:2]
        if shared:
            shows = "is" if len(shared) == 1 else "are"
            words = listed(quoted(shared))
            text = f"{words[0]}{words[1:2].upper()}{words[2:]} {shows} both in your photo and in its description."
            return Clue(text, (caption.evidence_id,))
    if "photo" not in families or (brief.verdict.distrusted and not captions):
        return None
    whose = "one of your photos" if len(captions) > 1 else "your photo"
    text = f"It looks like {whose}." if item.rank % 2 else f"In looks it is among the closest to {whose}."
    return Clue(text, tuple(c.evidence_id for c in captions))


def _preference(item: RankedItem, brief: Brief, record: set[str]) -> Clue | None:
    wished = [p for p in brief.understanding.preferences if content_words(p)]
    kept = [p for p in wished if all(stem(w) in record for w in content_words(p))]
    return Clue(f"It has the {listed(quoted(kept[:2]))} you would like.") if kept and item.rank else None


def _taste(brief: Brief, families: set[str]) -> Clue | None:
    if "taste" not in families or brief.user != "known":
        return None
    ids = tuple(e.evidence_id for e in _of_kind(brief, "history"))
    if len(brief.liked_titles) == 1:
        return Clue(f"People who liked “{shorten(brief.liked_titles[0], 60)}” also chose it.", ids)
    return Clue("People who share some of your likes also chose it.", ids)


def _profile(brief: Brief, families: set[str]) -> Clue | None:
    if "profile" not in families or brief.user != "known":
        return None
    return Clue("It is close to what you liked before.", tuple(e.evidence_id for e in _of_kind(brief, "history")))


def _anchor(brief: Brief, families: set[str]) -> Clue | None:
    if "anchor" not in families:
        return None
    several = len(brief.understanding.like_item_ids) > 1
    return Clue(f"It is close to {'those' if several else 'the one'} you pointed at.")


def _meaning(brief: Brief, families: set[str]) -> Clue | None:
    if not families & {"words", "picture"} or not (brief.text or _of_kind(brief, "transcript")):
        return None
    ids = tuple(e.evidence_id for e in (*_of_kind(brief, "text"), *_of_kind(brief, "transcript")))
    if "words" in families:
        return Clue("Its description is close in meaning to your request.", ids)
    return Clue("Its picture looks like what you asked for.", ids)


def _popular(brief: Brief, families: set[str], rank: int) -> Clue | None:
    if "popular" not in families:
        return None
    return Clue("It is popular with other shoppers here." if rank % 2 else "Many other shoppers here chose it.")


def _limits(item: Item, brief: Brief, rank: int) -> Clue | None:
    kept = [c for c in brief.understanding.constraints if proven(c, item)]
    kept.sort(key=lambda c: c.field != brief.price_field)
    if not kept:
        return None
    clauses = [how_met(c, item, brief, rank) for c in kept[:2]]
    text = listed(clauses)
    ids = [c.source.partition(":")[2] for c in kept[:2]]
    return Clue(f"{text[0].upper()}{text[1:]}.", tuple(i for i in ids if i))


def _fact(item: Item, brief: Brief) -> Clue:
    texts = [(n, v) for n, v in item.attributes.items() if isinstance(v, str | list) and v and n != brief.price_field]
    if texts:
        name, value = texts[0]
        return Clue(f"Its {label(name)} is {shorten(value_text(value), 80)}.")
    price = item.attributes.get(brief.price_field or "")
    if isinstance(price, int | float) and not isinstance(price, bool):
        return Clue(f"It costs {amount(price, brief.price_unit)}.")
    return Clue("It is one of the closest items in the catalogue.")


def _sentence(text: str) -> str:
    text = text.strip().rstrip(".")
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _inputs(brief: Brief) -> list[tuple[str, tuple[str, ...]]]:
    used: list[tuple[str, tuple[str, ...]]] = []
    if brief.text.strip():
        said = shorten(brief.text, 10_000)
        words = f"“{said.rstrip('.')}”" if len(said) <= 60 else "your words"
        used.append((words, tuple(e.evidence_id for e in _of_kind(brief, "text"))))
    for kind, words in (("caption", "your photo"), ("transcript", "your recording")):
        found = _of_kind(brief, kind)
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


def _nothing(brief: Brief) -> str:
    limits = brief.understanding.constraints
    if not limits:
        return "I found nothing for this; try other words or another photo."
    asked = listed([describe(c, brief) for c in limits[:4]])
    return f"Nothing in the catalogue meets what you asked: {asked}. Change or drop a condition and I will look again."
