"""Cut a request into segments that mean something in one catalogue: the longest phrase first, slips put right.

A segment may mean several things at once ("light": not heavy, or a lamp); the grammar decides by what stands around it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from rapidfuzz.distance import OSA

from ....core.language.catalogue_language import CatalogueLanguage
from ....core.language.comparisons import Comparison
from ....core.language.field_concepts import comparative_directions, superlatives
from ....core.language.keys import value_key
from ....core.language.lexicon.wordings import lemma_of
from ....core.language.measure_words import currencies, units
from ....core.language.phrases import phrase_words, phrases
from ....core.language.small_words import common_words, german_lean, small_words
from ....core.language.thing_words import thing_words
from ....core.language.tokens import Token, are_forms, german_stem, stem, tokenise, words_of_form
from ....core.language.value_concepts import listed_words
from ....core.language.value_entry import INFLECTED, PART, SPELLED, Entry
from ....core.language.value_wordings import narrower
from ....core.language.word_groups import doubtful_words
from .compounds import join_compound, with_shared_ends, without_compounds
from .han_words import end_of_whether, end_of_word
from .like_sounding import sounding_right
from .numbers.amount import Amount
from .numbers.amounts import NUMBER_WORDS, read_amount
from .written_forms import spelled, spelled_out

MAX_TOKENS = 220
"""Longer texts are read so far; what follows is named as not read."""
MAX_CHARACTERS = 4_000
MAX_WORDS = 7
ABBREVIATION = 3
"""Letters of the longest abbreviation with a full stop, but for these."""
_LONG_ABBREVIATIONS = frozenset(("capt", "inkl", "prof", "univ", "zzgl"))
MAX_BETWEEN = 4
"""Tokens before "or less" among which the number stands: "8 g sugar or less"."""
JOINERS = frozenset("-/&.'’·_")
EMPTY: frozenset[str] = frozenset()
_DENYING = frozenset(("not", "except"))
_REFUSING = frozenset(("no", "not", "kein", "keine", "keinen", "ohne", "without"))
_GLUE = frozenset(("filler",))
WHETHER = frozenset(("filler", "whether"))
_LINKING = frozenset("but and aber und or oder".split())  # noqa: SIM905
_REFUSED_PARTS = _REFUSING | frozenset(("non", "never", "nicht", "keinerlei", "cannot"))
_WORDS_OF_GRAMMAR = frozenset(("except", "release", "averse"))
"""Roles that a word loses where it is a value of the catalogue as it stands."""


@dataclass
class Segment:
    """Tokens ``first:last`` at ``start:end`` of the text, with all they may mean; ``used`` says what they ended in."""

    first: int
    last: int
    start: int
    end: int
    text: str
    roles: frozenset[str] = EMPTY
    entries: tuple[Entry, ...] = ()
    fields: tuple[str, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    person: str = ""
    amount: Amount | None = None
    mark: str = ""
    capital: bool = False
    corrected: bool = False
    used: str = ""
    words: tuple[str, ...] = field(default=())

    @property
    def is_word(self) -> bool:
        """Tell whether it is a content word that nothing here knows."""
        return not (
            self.roles or self.entries or self.fields or self.comparisons or self.person or self.mark or self.amount
        )

    @property
    def is_filler(self) -> bool:
        """Tell whether it is a word of everyday grammar, whatever else it may mean."""
        return "filler" in self.roles and self.text.isascii()

    @property
    def is_glue(self) -> bool:
        """Tell whether it says nothing by itself."""
        return "filler" in self.roles and not self.entries and self.amount is None


def is_german(segments: Sequence[Segment]) -> bool:
    """Tell whether a text has small words that are German, or at least none that are English."""
    said = {s.text.casefold() for s in segments}
    return bool(said & small_words()["de"]) or not said & small_words()["en"]


def segment(text: str, language: CatalogueLanguage) -> tuple[list[Segment], str]:
    """Return the segments of ``text`` in order, and the rest that is too long to be read."""
    tokens = spelled(tokenise(text[:MAX_CHARACTERS]))
    rest = text[tokens[MAX_TOKENS].start :].strip() if len(tokens) > MAX_TOKENS else text[MAX_CHARACTERS:].strip()
    tongue = _tongue_of(tokens, language)
    tokens = with_shared_ends(spelled_out(tokens[:MAX_TOKENS]), language)
    tokens = without_compounds(text, tokens, language)
    spoken = sounding_right(tokens, language) if language.sounds and any(t.kind == "han" for t in tokens) else tokens
    corrected = [_corrected(t, language, tongue) for t in spoken]
    changed = [a.text != b.text for a, b in zip(tokens, corrected, strict=True)]
    found: list[Segment] = []
    i = 0
    while i < len(corrected):
        piece = _whether(text, corrected, i) or _longest(text, corrected, i, language)
        piece.corrected = any(changed[piece.first : piece.last])
        piece.entries = tuple(e for e in piece.entries if e.tongue in ("", tongue))
        if tongue == "de" and piece.text == "Lack":  # a varnish
            piece.roles = EMPTY
        if piece.is_word:
            piece.entries = _narrower(piece, tongue, language)
        if found and piece.start == found[-1].end and not found[-1].mark:
            join_compound(found[-1], piece)
        found.append(piece)
        i = piece.last
    return found, rest


def _narrower(piece: Segment, tongue: str, language: CatalogueLanguage) -> tuple[Entry, ...]:
    """Return the values that an unknown word is a kind of, where no text of the catalogue has the word itself."""
    word = piece.words[0] if len(piece.words) == 1 else ""
    if not word or {word, stem(word)} & (language.words | thing_words()) or (piece.capital and tongue == "en"):
        return ()
    other = "en" if tongue == "de" else "de"
    return narrower(word, tongue, language.senses) or narrower(word, other, language.senses)


def _tongue_of(tokens: Sequence[Token], language: CatalogueLanguage) -> str:
    """Return the language that the small words of a request are of; where they do not tell, the catalogue's."""
    lean = german_lean(t.text for t in tokens)
    if not lean:
        return "de" if language.is_german else "en"
    return "de" if lean > 0 else "en"


