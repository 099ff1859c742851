"""Fit the way from multilingual-e5-small into the space of MiniLM, and its card: ``python -m tastemaker.models.alignment.bridge WORDNET``.

WORDNET is a folder with the ``data.*`` files of WordNet 3.0. Pairs are its definitions and examples, each embedded by both networks, and the words
of the packaged lexicon: a Chinese or German word by the larger one, the English word of the same sense by MiniLM, which teaches the matrix to leave
out what tells the languages apart. A ridge regression, both sides centred; what comes out keeps no common middle, which would make
all foreign texts alike. Vectors are kept in the cache; what was ended goes on where it was.
"""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

import numpy as np

from ...core.language.lexicon.lexicon import DATA as LEXICON
from ...core.language.lexicon.lexicon import LANGUAGES
from ...core.protocols import Vectors
from ...core.settings import load_settings
from ..image_text.embedded import EmbeddedImageText
from ..image_text.onnx_graph import write_atomically
from ..image_text.other_languages import BRIDGE, MAX_TOKENS, WEIGHTS, OtherLanguages, packed_bridge, placed
from ..weights.fetch import ensure_weights
from .resumable_rows import KeptRows

SEED, TEXTS, WORDS, DE_WORDS, HELD_OUT = 0, 58_000, 18_000, 14_000, 2_000
"""Texts of WordNet, Chinese and German words that are fitted on, and how many more of each are only measured on."""
STRENGTH, WORDS_WEIGHT = 0.1, 0.3
PRECISION: Final = "int8"
SHORTEST, LONGEST = 3, 200
COMMAND = "python -m tastemaker.models.alignment.bridge WORDNET"
Say = Callable[[str], None]
T = TypeVar("T")


class Pairs(NamedTuple):
    """What both networks make of the same: ``larger`` and ``minilm``, unit rows (n, 384)."""

    larger: Vectors
    minilm: Vectors


def main(folder: Path, say: Say) -> None:
    """Fit, measure, and write the packaged matrix and its card."""
    cache = load_settings().cache
    ensure_weights(WEIGHTS, cache, progress=say)
    texts = _mixed(sorted(set(texts_of(folder))), TEXTS + HELD_OUT)
    sets = {"English texts": embedded(cache, texts, texts, say)}
    for language, name, most in (("zh", "Chinese words", WORDS), ("de", "German words", DE_WORDS)):
        own, same = zip(*words_of(language, most + HELD_OUT), strict=True)
        sets[name] = embedded(cache, list(own), list(same), say)
    weights = [1.0, *[WORDS_WEIGHT] * (len(sets) - 1)]
    middle, matrix = ridge(
        [(_part(p, HELD_OUT, None), weight) for p, weight in zip(sets.values(), weights, strict=True)]
    )
    write_atomically(BRIDGE, packed_bridge(middle, matrix))
    held = {name: recalls(_part(pairs, 0, HELD_OUT), middle, matrix) for name, pairs in sets.items()}
    card = _card([f"| {name} | {first:.3f} | {five:.3f} | {near:.3f} |" for name, (first, five, near) in held.items()])
    write_atomically(BRIDGE.with_suffix(".md"), card.encode())
    say(card)


def _part(pairs: Pairs, start: int, end: int | None) -> Pairs:
    return Pairs(pairs.larger[start:end], pairs.minilm[start:end])


def texts_of(folder: Path) -> Iterator[str]:
    """Yield the first word, the definition and the examples of every synset of WordNet's ``data.*`` files.

    Raises:
        FileNotFoundError: there are no such files.
    """
    files = sorted(folder.glob("data.*"))
    if not files:
        raise FileNotFoundError(f"no data.noun, data.verb, data.adj and data.adv of WordNet in {folder}")
    for file in files:
        for line in file.read_text(encoding="latin-1").splitlines():
            if not line.startswith("  "):
                head, _, gloss = line.partition("| ")
                found = (head.split()[4].replace("_", " ").partition("(")[0], gloss.partition(";")[0].strip())
                yield from (t for t in (*found, *re.findall('"([^"]+)"', gloss)) if SHORTEST <= len(t) < LONGEST)


