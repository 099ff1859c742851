"""Align the image-text model to a file of pictures and words, and keep the result as a version under the home folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..core.schemas import Frozen
from ..core.settings import Settings
from ..models.alignment.align import AlignReport, PairSet, align, write_projection
from ..models.alignment.version_in_use import alignable
from ..models.alignment.versions import Alignments
from ..stores.ingest.picture_text_pairs import read_pairs
from ..stores.ingest.plan import Choices


class Aligned(Frozen):
    """What an alignment reached, the version it became, and whether that is in use."""

    report: AlignReport
    version: str
    in_use: bool
    skipped: int


def align_to(
    settings: Settings,
    source: Path,
    *,
    tenant: str = "default",
    choices: Choices | None = None,
    media: Path | None = None,
    holdout: float = 0.1,
    seed: int = 0,
    epochs: int = 0,
    from_scratch: bool = False,
    out: Path | None = None,
    progress: Callable[[str], None] | None = None,
) -> Aligned:
    """Train on the pairs of ``source`` and publish the weights; they are put in use if they find more than those before.

    With ``out`` the weights are written into that folder instead, and nothing is put in use.

    Raises:
        InvalidRequestError: the file or the mapping is not usable, or there are fewer than 20 pictures.
        BackEndError: the towers' weights are missing, or a picture cannot be read.
        ConfigurationError: the image-text slot is served by another model, which cannot be aligned.
    """
    model = alignable(settings)
    pairs = read_pairs(source, choices=choices, media=media, seed=seed)
    weights, report = align(
        PairSet(pairs.paths, pairs.captions, pairs.owners, pairs.labels),
        model,
        holdout=holdout,
        seed=seed,
        epochs=epochs,
        from_scratch=from_scratch,
        progress=progress,
    )
    if out is not None:
        written = str(write_projection(weights, report, out))
        return Aligned(report=report, version=written, in_use=False, skipped=pairs.skipped)
    card = {"source": source.name, **report.model_dump(mode="json")}
    version = Alignments(settings.home, tenant).publish(weights, card, use=report.better)
    return Aligned(report=report, version=version, in_use=report.better, skipped=pairs.skipped)
