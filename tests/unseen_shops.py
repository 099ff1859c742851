"""Catalogues that no word list was written for, and values of theirs with the forms in which people say them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import NamedTuple

from tastemaker.core.language.catalogue_language import CatalogueLanguage, compile_language
from tastemaker.core.schemas import CatalogueField, CatalogueSchema


class Probe(NamedTuple):
    """A value of one shop's field with how people say it: as an adjective before ``noun``, as a noun with "with", or by itself."""

    shop: str
    field: str
    value: str
    said: str
    noun: str = "one"
    lang: str = "en"


def number(name: str, low: float, high: float, unit: str = "", *, price: bool = False) -> CatalogueField:
    """Return a field of numbers."""
    return CatalogueField(
        name=name, type="number", role="price" if price else "none", unit=unit, minimum=low, maximum=high
    )


def words(name: str, values: str, *, several: bool = False) -> CatalogueField:
    """Return a field of words, of several for each item where ``several`` is set."""
    return CatalogueField(name=name, type="list" if several else "text", values=tuple(values.split("|")))


def flag(name: str) -> CatalogueField:
    """Return a field of yes and no."""
    return CatalogueField(name=name, type="bool")


def shop(*fields: CatalogueField, texts: str = "") -> CatalogueLanguage:
    """Return the language of a shop with these fields, whose texts mention these words."""
    return compile_language(CatalogueSchema(fields=fields, count=400), {}, texts.split("|"))


def late(*fields: CatalogueField, texts: str = "") -> Callable[[], CatalogueLanguage]:
    """Return what compiles the language of such a shop."""
    return partial(shop, *fields, texts=texts)


class Shops(Mapping[str, CatalogueLanguage]):
    """Shops by name, each compiled when it is first asked of: a worker of the suite asks of few."""

    def __init__(self, shops: Mapping[str, Callable[[], CatalogueLanguage]]) -> None:
        self._late, self._compiled = shops, dict[str, CatalogueLanguage]()

    def __getitem__(self, name: str) -> CatalogueLanguage:
        if name not in self._compiled:
            self._compiled[name] = self._late[name]()
        return self._compiled[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._late)

    def __len__(self) -> int:
        return len(self._late)


