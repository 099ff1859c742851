"""Search for a better wording of a prompt as an assistant would: change one block at a time, keep what is better, show it to a person.

A plain greedy search over the prompt's own blocks. One half of the cases chooses; the other half, which chose nothing, says what the
choice is worth. The best variant is left as a draft; nothing is released.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from ...core.errors import InvalidRequestError
from ...core.evaluation.figures import Difference, differences, figures_of
from ...core.evaluation.prompt_variants import variants
from ...core.schemas import Frozen
from ...core.schemas.cases import Case, CaseSet, Outcome
from ..releases.desk import ReleaseDesk
from .run import CONCURRENCY, run_cases

if TYPE_CHECKING:
    from ..recommender import Recommender

WEIGHTS: Mapping[str, float] = {"passed": 1.0, "schema_valid": 1.0, "grounded": 0.5, "tokens": -0.0001}
"""What a wording is chosen by: a sum of means. A thousand tokens weigh as much as a tenth of the cases."""
FEWEST_CASES = 8
"""In each half."""
Told = Callable[[str], None]


class Tried(Frozen):
    """A variant that was tried on the half that chooses."""

    what: str
    score: float
    kept: bool = False


class Optimised(Frozen):
    """What the search found."""

    name: str
    tried: tuple[Tried, ...] = ()
    changes: tuple[str, ...] = Field(default=(), description="What the best variant changes; none: nothing was better.")
    draft: int | None = Field(default=None, description="The draft that holds it.")
    chosen_on: int = Field(description="Cases that chose.")
    held_out: int = Field(description="Cases that did not.")
    differences: tuple[Difference, ...] = Field(default=(), description="Against the beginning, on the held-out cases.")

    @property
    def in_words(self) -> str:
        """Return what to think of it."""
        if not self.changes:
            return f"None of {len(self.tried)} variants was better than the prompt as it is."
        sure = [f"{d.metric} {d.verdict}" for d in self.differences if d.verdict != "within noise"]
        worth = ", ".join(sure) or "no difference beyond noise"
        return f"Draft {self.draft}: {'; '.join(self.changes)}. On {self.held_out} held-out cases: {worth}."


async def optimise(
    recommender: Recommender,
    desk: ReleaseDesk,
    tenant: str,
    name: str,
    *,
    cases: CaseSet,
    by: str,
    tries: int = 12,
    concurrency: int = CONCURRENCY,
    told: Told | None = None,
) -> Optimised:
    """Try at most ``tries`` variants of what is in production and return the best with its held-out result beside.

    Raises:
        InvalidRequestError: it is no prompt, or there are too few cases to hold some out.
    """
    if desk.kind_of(name) != "prompt":
        raise InvalidRequestError("name", f"{name} is no prompt; only prompts have blocks to leave out or move")
    choosing, held = halves(cases.cases)
    if min(len(choosing), len(held)) < FEWEST_CASES:
        raise InvalidRequestError("cases", f"needs at least {4 * FEWEST_CASES} cases, so that half can be held out")
    body = (await desk.version(tenant, name, (await desk.status(tenant, name)).production)).body
    draft = (await desk.draft(tenant, name, body, by, note="optimiser: begins")).id

    async def answered(text: str, some: Sequence[Case]) -> list[Outcome]:
        await desk.save_draft(tenant, draft, text, by)
        found: list[Outcome] = []

        async def keep(outcome: Outcome) -> None:
            found.append(outcome)

        versions = {name: f"d{draft}"}
        await run_cases(recommender, some, keep, versions=versions, tenant=tenant, concurrency=concurrency)
        return found

    async def scored(text: str) -> float:
        return score_of(await answered(text, choosing))

    best, tried = await _search(body, scored, lambda text: desk.check(name, text), tries, told)
    told_of = {"name": name, "tried": tuple(tried), "chosen_on": len(choosing), "held_out": len(held)}
    changed = tuple(t.what for t in tried if t.kept)
    if not changed:
        await desk.drop_draft(tenant, draft, by)
        return Optimised.model_validate(told_of)
    beside = differences(await answered(body, held), await answered(best, held))
    result = Optimised.model_validate({**told_of, "changes": changed, "draft": draft, "differences": beside})
    await desk.save_draft(tenant, draft, best, by, note=result.in_words[:500])
    return result


async def _search(
    body: str,
    scored: Callable[[str], Awaitable[float]],
    check: Callable[[str], Sequence[str]],
    tries: int,
    told: Told | None,
) -> tuple[str, list[Tried]]:
    """Return the best text found and every variant that was tried; a variant with problems is passed over."""
    best, score, seen = body, await scored(body), {body}
    tried: list[Tried] = []
    while len(tried) < tries:
        variant = next((v for v in variants(best) if v.body not in seen and not check(v.body)), None)
        if variant is None:
            break
        seen.add(variant.body)
        now = await scored(variant.body)
        tried.append(Tried(what=variant.what, score=round(now, 4), kept=now > score))
        if told is not None:
            told(f"{len(tried)} of {tries}: {variant.what}: {now:.4f} (best so far {score:.4f})")
        if now > score:
            best, score = variant.body, now
    return best, tried


def halves(cases: Sequence[Case]) -> tuple[list[Case], list[Case]]:
    """Return the cases that choose and those that are held out, by a digest of their ids: the same in every search."""
    sides: tuple[list[Case], list[Case]] = ([], [])
    for case in cases:
        sides[hashlib.sha256(case.case_id.encode()).digest()[0] % 2].append(case)
    return sides


def score_of(outcomes: Sequence[Outcome]) -> float:
    """Return what a wording is chosen by."""
    metrics = figures_of(outcomes).metrics
    values = {"passed": metrics["pass_1"].value} if metrics else {}
    values |= {n: v.value for n, v in metrics.items() if n in WEIGHTS}
    return sum(WEIGHTS[n] * v for n, v in values.items())
