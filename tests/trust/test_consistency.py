"""What is written, shown and said is compared by the things it names; doubt is no evidence."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.errors import BackEndUnavailable, ToolError
from tastemaker.core.protocols import Vectors
from tastemaker.core.schemas import Check, Evidence, MediaFile, Tag, Verdict, VerdictState
from tastemaker.models.captions.vocabulary import packaged_vocabulary
from tastemaker.models.image_text.embedded import EmbeddedImageText
from tastemaker.tools.trust.consistency_checker import ConsistencyChecker, Thresholds, packaged_thresholds
from tastemaker.tools.trust.examiner import Examiner
from tastemaker.tools.trust.policy import combine
from tastemaker.tools.trust.subjects_in_text import SubjectFinder

VOCABULARY = packaged_vocabulary()
FINDER = SubjectFinder(w for w, kind in zip(VOCABULARY.words, VOCABULARY.kinds, strict=True) if kind == "thing")
LIMITS = Thresholds(
    model="axes", verified=0.5, conflict=0.1, sure=0.5, same_word=0.5, mean=(0.0,) * 5, fitted="by hand"
)
AXES = ("dog", "dress", "shoes", "handbag")


class Axes:
    """Put each known word on an axis of its own; a picture shows the words of its file name."""

    name = "axes"
    dim = len(AXES) + 1

    def __init__(self, fail: bool = False) -> None:
        self.fail = fail

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        return self._rows(texts)

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        if self.fail:
            raise BackEndUnavailable("no image-text model")
        return self._rows([Path(path).stem for path in paths])

    def _rows(self, texts: Sequence[str]) -> Vectors:
        rows = np.array([[*(float(axis in text) for axis in AXES), 1e-6] for text in texts], np.float32)
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)


async def no_credentials(media: MediaFile) -> Check:
    return Check(check="content_credentials", state="no evidence", reason="None.", about=(media.media_id,))


def photo(shows: str, media_id: str = "image-1") -> MediaFile:
    return MediaFile(media_id=media_id, kind="image", path=f"/{shows}.jpg", mime="image/jpeg")


def caption(label: str, source: str = "image-1", confidence: float = 0.9) -> Evidence:
    tags = (Tag(label=label, confidence=confidence), Tag(label="beach", confidence=0.95))
    return Evidence(evidence_id="caption-1", kind="caption", source=source, content=label, confidence=0.9, tags=tags)


def speech(content: str, confidence: float = 0.8) -> Evidence:
    return Evidence(
        evidence_id="transcript-1", kind="transcript", source="audio-1", content=content, confidence=confidence
    )


async def check(
    text: str, media: Sequence[MediaFile], evidence: Sequence[Evidence] = (), model: Axes | None = None
) -> Verdict:
    checker = ConsistencyChecker(model or Axes(), no_credentials, LIMITS, examiner=Examiner(()))
    return await checker(text, media, evidence)


def states(verdict: Verdict) -> dict[str, VerdictState]:
    return {c.check: c.state for c in verdict.checks}


@pytest.mark.parametrize(
    ("text", "words", "others", "pointed"),
    [
        ("something like this but cheaper", (), (), False),
        ("red dress", ("dress",), (), False),
        ("a dog outdoors", ("dog",), (), False),
        ("I want to buy this red dress", ("dress",), (), True),
        ("shoes that go with this dress", ("dress",), ("shoes",), True),
        ("the dog in my photo", ("dog",), (), True),
        ("a mug with this picture", (), ("mug",), False),
        ("something to watch tonight", (), (), False),
        ("a watch, please", ("watch",), (), False),
        ("a gift for my dog and cat", (), ("dog", "cat"), False),
        ("I am looking for a handbag", ("handbag",), (), False),
        ("no dresses, shoes please", ("shoes",), ("dress",), False),
        ("running shoes under 40 euros", ("running shoes",), (), False),
        ("puppies and Dogs", ("puppy", "dog"), (), False),
        ("", (), (), False),
        ("不要", (), (), False),
    ],
)
def test_subjects(text: str, words: tuple[str, ...], others: tuple[str, ...], pointed: bool) -> None:
    found = FINDER.find(text)
    assert (found.words, found.others, found.pointed) == (words, others, pointed)


async def test_words_and_photo_agree() -> None:
    verdict = await check("a dog outdoors", [photo("dog")], [caption("dog")])
    assert states(verdict)["text_image"] == verdict.state == "verified"
    assert verdict.distrusted == ()
    (found,) = (c for c in verdict.checks if c.check == "text_image")
    assert found.about == ("text", "image-1")
    assert found.score == pytest.approx(1.0, abs=1e-3)
    assert "dog" in found.reason


async def test_words_and_photo_contradict_each_other() -> None:
    verdict = await check("this red dress in blue", [photo("dog")], [caption("dog")])
    assert states(verdict)["text_image"] == verdict.state == "conflict"
    assert verdict.distrusted == ("image-1",)


async def test_a_conflict_needs_something_else_that_is_surely_there() -> None:
    for evidence in ([], [caption("handbag")], [caption("dog", source="image-2")], [caption("beach")]):
        verdict = await check("red dress", [photo("dog")], evidence)
        assert states(verdict)["text_image"] == "no evidence"


async def test_kindred_words_do_not_contradict_each_other() -> None:
    class Kindred(Axes):
        def _rows(self, texts: Sequence[str]) -> Vectors:
            return super()._rows([text.replace("puppy", "dog") for text in texts])

    shown = photo("handbag")
    assert (await check("this dress", [shown], [caption("handbag")], Kindred())).state == "conflict"
    assert (await check("this puppy", [shown], [caption("dog")], Kindred())).state == "no evidence"


@pytest.mark.parametrize(
    "text",
    [
        "something like this but cheaper",
        "more like the second",
        "a mug with this picture",
        "a collar for my dog",
        "what goes with it?",
        "",
    ],
)
async def test_words_that_name_nothing_shown_are_no_evidence(text: str) -> None:
    verdict = await check(text, [photo("shoes")], [caption("shoes")])
    assert verdict.state == "no evidence"
    assert verdict.distrusted == ()


async def test_what_is_asked_for_beside_what_is_shown_is_no_conflict() -> None:
    verdict = await check("shoes for this dress", [photo("shoes")], [caption("shoes")])
    assert verdict.state != "conflict"
    verdict = await check("shoes with a handbag", [photo("handbag")], [caption("handbag")])
    assert verdict.state != "conflict"


async def test_each_photo_is_judged_alone() -> None:
    media = [photo("dress", "image-1"), photo("dog", "image-2")]
    verdict = await check("this dress", media, [caption("dress", "image-1"), caption("dog", "image-2")])
    assert verdict.state == "conflict"
    assert verdict.distrusted == ("image-2",)


async def test_a_video_is_judged_by_its_best_frame() -> None:
    video = MediaFile(media_id="video-1", kind="video", path="/v.mp4", mime="video/mp4")
    frames = [photo("dog", "video-1-frame-1"), photo("dress", "video-1-frame-2")]
    verdict = await check("this dress", [video, *frames], [caption("dog", "video-1-frame-1")])
    assert states(verdict) == {"content_credentials": "no evidence", "text_image": "verified"}
    verdict = await check("these shoes", [video, *frames], [caption("dog", "video-1-frame-1")])
    assert verdict.distrusted == ("video-1", "video-1-frame-1", "video-1-frame-2")


async def test_speech_is_compared_with_photo_and_text() -> None:
    verdict = await check("this dress", [photo("dog")], [caption("dog"), speech("I like this dog")])
    assert states(verdict) == {
        "content_credentials": "no evidence",
        "text_image": "conflict",
        "image_transcript": "verified",
        "text_transcript": "conflict",
    }
    agreeing = await check("this dog", [], [speech("yes, a dog")])
    assert states(agreeing) == {"text_transcript": "verified"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a dress", "shoes"),
        ("this dress", "and these shoes too"),
        ("this dress", "under forty euros"),
        ("cheap", "this dog"),
    ],
)
async def test_speech_that_adds_to_the_text_is_no_conflict(text: str, said: str) -> None:
    verdict = await check(text, [], [speech(said)])
    assert states(verdict)["text_transcript"] == "no evidence"


async def test_speech_that_was_hardly_understood_is_not_compared() -> None:
    assert (await check("this dress", [photo("dress")], [speech("this dog", 0.2)])).distrusted == ()


async def test_a_missing_model_or_one_without_thresholds_is_no_evidence() -> None:
    class Other(Axes):
        name = "other"

    for model in (Axes(fail=True), Other()):
        verdict = await check("this dress", [photo("dog")], [caption("dog")], model)
        assert states(verdict)["text_image"] == "no evidence"


async def test_credentials_of_every_original_count() -> None:
    seen: list[str] = []

    async def credentials(media: MediaFile) -> Check:
        seen.append(media.media_id)
        if media.media_id == "audio-1":
            raise ToolError("gone")
        return Check(check="content_credentials", state="conflict", reason="Changed.", about=(media.media_id,))

    media = [photo("dog"), photo("dog", "video-1-frame-1"), photo("dog", "audio-1")]
    verdict = await ConsistencyChecker(Axes(), credentials, LIMITS, examiner=Examiner(()))("", media, ())
    assert seen == ["image-1", "audio-1"]
    assert [c.state for c in verdict.checks] == ["conflict", "no evidence"]
    assert (verdict.state, verdict.distrusted) == ("conflict", ("image-1",))


def test_combination() -> None:
    def one(state: VerdictState) -> Check:
        return Check(check="text_image", state=state, reason=".", about=("text", "image-1"))

    assert combine([], []) == Verdict()
    assert combine([one("no evidence"), one("verified")], []).state == "verified"
    assert combine([one("verified"), one("conflict")], [photo("dog")]).distrusted == ("image-1",)


def test_the_packaged_thresholds_say_where_they_come_from() -> None:
    limits = packaged_thresholds()
    assert -1 < limits.conflict < limits.verified < 1
    assert limits.model == EmbeddedImageText(Path()).name
    assert "Flickr8k" in limits.fitted