def words_of(language: str, most: int) -> list[tuple[str, str]]:
    """Return (word, English word of the same sense) of the packaged lexicon, those of the most used senses first, mixed."""
    found: list[tuple[int, str, str]] = []
    column = LANGUAGES.index(language) + 4
    for line in gzip.decompress(LEXICON.read_bytes()).decode().splitlines():
        parts = line.split("\t")
        if line.startswith("#") and parts[4] and parts[column]:
            found.append((-int(parts[3]), parts[column].partition("|")[0], parts[4].partition("|")[0]))
    found.sort()
    return _mixed([(own, same) for _, own, same in found[:most]], most)


def _mixed(rows: Sequence[T], most: int) -> list[T]:
    order = np.random.default_rng(SEED).permutation(len(rows))[:most]
    return [rows[i] for i in order]


def embedded(cache: Path, larger: list[str], minilm: list[str], say: Say) -> Pairs:
    """Return what the larger network makes of some texts and MiniLM of others, as they are served, kept in the cache."""
    kept = KeptRows(cache / "bench" / "bridge", say)
    others, english = OtherLanguages(cache, PRECISION), EmbeddedImageText(cache, precision=PRECISION)
    return Pairs(
        kept.rows(f"{WEIGHTS} {PRECISION}", larger, larger, others.unbridged),
        kept.rows(f"minilm {PRECISION}", minilm, minilm, english.encode_english),
    )


def ridge(parts: Sequence[tuple[Pairs, float]]) -> tuple[Vectors, Vectors]:
    """Return the middle (384,) of the larger network's rows and the matrix (384, 384) from them to those of MiniLM; each part has a weight."""
    weights = np.concatenate([np.full(len(pairs.larger), weight) for pairs, weight in parts])
    weights /= weights.sum()
    x, y = (np.concatenate(side).astype(np.float64) for side in zip(*(pairs for pairs, _ in parts), strict=True))
    middle = weights @ x
    x, y = x - middle, y - weights @ y
    scaled = x * (weights * len(x))[:, None]
    matrix = np.linalg.solve(scaled.T @ x + STRENGTH * np.eye(x.shape[1]), scaled.T @ y)
    return middle.astype(np.float32), matrix.astype(np.float32)


def recalls(pairs: Pairs, middle: Vectors, matrix: Vectors) -> tuple[float, float, float]:
    """Return in how many the own row of MiniLM is the nearest, is among the five nearest, and how near it is."""
    cosines = placed(pairs.larger, middle, matrix) @ pairs.minilm.T
    own = np.diag(cosines)
    rank = (cosines > own[:, None]).sum(axis=1)
    return float((rank < 1).mean()), float((rank < 5).mean()), float(own.mean())


def _card(rows: Sequence[str]) -> str:
    table = "\n".join(rows)
    return f"""# The bridge from multilingual-e5-small to MiniLM

`bridge.safetensors` ({BRIDGE.stat().st_size:,} bytes, float16): a middle and a matrix of 384 by 384, which take what multilingual-e5-small (Q4_0, MIT, from a
package, not in this folder) makes of a text to about where all-MiniLM-L6-v2 has the English of it.

- **Data**: {TEXTS:,} first words, definitions and examples of WordNet 3.0 (WordNet licence), each embedded by both networks; {WORDS:,} Chinese and {DE_WORDS:,}
  German words of the packaged lexicon (CC BY-SA 4.0, see NOTICE), by the larger network, with the English word of the same sense by MiniLM. No text is in
  this folder: only the matrix fitted on their vectors.
- **Method**: ridge regression, both sides centred, strength {STRENGTH:g}, words at {WORDS_WEIGHT:g} of a text's weight. What comes out keeps no common middle: with one, all
  foreign texts would be alike, and the limits for what fits, which were set on English, would let strangers in.
- **Made by** `{COMMAND}`, in about ten minutes on two busy cores.
- **Limits**: no Latin-script language but German has its words in the lexicon: a short text of one of the others is told only by its small words. What the larger network takes
  for alike is alike here: rare names and codes are found by their words, not by this. Cut at {MAX_TOKENS} word pieces.

## Figures
Pairs that nothing was fitted on, {HELD_OUT:,} of each kind: how often the own English vector is the nearest of all, among the five nearest, and its mean cosine.

| pairs | R@1 | R@5 | cosine |
|---|---|---|---|
{table}

What it is worth for a shop, `tastemaker bench relevance` and `tests/perception/test_other_languages.py` tell.
"""


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), _to_stderr)
