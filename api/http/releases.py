"""Define the HTTP routes of releases: what CI, the studio and a script do with prompts, phrases, rules and weights."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Literal

from fastapi import Depends, FastAPI, Header, Path, Query, Request
from pydantic import Field, FiniteFloat

from ...core.errors import ForbiddenError, InvalidRequestError
from ...core.schemas import Frozen, NoNul, TenantId
from ...core.schemas.releases import (
    MAX_BODY,
    Approval,
    AuditEntry,
    Cohort,
    Comment,
    Diff,
    Draft,
    EvaluationResult,
    Gate,
    GateReport,
    ReleaseStatus,
    Rollback,
    Rollout,
    Version,
)
from ...graphs.releases.desk import ReleaseDesk
from ..auth.caller import Caller, CallerOf, Scope
from .recommend import error_responses

MOST = 2**31 - 1
NAMED = r"^[^\x00-\x1f]{1,128}$"
Body = Annotated[
    str, Field(min_length=1, max_length=MAX_BODY, description="The text, as it would stand in a file."), NoNul()
]
Said = Annotated[str, Field(max_length=2_000), NoNul()]
Which = Annotated[int, Field(ge=0, le=MOST)]


class Text(Frozen):
    """A text to look at."""

    body: Body


class Checked(Frozen):
    """Whether a text is in order."""

    ok: bool = Field(description="True if it could become a candidate.")
    problems: tuple[str, ...] = Field(default=(), description="What is wrong, in plain words.")


class NewDraft(Frozen):
    """A draft to begin."""

    body: Body
    based_on: Which = Field(default=0, description="The version that it begins with; 0 is what ships.")
    note: Said = Field(default="", description="What it is for.")


class SavedDraft(Frozen):
    """What a draft says now."""

    body: Body
    note: Said | None = Field(default=None, description="What it is for; left out: as before.")


class NewVersion(Frozen):
    """A version to make, from a text or from a draft."""

    body: Body | None = Field(default=None, description="The text, as it would stand in a file.")
    draft: Which | None = Field(default=None, description="The draft whose text it is; the draft is dropped.")
    based_on: Which = Field(default=0, description="The version that the author began with.")
    message: Said = Field(default="", description="What is different.")


class Numbered(Frozen):
    """A version, and why."""

    number: Which = Field(description="The version; 0 is what ships.")
    message: Said = Field(default="", description="Why.")


class Share(Frozen):
    """How many are to be served a version."""

    number: int = Field(ge=1, le=MOST, description="The version.")
    percent: float = Field(ge=0, le=100, description="Share of the users of the cohort.")
    cohort: Cohort | None = Field(default=None, description="Among whom; left out: everybody, or as before.")


class Note(Frozen):
    """What somebody says."""

    text: Said = Field(default="", description="What.")


class NewComment(Frozen):
    """What somebody says of a version or a draft."""

    text: Annotated[str, Field(min_length=1, max_length=4_000), NoNul()] = Field(description="What.")
    number: Which | None = Field(default=None, description="The version it is about.")
    draft: Which | None = Field(default=None, description="Or the draft.")


class NewEvaluation(Frozen):
    """The figures of a version over a set of cases."""

    number: Which = Field(description="The version.")
    case_set: Annotated[str, Field(min_length=1, max_length=128), NoNul()] = Field(description="Name of the set.")
    cases: int = Field(ge=1, le=MOST, description="How many cases.")
    k: int = Field(default=1, ge=1, le=1_000, description="Runs of each.")
    metrics: dict[Annotated[str, NoNul()], FiniteFloat] = Field(
        description="The figures by name.", examples=[{"pass_k": 0.95}]
    )
    run: Annotated[str, Field(max_length=64), NoNul()] = Field(default="", description="The id of the run.")


class AuditChecked(Frozen):
    """Whether the audit log is as it was written."""

    ok: bool = Field(description="True if nothing was changed, taken out or put in.")
    entries: int = Field(description="How many entries it has.")
    problems: tuple[str, ...] = Field(default=(), description="What is wrong.")


class Acting(Frozen):
    """Who acts on whose releases."""

    tenant: str
    by: str


def desk_of(request: Request) -> ReleaseDesk:
    """Return the desk of the application."""
    desk: ReleaseDesk = request.app.state.desk
    return desk


def named(caller: Caller, said: str | None) -> str:
    """Return the name that is written down for who acts: the key's or person's; where no keys are asked for, what they say.

    Raises:
        ForbiddenError: somebody with a key or token gives another name.
    """
    own = caller.name or caller.subject
    if caller.kind == "anybody":
        return said or own
    if said not in (None, own):
        raise ForbiddenError("who acts is known from the key or token; leave X-Acting-As out", missing="that key")
    return own


def allowed(scope: Scope) -> Callable[..., Acting]:
    """Return what finds out who acts, and refuses who lacks a scope."""

    def acting(
        caller: CallerOf,
        tenant: Annotated[TenantId | None, Query(description="Which shop; left out: the key's, or `default`.")] = None,
        by: Annotated[
            str | None,
            Header(alias="X-Acting-As", pattern=NAMED, description="Who acts, where no keys are asked for."),
        ] = None,
    ) -> Acting:
        caller.require(scope)
        return Acting(tenant=caller.tenant_of(tenant), by=named(caller, by))

    return acting


Desk = Annotated[ReleaseDesk, Depends(desk_of)]
Viewer = Annotated[Acting, Depends(allowed("releases"))]
Editor = Annotated[Acting, Depends(allowed("edit_releases"))]
Approver = Annotated[Acting, Depends(allowed("approve_releases"))]
Admin = Annotated[Acting, Depends(allowed("admin"))]
Name = Annotated[str, Path(pattern=r"^[A-Za-z0-9_-]{1,64}$", description="What it is about, such as `compose`.")]
Number = Annotated[int, Path(ge=0, le=MOST, description="A version; 0 is what ships.")]
DraftId = Annotated[int, Path(ge=1, le=MOST, description="A draft.")]
Movable = Literal["draft", "candidate"]
Side = Annotated[int, Query(ge=0, le=MOST, description="A version; 0 is what ships.")]


async def overview(desk: Desk, who: Viewer) -> list[ReleaseStatus]:
    """List everything that can be released, with its labels and the rollout that runs."""
    return await desk.overview(who.tenant)


async def status(name: Name, desk: Desk, who: Viewer) -> ReleaseStatus:
    """Say what is served under a name."""
    return await desk.status(who.tenant, name)


async def versions(name: Name, desk: Desk, who: Viewer) -> list[Version]:
    """List the versions of a name, newest first, what ships last."""
    return await desk.versions(who.tenant, name)


async def version(name: Name, number: Number, desk: Desk, who: Viewer) -> Version:
    """Show one version; 0 is what ships."""
    return await desk.version(who.tenant, name, number)


async def diff(name: Name, desk: Desk, who: Viewer, old: Side = 0, new: Side | None = None) -> Diff:
    """Say what is different between two versions, line by line and in words; left out: from what ships to the newest."""
    newest = (await desk.status(who.tenant, name)).newest if new is None else new
    return await desk.diff(who.tenant, name, old, newest)


async def check(name: Name, sent: Text, desk: Desk, who: Viewer) -> Checked:
    """Say what is wrong with a text; nothing is stored."""
    problems = desk.check(name, sent.body)
    return Checked(ok=not problems, problems=tuple(problems))


async def drafts(name: Name, desk: Desk, who: Viewer) -> list[Draft]:
    """List the drafts of a name, the one saved last first."""
    return await desk.drafts(who.tenant, name)


async def begin_draft(name: Name, sent: NewDraft, desk: Desk, who: Editor) -> Draft:
    """Begin a draft; it may be wrong as yet."""
    return await desk.draft(who.tenant, name, sent.body, who.by, based_on=sent.based_on, note=sent.note)


async def draft(draft_id: DraftId, desk: Desk, who: Viewer) -> Draft:
    """Show one draft."""
    return await desk.one_draft(who.tenant, draft_id)


async def save_draft(draft_id: DraftId, sent: SavedDraft, desk: Desk, who: Editor) -> Draft:
    """Save a draft."""
    return await desk.save_draft(who.tenant, draft_id, sent.body, who.by, sent.note)


async def drop_draft(draft_id: DraftId, desk: Desk, who: Editor) -> None:
    """Delete a draft."""
    await desk.drop_draft(who.tenant, draft_id, who.by)


async def patch(draft_id: DraftId, desk: Desk, who: Viewer) -> str:
    """Return a draft as a patch of the file that ships, for `git apply`."""
    return await desk.patch(who.tenant, draft_id)


async def commit(name: Name, sent: NewVersion, desk: Desk, who: Editor) -> Version:
    """Make a version that never changes, from a text or a draft."""
    if (sent.body is None) == (sent.draft is None):
        raise InvalidRequestError("body", "give either the text or the draft")
    body = sent.body if sent.draft is None else (await desk.one_draft(who.tenant, sent.draft)).body
    return await desk.commit(
        who.tenant, name, body or "", who.by, message=sent.message, based_on=sent.based_on, draft=sent.draft
    )


async def label(name: Name, label: Movable, sent: Numbered, desk: Desk, who: Editor) -> ReleaseStatus:
    """Put a label on a version; `candidate` needs a text that is in order. `production` is put by a release."""
    return await desk.label(who.tenant, name, sent.number, label, who.by)


async def gate(name: Name, desk: Desk, who: Viewer) -> Gate:
    """Show what versions of a name must show before anybody is served them."""
    return await desk.gate(who.tenant, name)


async def set_gate(name: Name, sent: Gate, desk: Desk, who: Admin) -> Gate:
    """Give a shop a gate of its own."""
    await desk.set_gate(who.tenant, name, sent, who.by)
    return sent


async def gate_report(name: Name, number: Number, desk: Desk, who: Viewer) -> GateReport:
    """Say whether a version may be served, and else why not."""
    return await desk.gate_report(who.tenant, name, number)


async def approve(name: Name, number: Number, sent: Note, desk: Desk, who: Approver) -> Approval:
    """Approve a version that somebody else wrote."""
    return await desk.approve(who.tenant, name, number, who.by, sent.text)


async def evaluations(
    name: Name, desk: Desk, who: Viewer, number: Annotated[int | None, Query(ge=0, le=MOST)] = None
) -> list[EvaluationResult]:
    """List the figures of a name's versions over sets of cases, newest first."""
    return await desk.evaluations(who.tenant, name, number)


