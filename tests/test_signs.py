"""The model of signs: what it is trained on, that what is trained is what runs, and that it contradicts the grammar only."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.errors import ConfigurationError
from tastemaker.core.settings import Settings
from tastemaker.graphs.recommender import Recommender
from tastemaker.models.signs.phrasings import (
    SIGNS,
    VALUE,
    Phrasing,
    examples,
    load_phrasings,
    load_words,
    parted,
    tokens_of,
    written,
)
from tastemaker.models.signs.second_reader import SecondReader
from tastemaker.models.signs.sign_model import PACKAGED, packaged_sign_model, packed, unpacked

from .shop_fixture import shop_services
from .unseen_shops import flag, shop, words

KITES = shop(
    words("kind", "Kite|Windsock|Parachute"),
    words("fabric", "Nylon|Silk|Paper"),
    words("pattern", "Striped|Checked|Dotted"),
    flag("has_tail"),
    texts="xyzzy",
)


class Contrary:
    """Contradicts every sign it is asked about."""

    problem = ""

    def oppose(self, tokens: Sequence[str], asked: Sequence[tuple[int, bool]]) -> list[bool]:
        return [True] * len(asked)


def test_every_phrasing_says_the_sign_of_some_value_and_no_part_is_in_both() -> None:
    known, fillers, rng = load_phrasings(), load_words(), random.Random(1)
    assert len(known) == len(set(known))
    for phrasing in known:
        example = tokens_of(written(phrasing, fillers, rng))
        signed = [t == VALUE for t in example.tokens]
        assert any(signed), phrasing
        assert signed == [s >= 0 for s in example.signs], phrasing
        assert "(" not in example.tokens or "|" not in example.tokens, phrasing
    learnt, held = parted(known, 0)
    assert not set(learnt) & set(held)
    assert {p.language for p in held} == {"en", "de", "zh"}


def test_sentences_are_the_same_for_the_same_seed() -> None:
    known, fillers = load_phrasings(), load_words()
    first, again = (list(examples(known, fillers, 50, random.Random(3))) for _ in range(2))
    assert first == again
    assert first != list(examples(known, fillers, 50, random.Random(4)))


@pytest.mark.train
def test_a_model_is_trained_taken_up_and_runs_as_it_was_trained(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from tastemaker.models.signs.network import Network
    from tastemaker.models.signs.train import Recipe, _tensors, lexicon_of, train

    known = [Phrasing("en", line) for line in ("i want [+]", "no [-]", "[+] please", "i hate [-]")]
    fillers, recipe = load_words(), Recipe(width=16, heads=2, layers=1, epochs=3, per_epoch=1500, batch=50, rate=0.01)
    vectors = np.random.default_rng(0).normal(size=(2, 8)).astype(np.float32)
    lexicon = lexicon_of(known, fillers, ["want", "zebra"], vectors, 0)
    said: list[str] = []
    weights = train(known, fillers, lexicon, recipe, cache=tmp_path, say=said.append)
    model = unpacked(packed([weights], lexicon.words, lexicon.vectors))
    assert SIGNS[int(model(["i", "want", VALUE], [2])[0].argmax())] == "+"
    assert SIGNS[int(model(["i", "hate", VALUE], [2])[0].argmax())] == "-"
    assert model(["no", VALUE], [1])[0].sum() == pytest.approx(1, abs=1e-5)
    assert len(said) == 3
    again = train(known, fillers, lexicon, recipe, cache=tmp_path, say=said.append)
    assert len(said) == 3, "it was taken up where it ended"
    assert all(np.array_equal(weights[name], again[name]) for name in weights)

    torch.manual_seed(0)
    network = Network(vectors=lexicon.vectors, own=lexicon.own, width=16, layers=2, heads=2, left_out=0.2, unknown=0.1)
    network.eval()
    example = tokens_of("no [-] , i want [+] please")
    with torch.no_grad():
        theirs = network(_tensors([example], lexicon.places)[0]).softmax(-1)[0].numpy()
    ours = unpacked(packed([network.weights()], lexicon.words, lexicon.vectors))
    places = [n for n, s in enumerate(example.signs) if s >= 0]
    assert np.allclose(ours(example.tokens, places), theirs[places], atol=0.01)


SURE = [
    ("please no [v] on the kite", "-"),
    ("i would like a [v] with a tail", "+"),
    ("we really dislike [v]", "-"),
    ("nothing [v] for me , thanks", "-"),
    ("keinen [v] bitte", "-"),
    ("ich hatte gern etwas aus [v]", "+"),
    ("我 不 要 [v] 的", "-"),
    ("想 要 [v] 的", "+"),
]


@pytest.mark.parametrize(("text", "sign"), SURE)
def test_the_packaged_model_is_sure_of_plain_words(text: str, sign: str) -> None:
    tokens = text.split()
    assert packaged_sign_model()(tokens, [tokens.index(VALUE)])[0][SIGNS.index(sign)] > 0.8


def test_a_contradicted_wish_is_named_and_none_is_added_or_turned_round() -> None:
    text = "a silk kite, nothing striped"
    alone, both = read(text, KITES), read(text, KITES, Contrary())
    assert {(c.field, c.op) for c in alone.conditions} == {("kind", "="), ("fabric", "="), ("pattern", "!=")}
    assert not both.conditions
    named = " ".join(both.not_applied)
    assert all(word in named for word in ("silk", "kite", "striped"))


@pytest.mark.parametrize(
    "text",
    [
        "a striped silk kite",
        "a kite without a tail",
        "a windsock, but not a checked one",
        "I can't stand paper",
        "parachutes of nylon or silk, no dots",
        "a kite, anything but paper",
    ],
)
def test_the_packaged_model_agrees_with_plain_requests(text: str) -> None:
    assert read(text, KITES).conditions
    assert read(text, KITES, SecondReader()) == read(text, KITES)


def test_without_its_file_the_grammar_reads_alone(tmp_path: Path) -> None:
    signs = SecondReader(tmp_path / "signs.safetensors")
    assert read("a silk kite", KITES, signs) == read("a silk kite", KITES)
    assert signs.problem
    assert str(tmp_path) not in signs.problem
    (tmp_path / "broken.safetensors").write_bytes(PACKAGED.read_bytes()[:1000])
    with pytest.raises(ConfigurationError, match="signs"):
        packaged_sign_model(tmp_path / "broken.safetensors")


async def test_it_can_be_switched_off_and_a_missing_one_is_labelled(tmp_path: Path) -> None:
    off = shop_services(Settings.model_validate({"home": tmp_path, "models": {"signs": False}}))
    assert off.signs is None
    services = shop_services(Settings(home=tmp_path))
    services.signs = SecondReader(tmp_path / "none.safetensors")
    async with Recommender(services=services) as recommender:
        response = await recommender.recommend(text="a dog print under 100")
    assert response.items
    assert [d.what for d in response.degraded] == ["signs"]
