"""Find what speaks for an item: each clue is one sentence from data and the evidence that it rests on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from ...core.ranking.recommendation_paths import PEOPLE
from ...core.ranking.source_weights import reason_of
from ...core.schemas import Brief, Constraint, Evidence, Item, RankedItem, SourceScore
from ...core.text.words import (
    COLOURS,
    affirmed_stems,
    amount,
    content_words,
    listed,
    plain_text,
    shorten,
    stem,
    stems,
    value_text,
)
from .constraint_wording import how_met, label, proven, stated
from .sentence_check import trusted

LEARNT_FROM = {"stated_preferences": "told us you like", "answered": "told us you like", "session": "looked at"}
"""What a cold-start strategy learns from, in the words of a reason."""
CLEAR_RANK = 30
"""A source's word counts as a reason down to this rank in its own list; co-occurrence and anchors at any rank."""
MAX_WORDS = 3
SHOWN_DETAILS = 3


@dataclass(frozen=True)
class Clue:
    """One sentence and the evidence it rests on; ``strong`` if it names something of the item, ``words`` which."""

    text: str
    evidence_ids: tuple[str, ...] = ()
    strong: bool = False
    words: tuple[str, ...] = ()


def clues(item: RankedItem, brief: Brief) -> list[Clue]:
    """Return every clue for ``item``, the most telling first: words of the shopper before looks, taste and popularity."""
    record = _record(item.item)
    families = {_family(s.source) for s in item.sources if s.score > 0 and _is_clear(s)}
    said = _said(item, brief, record)
    seen = _photo(item, brief, record, families)
    found = [
        _slot(item),
        _anchor(brief, families),
        _sound(brief, families),
        said,
        _because(item, brief),
        seen if seen and seen.strong else None,
        _preference(brief, record, said.words if said else ()),
        _new(families),
        _stated(brief, families),
        _taste(brief, families, item.rank),
        seen if seen and not seen.strong else None,
        _described(brief, record, families),
        _profile(brief, families),
        _meaning(brief, families),
        _popular(families, item.rank),
    ]
    return [c for c in found if c is not None]


def limit_clue(item: RankedItem, brief: Brief) -> Clue | None:
    """Return how ``item`` keeps to the first stated condition that is not just a word of its record, price before others."""
    kept = [c for c in brief.understanding.constraints if not _is_word(c) and proven(c, item.item)]
    if not kept:
        return None
    chosen = min(kept, key=lambda c: c.field != brief.price_field)
    text = how_met(chosen, item.item, brief, item.rank)
    cited = chosen.source.partition(":")[2]
    return Clue(f"{_capital(text)}.", (cited,) if cited else ())


def detail(item: Item, brief: Brief, known: Sequence[str] = ()) -> Clue:
    """Return something of the record that was not said yet: members of its longest list, else an attribute, else its price."""
    told = {stem(w) for w in known} | {stem(w) for c in brief.understanding.constraints for w in [str(c.value)]}
    lists = {n: vs for n, vs in item.attributes.items() if isinstance(vs, list) and len(vs) > 1}
    fresh_of = {n: [v for v in vs if not stems(v) <= told] for n, vs in lists.items()}
    longest = max(fresh_of, key=lambda n: len(fresh_of[n]), default="")
    if longest and fresh_of[longest]:
        also = "also " if len(fresh_of[longest]) < len(lists[longest]) else ""
        verb = "include" if longest.endswith("s") else "includes"
        return Clue(f"Its {label(longest)} {also}{verb} {listed(fresh_of[longest][:SHOWN_DETAILS])}.")
    texts = [(n, v) for n, v in item.attributes.items() if isinstance(v, str | list) and v and n != brief.price_field]
    fresh = [(n, v) for n, v in texts if not stems(value_text(v)) <= told] or texts
    if fresh:
        name, value = fresh[0]
        return Clue(f"Its {shorten(stated(name, value), 100)}.")
    price = item.attributes.get(brief.price_field or "")
    if isinstance(price, int | float) and not isinstance(price, bool):
        return Clue(f"It costs {amount(price, brief.price_unit)}.")
    return Clue("It is one of the closest items in the catalogue.")


