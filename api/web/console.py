"""Define the routes of the operator's console: what this process is doing, what the catalogue's language is, rules and versions."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import FastAPI, Request
from pydantic import Field, StringConstraints

from ... import __version__
from ...core.errors import TastemakerError
from ...core.language.catalogue_language import CatalogueLanguage
from ...core.language.value_entry import FieldTerms
from ...core.rules.file_format import told, unfit
from ...core.schemas import (
    CatalogueSchema,
    Condition,
    Frozen,
    NoNul,
    Predicate,
    Recommendation,
    RecommendRequest,
    Review,
    TenantId,
    UserId,
)
from ...core.settings import Settings
from ...stores.api_keys import now_us
from ...stores.rules import rules_in
from ...stores.trained_versions import Artefacts
from ..auth.caller import Caller, CallerOf
from ..auth.gate import Doorkeeper
from ..http.forget import Tenant
from ..http.recommend import Ready, readiness, service_of
from .recent_requests import RecentRequests, SeenRequest, StepLatency, degradations, latencies

SHOWN_VALUES = 24
SHOWN_NAMES = 12
SHOWN_REQUESTS = 50
SHOWN_REVIEWS = 100
HIDDEN = "…"


class FieldShown(Frozen):
    """A field of the catalogue and what it is called in requests."""

    name: str
    type: str
    role: str
    unit: str
    concept: str = Field(description="What the reader takes it for, such as `colour`; empty if nothing known.")
    called: tuple[str, ...] = Field(description="Words that name it, as the reader keeps them.")
    values: tuple[str, ...] = Field(description="Its values, most frequent first.")
    more_values: int = Field(description="Values that are not shown.")
    minimum: float | None
    maximum: float | None


class VersionShown(Frozen):
    """A trained version."""

    version: str
    in_use: bool
    created_at: datetime
    counts: str
    decision: str
    ndcg_10: dict[str, float] = Field(default_factory=dict, description="By method, on held-out events.")


class KeyShown(Frozen):
    """An API key, without anything that opens a door."""

    key_id: str
    tenant: str
    name: str
    state: str = Field(description="`active`, `expired` or `revoked`.")
    roles: tuple[str, ...]
    scopes: tuple[str, ...]
    expires_at: datetime | None
    used_at: datetime | None


class RuleShown(Frozen):
    """A business rule in use."""

    rule_id: str
    kind: str
    enabled: bool
    about: dict[str, Any]
    when: dict[str, Any]


class ConsoleData(Frozen):
    """Everything the console shows."""

    version: str = __version__
    now: datetime
    since: datetime = Field(description="Start of this process; with several workers each counts for itself.")
    answered: int
    failed: int
    keys_asked: bool = Field(description="Keys are asked for; otherwise whoever reaches this machine may see this.")
    keys: tuple[KeyShown, ...] = ()
    tenant: str
    ready: Ready
    latency: tuple[StepLatency, ...]
    degraded: dict[str, int]
    recent: tuple[SeenRequest, ...]
    items: int = Field(description="Items of the catalogue.")
    fields: tuple[FieldShown, ...]
    rules: tuple[RuleShown, ...]
    rule_problems: tuple[str, ...]
    versions: tuple[VersionShown, ...]
    reviews: tuple[Review, ...] = Field(default=(), description="Items that wait for a person's decision.")
    may_decide: bool = Field(default=False, description="The caller may accept and reject them.")


class RulesTrial(Frozen):
    """Rules to try, and the request to try them on."""

    rules: Annotated[str, StringConstraints(max_length=200_000), NoNul()] = Field(
        description="The file's text, in YAML."
    )
    text: Annotated[str, StringConstraints(max_length=4000), NoNul()] = Field(default="", description="The request.")
    user_id: UserId | None = Field(default=None, description="Who asks.")
    n: int = Field(default=10, ge=1, le=50, description="Length of the lists.")
    tenant: TenantId | None = Field(default=None, description="Which shop; left out: the key's, or `default`.")


class PlacedItem(Frozen):
    """An item of a list, and where it was without the rules."""

    rank: int
    item_id: str
    title: str
    before: int | None
    rules: tuple[str, ...]


class RulesTried(Frozen):
    """What rules change in a list, or what is wrong with them."""

    problems: tuple[str, ...] = ()
    items: tuple[PlacedItem, ...] = ()
    gone: tuple[str, ...] = Field(default=(), description="Titles that are not listed any more.")


def add_console_routes(app: FastAPI) -> None:
    """Register the routes of the console; its page is static."""
    app.get("/console/data", include_in_schema=False)(console_data)
    app.post("/console/rules/try", include_in_schema=False)(try_rules)


async def console_data(request: Request, caller: CallerOf, tenant: Tenant = None) -> ConsoleData:
    """Return everything the console shows; a part that cannot be read is left empty, and `ready` says which."""
    service, settings, tenant = service_of(request), request.app.state.settings, caller.tenant_of(tenant)
    recent: RecentRequests = request.app.state.recent
    doorkeeper: Doorkeeper = request.app.state.doorkeeper
    seen = recent.newest(tenant)
    language = await _tried(service.language(tenant))
    schema = language.schema if language else CatalogueSchema()
    loaded = await _tried(service.rules(tenant))
    return ConsoleData(
        now=datetime.now(UTC),
        since=recent.since,
        answered=recent.answered,
        failed=recent.failed,
        keys_asked=doorkeeper.closed,
        keys=await _keys(doorkeeper, caller),
        tenant=tenant,
        ready=await readiness(request),
        latency=tuple(latencies(seen)),
        degraded=dict(degradations(seen)),
        recent=tuple(masked(one, schema) for one in seen[:SHOWN_REQUESTS]),
        items=schema.count,
        fields=tuple(_fields(language)) if language else (),
        rules=tuple(_rule(rule.model_dump(mode="json", exclude_defaults=True), rule) for rule in loaded.rules.rules)
        if loaded
        else (),
        rule_problems=loaded.problems if loaded else (),
        versions=await asyncio.to_thread(_versions, settings, tenant),
        reviews=(await _tried(service.reviews(tenant)) or ())[:SHOWN_REVIEWS],
        may_decide=caller.may("catalogue"),
    )


async def try_rules(request: Request, caller: CallerOf, trial: RulesTrial) -> RulesTried:
    """Show what rules would change in the list for a request; nothing is stored."""
    rules, problems = rules_in(trial.rules)
    if rules is None:
        return RulesTried(problems=tuple(problems))
    tenant = caller.tenant_of(trial.tenant)
    asked = RecommendRequest(text=trial.text or None, user_id=trial.user_id, n=trial.n, tenant=tenant)
    service = service_of(request)
    misfits = told(unfit(rules, (await service.language(tenant)).schema))
    without, with_them = await service.try_rules(rules, asked)
    return RulesTried(problems=misfits, items=tuple(_placed(without, with_them)), gone=tuple(_gone(without, with_them)))


async def _tried(work: Any) -> Any:
    try:
        return await work
    except TastemakerError:
        return None


async def _keys(doorkeeper: Doorkeeper, caller: Caller) -> tuple[KeyShown, ...]:
    """Return the keys of the caller's tenant, or all where no keys are asked for; none to who may not manage them."""
    if not caller.may("admin"):
        return ()
    found = await _tried(doorkeeper.ring.store.all(caller.tenant)) or []
    return tuple(
        KeyShown(
            key_id=key.key_id,
            tenant=key.tenant,
            name=key.name,
            state=key.state(now_us()),
            roles=key.roles,
            scopes=key.scopes,
            expires_at=_time(key.expires_us),
            used_at=_time(key.used_us),
        )
        for key in found
    )


