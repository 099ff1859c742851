"""Read Chinese as people talk, over shops that no word list was written for: refusals, stories, second thoughts, clauses without marks."""

from __future__ import annotations

import pytest

from tastemaker.agents.understanding.reader import read
from tastemaker.core.schemas import Condition

from .unseen_shops import Shops, flag, late, number, words

SHOPS = Shops(
    {
        "奶茶": late(
            number("价格", 6, 40, "CNY", price=True),
            number("热量_千卡", 20, 700),
            words("茶底", "红茶|绿茶|乌龙茶|茉莉花茶"),
            words("配料", "珍珠|椰果|红豆|布丁|芋圆|仙草|奶盖", several=True),
            words("甜度", "无糖|三分糖|半糖|全糖"),
            words("温度", "热饮|常温|少冰|去冰"),
            texts="清爽解渴 手工现做",
        ),
        "傢俱": late(
            number("價格", 500, 90000, "TWD", price=True),
            number("寬度_公分", 30, 300),
            words("種類", "沙發|書桌|椅子|衣櫃|床架"),
            words("材質", "橡木|胡桃木|金屬|玻璃|皮革|布面"),
            words("顏色", "白色|黑色|米色|綠色|灰色"),
            flag("可摺疊"),
            texts="溫暖的家",
        ),
        "宠物": late(
            number("价格", 10, 900, "CNY", price=True),
            number("净重_公斤", 0.1, 20),
            words("适用", "幼猫|成猫|幼犬|成犬"),
            words("主料", "鸡肉|牛肉|鱼肉|鸭肉|羊肉|三文鱼", several=True),
            words("品类", "干粮|湿粮|零食|冻干"),
            words("产地", "中国|泰国|新西兰|加拿大"),
            texts="营养均衡",
        ),
        "影视": late(
            number("集数", 1, 80),
            number("年份", 1990, 2026),
            words("类型", "喜剧|悬疑|爱情|科幻|访谈|纪录", several=True),
            words("国家", "英国|美国|韩国|日本|中国|法国"),
            words("主演", "林晚舟|周以安|陈望|何田田", several=True),
            words("导演", "陆一鸣|孙若水|何田田"),
            words("平台", "云影|海豚|青柠", several=True),
            texts="一个小镇的故事",
        ),
        "jackets": late(
            number("price", 20, 900, "EUR", price=True),
            words("kind", "Parka|Raincoat|Blazer|Vest|Cardigan"),
            words("material", "Wool|Cotton|Down|Polyester|Leather", several=True),
            words("colour", "Red|Black|White|Green|Navy|Grey"),
            flag("waterproof"),
            texts="a warm layer",
        ),
    }
)


def _signed(c: Condition) -> set[str]:
    """Return a condition's values, each with + where it is wanted and - where it is refused; a number with its comparison."""
    if isinstance(c.value, bool):
        return {f"{'+' if (c.op == '=') == c.value else '-'}{c.field}"}
    if isinstance(c.value, float):
        return {f"{c.field}{c.op}{c.value:g}"}
    values = c.value if isinstance(c.value, list) else [c.value]
    return {f"{'-' if c.op in ('!=', 'not in', 'not contains') else '+'}{v}" for v in values}


def said(shop: str, text: str) -> set[str]:
    """Return what a reading of ``text`` asks for and refuses."""
    return {sign for c in read(text, SHOPS[shop]).conditions for sign in _signed(c)}


