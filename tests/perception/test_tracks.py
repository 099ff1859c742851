"""Tracks that sound alike are found from a clip, within limits; what cannot be described is reported."""

from __future__ import annotations

import base64
from pathlib import Path

import numpy as np
import pytest

from tastemaker.api.cli.tracks import read_rows
from tastemaker.core.errors import InvalidRequestError, StoreError, TooLittleSound
from tastemaker.core.ranking.fusion import source_weights
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.schemas import Constraint, HistoryProfile, Transcript, Understanding
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.steps import retrieve
from tastemaker.models.speech.music_features import GROUPS, track_features
from tastemaker.models.speech.read_sound import SOUND_HZ
from tastemaker.models.speech.served import as_wav
from tastemaker.stores.tracks import Tracks, TrackStore
from tastemaker.tools.sources.sounds_like import TrackSearch, describe_tracks, open_tracks

from ..catalogue_fixture import open_catalogue
from ..media_samples import wav_bytes

needs_librosa = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning", "ignore::UserWarning")


def tune(
    root_hz: float, beats_a_second: float, seed: int, seconds: float = 4.0
) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Return plucked notes with a little noise: a "track" of one pitch class and tempo."""
    at = np.arange(int(seconds * SOUND_HZ)) / SOUND_HZ
    envelope = np.exp(-6 * (at * beats_a_second % 1.0))
    tones = sum(np.sin(2 * np.pi * root_hz * k * at) / k for k in (1, 2, 3, 4))
    noise = np.random.default_rng(seed).normal(0, 0.01, len(at))
    return (0.2 * envelope * tones + noise).astype(np.float32)


def store(path: Path) -> TrackStore:
    return TrackStore(path / "tracks.npz", (2, 1))


def test_the_nearest_track_comes_first_and_every_part_weighs_the_same() -> None:
    rows = np.array([[0, 0, 0], [1, 1, 0], [0, 0, 5], [1, 1, 5]], np.float32)
    tracks = Tracks(("a", "b", "c", "d"), rows, (2, 1))
    found = tracks.nearest(np.array([1, 1, 5], np.float32))
    assert found[0][0] == "d"
    assert found[0][1] == pytest.approx(1.0)
    assert found[-1][0] == "a"
    assert found[1][1] == pytest.approx(found[2][1], abs=1e-6), "one part apart is as far as the other"


def test_tracks_are_kept_and_damage_is_said(tmp_path: Path) -> None:
    kept = store(tmp_path)
    assert kept.load().ids == ()
    assert kept.load().nearest(np.zeros(3, np.float32)) == []
    kept.save(kept.load().updated({"a": np.ones(3, np.float32)}))
    assert kept.load().ids == ("a",)
    assert store(tmp_path).load().updated({"a": np.zeros(3, np.float32)}).features.sum() == 0
    with pytest.raises(StoreError, match="other features"):
        TrackStore(kept.path, (4,)).load()
    kept.path.write_bytes(b"no file of numbers")
    with pytest.raises(StoreError, match="damaged"):
        store(tmp_path).load()


async def test_the_source_keeps_limits_and_exclusions(tmp_path: Path) -> None:
    catalogue = await open_catalogue(tmp_path / "items")
    kept = store(tmp_path)
    kept.save(kept.load().updated({f"i{n}": np.array([n, n, n], np.float32) for n in range(12)}))
    source = TrackSearch(catalogue, kept)
    red = Constraint(field="colour", op="=", value="Red")
    wish = Understanding(constraints=(red,), exclude_item_ids=("i11",))
    query = CandidateQuery(
        understanding=wish, profile=HistoryProfile(user_id="", known=False), track_vector=np.full(3, 11, np.float32)
    )
    assert source.applies(query)
    assert query.is_concrete
    assert source_weights(query)["track"] > 0
    found = [c.item_id for c in await source(query)]
    assert found
    assert "i11" not in found
    items = await catalogue.get(found)
    assert {item.attributes["colour"] for item in items} == {"Red"}


def test_columns_are_found_or_named(tmp_path: Path) -> None:
    path = tmp_path / "c.csv"
    path.write_text("id,title,preview\n1,One,a.wav\n2,Two,\n", encoding="utf-8")
    assert read_rows(path) == [("1", "a.wav")]
    with pytest.raises(InvalidRequestError, match="--audio"):
        read_rows(path, audio="sound")


class Humming:
    name = "humming"

    async def transcribe(self, path: str) -> Transcript:
        return Transcript(text="", confidence=0.0, sound="music or tones")


async def test_a_clip_of_music_proposes_tracks_and_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def describe(path: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        return np.ones(sum(GROUPS.values()), np.float32)

    monkeypatch.setattr(retrieve, "describe_track", describe)
    services = constant_services(Settings(home=tmp_path))
    services.transcriber = Humming()
    services.rebuild()
    async with Recommender(services=services) as recommender:
        first = await recommender.recommend(n=3)
        wanted = first.items[-1].item_id
        kept = open_tracks(tmp_path, "default")
        others = {i.item_id: np.zeros(65, np.float32) for i in first.items[:-1]}
        kept.save(kept.load().updated({**others, wanted: np.ones(65, np.float32)}))
        clip = {"data": base64.b64encode(wav_bytes(0.5)).decode()}
        response = await recommender.recommend(audio=[clip], n=3)
    assert response.items[0].item_id == wanted
    assert "track" in {s.source for s in response.items[0].sources}
    assert response.evidence[0].sound == "music or tones"
    assert "music or tones" in response.message


async def test_a_clip_too_short_to_compare_is_told_and_the_list_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def describe(path: str) -> np.ndarray[tuple[int], np.dtype[np.float32]]:
        raise TooLittleSound(f"{path} is silent", back_end="music")

    monkeypatch.setattr(retrieve, "describe_track", describe)
    services = constant_services(Settings(home=tmp_path))
    services.transcriber = Humming()
    services.rebuild()
    async with Recommender(services=services) as recommender:
        everything = (await recommender.recommend(n=3)).items
        kept = open_tracks(tmp_path, "default")
        kept.save(kept.load().updated({i.item_id: np.ones(65, np.float32) for i in everything}))
        clip = {"data": base64.b64encode(wav_bytes(0.5)).decode()}
        response = await recommender.recommend(audio=[clip], n=3)
    assert len(response.items) == 3
    why = {d.what: d.why for d in response.degraded}["music"]
    assert "too short" in why
    assert str(tmp_path) not in why


@pytest.mark.slow
@needs_librosa
def test_a_tune_finds_its_like(tmp_path: Path) -> None:
    pytest.importorskip("librosa")
    kinds = {"low": (110.0, 1.0), "high": (880.0, 4.0)}
    rows = []
    for name, (root, beats) in kinds.items():
        for number in range(3):
            (tmp_path / f"{name}{number}.wav").write_bytes(as_wav(tune(root * (1 + 0.01 * number), beats, number)))
            rows.append((f"{name}{number}", f"{name}{number}.wav"))
    (tmp_path / "silent.wav").write_bytes(as_wav(np.zeros(2 * SOUND_HZ, np.float32)))
    kept = open_tracks(tmp_path, "default")
    added, problems = describe_tracks([*rows, ("silent", "silent.wav"), ("gone", "gone.wav")], tmp_path, kept)
    assert added == 6
    assert {name for name, _ in problems} == {"silent", "gone"}
    assert describe_tracks(rows, tmp_path, kept) == (0, [])
    clip = tmp_path / "clip.wav"
    clip.write_bytes(as_wav(tune(112.0, 1.0, 9)))
    feature = track_features(clip)
    assert feature.shape == (sum(GROUPS.values()),)
    assert {name[:3] for name, _ in kept.load().nearest(feature)[:3]} == {"low"}
    with pytest.raises(TooLittleSound, match="silent"):
        track_features(tmp_path / "silent.wav")
