"""Say how alike words are that no phrasing has: vectors of the usual words of three languages by multilingual-e5-small, in few dimensions."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from ...core.language.lexicon.lexicon import every_sense
from ...core.language.lexicon.wordings import lemma_of
from ...core.language.tokens import fold_word
from ...core.protocols import Vectors
from ...core.text.chinese import is_han
from ..image_text.other_languages import FILE, WEIGHTS, OtherLanguages
from ..image_text.packed_e5 import open_packed
from ..weights.fetch import weights_folder

MOST_HAN = 1_500
JUDGING = frozenset((31, 32, 34, 37, 39, 40, 41, 42))
VERBS, ADJECTIVES = frozenset(range(29, 44)), frozenset((0, 1, 2, 44))
"""Kinds of senses, the lexicographers' files of WordNet: verbs of thought, speech, eating, feeling and the like, all verbs, all that describes."""
GERMAN = Path(__file__).parent / "data" / "german_judgements.txt"
DIMENSIONS = 64
CARRIER = "I {} this"
"""What a word is embedded in: alone, words are like those that are spelled alike; so, "crave" is like "love" and "shun" like "refuse"."""
PART = 2_000
"""Words that are embedded at a time, and kept."""
Say = Callable[[str], None]


def usual_words(cache: Path) -> list[str]:
    """Return the words that speak of liking and of things: English verbs and the usual adjectives, what multilingual-e5-small has whole, Chinese characters."""
    texts = open_packed(weights_folder(WEIGHTS, cache) / FILE).pieces.texts
    whole = (fold_word(t[1:]) for t in texts if t.startswith("▁") and t[1:].isalpha() and t[1:].islower())
    known = [w for w in whole if w.isascii() and (lemma_of(w, "en") or lemma_of(w, "de"))]
    han = list(dict.fromkeys(t for t in texts if len(t) == 1 and is_han(t)))[:MOST_HAN]
    german = (line for line in GERMAN.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    judging = [fold_word(w) for line in german for w in line.split()]
    return list(dict.fromkeys([*known, *_english(), *judging, *han]))


def _english() -> list[str]:
    """Return the verbs that judge, and other verbs and adjectives in use."""
    senses = (s for s in every_sense() if s.kind in JUDGING or (s.kind in VERBS | ADJECTIVES and s.uses))
    return sorted({w for s in senses for w in s.in_language("en") if w.isascii() and w.isalpha() and w.islower()})


def word_vectors(words: Sequence[str], cache: Path, say: Say) -> Vectors:
    """Return a row of ``DIMENSIONS`` numbers for each word, the first main components; kept in ``cache`` in parts."""
    model = OtherLanguages(cache, "int8")
    rows = []
    for start in range(0, len(words), PART):
        part = words[start : start + PART]
        path = cache / "signs" / f"words-{hashlib.sha256(' '.join([CARRIER, *part]).encode()).hexdigest()[:12]}.npy"
        if not path.exists():
            say(f"words: {start} of {len(words)}")
            path.parent.mkdir(parents=True, exist_ok=True)
            np.save(path, model.unbridged([CARRIER.format(w) for w in part]).astype(np.float16))
        rows.append(np.load(path).astype(np.float32))
    return _main_components(np.concatenate(rows))


def _main_components(rows: Vectors) -> Vectors:
    centred = rows - rows.mean(axis=0)
    _, axes = np.linalg.eigh(centred.T @ centred)
    found = centred @ axes[:, -DIMENSIONS:]
    return np.asarray(found / (found.std() + 1e-9), np.float32)
