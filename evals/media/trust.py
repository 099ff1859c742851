"""Measure the trust gate through ``Recommender.check``: Content Credentials, and forged photos of CASIA v1 and CoMoFoD.

A detector that only sees that a file was saved again would look good on CASIA, whose forgeries are re-saved and whose originals are not.
So every photo is examined as it is, after JPEG of quality 70 and after resizing to 75 %, forged and authentic alike, and authentic
photos are compared with themselves saved again (``resaving_auc``: 0.5 is right). False alarms are counted on product photos that
were not looked at when the thresholds were set. Intervals resample authentic parents, so that forgeries of one photo stay together.
"""

from __future__ import annotations

import asyncio
import base64
import csv
import tempfile
from collections.abc import Callable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from ...core.errors import InvalidRequestError, TastemakerError
from ...core.media.trust_report import TrustReport
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ..reporting.intervals import auc
from ..reporting.report import report

CREDENTIALS = {
    "CA.jpg": "verified", "C.jpg": "verified", "ocsp.jpg": "verified", "sample1_signed.wav": "verified", "video1.mp4": "verified",
    "XCA.jpg": "conflict", "E-sig-CA.jpg": "conflict", "CIE-sig-CA.jpg": "conflict",
    "A.jpg": "no evidence", "earth_apollo17.jpg": "no evidence", "no_manifest.jpg": "no evidence", "cloud.jpg": "no evidence",
    "video1_no_manifest.mp4": "no evidence",
    "riff_bomb_1000.wav": "refused or no evidence", "nested_moov_1000.mp4": "refused or no evidence",
    "sample3.invalid.wav": "refused or no evidence",
}  # fmt: skip
CHANGES = ("as is", "JPEG 70", "75 %")
TARGETS = {"as is": 0.85, "JPEG 70": 0.78, "75 %": 0.78}
DRAWS = 1000
METHODS = ("copied_region", "file_history")
AT_ONCE = 2
Say = Callable[[str], None]


class _Photo(NamedTuple):
    """One photo of a set: the authentic one it comes from, what was done to it and its mask, where there is one."""

    path: Path
    parent: str
    kind: str
    mask: Path | None = None


class _Seen(NamedTuple):
    """How suspicious a photo was found, whether that is a conflict, and how well its map meets the mask."""

    score: float
    conflict: bool
    overlap: float | None


async def credentials_run(settings: Settings, data: Path | None) -> dict[str, Any]:
    """Return what is said of every file in ``c2pa``, beside what is right.

    Raises:
        InvalidRequestError: the files are not in the data folder.
    """
    folder = _folder(settings, data, "c2pa")
    rows = {}
    async with Recommender(settings) as recommender:
        for name, right in CREDENTIALS.items():
            field = {"jpg": "images", "wav": "audio", "mp4": "video"}[name.rpartition(".")[2]]
            media: dict[str, Any] = {field: [{"path": str(folder / name)}]}
            said, why = "refused", ""
            try:
                found = await recommender.check(**media)
                checks = [c for c in found.media[0].checks if c.check == "content_credentials"]
                said, why = checks[0].state, checks[0].reason
            except TastemakerError as error:
                why = str(error)
            rows[name] = {"right": right, "said": said, "ok": said in right, "why": why}
    wrong = [name for name, row in rows.items() if not row["ok"]]
    figures = {"right": len(rows) - len(wrong), "wrong": wrong, "files": rows}
    return report("trust-c2pa", figures, n=len(rows), targets={"right": len(rows)})


async def tamper_run(
    settings: Settings, data: Path | None, n: int, clean: int, *, seed: int, say: Say
) -> dict[str, Any]:
    """Return AUC, detection, false alarms and localisation; ``n`` photos a class and set, ``clean`` product photos.

    Raises:
        InvalidRequestError: the photos are not in the data folder.
    """
    sets = {
        "casia1": _casia(_folder(settings, data, "forgery/casia1")),
        "comofod": _comofod(_folder(settings, data, "forgery/comofod")),
    }
    rng = np.random.default_rng(seed)
    figures: dict[str, Any] = {}
    with tempfile.TemporaryDirectory() as work:
        async with Recommender(settings) as recommender:
            examine = _Examiner(recommender, Path(work), say)
            for name, photos in sets.items():
                chosen = _drawn(photos, n, rng)
                figures[name] = {
                    change: _figures(chosen, await examine.all(chosen, change), seed) for change in CHANGES
                }
                if name == "casia1":
                    honest = [p for p in chosen if p.kind == "authentic"]
                    before, after = [await examine.all(honest, change) for change in ("as is", "JPEG 90")]
                    scores = np.array([s.score for s in (*before, *after)])
                    figures["resaving_auc"] = round(auc(scores, np.arange(len(scores)) >= len(honest)), 3)
            products = sorted((_folder(settings, data, "fashion") / "images").iterdir())[1::2]
            picked = [products[i] for i in rng.permutation(len(products))[:clean]]
            alarms = await examine.all([_Photo(p, p.name, "authentic") for p in picked], "as is")
            figures["false_alarms_on_products"] = _share([s.conflict for s in alarms])
    figures["methods"] = list(METHODS)
    targets = {"auc": TARGETS, "false_alarms_on_products": 0.01}
    return report("trust-tamper", figures, n=n, targets=targets, seed=seed)