_UNSEEN = {
    "books": late(
        number("price", 3, 80, "GBP", price=True),
        number("pages", 40, 1400),
        number("published", 1850, 2025),
        number("rating", 1, 5),
        words("genre", "Crime|Fantasy|Romance|Science Fiction|Biography|Poetry|Cookery|History|Horror", several=True),
        words("binding", "Hardback|Paperback|Audiobook|E-book"),
        words("language", "English|French|German|Spanish"),
        words("author", "Agatha Christie|Stephen King|Jane Austen|Terry Pratchett|Hilary Mantel"),
        words("readers", "Adults|Children|Teenagers"),
        flag("signed"),
        texts="the long winter of the quiet village murder in a library a dragon and a baker",
    ),
    "hotels": late(
        number("price_per_night", 35, 900, "EUR", price=True),
        number("stars", 1, 5),
        number("guest_rating", 1, 10),
        number("distance_to_beach_km", 0, 30),
        words("amenities", "Pool|Spa|Gym|Parking|Wifi|Breakfast|Bar|Sauna|Balcony", several=True),
        words("city", "Lisbon|Porto|Rome|Vienna|Berlin|Athens"),
        words("board", "Room only|Half board|Full board|All inclusive"),
        flag("pets_allowed"),
        texts="a quiet house by the river with a view of the old town",
    ),
    "wines": late(
        number("price", 4, 300, "USD", price=True),
        number("vintage", 1990, 2024),
        number("alcohol_percent", 5, 18),
        number("points", 70, 100),
        words("type", "Red|White|Rosé|Sparkling"),
        words("grape", "Merlot|Syrah|Pinot Noir|Riesling|Chardonnay|Tempranillo", several=True),
        words("country", "France|Italy|Spain|Germany|Chile|Australia"),
        words("sweetness", "Dry|Off-dry|Sweet"),
        flag("organic"),
        texts="cherry and oak with long finish from an old vineyard",
    ),
    "laptops": late(
        number("price", 200, 4500, "USD", price=True),
        number("ram_gb", 4, 64),
        number("storage_gb", 64, 4000),
        number("screen_in", 11, 18),
        number("weight_kg", 0.9, 4),
        number("battery_hours", 3, 24),
        words("brand", "Lenovo|Dell|Asus|Acer|Apple|HP"),
        words("os", "Windows|macOS|Linux|ChromeOS"),
        words("colour", "Silver|Black|Grey|Gold|Blue|White"),
        words("ports", "HDMI|USB-C|Ethernet|Thunderbolt", several=True),
        flag("touchscreen"),
        texts="thin and light with a bright display",
    ),
    "recipes": late(
        number("minutes", 5, 240, "min"),
        number("calories", 60, 1400),
        number("servings", 1, 12),
        number("rating", 1, 5),
        words("course", "Starter|Main|Dessert|Snack|Soup|Salad"),
        words("cuisine", "Italian|Thai|Indian|Mexican|French|Japanese"),
        words("diet", "Vegan|Vegetarian|Gluten free|Keto", several=True),
        words("allergens", "Nuts|Milk|Eggs|Gluten|Soy|Shellfish|Sesame|Fish", several=True),
        words("ingredients", "Chicken|Beef|Rice|Garlic|Onion|Mushrooms|Coriander|Tomato|Cheese|Lentils", several=True),
        words("difficulty", "Easy|Medium|Hard"),
        texts="a warming bowl for a cold evening",
    ),
    "jobs": late(
        number("salary", 18000, 180000, "USD", price=True),
        number("experience_years", 0, 15),
        words("field", "Nursing|Teaching|Software|Sales|Logistics|Design"),
        words("contract", "Full-time|Part-time|Temporary|Internship"),
        words("place", "Remote|Hybrid|On-site"),
        words("city", "Boston|Chicago|Denver|Austin"),
        texts="join a friendly team in a growing company",
    ),
    "flats": late(
        number("rent", 300, 4000, "EUR", price=True),
        number("rooms", 1, 8),
        number("size_sqm", 15, 250),
        number("floor", 0, 20),
        words("features", "Balcony|Garden|Lift|Garage|Fitted kitchen|Cellar|Fireplace", several=True),
        words("heating", "Gas|Oil|District|Heat pump|Electric"),
        words("district", "North|South|Centre|Old Town|Riverside"),
        flag("furnished"),
        texts="bright and quiet near the park",
    ),
    "games": late(
        number("price", 5, 160, "CAD", price=True),
        number("playing_time", 10, 300, "min"),
        number("min_age", 3, 18),
        number("max_players", 1, 12),
        number("rating", 1, 10),
        words("category", "Party|Strategy|Family|Card Game|Puzzle|War|Dice", several=True),
        words("theme", "Pirates|Space|Medieval|Animals|Trains|Zombies", several=True),
        texts="roll the dice and build a kingdom",
    ),
    "moebel": late(
        number("preis", 15, 3500, "EUR", price=True),
        number("breite_cm", 20, 320),
        number("höhe_cm", 20, 240),
        words("farbe", "Weiß|Schwarz|Grau|Rot|Blau|Grün|Natur"),
        words("material", "Eiche|Buche|Kiefer|Metall|Leder|Samt|Glas|Kunststoff"),
        words("kategorie", "Sofa|Tisch|Stuhl|Schrank|Bett|Regal|Lampe|Teppich"),
        words("zimmer", "Wohnzimmer|Schlafzimmer|Küche|Bad|Flur|Kinderzimmer", several=True),
        words("ausstattung", "Schubladen|Rollen|Spiegel|Armlehnen|Beleuchtung", several=True),
        texts="ein schlichtes möbel für kleine räume",
    ),
    "手机店": late(
        number("价格", 500, 12000, "CNY", price=True),
        number("内存_GB", 4, 24),
        number("存储_GB", 64, 1024),
        number("屏幕_英寸", 5, 8),
        number("电池_mAh", 2500, 7000),
        number("评分", 1, 5),
        words("品牌", "华为|小米|苹果|三星|荣耀"),
        words("颜色", "黑色|白色|红色|蓝色|绿色|金色"),
        words("系统", "安卓|鸿蒙|iOS"),
        words("功能", "无线充电|防水|双卡|指纹识别|快充", several=True),
        texts="轻薄机身 拍照清晰",
    ),
    "零食店": late(
        number("价格", 5, 200, "CNY", price=True),
        number("净含量_克", 20, 2000),
        number("评分", 1, 5),
        words("口味", "原味|麻辣|香辣|甜味|海苔|芝士"),
        words("类别", "坚果|饼干|糖果|肉脯|果干|巧克力"),
        words("过敏原", "花生|牛奶|大豆|麸质|芝麻", several=True),
        words("产地", "四川|云南|广东|新疆|福建"),
        texts="酥脆可口 独立包装",
    ),
    "boats": late(
        number("price", 2000, 900000, "EUR", price=True),
        number("length_m", 3, 24),
        number("year_built", 1965, 2026),
        number("engine_hp", 5, 900),
        number("berths", 0, 12),
        number("max_people", 1, 20),
        number("draft_m", 0.2, 3),
        number("fuel_tank_l", 10, 2000),
        number("top_speed_kn", 4, 55),
        number("engine_hours", 0, 9000),
        words("kind", "Sailing boat|Motor boat|Catamaran|Dinghy|Houseboat"),
        words("hull", "Fibreglass|Wood|Steel|Aluminium"),
        flag("trailer_included"),
        texts="a calm boat for a lake",
    ),
    "courses": late(
        number("fee", 0, 6000, "GBP", price=True),
        number("weeks", 1, 52),
        number("hours_per_week", 1, 40),
        number("lessons", 3, 200),
        number("rating", 1, 5),
        number("class_size", 1, 40),
        words("level", "Beginner|Intermediate|Advanced"),
        words("subject", "Spanish|Painting|Cooking|Programming|Yoga|Piano"),
        words("mode", "Online|In person|Evening"),
        flag("certificate_included"),
        texts="learn with a friendly teacher",
    ),
    "phones": late(
        number("price", 90, 2000, "USD", price=True),
        number("storage_gb", 32, 1024),
        number("battery_mah", 2000, 7000),
        number("screen_inches", 4.5, 7.6),
        number("weight_g", 130, 310),
        number("camera_mp", 8, 200),
        number("release_year", 2016, 2026),
        number("rating", 1, 5),
        words("brand", "Nokia|Samsung|Apple|Google|Sony"),
        words("colour", "Black|White|Blue|Green|Pink"),
        flag("dual_sim"),
        texts="bright screen quick charge",
    ),
    "plants": late(
        number("price", 2, 400, "EUR", price=True),
        number("height_cm", 5, 300),
        number("pot_diameter_cm", 6, 60),
        number("water_days", 1, 30),
        number("min_temperature_c", -25, 18),
        words("light", "Full sun|Half shade|Shade"),
        words("kind", "Succulent|Fern|Palm|Herb|Tree|Flower"),
        flag("pet_safe"),
        texts="green leaves for a bright sill",
    ),
    "backpacks": late(
        number("price", 15, 500, "CHF", price=True),
        number("capacity_litres", 5, 110),
        number("weight_grams", 200, 4200),
        number("back_length_cm", 35, 60),
        number("warranty_months", 6, 120),
        words("colour", "Red|Black|Olive|Grey"),
        words("use", "Hiking|Travel|School|Cycling", several=True),
        flag("waterproof"),
        texts="a light pack for the trail",
    ),
    "trips": late(
        number("price", 80, 9000, "EUR", price=True),
        number("days", 1, 30),
        number("max_group", 2, 40),
        number("distance_km", 0, 900),
        number("min_age", 0, 21),
        number("difficulty", 1, 5),
        number("flight_hours", 0, 16),
        words("country", "Norway|Italy|Japan|Peru|Kenya"),
        words("kind", "Hiking|Beach|City|Cruise|Safari", several=True),
        texts="see the fjords",
    ),
    "drinks": late(
        number("price_eur", 1, 90, "EUR", price=True),
        number("volume_ml", 100, 3000),
        number("alcohol_percent", 0, 70),
        number("sugar_g", 0, 60),
        number("caffeine_mg", 0, 400),
        words("kind", "Juice|Beer|Gin|Whisky|Tea|Cola"),
        flag("organic"),
        texts="fresh and fruity",
    ),
    "bikes": late(
        number("price", 150, 12000, "GBP", price=True),
        number("weight_kg", 6, 32),
        number("frame_size_cm", 42, 64),
        number("gears", 1, 30),
        number("range_km", 20, 200),
        number("model_year", 2005, 2026),
        number("wheel_size_inches", 16, 29),
        words("type", "Road bike|Mountain bike|City bike|E-bike|Kids bike"),
        words("colour", "Black|Red|Silver|Blue"),
        texts="a smooth ride",
    ),
    "homes": late(
        number("price", 80000, 2500000, "GBP", price=True),
        number("bedrooms", 1, 8),
        number("bathrooms", 1, 5),
        number("living_area_sqm", 30, 450),
        number("year_built", 1750, 2026),
        number("commute_minutes", 3, 120),
        words("type", "House|Flat|Bungalow|Cottage"),
        flag("garden"),
        texts="sunny rooms",
    ),
    "cameras": late(
        number("preis", 100, 8000, "EUR", price=True),
        number("gewicht_g", 150, 1600),
        number("megapixel", 8, 100),
        number("baujahr", 1990, 2026),
        number("display_zoll", 2, 4),
        number("akku_aufnahmen", 100, 2000),
        words("marke", "Canon|Nikon|Sony|Leica"),
        words("art", "Spiegelreflex|Systemkamera|Kompaktkamera"),
        texts="scharfe bilder",
    ),
    "租房": late(
        number("月租", 800, 20000, "CNY", price=True),
        number("面积_平米", 10, 300),
        number("卧室", 1, 6),
        number("楼层", 1, 40),
        number("建成年份", 1980, 2026),
        number("距地铁_米", 50, 5000),
        words("朝向", "南|北|东|西"),
        words("装修", "精装|简装|毛坯"),
        words("区域", "朝阳|海淀|浦东|天河"),
        texts="采光好",
    ),
}
UNSEEN = Shops(_UNSEEN)