def _time(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else datetime.fromtimestamp(microseconds / 1_000_000, UTC)


def _fields(language: CatalogueLanguage) -> Iterable[FieldShown]:
    called: dict[str, list[str]] = {}
    for key, names in language.names.items():
        for name in names:
            called.setdefault(name, []).append(key)
    for name, terms in language.fields.items():
        yield _field(terms, called.get(name, []))


def _field(terms: FieldTerms, called: list[str]) -> FieldShown:
    field = terms.field
    return FieldShown(
        name=field.name,
        type=field.type,
        role=field.role,
        unit=field.unit,
        concept=terms.concept,
        called=tuple(sorted(called, key=len)[:SHOWN_NAMES]),
        values=field.values[:SHOWN_VALUES],
        more_values=max(0, len(terms.values) - SHOWN_VALUES),
        minimum=field.minimum,
        maximum=field.maximum,
    )


def masked(seen: SeenRequest, schema: CatalogueSchema) -> SeenRequest:
    """Return a request whose conditions show only numbers and the catalogue's own values: anything else a person may have said."""
    conditions = tuple(_condition(c, schema) for c in seen.conditions)
    return seen.model_copy(update={"conditions": conditions})


def _condition(condition: Condition, schema: CatalogueSchema) -> Condition:
    either = tuple(one.model_copy(update={"value": _value(one, schema)}) for one in condition.either)
    update = {"value": _value(condition, schema), "either": either, "condition_id": "", "words": ""}
    return condition.model_copy(update=update)


def _value(said: Condition | Predicate, schema: CatalogueSchema) -> float | bool | str | list[str]:
    field = schema.field(said.field)
    known = field.values if field else ()
    if isinstance(said.value, list):
        return [v if v in known else HIDDEN for v in said.value]
    return said.value if not isinstance(said.value, str) or said.value in known else HIDDEN


def _rule(plain: Mapping[str, Any], rule: Any) -> RuleShown:
    about = {name: value for name, value in plain.items() if name not in ("id", "kind", "when", "enabled")}
    return RuleShown(
        rule_id=rule.id, kind=rule.kind, enabled=rule.enabled, about=about, when=dict(plain.get("when", {}))
    )


def _versions(settings: Settings, tenant: str) -> tuple[VersionShown, ...]:
    store = Artefacts(settings.models_path(tenant), settings.recommender.keep)
    current, shown = store.in_use(), []
    for version in reversed(store.versions()):
        try:
            card = store.card(version)
        except TastemakerError:
            continue
        figures = card.validation.figures if card.validation else {}
        shown.append(
            VersionShown(
                version=version,
                in_use=version == current,
                created_at=card.created_at,
                counts=f"{card.items:,} items, {card.users:,} users, {card.interactions:,} events",
                decision=card.decision,
                ndcg_10={name: round(f.ndcg_10, 4) for name, f in figures.items()},
            )
        )
    return tuple(shown)


def _placed(without: Iterable[Recommendation], with_them: Iterable[Recommendation]) -> Iterable[PlacedItem]:
    before = {item.item_id: item.rank for item in without}
    for item in with_them:
        yield PlacedItem(
            rank=item.rank, item_id=item.item_id, title=item.title, before=before.get(item.item_id), rules=item.rules
        )


def _gone(without: Iterable[Recommendation], with_them: Iterable[Recommendation]) -> Iterable[str]:
    left = {item.item_id for item in with_them}
    return (item.title for item in without if item.item_id not in left)
