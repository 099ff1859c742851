"""Random and hostile texts for the reader, the same for a seed."""

from __future__ import annotations

import random
from collections.abc import Iterator

_PIECES = [
    "not", "no", "without", "never", "nothing", "except", "unless", "if", "or", "and", "but", "nor", "neither", "any", "all", "than", "more",
    "less", "under", "over", "between", "from", "to", "around", "red", "horror", "sauna", "milk", "price", "year", "stars", "20", "30", "k",
    "2000", "1.500,00", "€", "$", "£", "Rs.", "zł", "-", "--", ",", ".", "..", "?", "!", ";", '"', "'", "/", "+", "<", ">", "~", "(", ")",
    "不要", "不是", "没有", "除了", "以外", "的", "红色", "以下", "三千", "左右", "两三千", "苹果", "非", "别", "nicht", "kein", "ohne", "außer",
    "weder", "noch", "rot", "fünfhundert", "höchstens", "half", "an", "hour", "dozen", "grand", "4K", "'90s", "80s", "twenty", "hundred",
    "cheapest", "best", "second", "one", "ones", "that", "which", "with", "for", "my", "nephew", "8", "years", "I", "have", "hate", "love",
    "doesn't", "suit", "me", "allergic", "to", "must", "be", "don't", "mind", "same", "instead", "also", "rom-com", "Rotwein", "🙂", "e\u0301",
    "\u200b", "\x00", "\n", "ﬁ", "İ", "ß", "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", "1" * 60, "SELECT * FROM items", "{{7*7}}", "<script>",
]  # fmt: skip


def hostile_texts(n: int, seed: int = 7) -> Iterator[str]:
    """Yield ``n`` texts: mixed pieces, one piece over and over, characters of every plane, numbers without end."""
    draw = random.Random(seed)
    for i in range(n):
        kind = i % 5
        if kind == 0:
            yield " ".join(draw.choices(_PIECES, k=draw.randint(1, 60)))
        elif kind == 1:
            yield (draw.choice(_PIECES) + draw.choice(["", " ", ", "])) * draw.randint(1, 1500)
        elif kind == 2:
            yield "".join(
                chr(draw.choice([draw.randint(1, 0x7F), draw.randint(0x80, 0x2FFF), draw.randint(0x3000, 0x9FFF)]))
                for _ in range(200)
            )
        elif kind == 3:
            yield " ".join(draw.choices(_PIECES, k=3)) * draw.randint(1, 300)
        else:
            yield "".join(draw.choices("0123456789.,-/€$kK %'\"", k=draw.randint(1, 800)))
