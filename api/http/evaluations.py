"""Define the HTTP routes of frozen cases, runs over them, replays and the figures of rollouts, for CI and the studio."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, FastAPI, Path, Query, Request
from fastapi.responses import StreamingResponse
from pydantic import Field

from ...core.errors import InvalidRequestError
from ...core.evaluation.figures import Difference, Figures, figures_of
from ...core.learning.always_valid import Comparison
from ...core.schemas import Frozen, MediaInput, NoNul, RecommendRequest
from ...core.schemas.cases import MAX_REPETITIONS, Case, CaseName, CaseSet, EvaluationRun, Outcome
from ...core.schemas.traces import Replayed, Trace
from ...core.settings import Settings
from ...graphs.evaluation.desk import EvaluationDesk
from ...graphs.evaluation.monitor import RolloutMonitor
from ...graphs.evaluation.replay import replay
from ...graphs.releases.desk import ReleaseDesk
from ..service import Service
from .recommend import error_responses
from .releases import Editor, Viewer

if TYPE_CHECKING:
    from ...graphs.shop.services import Services

POLL_S = 0.5
MOST_SHOWN = 500
Version = Annotated[str, Field(max_length=64, pattern=r"^[A-Za-z0-9_.-]*$"), NoNul()]


class NewRun(Frozen):
    """A run to begin, or to go on with."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = Field(
        description="What is evaluated, such as `compose`."
    )
    version: Version = Field(default="", description="`r3`, a draft `d17`, or that of a file; empty: production.")
    case_set: CaseName = Field(description="Name of the set.")
    k: int = Field(default=1, ge=1, le=MAX_REPETITIONS, description="How often each case is asked.")


class FromTrace(Frozen):
    """The answer to make a case of."""

    request_id: Annotated[str, Field(min_length=1, max_length=64), NoNul()] = Field(description="Of the answer.")


class Tried(Frozen):
    """What to answer a trace with."""

    versions: dict[Annotated[str, Field(max_length=64)], Version] = Field(
        default_factory=dict, max_length=16, description="Name -> version.", examples=[{"compose": "r3"}]
    )


class Stored(Frozen):
    """How many cases a set holds now."""

    cases: int = Field(description="Cases.")


def evaluations_of(request: Request) -> EvaluationDesk:
    """Return the desk of evaluations."""
    desk: EvaluationDesk = request.app.state.evaluations
    return desk


def asked_of(request: Request) -> Any:
    """Return the recommender that answers cases.

    Raises:
        InvalidRequestError: the server has another kind of recommender.
    """
    from ...graphs.recommender import Recommender  # its graph is opened with it, not with this module

    asked = getattr(request.app.state, "asked", None)
    if not isinstance(asked, Recommender):
        raise InvalidRequestError(
            "server", "its recommender is not one of this process: evaluate with `tastemaker prompts eval`"
        )
    return asked


def monitor_of(request: Request) -> RolloutMonitor:
    """Return what watches the rollouts.

    Raises:
        InvalidRequestError: nothing that was shown is logged.
    """
    monitor = getattr(request.app.state, "monitor", None)
    if not isinstance(monitor, RolloutMonitor):
        raise InvalidRequestError(
            "exposures.enabled", "is off: without the log of what was shown nothing can be compared"
        )
    return monitor


def watch_rollouts(service: Service, desk: ReleaseDesk, settings: Settings) -> RolloutMonitor | None:
    """Begin to watch the rollouts, unless the settings leave that to others; None where what is shown is not logged."""
    services: Services | None = getattr(service, "services", None)
    exposures = services.exposures if services is not None else None
    if exposures is None:
        return None
    monitor = RolloutMonitor(desk, exposures, settings.prompts.watch_s)
    if settings.prompts.watch_s:
        monitor.start()
    return monitor


