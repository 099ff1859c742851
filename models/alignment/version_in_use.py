"""Serve the alignment that is in use for a shop, and take up another one while running."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path

from ...core.errors import BackEndError, ConfigurationError, StoreError, TastemakerError
from ...core.protocols import TextReader, Vectors
from ...core.settings import Settings
from ..image_text.embedded import MODEL_NAME, EmbeddedImageText
from .versions import DEFAULT_TENANT, PACKAGED, Alignments

log = logging.getLogger("tastemaker.alignment")
CHECK_S = 3.0
"""Seconds between looks for another alignment."""
MAX_TENANTS = 32


class FollowingImageText:
    """The embedded model under the alignment in use; implements ImageTextModel.

    Words do not depend on an alignment; pictures are embedded under the one that was in use when their request came. An
    alignment that cannot be used leaves the last good one in place, and ``problem`` says so, fit for clients. A tenant
    without an alignment of its own has that of the default tenant.

    Args:
        towers: the model with its packaged weights; every alignment shares its towers.
        settings: says where alignments are kept.
        tenant: whose alignment.
        clock: seconds.
    """

    def __init__(
        self,
        towers: EmbeddedImageText,
        settings: Settings,
        tenant: str = DEFAULT_TENANT,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._towers, self._settings, self._tenant, self._clock = towers, settings, tenant, clock
        self._own = Alignments(settings.home, tenant)
        self._common = Alignments(settings.home)
        self._lock = threading.Lock()
        self._model, self._looked = towers, float("-inf")
        self._seen: tuple[str, str] = (DEFAULT_TENANT, PACKAGED)
        self._tenants: OrderedDict[str, FollowingImageText] = OrderedDict({tenant: self})
        self.dim = towers.dim
        self.problem = ""

    @property
    def name(self) -> str:
        """Return the name with the version in use."""
        return self.current().name

    @name.setter
    def name(self, value: str) -> None:
        raise AttributeError("the alignment in use gives the name")

    @property
    def revision(self) -> str:
        """Return what changes with the weights in use."""
        return self.current().revision

    def of_tenant(self, tenant: str) -> FollowingImageText:
        """Return the model under that tenant's alignment; those used last are kept."""
        with self._lock:
            found = self._tenants.pop(tenant, None)
            if found is None:
                found = FollowingImageText(self._towers, self._settings, tenant, self._clock)
            self._tenants[tenant] = found
            while len(self._tenants) > MAX_TENANTS:
                self._tenants.popitem(last=False)
        return found

    def reader_of(self, text: str, *, fetch: bool = False) -> TextReader:
        """Return what embeds a text; see ReadsOtherLanguages."""
        return self._towers.reader_of(text, fetch=fetch)

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; see ImageTextModel."""
        return await self._towers.embed_texts(texts)

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        """Embed pictures under the alignment in use; see ImageTextModel."""
        due = self._clock() - self._looked >= CHECK_S
        model = await asyncio.to_thread(self.current) if due else self._model
        return await model.embed_images(paths)

    def current(self) -> EmbeddedImageText:
        """Return the model under the alignment in use, after a look for another one if the last is some seconds old."""
        with self._lock:
            if self._clock() - self._looked >= CHECK_S:
                self._looked = self._clock()
                self._follow()
            return self._model

    def _follow(self) -> None:
        try:
            store = self._own if self._own.current() != PACKAGED else self._common
            chosen = (store.tenant, store.current())
        except StoreError as error:
            self._seen, self.problem = ("", ""), f"{error}; the alignment before it stays in use"
            return
        if chosen == self._seen:
            return
        self._seen = chosen
        try:
            self._model = self._opened(store, chosen[1])
            self.problem = ""
            log.info("alignment %s of %s is in use", chosen[1], store.tenant)
        except (TastemakerError, OSError, ValueError) as error:
            self.problem = f"alignment {chosen[1]} cannot be used; the one before it stays in use"
            log.error("alignment %s of %s cannot be used: %s", chosen[1], store.tenant, error)

    def _opened(self, store: Alignments, version: str) -> EmbeddedImageText:
        """Return the model under a version, tried once.

        Raises:
            ConfigurationError: it does not hold this head.
            BackEndError: it gives vectors that are not finite.
        """
        if version == PACKAGED:
            return self._towers
        model = self._towers.under(store.weights(version), version)
        if not model.is_sound():
            raise BackEndError("its vectors are not finite", back_end=model.name)
        return model


def open_embedded(name: str, settings: Settings) -> EmbeddedImageText | FollowingImageText:
    """Return the embedded model; ``name`` is ``efficientnet-lite0-minilm`` or the path of a projection of your own.

    The first follows the alignments under ``settings.home``; it is the packaged weights where there is none.

    Raises:
        ConfigurationError: no such model or file.
    """
    if name == MODEL_NAME:
        return FollowingImageText(_packaged(settings), settings)
    path = Path(name).expanduser()
    if path.suffix != ".safetensors" or not path.is_file():
        raise ConfigurationError(
            f"models.image_text: embedded:{name} is neither embedded:{MODEL_NAME} nor a projection.safetensors file"
        )
    return EmbeddedImageText(settings.cache, settings.models.threads, path, precision=settings.models.text_precision)


def alignable(settings: Settings) -> EmbeddedImageText:
    """Return the embedded model with its packaged weights, to be aligned.

    Raises:
        ConfigurationError: the settings name another image-text model, which an alignment would not change.
    """
    from ..slots import slot_id

    served = slot_id(settings, "image_text")
    if served != f"embedded:{MODEL_NAME}":
        raise ConfigurationError(f"models.image_text is {served}; only embedded:{MODEL_NAME} can be aligned")
    return _packaged(settings)


def _packaged(settings: Settings) -> EmbeddedImageText:
    return EmbeddedImageText(settings.cache, settings.models.threads, precision=settings.models.text_precision)
