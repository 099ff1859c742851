"""Turn conflicts into effects by a shop's policy: block, ask, lower, keep out of the evidence, or only say so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ...core.schemas import Check, Effect, MediaFile, TrustAction, Verdict, VerdictState

Policy = Mapping[str, TrustAction]
"""What to do, by the name of the check; ``lower`` where it says nothing."""

OUT: frozenset[TrustAction] = frozenset({"block", "keep_out"})
LESS: frozenset[TrustAction] = OUT | {"lower", "ask"}


def combine(checks: Sequence[Check], media: Sequence[MediaFile], policy: Policy | None = None) -> Verdict:
    """Return conflict if any check conflicts, verified if one verifies, else no evidence, with what follows; pure.

    Of a medium that a conflict is about, frames of a video included, ``distrusted`` names those that count for less or nothing, ``kept_out``
    those that count for nothing. With ``label`` a conflict is told and changes nothing.
    """
    states = {check.state for check in checks}
    state: VerdictState = next((s for s in ("conflict", "verified") if s in states), "no evidence")
    chosen = policy or {}
    effects = tuple(
        Effect(check=check.check, about=check.about, action=chosen.get(check.check, "lower"))
        for check in checks
        if check.state == "conflict"
    )
    return Verdict(
        state=state,
        checks=tuple(checks),
        distrusted=_named(media, effects, LESS),
        kept_out=_named(media, effects, OUT),
        effects=effects,
    )


def _named(media: Sequence[MediaFile], effects: Sequence[Effect], actions: frozenset[TrustAction]) -> tuple[str, ...]:
    blamed = {name for effect in effects if effect.action in actions for name in effect.about}
    return tuple(m.media_id for m in media if m.media_id in blamed or m.media_id.split("-frame-")[0] in blamed)
