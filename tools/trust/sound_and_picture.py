"""Find whether a voice belongs to the mouth that is seen, and whether it comes too early or too late.

What the lips do (how far they are apart and how wide, and how that changes) is compared with what is heard (the loudness of ten bands of
frequencies, and how that changes) at every shift of up to two seconds. At each shift, the two combinations that belong together most are
learnt on three quarters of the clip and tried on the fourth (canonical correlation, regularised, in turn for each quarter), so that what fits
by chance does not count. One peak that stands clear of all other shifts, and of every shift of the same lips played backwards, says that
picture and sound were made together, and its place by how much they are apart. Without one there is no evidence: silence, music, a voice from
off the picture and a mouth that hardly moves all look so. A voice that was put in the place of another looks so too: it is never a conflict.

Source: Hotelling 1936 and Slaney and Covell 2000 (FaceSync) for the correlation; ITU-R BT.1359-1 for the shift that people notice.
"""

from __future__ import annotations

import itertools
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...core.errors import BackEndUnavailable
from ...models.faces.landmarks import LEFT_EYE, RIGHT_EYE, FaceLandmarks, Points
from .clip import SOUND_HZ, Clip, ClipMethod
from .method import Finding

STEP_S = 0.02
MAX_SHIFT_S = 2.0
FOLDS, GAP_S = 4, 0.5
STRENGTHS = (0.1, 0.5, 2.0)
"""How strongly the correlation is held back; the mean of the three is taken."""
SHARES = (0.6, 0.4)
MIN_S, MIN_SEEN = 4.0, 0.8
BANDS, LOW_HZ, HIGH_HZ = 10, 100.0, 7500.0
SLOW_S = 1.5
CLEAR, LEAD = 3.5, 1.05
"""How many deviations of what fits by chance a peak must stand above its mean, and how many times it must be the most of it."""
NEAR_S = 0.2
"""Shifts that belong to one peak."""
EARLY_S, LATE_S = -0.125, 0.225
"""Shifts within which the sound is in time: what people notice, and that lips move up to 0.1 s before they are heard."""
LIPS = ((13, 14), (0, 17), (61, 291), (152, 1), (0, 13), (14, 17), (1, 13), (1, 14))
"""Points whose distances tell what the lips and the chin do."""
Rows = NDArray[np.float64]


def examine(clip: Clip, faces: FaceLandmarks) -> Finding:
    """Return whether picture and sound fit together; a conflict where one is shifted against the other."""
    problem = _nothing_to_compare(clip)
    if problem:
        return Finding("no evidence", problem)
    try:
        points = faces.follow(clip.frames)
    except BackEndUnavailable as error:
        return Finding("no evidence", f"Not examined: {error}.")
    if float(np.isfinite(points[:, 0, 0]).mean()) < MIN_SEEN:
        return Finding("no evidence", "No face is seen for long enough to compare its mouth with the sound.")
    shifts, fit = curve(clip, points)
    best = int(fit.argmax())
    _, chance = curve(clip, points[::-1])
    clear, ahead = _clear(fit[best], np.r_[fit[np.abs(shifts - shifts[best]) > NEAR_S], chance])
    if clear < CLEAR or ahead < LEAD:
        return Finding("no evidence", "Whether the voice belongs to the mouth that is seen cannot be told.", clear)
    shift = round(float(shifts[best]), 2)
    if EARLY_S <= shift <= LATE_S:
        return Finding("verified", "The voice and the mouth that is seen move together.", clear, shift_s=shift)
    when = "later" if shift > 0 else "earlier"
    reason = f"The sound comes {abs(shift):.2f} seconds {when} than the mouth that is seen moves."
    return Finding("conflict", reason, clear, shift_s=shift)


