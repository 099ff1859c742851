"""Read a dislike or a lack that the next clause takes back: "I used to hate horror but now I love it", "früher kein Fleisch, heute schon", 以前不喜欢…，现在喜欢."""

from __future__ import annotations

from .....core.language.keys import key_of
from ..segments import Segment
from ..sentence import COMMAS, Sentence, Wish

_NOW = frozenset(
    "now today nowadays lately meanwhile heute jetzt inzwischen mittlerweile neuerdings 现在 如今 今天".split()  # noqa: SIM905
) | {"these days"}
_IT = frozenset("it one them some eins eine einen es das welche".split())  # noqa: SIM905
_LINKS = frozenset(("but", "so", "aber", "doch", "but now", "also", "deshalb", "therefore"))
_WISHING = frozenset(
    [
        "need",
        "want",
        "love",
        "like",
        "enjoy",
        "do",
        "will",
        "would",
        "mag",
        "will",
        "brauche",
        "mochte",
        "schon",
        "gern",
        "gerne",
        "喜欢",
        "想要",
        "要",
        "需要",
        "爱",
    ]
)
_PAST = frozenset(
    [
        "used",
        "once",
        "loved",
        "liked",
        "enjoyed",
        "was",
        "were",
        "had",
        "fruher",
        "mochte",
        "liebte",
        "hatte",
        "ging",
        "以前",
        "曾经",
        "本来",
        "原来",
    ]
)
_PARTED = {
    **dict.fromkeys(("fallt", "fallen", "fiel", "fielen"), frozenset(("weg", "raus", "aus", "flach", "heraus"))),
    **dict.fromkeys(("scheidet", "scheiden"), frozenset(("aus",))),
    **dict.fromkeys(("lass", "lasst", "lassen", "nimm", "nehmt", "streich"), frozenset(("weg", "raus", "heraus"))),
}
"""German verbs whose particle, at the end of the clause, makes a refusal of them."""
_NEVER_AGAIN = frozenset(
    (
        "never again",
        "nie wieder",
        "nie mehr",
        "not again",
        "not that again",
        "nicht nochmal",
        "nicht noch einmal",
        "再也不要",
        "再也不了",
    )
)
_NO_MORE = frozenset(
    [
        "more",
        "anymore",
        "any",
        "longer",
        "time",
        "mehr",
        "diesmal",
        "now",
        "today",
        "right",
        "just",
        "this",
        "jetzt",
        "heute",
        "the",
        "再",
        "了",
    ]
)
_TOLERABLE = frozenset("ok okay fine alright acceptable tolerable bearable".split())  # noqa: SIM905
SHORT = 3
"""Segments of a clause that only tolerates: "but it's ok"."""
REACH = 12
"""Segments on either side of a negation among which its clause lies."""
MAX_CLAUSE = 7
"""Segments of the clause that takes something back."""


def changes_of_mind(sentence: Sentence) -> None:
    """Free the one value of a negative clause behind which a short clause says that it is otherwise now."""
    _tired(sentence)
    _never_again(sentence)
    _falls_away(sentence)
    segments = sentence.segments
    for i, s in enumerate(segments):
        if s.used or s.entries or not s.roles & {"not", "not_after"}:
            continue
        start, end = _clause_around(sentence, i)
        values = [k for k in range(start, end) if sentence.value_at(k)]
        last = _taken_back(sentence, end)
        once = sum(1 for p in segments[start:end] if p.roles & {"not", "not_after"}) == 1  # "not that I don't like it"
        if len(values) != 1 or last is None or not once:
            continue
        value = segments[values[0]]
        if any(p.person for p in segments[start:end]):  # "my mum hates red but I love it"
            sentence.doubt(values[0], [p for p in segments[start:last] if p is s])
            continue
        sentence.found.wishes += [Wish(e, [value], released=True) for e in value.entries]
        for piece in segments[start:last]:
            if not piece.mark and not piece.roles & {"and"}:
                piece.used = piece.used or "release"


