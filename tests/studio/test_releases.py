"""Versions, drafts, labels, gates, rollouts and the audit log, without a server."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tastemaker.core.errors import InvalidRequestError, ReleaseBlockedError
from tastemaker.core.ranking.weights import Kind, weights_of
from tastemaker.core.ranking.weights_as_toml import read_weights
from tastemaker.core.releases.assignment import assigned, point_of
from tastemaker.core.releases.in_force import IN_FORCE
from tastemaker.core.schemas.releases import CaseGate, Cohort, Gate, Rollout, Threshold
from tastemaker.core.settings import Settings
from tastemaker.graphs.releases.desk import ReleaseDesk

T = "default"
NO_GATE = Gate(approvals=0, max_length_ratio=None)


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[ReleaseDesk]:
    opened = ReleaseDesk.at(Settings(home=tmp_path))
    yield opened
    await opened.close()


def edited(desk: ReleaseDesk, name: str = "compose") -> str:
    body = desk.shipped(name).body
    return body.replace("\n# user", "\nBe brief.\n\n# user", 1)


async def released(desk: ReleaseDesk, body: str, name: str = "compose") -> int:
    """Release a text as somebody does who is in a hurry, and return its number."""
    await desk.set_gate(T, name, NO_GATE, "root")
    version = await desk.commit(T, name, body, "ada", message="")
    await desk.label(T, name, version.number, "candidate", "ada")
    await desk.release(T, name, version.number, "bob")
    return version.number


def test_everything_that_ships_passes_its_own_check(desk: ReleaseDesk) -> None:
    for name in desk.names():
        assert desk.check(name, desk.shipped(name).body) == [], name


async def test_reading_makes_no_database(desk: ReleaseDesk, tmp_path: Path) -> None:
    assert {s.production for s in await desk.overview(T)} == {0}
    assert [v.number for v in await desk.versions(T, "compose")] == [0]
    assert await desk.verify_audit(T) == []
    assert not os.listdir(tmp_path)


async def test_a_draft_becomes_a_version_that_stays_after_the_process_is_gone(
    desk: ReleaseDesk, tmp_path: Path
) -> None:
    draft = await desk.draft(T, "compose", "half", "ada", note="shorter")
    saved = await desk.save_draft(T, draft.id, edited(desk), "ada")
    version = await desk.commit(T, "compose", saved.body, "ada", message="brief", draft=draft.id)
    assert (version.number, version.author, version.message, await desk.drafts(T)) == (1, "ada", "brief", [])
    again = ReleaseDesk.at(Settings(home=tmp_path))
    assert await again.version(T, "compose", 1) == version
    assert (await again.commit(T, "compose", saved.body, "bob", message="")).number == 1
    assert any("is new: “Be brief.”" in said for said in (await again.diff(T, "compose", 0, 1)).words)
    assert await again.versions("other", "compose") == [again.shipped("compose")]
    await again.close()


async def test_a_draft_is_a_patch_that_git_applies(desk: ReleaseDesk) -> None:
    draft = await desk.draft(T, "compose", edited(desk), "ada")
    patch = await desk.patch(T, draft.id)
    assert patch.startswith("--- a/prompts/compose.md\n+++ b/prompts/compose.md\n")
    assert "\n+Be brief.\n" in patch


async def test_a_text_with_problems_cannot_become_candidate(desk: ReleaseDesk) -> None:
    bad = await desk.commit(
        T, "compose", edited(desk).replace("output: composition", "output: poem"), "ada", message=""
    )
    with pytest.raises(ReleaseBlockedError, match="output must be 'composition'"):
        await desk.label(T, "compose", bad.number, "candidate", "ada")
    with pytest.raises(ReleaseBlockedError, match="output must be 'composition'"):
        await desk.release(T, "compose", bad.number, "bob")
    assert (await desk.status(T, "compose")).production == 0


async def test_the_gate_says_all_that_stands_against_a_version(desk: ReleaseDesk) -> None:
    longer = edited(desk).replace("Be brief.", "Be brief. " * 2_000)
    version = await desk.commit(T, "compose", longer, "ada", message="")
    wanted = (Threshold(metric="pass_k", at_least=0.9), Threshold(metric="tokens", at_most=1.2, against="production"))
    gate = Gate(case_sets=(CaseGate(case_set="core", k=3, thresholds=wanted),), approvals=1)
    await desk.set_gate(T, "compose", gate, "root")
    await desk.label(T, "compose", 1, "candidate", "ada")
    with pytest.raises(ReleaseBlockedError) as blocked:
        await desk.release(T, "compose", 1, "bob")
    said = " / ".join(blocked.value.reasons)
    assert "times as long" in said
    assert "not evaluated on the cases 'core'" in said
    assert "other than its author, ada" in said
    with pytest.raises(ReleaseBlockedError, match="somebody else"):
        await desk.approve(T, "compose", 1, "ada")
    await desk.approve(T, "compose", 1, "bob")
    await desk.set_gate(T, "compose", gate.model_copy(update={"max_length_ratio": None}), "root")
    for k, metrics, why in (
        (1, {"pass_k": 1.0}, "run 1 times, and the gate asks for 3"),
        (3, {"pass_k": 0.5, "tokens": 9.0}, "pass_k on 'core' is 0.5, and must be 0.9 or more"),
        (3, {"pass_k": 0.95, "tokens": 9.0}, "evaluate it, too"),
    ):
        await desk.add_evaluation(T, "compose", 1, "core", cases=9, k=k, metrics=metrics, by="ci")
        assert why in " / ".join((await desk.gate_report(T, "compose", 1)).problems)
    await desk.add_evaluation(T, "compose", 0, "core", cases=9, k=3, metrics={"tokens": 4.0}, by="ci")
    assert "2.25, and must be 1.2 or less" in (await desk.gate_report(T, "compose", 1)).problems[0]
    await desk.add_evaluation(T, "compose", 1, "core", cases=9, k=3, metrics={"pass_k": 1.0, "tokens": 4.0}, by="ci")
    assert (await desk.gate_report(T, "compose", version.number)).passed
    assert (await desk.release(T, "compose", 1, "bob")).production == 1


@pytest.mark.parametrize(
    ("metrics", "said"),
    [
        ({"schema_valid": 0.6}, "schema_valid on 'core' is 0.6, and must be 0.98 or more"),
        ({"conditions_kept": 0.9}, "conditions_kept on 'core' is 0.9, and must be 0.95 or more"),
        ({"conditions_kept": 0.97}, "divided by that of production, is 0.98, and must be 0.99 or more"),
        ({"words": 61}, "words on 'core', divided by that of production, is 2.03, and must be 1.5 or less"),
        ({"conditions_kept": 1.0, "words": 33}, "no figure 'schema_valid': no language model answered it"),
        ({"schema_valid": 1.0, "conditions_kept": 1.0, "words": 33}, ""),
    ],
)
async def test_the_gate_that_ships_refuses_broken_forms_broken_conditions_and_doubled_length(
    desk: ReleaseDesk, metrics: dict[str, float], said: str
) -> None:
    await waiting(desk)
    before = {"conditions_kept": 0.99, "words": 30.0}
    await desk.add_evaluation(T, "compose", 0, "core", cases=20, k=3, metrics=before, by="ci")
    await desk.add_evaluation(T, "compose", 1, "core", cases=20, k=3, metrics=metrics, by="ci")
    if not said:
        assert (await desk.rollout(T, "compose", 1, 10, "bob")).percent == 10
        return
    with pytest.raises(ReleaseBlockedError, match=said):
        await desk.rollout(T, "compose", 1, 10, "bob")
    assert (await desk.status(T, "compose")).rollout is None


async def waiting(desk: ReleaseDesk, name: str = "compose") -> None:
    """Make version 1 of a name, approved and the candidate."""
    body = edited(desk) if name == "compose" else desk.shipped(name).body + "\n"
    await desk.commit(T, name, body, "ada", message="")
    await desk.label(T, name, 1, "candidate", "ada")
    await desk.approve(T, name, 1, "bob")


@pytest.mark.parametrize("name", ["compose", "wording_en", "source_weights", "rules"])
async def test_the_gate_that_ships_holds_back_what_was_never_evaluated_or_on_too_little(
    desk: ReleaseDesk, name: str
) -> None:
    await waiting(desk, name)

    async def problems() -> tuple[str, ...]:
        return (await desk.gate_report(T, name, 1)).problems

    assert await problems() == ("it was not evaluated on any set of cases: run the evaluation",)
    good = {"schema_valid": 1.0, "words": 30.0}
    await desk.add_evaluation(T, name, 1, "three", cases=3, metrics=good, k=1, by="ci")
    await desk.add_evaluation(T, name, 0, "three", cases=3, metrics=good, k=1, by="ci")
    assert await problems() == ("'three' has 3 cases, and the gate asks for 20: evaluate it on more",)
    await desk.add_evaluation(T, name, 1, "core", cases=20, metrics=good, k=1, by="ci")
    assert await problems() == (
        "production was not evaluated on 'core', so that the two cannot be compared: evaluate it, too",
    )
    await desk.add_evaluation(T, name, 0, "core", cases=20, metrics=good, k=1, by="ci")
    assert (await desk.rollout(T, name, 1, 10, "bob")).percent == 10


async def test_production_goes_back_step_by_step_to_what_ships(desk: ReleaseDesk) -> None:
    for text in ("Be brief.", "Be warm.", "Be bold."):
        await released(desk, edited(desk).replace("Be brief.", text))
    steps = [await desk.rollback(T, "compose", "ada", "worse") for _ in range(3)]
    assert [(s.from_number, s.to_number) for s in steps] == [(3, 2), (2, 1), (1, 0)]
    with pytest.raises(ReleaseBlockedError, match="nothing but what ships"):
        await desk.rollback(T, "compose", "ada")
    await desk.release(T, "compose", 0, "ada")


async def test_one_rollout_at_a_time_keeps_its_salt_and_its_cohort(desk: ReleaseDesk) -> None:
    first = await released(desk, edited(desk))
    second = await desk.commit(T, "compose", edited(desk) + "\n", "ada", message="")
    with pytest.raises(ReleaseBlockedError, match="not the candidate"):
        await desk.rollout(T, "compose", second.number, 10, "bob")
    await desk.label(T, "compose", second.number, "candidate", "ada")
    begun = await desk.rollout(T, "compose", second.number, 10, "bob", cohort=Cohort(new_users=True))
    wider = await desk.rollout(T, "compose", second.number, 50, "bob")
    assert (begun.base, wider.id, wider.salt, wider.percent) == (first, begun.id, begun.salt, 50)
    with pytest.raises(ReleaseBlockedError, match="keeps its cohort"):
        await desk.rollout(T, "compose", second.number, 50, "bob", cohort=Cohort())
    with pytest.raises(ReleaseBlockedError, match="r2 is on trial with 50 %"):
        await desk.release(T, "compose", first, "bob")
    assert await desk.rollback_automatically(T, begun.id + 1, "no", {}) is None
    done = await desk.rollback_automatically(T, begun.id, "clicks fell", {"p": 0.01})
    assert done is not None
    assert (done.from_number, done.to_number, done.rollout) == (2, first, begun.id)
    assert await desk.rollback_automatically(T, begun.id, "twice", {}) is None
    last = (await desk.audit(T, "compose"))[-1]
    assert (last.by, last.action, last.detail["evidence"]) == ("monitor", "rollback", {"p": 0.01})
    ended = (await desk.rollouts(T, "compose"))[0]
    assert (ended.state, ended.why) == ("rolled_back", "clicks fell")


@pytest.mark.parametrize(
    ("statement", "said"),
    [
        ("UPDATE release_audit SET actor = 'eve' WHERE seq = 2", "entry 2 (commit by eve) was changed"),
        ("UPDATE release_audit SET detail = '{}' WHERE seq = 1", "entry 1 (set_gate by root) was changed"),
        ("DELETE FROM release_audit WHERE seq = 3", "between entry 2 and entry 4 something was taken out"),
        ("DELETE FROM release_audit WHERE seq = 4", "the log ends with entry 3, but entry 4 was written"),
        ("DELETE FROM release_audit", "the log ends with entry 0, but entry 4 was written"),
    ],
)
async def test_whoever_changes_the_audit_log_is_found_out(
    desk: ReleaseDesk, tmp_path: Path, statement: str, said: str
) -> None:
    await released(desk, edited(desk))
    assert await desk.verify_audit(T) == []
    with sqlite3.connect(tmp_path / "releases.db") as database:
        database.execute(statement)
    problems = await desk.verify_audit(T)
    assert any(said in problem for problem in problems), problems


def trial(percent: float, salt: str = "compose-1", cohort: Cohort | None = None) -> Rollout:
    at = "2026-11-27T00:00:00Z"
    return Rollout.model_validate(
        {"id": 1, "name": "compose", "number": 2, "base": 1, "percent": percent, "salt": salt, "by": "bob", "at": at}
        | ({"cohort": cohort} if cohort else {})
    )


def test_the_share_is_met_within_one_percent_and_only_grows() -> None:
    units = [f"user-{n}" for n in range(100_000)]
    points = {unit: point_of("compose-1", unit) for unit in units}
    before: set[str] = set()
    for percent in (1, 10, 50, 90, 100):
        served = {unit for unit in units if points[unit] * 100 < percent}
        assert abs(len(served) / len(units) * 100 - percent) < 1
        assert before <= served
        before = served
    some = units[:2_000]
    served = {u for u in some if (found := assigned(trial(50), u, None, known=True)) and found.arm == "candidate"}
    assert served == {u for u in some if points[u] < 0.5}
    both = sum(point_of("compose-2", u) < 0.1 and points[u] < 0.1 for u in units)
    assert abs(both / len(units) - 0.01) < 0.005  # another rollout tries things on other people


@pytest.mark.parametrize(
    ("cohort", "segment", "known", "takes_part"),
    [
        (Cohort(), None, True, True),
        (Cohort(segments=("students",)), "students", True, True),
        (Cohort(segments=("students",)), None, True, False),
        (Cohort(new_users=True), None, True, False),
        (Cohort(new_users=True), None, False, True),
    ],
)
def test_only_the_cohort_takes_part(cohort: Cohort, segment: str | None, known: bool, takes_part: bool) -> None:
    served = assigned(trial(100, cohort=cohort), "ada", segment, known=known)
    assert (served is not None) is takes_part


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        (
            "wording_en",
            ("It costs exactly your limit of {limit}.", "Costs {limt}."),
            "asks for {limt}, which is not known",
        ),
        ("wording_en", ('and = "and"', ""), "and is missing"),
        ("wording_en", ('and = "and"', "and = and"), "line 5 cannot be read"),
        ("wording_en", ('and = "and"', 'and = "and"\nbut = "but"'), "line 6: but is not known"),
        ("source_weights", ("said = 1.0", "said = 11"), "said must be a number from 0 to 10, not 11"),
        ("source_weights", ("[text_vector]", "[text_vectr]"), "there is no source 'text_vectr'"),
        ("rules", ("rules: []", "rules: [{id: x}]"), "x"),
        ("compose", ("{{ request }}", "{{ wish }}"), "wish"),
    ],
)
def test_a_wrong_text_is_told_in_plain_words(desk: ReleaseDesk, name: str, change: tuple[str, str], said: str) -> None:
    body = desk.shipped(name).body
    assert change[0] in body
    assert any(said in problem for problem in desk.check(name, body.replace(*change, 1)))


async def test_what_does_not_exist_is_named(desk: ReleaseDesk) -> None:
    with pytest.raises(InvalidRequestError, match="no 'poem' to release; there are: compose"):
        await desk.status(T, "poem")
    draft = await desk.draft(T, "compose", "x", "ada")
    with pytest.raises(InvalidRequestError, match=f"no draft {draft.id}"):
        await desk.save_draft("another-shop", draft.id, "y", "eve")
    with pytest.raises(InvalidRequestError, match="no version 7 of compose"):
        await desk.version(T, "compose", 7)


def test_released_weights_count_for_the_request_alone(desk: ReleaseDesk) -> None:
    kinds: dict[Kind, float] = {"said": 1.0}
    shipped = weights_of(kinds)
    weights, _ = read_weights(desk.shipped("source_weights").body.replace("said = 1.0", "said = 0.5"))
    before = IN_FORCE.set({"source_weights": weights})
    assert weights_of(kinds) == {**shipped, "text_vector": 0.5}
    IN_FORCE.reset(before)
    assert weights_of(kinds) == shipped
