"""Set two versions side by side, line by line and in words."""

from __future__ import annotations

import difflib

from ..schemas.releases import Diff, DiffLine, Version

NAMED = 6
"""So many changed lines are told in words; of the others, how many there are."""
MAX_SAID = 120


def diff_of(old: Version, new: Version) -> Diff:
    """Return what is different."""
    lines: list[DiffLine] = []
    words: list[str] = []
    before, after = old.body.splitlines(), new.body.splitlines()
    for tag, i, j, k, m in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if tag == "equal":
            lines += [DiffLine(kind="same", text=line) for line in before[i:j]]
            continue
        lines += [DiffLine(kind="removed", text=line) for line in before[i:j]]
        lines += [DiffLine(kind="added", text=line) for line in after[k:m]]
        words += _told(before[i:j], after[k:m], k + 1)
    told = words[:NAMED] + ([f"and {len(words) - NAMED} more changes"] if len(words) > NAMED else [])
    return Diff(
        name=new.name, old=old.number, new=new.number, lines=tuple(lines), words=tuple(told or ["no difference"])
    )


def patch_of(path: str, old: str, new: str) -> str:
    """Return a unified diff of the file at ``path``, for ``git apply``."""
    made = difflib.unified_diff(
        old.splitlines(keepends=True), new.splitlines(keepends=True), f"a/{path}", f"b/{path}", n=3
    )
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in made)


def _told(before: list[str], after: list[str], line: int) -> list[str]:
    if len(before) == len(after):
        return [
            f"line {line + n}: {_short(a)} became {_short(b)}"
            for n, (a, b) in enumerate(zip(before, after, strict=True))
        ]
    told = [f"line {line + n} is new: {_short(b)}" for n, b in enumerate(after) if b.strip()]
    return [f"taken out at line {line}: {_short(a)}" for a in before if a.strip()] + told


def _short(text: str) -> str:
    text = text.strip()
    return f"“{text if len(text) <= MAX_SAID else text[: MAX_SAID - 1] + '…'}”"
