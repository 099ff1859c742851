"""Train the model of spliced regions, calibrate it with the other methods and measure it across sets: ``tastemaker train-tamper``.

Half of CASIA's families are never trained or calibrated on; ``tastemaker bench trust-tamper`` reports on those. Scores for the calibration
come from models that did not see the photo's family. The threshold of a conflict is set on every fourth product photo.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from scipy.special import expit

from ...core.settings import Settings
from ...models.tampering.cell_model import PACKAGED as CELLS
from ...models.tampering.cell_model import CellModel
from ...models.tampering.forgery_sets import CHANGES, SetPhoto, after, casia, comofod, part_of
from ...models.tampering.train import Sample, Say, fit_cells, set_samples, synthetic_samples
from ...tools.trust import copied_region
from ...tools.trust.forgery_probability import FUSED, Calibration, fit
from ...tools.trust.forgery_probability import PACKAGED as CALIBRATION
from ...tools.trust.method import Photo
from ..reporting.intervals import auc
from ..reporting.report import report
from .trust import data_folder

FOLDS = 3
FALSE_ALARMS = 0.0005
"""Of clean product photos that may look spliced: with those that look copied they stay under one in a hundred."""


def train_run(
    settings: Settings, data: Path | None, out: Path | None, count: int, *, seed: int, say: Say
) -> dict[str, Any]:
    """Write the model and its calibration into ``out`` (none: in place of the packaged ones) and return the figures across sets.

    Raises:
        InvalidRequestError: the photos are not in the data folder.
    """
    cache = settings.cache / "tampering"
    photos = sorted((data_folder(settings, data, "flickr8k") / "images").iterdir())
    photos += 60 * sorted((data_folder(settings, data, "coco_cc") / "images").iterdir())
    products = sorted((data_folder(settings, data, "fashion") / "images").iterdir())[0::2]
    sets = {
        "casia1": casia(data_folder(settings, data, "forgery/casia1")),
        "comofod": comofod(data_folder(settings, data, "forgery/comofod")),
    }
    made = synthetic_samples(photos, products, count, cache, seed=seed, say=say)
    seen = {name: set_samples(members, name, cache, say) for name, members in sets.items()}
    training = [s for s in seen["casia1"] if not s.held_out and s.kind != "authentic"]
    say("training")
    shipped = fit_cells([*made, *training], seed)
    figures: dict[str, Any] = {"across_sets": _across(made, training, seen, shipped, seed)}
    say("calibrating")
    odds = _unseen_scores(made, [s for s in seen["casia1"] if not s.held_out], seed)
    known = [p for p in sets["casia1"] if not p.held_out]
    calibration = _calibration(known, odds, _product_scores(shipped, products[0::2]), cache, say)
    cells, numbers = (CELLS, CALIBRATION) if out is None else (out / CELLS.name, out / CALIBRATION.name)
    for path in (cells, numbers):
        path.parent.mkdir(parents=True, exist_ok=True)
    shipped.trees.save_model(str(cells))
    numbers.write_text(calibration.model_dump_json(indent=1) + "\n", encoding="utf-8")
    figures |= {"calibration": calibration.model_dump(), "files": [str(cells), str(numbers)]}
    return report("train-tamper", figures, n=len(made) + len(training), targets={}, seed=seed)


def _across(
    made: Sequence[Sample], training: Sequence[Sample], seen: dict[str, list[Sample]], shipped: CellModel, seed: int
) -> dict[str, Any]:
    """Return the AUC of models trained on one set and tested on another, by change and kind."""
    kept = [s for s in seen["casia1"] if s.held_out]
    copied = [s for s in seen["comofod"] if s.kind != "authentic"]
    only_made, only_casia, only_comofod = (fit_cells(s, seed) for s in (made, training, copied))
    return {
        "synthetic -> CASIA": _by_kind(only_made, seen["casia1"]),
        "synthetic -> CASIA held out": _by_kind(only_made, kept),
        "CASIA training half -> CASIA held out": _by_kind(only_casia, kept),
        "synthetic and CASIA training half (shipped) -> CASIA held out": _by_kind(shipped, kept),
        "shipped -> CoMoFoD": _by_kind(shipped, seen["comofod"]),
        "CASIA training half -> CoMoFoD": _by_kind(only_casia, seen["comofod"]),
        "CoMoFoD -> CASIA": _by_kind(only_comofod, seen["casia1"]),
    }


def _by_kind(model: CellModel, samples: Sequence[Sample]) -> dict[str, dict[str, float]]:
    """Return the AUC of each kind against honest photos, and against their own originals saved just as they were."""
    scores = np.array([s.score for s in model.of_features([s.cells for s in samples])])
    rows: dict[str, dict[str, float]] = {}
    for change in CHANGES:
        row = rows.setdefault(change, {})
        for kind in ("splice", "copy_move"):
            for against, honest in (("", "authentic"), (" against originals saved alike", f"twin of {kind}")):
                used = [i for i, s in enumerate(samples) if s.change == change and s.kind in (kind, honest)]
                if any(samples[i].kind == kind for i in used):
                    forged = np.array([samples[i].kind == kind for i in used])
                    row[kind + against] = round(auc(scores[used], forged), 3)
    return rows


def _unseen_scores(made: Sequence[Sample], known: Sequence[Sample], seed: int) -> dict[str, list[float]]:
    """Return by change, in the order of ``known``, the scores of photos by models that did not see their family; no twins."""
    scores = np.zeros(len(known))
    for fold in range(FOLDS):
        apart = [i for i, s in enumerate(known) if part_of(s.family, FOLDS) == fold]
        rest = [s for s in known if part_of(s.family, FOLDS) != fold and s.kind != "authentic"]
        found = fit_cells([*made, *rest], seed).of_features([known[i].cells for i in apart])
        scores[apart] = [f.score for f in found]
    pairs = [(s.change, v) for s, v in zip(known, scores.tolist(), strict=True) if not s.kind.startswith("twin")]
    return {change: [v for c, v in pairs if c == change] for change in CHANGES}


def _calibration(
    known: Sequence[SetPhoto], odds: Mapping[str, Sequence[float]], clean_scores: Sequence[float], cache: Path, say: Say
) -> Calibration:
    """Fit the weights of both methods on photos after every change, and the threshold on clean product photos."""
    copied = [_copied_scores(known, change, cache, say) for change in CHANGES]
    spliced = expit(np.concatenate([odds[change] for change in CHANGES]))
    scores = np.column_stack([np.concatenate(copied), spliced])
    forged = np.tile([p.kind != "authentic" for p in known], len(CHANGES))
    weights, constant = fit(scores, forged)
    return Calibration(
        weights=dict(zip(FUSED, (round(w, 4) for w in weights), strict=True)),
        constant=round(constant, 4),
        splice_conflict=round(float(expit(np.quantile(clean_scores, 1 - FALSE_ALARMS))), 4),
        fitted=f"{len(known)} photos of CASIA v1's training half after {', '.join(CHANGES)}; {len(clean_scores)} product photos",
    )


def _copied_scores(photos: Sequence[SetPhoto], change: str, cache: Path, say: Say) -> list[float]:
    """Return how copied each photo looks after a change; kept in ``cache``."""
    code = hashlib.sha256(Path(copied_region.__file__).read_bytes()).hexdigest()[:10]
    path = cache / f"copied-{change.replace(' ', '')}-{len(photos)}-{code}.json"
    if not path.exists():
        say(f"copied regions, {change}")
        scores = []
        with tempfile.TemporaryDirectory() as work:
            for photo in photos:
                file = Path(work) / "photo"
                file.write_bytes(after(Image.open(photo.path), change))
                scores.append(copied_region.examine(Photo(file)).score)
        path.write_text(json.dumps(scores), encoding="utf-8")
    return [float(score) for score in json.loads(path.read_text(encoding="utf-8"))]


def _product_scores(model: CellModel, products: Sequence[Path]) -> list[float]:
    found = [model(Photo(path).rgb) for path in products]
    return [f.score for f in found if f is not None]
