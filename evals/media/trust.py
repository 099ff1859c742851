"""Measure the reading of Content Credentials through ``Recommender.check``: every sample file, hostile ones too."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.errors import InvalidRequestError, TastemakerError
from ...core.settings import Settings
from ...graphs.recommender import Recommender
from ..reporting.report import report

CREDENTIALS = {
    "CA.jpg": "verified", "C.jpg": "verified", "ocsp.jpg": "verified", "sample1_signed.wav": "verified", "video1.mp4": "verified",
    "XCA.jpg": "conflict", "E-sig-CA.jpg": "conflict", "CIE-sig-CA.jpg": "conflict",
    "A.jpg": "no evidence", "earth_apollo17.jpg": "no evidence", "no_manifest.jpg": "no evidence", "cloud.jpg": "no evidence",
    "video1_no_manifest.mp4": "no evidence",
    "riff_bomb_1000.wav": "refused or no evidence", "nested_moov_1000.mp4": "refused or no evidence",
    "sample3.invalid.wav": "refused or no evidence",
}  # fmt: skip


async def credentials_run(settings: Settings, data: Path | None) -> dict[str, Any]:
    """Return what is said of every file in ``c2pa``, beside what is right.

    Raises:
        InvalidRequestError: the files are not in the data folder.
    """
    folder = data_folder(settings, data, "c2pa")
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


def data_folder(settings: Settings, data: Path | None, name: str) -> Path:
    """Return a folder of the benchmark data.

    Raises:
        InvalidRequestError: it is not there.
    """
    root = data or settings.data
    if root is None or not (Path(root) / name).is_dir():
        raise InvalidRequestError("--data", f"there is no folder {name} in {root}")
    return Path(root) / name
