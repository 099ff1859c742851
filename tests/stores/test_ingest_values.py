"""Cells are read as shops write them: numbers, prices, quantities, truths, dates, lists, markup and encodings."""

from __future__ import annotations

import json
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tastemaker.stores.ingest.column import read_cell
from tastemaker.stores.ingest.file_readers import Reading, read_records
from tastemaker.stores.ingest.file_survey import survey
from tastemaker.stores.ingest.markup import plain_text
from tastemaker.stores.ingest.numbers import Decimal, decimal_mark, money_in, number_in
from tastemaker.stores.ingest.quantities import in_unit, quantity_in
from tastemaker.stores.ingest.values import day_order, iso, separators_of, split, time_in, truth_in, turned_round


@pytest.mark.parametrize(
    ("text", "decimal", "number"),
    [
        ("1,299.00", ".", 1299.0), ("1.299,00", ".", 1299.0), ("12,5", ".", 12.5), ("1,299", ".", 1299.0), ("1,299", ",", 1.299),
        ("1.299", ",", 1299.0), ("1.299", ".", 1.299), ("1 299,5", ".", 1299.5), ("1'299.50", ".", 1299.5), ("1,29,999", ".", 129999.0),
        ("1.234.567", ".", 1234567.0), ("0,125", ".", 0.125), ("-3.5e2", ".", -350.0), (".5", ".", 0.5), ("1\u202f299", ".", 1299.0), ("−5", ".", -5.0),
        ("007", ".", None), ("inf", ".", None), ("1e999", ".", None), ("١٢", ".", 12.0), ("", ".", None), ("1.2.3", ".", None), ("1,2,3", ".", None),
        ("12.34.567", ".", None), ("1 2", ".", None),
    ],
)  # fmt: skip
def test_numbers(text: str, decimal: Decimal, number: float | None) -> None:
    assert number_in(text, decimal) == number


@given(st.floats(min_value=0, max_value=1e12), st.sampled_from([(",", "."), (".", ","), (" ", ","), ("'", ".")]))
def test_what_is_written_with_two_decimals_is_read_again(number: float, marks: tuple[str, str]) -> None:
    thousands, decimal = marks
    text = f"{number:,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)
    assert number_in(text) == float(f"{number:.2f}")


@pytest.mark.parametrize(
    ("texts", "price", "mark", "guessed"),
    [
        (["1.299", "49"], True, ",", True), (["1.299", "49"], False, ".", True), (["1.299", "19,99"], True, ",", False),
        (["1.299", "19.99"], False, ".", False), (["5", "7"], True, ".", False), (["1,299", "5"], True, ".", True),
    ],
)  # fmt: skip
def test_the_decimal_mark_of_a_column(texts: list[str], price: bool, mark: str, guessed: bool) -> None:
    assert decimal_mark([(t, 1) for t in texts], None, price=price) == (mark, guessed)


@pytest.mark.parametrize(
    ("text", "amount", "currency", "said"),
    [
        ("1.299,00 €", 1299, "EUR", ""), ("ab 5 €", 5, "EUR", "from"), ("From $10", 10, "USD", "from"), ("Rs. 1,29,999", 129999, "INR", ""),
        ("CHF 49.-", 49, "CHF", ""), ("49,- €", 49, "EUR", ""), ("19€99", 19.99, "EUR", ""), ("£5", 5, "GBP", ""), ("5p", 0.05, "GBP", ""),
        ("US$ 49.99", 49.99, "USD", ""), ("CA$20", 20, "CAD", ""), ("R$ 59,90", 59.9, "BRL", ""), ("1200円", 1200, "JPY", ""),
        ("NT$450", 450, "TWD", ""), ("20,00 PLN", 20, "PLN", ""), ("EUR19.99", 19.99, "EUR", ""), ("$10 - $20", 10, "USD", "range"),
        ("10€ bis 20€", 10, "EUR", "range"), ("($5.00)", -5, "USD", "negative"), ("-$5", -5, "USD", "negative"), ("Free", 0, "", "free"),
        ("免费", 0, "", "free"), ("99元起", 99, "CNY", "from"), ("UVP: 12,99 €", 12.99, "EUR", ""), ("KD 1.250", 0, None, ""),
    ],
)  # fmt: skip
def test_prices(text: str, amount: float, currency: str | None, said: str) -> None:
    money = money_in(text, ",")
    if currency is None:
        assert money is None
        return
    assert money is not None
    assert money.amount == pytest.approx(amount)
    assert (money.currency, "".join(money.said)) == (currency, said)


@pytest.mark.parametrize(
    "text", ["VB", "on request", "5 for $10", "call 555-1234", "$", "10 20", "three", "20-10", "€$5"]
)
def test_what_is_no_price(text: str) -> None:
    assert money_in(text) is None


