"""Keep releases in a SQL database and read them back; a server keeps what it serves in memory (``graphs/releases/live.py``)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from sqlalchemy import Select, func, select

from ...core.schemas import Frozen
from ...core.schemas.releases import (
    Approval,
    AuditEntry,
    Comment,
    Draft,
    EvaluationResult,
    Gate,
    Label,
    Rollout,
    Version,
)
from ..database import Database
from .change import Change
from .rows import made_of
from .tables import APPROVALS, AUDIT, COMMENTS, DRAFTS, EVALUATIONS, GATES, HEADS, LABELS, REVISION, ROLLOUTS, VERSIONS

T = TypeVar("T", bound=Frozen)
AT_ONCE = 1_000


class ReleaseStore:
    """The releases of all tenants in one database. A database that does not exist yet holds none, and reading makes none.

    Raises of every method:
        StoreError: the database failed.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    @classmethod
    def at(cls, url: str) -> ReleaseStore:
        """Return the releases at a SQLAlchemy async URL; nothing is opened yet.

        Raises:
            ConfigurationError: the URL is not understood or its driver is missing.
        """
        return cls(Database(url, "releases", "prompts.url"))

    @asynccontextmanager
    async def change(self, tenant: str, by: str) -> AsyncIterator[Change]:
        """Lend one transaction; what is raised within it leaves everything as it was."""
        async with self._database.connect(write=True) as connection:
            change = Change(connection, tenant, by)
            await change.begin()
            yield change

    async def revision(self) -> int:
        """Return a number that grows with every change; 0 where nothing was ever stored."""
        found = await self._rows(select(REVISION.c.revision))
        return int(found[0]["revision"]) if found else 0

    async def tenants(self) -> list[str]:
        """Return the tenants that something is served to, or tried on, other than what ships."""
        labelled = select(LABELS.c.tenant).where(LABELS.c.current)
        trying = select(ROLLOUTS.c.tenant).where(ROLLOUTS.c.state == "running")
        return sorted({row["tenant"] for query in (labelled, trying) for row in await self._rows(query.distinct())})

    async def versions(self, tenant: str, name: str | None = None) -> list[Version]:
        """Return the versions stored, newest first."""
        query = select(VERSIONS).where(VERSIONS.c.tenant == tenant).order_by(VERSIONS.c.id.desc())
        return await self._all(_named(query, VERSIONS, name), Version, actor="author")

    async def version(self, tenant: str, name: str, number: int) -> Version | None:
        """Return one version; None if there is none of that number."""
        query = _named(select(VERSIONS).where(VERSIONS.c.tenant == tenant), VERSIONS, name)
        found = await self._all(query.where(VERSIONS.c.number == number), Version, actor="author")
        return found[0] if found else None

    async def newest(self, tenant: str) -> dict[str, int]:
        """Return name -> the highest number stored."""
        query = select(VERSIONS.c.name, func.max(VERSIONS.c.number).label("number"))
        rows = await self._rows(query.where(VERSIONS.c.tenant == tenant).group_by(VERSIONS.c.name))
        return {row["name"]: row["number"] for row in rows}

    async def drafts(self, tenant: str, name: str | None = None) -> list[Draft]:
        """Return the drafts, the one saved last first."""
        query = select(DRAFTS).where(DRAFTS.c.tenant == tenant).order_by(DRAFTS.c.changed_us.desc(), DRAFTS.c.id.desc())
        return await self._all(_named(query, DRAFTS, name), Draft, actor="author")

    async def draft(self, tenant: str, draft_id: int) -> Draft | None:
        """Return one draft; None if there is none of that id."""
        query = select(DRAFTS).where(DRAFTS.c.tenant == tenant, DRAFTS.c.id == draft_id)
        found = await self._all(query, Draft, actor="author")
        return found[0] if found else None

    async def labels(self, tenant: str) -> dict[str, dict[Label, int]]:
        """Return name -> label -> number."""
        rows = await self._rows(select(LABELS).where(LABELS.c.tenant == tenant, LABELS.c.current).order_by(LABELS.c.id))
        found: dict[str, dict[Label, int]] = {}
        for row in rows:
            found.setdefault(row["name"], {})[row["label"]] = row["number"]
        return found

    async def rollouts(self, tenant: str, name: str | None = None, *, running: bool = False) -> list[Rollout]:
        """Return the rollouts, newest first; all, or those that run."""
        query = select(ROLLOUTS).where(ROLLOUTS.c.tenant == tenant).order_by(ROLLOUTS.c.id.desc())
        query = query.where(ROLLOUTS.c.state == "running") if running else query
        return await self._all(_named(query, ROLLOUTS, name), Rollout)

    async def gate(self, tenant: str, name: str) -> Gate | None:
        """Return the tenant's own gate, if it has one."""
        rows = await self._rows(select(GATES.c.gate).where(GATES.c.tenant == tenant, GATES.c.name == name))
        return Gate.model_validate_json(rows[0]["gate"]) if rows else None

    async def approvals(self, tenant: str, name: str, number: int) -> list[Approval]:
        """Return who approved a version, oldest first."""
        query = _named(select(APPROVALS).where(APPROVALS.c.tenant == tenant), APPROVALS, name)
        return await self._all(query.where(APPROVALS.c.number == number).order_by(APPROVALS.c.at_us), Approval)

    async def evaluations(self, tenant: str, name: str, number: int | None = None) -> list[EvaluationResult]:
        """Return the figures stored, newest first."""
        query = _named(select(EVALUATIONS).where(EVALUATIONS.c.tenant == tenant), EVALUATIONS, name)
        query = query if number is None else query.where(EVALUATIONS.c.number == number)
        return await self._all(query.order_by(EVALUATIONS.c.id.desc()), EvaluationResult)

    async def comments(self, tenant: str, name: str) -> list[Comment]:
        """Return what was said, oldest first."""
        query = _named(select(COMMENTS).where(COMMENTS.c.tenant == tenant), COMMENTS, name)
        return await self._all(query.order_by(COMMENTS.c.id), Comment)

    async def audit(
        self, tenant: str, name: str | None = None, after: int = 0, limit: int = AT_ONCE
    ) -> list[AuditEntry]:
        """Return at most ``limit`` entries of the log after one, oldest first."""
        query = select(AUDIT).where(AUDIT.c.tenant == tenant, AUDIT.c.seq > after).order_by(AUDIT.c.seq).limit(limit)
        return await self._all(_named(query, AUDIT, name), AuditEntry)

    async def audit_head(self, tenant: str) -> tuple[int, str]:
        """Return place and digest of the entry that was written last; 0 and nothing if there is none."""
        rows = await self._rows(select(HEADS).where(HEADS.c.tenant == tenant))
        return (rows[0]["seq"], rows[0]["digest"]) if rows else (0, "")

    async def close(self) -> None:
        """Close the database."""
        await self._database.close()

    async def _all(self, query: Select[Any], kind: type[T], **names: str) -> list[T]:
        return [made_of(row, kind, **names) for row in await self._rows(query)]

    async def _rows(self, query: Select[Any]) -> list[Any]:
        if self._database.missing:
            return []
        async with self._database.connect() as connection:
            return list((await connection.execute(query)).mappings())


def _named(query: Select[Any], table: Any, name: str | None) -> Select[Any]:
    return query if name is None else query.where(table.c.name == name)
