"""Run a cross-modal search: admit the media, hear what was said, embed every part, search within the shop's rules."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import ValidationError

from ..core.errors import BackEndError, InvalidRequestError, ToolError
from ..core.protocols import TellsProblem, TellsUnread, Vectors
from ..core.ranking.cross_modal import SearchRequest, SearchResponse
from ..core.ranking.query import CandidateQuery
from ..core.redaction import public_reason
from ..core.rules.effects import effects_of
from ..core.schemas import (
    CatalogueSchema,
    Degradation,
    Evidence,
    HistoryProfile,
    Item,
    MediaFile,
    RecommendRequest,
    Understanding,
)
from ..core.validation import invalid_request
from ..stores.catalogue.sql_filters import check_constraints
from ..tools.media.admission import media_folder
from ..tools.ranking.search_within_rules import ruled
from ..tools.sources.cross_modal import QueryPart, compare
from .shop.services import Services
from .shop.shop import Shop
from .steps.rules import moment_from


class Search:
    """One search over one shop; collects what was heard and what was missing."""

    def __init__(self, services: Services, request: SearchRequest, workdir: Path) -> None:
        self._services, self._request, self._workdir = services, request, workdir
        self._heard: list[Evidence] = []
        self._degraded: list[Degradation] = []

    async def run(self, *, allow_paths: bool) -> SearchResponse:
        """Return what was found.

        Raises:
            InvalidRequestError: nothing to search for, a medium breaks a limit, or a constraint names no field.
            BackEndError: nothing could be embedded.
            StoreError: the catalogue cannot be read.
        """
        request = self._request
        asked = RecommendRequest(images=request.images, audio=request.audio, video=request.video)
        media = await self._services.admitter.admit(asked, self._workdir, allow_paths=allow_paths)
        async with self._services.lend(request.tenant) as shop:
            schema = await shop.catalogue.schema()
            check_constraints(request.constraints, schema)
            parts = await self._embedded(media)
            q = await self._governed(shop, schema, " ".join(part.words for part in parts if part.words))
            found = await compare(shop.catalogue, parts, request.look_at, q.where, q.excluded)
            hits = await ruled(shop.catalogue, found, q, self._screen, request.n)
        return SearchResponse(hits=tuple(hits), evidence=tuple(self._heard), degraded=tuple(self._degraded))

    async def _governed(self, shop: Shop, schema: CatalogueSchema, words: str) -> CandidateQuery:
        """Return the limits in force, with the shop's rules that act on these words."""
        loaded = await self._services.rules_of(self._request.tenant).load(self._request.tenant, schema)
        if loaded.label:
            self._degraded.append(Degradation(what="rules", why=loaded.label))
        q = CandidateQuery(
            understanding=Understanding(query=words, constraints=tuple(self._request.constraints)),
            profile=HistoryProfile(user_id="", known=False),
        )
        effects = effects_of(loaded.rules, moment_from(q, self._request.context), schema)
        return replace(q, effects=effects, exclude=await shop.scope.hidden(effects.exclusions))

    async def _screen(self, items: Sequence[Item]) -> dict[str, str]:
        if self._services.filters is None:
            return {}
        screening = await self._services.filters(items, {**self._request.context, "tenant": self._request.tenant})
        self._degraded += screening.degraded
        return dict(screening.denied)

    async def _embedded(self, media: Sequence[MediaFile]) -> list[QueryPart]:
        weights = self._request.weights
        works = [self._picture(m, [m.path], weights.images) for m in media if m.kind == "image"]
        works += [self._clip(m, weights.video) for m in media if m.kind == "video"]
        works += [self._voice(m, weights.audio) for m in media if m.kind == "audio"]
        if self._request.text:
            works.append(self._said("text", self._request.text, weights.text))
        parts = [part for found in await asyncio.gather(*works) for part in found]
        if not any(part.weight > 0 for part in parts):
            why = "; ".join(d.why for d in self._degraded) or "give text, a photo, a voice clip or a video"
            raise InvalidRequestError("request", f"there is nothing to search for: {why}")
        return parts

    async def _picture(self, medium: MediaFile, paths: Sequence[str], weight: float) -> list[QueryPart]:
        model = self._services.image_text_of(self._request.tenant)
        try:
            rows = await model.embed_images(paths)
        except BackEndError as error:
            return self._missing(medium.media_id, error)
        if isinstance(model, TellsProblem) and model.problem:
            label = Degradation(what="alignment", why=model.problem)
            self._degraded += [label] if label not in self._degraded else []
        return [QueryPart(medium.media_id, _mean(rows), weight)]

    async def _said(self, name: str, words: str, weight: float) -> list[QueryPart]:
        try:
            model = self._services.image_text
            rows = await model.embed_texts([words])
            if isinstance(model, TellsUnread) and (why := await model.unread(words)):
                self._degraded.append(Degradation(what="languages", why=why))
        except BackEndError as error:
            return self._missing(name, error)
        return [QueryPart(name, rows[0], weight, words)]

    async def _voice(self, medium: MediaFile, weight: float) -> list[QueryPart]:
        try:
            heard = await self._services.transcribe(medium)
        except (ToolError, BackEndError) as error:
            return self._missing(medium.media_id, error)
        self._heard.append(heard)
        if not heard.content:
            self._degraded.append(Degradation(what=medium.media_id, why="No speech was heard in it."))
            return []
        return await self._said(medium.media_id, heard.content, weight)

    async def _clip(self, medium: MediaFile, weight: float) -> list[QueryPart]:
        try:
            reading = await self._services.watch(medium, self._workdir)
        except (ToolError, BackEndError) as error:
            return self._missing(medium.media_id, error)
        self._heard += reading.evidence
        frames = [frame.path for frame in reading.frames]
        found = await self._picture(medium, frames, weight) if frames else []
        said = " ".join(e.content for e in reading.evidence if e.kind == "transcript").strip()
        return found + (await self._said(f"{medium.media_id}-sound", said, weight) if said else [])

    def _missing(self, what: str, error: Exception) -> list[QueryPart]:
        self._degraded.append(Degradation(what=what, why=public_reason(error, what)))
        return []


async def search(services: Services, request: SearchRequest, *, allow_paths: bool) -> SearchResponse:
    """Run one search in a temporary folder that is removed afterwards. Raises as ``Search.run``."""
    async with media_folder() as workdir:
        return await Search(services, request, workdir).run(allow_paths=allow_paths)


def as_search(request: SearchRequest | None, fields: Mapping[str, Any]) -> SearchRequest:
    """Return the request, built or changed from fields if need be.

    Raises:
        InvalidRequestError: the first field that is wrong.
    """
    try:
        return SearchRequest.model_validate({**(request.model_dump() if request else {}), **fields})
    except ValidationError as error:
        raise invalid_request(error) from error


def _mean(rows: Vectors) -> Vectors:
    mean = rows.mean(axis=0)
    return np.asarray(mean / max(float(np.linalg.norm(mean)), 1e-9), np.float32)
