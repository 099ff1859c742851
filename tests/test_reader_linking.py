"""Linking words to values in shops of sorts that no list was written for: what they sell, scales, what a column says to be absent, features."""

from __future__ import annotations

from functools import partial

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_language import CatalogueLanguage, compile_language
from tastemaker.core.language.catalogue_things import things_called
from tastemaker.core.language.scales import scale_of
from tastemaker.core.schemas import CatalogueField, CatalogueSchema
from tastemaker.stores.ingest.column_names import is_truth_name

from .unseen_shops import Shops, flag, number, words


def shop(titles: str, *fields: CatalogueField) -> CatalogueLanguage:
    vocabulary = {f.name: dict.fromkeys(f.values, 8) for f in fields if f.type in ("text", "list")}
    return compile_language(CatalogueSchema(fields=fields, count=60), vocabulary, (), None, titles.split("|"))


_SHOPS = {
    "kites": partial(
        shop,
        "Gull delta kite|Harrier stunt kite|Rainbow box kite|Tern parafoil kite|Heron delta kite",
        number("price", 8, 300, "GBP", price=True),
        words("winch", "Manual|Battery|Mains"),
        words("frame", "Carbon|Fibreglass|Bamboo"),
        words("skill", "beginner|easy|intermediate|advanced"),
        words("wind", "light|medium|strong"),
        flag("no_assembly"),
        flag("foldable"),
        words("warranty_card", "x"),
        words("spin", "spins freely|spins with a pull|does not spin"),
        words("flying_days", "Saturday|Sunday|Tuesday", several=True),
    ),
    "öfen": partial(
        shop,
        "Kaminofen Sund|Pelletofen Alk|Specksteinofen Krabbe|Werkstattofen Lumme|Kaminofen Möwe",
        number("preis", 300, 9000, "EUR", price=True),
        words("lautstärke", "leise|mittel|laut"),
        words("verkleidung", "Stahl|Keramik|Speckstein"),
        flag("ohne_geruch"),
    ),
    "面馆": partial(
        shop,
        "城南面馆|桥头面馆|老张面馆|春风面馆|山下面馆",
        number("人均", 12, 90, "CNY", price=True),
        words("菜系", "川菜|粤菜|日本料理"),
        words("辣度", "不辣|微辣|中辣|特辣"),
        flag("无烟"),
        flag("包间"),
    ),
    "孵化园": partial(
        shop,
        "荷塘工位|松林工位|湖畔工位|云顶工位|竹影工位",
        number("月租", 300, 6000, "CNY", price=True),
        number("押金", 0, 2000, "CNY"),
        number("从业年限", 1, 20),
        words("管家", "陈果|欧阳明|林曾"),
        words("城区", "武昌|汉阳|江夏"),
        words("不宜人群", "孕妇|高血压|卧床老人", several=True),
    ),
    "ruderkurse": partial(
        shop,
        "Riemen|Skull|Vierer|Achter|Einer",
        words("herkunft", "Ägypten|Kenia|Norwegen"),
        words("zielgruppe", "Kinder|Studenten|Senioren"),
        words("stoff", "Baumwolle|Polyester|Viskose|Wolle"),
        words("treffen", "Telefon|Video|persönlich"),
        words("gewässer", "Süßwasser|Salzwasser"),
        words("tage", "Mon|Tue|Sat|Sun", several=True),
        words("bezahlung", "Lastschrift|Kreditkarte|Barzahlung|Ratenzahlung", several=True),
    ),
    "壁画": partial(
        shop,
        "Heron mural|Otter mural|Finch mural|Gorse mural|Fern mural",
        words("colour", "Stone|Slate|Moss"),
        words("surfaces", "stone|slate|wood", several=True),
        words("籍贯", "四川|湖南|广东"),
        words("擅长", "川菜|粤菜", several=True),
        words("meets", "Monday|Friday|Saturday", several=True),
        words("open", "March|April|May", several=True),
        CatalogueField(name="starts", type="date", values=("2027-02-06", "2027-03-19", "2027-04-12")),
    ),
    "saunas": partial(
        shop,
        "Birch sauna|Alder sauna|Steam hut|Lake sauna|Fir sauna",
        number("price", 10, 90, "GBP", price=True),
        number("shipping_fee", 0, 9, "GBP"),
        words("contraindications", "pregnancy|knee injury|epilepsy", several=True),
        words("good_for", "insomnia|anxiety", several=True),
        flag("towel_free"),
        flag("certified_organic"),
        flag("with_audio_cd"),
        flag("rentable"),
        flag("can_be_tumble_dried"),
    ),
    "skates": partial(
        shop,
        "Swift skate|Arrow skate|Comet skate|Linnet skate|Merlin skate",
        number("price", 20, 400, "GBP", price=True),
        words("shell", "inflatable|carbon fibre|hardcover"),
        words("said_in", "Mandarin|Polish"),
        flag("pay_in_instalments"),
        flag("evening_slots"),
        flag("accepts_insurance"),
    ),
    "打印店": partial(
        shop,
        "东门打印店|西门打印店|南门打印店|北门打印店|河边打印店",
        number("起价", 5, 90, "CNY", price=True),
        words("装订", "精装|平装|线装"),
        words("付款", "支付宝|微信|现金", several=True),
        flag("能带双胞胎"),
        number("名额", 1, 40),
    ),
    "rides": partial(
        shop,
        "Comet ride|Mill ride|Falcon ride|Lantern ride|Wharf ride",
        number("fare", 2, 30, "GBP", price=True),
        number("activation_fee", 0, 15, "GBP"),
        number("grade", 1, 8),
        words("not_for", "toddlers|wheelchairs|asthmatics|night trips", several=True),
        words("place", "pier|meadow|wood"),
    ),
    "creamery": partial(
        shop,
        "Oakdale cheddar|Hollow brie|Old gouda|Fen camembert|Combe gruyere|Moor feta",
        words("dairy", "Oakdale Dairy|Fen Farm"),
        words("milk", "Cow|Sheep"),
        flag("gift_wrapping"),
    ),
}
SHOPS = Shops(_SHOPS)
READ = {
    "what all are asks for nothing": [
        ("kites", ["a carbon kite", "kites with a carbon frame"], {"frame = Carbon"}),
        ("creamery", ["cheese from sheep's milk", "Käse vom Schaf"], {"milk = Sheep"}),
        ("öfen", ["ein Ofen aus Keramik", "Keramikofen"], {"verkleidung = Keramik"}),
    ],
    "scales": [
        ("kites", ["nothing too hard", "not too difficult", "nicht zu schwer", "不要太难"], {"skill != advanced"}),
        ("kites", ["at most intermediate", "intermediate or easier"], {"skill in beginner,easy,intermediate"}),
        ("kites", ["for beginners", "for a novice", "für Anfänger", "适合新手"], {"skill = beginner"}),
        ("öfen", ["nicht zu laut", "not too noisy"], {"lautstärke != laut"}),
        ("面馆", ["不要太辣", "not too spicy"], {"辣度 not in 中辣,特辣"}),
        ("面馆", ["完全不辣", "not spicy at all", "nicht scharf"], {"辣度 = 不辣"}),
    ],
    "Chinese names in Latin letters": [
        ("孵化园", ["with Chen Guo", "Guo Chen bitte", "nur Chen Guo"], {"管家 = 陈果"}),
        ("孵化园", ["nicht bei Ouyang Ming", "not Ouyang Ming"], {"管家 != 欧阳明"}),
        ("孵化园", ["in Wuchang or Hanyang", "in Wuchang oder Hanyang"], {"城区 in 武昌,汉阳"}),
    ],
    "what things are not for": [
        (
            "rides",
            ["for asthmatics", "safe for asthmatics", "nothing unsuitable for asthmatics"],
            {"not_for not contains asthmatics"},
        ),
        ("rides", ["a night trip by the meadow"], {"not_for not contains night trips", "place = meadow"}),
        (
            "孵化园",
            ["I've got high blood pressure", "suitable for people with hypertension", "高血压能去的"],
            {"不宜人群 not contains 高血压"},
        ),
    ],
    "a dictionary of Chinese": [
        ("skates", ["能充气的", "an inflatable one", "要充气的"], {"shell = inflatable"}),
        ("skates", ["碳纤维的", "carbon fiber"], {"shell = carbon fibre"}),
        ("skates", ["精装的"], {"shell = hardcover"}),
        ("skates", ["普通话", "speaks Mandarin", "spricht Mandarin"], {"said_in = Mandarin"}),
        ("skates", ["可以分期付款", "with instalments"], {"pay_in_instalments = True"}),
        ("打印店", ["hardcover please"], {"装订 = 精装"}),
        ("打印店", ["pay with WeChat"], {"付款 contains 微信"}),
        ("打印店", ["for our twins", "twins"], {"能带双胞胎 = True"}),
    ],
    "a shop is German by the names of its columns": [
        ("ruderkurse", ["from Egypt", "Egyptian", "埃及的"], {"herkunft = Ägypten"}),
    ],
    "ways to pay": [
        ("ruderkurse", ["by direct debit", "自动扣款"], {"bezahlung contains Lastschrift"}),
        ("ruderkurse", ["in instalments", "auf Raten", "可以分期付款"], {"bezahlung contains Ratenzahlung"}),
        ("打印店", ["with Alipay", "mit Alipay"], {"付款 contains 支付宝"}),
    ],
    "what is said of a person stands for the person": [
        (
            "ruderkurse",
            ["my daughter is at university now", "meine Tochter studiert jetzt", "mein Sohn ist Student"],
            {"zielgruppe = Studenten"},
        ),
        ("ruderkurse", ["für Kinder oder Studenten"], {"zielgruppe in Kinder,Studenten"}),
    ],
    "how people are": [
        (
            "saunas",
            ["I'm pregnant", "ich bin schwanger", "我怀孕了", "suitable for pregnant women"],
            {"contraindications not contains pregnancy"},
        ),
        (
            "saunas",
            ["I have a bad knee", "ich habe Knieprobleme", "我膝盖不好"],
            {"contraindications not contains knee injury"},
        ),
        ("saunas", ["for sleeplessness", "gegen Schlafstörungen", "失眠"], {"good_for contains insomnia"}),
    ],
    "what costs nothing": [
        ("saunas", ["free shipping", "versandkostenfrei", "包邮", "no delivery charge"], {"shipping_fee = 0.0"}),
        ("saunas", ["towel for nothing"], {"towel_free = True"}),
    ],
    "the word before a value that two fields have": [
        ("壁画", ["in stone", "a stone one"], {"colour = Stone"}),
        ("壁画", ["for stone", "on stone", "auf Stein", "für Stein"], {"surfaces contains stone"}),
        ("壁画", ["from Sichuan", "aus Sichuan", "来自四川"], {"籍贯 = 四川"}),
        ("壁画", ["Sichuan food"], {"擅长 contains 川菜"}),
    ],
    "a weekday or a month that a column of words has is no date": [
        ("壁画", ["on Saturdays", "am Samstag", "周六"], {"meets contains Saturday"}),
        ("壁画", ["nothing on Fridays", "nicht am Freitag"], {"meets not contains Friday"}),
        ("壁画", ["in April", "im April"], {"open contains April"}),
        ("壁画", ["on 12 April"], {"starts = 2027-04-12"}),
        ("壁画", ["before March", "vor März"], {"starts < 2027-03-01"}),
        ("壁画", ["starting in March"], {"starts >= 2027-03-01", "starts < 2027-04-01"}),
    ],
    "weekdays in short": [
        ("ruderkurse", ["on Tuesdays", "dienstags", "周二"], {"tage contains Tue"}),
        ("ruderkurse", ["at the weekend", "am Wochenende", "周末"], {"tage in Sat,Sun"}),
    ],
    "kinds of water, hiring, pounds": [
        ("ruderkurse", ["in salt water", "marine", "海水"], {"gewässer = Salzwasser"}),
        ("ruderkurse", ["fresh water please", "淡水"], {"gewässer = Süßwasser"}),
        ("saunas", ["五十镑以内", "fünfzig Pfund oder weniger"], {"price <= 50.0"}),
        ("saunas", ["can I hire it", "zum Ausleihen", "可租的"], {"rentable = True"}),
    ],
    "who never did it is a beginner": [
        (
            "kites",
            ["I've never flown one before", "never done this before", "ich habe noch nie gedrachelt", "从来没飞过"],
            {"skill = beginner"},
        ),
        ("kites", ["never again bamboo"], {"frame != Bamboo"}),
    ],
    "kinds of materials and ways to meet": [
        ("ruderkurse", ["no man-made fibres", "keine Kunstfasern", "化纤不要"], {"stoff not in Polyester,Viskose"}),
        ("ruderkurse", ["by phone", "am Telefon", "电话"], {"treffen = Telefon"}),
        ("ruderkurse", ["face to face", "in person", "面对面"], {"treffen = persönlich"}),
    ],
    "names of columns": [
        ("saunas", ["organic", "bio"], {"certified_organic = True"}),
        ("saunas", ["with a CD", "mit CD"], {"with_audio_cd = True"}),
        ("saunas", ["für den Trockner", "能烘干的"], {"can_be_tumble_dried = True"}),
        ("skates", ["in the evening", "am Abend", "晚上"], {"evening_slots = True"}),
        ("skates", ["with insurance"], {"accepts_insurance = True"}),
    ],
    "fees beside the price": [
        ("rides", ["no setup fee", "ohne Anschlussgebühr", "不要开户费"], {"activation_fee = 0.0"}),
        ("孵化园", ["no deposit", "keine Kaution", "不收押金", "免押金"], {"押金 = 0.0"}),
        (
            "孵化园",
            ["deposit under 500, rent below 3000", "押金五百以下，月租三千以下"],
            {"押金 < 500.0", "月租 < 3000.0"},
        ),
        ("孵化园", ["at least 5 years of experience", "mindestens 5 Jahre Berufserfahrung"], {"从业年限 >= 5.0"}),
        ("rides", ["grade 5 at most", "höchstens Schwierigkeitsgrad 5"], {"grade <= 5.0"}),
    ],
    "what a column says to be absent": [
        (
            "kites",
            ["no assembly", "without assembly", "ohne Montage", "no assembly required"],
            {"no_assembly = True"},
        ),
        ("öfen", ["ohne Geruch", "no smell", "kein Geruch"], {"ohne_geruch = True"}),
        ("面馆", ["non-smoking", "不能抽烟", "rauchfrei", "no smoking"], {"无烟 = True"}),
    ],
    "a value that denies its column's name": [
        ("kites", ["it has to spin", "one that spins"], {"spin in spins freely,spins with a pull"}),
        ("kites", ["it should not spin"], {"spin not in spins freely,spins with a pull"}),
    ],
    "power": [
        ("kites", ["with a cable", "mit Kabel", "one that plugs in"], {"winch = Mains"}),
        ("kites", ["ohne Kabel", "mit Akku"], {"winch = Battery"}),
    ],
    "features": [
        ("kites", ["at the weekend", "am Wochenende", "周末"], {"flying_days in Saturday,Sunday"}),
        ("kites", ["a kite that folds away", "zusammenklappbar", "能折叠的"], {"foldable = True"}),
        ("kites", ["it should not fold up"], {"foldable = False"}),
        ("面馆", ["with a private room", "有包厢"], {"包间 = True"}),
        ("面馆", ["sichuan food", "四川菜"], {"菜系 = 川菜"}),
        ("面馆", ["Japanese, please", "日料"], {"菜系 = 日本料理"}),
        ("creamery", ["gift wrapped", "als Geschenk verpackt", "要礼品包装"], {"gift_wrapping = True"}),
    ],
}
CASES = [(rule, where, text, said) for rule, rows in READ.items() for where, texts, said in rows for text in texts]