async def add_evaluation(name: Name, sent: NewEvaluation, desk: Desk, who: Editor) -> EvaluationResult:
    """Store the figures of a version over a set of cases."""
    return await desk.add_evaluation(
        who.tenant, name, sent.number, sent.case_set, cases=sent.cases, k=sent.k, metrics=sent.metrics, run=sent.run, by=who.by
    )  # fmt: skip


async def comments(name: Name, desk: Desk, who: Viewer) -> list[Comment]:
    """List what was said of a name's versions and drafts."""
    return await desk.comments(who.tenant, name)


async def comment(name: Name, sent: NewComment, desk: Desk, who: Viewer) -> Comment:
    """Say something of a version or a draft."""
    return await desk.comment(who.tenant, name, who.by, sent.text, number=sent.number, draft=sent.draft)


async def rollout(name: Name, sent: Share, desk: Desk, who: Approver) -> Rollout:
    """Serve a version to a share of users; again with another share keeps those who are in."""
    return await desk.rollout(who.tenant, name, sent.number, sent.percent, who.by, cohort=sent.cohort)


async def rollouts(name: Name, desk: Desk, who: Viewer) -> list[Rollout]:
    """List the rollouts of a name, newest first."""
    return await desk.rollouts(who.tenant, name)


async def release(name: Name, sent: Numbered, desk: Desk, who: Approver) -> ReleaseStatus:
    """Serve a version to everybody; 0 goes back to what ships."""
    return await desk.release(who.tenant, name, sent.number, who.by, sent.message)