def curve(clip: Clip, points: Points) -> tuple[Rows, Rows]:
    """Return the shifts in seconds, positive where the sound comes later, and how well picture and sound fit at each."""
    seen, heard = _lips(points, clip.times), _bands(clip.sound)
    length = min(len(seen), len(heard))
    seen, heard = seen[:length], heard[:length]
    most = min(int(MAX_SHIFT_S / STEP_S), length // 3)
    steps = range(-most, most + 1, 2)
    fit = [_fit(seen[max(0, -s) : length - max(0, s)], heard[max(0, s) : length + min(0, s)]) for s in steps]
    smooth = np.convolve(np.pad(np.array(fit), 1, mode="edge"), [0.25, 0.5, 0.25], "valid")
    return np.array(steps) * STEP_S, np.asarray(smooth, np.float64)


def _nothing_to_compare(clip: Clip) -> str:
    if not len(clip.sound):
        return "The clip has no sound."
    if min(len(clip.sound) / SOUND_HZ, float(clip.times[-1] - clip.times[0])) < MIN_S:
        return f"The clip is shorter than the {MIN_S:g} seconds that it takes to compare picture and sound."
    if float(np.sqrt(np.mean(clip.sound**2))) < 1e-3:
        return "The clip is silent."
    return ""


def _clear(peak: float, chance: Rows) -> tuple[float, float]:
    """Return by how many deviations a peak stands above what fits by chance, and how many times it is the most of that."""
    return float((peak - chance.mean()) / max(chance.std(), 1e-6)), float(peak / max(chance.max(), 1e-6))


def _lips(points: Points, times: NDArray[np.float64]) -> Rows:
    """Return what the lips do, one row every ``STEP_S``; distances in those of the eyes, gaps filled in."""
    eyes = np.linalg.norm(points[:, LEFT_EYE] - points[:, RIGHT_EYE], axis=1)
    distances = np.stack([np.linalg.norm(points[:, a] - points[:, b], axis=1) / eyes for a, b in LIPS], axis=1)
    known = np.isfinite(distances[:, 0])
    grid = np.arange(times[0], times[-1], STEP_S)
    rows = np.stack([np.interp(grid, times[known], column[known]) for column in distances.T], axis=1)
    return _with_changes(rows)


def _bands(sound: NDArray[np.float32]) -> Rows:
    """Return how loud each band of frequencies is, one row every ``STEP_S``, in logarithms, smoothed over about 0.1 s."""
    width, hop, size = 400, int(STEP_S * SOUND_HZ / 2), 512
    pieces = np.lib.stride_tricks.sliding_window_view(np.pad(sound, width // 2), width)[::hop] * np.hanning(width)
    power = np.abs(np.fft.rfft(pieces, size)) ** 2
    hertz = np.fft.rfftfreq(size, 1 / SOUND_HZ)
    low, high = (2595 * np.log10(1 + f / 700) for f in (LOW_HZ, HIGH_HZ))
    mel = np.linspace(low, high, BANDS + 1)
    edges = 700 * (10 ** (mel / 2595) - 1)
    loud = [np.log(power[:, (hertz >= a) & (hertz < b)].mean(axis=1) + 1e-5) for a, b in itertools.pairwise(edges)]
    window = np.hanning(13)[1:-1] / np.hanning(13).sum()
    rows = np.stack([np.convolve(np.pad(one, 5, mode="edge"), window, "valid") for one in loud], axis=1)
    return _with_changes(rows[::2])


def _with_changes(rows: Rows) -> Rows:
    """Add how each column changes and how fast, take out what changes slowly, and bring all to one spread."""
    change = np.gradient(rows, axis=0)
    every = np.concatenate([rows, change, np.abs(change)], axis=1)
    slow = int(SLOW_S / STEP_S) | 1
    window = np.ones(slow) / slow
    quick = np.stack([c - np.convolve(np.pad(c, slow // 2, mode="edge"), window, "valid") for c in every.T], axis=1)
    return np.asarray(quick / (quick.std(axis=0) + 1e-9))


def _fit(seen: Rows, heard: Rows) -> float:
    """Return how well lips and sound go together in parts of the clip that the combinations were not learnt on."""
    edges, gap = np.linspace(0, len(seen), FOLDS + 1).astype(int), int(GAP_S / STEP_S)
    found = []
    for start, end in itertools.pairwise(edges):
        rest = np.r_[0 : max(0, start - gap), min(len(seen), end + gap) : len(seen)]
        within = seen[rest].T @ seen[rest] / len(rest), heard[rest].T @ heard[rest] / len(rest)
        across = seen[rest].T @ heard[rest] / len(rest)
        for strength in STRENGTHS:
            left, right = _combinations(*within, across, strength)
            pairs = zip((seen[start:end] @ left).T, (heard[start:end] @ right).T, strict=True)
            found.append(sum(share * _correlation(a, b) for share, (a, b) in zip(SHARES, pairs, strict=True)))
    return float(np.mean(found))


def _combinations(seen: Rows, heard: Rows, across: Rows, strength: float) -> tuple[Rows, Rows]:
    """Return the weights (columns, 2) of the two pairs of combinations that correlate most."""
    whiten = [np.linalg.inv(np.linalg.cholesky(c + strength * np.eye(len(c)))) for c in (seen, heard)]
    left, _, right = np.linalg.svd(whiten[0] @ across @ whiten[1].T)
    return whiten[0].T @ left[:, :2], whiten[1].T @ right[:2].T


def _correlation(left: Rows, right: Rows) -> float:
    spread = left.std() * right.std()
    return float(((left - left.mean()) * (right - right.mean())).mean() / spread) if spread > 1e-9 else 0.0


def sound_and_picture(cache: Path) -> ClipMethod:
    """Return the method, with the weights of the face in the user's cache folder."""
    return ClipMethod(
        "sound_picture",
        partial(examine, faces=FaceLandmarks(cache)),
        "Hotelling 1936, Slaney and Covell 2000; MediaPipe's face mesh",
        "Needs a speaking face in view for some seconds; says nothing of voices from off the picture, music and still mouths.",
    )
