"""Train the model of spliced regions, calibrate it with the other methods and measure it across sets: ``tastemaker train-tamper``.

It learns from forgeries that are made here out of honest photos, and from nothing else; research sets of forged photos, where they are in the
data folder, are for figures alone. Scores for the calibration come from models that did not see the photo's own original. The limit of a
conflict is set on photos that nothing was made of.
"""

from __future__ import annotations

import hashlib
import tempfile
from collections.abc import Callable, Iterable, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from scipy.special import expit

from ...core.errors import InvalidRequestError
from ...core.settings import Settings
from ...models.tampering.cell_features import See
from ...models.tampering.cell_model import PACKAGED as CELLS
from ...models.tampering.cell_model import CellModel
from ...models.tampering.forgery_sets import casia, comofod, part_of
from ...models.tampering.seen_cells import WEIGHTS, SeenCells
from ...models.tampering.synthetic_forgeries import MadePhoto, made_photos
from ...models.tampering.train import Sample, Say, kept_fit, set_samples, synthetic_samples
from ...models.weights.fetch import ensure_weights
from ...tools.trust import copied_region
from ...tools.trust.forgery_probability import FUSED, Calibration, fit
from ...tools.trust.forgery_probability import PACKAGED as CALIBRATION
from ...tools.trust.method import Photo
from ..reporting.intervals import auc
from ..reporting.report import report
from .trust import data_folder

FOLDS = 4
FALSE_ALARMS = 0.001
"""Of clean photos that may look spliced: with those that look copied they stay under one in a hundred."""
LEAST_PHOTOS = 8
CALIBRATED, CLEAN = 500, 2500
"""Most made photos on which the methods are calibrated together, and most clean ones on which the limit is set."""
ENDINGS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".tif", ".tiff"})
KINDS = ("splice", "copy_move", "removal")
T = TypeVar("T")


