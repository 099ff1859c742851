"""Hold what re-ranking with a language model needs: the ranker, the embedder and each shop's fitted weights."""

from __future__ import annotations

from collections.abc import Sequence

from ...agents.describer import Describer
from ...agents.prompt_files.library import PromptLibrary
from ...agents.reranking.combined_signal import model_names, prompt_refs
from ...agents.reranking.llm_ranker import LLMRanker
from ...core.background import close_each
from ...core.learning.llm_weight_fit import FittedWeight
from ...core.protocols import ChatModel, TextEmbedder
from ...core.schemas import LLMStrategy
from ...core.settings import Settings
from ...models.llm.embeddings import open_embeddings
from ...models.llm.scoring import GenerativeScoring, Posts
from ...stores.fitted_files import WeightFile, weights_path
from ..releases.live import LiveReleases
from .descriptions import ShopDescriptions


class LLMParts:
    """What every turn shares; ``releases`` has the prompts in production. ``embedder`` is a language-model server's, None where the catalogue's vectors serve.

    ``weight_to_evaluate`` stands in for the fitted weight, from 0 to 2, in evaluations in process; no door sets it.
    """

    def __init__(
        self,
        settings: Settings,
        chat: ChatModel,
        library: PromptLibrary,
        vectors: str,
        *,
        releases: LiveReleases | None = None,
    ) -> None:
        scoring = GenerativeScoring(chat) if isinstance(chat, Posts) else None
        self.ranker = LLMRanker(chat, scoring, library, settings.llm_rank)
        self.embedder: TextEmbedder | None = open_embeddings(settings)
        self.weight_to_evaluate: float | None = None
        self._home = settings.home
        self._vectors = vectors
        self._files: dict[str, WeightFile] = {}
        self._library, self._timeout_s = library, settings.llm.timeout_s
        self._releases = releases
        self._words: dict[str, ShopDescriptions] = {}

    @property
    def embedder_name(self) -> str:
        """Return the model behind the strategy ``embeddings``."""
        return self.embedder.name if self.embedder else self._vectors

    def file(self, tenant: str) -> WeightFile:
        """Return the weights of a shop."""
        return self._files.setdefault(tenant, WeightFile(weights_path(self._home, tenant)))

    def words(self, tenant: str) -> ShopDescriptions:
        """Return the words that were written about a shop's items and its users' tastes."""
        if tenant not in self._words:
            released = self._releases.in_production(tenant) if self._releases else {}
            describer = Describer(self.ranker.chat, self._library.pinned({}, released), self._timeout_s)
            self._words[tenant] = ShopDescriptions(self._home, tenant, describer)
        return self._words[tenant]

    def weight(
        self, tenant: str, strategies: Sequence[LLMStrategy], group: str, library: PromptLibrary
    ) -> FittedWeight:
        """Return how far these strategies together may move a list for a user group.

        Raises:
            StoreError: the weights cannot be read.
            ConfigurationError: a prompt is missing or wrong.
        """
        model = model_names(strategies, self.ranker.chat.name, self.embedder_name)
        return self.file(tenant).read().find(model, strategies, prompt_refs(strategies, library), group)

    async def aclose(self) -> None:
        """Stop writing words and close the embedder's connections."""
        for words in self._words.values():
            await words.close()
        await close_each(self.embedder)
