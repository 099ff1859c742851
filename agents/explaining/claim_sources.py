"""Tell whose words a clause repeats and whether the source that must back them does.

A sentence is cut into clauses. Words of a clause are claims about the item and must be in its record, except inside a
frame that says whose words they are: "you asked for ..." (request), "... in your photo" (trusted captions), "you
liked ..." (history).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from ...core.predicates import NEGATED
from ...core.schemas import Brief, Evidence, Item
from ...core.text.word_lists import CLASS_NOUNS, SATISFY
from ...core.text.words import is_content, numbers, plain_text, sentences, stem, stems, tokens
from .claim_comparison import differs
from .clauses import NO, YES, Clause, clauses_of, figure
from .other_words import things_had
from .quoting import STRONG, Value, unquoted, values_of
from .record_claims import GUARDED, RecordClaims, claims_of

_ASKED = re.compile(
    r"\byou(?:['’]re| are|['’]ve| have| were)?\s(?:asked?|want(?:ed)?|mentioned|said|typed|search(?:ed|ing)|need(?:ed)?|requested|"
    r"described|look(?:ed|ing)?|spoke|wish(?:ed)?)\b|\byour\s(?:request|search|query|words|message|wish(?:es)?|question|idea|voice|"
    r"clip|recording)\b|\bfor your\b",
    re.IGNORECASE,
)
_PAST = re.compile(
    r"(?<!if )\byou(?:['’]ve| have| had)?\s(?:(?:already|once|recently|also|previously)\s)?"
    r"(?:liked|loved|enjoyed|watched|bought|purchased|rated|ordered|own(?:ed)?|read|played|saw|seen|viewed)\b"
    r"|\byour\s(?:\w+\s)?(?:history|past|purchases?|collection|likes|tastes?|favou?rites?|orders?)\b|\blast time\b",
    re.IGNORECASE,
)
_LIKES = re.compile(
    r"(?<!if )(?<!anything )\byou\s(?:(?:also|really|clearly)\s)?(?:like|love|enjoy|prefer)\b", re.IGNORECASE
)
_LIKE_IT = re.compile(r"\b(?:similar to|close to|(?:much )?like|reminiscent of) it,?", re.IGNORECASE)
_PHOTO = re.compile(r"\byour\s(?:\w+\s)?(?:photo|picture|image|snapshot|photograph)s?\b", re.IGNORECASE)
_VOICE = re.compile(r"\byour\s(?:voice|clip|recording)\b|\byou(?:['’]ve| have)? spoke\b", re.IGNORECASE)
_ALIKE = re.compile(r"\b(?:like|similar(?:ly)?|resembl\w+|close|echoes|reminds?|reminiscent|matches)\b", re.IGNORECASE)
_AS_ASKED = re.compile(
    r"\b(?:(?:just |exactly )?as you (?:asked|wished|wanted|said|requested|mentioned)"
    r"|(?:is|are)\b[^.]*?\bwhat you(?:['’]re| are)? (?:asked for|wanted|wished for|requested|need(?:ed)?|looking for))\b",
    re.IGNORECASE,
)
_ELLIPSIS = re.compile(
    r"\b(?:it|this|these|they|this one|these ones|(?:this|these) [\w-]+) (?:too )?(?:is|are|has|have|does|do|can|will|offers?|gives?)"
    r"(?: (?:it|them|one|some|that|those|so|just that|both|all|too|as well))*\s*[.,;!]",
    re.IGNORECASE,
)
"""Says of the item that it has what was asked for without saying what: "You asked for a zip, and this bag has one." """
_HATES = re.compile(
    r"\b(?:hate\w*|dislike\w*|avoid\w*|allerg\w+|intolera\w+|can(?:not|['’]t) stand|boring|rid of|except)\b",
    re.IGNORECASE,
)
_PHRASE_END = re.compile(r"[.,;:!?()–—]+(?=\s|$)")


@dataclass(frozen=True)
class Sources:
    """Stems and numbers that may be spoken of, by where they come from.

    ``media`` says what was shown or spoken; ``phrases`` are the records' texts, cut at their punctuation.
    """

    record: frozenset[str]
    asked: frozenset[str]
    refused: frozenset[str]
    photo: frozenset[str]
    past: frozenset[str]
    praise: frozenset[str]
    said: str
    phrases: str
    liked: tuple[str, ...]
    media: frozenset[str]
    claims: tuple[RecordClaims, ...] = ()
    values: tuple[tuple[Value, ...], ...] = ()

    @property
    def leads(self) -> frozenset[str]:
        """Return the words that the wording puts around values: "stars" before an actor's name."""
        return frozenset().union(*(v.around for values in self.values for v in values))