def _corrected(token: Token, language: CatalogueLanguage, tongue: str) -> Token:
    word = token.text
    if token.kind != "word" or len(word) < 4 or not word.isascii() or token.end - token.start != len(word):
        return token
    spelling = language.spelling
    if word in common_words() or spelling.knows(word) or word in phrase_words() or word in NUMBER_WORDS:
        return token
    if (
        word in language.names
        or word in language.comparisons
        or word in language.people
        or word in units()
        or word in currencies()
    ):
        return token
    if (
        word in language.values
        or german_stem(word) in language.values
        or (stem(word) in common_words() and not word.endswith("er"))
        or word in listed_words()
        or word in doubtful_words()
        or lemma_of(word, tongue)
    ):
        return token
    right = spelling.correct(word)
    if right is None or (right in phrase_words() and not _is_value(right, language)):
        return token  # "Nächte" is no slip of "nicht"
    if german_stem(word) in listed_words() and OSA.distance(word, right) > 1:
        return token  # "braunes" is none of "blaues"
    return token._replace(text=right)


def _is_value(word: str, language: CatalogueLanguage) -> bool:
    """Tell whether a word of some phrase is a value as well, and refuses nothing by itself."""
    refuses = phrases().get(word, EMPTY) & (_DENYING | {"not_after", "free"})
    return not refuses and any(e.rank <= INFLECTED for e in language.values.get(word, ()))


def _longest(text: str, tokens: Sequence[Token], i: int, language: CatalogueLanguage) -> Segment:
    """Return the segment at token ``i``: the longest known phrase or number, else the token itself."""
    amount = read_amount(tokens, i)
    engine = _engine(text, tokens, i, language)
    if engine is not None:
        return engine
    article = tokens[i].text == "a" and not (tokens[i].capital or (i and language.values.get(tokens[i - 1].text)))
    best: Segment | None = None
    plain = key = stems = german = ""
    words: list[str] = []
    j = i
    while j < len(tokens) and len(words) < MAX_WORDS + 4:
        token = tokens[j]
        if token.kind == "mark" and (not words or token.text not in JOINERS):
            if j == i and (token.text in "+<>≤≥~" or token.text in phrases()):
                return _or_equal(text, tokens, i) or _mark(text, token, i)
            break
        if token.text == "." and _ends_sentence(tokens, j):
            break
        j += 1
        if token.kind == "mark":
            if token.text == "/" and words[-1].isdigit():  # the size 3/4
                plain, stems = f"{plain}/", f"{stems}/"
            continue
        words.append(token.text)
        plain += token.text
        joined = not key or not (key[-1].isascii() or token.text.isascii())
        key = f"{key}{'' if joined else ' '}{token.text}"
        stems += stem(token.text)
        german += german_stem(token.text)
        no_name = article and len(words) == 2 and words[1].isdigit()  # "a 4dr SUV" is no A4, "audi a 4" is
        piece = None if no_name else _known(plain, key, stems, german, words, language)
        if piece is not None and _is_link(piece, words) and _says_more(text, tokens, i + 1, j, language):
            piece = None
        if piece is not None and not (_opens_number(piece, words, tokens, j) or _is_passive(piece, words, tokens, j)):
            best = piece
            best.first, best.last = i, j
        if (token.kind == "word" and len(words) >= MAX_WORDS) or not language.opens(key, plain, stems, german):
            break
    rate = amount is not None and amount.spelled and best is not None and best.fields and _is_counted(tokens, i - 1)
    if (
        amount is not None
        and not (rate and best is not None and not best.entries and best.last >= amount.end)  # 60 "an hour"
        and (best is None or best.last <= amount.end)
        and not (best and best.entries and best.last == amount.end and best.last - i > 1)
    ):
        best = Segment(i, amount.end, 0, 0, "", amount=amount, roles=frozenset(["number"]))
    if best is None and tokens[i].kind == "mark":
        return _mark(text, tokens[i], i)
    if best is None or (best.last == i + 1 and best.roles == _GLUE and not (best.entries or best.fields)):
        whole = end_of_word(tokens, i, language)
        best = Segment(i, whole, 0, 0, "") if whole > i else best or Segment(i, i + 1, 0, 0, "")
    best.start, best.end = tokens[best.first].start, tokens[best.last - 1].end
    best.text = text[best.start : best.end]
    best.capital = tokens[best.first].capital
    if best.roles & _DENYING and best.entries and not (best.capital and i > 0):
        best.entries = ()  # the brand Nothing takes no "nothing" away
    best.entries = tuple(e for e in best.entries if e.rank < PART or not _denies_more(e, corrected_words(tokens, best)))
    best.words = tuple(t.text for t in tokens[best.first : best.last] if t.kind != "mark")
    return best


