"""Do what the studio's forms ask for, then show the page again; what is refused is said on the page it was asked from."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from starlette.responses import JSONResponse, RedirectResponse, Response

from ...core.errors import InvalidRequestError, ReleaseBlockedError
from ...core.schemas.releases import Cohort
from .pages import editor_page, version_page
from .prompt_text import counted, preview_of
from .routing import Acting, Form, Looking, Sent, StudioRouter, Visit, whole

router = StudioRouter()


@router.post("/{name}/check")
async def check(at: Looking, name: str, form: Sent) -> Response:
    """Say what is wrong with a text as it is typed, how long it is and what the model would be sent."""
    body = form.get("body", "")
    is_prompt = at.desk.kind_of(name) == "prompt"
    return JSONResponse(
        {
            "problems": at.desk.check(name, body),
            "in_order": at.say("In order."),
            "counted": counted(name, body, at.person.language) if is_prompt else "",
            "preview": preview_of(name, body) if is_prompt else None,
        }
    )


@router.post("/{name}/edit")
async def edit(at: Acting, name: str, form: Sent) -> Response:
    """Keep the draft, make a version of it, or throw it away."""
    at.person.require("edit_releases")
    body, do = form.get("body", "").replace("\r\n", "\n"), form.get("do", "save")
    based_on, note, message = whole(form, "based_on"), form.get("note", ""), form.get("message", "")
    draft_id = whole(form, "draft") if form.get("draft") else None
    if do == "drop" and draft_id is not None:
        await at.desk.drop_draft(at.tenant, draft_id, at.person.by)
        return _to(name, "", "drop")
    if do == "commit":
        problems = [*at.desk.check(name, body)]
        if not message.strip():
            problems.append(at.say("Say what is different, for whoever approves it."))
        if problems:
            kept = await at.desk.one_draft(at.tenant, draft_id) if draft_id is not None else None
            return editor_page(
                at, name, body=body, based_on=based_on, draft=kept, status_code=409, message=message,
                problems=problems, blocked=at.say("No version was made"),
            )  # fmt: skip
        version = await at.desk.commit(
            at.tenant, name, body, at.person.by, message=message, based_on=based_on, draft=draft_id
        )
        return _to(name, f"/r{version.number}", "commit")
    if draft_id is None:
        draft_id = (await at.desk.draft(at.tenant, name, body, at.person.by, based_on=based_on, note=note)).id
    else:
        await at.desk.save_draft(at.tenant, draft_id, body, at.person.by, note)
    return _to(name, f"/edit?draft={draft_id}", "save")


@router.post("/{name}/comment")
async def comment(at: Acting, name: str, form: Sent) -> Response:
    """Say something."""
    text = form.get("text", "").strip()
    if not 0 < len(text) <= 4_000:
        raise InvalidRequestError("text", "1 to 4,000 characters")
    await at.desk.comment(at.tenant, name, at.person.by, text)
    return _to(name, "", "comment")


async def candidate(at: Visit, name: str, number: int, form: Form) -> None:
    """Make a version the candidate."""
    at.person.require("edit_releases")
    await at.desk.label(at.tenant, name, number, "candidate", at.person.by)


async def approve(at: Visit, name: str, number: int, form: Form) -> None:
    """Approve a version."""
    at.person.require("approve_releases")
    await at.desk.approve(at.tenant, name, number, at.person.by, form.get("text", ""))


async def rollout(at: Visit, name: str, number: int, form: Form) -> None:
    """Serve a version to a share of users; without a cohort in the form it stays as it is."""
    at.person.require("approve_releases")
    try:
        percent = float(form.get("percent", ""))
    except ValueError as error:
        raise InvalidRequestError("percent", "a number from 0 to 100") from error
    if not 0 <= percent <= 100:
        raise InvalidRequestError("percent", "a number from 0 to 100")
    segments = tuple(one for part in form.get("segments", "").split(",") if (one := part.strip()))
    if len(segments) > 50:
        raise InvalidRequestError("segments", "at most 50")
    cohort = Cohort(segments=segments, new_users=form.get("cohort") == "new") if "cohort" in form else None
    await at.desk.rollout(at.tenant, name, number, percent, at.person.by, cohort=cohort)


async def release(at: Visit, name: str, number: int, form: Form) -> None:
    """Serve a version to everybody."""
    at.person.require("approve_releases")
    await at.desk.release(at.tenant, name, number, at.person.by, form.get("text", ""))


Action = Callable[[Visit, str, int, Form], Awaitable[None]]
ACTIONS: Final[dict[str, Action]] = {"candidate": candidate, "approve": approve, "rollout": rollout, "release": release}


@router.post("/{name}/rollback")
async def rollback(at: Acting, name: str, form: Sent) -> Response:
    """Go back at once."""
    at.person.require("edit_releases")
    await at.desk.rollback(at.tenant, name, at.person.by, form.get("text", ""))
    return _to(name, "", "rollback")


@router.post("/{name}/{action}")
async def act(at: Acting, name: str, action: str, form: Sent) -> Response:
    """Do something with a version; the reasons against it are shown on the version's page."""
    if action not in ACTIONS:
        raise InvalidRequestError("action", f"one of: {', '.join(ACTIONS)}")
    number = whole(form, "number")
    try:
        await ACTIONS[action](at, name, number, form)
    except ReleaseBlockedError as error:
        return await version_page(at, name, number, status_code=409, problems=error.reasons, blocked=error.what)
    return _to(name, f"/r{number}" if action in ("candidate", "approve") else "", action)


def _to(name: str, rest: str, done: str) -> Response:
    return RedirectResponse(f"/studio/{name}{rest}{'&' if '?' in rest else '?'}done={done}", status_code=303)
