"""Refuse the value that stands before a refusal: "red doesn't suit me", "Dodge? never", "wool allergy", 黑色以外."""

from __future__ import annotations

from .....core.language.keys import key_of
from .....core.language.phrases import phrases
from .....core.language.value_entry import BROADER
from .....core.language.word_groups import around_han, doubtful_words, states
from ..segments import Segment
from ..sentence import COMMAS, Sentence, Wish
from .words import BESIDE, COPULAS, ELSE, LACKING, LINKS, WHOLE, YES

_NONE = frozenset("none nothing neither keine keinen keins nichts".split())  # noqa: SIM905
_BARE = frozenset("dont doesnt do does wont cant need".split())  # noqa: SIM905
_ON = frozenset("on at in for with".split())  # noqa: SIM905
_THOSE = frozenset("those these that this".split())  # noqa: SIM905
_POINTING = frozenset("it them that those".split())  # noqa: SIM905
_RELATIVE = frozenset("that which who das die der".split())  # noqa: SIM905


def refuse_before(sentence: Sentence, i: int) -> bool:
    """Refuse the value just before ``i``: "red doesn't suit me", "Dodge? never", "wool allergy", "nut free", 黑色以外."""
    s, k, crossed, worded = sentence.segments[i], i - 1, 0, False
    if key_of(s.text) in LACKING | BESIDE:  # "red, without a doubt", "red rather than anything else"
        return False
    while k >= 0 and not sentence.segments[k].entries:
        piece = sentence.segments[k]
        worded = worded or piece.is_word
        if key_of(piece.text) in YES or (piece.mark and worded):  # "long sleeves yes, train no"
            return False
        if key_of(piece.text) in ELSE:  # "red, otherwise no"
            return False
        if "and" in piece.roles and not piece.entries and k and sentence.segments[k - 1].mark in COMMAS:
            return False  # "nur Leder, und igitt, Glas"
        if piece.mark == "-" and "free" in s.roles and i - k == 1:
            k -= 1
            continue
        if (
            piece.mark == "." and k < i - 1 and "not_after" not in s.roles
        ):  # "paperback. I don't care" refuses nothing before the stop
            return False
        if "but" in piece.roles and crossed < 3 and _points_back(sentence, i):
            crossed += 1
        elif piece.mark and piece.mark in ",，、?？-–—….:：" and crossed < 3 and _may_cross(s):
            crossed += 1 if piece.mark != "." or "not_after" in s.roles else 3
        elif not _passes(piece, s, i - k, crossed):
            return False
        k -= 1
    if not sentence.value_at(k) or (crossed and (_asked_before(sentence, k) or _says_no(sentence.segments[k]))):
        return False
    if _is_judgement(s) and not any(key_of(p.text) in COPULAS for p in sentence.segments[k + 1 : i]):
        return False
    if "free" in s.roles and sentence.segments[k].end < s.start - 1:
        return False
    if _is_modified(sentence, k):
        sentence.doubt(k, [sentence.segments[k - 1], s])
        return True
    if _is_no_blame(sentence, i) or _has_none(sentence, k, i) or (crossed and _contrasts(sentence, k, i)):
        sentence.doubt(k, [s])
        return True
    if key_of(s.text) in around_han()["needless"] and _are_flags(sentence, k):
        sentence.found.wishes += [Wish(e, [sentence.segments[k]], released=True) for e in sentence.segments[k].entries]
        sentence.segments[k].used = s.used = "release"
        return True
    _refuse(sentence, k, s)
    return True


def refuse_those(sentence: Sentence, i: int) -> bool:
    """Refuse the values that "not on those days" points back to by the name of their field."""
    segments, j = sentence.segments, i + 1
    while j < len(segments) and key_of(segments[j].text) in _ON:
        j += 1
    if j + 1 >= len(segments) or key_of(segments[j].text) not in _THOSE:
        return False
    fields = set(segments[j + 1].fields)
    k = next((k for k in range(i - 1, -1, -1) if fields & {e.field for e in segments[k].entries}), None)
    if k is None or segments[k].used:
        return False
    _refuse(sentence, k, segments[i])
    for piece in segments[i : j + 2]:
        piece.used = "not"
    return True


def _refuse(sentence: Sentence, k: int, s: Segment) -> None:
    """Refuse, by ``s``, the value at ``k`` with those that are listed with it."""
    for position in listed_with(sentence, k):
        piece = sentence.segments[position]
        entries = [e for e in piece.entries if e.rank < BROADER and sentence.evident(piece, e)]
        sentence.found.wishes += [Wish(e, [piece, s], refused=True) for e in entries]
        piece.used = "refused"
    s.used = "not"


def _passes(piece: Segment, s: Segment, apart: int, crossed: int) -> bool:
    """Tell whether a refusal ``s`` reaches back over a piece that stands so many segments before it."""
    if piece.used or piece.amount is not None:
        return False
    wants = "want" in piece.roles and bool(s.roles & {"not"})
    return bool(
        piece.is_glue
        or piece.fields
        or piece.roles & {"only", "too", "own", "both"}
        or (wants and not s.text.isascii())
        or (wants and key_of(piece.text).split(" ")[0] in ("mochte", "will", "suche", "brauche"))
        or (piece.is_word and "not_after" in s.roles and apart < 3 and not crossed)
    )


