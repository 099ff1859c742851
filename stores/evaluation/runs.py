"""Keep runs over frozen cases: each outcome as soon as it is there, so that a run that was killed goes on where it stood."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update

from ...core.errors import InvalidRequestError
from ...core.schemas.cases import EvaluationRun, Outcome, RunState
from ..database import Database
from ..releases.rows import made_of, micros
from .tables import OUTCOMES, RUNS


class RunStore:
    """The runs of all tenants in one database. A database that does not exist yet holds none, and reading makes none.

    Raises of every method:
        StoreError: the database failed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, tenant: str, planned: EvaluationRun) -> EvaluationRun:
        """Store a run; one of the same version over the same cases that did not end is gone on with instead."""
        same = [
            getattr(RUNS.c, n) == getattr(planned, n)
            for n in ("name", "version", "digest", "case_set", "set_digest", "k")
        ]
        open_ones = (
            select(RUNS).where(RUNS.c.tenant == tenant, *same, RUNS.c.state != "done").order_by(RUNS.c.at_us.desc())
        )
        now = micros(datetime.now(UTC))
        async with self._database.connect(write=True) as connection:
            found = (await connection.execute(open_ones)).mappings().first()
            if found is not None:
                again = {"state": "running", "seen_us": now, "problem": "", "ended_us": None}
                await connection.execute(update(RUNS).where(RUNS.c.id == found["id"]).values(**again))
                run_id = str(found["id"])
            else:
                run_id = uuid.uuid4().hex
                row = planned.model_dump(include={"name", "version", "digest", "case_set", "set_digest", "k", "total"})
                about = {
                    "id": run_id,
                    "tenant": tenant,
                    "state": "running",
                    "actor": planned.by,
                    "at_us": now,
                    "seen_us": now,
                }
                await connection.execute(insert(RUNS).values(**row, **about, problem="", metrics="{}"))
        return await self.run(tenant, run_id)

    async def run(self, tenant: str, run_id: str) -> EvaluationRun:
        """Return a run with how far it is.

        Raises:
            InvalidRequestError: there is none.
        """
        found = await self._runs(tenant, RUNS.c.id == run_id)
        if not found:
            raise InvalidRequestError("run", f"there is no run {run_id[:40]!r}")
        return found[0]

    async def runs(self, tenant: str, name: str | None = None) -> list[EvaluationRun]:
        """Return the runs, newest first; all, or those of one name."""
        return await self._runs(tenant, *([] if name is None else [RUNS.c.name == name]))

    async def keep(self, run_id: str, outcome: Outcome) -> None:
        """Store one outcome; one that is there stays."""
        row = {"run": run_id, "case_id": outcome.case_id, "repetition": outcome.repetition}
        same = [OUTCOMES.c[n] == value for n, value in row.items()]
        async with self._database.connect(write=True) as connection:
            if (await connection.execute(select(OUTCOMES.c.run).where(*same))).first() is None:
                await connection.execute(insert(OUTCOMES).values(**row, outcome=outcome.model_dump_json()))
            seen = micros(datetime.now(UTC))
            await connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(seen_us=seen))

    async def outcomes(self, run_id: str) -> list[Outcome]:
        """Return what is there of a run, by case and repetition."""
        query = (
            select(OUTCOMES.c.outcome)
            .where(OUTCOMES.c.run == run_id)
            .order_by(OUTCOMES.c.case_id, OUTCOMES.c.repetition)
        )
        return [Outcome.model_validate_json(row["outcome"]) for row in await self._rows(query)]

    async def drop_failed(self, run_id: str) -> int:
        """Forget the outcomes without an answer, so that they are asked again; return how many there were."""
        failed = [(o.case_id, o.repetition) for o in await self.outcomes(run_id) if o.error]
        async with self._database.connect(write=True) as connection:
            for case_id, repetition in failed:
                mine = (OUTCOMES.c.run == run_id, OUTCOMES.c.case_id == case_id, OUTCOMES.c.repetition == repetition)
                await connection.execute(delete(OUTCOMES).where(*mine))
        return len(failed)

    async def end(self, run_id: str, state: RunState, metrics: dict[str, float], problem: str = "") -> None:
        """Say how a run ended."""
        now = micros(datetime.now(UTC))
        ended = {"state": state, "ended_us": now, "seen_us": now, "problem": problem, "metrics": json.dumps(metrics)}
        async with self._database.connect(write=True) as connection:
            await connection.execute(update(RUNS).where(RUNS.c.id == run_id).values(**ended))

    async def _runs(self, tenant: str, *which: Any) -> list[EvaluationRun]:
        done = select(func.count()).where(OUTCOMES.c.run == RUNS.c.id).scalar_subquery().label("done")
        query = select(RUNS, done).where(RUNS.c.tenant == tenant, *which).order_by(RUNS.c.at_us.desc())
        return [made_of(row, EvaluationRun, seen_us="seen_us") for row in await self._rows(query)]

    async def _rows(self, query: Any) -> list[Any]:
        if self._database.missing:
            return []
        async with self._database.connect() as connection:
            return list((await connection.execute(query)).mappings())
