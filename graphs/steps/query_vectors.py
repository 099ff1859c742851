"""Embed what a request says and shows, fused as ``core.fusion`` says."""

from __future__ import annotations

from ...core.media.vector_fusion import disputed_pieces, pool_pictures, weighted_mean
from ...core.protocols import Vectors
from ...core.text.chinese import is_chinese
from ...models.captions.vocabulary import gloss
from ...models.speech.music_features import describe_track
from ..shop.evidence_memory import Pictures
from ..turn.state import State
from ..turn.turn import FLOOR_S, Turn
from .perceive import RANKING_RESERVE_S, of_kind

ENGLISH_MODELS = ("embedded:",)
"""Image-text models whose text tower knows English only; a multilingual one gets Chinese as it is."""


async def words_vector(state: State, turn: Turn) -> Vectors | None:
    """Return the vector of the request's words, (dim,); None, and a label, if they cannot be embedded.

    With the setting ``models.fusion`` at ``text`` it is that of the merged query; with ``features`` an average with every caption and
    transcript; with ``auto`` only those that a check found to disagree are averaged in.
    """
    mode = turn.services.settings.models.fusion
    pieces: list[tuple[str, float]] = []
    if mode != "text" and (mode == "features" or state.verdict.state == "conflict"):
        pieces = disputed_pieces(state.evidence, state.verdict, every=mode == "features")
    texts = [(state.understanding.query, 1.0), *pieces]
    english = turn.services.image_text.name.startswith(ENGLISH_MODELS)
    work = turn.services.image_text.embed_texts([(english and gloss_of(text)) or text for text, _ in texts])
    timeout = turn.services.settings.timeouts.retrieve_s
    vectors = await turn.attempt("embedding", work, timeout, None, floor_s=FLOOR_S)
    if vectors is None:
        return None
    return (
        weighted_mean([(vector, weight) for vector, (_, weight) in zip(vectors, texts, strict=True)])
        if pieces
        else vectors[0]
    )


def gloss_of(text: str) -> str:
    """Return English words for a Chinese text; empty for another language, or where no word is known."""
    return gloss(text) if is_chinese(text) else ""


async def picture_vectors(state: State, turn: Turn) -> Pictures:
    """Return one vector per photo and video, made once a turn; none, and a label, if they cannot be embedded."""
    if turn.pictures is None:
        turn.pictures = await _embedded(state, turn)
    return turn.pictures


async def track_vector(state: State, turn: Turn) -> Vectors | None:
    """Return how the first clip that holds music instead of speech sounds, (65,); None, and a label, if it cannot be described."""
    music = {t.source for t in state.transcripts if t.sound == "music or tones"}
    clip = next((m for m in of_kind(state.media, "audio") if m.media_id in music), None)
    if clip is None:
        return None
    if turn.track is None:
        timeout = turn.services.settings.timeouts.transcribe_s
        turn.track = await turn.attempt("music", describe_track(clip.path), timeout, None, reserve_s=RANKING_RESERVE_S)
    return turn.track


async def _embedded(state: State, turn: Turn) -> Pictures:
    pictures = [m for m in (*of_kind(state.media, "image"), *state.video_frames) if m.kind == "image"]
    if not pictures:
        return Pictures()
    model = turn.services.image_text_of(state.request.tenant)
    timeout = turn.services.settings.timeouts.retrieve_s
    work = model.embed_images([m.path for m in pictures])
    vectors = await turn.attempt("embedding", work, timeout, None, floor_s=FLOOR_S)
    if problem := getattr(model, "problem", ""):
        turn.degrade("alignment", problem)
    return Pictures() if vectors is None else Pictures(*pool_pictures(pictures, vectors, state.verdict))
