"""Put the question to the candidate sources: what was said, shown and heard as vectors, what is known of the user, the shop's rules."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from ...agents.understanding.query_text import asks_for_change
from ...core.errors import StoreError
from ...core.language.catalogue_language import CatalogueLanguage
from ...core.language.said_otherwise import said_otherwise
from ...core.language.tokens import stem
from ...core.media.vector_fusion import disputed_pieces, pool_pictures, weighted_mean
from ...core.protocols import TellsProblem, TellsUnread, Vectors
from ...core.ranking.learnt_attention import NO_ATTENTION
from ...core.ranking.query import SEGMENT_KEY, CandidateQuery
from ...core.ranking.stated_preferences import merge_items, merge_stated
from ...core.redaction import public_reason
from ...core.schemas import Candidate, RecommendRequest, Understanding
from ...core.text.chinese import han_runs, is_chinese
from ...models.captions.vocabulary import gloss
from ...models.speech.music_features import describe_track
from ...tools.sources.listing import Source
from ..shop.evidence_memory import Pictures
from ..turn.state import Retrieved, State
from ..turn.turn import FLOOR_S, Turn
from .llm_weight import NO_TASTE, taste_of
from .perceive import RANKING_RESERVE_S, of_kind
from .rules import governed


async def retrieve(state: State, turn: Turn) -> Retrieved:
    """Make the question and ask every source that applies, at the same time."""
    pictures = await picture_vectors(state, turn) if state.pictures is None else state.pictures
    query = await candidate_query(state, pictures, turn)
    if unread(state):
        return {"pictures": pictures, "query": query, "candidates": {}}
    return {"pictures": pictures, "query": query, "candidates": await ask_sources(query, turn)}


def unread(state: State) -> bool:
    """Tell whether limits may have been said that nothing could read: the catalogue's fields were not known when they were.

    Whatever a source finds then, should the catalogue be back by now, may break them; an empty list does not.
    """
    return not (state.schema.fields or state.schema.count) and bool(state.understanding.unparsed)


async def ask_sources(query: CandidateQuery, turn: Turn) -> dict[str, list[Candidate]]:
    """Return the candidates of every source that applies; one that fails is labelled and left out."""
    timeout = turn.services.settings.timeouts.retrieve_s

    async def ask(source: Source) -> tuple[str, list[Candidate]]:
        return source.name, await turn.attempt(source.name, source(query), timeout, [], floor_s=FLOOR_S)

    found = await asyncio.gather(*(ask(s) for s in turn.shop.sources if s.applies(query)))
    return {name: rows for name, rows in found if rows}


async def candidate_query(state: State, pictures: Pictures, turn: Turn) -> CandidateQuery:
    """Return what the sources need: understanding, profile, vectors and rules."""
    request, memory, profile = state.request, state.memory, state.known
    taste = await taste_of(state, turn) if "profile" in turn.strategies(request) else NO_TASTE
    query = CandidateQuery(
        understanding=within_budget(state.understanding),
        profile=profile,
        schema=state.schema,
        liked=state.liked,
        text_vector=await words_vector(state, turn) if state.understanding.query else None,
        image_vectors=pictures.vectors,
        image_weights=pictures.weights,
        track_vector=await track_vector(state, turn),
        gloss=gloss_of(state.understanding.query),
        said=state.has_words,
        changed=asks_for_change(" ".join([request.text or "", *(t.content for t in state.transcripts)])),
        stated=merge_stated(memory, request.preferences, profile.stated),
        stated_item_ids=merge_items(memory, request.preferences),
        answers=memory.answers,
        answer_noise=turn.services.settings.elicit.noise,
        who=allowed_profile(request, turn),
        attention=learnt_attention(turn),
        taste=taste.words,
        taste_weight=taste.weight,
    )
    return await governed(replace(query, otherwise=otherwise(query, state.catalogue_language)), request, turn)


def otherwise(query: CandidateQuery, language: CatalogueLanguage) -> tuple[str, ...]:
    """Return what the words that remain, and none of the shop's texts has, are called there."""
    text = query.understanding.query
    if not is_chinese(text):
        unknown = [w for w in query.remaining if stem(w) not in language.words]
        return said_otherwise(unknown, language.words) if unknown and language.words else ()
    for words in filter(None, (read.words for read in query.understanding.reading.conditions)):
        text = text.replace(words, " ")
    return said_otherwise(han_runs(text), language.words)


