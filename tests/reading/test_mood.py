"""A stated mood becomes a soft preference for what the catalogue has that suits it."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.by_rules import understand
from tastemaker.agents.understanding.mood import read_mood, suiting
from tastemaker.core.schemas import CatalogueField, CatalogueSchema, Evidence, ThreadMemory

FILMS = CatalogueSchema(
    count=10,
    fields=(CatalogueField(name="genres", type="list", values=("Comedy", "Horror", "Animation", "Adventure")),),
)


@pytest.mark.parametrize(
    ("text", "name", "happy"),
    [
        ("I'm so sad today, show me a film", "sad", False),
        ("I feel a bit down", "sad", False),
        ("we are celebrating my birthday", "cheerful", True),
        ("I've been really stressed out lately", "stressed", False),
        ("feeling bored", "bored", False),
        ("今天心情不好", "sad", False),
        ("我好累，想看点轻松的", "tired", False),
        ("最近压力很大", "stressed", False),
        ("我今天特别开心", "cheerful", True),
    ],
)
def test_a_mood_is_read_from_words_about_oneself(text: str, name: str, happy: bool) -> None:
    mood = read_mood([text])
    assert mood is not None
    assert mood.name == name
    assert (mood.sentiment > 0) is happy


@pytest.mark.parametrize(
    "text",
    [
        "a sad film about a dog",
        "a blue shirt",
        "shoes for tired feet",
        "浪漫的连衣裙",
        "困难的拼图",
        "scale down",
        "",
        "I am tired of horror",
    ],
)
def test_words_about_items_are_no_mood(text: str) -> None:
    assert read_mood([text]) is None


def test_a_denied_mood_is_none_but_has_a_sentiment() -> None:
    mood = read_mood(["I'm not sad"])
    assert mood is not None
    assert mood.name is None
    assert mood.sentiment > 0


def test_strength_shows() -> None:
    plain, strong = read_mood(["I'm sad"]), read_mood(["I'm very sad"])
    assert plain is not None
    assert strong is not None
    assert strong.sentiment < plain.sentiment


def test_only_the_catalogues_own_values_are_preferred() -> None:
    assert suiting(read_mood(["I'm sad"]), FILMS) == ("comedy",)
    assert suiting(read_mood(["I'm bored"]), FILMS) == ("adventure",)
    assert suiting(None, FILMS) == ()
    assert suiting(read_mood(["I'm sad"]), CatalogueSchema()) == ()


def test_voice_counts_and_nothing_becomes_a_limit() -> None:
    spoken = Evidence(
        evidence_id="transcript-1", kind="transcript", source="audio-1", content="我很难过", confidence=0.8
    )
    understood = understand("a film", [spoken], FILMS, ThreadMemory())
    assert understood.mood is not None
    assert understood.preferences == ("comedy",)
    assert understood.constraints == ()
