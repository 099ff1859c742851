"""Trained versions appear whole, are switched atomically, can be gone back from, and tell when they are broken."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tastemaker.core.errors import ConfigurationError, InvalidRequestError, StoreError
from tastemaker.core.learning.model_card import Figures, ModelCard, Validation
from tastemaker.stores.trained_versions import Artefacts

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def add(store: Artefacts, text: str = "weights") -> str:
    version, folder = store.begin()
    (folder / "scorer").mkdir()
    (folder / "scorer" / "a.npz").write_text(text)
    store.publish(folder, card_of(version))
    return version


def card_of(version: str) -> ModelCard:
    figures = {"trained": Figures(ndcg_10=0.5, hr_10=0.75), "popularity": Figures(ndcg_10=0.25, hr_10=0.5)}
    return ModelCard(
        version=version,
        tenant="default",
        created_at=NOW,
        items=3,
        users=2,
        interactions=4,
        events_read=5,
        history_version=5,
        scorers=("popularity",),
        left_out={"sasrec": "needs an extra"},
        validation=Validation(cut_at=NOW, n_users=2, n_candidates=3, figures=figures),
    )


def test_a_version_is_published_whole_and_used_once_switched_to(tmp_path: Path) -> None:
    store = Artefacts(tmp_path / "models")
    assert (store.versions(), store.current()) == ([], None)
    version = add(store)
    assert (store.versions(), store.current()) == ([version], None)
    store.switch(version)
    assert store.current() == version
    assert (store.folder(version) / "scorer" / "a.npz").read_text() == "weights"
    assert store.card(version).scorers == ("popularity",)
    text = (store.folder(version) / "card.md").read_text()
    assert "needs an extra" in text
    assert "0.5000" in text


def test_versions_are_in_the_order_they_were_made(tmp_path: Path) -> None:
    store = Artefacts(tmp_path)
    made = [add(store) for _ in range(4)]
    assert store.versions() == made


def test_rolling_back_goes_one_back_or_to_a_named_one(tmp_path: Path) -> None:
    store = Artefacts(tmp_path)
    made = [add(store) for _ in range(3)]
    with pytest.raises(InvalidRequestError):
        store.roll_back()
    store.switch(made[2])
    assert store.roll_back() == made[1] == store.current()
    assert store.roll_back(made[2]) == made[2] == store.current()
    with pytest.raises(InvalidRequestError, match="there are"):
        store.roll_back("20200101T000000-000000")


@pytest.mark.parametrize("damage", ["changed", "missing", "no manifest"])
def test_a_broken_version_is_refused_and_the_one_in_use_stays(tmp_path: Path, damage: str) -> None:
    store = Artefacts(tmp_path)
    good, bad = add(store), add(store)
    store.switch(good)
    file = tmp_path / bad / "scorer" / "a.npz"
    if damage == "changed":
        file.write_text("other")
    elif damage == "missing":
        file.unlink()
    else:
        (tmp_path / bad / "manifest.json").write_text("{")
    with pytest.raises(StoreError):
        store.folder(bad)
    with pytest.raises(StoreError):
        store.switch(bad)
    assert store.current() == good


def test_old_versions_go_but_never_the_one_in_use(tmp_path: Path) -> None:
    store = Artefacts(tmp_path, keep=2)
    first = add(store)
    store.switch(first)
    later = [add(store) for _ in range(3)]
    assert store.versions() == [first, *later[-2:]]
    assert store.current() == first


def test_one_training_at_a_time_and_half_made_versions_go(tmp_path: Path) -> None:
    store = Artefacts(tmp_path)
    _, half = store.begin()
    assert store.versions() == []
    with store.training():
        assert not half.exists()
        with pytest.raises(ConfigurationError, match="another training"), Artefacts(tmp_path).training():
            pass
    with store.training():
        pass


def test_readers_always_see_a_whole_current_version_while_others_switch(tmp_path: Path) -> None:
    store = Artefacts(tmp_path)
    made = [add(store, f"v{n}") for n in range(2)]
    store.switch(made[0])
    seen: set[str | None] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(Artefacts(tmp_path).current())

    def write() -> None:
        for n in range(60):
            Artefacts(tmp_path).switch(made[n % 2])

    reader = threading.Thread(target=read)
    writers = [threading.Thread(target=write) for _ in range(2)]
    for thread in (reader, *writers):
        thread.start()
    for thread in writers:
        thread.join()
    done.set()
    reader.join()
    assert seen <= set(made)
    assert not list(tmp_path.glob("*.tmp"))
