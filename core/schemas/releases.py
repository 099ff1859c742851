"""What a product manager releases: versions, drafts, labels, rollouts, gates and the audit log.

A name such as ``compose`` says what is released and fixes its kind. Version 0 is what ships; it is never stored. Times are aware.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import Field

from .catalogue import Frozen

Kind = Literal["prompt", "phrases", "rules", "source_weights"]
Label = Literal["draft", "candidate", "production"]
RolloutState = Literal["running", "released", "rolled_back"]
Arm = Literal["candidate", "control"]
MAX_BODY = 200_000
"""Characters of a body."""


class Version(Frozen):
    """One version of a prompt, of phrases, rules or weights; it never changes."""

    name: str = Field(description="What it is a version of.", examples=["compose"])
    kind: Kind = Field(description="What that is.")
    number: int = Field(ge=0, description="From 1; 0 is what ships.")
    author: str = Field(description="Who wrote it.")
    at: datetime | None = Field(default=None, description="When it was made; empty for what ships.")
    message: str = Field(default="", description="What is different, in the author's words.")
    digest: str = Field(description="SHA-256 of the body.")
    body: str = Field(description="The text, as it would stand in a file.")
    based_on: int = Field(default=0, ge=0, description="The version that the author began with.")

    @property
    def ref(self) -> str:
        """Return ``name@r3#digest``, as answers name it."""
        return f"{self.name}@r{self.number}#{self.digest[:8]}"


class Draft(Frozen):
    """A text that is being written; it is kept at every save and serves nobody."""

    id: int = Field(description="Its number, among all drafts.")
    name: str = Field(description="What it is a draft of.")
    kind: Kind = Field(description="What that is.")
    author: str = Field(description="Who began it.")
    at: datetime = Field(description="When it was begun.")
    changed: datetime = Field(description="When it was saved last.")
    based_on: int = Field(default=0, ge=0, description="The version that it began with.")
    note: str = Field(default="", description="What it is for.")
    body: str = Field(description="The text so far.")


class Cohort(Frozen):
    """Among whom the share is drawn: everybody, or those who fit all that is stated."""

    segments: tuple[str, ...] = Field(
        default=(), max_length=50, description="Values of the request's `context.segment`; empty: all."
    )
    new_users: bool = Field(default=False, description="Only users of whom nothing is known yet.")


class Rollout(Frozen):
    """A version shown to a share of users; the others of the cohort are the control and are served ``base``."""

    id: int = Field(description="Its number, among all rollouts.")
    name: str = Field(description="What is rolled out.")
    number: int = Field(ge=0, description="The version on trial.")
    base: int = Field(ge=0, description="The production version of that time.")
    percent: float = Field(ge=0, le=100, description="Share of the cohort's users that are served it.")
    cohort: Cohort = Field(default=Cohort(), description="Among whom.")
    salt: str = Field(description="What user ids are hashed with; it stays when the share changes.")
    state: RolloutState = Field(default="running", description="What became of it.")
    by: str = Field(description="Who began it.")
    at: datetime = Field(description="When it began.")
    ended: datetime | None = Field(default=None, description="When it ended.")
    why: str = Field(default="", description="Why it ended.")


class Threshold(Frozen):
    """What one figure of an evaluation must reach; against ``production`` it is divided by the figure of that first."""

    metric: str = Field(description="Name of the figure.", examples=["pass_k"])
    at_least: float | None = Field(default=None, description="Smallest value that passes.")
    at_most: float | None = Field(default=None, description="Largest value that passes.")
    against: Literal["fixed", "production"] = Field(
        default="fixed", description="`production`: the bounds are for the ratio to production on the same cases."
    )


class CaseGate(Frozen):
    """A set of frozen cases that a version must have been run over."""

    case_set: str = Field(description="Name of the set; `*`: any set.")
    cases: int = Field(default=1, ge=1, le=1_000_000, description="Cases that were run, at least.")
    k: int = Field(default=1, ge=1, le=1_000, description="Runs of each case, at least.")
    thresholds: tuple[Threshold, ...] = Field(default=(), description="What its figures must reach.")


class Gate(Frozen):
    """What a version must show before anybody is served it."""

    case_sets: tuple[CaseGate, ...] = Field(default=(), description="Evaluations that must be there and good.")
    every: tuple[Threshold, ...] = Field(
        default=(), description="What every evaluation of it must reach that was run and has the figure."
    )
    approvals: int = Field(default=1, ge=0, le=10, description="How many people must approve.")
    approver_is_not_author: bool = Field(default=True, description="Whether authors may not approve their own.")
    max_length_ratio: float | None = Field(
        default=1.5,
        gt=0,
        description="How long a prompt's text may be against production's; empty: as long as it likes.",
    )


