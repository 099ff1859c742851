"""Release what a segment's users want with differential privacy: once a period, so that looking again costs nobody more privacy.

A user counts once for at most ``PER_USER`` items and only in the segment, of those with the same name, that they were last in. Noise is
discrete Laplace (Ghosh et al. 2009) of scale ``PER_USER / epsilon``, whole numbers, so that no low bits tell (Mironov 2012); what stays
below a threshold is left out, since that somebody wanted an item at all would tell (stability-based histograms, Korolova et al.
2009). Each release of the segments of one name is (epsilon, ``DELTA``)-differentially private for adding or removing a user.
"""

from __future__ import annotations

import json
import logging
import math
import secrets
import time
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy import BigInteger, Column, Float, String, Table, Text, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection

from ..database import METADATA, Database

PER_USER = 5
DELTA = 1e-6
DAY_S = 86_400.0
RELEASES = Table(
    "segment_releases",
    METADATA,
    Column("tenant", String(64), primary_key=True),
    Column("segment", String(512), primary_key=True),
    Column("period", BigInteger, primary_key=True),
    Column("epsilon", Float, nullable=False),
    Column("counts", Text, nullable=False),
)
_log = logging.getLogger("tastemaker.privacy")


class SegmentReleases:
    """The releases of one tenant; every process gives the one that was made first.

    Args:
        database: where they are kept.
        tenant: which shop.
        epsilon: what a release of the segments of one name costs.
        days: length of a period.
        clock: seconds since 1970.
    """

    def __init__(
        self, database: Database, tenant: str, epsilon: float, days: float, clock: Callable[[], float] = time.time
    ) -> None:
        self._database, self._tenant = database, tenant
        self._epsilon, self._days, self._clock = epsilon, days, clock
        self._known: dict[str, tuple[int, dict[str, float]]] = {}

    async def of(self, segment: str, counts: Callable[[], Mapping[str, int]]) -> dict[str, float]:
        """Return this period's release, item id -> noisy count; ``counts`` gives the true ones if none was made yet.

        Raises:
            StoreError: the database failed; nothing is told that was not kept.
        """
        period = int(self._clock() // (self._days * DAY_S))
        known = self._known.get(segment)
        if known is None or known[0] != period:
            known = self._known[segment] = (period, await self._released(segment, period, counts))
        return known[1]

    async def spent(self) -> float:
        """Return the epsilon that all releases together cost a user who is in one segment of each name.

        Raises:
            StoreError: the database failed.
        """
        query = select(RELEASES.c.segment, RELEASES.c.period, RELEASES.c.epsilon).where(
            RELEASES.c.tenant == self._tenant
        )
        rows = await self._database.run(lambda connection: connection.execute(query).all())
        dearest: dict[tuple[str, int], float] = {}
        for row in rows:
            about = (name_of(row.segment), row.period)
            dearest[about] = max(dearest.get(about, 0.0), row.epsilon)
        return sum(dearest.values())

    async def _released(self, segment: str, period: int, counts: Callable[[], Mapping[str, int]]) -> dict[str, float]:
        made = self._database.run(lambda connection: self._read(connection, segment, period))
        if (found := await made) is None:
            noisy = noisy_counts(counts(), self._epsilon)
            found = await self._database.run(
                lambda connection: self._keep(connection, segment, period, noisy), write=True
            )
            _log.info("a segment was released for epsilon %g; all releases cost %g", self._epsilon, await self.spent())
        return found

    def _read(self, connection: Connection, segment: str, period: int) -> dict[str, float] | None:
        mine = (RELEASES.c.tenant == self._tenant, RELEASES.c.segment == segment, RELEASES.c.period == period)
        told = connection.execute(select(RELEASES.c.counts).where(*mine)).scalar()
        return None if told is None else json.loads(told)

    def _keep(self, connection: Connection, segment: str, period: int, noisy: Mapping[str, int]) -> dict[str, float]:
        dialect: Any = postgresql if connection.dialect.name == "postgresql" else sqlite
        row = {"tenant": self._tenant, "segment": segment, "period": period, "epsilon": self._epsilon}
        connection.execute(dialect.insert(RELEASES).values(**row, counts=json.dumps(noisy)).on_conflict_do_nothing())
        return self._read(connection, segment, period) or {}


def name_of(segment: str) -> str:
    """Return the name of what a segment is a value of; empty for the context's ``segment``."""
    name, equals, _ = segment.partition("=")
    return name if equals else ""


def noisy_counts(counts: Mapping[str, int], epsilon: float) -> dict[str, int]:
    """Return the counts with noise, without those that stay below the threshold; see the module."""
    scale = PER_USER / epsilon
    least = 1 + scale * math.log(PER_USER / DELTA)
    noisy = {item_id: count + discrete_laplace(scale) for item_id, count in counts.items()}
    return {item_id: count for item_id, count in noisy.items() if count > least}


def discrete_laplace(scale: float) -> int:
    """Draw a whole number k with a probability in proportion to exp(-|k| / scale), by the system's source of randomness."""
    return _geometric(scale) - _geometric(scale)


def _geometric(scale: float) -> int:
    return int(-scale * math.log((secrets.randbits(53) + 1) / 2**53))
