"""Do everything that is done with frozen cases and runs over them, for the command line, HTTP and the studio: one method an action."""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from ...agents.prompt_files.library import PromptLibrary
from ...core.background import stop
from ...core.errors import InvalidRequestError
from ...core.evaluation.figures import Difference, differences, figures_of
from ...core.evaluation.traces import case_of
from ...core.redaction import redact
from ...core.schemas.cases import Case, CaseSet, EvaluationRun, Outcome
from ...core.settings import Settings
from ...stores.case_files import read_case_file
from ...stores.database import Database
from ...stores.evaluation.cases import CaseStore
from ...stores.evaluation.runs import RunStore
from ...stores.evaluation.traces import TraceStore
from ..releases.desk import ReleaseDesk
from ..releases.live import RELEASED
from .run import CONCURRENCY, run_cases

if TYPE_CHECKING:
    from ..recommender import Recommender

BUNDLED = Path(__file__).resolve().parents[2] / "api" / "demo" / "data" / "cases"
Told = Callable[[EvaluationRun], None]
log = logging.getLogger("tastemaker.evaluation")


class EvaluationDesk:
    """The evaluations of a deployment. ``tenant`` comes first everywhere; ``by`` is the name of a person or a key.

    Raises of every method:
        InvalidRequestError: there is no such set, run, name or version.
        StoreError: the database failed.
    """

    def __init__(
        self, database: Database, releases: ReleaseDesk, library: PromptLibrary, retention_days: float
    ) -> None:
        self._database, self.releases, self._library = database, releases, library
        self.cases = CaseStore(database)
        self.runs = RunStore(database)
        self.traces = TraceStore(database, retention_days)
        self._working: dict[str, asyncio.Task[EvaluationRun]] = {}

    @classmethod
    def at(cls, settings: Settings, releases: ReleaseDesk) -> EvaluationDesk:
        """Return the desk that the settings name; nothing is opened yet.

        Raises:
            ConfigurationError: the database's URL is not understood.
        """
        folder = Path(settings.prompts.dir) if settings.prompts.dir else None
        library = PromptLibrary(folder, settings.prompts.live)
        database = Database(settings.releases_url, "releases", "prompts.url")
        return cls(database, releases, library, settings.traces.retention_days)

    async def close(self) -> None:
        """Stop the runs of this process, which can be gone on with, and close the database."""
        await stop(*self._working.values())
        await self._database.close()

    # Sets

    async def sets(self, tenant: str) -> dict[str, int]:
        """Return every set by name with how many cases it holds; those that ship, too."""
        shipped = {path.stem: len(read_case_file(path).cases) for path in sorted(BUNDLED.glob("*.jsonl"))}
        return {**shipped, **await self.cases.sets(tenant)}

    async def case_set(self, tenant: str, name: str) -> CaseSet:
        """Return a set: the tenant's own, else one that ships."""
        found = await self.cases.case_set(tenant, name)
        if found is not None:
            return found
        shipped = {path.stem: path for path in BUNDLED.glob("*.jsonl")}
        if name not in shipped:
            known = ", ".join(sorted({*shipped, *await self.cases.sets(tenant)}))
            raise InvalidRequestError("case_set", f"there is no {name[:60]!r}; there are: {known}")
        return read_case_file(shipped[name])

    async def case_from_trace(self, tenant: str, request_id: str, name: str, by: str) -> Case:
        """Make a case of a real answer, its personal data masked, and put it into a set."""
        case = case_of(await self.traces.trace(tenant, request_id))
        await self.cases.put(tenant, name, [case], by)
        return case

    # Runs

    async def begin(self, tenant: str, name: str, version: str, *, cases: CaseSet, k: int, by: str) -> EvaluationRun:
        """Return a run to do: a new one, or one of the same version over the same cases that did not end."""
        planned = EvaluationRun(
            name=name,
            version=version,
            digest=await self.digest(tenant, name, version),
            case_set=cases.name,
            set_digest=cases.digest,
            k=k,
            total=k * len(cases.cases),
            by=by,
        )
        return await self.runs.begin(tenant, planned)

    async def digest(self, tenant: str, name: str, version: str) -> str:
        """Return the SHA-256 of the text of a version: ``r3``, ``d17``, or that of a prompt's file."""
        kind = RELEASED.fullmatch(version)
        if kind is None:
            return self._library.get(name, version).digest
        number = int(kind[2])
        if kind[1] == "r":
            return (await self.releases.version(tenant, name, number)).digest
        draft = await self.releases.one_draft(tenant, number)
        if draft.name != name:
            raise InvalidRequestError("version", f"draft {number} is one of {draft.name}, not of {name}")
        return hashlib.sha256(draft.body.encode()).hexdigest()

    async def production(self, tenant: str, name: str) -> str:
        """Return the version in production, as it is written."""
        return f"r{(await self.releases.status(tenant, name)).production}"

    async def work(
        self,
        recommender: Recommender,
        tenant: str,
        run: EvaluationRun,
        cases: CaseSet,
        *,
        concurrency: int = CONCURRENCY,
        told: Told | None = None,
        beside: asyncio.Task[EvaluationRun] | None = None,
    ) -> EvaluationRun:
        """Do what is left of a run and return it ended, its figures stored with the release; ``told`` hears of every answer.

        It ends after ``beside``, the run that it is compared with. Being cancelled stops it so that it can be gone on with.
        """
        await self.runs.drop_failed(run.id)
        there = {(o.case_id, o.repetition) for o in await self.runs.outcomes(run.id)}
        count = len(there)

        async def keep(outcome: Outcome) -> None:
            nonlocal count
            await self.runs.keep(run.id, outcome)
            count += 1
            if told is not None:
                told(run.model_copy(update={"done": count}))

        versions = {run.name: run.version}
        try:
            await run_cases(
                recommender, cases.cases, keep,
                repetitions=run.k, versions=versions, tenant=tenant, done=there, concurrency=concurrency,
            )  # fmt: skip
            if beside is not None:
                await asyncio.wait([beside])
        except asyncio.CancelledError:
            await asyncio.shield(self.runs.end(run.id, "stopped", {}, "stopped; start it again to go on"))
            raise
        except Exception as error:
            await self.runs.end(run.id, "failed", {}, redact(str(error))[:500] or type(error).__name__)
            raise
        return await self._finished(tenant, run, cases)

    async def _finished(self, tenant: str, run: EvaluationRun, cases: CaseSet) -> EvaluationRun:
        outcomes = await self.runs.outcomes(run.id)
        metrics = (await asyncio.to_thread(figures_of, outcomes)).plain
        await self.runs.end(run.id, "done", metrics)
        kind = RELEASED.fullmatch(run.version)
        if kind is not None and kind[1] == "r":
            await self.releases.add_evaluation(
                tenant, run.name, int(kind[2]), run.case_set,
                cases=len(cases.cases), k=run.k, metrics=metrics, by=run.by or "evaluation", run=run.id,
            )  # fmt: skip
        return await self.runs.run(tenant, run.id)

    async def finished(self, tenant: str, name: str, version: str, cases: CaseSet) -> EvaluationRun | None:
        """Return the newest run of a version over these cases that ended, if there is one."""
        wanted = (version, await self.digest(tenant, name, version), cases.name, cases.digest)
        ended = (r for r in await self.runs.runs(tenant, name) if r.state == "done")
        return next((r for r in ended if (r.version, r.digest, r.case_set, r.set_digest) == wanted), None)

    async def compare(self, tenant: str, run_id: str, base_id: str) -> list[Difference]:
        """Return how a run differs from another over the same cases."""
        run, base = await self.runs.run(tenant, run_id), await self.runs.run(tenant, base_id)
        if run.case_set != base.case_set:
            raise InvalidRequestError("base", f"it ran over {base.case_set}, and this one over {run.case_set}")
        before, after = await self.runs.outcomes(base.id), await self.runs.outcomes(run.id)
        return await asyncio.to_thread(differences, before, after)

    # Runs in the background of a server

    async def start(
        self, recommender: Recommender, tenant: str, name: str, version: str, *, case_set: str, k: int, by: str
    ) -> EvaluationRun:
        """Begin a run in the background, or go on with one; it ends with this process at the latest.

        Where production was not run over these cases, it is run beside, so that the two can be compared and the gate can judge.
        """
        cases = await self.case_set(tenant, case_set)
        run = await self.begin(tenant, name, version, cases=cases, k=k, by=by)
        production, beside = await self.production(tenant, name), None
        if version != production and await self.finished(tenant, name, production, cases) is None:
            base = await self.begin(tenant, name, production, cases=cases, k=k, by=by)
            beside = self._in_background(recommender, tenant, base, cases)
        self._in_background(recommender, tenant, run, cases, beside)
        return run

    def _in_background(
        self,
        recommender: Recommender,
        tenant: str,
        run: EvaluationRun,
        cases: CaseSet,
        beside: asyncio.Task[EvaluationRun] | None = None,
    ) -> asyncio.Task[EvaluationRun]:
        task = self._working.get(run.id)
        if task is None:
            task = asyncio.create_task(self.work(recommender, tenant, run, cases, beside=beside))
            self._working[run.id] = task
            task.add_done_callback(lambda done: self._ended(run.id, done))
        return task

    async def stop(self, tenant: str, run_id: str) -> EvaluationRun:
        """Stop a run of this process; it can be gone on with."""
        await self.runs.run(tenant, run_id)
        task = self._working.get(run_id)
        await stop(task)
        return await self.runs.run(tenant, run_id)

    def _ended(self, run_id: str, task: asyncio.Task[EvaluationRun]) -> None:
        self._working.pop(run_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("run %s failed: %s", run_id, redact(str(error)) or type(error).__name__)