class Approval(Frozen):
    """Somebody's word that a version may be served."""

    number: int = Field(description="The version.")
    by: str = Field(description="Who approves.")
    at: datetime = Field(description="When.")
    note: str = Field(default="", description="What they say.")


class EvaluationResult(Frozen):
    """The figures of one version over one set of cases."""

    id: int = Field(description="Its number.")
    name: str = Field(description="What was evaluated.")
    number: int = Field(description="Which version of it.")
    digest: str = Field(description="SHA-256 of the body that ran.")
    case_set: str = Field(description="Name of the set.")
    cases: int = Field(ge=0, description="How many cases.")
    k: int = Field(ge=1, description="Runs of each.")
    metrics: dict[str, float] = Field(description="The figures by name.")
    run: str = Field(default="", description="The id of the run, for its details.")
    by: str = Field(description="Who ran it.")
    at: datetime = Field(description="When it ended.")


class GateReport(Frozen):
    """Whether a version may be served, and else why not, in plain words."""

    name: str = Field(description="What it is about.")
    number: int = Field(description="The version.")
    passed: bool = Field(description="True if nothing stands against it.")
    problems: tuple[str, ...] = Field(default=(), description="What stands against it and what to do.")
    approvals: tuple[Approval, ...] = Field(default=(), description="Who approved.")
    evaluations: tuple[EvaluationResult, ...] = Field(default=(), description="The newest of each set.")


class Comment(Frozen):
    """What somebody says of a version or a draft."""

    id: int = Field(description="Its number.")
    number: int | None = Field(default=None, description="The version it is about.")
    draft: int | None = Field(default=None, description="Or the draft.")
    by: str = Field(description="Who.")
    at: datetime = Field(description="When.")
    text: str = Field(description="What.")


class ReleaseStatus(Frozen):
    """What is served under a name, and what waits."""

    name: str = Field(description="What is released.")
    kind: Kind = Field(description="What that is.")
    description: str = Field(default="", description="What it is for.")
    labels: dict[Label, int] = Field(default_factory=dict, description="Label -> version; no production: what ships.")
    rollout: Rollout | None = Field(default=None, description="The rollout that runs.")
    newest: int = Field(default=0, description="The highest version number.")
    drafts: int = Field(default=0, description="How many drafts there are.")

    @property
    def production(self) -> int:
        """Return the version that whoever takes part in no rollout is served."""
        return self.labels.get("production", 0)


class Rollback(Frozen):
    """What a rollback changed."""

    name: str = Field(description="What was rolled back.")
    from_number: int = Field(description="The version that serves no more.")
    to_number: int = Field(description="The version that everybody is served now.")
    rollout: int | None = Field(default=None, description="The rollout that it ended.")


class AuditEntry(Frozen):
    """One thing that was done; ``digest`` is of all of it and of the digest of the one before."""

    seq: int = Field(description="Its place in the tenant's log, from 1.")
    at: datetime = Field(description="When.")
    by: str = Field(description="Who.")
    action: str = Field(description="What, such as `release`.")
    name: str | None = Field(default=None, description="To what.")
    number: int | None = Field(default=None, description="To which version.")
    detail: dict[str, Any] = Field(default_factory=dict, description="What else there is to say.")
    previous: str = Field(description="Digest of the entry before; empty for the first.")
    digest: str = Field(description="Digest of this entry.")


class DiffLine(Frozen):
    """A line that two versions share or differ in."""

    kind: Literal["same", "added", "removed"] = Field(description="How it differs.")
    text: str = Field(description="The line.")


class Diff(Frozen):
    """What is different between two versions."""

    name: str = Field(description="What they are versions of.")
    old: int = Field(description="The one.")
    new: int = Field(description="The other.")
    lines: tuple[DiffLine, ...] = Field(default=(), description="Every line.")
    words: tuple[str, ...] = Field(default=(), description="The difference in words.")


class ServedVersion(Frozen):
    """Which version served a request, and in which arm of a rollout, if its user takes part in one."""

    name: str = Field(description="What served.")
    number: int = Field(description="Which version of it; 0 is what ships.")
    draft: int | None = Field(default=None, description="The draft that was tried out, if it was one.")
    rollout: int | None = Field(default=None, description="The rollout that the user takes part in.")
    arm: Arm | None = Field(default=None, description="Whether they are served the version on trial.")
