"""Cross-modal search: mixtures, filters, media, the doors."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tastemaker.agents.understanding.query_text import asks_for_change
from tastemaker.api.cli import main as cli
from tastemaker.api.cli.search import parse_weights
from tastemaker.core.errors import BackEndUnavailable, InvalidRequestError
from tastemaker.core.protocols import Vectors
from tastemaker.core.ranking.cross_modal import Hit, LookAt, SearchResponse, mixed
from tastemaker.core.ranking.fusion import source_weights
from tastemaker.core.ranking.query import CandidateQuery
from tastemaker.core.schemas import Constraint, HistoryProfile, Item, Understanding
from tastemaker.core.settings import FilterSettings, Settings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.graphs.shop.services import Services
from tastemaker.stores.catalogue.columns import ItemRow
from tastemaker.stores.catalogue.lance_catalogue import LanceCatalogue
from tastemaker.tools.ranking.search_within_rules import ruled
from tastemaker.tools.sources.cross_modal import QueryPart, compare
from tastemaker.tools.sources.words_and_pictures import ComposedSource

from ..catalogue_fixture import axis, open_catalogue, rows
from ..doors.test_api import client_of
from ..fake_service import FakeService
from ..media_samples import image_bytes, wav_bytes

BOAT, DOG, RED = axis(1, 0), axis(0, 1), axis(0, 0, 1)


@pytest.fixture
async def catalogue(tmp_path: Path) -> LanceCatalogue:
    """Sixty boats and dogs; axis 2 of their vectors is redness."""
    return await open_catalogue(tmp_path, [_coloured(row) for row in rows()])


def _coloured(row: ItemRow) -> ItemRow:
    tint = RED if row.item.attributes["colour"] == "Red" else np.zeros_like(RED)
    vector = (row.text_vector + tint) / np.linalg.norm(row.text_vector + tint)
    return replace(row, text_vector=vector, image_vector=None if row.image_vector is None else vector)


async def _search(
    catalogue: LanceCatalogue, parts: Sequence[QueryPart], look_at: LookAt, where: Sequence[Constraint], n: int
) -> list[Hit]:
    q = CandidateQuery(Understanding(constraints=tuple(where)), HistoryProfile(user_id="", known=False))

    async def nothing_denied(_: Sequence[Item]) -> dict[str, str]:
        return {}

    return await ruled(catalogue, await compare(catalogue, parts, look_at, where), q, nothing_denied, n)


def test_mixing_brings_scores_to_one_scale() -> None:
    scores = {"a": np.array([0.1, 0.2, 0.3, 0.2]), "b": np.array([900.0, 100.0, np.nan, 500.0])}
    assert mixed(scores, {"a": 1, "b": 3}).argmax() == 0
    assert mixed(scores, {"a": 3, "b": 1}).argmax() == 2
    assert mixed({"a": np.array([0.4, 0.4])}, {"a": 1}).tolist() == [0, 0]
    assert mixed({}, {}).size == 0


async def test_a_part_finds_what_is_near_it(catalogue: LanceCatalogue) -> None:
    hits = await _search(catalogue, [QueryPart("image-1", BOAT, 1.0)], "both", (), 8)
    assert [hit.rank for hit in hits] == list(range(1, 9))
    assert all(hit.attributes["objects"] == ["boat"] for hit in hits)
    assert {part.against for part in hits[0].parts} == {"image", "text"}


async def test_a_mixture_wants_both(catalogue: LanceCatalogue) -> None:
    """The photo says boat, the words say red: red boats come before other boats and before red dogs."""
    parts = [QueryPart("image-1", BOAT, 1.0), QueryPart("text", RED, 1.0, "red")]
    hits = await _search(catalogue, parts, "both", (), 8)
    assert all("Red boat" in hit.title for hit in hits)
    assert {part.against for part in hits[0].parts if part.part == "text"} == {"image", "text", "words"}
    only = await _search(catalogue, [parts[0], QueryPart("text", DOG, 0.0, "red dog")], "both", (), 8)
    assert all("boat" in hit.title for hit in only)


async def test_a_photo_that_is_pointed_at_is_changed_by_the_words(catalogue: LanceCatalogue) -> None:
    wish = Understanding(query="red", intent="similar")
    query = CandidateQuery(
        wish, HistoryProfile(user_id="", known=False), text_vector=RED, image_vectors=BOAT[None], limit=8, changed=True
    )
    source = ComposedSource(catalogue)
    assert source.applies(query)
    found = [c.item_id for c in await source(query)]
    assert all("Red boat" in item.title for item in await catalogue.get(found))
    without = replace(query, exclude=frozenset(found[:3]))
    assert not set(found[:3]) & {c.item_id for c in await source(without)}
    weights = source_weights(query)
    assert weights["photo_and_words"] > weights["image_vector"] + weights["text_vector"]
    assert not source.applies(replace(query, understanding=Understanding(query="red")))
    assert not source.applies(replace(query, image_weights=(0.5,)))
    assert not source.applies(replace(query, said=False))
    assert not source.applies(replace(query, changed=False))


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("like this photo, but in red", True),
        ("something like this in blue", True),
        ("like this one with stripes", True),
        ("像这张，但是要红色的", True),
        ("I would like a print like this for my wall", False),
        ("something like this photo, please", False),
        ("", False),
    ],
)
def test_what_asks_for_a_change(text: str, changes: bool) -> None:
    assert asks_for_change(text) is changes


async def test_filters_hold_and_columns_are_chosen(catalogue: LanceCatalogue) -> None:
    where = [Constraint(field="price", op="<=", value=30)]
    hits = await _search(catalogue, [QueryPart("text", DOG, 1.0, "dog")], "image", where, 50)
    assert len(hits) == 18  # every item with a picture up to that price
    prices = [hit.attributes["price"] for hit in hits]
    assert all(isinstance(price, float) and price <= 30 for price in prices)
    assert {part.against for hit in hits for part in hit.parts} == {"image"}


def _parts(settings: Settings, catalogue: LanceCatalogue) -> Services:
    parts = constant_services(settings)

    class Axes:
        name, dim = "axes", 16

        async def embed_texts(self, texts: Sequence[str]) -> Vectors:
            return np.stack([DOG if "dog" in text else BOAT for text in texts])

        async def embed_images(self, paths: Sequence[str]) -> Vectors:
            return np.stack([BOAT for _ in paths])

    opened = parts.open_stores

    async def open_stores(tenant: str) -> Any:
        _, history, collaborative = await opened(tenant)
        return catalogue, history, collaborative

    parts.open_stores, parts.image_text = open_stores, Axes()
    parts.rebuild()
    return parts


async def test_recommender_searches_text_photo_and_voice(tmp_path: Path, catalogue: LanceCatalogue) -> None:
    (tmp_path / "a.png").write_bytes(image_bytes())
    (tmp_path / "a.wav").write_bytes(wav_bytes())
    async with Recommender(services=_parts(Settings(home=tmp_path), catalogue)) as recommender:
        by_words = await recommender.search(text="a dog", n=3)
        by_photo = await recommender.search(images=[{"path": str(tmp_path / "a.png")}], look_at="text", n=3)
        by_voice = await recommender.search(audio=[{"path": str(tmp_path / "a.wav")}], n=3)
    assert all("dog" in hit.title for hit in by_words.hits)
    assert all("boat" in hit.title for hit in by_photo.hits)
    assert by_voice.evidence[0].kind == "transcript"
    assert len(by_voice.hits) == 3
    assert by_voice.hits[0].parts[0].part == "audio-1"


async def test_wrong_requests_name_the_field(tmp_path: Path, catalogue: LanceCatalogue) -> None:
    async with Recommender(services=_parts(Settings(home=tmp_path), catalogue)) as recommender:
        with pytest.raises(InvalidRequestError, match="nothing to search for"):
            await recommender.search(text="  ")
        with pytest.raises(InvalidRequestError, match="n: "):
            await recommender.search(text="a", n=0)
        with pytest.raises(InvalidRequestError, match=r"constraints\[0\]"):
            await recommender.search(text="a", constraints=[{"field": "size", "op": "=", "value": 3}])
        with pytest.raises(InvalidRequestError, match=r"images\[0\]"):
            await recommender.search(images=[{"data": ""}])


async def test_a_failing_model_is_labelled(tmp_path: Path, catalogue: LanceCatalogue) -> None:
    (tmp_path / "a.png").write_bytes(image_bytes())
    parts = _parts(Settings(home=tmp_path), catalogue)

    async def broken(paths: list[str]) -> Vectors:
        raise BackEndUnavailable("the tower is gone", back_end="axes")

    parts.image_text.embed_images = broken  # type: ignore[method-assign, assignment]
    async with Recommender(services=parts) as recommender:
        found = await recommender.search(text="a dog", images=[{"path": str(tmp_path / "a.png")}], n=3)
    assert [label.what for label in found.degraded] == ["image-1"]
    assert len(found.hits) == 3


RULES = """rules:
  - {id: no-red, kind: exclude, where: [{field: colour, op: "=", value: Red}]}
  - {id: no-dear-dogs, kind: exclude, where: [{field: objects, op: "=", value: dog}, {field: price, op: ">", value: 60}]}
  - {id: show-i2, kind: pin, items: [i2], position: 2}
  - {id: vip-blue, kind: allow, field: colour, values: [Blue], when: {segment: [vip]}}
  - {id: last-i1, kind: bury, items: [i1], factor: 0.01}
