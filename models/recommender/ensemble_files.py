"""Write an ensemble to a folder and read it back: npz, JSON and LightGBM's text, no pickles."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ...core.errors import ConfigurationError
from ...core.learning.interactions import ItemTable
from .ensemble import Ensemble
from .features import Features
from .fusion import RankFusion, restored
from .scorers.array_files import read_arrays, write_arrays
from .scorers.base import Scorer
from .scorers.listing import SCORERS

FORMAT = 1
CARD = "ensemble.json"


def save_ensemble(ensemble: Ensemble, folder: Path) -> None:
    """Write ``ensemble`` beside ``folder`` and then move it there, replacing what was there."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as temporary:
        work = Path(temporary) / "new"
        work.mkdir()
        for name, scorer in ensemble.scorers.items():
            write_arrays(work / f"scorer-{name}.npz", scorer.save())
        write_arrays(work / "features.npz", ensemble.features.save())
        arrays, texts = ensemble.fusion.save()
        write_arrays(work / "fusion.npz", arrays)
        for name, text in texts.items():
            (work / name).write_text(text, encoding="utf-8")
        card = {
            "format": FORMAT,
            "scorers": list(ensemble.scorers),
            "fusion": ensemble.fusion.kind,
            "fusion_texts": list(texts),
            "missing": ensemble.missing,
            "report": ensemble.report,
        }
        (work / CARD).write_text(json.dumps(card, indent=1), encoding="utf-8")
        if folder.exists():
            shutil.rmtree(folder)
        os.replace(work, folder)


def load_ensemble(folder: Path, items: ItemTable) -> Ensemble:
    """Read what ``save_ensemble`` wrote, for a catalogue that may have grown since; a scorer that cannot be read is missing, a broken fusion becomes rank fusion.

    Raises:
        ConfigurationError: the folder holds no ensemble, or one of another format.
    """
    card = _card(folder)
    missing: dict[str, str] = dict(card["missing"])
    scorers: dict[str, Scorer] = {}
    for name in card["scorers"]:
        try:
            scorers[name] = SCORERS[name]().restore(items, read_arrays(folder / f"scorer-{name}.npz"))
        except Exception as error:  # noqa: BLE001  # a broken file must not take the others with it
            missing[name] = f"cannot be loaded ({type(error).__name__}: {error}); train again"
    try:
        features = Features.restore(read_arrays(folder / "features.npz"))
        texts = {name: (folder / name).read_text(encoding="utf-8") for name in card["fusion_texts"]}
        fusion = restored(card["fusion"], read_arrays(folder / "fusion.npz"), texts)
    except Exception as error:  # noqa: BLE001  # likewise
        missing["fusion"] = f"cannot be loaded ({type(error).__name__}: {error}); ranks are fused instead; train again"
        features, fusion = Features.without_counts(tuple(scorers), len(items)), RankFusion()
    return Ensemble(scorers, features, fusion, n_items=len(items), missing=missing, report=card["report"])


def _card(folder: Path) -> dict[str, Any]:
    try:
        card: dict[str, Any] = json.loads((folder / CARD).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"no ensemble in {folder} ({type(error).__name__}); train one") from error
    if card.get("format") != FORMAT:
        raise ConfigurationError(f"{folder / CARD} has format {card.get('format')!r}, expected {FORMAT}; train again")
    return card