def trusted(evidence: Sequence[Evidence], distrusted: Sequence[str]) -> list[Evidence]:
    """Return the evidence whose medium is not distrusted."""
    refused = set(distrusted)
    return [e for e in evidence if not refused & {e.evidence_id, e.source, e.source.partition("-frame-")[0]}]


@lru_cache(maxsize=4096)
def normal(text: str) -> str:
    """Return the words of ``text`` in lower case, one space between."""
    return " ".join(t.lower() for t in tokens(text))


def facts(text: str) -> frozenset[str]:
    """Return the stems and numbers that ``text`` affirms."""
    return frozenset().union(*(c.holding(YES) for c in clauses_of(text)))


def record_of(item: Item, brief: Brief) -> frozenset[str]:
    """Return the stems and numbers that a record affirms, its price left out."""
    return claims_of(item, brief.price_field).affirmed


@lru_cache(maxsize=1024)
def wishes(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """Return the stems and numbers that a request asks for, and those that it refuses."""
    wanted, refused = set[str](), set[str]()
    for clause in clauses_of(text):
        hated = bool(_HATES.search(clause.text))
        for key, state in zip(clause.stems, clause.states, strict=True):
            (refused if hated or state == NO else wanted).add(key)
    return frozenset(wanted - refused), frozenset(refused)


def _text_of(item: Item) -> str:
    return f"{item.title}. {_plain(item.text)}"


@lru_cache(maxsize=4096)
def _plain(text: str) -> str:
    return plain_text(text)


@lru_cache(maxsize=4096)
def _phrases(text: str) -> str:
    return " . ".join(normal(p) for p in _PHRASE_END.split(text))


def sources_of(items: Sequence[Item], brief: Brief) -> Sources:
    """Return what may be said about ``items``, by source; distrusted media back nothing."""
    known = trusted(brief.evidence, brief.verdict.distrusted)
    captions = [e for e in known if e.kind == "caption"]
    spoken = [e.content for e in known if e.kind in {"text", "transcript"}]
    wanted = [f"{c.field.replace('_', ' ')} {c.value}" for c in brief.understanding.constraints if c.op not in NEGATED]
    asked = " . ".join([brief.text, *spoken, *brief.understanding.preferences, *wanted])
    seen = " . ".join([e.content for e in captions] + [t.label for e in captions for t in e.tags])
    past = " . ".join([*brief.liked_titles, *(e.content for e in known if e.kind in {"history", "preference"})])
    record = [normal(f"{_text_of(i)} . {i.attributes}") for i in items]
    wish, refused = wishes(asked)
    refused |= frozenset().union(*(stems(str(c.value)) for c in brief.understanding.constraints if c.op in NEGATED))
    claims = tuple(claims_of(i, brief.price_field) for i in items)
    return Sources(
        record=frozenset().union(*(c.affirmed for c in claims), wish & CLASS_NOUNS),
        asked=wish - refused,
        refused=refused,
        photo=frozenset(facts(seen)),
        past=frozenset(stems(past) | numbers(past)),
        praise=frozenset().union(*(facts(i.title) | c.attributes for i, c in zip(items, claims, strict=True))),
        said=" ".join([*record, normal(f"{asked} . {seen} . {past}")]),
        phrases=" . ".join(_phrases(_text_of(i)) for i in items),
        liked=brief.liked_titles if brief.user == "known" else (),
        media=frozenset(e.kind for e in known),
        claims=claims,
        values=tuple(values_of(i, brief) for i in items) if len(items) == 1 else ((),) * len(items),
    )


def without_liked(text: str, sources: Sources) -> str:
    """Drop liked titles where the sentence compares with them ("similar to Alien, which you liked")."""
    for title in sorted(sources.liked, key=len, reverse=True):
        pattern = (
            r"(\b(?:like|liked|loved|enjoyed|watched|to|of|from|echoes|and)\s+(?:the\s)?)[\"“]?"
            + re.escape(title)
            + r"[\"”]?(?!\w)"
        )
        text = re.sub(pattern, r"\1it", text, flags=re.IGNORECASE)
    return _LIKE_IT.sub("", text)


def false_people(text: str, brief: Brief, sources: Sources) -> str | None:
    """Return why a claim about the reader is not backed, or None."""
    if _PAST.search(text) and (brief.user != "known" or not sources.past):
        return "claims a history that is not known"
    if _PHOTO.search(text) and "caption" not in sources.media:
        return "speaks of a photo that is missing or not trusted"
    if _VOICE.search(text) and "transcript" not in sources.media:
        return "speaks of a recording that is missing or not trusted"
    return None


def false_claim(text: str, sources: Sources, *, specific: bool = True) -> str | None:
    """Return the first word, number or denial that no source backs, or None.

    With ``specific`` the text is about one item: what it says is compared with the clauses of the record, and a text that
    says nothing about the item is refused.
    """
    backed = 0
    for sentence in sentences(text):
        satisfied = bool({t.lower() for t in tokens(sentence)} & SATISFY) or bool(_ELLIPSIS.search(sentence))
        if _AS_ASKED.search(sentence) and (problem := _not_asked(sentence, sources)):
            return problem
        for clause in clauses_of(sentence):
            start = 0
            for frame, part in _frames(clause.text):
                end = start + len(tokens(part))
                piece = clause.part(start, end)
                start = end
                if frame == "record" and end < len(clause.words) and piece.words and piece.words[-1] in SATISFY:
                    piece = piece.part(0, len(piece.words) - 1)  # "and matches" before "your wish for canvas"
                problem = (
                    _unbacked(piece, sources, specific)
                    if frame == "record"
                    else _unsaid(piece, frame, sources, satisfied)
                )
                if problem:
                    return problem
                backed += sum(is_content(w) or w[0].isdigit() for w in piece.words) + (frame != "record")
    names = _stray_names(text, sources) or (_misplaced_number(text, sources) if specific else None)
    return names or (None if backed or not specific else "says nothing specific")


def _not_asked(sentence: str, sources: Sources) -> str | None:
    """Refuse "It is red, as you asked" where red was not asked for; at its end "as you asked" speaks of the last clause alone."""
    names = frozenset().union(*(c.names for c in sources.claims), sources.leads)
    rest = _AS_ASKED.sub(" ", sentence)
    told = clauses_of(rest)
    at_end = rest.rstrip(" .!").startswith(sentence[: len(rest.rstrip(" .!"))])
    claimed = [row for c in (told[-1:] if at_end else told) for row in c.meaning()]
    before = ["", *(key for _, key, _ in claimed)]
    wrong = next(
        (
            w
            for last, (w, key, s) in zip(before, claimed, strict=False)
            if key not in (sources.asked | names if s == YES else sources.refused)
            and not (last in sources.asked and _is_head(key, sources))
        ),
        None,
    )
    return f"was not asked for: {wrong}" if wrong else None


def _is_head(key: str, sources: Sources) -> bool:
    """Say whether a word may follow one that was asked for, as "hobs" does in "induction hobs": it is no value or material itself."""
    return key not in GUARDED and not any(key in c.attributes for c in sources.claims)


def _frames(clause: str) -> list[tuple[str, str]]:
    """Cut a clause where a frame starts: the words before it are about the item, those after belong to the frame."""
    starts = []
    for name, pattern in (("asked", _ASKED), ("past", _PAST), ("likes", _LIKES), ("photo", _PHOTO)):
        match = pattern.search(clause)
        if match:
            alike = _ALIKE.search(clause) if name == "photo" else None
            starts.append((min(match.start(), alike.start() if alike else match.start()), name))
    starts.sort()
    starts.append((len(clause), ""))
    return [("record", clause[: starts[0][0]])] + [(n, clause[s:e]) for (s, n), (e, _) in pairwise(starts)]


def _unsaid(piece: Clause, frame: str, sources: Sources, satisfied: bool) -> str | None:
    """Check words that are put into the shopper's mouth, or said of their photo or past."""
    allowed = {
        "asked": sources.asked,
        "photo": sources.photo,
        "past": sources.past,
        "likes": sources.past | sources.asked,
    }[frame]
    if satisfied and frame in {"asked", "photo"}:
        allowed &= sources.record - frozenset().union(*(c.denied for c in sources.claims))
    held = frozenset().union(*(c.affirmed for c in sources.claims))
    if strong := next((w for w in piece.words if w in STRONG and w not in sources.said.split()), None):
        return f"a word without a source: {strong}"
    denied = frozenset().union(*(c.holding(NO) for claims in sources.claims for c in claims.clauses))
    if frame == "asked" and NO in piece.states and _is_their_refusal(piece, sources, denied):
        return None
    for word, key, state in piece.meaning():
        if state != YES:
            return f"a denial that cannot be checked: {word}"
        if key not in allowed or (key in GUARDED and key not in held):
            return f"{'a number' if word[0].isdigit() else 'a word'} without a source: {word}"
    return None if NO not in piece.states else f"a denial that cannot be checked: {piece.text.strip()}"


def _is_their_refusal(piece: Clause, sources: Sources, denied: frozenset[str]) -> bool:
    """Say whether "you asked for no added sugar" repeats what was refused, and the record denies it too."""
    rows = piece.meaning()
    refused = {key for _, key, state in rows if state == NO}
    return (
        bool(refused) and refused <= sources.refused & denied and all(k in sources.asked for _, k, s in rows if s != NO)
    )


def _unbacked(piece: Clause, sources: Sources, specific: bool) -> str | None:
    """Check words about the item: what they affirm the record must affirm, what they deny one of its clauses must deny."""
    for word, key, state in piece.meaning():
        if state == YES and key not in sources.record | sources.leads:
            return f"{'a number' if figure(word) else 'a word'} without a source: {word}"
    if specific:
        known = zip(sources.claims, sources.values, strict=True)
        said = ((part, c, v) for c, v in known for part in things_had(piece, c.names))
        return next((p for part, c, v in said if (p := differs(part, c, sources.leads) or unquoted(part, c, v))), None)
    denied = set(piece.states) - {YES}
    return f"a denial that cannot be checked: {piece.text.strip()}" if denied else None


def _misplaced_number(text: str, sources: Sources) -> str | None:
    """Refuse "42 soles" where the record says "size 42": a number must count what it counts there; years are free."""
    said = sources.said.split()
    pairs = {(figure(a), stem(b)) for a, b in pairwise(said)}
    stated = [c.stems for claims in sources.claims for c in claims.clauses if c.states and " = " in c.text]
    pairs |= {(key, word) for values in sources.values for v in values for key in v.keys for word in v.around}
    pairs |= {(key, word) for stems_ in stated for key in stems_ if key[0].isdigit() for word in stems_}
    for sentence in sentences(text):
        for number, word in pairwise(tokens(sentence)):
            value = figure(number)
            year = re.fullmatch(r"(?:19|20)\d\d", value or "")
            if value and not year and is_content(word) and (value, stem(word)) not in pairs:
                return f"a number of something else: {number} {word}"
    return None


def _stray_names(text: str, sources: Sources) -> str | None:
    known = {stem(t) for t in sources.said.split()}
    for sentence in sentences(text):
        for word in tokens(sentence)[1:]:
            if word[0].isupper() and len(word) > 1 and stem(word) not in known and not re.match(r"I['’]", word):
                return f"a name without a source: {word}"
    return None


def of_kind(brief: Brief, kind: str) -> list[Evidence]:
    """Return the trusted evidence of one kind."""
    found = [e for e in brief.evidence if e.kind == kind]
    return trusted(found, brief.verdict.distrusted) if found else found