def _tired(sentence: Sentence) -> None:
    """Refuse the one value of a clause behind which "but not any more" or "aber jetzt nicht mehr" stands; without a word of the past it is in doubt."""
    segments = sentence.segments
    for i, s in enumerate(segments):
        if s.used or s.entries or not s.roles & {"not", "not_after"}:
            continue
        start, end = _clause_around(sentence, i)
        own = [p for p in segments[start:end] if p is not s]
        if start < 2 or not own or not all(p.is_glue or set(p.words) <= _NO_MORE for p in own):
            continue
        words = {w for p in (*own, s) for w in p.words}
        if not (words & _NOW or words & _NO_MORE) or "but" not in segments[start - 1].roles:
            continue
        k = start - 1
        while k > 0 and _parts(sentence, k - 1):
            k -= 1
        first, last = _clause_around(sentence, max(k - 1, 0))
        values = [j for j in range(first, last) if sentence.value_at(j)]
        if len(values) != 1 or any(p.roles & {"not", "not_after"} for p in segments[first:last]):
            continue
        value, past = segments[values[0]], {w for p in segments[first:last] for w in p.words} & _PAST
        if not past:
            sentence.doubt(values[0], segments[start:end])
            continue
        sentence.found.wishes += [Wish(e, [value, s], refused=True) for e in sentence.best(value, evident=True)]
        value.used, s.used = "refused", "not"


def _never_again(sentence: Sentence) -> None:
    """Refuse the one value of the clause before a bare "never again", whatever was told of it: "my Northlight broke, never again"."""
    for i, s in enumerate(sentence.segments):
        if s.used or s.entries or key_of(s.text) not in _NEVER_AGAIN or i < 2 or not _parts(sentence, i - 1):
            continue
        if i + 1 < len(sentence.segments) and not _parts(sentence, i + 1):
            continue
        first, last = _clause_around(sentence, i - 2)
        values = [k for k in range(first, last) if sentence.value_at(k)]
        if len(values) != 1 or any(p.roles & {"not", "not_after", "except"} for p in sentence.segments[first:last]):
            continue
        value = sentence.segments[values[0]]
        sentence.found.wishes += [Wish(e, [value, s], refused=True) for e in sentence.best(value, evident=True)]
        value.used, s.used = "refused", "not"


def _falls_away(sentence: Sentence) -> None:
    """Refuse the one value between a German verb and its particle: "also fallen die Studententarife weg", "lass den Zucker weg"."""
    segments = sentence.segments
    for i, s in enumerate(segments):
        if s.used or key_of(s.text) not in _PARTED:
            continue
        end = i + 1
        while end < min(len(segments), i + REACH) and not _parts(sentence, end):
            end += 1
        last = end - 1
        values = [k for k in range(i, end) if sentence.value_at(k)]
        said = key_of(segments[last].text) in _PARTED[key_of(s.text)]
        if not said or len(values) != 1 or any(p.roles & {"not", "except"} for p in segments[i:last]):
            continue
        value = segments[values[0]]
        sentence.found.wishes += [
            Wish(e, [value, segments[last]], refused=True) for e in sentence.best(value, evident=True)
        ]
        for piece in segments[i:end]:
            piece.used = piece.used or "not"
        value.used = "refused"


def _clause_around(sentence: Sentence, i: int) -> tuple[int, int]:
    start = end = i
    while start > max(0, i - REACH) and not _parts(sentence, start - 1):
        start -= 1
    while end < min(len(sentence.segments), i + REACH) and not _parts(sentence, end):
        end += 1
    return start, end


def _parts(sentence: Sentence, k: int) -> bool:
    s = sentence.segments[k]
    return sentence.stops(k) or s.mark in COMMAS or (key_of(s.text) in _LINKS and not s.entries)


def _taken_back(sentence: Sentence, k: int) -> int | None:
    """Return the end of the clause behind ``k`` that takes the one before it back, or None."""
    linked = False
    while k < len(sentence.segments) and _parts(sentence, k) and not _ends(sentence.segments[k]):
        linked, k = True, k + 1
    clause: list[Segment] = []
    while k < len(sentence.segments) and not _parts(sentence, k) and "and" not in sentence.segments[k].roles:
        if not linked or len(clause) == MAX_CLAUSE:
            return None
        clause.append(sentence.segments[k])
        k += 1
    if not clause:
        return None
    if any(s.entries or s.amount is not None or s.used or s.roles & {"not", "not_after", "except"} for s in clause):
        return None
    said = {key_of(s.text) for s in clause} | {w for s in clause for w in s.words}
    if said & _TOLERABLE and len(clause) <= SHORT and not any(s.is_word for s in clause):
        return k
    wants = any(s.roles & {"want", "praise", "fine"} or set(s.words) & _WISHING for s in clause)
    return k if (said & _NOW and (wants or len(clause) <= 3)) or (wants and said & _IT) else None


def _ends(s: Segment) -> bool:
    return s.mark in ".!?;。！？；\n" and bool(s.mark)
