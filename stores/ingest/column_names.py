"""What columns are called, in many languages: item fields, prices, sizes, dates, identifiers."""

from __future__ import annotations

import re

FIELD_NAMES: dict[str, tuple[str, ...]] = {
    "item_id": ("itemid", "id", "productid", "articleid", "movieid", "sku", "asin", "artikelnummer", "artikelnr", "artnr", "produktid", "référence",
                "reference", "referencia", "codigo", "código", "code", "itemcode", "productcode", "articlecode", "objektid", "objektnummer", "宝贝id", "宝贝编号", "商品编码", "商品编号", "商品編號", "商品id", "产品编号", "编号", "货号", "商品コード", "商品番号", "상품번호", "상품id", "артикул", "кодтовара", "kod", "sifra"),
    "title": ("title", "name", "productdisplayname", "productname", "producttitle", "itemtitle", "itemname", "displayname", "prodname", "product", "article", "artikel", "produkt", "produit", "producto",
              "bezeichnung", "artikelbezeichnung", "artikelname", "produktname", "titel", "titre", "nom", "nombre", "título", "titulo", "nome", "naam",
              "item", "wine", "wein", "dish", "speise", "gericht", "plat", "plato", "piatto", "宝贝标题", "宝贝名称", "商品标题", "菜名", "书名", "商品名称", "商品名稱", "产品名称", "名称", "标题", "品名", "商品名", "상품명", "제품명", "название", "наименование", "товар", "nazwa", "název"),
    "text": ("text", "description", "desc", "plot", "summary", "overview", "abstract", "body", "longdescription", "productdescription", "beschreibung",
             "produktbeschreibung", "langtext", "descripción", "descripcion", "descrizione", "descrição", "omschrijving", "描述", "商品描述", "商品說明", "简介", "详情",
             "商品说明", "説明", "설명", "описание", "opis", "popis"),
    "image": ("image", "imagepath", "imagefile", "poster", "photo", "picture", "img", "imagelink", "imageurl", "imagesrc", "image1", "imglink", "imgurl", "imageurls", "mainimage", "productimageurl", "pictureurl", "thumbnail", "posterurl",
              "posterpath", "bild", "bilder",
              "imagen", "immagine", "图片", "主图", "画像", "이미지", "изображение", "фото", "zdjęcie"),
    "url": ("url", "link", "href", "producturl", "productlink", "permalink", "lien", "enlace", "链接", "ссылка"),
}  # fmt: skip
TITLE_ENDS = re.compile(
    r"(?<!brand)(?<!marken)(?<!maker)(?<!manufacturer)(?<!hersteller)(?<!user)(?<!customer)(?<!kunden)(?<!seller)(?<!vendor)(?<!supplier)(?<!shop)(?<!store)"
    r"(?<!category)(?<!kategorie)(?<!file)(?<!first)(?<!last)(?<!host)(?<!column)(?<!class)(?<!group)(?<!company)(?<!screen)(?<!品牌)(?<!店铺)(?<!分类)(?<!类别)"
    r"(?:name|title|titel|bezeichnung|名称|标题|品名)$"
)
"""How a column ends that names the items, where none is called a title outright: wine name, Buchtitel; no brand name."""
SALE_NAMES = ("saleprice", "sellingprice", "specialprice", "discountedprice", "discountprice", "offerprice", "finalprice", "currentprice", "promoprice",
         "angebotspreis", "aktionspreis", "sonderpreis", "prixpromo", "促销价", "现价", "特价")  # fmt: skip
REGULAR_NAMES = ("price", "regularprice", "originalprice", "listprice", "actualprice", "compareatprice", "mrp", "msrp", "rrp", "retailprice",
            "oldprice", "wasprice", "preis", "uvp", "normalpreis", "prix", "原价")  # fmt: skip
