"""Carry what belongs to one turn but is not state: deadline, clock, labels of what was missing, events and the response."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
import traceback
import uuid
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from langgraph.runtime import Runtime

from ...core.errors import InvalidRequestError, LeftAloneError, StoreError, TastemakerError
from ...core.language.catalogue_language import language_of
from ...core.protocols import Described
from ...core.redaction import public_reason, redact
from ...core.schemas import (
    Degradation,
    Frozen,
    LLMStrategy,
    RecommendRequest,
    RecommendResponse,
    StepTime,
    StreamEvent,
    Usage,
)
from ...core.tracing import span
from ...stores.catalogue.sql_filters import check_constraints
from ...stores.rules import Rules
from ..releases.serving import Serving
from ..shop.shop import Shop, Snapshot
from .state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ...agents.prompt_files.library import PromptLibrary
    from ..shop.services import Services
    from ..threads.store import ThreadTurn


log = logging.getLogger("tastemaker.turn")
FLOOR_S = 0.25
LANGUAGE_SHARE = 0.6
"""Of the time to read the catalogue, what its language may take: its fields are enough to go on with."""
"""Seconds that retrieval and ranking get even when the request's budget is spent."""
SAVE_S = 2.0
"""Seconds that saving the thread may take once the response is there: a store that hangs must not hold the answer back."""
NO_ITEMS = "There are no items to recommend yet; `tastemaker ingest` fills the catalogue."
T = TypeVar("T")
F = TypeVar("F")


@dataclass
class Turn:
    """One run of the graph: what it may use and how long, and what it tells. Times are seconds on the monotonic clock.

    ``thread`` is the hold on the thread, None where it is not kept; ``shows`` is false where nobody sees the list; ``denied`` holds what content filters held back and why.
    """

    services: Services
    shop: Shop
    thread_id: str
    deadline: float
    workdir: Path = Path()
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    prompt_versions: Mapping[str, str] = field(default_factory=dict)
    serving: Serving = field(default_factory=Serving)
    allow_paths: bool = True
    thread: ThreadTurn | None = None
    shows: bool = True
    degraded: list[Degradation] = field(default_factory=list)
    timings: list[StepTime] = field(default_factory=list)
    usage: list[Usage] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)
    denied: dict[str, str] = field(default_factory=dict)
    send: Callable[[StreamEvent], None] | None = None
    response: RecommendResponse | None = None
    ends: asyncio.Timeout | None = None
    began: float = field(default_factory=time.monotonic)

    @property
    def library(self) -> PromptLibrary:
        """Return the prompts with the versions that this request asks for."""
        return self.services.prompts.pinned(self.prompt_versions, self.serving.prompts())

    def stand_in(self, name: str) -> PromptLibrary | None:
        """Return the prompts with the one in production, else the one that ships, where another version is on trial; else None."""
        if name not in self.serving.made:
            return None
        fallback = self.serving.fallback(name)
        return self.services.prompts.pinned({}, {name: fallback} if fallback else {})

    def note_served(self, name: str, *, broke: bool) -> None:
        """Note whether the model kept the form of its answer with the released version of a prompt."""
        served = self.serving.versions.get(name)
        if served is not None and self.services.releases is not None:
            self.services.releases.note(self.shop.tenant, served, broke=broke)

    @property
    def rules(self) -> Rules:
        """Return the rules that hold for this request: the released ones, else those of the shop's file."""
        return self.services.rules_with(self.serving.made)

    def strategies(self, request: RecommendRequest) -> tuple[LLMStrategy, ...]:
        """Return how a language model may take part: as the request asks, else as the deployment chose, each way once."""
        chosen = self.services.settings.llm_rank.strategies if request.llm_rank is None else request.llm_rank
        return tuple(dict.fromkeys(chosen))

    def remaining(self) -> float:
        """Return the seconds left of the request's budget, at least 0."""
        return max(0.0, self.deadline - time.monotonic())

    def key(self, request: RecommendRequest) -> str:
        """Return the thread's key in the store: no two tenants share one."""
        return f"{request.tenant}/{self.thread_id}"

    def degrade(self, what: str, why: str) -> None:
        """Record and announce that ``what`` was missing; once for each part and cause."""
        label = Degradation(what=what, why=why)
        if label not in self.degraded:
            self.degraded.append(label)
            self.emit("degraded", label)

    def answer_with(self, response: RecommendResponse) -> None:
        """Set the response; what is left to do, saving the thread, gets ``SAVE_S`` seconds."""
        self.response = response
        if self.ends is not None:
            self.ends.reschedule(asyncio.get_running_loop().time() + SAVE_S)

    def emit(self, event: str, data: Any) -> None:
        """Send one event to whoever streams this run; where nobody does, nothing is rendered."""
        if self.send is not None:
            payload = data.model_dump(mode="json") if isinstance(data, Frozen) else data
            self.send(StreamEvent.model_validate({"event": event, "data": payload}))

    @contextlib.contextmanager
    def timing(self, step: str) -> Iterator[None]:
        """Record and announce the seconds that a step takes."""
        started = time.perf_counter()
        with span(step):
            yield
        taken = StepTime(step=step, seconds=round(time.perf_counter() - started, 5))
        self.timings.append(taken)
        self.emit("step", taken)

    def note_missing(self, what: str, why: str) -> None:
        """Record what was missing before the graph runs; it is announced when that begins."""
        self.degraded.append(Degradation(what=what, why=why))

    def note_too_dear(self, left_out: Iterable[str]) -> None:
        """Record what the cost budget left out."""
        for why in left_out:
            self.note_missing("budget", why)

    async def check_stated(self, request: RecommendRequest) -> None:
        """Check the typed constraints against the catalogue's fields, if it can be read.

        Raises:
            InvalidRequestError: a field is not there or a value does not fit it; names ``constraints[i]``.
        """
        if not request.constraints:
            return
        with contextlib.suppress(StoreError, TimeoutError):
            limit = max(FLOOR_S, min(self.services.settings.timeouts.retrieve_s, self.remaining()))
            schema = await asyncio.wait_for(self.shop.catalogue.schema(), limit)
            if schema.fields:
                check_constraints(request.constraints, schema)

    async def attempt(
        self,
        what: str,
        work: Awaitable[T],
        timeout_s: float,
        fallback: F,
        *,
        reserve_s: float = 0.0,
        floor_s: float = 0.0,
    ) -> T | F:
        """Await ``work`` for at most ``timeout_s`` and the request's budget; on failure label it and return ``fallback``.

        A part that keeps failing is left alone for some seconds (``breaker.py``).

        ``reserve_s`` of the budget is kept for later steps; ``floor_s`` is granted even when the budget is spent.

        Raises:
            InvalidRequestError: passed on, since the caller must be told.
        """
        limit = max(floor_s, min(timeout_s, self.remaining() - reserve_s))
        if limit <= 0:
            _close(work)
            self.degrade(what, "The time budget of the request was spent.")
            return fallback
        try:
            breaker = self.services.breakers.of(what, self.shop.tenant)
            if breaker is not None:
                return await breaker.call(work, limit, whole_time=limit >= timeout_s)
            async with asyncio.timeout(limit):
                return await work
        except InvalidRequestError:
            raise
        except LeftAloneError as error:
            self.degrade(what, public_reason(error, what))
        except (TastemakerError, TimeoutError) as error:
            log.warning("%s is missing from an answer: %s", what, redact(str(error)) or type(error).__name__)
            self.degrade(what, public_reason(error, what))
        except Exception as error:  # noqa: BLE001  a broken part must not fail the request; the cause is logged
            log.error("%s failed with %s\n%s", what, type(error).__name__, _where(error))
            self.degrade(what, public_reason(error, what))
        return fallback