Desk = Annotated[EvaluationDesk, Depends(evaluations_of)]
Asked = Annotated[Any, Depends(asked_of)]
"""The ``Recommender`` of this process; its type is not named, so that this module needs no graph."""
Monitor = Annotated[RolloutMonitor, Depends(monitor_of)]
RunId = Annotated[str, Path(pattern=r"^[0-9a-f]{32}$", description="A run.")]
SetName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,127}$", description="A set of cases.")]
TraceId = Annotated[
    str, Path(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f]+$", description="`request_id` of an answer.")
]


async def start(sent: NewRun, desk: Desk, asked: Asked, who: Editor) -> EvaluationRun:
    """Run a version over a set in the background; the same again goes on with a run that did not end."""
    version = sent.version or await desk.production(who.tenant, sent.name)
    return await desk.start(asked, who.tenant, sent.name, version, case_set=sent.case_set, k=sent.k, by=who.by)


async def runs(
    desk: Desk, who: Viewer, name: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = None
) -> list[EvaluationRun]:
    """List the runs, newest first."""
    return await desk.runs.runs(who.tenant, name)


async def run(run_id: RunId, desk: Desk, who: Viewer) -> EvaluationRun:
    """Say how far a run is, with its figures once it ended."""
    return await desk.runs.run(who.tenant, run_id)


async def outcomes(run_id: RunId, desk: Desk, who: Viewer) -> list[Outcome]:
    """List what came of every case so far, with the checks that failed in plain words."""
    await desk.runs.run(who.tenant, run_id)
    return await desk.runs.outcomes(run_id)


async def figures(run_id: RunId, desk: Desk, who: Viewer) -> Figures:
    """Return the figures so far with their intervals."""
    await desk.runs.run(who.tenant, run_id)
    found = await desk.runs.outcomes(run_id)
    return await asyncio.to_thread(figures_of, found)


async def compare(run_id: RunId, base: RunId, desk: Desk, who: Viewer) -> list[Difference]:
    """Say how a run differs from another, and which differences are within noise."""
    return await desk.compare(who.tenant, run_id, base)


async def stop(run_id: RunId, desk: Desk, who: Editor) -> EvaluationRun:
    """Stop a run of this server; to start the same again goes on with it."""
    return await desk.stop(who.tenant, run_id)


async def progress(run_id: RunId, desk: Desk, who: Viewer) -> StreamingResponse:
    """Stream how far a run is as server-sent events: `progress` whenever that changed, `done` with the figures at the end."""
    first = await desk.runs.run(who.tenant, run_id)

    async def events() -> AsyncIterator[str]:
        known, found = -1, first
        while found.state == "running":
            if found.done != known:
                known = found.done
                yield _event("progress", found)
            await asyncio.sleep(POLL_S)
            found = await desk.runs.run(who.tenant, run_id)
        yield _event("done", found)

    return StreamingResponse(events(), media_type="text/event-stream", headers={"Cache-Control": "no-store"})


async def sets(desk: Desk, who: Viewer) -> dict[str, int]:
    """List the sets of cases with how many each holds."""
    return await desk.sets(who.tenant)


async def cases(case_set: SetName, desk: Desk, who: Viewer) -> CaseSet:
    """Return the cases of a set; where their media lie is left out."""
    found = await desk.case_set(who.tenant, case_set)
    return found.model_copy(update={"cases": tuple(map(_without_paths, found.cases))})


async def add_case(case_set: SetName, sent: Case, desk: Desk, who: Editor) -> Stored:
    """Put a case into a set, in place of one with its id; media by path are refused."""
    if any(m.path for r in (sent.request, *sent.before) for m in _media(r)):
        raise InvalidRequestError("request.images", "a path may not be named over HTTP; send the file as `data`")
    return Stored(cases=await desk.cases.put(who.tenant, case_set, [sent], who.by))


async def drop_case(case_set: SetName, case_id: SetName, desk: Desk, who: Editor) -> Stored:
    """Remove a case from a stored set."""
    if not await desk.cases.drop(who.tenant, case_set, case_id):
        raise InvalidRequestError("case_id", f"{case_set} has no stored case {case_id}")
    return Stored(cases=(await desk.cases.sets(who.tenant)).get(case_set, 0))