BEFORE_NAMES = frozenset({
    "originalprice", "listprice", "compareatprice", "oldprice", "wasprice", "uvp", "mrp", "msrp", "rrp", "regularprice", "原价", "市场价", "划线价",
})  # fmt: skip
"""What the price is called that was asked before an offer."""
COST_NAMES = re.compile(
    r"^(?:ek|ekpreis|einkauf|einkaufspreis|cost|costprice|purchaseprice|buyprice|trade|tradeprice|wholesale|wholesaleprice|b2b|b2bprice|händlerpreis"
    r"|grundpreis|unitprice|priceper\w*|deposit|pfand|shipping\w*|versand\w*|进价|成本|成本价|进货价)(?:in)?(?:eur|usd|gbp|chf|cny|inr)?$"
)
"""What a column is called that is no price a customer pays for the item: the shop's own cost, the price for a litre, a deposit."""
SIDE_FEES = re.compile(
    r"anschluss|einrichtung|aktivierung|bereitstellung|aufnahme(?:gebühr|preis|kosten)|anmelde(?:gebühr|preis|kosten)|endreinigung|kaution|pfand|liefer(?:preis|kosten)|"
    r"setup|setting up|activation|connection|joining|sign[\s_-]?up|registration|enrol|deposit|delivery|shipping|postage|cleaning|booking|service|extra|"
    r"押金|定金|运费|邮费|开户|开通|初装|入会|注册|报名|服务费|清洁费",
    re.IGNORECASE,
)
"""What a column is called that is paid once or beside the price: the connection of a contract, the cleaning of a flat."""
CURRENCY_NAMES = ("currency", "pricecurrency", "currencycode", "offerspricecurrency", "währung", "waehrung", "devise", "moneda", "valuta", "货币", "币种")  # fmt: skip
IDENTIFIERS = frozenset({
    "gtin", "gtin8", "gtin12", "gtin13", "gtin14", "ean", "ean13", "upc", "isbn", "isbn10", "isbn13", "barcode", "mpn", "sku", "handle", "slug",
    "urlkey", "urlhandle", "uuid", "guid", "hash", "asin", "etag", "taxclassname", "taxcode", "itemgroupid", "createdat", "updatedat", "deletedat",
    "modifiedat", "lastmodified",
})  # fmt: skip
"""Columns that nobody asks for."""
GROUP_NAMES = frozenset({
    "itemgroupid", "groupid", "parentid", "parentsku", "parent", "productgroupid", "masterid", "mastersku", "modelid", "styleid", "stylecode", "spu",
    "vaterartikel", "款号",
})  # fmt: skip
"""Columns that say which product a variant belongs to."""
INDEX_NAMES = frozenset({"column1", "unnamed", "unnamed0", "index", "level0"})
_TRUTHS = re.compile(
    r"^(?:is|has|can|in|on|for|with|no|non|without|mit|für|ohne|kein|keine)[\s_]|stock|avail|enabled|active|featured|published|explicit|库存|verfügbar",
    re.IGNORECASE,
)
_COUNTS = re.compile(
    r"(?:[^s]s|\d)$|count|number|num(?:$|[\W_])|qty|quantity|amount|mode|key|rating|score|rank|position|order|level|price|cost|fee|discount|tax|weight|size|age(?:$|[\W_])|year|"
    r"(?:^|[\W_])(?:min|max|no|nr|id|v|w|g|kg|l|ml|m|cm|mm)(?:$|[\W_])|anzahl|zahl|menge|preis|alter|jahr|rabatt|数|量|价|分|级|年|龄|号",
    re.IGNORECASE,
)
"""What numbers in a column so called count, even if none is above one."""
_CLOCK_NAMES = re.compile(
    r"(?:^|[\W_])(?:time|start|starts|begins?|doors?|opens?|opening|closes?|closing|end|ends|departure|arrival|check_?in|check_?out|showtime|uhrzeit|beginn|anfang|ende|einlass|abfahrt|ankunft)(?:$|[\W_])|时间|开始|场次|开场",
    re.IGNORECASE,
)
_DURATIONS = re.compile(
    r"dur|runtime|run_time|length|cook|prep|total|play|minutes|hours|dauer|laufzeit|zubereitung|时长|烹饪",
    re.IGNORECASE,
)
_DATES = re.compile(
    r"(?:^|[\s_.-])(?:date|dates|datum|fecha|created|updated|released|timestamp)(?:$|[\s_.-])|[a-z]Date$|_at$|日期|日付|时间$",
    re.IGNORECASE,
)
_WORDS = re.compile(
    r"^(?:zip|zipcode|postal|postalcode|plz|postcode|phone|tel|telephone|fax|邮编|电话|version|year_month)$",
    re.IGNORECASE,
)
_SIZES = re.compile(
    r"(?:^|[\s_])(?:sizes?|größen?|groesse|tailles?|tallas?|taglie|taglia|rozmiar|maat|maten|storlek)$|尺码|尺寸|サイズ|사이즈",
    re.IGNORECASE,
)
_LISTS = re.compile(
    r"\b(?:tags|keywords|genres|categories|materials|ingredients|cast|actors|listed in|colou?rs|labels|features|allergens|cuisines|themes|topics)\b"
    r"|标签|关键词|schlagworte|stichworte|kategorien|étiquettes|mots.clés|etiquetas",
    re.IGNORECASE,
)
_PRICES = re.compile(
    r"price|\bcost\b|\bamount\b|preis|prix|precio|prezzo|pre[çc]o|prijs|\bpris\b|\bcena\b|fiyat|\bmrp\b|msrp|\brrp\b|^(?:vk|ek|uvp)$|价格|价钱|售价|单价|原价|现价|定价|到手价|券后价|價格|価格|値段|가격|цена",
    re.IGNORECASE,
)
_MONEY_PARENT = re.compile(r"pric|cost|offer|money|sale|preis|prix", re.IGNORECASE)
"""What an object is called whose ``amount`` is a price."""
_NO_PRICES = re.compile(
    r"currency|date|range|categor|type|level|priceless|per_item|per item|\bcount\b|pricing|units?$", re.IGNORECASE
)