async def rollback(name: Name, sent: Note, desk: Desk, who: Editor) -> Rollback:
    """End the rollout that runs; where none does, put production back to where it was before."""
    return await desk.rollback(who.tenant, name, who.by, sent.text)


async def audit(
    desk: Desk,
    who: Viewer,
    name: Annotated[str | None, Query(pattern=r"^[A-Za-z0-9_-]{1,64}$")] = None,
    after: Annotated[int, Query(ge=0, le=MOST, description="Only entries behind this one.")] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000, description="At most so many.")] = 1_000,
) -> list[AuditEntry]:
    """Return the audit log, oldest first."""
    return await desk.audit(who.tenant, name, after=after, limit=limit)


async def audit_check(desk: Desk, who: Viewer) -> AuditChecked:
    """Say whether the audit log is as it was written."""
    problems = await desk.verify_audit(who.tenant)
    head, _ = await desk.store.audit_head(who.tenant)
    return AuditChecked(ok=not problems, entries=head, problems=tuple(problems))


_ONE = "/releases/{name}"
_ROUTES = (
    ("GET", "/releases", overview, "What can be released"),
    ("GET", "/releases/audit", audit, "The audit log"),
    ("GET", "/releases/audit/check", audit_check, "Is the audit log as it was written?"),
    ("GET", _ONE, status, "What is served under a name"),
    ("GET", f"{_ONE}/versions", versions, "The versions"),
    ("POST", f"{_ONE}/versions", commit, "Make a version"),
    ("GET", f"{_ONE}/versions/{{number}}", version, "One version"),
    ("GET", f"{_ONE}/versions/{{number}}/gate", gate_report, "May a version be served?"),
    ("POST", f"{_ONE}/versions/{{number}}/approve", approve, "Approve a version"),
    ("GET", f"{_ONE}/diff", diff, "What is different"),
    ("POST", f"{_ONE}/check", check, "Check a text"),
    ("GET", f"{_ONE}/drafts", drafts, "The drafts"),
    ("POST", f"{_ONE}/drafts", begin_draft, "Begin a draft"),
    ("GET", f"{_ONE}/drafts/{{draft_id}}", draft, "One draft"),
    ("PUT", f"{_ONE}/drafts/{{draft_id}}", save_draft, "Save a draft"),
    ("GET", f"{_ONE}/drafts/{{draft_id}}/patch", patch, "A draft as a patch"),
    ("DELETE", f"{_ONE}/drafts/{{draft_id}}", drop_draft, "Delete a draft"),
    ("PUT", f"{_ONE}/labels/{{label}}", label, "Put a label on a version"),
    ("GET", f"{_ONE}/gate", gate, "The gate"),
    ("PUT", f"{_ONE}/gate", set_gate, "Change the gate"),
    ("GET", f"{_ONE}/evaluations", evaluations, "Figures of versions"),
    ("POST", f"{_ONE}/evaluations", add_evaluation, "Store figures"),
    ("GET", f"{_ONE}/comments", comments, "Comments"),
    ("POST", f"{_ONE}/comments", comment, "Comment"),
    ("GET", f"{_ONE}/rollouts", rollouts, "Rollouts"),
    ("POST", f"{_ONE}/rollout", rollout, "Serve a version to a share"),
    ("POST", f"{_ONE}/release", release, "Serve a version to everybody"),
    ("POST", f"{_ONE}/rollback", rollback, "Go back"),
)


def add_release_routes(app: FastAPI) -> None:
    """Register the routes of releases."""
    for method, path, endpoint, summary in _ROUTES:
        app.add_api_route(
            path,
            endpoint,
            methods=[method],
            tags=["releases"],
            summary=summary,
            responses=error_responses(409, 413, 422, 500, 503),
        )