def of_kind(brief: Brief, kind: str) -> list[Evidence]:
    """Return the trusted evidence of one kind."""
    found = [e for e in brief.evidence if e.kind == kind]
    return trusted(found, brief.verdict.distrusted) if found else found


def _record(item: Item) -> frozenset[str]:
    values = " . ".join(value_text(v) for v in item.attributes.values() if not isinstance(v, bool))
    return _record_stems(item.title, item.text, values)


@lru_cache(maxsize=8192)
def _record_stems(title: str, text: str, values: str) -> frozenset[str]:
    """Return the stems that a record affirms; kept, as the same records are spoken of again and again."""
    return frozenset(affirmed_stems(f"{title} . {plain_text(text)} . {values}"))


def _family(source: str) -> str:
    return "slot" if source.startswith("deliberate:") else reason_of(source)


def _is_clear(score: SourceScore) -> bool:
    return score.rank <= CLEAR_RANK or _family(score.source) in {"taste", "anchor", "slot"}


def _slot(item: RankedItem) -> Clue | None:
    labels = [s.source.partition(":")[2] for s in item.sources if s.source.startswith("deliberate:")]
    return Clue(f"It is the “{labels[0]}” of your set.", strong=True) if labels and labels[0] != "compare" else None


def _anchor(brief: Brief, families: set[str]) -> Clue | None:
    if "anchor" not in families:
        return None
    several = len(brief.understanding.like_item_ids) > 1
    return Clue(f"It is close to {'those' if several else 'the one'} you pointed at.")


def _sound(brief: Brief, families: set[str]) -> Clue | None:
    if "sound" not in families:
        return None
    return Clue("It sounds like your clip.", tuple(e.evidence_id for e in of_kind(brief, "transcript")))


def _is_word(constraint: Constraint) -> bool:
    """Say whether a condition asks for a word of the record, such as a colour or a theme."""
    return constraint.op in {"=", "contains"} and isinstance(constraint.value, str)


def _said(item: RankedItem, brief: Brief, record: frozenset[str]) -> Clue | None:
    """Return the words of the request, typed or spoken, that the record holds; words of conditions first."""
    held = [c for c in brief.understanding.constraints if _is_word(c) and proven(c, item.item)]
    wanted = [str(c.value).lower() for c in held]
    named = {s for w in wanted for s in stems(w)}
    ids = [c.source.partition(":")[2] for c in held]
    for kind in ("text", "transcript"):
        found = of_kind(brief, kind)
        text = brief.text if kind == "text" else " ".join(e.content for e in found)
        shared = [w for w in content_words(text) if stem(w) in record and stem(w) not in named]
        if shared:
            wanted += shared
            ids += [e.evidence_id for e in found]
            break
    if not wanted:
        return None
    words = tuple(wanted[:MAX_WORDS])
    return Clue(_said_sentence(words, item.rank), tuple(dict.fromkeys(i for i in ids if i)), True, words)


def _said_sentence(words: Sequence[str], rank: int) -> str:
    what = listed(words)
    all_of_it = ("it", "both", "all of it")[min(len(words), 3) - 1]
    return (
        f"{_capital(what)}, as you asked.",
        f"You asked for {what}, and this one has {all_of_it}.",
        f"It answers your wish for {what}.",
        f"{_capital(what)}: just what you were looking for.",
        f"You wanted {what}; here {'it is' if len(words) == 1 else 'they are'}.",
    )[(rank - 1) % 5]


def _photo(item: RankedItem, brief: Brief, record: frozenset[str], families: set[str]) -> Clue | None:
    captions = of_kind(brief, "caption")
    spoken = stems(" ".join([brief.text, *(e.content for e in of_kind(brief, "transcript"))]))
    for caption in captions:
        seen = [t.label for t in caption.tags] or content_words(caption.content)
        shared = [w for w in seen if content_words(w) and all(stem(c) in record for c in content_words(w))]
        things = [w for w in shared if w.lower() not in COLOURS] or (shared if spoken & COLOURS else [])
        if things:
            words = listed(things[:2])
            text = (
                f"Your photo shows {words}; so does this one."
                if item.rank % 2
                else f"It has {words} in common with your photo."
            )
            return Clue(text, (caption.evidence_id,), True, tuple(things[:2]))
    if "photo" not in families or (brief.verdict.distrusted and not captions):
        return None
    whose = "one of your photos" if len(captions) > 1 else "your photo"
    text = f"It looks like {whose}." if item.rank % 2 else f"In looks it comes close to {whose}."
    return Clue(text, tuple(c.evidence_id for c in captions))