def _are_flags(sentence: Sentence, k: int) -> bool:
    """Tell whether the value at ``k`` is a yes or no, which who needs it not takes either way: 麦克风不需要."""
    return all(e.field in sentence.language.flags for e in sentence.segments[k].entries)


def _contrasts(sentence: Sentence, k: int, i: int) -> bool:
    """Tell whether a bare "I don't" only sets somebody apart from who was spoken of: "my husband loves red, I don't"."""
    bare = key_of(sentence.segments[i].text).split(" ")[-1] in _BARE
    likes = [p for p in sentence.segments[max(0, k - 3) : k] if p.roles & {"soft", "want"} or "love" in p.words]
    return bare and any(not p.entries for p in likes)


def _points_back(sentence: Sentence, i: int) -> bool:
    """Tell whether a refusal ends its clause with a word that stands for what was named before: "red is nice but I hate it"."""
    following = sentence.segments[i + 1 : i + 2]
    said = key_of(following[0].text) if following else ""
    own = key_of(sentence.segments[i].text).split(" ")[-1]
    ends = sentence.stops(i + 2) or bool(sentence.segments[i + 2].mark)
    return (said in _POINTING and ends) or (own in _POINTING and (not following or bool(following[0].mark)))


def listed_with(sentence: Sentence, k: int) -> list[int]:
    """Return the position of the value at ``k`` with those before it that "or", "and" or "/" join with it in one field."""
    group, fields, m = [k], {e.field for e in sentence.segments[k].entries}, k - 1
    all_of = any(s.text.startswith(tuple(around_han()["all"])) for s in sentence.segments[k + 1 : k + 4])
    while m >= 0:
        joint = _joint(sentence, m)
        if joint is None and all_of:  # 红茶，绿茶都不要
            joint = 0 if sentence.segments[m].entries else int(sentence.segments[m].mark in COMMAS) or None
        if joint is None or not sentence.value_at(m - joint):
            break
        if not fields & {e.field for e in sentence.segments[m - joint].entries}:
            break
        if not joint and m and sentence.segments[m - 1].text in around_han()["asking"]:  # 要椰果红豆也不要
            break
        group.append(m - joint)
        m -= joint + 1
    while len(group) > 1 and m > 0 and sentence.segments[m].mark in COMMAS and sentence.value_at(m - 1):
        if not fields & {e.field for e in sentence.segments[m - 1].entries} or _asked_before(sentence, m - 1):
            break  # "pods, ground and instant are out"
        group.append(m - 1)
        m -= 2
    return group


def _joint(sentence: Sentence, m: int) -> int | None:
    """Return how many segments up to ``m`` join two values of a list: none between Chinese values that stand together, one of 红的蓝的 and "red or blue", two of 红的、蓝的."""
    s, following = sentence.segments[m], sentence.segments[m + 1]
    if s.entries:
        return 0 if not s.text.isascii() and s.end == following.start else None
    if not m:
        return None
    linked = bool(s.roles & LINKS) or s.mark in ("/", "、")
    if linked and sentence.segments[m - 1].text == "的":
        return 2
    return 1 if linked or s.text == "的" else None


def _is_no_blame(sentence: Sentence, i: int) -> bool:
    """Tell whether a "not" only denies that something is bad: "red wouldn't be bad", "rot ist nicht verkehrt"."""
    rest = sentence.segments[i + 1 : i + 4]
    return "not" in sentence.segments[i].roles and any(key_of(p.text) in doubtful_words() for p in rest)


def _is_modified(sentence: Sentence, k: int) -> bool:
    """Tell whether an unknown character makes another thing of the Chinese value at ``k``: white chocolate is not all chocolate (白巧克力)."""
    if not k or sentence.segments[k].text.isascii():
        return False
    before = sentence.segments[k - 1]
    return before.is_word and len(before.text) == 1 and before.end == sentence.segments[k].start


def _has_none(sentence: Sentence, k: int, i: int) -> bool:
    """Tell whether a bare "none" only says what the value has none of: "a motorboat that needs none"."""
    between = sentence.segments[k + 1 : i]
    return key_of(sentence.segments[i].text) in _NONE and any(key_of(p.text) in _RELATIVE for p in between)


def _says_no(s: Segment) -> bool:
    """Tell whether a value itself says that something is absent: "dogs not allowed, I'm allergic"."""
    denied = any(e.denies for e in s.entries)
    return denied or any("not" in phrases().get(w, ()) or w in states()["no"] for w in s.words)


def _may_cross(s: Segment) -> bool:
    """Tell whether a refusal may stand apart from what it refuses: "Dodge? never", "red, no thanks", but not "red, ugly"."""
    return "not" in s.roles or ("not_after" in s.roles and not _is_judgement(s))


def _is_judgement(s: Segment) -> bool:
    """Tell whether a refusal is one adjective, which needs a verb before it: "red is ugly"."""
    one = len(s.words) == 1 and s.text.isascii() and key_of(s.text) not in WHOLE
    return one and "not_after" in s.roles and "not" not in s.roles


def _asked_before(sentence: Sentence, k: int) -> bool:
    """Tell whether the value at ``k`` was asked for in so many words: "I want red, no thanks to you"."""
    j = k - 1
    while j >= 0 and not sentence.segments[j].mark:
        if "want" in sentence.segments[j].roles:
            return True
        j -= 1
    return False
