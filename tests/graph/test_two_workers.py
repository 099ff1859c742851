"""One server of two processes: what one is told, the other knows: turns, feedback, the catalogue, models, rules, phrases, erasing."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from ..studio.test_release_workers import IN_A_ROW, serving, warmer
from ..test_end_to_end import stock

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]
Ask = Callable[..., Any]
WITHIN_S = 15.0
"""Seconds after which both processes must agree: each looks for what is new every second or two."""
USER = "sim-suri"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, Ask]]:
    home = tmp_path_factory.mktemp("two")
    asyncio.run(stock(home))
    with serving(home) as ask:
        answered = {recommend(ask)["request_id"] for _ in range(IN_A_ROW)}
        assert len(answered) == IN_A_ROW
        yield home, ask


def recommend(ask: Ask, **fields: Any) -> Any:
    return ask("POST", "/recommend", **({"words": False, "n": 10} | fields))


def ids(answer: Any) -> list[str]:
    return [item["item_id"] for item in answer["items"]]


def seconds_until(look: Callable[[], bool]) -> float:
    """Return how long it takes until ``IN_A_ROW`` looks, each at either process, agree."""
    start = since = time.monotonic()
    agreeing = 0
    while agreeing < IN_A_ROW:
        before = time.monotonic()
        if look():
            since = since if agreeing else before
            agreeing += 1
        else:
            agreeing = 0
            assert time.monotonic() - start < WITHIN_S, "the processes do not come to agree"
    return since - start


def tastemaker(home: Path, *arguments: str) -> str:
    command = [sys.executable, "-m", "tastemaker", *arguments]
    done = subprocess.run(
        command,
        env=os.environ | {"TASTEMAKER_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_conversation_goes_on_whoever_answers(shop: tuple[Path, Ask]) -> None:
    _, ask = shop
    first = recommend(ask, text="boats under 50 euros", user_id="talker")
    seen = set(ids(first))
    for turn in range(2, 8):
        again = recommend(ask, text="more", user_id="talker", thread_id=first["thread_id"])
        assert not again["degraded"]
        assert all(item["attributes"]["price"] < 50 for item in again["items"])
        assert not seen & set(ids(again)), turn
        seen |= set(ids(again))
    (thread,) = ask("GET", "/users/talker")["threads"]
    assert thread["turn"] == 7


def test_turns_at_once_follow_each_other(shop: tuple[Path, Ask]) -> None:
    _, ask = shop
    first = recommend(ask, text="boats under 50 euros", user_id="hasty")
    with ThreadPoolExecutor(4) as pool:
        said = {"text": "another", "user_id": "hasty", "thread_id": first["thread_id"]}
        turns = list(pool.map(lambda _: recommend(ask, **said), range(8)))
    assert not any(d["what"] == "threads" for turn in turns for d in turn["degraded"])
    assert ask("GET", "/users/hasty")["threads"][0]["turn"] == 9


def test_feedback_counts_at_both_at_once_and_an_erased_user_is_a_stranger_to_both(shop: tuple[Path, Ask]) -> None:
    _, ask = shop
    disliked, bought = ids(recommend(ask, text="boats"))[:2]
    told = [("dislike", disliked), ("purchase", bought)]
    events = [{"user_id": "picky", "item_id": item, "kind": kind} for kind, item in told]
    assert ask("POST", "/feedback", events=events) == {"stored": 2}
    for _ in range(IN_A_ROW):
        answer = recommend(ask, text="boats", user_id="picky")
        assert answer["user"] == "known"
        assert not {disliked, bought} & set(ids(answer))
    assert ask("POST", "/feedback", events=events)["stored"] == 0
    assert ask("DELETE", "/users/picky")["events"] == 2
    for _ in range(IN_A_ROW):
        answer = recommend(ask, text="boats", user_id="picky")
        assert answer["user"] != "known"
        assert {disliked, bought} <= set(ids(answer))


def test_what_is_deleted_or_ingested_is_so_at_both(shop: tuple[Path, Ask], tmp_path: Path) -> None:
    home, ask = shop
    gone, changed = ids(recommend(ask, text="a dog"))[:2]
    ask("DELETE", f"/items/{gone}")
    assert seconds_until(lambda: gone not in ids(recommend(ask, text="a dog"))) < WITHIN_S
    file = tmp_path / "prices.csv"
    file.write_text(f"item_id,price\n{changed},1.25\n")
    tastemaker(home, "ingest", str(file), "--update", "price")

    def new_price() -> bool:
        found = {i["item_id"]: i["attributes"]["price"] for i in recommend(ask, text="a dog under 2 euros")["items"]}
        return found == {changed: 1.25}

    assert seconds_until(new_price) < WITHIN_S


def test_a_rule_holds_at_both_and_so_does_its_end(shop: tuple[Path, Ask]) -> None:
    home, ask = shop
    held = ids(recommend(ask, text="a train"))[0]
    file = home / "rules" / "default.yaml"
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"version: 1\nrules:\n  - id: recall\n    kind: block\n    items: [{held}]\n")
    assert seconds_until(lambda: held not in ids(recommend(ask, text="a train"))) < WITHIN_S
    file.unlink()
    assert seconds_until(lambda: held in ids(recommend(ask, text="a train"))) < WITHIN_S


def test_a_trained_version_is_taken_up_by_both_and_given_back(shop: tuple[Path, Ask]) -> None:
    home, ask = shop
    lists: list[tuple[str, ...]] = []
    for scorers in ("popularity", "user_knn,graph"):
        tastemaker(home, "train", "--scorers", scorers, "--force", "--json")
        lists.append(settled(ask))
    assert lists[0] != lists[1]
    tastemaker(home, "train", "--rollback")
    assert seconds_until(lambda: bare(ask) == lists[0]) < WITHIN_S


def bare(ask: Ask) -> tuple[str, ...]:
    return tuple(ids(recommend(ask, user_id=USER)))


def settled(ask: Ask) -> tuple[str, ...]:
    """Return the list of a user for whom nothing but the model decides, once both processes give the same."""
    time.sleep(2.0)
    last = bare(ask)

    def same() -> bool:
        nonlocal last
        before, last = last, bare(ask)
        return before == last

    seconds_until(same)
    return last


def test_released_phrases_are_said_by_both(shop: tuple[Path, Ask]) -> None:
    _, ask = shop
    number = warmer(ask)
    ask("POST", "/releases/wording_en/release", by="bob", number=number)

    def served() -> bool:
        versions = {v["name"]: v["number"] for v in recommend(ask, n=1)["versions"]}
        return versions.get("wording_en") == number

    assert seconds_until(served) < WITHIN_S
