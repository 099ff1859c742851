"""Describe what a demonstration shows: which catalogue, whose requests, which photos and voices."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

DATA = Path(__file__).parent / "data"
Fields = Mapping[str, Any]


@dataclass(frozen=True)
class Ask:
    """One scripted request; ``follows`` continues the thread of the request before it."""

    title: str
    fields: Fields
    follows: bool = False


@dataclass(frozen=True)
class Demonstration:
    """Files to ingest and requests to send. ``note`` is shown first and says what is invented or simulated.

    ``title`` and ``shoppers``, users of the events, are what its page offers.
    """

    name: str
    note: str
    catalogue: Path
    interactions: Path
    media: Path
    asks: tuple[Ask, ...]
    mapping: Mapping[str, str] = field(default_factory=dict)
    title: str = ""
    shoppers: tuple[str, ...] = ()


def print_shop(data: Path = DATA) -> Demonstration:
    """Return the bundled print shop with its known shopper and a stranger."""
    photo, pizza = data / "request" / "photo.jpg", data / "request" / "photo-pizza.jpg"
    return Demonstration(
        name="print-shop",
        note="A print shop of 47 Creative Commons photos. Its shop, prices and shoppers are invented; the voices are "
        "synthetic. Credits: api/demo/data/ATTRIBUTION.csv.",
        catalogue=data / "catalogue.csv",
        interactions=data / "interactions.csv",
        media=data,
        title="The Print Shop",
        shoppers=("sim-ada", "sim-suri"),
        asks=(
            Ask(
                "A shopper we know (simulated) types, shows a photo and speaks",
                {
                    "user_id": "sim-ada",
                    "text": "Something like this for my wall.",
                    "images": [media(photo)],
                    "audio": [media(data / "voice" / "voice-animals.ogg")],
                    "n": 5,
                },
            ),
            Ask(
                "The same shopper goes on in the same thread",
                {"user_id": "sim-ada", "text": "Indoors would be fine too.", "n": 5},
                follows=True,
            ),
            Ask(
                "A stranger states a must, a limit, a refusal and something that the shop cannot know",
                {"text": "Something with the sea, at most 45 euros, no people please, signed by the artist.", "n": 5},
            ),
            Ask(
                "The stranger goes on: one condition is let go, another comes",
                {"text": "The price does not matter after all, but it should be outdoors.", "n": 5},
                follows=True,
            ),
            Ask(
                "A stranger types, shows another photo and speaks",
                {
                    "text": "I am looking for a picture for my kitchen.",
                    "images": [media(pizza)],
                    "audio": [media(data / "voice" / "voice-food.ogg")],
                    "n": 5,
                },
            ),
        ),
    )


def media(path: Path) -> dict[str, str]:
    """Return a medium of a request that is read from ``path``."""
    return {"path": str(path)}
