"""Offer the whole agent as one object: open it, recommend, stream, close."""

from __future__ import annotations

import contextlib
import copy
import logging
import time
import uuid
from collections.abc import AsyncGenerator, Mapping
from types import TracebackType
from typing import Any, Self

from langgraph.graph.state import CompiledStateGraph

from ..core.errors import InvalidRequestError, StoreError, TastemakerError
from ..core.media.trust_report import CheckRequest, TrustReport, as_check
from ..core.ranking.cross_modal import SearchRequest, SearchResponse
from ..core.ranking.why_not import WhyNot
from ..core.redaction import public_reason, redact
from ..core.releases.in_force import RULES
from ..core.rules.model import RuleSet
from ..core.schemas import (
    Erased,
    Expired,
    Recommendation,
    RecommendRequest,
    RecommendResponse,
    StreamEvent,
    UserData,
)
from ..core.settings import Settings, load_settings
from ..stores.rules import FixedRules
from ..tools.media.admission import media_folder
from .budget import within_budget
from .check import check_media
from .health import finds_known_item, health_of, open_models
from .privacy import erase_user, export_user
from .recommend import build_graph
from .retention import expire
from .run import answer, as_request, streamed
from .search import as_search, search
from .shop.services import Services
from .shop_access import ShopAccess
from .steps.ask import check_answer
from .threads.opening import open_threads
from .threads.store import Threads, ThreadTurn
from .turn.state import State
from .turn.turn import Turn, check_owner
from .why_not import find_out

log = logging.getLogger("tastemaker.recommender")
THREADS_RETRY_S = 30.0


