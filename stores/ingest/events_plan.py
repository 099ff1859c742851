"""Decide what the columns of a file of events are: who, which item, what happened, how it was rated and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import islice
from pathlib import Path
from typing import cast, get_args

from pydantic import Field

from ...core.errors import InvalidRequestError
from ...core.schemas import EventKind, Frozen
from .column import text_of
from .column_names import simple
from .column_sample import Sample
from .file_readers import Reading, read_records, said_of
from .numbers import number_in
from .values import DayOrder, day_order

KINDS: dict[str, EventKind] = {
    **dict.fromkeys(("view", "views", "pageview", "viewed", "productview", "viewitem", "detail", "detailview", "impression", "visit", "play", "played",
                     "listen", "stream", "watch", "watched", "read", "open", "浏览", "播放", "观看", "查看", "访问", "曝光", "ansicht",
                     "angesehen", "aufruf", "aufgerufen", "vue", "vu"), "view"),
    **dict.fromkeys(("click", "clicked", "clickitem", "addtocart", "cart", "basket", "addtobasket", "select", "selectitem", "begincheckout", "checkout",
                     "download", "点击", "加购", "加入购物车", "加购物车", "warenkorb", "inwarenkorb", "indenwarenkorb", "panier"), "click"),
    **dict.fromkeys(("like", "liked", "favorite", "favourite", "fav", "star", "starred", "wishlist", "addtowishlist", "save", "saved", "bookmark", "share",
                     "thumbsup", "upvote", "收藏", "喜欢", "点赞", "关注", "merkliste", "gemerkt", "favorit", "gefällt", "gefälltmir", "favori"), "like"),
    **dict.fromkeys(("dislike", "disliked", "thumbsdown", "downvote", "hide", "block", "不喜欢"), "dislike"),
    **dict.fromkeys(("skip", "skipped", "dismiss", "跳过"), "skip"),
    **dict.fromkeys(("purchase", "purchased", "buy", "bought", "order", "ordered", "transaction", "sale", "sold", "conversion", "rent", "购买", "下单", "支付", "付款", "成交", "kauf",
                     "gekauft", "bestellung", "bestellt", "achat", "compra"), "purchase"),
    **dict.fromkeys(("rating", "rate", "rated", "review", "reviewed", "评分"), "rating"),
}  # fmt: skip
_NAMES: dict[str, tuple[str, ...]] = {
    "user": ("userid", "user", "customerid", "visitorid", "customer", "clientid", "memberid", "reviewerid", "accountid", "userpseudoid", "anonymousid", "clientuserid", "sessionid", "kunde",
             "kundennummer", "kundennr", "kundenid", "nutzer", "nutzerid", "benutzer", "benutzerid", "buyer", "buyerid", "personid", "openid", "utilisateur", "usuario",
             "用户id", "用户", "用户编号", "会员id", "会员编号", "会员号", "会员", "顾客编号", "顾客", "客户id", "客户编号", "客户", "买家id", "买家"),
    "item": ("itemid", "item", "productid", "articleid", "movieid", "parentasin", "asin", "businessid", "bookid", "trackid", "songid", "gameid", "appid",
             "sku", "stockcode", "product", "contentid", "artikelnummer", "artikelnr", "artnr", "artikel", "produktid", "produkt",
             "商品id", "商品编号", "商品编码", "产品id", "产品编号", "货号", "宝贝id", "物品id"),
    "kind": ("kind", "event", "eventtype", "eventname", "type", "action", "behavior", "behaviour", "interaction", "ereignis", "aktion", "行为", "行为类型", "动作", "操作", "事件", "事件类型"),
    "value": ("rating", "value", "score", "stars", "overall", "grade", "bewertung", "评分"),
    "at": ("timestamp", "at", "time", "datetime", "date", "ts", "tdat", "eventtime", "eventtimestamp", "createdat", "invoicedate", "orderdate", "purchasedate",
           "dateadded", "dateupdated", "unixreviewtime", "datum", "zeit", "zeitpunkt", "zeitstempel", "bestelldatum",
           "时间", "日期", "行为时间", "操作时间", "下单时间", "购买时间", "支付时间", "付款时间", "创建时间", "访问时间"),
}  # fmt: skip
USER_NAMES = frozenset(_NAMES["user"])
"""What the column of users is called; a file that has one holds events."""
_ORDERS = frozenset(
    {"orderid", "invoiceno", "invoice", "quantity", "saleschannelid", "transactionid", "menge", "订单号"}
)
"""Columns of files of orders: without a column of kinds every row is a purchase."""
SCALES = (5.0, 10.0, 100.0)


@dataclass(frozen=True)
class EventChoices:
    """What a person says of a file of events: role (user, item, kind, value, at) -> column, and word -> kind of event."""

    columns: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)
    how: Reading = field(default_factory=Reading)


class EventPlan(Frozen):
    """What a file of events is taken for."""

    path: Path = Field(description="The file.")
    columns: dict[str, str] = Field(description="user, item, kind, value and at -> column.")
    kinds: dict[str, EventKind] = Field(default_factory=dict, description="Word of the file -> kind of event.")
    usual: EventKind = Field(
        default="view", description="What an event without a kind is; with a value it is a rating."
    )
    scale: float = Field(default=5, description="The best rating; values are stored on a scale of five.")
    order: DayOrder = Field(default="dmy", description="Which of day and month comes first in 05/01/2024.")
    pad: int = Field(default=0, description="Item ids are filled with zeros to so many characters.")
    read_as: str = Field(default="", description="Encoding and delimiter.")
    rows: int = Field(default=0, description="Rows of the file.")
    notes: tuple[str, ...] = Field(default=(), description="What looks odd, with the option that changes it.")


def plan_events(path: Path, choices: EventChoices | None = None) -> EventPlan:
    """Read the file once and return what its columns are.

    Raises:
        InvalidRequestError: the file has no user or item column, or a choice does not fit; names ``interactions``.
    """
    said = choices or EventChoices()
    columns, samples, rows = _sampled(path, said)
    notes: list[str] = []
    usual: EventKind = "view"
    if "kind" not in columns:
        names = {simple(n) for record in islice(read_records(path, said.how), 1) for n in record.values}
        usual = "purchase" if "value" not in columns and names & _ORDERS else "view"
        kind = "rating" if "value" in columns else usual
        notes.append(f"no column of kinds: every event is a {kind}; else: --map-events kind=COLUMN")
    kinds, unread = _kinds(samples.get("kind"), said.kinds)
    notes += [
        f"{count} events of kind {word!r} are left out: --map-kind {word}=view (or another kind)"
        for word, count in unread.items()
    ]
    scale = _scale(samples.get("value"), said.columns.get("scale", ""))
    if scale != SCALES[0]:
        notes.append(f"ratings of up to {scale:g} are stored on a scale of five; else: --map-events scale=5")
    if "at" not in columns:
        notes.append("no column of times: the order of the lines counts; else: --map-events at=COLUMN")
    order, guessed = day_order(samples["at"].texts()) if "at" in samples else ("dmy", False)
    if (chosen := said.columns.get("order", "")) in get_args(DayOrder):
        order, guessed = cast(DayOrder, chosen), False
    if guessed:
        notes.append("day or month first is not to be seen; read as day first; else: --map-events order=mdy")
    pad = said.columns.get("pad", "0")
    return EventPlan(
        path=path, columns=columns, kinds=kinds, usual=usual, scale=scale, order=order, pad=int(pad) if pad.isdigit() else 0,
        read_as=said_of(path, said.how), rows=rows, notes=tuple(notes),
    )  # fmt: skip


def _sampled(path: Path, said: EventChoices) -> tuple[dict[str, str], dict[str, Sample], int]:
    """Return role -> column, what the columns of kinds, ratings and times hold, and the number of rows."""
    columns: dict[str, str] = {}
    samples: dict[str, Sample] = {}
    rows = 0
    for record in read_records(path, said.how):
        rows += 1
        if record.problem:
            continue
        if not columns:
            columns = event_columns([*record.values], said.columns)
            rated = "kind" not in columns or simple(columns.get("value", "")) != "value"
            samples = {
                role: Sample() for role in ("kind", "value", "at") if role in columns and (role != "value" or rated)
            }
        for role, sample in samples.items():
            sample.add(record.values.get(columns[role]))
    return columns or event_columns([], said.columns), samples, rows


def event_columns(names: Sequence[str], said: Mapping[str, str]) -> dict[str, str]:
    """Return role -> column: as said, else by common names.

    Raises:
        InvalidRequestError: a column does not exist, or a role that is needed has none.
    """
    wrong = next((role for role in said if role not in (*_NAMES, "scale", "order", "pad")), None)
    if wrong is not None:
        raise InvalidRequestError("--map-events", f"{wrong!r} is none of {', '.join(_NAMES)}, scale, order, pad")
    plain = {simple(name): name for name in reversed(names)}
    found: dict[str, str] = {}
    for role, known in _NAMES.items():
        column = said.get(role) or next((plain[n] for n in known if n in plain and plain[n] not in found.values()), "")
        column = column or (_only_item(names, found) if role == "item" else "")
        if column and column not in names and names:
            raise InvalidRequestError(
                "interactions", f"no column {column!r} for {role}; there are: {', '.join(names[:30])}"
            )
        if column:
            found[role] = column
        elif role in ("user", "item"):
            listed = ", ".join(names[:30]) or "none"
            raise InvalidRequestError(
                "interactions", f"no column for {role}; add --map-events {role}=COLUMN, one of: {listed}"
            )
    return found


def _only_item(names: Sequence[str], found: Mapping[str, str]) -> str:
    """Return the only column of ids beside the user's."""
    ids = [
        n for n in names if simple(n).endswith("id") and n not in found.values() and simple(n) not in _ORDERS | {"id"}
    ]
    return ids[0] if len(ids) == 1 else ""


