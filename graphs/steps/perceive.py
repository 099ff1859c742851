"""Turn what a request carries into evidence: media admitted, seen, heard, watched; history looked up; all compared."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial

from ...agents.understanding.conditions_in_force import split_corrections
from ...core.errors import InvalidRequestError
from ...core.media.corrections import captions_changed, corrected
from ...core.schemas import (
    Evidence,
    HistoryProfile,
    MediaFile,
    MediaKind,
    Preference,
    RecommendRequest,
    SpokenSegment,
    Verdict,
)
from ...tools.perception.video_reader import VideoReading
from ...tools.trust.policy import combine
from ...tools.user_history import LookedUp
from ..turn.state import Admitted, Captioned, Checked, Remembered, State, Transcribed, Watched
from ..turn.turn import Turn, check_owner, timed
from .ask import remember_preferences
from .other_shops import with_elsewhere

RANKING_RESERVE_S = 0.3
"""Seconds of a request's budget that perception leaves to retrieval and ranking."""


@timed
async def admit(state: State, turn: Turn) -> Admitted:
    """Check the request's media and write them to the turn's temporary folder.

    Raises:
        InvalidRequestError: a medium breaks a limit; the message names the field.
    """
    request = state.request
    check_owner(state.memory.owner, request)
    if request.corrections:
        return recalled(state, turn)
    if not (request.images or request.audio or request.video):
        return {"media": ()}
    work = turn.services.admitter.admit(request, turn.workdir, allow_paths=turn.allow_paths)
    return {"media": await turn.attempt("media", work, turn.services.settings.timeouts.admit_s, ())}


def recalled(state: State, turn: Turn) -> Admitted:
    """Return what the thread's last turn saw and heard, put right, and the memory that turn began with.

    Raises:
        InvalidRequestError: there are new media as well, nothing is kept for the thread, it is another user's, or a piece is not there.
    """
    request = state.request
    if request.images or request.audio or request.video:
        raise InvalidRequestError("corrections", "cannot be sent together with new media; send the media alone")
    corrections, of_conditions = split_corrections(request.corrections, state.memory)
    kept = turn.services.senses.recall(turn.key(request))
    if kept is None and of_conditions and not corrections:
        return {"media": ()}
    if kept is None:
        why = (
            "what this thread last saw and heard is not kept any more (or there is no thread_id); send the media again"
        )
        raise InvalidRequestError("corrections", why)
    check_owner(kept.owner, request)
    evidence = corrected(kept.evidence, corrections, [c.condition_id for c in state.memory.conditions])
    changed = [captions_changed(kept.evidence, corrections, struck=struck) for struck in (True, False)]
    announce(evidence, turn)
    return {
        "media": (),
        "request": request.model_copy(update={"text": kept.text if request.text is None else request.text}),
        "captions": tuple(e for e in evidence if e.kind == "caption"),
        "transcripts": tuple(e for e in evidence if e.kind == "transcript"),
        "memory": kept.memory.model_copy(update={"conditions": state.memory.conditions}),
        "pictures": kept.pictures.after(*changed),
    }


@timed
async def caption_images(state: State, turn: Turn) -> Captioned:
    """Describe the photos."""
    timeout = turn.services.settings.timeouts.caption_s
    return {
        "captions": await _each(
            turn, "captioner", turn.services.caption_for(turn.shop), of_kind(state.media, "image"), timeout
        )
    }


@timed
async def transcribe_audio(state: State, turn: Turn) -> Transcribed:
    """Write down the voice clips."""
    timeout = turn.services.settings.timeouts.transcribe_s
    clips = of_kind(state.media, "audio")
    write_down = partial(turn.services.transcribe, told=partial(tell_part, turn))
    return {"transcripts": await _each(turn, "transcriber", write_down, clips, timeout)}


def tell_part(turn: Turn, name: str, segment: SpokenSegment) -> None:
    """Send a stretch of speech while the rest of the clip is still read."""
    turn.emit("partial", {"evidence_id": name, "segment": segment.model_dump(mode="json")})


