"""Show the studio's pages: what there is, one name, one version, the difference of two, the editor, the trial and the audit log."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from fastapi import Query, Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response

from ...core.errors import InvalidRequestError
from ...core.schemas.releases import Draft, Kind, ReleaseStatus, Version
from ...core.settings import Settings
from ..http.recommend import service_of
from ..http.releases import DraftId
from ..web.samples import samples
from .evaluating import figures_of_trial, runs_of, sets_of
from .prompt_text import counted, preview_of
from .render import page, say
from .routing import Looking, StudioRouter
from .session import Language, away, sign_in

router = StudioRouter()
KINDS: Final[tuple[tuple[Kind, str], ...]] = (
    ("prompt", "Prompts"),
    ("phrases", "Phrases"),
    ("source_weights", "Weights of sources"),
    ("rules", "Rules"),
)
ENTRIES = 1_000
_REF = re.compile(r"[rd]\d{1,9}")


@router.get("")
async def overview(at: Looking) -> Response:
    """Show everything that can be released."""
    return at.page("overview.html", statuses=await at.desk.overview(at.tenant), kinds=KINDS)


@router.get("/sign-in")
async def asks_who(request: Request, to: str = "/studio", wrong: bool = False) -> Response:
    """Ask for a key, or for a name where no keys are asked for."""
    keys_asked = request.app.state.doorkeeper.closed
    return page(request, "sign_in.html", None, to=_ours(to), wrong=wrong, keys_asked=keys_asked)


@router.post("/sign-in")
async def signs_in(request: Request) -> Response:
    """Keep who they are in this browser, and go on; a wrong key leads back here."""
    form = {name: str(value) for name, value in (await request.form()).items()}
    response = RedirectResponse(_ours(form.get("to", "")), status_code=303)
    key, name, shop = (
        form.get(part, "").strip()[:limit] for part, limit in (("key", 4_096), ("name", 64), ("shop", 64))
    )
    return sign_in(response, key=key, name=name, shop=shop, secure=request.url.scheme == "https")


@router.post("/sign-out")
async def signs_out() -> Response:
    """Forget who it was."""
    return away()


@router.get("/audit")
async def audit(at: Looking) -> Response:
    """Show the audit log, newest first, and whether its chain holds."""
    head, _ = await at.desk.store.audit_head(at.tenant)
    entries = await at.desk.audit(at.tenant, after=max(0, head - ENTRIES), limit=ENTRIES)
    broken = await at.desk.verify_audit(at.tenant)
    return at.page("audit.html", entries=entries[::-1], broken=broken)


@router.get("/audit.jsonl")
async def audit_export(at: Looking) -> Response:
    """Send the whole audit log, one entry a line."""
    rows, after = list[str](), 0
    while entries := await at.desk.audit(at.tenant, after=after, limit=ENTRIES):
        rows += [entry.model_dump_json() for entry in entries]
        after = entries[-1].seq
    return PlainTextResponse("\n".join(rows) + "\n", media_type="application/jsonl")


@router.get("/{name}")
async def one_name(at: Looking, name: str) -> Response:
    """Show a name: what is served, its drafts, versions and comments."""
    status = await at.desk.status(at.tenant, name)
    return at.page(
        "name.html",
        status=status,
        versions=await at.desk.versions(at.tenant, name),
        drafts=await at.desk.drafts(at.tenant, name),
        comments=await at.desk.comments(at.tenant, name),
        trials=[one for one in await at.desk.rollouts(at.tenant, name) if one.state != "running"],
        figures=await figures_of_trial(at, status.rollout.id if status.rollout else None),
        runs=await runs_of(at, name),
        done=at.done(),
    )


@router.get("/{name}/r{number:int}")
async def one_version(at: Looking, name: str, number: int) -> Response:
    """Show a version: whether it may be served, what is different, and what can be done with it."""
    return await version_page(at, name, number, done=at.done())


async def version_page(at: Looking, name: str, number: int, status_code: int = 200, **values: Any) -> Response:
    """Return the page of a version; ``values`` say what was done or why not."""
    status = await at.desk.status(at.tenant, name)
    return at.page(
        "version.html",
        status_code,
        status=status,
        version=await at.desk.version(at.tenant, name, number),
        report=await at.desk.gate_report(at.tenant, name, number),
        diff=await at.desk.diff(at.tenant, name, status.production, number),
        sets=await sets_of(at),
        **values,
    )


@router.get("/{name}/diff")
async def difference(
    at: Looking, name: str, old: Annotated[int, Query(ge=0)], new: Annotated[int, Query(ge=0)]
) -> Response:  # fmt: skip
    """Show what is different between two versions."""
    return at.page("diff.html", diff=await at.desk.diff(at.tenant, name, old, new))


@router.get("/{name}/edit")
async def editor(
    at: Looking,
    name: str,
    draft: Annotated[int | None, Query(ge=1)] = None,
    based_on: Annotated[int, Query(ge=0)] = 0,
) -> Response:
    """Show the editor, with a draft or a copy of a version in it."""
    kept = await at.desk.one_draft(at.tenant, draft) if draft is not None else None
    base = kept.based_on if kept else based_on
    body = kept.body if kept else (await at.desk.version(at.tenant, name, base)).body
    return editor_page(at, name, body=body, based_on=base, draft=kept, done=at.done())


def editor_page(
    at: Looking, name: str, *, body: str, based_on: int, draft: Draft | None,
    status_code: int = 200, message: str = "", **values: Any,
) -> Response:  # fmt: skip
    """Return the editor's page."""
    shelf = at.desk.shelves.of(name)
    preview = preview_of(name, body) if shelf.kind == "prompt" else None
    return at.page(
        "edit.html",
        status_code,
        name=name,
        description=shelf.description,
        body=body,
        based_on=based_on,
        draft=draft,
        found=at.desk.check(name, body),
        counted=counted(name, body, at.person.language) if shelf.kind == "prompt" else "",
        previewable=shelf.kind == "prompt",
        preview=preview or "",
        message=message,
        **values,
    )