def corrected_words(tokens: Sequence[Token], piece: Segment) -> frozenset[str]:
    """Return the words of a segment."""
    return frozenset(t.text for t in tokens[piece.first : piece.last])


def _denies_more(entry: Entry, said: frozenset[str]) -> bool:
    """Tell whether a value of which a part was said has a negation that was not: "fold" is no "does not fold"."""
    denying = frozenset(w for v in entry.wanted for w in words_of_form(v)) & _REFUSED_PARTS
    return bool(denying) and not denying & said


def _whether(text: str, tokens: Sequence[Token], i: int) -> Segment | None:
    """Return the first half of a Chinese question of the form A-not-A."""
    end = end_of_whether(tokens, i)
    start, stop = tokens[i].start, tokens[end - 1].end
    return Segment(i, end, start, stop, text[start:stop], WHETHER) if end else None


def _known(
    plain: str, key: str, stems: str, german: str, words: Sequence[str], language: CatalogueLanguage
) -> Segment | None:
    roles = phrases().get(key, EMPTY)
    names = language.names.get(key, ())
    comparisons = language.comparisons.get(key, ())
    person = language.people.get(key, "")
    spelled = language.values.get(plain, ())
    inflected = () if plain == stems else language.values.get(stems, ())
    if inflected and len(words) == 1:
        inflected = tuple(e for e in inflected if _is_form_of(words[0], e))
    if roles & _WORDS_OF_GRAMMAR and len(words) == 1 and any(e.rank == SPELLED for e in spelled):
        roles -= _WORDS_OF_GRAMMAR  # a hotel's bar and a flat's lift are no words of the grammar
    if key in superlatives():  # "the longest wait" asks for no long coat
        inflected, spelled = (), tuple(e for e in spelled if e.rank == SPELLED)
    denies = len(words) > 1 and words[0] in _REFUSING
    if roles & {"not", "except", "not_after"} or denies:  # "no vices" is no form of "Novice"
        inflected = ()
        spelled = tuple(e for e in spelled if not denies or e.rank == SPELLED)
    if roles:  # "kindly" is no form of a value that is called "kind" elsewhere
        inflected = tuple(e for e in inflected if e.rank <= INFLECTED)
    entries = _merged([spelled, tuple(e._replace(rank=max(e.rank, INFLECTED)) for e in inflected)])
    if names and "not" in roles:  # the "without" of a field of that name refuses all the same
        names = ()
    if names:
        entries = tuple(e for e in entries if e.rank == SPELLED or e.field in names)
    if not (entries or roles or names or comparisons or person) and len(words) < 3:
        entries = language.values.get(german, ()) if key not in superlatives() else ()
        names = language.names.get(german, ())
    if len(words) == 1 and not comparisons and key.startswith(("zweit", "dritt", "viert")):
        comparisons = language.comparisons.get(key[5:], ())
    if not (entries or roles or names or comparisons or person):
        return None
    return Segment(0, 0, 0, 0, "", roles, entries, names, comparisons, person)


def _is_form_of(word: str, entry: Entry) -> bool:
    """Tell whether a word with the stem of a value is a form of it: "comedies" of Comedy, but not "animals" of Animation."""
    own = value_key(entry.wanted[0])
    if len(entry.wanted) > 1 or stem(own) != stem(word):
        return True
    return are_forms(word, own)


