"""What was seen and heard can be put right in the next request, without its media."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from tastemaker.api.cli.recommend import parse_corrections
from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.media.corrections import corrected
from tastemaker.core.schemas import Caption, Correction, Evidence, ThreadMemory, Transcript
from tastemaker.core.settings import Settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.evidence_memory import KEEP_S, MAX_THREADS, Pictures, Sensed, SensesMemory

from ..media_samples import wav_bytes


def piece(kind: str = "caption", number: int = 1, content: str = "a cat") -> Evidence:
    source = f"{'image' if kind == 'caption' else 'audio'}-{number}"
    fields = {"evidence_id": f"{kind}-{number}", "kind": kind, "source": source, "content": content}
    return Evidence.model_validate({**fields, "confidence": 0.4})


def test_edited_pieces_come_first_with_full_confidence_and_struck_ones_go() -> None:
    evidence = (piece(number=1), piece(number=2), piece("transcript"))
    changes = [Correction(evidence_id="caption-2", text=" a dog "), Correction(evidence_id="caption-1", strike=True)]
    found = corrected(evidence, changes)
    assert [(e.evidence_id, e.content, e.confidence, e.corrected) for e in found] == [
        ("caption-2", "a dog", 1.0, True),
        ("transcript-1", "a cat", 0.4, False),
    ]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ([Correction(evidence_id="caption-9", strike=True)], r"corrections\[0\]"),
        (
            [Correction(evidence_id="caption-1", strike=True), Correction(evidence_id="caption-1", text="x")],
            r"corrections\[1\]",
        ),
    ],
)
def test_wrong_corrections_are_refused(changes: list[Correction], field: str) -> None:
    with pytest.raises(InvalidRequestError, match=field):
        corrected((piece(),), changes)


def test_a_correction_is_an_edit_or_a_strike() -> None:
    for fields in ({}, {"text": "x", "strike": True}, {"text": ""}):
        with pytest.raises(ValueError, match=r"either text or strike|at least 1 character"):
            Correction.model_validate({"evidence_id": "caption-1", **fields})
    assert parse_corrections(["caption-1=a bag"], ["transcript-1"]) == [
        {"evidence_id": "caption-1", "text": "a bag"},
        {"evidence_id": "transcript-1", "strike": True},
    ]
    with pytest.raises(InvalidRequestError, match="--correct"):
        parse_corrections(["caption-1"], [])


def test_senses_are_bounded_and_expire() -> None:
    now = 0.0
    memory = SensesMemory(clock=lambda: now)
    sensed = Sensed("", (piece(),), Pictures(), ThreadMemory(), "")
    for number in range(MAX_THREADS + 1):
        memory.keep(str(number), sensed)
    assert memory.recall("0") is None
    assert memory.recall("1") is sensed
    now = KEEP_S + 1
    assert memory.recall("1") is None
    memory.keep("x", sensed)
    memory.keep("x", None)
    assert memory.recall("x") is None


class Mishearing:
    name = "mishearing"

    async def transcribe(self, path: str) -> Transcript:
        return Transcript(text="a print under 14 euros", language="en", confidence=0.9)


class Misseeing:
    name = "misseeing"

    async def caption(self, path: str) -> Caption:
        return Caption(text="a cat", confidence=0.9)


def media() -> dict[str, Any]:
    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "red").save(buffer, "JPEG")
    sent = [{"data": base64.b64encode(data).decode()} for data in (buffer.getvalue(), wav_bytes(0.3))]
    return {"images": sent[:1], "audio": sent[1:]}


async def test_a_turn_is_made_again_without_its_media(tmp_path: Path) -> None:
    services = constant_services(Settings(home=tmp_path))
    services.transcriber, services.captioner = Mishearing(), Misseeing()
    services.rebuild()
    async with Recommender(services=services) as recommender:
        first = await recommender.recommend(**media())
        assert {c.value for c in first.understanding.constraints} == {14.0}
        thread = first.thread_id
        edits = [
            {"evidence_id": "transcript-1", "text": "a print under 40 euros"},
            {"evidence_id": "caption-1", "strike": True},
        ]
        again = await recommender.recommend(thread_id=thread, corrections=edits)
        assert {c.value for c in again.understanding.constraints} == {40.0}, (
            "the misheard limit is gone from the thread"
        )
        assert [(e.evidence_id, e.corrected) for e in again.evidence] == [("transcript-1", True)]
        assert "cat" not in again.understanding.query
        assert not {"image_vector", "image_to_text"} & {s.source for i in again.items for s in i.sources}
        with pytest.raises(InvalidRequestError, match="together with new media"):
            await recommender.recommend(thread_id=thread, corrections=edits, **media())
        with pytest.raises(InvalidRequestError, match="not kept any more"):
            await recommender.recommend(corrections=edits)
        with pytest.raises(InvalidRequestError, match="no such piece"):
            await recommender.recommend(thread_id=thread, corrections=[{"evidence_id": "caption-1", "strike": True}])


@pytest.mark.parametrize("down", [True, False])
@pytest.mark.parametrize("other", ["mallory", None])
async def test_what_was_sensed_is_put_right_by_its_user_alone(tmp_path: Path, down: bool, other: str | None) -> None:
    settings = Settings(home=tmp_path)
    if down:
        settings.threads_path.mkdir()
    edits = [{"evidence_id": "transcript-1", "text": "a print under 40 euros"}]
    async with Recommender(services=constant_services(settings)) as recommender:
        await recommender.recommend(user_id="ada", thread_id="t1", **media())
        with pytest.raises(InvalidRequestError, match="another user"):
            await recommender.recommend(user_id=other, thread_id="t1", corrections=edits)
        again = await recommender.recommend(user_id="ada", thread_id="t1", corrections=edits)
    assert [e.evidence_id for e in again.evidence if e.corrected] == ["transcript-1"]


async def test_conditions_carry_their_words_and_are_struck_and_put_right_by_id(tmp_path: Path) -> None:
    services = constant_services(Settings(home=tmp_path))
    async with Recommender(services=services) as recommender:
        first = await recommender.recommend(text="a print under 14 euros")
        (price,) = first.understanding.conditions
        assert (price.condition_id, price.words) == ("price < 14", "under 14 euros")
        thread = first.thread_id
        kept = await recommender.recommend(thread_id=thread, text="something blue")
        assert [c.condition_id for c in kept.understanding.conditions if c.field == "price"] == ["price < 14"]
        assert next(c.words for c in kept.understanding.conditions if c.field == "price") == "under 14 euros"
        edit = {"evidence_id": "price < 14", "text": "under 40 euros"}
        edited = await recommender.recommend(thread_id=thread, corrections=[edit])
        assert [(c.op, c.value) for c in edited.understanding.constraints if c.field == "price"] == [("<", 40.0)]
        struck = await recommender.recommend(
            thread_id=thread, corrections=[{"evidence_id": "price < 40", "strike": True}]
        )
        assert not [c for c in struck.understanding.constraints if c.field == "price"]
        later = await recommender.recommend(thread_id=thread, text="another one please")
        assert not [c for c in later.understanding.constraints if c.field == "price"], (
            "it is out for the next turn, too"
        )


async def test_a_condition_that_was_heard_is_struck_where_the_turn_is_made_again(tmp_path: Path) -> None:
    services = constant_services(Settings(home=tmp_path))
    services.transcriber, services.captioner = Mishearing(), Misseeing()
    services.rebuild()
    async with Recommender(services=services) as recommender:
        first = await recommender.recommend(**media())
        (price,) = first.understanding.conditions
        change = {"evidence_id": price.condition_id, "strike": True}
        again = await recommender.recommend(thread_id=first.thread_id, corrections=[change])
        assert not again.understanding.constraints
        assert {e.evidence_id for e in again.evidence} == {"caption-1", "transcript-1"}, "what was seen and heard stays"


async def test_the_reading_is_sent_before_the_items(tmp_path: Path) -> None:
    async with Recommender(services=constant_services(Settings(home=tmp_path))) as recommender:
        events = [e async for e in recommender.stream(text="a print under 14 euros")]
    names = [e.event for e in events]
    assert names.index("reading") < names.index("items")
    data = events[names.index("reading")].data
    assert [c["condition_id"] for c in data["conditions"]] == ["price < 14"]
