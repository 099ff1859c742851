"""Turn no sign in French and Spanish requests, of which only the commonest wishes and refusals are read: the rest is named."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.reader import read

from .unseen_shops import number, shop, words

YARN = shop(
    number("price", 2, 60, "GBP", price=True),
    words("fibre", "Wool|Mohair|Alpaca|Cotton|Silk|Acrylic", several=True),
    words("colour", "Red|Blue|Green|White|Black|Grey"),
)


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("je cherche de la laine mais sans mohair", "Mohair"),
        ("tout sauf le rouge", "Red"),
        ("ni rouge ni noir", "Red"),
        ("je déteste le mohair", "Mohair"),
        ("je suis allergique au mohair", "Mohair"),
        ("du coton à la place de la laine", "Wool"),
        ("la laine me gratte, du coton plutôt", "Wool"),
        ("ma mère a horreur du rouge", "Red"),
        ("rien en soie s'il vous plaît", "Silk"),
        ("nada de mohair, por favor", "Mohair"),
        ("todo menos rojo", "Red"),
        ("cualquier color menos negro", "Black"),
        ("odio el mohair", "Mohair"),
        ("a mi madre le horroriza el rojo", "Red"),
        ("el azul no me queda bien", "Blue"),
        ("si es mohair, no gracias", "Mohair"),
        ("estoy harto del negro", "Black"),
    ],
)
def test_what_is_refused_is_never_wanted(text: str, refused: str) -> None:
    reading = read(text, YARN)
    wanted = [c for c in reading.conditions if c.op in ("=", "in", "contains") and refused in str(c.value)]
    assert not wanted
    assert reading.conditions or reading.not_applied


def test_a_limit_keeps_its_side() -> None:
    assert [(c.field, c.op, c.value) for c in read("rien au-dessus de 20", YARN).conditions] == [("price", "<=", 20.0)]
