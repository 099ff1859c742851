"""Name files in a trust report as people do, in place of `image-1`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from ..core.media.trust_report import TrustReport
from ..core.schemas import Check, Effect

Said = TypeVar("Said", Check, Effect)


def with_file_names(report: TrustReport, files: Sequence[Path]) -> TrustReport:
    """Return the report with the names of ``files``, its media in order, where reasons, checks and effects name media."""
    names = {medium.media_id: file.name for medium, file in zip(report.media, files, strict=True)}
    media = [m.model_copy(update={"checks": tuple(_named(c, names) for c in m.checks)}) for m in report.media]
    pairs = tuple(_named(check, names) for check in report.pairs)
    effects = tuple(_with_names(effect, names) for effect in report.effects)
    return report.model_copy(update={"media": tuple(media), "pairs": pairs, "effects": effects})


def compared_files(check: Check, files: Sequence[Path]) -> str:
    """Return the names of the files that a check of such a report is about."""
    return ", ".join(dict.fromkeys(file.name for file in files if file.name in check.about))


def _named(check: Check, names: Mapping[str, str]) -> Check:
    said = re.sub(r"\b(?:image|audio|video)-\d+\b", lambda found: names.get(found[0], found[0]), check.reason)
    return _with_names(check, names).model_copy(update={"reason": said})


def _with_names(said: Said, names: Mapping[str, str]) -> Said:
    return said.model_copy(update={"about": tuple(names.get(one, one) for one in said.about)})