@pytest.mark.parametrize(("rule", "where", "text", "said"), CASES, ids=[f"{c[0]}: {c[2]}" for c in CASES])
def test_every_way_to_say_it_is_read_and_nothing_is_left_over(rule: str, where: str, text: str, said: set[str]) -> None:
    reading = read(text, SHOPS[where])
    values = [",".join(c.value) if isinstance(c.value, list) else str(c.value) for c in reading.conditions]
    found = {f"{c.field} {c.op} {v}" for c, v in zip(reading.conditions, values, strict=True)}
    assert (found, reading.not_applied) == (said, ()), rule


@pytest.mark.parametrize("text", ["do you sell laptops", "a bicycle", "verkauft ihr Fahrräder", "有葡萄酒吗"])
def test_what_the_shop_does_not_have_is_named(text: str) -> None:
    assert read(text, SHOPS["kites"]).not_applied


@pytest.mark.parametrize(
    ("titles", "columns", "called", "other"),
    [
        (
            "Moss wool rug|Fern jute rug|Bog silk rug|Tarn wool rug|Crag cotton rug",
            [],
            {"rug", "teppich", "地毯"},
            {"wool", "moss"},
        ),
        (
            "Stabkerze Ida|Duftkerze Ole|Schwimmkerze Ada|Duftkerze Pia|Stumpenkerze Jo",
            [],
            {"kerze", "candle", "蜡烛"},
            {"duftkerze"},
        ),
        ("Poppy|Biscuit|Rex|Tinker|Bello", ["kite_type"], {"kite"}, {"rex", "poppy"}),
        ("one|two", [], set(), {"one"}),
    ],
)
def test_titles_and_columns_tell_what_things_are_called(
    titles: str, columns: list[str], called: set[str], other: set[str]
) -> None:
    found = things_called(titles.split("|"), columns)
    assert called <= found
    assert not other & found


