"""Wrap a recommender as LangChain's tool and retriever, for synchronous and asynchronous callers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeVar

from langchain_core.callbacks import AsyncCallbackManagerForRetrieverRun, CallbackManagerForRetrieverRun
from langchain_core.documents import Document
from langchain_core.retrievers import BaseRetriever
from langchain_core.tools import ArgsSchema, BaseTool, ToolException
from pydantic import ConfigDict, Field, SkipValidation

from ...agents.explaining.markdown import whole
from ...core.errors import InvalidRequestError, TastemakerError
from ...core.ranking.cross_modal import Hit, SearchRequest, SearchResponse
from ...core.schemas import Constraint, Frozen, RecommendRequest, RecommendResponse, ThreadId
from ...core.validation import checked
from ..service import Service, refuse_paths
from ..shared_recommender import SharedRecommender

T = TypeVar("T")
Uses = Annotated[Service | SharedRecommender, SkipValidation]
DEFAULT_N = 5


class RecommendArguments(Frozen):
    """What an agent may say of a request."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    text: str = Field(
        max_length=4000, description="What the person wants, in their own words: prices, colours, 'not red', 'cheaper'."
    )
    thread_id: ThreadId | None = Field(default=None, description="Of the answer before, to go on from it.")
    n: int = Field(default=DEFAULT_N, ge=1, le=50, description="How many items, 1 to 50.")


class RecommendTool(BaseTool):
    """A tool that recommends: its content is Markdown for the model, its artifact the whole ``RecommendResponse``.

    ``fields`` are further fields of every request, such as ``user_id``, ``tenant`` or ``constraints``; a model cannot change them.
    Wrong input comes back as an error of the tool that names the field.
    """

    name: str = "recommend"
    description: str = (
        "Recommend items of the shop for what a person says. Conditions in the words are kept by the store. Send `thread_id` back "
        "for 'cheaper', 'not that one' or 'why the first?'. Prices, titles and links come from its records; do not change them."
    )
    args_schema: ArgsSchema | None = RecommendArguments
    response_format: Literal["content", "content_and_artifact"] = "content_and_artifact"
    handle_tool_error: bool | str | Callable[[ToolException], str] | None = True
    recommender: Uses = Field(exclude=True)
    fields: dict[str, Any] = Field(default_factory=dict)

    def _run(self, **given: Any) -> tuple[str, RecommendResponse]:
        request = self._request(given)
        return _told(_tried(lambda: _waits(self.recommender).wait(lambda s: s.recommend(request, allow_paths=False))))

    async def _arun(self, **given: Any) -> tuple[str, RecommendResponse]:
        request = self._request(given)
        try:
            return _told(await self.recommender.recommend(request, allow_paths=False))
        except TastemakerError as error:
            raise _tool_error(error) from error

    def _request(self, given: dict[str, Any]) -> RecommendRequest:
        said = {
            name: value
            for name, value in given.items()
            if value is not None and name in RecommendArguments.model_fields
        }
        return _tried(lambda: refuse_paths(checked(RecommendRequest, {**said, **self.fields})))


class SearchRetriever(BaseRetriever):
    """A retriever over the catalogue: documents hold title and attributes, their metadata the record's fields and the score.

    ``constraints`` are kept by the store; ``look_at`` compares with the items' words, pictures or both.
    """

    recommender: Uses = Field(exclude=True)
    n: int = Field(default=DEFAULT_N, ge=1, le=100)
    constraints: list[Constraint] = Field(default_factory=list)
    look_at: Literal["both", "image", "text"] = "both"
    tenant: str | None = None

    def _get_relevant_documents(self, query: str, *, run_manager: CallbackManagerForRetrieverRun) -> list[Document]:
        request = self._request(query)
        return _documents(_waits(self.recommender).wait(lambda s: s.search(request, allow_paths=False)))

    async def _aget_relevant_documents(
        self, query: str, *, run_manager: AsyncCallbackManagerForRetrieverRun
    ) -> list[Document]:
        return _documents(await self.recommender.search(self._request(query), allow_paths=False))

    def _request(self, query: str) -> SearchRequest:
        given = {"text": query, "n": self.n, "constraints": self.constraints, "look_at": self.look_at}
        return checked(SearchRequest, {**given, **({"tenant": self.tenant} if self.tenant else {})})


def _waits(recommender: Service | SharedRecommender) -> SharedRecommender:
    """Return a recommender that synchronous code can use.

    Raises:
        TypeError: it belongs to the event loop that opened it.
    """
    if not isinstance(recommender, SharedRecommender):
        raise TypeError("this recommender is asynchronous: use ainvoke, or give a SharedRecommender")
    return recommender


def _tried(work: Callable[[], T]) -> T:
    try:
        return work()
    except TastemakerError as error:
        raise _tool_error(error) from error


def _tool_error(error: TastemakerError) -> ToolException:
    """Return the error as a model is told of it: wrong input names its field, everything else tells nothing of the inside."""
    if isinstance(error, InvalidRequestError):
        return ToolException(f"{error.field}: {error.message}")
    return ToolException("the shop could not answer; try again later")


def _told(answer: RecommendResponse) -> tuple[str, RecommendResponse]:
    return f"{whole(answer)}\n\nthread_id: {answer.thread_id}", answer


def _documents(found: SearchResponse) -> list[Document]:
    return [_document(hit) for hit in found.hits]


def _document(hit: Hit) -> Document:
    said = [
        f"{name}: {', '.join(value) if isinstance(value, list) else value}" for name, value in hit.attributes.items()
    ]
    about = {
        "item_id": hit.item_id,
        "title": hit.title,
        "url": hit.url,
        "image": hit.image,
        "rank": hit.rank,
        "score": hit.score,
    }
    return Document(page_content="\n".join([hit.title, *said]), id=hit.item_id, metadata={**hit.attributes, **about})
