"""What was read, seen and heard, and whether it agrees."""

from __future__ import annotations

from typing import Literal

from pydantic import (
    Field,
)

from .catalogue import Frozen
from .request import MediaKind

VerdictState = Literal["verified", "no evidence", "conflict"]
TrustAction = Literal["block", "ask", "lower", "keep_out", "label"]
SoundKind = Literal["", "speech", "silence", "noise", "music or tones", "unclear"]


class MediaFile(Frozen):
    """An admitted medium: checked, decoded once and written to a temporary file. ``media_id`` is ``image-1``, ..."""

    media_id: str
    kind: MediaKind
    path: str
    mime: str
    sent_path: str | None = None
    """The bytes as they were sent, where ``path`` is a smaller, upright copy of a photo."""
    width_px: int | None = None
    height_px: int | None = None
    seconds: float | None = None
    share: float = 1.0
    """For a video's frame: the part of the clip that it stands for."""


class Tag(Frozen):
    """A word from a vocabulary seen in a picture, with a calibrated confidence from 0 to 1."""

    label: str = Field(description="The word.")
    confidence: float = Field(ge=0, le=1, description="From 0 to 1.")


class Caption(Frozen):
    """What a captioner saw. ``text`` is a sentence, ``confidence`` from 0 to 1.

    ``written`` are lines of text in the picture, from top to bottom; ``colours`` are the dominant ones with their share.
    """

    text: str
    tags: tuple[Tag, ...] = ()
    confidence: float = Field(ge=0, le=1)
    back_end: str = ""
    written: tuple[Tag, ...] = ()
    colours: tuple[Tag, ...] = ()


class SpokenSegment(Frozen):
    """A stretch of speech in a clip."""

    start_s: float = Field(ge=0, description="Seconds from the start of the clip.")
    end_s: float = Field(ge=0, description="Seconds from the start of the clip.")
    text: str = Field(description="What was said.")
    confidence: float = Field(default=0.0, ge=0, le=1, description="From 0 to 1.")


class Transcript(Frozen):
    """What a transcriber heard. ``text`` is empty when there was no speech; ``language`` is an ISO 639-1 code.

    ``sound`` says what the clip holds; ``unclear`` is speech, or something like it, that no words could be made of.
    """

    text: str
    language: str = ""
    confidence: float = Field(ge=0, le=1)
    speech_s: float = 0.0
    back_end: str = ""
    sound: SoundKind = ""
    segments: tuple[SpokenSegment, ...] = ()


class Evidence(Frozen):
    """One piece of what is known about a request, with its source and confidence."""

    evidence_id: str = Field(description="Identifier used by reasons, such as `caption-1`.")
    kind: Literal["text", "caption", "transcript", "history", "preference", "credential"] = Field(
        description="What sort of evidence this is."
    )
    source: str = Field(description="The medium or store it came from, such as `image-1`, `audio-1`, `history`.")
    content: str = Field(description="The evidence in words.")
    confidence: float = Field(ge=0, le=1, description="From 0 to 1.")
    back_end: str = Field(default="", description="Which model or library produced it.")
    tags: tuple[Tag, ...] = Field(default=(), description="Words seen in a picture, with confidence.")
    language: str = Field(default="", description="ISO 639-1 code, for transcripts.")
    sound: SoundKind = Field(
        default="", description="What a clip holds: speech, or silence, noise, music or tones in place of it."
    )
    corrected: bool = Field(default=False, description="A person put this piece right; it outranks what was sensed.")
    segments: tuple[SpokenSegment, ...] = Field(default=(), description="When what was said, for transcripts.")


class Check(Frozen):
    """One consistency or authenticity check with a three-state verdict."""

    check: str = Field(
        description="`content_credentials`, `file_history`, `copied_region`, `spliced_region`, `sound_picture`, `text_image`, `text_transcript` or "
        "`image_transcript`."
    )
    state: VerdictState = Field(description="verified, no evidence, or conflict.")
    reason: str = Field(description="One sentence for people.")
    about: tuple[str, ...] = Field(default=(), description="Media or evidence ids compared.")
    score: float | None = Field(
        default=None,
        description="Of `text_image` where a check is asked for, the probability that text and photo belong together; of other comparisons the cosine; "
        "else how suspicious the method finds it.",
    )
    region: tuple[float, float, float, float] | None = Field(
        default=None, description="Where in the picture: x, y, width and height as shares of its sides."
    )
    shift_s: float | None = Field(
        default=None,
        description="Of a clip: seconds by which the sound comes later than the picture; negative: earlier.",
    )
    source: str = Field(default="", description="Where the method comes from.")
    limits: str = Field(default="", description="What the method cannot see.")


class Effect(Frozen):
    """What the shop's policy makes of a conflict."""

    check: str = Field(description="The check that found the conflict.")
    about: tuple[str, ...] = Field(default=(), description="Media it applies to.")
    action: TrustAction = Field(description="block, ask, lower, keep_out or label.")


class Verdict(Frozen):
    """The combined verdict: conflict if any check conflicts, verified if one verifies, else no evidence.

    ``distrusted`` lists media whose evidence must weigh less in ranking and wording, ``kept_out`` those that must not count at all.
    """

    state: VerdictState = Field(default="no evidence", description="Combined verdict.")
    checks: tuple[Check, ...] = Field(default=(), description="Every check that ran.")
    distrusted: tuple[str, ...] = Field(default=(), description="Media ids whose evidence weighs less, or nothing.")
    kept_out: tuple[str, ...] = Field(
        default=(), description="Media ids of `distrusted` whose evidence counts for nothing."
    )
    effects: tuple[Effect, ...] = Field(default=(), description="What the shop's policy makes of each conflict.")
