"""Describe each small cell of a photo by the traces that saving, resizing and cutting leave, beside those of the rest of the photo.

A part that came from elsewhere was compressed, sharpened or resized otherwise than its surroundings. So every trace is measured over
windows and told only as its distance from the photo's own median and from the cells around: how a photo as a whole was saved is
nothing that a cell is judged by. The same holds for what the image tower sees of each cell.

Sources of the traces: noise level of the diagonal detail, Mahdian and Saic 2009; residuals of high-pass filters, Fridrich and Kodovsky
2012; JPEG ghosts, Farid 2009; blocking grid, Li et al. 2009; sharpness of edges in the chroma channels, Wang et al. 2009.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Pixels = NDArray[np.uint8]
Trace = tuple[str, Floats]
See = Callable[[Pixels], Floats]
"""Returns what is seen of each cell of a photo, (rows, columns, channels)."""

CELL_PX = 16
WINDOW_PX = 32
GRID_WINDOW_PX = 65
EDGE_PX = 17
LEAST_CELLS = 4
GHOST_QUALITIES = (50, 60, 70, 75, 80, 85, 90, 95)
FAR = 8.0
CONTENT = ("brightness", "spread", "clipped")
"""What a cell shows rather than how it was made: told as it is, so that flat and clipped cells are judged as such."""

SECOND_DIFFERENCE = np.array([[1, -2, 1]], np.float32)
THIRD_DIFFERENCE = np.array([[-1, 3, -3, 1]], np.float32)
STEP_3 = np.array([[-1, 0, 0, 1]], np.float32)
DIAGONAL = np.array([[1, -1], [-1, 1]], np.float32) / 2
KERNEL_5 = (
    np.array(
        [[-1, 2, -2, 2, -1], [2, -6, 8, -6, 2], [-2, 8, -12, 8, -2], [2, -6, 8, -6, 2], [-1, 2, -2, 2, -1]], np.float32
    )
    / 12
)


def cell_traces(rgb: Pixels, see: See) -> Floats | None:
    """Return the traces of the cells of ``rgb`` (height, width, 3), what ``see`` sees of them, and what they show (``CONTENT``) last.

    They are (rows, columns, traces), as they are measured; none where there are too few cells.
    """
    height, width = rgb.shape[0] // CELL_PX, rgb.shape[1] // CELL_PX
    if min(height, width) < LEAST_CELLS:
        return None
    values = rgb.astype(np.float32)
    luma = values @ np.array([0.299, 0.587, 0.114], np.float32)
    blue, red = (values[..., 2] - luma) * 0.564, (values[..., 0] - luma) * 0.713
    traces: dict[str, Floats] = {}
    for channel, plane in (("luma", luma), ("blue", blue), ("red", red)):
        traces |= {f"{channel}_{name}": trace for name, trace in _detail(plane)}
    for name in ("noise", "slope"):
        traces |= {f"{c}_{name}_to_luma": traces[f"{c}_{name}"] - traces[f"luma_{name}"] for c in ("blue", "red")}
    traces |= dict(_residuals(values, luma)) | dict(_ghosts(luma, traces["luma_slope"]))
    shown = dict(_content(luma))
    cells = np.stack([_sampled(t, height, width) for t in traces.values()], axis=-1)
    content = np.stack([_sampled(shown[name], height, width) for name in CONTENT], axis=-1)
    return np.concatenate([cells, *_grid(luma, height, width), see(rgb), content], axis=-1)


def _detail(plane: Floats) -> Iterator[Trace]:
    """Yield noise at two scales, slopes and the sharpness of edges in one channel."""
    import cv2

    fine = np.abs(cv2.filter2D(plane, -1, DIAGONAL))
    half = cv2.resize(plane, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    coarse = _mean(np.abs(cv2.filter2D(half, -1, DIAGONAL)), WINDOW_PX // 2)
    noise = _log(_mean(fine))
    noise_2 = _log(cv2.resize(coarse, (plane.shape[1], plane.shape[0])))
    slope = _log(_mean(np.hypot(cv2.Sobel(plane, -1, 1, 0), cv2.Sobel(plane, -1, 0, 1)) / 8))
    yield from (("noise", noise), ("noise_2", noise_2), ("slope", slope))
    yield from (("noise_to_slope", noise - slope), ("noise_to_noise_2", noise - noise_2))
    first = np.array([[0, -1, 1]], np.float32)
    near, far = (
        _log(cv2.dilate(_largest(plane, kernel), np.ones((EDGE_PX, EDGE_PX), np.uint8))) for kernel in (first, STEP_3)
    )
    yield from (("step", near), ("sharpness", near - far))


def _largest(plane: Floats, kernel: Floats) -> Floats:
    """Return the larger response to ``kernel`` along rows and columns."""
    import cv2

    return np.asarray(
        np.maximum(np.abs(cv2.filter2D(plane, -1, kernel)), np.abs(cv2.filter2D(plane, -1, kernel.T.copy()))),
        np.float32,
    )


def _residuals(values: Floats, luma: Floats) -> Iterator[Trace]:
    """Yield what high-pass filters leave: its level, its peaks, its direction, and whether the channels agree."""
    import cv2

    red, green, blue, grey = (cv2.filter2D(p, -1, KERNEL_5) for p in (*np.moveaxis(values, 2, 0), luma))
    yield "residual", _log(_mean(np.abs(grey)))
    yield "residual_peaks", _log(_mean(grey**4) / (_mean(grey**2) ** 2 + 1e-3))
    yield from (("red_green", _correlation(red, green)), ("blue_green", _correlation(blue, green)))
    across, down = (cv2.filter2D(luma, -1, k) for k in (SECOND_DIFFERENCE, SECOND_DIFFERENCE.T.copy()))
    yield "direction", np.asarray(_log(_mean(np.abs(across))) - _log(_mean(np.abs(down))), np.float32)
    for name, second in (("across", across), ("down", down)):
        yield f"{name}_none", _mean((np.abs(second) < 0.6).astype(np.float32))
        yield f"{name}_little", _mean((np.abs(second) < 2.5).astype(np.float32))


def _ghosts(luma: Floats, slope: Floats) -> Iterator[Trace]:
    """Yield how much is lost by saving at each quality: little where that was done before."""
    import cv2

    grey, lost = np.clip(luma, 0, 255).astype(np.uint8), []
    for quality in GHOST_QUALITIES:
        _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
        again = np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.float32)
        lost.append(_log(_mean((luma - again) ** 2)))
    least = np.min(lost, axis=0)
    yield from ((f"ghost_{q}", loss - least) for q, loss in zip(GHOST_QUALITIES, lost, strict=True))
    yield "error_level", lost[-2] - slope * 2


def _content(luma: Floats) -> Iterator[Trace]:
    mean = _mean(luma)
    yield "brightness", mean
    yield "spread", _log(np.sqrt(np.maximum(_mean(luma**2) - mean**2, 0)))
    yield "clipped", _mean(((luma > 250) | (luma < 5)).astype(np.float32))


def _grid(luma: Floats, rows: int, columns: int) -> list[Floats]:
    """Return the strength of the photo's own blocking grid in each cell, of any other, and the difference, along both axes."""
    import cv2

    found = []
    for axis, kernel in ((1, THIRD_DIFFERENCE), (0, THIRD_DIFFERENCE.T.copy())):
        jump = np.minimum(np.abs(cv2.filter2D(luma, -1, kernel)), 20)
        usual, phases = _mean(jump, GRID_WINDOW_PX) + 0.3, []
        for phase in range(8):
            alone = np.zeros_like(jump)
            lines = (slice(None), slice(phase, None, 8)) if axis == 1 else (slice(phase, None, 8), slice(None))
            alone[lines] = jump[lines]
            phases.append(_sampled(_mean(alone, GRID_WINDOW_PX) * 8 / usual, rows, columns))
        strength = np.stack(phases)
        own = int(strength.mean(axis=(1, 2)).argmax())
        other = np.delete(strength, own, 0).max(axis=0)
        found += [np.stack([strength[own], other, strength[own] - other], axis=-1)]
    return found


