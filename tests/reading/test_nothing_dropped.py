"""Nothing that is asked for vanishes: every word of odd requests is read, named as not applied, searched for, or a word of grammar."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tastemaker.agents.understanding.grammar.numbers.amounts import read_amount
from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_language import CatalogueLanguage
from tastemaker.core.language.keys import key_of
from tastemaker.core.language.measure_words import ordinals
from tastemaker.core.language.phrases import phrases
from tastemaker.core.language.tokens import tokenise
from tastemaker.core.schemas import Reading

from ..shops.loader import flag, number, shop, words

SHOPS = {
    "stoves": (
        number("preis", 690, 5400, price=True),
        number("montagepreis", 250, 1200),
        number("leistung_kw", 3, 14, "kw"),
        number("gewicht_kg", 68, 310, "kg"),
        number("hoehe_cm", 70, 190, "cm"),
        words("brennstoff", "Holz|Pellets|Gas"),
        words("farbe", "Schwarz|Grau|Weiß"),
        flag("drehbar"),
    ),
    "frogs": (
        number("price", 8, 300, price=True),
        number("min_temp_c", 12, 28),
        number("max_temp_c", 22, 36),
        number("adult_length_cm", 2, 20, "cm"),
        number("age_months", 1, 60, "months"),
        words("diet", "crickets|flies|worms", several=True),
        words("colour", "green|brown|blue"),
        words("temperament", "calm|shy|loud"),
        flag("venomous"),
    ),
    "ferries": (
        number("fare", 9, 240, price=True),
        number("cabin_supplement", 15, 180),
        number("crossing_minutes", 25, 900, "min"),
        number("vehicle_length_m", 0, 18, "m"),
        words("port", "Aldham|Brisk|Corvo"),
        words("berth", "seat|bunk|cabin"),
        words("meals", "breakfast|dinner|snacks", several=True),
        flag("pets"),
    ),
    "yarn": (
        number("price", 2, 45, price=True),
        number("metres", 40, 800, "m"),
        number("weight_g", 25, 200, "g"),
        number("ply", 1, 12),
        words("fibre", "wool|cotton|alpaca|silk|acrylic"),
        words("colour", "red|moss|navy|white"),
        words("thickness", "lace|sock|chunky"),
        flag("machine_washable"),
    ),
}
TEXTS = {
    "stoves": "Kaminofen mit großer Scheibe für gemütliche Abende|a stove with a large window, quick to light",
    "frogs": "a lively frog that feeds well in the evening|好养 安静 适合新手",
    "ferries": "night crossing with a bar and a view of the coast|夜航 有餐厅",
    "yarn": "a soft yarn for jumpers and socks|柔软 适合毛衣",
}
SAYING = {"reaction", "averse", "against", "gratis"}
"""Roles of phrases that say something by themselves."""


def _requests() -> Iterator[tuple[str, str]]:
    name = ""
    for line in (Path(__file__).parents[1] / "data" / "odd_requests.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("# "):
            name = line[2:]
        elif line:
            yield name, line


@cache
def _shop(name: str) -> CatalogueLanguage:
    return shop(*SHOPS[name], texts=TEXTS[name])


@cache
def _parts() -> frozenset[str]:
    """Return the words of phrases of grammar: what they say is what their roles do."""
    grammar = {key for key, roles in phrases().items() if not roles & SAYING}
    return frozenset(word for key in grammar for word in (key.split(" ") if key.isascii() else [*key, key]))


def _kept(found: Reading) -> str:
    order = found.order.words if found.order else ""
    return " ".join(
        [*(c.words for c in found.conditions), *found.not_applied, found.query, found.for_whom, order]
    ).casefold()


def dropped(name: str, text: str) -> list[str]:
    """Return the content words of a request that its reading neither holds nor names."""
    found = read(text, _shop(name))
    kept, left = _kept(found), []
    tokens = tokenise(text)
    for n, token in enumerate(tokens):
        said = text[token.start : token.end].casefold()
        grammar = token.kind == "mark" or (token.kind != "number" and token.text in _parts())
        counted = found.count and read_amount(tokens, n) is not None
        if not (grammar or counted or said in kept):
            left.append(said)
    return left


def test_no_content_word_of_an_odd_request_is_dropped() -> None:
    requests = list(_requests())
    assert len(requests) > 300
    assert {text: left for name, text in requests if (left := dropped(name, text))} == {}


@pytest.mark.parametrize(
    ("name", "text", "named"),
    [
        ("stoves", "ich bin 14", "ich bin 14"),
        ("stoves", "the flue is 150", "150"),
        ("stoves", "a stove that a child of four can't open", "four"),
        ("frogs", "I'm fifteen and my mum says yes", "I'm fifteen"),
        ("frogs", "für unsere Klasse mit 24 Kindern", "24 Kindern"),
        ("ferries", "halb so teuer wie letztes Jahr", "teuer"),
        ("ferries", "我们一共十一口人", "十一口人"),
        ("yarn", "够织一件五十二码毛衣", "五十二码毛衣"),
        ("yarn", "给双胞胎织的", "双胞胎"),
        ("stoves", "天花板漏水", "天花板"),
    ],
)
def test_numbers_comparisons_and_whole_words_are_named(name: str, text: str, named: str) -> None:
    assert named in " | ".join(read(text, _shop(name)).not_applied)


@pytest.mark.parametrize(
    "text", ["a green one please", "hello, do you have a calm frog?", "请推荐绿色的", "ich suche einen blauen, danke"]
)
def test_courtesy_is_not_named(text: str) -> None:
    assert read(text, _shop("frogs")).not_applied == ()


def test_a_word_of_courtesy_asks_for_nothing_and_an_ordinal_is_known() -> None:
    assert key_of("please") in phrases()
    assert ordinals()[key_of("dritten")] == 3
