"""Define the HTTP routes of the business rules (see those in use, check others; nothing is written) and of why-not."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import FastAPI, Query, Request
from pydantic import Field

from ...core.ranking.why_not import WhyNot
from ...core.rules.model import RuleSet
from ...core.schemas import Frozen, ItemId, RecommendRequest, TenantId
from ..auth.caller import CallerOf
from ..service import refuse_paths
from .recommend import error_responses, service_of


class RulesInUse(Frozen):
    """The rules that answers keep to, and what is wrong with the newest file, if anything."""

    rules: RuleSet = Field(description="The rules in use, in order.")
    problems: tuple[str, ...] = Field(
        default=(), description="What is wrong with the file; the rules above stay in use."
    )


class RulesToCheck(Frozen):
    """Rules as they would stand in a file."""

    rules: list[dict[str, Any]] = Field(max_length=500, description="The rules, each with `id` and `kind`.")
    tenant: TenantId = Field(default="default", description="Whose catalogue's fields they must fit.")


class RulesChecked(Frozen):
    """Whether rules are right."""

    ok: bool = Field(description="True if a file with them would be used.")
    problems: tuple[str, ...] = Field(default=(), description="What is wrong, by rule and field, and what is allowed.")


class WhyNotRequest(Frozen):
    """Which item, and the request whose answer lacks it."""

    item_id: ItemId = Field(description="Catalogue id.", examples=["print-17"])
    request: RecommendRequest = Field(
        default=RecommendRequest(), description="The request; only its own user's history and thread are looked at."
    )


def add_rules_routes(app: FastAPI) -> None:
    """Register the routes of the rules and of why-not."""
    app.post(
        "/why-not",
        tags=["recommend"],
        summary="Why is an item not listed?",
        responses=error_responses(413, 422, 500, 503),
    )(why_not)
    app.get("/rules", tags=["rules"], summary="The rules in use", responses=error_responses(422, 500, 503))(rules)
    app.post("/rules/check", tags=["rules"], summary="Check rules", responses=error_responses(413, 422, 500, 503))(
        check
    )


async def why_not(request: Request, asked: WhyNotRequest) -> WhyNot:
    """Say which step drops an item from the answer to a request, with the figures; no model is asked, nothing is kept."""
    wanted = refuse_paths(asked.request)
    return await service_of(request).why_not(asked.item_id, wanted, allow_paths=False)


async def rules(
    request: Request,
    caller: CallerOf,
    tenant: Annotated[TenantId | None, Query(description="Which shop; left out: the key's, or `default`.")] = None,
) -> RulesInUse:
    """Show the business rules that a shop's answers keep to."""
    loaded = await service_of(request).rules(caller.tenant_of(tenant))
    return RulesInUse(rules=loaded.rules, problems=loaded.problems)


async def check(request: Request, sent: RulesToCheck, caller: CallerOf) -> RulesChecked:
    """Say whether rules are right: their form, their values and the catalogue's fields. Nothing is stored."""
    tenant = caller.tenant_of(sent.tenant if "tenant" in sent.model_fields_set else None)
    problems = await service_of(request).check_rules({"rules": sent.rules}, tenant=tenant)
    return RulesChecked(ok=not problems, problems=tuple(problems))
