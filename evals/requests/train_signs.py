"""Train the model of signs and measure it on phrasings that it was not trained on: ``tastemaker train-signs``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ...core.errors import InvalidRequestError
from ...core.settings import Settings
from ...models.image_text.onnx_graph import write_atomically
from ...models.image_text.other_languages import WEIGHTS
from ...models.signs.phrasings import FOLDER, Phrasing, load_phrasings, load_words, parted
from ...models.signs.sign_model import PACKAGED, packed, unpacked
from ...models.signs.train import Recipe, accuracy, lexicon_of, train
from ...models.signs.word_vectors import usual_words, word_vectors
from ...models.weights.fetch import ensure_weights
from ..reporting.report import report

LEAST_PHRASINGS = 20


def train_run(
    settings: Settings,
    phrasings: Path | None,
    out: Path | None,
    *,
    recipe: Recipe,
    networks: int,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Write the model into ``out`` (none: in place of the packaged one) and return the figures.

    They are of one network that was trained without the phrasings that it is measured on; those of the model learn from all.

    Args:
        settings: name the cache, in which what is done is kept.
        phrasings: folder with ``phrasings_en.txt``, ``_de`` and ``_zh``; none: the packaged ones.
        out: folder for the model.
        recipe: how each is trained; they differ by the seed.
        networks: so many are in the model.
        say: is told how far it is.

    Raises:
        InvalidRequestError: there are too few phrasings.
        BackEndUnavailable: the weights that words are embedded with cannot be fetched.
    """
    known, fillers = load_phrasings(phrasings or FOLDER), load_words()
    if len(known) < LEAST_PHRASINGS:
        raise InvalidRequestError("--phrasings", f"there are {len(known)}; it takes at least {LEAST_PHRASINGS}")
    learnt, held = parted(known, recipe.seed)
    ensure_weights(WEIGHTS, settings.cache, progress=say)
    usual = usual_words(settings.cache)
    vectors = word_vectors(usual, settings.cache, say)

    def trained(own: Sequence[Phrasing], seeds: Sequence[int], title: str) -> bytes:
        lexicon = lexicon_of(own, fillers, usual, vectors, recipe.seed)
        found = []
        for seed in seeds:
            say(f"{title}, seed {seed}")
            found.append(train(own, fillers, lexicon, recipe._replace(seed=seed), cache=settings.cache, say=say))
        return packed(found, lexicon.words, lexicon.vectors)

    figures = accuracy(unpacked(trained(learnt, [recipe.seed], "to be measured")), held, fillers)
    content = trained(known, range(recipe.seed, recipe.seed + networks), "for the model")
    path = PACKAGED if out is None else out / PACKAGED.name
    write_atomically(path, content)
    found = {"phrasings not seen": figures, "file": str(path), "bytes": len(content)}
    return report("train-signs", found, n=len(known), targets={}, seed=recipe.seed)
