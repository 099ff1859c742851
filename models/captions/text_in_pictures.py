"""Read the words in a picture with rapidocr (needs the extra ``ocr``), if it looks as if there were any."""

from __future__ import annotations

import asyncio
import logging
import threading
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from ...core.schemas import Tag
from ..image_text.pixels import read_image
from ..image_text.vector_cache import Once

log = logging.getLogger("tastemaker.models")
SIDE_PX, LOOK_PX = 960, 384
WINDOW = (8, 48)
STRONG, MIN_STROKES, MIN_WINDOWS = 80, 7, 1
MIN_CONFIDENCE = 0.6
MAX_CHARACTERS = 300
TIMEOUT_S = 3.0


class PictureText:
    """PP-OCR for Chinese and English, opened at the first picture that looks like text; one picture is read at a time.

    Args:
        timeout_s: seconds a caller waits; a picture that takes longer counts as one without text.
        threads: inference threads; 0 leaves the runtime's choice.
    """

    def __init__(self, timeout_s: float = TIMEOUT_S, threads: int = 0) -> None:
        self._timeout_s = timeout_s
        self._reading = threading.Lock()
        self._engine = Once(lambda: _open(threads))
        self._missing = False

    async def __call__(self, path: str) -> tuple[Tag, ...]:
        """Return the lines found, from top to bottom, each with its confidence; none without the extra or in time.

        Raises:
            BackEndError: the file is no picture.
        """
        try:
            return await asyncio.wait_for(asyncio.to_thread(self.read, path), self._timeout_s)
        except TimeoutError:
            log.warning("reading the text of a picture took longer than %.1f s and was left out", self._timeout_s)
        return ()

    @property
    def missing(self) -> bool:
        """Whether a picture could not be read since the extra is not installed."""
        return self._missing

    def read(self, path: str) -> tuple[Tag, ...]:
        """Return the lines found, however long that takes; none without the extra. Raises as a call."""
        if self._missing or not looks_written(path):
            return ()
        try:
            return self._lines(path)
        except ImportError:
            self._missing = True
            log.warning("text in pictures is not read: pip install 'tastemaker[ocr]'")
        return ()

    def _lines(self, path: str) -> tuple[Tag, ...]:
        image = read_image(path, SIDE_PX)
        image.thumbnail((SIDE_PX, SIDE_PX))
        with self._reading:
            found = self._engine.get()(np.asarray(image)[..., ::-1].copy())
        lines: list[Tag] = []
        for text, score in zip(found.txts or (), found.scores or (), strict=True):
            words = " ".join(str(text).split())
            if words and float(score) >= MIN_CONFIDENCE:
                lines.append(Tag(label=words[:MAX_CHARACTERS], confidence=min(1.0, round(float(score), 4))))
        return tuple(lines)


def looks_written(path: str | Path) -> bool:
    """Tell cheaply whether a picture may hold text: windows in which dark and light strokes alternate often.

    Rows of letters change between dark and light many times within a few letter widths, both ways about equally often;
    edges of things do not. It is made to let text through, not to be sure of it.

    Raises:
        BackEndError: the file is no picture.
    """
    image = read_image(path, LOOK_PX).convert("L")
    image.thumbnail((LOOK_PX, LOOK_PX), Image.Resampling.BOX)
    grey = np.asarray(image, dtype=np.int16)
    height, width = WINDOW
    rows, columns = grey.shape[0] // height, (grey.shape[1] - 1) // width
    if not rows or not columns:
        return False
    slope = np.diff(grey, axis=1)[: rows * height, : columns * width]
    up, down = (_per_window(sign * slope > STRONG, rows, columns) for sign in (1, -1))
    return int((np.minimum(up, down) >= MIN_STROKES * height / 2).sum()) >= MIN_WINDOWS


def _per_window(strong: Any, rows: int, columns: int) -> Any:
    return strong.reshape(rows, WINDOW[0], columns, WINDOW[1]).sum(axis=(1, 3))


def _open(threads: int) -> Any:
    from rapidocr import RapidOCR

    options: dict[str, Any] = {"Global.log_level": "error", "Global.use_cls": False}
    if threads:
        options["EngineConfig.onnxruntime.intra_op_num_threads"] = threads
    return RapidOCR(params=options)
