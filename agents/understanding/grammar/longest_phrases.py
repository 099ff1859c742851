"""Take the longest phrase, value or number that begins at a token of a request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.field_concepts import comparative_directions
from ....core.language.measure_words import currencies, units
from ....core.language.phrases import phrases
from ....core.language.tokens import Token, words_of_form
from ....core.language.value_entry import PART, SPELLED, Entry
from .han_words import end_of_whether, end_of_word
from .known_phrases import Run, known
from .marked_values import marked_value
from .numbers.amount import Amount
from .numbers.amounts import NUMBER_WORDS, read_amount
from .segments import NO_ROLES, Segment

MAX_WORDS = 7
MAX_PIECES = MAX_WORDS + 4
"""Words, and tokens of other kinds with them, of the longest phrase."""
MAX_BETWEEN = 4
"""Tokens before "or less" among which the number stands: "8 g sugar or less"."""
ABBREVIATION = 3
"""Letters of the longest abbreviation with a full stop, but for these."""
_LONG_ABBREVIATIONS = frozenset(("capt", "inkl", "prof", "univ", "zzgl"))
JOINERS = frozenset("-/&.'’·_")
_SIGNS = "+<>≤≥~"
_EQUAL = {"<": "≤", ">": "≥"}
_DENYING = frozenset(("not", "except"))
_GLUE = frozenset(("filler",))
_NUMBER = frozenset(("number",))
WHETHER = frozenset(("filler", "whether"))
_LINKING = frozenset(("but", "and", "aber", "und", "or", "oder"))
_REFUSED_PARTS = frozenset(
    ("no", "not", "kein", "keine", "keinen", "ohne", "without", "non", "never", "nicht", "keinerlei", "cannot")
)


class Cut(NamedTuple):
    """A request as it is cut: its text, its tokens, the language of the catalogue and the languages ``spoken``."""

    text: str
    tokens: Sequence[Token]
    language: CatalogueLanguage
    spoken: frozenset[str]


def longest_at(cut: Cut, i: int) -> Segment:
    """Return the segment at token ``i``: the longest known phrase or number, else the token itself."""
    return _whether(cut, i) or _engine(cut, i) or _as_written(cut, i) or _sign(cut, i) or _phrase(cut, i)


def _as_written(cut: Cut, i: int) -> Segment | None:
    """Return the value with marks that begins at ``i``."""
    end, key = marked_value(cut.tokens, i, cut.language)
    if not key:
        return None
    return _placed(Segment(i, end, 0, 0, "", entries=cut.language.values[key]), cut)


def _phrase(cut: Cut, i: int) -> Segment:
    """Return the longest known phrase or number at ``i``, or the word that stands there."""
    best = _longest_known(cut, i)
    amount = read_amount(cut.tokens, i)
    if amount is not None and not _outdoes(best, amount, cut, i):
        best = Segment(i, amount.end, 0, 0, "", amount=amount, roles=_NUMBER)
    if best is None and cut.tokens[i].kind == "mark":
        return _mark(cut.text, cut.tokens[i], i)
    if best is None or (best.last == i + 1 and best.roles == _GLUE and not (best.entries or best.fields)):
        whole = end_of_word(cut.tokens, i, cut.language)
        best = Segment(i, whole, 0, 0, "") if whole > i else best or Segment(i, i + 1, 0, 0, "")
    return _placed(best, cut)


def _longest_known(cut: Cut, i: int) -> Segment | None:
    """Return the longest phrase at ``i`` that the grammar or the catalogue knows."""
    best: Segment | None = None
    run = Run()
    for j in range(i, len(cut.tokens)):
        token = cut.tokens[j]
        if len(run.words) >= MAX_PIECES or _parts(cut.tokens, j, run):
            break
        run.add(token, cut.text[token.start : token.end])
        if token.kind == "mark":
            continue
        piece = None if _is_article(cut, i, run) else known(run, cut.language, cut.spoken)
        if piece is not None and _stands(piece, run, cut, i, j + 1):
            best = piece
            best.first, best.last = i, j + 1
        if (token.kind == "word" and len(run.words) >= MAX_WORDS) or not run.goes_on(cut.language):
            break
    return best


def _parts(tokens: Sequence[Token], j: int, run: Run) -> bool:
    """Tell whether the token at ``j`` is a mark that no phrase goes on behind."""
    token = tokens[j]
    if token.kind != "mark":
        return False
    return not run.words or token.text not in JOINERS or (token.text == "." and _ends_sentence(tokens, j))


def _ends_sentence(tokens: Sequence[Token], j: int) -> bool:
    """Tell whether the full stop at ``j`` ends a sentence: white space follows, and no abbreviation stands before it ("Dr. Martens")."""
    before = tokens[j - 1].text if j else ""
    short = len(before) <= ABBREVIATION or before in _LONG_ABBREVIATIONS
    return not short and j + 1 < len(tokens) and not tokens[j + 1].glued


def _is_article(cut: Cut, i: int, run: Run) -> bool:
    """Tell whether the words are an article before a number: "a 4dr SUV" is no A4, "audi a 4" is."""
    if len(run.words) != 2 or run.words[0] != "a" or not run.words[1].isdigit():
        return False
    return not (cut.tokens[i].capital or (i and cut.language.values.get(cut.tokens[i - 1].text)))


def _stands(piece: Segment, run: Run, cut: Cut, i: int, end: int) -> bool:
    """Tell whether a known phrase is one here, and no word of it belongs to what follows."""
    if _is_link(piece, run) and _says_more(cut, i + 1, end):
        return False
    return not (_opens_number(piece, run, cut.tokens, end) or _is_passive(piece, run, cut.tokens, end))


def _is_link(piece: Segment, run: Run) -> bool:
    """Tell whether a phrase begins with a word that may as well link a new clause: "but not", "and no more"."""
    return len(run.words) > 1 and run.words[0] in _LINKING and bool(piece.roles & {"except", "or_less"})


def _says_more(cut: Cut, i: int, end: int) -> bool:
    """Tell whether a refusal begins at ``i`` that reaches further than ``end``, or that no number stands before: "but not in the mood for"."""
    inner = _engine(cut, i) or _sign(cut, i) or _phrase(cut, i)
    if not inner.roles & {"not", "not_after", "wanted_double", "release"}:
        return False
    counted = any(_is_counted(cut.tokens, k) for k in range(i - MAX_BETWEEN, i - 1))
    return inner.last > end or (inner.last == end and not counted)


def _opens_number(piece: Segment, run: Run, tokens: Sequence[Token], end: int) -> bool:
    """Tell whether "and less" or "or more" belongs to a number that follows: "and less than 28"."""
    after = tokens[end].text if end < len(tokens) else ""
    if run.words in (["no", "more"], ["not", "more"]) and f"more {after}" in comparative_directions():
        return True  # no more recent than
    if (
        len(run.words) < 2
        or run.words[0] not in ("and", "or", "und", "oder", "not", "no")
        or not piece.roles & {"or_less", "or_more", "on_after"}
    ):
        return False
    return bool(after) and (after in ("than", "then", "als") or read_amount(tokens, end) is not None)


def _is_passive(piece: Segment, run: Run, tokens: Sequence[Token], end: int) -> bool:
    """Tell whether a word is done "by" somebody and no form of a value: "signed by the artist" asks for no sign."""
    followed = end < len(tokens) and tokens[end].text == "by"
    participle = len(run.words) == 1 and run.words[0].endswith("ed")
    return followed and participle and all(e.rank > SPELLED for e in piece.entries)


def _outdoes(best: Segment | None, amount: Amount, cut: Cut, i: int) -> bool:
    """Tell whether a phrase is meant, and not the number that it begins with."""
    if best is None:
        return False
    if best.last > amount.end:
        return True
    if amount.spelled and best.fields and not best.entries and best.last >= amount.end:
        return _is_counted(cut.tokens, i - 1)  # 60 "an hour"
    return bool(best.entries) and best.last == amount.end and best.last - i > 1


def _is_counted(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether a number or its unit ends at ``i``."""
    if i < 0:
        return False
    token = tokens[i]
    return token.kind == "number" or token.text in NUMBER_WORDS or token.text in units() or token.text in currencies()