class Recommender(ShopAccess):
    """The recommendation agent.

    >>> async with Recommender() as recommender:  # doctest: +SKIP
    ...     response = await recommender.recommend(user_id="ada", text="a dog outdoors, under 40 euros")
    """

    def __init__(self, settings: Settings | None = None, *, services: Services | None = None) -> None:
        self.settings = settings or (services.settings if services else load_settings())
        self.services = services or Services.from_settings(self.settings)
        self.graph: CompiledStateGraph[State, Turn, Any, Any] = build_graph()
        self._without_threads = self.graph
        self._threads: Threads | None = None
        self._threads_failed = 0.0

    @classmethod
    async def open(cls, settings: Settings | None = None, **overrides: Any) -> Self:
        """Return a ready recommender; ``overrides`` are settings such as ``home=...``.

        Raises:
            ConfigurationError: a setting is wrong.
        """
        return await cls(settings or load_settings(**overrides)).start()

    async def start(self) -> Self:
        """Open the thread store; models and catalogues open on first use."""
        await self._open_threads()
        if self.services.releases is not None:
            await self.services.releases.start()
        return self

    async def __aenter__(self) -> Self:
        return await self.start()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close every store."""
        await self.services.close()
        if self._threads is not None:
            await self._threads.close()
            self._threads = None

    async def recommend(
        self,
        request: RecommendRequest | None = None,
        *,
        prompt_versions: Mapping[str, str] | None = None,
        allow_paths: bool = True,
        shows: bool = True,
        **fields: Any,
    ) -> RecommendResponse:
        """Answer one request, given whole or as fields (``user_id=``, ``text=``, ``images=[{"path": ...}]`` ...).

        With ``shows=False`` nobody sees the list, so it is not logged as shown.

        Raises:
            InvalidRequestError: a field breaks a limit.
            BackEndOverloaded: the turn before in the same thread is still going on.
        """
        request, left_out = within_budget(as_request(request, fields), self.settings)
        async with self._turn(request, prompt_versions or {}, allow_paths) as turn:
            turn.shows = shows
            turn.note_too_dear(left_out)
            return await answer(self._graph_for(turn), request, turn)

    async def stream(
        self,
        request: RecommendRequest | None = None,
        *,
        prompt_versions: Mapping[str, str] | None = None,
        allow_paths: bool = True,
        shows: bool = True,
        **fields: Any,
    ) -> AsyncGenerator[StreamEvent]:
        """Yield events as they happen; the last one is ``done`` with the whole response.

        With ``shows=False`` it is a trial: the list is not logged as shown, and a conversation that it would begin is not kept.

        Leaving the loop early cancels the work and removes the temporary files. Raises as ``recommend``; wrong input is
        refused before the first event.
        """
        request, left_out = within_budget(as_request(request, fields), self.settings)
        async with self._turn(request, prompt_versions or {}, allow_paths) as turn:
            turn.shows = shows
            if not shows and request.thread_id is None:
                turn.thread = None
            turn.note_too_dear(left_out)
            work = answer(self._graph_for(turn), request, turn)
            async with contextlib.aclosing(streamed(turn, work)) as events:
                async for event in events:
                    yield event

    @contextlib.asynccontextmanager
    async def _turn(
        self, request: RecommendRequest, prompt_versions: Mapping[str, str], allow_paths: bool
    ) -> AsyncGenerator[Turn]:
        """Open what one request needs: its turn, which holds its thread if that can be kept, and a folder for its media."""
        budget_s = (request.max_ms or self.settings.max_ms) / 1000
        deadline = time.monotonic() + budget_s
        async with contextlib.AsyncExitStack() as stack:
            shop = await stack.enter_async_context(self.services.lend(request.tenant))
            turn = Turn(
                services=self.services,
                shop=shop,
                thread_id=request.thread_id or uuid.uuid4().hex,
                deadline=deadline,
                prompt_versions=prompt_versions,
                allow_paths=allow_paths,
            )
            await self._choose_versions(turn, request)
            await turn.check_stated(request)
            if request.answer is not None and request.thread_id is None:
                raise InvalidRequestError("answer", "needs the thread_id of the answer that asked")
            turn.thread = await self._hold_thread(stack, turn, request)
            if request.images or request.audio or request.video:
                turn.workdir = await stack.enter_async_context(media_folder())
            yield turn
            shop.refresh_soon()

    async def _choose_versions(self, turn: Turn, request: RecommendRequest) -> None:
        """Find which released versions serve a request: those it asks for, else those of its rollouts, else production.

        Raises:
            InvalidRequestError: it asks for one that there is not.
        """
        turn.serving = self.services.serving(request, turn.thread_id)
        if turn.prompt_versions and self.services.releases is not None:
            turn.prompt_versions = await self.services.releases.try_out(
                turn.serving, request.tenant, turn.prompt_versions
            )

    def _graph_for(self, turn: Turn) -> CompiledStateGraph[State, Turn, Any, Any]:
        return self.graph if turn.thread is not None else self._without_threads

    async def _open_threads(self) -> None:
        if time.monotonic() - self._threads_failed < THREADS_RETRY_S and self._threads_failed:
            return
        try:
            self._threads = await open_threads(self.settings)
        except StoreError as error:
            self._threads_failed = time.monotonic()
            log.warning("threads are not kept: %s", redact(str(error)))
            return
        self.graph = build_graph(self._threads.saver)

    async def _hold_thread(
        self, stack: contextlib.AsyncExitStack, turn: Turn, request: RecommendRequest
    ) -> ThreadTurn | None:
        """Return the request's thread, held until ``stack`` ends; None, and a label, if it cannot be kept.

        Raises:
            InvalidRequestError: the thread belongs to another user.
            BackEndOverloaded: the turn before is still going on.
        """
        if self._threads is None:
            await self._open_threads()
        threads, key = self._threads, turn.key(request)
        if threads is None:
            turn.note_missing("threads", "The conversation is not kept: its store cannot be opened.")
            return None
        if request.thread_id is None:
            return ThreadTurn(threads, key)
        try:
            held = await stack.enter_async_context(threads.turn(key, turn.remaining()))
        except StoreError as error:
            log.warning("threads cannot be read: %s", redact(str(error)))
            turn.note_missing("threads", public_reason(error, "threads"))
            return None
        memory = held.memory
        check_owner(memory.owner, request)
        if request.answer is not None:
            check_answer(request.answer, memory)
        return held

    async def copy_thread(self, source: str, target: str, tenant: str = "default") -> bool:
        """Let thread ``target`` go on from where ``source`` is; False if there is no such thread, or it cannot be read or kept."""
        if self._threads is None:
            await self._open_threads()
        return self._threads is not None and await self._threads.copy(f"{tenant}/{source}", f"{tenant}/{target}")

    async def drop_thread(self, thread_id: str, tenant: str = "default") -> None:
        """Forget a conversation, if there is one; a failure is left alone."""
        if self._threads is not None:
            await self._threads.forget(f"{tenant}/{thread_id}")

    async def forget_preferences(self, user_id: str, tenant: str = "default", field: str | None = None) -> int:
        """Forget the likes and dislikes that a user agreed to have remembered, or those about one field; return how many.

        Raises:
            StoreError: they cannot be written.
        """
        tastes = self.services.tastes
        return 0 if tastes is None else await tastes.forget(tenant, user_id, field)

    async def export_user(self, user_id: str, tenant: str = "default") -> UserData:
        """Return everything that is kept of a user.

        Raises:
            StoreError: a store cannot be read.
        """
        return await export_user(self.services, await self._threads_for_users(), tenant, user_id)

    async def expire(self) -> Expired:
        """Remove what is kept longer than the settings say, of all tenants; return how much that was.

        Raises:
            StoreError: a store cannot be written.
        """
        return await expire(self.settings, self._threads)

    async def erase_user(self, user_id: str, tenant: str = "default") -> Erased:
        """Erase everything that is kept of a user, and say how much that was.

        Raises:
            StoreError: a store cannot be written; to erase again goes on.
        """
        return await erase_user(self.services, await self._threads_for_users(), tenant, user_id)

    async def _threads_for_users(self) -> Threads:
        if self._threads is None:
            await self._open_threads()
        if self._threads is None:
            raise StoreError("the thread store cannot be opened: what it holds of a user is not known")
        return self._threads

    async def why_not(
        self, item_id: str, request: RecommendRequest | None = None, *, allow_paths: bool = True, **fields: Any
    ) -> WhyNot:
        """Return which step of answering this request drops an item; asks no model for words and keeps nothing.

        Raises:
            InvalidRequestError: a field breaks a limit, or the thread belongs to another user.
        """
        asked = as_request(request, fields)
        return await find_out(item_id, asked, self.services, self._threads, allow_paths=allow_paths)

    async def try_rules(
        self, rules: RuleSet, request: RecommendRequest
    ) -> tuple[tuple[Recommendation, ...], tuple[Recommendation, ...]]:
        """Return the list for ``request`` without any rules and with these; nothing is kept and no model writes words.

        Raises:
            InvalidRequestError: a field breaks a limit.
        """
        quiet = request.model_copy(update={"words": False, "route": "direct", "llm_rank": [], "thread_id": None})
        lists = []
        for tried in (RuleSet(), rules):
            async with self._turn(quiet, {}, allow_paths=False) as turn:
                turn.services, turn.thread, turn.shows = copy.copy(self.services), None, False
                turn.services.rules = self.services.with_reviews(FixedRules(tried))
                turn.serving.made.pop(RULES, None)
                lists.append((await answer(self._without_threads, quiet, turn)).items)
        return lists[0], lists[1]

    async def search(
        self, request: SearchRequest | None = None, *, allow_paths: bool = True, **fields: Any
    ) -> SearchResponse:
        """Find items by words, photos, voice or clips, alone or mixed (``text=``, ``images=[{"path": ...}]`` ...).

        Raises:
            InvalidRequestError: a field breaks a limit, or there is nothing to search for.
            StoreError: the catalogue cannot be read.
        """
        return await search(self.services, as_search(request, fields), allow_paths=allow_paths)

    async def check(
        self, request: CheckRequest | None = None, *, allow_paths: bool = True, **fields: Any
    ) -> TrustReport:
        """Examine media for forgery, and compare them with each other and with a text; nothing is recommended or kept.

        Raises:
            InvalidRequestError: a field breaks a limit, or there is nothing to examine.
            ToolError: no process could be started to look at sound or video.
        """
        return await check_media(self.services, as_check(request, fields), allow_paths=allow_paths)

    async def warm(self) -> None:
        """Load the models that the common path needs, so that the first request is quick; failures stay for later."""
        await open_models(self.services)
        with contextlib.suppress(TastemakerError):
            async with self.services.lend("default") as shop:
                await shop.take_snapshot()
                await shop.learned.refresh()
                await shop.catalogue.language()

    async def alive(self) -> str:
        """Search for a known item and say what is wrong; empty if it is found."""
        return await finds_known_item(self.services)

    async def health(self) -> dict[str, dict[str, str]]:
        """Return for each slot its ``state`` (ok, degraded, down) and a ``detail`` without secrets."""
        threads = (
            {"state": "ok", "detail": self._threads.kind}
            if self._threads
            else {"state": "down", "detail": "cannot be opened"}
        )
        return {**await health_of(self.services), "threads": threads}