@timed
async def read_video(state: State, turn: Turn) -> Watched:
    """Look at a few frames of each video and listen to its sound track."""
    evidence: list[Evidence] = []
    frames: list[MediaFile] = []
    timeout = turn.services.settings.timeouts.video_s
    for clip in of_kind(state.media, "video"):
        work = turn.services.watch(clip, turn.workdir)
        empty = VideoReading(evidence=(), frames=())
        reading = await turn.attempt("video_reader", work, timeout, empty, reserve_s=RANKING_RESERVE_S)
        evidence += reading.evidence
        frames += reading.frames
    announce(evidence, turn)
    return {"video_evidence": tuple(evidence), "video_frames": tuple(frames)}


@timed
async def look_up_history(state: State, turn: Turn) -> Remembered:
    """Look up what the user did before; a stranger has no history."""
    user_id = state.request.user_id
    if user_id is None:
        return {"profile": None, "history_evidence": (), "liked": None}
    unknown = LookedUp(HistoryProfile(user_id=user_id, known=False))
    timeout = turn.services.settings.timeouts.history_s
    if state.request.preferences and state.request.preferences.remember:
        await remember_preferences(state.request.preferences.values, state.request, turn)
    (profile, evidence, liked), kept = await asyncio.gather(
        turn.attempt("history", turn.shop.look_up(user_id), timeout, unknown), kept_tastes(state.request, turn)
    )
    profile = profile.model_copy(update={"stated": kept}) if kept else profile
    if not profile.liked and turn.shop.tenant in turn.services.settings.cross_domain.sources:
        profile = await with_elsewhere(profile, turn)
    turn.serving.know(known=profile.known)
    pieces = (evidence,) if evidence else ()
    announce(pieces, turn)
    return {"profile": profile, "history_evidence": pieces, "liked": liked}


async def kept_tastes(request: RecommendRequest, turn: Turn) -> tuple[Preference, ...]:
    """Return the likes and dislikes that are kept in the user's profile."""
    tastes = turn.services.tastes
    if request.user_id is None or tastes is None:
        return ()
    work = tastes.recall(request.tenant, request.user_id)
    return await turn.attempt("profile", work, turn.services.settings.timeouts.history_s, ())


@timed
async def check_consistency(state: State, turn: Turn) -> Checked:
    """Look for traces of forgery, and whether text, pictures and speech agree; the shop's policy says what follows."""
    media = (*state.media, *state.video_frames)
    if not media:
        return {"verdict": Verdict()}
    work = turn.services.check(state.request.text or "", media, state.evidence)
    timeout = turn.services.settings.timeouts.consistency_s
    found = await turn.attempt("consistency", work, timeout, Verdict(), reserve_s=RANKING_RESERVE_S)
    verdict = combine(found.checks, media, turn.services.settings.trust.of_tenant(state.request.tenant))
    turn.emit("consistency", verdict)
    return {"verdict": verdict}


def of_kind(media: Sequence[MediaFile], kind: MediaKind) -> list[MediaFile]:
    """Return the media of one kind."""
    return [m for m in media if m.kind == kind]


def announce(pieces: Sequence[Evidence], turn: Turn) -> None:
    """Send each piece of evidence to whoever streams."""
    for piece in pieces:
        turn.emit("evidence", piece)


async def _each(
    turn: Turn,
    what: str,
    tool: Callable[[MediaFile], Awaitable[Evidence]],
    media: Sequence[MediaFile],
    timeout_s: float,
) -> tuple[Evidence, ...]:
    async def one(medium: MediaFile) -> Evidence | None:
        evidence = await turn.attempt(what, tool(medium), timeout_s, None, reserve_s=RANKING_RESERVE_S)
        if evidence is not None:
            announce([evidence], turn)
        return evidence

    found = await asyncio.gather(*(one(m) for m in media))
    return tuple(e for e in found if e is not None)
