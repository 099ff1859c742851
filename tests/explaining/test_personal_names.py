"""Names of people in answers that are kept: found, hidden wherever they stand, those of the catalogue spared; logs and spans hold none."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any, cast

import pytest

from tastemaker.api.service import Service
from tastemaker.api.traced_service import Traced, with_traces
from tastemaker.core.errors import BackEndUnavailable, ConfigurationError
from tastemaker.core.evaluation.traces import trace_of, unnamed
from tastemaker.core.language.catalogue_language import CatalogueLanguage, language_of
from tastemaker.core.schemas import (
    CatalogueField,
    CatalogueSchema,
    Evidence,
    Preferences,
    Reason,
    Recommendation,
    RecommendRequest,
    RecommendResponse,
    Route,
    Understanding,
)
from tastemaker.core.settings import PrivacySettings, Settings, TraceSettings
from tastemaker.evals.stand_ins import constant_services
from tastemaker.graphs.recommender import Recommender
from tastemaker.models.personal_names import PersonalNames
from tastemaker.stores.evaluation.traces import TraceStore

SHOP = CatalogueSchema(
    count=2, fields=(CatalogueField(name="author", type="text", values=("Stephen King", "Agatha Christie")),)
)
ASKED = "I am Ada Lovelace, something by Stephen King for my aunt Maria Schmidt"
EVERYBODY = ("Ada Lovelace", "Stephen King", "Maria Schmidt", "Tom Sawyer")


class Finder:
    """Finds the names that it is told, as a small model does: those of authors as well."""

    def __init__(self, *known: str) -> None:
        self.known, self.read = known, list[str]()

    def names(self, text: str) -> Sequence[str]:
        self.read.append(text)
        if "读" in text:
            raise BackEndUnavailable("no model for Chinese", back_end="names")
        return [name for name in self.known if name in text]


def answer(request: RecommendRequest) -> RecommendResponse:
    item = Recommendation(
        item_id="1",
        rank=1,
        score=1.0,
        title="The Adventures of Tom Sawyer",
        attributes={"author": "Stephen King"},
        sources=(),
        reason=Reason(text="Stephen King wrote it, Ada Lovelace.", by="model"),
    )
    heard = Evidence(evidence_id="v", kind="transcript", source="a", content="Maria Schmidt reads", confidence=0.9)
    return RecommendResponse(
        request_id=str(request.text)[:12],
        thread_id="t",
        user="new",
        route=Route(name="direct", why="", decided_by="rule"),
        evidence=(heard,),
        understanding=Understanding(),
        message="For Maria Schmidt: Tom Sawyer. I could not apply “ada”.",
        message_by="model",
        items=(item,),
    )


def asked(text: str = ASKED) -> RecommendRequest:
    told = Preferences(words="Ada Lovelace likes horror")
    return RecommendRequest(
        text=text, preferences=told, profile={"for": "Maria Schmidt"}, context={"who": "Ada Lovelace"}
    )


def test_a_name_is_hidden_wherever_it_stands_but_what_the_catalogue_holds_stays() -> None:
    request = asked()
    kept = unnamed(trace_of(request, answer(request)), Finder(*EVERYBODY).names, lambda name: name == "Stephen King")
    plain = kept.model_dump_json()
    assert "Lovelace" not in plain
    assert "Schmidt" not in plain
    assert kept.request.text == "I am <name>, something by Stephen King for my aunt <name>"
    assert (kept.message, kept.items[0].reason) == (
        "For <name>: Tom Sawyer. I could not apply “<name>”.",
        "Stephen King wrote it, <name>.",
    )
    assert kept.heard == ("<name> reads",)
    assert kept.items[0].title == "The Adventures of Tom Sawyer"


def test_a_trace_without_names_stays_as_it_is() -> None:
    trace = trace_of(asked(), answer(asked()))
    assert unnamed(trace, Finder("Grace Hopper").names, lambda _: False) is trace


class Shows:
    async def recommend(self, request: RecommendRequest | None = None, **fields: Any) -> RecommendResponse:
        assert request is not None
        return answer(request)

    async def language(self, tenant: str = "default") -> CatalogueLanguage:
        return language_of(SHOP)

    async def close(self) -> None:
        pass


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[TraceStore]:
    opened = TraceStore.at(Settings(home=tmp_path))
    yield opened
    await opened.aclose()


def everything_in(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


async def test_a_server_keeps_answers_without_names(store: TraceStore, tmp_path: Path) -> None:
    kept = Traced(cast(Service, Shows()), store, 1.0, Finder(*EVERYBODY))
    await kept.recommend(asked())
    await kept.close()
    (trace,) = await store.traces("default")
    assert trace.request.text == "I am <name>, something by Stephen King for my aunt <name>"
    assert trace.message == "For <name>: Tom Sawyer. I could not apply “<name>”."
    await store.aclose()
    assert b"Lovelace" not in await asyncio.to_thread(everything_in, tmp_path)


async def test_an_answer_whose_names_cannot_be_looked_for_is_not_kept(
    store: TraceStore, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Traced(cast(Service, Shows()), store, 1.0, Finder("Ada Lovelace"))
    await kept.recommend(asked("我想读书, Ada Lovelace"))
    await kept.recommend(asked("a book for Ada Lovelace"))
    await kept.close()
    assert [t.request.text for t in await store.traces("default")] == ["a book for <name>"]
    assert "not kept" in caplog.text
    assert "Ada" not in caplog.text


@pytest.fixture
def models(tmp_path: Path) -> dict[str, str]:
    """Make a folder with a spaCy pipeline that marks two names, in each of two languages."""
    spacy = pytest.importorskip("spacy")
    pytest.importorskip("presidio_analyzer")
    made = {}
    for language, name in (("en", "Maria Schmidt"), ("zh", "王小明")):
        pipeline = spacy.blank(language)
        pipeline.add_pipe("entity_ruler").add_patterns([{"label": "PERSON", "pattern": name}])
        pipeline.to_disk(tmp_path / language)
        made[language] = str(tmp_path / language)
    return made


@pytest.mark.slow
async def test_presidio_finds_names_by_the_model_of_the_script(models: dict[str, str]) -> None:
    found = await asyncio.to_thread(PersonalNames, models)
    assert found.names("for Maria Schmidt, and again for Maria Schmidt") == ["Maria Schmidt"]
    assert found.names("送给王小明的书") == ["王小明"]
    assert found.names("red boots") == []
    english = await asyncio.to_thread(PersonalNames, {"en": models["en"]})
    with pytest.raises(BackEndUnavailable, match="Chinese"):
        english.names("送给王小明的书")


@pytest.mark.slow
def test_a_model_that_is_not_here_is_never_downloaded() -> None:
    pytest.importorskip("presidio_analyzer")
    with pytest.raises(ConfigurationError, match=r"privacy\.name_models\.en: spaCy has no model 'xx_no_model'"):
        PersonalNames({"en": "xx_no_model"})


async def test_without_the_extra_the_start_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "presidio_analyzer", None)
    settings = Settings(
        home=tmp_path, traces=TraceSettings(enabled=True), privacy=PrivacySettings(name_models={"en": "en_core_web_sm"})
    )
    with pytest.raises(ConfigurationError, match=r"tastemaker\[privacy\]"):
        await with_traces(cast(Service, Shows()), settings)


async def test_logs_hold_nothing_of_what_was_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG, logger="tastemaker")
    settings = Settings(home=tmp_path)
    services = constant_services(settings)
    async with Recommender(services=services) as recommender:
        await recommender.recommend(text="a print for Ada Lovelace under 20", preferences={"words": "Ada Lovelace"})
    assert "Lovelace" not in caplog.text
