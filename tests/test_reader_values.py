"""Linking words to values, rule by rule, in shops that no word list was written for: states, compounds, diets, reactions, people."""

from __future__ import annotations

from functools import partial

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_language import CatalogueLanguage, compile_language
from tastemaker.core.schemas import CatalogueField, CatalogueSchema

from .unseen_shops import Shops, flag, number, words


def shop(*fields: CatalogueField) -> CatalogueLanguage:
    return compile_language(CatalogueSchema(fields=fields, count=300), {}, ["a bright and quiet house by the river"])


_SHOPS = {
    "stays": partial(
        shop,
        number("price_per_night", 40, 900, "EUR", price=True),
        words("type", "Cottage|Villa|Cabin"),
        words("region", "Tuscany|Provence|Cornwall"),
        words("amenities", "Pool|Sauna|Barbecue|Cot", several=True),
        words("pets", "allowed|not allowed|on request"),
        words("breakfast", "included|extra charge|none"),
        words("parking", "free|paid|none"),
        words("cancellation", "Free|Strict"),
        words("smoking", "Yes|No"),
        flag("furnished"),
    ),
    "larder": partial(
        shop,
        number("minutes", 5, 240, "min"),
        words("cuisine", "Thai|French"),
        words("ingredients", "Chicken|Pork|Prawns|Milk|Butter|Eggs|Honey|Walnuts|Tofu|Wheat flour|Rice", several=True),
    ),
    "kleider": partial(
        shop,
        number("preis", 5, 600, "EUR", price=True),
        words("kategorie", "Hemd|Kleid|Mantel|Pullover"),
        words("farbe", "Rot|Blau|Schwarz|Weiß"),
        words("material", "Baumwolle|Wolle|Seide|Polyester"),
        words("muster", "Gestreift|Kariert|Geblümt"),
        words("zielgruppe", "Damen|Herren|Kinder"),
    ),
    "möbel": partial(
        shop,
        number("preis", 15, 3500, "EUR", price=True),
        words("kategorie", "Esstisch|Couchtisch|Ecksofa|Regal"),
        words("material", "Eiche|Glas|Leder"),
        words("stil", "Landhaus|Modern"),
        words("heizung", "Gas|Öl"),
    ),
    "courses": partial(
        shop,
        number("price", 0, 900, "USD", price=True),
        words("level", "Beginner|Advanced"),
        words("audience", "Kids|Adults|Seniors", several=True),
        words("energy_class", "A|B|C"),
        words("body", "Full|Light"),
        words("brand", "Giant|Specialized|Next"),
    ),
    "phones": partial(shop, words("brand", "Apple|Nothing"), words("condition", "New|Used")),
    "茶铺": partial(
        shop,
        number("价格", 10, 2000, "CNY", price=True),
        words("茶类", "绿茶|红茶|普洱茶"),
        words("产地", "福建|云南|台湾"),
        words("咖啡因", "无|低"),
        words("宠物", "允许|不允许"),
    ),
}
SHOPS = Shops(_SHOPS)
READ = {
    "columns of states": [
        ("stays", ["pets allowed", "dogs welcome", "we have a dog", "pet friendly", "pets are welcome"], {"pets = allowed"}),
        ("stays", ["no pets", "without pets", "no dogs please"], {"pets not in allowed,on request"}),
        ("stays", ["breakfast included", "breakfast is included"], {"breakfast = included"}),
        ("stays", ["without breakfast", "no breakfast"], {"breakfast not in extra charge,included"}),
        ("stays", ["free parking", "parking should be free"], {"parking = free"}),
        ("stays", ["non smoking", "no smoking", "smoke free"], {"smoking != Yes"}),
        ("stays", ["unfurnished", "not furnished"], {"furnished = False"}),
        ("stays", ["not unfurnished", "furnished"], {"furnished = True"}),
        ("stays", ["free cancellation"], {"cancellation = Free"}),
        ("茶铺", ["可以养狗", "允许宠物"], {"宠物 = 允许"}),
        ("茶铺", ["无咖啡因", "不含咖啡因"], {"咖啡因 != 低"}),
    ],
    "German compounds": [
        ("kleider", ["rotes Baumwollhemd", "Baumwollhemd in Rot"], {"farbe = Rot", "material = Baumwolle", "kategorie = Hemd"}),
        ("kleider", ["Wollmantel", "Mantel aus Wolle"], {"material = Wolle", "kategorie = Mantel"}),
        ("kleider", ["Herrenhemd", "Hemd für Herren"], {"zielgruppe = Herren", "kategorie = Hemd"}),
        ("kleider", ["schwarzweiß gestreift"], {"farbe in Schwarz,Weiß", "muster = Gestreift"}),
        ("kleider", ["Kleid mit Blumenmuster"], {"kategorie = Kleid", "muster = Geblümt"}),
        ("möbel", ["Tisch aus Glas", "Glastisch"], {"material = Glas", "kategorie in Couchtisch,Esstisch"}),
        ("möbel", ["Regal im Landhausstil"], {"kategorie = Regal", "stil = Landhaus"}),
        ("möbel", ["keine Gasheizung"], {"heizung != Gas"}),
    ],
    "diets from ingredients": [
        ("larder", ["vegetarian", "I'm a vegetarian", "素食"], {"ingredients not in Chicken,Pork,Prawns"}),
        ("larder", ["gluten free", "I'm coeliac", "glutenfrei"], {"ingredients not contains Wheat flour"}),
        ("larder", ["dairy free", "lactose intolerant", "Laktoseintoleranz"], {"ingredients not in Butter,Milk"}),
        ("larder", ["halal"], {"ingredients not contains Pork"}),
    ],
    "reactions": [
        (
            "kleider",
            ["my skin reacts to wool", "wool makes me itch", "I get a rash from wool", "Wolle kratzt mich",
             "von Wolle bekomme ich Ausschlag", "ich bin gegen Wolle allergisch", "穿羊毛会痒"],
            {"material != Wolle"},
        ),
        ("larder", ["my throat swells when I eat walnuts", "walnuts make me sick"], {"ingredients not contains Walnuts"}),
        ("larder", ["allergies: milk, eggs"], {"ingredients not contains Milk", "ingredients not contains Eggs"}),
    ],
    "exceptions and what is no trouble": [
        ("stays", ["anywhere but Cornwall", "everywhere except Cornwall"], {"region != Cornwall"}),
        ("stays", ["no cabins unless they have a sauna", "no cabins, except with a sauna"], {"type != Cabin"}),
        ("kleider", ["keine Wolle, außer bei Mänteln", "ohne Wolle, ausgenommen Mantel"], {"material != Wolle"}),
        ("stays", ["no pool is fine", "with or without pool", "a pool is not important", "Pool muss nicht sein"], set()),
        ("stays", ["pool AND sauna, don't care where"], {"amenities contains Pool", "amenities contains Sauna"}),
        ("茶铺", ["除了普洱以外的茶", "除了普洱别的都行"], {"茶类 != 普洱茶"}),
        ("茶铺", ["福建产的红茶"], {"产地 = 福建", "茶类 = 红茶"}),
    ],
    "people and names": [
        ("courses", ["for my grandma", "for seniors"], {"audience contains Seniors"}),
        ("courses", ["for beginners", "beginner level"], {"level = Beginner"}),
        ("courses", ["giant or specialized"], {"brand in Giant,Specialized"}),
        ("courses", ["what comes next"], set()),
        ("courses", ["energy class A or B"], {"energy_class in A,B"}),
        ("courses", ["full bodied"], {"body = Full"}),
    ],
}  # fmt: skip
CASES = [(name, s, text, said) for name, rows in READ.items() for s, texts, said in rows for text in texts]


