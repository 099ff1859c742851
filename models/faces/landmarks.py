"""Follow the points of one face through the frames of a clip.

BlazeFace finds the face (Bazarevsky et al. 2019), the face mesh gives 468 points (Kartynnik et al. 2019); both are MediaPipe's weights as they
come in a package, run by LiteRT (needs the extra ``trust``). A face that was found is followed by its own points, as MediaPipe does, and
looked for again once it is lost.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BackEndUnavailable
from ..image_text.vector_cache import Once
from ..weights.fetch import weights_folder, weights_status

WEIGHTS = "face-landmarks"
DETECTOR_PX, MESH_PX = 128, 192
STRIDES = ((8, 2), (16, 6))
"""Of each grid of anchors, how many pixels a cell has and how many anchors lie in it."""
POINTS = 468
RIGHT_EYE, LEFT_EYE = 33, 263
MIN_SURE = 0.5
MARGIN = 1.5
"""Sides of the square that the points are looked for in, by those of the face."""
Frames = NDArray[np.uint8]
Points = NDArray[np.float32]


class FaceLandmarks:
    """Points of the surest face of every frame.

    Args:
        cache: the user's cache folder, which holds the weights ``face-landmarks`` once they are fetched.
    """

    def __init__(self, cache: Path) -> None:
        self._cache = cache
        self._detector = Once(lambda: self._opened("face_detection_short_range.tflite"))
        self._mesh = Once(lambda: self._opened("face_landmark.tflite"))

    @property
    def missing(self) -> str:
        """Say what is missing; empty where everything is there."""
        if not weights_status(self._cache)[WEIGHTS]:
            return f"the weights {WEIGHTS} are not here; fetch them with `tastemaker setup --weights {WEIGHTS}`"
        return ""

    def follow(self, frames: Frames) -> Points:
        """Return the points of the face in frames (n, height, width, 3), (n, 468, 2) in pixels, NaN where there is no face.

        Raises:
            BackEndUnavailable: the weights or LiteRT are missing; the message says how to get them.
        """
        found = np.full((len(frames), POINTS, 2), np.nan, np.float32)
        where: tuple[NDArray[np.float32], float, float] | None = None
        for at, frame in enumerate(frames):
            where = where or self._detect(frame)
            if where is None:
                continue
            points, sure = self._points(frame, *where)
            if sure < MIN_SURE:
                where = None
                continue
            found[at] = points
            low, high = points.min(axis=0), points.max(axis=0)
            where = ((low + high) / 2, float((high - low).max()) * MARGIN, _turn(points[RIGHT_EYE], points[LEFT_EYE]))
        return found

    def _detect(self, frame: Frames) -> tuple[NDArray[np.float32], float, float] | None:
        """Return middle, side and turn of the square around the surest face; none where there is none."""
        import cv2

        height, width = frame.shape[:2]
        side = max(height, width)
        top, left = (side - height) // 2, (side - width) // 2
        square = np.zeros((side, side, 3), np.uint8)
        square[top : top + height, left : left + width] = frame
        small = cv2.resize(square, (DETECTOR_PX, DETECTOR_PX), interpolation=cv2.INTER_AREA)
        places, scores = _run(self._detector.get(), small.astype(np.float32) / 127.5 - 1)
        best = int(scores[0, :, 0].argmax())
        if _sigmoid(scores[0, best, 0]) < MIN_SURE:
            return None
        numbers = places[0, best].reshape(8, 2) / DETECTOR_PX
        anchor, offset = _ANCHORS[best], np.array([left, top], np.float32)
        middle, eyes = (numbers[0] + anchor) * side - offset, (numbers[2:4] + anchor) * side - offset
        return middle, float(numbers[1].max()) * side * MARGIN, _turn(eyes[0], eyes[1])

    def _points(self, frame: Frames, middle: NDArray[np.float32], side: float, turn: float) -> tuple[Points, float]:
        """Return the points within a square of the frame, in the frame's pixels, and how sure it is that there is a face."""
        import cv2

        matrix = cv2.getRotationMatrix2D((float(middle[0]), float(middle[1])), np.degrees(turn), MESH_PX / side)
        matrix[:, 2] += MESH_PX / 2 - middle
        cut = cv2.warpAffine(frame, matrix, (MESH_PX, MESH_PX)).astype(np.float32) / 255
        points, sure = _run(self._mesh.get(), cut)
        back = cv2.invertAffineTransform(matrix)
        return np.asarray(points.reshape(POINTS, 3)[:, :2] @ back[:, :2].T + back[:, 2], np.float32), _sigmoid(
            sure.item()
        )

    def _opened(self, name: str) -> Any:
        if self.missing:
            raise BackEndUnavailable(self.missing, back_end=WEIGHTS)
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise BackEndUnavailable("LiteRT is missing: pip install 'tastemaker[trust]'", back_end=WEIGHTS) from error
        interpreter = Interpreter(str(weights_folder(WEIGHTS, self._cache) / name), num_threads=1)
        interpreter.allocate_tensors()
        return interpreter


def _run(interpreter: Any, pixels: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], pixels[None])
    interpreter.invoke()
    return [interpreter.get_tensor(output["index"]) for output in interpreter.get_output_details()]


def _anchors() -> NDArray[np.float32]:
    """Return the middles of the detector's anchors as shares of the sides, (896, 2)."""
    grids = []
    for stride, count in STRIDES:
        cells = (np.arange(DETECTOR_PX // stride) + 0.5) * stride / DETECTOR_PX
        y, x = np.meshgrid(cells, cells, indexing="ij")
        grids.append(np.repeat(np.stack([x.ravel(), y.ravel()], axis=1), count, axis=0))
    return np.concatenate(grids).astype(np.float32)


_ANCHORS = _anchors()


def _turn(right: NDArray[np.float32], left: NDArray[np.float32]) -> float:
    """Return by how much a face is turned in the picture, in radians, from the places of its eyes."""
    return float(np.arctan2(left[1] - right[1], left[0] - right[0]))


def _sigmoid(value: float) -> float:
    return float(1 / (1 + np.exp(-np.clip(value, -80, 80))))
