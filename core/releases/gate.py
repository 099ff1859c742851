"""Say whether a version may be served, and else why not, in words for people who do not program."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..schemas.releases import Approval, CaseGate, EvaluationResult, Gate, GateReport, Threshold, Version

Results = Mapping[str, EvaluationResult]
"""The newest result of a version by set of cases."""
ANY_SET = "*"
OF_MODELS = frozenset({"schema_valid", "grounded"})
"""Figures that there are only where a language model wrote."""


def judged(
    version: Version,
    gate: Gate,
    base: Version,
    *,
    problems: Sequence[str],
    approvals: Sequence[Approval],
    results: Results,
    base_results: Results,
) -> GateReport:
    """Return the report for a version; ``problems`` are those of its text, ``base`` is the version in production."""
    against = [*problems, *_length(version, base, gate)]
    for wanted in gate.case_sets:
        against += _cases(version, wanted, results, base_results)
    for name, result in results.items():
        against += _every(gate, name, result, base_results.get(name)) if result.digest == version.digest else []
    against = list(dict.fromkeys(against))
    against += _approvals(version, gate, approvals)
    return GateReport(
        name=version.name,
        number=version.number,
        passed=not against,
        problems=tuple(against),
        approvals=tuple(approvals),
        evaluations=tuple(results.values()),
    )


def _length(version: Version, base: Version, gate: Gate) -> list[str]:
    most = gate.max_length_ratio
    if most is None or version.kind != "prompt" or not base.body:
        return []
    ratio = len(version.body) / len(base.body)
    if ratio <= most:
        return []
    return [
        f"the text is {ratio:.1f} times as long as the one in production ({len(version.body)} against {len(base.body)} "
        f"characters), and the gate allows {most:g} times: shorten it"
    ]


def _cases(version: Version, wanted: CaseGate, results: Results, base_results: Results) -> list[str]:
    """Return what stands against a version on the set wanted; where any set will do, on the one that says least against it."""
    names = results if wanted.case_set == ANY_SET else [wanted.case_set]
    ran = {n: r for n in names if (r := results.get(n)) is not None and r.digest == version.digest}
    if not ran:
        which = "any set of cases" if wanted.case_set == ANY_SET else f"the cases {wanted.case_set!r}"
        return [f"it was not evaluated on {which}: run the evaluation"]
    return min((_on_set(wanted, name, result, base_results.get(name)) for name, result in ran.items()), key=len)


def _on_set(wanted: CaseGate, name: str, result: EvaluationResult, base: EvaluationResult | None) -> list[str]:
    if result.cases < wanted.cases:
        return [f"{name!r} has {result.cases} cases, and the gate asks for {wanted.cases}: evaluate it on more"]
    if result.k < wanted.k:
        return [f"each case of {name!r} was run {result.k} times, and the gate asks for {wanted.k}"]
    return [problem for t in wanted.thresholds if (problem := _threshold(t, name, result, base))]


def _every(gate: Gate, name: str, result: EvaluationResult, base: EvaluationResult | None) -> list[str]:
    """Hold an evaluation that was run to what all must reach, as far as the two have the figures."""
    if base is None and any(t.against == "production" for t in gate.every):
        return [f"production was not evaluated on {name!r}, so that the two cannot be compared: evaluate it, too"]
    held = [
        t
        for t in gate.every
        if t.metric in result.metrics and (t.against == "fixed" or (base is not None and t.metric in base.metrics))
    ]
    return [problem for t in held if (problem := _threshold(t, name, result, base))]


def _threshold(wanted: Threshold, name: str, result: EvaluationResult, base: EvaluationResult | None) -> str:
    value, what = result.metrics.get(wanted.metric), f"{wanted.metric} on {name!r}"
    if value is None:
        why = ": no language model answered it" if wanted.metric in OF_MODELS else ""
        return f"the evaluation on {name!r} has no figure {wanted.metric!r}{why}"
    if wanted.against == "production":
        before = base.metrics.get(wanted.metric) if base else None
        if before is None:
            return f"{what} is compared with production, which was not evaluated on these cases: evaluate it, too"
        value = value / before if before else (1.0 if value == before else float("inf"))
        what = f"{what}, divided by that of production,"
    if wanted.at_least is not None and value < wanted.at_least:
        return f"{what} is {value:.3g}, and must be {wanted.at_least:g} or more"
    if wanted.at_most is not None and value > wanted.at_most:
        return f"{what} is {value:.3g}, and must be {wanted.at_most:g} or less"
    return ""


def _approvals(version: Version, gate: Gate, approvals: Sequence[Approval]) -> list[str]:
    counted = {a.by for a in approvals if not (gate.approver_is_not_author and a.by == version.author)}
    missing = gate.approvals - len(counted)
    if missing <= 0:
        return []
    whose = f" other than its author, {version.author}," if gate.approver_is_not_author else ""
    return [f"{missing} approval{'s' if missing > 1 else ''} missing: somebody{whose} must approve it"]
