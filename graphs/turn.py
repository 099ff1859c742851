"""Carry what belongs to one turn but is not state: deadline, clock, labels of what was missing, and the event writer."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from langgraph.config import get_stream_writer
from langgraph.runtime import Runtime

from ..core.errors import BackEndTimeout, InvalidRequestError, TastemakerError
from ..core.schemas import Degradation, Frozen, StepTime, StreamEvent, Usage
from .state import State

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .parts import Parts, Shop

log = logging.getLogger("tastemaker.turn")
T = TypeVar("T")
F = TypeVar("F")


@dataclass
class Turn:
    """One run of the graph. Times are seconds on the monotonic clock."""

    parts: Parts
    shop: Shop
    thread_id: str
    workdir: Path
    deadline: float
    request_id: str = field(default_factory=lambda: uuid.uuid4().hex)
    prompt_versions: Mapping[str, str] = field(default_factory=dict)
    allow_paths: bool = True
    degraded: list[Degradation] = field(default_factory=list)
    timings: list[StepTime] = field(default_factory=list)
    usage: list[Usage] = field(default_factory=list)
    prompts: list[str] = field(default_factory=list)

    def remaining(self) -> float:
        """Return the seconds left of the request's budget, at least 0."""
        return max(0.0, self.deadline - time.monotonic())

    def degrade(self, what: str, why: str) -> None:
        """Record and announce that ``what`` was missing; once for each part and cause."""
        label = Degradation(what=what, why=why)
        if label not in self.degraded:
            self.degraded.append(label)
            emit("degraded", label)

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

        ``reserve_s`` of the budget is kept for later steps; ``floor_s`` is granted even when the budget is spent.

        Raises:
            InvalidRequestError: passed on, since the caller must be told.
        """
        limit = max(floor_s, min(timeout_s, self.remaining() - reserve_s))
        try:
            return await asyncio.wait_for(work, limit)
        except InvalidRequestError:
            raise
        except (TimeoutError, BackEndTimeout) as error:
            self.degrade(what, str(error) or f"no answer within {max(limit, 0.0):.1f} s")
        except TastemakerError as error:
            self.degrade(what, str(error))
        except Exception as error:
            log.exception("%s failed", what, extra={"request_id": self.request_id})
            self.degrade(what, f"internal error ({type(error).__name__})")
        return fallback


def emit(event: str, data: Any) -> None:
    """Send one event to whoever streams this run."""
    payload = data.model_dump(mode="json") if isinstance(data, Frozen) else data
    get_stream_writer()(StreamEvent.model_validate({"event": event, "data": payload}))


class Step(Protocol):
    """A node as LangGraph calls it."""

    def __call__(self, state: State, *, runtime: Runtime[Turn]) -> Awaitable[Any]:
        """Return the step's update of the state."""
        ...


def timed(node: Callable[[State, Turn], Awaitable[Any]]) -> Step:
    """Wrap a step so that it receives the turn and its seconds are recorded and announced."""

    async def run(state: State, *, runtime: Runtime[Turn]) -> Any:
        turn = runtime.context
        started = time.perf_counter()
        update = await node(state, turn)
        step = StepTime(step=node.__name__, seconds=round(time.perf_counter() - started, 5))
        turn.timings.append(step)
        emit("step", step)
        return update

    run.__annotations__ = {"state": State, "runtime": Runtime[Turn]}
    run.__doc__ = node.__doc__
    return run
