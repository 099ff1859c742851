"""Improve prompts and exchange them with other tools from the terminal: a search over wordings; files of promptfoo and Langfuse."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape

from ...agents.prompt_files.file_format import Prompt, read_prompt
from ...core.errors import InvalidRequestError
from ...core.evaluation.exchange import langfuse, promptfoo
from ...core.evaluation.exchange.taken import Messages, Taken, with_messages
from ...core.settings import Settings, load_settings
from .options import run_async, tenant_of
from .prompt_evaluation import PRINTS, ByOption, CasesOption, JsonOption, TenantOption, opened, set_of

if TYPE_CHECKING:
    from ...graphs.evaluation.desk import EvaluationDesk


class Tool(StrEnum):
    """Whose format."""

    PROMPTFOO = "promptfoo"
    LANGFUSE = "langfuse"


ToolOption = Annotated[Tool, typer.Option("--format", help="Whose format.")]


def register(app: typer.Typer) -> None:
    """Add the commands to those about prompts."""
    app.command("optimise")(optimise)
    app.command("export")(export)
    app.command("import")(take_in)


def optimise(
    *,
    name: Annotated[str, typer.Argument(help="A prompt, such as compose.")],
    case_set: CasesOption = PRINTS,
    tries: Annotated[int, typer.Option("--tries", min=1, max=200, help="Variants to try.")] = 12,
    by: ByOption = "cli",
    tenant: TenantOption = "default",
    as_json: JsonOption = False,
) -> None:
    """Search for a better wording of what is in production by leaving out and moving its own rules and examples.

    Half of the cases choose, the others say what the choice is worth. The best is left as a draft; nothing is released.
    """
    settings, shop = load_settings(), tenant_of(tenant)

    async def work() -> None:
        from ...graphs.evaluation.optimise import optimise as search
        from ...graphs.recommender import Recommender

        console = Console(stderr=True)
        async with opened(settings) as desk, Recommender(settings) as recommender:
            found = await search(
                recommender, desk.releases, shop, name,
                cases=await set_of(desk, shop, case_set), by=by, tries=tries,
                told=lambda line: console.print(escape(line), soft_wrap=True),
            )  # fmt: skip
        typer.echo(found.model_dump_json() if as_json else found.in_words)

    run_async(work)


def export(
    *,
    name: Annotated[str | None, typer.Argument(help="A prompt; without one, cases are exported.")] = None,
    tool: ToolOption = Tool.PROMPTFOO,
    version: Annotated[int | None, typer.Option("--version", min=0, help="Which; left out: production.")] = None,
    case_set: CasesOption = PRINTS,
    out: Annotated[Path | None, typer.Option("--out", help="File to write; left out: standard output.")] = None,
    tenant: TenantOption = "default",
) -> None:
    """Write a prompt, or a set of frozen cases, as promptfoo or Langfuse read it."""
    settings, shop = load_settings(), tenant_of(tenant)

    async def work() -> str:
        async with opened(settings) as desk:
            if name is not None:
                return await _prompt_for(tool, settings, desk, tenant=shop, name=name, version=version)
            cases = await set_of(desk, shop, case_set)
            return promptfoo.write_cases(cases) if tool is Tool.PROMPTFOO else langfuse.write_cases(cases)

    text = run_async(work)
    if out is None:
        typer.echo(text, nl=False)
    else:
        out.write_text(text, encoding="utf-8")


async def _prompt_for(
    tool: Tool, settings: Settings, desk: EvaluationDesk, *, tenant: str, name: str, version: int | None
) -> str:
    status = await desk.releases.status(tenant, name)
    found = await desk.releases.version(tenant, name, status.production if version is None else version)
    prompt = _read(name, found.body)
    messages = Messages(name=name, system=prompt.system, user=prompt.user)
    if tool is Tool.PROMPTFOO:
        return promptfoo.write_prompt(messages, prompt.sample, settings.llm.model.rpartition(":")[2] or "MODEL")
    labels = [label for label, number in status.labels.items() if number == found.number]
    config = prompt.config.model_dump()
    return langfuse.write_prompt(messages, version=found.number, config=config, labels=labels, message=found.message)


def _read(name: str, body: str) -> Prompt:
    prompt, problems = read_prompt(Path(f"{name}.md"), body)
    if prompt is None:
        raise InvalidRequestError("name", f"{name} is no prompt that can be exported: {'; '.join(problems)}")
    return prompt


def take_in(
    *,
    file: Annotated[Path, typer.Argument(help="The file.", exists=True, dir_okay=False)],
    tool: ToolOption = Tool.PROMPTFOO,
    into: Annotated[str, typer.Option("--into", help="The set that cases go into.")] = "imported",
    by: ByOption = "cli",
    tenant: TenantOption = "default",
) -> None:
    """Take cases into a set, and prompts of a name that there is as drafts; what cannot be taken is said."""
    settings, shop = load_settings(), tenant_of(tenant)
    content = file.read_text(encoding="utf-8")

    async def work() -> list[str]:
        taken = promptfoo.read(content) if tool is Tool.PROMPTFOO else langfuse.read(content)
        async with opened(settings) as desk:
            return await _stored(desk, shop, taken, into, by)

    for line in run_async(work):
        Console().print(escape(line), soft_wrap=True, highlight=False)


async def _stored(desk: EvaluationDesk, tenant: str, taken: Taken, into: str, by: str) -> list[str]:
    said = []
    if taken.cases:
        count = await desk.cases.put(tenant, into, list(taken.cases), by)
        said.append(f"{len(taken.cases)} cases taken; {into} holds {count}")
    for messages in taken.prompts:
        if messages.name not in desk.releases.names():
            said.append(f"left out: {messages.name} is no prompt of this program; name it like one, such as compose")
            continue
        body = with_messages(desk.releases.shipped(messages.name).body, messages)
        draft = await desk.releases.draft(tenant, messages.name, body, by, note="imported")
        problems = desk.releases.check(messages.name, body)
        said.append(
            f"draft {draft.id} of {messages.name}" + (f", with problems: {'; '.join(problems)}" if problems else "")
        )
    return [*said, *(f"left out: {line}" for line in taken.left_out)] or ["there was nothing to take"]