async def read_catalogue(turn: Turn) -> Described:
    """Return the catalogue's fields and its language; those last known, and a label, if it cannot be read."""
    timeout = turn.services.settings.timeouts.retrieve_s
    wait_s = LANGUAGE_SHARE * max(FLOOR_S, min(timeout, turn.remaining()))
    work = turn.shop.catalogue.described(wait_s)
    found = await turn.attempt("catalogue", work, timeout, None, floor_s=FLOOR_S)
    if found is None:
        fields = (await last_known(turn)).fields
        return Described(fields, language_of(fields))
    if not found.schema.count:
        turn.degrade("catalogue", NO_ITEMS)
    return found


async def last_known(turn: Turn) -> Snapshot:
    """Return the shop's last known fields and popular items; none, and a label, if what keeps them is broken."""
    timeout = turn.services.settings.timeouts.retrieve_s
    return await turn.attempt("popular_snapshot", turn.shop.last_known(), timeout, Snapshot(), floor_s=FLOOR_S)


def _where(error: BaseException) -> str:
    """Return the stack without the message, which may quote what the user sent."""
    return "".join(traceback.format_tb(error.__traceback__))


def _close(work: Awaitable[Any]) -> None:
    """Drop work that is not started, so that Python does not warn about it."""
    if isinstance(work, Coroutine):
        work.close()


def owner_digest(user_id: str | None) -> str:
    """Return a digest that tells whether two turns come from the same user, without naming the user."""
    return hashlib.sha256((user_id or "").encode()).hexdigest()[:16]


def check_owner(owner: str, request: RecommendRequest) -> None:
    """Check that a thread with this owner may be continued by the request's user.

    An anonymous thread goes over to the first signed-in user who continues it, if its id cannot be guessed, as those that the
    service gives: who holds such an id was there. From then on it is theirs alone.

    Raises:
        InvalidRequestError: it belongs to another user, or is anonymous and anybody may have guessed its id.
    """
    if not owner or owner == owner_digest(request.user_id):
        return
    if owner != owner_digest(None):
        raise InvalidRequestError("thread_id", "this thread belongs to another user; omit it to start a new one")
    if not _is_random(request.thread_id or ""):
        why = "this thread was begun without a user and its id can be guessed; omit it to start a new one"
        raise InvalidRequestError("thread_id", why)


def _is_random(thread_id: str) -> bool:
    try:
        return uuid.UUID(thread_id).version == 4
    except ValueError:
        return False


class Step(Protocol):
    """A node as LangGraph calls it."""

    def __call__(self, state: State, *, runtime: Runtime[Turn]) -> Awaitable[Any]:
        """Return the step's update of the state."""
        ...


def node(step: Callable[[State, Turn], Awaitable[Any]]) -> Step:
    """Wrap a step as LangGraph calls it, so that it receives the turn."""

    async def run(state: State, *, runtime: Runtime[Turn]) -> Any:
        return await step(state, runtime.context)

    run.__annotations__ = {"state": State, "runtime": Runtime[Turn]}
    run.__doc__ = step.__doc__
    return run


def timed(step: Callable[[State, Turn], Awaitable[Any]]) -> Step:
    """Wrap a step as ``node`` does, so that its seconds are recorded and announced, too."""

    async def measured(state: State, turn: Turn) -> Any:
        with turn.timing(step.__name__):
            return await step(state, turn)

    measured.__doc__ = step.__doc__
    return node(measured)