@router.get("/{name}/patch/{draft_id}")
async def patch(name: str, draft_id: DraftId, at: Looking) -> Response:
    """Send a draft as a patch of the file that ships."""
    return PlainTextResponse(await at.desk.patch(at.tenant, draft_id), media_type="text/x-patch")


@router.get("/{name}/try")
async def try_out(at: Looking, name: str, a: str = "r0", b: str = "r0") -> Response:
    """Show the page on which two versions answer one request."""
    for side, ref in (("a", a), ("b", b)):
        if not _REF.fullmatch(ref):
            raise InvalidRequestError(side, "a version such as r3 or a draft such as d2")
    settings: Settings = at.request.app.state.settings
    status = await at.desk.status(at.tenant, name)
    service = service_of(at.request)
    language = await service.language(at.tenant)
    examples = samples(language, await service.known_items(at.tenant), at.person.language)
    return at.page(
        "try.html",
        status=status,
        choices=_choices(
            status,
            await at.desk.versions(at.tenant, name),
            await at.desk.drafts(at.tenant, name),
            at.person.language,
        ),
        a=a,
        b=b,
        shoppers=settings.web.shoppers,
        samples=[one.text for one in examples],
        sample=examples[0].text if examples else "",
    )


def _choices(
    status: ReleaseStatus, versions: list[Version], drafts: list[Draft], language: Language
) -> list[dict[str, str]]:
    found = [{"value": f"d{d.id}", "text": f"d{d.id} {d.note}".strip()} for d in drafts]
    for one in versions:
        about = say(language, "production") if one.number == status.production else one.message
        name = f"r{one.number}" if one.number else say(language, "as shipped")
        found.append({"value": f"r{one.number}", "text": f"{name} · {about}" if about else name})
    return found


def _ours(to: str) -> str:
    """Return where to go on: a page of the studio, never another site."""
    return to if re.fullmatch(r"/studio(/[A-Za-z0-9_\-/.]*)?", to) and "//" not in to else "/studio"
