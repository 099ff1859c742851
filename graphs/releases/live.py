"""Keep what is released in memory and up to date: a server asks the database for one number every second, and for the rest when it changed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import re
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from ...agents.prompt_files.file_format import Prompt
from ...core.background import stop
from ...core.errors import ConfigurationError, InvalidRequestError, StoreError, TastemakerError
from ...core.redaction import redact
from ...core.schemas.releases import ServedVersion
from ...core.settings import Settings
from ...stores.releases.store import ReleaseStore
from .kinds import Shelves, digest_of
from .serving import NOTHING, Live, Serving

RELEASED = re.compile(r"([rd])(\d{1,9})")
"""How a version of somebody's choice is written: ``r3`` a released one, ``d17`` a draft; anything else is a file's version."""
MAX_MADE = 500
"""So many texts are kept as read."""
WINDOW, BROKEN = 10, 3
"""A version that broke its schema so often in its last answers serves no more in this process."""
log = logging.getLogger("tastemaker.releases")


class _InProduction(Mapping[str, Prompt]):
    """The prompts in production of one tenant."""

    def __init__(self, live: LiveReleases, tenant: str) -> None:
        self._live, self._tenant = live, tenant

    def _now(self) -> dict[str, Prompt]:
        live = self._live.live(self._tenant)
        made = {name: live.made.get((name, number)) for name, number in live.production.items()}
        return {name: prompt for name, prompt in made.items() if isinstance(prompt, Prompt)}

    def __getitem__(self, name: str) -> Prompt:
        return self._now()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._now())

    def __len__(self) -> int:
        return len(self._now())


class LiveReleases:
    """What is served to every tenant. ``poll_s`` is how often the database is asked whether something changed."""

    def __init__(self, store: ReleaseStore, shelves: Shelves, poll_s: float) -> None:
        self._store, self._shelves, self._poll_s = store, shelves, poll_s
        self._live: dict[str, Live] = {}
        self._made: dict[str, Any] = {}
        self._broken: dict[tuple[str, str, int], deque[bool]] = {}
        self._revision = -1
        self._failed = False
        self._task: asyncio.Task[None] | None = None

    @classmethod
    def at(cls, settings: Settings) -> LiveReleases:
        """Return what the settings name; nothing is opened yet.

        Raises:
            ConfigurationError: the database's URL is not understood.
        """
        return cls(ReleaseStore.at(settings.releases_url), Shelves(settings), settings.prompts.poll_s)

    async def start(self) -> None:
        """Read what is released, and go on looking; a database that fails is looked at again later."""
        await self.refresh()
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._poll())

    async def close(self) -> None:
        """Stop looking and close the database."""
        await stop(self._task)
        await self._store.close()

    def serve(self, tenant: str, unit: str, segment: str | None, *, stranger: bool) -> Serving:
        """Return which versions serve a unit, which is a user, else a conversation."""
        return Serving.begin(self.live(tenant), unit, segment, stranger=stranger)

    def live(self, tenant: str) -> Live:
        """Return all that is served to a tenant."""
        return self._live.get(tenant, NOTHING)

    def in_production(self, tenant: str) -> Mapping[str, Prompt]:
        """Return the prompts in production of a tenant, as they are whenever one is looked up: for words written in the background."""
        return _InProduction(self, tenant)

    async def try_out(self, serving: Serving, tenant: str, versions: Mapping[str, str]) -> dict[str, str]:
        """Let released versions and drafts of somebody's choice serve a request; return the others, which are versions of files.

        Raises:
            InvalidRequestError: there is no such version or draft, or it has problems.
            StoreError: the database failed.
        """
        others: dict[str, str] = {}
        for name, wanted in versions.items():
            match = RELEASED.fullmatch(wanted)
            if match is None:
                others[name] = wanted
                serving.made.pop(name, None)
                serving.versions.pop(name, None)
                continue
            number = int(match[2])
            body = None if match[1] == "r" and not number else await self._body(tenant, name, match[1], number)
            problems = self._shelves.problems(name, body) if body is not None else []
            if problems:
                raise InvalidRequestError("prompt_versions", f"{name} {wanted} cannot be tried: {'; '.join(problems)}")
            draft = number if match[1] == "d" else None
            version = ServedVersion(name=name, number=0 if draft else number, draft=draft)
            serving.try_out(name, version, None if body is None else self._read(name, body, wanted))
        return others

    async def refresh(self) -> None:
        """Take up what changed since the last look; keep what is known where the database fails."""
        try:
            revision = await self._store.revision()
            if revision != self._revision:
                self._live = {tenant: await self._of(tenant) for tenant in await self._store.tenants()}
                self._revision = revision
                self._broken.clear()
            self._failed = False
        except StoreError as error:
            if not self._failed:
                log.warning("releases are served as they were last read: %s", redact(str(error)))
            self._failed = True

    def note(self, tenant: str, served: ServedVersion, *, broke: bool) -> None:
        """Note whether a version broke its schema; one that keeps doing so serves no more here until something is released."""
        if not served.number:
            return
        seen = self._broken.setdefault((tenant, served.name, served.number), deque(maxlen=WINDOW))
        seen.append(broke)
        if sum(seen) >= BROKEN:
            log.error(
                "%s r%d of tenant %s broke its schema %d times and serves no more",
                served.name,
                served.number,
                tenant,
                BROKEN,
            )
            self._live[tenant] = self._live.get(tenant, NOTHING).without(served.name, served.number)
            seen.clear()

    async def _poll(self) -> None:
        while True:
            await asyncio.sleep(self._poll_s)
            try:
                await self.refresh()
            except Exception as error:  # noqa: BLE001  a look that fails must not be the last one; the next may succeed
                log.error("looking for releases failed with %s", type(error).__name__)

    async def _of(self, tenant: str) -> Live:
        labels, rollouts = await self._store.labels(tenant), await self._store.rollouts(tenant, running=True)
        production = {name: at["production"] for name, at in labels.items() if at.get("production")}
        wanted = {*production.items(), *((r.name, n) for r in rollouts for n in (r.number, r.base))}
        made: dict[tuple[str, int], Any] = {}
        for name, number in wanted:
            version = await self._store.version(tenant, name, number) if number else None
            if version is not None:
                with self._told(name, number):
                    made[name, number] = await asyncio.to_thread(self._read, name, version.body, f"r{number}")
        return Live(production, tuple(rollouts), made)

    @contextlib.contextmanager
    def _told(self, name: str, number: int) -> Iterator[None]:
        try:
            yield
        except TastemakerError as error:
            log.error("%s r%d cannot be read and does not serve: %s", name, number, error)

    def _read(self, name: str, body: str, version: str) -> Any:
        """Return what a text becomes by this version of the code; a prompt bears the version of its release.

        Raises:
            ConfigurationError: it has problems, as one that was released before the code asked for more.
        """
        key = f"{name} {version} {digest_of(body)}"
        if key not in self._made:
            if len(self._made) >= MAX_MADE:
                self._made.clear()
            if problems := self._shelves.problems(name, body):
                raise ConfigurationError("; ".join(problems))
            made = self._shelves.of(name).made(body)
            self._made[key] = made.model_copy(update={"version": version}) if isinstance(made, Prompt) else made
        return self._made[key]

    async def _body(self, tenant: str, name: str, kind: str, number: int) -> str:
        if kind == "r":
            version = await self._store.version(tenant, name, number)
            if version is not None:
                return version.body
        else:
            draft = await self._store.draft(tenant, number)
            if draft is not None and draft.name == name:
                return draft.body
        what = "version" if kind == "r" else "draft"
        raise InvalidRequestError("prompt_versions", f"there is no {what} {number} of {name}")