def test_a_scale_is_told_by_its_steps_in_any_language_and_put_in_order() -> None:
    scale = scale_of(["schwer", "leicht", "mittel"])
    assert scale is not None
    assert scale.values == ("leicht", "mittel", "schwer")
    assert scale.at(0) == ("leicht",)  # beginners are served by the easiest
    assert scale_of(["Oak", "Pine", "medium"]) is None


@pytest.mark.parametrize(
    ("name", "truth"),
    [
        ("for_outdoors", True),
        ("nachfüllbar", True),
        ("可折叠", True),
        ("bathrooms", False),
        ("mode", False),
        ("review_count", False),
        ("数量", False),
    ],
)
def test_zeros_and_ones_are_no_and_yes_where_nothing_is_counted(name: str, truth: bool) -> None:
    assert is_truth_name(name, both=True) is truth


@pytest.mark.parametrize("text", ["the biggest diamond", "das kleinste", "最大的", "the highest one"])
def test_an_end_of_sizes_is_named_where_no_field_is_one(text: str) -> None:
    shop = compile_language(CatalogueSchema(fields=(words("cut", "Oval|Round"), flag("polished")), count=9), {})
    found = read(text, shop)
    assert found.order is None
    assert any(end in " ".join(found.not_applied) for end in ("biggest", "kleinste", "最大", "highest"))
