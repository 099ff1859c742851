"""The layouts of exports that are known by their columns: what is what in them, and how their rows become items."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase
from functools import partial
from typing import Any

from ...core.errors import InvalidRequestError
from . import flattening, reshaping
from .column import text_of
from .flattening import LeftOut
from .records import Record
from .variants import Row, by_rule

Names = tuple[str, ...]


@dataclass(frozen=True)
class Layout:
    """One kind of export.

    Args:
        name: what people call it.
        known_by: columns that every such file has.
        fields: item field -> columns, joined by lines where there are several.
        attributes: column -> the attribute it becomes.
        readings: column -> how its cells are read, as ``--as`` says it.
        ignore: columns that are of no use, with ``*`` for any text.
        row: opens one row.
        key: names of the item that a row belongs to; rows that share one are put together by ``merge``.
        merge: makes one row of them, or raises LeftOut.
    """

    name: str
    known_by: frozenset[str] = frozenset()
    fields: Mapping[str, Names] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)
    readings: Mapping[str, str] = field(default_factory=dict)
    ignore: Names = ()
    row: Callable[[Mapping[str, Any]], Row] = flattening.flatten
    key: Callable[[Mapping[str, Any]], list[str]] | None = None
    merge: Callable[[Sequence[Row]], Row] = flattening.joined

    def leaves(self, column: str) -> bool:
        """Return whether a column is of no use."""
        return column not in self.attributes and any(fnmatchcase(column, pattern) for pattern in self.ignore)


def by(column: str) -> Callable[[Mapping[str, Any]], list[str]]:
    """Return the key of rows that belong together by one column."""
    return lambda row: [text] if (text := text_of(row.get(column) or "")) else []


MERGE = ("by", "choices", "view", "prefer")
"""What a rule of merging says: the column that rows of one item share; the columns that tell its variants apart (joined by ``+``); or
the column of the store view, and the view that counts."""
PLAIN = Layout("table")
_FEED = {"title": ("title",), "text": ("description",), "image": ("image_link",), "url": ("link",)}
_FEED_IGNORE = ("additional_image_link*", "identifier_exists", "google_product_category", "shipping*", "tax*", "custom_label_*", "mobile_link", "adult")  # fmt: skip
_SHOPIFY = {"Vendor": "brand", "Type": "category", "Tags": "tags", "Variant Price": "price", "Variant Compare At Price": "regular_price",
         "Product Category": "product_category", "Variant Grams": "weight"}  # fmt: skip
_SHOPIFY_READINGS = {"Tags": "list:,", "Product Category": "list:>", "Variant Price": "price", "in_stock": "bool", "sold_out": "list", "Variant Grams": "number:g"}  # fmt: skip
_SHOPIFY_IGNORE = ("Option? *", "Variant *", "Image *", "SEO *", "Google Shopping*", "Published", "Gift Card", "Status", "Cost per item", "Price / *",
         "Compare At Price / *", "Included / *", "* (product.metafields.*")  # fmt: skip
LAYOUTS: tuple[Layout, ...] = (
    Layout(
        "Shopify products",
        frozenset({"Handle", "Title", "Variant Price", "Option1 Value"}),
        {"item_id": ("Handle",), "title": ("Title",), "text": ("Body (HTML)",), "image": ("Image Src",)},
        _SHOPIFY,
        _SHOPIFY_READINGS,
        _SHOPIFY_IGNORE,
        key=by("Handle"), merge=reshaping.shopify,
    ),
    Layout(
        "Shopify products",
        frozenset({"URL handle", "Title", "Price", "Option1 value"}),
        {"item_id": ("Handle",), "title": ("Title",), "text": ("Body (HTML)",), "image": ("Image Src",)},
        _SHOPIFY, _SHOPIFY_READINGS, _SHOPIFY_IGNORE, row=reshaping.shopify_old_names, key=by("Handle"), merge=reshaping.shopify,
    ),
    Layout(
        "Shopify products.json",
        frozenset({"handle", "title", "body_html", "variants"}),
        {"item_id": ("handle",), "title": ("title",), "text": ("body_html",), "image": ("image",), "url": ()},
        {"vendor": "brand", "product_type": "category", "tags": "tags", "price": "price", "compare_at_price": "regular_price"},
        {"tags": "list:,", "price": "price", "compare_at_price": "price", "in_stock": "bool", "sold_out": "list"},
        ("id", "*_at", "template_suffix", "published_scope", "admin_graphql_api_id", "status"), row=reshaping.shopify_json,
    ),
    Layout(
        "WooCommerce products",
        frozenset({"ID", "Type", "Name", "Regular price", "Categories"}),
        {"item_id": ("ID",), "title": ("Name",), "text": ("Short description", "Description"), "image": ("Images",)},
        {"Sale price": "sale_price", "Regular price": "price", "Categories": "categories", "Tags": "tags", "In stock?": "in_stock", "Stock": "stock"},
        {"In stock?": "bool", "Categories": "list", "Tags": "list"},
        ("Type", "SKU", "Published", "Is featured?", "Visibility in catalog", "Tax *", "Backorders*", "Sold individually?", "Allow customer*",
         "Purchase note", "Shipping class", "Download *", "Parent", "Grouped products", "Upsells", "Cross-sells", "External URL", "Button text",
         "Position", "Attribute ? *", "Meta: *", "Low stock amount", "Date sale *", "GTIN*"),
        row=dict, key=reshaping.woo_key, merge=reshaping.woocommerce,
    ),
    Layout(
        "Magento products",
        frozenset({"sku", "product_type", "name", "price", "attribute_set_code"}),
        {"item_id": ("sku",), "title": ("name",), "text": ("short_description", "description"), "image": ("base_image",), "url": ()},
        {"special_price": "sale_price", "is_in_stock": "in_stock", "attribute_set_code": "type", "qty": "stock"},
        {"is_in_stock": "bool", "categories": "list"},
        ("store_view_code", "product_type", "product_websites", "product_online", "tax_class_name", "visibility", "url_key", "meta_*", "*_image*",
         "*_images*", "created_at", "updated_at", "new_*_date", "display_*", "map_*", "msrp_*", "gift_*", "custom_*", "page_*", "options_*",
         "out_of_stock_qty", "use_config_*", "min_*", "max_*", "allow_*", "notify_*", "manage_stock", "qty_*", "enable_*", "is_qty_*", "is_decimal*",
         "website_id", "related_*", "crosssell_*", "upsell_*", "hide_*", "bundle_*", "configurable_*", "associated_*", "special_price_*", "country_of_*",
         "product_options_*", "backorders"),
        row=dict, key=reshaping.magento_key, merge=reshaping.magento,
    ),
    Layout(
        "Facebook catalogue",
        frozenset({"id", "title", "availability", "price", "image_link", "fb_product_category"}),
        {"item_id": ("id",), **_FEED}, {"availability": "in_stock", "fb_product_category": "category"}, {"availability": "bool", "fb_product_category": "list"},
        _FEED_IGNORE, row=reshaping.feed, key=reshaping.feed_key, merge=reshaping.feed_group,
    ),
    Layout(
        "Google Merchant feed",
        frozenset({"id", "title", "link", "image_link", "availability", "price"}),
        {"item_id": ("id",), **_FEED}, {"availability": "in_stock", "product_type": "category"}, {"availability": "bool", "product_type": "list"},
        _FEED_IGNORE, row=reshaping.feed, key=reshaping.feed_key, merge=reshaping.feed_group,
    ),
    Layout(
        "Etsy listings", frozenset({"TITLE", "DESCRIPTION", "PRICE", "CURRENCY_CODE", "QUANTITY"}),
        {"item_id": ("SKU",), "title": ("TITLE",), "text": ("DESCRIPTION",), "image": ("IMAGE1",)}, {},
        {"PRICE": "price", "TAGS": "list:,", "MATERIALS": "list:,"}, ("IMAGE*", "VARIATION *", "SKU"), row=reshaping.etsy,
    ),
    Layout(
        "PrestaShop products", frozenset({"Product ID", "Active (0/1)", "Categories (x,y,z...)"}),
        {"item_id": ("Product ID",), "title": ("Name",), "text": ("Short description", "Description"), "image": ("Image URLs",), "url": ()},
        {"Categories (x,y,z...)": "categories", "Price tax excluded": "price", "Price tax included": "price", "Tags (x,y,z...)": "tags",
         "Quantity": "stock", "Width": "width", "Height": "height", "Depth": "depth", "Weight": "weight", "Condition": "condition",
         "Manufacturer": "brand", "Brand": "brand", "Available for order (0 = No, 1 = Yes)": "in_stock"},
        {"Categories (x,y,z...)": "list:,", "Price tax excluded": "price", "Price tax included": "price", "Tags (x,y,z...)": "list:,",
         "Available for order (0 = No, 1 = Yes)": "bool"},
        ("Active*", "Tax rules*", "Wholesale*", "On sale*", "Discount*", "Reference*", "Supplier*", "EAN*", "UPC", "MPN", "Ecotax", "Meta *", "URL*",
         "Image *", "Delete *", "Feature*", "ID / *", "Text when *", "Label when *", "Additional *", "Unit*", "Visibility", "Minimal*", "Low stock*",
         "Send *", "Delivery *", "Show price*", "Available online*", "Customizable*", "Uploadable*", "Text fields*", "Advanced*", "Depends*",
         "Warehouse*", "Acessories*", "Accessories*", "Out of stock*", "Virtual*", "File URL", "Number of *", "Expiration*", "Product creation*", "Product available*"),
        row=reshaping.prestashop,
    ),
    Layout(
        "Akeneo products",
        frozenset({"sku", "family", "categories", "enabled"}),
        {"item_id": ("sku",), "title": ("name", "label"), "text": ("description", "short_description"), "image": ("image", "picture")},
        {"family": "type"}, {"categories": "list:,"}, ("enabled", "groups", "parent", "X_SELL*", "UPSELL*", "SUBSTITUTION*", "PACK*"),
        row=dict, key=reshaping.akeneo_key, merge=reshaping.akeneo,
    ),
    Layout(
        "Amazon Reviews 2023 metadata",
        frozenset({"parent_asin", "title", "average_rating", "main_category"}),
        {"item_id": ("parent_asin",), "title": ("title",), "text": ("features", "description"), "image": ("images",)},
        {"average_rating": "rating", "rating_number": "ratings", "store": "brand", "main_category": "category"}, {"price": "price", "details.Package Dimensions": "text"},
        ("images*", "videos*", "bought_together", "details.Date First Available", "details.Best Sellers Rank*"), row=reshaping.amazon,
    ),
    Layout(
        "H&M articles",
        frozenset({"article_id", "product_code", "prod_name", "detail_desc"}),
        {"item_id": ("article_id",), "title": ("prod_name",), "text": ("detail_desc",)},
        {"product_type_name": "category", "product_group_name": "group", "graphical_appearance_name": "pattern", "colour_group_name": "colour",
         "index_group_name": "department", "garment_group_name": "garment", "section_name": "section"}, {},
        ("product_code", "*_no", "*_code", "*_id", "perceived_*", "department_name", "index_name"),
    ),
    Layout(
        "MovieLens movies", frozenset({"movieId", "title", "genres"}), {"item_id": ("movieId",), "title": ("title",)}, {}, {"genres": "list:|"},
        ("imdbId", "tmdbId"), row=reshaping.movielens,
    ),
    Layout(
        "Yelp businesses", frozenset({"business_id", "name", "stars", "categories", "review_count"}),
        {"item_id": ("business_id",), "title": ("name",)}, {"stars": "rating", "review_count": "reviews"},
        {"categories": "list:,", "is_open": "bool", "postal_code": "text"}, ("hours*", "latitude", "longitude"),
    ),
    Layout(
        "Goodreads books", frozenset({"book_id", "title", "average_rating", "num_pages"}),
        {"item_id": ("book_id",), "title": ("title",), "text": ("description",), "image": ("image_url",), "url": ("link", "url")},
        {"average_rating": "rating", "ratings_count": "ratings", "popular_shelves": "shelves", "publication_year": "year", "num_pages": "pages",
         "language_code": "language"}, {},
        ("isbn*", "asin", "kindle_asin", "work_id", "similar_books", "series", "authors", "title_without_series", "text_reviews_count",
         "publication_day", "publication_month", "edition_information", "country_code"),
    ),
    Layout(
        "Goodreads books", frozenset({"bookID", "title", "authors", "average_rating"}),
        {"item_id": ("bookID",), "title": ("title",)},
        {"average_rating": "rating", "ratings_count": "ratings", "num_pages": "pages", "language_code": "language"}, {"authors": "list:/"},
        ("isbn*", "text_reviews_count"),
    ),
    Layout(
        "Steam games", frozenset({"appid", "name", "developer", "genres"}), {"item_id": ("appid",), "title": ("name",)}, {},
        {"genres": "list:;", "categories": "list:;", "platforms": "list:;", "steamspy_tags": "list:;", "developer": "list:;", "publisher": "list:;",
         "english": "bool"},
    ),
    Layout(
        "Spotify tracks", frozenset({"track_id", "track_name", "artists", "danceability"}), {"item_id": ("track_id",), "title": ("track_name",)},
        {"album_name": "album", "track_genre": "genre"}, {"artists": "list:;", "track_genre": "list", "explicit": "bool"},
        key=by("track_id"), merge=flattening.unite("track_genre"),
    ),
    Layout(
        "schema.org products", frozenset({"@type", "name"}),
        {"item_id": ("sku", "productID", "@id", "url"), "title": ("name",), "text": ("description",), "image": ("image",), "url": ("url", "offers.url")},
        {"offers.price": "price", "offers.lowPrice": "price", "offers.availability": "in_stock", "aggregateRating.ratingValue": "rating",
         "aggregateRating.reviewCount": "reviews", "aggregateRating.ratingCount": "ratings"},
        {"offers.price": "price", "offers.lowPrice": "price", "offers.availability": "bool"},
        ("@*", "offers.@*", "offers.url", "offers.highPrice", "offers.offerCount", "offers.priceValidUntil", "offers.itemCondition",
         "aggregateRating.bestRating", "aggregateRating.worstRating", "review*", "mainEntityOfPage", "productGroupID", "variesBy", "inProductGroupWithID"),
        row=reshaping.product_group,
    ),
)  # fmt: skip


def layout_of(names: Sequence[str]) -> Layout:
    """Return the layout that the columns of a file show, or the plain one."""
    have = set(names)
    return next((layout for layout in LAYOUTS if layout.known_by <= have), PLAIN)


def under_rule(layout: Layout, rule: Mapping[str, str]) -> Layout:
    """Return ``layout`` with its rows put together as a person says: by which column, and what tells them apart.

    Raises:
        InvalidRequestError: a part of the rule is not known, or ``by`` is missing; names ``--merge``.
    """
    wrong = next((name for name in rule if name not in MERGE), None)
    if wrong is not None or not rule.get("by"):
        raise InvalidRequestError(
            "--merge", f"{wrong!r} is none of {', '.join(MERGE)}" if wrong else "by=COLUMN is missing"
        )
    fields = {**layout.fields, "item_id": (rule["by"],)}
    return replace(layout, fields=fields, key=by(rule["by"]), merge=partial(by_rule, rule=rule))


def item_rows(records: Iterable[Record], layout: Layout, left_out: dict[str, int] | None = None) -> Iterator[Record]:
    """Yield one record an item: each row opened, rows that belong together merged, what is not on offer counted and left out.

    A layout that merges is held in memory as a whole.
    """
    counts = {} if left_out is None else left_out
    counts.clear()
    whole = (
        _merged(records, layout) if layout.key is not None else ((r, partial(layout.row, r.values)) for r in records)
    )
    for record, make in whole:
        if record.problem:
            yield record
            continue
        try:
            yield Record(record.line, make())
        except LeftOut as reason:
            counts[str(reason)] = counts.get(str(reason), 0) + 1


def _merged(records: Iterable[Record], layout: Layout) -> Iterator[tuple[Record, Callable[[], Row]]]:
    groups: list[tuple[Record, list[Row]]] = []
    known: dict[str, int] = {}
    joined_to: dict[int, int] = {}
    for record in records:
        if record.problem or layout.key is None:
            yield record, dict
            continue
        row = layout.row(record.values)
        names = layout.key(row)
        places = sorted({_end(joined_to, known[name]) for name in names if name in known})
        place = places[0] if places else len(groups)
        if not places:
            groups.append((record, []))
        rows = groups[place][1]
        for other in places[1:]:
            rows.extend(groups[other][1])
            groups[other][1].clear()
            joined_to[other] = place
        rows.append(row)
        known.update(dict.fromkeys(names, place))
    for record, rows in groups:
        if rows:
            yield record, partial(layout.merge, rows)


def _end(joined_to: Mapping[int, int], place: int) -> int:
    while place in joined_to:
        place = joined_to[place]
    return place
