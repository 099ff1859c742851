"""Which texts are told to be in another language than English."""

from __future__ import annotations

import pytest

from tastemaker.core.language.foreign import is_foreign

FOREIGN = (
    "送给爱钓鱼的爸爸的礼物", "Sony WH-1000XM5 无线降噪耳机", "iPhone 15 Pro. Apple, 手机, 256GB", "赤い靴", "빨간 신발", "красные туфли", "κόκκινα παπούτσια",
    "حذاء أحمر", "Schuhe rot", "Kopfhörer", "rote Schuhe", "Geschenk", "Laptop mit SSD", "Sneaker weiß", "Gartenstuhl Holz", "Ich suche etwas für meinen Vater",
    "Mein Mann schnarcht", "chaussures rouges avec des lacets pour une femme", "zapatos para mi padre sin cordones", "czegoś dla taty", "kırmızı ayakkabı",
    "un regalo per mia madre", "cadeau voor mijn vader",
)  # fmt: skip
ENGLISH = (
    "", "1234", "42 x 30 cm", "red shoes", "a gift for a dad who loves fishing", "El Niño", "Häagen-Dazs", "Los Angeles print", "La La Land",
    "Möbius strip poster", "Citroën C4 wiper", "Café table", "jalapeño chips", "Beyoncé", "Pokémon cards", "L'Oréal Paris", "Adidas Samba",
    "Kindergarten backpack", "doppelgänger", "Poster of the Chinese character 爱, love and peace for your home", "β-carotene tablets", "I ❤ NY shirt",
    "Nike Air Max 90 Pro", "iPod mini 64GB", "Michael Müller plays the piano", "Der Untergang is a film about the last days of the war",
)  # fmt: skip


@pytest.mark.parametrize("text", FOREIGN)
def test_other_languages_are_told(text: str) -> None:
    assert is_foreign(text)
    assert is_foreign(f"  {text}!")


@pytest.mark.parametrize("text", ENGLISH)
def test_english_and_names_are_not(text: str) -> None:
    assert not is_foreign(text)


def test_a_long_text_is_told_by_its_beginning() -> None:
    assert not is_foreign(
        "The garden chair is made of wood and folds flat. " * 50 + "Schön und gut, aber nicht billig."
    )