def _preference(brief: Brief, record: frozenset[str], known: Sequence[str]) -> Clue | None:
    told = {s for w in known for s in stems(w)}
    wished = [p for p in brief.understanding.preferences if content_words(p) and not stems(p) & told]
    kept = [p for p in wished if all(stem(w) in record for w in content_words(p))]
    return Clue(f"It has the {listed(kept[:2])} you would like.", (), True, tuple(kept[:2])) if kept else None


def _because(item: RankedItem, brief: Brief) -> Clue | None:
    """Return the item the shopper liked from which a checked path of one edge leads here; its title is among the evidence."""
    if len(item.path) != 1:
        return None
    step = item.path[0]
    ids = tuple(e.evidence_id for e in of_kind(brief, "history") if step.source_title in e.content)
    if not step.source_title or not ids:
        return None
    liked = f"You liked “{shorten(step.source_title, 60)}”"
    if step.relation == PEOPLE:
        return Clue(f"{liked}; the same people like this one.", ids, True)
    name, _, value = step.relation.partition(": ")
    what = f"{label(name)} is {value} too" if value else f"it is {label(name)} too"
    return Clue(f"{liked}; here the {what}." if value else f"{liked}; {what}.", ids, True, tuple(content_words(value)))


def _taste(brief: Brief, families: set[str], rank: int) -> Clue | None:
    if "taste" not in families:
        return None
    if learnt := LEARNT_FROM.get(brief.strategy or ""):
        return Clue(f"It goes with what you {learnt}: others chose them together.")
    if brief.user != "known":
        return None
    ids = tuple(e.evidence_id for e in of_kind(brief, "history"))
    if len(brief.liked_titles) == 1:
        return Clue(f"People who liked “{shorten(brief.liked_titles[0], 60)}” also chose it.", ids, True)
    if rank % 2:
        return Clue("People who share some of your likes also chose it.", ids)
    return Clue("It goes with what you liked: others chose them together.", ids)


def _described(brief: Brief, record: frozenset[str], families: set[str]) -> Clue | None:
    """Return the words for the taste of a known user that the item's own record holds."""
    held = [w for w in brief.taste if stems(w) and stems(w) <= record] if "described" in families else []
    if not held or brief.user != "known":
        return None
    ids = tuple(e.evidence_id for e in of_kind(brief, "history"))
    shared = "both" if len(held) > 1 else "it"
    return Clue(
        f"What you liked suggests a taste for {listed(held[:2])}; this one has {shared}.", ids, True, tuple(held[:2])
    )


def _profile(brief: Brief, families: set[str]) -> Clue | None:
    if "profile" not in families:
        return None
    if learnt := LEARNT_FROM.get(brief.strategy or ""):
        return Clue(f"It is close to what you {learnt}.")
    if brief.user != "known":
        return None
    return Clue("It is close to what you liked before.", tuple(e.evidence_id for e in of_kind(brief, "history")))


def _stated(brief: Brief, families: set[str]) -> Clue | None:
    if brief.strategy == "other_domain" and families & {"stated", "elsewhere"}:
        return Clue("It is close to what you liked elsewhere.")
    return Clue("It has something that you told us you like.") if "stated" in families else None


def _new(families: set[str]) -> Clue | None:
    return Clue("It is new here, and few people have seen it yet.") if "new" in families else None


def _meaning(brief: Brief, families: set[str]) -> Clue | None:
    if not families & {"words", "picture"} or not (brief.text or of_kind(brief, "transcript")):
        return None
    ids = tuple(e.evidence_id for e in (*of_kind(brief, "text"), *of_kind(brief, "transcript")))
    if "words" in families:
        return Clue("Its description comes close to your words.", ids)
    return Clue("Its picture looks like what you asked for.", ids)


def _popular(families: set[str], rank: int) -> Clue | None:
    if "popular" not in families:
        return None
    return Clue("It is popular with other shoppers here." if rank % 2 else "Many other shoppers here chose it.")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