def beside_the_rest(traces: NDArray[np.floating[Any]]) -> Floats:
    """Return each trace of ``cell_traces`` as its distance from the photo's median, in units of its spread, and from the cells around.

    They are (rows, columns, features); what the cells show stands last, as it is.
    """
    import cv2

    cells, shown = np.split(traces.astype(np.float32), [-len(CONTENT)], axis=-1)
    low, middle, high = np.percentile(cells.reshape(-1, cells.shape[-1]), [20, 50, 80], axis=0)
    far = np.clip((cells - middle) / (high - low + 0.05), -FAR, FAR).astype(np.float32)
    around = np.stack([cv2.blur(np.ascontiguousarray(far[..., i]), (5, 5)) for i in range(far.shape[-1])], axis=-1)
    return np.concatenate([far, far - around, shown], axis=-1)


def _mean(trace: Floats, window: int = WINDOW_PX) -> Floats:
    import cv2

    return np.asarray(cv2.blur(trace, (window, window), borderType=cv2.BORDER_REFLECT), np.float32)


def _log(trace: Floats) -> Floats:
    return np.asarray(np.log(np.maximum(trace, 0) + 0.05), np.float32)


def _correlation(left: Floats, right: Floats) -> Floats:
    return np.asarray(_mean(left * right) / np.sqrt(_mean(left**2) * _mean(right**2) + 1e-3), np.float32)


def _sampled(trace: Floats, rows: int, columns: int) -> Floats:
    return np.asarray(trace[CELL_PX // 2 :: CELL_PX, CELL_PX // 2 :: CELL_PX][:rows, :columns], np.float32)
