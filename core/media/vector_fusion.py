"""Fuse what was said, seen and heard into one vector by a weighted average.

Each piece is a unit vector in the shared text-image space with a weight: its confidence, times a factor for distrust. The sum of
weighted votes is the classical rule for combining sources of different reliability (Kittler et al. 1998, "On combining
classifiers"); as fusion of features of several media it is the joint representation of Baltrusaitis et al. 2019, "Multimodal
machine learning: a survey and taxonomy". A piece that is missing has no weight, so nothing fails without it. Items and users
are made by the same rule: a profile is the average of the vectors of what somebody liked or looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..protocols import Vectors
from ..schemas import Evidence, MediaFile, Verdict

DISTRUST = 0.25
"""Weight of a medium that contradicts the text or whose credentials are broken."""
Part = tuple[Vectors, float]


def weighted_mean(parts: Sequence[Part]) -> Vectors | None:
    """Return the weighted average at unit length, shape (dim,); None without weight or when the parts cancel out."""
    used = [(np.asarray(vector, dtype=np.float32).reshape(-1), weight) for vector, weight in parts if weight > 0]
    if not used:
        return None
    total = np.sum([weight * vector for vector, weight in used], axis=0)
    length = float(np.linalg.norm(total))
    return np.asarray(total / length, dtype=np.float32) if length > 1e-6 else None


def pool_pictures(
    media: Sequence[MediaFile], vectors: Vectors, verdict: Verdict
) -> tuple[Vectors, tuple[float, ...], tuple[str, ...]]:
    """Return one vector per photo and one per video, their weights, and the names of the media.

    ``vectors`` has one row per medium. A video's vector is the average of its frames, each by the part of the clip it stands
    for; a distrusted photo or clip weighs ``DISTRUST``, one that is kept out is left out.
    """
    groups: dict[str, list[Part]] = {}
    for medium, vector in zip(media, vectors, strict=True):
        groups.setdefault(original(medium.media_id), []).append((vector, medium.share))
    pooled = {name: weighted_mean(parts) for name, parts in groups.items()}
    refused = {original(name) for name in verdict.kept_out}
    kept = {name: vector for name, vector in pooled.items() if vector is not None and name not in refused}
    distrusted = {original(name) for name in verdict.distrusted}
    weights = tuple(DISTRUST if name in distrusted else 1.0 for name in kept)
    return (np.stack(list(kept.values())) if kept else vectors[:0]), weights, tuple(kept)


def disputed_pieces(evidence: Sequence[Evidence], verdict: Verdict, *, every: bool) -> list[tuple[str, float]]:
    """Return the words that are averaged in beside the merged query, with weights.

    What agrees is one text already; what a check found to disagree was left out of it and counts here with its confidence times
    ``DISTRUST``. With ``every``, what agrees counts as a piece of its own as well, with its confidence.
    """
    distrusted, refused = ({original(name) for name in names} for names in (verdict.distrusted, verdict.kept_out))
    found: list[tuple[str, float]] = []
    for piece in evidence:
        if piece.kind not in ("caption", "transcript") or not piece.content.strip():
            continue
        if original(piece.source) in refused:
            continue
        doubted = original(piece.source) in distrusted
        if every or doubted:
            found.append((piece.content, piece.confidence * (DISTRUST if doubted else 1.0)))
    return found


def original(media_id: str) -> str:
    """Return the medium that a frame belongs to."""
    return media_id.partition("-frame-")[0]
