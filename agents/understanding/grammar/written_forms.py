"""Put the tokens of a request into the spelling that phrases and values have: abbreviations, blends, everyday spellings."""

from __future__ import annotations

from ....core.language.phrases import slips
from ....core.language.small_words import german_lean
from ....core.language.tokens import Token

_SPOKEN_GERMAN = {"net": "nicht", "ned": "nicht", "nit": "nicht", "nem": "einem", "nen": "einen", "ner": "einer"}
"""Everyday spellings of words that phrases are made of."""

_BLENDS = {
    "romcom": ("romantic", "comedy"),
    "romcoms": ("romantic", "comedy"),
    "dramedy": ("drama", "comedy"),
    "sitcom": ("comedy",),
}

_SHORTENED = {"mind": "mindestens", "hochst": "hochstens"}
"""German abbreviations, with a full stop or before a number."""
_SHORT = frozenset("mind hochst max min ca approx circa etwa rs nr vs incl inkl bzw".split())  # noqa: SIM905


def _as_written(tokens: list[Token]) -> list[Token]:
    """Write slips and everyday spellings of the words of phrases as they are spelt; some mean so in German only."""
    known = {**slips(), **(_SPOKEN_GERMAN if german_lean(t.text for t in tokens) > 0 else {})}
    return [t._replace(text=known[t.text]) if t.text in known else t for t in tokens]


def spelled_out(tokens: list[Token]) -> list[Token]:
    """Read a blend as the words it is made of: a rom-com is romance and comedy."""
    found: list[Token] = []
    for n, token in enumerate(tokens):
        halves = "".join(t.text for t in tokens[n : n + 3] if t.text != "-") in _BLENDS and token.text == "rom"
        after = bool(found) and found[-1].text == "romantic" and (token.text in "-" or token.text == "com")
        if token.text in _BLENDS or halves:
            words = _BLENDS[token.text] if token.text in _BLENDS else _BLENDS["romcom"][:1]
            found += [token._replace(text=word, glued=k > 0) for k, word in enumerate(words)]
        elif after:
            found += [token._replace(text="comedy")] if token.text == "com" else []
        else:
            found.append(token)
    return found


def _without_stops(tokens: list[Token]) -> list[Token]:
    """Drop the full stop of an abbreviation: "max. 120 cm", "ca. 300", "Rs. 500"."""
    kept: list[Token] = []
    for n, token in enumerate(tokens):
        if token.text in _SHORTENED and n + 1 < len(tokens) and (tokens[n + 1].kind == "number" or tokens[n + 1].glued):
            kept.append(token._replace(text=_SHORTENED[token.text]))
            continue
        short = token.text == "." and n and token.glued and tokens[n - 1].text in _SHORT and n + 1 < len(tokens)
        if not short or tokens[n + 1].kind == "mark":
            kept.append(token)
    return kept


def spelled(tokens: list[Token]) -> list[Token]:
    """Return the tokens without the stops of abbreviations and with everyday spellings as the phrases have them."""
    return _as_written(_without_stops(tokens))
