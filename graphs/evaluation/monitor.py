"""Look at every rollout that runs, again and again, and take a version back as soon as it is surely worse; nobody need watch."""

from __future__ import annotations

import asyncio
import logging
import time

from ...core.background import stop
from ...core.errors import InvalidRequestError, TastemakerError
from ...core.evaluation.rollouts import breaches, compare_arms
from ...core.learning.always_valid import Comparison
from ...core.redaction import redact
from ...core.schemas.releases import Rollback, Rollout
from ...stores.events.exposure_log import ExposureLog
from ..releases.desk import ReleaseDesk

REST = 20
"""A look that takes long is followed by a rest of so many times its length, so that looking costs a server little."""
log = logging.getLogger("tastemaker.rollouts")


class RolloutMonitor:
    """Watches the rollouts of all tenants. Several servers may: whoever is first takes the version back.

    Args:
        desk: where rollouts are, and are taken back.
        exposures: what was shown to whom.
        every_s: seconds between looks.
    """

    def __init__(self, desk: ReleaseDesk, exposures: ExposureLog, every_s: float) -> None:
        self._desk, self._exposures, self._every_s = desk, exposures, every_s
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to look, in the background."""
        self._task = asyncio.create_task(self._watch())

    async def close(self) -> None:
        """Stop looking."""
        await stop(self._task)

    async def look(self) -> list[Rollback]:
        """Look at every rollout once, and return what was taken back.

        Raises:
            StoreError: a database failed.
        """
        taken = []
        for tenant in await self._desk.store.tenants():
            for rollout in await self._desk.rollouts(tenant, running=True):
                back = await self._judge(tenant, rollout)
                taken += [] if back is None else [back]
        return taken

    async def figures(self, tenant: str, rollout_id: int) -> list[Comparison]:
        """Return how a rollout's candidate does against its control.

        Raises:
            InvalidRequestError: there is no such rollout.
            StoreError: a database failed.
        """
        found = next((r for r in await self._desk.rollouts(tenant) if r.id == rollout_id), None)
        if found is None:
            raise InvalidRequestError("rollout", f"there is no rollout {rollout_id}")
        return await self._compare(tenant, found)

    async def _compare(self, tenant: str, rollout: Rollout) -> list[Comparison]:
        shown = await self._exposures.of_rollout(tenant, rollout.id, rollout.at)
        done = await self._exposures.reactions(tenant, rollout.at) if shown else {}
        return await asyncio.to_thread(compare_arms, shown, done)

    async def _judge(self, tenant: str, rollout: Rollout) -> Rollback | None:
        bad = breaches(await self._compare(tenant, rollout))
        if not bad:
            return None
        why = "; ".join(c.in_words for c in bad)
        evidence = {c.metric: c.model_dump(mode="json") for c in bad}
        back = await self._desk.rollback_automatically(tenant, rollout.id, why, evidence)
        if back is not None:
            log.warning("%s r%d of %s was taken back: %s", rollout.name, rollout.number, tenant, why)
        return back

    async def _watch(self) -> None:
        while True:
            started = time.monotonic()
            try:
                await self.look()
            except TastemakerError as error:
                log.warning("rollouts could not be looked at: %s", redact(str(error)))
            except Exception as error:  # noqa: BLE001  a look that fails must not end the watch; the next one is made
                log.error("a look at the rollouts failed with %s", type(error).__name__)
            await asyncio.sleep(max(self._every_s, REST * (time.monotonic() - started)))