def _placed(piece: Segment, cut: Cut) -> Segment:
    """Return a segment with its place in the text and its words, without the values that these deny."""
    tokens = cut.tokens[piece.first : piece.last]
    piece.start, piece.end = tokens[0].start, tokens[-1].end
    piece.text = cut.text[piece.start : piece.end]
    piece.capital = tokens[0].capital
    if piece.roles & _DENYING and not (piece.capital and piece.first > 0):
        piece.entries = ()  # the brand Nothing takes no "nothing" away
    said = frozenset(t.text for t in tokens)
    piece.entries = tuple(e for e in piece.entries if e.rank < PART or not _denies_more(e, said))
    piece.words = tuple(t.text for t in tokens if t.kind != "mark")
    return piece


def _denies_more(entry: Entry, said: frozenset[str]) -> bool:
    """Tell whether a value of which a part was said has a negation that was not: "fold" is no "does not fold"."""
    denying = frozenset(w for v in entry.wanted for w in words_of_form(v)) & _REFUSED_PARTS
    return bool(denying) and not denying & said


def _whether(cut: Cut, i: int) -> Segment | None:
    """Return the first half of a Chinese question of the form A-not-A."""
    end = end_of_whether(cut.tokens, i)
    start, stop = cut.tokens[i].start, cut.tokens[end - 1].end
    return Segment(i, end, start, stop, cut.text[start:stop], WHETHER) if end else None


def _engine(cut: Cut, i: int) -> Segment | None:
    """Read "V6" as six cylinders."""
    following = cut.tokens[i + 1] if i + 1 < len(cut.tokens) else None
    if cut.tokens[i].text != "v" or following is None or following.kind != "number" or not following.glued:
        return None
    amount = read_amount(cut.tokens, i + 1)
    fields = tuple(f.field.name for f in cut.language.of_concept("cylinders"))
    if amount is None or not fields or amount.end != i + 2:
        return None
    start, end = cut.tokens[i].start, following.end
    return Segment(i, i + 2, start, end, cut.text[start:end], fields=fields, amount=amount, roles=_NUMBER)


def _sign(cut: Cut, i: int) -> Segment | None:
    """Return a mark that means something by itself; "<=" and ">=" are one."""
    token = cut.tokens[i]
    if token.kind != "mark" or not (token.text in _SIGNS or token.text in phrases()):
        return None
    following = cut.tokens[i + 1] if i + 1 < len(cut.tokens) else None
    if token.text not in _EQUAL or following is None or following.text != "=" or not following.glued:
        return _mark(cut.text, token, i)
    mark = _mark(cut.text, token._replace(text=_EQUAL[token.text], end=following.end), i)
    mark.last = i + 2
    return mark


def _mark(text: str, token: Token, i: int) -> Segment:
    roles = phrases().get(token.text, NO_ROLES)
    return Segment(i, i + 1, token.start, token.end, text[token.start : token.end], roles=roles, mark=token.text)