async def case_from_trace(case_set: SetName, sent: FromTrace, desk: Desk, who: Editor) -> Case:
    """Make a case of a real answer, its personal data masked, and put it into a set."""
    return await desk.case_from_trace(who.tenant, sent.request_id, case_set, who.by)


async def traces(
    desk: Desk, who: Viewer, limit: Annotated[int, Query(ge=1, le=MOST_SHOWN, description="At most so many.")] = 50
) -> list[Trace]:
    """List the newest answers that are kept, without who asked."""
    return [t.model_copy(update={"user_id": None}) for t in await desk.traces.traces(who.tenant, limit)]


async def replay_trace(request_id: TraceId, sent: Tried, desk: Desk, asked: Asked, who: Editor) -> Replayed:
    """Answer a stored trace again, with what serves now and with the versions named, and say what is different."""
    found = await replay(asked, await desk.traces.trace(who.tenant, request_id), sent.versions, who.tenant)
    return found.model_copy(update={"trace": found.trace.model_copy(update={"user_id": None})})


async def rollout_figures(
    rollout_id: Annotated[int, Path(ge=1, le=2**31 - 1, description="A rollout.")], monitor: Monitor, who: Viewer
) -> list[Comparison]:
    """Say how a rollout's candidate does against its control; the intervals hold however often one looks."""
    return await monitor.figures(who.tenant, rollout_id)


def _event(name: str, found: EvaluationRun) -> str:
    return f"event: {name}\ndata: {json.dumps(found.model_dump(mode='json'), ensure_ascii=False)}\n\n"


def _media(request: RecommendRequest) -> list[MediaInput]:
    return [*request.images, *request.audio, *request.video]


def _without_paths(case: Case) -> Case:
    def plain(request: RecommendRequest) -> RecommendRequest:
        named = {
            kind: [m if m.path is None else MediaInput(path=m.path.rpartition("/")[2]) for m in getattr(request, kind)]
            for kind in ("images", "audio", "video")
        }
        return request.model_copy(update=named)

    return case.model_copy(update={"request": plain(case.request), "before": tuple(map(plain, case.before))})


_ROUTES = (
    ("GET", "/evaluations", runs, "Runs over frozen cases"),
    ("POST", "/evaluations", start, "Run a version over frozen cases"),
    ("GET", "/evaluations/{run_id}", run, "How far a run is"),
    ("GET", "/evaluations/{run_id}/events", progress, "Follow a run"),
    ("GET", "/evaluations/{run_id}/outcomes", outcomes, "What came of every case"),
    ("GET", "/evaluations/{run_id}/figures", figures, "Figures with intervals"),
    ("GET", "/evaluations/{run_id}/compare/{base}", compare, "How a run differs from another"),
    ("POST", "/evaluations/{run_id}/stop", stop, "Stop a run"),
    ("GET", "/cases", sets, "Sets of frozen cases"),
    ("GET", "/cases/{case_set}", cases, "The cases of a set"),
    ("POST", "/cases/{case_set}", add_case, "Put a case into a set"),
    ("DELETE", "/cases/{case_set}/{case_id}", drop_case, "Remove a case"),
    ("POST", "/cases/{case_set}/from-trace", case_from_trace, "Make a case of a real answer"),
    ("GET", "/traces", traces, "Answers that are kept"),
    ("POST", "/traces/{request_id}/replay", replay_trace, "Answer a trace again"),
    ("GET", "/rollouts/{rollout_id}/figures", rollout_figures, "How a rollout does"),
)


def add_evaluation_routes(app: FastAPI) -> None:
    """Register the routes of evaluations."""
    for method, path, endpoint, summary in _ROUTES:
        app.add_api_route(
            path, endpoint, methods=[method], tags=["evaluations"], summary=summary,
            responses=error_responses(409, 413, 422, 500, 503),
        )  # fmt: skip
