"""Every construct over numbers that no word list knows: they are called as their columns are, and a shop may have any."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tastemaker.agents.understanding.reader import read, read_utterance
from tastemaker.agents.understanding.utterance import Utterance

from ..shops.loader import SHOPS, flag, number, shop, words

SHOP = {"en": "kayaks", "de": "kajaks", "zh": "皮艇"}
NAMES = {
    "en": {
        "grip_score": "grip score|grip",
        "bonus_eur": "bonus",
        "loft_mm": "loft",
        "watering_interval_days": "watering interval",
        "crosswind_limit_kn": "crosswind limit",
        "ping": "ping",
        "pledge_usd": "pledge",
        "echo_ms": "echo",
    },
    "de": {
        "griffnote": "Griffnote",
        "bonus_euro": "Bonus",
        "florhöhe_mm": "Florhöhe",
        "gießabstand_tage": "Gießabstand",
        "tempo_mbit": "Tempo",
        "zucker_g": "Zucker",
        "pfand_chf": "Pfand",
        "hall_ms": "Hall",
    },
    "zh": {
        "抓地分": "抓地分",
        "返现_元": "返现",
        "绒高(mm)": "绒高",
        "浇水间隔天数": "浇水间隔",
        "含糖量(g)": "含糖量",
        "延迟ms": "延迟",
        "押金": "押金",
    },
}
WAYS = {
    "en": {
        "the highest {n}": "order desc",
        "which has the lowest {n}?": "order asc",
        "where the {n} is highest": "order desc",
        "sort by {n}, highest first": "order desc",
        "{n} over 7": "> 7",
        "a {n} of at least 7, please": ">= 7",
        "no more than 7 {n}": "<= 7",
        "{n} no higher than 7": "<= 7",
        "{n}: 7+": ">= 7",
        "7 {n} or less": "<= 7",
        "low {n}": "prefer low",
        "low in {n}": "prefer low",
        "a higher {n}": "prefer high",
        "{n} as low as possible": "prefer low",
        "not too much {n}": "prefer low",
    },
    "de": {
        "Kajak mit höchstem {n}": "order desc",
        "wo ist {n} am niedrigsten?": "order asc",
        "nach {n} sortiert, absteigend": "order desc",
        "{n} über 7": "> 7",
        "mindestens 7 {n}": ">= 7",
        "{n} nicht unter 7": ">= 7",
        "möglichst hoher {n}": "prefer high",
        "Kajak mit möglichst niedrigem {n}": "prefer low",
        "wenig {n}": "prefer low",
        "nicht zu viel {n}": "prefer low",
        "mehr {n}": "prefer high",
    },
    "zh": {
        "{n}最高的皮艇": "order desc",
        "哪个{n}最低": "order asc",
        "按{n}从高到低排": "order desc",
        "{n}不超过7": "<= 7",
        "{n}要高于7": "> 7",
        "独木舟，{n}低于7": "< 7",
        "{n}越低越好": "prefer low",
        "{n}少一点": "prefer low",
        "{n}不要太高": "prefer low",
        "{n}尽量高": "prefer high",
    },
}


def _asked() -> Iterator[tuple[str, str, str, str]]:
    for lang, ways in WAYS.items():
        for way, meant in ways.items():
            for name, called in NAMES[lang].items():
                for n in called.split("|"):
                    yield lang, way.format(n=n), name, meant


def _meant(lang: str, text: str, name: str) -> str:
    """Return what a text asks of the number ``name``; what it asks of any other is said as well."""
    reading = read(text, SHOPS[SHOP[lang]])
    found = [f"{c.op} {c.value:g}" if c.field == name else str(c) for c in reading.conditions if c.field not in KINDS]
    if reading.order is not None:
        wanted = "order" if reading.order.field == name else f"order of {reading.order.field}"
        found.append(f"{wanted} {'desc' if reading.order.descending else 'asc'}")
    found += [f"prefer {soft.split(' ')[0]}" for soft in _soft(lang, text)] if not found else []
    return "; ".join([*found, *(f"not applied: {w}" for w in reading.not_applied)])


KINDS = ("item", "artikel", "品类")


def _soft(lang: str, text: str) -> list[str]:
    return read_utterance(Utterance(text), SHOPS[SHOP[lang]]).soft


@pytest.mark.parametrize("lang", WAYS)
def test_numbers_are_asked_for_by_the_names_of_their_columns(lang: str) -> None:
    wrong = [
        f"{text}: {said}, not {name} {meant}"
        for own, text, name, meant in _asked()
        if own == lang and (said := _meant(lang, text, name)) != meant
    ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    ("column", "text", "meant"),
    [
        ("lumens", "over 1000 lm", "> 1000"),
        ("torque_nm", "at least 300 newton metres", ">= 300"),
        ("mah", "20,000 mah or more", ">= 20000"),
        ("mah", "10 Ah or more", ">= 10000"),
        ("hue_deg", "hue 180 to 240", ">= 180; <= 240"),
        ("interest_rate", "interest of no more than 5%", "<= 5"),
        ("salary_usd", "over $90,000", "> 90000"),
        ("pressure_bar", "15 or 19 bar", "in (15, 19)"),
    ],
)
def test_numbers_are_read_in_the_units_of_their_columns(column: str, text: str, meant: str) -> None:
    unit = "USD" if column.endswith("usd") else ""
    price = number("stock", 1, 900) if unit else number("price", 1, 90_000, "USD", price=True)
    reading = read(text, shop(words("product", "Widget|Gadget"), number(column, 0, 200_000, unit), price))
    assert {c.field for c in reading.conditions} == {column}
    said = [
        f"in ({', '.join(f'{float(v):g}' for v in c.value)})"
        if isinstance(c.value, list | tuple)
        else f"{c.op} {c.value:g}"
        for c in reading.conditions
    ]
    assert "; ".join(said) == meant


def test_a_number_of_a_unit_that_nothing_knows_is_no_price() -> None:
    reading = read("over 800 lx", shop(words("product", "Widget|Gadget"), number("price", 1, 900, "USD", price=True)))
    assert not reading.conditions
    assert "800" in " ".join(reading.not_applied)


@pytest.mark.parametrize(("text", "field"), [("under £6 a ball", "price"), ("lighter than 3 pounds", "weight_kg")])
def test_a_pound_is_money_or_weight_by_its_sign_and_by_what_a_column_may_hold(text: str, field: str) -> None:
    columns = number("ball_g", 25, 200), number("weight_kg", 0.5, 4), number("price", 1, 900, "GBP", price=True)
    assert [c.field for c in read(text, shop(words("product", "Widget|Gadget"), *columns)).conditions] == [field]


@pytest.mark.parametrize("text", ["something like Ann Lee but cheaper", "so etwas wie Ann Lee", "类似 Ann Lee 的"])
def test_what_is_like_something_need_not_be_it(text: str) -> None:
    language = shop(words("artist", "Ann Lee|Bo Ram|Kit Marlow"), number("price", 1, 900, "GBP", price=True))
    assert [(c.field, c.must) for c in read(text, language).conditions] == [("artist", False)]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("zero corkage", "Corkage (£/bottle) = 0.0"),
        ("corkage under 5", "Corkage (£/bottle) < 5.0"),
        ("nobody over 40", "年龄 <= 40.0"),
        ("no one older than 35", "年龄 <= 35.0"),
        ("niemand über 40", "年龄 <= 40.0"),
        ("年纪别超过45", "年龄 <= 45.0"),
        ("tumble dryable", "Tumble dry = True"),
        ("not tumble dryable", "Tumble dry = False"),
        ("cotton fibre", "Fibre (main) = Cotton"),
    ],
)
def test_columns_with_words_in_brackets_and_ages_of_people(text: str, said: str) -> None:
    language = shop(
        *(words("Fibre (main)", "Wool|Merino wool|Cotton"), flag("Tumble dry"), number("年龄", 20, 60)),
        *(number("Corkage (£/bottle)", 0, 20), number("Hire per day (£)", 50, 2000, "GBP", price=True)),
    )
    assert [f"{c.field} {c.op} {c.value}" for c in read(text, language).conditions] == [said]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("size 116 or 128", ["Größen in ['116', '128']"]),
        ("Größe 104, 116 oder 128", ["Größen in ['104', '116', '128']"]),
        ("not size 116 or 128", ["Größen not contains 116", "Größen not contains 128"]),
    ],
)
def test_a_list_of_values_that_are_numbers_goes_on(text: str, said: list[str]) -> None:
    price = number("price", 1, 900, "EUR", price=True)
    language = shop(words("product", "Widget|Gadget"), words("Größen", "104|116|128|140", several=True), price)
    assert [f"{c.field} {c.op} {c.value}" for c in read(text, language).conditions] == said