def test_a_price_for_a_measure_says_so() -> None:
    assert [money_in(t) and money_in(t).per for t in ("$10.00/kg", "5 € per 100 g", "5 €")] == ["kg", "100 g", ""]  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [("500 g", "kg", 0.5), ("1,5 kg", "g", 1500), ("2h 10m", "min", 130), ("1 h 30 min", "h", 1.5), ('15.6"', "cm", 39.624),
     ("12 %", "%", 12), ("8 GB", "mb", 8000), ("5 pounds", "lb", 5)],
)  # fmt: skip
def test_quantities(text: str, unit: str, number: float) -> None:
    found = quantity_in(text)
    assert found is not None
    assert in_unit(found, unit) == pytest.approx(number)
    assert in_unit(found, "hz") is None


@pytest.mark.parametrize("text", ["3 apples", "kg", "2 Seasons", "5 g 3 cm", "PG-13"])
def test_what_is_no_quantity(text: str) -> None:
    assert quantity_in(text) is None


@pytest.mark.parametrize(
    ("text", "truth"),
    [("Ja", True), ("nein", False), ("有货", True), ("缺货", False), ("In Stock", True), ("https://schema.org/OutOfStock", False),
     ("preorder", False), ("✅", True), ("❌", False), ("maybe", None), ("1", None)],
)  # fmt: skip
def test_truths(text: str, truth: bool | None) -> None:
    assert truth_in(text) is truth


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1700000000", "2023-11-14T22:13:20+00:00"), ("1700000000000", "2023-11-14T22:13:20+00:00"), ("20240105", "2024-01-05"),
        ("45296.5", "2024-01-05T12:00:00+00:00"), ("2024-01-05T10:00:00+08:00", "2024-01-05T02:00:00+00:00"), ("25.01.2024 10:00", "2024-01-25T10:00:00+00:00"),
        ("05/01/2024", "2024-01-05"), ("01/25/2024", "2024-01-25"), ("Jan 5, 2024", "2024-01-05"), ("2024年1月5日", "2024-01-05"),
        ("2024/1/5", "2024-01-05"), ("2024-11-5", "2024-11-05"), ("2024/1/5 9:30", "2024-01-05T09:30:00+00:00"), ("5/1/4", None),
        ("2024-01-05 10:00:00 UTC", "2024-01-05T10:00:00+00:00"), ("31/02/2024", None), ("yesterday", None), ("0", None), ("12", None),
    ],
)  # fmt: skip
def test_times(text: str, at: str | None) -> None:
    found = time_in(text)
    assert (iso(found) if found else None) == at


@pytest.mark.parametrize(
    ("cells", "kind", "read"),
    [
        ("✓|–|✓|✓", "bool", [True, False, True, True]), ("x||X|-", "bool", [True, False, True, False]), ("●|×|●|", "bool", [True, False, True, False]),
        ("yes|–|no|yes", "bool", [True, None, False, True]), ("✓|✓|on request|–", "text", ["✓", "✓", "on request", None]), ("x|y|x|x", "text", ["x", "y", "x", "x"]),
    ],
)  # fmt: skip
def test_in_a_column_of_ticks_what_is_not_ticked_does_not_hold(
    tmp_path: Path, cells: str, kind: str, read: list[object]
) -> None:
    path = tmp_path / "venues.csv"
    path.write_text("id,name,dogs\n" + "".join(f"v{n},Hall {n},{cell}\n" for n, cell in enumerate(cells.split("|"))))
    plan = survey(path).plan
    column = next(c for c in plan.columns if c.name == "dogs")
    rows = [{"dogs": cell} for cell in cells.split("|")]
    assert column.kind == kind
    assert [read_cell(column, row).get("dogs") for row in rows] == read
    assert read_cell(column, {}) == {}
    assert any("an empty cell as no" in odd for odd in column.odd) == column.ticks


def test_dates_as_a_spreadsheet_writes_them_are_no_lists(tmp_path: Path) -> None:
    path = tmp_path / "helpers.csv"
    path.write_text(
        "编号,姓名,到岗日期\n" + "".join(f"a{n},阿姨{n},2026/{n % 12 + 1}/{n % 28 + 1}\n" for n in range(12))
    )
    column = next(c for c in survey(path).plan.columns if c.name == "到岗日期")
    assert (column.kind, column.samples[0]) == ("date", "2026-01-01")


def test_day_and_month_are_told_apart_by_the_column() -> None:
    assert day_order(["05/01/2024", "01/25/2024"]) == ("mdy", False)
    assert day_order(["05/01/2024", "25/01/2024"]) == ("dmy", False)
    assert day_order(["05/01/2024", "03/02/2024"]) == ("dmy", True)
    assert day_order(["2024-01-05", "05.01.2024"]) == ("dmy", False)


