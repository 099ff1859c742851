"""Build and hold everything a graph run calls: tools, agents and, per tenant, the stores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

from ...agents.explaining.composer import Composer
from ...agents.prompt_files.library import PromptLibrary
from ...agents.understanding.by_model_rules import is_used
from ...core.background import close_each
from ...core.errors import InvalidRequestError, StoreError
from ...core.protocols import (
    Alignable,
    Captioner,
    Catalogue,
    ChatModel,
    Collaborative,
    History,
    ImageTextModel,
    Transcriber,
)
from ...core.ranking.query import SEGMENT_KEY
from ...core.releases.in_force import RULES
from ...core.schemas import RecommendRequest
from ...core.settings import Settings
from ...models import registry, slots
from ...models.captions.text_in_pictures import PictureText
from ...models.image_text.clip_photo import ClipPhoto
from ...models.lazy import LazyCaptioner, LazyImageText, LazyTranscriber
from ...stores.catalogue.lance_catalogue import LanceCatalogue
from ...stores.database import Database
from ...stores.events.co_occurrence import CoOccurrence
from ...stores.events.exposure_log import ExposureLog
from ...stores.events.history import SqlHistory
from ...stores.events.private_segments import SegmentReleases
from ...stores.events.remembered_preferences import TasteStore
from ...stores.reopening import reopening
from ...stores.reviews import ReviewStore, RulesWithReviews
from ...stores.rules import FixedRules, Rules, RuleStore
from ...tools.media.admission import MediaAdmitter
from ...tools.perception.audio_transcriber import AudioTranscriber
from ...tools.perception.image_captioner import ImageCaptioner
from ...tools.perception.video_reader import VideoReader
from ...tools.policy.content_filters import open_filters
from ...tools.ranking.new_item_quota import NewItemQuota
from ...tools.sources.taste import DescribedSource
from ...tools.trust.clip_cuts import CLIP_CUTS
from ...tools.trust.consistency_checker import ConsistencyChecker
from ...tools.trust.examiner import Examiner, photo_methods
from ...tools.trust.printed_text import PrintedText
from ...tools.trust.sound_and_picture import sound_and_picture
from ...tools.trust.whole_text import WholeText
from ..releases.live import LiveReleases
from ..releases.serving import Serving
from ..turn.breaker import Breakers
from .caption_vocabulary import CaptionVocabulary
from .evidence_memory import SensesMemory
from .llm_services import LLMParts
from .shop import Shop

MAX_SHOPS = 32
DEFAULT_TENANT = "default"
TENANT_CHECK_S = 2.0
OpenStores = Callable[[str], Awaitable[tuple[Catalogue, History, Collaborative]]]


@dataclass
class Services:
    """What every turn shares."""

    settings: Settings
    image_text: ImageTextModel
    captioner: Captioner
    transcriber: Transcriber
    chat: ChatModel
    prompts: PromptLibrary
    open_stores: OpenStores
    exposures: ExposureLog | None = None
    tastes: TasteStore | None = None
    reviews: ReviewStore | None = None
    releases: LiveReleases | None = None
    shops: dict[str, Shop] = field(default_factory=dict)
    _opening: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    def __post_init__(self) -> None:
        self.senses = SensesMemory()
        self.breakers = Breakers()
        files = RuleStore(self.settings.rules_dir, kept=self.settings.home / "rules-last-good")
        self.rules: Rules = self.with_reviews(files)
        self.rebuild()

    def with_reviews(self, rules: Rules) -> Rules:
        """Return rules that also keep out what is held for review."""
        return rules if self.reviews is None else RulesWithReviews(rules, self.reviews)

    def rebuild(self) -> None:
        """Make the tools and agents over the back-ends; call it after replacing one."""
        limits = self.settings.limits
        self.admitter = MediaAdmitter(limits)
        self.caption = ImageCaptioner(self.captioner)
        self.shop_words = CaptionVocabulary(self.captioner)
        self.transcribe = AudioTranscriber(self.transcriber)
        self.watch = VideoReader(self.captioner, self.transcriber, limits)
        self.check = ConsistencyChecker(
            self.image_text,
            examiner=Examiner(
                photo_methods(self.settings.cache, safety=self.settings.trust.safety),
                clip_methods=(sound_and_picture(self.settings.cache), CLIP_CUTS),
            ),
            whole_text=WholeText(ClipPhoto(self.settings.cache), self.image_text),
            printed=PrintedText(PictureText(threads=self.settings.models.threads)),
            closely=self.settings.trust.closely,
        )
        self.filters = open_filters(self.settings) if self.settings.filters.use else None
        self.composer = Composer(
            self.chat,
            self.prompts,
            self.settings.llm,
            writes_message=self.settings.model_writes_message,
            guided=self.settings.profile == "embedded",
        )
        self.llm_rank = LLMParts(self.settings, self.chat, self.prompts, self.image_text.name, releases=self.releases)

    @property
    def model_reads(self) -> tuple[bool, str]:
        """Return whether the language model reads requests beside the grammar, and else why not."""
        return is_used(self.settings.llm.reader, self.chat.name)

    @classmethod
    def from_settings(cls, settings: Settings) -> Services:
        """Return the parts that the settings name; models open on first use."""
        image_text = LazyImageText(lambda: registry.open_image_text(settings), slots.slot_id(settings, "image_text"))
        database = Database(settings.history_url)
        return cls(
            settings=settings,
            image_text=image_text,
            captioner=LazyCaptioner(
                lambda: registry.open_captioner(settings, image_text), slots.slot_id(settings, "captioner")
            ),
            transcriber=LazyTranscriber(
                lambda: registry.open_transcriber(settings), slots.slot_id(settings, "transcriber")
            ),
            chat=registry.open_chat(settings),
            prompts=PromptLibrary(Path(settings.prompts.dir) if settings.prompts.dir else None, settings.prompts.live),
            open_stores=open_stores(settings, database),
            exposures=open_exposures(settings, database),
            tastes=TasteStore(database),
            reviews=ReviewStore(database),
            releases=LiveReleases.at(settings),
        )

    def serving(self, request: RecommendRequest, thread_id: str) -> Serving:
        """Return which released versions serve a request; the share of a rollout is drawn by user, else by conversation."""
        if self.releases is None:
            return Serving()
        user = request.user_id
        unit = f"thread {thread_id}" if user is None else f"user {user}"
        return self.releases.serve(request.tenant, unit, request.context.get(SEGMENT_KEY), stranger=user is None)

    def rules_of(self, tenant: str) -> Rules:
        """Return the rules in production of a shop: the released ones, else those of its file."""
        return self.rules_with(self.releases.serve(tenant, "", None, stranger=False).made if self.releases else {})

    def rules_with(self, made: Mapping[str, Any]) -> Rules:
        """Return the released rules among what was released, else those of the shop's file; either way with the reviews."""
        released = made.get(RULES)
        return self.rules if released is None else self.with_reviews(FixedRules(released))

    @asynccontextmanager
    async def lend(self, tenant: str) -> AsyncIterator[Shop]:
        """Lend the tenant's shop: it stays open at least as long as it is lent.

        Raises:
            InvalidRequestError: there is no catalogue of that tenant.
        """
        shop = await self.shop(tenant, lent=True)
        try:
            yield shop
        finally:
            shop.users -= 1

    async def shop(self, tenant: str, *, lent: bool = False) -> Shop:
        """Return the tenant's shop; those lent stay open, and of the others the ``MAX_SHOPS`` used last. Raises as ``lend``."""
        async with self._opening.setdefault(tenant, asyncio.Lock()):
            shop = self.shops.pop(tenant, None) or await self._open_shop(tenant)
            self.shops[tenant] = shop
            shop.users += lent
        idle = [name for name, other in self.shops.items() if not other.users and name != tenant]
        leaving = [self.shops.pop(name) for name in idle[: max(0, len(self.shops) - MAX_SHOPS)]]
        for other in leaving:
            await other.close()
        return shop

    def image_text_of(self, tenant: str) -> ImageTextModel:
        """Return the image-text model as the tenant aligned it, where its kind can be aligned."""
        model = self.image_text
        return model.of_tenant(tenant) if isinstance(model, Alignable) else model

    def caption_for(self, shop: Shop) -> ImageCaptioner:
        """Return the captioner that also looks for the shop's attribute values, or the plain one until that is ready."""
        return self.shop_words.captioner(shop) or self.caption

    async def _open_shop(self, tenant: str) -> Shop:
        catalogue, history, collaborative = await self.open_stores(tenant)
        shop = Shop.of(tenant, catalogue, history, collaborative, self.settings)
        if self.exposures is not None and self.settings.exploration.share:
            shop.new_items = NewItemQuota(catalogue, self.exposures, tenant, shop.learned)

        async def described(words: Sequence[str], limit: int) -> list[tuple[str, float]]:
            return await self.llm_rank.words(tenant).find(words, limit)

        shop.sources = (*shop.sources, DescribedSource(catalogue, described))
        if tenant != DEFAULT_TENANT:
            await self._check_tenant(shop)
        return shop

    async def _check_tenant(self, shop: Shop) -> None:
        try:
            count = (await asyncio.wait_for(shop.catalogue.schema(), TENANT_CHECK_S)).count
        except (StoreError, TimeoutError):
            return  # it may exist: the request is answered without the catalogue
        if not count:
            await shop.close()
            raise InvalidRequestError("tenant", "there is no catalogue of that name; ingest one with --tenant")

    async def close(self) -> None:
        """Close every shop and every back-end's connections."""
        await self.shop_words.close()
        while self.shops:
            await self.shops.popitem()[1].close()
        await close_each(
            self.releases, self.exposures, self.tastes, self.chat, self.captioner, self.transcriber, self.llm_rank
        )


def open_exposures(settings: Settings, database: Database) -> ExposureLog | None:
    """Return the log of what is shown; None if it is turned off."""
    wanted = settings.exposures
    return ExposureLog(database, wanted.retention_days) if wanted.enabled else None


def open_stores(settings: Settings, database: Database | None = None) -> OpenStores:
    """Return the function that opens a tenant's catalogue, history and collaborative models.

    All histories are in ``database``; without it each shop opens and closes that of the settings for itself.
    """

    async def open_for(tenant: str) -> tuple[Catalogue, History, Collaborative]:
        settings.home.mkdir(parents=True, exist_ok=True)
        catalogue = reopening(
            lambda: LanceCatalogue.open(settings.catalogue_uri, tenant, settings.catalogue.exact_below)
        )
        events = database or Database(settings.history_url)
        history = SqlHistory(events, tenant, own=database is None)
        told = settings.privacy
        releases = (
            SegmentReleases(events, tenant, told.segment_epsilon, told.segment_days) if told.segment_epsilon else None
        )
        return catalogue, history, CoOccurrence(history, releases=releases)

    return open_for
