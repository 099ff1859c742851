"""Show frozen cases, runs over them, and answers of late, which one click freezes into a case or answers again with another version."""

from __future__ import annotations

from fastapi import Request
from starlette.responses import RedirectResponse, Response

from ...core.errors import InvalidRequestError
from ...core.learning.always_valid import Comparison
from ...core.schemas.cases import MAX_REPETITIONS, Case, EvaluationRun
from ...graphs.evaluation.desk import EvaluationDesk
from ...graphs.evaluation.replay import replay
from ..http.evaluations import RunId, SetName, TraceId, asked_of, evaluations_of, monitor_of
from .routing import Acting, Looking, Sent, StudioRouter, Visit, whole

router = StudioRouter()
LATE = 50
LISTED = 3


async def runs_of(at: Visit, name: str) -> list[EvaluationRun]:
    """Return the runs of a name's versions, newest first."""
    return await evaluations_of(at.request).runs.runs(at.tenant, name)


async def sets_of(at: Visit) -> dict[str, int]:
    """Return the sets of cases with how many each holds."""
    return await evaluations_of(at.request).sets(at.tenant)


async def figures_of_trial(at: Visit, rollout_id: int | None) -> list[Comparison]:
    """Return how a trial does so far; nothing where there is none, or what is shown is not logged."""
    if rollout_id is None or getattr(at.request.app.state, "monitor", None) is None:
        return []
    return await monitor_of(at.request).figures(at.tenant, rollout_id)


@router.get("/cases")
async def cases(at: Looking) -> Response:
    """Show the sets, and the answers of late."""
    kept = await evaluations_of(at.request).traces.traces(at.tenant, LATE)
    traces = [
        {
            "request_id": one.request_id,
            "at": one.at,
            "asked": one.request.text or "; ".join((*one.heard, *one.seen)) or "–",
            "listed": ", ".join(item.title for item in one.items[:LISTED]),
        }
        for one in kept
    ]
    return at.page("cases.html", sets=await sets_of(at), traces=traces, done=at.done())


@router.get("/cases/{case_set}")
async def one_set(at: Looking, case_set: SetName) -> Response:
    """Show the cases of a set."""
    found = await evaluations_of(at.request).case_set(at.tenant, case_set)
    expected = {case.case_id: _expected(case) for case in found.cases}
    return at.page("case_set.html", cases=found, expected=expected, done=at.done())


@router.post("/cases/freeze")
async def freeze(at: Acting, form: Sent) -> Response:
    """Make a case of an answer."""
    at.person.require("edit_releases")
    name = form.get("set", "").strip()
    await evaluations_of(at.request).case_from_trace(at.tenant, form.get("request_id", ""), name, at.person.by)
    return RedirectResponse(f"/studio/cases/{name}?done=freeze", status_code=303)


@router.get("/evaluations/{run_id}")
async def one_run(at: Looking, run_id: RunId) -> Response:
    """Show a run: how far it is, its figures against production's, and the answers that did not pass."""
    desk = evaluations_of(at.request)
    run = await desk.runs.run(at.tenant, run_id)
    base = await _base_of(desk, at.tenant, run)
    compared = base is not None and run.state == base.state == "done"
    outcomes = await desk.runs.outcomes(run_id)
    return at.page(
        "evaluation.html",
        run=run.model_copy(update={"done": len(outcomes)}) if run.state == "running" else run,
        base=base,
        differences=await desk.compare(at.tenant, run.id, base.id) if base and compared else [],
        failed=[outcome for outcome in outcomes if not outcome.passed],
    )


@router.post("/evaluations/{run_id}/stop")
async def stop(at: Acting, run_id: RunId) -> Response:
    """Stop a run; it can be gone on with."""
    at.person.require("edit_releases")
    await evaluations_of(at.request).stop(at.tenant, run_id)
    return RedirectResponse(f"/studio/evaluations/{run_id}", status_code=303)


@router.post("/{name}/evaluate")
async def evaluate(at: Acting, name: str, form: Sent) -> Response:
    """Run a version over a set in the background, or go on with such a run."""
    at.person.require("edit_releases")
    number, k = whole(form, "number"), whole(form, "k")
    if not 1 <= k <= MAX_REPETITIONS:
        raise InvalidRequestError("k", f"1 to {MAX_REPETITIONS}")
    case_set = form.get("case_set", "")
    desk = evaluations_of(at.request)
    run = await desk.start(asked_of(at.request), at.tenant, name, f"r{number}", case_set=case_set, k=k, by=at.person.by)
    return RedirectResponse(f"/studio/evaluations/{run.id}", status_code=303)


@router.get("/replay/{request_id}")
async def replayed(request: Request, at: Looking, request_id: TraceId, name: str = "", version: str = "") -> Response:
    """Answer a stored request again with another version, and say what would have been different."""
    trace = await evaluations_of(request).traces.trace(at.tenant, request_id)
    found = None
    if name and version:
        at.person.require("edit_releases")
        found = await replay(asked_of(request), trace, {name: version}, at.tenant)
    return at.page(
        "replay.html",
        asked=trace.request.text or "; ".join((*trace.heard, *trace.seen)) or "–",
        names=at.desk.names(),
        name=name,
        version=version,
        replay=found,
        changes=(*found.notes, *found.changed) if found else (),
    )


async def _base_of(desk: EvaluationDesk, tenant: str, run: EvaluationRun) -> EvaluationRun | None:
    """Return the newest run of the version in production over the same cases: while a run goes on, that which goes on beside it."""
    production = await desk.production(tenant, run.name)
    if production == run.version:
        return None
    wanted = (production, await desk.digest(tenant, run.name, production), run.set_digest, run.state)
    runs = await desk.runs.runs(tenant, run.name)
    return next((r for r in runs if (r.version, r.digest, r.set_digest, r.state) == wanted), None)


def _expected(case: Case) -> str:
    """Return what is expected of an answer, in short."""
    told = case.expects.model_dump(mode="json", exclude_defaults=True)
    return "; ".join(f"{field.replace('_', ' ')}: {_short(value)}" for field, value in told.items())


def _short(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_short(one) for one in value)
    if isinstance(value, dict):
        return " ".join(str(part) for part in value.values())
    return str(value)