def _opens_number(piece: Segment, words: Sequence[str], tokens: Sequence[Token], j: int) -> bool:
    """Tell whether "and less" or "or more" belongs to a number that follows: "and less than 28"."""
    than = f"more {tokens[j].text}" if j < len(tokens) and list(words) in (["no", "more"], ["not", "more"]) else ""
    if than in comparative_directions():  # no more recent than
        return True
    if (
        len(words) < 2
        or words[0] not in ("and", "or", "und", "oder", "not", "no")
        or not piece.roles & {"or_less", "or_more", "on_after"}
    ):
        return False
    return j < len(tokens) and (tokens[j].text in ("than", "then", "als") or read_amount(tokens, j) is not None)


def _is_link(piece: Segment, words: Sequence[str]) -> bool:
    """Tell whether a phrase begins with a word that may as well link a new clause: "but not", "and no more"."""
    return len(words) > 1 and words[0] in _LINKING and bool(piece.roles & {"except", "or_less"})


def _says_more(text: str, tokens: Sequence[Token], i: int, j: int, language: CatalogueLanguage) -> bool:
    """Tell whether a refusal begins at ``i`` that reaches further than ``j``, or that no number stands before: "but not in the mood for"."""
    inner = _longest(text, tokens, i, language)
    if not inner.roles & {"not", "not_after", "wanted_double", "release"}:
        return False
    return inner.last > j or (
        inner.last == j and not any(_is_counted(tokens, k) for k in range(i - MAX_BETWEEN, i - 1))
    )


def _is_counted(tokens: Sequence[Token], i: int) -> bool:
    """Tell whether a number or its unit ends at ``i``."""
    if i < 0:
        return False
    token = tokens[i]
    return token.kind == "number" or token.text in NUMBER_WORDS or token.text in units() or token.text in currencies()


def _is_passive(piece: Segment, words: Sequence[str], tokens: Sequence[Token], j: int) -> bool:
    """Tell whether a word is done "by" somebody and no form of a value: "signed by the artist" asks for no sign."""
    followed = j < len(tokens) and tokens[j].text == "by"
    return followed and len(words) == 1 and words[0].endswith("ed") and all(e.rank > SPELLED for e in piece.entries)


def _merged(found: Sequence[tuple[Entry, ...]]) -> tuple[Entry, ...]:
    """Return the surest meaning in each field."""
    some = [rows for rows in found if rows]
    if len(some) < 2:
        return some[0] if some else ()
    best: dict[str, Entry] = {}
    for entry in (e for rows in some for e in rows):
        if entry.field not in best or entry.rank < best[entry.field].rank:
            best[entry.field] = entry
    return tuple(sorted(best.values(), key=lambda e: e.rank))


def _engine(text: str, tokens: Sequence[Token], i: int, language: CatalogueLanguage) -> Segment | None:
    """Read "V6" as six cylinders."""
    if tokens[i].text != "v" or i + 1 >= len(tokens) or tokens[i + 1].kind != "number" or not tokens[i + 1].glued:
        return None
    amount, fields = read_amount(tokens, i + 1), tuple(f.field.name for f in language.of_concept("cylinders"))
    if amount is None or not fields or amount.end != i + 2:
        return None
    start, end = tokens[i].start, tokens[i + 1].end
    return Segment(i, i + 2, start, end, text[start:end], fields=fields, amount=amount, roles=frozenset(["number"]))


def _ends_sentence(tokens: Sequence[Token], j: int) -> bool:
    """Tell whether the full stop at ``j`` ends a sentence: white space follows, and no abbreviation stands before it ("Dr. Martens")."""
    before = tokens[j - 1].text if j else ""
    short = len(before) <= ABBREVIATION or before in _LONG_ABBREVIATIONS
    return not short and j + 1 < len(tokens) and not tokens[j + 1].glued


def _or_equal(text: str, tokens: Sequence[Token], i: int) -> Segment | None:
    """Read "<=" and ">=" as one mark."""
    if tokens[i].text not in "<>" or i + 1 >= len(tokens) or tokens[i + 1].text != "=" or not tokens[i + 1].glued:
        return None
    token = tokens[i]._replace(text={"<": "≤", ">": "≥"}[tokens[i].text], end=tokens[i + 1].end)
    mark = _mark(text, token, i)
    mark.last = i + 2
    return mark


def _mark(text: str, token: Token, i: int) -> Segment:
    roles = phrases().get(token.text, EMPTY)
    return Segment(i, i + 1, token.start, token.end, text[token.start : token.end], roles=roles, mark=token.text)