def train_run(
    settings: Settings,
    data: Path | None,
    *,
    photos: Path | None,
    clean: Path | None,
    out: Path | None,
    count: int,
    seed: int,
    say: Say,
) -> dict[str, Any]:
    """Write the model and its calibration into ``out`` (none: in place of the packaged ones) and return the figures.

    Args:
        settings: name the cache.
        data: the benchmark folder; its research sets are measured on where they are there.
        photos: honest photos to make forgeries of; none: ``coco_cc`` of the benchmark folder.
        clean: photos on which the limit of a conflict is set; none: ``flickr8k`` of the benchmark folder.
        out: folder for both files.
        count: forgeries to make.
        seed: of everything that is drawn.
        say: is told how far it is.

    Raises:
        InvalidRequestError: the photos are not there, or too few.
        BackEndUnavailable: the image tower's weights cannot be fetched.
    """
    cache = settings.cache / "tampering"
    honest = pictures("--photos", photos or data_folder(settings, data, "coco_cc") / "images")
    unseen = pictures("--clean", clean or data_folder(settings, data, "flickr8k") / "images")
    ensure_weights(WEIGHTS, settings.cache, progress=say)
    see = SeenCells(settings.cache)
    made = synthetic_samples(honest, count, cache, see=see, seed=seed, say=say)
    say("training")
    shipped = kept_fit(made, cache, seed)
    say("calibrating")
    odds = _unseen_scores(made, cache, seed)
    copied = _copied_scores(honest, count, cache, seed=seed, say=say)
    calibration = _calibration(
        made, odds, copied, _clean_scores(shipped, see, unseen[:: len(unseen) // CLEAN + 1], cache, say)
    )
    cells, numbers = (CELLS, CALIBRATION) if out is None else (out / CELLS.name, out / CALIBRATION.name)
    for path in (cells, numbers):
        path.parent.mkdir(parents=True, exist_ok=True)
    shipped.trees.save_model(str(cells))
    numbers.write_text(calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")
    figures = {
        "made of photos not seen": _by_kind(made, odds),
        "across_sets": _across(Path(data or settings.data or "."), shipped, cache, see=see, seed=seed, say=say),
        "calibration": calibration.model_dump(),
        "files": [str(cells), str(numbers)],
    }
    return report("train-tamper", figures, n=len(made), targets={}, seed=seed)


def pictures(option: str, folder: Path) -> list[Path]:
    """Return the photos in a folder and those below it, in order.

    Raises:
        InvalidRequestError: there are fewer than ``LEAST_PHOTOS``.
    """
    found = sorted(p for p in folder.rglob("*") if p.suffix.lower() in ENDINGS)
    if len(found) < LEAST_PHOTOS:
        raise InvalidRequestError(
            option, f"there are {len(found)} photos in {folder}; it takes at least {LEAST_PHOTOS}"
        )
    return found


def _across(root: Path, shipped: CellModel, cache: Path, *, see: See, seed: int, say: Say) -> dict[str, Any]:
    """Return the AUC of the model on each research set that is there, and of models trained on one set and tested on another."""
    seen = {}
    for name, read in (("casia1", casia), ("comofod", comofod)):
        if (root / "forgery" / name).is_dir():
            seen[name] = set_samples(read(root / "forgery" / name), name, cache, see=see, say=say)
    rows = {f"made (shipped) -> {name}": _by_kind(samples, _scores(shipped, samples)) for name, samples in seen.items()}
    for name, other in (("casia1", "comofod"), ("comofod", "casia1")):
        if len(seen) > 1:
            say(f"training on {name} alone, for comparison")
            alone = kept_fit([s for s in seen[name] if s.kind != "authentic" or name == "comofod"], cache, seed)
            rows[f"{name} -> {other}"] = _by_kind(seen[other], _scores(alone, seen[other]))
    return rows


def _scores(model: CellModel, samples: Sequence[Sample]) -> list[float]:
    return [model.of_traces(s.cells).score for s in samples]


def _by_kind(samples: Sequence[Sample], said: Sequence[float]) -> dict[str, dict[str, float]]:
    """Return the AUC of each kind by change, against honest photos and against their own originals saved just as they were."""
    scores = np.array(said)
    rows: dict[str, dict[str, float]] = {}
    for change in dict.fromkeys(s.change for s in samples):
        row = rows.setdefault(change, {})
        for kind in KINDS:
            for against, honest in (("", "authentic"), (" against originals saved alike", f"twin of {kind}")):
                used = [i for i, s in enumerate(samples) if s.change == change and s.kind in (kind, honest)]
                forged = np.array([samples[i].kind == kind for i in used], bool)
                if forged.any() and not forged.all():
                    row[kind + against] = round(auc(scores[used], forged), 3)
    return rows


def _unseen_scores(made: Sequence[Sample], cache: Path, seed: int) -> list[float]:
    """Return the score of each made photo by a model that saw no forgery of the same original."""
    scores = np.zeros(len(made))
    for fold in range(FOLDS):
        apart = [i for i, s in enumerate(made) if part_of(s.family, FOLDS) == fold]
        rest = [s for s in made if part_of(s.family, FOLDS) != fold]
        if apart and rest:
            scores[apart] = _scores(kept_fit(rest, cache, seed), [made[i] for i in apart])
    return [float(score) for score in scores]


def _calibration(
    made: Sequence[Sample], odds: Sequence[float], copied: Sequence[float], clean_scores: Sequence[float]
) -> Calibration:
    """Fit the weights of both methods on made photos, and the limit of a conflict on clean ones."""
    scores = np.column_stack([copied, expit(odds[: len(copied)])])
    forged = np.array([not s.kind.startswith("twin") for s in made[: len(copied)]])
    weights, constant = fit(scores, forged)
    return Calibration(
        weights=dict(zip(FUSED, (round(w, 4) for w in weights), strict=True)),
        constant=round(constant, 4),
        splice_conflict=round(float(expit(np.quantile(clean_scores, 1 - FALSE_ALARMS))), 4),
        fitted=f"{len(copied)} photos made of {len({s.family for s in made})} honest ones; limit: {len(clean_scores)} clean photos",
    )


def _copied_scores(photos: Sequence[Path], count: int, cache: Path, *, seed: int, say: Say) -> list[float]:
    """Return how copied each made photo looks, in order; kept in ``cache``."""
    made = islice(made_photos(photos, range(count), seed), CALIBRATED)
    names = "\0".join(p.name for p in photos)
    code = hashlib.sha256(Path(copied_region.__file__).read_bytes() + names.encode()).hexdigest()[:10]
    with tempfile.TemporaryDirectory() as work:

        def score(photo: MadePhoto) -> float:
            file = Path(work) / "photo"
            file.write_bytes(photo.data)
            return copied_region.examine(Photo(file)).score or 0.0

        return _kept_scores(cache / f"copied-{count}-{seed}-{code}.jsonl", made, score, say)


def _clean_scores(model: CellModel, see: See, photos: Sequence[Path], cache: Path, say: Say) -> list[float]:
    """Return how spliced each clean photo looks, the small ones not at all; kept in ``cache``."""
    code = hashlib.sha256(model.trees.model_to_string().encode() + str(photos).encode()).hexdigest()[:10]

    def score(path: Path) -> float:
        found = model(Photo(path).rgb, see)
        return -np.inf if found is None else found.score

    return _kept_scores(cache / f"clean-{code}.jsonl", photos, score, say)


def _kept_scores(path: Path, things: Iterable[T], score: Callable[[T], float], say: Say) -> list[float]:
    """Return the score of each thing, kept in ``path`` line by line, so that what was ended goes on."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = [float(line) for line in path.read_text(encoding="utf-8").split()] if path.exists() else []
    with path.open("a", encoding="utf-8", buffering=1) as kept:
        for number, thing in enumerate(things):
            if number >= len(known):
                known.append(score(thing))
                kept.write(f"{known[-1]}\n")
                if number % 250 == 0:
                    say(f"{path.stem}: {number}")
    return known
