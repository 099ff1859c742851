"""Contradict the grammar where the model of signs is sure of the opposite."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...core.errors import ConfigurationError
from ...core.redaction import public_reason
from .phrasings import SIGNS
from .sign_model import PACKAGED, SignModel, packaged_sign_model

SURE = 0.985
"""Probability from which the model contradicts, of the whole text and of the value's own sentence alike.

The least of those tried at which no dev request was lost: a lower one takes back a few more wrong signs, and many right ones.
"""
STOPS = frozenset(".!?;。！？；")


class SecondReader:
    """Hold the model, opened at its first use; where it cannot be, nothing is contradicted and ``problem`` says why.

    Args:
        path: the model's file.
    """

    def __init__(self, path: Path = PACKAGED) -> None:
        self._path, self._problem = path, ""
        self._model: SignModel | None = None

    @property
    def problem(self) -> str:
        """Open the model where it is not, and say, fit for clients, why it cannot be used; empty if it can."""
        self._opened()
        return self._problem

    def oppose(self, tokens: Sequence[str], asked: Sequence[tuple[int, bool]]) -> list[bool]:
        """Tell for each place in ``tokens`` and whether it was read as refused, whether the model is sure of the opposite."""
        model = self._opened()
        if model is None or not asked:
            return [False] * len(asked)
        opposite = [SIGNS.index("+" if refused else "-") for _, refused in asked]
        rows = model(tokens, [place for place, _ in asked])
        return [
            bool(row[sign] > SURE) and bool(model(*_sentence(tokens, place))[0][sign] > SURE)
            for row, sign, (place, _) in zip(rows, opposite, asked, strict=True)
        ]

    def _opened(self) -> SignModel | None:
        if self._model is None and not self._problem:
            try:
                self._model = packaged_sign_model(self._path)
            except ConfigurationError as error:
                self._problem = public_reason(error, "signs")
        return self._model


def _sentence(tokens: Sequence[str], place: int) -> tuple[Sequence[str], list[int]]:
    """Return the sentence around a place, and the place in it."""
    start = next((n + 1 for n in range(place - 1, -1, -1) if tokens[n] in STOPS), 0)
    end = next((n for n in range(place, len(tokens)) if tokens[n] in STOPS), len(tokens))
    return tokens[start:end], [place - start]