@pytest.mark.parametrize(("rule", "name", "text", "said"), CASES, ids=[f"{c[0]}: {c[2]}" for c in CASES])
def test_a_rule_reads_every_way_to_say_it(rule: str, name: str, text: str, said: set[str]) -> None:
    found = read(text, SHOPS[name]).conditions
    values = [",".join(sorted(c.value)) if isinstance(c.value, list) else c.value for c in found]
    assert {f"{c.field} {c.op} {v}" for c, v in zip(found, values, strict=True) if c.must} >= said, rule
    assert bool(said) == any(c.must for c in found), rule


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("kleider", "leather is cruel, wool is dull", "Wolle"),
        ("kleider", "I find polyester shiny", "Polyester"),
        ("larder", "eggs taste like sulphur", "Eggs"),
        ("stays", "dogs not allowed, I'm allergic", "allowed"),
        ("kleider", "braunes Hemd", "Blau"),
        ("kleider", "lieber Seide als Wolle", "Wolle"),
        ("phones", "nothing used", "Used"),
    ],
)
def test_what_is_judged_or_unknown_is_never_turned_into_a_wish(name: str, text: str, value: str) -> None:
    reading = read(text, SHOPS[name])
    wanted = [c for c in reading.conditions if c.op in ("=", "contains", "in")]
    assert not any(value == c.value or (isinstance(c.value, list) and value in c.value) for c in wanted)
    assert reading.not_applied or reading.conditions


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a 4dr SUV", [("style", "=", "4dr SUV")]),
        ("looking for a 4dr hatchback", [("style", "=", "4dr Hatchback")]),
        ("an A4", [("model", "=", "A4")]),
        ("the A 4", [("model", "=", "A4")]),
    ],
)
def test_an_article_before_a_number_is_no_letter_of_a_name(text: str, said: list[tuple[str, str, str]]) -> None:
    fields = (
        CatalogueField(name="model", type="text", values=("A4", "A6", "X5")),
        CatalogueField(name="style", type="text", values=("4dr SUV", "2dr SUV", "4dr Hatchback", "Sedan")),
    )
    reading = read(text, shop(*fields))
    assert [(c.field, c.op, c.value) for c in reading.conditions] == said
