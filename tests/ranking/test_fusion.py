"""Pieces of a request are averaged by confidence; missing ones change nothing, doubted ones weigh less."""

from __future__ import annotations

import numpy as np
import pytest

from tastemaker.core.media.vector_fusion import DISTRUST, disputed_pieces, pool_pictures, weighted_mean
from tastemaker.core.protocols import Vectors
from tastemaker.core.schemas import Check, Evidence, MediaFile, Verdict

CONFLICT = Verdict(
    state="conflict", checks=(Check(check="text_image", state="conflict", reason="."),), distrusted=("image-1",)
)


def axis(i: int) -> Vectors:
    return np.asarray(np.eye(4, dtype=np.float32)[i], dtype=np.float32)


def picture(media_id: str, share: float = 1.0) -> MediaFile:
    return MediaFile(media_id=media_id, kind="image", path="/x", mime="image/jpeg", share=share)


def piece(kind: str, source: str, confidence: float = 0.8, content: str = "a dog") -> Evidence:
    fields = {"evidence_id": f"{kind}-{source}", "kind": kind, "source": source}
    return Evidence.model_validate({**fields, "content": content, "confidence": confidence})


def test_the_average_leans_to_the_surer_piece() -> None:
    fused = weighted_mean([(axis(0), 0.9), (axis(1), 0.3)])
    assert fused is not None
    assert float(np.linalg.norm(fused)) == pytest.approx(1.0)
    assert fused[0] == pytest.approx(3 * fused[1])


def test_missing_pieces_have_no_say() -> None:
    assert weighted_mean([]) is None
    assert weighted_mean([(axis(0), 0.0)]) is None
    assert weighted_mean([(axis(0), 1.0), (-axis(0), 1.0)]) is None
    np.testing.assert_array_equal(weighted_mean([(axis(2), 0.2), (axis(0), 0.0)]), axis(2))


def test_a_video_is_one_vector_by_the_time_its_frames_stand_for() -> None:
    media = [picture("image-1"), picture("video-1-frame-1", 0.75), picture("video-1-frame-2", 0.25)]
    vectors, weights, names = pool_pictures(media, np.stack([axis(0), axis(1), axis(2)]), CONFLICT)
    assert vectors.shape == (2, 4)
    assert weights == (DISTRUST, 1.0)
    assert names == ("image-1", "video-1")
    assert vectors[1][1] == pytest.approx(3 * vectors[1][2])


def test_a_doubted_frame_makes_its_video_doubted() -> None:
    verdict = Verdict(state="conflict", distrusted=("video-1-frame-1",))
    _, weights, _ = pool_pictures(
        [picture("video-1-frame-1"), picture("video-1-frame-2")], np.stack([axis(0), axis(1)]), verdict
    )
    assert weights == (DISTRUST,)


def test_only_what_disagrees_is_averaged_in_unless_everything_is_asked_for() -> None:
    evidence = [piece("caption", "image-1"), piece("transcript", "audio-1"), piece("caption", "image-2", content=" ")]
    assert disputed_pieces(evidence, CONFLICT, every=False) == [("a dog", 0.8 * DISTRUST)]
    assert disputed_pieces(evidence, Verdict(), every=False) == []
    assert [weight for _, weight in disputed_pieces(evidence, CONFLICT, every=True)] == [0.8 * DISTRUST, 0.8]