REFUSALS = """
奶茶: 红茶，珍珠椰果这些乱七八糟的都不要加 = +红茶 -珍珠 -椰果
奶茶: 乌龙茶 红豆布丁都别放 = +乌龙茶 -红豆 -布丁
奶茶: 不带珍珠不带椰果的红茶 = +红茶 -珍珠 -椰果
奶茶: 红豆的、布丁的都不要，绿茶 = +绿茶 -红豆 -布丁
奶茶: 布丁我吃不来 绿茶吧 = +绿茶 -布丁
奶茶: 珍珠不要 绿茶 = +绿茶 -珍珠
奶茶: 绿茶珍珠不要椰果可以 = +绿茶 -珍珠 +椰果
奶茶: 我最怕仙草那个味儿，来个绿茶 = +绿茶 -仙草
奶茶: 绿茶 别给我整珍珠 = +绿茶 -珍珠
奶茶: 全糖喝不惯，绿茶 = +绿茶 -全糖
奶茶: 只要有红豆就pass，绿茶 = +绿茶 -红豆
傢俱: 沙發，皮革的不考慮 = +沙發 -皮革
傢俱: 書桌，材質不要玻璃也不要金屬 = +書桌 -玻璃 -金屬
傢俱: 椅子 我不太喜歡灰色的 = +椅子 -灰色
傢俱: 床架，別推薦黑色的給我 = +床架 -黑色
傢俱: 書桌，玻璃免談 = +書桌 -玻璃
傢俱: 椅子別不是黑色的 = +椅子 +黑色
傢俱: 非橡木不可的書桌 = +書桌 +橡木
宠物: 成犬，鸡肉鸭肉都避开 = +成犬 -鸡肉 -鸭肉
宠物: 我家猫嫌弃鸭肉，成猫冻干 = +成猫 +冻干 -鸭肉
宠物: 兽医让我们戒鸡肉，给成犬找点零食 = +成犬 +零食 -鸡肉
"""
STORIES = """
宠物: 我们家那只成猫一吃牛肉就拉肚子，有什么湿粮 = +成猫 +湿粮 -牛肉
宠物: 我家幼犬吃鸡肉会吐 = +幼犬 -鸡肉
宠物: 鸡肉一吃就吐 幼犬粮 = +幼犬 -鸡肉
宠物: 鸡肉吃了软便，幼猫粮 = +幼猫 -鸡肉
jackets: 我对down过敏，parka = +Parka -Down
奶茶: 上次珍珠噎着了，绿茶 = +绿茶 -珍珠
jackets: leather让我起疹子，parka = +Parka -Leather
"""
ONLY_NAMED = """
宠物: 泰国的上回买到假货，不敢再买了，成猫湿粮 = +成猫 +湿粮
宠物: 之前买过泰国的，踩雷了，成猫 = +成猫
宠物: 它闻到鱼肉就跑，成猫粮求推荐 = +成猫
宠物: 被鱼肉坑过，成猫 = +成猫
宠物: 三文鱼吃了掉毛，幼猫 = +幼猫
傢俱: 想買書桌，玻璃的我怕怕的，不要 = +書桌
宠物: 鸭肉油腻腻的，成猫 = +成猫
宠物: 成犬，上周刚退了一袋新西兰的 = +成犬
jackets: 绿色我上次穿被同事笑了，不要了，parka = +Parka
"""
CONDITIONS = """
奶茶: 除非是珍珠的，不然不要 = +珍珠
奶茶: 绿茶，加不加珍珠都行 = +绿茶
奶茶: 绿茶，可以没有珍珠 = +绿茶
奶茶: 绿茶可以不加珍珠吗 = +绿茶 -珍珠
奶茶: 少了珍珠不行，绿茶 = +绿茶 +珍珠
奶茶: 绿茶，不非得半糖 = +绿茶
奶茶: 绿茶，不用非得半糖 = +绿茶
奶茶: 绿茶，倒也不是非要珍珠 = +绿茶
奶茶: 绿茶，用不着加珍珠 = +绿茶
奶茶: 除了珍珠还要椰果，绿茶 = +珍珠 +椰果 +绿茶
奶茶: 除了珍珠都可以，绿茶 = -珍珠 +绿茶
奶茶: 不光绿茶，红茶也看看 = +绿茶 +红茶
jackets: parka，防不防水都行 = +Parka
"""
SECOND_THOUGHTS = """
奶茶: 珍珠，呃不是，椰果 = +椰果
奶茶: 绿茶加珍珠吧，要不换成红豆 = +绿茶 +红豆
奶茶: 绿茶 嗯 还是乌龙茶吧 = +乌龙茶
奶茶: 原来想喝红茶，现在想喝绿茶 = +绿茶
奶茶: 本来想要红茶的，还是绿茶 = +绿茶
奶茶: 绿茶，300千卡以内，说错了200千卡 = +绿茶 热量_千卡<=200
傢俱: 想要書桌，不對，是椅子 = +椅子
傢俱: 兩萬以內，哦不，一萬五以內的沙發 = +沙發 價格<=15000
"""
WITHOUT_MARKS = """
奶茶: 不要红豆不要布丁珍珠可以 = -红豆 -布丁 +珍珠
奶茶: 绿茶不要珍珠要椰果红豆也不要 = +绿茶 -珍珠 +椰果 -红豆
奶茶: 绿茶不要珍珠半糖去冰 = +绿茶 -珍珠
奶茶: 绿茶珍珠不要半糖 = +绿茶
奶茶: 不要红茶绿茶吧 = -红茶
奶茶: 不要红茶绿茶就行 = +绿茶 -红茶
奶茶: 我要绿茶嗯不要珍珠哈 = +绿茶 -珍珠
宠物: 不带牛肉的不要成猫湿粮 = +成猫 +湿粮 +牛肉
奶茶: 喂你好我想要绿茶半糖珍珠不要哈 = +绿茶 +半糖 -珍珠
奶茶: 红茶，绿茶都不要，乌龙茶 = +乌龙茶 -红茶 -绿茶
奶茶: 乌龙茶 把珍珠去了 = +乌龙茶 -珍珠
宠物: 成犬干粮不要中国产的新西兰可以 = +成犬 +干粮 -中国 +新西兰
jackets: parka，Wool Leather都不要 = +Parka -Wool -Leather
"""
SLIPS = """
奶茶: 禄茶，不要珍株 = +绿茶 -珍珠
奶茶: 乌龙茶，不加椰裹 = +乌龙茶 -椰果
奶茶: 茉莉花查，不要布叮 = +茉莉花茶 -布丁
傢俱: 书卓，不要博璃 = +書桌 -玻璃
宠物: 成犬，不要三纹鱼 = +成犬 -三文鱼
奶茶: 绿茶，去年喝过的 = +绿茶
"""
WHAT_THE_SHOP_HOLDS = """
影视: 想看美剧，不要韩剧 = +美国 -韩国
影视: 日漫 = +日本
影视: 林晚舟演的都可以 = +林晚舟
影视: 陆一鸣导的悬疑 = +陆一鸣 +悬疑
影视: 何田田演的不要 = -何田田
影视: 别给我访谈形式的 = -访谈
影视: 三集以上的喜剧 = 集数>=3 +喜剧
"""


def _rows(text: str) -> list[tuple[str, str, set[str]]]:
    rows = (row.partition(": ") for row in text.splitlines() if row)
    return [(shop, row.split(" = ")[0], set(row.split(" = ")[1].split())) for shop, _, row in rows]


@pytest.mark.parametrize(
    ("shop", "text", "expected"),
    _rows(REFUSALS + STORIES + ONLY_NAMED + CONDITIONS + SECOND_THOUGHTS + WITHOUT_MARKS + SLIPS + WHAT_THE_SHOP_HOLDS),
)
def test_what_is_said_is_what_is_read(shop: str, text: str, expected: set[str]) -> None:
    assert said(shop, text) == expected


@pytest.mark.parametrize(("shop", "text", "expected"), _rows(ONLY_NAMED))
def test_what_may_be_a_complaint_is_named(shop: str, text: str, expected: set[str]) -> None:
    assert read(text, SHOPS[shop]).not_applied


def test_traditional_characters_are_read_as_simplified_ones() -> None:
    assert said("傢俱", "书桌，不要玻璃，一万以内") == said("傢俱", "書桌，不要玻璃，一萬以內")
    assert read("不要玻璃的書桌", SHOPS["傢俱"]).conditions[0].words == "不要 玻璃"
