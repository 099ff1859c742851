"""Say where the picture of a clip cuts and where its sound changes, as where another voice begins, and whether one track alone does.

The sound is told apart before and after each moment by how it is coloured (cepstral coefficients): where two descriptions are so much better
than one that they pay for themselves well, it changes there. A cut in the picture is a frame that differs from the one before as no other
nearby does. Interviews, films and noise that sets in change so, too: it is told and never a conflict.

Source: Chen and Gopalakrishnan 1998, speaker change by the Bayesian information criterion; Davis and Mermelstein 1980 for the coefficients.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .clip import SOUND_HZ, Clip, ClipMethod
from .method import Finding

Rows = NDArray[np.float64]
WIDTH, HOP, SIZE = 400, 160, 512
BANDS, KEPT, LOW_HZ, HIGH_HZ = 32, 19, 80.0, 7600.0
QUIET_SHARE = 35
"""Percentile of loudness below which a moment is a pause and says nothing of the voice."""
LEAST_ROWS, STEP = 120, 20
CHANGED = 1.8
"""How many times a second description must pay for itself."""
CUT_SIDE, CUT_GREY, CUT_TIMES, NEARBY = 32, 12.0, 4.0, 12
TOGETHER_S = 0.4


def examine(clip: Clip) -> Finding:
    """Return no evidence, with what is told of cuts and changes; the score is how clearly the sound changes."""
    cuts, (clear, moment) = picture_cuts(clip), sound_change(clip.sound)
    told = []
    if clear >= CHANGED:
        where = f"The sound changes at {moment:.1f} seconds as where another voice begins or a recording was joined"
        alone = len(clip.frames) and not any(abs(cut - moment) <= TOGETHER_S for cut in cuts)
        told.append(f"{where}, and the picture goes on." if alone else f"{where}.")
    lonely = [cut for cut in cuts if clear < CHANGED or abs(cut - moment) > TOGETHER_S]
    if lonely:
        told.append(
            f"The picture cuts at {', '.join(f'{cut:.1f}' for cut in lonely[:5])} seconds while the sound goes on."
        )
    said = " ".join(told) or "No cut and no change of voice was found."
    return Finding("no evidence", said, round(max(clear, 0.0), 3))


def picture_cuts(clip: Clip) -> list[float]:
    """Return the seconds at which the picture cuts."""
    if len(clip.frames) < 3:
        return []
    grey = clip.frames[..., 1].astype(np.float32)
    rows, columns = (np.linspace(0, side, CUT_SIDE + 1).astype(int)[:-1] for side in grey.shape[1:])
    small = np.add.reduceat(np.add.reduceat(grey, rows, axis=1), columns, axis=2)
    small /= grey.shape[1] * grey.shape[2] / CUT_SIDE**2
    jump = np.abs(np.diff(small, axis=0)).mean(axis=(1, 2))
    found = []
    for at in np.flatnonzero(jump > CUT_GREY):
        around = np.r_[jump[max(0, at - NEARBY) : at], jump[at + 1 : at + 1 + NEARBY]]
        if jump[at] > CUT_TIMES * float(np.max(around, initial=0.0)):
            found.append(float(clip.times[at + 1]))
    return found


def sound_change(sound: NDArray[np.float32]) -> tuple[float, float]:
    """Return how many times a second description of the sound pays for itself at the clearest moment, and that moment in seconds."""
    if len(sound) < WIDTH + HOP * 2 * LEAST_ROWS or float(np.sqrt(np.mean(sound**2))) < 1e-3:
        return 0.0, 0.0
    rows, loud = _coefficients(np.asarray(sound / np.sqrt(np.mean(sound**2)), np.float32))
    spoken = np.flatnonzero(loud > np.percentile(loud, QUIET_SHARE))
    rows = rows[spoken]
    count, size = rows.shape
    if count < 2 * LEAST_ROWS:
        return 0.0, 0.0
    price = 0.5 * (size + 0.5 * size * (size + 1)) * np.log(count)
    whole = count * _spread(rows)
    moments = range(LEAST_ROWS, count - LEAST_ROWS, STEP)
    gains = [0.5 * (whole - at * _spread(rows[:at]) - (count - at) * _spread(rows[at:])) / price for at in moments]
    if not gains:
        return 0.0, 0.0
    best = int(np.argmax(gains))
    return float(gains[best]), float(spoken[moments[best]] * HOP / SOUND_HZ)


def _coefficients(sound: NDArray[np.float32]) -> tuple[Rows, Rows]:
    """Return the cepstral coefficients of each hundredth of a second (n, ``KEPT``), and how loud it is (n,)."""
    pieces = np.lib.stride_tricks.sliding_window_view(sound, WIDTH)[::HOP] * np.hanning(WIDTH)
    power = np.abs(np.fft.rfft(pieces, SIZE)) ** 2
    hertz = np.fft.rfftfreq(SIZE, 1 / SOUND_HZ)
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOW_HZ, HIGH_HZ))
    edges = 700 * (10 ** (np.linspace(low, high, BANDS + 2) / 2595) - 1)
    rise, fall = (
        (hertz - edges[:-2, None]) / np.diff(edges)[:-1, None],
        (edges[2:, None] - hertz) / np.diff(edges)[1:, None],
    )
    bands = np.log(power @ np.maximum(0, np.minimum(rise, fall)).T + 1e-8)
    waves = np.cos(np.pi * np.outer(np.arange(KEPT + 1), np.arange(BANDS) + 0.5) / BANDS)
    rows = bands @ waves.T
    return rows[:, 1:], rows[:, 0]


def _spread(rows: Rows) -> float:
    """Return the logarithm of the volume that the rows fill."""
    return float(np.linalg.slogdet(np.cov(rows.T) + 1e-3 * np.eye(rows.shape[1]))[1])


CLIP_CUTS = ClipMethod(
    "clip_cuts",
    examine,
    "Chen and Gopalakrishnan 1998, change by the Bayesian information criterion",
    "Says where, not why: a noise that sets in, another room and another person change the sound alike.",
    sound_alone=True,
)
