"""Say which versions serve one request, and hand out what they became; everything is in memory, nothing is read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ...agents.prompt_files.file_format import Prompt
from ...core.releases.assignment import assigned
from ...core.schemas.releases import Rollout, ServedVersion


@dataclass(frozen=True)
class Live:
    """What is served to one tenant: the versions in production, the rollouts that run, and what each version became.

    ``made`` has an entry (name, number) for every version that could be read; what is not in it does not serve.
    """

    production: Mapping[str, int] = field(default_factory=dict)
    rollouts: Sequence[Rollout] = ()
    made: Mapping[tuple[str, int], Any] = field(default_factory=dict)

    def without(self, name: str, number: int) -> Live:
        """Return the same without one version: what it stood for is served by production, else by what ships."""
        return Live(self.production, self.rollouts, {k: v for k, v in self.made.items() if k != (name, number)})


NOTHING = Live()


@dataclass
class Serving:
    """The versions that serve one request. ``made`` is what ``core.releases.in_force`` looks in; it holds nothing where what ships serves."""

    live: Live = NOTHING
    unit: str = ""
    segment: str | None = None
    versions: dict[str, ServedVersion] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)
    tried: frozenset[str] = frozenset()

    @classmethod
    def begin(cls, live: Live, unit: str, segment: str | None, *, stranger: bool) -> Serving:
        """Return what serves a unit; whether a named user is new is told later, by ``know``."""
        serving = cls(live, unit, segment)
        for name, number in live.production.items():
            serving._serve(ServedVersion(name=name, number=number))
        for rollout in live.rollouts:
            if stranger or not rollout.cohort.new_users:
                serving._take_part(rollout, known=False)
        return serving

    def know(self, *, known: bool) -> None:
        """Let a user take part in the rollouts to new users, or not."""
        for rollout in self.live.rollouts:
            if rollout.cohort.new_users:
                self._take_part(rollout, known=known)

    def try_out(self, name: str, version: ServedVersion, made: Any) -> None:
        """Serve this request a version of somebody's choice; None for what ships."""
        self.tried |= {name}
        self.versions[name] = version
        if made is None:
            self.made.pop(name, None)
        else:
            self.made[name] = made

    def prompts(self) -> dict[str, Prompt]:
        """Return the released prompts by name."""
        return {name: made for name, made in self.made.items() if isinstance(made, Prompt)}

    def fallback(self, name: str) -> Prompt | None:
        """Return the prompt in production that stands in for one on trial that fails; None for what ships."""
        served = self.versions.get(name)
        number = self.live.production.get(name, 0)
        return self.live.made.get((name, number)) if served and served.number != number else None

    def told(self) -> tuple[ServedVersion, ...]:
        """Return the versions that are other than what ships, and those of rollouts."""
        return tuple(
            v for v in self.versions.values() if v.number or v.draft or v.rollout is not None or v.name in self.tried
        )

    def _take_part(self, rollout: Rollout, *, known: bool) -> None:
        version = assigned(rollout, self.unit, self.segment, known=known)
        if version is not None and rollout.name not in self.tried:
            self._serve(version)

    def _serve(self, version: ServedVersion) -> None:
        made = self.live.made.get((version.name, version.number))
        if made is None and version.number:  # it cannot be read: production serves, or what ships
            number = self.live.production.get(version.name, 0)
            made = self.live.made.get((version.name, number))
            version = version.model_copy(update={"number": number if made is not None else 0})
        self.versions[version.name] = version
        if made is None:
            self.made.pop(version.name, None)
        else:
            self.made[version.name] = made