PROBES = [
    Probe("books", "genre", "Horror", "horror", "novel"),
    Probe("books", "genre", "Romance", "romance", "book"),
    Probe("books", "binding", "Paperback", "paperback", "edition"),
    Probe("books", "language", "German", "German", "book"),
    Probe("books", "author", "Stephen King", "Stephen King", "book"),
    Probe("hotels", "amenities", "Sauna", "sauna", "hotel"),
    Probe("hotels", "amenities", "Balcony", "balcony", "room"),
    Probe("hotels", "city", "Berlin", "Berlin", "hotel"),
    Probe("wines", "type", "White", "white", "wine"),
    Probe("wines", "grape", "Merlot", "merlot", "bottle"),
    Probe("wines", "country", "Italy", "Italian", "wine"),
    Probe("wines", "sweetness", "Sweet", "sweet", "wine"),
    Probe("laptops", "brand", "Dell", "Dell", "laptop"),
    Probe("laptops", "colour", "Silver", "silver", "laptop"),
    Probe("laptops", "ports", "HDMI", "HDMI", "laptop"),
    Probe("laptops", "os", "Linux", "Linux", "laptop"),
    Probe("recipes", "allergens", "Milk", "milk", "recipe"),
    Probe("recipes", "allergens", "Shellfish", "shellfish", "dish"),
    Probe("recipes", "ingredients", "Coriander", "coriander", "dish"),
    Probe("recipes", "ingredients", "Mushrooms", "mushrooms", "dish"),
    Probe("recipes", "cuisine", "Thai", "Thai", "dish"),
    Probe("jobs", "place", "Remote", "remote", "job"),
    Probe("jobs", "contract", "Part-time", "part-time", "job"),
    Probe("jobs", "field", "Sales", "sales", "job"),
    Probe("flats", "features", "Garden", "garden", "flat"),
    Probe("flats", "features", "Lift", "lift", "flat"),
    Probe("flats", "heating", "Oil", "oil", "heating"),
    Probe("games", "category", "Strategy", "strategy", "game"),
    Probe("games", "theme", "Zombies", "zombies", "game"),
    Probe("moebel", "farbe", "Rot", "rot", "Sofa", "de"),
    Probe("moebel", "farbe", "Schwarz", "schwarz", "Regal", "de"),
    Probe("moebel", "material", "Leder", "Leder", "Sofa", "de"),
    Probe("moebel", "material", "Glas", "Glas", "Tisch", "de"),
    Probe("moebel", "ausstattung", "Armlehnen", "Armlehnen", "Stuhl", "de"),
    Probe("moebel", "ausstattung", "Schubladen", "Schubladen", "Schrank", "de"),
    Probe("手机店", "颜色", "红色", "红色", "手机", "zh"),
    Probe("手机店", "品牌", "苹果", "苹果", "手机", "zh"),
    Probe("手机店", "功能", "指纹识别", "指纹识别", "手机", "zh"),
    Probe("手机店", "系统", "鸿蒙", "鸿蒙", "手机", "zh"),
    Probe("零食店", "口味", "麻辣", "麻辣", "零食", "zh"),
    Probe("零食店", "过敏原", "麸质", "麸质", "零食", "zh"),
    Probe("零食店", "类别", "坚果", "坚果", "零食", "zh"),
    Probe("零食店", "产地", "四川", "四川", "零食", "zh"),
]


def sign_of(shop: str, text: str, field: str, value: str) -> int:
    """Return 1 where the reading of ``text`` wants the value, -1 where it refuses it, 0 where it does neither, 9 where both."""
    from tastemaker.agents.understanding.reader import read

    signs = set()
    for c in read(text, UNSEEN[shop]).conditions:
        values = c.value if isinstance(c.value, list) else [c.value]
        if c.field == field and value in values:
            signs.add(-1 if c.op in ("!=", "not in", "not contains") else 1)
    return 9 if len(signs) > 1 else next(iter(signs), 0)
