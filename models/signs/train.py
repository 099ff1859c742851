"""Train the model of signs on sentences drawn from phrasings, with torch.

Words of the phrasings have rows of their own, and every word one that follows from its vector (``word_vectors.py``); in training a row of one's
own is left out now and then, so that words that no phrasing has are read by what they are like.
"""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...core.protocols import Vectors
from .phrasings import NUMBER, PADDING, UNKNOWN, VALUE, Example, Phrasing, Words, examples, one_each
from .sign_model import SignModel

if TYPE_CHECKING:
    import torch

Say = Callable[[str], None]
SPECIAL = (PADDING, UNKNOWN, VALUE, NUMBER)
SMOOTHED, SURE = 0.02, 0.95
LEAST = 2
"""Times that a word must be drawn to have a row of its own."""


class Recipe(NamedTuple):
    """How a model is trained."""

    width: int = 64
    layers: int = 2
    heads: int = 4
    epochs: int = 24
    per_epoch: int = 30_000
    batch: int = 256
    rate: float = 2e-3
    left_out: float = 0.2
    unknown: float = 0.03
    seed: int = 0


class Lexicon(NamedTuple):
    """The words of a model and their vectors (words, dimensions): the special ones, which have none, and so many with rows of their own come first."""

    words: list[str]
    vectors: Vectors
    own: int

    @property
    def places(self) -> dict[str, int]:
        """Return the row of each word."""
        return {word: n for n, word in enumerate(self.words)}


def lexicon_of(
    phrasings: Sequence[Phrasing], fillers: Words, usual: Sequence[str], vectors: Vectors, seed: int
) -> Lexicon:
    """Return the special tokens, the words of the phrasings, and the usual ones."""
    rng = random.Random(seed)  # noqa: S311
    drawn = Counter(t for e in examples(phrasings, fillers, 10 * len(phrasings), rng) for t in e.tokens)
    own = sorted(t for t, n in drawn.items() if n >= LEAST and t not in SPECIAL)
    words = list(dict.fromkeys([*SPECIAL, *own, *usual]))
    known = dict(zip(usual, vectors, strict=True))
    none = np.zeros(vectors.shape[1], np.float32)
    return Lexicon(words, np.stack([known.get(w, none) for w in words]), len(SPECIAL) + len(own))


def train(
    phrasings: Sequence[Phrasing], fillers: Words, lexicon: Lexicon, recipe: Recipe, *, cache: Path | None, say: Say
) -> dict[str, Vectors]:
    """Return the weights of a model, as ``sign_model.packed`` takes them; what was trained is kept in ``cache`` by the epoch."""
    import torch

    from .network import Network

    torch.manual_seed(recipe.seed)
    network = Network(
        lexicon.vectors,
        lexicon.own,
        width=recipe.width,
        layers=recipe.layers,
        heads=recipe.heads,
        left_out=recipe.left_out,
        unknown=recipe.unknown,
    )
    optimiser = torch.optim.AdamW(network.parameters(), recipe.rate, weight_decay=0.01)
    steps = recipe.epochs * -(-recipe.per_epoch // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, recipe.rate, total_steps=steps)
    fit = _Fit(network, optimiser, schedule)
    kept = _kept_in(cache, f"{recipe}{phrasings}{hashlib.sha256(lexicon.vectors.tobytes()).hexdigest()}")
    for epoch in range(fit.restore(kept), recipe.epochs):
        rng = random.Random(f"{recipe.seed} {epoch}")  # noqa: S311
        drawn = examples(phrasings, fillers, recipe.per_epoch, rng)
        loss = fit.epoch(list(drawn), lexicon.places, recipe.batch)
        say(f"epoch {epoch + 1} of {recipe.epochs}: loss {loss:.4f}")
        fit.save(kept, epoch + 1)
    weights: dict[str, Vectors] = network.weights()
    return weights


class _Fit(NamedTuple):
    """A training under way."""

    network: Any
    optimiser: Any
    schedule: Any

    def epoch(self, drawn: list[Example], places: dict[str, int], size: int) -> float:
        """Take one step for each batch of sentences of about one length and return the mean loss."""
        import torch
        from torch.nn.functional import cross_entropy

        self.network.train()
        drawn = sorted(drawn, key=lambda e: len(e.tokens))
        batches = [drawn[n : n + size] for n in range(0, len(drawn), size)]
        total = 0.0
        for n in torch.randperm(len(batches)).tolist():
            ids, signs = _tensors(batches[n], places)
            said = self.network(ids).flatten(0, 1)
            loss = cross_entropy(said, signs.flatten(), ignore_index=-1, label_smoothing=SMOOTHED)
            self.optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            self.optimiser.step()
            self.schedule.step()
            total += loss.item()
        return total / len(batches)

    def restore(self, path: Path | None) -> int:
        """Take up what is kept and return the epochs that are done."""
        import torch

        if path is None or not path.exists():
            return 0
        held = torch.load(path, weights_only=True)
        for part, state in zip(self, held["states"], strict=True):
            part.load_state_dict(state)
        torch.set_rng_state(held["random"])
        return int(held["epochs"])

    def save(self, path: Path | None, epochs: int) -> None:
        """Keep it with how many epochs are done."""
        import torch

        if path is None:
            return
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        states = [p.state_dict() for p in self]
        torch.save({"states": states, "random": torch.get_rng_state(), "epochs": epochs}, part)
        part.replace(path)


def _kept_in(cache: Path | None, what: str) -> Path | None:
    """Return where a training is kept, by what it is and by the code."""
    folder = Path(__file__).parent
    code = b"".join((folder / name).read_bytes() for name in ("train.py", "network.py", "phrasings.py"))
    digest = hashlib.sha256(what.encode() + code).hexdigest()[:12]
    return cache / "signs" / f"training-{digest}.pt" if cache else None


def _tensors(batch: Sequence[Example], places: dict[str, int]) -> tuple[torch.Tensor, torch.Tensor]:
    import torch

    longest = max(len(e.tokens) for e in batch)
    ids = torch.zeros(len(batch), longest, dtype=torch.long)
    signs = torch.full((len(batch), longest), -1, dtype=torch.long)
    for n, e in enumerate(batch):
        ids[n, : len(e.tokens)] = torch.tensor([places.get(t, places[UNKNOWN]) for t in e.tokens])
        signs[n, : len(e.signs)] = torch.tensor(e.signs)
    return ids, signs


def accuracy(model: SignModel, phrasings: Sequence[Phrasing], fillers: Words, seed: int = 0) -> dict[str, Any]:
    """Return by language how many signs of sentences of one phrasing each are right, and how many are surely the opposite."""
    figures: dict[str, Any] = {}
    for language in dict.fromkeys(p.language for p in phrasings):
        own = [p for p in phrasings if p.language == language]
        right = opposite = n = 0
        for _, example in one_each(own, fillers, seed):
            places = [i for i, s in enumerate(example.signs) if s >= 0]
            for row, i in zip(model(example.tokens, places), places, strict=True):
                sign = example.signs[i]
                n += 1
                right += int(row.argmax()) == sign
                opposite += sign < 2 and row[1 - sign] > SURE
        figures[language] = {"right": round(right / max(n, 1), 4), "surely_opposite": round(opposite / max(n, 1), 4)}
        figures[language]["n"] = n
    return figures
