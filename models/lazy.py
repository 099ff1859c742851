"""Open a back-end on first use, in a thread, so that a missing one degrades a request instead of stopping the start.

A failed opening is remembered for ``RETRY_S`` seconds, then tried again.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from ..core.background import close_each
from ..core.errors import BackEndUnavailable, TastemakerError
from ..core.language.foreign import is_foreign
from ..core.protocols import (
    Alignable,
    Captioner,
    ImageTextModel,
    PartialTranscriber,
    ReadsOtherLanguages,
    Teachable,
    TellsProblem,
    Transcriber,
    Vectors,
)
from ..core.redaction import public_reason, redact
from ..core.schemas import Caption, SpokenSegment, Transcript

log = logging.getLogger("tastemaker.models")
RETRY_S = 30.0
T = TypeVar("T")


class Lazy(Generic[T]):
    """Hold a back-end that is opened once; ``state`` is ``idle``, ``ok`` or, fit for clients, why it could not be opened.

    The whole reason goes to the log, without credentials.
    """

    def __init__(self, open_it: Callable[[], T], name: str) -> None:
        self._open = open_it
        self._lock = threading.Lock()
        self._value: T | None = None
        self._failed: tuple[float, TastemakerError] | None = None
        self.name = name

    @property
    def state(self) -> str:
        """Say whether the back-end is open."""
        if self._value is not None:
            return "ok"
        return public_reason(self._failed[1], self.name) if self._failed else "idle"

    async def get(self) -> T:
        """Return the back-end, opening it in a thread if need be.

        Raises:
            ConfigurationError: its setting is wrong.
            BackEndError: it cannot be opened.
        """
        return self._value if self._value is not None else await asyncio.to_thread(self._load)

    async def aclose(self) -> None:
        """Close the back-end if it is open and has connections; it is opened again when it is needed."""
        value, self._value = self._value, None
        await close_each(value)

    def _load(self) -> T:
        with self._lock:
            if self._value is not None:
                return self._value
            if self._failed and time.monotonic() - self._failed[0] < RETRY_S:
                raise self._failed[1]
            try:
                self._value = self._open()
            except TastemakerError as error:
                self._remember(error)
                raise
            except (ImportError, OSError, RuntimeError) as error:
                failure = BackEndUnavailable(f"{self.name} cannot be opened: {error}", back_end=self.name)
                self._remember(failure)
                raise failure from error
            return self._value

    def _remember(self, failure: TastemakerError) -> None:
        self._failed = (time.monotonic(), failure)
        log.warning("%s cannot be opened: %s", self.name, redact(str(failure)))


class LazyImageText(Lazy[ImageTextModel]):
    """An ImageTextModel opened on first use; ``dim`` is 0 until then."""

    @property
    def dim(self) -> int:
        """Return the length of its vectors."""
        return self._value.dim if self._value is not None else 0

    @dim.setter
    def dim(self, value: int) -> None:
        raise AttributeError("the opened model says how long its vectors are")

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; see ImageTextModel."""
        return await (await self.get()).embed_texts(texts)

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        """Embed pictures; see ImageTextModel."""
        return await (await self.get()).embed_images(paths)

    async def unread(self, text: str) -> str:
        """Say why the meaning of a text cannot be told; see TellsUnread. Raises as ``Lazy.get``."""
        model = await self.get()
        if not isinstance(model, ReadsOtherLanguages) or not is_foreign(text):
            return ""
        problem = (await asyncio.to_thread(model.reader_of, text)).problem
        return (
            f"What is said in another language than English is compared by its words only: {problem}."
            if problem
            else ""
        )

    def of_tenant(self, tenant: str) -> TenantImageText:
        """Return the model as that tenant aligned it, where its kind can be aligned."""
        return TenantImageText(self, tenant)

    @property
    def problem(self) -> str:
        """Say, fit for clients, what keeps the alignment in use from being used; empty if nothing does."""
        return self._value.problem if isinstance(self._value, TellsProblem) else ""


class TenantImageText:
    """An ImageTextModel under one tenant's alignment, opened on first use."""

    def __init__(self, lazy: LazyImageText, tenant: str) -> None:
        self._lazy, self._tenant = lazy, tenant
        self._aligned: ImageTextModel | None = None
        self.name = lazy.name

    @property
    def dim(self) -> int:
        """Return the length of its vectors, 0 until it is open."""
        return self._lazy.dim

    @dim.setter
    def dim(self, value: int) -> None:
        raise AttributeError("the opened model says how long its vectors are")

    @property
    def problem(self) -> str:
        """Say, fit for clients, what keeps the tenant's alignment from being used; empty if nothing does."""
        return self._aligned.problem if isinstance(self._aligned, TellsProblem) else ""

    async def embed_texts(self, texts: Sequence[str]) -> Vectors:
        """Embed texts; see ImageTextModel."""
        return await (await self.get()).embed_texts(texts)

    async def embed_images(self, paths: Sequence[str]) -> Vectors:
        """Embed pictures; see ImageTextModel."""
        return await (await self.get()).embed_images(paths)

    async def get(self) -> ImageTextModel:
        """Return the opened model under the tenant's alignment. Raises as ``Lazy.get``."""
        model = await self._lazy.get()
        self._aligned = model.of_tenant(self._tenant) if isinstance(model, Alignable) else model
        return self._aligned


class LazyCaptioner(Lazy[Captioner]):
    """A Captioner opened on first use."""

    async def caption(self, path: str) -> Caption:
        """Describe a picture; see Captioner."""
        return await (await self.get()).caption(path)

    async def knowing(self, words: Sequence[str]) -> Captioner:
        """Return the captioner, ready to look for ``words`` too where its kind can be taught any."""
        captioner = await self.get()
        taught = captioner.with_vocabulary(words) if isinstance(captioner, Teachable) else captioner
        if isinstance(taught, Teachable):
            await taught.prepare()
        return taught


class LazyTranscriber(Lazy[Transcriber]):
    """A Transcriber opened on first use."""

    async def transcribe(self, path: str) -> Transcript:
        """Write down speech; see Transcriber."""
        return await (await self.get()).transcribe(path)

    async def transcribe_parts(self, path: str, told: Callable[[SpokenSegment], None]) -> Transcript:
        """Write down speech and tell each stretch as it is read, if the back-end can; see PartialTranscriber."""
        back_end = await self.get()
        if isinstance(back_end, PartialTranscriber):
            return await back_end.transcribe_parts(path, told)
        return await back_end.transcribe(path)