def is_price_name(name: str) -> bool:
    """Return whether a column's name says that it holds prices, in one of many languages."""
    last = leaf(name)
    if last != name and last.casefold() == "amount" and not _MONEY_PARENT.search(name):
        return False
    found = (re.sub(r"[_.\-]+", " ", part) for part in dict.fromkeys((name, last)))
    return any(_PRICES.search(spaced) and not _NO_PRICES.search(spaced) for spaced in found)


def is_size_name(name: str) -> bool:
    """Return whether a column's name says that it holds sizes."""
    return bool(_SIZES.search(name.strip()))


def is_list_name(name: str) -> bool:
    """Return whether a column's name says that its cells hold several values."""
    return bool(_LISTS.search(re.sub(r"[_.\-]+", " ", name.strip())))


def leaf(name: str) -> str:
    """Return the last part of a path such as ``offers.price``; "Preis inkl. MwSt." and "Max. Temp." are no paths."""
    head, _, tail = name.rpartition(".")
    return tail if head and tail.strip() == tail != "" else name


def simple(name: str) -> str:
    """Return a column's name as it is compared: letters and digits, folded, without what follows a colon."""
    return "".join(c for c in name.split(":", maxsplit=1)[0].casefold() if c.isalnum())


def is_truth_name(name: str, *, both: bool = False) -> bool:
    """Return whether zeros and ones in a column so called mean no and yes; where there are ``both``, every name does that counts nothing."""
    return bool(_TRUTHS.search(name)) or (both and not _COUNTS.search(name))


def is_date_name(name: str) -> bool:
    """Return whether numbers in a column so called are times."""
    return bool(_DATES.search(name))


def is_clock_name(name: str) -> bool:
    """Return whether a column so called may hold times of day: start time, doors, opens, Uhrzeit, 开始时间; no duration."""
    return bool(_CLOCK_NAMES.search(name)) and not _DURATIONS.search(name)


def is_duration_name(name: str) -> bool:
    """Return whether a column so called holds how long something takes, so that "20 m" are minutes."""
    return bool(_DURATIONS.search(name) and not re.search(r"length|total", name, re.IGNORECASE)) or bool(
        re.search(r"\btime\b|zeit", name.replace("_", " "), re.IGNORECASE)
    )


def is_code_name(name: str) -> bool:
    """Return whether numbers in a column so called are no amounts: postcodes, telephone numbers."""
    return bool(_WORDS.search(name.strip()))
