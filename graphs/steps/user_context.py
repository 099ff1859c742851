"""Gather what the request, the thread and the profile say of the user, as far as it may be used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...core.errors import StoreError
from ...core.ranking.media_weights import NO_ATTENTION
from ...core.ranking.query import SEGMENT_KEY
from ...core.ranking.stated_preferences import merge_items, merge_stated
from ...core.redaction import public_reason
from ...core.schemas import HistoryProfile, RecommendRequest, ThreadMemory, Understanding
from ..turn.state import State
from ..turn.turn import Turn


def told(state: State, profile: HistoryProfile, turn: Turn) -> dict[str, Any]:
    """Return the fields of a CandidateQuery that hold what the user told: likes, answers, and who they are."""
    memory = ThreadMemory.model_validate(state.memory)
    return {
        "stated": merge_stated(memory, state.request.preferences, profile.stated),
        "stated_item_ids": merge_items(memory, state.request.preferences),
        "answers": memory.answers,
        "answer_noise": turn.services.settings.elicit.noise,
        "who": allowed_profile(state.request, turn),
    }


def with_words(understanding: Understanding, request: RecommendRequest) -> Understanding:
    """Take the words of stated preferences as the query where nothing else is asked for, else as a soft preference."""
    words = request.preferences.words.strip() if request.preferences else ""
    if not words:
        return understanding
    if not understanding.query:
        return understanding.model_copy(update={"query": words})
    return understanding.model_copy(update={"preferences": (*understanding.preferences, words)})


def said_by(state: State) -> str:
    """Return what the user typed or, if nothing, spoke."""
    return (state.request.text or "").strip() or " ".join(t.content for t in state.transcripts)


def has_words(state: State) -> bool:
    """Tell whether the user typed, spoke or stated words."""
    request = state.request
    stated = request.preferences.words if request.preferences else ""
    return bool((request.text or stated).strip() or any(t.content for t in state.transcripts))


def allowed_profile(request: RecommendRequest, turn: Turn) -> dict[str, str]:
    """Return what the settings allow to use of who the user is; the rest is ignored, with a label that names the fields."""
    allowed = turn.services.settings.cold_start.profile_fields
    segment = {SEGMENT_KEY: request.context[SEGMENT_KEY]} if SEGMENT_KEY in request.context else {}
    ignored = sorted(set(request.profile) - set(allowed))
    if ignored:
        turn.degrade("profile", f"Not used, since the setting cold_start.profile_fields lacks: {', '.join(ignored)}.")
    return {name: value for name, value in {**segment, **request.profile}.items() if name in allowed}


def learnt_attention(turn: Turn) -> Mapping[str, Mapping[str, float]]:
    """Return the factors of the shop; none, and a label, where they cannot be read."""
    if turn.shop.attention is None:
        return NO_ATTENTION
    try:
        return turn.shop.attention.read().factors
    except StoreError as error:
        turn.degrade("attention", public_reason(error, "attention"))
        return NO_ATTENTION
