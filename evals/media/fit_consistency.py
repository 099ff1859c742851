"""Fit and measure the thresholds of the consistency checker: ``python -m tastemaker.evals.media.fit_consistency DATA``.

A projection is trained without 1,000 photos and 1,000 products; thresholds are fitted on half of these and
measured on the other half. A true pair is a photo and one of its captions; a false pair the same photo and a caption of another one
whose subjects none of its own captions mention.
"""

from __future__ import annotations

import asyncio
import itertools
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.protocols import Vectors
from ...core.settings import load_settings
from ...models.alignment.packaged_projection import HELD_OUT, SEED, embed_sets, held_back, read_sets, split
from ...models.alignment.train import project
from ...models.captions.calibration import mentions
from ...models.captions.vocabulary import packaged_vocabulary, word_vectors
from ...models.image_text.embedded import EmbeddedImageText
from ...models.image_text.onnx_graph import write_atomically
from ...tools.trust.consistency_checker import THRESHOLDS, Thresholds, lift
from ...tools.trust.subjects_in_text import SubjectFinder

SAME_WORD = 0.4
MAX_FALSE_CONFLICT = 0.015
MAX_FALSE_VERIFIED = 0.05
GRID_CONFLICT = tuple(round(-0.15 + 0.005 * step, 4) for step in range(50))
GRID_SURE = (0.1, 0.14, 0.18, 0.22, 0.26, 0.3)


@dataclass(frozen=True, slots=True)
class Judged:
    """Per pair: lift of the surest subject, of the surest word named, and of the surest other thing (-1: kindred)."""

    subject: NDArray[np.float64]
    named: NDArray[np.float64]
    other: NDArray[np.float64]
    true: NDArray[np.bool_]
    half: NDArray[np.bool_]

    def take(self, chosen: NDArray[np.bool_]) -> Judged:
        """Return some of the pairs."""
        return Judged(
            self.subject[chosen], self.named[chosen], self.other[chosen], self.true[chosen], self.half[chosen]
        )


class Judge:
    """Pair texts with pictures the projection never saw."""

    def __init__(self, model: EmbeddedImageText) -> None:
        vocabulary = packaged_vocabulary()
        self.things = [w for w, kind in zip(vocabulary.words, vocabulary.kinds, strict=True) if kind == "thing"]
        rows = asyncio.run(word_vectors(vocabulary, model, None))
        self._vectors = rows[[vocabulary.words.index(word) for word in self.things]]
        self._alike = self._vectors @ self._vectors.T >= SAME_WORD
        self._finder = SubjectFinder(self.things)
        self._index = {word: i for i, word in enumerate(self.things)}

    def judge(self, seen: Vectors, texts: list[list[str]], strangers: Vectors | None = None) -> Judged:
        """Return pairs for every text that names a thing: true and false, or with a picture among ``strangers``, all false.

        Args:
            seen: lift of every thing (pictures, things), from ``look``.
            texts: each picture's texts.
            strangers: lifts for pictures of another set.
        """
        mentioned = mentions(self.things, texts)
        chance, middle, rows = np.random.default_rng(SEED), len(texts) // 2, []
        for at, text in ((at, text) for at, own in enumerate(texts) for text in own):
            found = self._finder.find(text)
            words = [self._index[word] for word in found.words]
            if not words:
                continue
            named = words + [self._index[word] for word in found.others]
            if strangers is None:
                free = np.flatnonzero(~mentioned[:, named].any(axis=1))
                wrong = seen[chance.choice(free[(free < middle) == (at < middle)])]
                pairs = [(seen[at], True), (wrong, False)]
            else:
                pairs = [(strangers[chance.integers(len(strangers))], False)]
            rows += [(*self._row(picture, words, named), true, at < middle) for picture, true in pairs]
        columns = [np.array(column) for column in zip(*rows, strict=True)]
        return Judged(columns[0], columns[1], columns[2], columns[3].astype(bool), columns[4].astype(bool))

    def look(self, images: Vectors, mean: Vectors) -> Vectors:
        """Return the lift of every thing in every picture; ``mean`` is the mean picture vector."""
        return np.stack([lift(image[None], self._vectors, mean) for image in images])

    def _row(self, picture: Vectors, words: list[int], named: list[int]) -> tuple[float, float, float]:
        surest = int(picture.argmax())
        other = -1.0 if self._alike[named, surest].any() else float(picture[surest])
        return float(picture[words].max()), float(picture[named].max()), other


def conflicts(pairs: Judged, conflict: float, sure: float) -> NDArray[np.bool_]:
    """Say for each pair whether it would be called a conflict."""
    return (pairs.named < conflict) & (pairs.other >= sure)