class _Examiner:
    """Examine photos after a change, a few at once."""

    def __init__(self, recommender: Recommender, work: Path, say: Say) -> None:
        self._recommender, self._work, self._say = recommender, work, say
        self._room = asyncio.Semaphore(AT_ONCE)

    async def all(self, photos: Sequence[_Photo], change: str) -> list[_Seen]:
        done = 0

        async def one(photo: _Photo) -> _Seen:
            nonlocal done
            async with self._room:
                found = await self._recommender.check(
                    images=[{"path": str(self._changed(photo.path, change))}], maps=True
                )
            done += 1
            if done % 50 == 0:
                self._say(f"{photo.path.parent.parent.name}, {change}: {done} of {len(photos)}")
            return _seen(found, photo)

        return await asyncio.gather(*(one(photo) for photo in photos))

    def _changed(self, path: Path, change: str) -> Path:
        if change == "as is":
            return path
        out = (
            self._work
            / f"{change.replace(' ', '').replace('%', '')}-{path.stem}.{'png' if change == '75 %' else 'jpg'}"
        )
        with Image.open(path) as image:
            photo = image.convert("RGB")
        if change == "75 %":
            photo.resize((photo.width * 3 // 4, photo.height * 3 // 4), Image.Resampling.BICUBIC).save(out)
        else:
            photo.save(out, "JPEG", quality=int(change.split()[1]))
        return out


def _seen(found: TrustReport, photo: _Photo) -> _Seen:
    checks = [c for c in found.media[0].checks if c.check in METHODS]
    overlap = None
    if photo.mask is not None:
        with Image.open(photo.mask) as image:
            mask = np.asarray(image.convert("L").resize((256, 256))) > 127
        overlap = _f1(mask, found.media[0].map_png)
    return _Seen(max((c.score or 0 for c in checks), default=0.0), any(c.state == "conflict" for c in checks), overlap)


def _f1(mask: np.ndarray[Any, np.dtype[np.bool_]], map_png: str) -> float:
    """Return the F1 of the pixels of a map against those of a mask (256, 256)."""
    if not map_png:
        return 0.0
    with Image.open(BytesIO(base64.b64decode(map_png))) as image:
        said = np.asarray(image.convert("L").resize((256, 256))) > 127
    both = float((mask & said).sum())
    return 2 * both / max(float(mask.sum() + said.sum()), 1.0)


def _figures(photos: Sequence[_Photo], seen: Sequence[_Seen], seed: int) -> dict[str, Any]:
    kinds = sorted({p.kind for p in photos} - {"authentic"})
    rows: dict[str, Any] = {}
    for kind in ("all", *kinds):
        used = [(p, s) for p, s in zip(photos, seen, strict=True) if p.kind == "authentic" or kind in ("all", p.kind)]
        scores, forged = np.array([s.score for _, s in used]), np.array([p.kind != "authentic" for p, _ in used])
        parents = [p.parent for p, _ in used]
        maps = [s.overlap for _, s in used if s.overlap is not None]
        rows[kind] = {
            "auc": round(auc(scores, forged), 3),
            "auc_95": _interval(scores, forged, parents, seed),
            "detected": _share([s.conflict for p, s in used if p.kind != "authentic"]),
            "false_alarms": _share([s.conflict for p, s in used if p.kind == "authentic"]),
            "localisation_f1": round(float(np.mean(maps)), 3) if maps else None,
        }
    return rows


def _interval(scores: Any, forged: Any, parents: Sequence[str], seed: int) -> list[float]:
    """Return the 95 % interval of the AUC over draws of authentic parents."""
    rng = np.random.default_rng(seed)
    groups: dict[str, list[int]] = {}
    for row, parent in enumerate(parents):
        groups.setdefault(parent, []).append(row)
    members = [np.array(rows) for rows in groups.values()]
    drawn = []
    for _ in range(DRAWS):
        rows = np.concatenate([members[i] for i in rng.integers(0, len(members), len(members))])
        if 0 < forged[rows].sum() < len(rows):
            drawn.append(auc(scores[rows], forged[rows]))
    return [round(float(edge), 3) for edge in np.percentile(drawn, [2.5, 97.5])]


def _share(hits: Sequence[bool]) -> dict[str, float]:
    return {"share": round(float(np.mean(hits)), 4), "n": len(hits)}


def _drawn(photos: Sequence[_Photo], n: int, rng: np.random.Generator) -> list[_Photo]:
    """Return at most ``n`` of each kind."""
    kinds: Mapping[str, list[_Photo]] = {
        k: [p for p in photos if p.kind == k] for k in dict.fromkeys(p.kind for p in photos)
    }
    return [group[i] for group in kinds.values() for i in sorted(rng.permutation(len(group))[:n])]


def _casia(folder: Path) -> list[_Photo]:
    with (folder / "manifest.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    forged = [
        _Photo(folder / r["tampered"], Path(r["authentic_parent"]).stem, r["kind"], folder / r["mask"]) for r in rows
    ]
    return [_Photo(p, p.stem, "authentic") for p in sorted((folder / "authentic").iterdir())] + forged


def _comofod(folder: Path) -> list[_Photo]:
    forged = [
        _Photo(p, p.stem, "copy_move", folder / "masks" / f"{p.stem}.png")
        for p in sorted((folder / "tampered").iterdir())
    ]
    return [_Photo(p, p.stem, "authentic") for p in sorted((folder / "authentic").iterdir())] + forged


def _folder(settings: Settings, data: Path | None, name: str) -> Path:
    root = data or settings.data
    if root is None or not (Path(root) / name).is_dir():
        raise InvalidRequestError("--data", f"there is no folder {name} in {root}")
    return Path(root) / name