@pytest.mark.parametrize(
    ("cells", "separators"),
    [
        (["Red, Blue", "Red", "Blue"], ","), (["Red/White", "Red", "White"], "/"), (["a|b", "c"], "|"), (["a;b", "c"], ";"),
        (["White & Red", "Red", "White"], "&"), (["Salt & Pepper", "Dolce & Gabbana"], ""), (["Berlin, rear building", "Paris, 2nd floor"], ""),
        (["Home > Lamps", "Home > Rugs"], ">"), (["AC/DC", "Queen", "U2"], ""), (["Soft, warm and cosy for everyone", "Hard"], ""), (["红、黑", "蓝"], "、"),
        (["indie / folk", "folk / blues", "metal", "disco / soul", "jazz"], "/"), (["wool + nylon", "silk + wool", "linen", "wool"], "+"), (["Moth & Moon", "Moth & Sons", "Redbrick"], ""), (["Camden / Town", "Bow / Road", "Hackney"], ""), (["Islands, groups of islands"] * 3 + ["Parish"], ""),
    ],
)  # fmt: skip
def test_separators_are_found_in_the_column(cells: list[str], separators: str) -> None:
    assert separators_of(Counter(cells)) == tuple(separators)


def test_sizes() -> None:
    assert separators_of(Counter(["40, 41", "S, M"]), sizes=True) == (",",)
    assert split("40-42, 44.0", [","], sizes=True) == ["40", "41", "42", "44"]
    assert split("2020-2024", [","], sizes=True) == ["2020-2024"]


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ('<div style="color:red"><p>Bright&nbsp;lamp</p><script>alert(1)</script></div>', "Bright lamp"),
        ("One<br>Two", "One\nTwo"), ("&lt;p&gt;double&lt;/p&gt;", "double"), ("<p>one <b>two</b></p><p>three</p>", "one two\nthree"),
        ("Caf&eacute; &amp; bar", "Café & bar"), ("a < b and b > c", "a < b and b > c"), ("<unknown> x", "<unknown> x"), ("AT&T; R&D", "AT&T; R&D"),
        ('<img alt="red lamp" src="red.png">Lamp<!-- red -->', "Lamp"), ("<ul><li>a</li><li>b</li></ul>", "a\nb"), ("x <3 y", "x <3 y"),
    ],
)  # fmt: skip
def test_markup_becomes_what_a_reader_sees(html: str, text: str) -> None:
    assert plain_text(html) == text


TEXT = {
    "utf-8": "id,title\n1,Grün\n2,Blau\n", "utf-8-sig": "id,title\n1,Grün\n2,Blau\n", "utf-16": "id\ttitle\n1\tGrün\n2\tBlau\n",
    "utf-16-le": "id\ttitle\n1\tGrün\n2\tBlau\n", "cp1252": "id;title\r\n1;Grün € weiß\r\n2;Blau\r\n", "gb18030": "id,title\n1,红色连衣裙适合夏天\n2,蓝色外套\n",
    "big5": "id,title\n1,紅色連衣裙適合夏天穿著\n2,藍色外套\n", "shift_jis": "id,title\n1,赤いランプは明るいです\n2,青いカップ\n", "cp1251": "id,title\n1,Красная лампа для стола\n2,Синяя чашка\n",
}  # fmt: skip


