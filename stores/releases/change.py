"""Write one change of a tenant's releases: what it changes, its entry in the audit log and a new revision, all or nothing."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from ...core.releases.audit_chain import chained
from ...core.schemas.releases import (
    Approval,
    Comment,
    Draft,
    EvaluationResult,
    Gate,
    Kind,
    Label,
    Rollout,
    RolloutState,
    Version,
)
from .rows import made_of, micros
from .tables import (
    APPROVALS,
    AUDIT,
    COMMENTS,
    DRAFTS,
    EVALUATIONS,
    GATES,
    HEADS,
    LABELS,
    REVISION,
    ROLLOUTS,
    VERSIONS,
)


class Change:
    """One transaction by one person. Changes follow each other: each begins by raising the revision, which locks its row."""

    def __init__(self, connection: AsyncConnection, tenant: str, by: str) -> None:
        self.connection, self.tenant, self.by = connection, tenant, by
        self.at = datetime.now(UTC)

    async def begin(self) -> None:
        """Raise the revision; whoever else changes something waits from here on."""
        await self.connection.execute(update(REVISION).values(revision=REVISION.c.revision + 1))

    async def log(self, action: str, name: str | None = None, number: int | None = None, **detail: Any) -> None:
        """Write the entry of the audit log."""
        head = (
            await self.connection.execute(select(HEADS.c.seq, HEADS.c.digest).where(HEADS.c.tenant == self.tenant))
        ).first()
        last = (head.seq, head.digest) if head else (0, "")
        entry = chained(
            self.tenant, last, at=self.at, by=self.by, action=action, name=name, number=number, detail=detail
        )
        row = entry.model_dump(exclude={"at", "by", "detail"})
        told = json.dumps(detail, ensure_ascii=False)
        await self.connection.execute(
            insert(AUDIT).values(tenant=self.tenant, actor=self.by, at_us=micros(self.at), detail=told, **row)
        )
        new = {"seq": entry.seq, "digest": entry.digest}
        if head:
            await self.connection.execute(update(HEADS).where(HEADS.c.tenant == self.tenant).values(new))
        else:
            await self.connection.execute(insert(HEADS).values(tenant=self.tenant, **new))

    async def add_version(
        self, name: str, kind: Kind, body: str, digest: str, *, message: str, based_on: int
    ) -> Version:
        """Store the next version."""
        mine = (VERSIONS.c.tenant == self.tenant) & (VERSIONS.c.name == name)
        newest = (await self.connection.execute(select(func.max(VERSIONS.c.number)).where(mine))).scalar() or 0
        version = Version(
            name=name, kind=kind, number=newest + 1, author=self.by, at=self.at, message=message, digest=digest,
            body=body, based_on=based_on,
        )  # fmt: skip
        row = version.model_dump(exclude={"at", "author"})
        await self.connection.execute(
            insert(VERSIONS).values(tenant=self.tenant, actor=self.by, at_us=micros(self.at), **row)
        )
        return version

    async def add_draft(self, name: str, kind: Kind, body: str, *, based_on: int, note: str) -> Draft:
        """Store a new draft."""
        at_us = micros(self.at)
        row = {"name": name, "kind": kind, "body": body, "based_on": based_on, "note": note}
        times = {"at_us": at_us, "changed_us": at_us}
        key = await self._insert(DRAFTS, {**row, **times})
        return Draft(id=key, author=self.by, at=self.at, changed=self.at, **row)

    async def save_draft(self, draft: Draft, body: str, note: str) -> Draft:
        """Store what a draft says now."""
        await self.connection.execute(
            update(DRAFTS)
            .where(DRAFTS.c.tenant == self.tenant, DRAFTS.c.id == draft.id)
            .values(body=body, note=note, changed_us=micros(self.at))
        )
        return draft.model_copy(update={"body": body, "note": note, "changed": self.at})

    async def drop_draft(self, draft_id: int) -> None:
        """Delete a draft."""
        await self.connection.execute(delete(DRAFTS).where(DRAFTS.c.tenant == self.tenant, DRAFTS.c.id == draft_id))

    async def running(self, name: str) -> Rollout | None:
        """Return the rollout of a name that runs."""
        here = (ROLLOUTS.c.tenant == self.tenant) & (ROLLOUTS.c.name == name) & (ROLLOUTS.c.state == "running")
        row = (await self.connection.execute(select(ROLLOUTS).where(here))).mappings().first()
        return made_of(row, Rollout) if row else None

    async def production(self, name: str) -> int:
        """Return the version in production, 0 for what ships."""
        here = (LABELS.c.tenant == self.tenant) & (LABELS.c.name == name) & (LABELS.c.label == "production")
        return (await self.connection.execute(select(LABELS.c.number).where(here, LABELS.c.current))).scalar() or 0

    async def put_label(self, name: str, label: Label, number: int) -> None:
        """Move a label to a version."""
        here = (LABELS.c.tenant == self.tenant) & (LABELS.c.name == name) & (LABELS.c.label == label)
        await self.connection.execute(update(LABELS).where(here, LABELS.c.current).values(current=False))
        row = {"name": name, "label": label, "number": number, "current": True, "undone": False}
        await self._insert(LABELS, {**row, "at_us": micros(self.at)})

    async def undo_production(self, name: str) -> tuple[int, int]:
        """Put ``production`` back to where it was before, 0 for what ships; return from where to where."""
        here = (LABELS.c.tenant == self.tenant) & (LABELS.c.name == name) & (LABELS.c.label == "production")
        places = select(LABELS).where(here, LABELS.c.undone.is_(False)).order_by(LABELS.c.id.desc()).limit(2)
        rows = (await self.connection.execute(places)).all()
        if not rows:
            return 0, 0
        undone = update(LABELS).where(LABELS.c.id == rows[0].id).values(current=False, undone=True)
        await self.connection.execute(undone)
        if len(rows) == 1:
            return rows[0].number, 0
        await self.connection.execute(update(LABELS).where(LABELS.c.id == rows[1].id).values(current=True))
        return rows[0].number, rows[1].number

    async def add_rollout(self, rollout: Rollout) -> Rollout:
        """Store a new rollout, whose ``id`` is given to it here."""
        row = rollout.model_dump(exclude={"id", "by", "at", "ended", "cohort"})
        key = await self._insert(
            ROLLOUTS, {**row, "cohort": rollout.cohort.model_dump_json(), "at_us": micros(rollout.at)}
        )
        return rollout.model_copy(update={"id": key})

    async def set_percent(self, rollout: Rollout, percent: float) -> Rollout:
        """Store another share."""
        await self._update_rollout(rollout.id, percent=percent)
        return rollout.model_copy(update={"percent": percent})

    async def end_rollout(self, rollout: Rollout, state: RolloutState, why: str) -> None:
        """Store how a rollout ended."""
        await self._update_rollout(rollout.id, state=state, why=why, ended_us=micros(self.at))

    async def set_gate(self, name: str, gate: Gate) -> None:
        """Store a tenant's own gate."""
        here = (GATES.c.tenant == self.tenant) & (GATES.c.name == name)
        await self.connection.execute(delete(GATES).where(here))
        await self.connection.execute(insert(GATES).values(tenant=self.tenant, name=name, gate=gate.model_dump_json()))

    async def approve(self, name: str, number: int, note: str) -> Approval:
        """Store an approval; a second one by the same person replaces the first."""
        mine = (APPROVALS.c.tenant == self.tenant) & (APPROVALS.c.name == name) & (APPROVALS.c.number == number)
        await self.connection.execute(delete(APPROVALS).where(mine, APPROVALS.c.actor == self.by))
        await self.connection.execute(
            insert(APPROVALS).values(
                tenant=self.tenant, name=name, number=number, actor=self.by, at_us=micros(self.at), note=note
            )
        )
        return Approval(number=number, by=self.by, at=self.at, note=note)

    async def add_evaluation(
        self, version: Version, said: dict[str, Any], metrics: dict[str, float]
    ) -> EvaluationResult:
        """Store the figures of a version; ``said`` holds the set, cases, k and the run's id."""
        row = {"name": version.name, "number": version.number, "digest": version.digest, **said}
        key = await self._insert(EVALUATIONS, {**row, "metrics": json.dumps(metrics), "at_us": micros(self.at)})
        return EvaluationResult(id=key, metrics=metrics, by=self.by, at=self.at, **row)

    async def add_comment(self, name: str, text: str, number: int | None, draft: int | None) -> Comment:
        """Store what somebody says."""
        row = {"name": name, "number": number, "draft": draft, "text": text, "at_us": micros(self.at)}
        key = await self._insert(COMMENTS, row)
        return made_of({**row, "id": key, "actor": self.by}, Comment)

    async def _update_rollout(self, rollout_id: int, **values: Any) -> None:
        here = (ROLLOUTS.c.tenant == self.tenant) & (ROLLOUTS.c.id == rollout_id)
        await self.connection.execute(update(ROLLOUTS).where(here).values(values))

    async def _insert(self, table: Any, row: dict[str, Any]) -> int:
        made = await self.connection.execute(insert(table).values(tenant=self.tenant, actor=self.by, **row))
        key = made.inserted_primary_key
        assert key is not None
        return int(key[0])
