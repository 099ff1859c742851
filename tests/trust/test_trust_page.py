"""The report shows each photo with what was found, folds what found nothing, and names files and effects as people would."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from tastemaker.api.trust_page import trust_page
from tastemaker.core.media.trust_report import ExaminedMedium, TrustReport
from tastemaker.core.schemas import Check, Effect, VerdictState
from tastemaker.graphs.check import _probability
from tastemaker.tools.trust.forgery_probability import packaged_calibration

QUIET = Check(check="copied_region", state="no evidence", reason="Nothing.", about=("image-1",))
FORGED = Check(
    check="file_history", state="conflict", reason="It was <changed>.", about=("image-1",), region=(0.1, 0.2, 0.3, 0.4)
)
LATE = Check(check="sound_picture", state="conflict", reason="It is late.", about=("video-1",), shift_s=0.88)


def report(*media: ExaminedMedium, state: str = "conflict", effects: tuple[Effect, ...] = ()) -> TrustReport:
    return TrustReport(state=state, media=media, pairs=(), effects=effects)


def test_what_was_found_stands_out_and_what_found_nothing_is_folded(tmp_path: Path) -> None:
    photo = tmp_path / "shoe.png"
    Image.new("RGB", (64, 64), "red").save(photo)
    medium = ExaminedMedium(media_id="image-1", kind="image", state="conflict", checks=(QUIET, FORGED))
    effect = Effect(check="file_history", about=("image-1",), action="lower")
    page = trust_page(report(medium, effects=(effect,)), [photo])
    assert "It was &lt;changed&gt;." in page
    assert page.index("file history") < page.index("<details><summary>No evidence either way: copied region")
    assert "left:10.0%;top:20.0%;width:30.0%;height:40.0%" in page
    assert "file history (shoe.png): <b>counts for less</b>" in page


def test_a_map_brings_the_words_about_it() -> None:
    medium = ExaminedMedium(media_id="image-1", kind="image", state="no evidence", checks=(QUIET,), map_png="AAAA")
    assert "<details open>" in trust_page(report(medium, state="no evidence"), [Path("gone.jpg")])


def test_a_shift_is_drawn() -> None:
    medium = ExaminedMedium(media_id="video-1", kind="video", state="conflict", checks=(LATE,))
    page = trust_page(report(medium), [Path("talk.mp4")])
    assert "Sound +0.88 seconds from the picture" in page
    assert "left:72.0%" in page


def test_comparisons_name_the_files_and_not_their_numbers() -> None:
    media = [ExaminedMedium(media_id=f"image-{n}", kind="image", state="no evidence") for n in (1, 2)]
    pair = Check(check="text_image", state="conflict", reason="But image-2 shows 'shoe'.", about=("text", "image-2"))
    quiet = Check(check="text_image", state="no evidence", reason="Nothing.", about=("text", "image-1"))
    sent = TrustReport(state="conflict", media=tuple(media), pairs=(pair, quiet), effects=())
    page = trust_page(sent, [Path("dress.jpg"), Path("shoe.jpg")], "a dress")
    assert "But shoe.jpg shows" in page
    assert page.index("<span class=soft>shoe.jpg</span>") < page.index("<span class=soft>dress.jpg</span>")
    assert "image-" not in page


@pytest.mark.parametrize("state", ["no evidence", "verified", "conflict"])
def test_a_probability_of_forgery_stands_only_beside_a_conflict(state: VerdictState) -> None:
    """The scores alone give more than 90 % for all three: what the methods do not hold for a conflict gets no number."""
    scores = {"copied_region": 0.79, "spliced_region": 0.9}
    assert (packaged_calibration().probability(scores) or 0) > 0.9
    checks = [Check(check=name, state=state, reason="So.", about=("image-1",), score=s) for name, s in scores.items()]
    other = Check(check="file_history", state="conflict", reason="So.", about=("image-1",))
    assert (_probability([*checks, other]) is not None) == (state == "conflict")
