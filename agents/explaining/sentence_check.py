"""Check a sentence of the language model against the record, the evidence and the request before anyone sees it.

Prices, praise, counts, commands, links and other items' names are refused outright; every other claim must be backed by
the source it is attributed to (see ``claims``).
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import pairwise

from ...core.schemas import Brief, Item
from ...core.text.chinese import is_chinese
from ...core.text.word_lists import (
    CLASS_NOUNS,
    COMMANDS,
    DETERMINERS,
    HYPE,
    JOINING,
    MONEY,
    PLAIN_IN_TEXT,
    SUBJECTS,
    VERBS,
)
from ...core.text.words import is_content, sentences, stem, stems, tokens, whole_sentences
from .claim_sources import (
    Sources,
    false_claim,
    false_people,
    normal,
    record_of,
    sources_of,
    trusted,
    without_liked,
)
from .clauses import NO, clauses_of, figure
from .quoting import STRONG
from .quoting_chinese import unquoted_chinese
from .request_words import NO_STORY

__all__ = ["best_part", "check_message", "check_words", "cited_evidence", "is_repeat", "normal", "trusted"]

MAX_WORDS = 45
MAX_CHARACTERS = 280
_MARKUP = re.compile(r"[<>{}\[\]|`*_#\\@]|https?:|www\.|\b\w+\.(com|net|org|io|shop)\b", re.IGNORECASE)
_CURRENCY = re.compile(r"[$€£¥%]")
_END = re.compile(r"[.!?。！？][\"”’)]*$")
_QUOTE = re.compile(r"[\"“”«»]([^\"“”«»]+)[\"“”«»]")
_FREE_FROM = re.compile(r"\bfree (?:from|of)\b|\b(?!(?:a|an|the|and|is|are|for) )[a-z]+[- ]free\b", re.IGNORECASE)
_MUST_NOT = re.compile(r"\bmust (?:not|never)\b", re.IGNORECASE)
_ENDS_ON_WISH = re.compile(r"\byou (?:asked|looked|wished|are looking|were looking) for\W*$", re.IGNORECASE)
_SUBJECT_AND_VERB = re.compile(
    r"(?:^|[;,] |\band )(?:(?:it|they|there|you|we) \w+|(?:this(?: [\w-]+){1,3}?|(?:its|the) [\w-]+) \w+[^\Ws]s\b)",
    re.IGNORECASE,
)
_COPIED = 7
"""A text that ends on this many words of the record, in the middle of a phrase there, was copied and cut."""
_COUNTING = frozenset(("all", "every", "each", "both", "most", "few", "many", "several"))
"""Words about the list as a whole, which the share of its items backs or not."""
_STORY = 5
"""So many words that carry meaning, all quoted, tell enough without a verb that is known."""
LINK = 4
"""Words that begin alike link a sentence to a wish: "wood" to "wooden"."""
_SOME = re.compile(r"\b(?:some|including|include|few|mix|range|from|such)\b", re.IGNORECASE)
_ONE = re.compile(r"\bthis (?:one|item|product|piece|choice)\b", re.IGNORECASE)
_EVERY = re.compile(r"\b(?:all|every|each|both)\b", re.IGNORECASE)


def check_words(text: str, item: Item, brief: Brief, other_titles: Iterable[str]) -> str | None:
    """Return why a sentence about ``item`` must not be shown, or None if every claim in it is backed."""
    if is_chinese(text):
        foreign = next((t for t in other_titles if t in text and t not in item.title), None)
        return f"names another item: {foreign}" if foreign else unquoted_chinese(text, item, brief)
    sources = sources_of([item], brief)
    words = without_liked(text, sources)
    return (
        _form(text, sources, normal(item.title))
        or _forbidden(text, sources)
        or _other_title(words, other_titles, sources)
        or false_people(text, brief, sources)
        or false_claim(words, sources)
        or _nothing_told(text)
        or _only_title(text, item)
        or _cut_off(text, sources)
        or _unlinked(text, sources, item.title)
    )


def best_part(text: str, check: Callable[[str], str | None], limit: int = MAX_CHARACTERS) -> tuple[str, str | None]:
    """Return the longest start of ``text`` of at most two whole sentences that passes ``check``, and why not more.

    The text is empty if not even the first sentence passes; the second value is then the reason. A text of ``limit``
    characters was cut there: its last sentence is never used, even if it happens to end in a full stop.
    """
    whole = sentences(whole_sentences(text))
    if len(text) >= limit:
        whole = whole[:-1] if whole_sentences(text) == " ".join(text.split()) else whole
    whole = list(dict.fromkeys(whole))[:2]
    problem: str | None = "not a whole sentence"
    for count in range(len(whole), 0, -1):
        part = " ".join(whole[:count])
        problem = check(part)
        if problem is None:
            return part, None
    return "", problem


def cited_evidence(text: str, brief: Brief) -> tuple[str, ...]:
    """Return the ids of the trusted evidence that ``text`` shares a content word with, or speaks of."""
    said = {stem(t) for t in tokens(text) if is_content(t)}
    ids = []
    for evidence in trusted(brief.evidence, brief.verdict.distrusted):
        words = f"{evidence.content} {' '.join(t.label for t in evidence.tags)}"
        if evidence.kind == "history":
            words = " ".join(brief.liked_titles)
        if evidence.kind != "credential" and said & stems(words):
            ids.append(evidence.evidence_id)
    return tuple(ids)


def check_message(text: str, brief: Brief) -> str | None:
    """Return why an opening message must not be shown, or None.

    What it says of the items must hold for at least half of them; for all after "all" or "every"; for one after "some".
    """
    items = [r.item for r in brief.items]
    if not items:
        return "there are no items to speak about"
    if len(items) > 1 and _ONE.search(text):
        return "speaks of one item where several are shown"
    sources = sources_of(items, brief)
    share = 1.0 if _EVERY.search(text) else 0.0 if _SOME.search(text) else 0.5
    holders = Counter(word for item in items for word in record_of(item, brief))
    shared = {w for w in sources.record if holders[w] >= max(1, share * len(items))}
    shared |= sources.asked & CLASS_NOUNS
    words = without_liked(text, sources)
    counted = frozenset(w for w in shared if not w[0].isdigit()) | {str(len(items))}
    return (
        _form(text, sources, "")
        or _forbidden(text, sources)
        or false_people(text, brief, sources)
        or false_claim(words, replace(sources, record=counted), specific=False)
        or _unsaid_strength(text, sources)
    )


def _unsaid_strength(text: str, sources: Sources) -> str | None:
    """Refuse what compares, hedges, bounds or dates in words that nobody used."""
    said = set(sources.said.split())
    found = next((w for w in normal(text).split() if w in STRONG - _COUNTING and w not in said), None)
    return f"a word without a source: {found}" if found else None


def is_repeat(text: str, earlier: Sequence[str]) -> bool:
    """Say whether ``text`` begins with the three words of an earlier sentence, or has nearly its words (Jaccard of stems >= 0.9)."""
    mine = stems(text)
    if any(normal(text).split()[:3] == normal(other).split()[:3] for other in earlier):
        return True
    return any(mine and len(mine & other) >= 0.9 * len(mine | other) for other in map(stems, earlier))


def _form(text: str, sources: Sources, title: str) -> str | None:
    if len(text) > MAX_CHARACTERS or len(tokens(text)) > MAX_WORDS:
        return f"longer than {MAX_WORDS} words"
    if len(tokens(text)) < 3 or normal(text) == title:
        return "too short to be a reason"
    if any(unicodedata.category(c).startswith("C") for c in text):
        return "control characters"
    if _MARKUP.search(text):
        return "markup or a link"
    if not _END.search(text) or (not text[0].isupper() and text[0] not in '“"'):
        return "not a whole sentence"
    return _script(text, sources)


def _nothing_told(text: str) -> str | None:
    """Refuse what stands in a record in place of a description."""
    return "says that there is no description" if NO_STORY.search(text) else None


def _only_title(text: str, item: Item) -> str | None:
    words = {stem(t) for t in tokens(text) if is_content(t)}
    spoken_to = re.search(r"\byou", text, re.IGNORECASE)
    return "says no more than the title" if words <= stems(item.title) and not spoken_to else None


def _cut_off(text: str, sources: Sources) -> str | None:
    """Refuse a sentence that ends on a joining word, or that copies a text and stops in the middle of its phrase."""
    words = normal(text).split()
    counted = words[-2:-1] == ["and"] or words[-2][:1].isdigit()  # "aged 10 and over"
    if words[-1] in JOINING and not counted and not _ENDS_ON_WISH.search(text):
        return f"cut off after: {words[-1]}"
    end = " ".join(words[-_COPIED:])
    found = re.search(rf"\b{re.escape(end)} (\w+)", sources.phrases)
    whole = re.search(rf"\b{re.escape(end)}(?: [.]| *$)", sources.phrases)
    return f"cut off before: {found[1]}" if found and not whole and is_content(found[1]) else None


def _unlinked(text: str, sources: Sources, title: str) -> str | None:
    """Refuse what is no reason: it has nothing of the shopper's and tells no more than what the item is called, or it is a mere noun phrase."""
    theirs = {w[:LINK] for w in sources.asked | sources.refused | sources.photo | sources.past if is_content(w)}
    words = tokens(text)
    warns = any(NO in clause.states for clause in clauses_of(text))
    named = stems(title).union(*(c.names for c in sources.claims))
    tells = not named.issuperset(stem(w) for w in words if is_content(w) or figure(w))
    if theirs and not (warns or tells or any(stem(w)[:LINK] in theirs for w in words)):
        return "has no word of the shopper's"
    lower = [w.lower() for w in words]
    acts = any(
        w in VERBS or (re.search(r"['’](?:s|re|ve|ll|d)$", w) and w.partition("'")[0] in SUBJECTS) for w in lower
    )
    takes = any(a.endswith("s") and b in DETERMINERS for a, b in pairwise(lower))
    long = sum(map(is_content, words)) >= _STORY
    if acts or takes or long or _SUBJECT_AND_VERB.search(text) or _is_whole_phrase(text, sources):
        return None
    return "no verb: it gives no reason"


