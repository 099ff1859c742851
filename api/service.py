"""Name what the doors need of a recommender, so that the HTTP service and the command line share one interface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any, Protocol, TypeVar

from ..core.errors import InvalidRequestError
from ..core.language.catalogue_language import CatalogueLanguage
from ..core.media.trust_report import CheckRequest, TrustReport
from ..core.ranking.cross_modal import SearchRequest, SearchResponse
from ..core.ranking.why_not import WhyNot
from ..core.rules.model import RuleSet
from ..core.schemas import (
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
from ..stores.rules import LoadedRules


class Service(Protocol):
    """A recommender as its callers see it; ``tastemaker.Recommender`` is the real one."""

    async def recommend(
        self,
        request: RecommendRequest | None = None,
        *,
        prompt_versions: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> RecommendResponse:
        """Answer one request.

        Raises:
            InvalidRequestError: the input breaks a limit.
            BackEndError, StoreError: nothing could be answered at all.
        """
        ...

    def stream(
        self,
        request: RecommendRequest | None = None,
        *,
        prompt_versions: Mapping[str, str] | None = None,
        **fields: Any,
    ) -> AsyncIterator[StreamEvent]:
        """Answer one request event by event; raises as ``recommend`` does."""
        ...

    async def search(self, request: SearchRequest | None = None, **fields: Any) -> SearchResponse:
        """Find items by words, photos, voice or clips.

        Raises:
            InvalidRequestError: the input breaks a limit, or there is nothing to search for.
            BackEndError, StoreError: nothing could be searched at all.
        """
        ...

    async def copy_thread(self, source: str, target: str, tenant: str = "default") -> bool:
        """Let thread ``target`` go on from where ``source`` is; return False if there is no such thread or it cannot be kept."""
        ...

    async def check(self, request: CheckRequest | None = None, **fields: Any) -> TrustReport:
        """Examine media for forgery, and compare them with each other and with a text.

        Raises:
            InvalidRequestError: the input breaks a limit, or there is nothing to examine.
            ToolError: sound or video cannot be looked at.
        """
        ...

    async def feedback(self, events: Sequence[Event], tenant: str = "default") -> int:
        """Store what users did and return how many events were new."""
        ...

    async def delete_items(self, item_ids: Sequence[str], tenant: str = "default") -> Deleted:
        """Delete items from the catalogue; events stay."""
        ...

    async def reviews(self, tenant: str = "default", state: ReviewState | None = "waiting") -> tuple[Review, ...]:
        """Return the items in this state of review, newest first."""
        ...

    async def decide_reviews(self, item_ids: Sequence[str], *, accept: bool, tenant: str = "default") -> list[str]:
        """Accept or reject items, and return those that had a review."""
        ...

    async def forget_preferences(self, user_id: str, tenant: str = "default", field: str | None = None) -> int:
        """Forget what a user agreed to have remembered, or what is about one field; return how many preferences."""
        ...

    async def export_user(self, user_id: str, tenant: str = "default") -> UserData:
        """Return everything that is kept of a user."""
        ...

    async def erase_user(self, user_id: str, tenant: str = "default") -> Erased:
        """Erase everything that is kept of a user, and say how much that was."""
        ...

    async def why_not(
        self, item_id: str, request: RecommendRequest | None = None, *, allow_paths: bool = True, **fields: Any
    ) -> WhyNot:
        """Return which step of answering a request drops an item; raises as ``recommend`` does."""
        ...

    async def rules(self, tenant: str = "default") -> LoadedRules:
        """Return the business rules in use."""
        ...

    async def check_rules(self, data: object, tenant: str = "default") -> list[str]:
        """Return what is wrong with rules, read from YAML or JSON; nothing is stored."""
        ...

    async def try_rules(
        self, rules: RuleSet, request: RecommendRequest
    ) -> tuple[tuple[Recommendation, ...], tuple[Recommendation, ...]]:
        """Return the list for a request without any rules and with these; raises as ``recommend`` does."""
        ...

    async def items(self, item_ids: Sequence[str], tenant: str = "default") -> list[Item]:
        """Return the records of the items that exist, in this order."""
        ...

    async def known_items(self, tenant: str = "default") -> tuple[Item, ...]:
        """Return some of the catalogue's items at once, the most popular first."""
        ...

    async def language(self, tenant: str = "default") -> CatalogueLanguage:
        """Return the fields of a catalogue and what phrases mean in it."""
        ...

    async def shown(self, pairs: Collection[tuple[str, str]], tenant: str = "default") -> set[tuple[str, str]]:
        """Return which of these (request id, item id) the log of what was shown holds; raises StoreError."""
        ...

    async def warm(self) -> None:
        """Load the models that the common path needs."""
        ...

    async def alive(self) -> str:
        """Search for a known item and say what is wrong; empty if it is found."""
        ...

    async def health(self) -> dict[str, dict[str, str]]:
        """Return slot -> {"state": "ok|degraded|down", "detail": ...}."""
        ...

    async def close(self) -> None:
        """Release connections and files."""
        ...


ServiceFactory = Callable[[], Awaitable[Service]]


Asked = TypeVar("Asked", RecommendRequest, SearchRequest, CheckRequest)


def refuse_paths(request: Asked) -> Asked:
    """Return the request unless it names local files, which only in-process callers may.

    Raises:
        InvalidRequestError: a medium has a ``path``.
    """
    for name, media in (("images", request.images), ("audio", request.audio), ("video", request.video)):
        for position, medium in enumerate(media):
            if medium.path is not None:
                raise InvalidRequestError(
                    f"{name}[{position}].path", "paths are for in-process callers only; send the bytes as `data`"
                )
    return request
