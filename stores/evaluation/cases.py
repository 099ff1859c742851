"""Keep sets of frozen cases that people made or grew from real requests; their media are kept by path."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import delete, func, insert, select

from ...core.errors import InvalidRequestError
from ...core.schemas.cases import MAX_CASES, Case, CaseSet
from ..case_files import case_set
from ..database import Database
from ..releases.rows import micros
from .tables import CASES


class CaseStore:
    """The sets of all tenants in one database.

    Raises of every method:
        StoreError: the database failed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def sets(self, tenant: str) -> dict[str, int]:
        """Return the name of each set and how many cases it holds."""
        query = (
            select(CASES.c.case_set, func.count().label("n")).where(CASES.c.tenant == tenant).group_by(CASES.c.case_set)
        )
        if self._database.missing:
            return {}
        async with self._database.connect() as connection:
            return {row.case_set: row.n for row in await connection.execute(query.order_by(CASES.c.case_set))}

    async def case_set(self, tenant: str, name: str) -> CaseSet | None:
        """Return a set in the order in which its cases came; None if there is none."""
        query = select(CASES.c.body).where(CASES.c.tenant == tenant, CASES.c.case_set == name).order_by(CASES.c.id)
        if self._database.missing:
            return None
        async with self._database.connect() as connection:
            cases = [Case.model_validate_json(row.body) for row in await connection.execute(query)]
        return case_set(name, "", cases) if cases else None

    async def put(self, tenant: str, name: str, cases: list[Case], by: str) -> int:
        """Store cases in a set, each in place of one with its id; return how many the set then holds.

        Raises:
            InvalidRequestError: the name cannot be one, or the set would hold too many.
        """
        case_set(name, "", cases)
        of_set = (CASES.c.tenant == tenant, CASES.c.case_set == name)
        async with self._database.connect(write=True) as connection:
            for case in cases:
                await connection.execute(delete(CASES).where(*of_set, CASES.c.case_id == case.case_id))
                row = {"tenant": tenant, "case_set": name, "case_id": case.case_id, "actor": by}
                body = case.model_dump_json(exclude_defaults=True)
                await connection.execute(insert(CASES).values(**row, body=body, at_us=micros(datetime.now(UTC))))
            n = int((await connection.execute(select(func.count()).select_from(CASES).where(*of_set))).scalar_one())
            if n > MAX_CASES:
                raise InvalidRequestError("cases", f"the set would hold {n:,}; at most {MAX_CASES:,} are allowed")
        return n

    async def drop(self, tenant: str, name: str, case_id: str | None = None) -> int:
        """Remove one case, or the whole set; return how many there were."""
        which = [CASES.c.tenant == tenant, CASES.c.case_set == name]
        which += [] if case_id is None else [CASES.c.case_id == case_id]
        async with self._database.connect(write=True) as connection:
            return int((await connection.execute(delete(CASES).where(*which))).rowcount)