def _is_whole_phrase(text: str, sources: Sources) -> bool:
    """Say whether a sentence is a whole phrase of the record, "of this table" aside."""
    plain = normal(re.sub(r"\b(?:of|from|for|in) (?:the|this|these) \w+", "", text))
    plain = plain.removeprefix("the ").removeprefix("its ")
    return any(p.strip().removeprefix("the ").removeprefix("its ") == plain for p in sources.phrases.split(" . "))


def _script(text: str, sources: Sources) -> str | None:
    def scripts(of: str) -> set[str]:
        return {unicodedata.name(c, "?").split()[0] for c in set(of) if c.isalpha()}

    foreign = scripts(text) - scripts(sources.said) - {"LATIN"}
    return f"unexpected script {sorted(foreign)[0].lower()}" if foreign else None


def _forbidden(text: str, sources: Sources) -> str | None:
    if _CURRENCY.search(text):
        return "a price or percentage; those are rendered from the record"
    words = [re.sub(r"['’].*$", "", t.lower()) for t in tokens(text)]
    # Denials are compared with the record's own, see ``claim_comparison``.
    denials = {"never", *(["free"] if _FREE_FROM.search(text) else []), *(["must"] if _MUST_NOT.search(text) else [])}
    denials |= {"most"} if " at most" in text else set()
    for word in words:
        if word in MONEY and stem(word) not in sources.praise:
            return f"speaks of money: {word}"
        backed = sources.record if word in PLAIN_IN_TEXT else sources.praise
        if word in HYPE and word not in denials and stem(word) not in backed | sources.leads:
            return f"praise that the record does not hold: {word}"
    for sentence in sentences(text):
        first = next(iter(tokens(sentence)), "").lower()
        if first in COMMANDS and not normal(sentence).startswith(tuple(_titles_in(sources.said, normal(sentence)))):
            return f"a command: {first}"
    if re.search(r"\byou (?:must|should|need to|have to|can buy)\b", text, re.IGNORECASE):
        return "tells the reader what to do"
    missing = [q for q in _QUOTE.findall(text) if normal(q) not in sources.said]
    return f"a quotation nobody said: {missing[0]}" if missing else None


def _titles_in(said: str, sentence: str) -> list[str]:
    opening = " ".join(sentence.split()[:2])
    return [opening] if opening and f" {opening} " in f" {said} " else ["\0"]


def _other_title(text: str, titles: Iterable[str], sources: Sources) -> str | None:
    body = f" {normal(text)} "
    named = {t for s in sentences(text) for t in tokens(s)[1:] if t[0].isupper()}
    for title in titles:
        plain = normal(title)
        if not plain or f" {plain} " not in body or f" {plain} " in f" {sources.said} ":
            continue
        if " " in plain or any(plain == n.lower() for n in named):
            return f"names another item: {title}"
    return None
