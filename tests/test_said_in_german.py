"""What people say in German of shops that no word list was written for: each sentence is read, or names what it cannot read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tastemaker.agents.understanding.by_rules import understand
from tastemaker.agents.understanding.reader import read
from tastemaker.core.language.catalogue_language import CatalogueLanguage
from tastemaker.core.schemas import Condition, Constraint, ThreadMemory

from .unseen_shops import Shops, flag, late, number, words

pytestmark = pytest.mark.slow

SHOPS = Shops(
    {
        "kerzen": late(
            number("preis", 3, 90, "EUR", price=True),
            number("brenndauer_std", 4, 120),
            number("gewicht_g", 50, 2000),
            words("duft", "Lavendel|Vanille|Zimt|Rose|Zitrone|Sandelholz", several=True),
            words("wachs", "Sojawachs|Bienenwachs|Paraffin"),
            words("farbe", "Weiß|Rot|Grün|Gelb|Schwarz"),
            words("marke", "Nachtigall|Heimat|Glück|Wolke"),
            words("form", "Kugel|Stumpen|Teelicht|Stabkerze"),
            flag("vegan"),
            flag("handgemacht"),
            flag("rauchfrei"),
            texts="eine ruhige kerze für lange abende",
        ),
        "futter": late(
            number("preis", 2, 120, "EUR", price=True),
            number("packung_kg", 0.4, 15),
            number("fett_prozent", 3, 30),
            words("futterart", "Trockenfutter|Nassfutter|Leckerli"),
            words("fleisch", "Huhn|Rind|Lachs|Lamm|Ente|Pferd", several=True),
            words("beilage", "Reis|Kartoffel|Erbsen|Mais|Weizen", several=True),
            words("lebensphase", "Welpe|Erwachsen|Senior"),
            flag("getreidefrei"),
            flag("bio"),
            texts="gutes futter für jeden hund",
        ),
        "yarn": late(
            number("price", 2, 60, "GBP", price=True),
            number("length_m", 50, 800),
            number("needle_mm", 2, 12),
            words("fibre", "Wool|Mohair|Alpaca|Cotton|Silk|Acrylic", several=True),
            words("colour", "Red|Blue|Green|White|Black|Grey"),
            words("weight", "Lace|Fingering|Aran|Bulky"),
            words("brand", "Drops|Rowan|Only|Rico"),
            flag("machine_washable"),
            flag("hand_dyed"),
            texts="soft yarn for a warm jumper",
        ),
        "konzert": late(
            number("preis", 8, 250, "EUR", price=True),
            number("dauer_min", 40, 240),
            number("altersfreigabe", 0, 18),
            words("genre", "Jazz|Klassik|Rock|Kabarett|Schlager|Techno"),
            words("künstler", "Anna Weber|Till Brandt|Max Sommer|Rosa Klein"),
            words("stadt", "Berlin|Hamburg|Köln|Wien|Zürich"),
            words("platz", "Stehplatz|Parkett|Rang|Loge"),
            words("extras", "Garderobe|Getränke|Programmheft|Parkplatz", several=True),
            flag("barrierefrei"),
            flag("open_air"),
            texts="ein abend mit musik",
        ),
        "camp": late(
            number("price_per_night", 8, 160, "EUR", price=True),
            number("distance_to_lake_km", 0, 30),
            number("rating", 1, 5),
            number("pitches", 5, 600),
            words("facilities", "Playground|Laundry|Wifi|Shop|Sauna|Pool|Bar", several=True),
            words("pitch", "Tent|Caravan|Motorhome|Cabin"),
            words("region", "Alps|Coast|Forest|Island"),
            words("noise", "Quiet|Medium|Lively"),
            flag("dogs_allowed"),
            flag("electricity"),
            texts="a green place under old trees",
        ),
        "rad": late(
            number("preis", 150, 9000, "EUR", price=True),
            number("gewicht_kg", 6, 32),
            number("gänge", 1, 30),
            number("reichweite_km", 20, 200),
            number("baujahr", 2008, 2026),
            number("max_gewicht_kg", 80, 160),
            words("typ", "Rennrad|Mountainbike|Stadtrad|E-Bike|Kinderrad|Lastenrad"),
            words("bremse", "Scheibenbremse|Felgenbremse|Rücktritt"),
            words("farbe", "Schwarz|Rot|Silber|Blau|Weiß"),
            words("marke", "Fuchs|Stern|Adler|Blitz"),
            words("zubehör", "Korb|Licht|Schutzblech|Klingel|Gepäckträger|Ständer", several=True),
            flag("gefedert"),
            flag("faltbar"),
            texts="ein rad für jeden tag",
        ),
        "tee": late(
            number("preis", 2, 40, "EUR", price=True),
            number("menge_g", 20, 1000),
            number("koffein_mg", 0, 90),
            words("art", "Grüntee|Schwarztee|Kräutertee|Früchtetee|Rooibos"),
            words("zutaten", "Minze|Kamille|Ingwer|Zimt|Hibiskus|Fenchel|Rose", several=True),
            words("herkunft", "China|Japan|Indien|Kenia"),
            words("verpackung", "Beutel|Dose|Lose"),
            words("stärke", "Mild|Mittel|Kräftig"),
            flag("bio"),
            texts="eine tasse für den nachmittag",
        ),
        "shoes": late(
            number("price", 20, 400, "USD", price=True),
            number("heel_cm", 0, 14),
            number("weight_g", 120, 900),
            number("rating", 1, 5),
            words("type", "Sneaker|Boot|Sandal|Loafer|Pump"),
            words("material", "Leather|Suede|Canvas|Rubber|Mesh"),
            words("colour", "Black|White|Brown|Beige|Red|Blue"),
            words("brand", "Next|Guess|Vans|Clarks|Hugo"),
            words("closure", "Laces|Velcro|Zip|Slip-on"),
            flag("waterproof"),
            flag("vegan"),
            texts="comfortable for long days",
        ),
        "brillen": late(
            number("preis", 20, 600, "EUR", price=True),
            number("gewicht_g", 8, 60),
            number("breite_mm", 110, 160),
            words("form", "Rund|Eckig|Pilot|Schmetterling|Oval"),
            words("material", "Titan|Plastik|Horn|Holz|Stahl"),
            words("farbe", "Schwarz|Gold|Silber|Braun|Blau"),
            words("marke", "Falke|Sonne|Linse|Kranz"),
            flag("blaulichtfilter"),
            flag("entspiegelt"),
            texts="leicht und bequem für jeden tag",
        ),
        "lippen": late(
            number("price", 2, 30, "EUR", price=True),
            number("spf", 0, 50),
            words("ingredients", "Beeswax|Shea|Coconut|Lanolin|Mineral oil|Perfume|Aloe", several=True),
            words("flavour", "Mint|Strawberry|Vanilla|Cherry|Unflavoured"),
            words("form", "Stick|Pot|Tube"),
            flag("vegan"),
            flag("tinted"),
            texts="soft lips in winter",
        ),
        "hotel": late(
            number("preis", 40, 400, "EUR", price=True),
            number("sterne", 1, 5),
            words("ausstattung", "Sauna|Balkon|Minibar|Parkplatz|Garten|Teppich|Klimaanlage", several=True),
            words("lage", "Strand|Berge|Stadt|See"),
            words("verpflegung", "Frühstück|Halbpension|Vollpension"),
            flag("haustiere"),
            flag("raucher"),
            texts="ein ruhiges haus mit aussicht",
        ),
        "pizza": late(
            number("preis", 5, 30, "EUR", price=True),
            number("durchmesser_cm", 20, 50),
            words(
                "belag",
                "Salami|Sardellen|Pilze|Oliven|Ananas|Zwiebeln|Knoblauch|Rucola|Mozzarella|Basilikum",
                several=True,
            ),
            words("größe", "Klein|Mittel|Groß"),
            words("teig", "Weizen|Dinkel|Vollkorn"),
            words("schärfe", "Mild|Mittelscharf|Scharf"),
            flag("vegetarisch"),
            texts="knusprig aus dem steinofen",
        ),
        "boot": late(
            number("preis", 800, 400000, "EUR", price=True),
            number("länge_m", 2, 20),
            number("kojen", 0, 10),
            number("ps", 2, 600),
            number("baujahr", 1960, 2026),
            words("art", "Segelboot|Motorboot|Ruderboot|Kajak"),
            words("rumpf", "Holz|Stahl|GFK|Aluminium"),
            flag("trailer"),
            texts="ein ruhiges boot für den see",
        ),
        "wein": late(
            number("preis", 3, 120, "EUR", price=True),
            number("alkohol_prozent", 5, 16),
            number("jahrgang", 1990, 2025),
            words("art", "Rotwein|Weißwein|Rosé|Sekt"),
            words("rebsorte", "Riesling|Merlot|Silvaner|Dornfelder", several=True),
            words("land", "Italien|Spanien|Frankreich|Deutschland"),
            words("geschmack", "Trocken|Halbtrocken|Süß"),
            words("körper", "Leicht|Mittel|Schwer"),
            flag("bio"),
            texts="kirsche und ein langer abgang",
        ),
        "flat": late(
            number("rent", 300, 4000, "EUR", price=True),
            number("rooms", 1, 8),
            number("size_sqm", 15, 250),
            number("floor", 0, 20),
            words("features", "Balcony|Garden|Lift|Garage|Cellar|Fireplace", several=True),
            words("heating", "Gas|Oil|District|Heat pump|Electric"),
            words("district", "North|South|Centre|Old Town|Riverside"),
            flag("furnished"),
            flag("pets_allowed"),
            texts="bright and quiet near the park",
        ),
    }
)
ROWS = [
    line.split("|")
    for line in (Path(__file__).parent / "data" / "said_in_german.txt").read_text(encoding="utf-8").splitlines()
    if line and not line.startswith("#")
]
"""Shop, text (turns parted by ">>") and what is in force after it: conditions, "~" before a preference, "?" before words named
as not applied, with the condition that they may be read as instead."""


def _condition(c: Condition | Constraint) -> str:
    value = f"{c.value:g}" if isinstance(c.value, float) else c.value
    either = "".join(f" or {e.field} {e.op} {e.value}" for e in c.either or ())
    return f"{'' if getattr(c, 'must', True) else '~'}{c.field} {c.op} {value}{either}"


def _said(text: str, shop: CatalogueLanguage) -> tuple[set[str], str]:
    """Return the conditions of a text, and the words it names as not applied."""
    if ">>" not in text:
        reading = read(text, shop)
        return {_condition(c) for c in reading.conditions}, " ".join(reading.not_applied).casefold()
    memory, named = ThreadMemory(), ""
    for turn in text.split(">>"):
        found = understand(turn.strip(), [], shop.schema, memory, language=shop)
        memory = ThreadMemory(
            turn=memory.turn + 1, query=found.query, constraints=found.constraints, preferences=found.preferences
        )
        named = " ".join((*found.reading.not_applied, *found.unparsed)).casefold()
    return {_condition(c) for c in memory.constraints}, named


def _fault(shop: str, text: str, expected: str) -> str:
    found, named = _said(text, SHOPS[shop])
    parts = [p for p in expected.split(";") if p]
    may = {word: condition for p in parts if p[0] == "?" for word, _, condition in [p[1:].partition("=")]}
    read = {condition for condition in may.values() if {condition, f"~{condition}"} & found}
    unnamed = [word for word, condition in may.items() if word.casefold() not in named and condition not in read]
    right = found - read - {f"~{c}" for c in read} == {p for p in parts if p[0] != "?"} - read and not unnamed
    return "" if right else f"{text!r}: {sorted(found)}, named {named!r}"


@pytest.mark.parametrize("shop", sorted({row[0] for row in ROWS}))
def test_a_sentence_is_read_as_it_is_meant_or_named(shop: str) -> None:
    assert [fault for row in ROWS if row[0] == shop and (fault := _fault(*row))] == []