def rating_in(value: object, scale: float) -> float | None:
    """Return a rating on a scale of five: a number, "4.5/5", stars; None when it is none.

    Raises:
        ValueError: it does not lie on the scale.
    """
    text = text_of(value)
    if text and not text.strip("★☆⭐✩ "):
        return float(sum(c in "★⭐" for c in text))
    shown, slash, best = text.partition("/")
    number, top = number_in(shown), number_in(best) if slash else scale
    if number is None or not top:
        return None
    if not 0 <= number <= top:
        raise ValueError(f"{text[:40]!r} does not lie between 0 and {top:g}; for another scale: --map-events scale=10")
    return round(number * SCALES[0] / top, 4)


def _scale(sample: Sample | None, said: str) -> float:
    """Return the best rating: 10 or 100 where more than half of the numbers lie above 5 or 10."""
    if said:
        number = number_in(said)
        if not number or number <= 0:
            raise InvalidRequestError("--map-events", f"scale={said} must be a number above 0")
        return number
    if sample is None:
        return SCALES[0]
    above = [sample.share(partial(_above, s)) for s in SCALES[:-1]]
    return SCALES[2] if above[1] > 0.5 else SCALES[1] if above[0] > 0.5 else SCALES[0]


def _above(best: float, value: object) -> bool:
    return (number_in(text_of(value)) or 0) > best


def _kinds(sample: Sample | None, said: Mapping[str, str]) -> tuple[dict[str, EventKind], dict[str, int]]:
    chosen: dict[str, EventKind] = {}
    for word, kind in said.items():
        known = KINDS.get(simple(kind))
        if known is None or kind not in KINDS.values():
            raise InvalidRequestError("--map-kind", f"{kind!r} is none of {', '.join(dict.fromkeys(KINDS.values()))}")
        chosen[word] = known
    kinds: dict[str, EventKind] = {}
    unread: dict[str, int] = {}
    for word, times in (sample.texts() if sample else {}).items():
        found = chosen.get(word) or KINDS.get(simple(word))
        if found is None:
            unread[word[:40]] = unread.get(word[:40], 0) + times
        else:
            kinds[word] = found
    return kinds, unread
