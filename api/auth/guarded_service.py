"""Put who calls between every door and the recommender: the tenant is the caller's, and users are whom they may name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from ...core.language.catalogue_language import CatalogueLanguage
from ...core.media.trust_report import CheckRequest, TrustReport
from ...core.ranking.cross_modal import SearchRequest, SearchResponse
from ...core.ranking.why_not import WhyNot
from ...core.rules.model import RuleSet
from ...core.schemas import (
    Deleted,
    Erased,
    Event,
    Item,
    Recommendation,
    RecommendRequest,
    RecommendResponse,
    Review,
    ReviewState,
    StreamEvent,
    UserData,
)
from ...stores.rules import LoadedRules
from ..service import Service
from .caller import Caller, current_caller

Asked = TypeVar("Asked", RecommendRequest, SearchRequest, CheckRequest)


class GuardedService:
    """A recommender for one caller, or for whoever makes the current request; every method checks before it begins.

    Raises of every method:
        UnknownCallerError: nobody was let in.
        ForbiddenError: another tenant or user than the caller's, or a scope that they lack.
    """

    def __init__(self, service: Service, caller: Caller | None = None) -> None:
        self.service = service
        self._caller = caller

    def bound(self) -> GuardedService:
        """Return this service for whoever makes the current request, also in tasks that are not theirs."""
        return GuardedService(self.service, self._who())

    def recommend(
        self,
        request: RecommendRequest | None = None,
        *,
        prompt_versions: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> Coroutine[Any, Any, RecommendResponse]:
        """Answer one request."""
        asked = self._own(request or RecommendRequest())
        return self.service.recommend(asked, prompt_versions=prompt_versions, **self._fields(fields))

    def stream(
        self,
        request: RecommendRequest | None = None,
        *,
        prompt_versions: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> AsyncIterator[StreamEvent]:
        """Answer one request event by event."""
        asked = self._own(request or RecommendRequest())
        return self.service.stream(asked, prompt_versions=prompt_versions, **self._fields(fields))

    def search(self, request: SearchRequest | None = None, **fields: Any) -> Coroutine[Any, Any, SearchResponse]:
        """Find items."""
        self._who().require("recommend")
        return self.service.search(self._own(request or SearchRequest()), **self._fields(fields))

    def check(self, request: CheckRequest | None = None, **fields: Any) -> Coroutine[Any, Any, TrustReport]:
        """Examine media."""
        self._who().require("recommend")
        asked = None if request is None else self._own(request)
        return self.service.check(asked, **self._fields(fields))

    def copy_thread(self, source: str, target: str, tenant: str | None = None) -> Coroutine[Any, Any, bool]:
        """Let a thread go on from where another is; whose it is is looked at when it goes on."""
        who = self._who()
        who.require("recommend")
        return self.service.copy_thread(source, target, tenant=who.tenant_of(tenant))

    def feedback(self, events: Sequence[Event], tenant: str | None = None) -> Coroutine[Any, Any, int]:
        """Store what users did."""
        who = self._who()
        who.require("feedback")
        for event in events:
            who.user_of(event.user_id)
        return self.service.feedback(events, tenant=who.tenant_of(tenant))

    def delete_items(self, item_ids: Sequence[str], tenant: str | None = None) -> Coroutine[Any, Any, Deleted]:
        """Delete items from the catalogue."""
        who = self._who()
        who.require("catalogue")
        return self.service.delete_items(item_ids, tenant=who.tenant_of(tenant))

    def reviews(
        self, tenant: str | None = None, state: ReviewState | None = "waiting"
    ) -> Coroutine[Any, Any, tuple[Review, ...]]:
        """Return the items in this state of review."""
        who = self._who()
        who.require("rules")
        return self.service.reviews(who.tenant_of(tenant), state)

    def decide_reviews(
        self, item_ids: Sequence[str], *, accept: bool, tenant: str | None = None
    ) -> Coroutine[Any, Any, list[str]]:
        """Accept or reject items."""
        who = self._who()
        who.require("catalogue")
        return self.service.decide_reviews(item_ids, accept=accept, tenant=who.tenant_of(tenant))

    def forget_preferences(
        self, user_id: str, tenant: str | None = None, field: str | None = None
    ) -> Coroutine[Any, Any, int]:
        """Forget what a user agreed to have remembered."""
        who = self._who()
        who.require_of_user("erase_users", user_id)
        return self.service.forget_preferences(user_id, tenant=who.tenant_of(tenant), field=field)

    def export_user(self, user_id: str, tenant: str | None = None) -> Coroutine[Any, Any, UserData]:
        """Return everything that is kept of a user."""
        who = self._who()
        who.require_of_user("read_users", user_id)
        return self.service.export_user(user_id, tenant=who.tenant_of(tenant))

    def erase_user(self, user_id: str, tenant: str | None = None) -> Coroutine[Any, Any, Erased]:
        """Erase everything that is kept of a user."""
        who = self._who()
        who.require_of_user("erase_users", user_id)
        return self.service.erase_user(user_id, tenant=who.tenant_of(tenant))

    def why_not(
        self, item_id: str, request: RecommendRequest | None = None, *, allow_paths: bool = True, **fields: Any
    ) -> Coroutine[Any, Any, WhyNot]:
        """Say which step drops an item."""
        asked = self._own(request or RecommendRequest())
        return self.service.why_not(item_id, asked, allow_paths=allow_paths, **self._fields(fields))

    def rules(self, tenant: str | None = None) -> Coroutine[Any, Any, LoadedRules]:
        """Return the business rules in use."""
        who = self._who()
        who.require("rules")
        return self.service.rules(who.tenant_of(tenant))

    def check_rules(self, data: object, tenant: str | None = None) -> Coroutine[Any, Any, list[str]]:
        """Return what is wrong with rules."""
        who = self._who()
        who.require("rules")
        return self.service.check_rules(data, tenant=who.tenant_of(tenant))

    def try_rules(
        self, rules: RuleSet, request: RecommendRequest
    ) -> Coroutine[Any, Any, tuple[tuple[Recommendation, ...], tuple[Recommendation, ...]]]:
        """Return the list for a request without any rules and with these."""
        self._who().require("rules")
        return self.service.try_rules(rules, self._own(request))

    def items(self, item_ids: Sequence[str], tenant: str | None = None) -> Coroutine[Any, Any, list[Item]]:
        """Return the records of items."""
        return self.service.items(item_ids, tenant=self._shop(tenant))

    def known_items(self, tenant: str | None = None) -> Coroutine[Any, Any, tuple[Item, ...]]:
        """Return some of the catalogue's items."""
        return self.service.known_items(self._shop(tenant))

    def language(self, tenant: str | None = None) -> Coroutine[Any, Any, CatalogueLanguage]:
        """Return the fields of a catalogue and what phrases mean in it."""
        return self.service.language(self._shop(tenant))

    def shown(
        self, pairs: Collection[tuple[str, str]], tenant: str | None = None
    ) -> Coroutine[Any, Any, set[tuple[str, str]]]:
        """Return what was shown."""
        return self.service.shown(pairs, tenant=self._shop(tenant))

    async def warm(self) -> None:
        """Load the models that the common path needs."""
        await self.service.warm()

    async def alive(self) -> str:
        """Search for a known item and say what is wrong."""
        return await self.service.alive()

    async def health(self) -> dict[str, dict[str, str]]:
        """Return the state of every part."""
        return await self.service.health()

    async def close(self) -> None:
        """Release connections and files."""
        await self.service.close()

    def _shop(self, tenant: str | None) -> str:
        """Return the tenant of a caller who may ask for items, or tell what was done with them."""
        who = self._who()
        if not who.may("feedback"):
            who.require("recommend")
        return who.tenant_of(tenant)

    def _who(self) -> Caller:
        return self._caller or current_caller()

    def _own(self, request: Asked) -> Asked:
        """Return the request with the caller's tenant, and of a user that they may name."""
        who = self._who()
        who.require("recommend")
        said = request.tenant if "tenant" in request.model_fields_set else None
        update: dict[str, Any] = {"tenant": who.tenant_of(said)}
        if isinstance(request, RecommendRequest):
            update["user_id"] = who.user_of(request.user_id)
            for name in ("max_ms", "max_cost"):
                most, wanted = getattr(who.limits, name), getattr(request, name)
                update[name] = wanted if most is None or (wanted is not None and wanted <= most) else most
        changed = {name: value for name, value in update.items() if getattr(request, name) != value}
        return request.model_copy(update=changed) if changed else request

    def _fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """Return fields given one by one, of which those that say who asks are checked."""
        who, checked = self._who(), dict(fields)
        if "tenant" in checked:
            checked["tenant"] = who.tenant_of(checked["tenant"])
        if "user_id" in checked:
            checked["user_id"] = who.user_of(checked["user_id"])
        return checked