"""


async def test_rules_and_filters_hold_in_searches(tmp_path: Path, catalogue: LanceCatalogue) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "default.yaml").write_text(RULES)
    denied = FilterSettings(use=["words"], words=["dog 5", "boat 4"])
    settings = Settings(home=tmp_path, filters=denied)
    async with Recommender(services=_parts(settings, catalogue)) as recommender:
        found = await recommender.search(text="a dog", n=60)
    by_id = {hit.item_id: hit for hit in found.hits}
    assert found.degraded == ()
    assert len(by_id) == len(found.hits) > 20
    assert all(hit.attributes["colour"] != "Red" for hit in found.hits)
    assert not [h for h in found.hits if h.attributes["objects"] == ["dog"] and float(str(h.attributes["price"])) > 60]
    assert not {"i5", "i4"} & set(by_id)
    assert (found.hits[1].item_id, found.hits[1].rules) == ("i2", ("show-i2",))
    assert by_id["i1"].rules == ("last-i1",)
    async with Recommender(services=_parts(settings, catalogue)) as recommender:
        vip = await recommender.search(text="a dog", n=60, context={"segment": "vip"})
        with pytest.raises(InvalidRequestError, match="age must be"):
            await recommender.search(text="a dog", context={"age": "old"})
    assert {hit.attributes["colour"] for hit in vip.hits} == {"Blue"}
    dogs = [h.item_id for h in found.hits if h.attributes["objects"] == ["dog"]]
    assert dogs[-1] == "i1"


async def test_the_http_door() -> None:
    service = FakeService()
    async with client_of(service) as client:
        answer = await client.post("/search", json={"text": "in red", "weights": {"images": 2}, "n": 5})
        refused = await client.post("/search", json={"images": [{"path": "/etc/passwd"}]})
        wrong = await client.post("/search", json={"weights": {"images": -1}})
    assert SearchResponse.model_validate(answer.json()).hits[0].item_id == "print-17"
    assert (service.searches[0].weights.images, service.searches[0].n) == (2, 5)
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, "images[0].path")
    assert wrong.status_code == 422
    assert len(service.searches) == 1


def test_weights_are_parsed() -> None:
    assert parse_weights(["images=2", "text=0.5"]) == {"images": 2, "text": 0.5}
    for wrong in ("images", "images=much", "smell=2"):
        with pytest.raises(InvalidRequestError, match="--weight"):
            parse_weights([wrong])


def test_the_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    seen: dict[str, Any] = {}

    async def search(self: Recommender, **fields: Any) -> SearchResponse:
        seen.update(fields)
        return await FakeService().search(text=fields["text"], n=fields["n"])

    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path))
    monkeypatch.setattr(Recommender, "search", search)
    line = ["tastemaker", "search", "--text", "in red", "--image", "a.jpg", "--weight", "images=2", "--in", "image"]
    monkeypatch.setattr(sys, "argv", [*line, "--where", "price<=40", "--json"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert not stopped.value.code
    assert json.loads(capsys.readouterr().out)["hits"][0]["title"] == "Boats"
    assert (seen["images"], seen["look_at"], seen["weights"]) == ([{"path": "a.jpg"}], "image", {"images": 2})
    assert seen["constraints"] == [Constraint(field="price", op="<=", value=40)]
