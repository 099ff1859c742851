"""Check the benchmark of questions on a small shop made here."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tastemaker.core.questions.answerable_facets import title_facets
from tastemaker.core.questions.information_gain import Offer
from tastemaker.core.settings import Settings
from tastemaker.evals.games import questions_to_strangers as elicit

ITEMS, USERS, ASKED = 120, 150, 40
SYSTEMS = ("Blue Box", "Handy", "Kite 3", "Desk")


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Write a shop whose titles end with one of four systems, and users who take items of one of them."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("data") / "games"
    folder.mkdir()
    titles = "".join(f"{i}\tStory {i} - {SYSTEMS[i % 4]}\n" for i in range(ITEMS))
    (folder / "items.tsv").write_text("item_id:token\ttitle:token_seq\n" + titles)
    taken = [rng.permutation(np.flatnonzero(np.arange(ITEMS) % 4 == u % 4))[:7] for u in range(USERS)]
    lines = "".join(f"{u}\t{' '.join(map(str, items[:6]))}\n" for u, items in enumerate(taken))
    (folder / "histories.tsv").write_text("user_id\titems_oldest_first\n" + lines)
    rows = [np.setdiff1d(np.arange(ITEMS), taken[u]) for u in range(ASKED)]
    asked = [
        f"{u}\t{taken[u][6]}\t{' '.join(map(str, [*rng.permutation(rows[u])[:19], taken[u][6]]))}\n"
        for u in range(ASKED)
    ]
    for name in elicit.DEV_FILES:
        (folder / name).write_text("user_id\ttarget\tcandidates\n" + "".join(asked))
    return folder.parent


async def test_answers_help_and_every_baseline_is_there(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(elicit, "TUNED_USERS", 40)
    found = await elicit.run(Settings(), data, 0)
    assert found["n"] == ASKED
    after = {name: figures["ndcg10"]["value"] for name, figures in found["after_questions"].items()}
    assert after["ours 1"] > after["popularity"] + 10
    assert after["ours with noisy people 2"] < after["ours 2"]
    assert {"random_question 2", "most_entropic 2", "blend with 3 items"} <= set(after)
    assert set(found["after_2_questions"]) == {"ours", "random_question", "most_entropic", "ours with noisy people"}
    assert "never from the 20 candidates" in found["protocol"]
    assert set(found["first_question"]) == set(SYSTEMS)


def test_people_answer_from_what_they_want() -> None:
    facet = title_facets([f"Story {i} - {SYSTEMS[i % 2]}" for i in range(8)])[0]
    offer = Offer(facet, (0, 1), 1.0)
    rng = np.random.default_rng(0)
    assert facet.labels[elicit.Person().answer(offer, 0, rng) or 0] == "Blue Box"
    assert elicit.Person().answer(Offer(facet, (facet.labels.index("Handy"),), 1.0), 0, rng) == 1
    assert elicit.Person(skips=1.0).answer(offer, 0, rng) is None
    wrong = [elicit.Person(wrong=1.0).answer(offer, 0, rng) for _ in range(50)]
    assert set(wrong) == {0, 1, 2}


def test_ties_share_their_places() -> None:
    assert elicit.value_of(np.array([2.0, 1.0]), 1) == pytest.approx(100 / np.log2(3))
    assert elicit.value_of(np.array([1.0, 1.0]), 1) == pytest.approx(100 / np.log2(2.5))
    assert elicit.value_of(np.arange(20.0), 0) == 0
