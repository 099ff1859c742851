"""Find tracks that sound like a clip, and learn how a catalogue's tracks sound."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from ...core.errors import BackEndError, BackEndUnavailable
from ...core.protocols import Catalogue, Vectors
from ...core.ranking.query import CandidateQuery
from ...core.schemas import Candidate
from ...models.speech.music_features import GROUPS, track_features
from ...stores.ingest.pictures import ImageProblem, locate
from ...stores.tracks import TrackStore

OVERFETCH = 5
SAVE_EVERY = 200


def open_tracks(home: Path, tenant: str) -> TrackStore:
    """Return the store of a tenant's tracks under the data folder."""
    return TrackStore(home / f"tracks-{tenant}.npz", tuple(GROUPS.values()))


class TrackSearch:
    """Finds the tracks that sound most like the request's clip, within the hard constraints."""

    name = "track"

    def __init__(self, catalogue: Catalogue, tracks: TrackStore) -> None:
        self._catalogue = catalogue
        self._tracks = tracks

    def applies(self, q: CandidateQuery) -> bool:
        """Tell whether the request has a clip of music."""
        return q.track_vector is not None

    async def __call__(self, q: CandidateQuery) -> list[Candidate]:
        """Return at most ``q.limit`` candidates, most alike first: only those more alike than the average track."""
        tracks = await asyncio.to_thread(self._tracks.load)
        found = [(i, s) for i, s in tracks.nearest(_vector(q)) if s > 0 and i not in q.excluded]
        near = found[: OVERFETCH * q.limit]
        allowed = {item.item_id for item in await self._catalogue.get([i for i, _ in near], q.where)} if near else set()
        kept = [(i, s) for i, s in near if i in allowed][: q.limit]
        return [Candidate(item_id=i, source=self.name, rank=r, score=s) for r, (i, s) in enumerate(kept, start=1)]


def _vector(q: CandidateQuery) -> Vectors:
    assert q.track_vector is not None
    return q.track_vector


def describe_tracks(
    rows: Sequence[tuple[str, str]], media: Path, store: TrackStore, progress: Callable[[int, int], None] | None = None
) -> tuple[int, list[tuple[str, str]]]:
    """Describe the sound file of every (item id, file) that is not in ``store`` yet; resumes after an interruption.

    Returns:
        How many were added, and (item id, reason) for every file that cannot be used.

    Raises:
        BackEndUnavailable: librosa is not installed.
        StoreError: the store cannot be read or written.
    """
    tracks, added, problems = store.load(), 0, []
    fresh = {}
    wanted = [row for row in rows if row[0] not in set(tracks.ids)]
    for number, (item_id, name) in enumerate(wanted, start=1):
        try:
            fresh[item_id] = track_features(locate(name, media))
        except BackEndUnavailable:
            raise
        except (ImageProblem, BackEndError) as error:
            problems.append((item_id, str(error)))
        if len(fresh) >= SAVE_EVERY or (number == len(wanted) and fresh):
            tracks, added, fresh = tracks.updated(fresh), added + len(fresh), {}
            store.save(tracks)
        if progress is not None:
            progress(number, len(wanted))
    return added, problems