@pytest.mark.parametrize("encoding", TEXT)
def test_encodings_are_found(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(TEXT[encoding].encode(encoding))
    header, *lines = TEXT[encoding].splitlines()
    mark = next(m for m in ",;\t" if m in header)
    rows = [[*record.values.values()] for record in read_records(path)]
    assert rows == [line.split(mark) for line in lines]


@pytest.mark.parametrize(
    ("content", "names", "values"),
    [
        ("sep=;\nid;title\n1;A,b\n", ["id", "title"], ["1", "A,b"]), ("id;title\r1;A\r", ["id", "title"], ["1", "A"]),
        ("# made by a shop\n\nid,title\n1,A\n", ["id", "title"], ["1", "A"]), ("id,title,,\n1,A,,\n", ["id", "title", "column 3", "column 4"], ["1", "A", "", ""]),
        ("id,title,title\n1,A,B\n", ["id", "title", "title (2)"], ["1", "A", "B"]), ('id,"two\nlines"\n1,A\n', ["id", "two\nlines"], ["1", "A"]),
        ('id,title\n1,"a ""b"", c\nd"\n', ["id", "title"], ["1", 'a "b", c\nd']), ("id|title\n1|A, b, c\n", ["id", "title"], ["1", "A, b, c"]),
        ("id,title\n1,A,,\n", ["id", "title"], ["1", "A"]),
    ],
)  # fmt: skip
def test_headers_and_rows(tmp_path: Path, content: str, names: list[str], values: list[str]) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(content.encode())
    [record] = read_records(path)
    assert not record.problem
    assert [[*record.values], [*record.values.values()]] == [names, values]


def test_a_wrong_encoding_can_be_said(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes("id,title\n1,é\n".encode("cp437"))
    assert [r.values["title"] for r in read_records(path, Reading(encoding="cp437"))] == ["é"]


def test_doubtful_thousands_in_a_price_with_decimals_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,title,price\n" + "".join(f"{n},T,{n}.50\n" for n in range(9)) + "9,T,1.299\n")
    column = next(c for c in survey(path).plan.columns if c.name == "price")
    assert (column.read, column.thousandths) == (0.9, False)
    assert any("'1.299' may be thousands or decimals" in odd for odd in column.odd)


def test_a_dinar_has_three_decimals(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,title,price\n1,A,KWD 1.250\n2,B,KWD 12.500\n3,C,KWD 5\n")
    column = next(c for c in survey(path).plan.columns if c.name == "price")
    assert (column.samples, column.unit) == (("1.25", "12.5", "5"), "KWD")


LANGUAGES = ("Zapotec", "Mixtec", "Nahuatl", "Quechua")
PLACES = ("Ayoquesco", "Choapan", "Yalalag", "Rincon", "Lachixio", "Mitla", "Tabaa", "Ozolotepec", "Quiavini")


def test_names_turned_round_are_no_lists() -> None:
    names = [f"{LANGUAGES[n % 4]}, {place}" for n, place in enumerate(PLACES)] + ["Zapotec", "Ghotuo"]
    names += [f"Chinantec, {place}" for place in PLACES]
    assert separators_of(Counter(names)) == ()
    assert turned_round(Counter(names))
    authors = [f"{a}; {b}" for a, b in pairwise(names)]
    assert separators_of(Counter(authors)) == (";",)
    colours = [f"{a}, {b}" for a in PLACES[:4] for b in PLACES[:4] if a != b]
    assert separators_of(Counter(colours)) == (",",)
    cloth = [f"{a}, {b}" for a in PLACES for b in ("Elastane", "Polyester")]
    assert separators_of(Counter(cloth)) == (",",)
    assert separators_of(Counter(names), listed=True) == (",",)


def test_an_id_that_programs_write_for_nothing_is_an_id_where_it_comes_once(tmp_path: Path) -> None:
    path = tmp_path / "codes.csv"
    path.write_text("id,name\nnan,Min Nan\nNA,Namibia\ndeu,German\n")
    found = survey(path)
    assert [found.plan.item_id(r.values) for r in found.records()] == ["nan", "NA", "deu"]
    assert any("'nan' is read as a code" in note for note in found.plan.notes)
    path.write_text("id,name\nnull,Lost\nnull,Gone\ndeu,German\n")
    found = survey(path)
    assert [found.plan.item_id(r.values) for r in found.records()] == ["", "", "deu"]
    assert found.last_line == {}
    assert any("'null' is taken for none" in note for note in found.plan.notes)


def test_a_document_may_hold_rows_by_their_ids(tmp_path: Path) -> None:
    path = tmp_path / "cities.json"
    rows = {f"c-{n}": {"name": f"City {n}", "people": 1000 * n} for n in range(1, 5)}
    for text in (json.dumps(rows), json.dumps({"cities": rows, "version": 2}, indent=1)):
        path.write_text(text)
        found = survey(path)
        assert [found.plan.item_id(r.values) for r in found.records()] == [*rows]
        assert found.plan.types()["people"] == "number"
    path.write_text(json.dumps({"name": "Only one", "id": 1, "offers": {"price": 3}}))
    assert survey(path).plan.rows == 1


def test_zones_are_no_lists() -> None:
    zones = [
        f"{land}/{town}" for land in ("Europe", "Asia", "Africa") for town in (f"{land}town {n}" for n in range(9))
    ]
    assert separators_of(Counter(zones)) == ()


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ('Blue "chair', True),
        ('a 12" x 14" "print', True),
        ('a 12" pan', False),
        ('the "chair"', False),
        ('7" x 9"', False),
    ],
)
def test_the_plan_says_where_a_quote_is_never_closed(tmp_path: Path, cell: str, said: bool) -> None:
    path = tmp_path / "x.csv"
    path.write_text("id,title,colour\n" + "".join(f"{n},T,red\n" for n in range(9)) + f"9,T,{cell}\n")
    column = next(c for c in survey(path).plan.columns if c.name == "colour")
    assert any("a quote is opened and not closed in 1 values" in odd for odd in column.odd) is said