def within_budget(understanding: Understanding) -> Understanding:
    """Return the understanding with a plan's total as a limit on each item: none may cost more than all together."""
    if understanding.budget is None:
        return understanding
    return understanding.model_copy(update={"constraints": (*understanding.constraints, understanding.budget)})


def allowed_profile(request: RecommendRequest, turn: Turn) -> dict[str, str]:
    """Return what the settings allow to use of who the user is; the rest is ignored, with a label that names the fields."""
    allowed = turn.services.settings.cold_start.profile_fields
    segment = {SEGMENT_KEY: request.context[SEGMENT_KEY]} if SEGMENT_KEY in request.context else {}
    ignored = sorted(set(request.profile) - set(allowed))
    if ignored:
        turn.degrade("profile", f"Not used, since the setting cold_start.profile_fields lacks: {', '.join(ignored)}.")
    return {name: value for name, value in {**segment, **request.profile}.items() if name in allowed}


def learnt_attention(turn: Turn) -> Mapping[str, Mapping[str, float]]:
    """Return the shop's learnt factors of the media's weights; none, and a label, where they cannot be read."""
    if turn.shop.attention is None:
        return NO_ATTENTION
    try:
        return turn.shop.attention.read().factors
    except StoreError as error:
        turn.degrade("attention", public_reason(error, "attention"))
        return NO_ATTENTION


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
    vectors = await text_vectors([text for text, _ in texts], turn)
    if vectors is None or not pieces:
        return None if vectors is None else vectors[0]
    return weighted_mean([(vector, weight) for vector, (_, weight) in zip(vectors, texts, strict=True)])


def gloss_of(text: str) -> str:
    """Return English words for a Chinese text; empty for another language, or where no word is known."""
    return gloss(text) if is_chinese(text) else ""


async def text_vectors(texts: Sequence[str], turn: Turn) -> Vectors | None:
    """Return the texts' vectors, (texts, dim); None, and a label, if they cannot be embedded.

    Of a text in a language that the model does not know, those of the English words that are known, and a label.
    """
    model = turn.services.image_text

    async def embedded() -> Vectors:
        why = [await model.unread(text) if isinstance(model, TellsUnread) else "" for text in texts]
        if any(why):
            turn.degrade("languages", next(filter(None, why)))
        return await model.embed_texts([(no and gloss_of(text)) or text for text, no in zip(texts, why, strict=True)])

    timeout = turn.services.settings.timeouts.retrieve_s
    found: Vectors | None = await turn.attempt("embedding", embedded(), timeout, None, floor_s=FLOOR_S)
    return found


async def picture_vectors(state: State, turn: Turn) -> Pictures:
    """Return one vector per photo and video; none, and a label, if they cannot be embedded."""
    pictures = [m for m in (*of_kind(state.media, "image"), *state.video_frames) if m.kind == "image"]
    if not pictures:
        return Pictures()
    model = turn.services.image_text_of(state.request.tenant)
    timeout = turn.services.settings.timeouts.retrieve_s
    work = model.embed_images([m.path for m in pictures])
    vectors = await turn.attempt("embedding", work, timeout, None, floor_s=FLOOR_S)
    if isinstance(model, TellsProblem) and model.problem:
        turn.degrade("alignment", model.problem)
    return Pictures() if vectors is None else Pictures(*pool_pictures(pictures, vectors, state.verdict))


async def track_vector(state: State, turn: Turn) -> Vectors | None:
    """Return how the first clip that holds music instead of speech sounds, (65,); None, and a label, if it cannot be described."""
    music = {t.source for t in state.transcripts if t.sound == "music or tones"}
    clip = next((m for m in of_kind(state.media, "audio") if m.media_id in music), None)
    if clip is None:
        return None
    timeout = turn.services.settings.timeouts.transcribe_s
    return await turn.attempt("music", describe_track(clip.path), timeout, None, reserve_s=RANKING_RESERVE_S)
