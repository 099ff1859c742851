"""Judge one answer against what its case expects: every check by rules, every failure as a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ..learning.metrics import ndcg_of_list
from ..predicates import fold, predicate_holds
from ..schemas import Item, Predicate, RecommendResponse
from ..schemas.cases import AnsweredItem, Case, Expectations, Outcome
from ..text.chinese import is_han
from ..text.words import tokens

WORD_CHARS = 1.7
"""Chinese characters that say as much as one English word, for lengths (rule of thumb of translators)."""
_OWN = re.compile(r"r[1-9]\d*|d\d+")
"""Versions that answers name as they are asked for: not what ships."""
_GERMAN = frozenset({"der", "die", "das", "und", "ist", "mit", "ein", "eine", "für", "nicht", "zu", "sie", "auf", "es"})
_ENGLISH = frozenset({"the", "and", "is", "with", "a", "for", "not", "to", "you", "on", "it", "of", "in", "has"})


def judge(
    case: Case,
    repetition: int,
    answer: RecommendResponse,
    seconds: float,
    *,
    compose_items: int,
    versions: Mapping[str, str] | None = None,
) -> Outcome:
    """Return what came of a case that was answered in ``seconds`` with ``versions`` in force.

    A model was asked for ``compose_items`` sentences. Where another prompt had to stand in for one of the versions, since the model broke the
    form of its answer with it, the answer is none of that version's, and the case failed.
    """
    expects = case.expects
    broken = tuple(_stood_in_for(answer, versions or {}))
    failures = (*broken, *_failures(expects, answer))
    return Outcome(
        case_id=case.case_id,
        repetition=repetition,
        passed=not failures,
        failures=failures,
        scores=_scores(expects, answer, seconds, compose_items, passed=not failures)
        | ({"schema_valid": 0.0, "grounded": 0.0} if broken else {}),
        message=answer.message,
        items=tuple(
            AnsweredItem(
                item_id=i.item_id,
                title=i.title,
                reason=i.reason.text if i.reason else "",
                by=i.reason.by if i.reason else "",
            )
            for i in answer.items
        ),
        prompts=answer.prompts,
        usage=answer.usage,
        seconds=round(seconds, 4),
        degraded=tuple(f"{d.what}: {d.why}" for d in answer.degraded),
    )


def _stood_in_for(answer: RecommendResponse, versions: Mapping[str, str]) -> Iterator[str]:
    """Yield what another version of a prompt than the one wanted was used for."""
    used = dict(p.partition("#")[0].split("@", 1) for p in answer.prompts)
    for name, wanted in versions.items():
        if name in used and _OWN.fullmatch(wanted) and used[name] != wanted:
            yield f"the model broke the form of its answer with {name} {wanted}; {name} {used[name]} stood in"


def text_of(answer: RecommendResponse) -> str:
    """Return the words of an answer: its opening and the reasons, one a line."""
    return "\n".join([answer.message, *(i.reason.text for i in answer.items if i.reason)])


def length(text: str) -> int:
    """Return how long a text is in words; Chinese is counted by its characters."""
    han = sum(map(is_han, text))
    rest = "".join(" " if is_han(c) else c for c in text)
    return len(rest.split()) + round(han / WORD_CHARS)


def language_of(text: str) -> str:
    """Return ``zh``, ``de`` or ``en``, whichever a text is written in for the most part."""
    if sum(map(is_han, text)) * 4 > len("".join(text.split())):
        return "zh"
    words = [w.casefold() for w in tokens(text)]
    return "de" if sum(w in _GERMAN for w in words) > sum(w in _ENGLISH for w in words) else "en"


def _failures(expects: Expectations, answer: RecommendResponse) -> Iterator[str]:
    yield from _wrong_items(expects, answer)
    yield from _wrong_conditions(expects, answer)
    yield from _wrong_words(expects, answer)


def _wrong_items(expects: Expectations, answer: RecommendResponse) -> Iterator[str]:
    shown = [i.item_id for i in answer.items]
    for item_id in expects.must:
        if item_id not in shown:
            yield f"{item_id} must be in the list and is not"
    for item_id in shown:
        if item_id in expects.must_not:
            yield f"{item_id} must not be in the list and is"
        elif expects.may and item_id not in expects.may and item_id not in expects.must:
            yield f"{item_id} is in the list and is none of those that may be"
    if expects.items is not None and not expects.items[0] <= len(shown) <= expects.items[1]:
        yield f"{len(shown)} items are listed, expected {expects.items[0]} to {expects.items[1]}"


def _wrong_conditions(expects: Expectations, answer: RecommendResponse) -> Iterator[str]:
    for item_id, broken in broken_conditions(expects, answer):
        yield f"{item_id} breaks {said(broken)}"
    for wanted in expects.reads:
        if not _is_read(wanted, answer):
            yield f"{said(wanted)} was not read"
    unmet = fold(" ".join((*answer.understanding.unparsed, *answer.understanding.reading.not_applied)))
    for phrase in expects.not_applied:
        if fold(phrase) not in unmet:
            yield f"{phrase!r} is not named as not applied"


def _wrong_words(expects: Expectations, answer: RecommendResponse) -> Iterator[str]:
    text = text_of(answer)
    folded, cited = fold(text), _cited(answer)
    yield from (f"the text does not say {p!r}" for p in expects.says if fold(p) not in folded)
    yield from (f"the text says {p!r}, which it must not" for p in expects.never_says if fold(p) in folded)
    if expects.language and (found := language_of(text)) != expects.language:
        yield f"the text is in {found!r}, expected {expects.language!r}"
    if expects.max_words is not None and (words := length(text)) > expects.max_words:
        yield f"the text has {words} words, at most {expects.max_words} are expected"
    yield from (f"no reason rests on evidence of the kind {k!r}" for k in expects.cites if k not in cited)


def broken_conditions(expects: Expectations, answer: RecommendResponse) -> list[tuple[str, Predicate]]:
    """Return (item id, condition) of every condition that an item listed breaks."""
    items = [Item(item_id=i.item_id, title=i.title, attributes=i.attributes) for i in answer.items]
    return [(item.item_id, p) for item in items for p in expects.holds if not predicate_holds(p, item)]


def said(condition: Predicate) -> str:
    """Return a condition as a person writes it."""
    value = ", ".join(condition.value) if isinstance(condition.value, list) else condition.value
    return (
        f"{condition.field} {condition.op} {value:g}"
        if type(value) in (int, float)
        else f"{condition.field} {condition.op} {value}"
    )


def _is_read(wanted: Predicate, answer: RecommendResponse) -> bool:
    read = [*answer.understanding.constraints, *(p for c in answer.understanding.constraints for p in c.either)]
    return any(_same(wanted, p) for p in read)


def _same(a: Predicate, b: Predicate) -> bool:
    """Say whether two conditions are one; ``=`` of one value is ``in`` or ``contains`` of it."""
    return a.field == b.field and _kind(a.op) == _kind(b.op) and _values(a) == _values(b)


def _kind(op: str) -> str:
    return {"contains": "=", "in": "=", "not contains": "!=", "not in": "!="}.get(op, op)


def _values(p: Predicate) -> set[str]:
    values = p.value if isinstance(p.value, list) else [p.value]
    return {format(v, "g") if isinstance(v, float | int) and not isinstance(v, bool) else fold(str(v)) for v in values}


def _cited(answer: RecommendResponse) -> set[str]:
    kinds = {e.evidence_id: e.kind for e in answer.evidence}
    return {kinds[i] for item in answer.items if item.reason for i in item.reason.evidence_ids if i in kinds}


def _scores(
    expects: Expectations, answer: RecommendResponse, seconds: float, compose_items: int, *, passed: bool
) -> dict[str, float]:
    """Return the figures of one answer; what does not apply to it is left out."""
    shown = [i.item_id for i in answer.items]
    usage, text = answer.usage, text_of(answer)
    scores = {
        "passed": float(passed),
        "refusals": float(not shown),
        "words": float(length(text)),
        "seconds": seconds,
        "tokens": float(usage.prompt_tokens + usage.completion_tokens),
        "completion_tokens": float(usage.completion_tokens),
        "cost": usage.cost,
    }
    wanted = {*expects.must, *expects.may}
    if wanted:
        scores["ndcg"] = ndcg_of_list([i in wanted for i in shown], len(wanted))
        scores["recall"] = sum(i in shown for i in wanted) / max(1, min(len(wanted), len(shown) or len(wanted)))
    if expects.holds and shown:
        broken = {item_id for item_id, _ in broken_conditions(expects, answer)}
        scores["conditions_kept"] = 1.0 - len(broken) / len(shown)
    if expects.reads:
        scores["conditions_read"] = sum(_is_read(p, answer) for p in expects.reads) / len(expects.reads)
    if usage.llm_calls:
        scores["schema_valid"] = float(all(d.what != "llm" for d in answer.degraded))
        if (grounded := _grounded(answer, compose_items)) is not None:
            scores["grounded"] = grounded
    return scores


def _grounded(answer: RecommendResponse, compose_items: int) -> float | None:
    """Return the share of the sentences asked of the model that came and passed the check; None where none was asked for."""
    asked = min(compose_items, len(answer.items))
    if not asked or all(p.partition("@")[0] != "compose" for p in answer.prompts):
        return None
    return min(1.0, sum(i.reason is not None and i.reason.by == "model" for i in answer.items) / asked)
