"""Measure the search for forged photos through ``Recommender.check``: AUC by kind, controls, false alarms, maps and calibration.

A detector that only sees that a file was saved again would look good on CASIA, whose forgeries are re-saved and whose originals are not.
So every photo is examined as it is, after JPEG of quality 70 and after resizing to 75 %, forged and authentic alike; each forged photo also
against its own original saved with the same tables (``against_originals_saved_alike``); and authentic photos against themselves saved
again (``resaving_auc``: 0.5 is right). Nothing was trained or calibrated on these sets, and no limit was set on the product photos on which
false alarms are counted. Intervals draw families, so that forgeries of one photo stay together. What was examined is kept in the cache by the fingerprint of the code: a run that was stopped goes on.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ...core.media.trust_report import TrustReport
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ...models.tampering.forgery_sets import CHANGES, SetPhoto, after, casia, comofod, saved_like
from ...tools.trust.forgery_probability import packaged_calibration
from ..reporting.intervals import auc
from ..reporting.plots import draw_reliability
from ..reporting.report import report
from .trust import data_folder

TARGETS = {"as is": 0.85, "JPEG 70": 0.78, "75 %": 0.78}
METHODS = ("copied_region", "spliced_region", "file_history")
SAVED_ALIKE = "saved like the forged one"
FALSE_ALARMS = 0.01
DRAWS, BINS, AT_ONCE = 1000, 8, 2
CODE = Path(__file__).parents[2]
Say = Callable[[str], None]
Values = NDArray[np.float64]


class _Job(NamedTuple):
    """A photo to be examined after a change."""

    photo: SetPhoto
    change: str


class _Seen(NamedTuple):
    """What was said of a photo: probability and single scores, which methods found a conflict, how well the map meets the mask."""

    probability: float | None
    scores: dict[str, float]
    conflicts: list[str]
    overlap: float | None


async def tamper_run(
    settings: Settings, data: Path | None, n: int, clean: int, *, plot: Path | None, seed: int, say: Say
) -> dict[str, Any]:
    """Return the figures; ``n`` photos a kind and set, ``clean`` product photos, ``plot`` to be drawn.

    Raises:
        InvalidRequestError: the photos are not in the data folder.
    """
    sets = {
        "casia1": casia(data_folder(settings, data, "forgery/casia1")),
        "comofod": comofod(data_folder(settings, data, "forgery/comofod")),
    }
    rng = np.random.default_rng(seed)
    figures: dict[str, Any] = {}
    async with Recommender(settings) as recommender:
        with _Examiner(recommender, settings.cache / "bench" / "trust-tamper", say) as examine:
            products = sorted((data_folder(settings, data, "fashion") / "images").iterdir())
            picked = [
                SetPhoto(products[i], "authentic", products[i].stem) for i in rng.permutation(len(products))[:clean]
            ]
            honest = await examine.all(picked, "as is")
            for name, photos in sets.items():
                chosen = _drawn(photos, n, rng)
                figures[name] = {c: _figures(chosen, await examine.all(chosen, c), seed) for c in CHANGES}
                if name == "casia1":
                    figures |= await _controls(examine, chosen, seed)
    figures["false_alarms_on_products"] = {
        "any": _share([bool(s.conflicts) for s in honest]),
        **{m: _share([m in s.conflicts for s in honest]) for m in METHODS},
    }
    figures |= {
        "methods": list(METHODS),
        "products_with_a_probability": _share([s.probability is not None for s in honest]),
    }
    if plot is not None:
        draw_reliability(figures["reliability"]["bins"], "trust-tamper: photos that nothing was fitted on", plot)
    targets = {"auc": TARGETS, "false_alarms_on_products": FALSE_ALARMS}
    return report("trust-tamper", figures, n=n, targets=targets, seed=seed)


async def _controls(examine: _Examiner, photos: Sequence[SetPhoto], seed: int) -> dict[str, Any]:
    """Return what tells a detector of forgery from one of saving, and how well the probabilities hold."""
    forged = [p for p in photos if p.original is not None]
    honest = [p for p in photos if p.original is None]
    rows: dict[str, Any] = {}
    seen, twins = await examine.all(forged, "as is"), await examine.all(forged, SAVED_ALIKE)
    for kind in ("all", *sorted({p.kind for p in forged})):
        used = [i for i, p in enumerate(forged) if kind in ("all", p.kind)]
        scores = np.array([s[i].probability or 0.0 for s in (seen, twins) for i in used])
        families = 2 * [forged[i].family for i in used]
        rows[kind] = _auc(scores, np.arange(len(scores)) < len(used), families, seed)
    before, saved = await examine.all(honest, "as is"), await examine.all(honest, "JPEG 90")
    scores = np.array([s.probability or 0.0 for s in (*before, *saved)])
    said = np.array([s.probability or 0.0 for s in (*before, *seen)])
    return {
        "against_originals_saved_alike": rows,
        "resaving_auc": round(auc(scores, np.arange(len(scores)) >= len(honest)), 3),
        "reliability": reliability(said, np.arange(len(said)) >= len(before)),
    }


def reliability(said: Values, forged: NDArray[np.bool_]) -> dict[str, Any]:
    """Return bins of the probability with the share of forged photos, both kinds weighing half, and the expected calibration error."""
    weight = np.where(forged, 0.5 / forged.sum(), 0.5 / (~forged).sum())
    bins = np.minimum((said * BINS).astype(int), BINS - 1)
    rows = [
        {
            "said": round(float(np.average(said[bins == b], weights=weight[bins == b])), 3),
            "forged": round(float(weight[(bins == b) & forged].sum() / weight[bins == b].sum()), 3),
            "photos": int((bins == b).sum()),
            "weight": round(float(weight[bins == b].sum()), 3),
        }
        for b in range(BINS)
        if (bins == b).any()
    ]
    return {"bins": rows, "error": round(sum(r["weight"] * abs(r["said"] - r["forged"]) for r in rows), 3)}


class _Examiner:
    """Examine photos after a change, a few at once; what was examined before by the same code is read from ``kept``."""

    def __init__(self, recommender: Recommender, kept: Path, say: Say) -> None:
        self._recommender, self._say = recommender, say
        self._room = asyncio.Semaphore(AT_ONCE)
        kept.mkdir(parents=True, exist_ok=True)
        self._file = kept / f"{_code()}.jsonl"
        self._work = tempfile.TemporaryDirectory()
        lines = self._file.read_text(encoding="utf-8").splitlines() if self._file.exists() else []
        self._known: dict[str, _Seen] = {row["key"]: _Seen(*row["seen"]) for row in map(json.loads, lines)}

    def __enter__(self) -> _Examiner:
        return self

    def __exit__(self, *_: object) -> None:
        self._work.cleanup()

    async def all(self, photos: Sequence[SetPhoto], change: str) -> list[_Seen]:
        """Return what is said of each photo after ``change``."""
        started, done = time.monotonic(), 0

        async def one(photo: SetPhoto) -> _Seen:
            nonlocal done
            key = f"{photo.path.parent.parent.name}/{photo.path.parent.name}/{photo.path.name} {change}"
            if key not in self._known:
                async with self._room:
                    self._known[key] = await self._look(_Job(photo, change))
                with self._file.open("a", encoding="utf-8") as stream:
                    stream.write(json.dumps({"key": key, "seen": self._known[key]}) + "\n")
                done += 1
                if done % 100 == 0:
                    self._say(f"{photo.path.parent.parent.name}, {change}: {done}, {time.monotonic() - started:.0f} s")
            return self._known[key]

        return await asyncio.gather(*(one(photo) for photo in photos))

    async def _look(self, job: _Job) -> _Seen:
        path = self._changed(job)
        found = await self._recommender.check(images=[{"path": str(path)}], maps=True)
        if path != job.photo.path:
            path.unlink()
        return _seen(found, job.photo)

    def _changed(self, job: _Job) -> Path:
        if job.change == "as is":
            return job.photo.path
        with Image.open(job.photo.path) as image:
            if job.change == SAVED_ALIKE and job.photo.original is not None:
                data = after(saved_like(Image.open(job.photo.original), image), "as is")
            else:
                data = after(image, job.change)
        out = Path(self._work.name) / f"{hashlib.sha256(repr(job).encode()).hexdigest()[:16]}{_ending(data)}"
        out.write_bytes(data)
        return out


def _ending(data: bytes) -> str:
    return ".png" if data.startswith(b"\x89PNG") else ".jpg"


def _code() -> str:
    """Return a fingerprint of the methods and their models; what other checks do changes nothing here."""
    trust = CODE / "tools" / "trust"
    files = [trust / f"{name}.py" for name in (*METHODS, "forgery_probability", "method", "examiner")]
    files += [trust / "data" / "forgery.json", *sorted((CODE / "models" / "tampering").rglob("c*"))]
    return hashlib.sha256(b"".join(p.read_bytes() for p in files if p.suffix in {".py", ".txt", ".json"})).hexdigest()[
        :12
    ]


def _seen(found: TrustReport, photo: SetPhoto) -> _Seen:
    checks = [c for c in found.media[0].checks if c.check in METHODS]
    overlap = None
    if photo.mask is not None:
        with Image.open(photo.mask) as image:
            mask = np.asarray(image.convert("L").resize((256, 256))) > 127
        overlap = _f1(mask, found.media[0].map_png)
    return _Seen(
        packaged_calibration().probability({c.check: c.score for c in checks if c.score is not None}),
        {c.check: c.score or 0.0 for c in checks},
        [c.check for c in checks if c.state == "conflict"],
        overlap,
    )


def _f1(mask: NDArray[np.bool_], map_png: str) -> float:
    """Return the F1 of the pixels of a map against those of a mask (256, 256)."""
    if not map_png:
        return 0.0
    with Image.open(BytesIO(base64.b64decode(map_png))) as image:
        said = np.asarray(image.convert("L").resize((256, 256))) > 127
    both = float((mask & said).sum())
    return 2 * both / max(float(mask.sum() + said.sum()), 1.0)


def _figures(photos: Sequence[SetPhoto], seen: Sequence[_Seen], seed: int) -> dict[str, Any]:
    kinds = sorted({p.kind for p in photos} - {"authentic"})
    rows: dict[str, Any] = {}
    for kind in ("all", *kinds):
        used = [(p, s) for p, s in zip(photos, seen, strict=True) if p.kind == "authentic" or kind in ("all", p.kind)]
        forged = np.array([p.kind != "authentic" for p, _ in used])
        families = [p.family for p, _ in used]
        bad = [s for p, s in used if p.kind != "authentic"]
        maps = [s.overlap or 0.0 for s in bad]
        rows[kind] = {
            **_auc(np.array([s.probability or 0.0 for _, s in used]), forged, families, seed),
            "auc_of_each": {
                m: round(auc(np.array([s.scores.get(m, 0.0) for _, s in used]), forged), 3) for m in METHODS
            },
            "conflicts": _share([bool(s.conflicts) for s in bad]),
            "conflicts_among_authentic": _share([bool(s.conflicts) for p, s in used if p.kind == "authentic"]),
            "localisation_f1": round(float(np.mean(maps)), 3),
            "localisation_f1_where_found": round(
                float(np.mean([f for f, s in zip(maps, bad, strict=True) if s.conflicts] or [0])), 3
            ),
        }
    return rows


def _auc(scores: Values, forged: NDArray[np.bool_], families: Sequence[str], seed: int) -> dict[str, Any]:
    """Return the AUC and its 95 % interval over draws of families."""
    rng = np.random.default_rng(seed)
    groups: dict[str, list[int]] = {}
    for row, family in enumerate(families):
        groups.setdefault(family, []).append(row)
    members = [np.array(rows) for rows in groups.values()]
    drawn = []
    for _ in range(DRAWS):
        rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        if 0 < forged[rows].sum() < len(rows):
            drawn.append(auc(scores[rows], forged[rows]))
    edges = [round(float(edge), 3) for edge in np.percentile(drawn, [2.5, 97.5])]
    return {"auc": round(auc(scores, forged), 3), "auc_95": edges}


def _share(hits: Sequence[bool]) -> dict[str, float]:
    return {"share": round(float(np.mean(hits)), 4), "n": len(hits)}


def _drawn(photos: Sequence[SetPhoto], n: int, rng: np.random.Generator) -> list[SetPhoto]:
    """Return at most ``n`` of each kind."""
    kinds: Mapping[str, list[SetPhoto]] = {
        k: [p for p in photos if p.kind == k] for k in dict.fromkeys(p.kind for p in photos)
    }
    return [group[i] for group in kinds.values() for i in sorted(rng.permutation(len(group))[:n])]
