"""Say a clause of a sentence in other words that mean the same, and cut it into things that can be told one by one."""

from __future__ import annotations

from ...core.text.words import stem
from .clauses import MATERIALS, Clause, figure
from .record_claims import RecordClaims

GLUE = frozenset(
    """
    a an the it its this these they them their that which one ones here there is are has have having comes come and also too
    with of in on as what you your i s re ve choice item product so kind sort give gives offer offers feature features made
    contain contains those who
    """.split()  # noqa: SIM905
)
"""Words that claim nothing by themselves."""
JOINTS = frozenset(
    """with in from for of on at by to and or plus is are was were has have contains comes into as that which who whose aged shaped made up back
    after before when while where until because since""".split()  # noqa: SIM905
)
LINKING = frozenset("is are was were has have had can cannot will must should may might does do did".split())  # noqa: SIM905
HAVING = frozenset("has have comes come offers offer includes include features feature".split())  # noqa: SIM905
BEFORE = frozenset(("for", "by", "from", "to", "inside", "in", "with", "of", "on"))
THIS = frozenset(("this", "these", "the", "its"))


def ways_to_say(piece: Clause, claims: RecordClaims) -> list[Clause]:
    """Return what a clause says in other words: "inside this train" as "inside", "the buckle is wide" as "wide buckle", "suits" as
    "suitable for"; what a story is about it tells.
    """
    plain = without_item(piece, claims.names)
    ways = [plain]
    at = next((i for i in range(1, len(piece.words) - 1) if piece.words[i] in THIS), 0)
    if at and piece.words[at - 1] in BEFORE and all(s in claims.names for s in piece.stems[at + 1 :]):
        ways.append(piece.only(range(at)))
    kept = [i for i, w in enumerate(plain.words) if w not in GLUE or w in LINKING]
    link = next((n for n, i in enumerate(kept) if plain.words[i] in ("is", "are")), 0)
    if link and len(kept) - 1 - link in (1, 2):
        ways.append(plain.only([*kept[link + 1 :], *kept[:link]]))
    about = plain.words.index("about") if claims.story and "about" in plain.words[:-1] else 0
    if about and not figure(plain.words[about + 1]):
        ways.append(plain.only([i for i in range(len(plain.words)) if i != about]))
    return [*ways, *(_suitable_for(plain, at) for at, w in enumerate(plain.words) if w in ("suit", "suits"))]


def _suitable_for(piece: Clause, at: int) -> Clause:
    """Return "suits gas hobs" as "suitable for gas hobs"."""
    words = (*piece.words[:at], "suitable", "for", *piece.words[at + 1 :])
    stems_ = (*piece.stems[:at], stem("suitable"), "for", *piece.stems[at + 1 :])
    states = (*piece.states[: at + 1], *piece.states[at:])
    return Clause(" ".join(words), words, stems_, states, (*piece.bounds[: at + 1], *piece.bounds[at:]))


def material_first(clause: Clause) -> Clause | None:
    """Return "legs of steel, two of them" as "steel legs, two of them"; None where no thing is of a material."""
    for at in range(1, len(clause.words) - 1):
        if clause.words[at] == "of" and clause.words[at + 1] in MATERIALS and clause.words[at - 1] not in GLUE | JOINTS:
            return clause.only([*range(at - 1), at + 1, at - 1, *range(at + 2, len(clause.words))])
    return None


def things_had(piece: Clause, names: frozenset[str]) -> list[Clause]:
    """Return "it has a cotton back and a wide cuff" as the two things that it has, each with its subject."""
    verb = next((i for i, w in enumerate(piece.words) if i and w in GLUE), 0)
    joint = next((i for i, w in enumerate(piece.words) if w == "and"), 0)
    if joint < verb + 2 or piece.words[verb] not in HAVING:
        return [piece]
    named = piece.words[0] in ("this", "these") and set(piece.stems[1:verb]) <= names
    if not (named or piece.words[0] in ("it", "they")):
        return [piece]
    begins = range(verb + 1 + (piece.words[verb + 1] == "with"))
    return [piece.part(0, joint), piece.only([*begins, *range(joint + 1, len(piece.words))])]


def without_item(piece: Clause, names: frozenset[str]) -> Clause:
    """Leave out "for this table" and "of the table": the item itself."""
    for at in range(1, len(piece.words) - 1):
        if piece.words[at] in THIS and piece.words[at - 1] in BEFORE:
            end = at + 1
            while end < len(piece.words) and piece.stems[end] in names:
                end += 1
            if end > at + 1 and (end == len(piece.words) or piece.words[end] not in BEFORE or at > 1):
                kept = [*range(at - 1), *range(end, len(piece.words))]
                return without_item(piece.only(kept), names) if kept else piece
    return piece
