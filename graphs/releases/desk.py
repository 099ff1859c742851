"""Do everything that is done with releases, for the command line, HTTP, the studio and the monitor: one method an action.

Each change writes its entry of the audit log in the same transaction. Whether a caller may act is asked at the doors.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ...core.errors import InvalidRequestError, ReleaseBlockedError
from ...core.releases.audit_chain import breaks_in
from ...core.releases.diff import diff_of, patch_of
from ...core.releases.gate import judged
from ...core.schemas.releases import (
    Approval,
    AuditEntry,
    Cohort,
    Comment,
    Diff,
    Draft,
    EvaluationResult,
    Gate,
    GateReport,
    Kind,
    Label,
    ReleaseStatus,
    Rollback,
    Rollout,
    Version,
)
from ...core.settings import Settings
from ...stores.releases.store import AT_ONCE, ReleaseStore
from .gates import shipped_gate
from .kinds import Shelves, digest_of
from .serving_changes import end, put_in_production, roll_out, take_back

MONITOR = "monitor"


class ReleaseDesk:
    """The releases of a deployment. ``tenant`` comes first everywhere; ``by`` is the name of a person, a key or the monitor.

    Raises of every method:
        InvalidRequestError: there is no such name, version, draft or rollout, or a text is too long.
        StoreError: the database failed.
    """

    def __init__(self, store: ReleaseStore, shelves: Shelves, folder: Path | None = None) -> None:
        self.store = store
        self.shelves = shelves
        self._folder = folder

    @classmethod
    def at(cls, settings: Settings) -> ReleaseDesk:
        """Return the desk that the settings name; nothing is opened yet.

        Raises:
            ConfigurationError: the database's URL is not understood.
        """
        folder = Path(settings.prompts.dir) if settings.prompts.dir else None
        return cls(ReleaseStore.at(settings.releases_url), Shelves(settings), folder)

    async def close(self) -> None:
        """Close the database."""
        await self.store.close()

    # What there is

    def names(self) -> tuple[str, ...]:
        """Return everything that can be released."""
        return self.shelves.names()

    def kind_of(self, name: str) -> Kind:
        """Return what a name is."""
        return self.shelves.of(name).kind

    def shipped(self, name: str) -> Version:
        """Return version 0."""
        return self.shelves.shipped(name)

    def check(self, name: str, body: str) -> list[str]:
        """Return what is wrong with a text, in plain words; empty if it is in order."""
        return self.shelves.problems(name, body)

    async def overview(self, tenant: str) -> list[ReleaseStatus]:
        """Return the state of every name."""
        labels, newest = await self.store.labels(tenant), await self.store.newest(tenant)
        running = {r.name: r for r in await self.store.rollouts(tenant, running=True)}
        drafts = [d.name for d in await self.store.drafts(tenant)]
        return [
            ReleaseStatus(
                name=name,
                kind=shelf.kind,
                description=shelf.description,
                labels=labels.get(name, {}),
                rollout=running.get(name),
                newest=newest.get(name, 0),
                drafts=drafts.count(name),
            )
            for name in self.names()
            if (shelf := self.shelves.of(name))
        ]

    async def status(self, tenant: str, name: str) -> ReleaseStatus:
        """Return the state of one name."""
        self.shelves.of(name)
        return next(s for s in await self.overview(tenant) if s.name == name)

    async def versions(self, tenant: str, name: str) -> list[Version]:
        """Return the versions with their texts, newest first, what ships last."""
        return [*await self.store.versions(tenant, name), self.shipped(name)]

    async def version(self, tenant: str, name: str, number: int) -> Version:
        """Return one version; 0 is what ships."""
        if number == 0:
            return self.shipped(name)
        self.shelves.of(name)
        found = await self.store.version(tenant, name, number)
        if found is None:
            raise InvalidRequestError("number", f"there is no version {number} of {name}")
        return found

    async def diff(self, tenant: str, name: str, old: int, new: int) -> Diff:
        """Return what is different between two versions."""
        return diff_of(await self.version(tenant, name, old), await self.version(tenant, name, new))

    # Drafts and versions

    async def drafts(self, tenant: str, name: str | None = None) -> list[Draft]:
        """Return the drafts, the one saved last first."""
        return await self.store.drafts(tenant, name)

    async def one_draft(self, tenant: str, draft_id: int) -> Draft:
        """Return one draft."""
        found = await self.store.draft(tenant, draft_id)
        if found is None:
            raise InvalidRequestError("draft", f"there is no draft {draft_id}")
        return found

    async def draft(self, tenant: str, name: str, body: str, by: str, *, based_on: int = 0, note: str = "") -> Draft:
        """Begin a draft; it may be wrong as yet."""
        kind = self.kind_of(name)
        await self.version(tenant, name, based_on)
        async with self.store.change(tenant, by) as change:
            draft = await change.add_draft(name, kind, body, based_on=based_on, note=note)
            await change.log("draft", name, draft=draft.id, based_on=based_on)
        return draft

    async def save_draft(self, tenant: str, draft_id: int, body: str, by: str, note: str | None = None) -> Draft:
        """Save a draft."""
        draft = await self.one_draft(tenant, draft_id)
        async with self.store.change(tenant, by) as change:
            saved = await change.save_draft(draft, body, draft.note if note is None else note)
            await change.log("save_draft", draft.name, draft=draft_id, digest=digest_of(body))
        return saved

    async def drop_draft(self, tenant: str, draft_id: int, by: str) -> None:
        """Delete a draft."""
        draft = await self.one_draft(tenant, draft_id)
        async with self.store.change(tenant, by) as change:
            await change.drop_draft(draft_id)
            await change.log("drop_draft", draft.name, draft=draft_id)

    async def patch(self, tenant: str, draft_id: int) -> str:
        """Return a draft as a patch of the file that ships, for ``git apply``; empty where no file holds it."""
        draft = await self.one_draft(tenant, draft_id)
        path = self.shelves.of(draft.name).path
        return patch_of(path, self.shipped(draft.name).body, draft.body) if path else ""

    async def commit(
        self, tenant: str, name: str, body: str, by: str, *, message: str, based_on: int = 0, draft: int | None = None
    ) -> Version:
        """Make a version that never changes; it is labelled ``draft``, and the draft it comes from is dropped.

        A text that is a version already gives that version.
        """
        kind, digest = self.kind_of(name), digest_of(body)
        if draft is not None:
            based_on = (await self.one_draft(tenant, draft)).based_on
        known = next((v for v in await self.store.versions(tenant, name) if v.digest == digest), None)
        async with self.store.change(tenant, by) as change:
            version = known or await change.add_version(name, kind, body, digest, message=message, based_on=based_on)
            if known is None:
                await change.put_label(name, "draft", version.number)
                await change.log("commit", name, version.number, digest=digest, message=message)
            if draft is not None:
                await change.drop_draft(draft)
                await change.log("drop_draft", name, draft=draft, version=version.number)
        return version

    async def comment(
        self, tenant: str, name: str, by: str, text: str, *, number: int | None = None, draft: int | None = None
    ) -> Comment:
        """Say something of a version or a draft."""
        self.shelves.of(name)
        async with self.store.change(tenant, by) as change:
            said = await change.add_comment(name, text, number, draft)
            await change.log("comment", name, number, comment=said.id)
        return said

    async def comments(self, tenant: str, name: str) -> list[Comment]:
        """Return what was said, oldest first."""
        return await self.store.comments(tenant, name)

    # Gates

    async def gate(self, tenant: str, name: str) -> Gate:
        """Return what versions of a name must show: the tenant's own gate, else the one that ships."""
        self.shelves.of(name)
        return await self.store.gate(tenant, name) or shipped_gate(name, self._folder)

    async def set_gate(self, tenant: str, name: str, gate: Gate, by: str) -> None:
        """Give a tenant a gate of its own."""
        self.shelves.of(name)
        async with self.store.change(tenant, by) as change:
            await change.set_gate(name, gate)
            await change.log("set_gate", name, gate=gate.model_dump(mode="json"))

    async def gate_report(self, tenant: str, name: str, number: int) -> GateReport:
        """Say whether a version may be served, and else why not. What ships may."""
        if number == 0:
            return GateReport(name=name, number=0, passed=True)
        version = await self.version(tenant, name, number)
        production = (await self.store.labels(tenant)).get(name, {}).get("production", 0)
        base = await self.version(tenant, name, production)
        return judged(
            version,
            await self.gate(tenant, name),
            base,
            problems=self.check(name, version.body),
            approvals=await self.store.approvals(tenant, name, number),
            results=await self._newest_results(tenant, name, number),
            base_results=await self._newest_results(tenant, name, production),
        )

    async def approve(self, tenant: str, name: str, number: int, by: str, note: str = "") -> Approval:
        """Approve a version.

        Raises:
            ReleaseBlockedError: it is their own, and the gate wants somebody else.
        """
        version, gate = await self.version(tenant, name, number), await self.gate(tenant, name)
        if gate.approver_is_not_author and version.author == by:
            raise ReleaseBlockedError(
                f"{name} r{number} is not approved", (f"{by} wrote it: somebody else must approve it",)
            )
        async with self.store.change(tenant, by) as change:
            approval = await change.approve(name, number, note)
            await change.log("approve", name, number, digest=version.digest, note=note)
        return approval

    async def add_evaluation(
        self, tenant: str, name: str, number: int, case_set: str, *, cases: int, k: int, metrics: dict[str, float],
        by: str, run: str = "",
    ) -> EvaluationResult:  # fmt: skip
        """Store the figures of a version over a set of cases."""
        version = await self.version(tenant, name, number)
        said: dict[str, Any] = {"case_set": case_set, "cases": cases, "k": k, "run": run}
        async with self.store.change(tenant, by) as change:
            result = await change.add_evaluation(version, said, metrics)
            await change.log("evaluate", name, number, **said, metrics=metrics)
        return result

    async def evaluations(self, tenant: str, name: str, number: int | None = None) -> list[EvaluationResult]:
        """Return the figures stored, newest first."""
        return await self.store.evaluations(tenant, name, number)

    async def _newest_results(self, tenant: str, name: str, number: int) -> dict[str, EvaluationResult]:
        found: dict[str, EvaluationResult] = {}
        for result in await self.store.evaluations(tenant, name, number):
            found.setdefault(result.case_set, result)
        return found

    # What is served

    async def label(self, tenant: str, name: str, number: int, label: Label, by: str) -> ReleaseStatus:
        """Put a label on a version; ``production`` is released, with all that takes.

        Raises:
            ReleaseBlockedError: it has problems, or may not be served.
        """
        if label == "production":
            return await self.release(tenant, name, number, by)
        version = await self.version(tenant, name, number)
        problems = self.check(name, version.body) if label == "candidate" else []
        if problems:
            raise ReleaseBlockedError(f"{name} r{number} cannot become the candidate", tuple(problems))
        async with self.store.change(tenant, by) as change:
            await change.put_label(name, label, number)
            await change.log("label", name, number, label=label)
        return await self.status(tenant, name)

    async def rollout(
        self, tenant: str, name: str, number: int, percent: float, by: str, *, cohort: Cohort | None = None
    ) -> Rollout:
        """Serve a version to a share of users; once more with another share keeps those who are in, as far as it is large enough.

        Raises:
            ReleaseBlockedError: its gate is not passed, or another version is being rolled out.
        """
        await self._may_serve(tenant, name, number, "rolled out")
        async with self.store.change(tenant, by) as change:
            return await roll_out(change, name, number, percent, cohort)

    async def rollouts(self, tenant: str, name: str | None = None, *, running: bool = False) -> list[Rollout]:
        """Return the rollouts, newest first; all, or those that run."""
        return await self.store.rollouts(tenant, name, running=running)

    async def release(self, tenant: str, name: str, number: int, by: str, message: str = "") -> ReleaseStatus:
        """Serve a version to everybody; 0 goes back to what ships.

        Raises:
            ReleaseBlockedError: its gate is not passed, or another version is being rolled out.
        """
        await self._may_serve(tenant, name, number, "released")
        async with self.store.change(tenant, by) as change:
            await put_in_production(change, name, number, message)
        return await self.status(tenant, name)

    async def rollback(self, tenant: str, name: str, by: str, why: str = "") -> Rollback:
        """End the rollout that runs; where none does, put production back to where it was before.

        Raises:
            ReleaseBlockedError: nothing is served but what ships.
        """
        self.shelves.of(name)
        async with self.store.change(tenant, by) as change:
            return await take_back(change, name, why)

    async def rollback_automatically(
        self, tenant: str, rollout_id: int, why: str, evidence: dict[str, Any]
    ) -> Rollback | None:
        """End a rollout for the monitor and keep its evidence in the audit log; None if it runs no more."""
        meant = next((r for r in await self.store.rollouts(tenant, running=True) if r.id == rollout_id), None)
        if meant is None:
            return None
        async with self.store.change(tenant, MONITOR) as change:
            running = await change.running(meant.name)
            return await end(change, running, why, evidence) if running and running.id == rollout_id else None

    async def _may_serve(self, tenant: str, name: str, number: int, done: str) -> None:
        report, status = await self.gate_report(tenant, name, number), await self.status(tenant, name)
        problems = list(report.problems)
        if number and number not in (status.labels.get("candidate"), status.production):
            problems.insert(0, f"it is not the candidate: label it with `candidate` first (now {_named(status)})")
        if problems:
            raise ReleaseBlockedError(f"{name} r{number} cannot be {done}", tuple(problems))

    # The log

    async def audit(
        self, tenant: str, name: str | None = None, *, after: int = 0, limit: int = AT_ONCE
    ) -> list[AuditEntry]:
        """Return entries of the audit log after one, oldest first."""
        return await self.store.audit(tenant, name, after, limit)

    async def whole_audit(self, tenant: str) -> list[AuditEntry]:
        """Return the whole audit log."""
        found: list[AuditEntry] = []
        while some := await self.store.audit(tenant, after=found[-1].seq if found else 0):
            found += some
        return found

    async def verify_audit(self, tenant: str) -> list[str]:
        """Return what is wrong with the audit log: what was changed, taken out or put in; empty if it is as it was written."""
        return breaks_in(tenant, await self.whole_audit(tenant), await self.store.audit_head(tenant))


def _named(status: ReleaseStatus) -> str:
    number = status.labels.get("candidate")
    return "none is" if number is None else f"r{number} is"