def fit(sets: list[Judged], model: str) -> Thresholds:
    """Return the thresholds that find most false pairs while no set has too many false conflicts."""
    best = (0.0, GRID_CONFLICT[0], GRID_SURE[-1])
    for conflict, sure in itertools.product(GRID_CONFLICT, GRID_SURE):
        wrong = max(conflicts(pairs.take(pairs.true), conflict, sure).mean() for pairs in sets)
        found = float(np.mean([conflicts(pairs.take(~pairs.true), conflict, sure).mean() for pairs in sets]))
        if wrong <= MAX_FALSE_CONFLICT:
            best = max(best, (found, conflict, sure))
    verified = max(float(np.quantile(pairs.subject[~pairs.true], 1 - MAX_FALSE_VERIFIED)) for pairs in sets)
    return Thresholds(
        model=model,
        verified=round(verified, 4),
        conflict=best[1],
        sure=best[2],
        same_word=SAME_WORD,
        mean=(),
        fitted="",
    )


def figures(name: str, pairs: Judged, limits: Thresholds) -> str:
    """Describe how the thresholds do on pairs they were not fitted on."""
    true, false = pairs.take(pairs.true), pairs.take(~pairs.true)
    ranks = np.concatenate([true.subject, false.subject]).argsort().argsort()[: len(true.subject)]
    area = (ranks.sum() - len(ranks) * (len(ranks) - 1) / 2) / (len(ranks) * len(false.subject))
    shares = [float((p.subject >= limits.verified).mean()) for p in (true, false)]
    wrong, found = (float(conflicts(p, limits.conflict, limits.sure).mean()) for p in (true, false))
    return (
        f"{name}: n={len(true.subject)} true and as many false pairs, AUC {area:.3f}, verified {shares[0]:.3f} of true and "
        f"{shares[1]:.3f} of false, conflict {wrong:.4f} of true and {found:.3f} of false"
    )


def main(data_folder: Path) -> Thresholds:
    """Train, fit, measure and write ``tools/trust/data/consistency.json``."""
    model = EmbeddedImageText(load_settings().cache)
    pairs, sizes = read_sets(data_folder)
    data = embed_sets(model, pairs, sizes, _to_stderr)
    photos, products, _ = split(sizes)
    weights = held_back(model, data, sizes, _to_stderr)
    held = {"Flickr8k": photos[:HELD_OUT], "products": products[:HELD_OUT]}
    images = {name: project(weights, data.views[0][rows]) for name, rows in held.items()}
    texts = {name: [[pairs.captions[row] for row in data.rows[i]] for i in rows] for name, rows in held.items()}
    shipped = model.project(data.views[0][np.concatenate(list(held.values()))]).mean(axis=0)
    limits = fit_and_measure(model, images, texts, shipped)
    write_atomically(THRESHOLDS, limits.model_dump_json().encode() + b"\n")
    return limits


def fit_and_measure(
    model: EmbeddedImageText, images: dict[str, Vectors], texts: dict[str, list[list[str]]], shipped: Vectors
) -> Thresholds:
    """Fit on the first half of each set, measure on the second; also on texts of one set with pictures of the other.

    ``shipped`` is the mean vector of these pictures by the packaged projection, to be kept with the thresholds.
    """
    judge, mean = Judge(model), np.concatenate(list(images.values())).mean(axis=0)
    seen = {name: judge.look(rows, mean) for name, rows in images.items()}
    sets = {name: judge.judge(seen[name], texts[name]) for name in images}
    limits = fit([judged.take(judged.half) for judged in sets.values()], model.name)
    lines = [figures(name, judged.take(~judged.half), limits) for name, judged in sets.items()]
    for name, other in itertools.permutations(images, 2):
        crossed = judge.judge(seen[name], texts[name], seen[other][len(seen[other]) // 2 :])
        crossed = crossed.take(~crossed.half)
        share = float(conflicts(crossed, limits.conflict, limits.sure).mean())
        lines.append(f"texts of {name} with pictures of {other}: n={len(crossed.named)}, conflict {share:.3f}")
    note = f"half of {HELD_OUT} unseen pictures of each set; on the other half " + "; ".join(lines)
    mean = tuple(round(float(value), 5) for value in shipped)
    return limits.model_copy(update={"fitted": note, "mean": mean})


def _to_stderr(line: str) -> None:
    sys.stderr.write(line + "\n")


if __name__ == "__main__":
    _to_stderr(main(Path(sys.argv[1])).fitted)
