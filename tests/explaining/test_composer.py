from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from tastemaker.agents.explaining.composer import Composer
from tastemaker.agents.explaining.composer_prompt import AnswerReader, guide
from tastemaker.agents.explaining.rendered import ReasonWriter, render_composition, render_message
from tastemaker.agents.explaining.request_words import first_quote
from tastemaker.agents.explaining.wording import wording
from tastemaker.agents.prompt_files.library import PromptLibrary
from tastemaker.core.errors import BackEndUnavailable, BadBackEndResponse
from tastemaker.core.ranking.recommendation_paths import proven
from tastemaker.core.schemas import (
    Brief,
    Check,
    Composition,
    Constraint,
    Evidence,
    Item,
    MediaFile,
    PathStep,
    RankedItem,
    SourceScore,
    Understanding,
    Verdict,
    Words,
)
from tastemaker.core.settings import LLMSettings, Settings
from tastemaker.tools.trust.policy import combine

from ..scripted import ScriptedChat, Step, composition
from .test_grounding import BOOT, FILM, SHOE, brief

SLIPPER = SHOE.model_copy(
    update={"item_id": "s3", "title": "Beach Slipper", "attributes": {"price": 12.5}, "text": "A blue slipper."}
)
ITEMS = tuple(RankedItem(item=i, rank=r, score=1 / r) for r, i in enumerate((SHOE, BOOT, SLIPPER), 1))
MESSAGE = "You asked for navy canvas shoes."
FIRST, SECOND = "This light canvas shoe is navy.", "You liked Sea Loafer; this boot is brown leather."
GOOD = composition(MESSAGE, FIRST, SECOND)


def composer(chat: ScriptedChat, **settings: int) -> Composer:
    return Composer(chat, PromptLibrary(None, {}), LLMSettings.model_validate({"compose_items": 2} | settings))


async def compose(
    chat: ScriptedChat, about: Brief | None = None, *, patience_s: float = 20.0, **settings: int
) -> tuple[list[Words], Composition]:
    said: list[Words] = []
    made = await composer(chat, **settings).compose(about or brief(items=ITEMS), said.append, timeout_s=patience_s)
    assert len(said) == len({w.item_id for w in said}), "an item got two sentences"
    assert {w.item_id for w in said} == {None} | {r.item.item_id for r in (about or brief(items=ITEMS)).items}
    assert [w.item_id for w in made.reasons] == [r.item.item_id for r in (about or brief(items=ITEMS)).items]
    chat.assert_done()
    return said, made


async def test_one_call_writes_the_first_items_and_the_rest_are_rendered() -> None:
    chat = ScriptedChat(Step(text=GOOD, expect="Harbour Canvas Sneaker"))
    said, made = await compose(chat)
    assert [(w.item_id, w.by) for w in said] == [("s3", "data"), (None, "model"), ("s1", "model"), ("s2", "model")]
    assert made.reasons[0].text == FIRST
    assert made.reasons[0].evidence_ids == ("text-1", "caption-1")
    assert made.degraded == ()
    assert (made.usage.llm_calls, made.usage.prompt_tokens, made.usage.completion_tokens) == (1, 500, 60)
    assert (made.prompt or "").startswith("compose@1#")


async def test_words_come_while_the_model_is_still_writing() -> None:
    chat = ScriptedChat(Step(text=GOOD, chunk=3, delay_s=0.01))
    first: list[float] = []
    loop = asyncio.get_running_loop()
    start = loop.time()
    await composer(chat).compose(brief(items=ITEMS), lambda w: first.append(loop.time() - start), timeout_s=5)
    rendered, message, pick, last = first
    assert rendered < 0.05
    assert rendered < message < pick < last


async def test_the_schema_allows_only_the_listed_items_and_the_prompt_trusted_evidence() -> None:
    chat = ScriptedChat(GOOD)
    about = brief(items=ITEMS, verdict=Verdict(state="no evidence", distrusted=("image-1",)))
    await compose(chat, about)
    schema = chat.calls[0].json_schema
    assert schema is not None
    assert list(schema["properties"]) == ["message", "1", "2"] == schema["required"]
    assert schema["additionalProperties"] is False
    prompt = chat.calls[0].messages[1].content
    assert "striped" not in prompt, "distrusted evidence reached the model"
    assert "28" not in prompt, "a price reached the model"


async def test_the_prompt_prefix_is_the_same_for_everyone() -> None:
    first, second = ScriptedChat(GOOD), ScriptedChat("{}")
    await compose(first)
    await compose(second, brief(items=ITEMS, text="something else", user="stranger", liked_titles=()))
    assert first.calls[0].messages[0] == second.calls[0].messages[0]


@pytest.mark.parametrize(
    ("message", "first", "second", "by"),
    [
        (
            "Here are the best deals for you.",
            FIRST,
            SECOND,
            ["data", "model", "model"],
        ),
        (MESSAGE, "This waterproof shoe is navy.", SECOND, ["model", "data", "model"]),
        (MESSAGE, "A navy canvas shoe for 28 EUR.", "A winter boot like Beach Slipper.", ["model", "data", "data"]),
        (MESSAGE, f"{FIRST} It also has", "You liked Sea Loafer; this is", ["model", "model", "data"]),
        (MESSAGE, FIRST + " It is navy" * 7, SECOND, ["model", "model", "model"]),
        (MESSAGE, "A light canvas shoe in navy.", SECOND, ["model", "data", "model"]),
    ],
)
async def test_what_fails_a_check_is_rendered(message: str, first: str, second: str, by: list[str]) -> None:
    _, made = await compose(ScriptedChat(composition(message, first, second)))
    assert [w.by for w in (made.message, *made.reasons[:2])] == by
    assert made.degraded == ()


async def test_the_same_sentence_for_two_items_is_refused_the_second_time() -> None:
    twin = RankedItem(item=SHOE.model_copy(update={"item_id": "s9", "title": "Quay Canvas Sneaker"}), rank=2, score=0.4)
    about = brief(items=(ITEMS[0], twin))
    _, made = await compose(ScriptedChat(composition(MESSAGE, FIRST, FIRST)), about)
    assert [w.by for w in made.reasons] == ["model", "data"]


@pytest.mark.parametrize(
    ("step", "why"),
    [
        (Step(error=BackEndUnavailable("the server is down", back_end="llm"), error_after=0), "llm up"),
        (Step(text="I am sorry, I cannot help with that."), "cannot be used"),
        (Step(text="[1, 2]"), "cannot be used"),
        (Step(text='{"message": oops'), "cannot be used"),
        (Step(text=GOOD, delay_s=30), "no answer in time"),
    ],
)
async def test_a_useless_model_costs_only_the_words(step: Step, why: str) -> None:
    _, made = await compose(ScriptedChat(step), patience_s=0.5)
    assert {w.by for w in (made.message, *made.reasons)} == {"data"}
    assert made.degraded[0].what == "llm"
    assert why in made.degraded[0].why


@pytest.mark.parametrize("cut", [60, 75, 100, len(GOOD) - 1])
async def test_what_was_checked_before_a_failure_stays(cut: int) -> None:
    steps = [Step(text=GOOD, error=BackEndUnavailable("gone", back_end="llm"), error_after=cut), Step(text=GOOD[:cut])]
    for step in steps:
        _, made = await compose(ScriptedChat(step), patience_s=2.0)
        assert made.message.by == "model"
        assert made.reasons[1].by == ("model" if cut == len(GOOD) - 1 else "data")
        assert made.reasons[0].by == ("model" if cut >= 100 else "data")
        assert [d.what for d in made.degraded] == ["llm"]


async def test_a_conflict_is_told_by_data_and_not_by_the_model() -> None:
    check = Check(check="text_image", state="conflict", reason="They disagree.", about=("text", "image-1"))
    photo = MediaFile(media_id="image-1", kind="image", path="/p.jpg", mime="image/jpeg")
    about = brief(items=ITEMS, verdict=combine([check], [photo]))
    chat = ScriptedChat(composition(None, FIRST, SECOND))
    _, made = await compose(chat, about)
    assert made.message.by == "data"
    assert made.message.text.startswith("The photo and the text disagree, so I followed the text.")
    assert "caption-1" not in made.message.evidence_ids


async def test_no_call_is_made_when_there_is_nothing_to_write() -> None:
    _, made = await compose(ScriptedChat(), brief(items=()))
    assert made.usage.llm_calls == 0
    assert made.message.text.startswith("Nothing in the catalogue meets all that you asked: a price of at most 40 EUR.")
    _, made = await compose(ScriptedChat(), compose_items=0)
    assert made == render_composition(brief(items=ITEMS))


async def test_a_missing_prompt_degrades(tmp_path: Path) -> None:
    writer = Composer(ScriptedChat(), PromptLibrary(tmp_path, {}), LLMSettings())
    made = await writer.compose(brief(items=ITEMS), lambda w: None)
    assert made.prompt is None
    assert "set up wrongly" in made.degraded[0].why


async def test_a_call_that_never_reached_the_server_is_not_counted() -> None:
    refused = Step(error=BackEndUnavailable("nobody answers", back_end="llm"))
    _, made = await compose(ScriptedChat(refused))
    assert made.usage.llm_calls == 0
    broken = Step(text=GOOD, error=BackEndUnavailable("broke off", back_end="llm"), error_after=20)
    _, made = await compose(ScriptedChat(broken))
    assert made.usage.llm_calls == 1
    _, made = await compose(ScriptedChat(Step(text="I cannot")))
    assert made.usage.llm_calls == 1


async def test_a_rendered_message_comes_first_and_the_model_is_not_asked_for_one() -> None:
    chat = ScriptedChat(Step(text=composition(None, FIRST, SECOND), delay_s=0.01))
    said: list[Words] = []
    writer = Composer(chat, PromptLibrary(None, {}), LLMSettings(compose_items=2), writes_message=False)
    made = await writer.compose(brief(items=ITEMS), said.append, timeout_s=2)
    assert [(w.item_id, w.by) for w in said] == [(None, "data"), ("s3", "data"), ("s1", "model"), ("s2", "model")]
    assert made.message == render_message(brief(items=ITEMS))
    schema = chat.calls[0].json_schema
    assert schema is not None
    assert list(schema["properties"]) == ["1", "2"]


@pytest.mark.parametrize(
    ("profile", "wanted", "writes"), [("embedded", None, False), ("hub", None, True), ("embedded", True, True)]
)
def test_the_profile_says_who_writes_the_message(profile: str, wanted: bool | None, writes: bool) -> None:
    settings = Settings.model_validate({"profile": profile, "llm": {"compose_message": wanted}})
    assert settings.model_writes_message is writes


def test_the_reader_yields_each_member_once_and_in_time() -> None:
    reader = AnswerReader()
    found = [m for c in '{"message": "a}b\\"c", "1": {"reason": "x"}, "2": {"rea' for m in reader.feed(c)]
    assert found == [("message", 'a}b"c'), ("1", {"reason": "x"})]
    with pytest.raises(BadBackEndResponse):
        list(reader.finish())


def ranked(source: str, rank: int = 1, item: object = BOOT) -> RankedItem:
    scores = (SourceScore(source=source, rank=1, score=1),)
    return RankedItem.model_validate({"item": item, "rank": rank, "score": 1, "sources": scores})


BARE = {"text": "", "evidence": (), "understanding": Understanding()}
HISTORY = Evidence(evidence_id="history-1", kind="history", source="history", content="liked two things", confidence=1)


def render_reason(item: RankedItem, about: Brief) -> Words:
    return ReasonWriter(about).reason(item)


def wishing(**condition: object) -> dict[str, object]:
    return BARE | {"understanding": Understanding(constraints=(Constraint.model_validate(condition),))}


@pytest.mark.parametrize(
    ("item", "changes", "kind", "slots"),
    [
        (ranked("text_vector", item=SHOE), {}, "price_within", {"price": "28 EUR", "limit": "40 EUR", "left": "12 EUR"}),
        (ranked("image_vector"), {"text": ""}, "photo_looks", {"photo": "your photo"}),
        (ranked("co_occurrence"), BARE | {"liked_titles": ("Sea Loafer",)}, "taste_one", {"liked": "Sea Loafer"}),
        (ranked("profile_vector"), BARE, "profile", {}),
        (ranked("similar_to_shown"), BARE, "anchor_one", {}),
        (ranked("co_occurrence"), BARE, "taste_many", {}),
        (ranked("co_occurrence"), BARE | {"user": "new", "strategy": "session"}, "taste_learnt", {"learnt": "looked at"}),
        (ranked("profile_vector"), BARE | {"user": "stranger"}, "details_alone", {"says": "is brown and meant for winter"}),
        (ranked("exploration"), BARE, "new", {}),
        (ranked("x", item=FILM), wishing(field="year", op="<", value=1980.0), "year_until", {"bound": "1980", "says": "is from 1979", "value": "1979"}),
        (ranked("x", item=FILM), wishing(field="genre", op="contains", value="horror"), "besides", {"asked": "horror", "others": "sci-fi"}),
        (ranked("x"), wishing(field="colour", op="!=", value="navy"), "instead", {"wanted": "navy", "says": "is brown"}),
        (ranked("x"), wishing(field="colour", op="in", value=["navy", "brown"]), "chosen", {"says": "is brown"}),
        (ranked("x", item=SLIPPER), BARE, "story", {"quote": "A blue slipper"}),
        (ranked("x", item=SLIPPER.model_copy(update={"text": ""})), BARE, "details_alone", {"says": "costs 12.50 EUR"}),
        (ranked("x", item=FILM), {"text": "something with a creature", "evidence": (), "understanding": Understanding()}, "mention",
         {"words": "“creature”", "quote": "The crew of a ship is hunted by a creature"}),
        (ranked("x"), {"text": "something for winter", "evidence": (), "understanding": Understanding()}, "asked", {"says": "is meant for winter"}),
    ],
)  # fmt: skip
def test_rendered_reasons(item: RankedItem, changes: dict[str, object], kind: str, slots: dict[str, str]) -> None:
    slots = {"amount": "1979", "low": "", "high": "", **slots}
    text = render_reason(item, brief(**changes)).text
    ways = wording("en").table["sentences"][kind]
    said = [way.format_map(slots | {k.capitalize(): v[:1].upper() + v[1:] for k, v in slots.items()}) for way in ways]
    assert any(text.startswith(s) for s in said), text


def test_no_two_reasons_of_a_list_begin_alike_and_none_says_a_thing_twice() -> None:
    limit = Constraint(field="price", op="<=", value=90.0)
    items = tuple(
        RankedItem(item=BOOT.model_copy(update={"item_id": f"b{n}", "attributes": BOOT.attributes | {"price": 50.0 + n}}), rank=n, score=1)
        for n in range(1, 6)
    )  # fmt: skip
    for about in (brief(items=items, **wishing(field="price", op="<=", value=90.0)), brief(items=items, **BARE)):
        texts = [w.text for w in render_composition(about).reasons]
        starts = [" ".join(s.split()[:2]) for t in texts for s in re.split(r"(?<=[.”])\s", t)]
        assert len(starts) == len(set(starts)), texts
    assert limit.field not in " ".join(texts)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        (Constraint(field="price", op="<", value=40.0), "a price below 40 EUR"),
        (Constraint(field="baseColour", op="=", value="Navy Blue"), "navy blue"),
        (Constraint(field="gender", op="in", value=["Men", "Unisex"]), "for men"),
        (Constraint(field="make", op="not in", value=["BMW", "Audi"]), "not from BMW or Audi"),
        (Constraint(field="horsepower", op=">=", value=250.0), "at least 250 horsepower"),
        (Constraint(field="rating", op=">", value=8.0), "a rating of more than 8"),
        (Constraint(field="year", op=">=", value=1990.0), "from 1990 or later"),
        (Constraint(field="genres", op="not contains", value="Horror"), "not horror"),
        (Constraint(field="wheelbase_cm", op="<=", value=270.0), "a wheelbase of at most 270 cm"),
        (Constraint(field="vegan", op="=", value=True), "marked as vegan"),
        (Constraint(field="closure", op="=", value="Zip"), "Zip"),
    ],
)
def test_conditions_in_words(condition: Constraint, said: str) -> None:
    assert wording("en").asks(condition, brief()) == said


def test_what_an_allergy_rules_out_is_not_promised_to_be_absent() -> None:
    item = SHOE.model_copy(update={"attributes": {"allergens": ["Milk"]}})
    about = brief(**wishing(field="allergens", op="not contains", value="Nuts"))
    text = render_reason(ranked("x", item=item), about).text
    assert "nuts" in text.lower()
    assert any(w in text.lower() for w in ("list", "record"))
    assert "contains milk" in text


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_kind_of_sentence_can_be_said_in_five_ways_that_begin_differently(language: str) -> None:
    table = wording("en" if language == "en" else "zh").table
    other = wording("zh" if language == "en" else "en").table
    assert set(table["sentences"]) == set(other["sentences"])
    assert set(table["opening"]) == set(other["opening"])
    for kind, ways in table["sentences"].items():
        starts = {way[:3] if language == "zh" else " ".join(way.split()[:2]) for way in ways}
        assert len(starts) >= 5, kind


def test_a_rendered_reason_cites_what_it_rests_on() -> None:
    about = brief(evidence=(HISTORY,), text="")
    assert render_reason(ranked("co_occurrence"), about).evidence_ids == ("history-1",)
    photo = render_reason(ranked("image_vector"), brief(text=""))
    assert photo.evidence_ids == ("caption-1",)


def test_every_source_of_the_shop_is_known_to_the_reasons() -> None:
    from unittest.mock import MagicMock

    from tastemaker.core.ranking.weights import SOURCES
    from tastemaker.models.recommender.scorers.listing import SCORERS
    from tastemaker.tools.sources.listing import build_sources

    sources = {s.name for s in build_sources(MagicMock(), MagicMock())}
    assert sources <= set(SOURCES) <= {*sources, "exploration", "new_items", "track", "described", *SCORERS}


@pytest.mark.parametrize(
    ("relation", "said"),
    [
        ("colour: brown", "is brown"),
        ("liked by the same people", "eople"),
    ],
)
def test_a_checked_path_says_what_was_liked(relation: str, said: str) -> None:
    step = PathStep(source="i0", relation=relation, target="i1", source_title="Red boat")
    liked = HISTORY.model_copy(update={"content": "liked: Red boat; Blue dog"})
    item = ranked("graph").model_copy(update={"path": (step,)})
    words = render_reason(item, brief(evidence=(liked,), text=""))
    assert "“Red boat”" in words.text
    assert said in words.text
    assert "history-1" in words.evidence_ids
    elsewhere = step.model_copy(update={"source_title": "Never mentioned"})
    unproven = render_reason(item.model_copy(update={"path": (elsewhere,)}), brief(evidence=(liked,), text=""))
    assert "Never mentioned" not in unproven.text


def test_a_path_is_dropped_unless_every_record_bears_it_out() -> None:
    boat = Item(item_id="a", title="Red boat", attributes={"theme": ["sea", "boats"], "year": 1994.0, "framed": True})
    ship = Item(item_id="b", title="Blue ship", attributes={"theme": ["sea"], "year": 1999.0, "framed": True})
    records = {"a": boat, "b": ship}
    for relation in ("theme: sea", "decade: 1990", "framed", "liked by the same people"):
        steps = (PathStep(source="a", relation=relation, target="b"),)
        assert proven(steps, records, {"a"})[0].source_title == "Red boat"
        assert proven(steps, records, {"b"}) == ()
        assert proven(steps, {"b": ship}, {"a"}) == ()
    assert proven((PathStep(source="a", relation="theme: boats", target="b"),), records, {"a"}) == ()


def test_a_distrusted_photo_is_no_reason() -> None:
    about = brief(text="", verdict=Verdict(state="conflict", distrusted=("image-1",)))
    assert "photo" not in render_reason(ranked("image_vector"), about).text


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"text": "navy canvas"}, "Here are 2 items for “navy canvas” and your photo."),
        ({"items": (ITEMS[0],), "text": "navy canvas", "evidence": ()},
         "Here is 1 item for “navy canvas”. It keeps to what you asked: a price of at most 40 EUR."),
        (BARE, "Here are 2 items, chosen from what you liked, such as “Blade Runner”."),
        (BARE | {"user": "stranger", "liked_titles": (), "cold_start": "popular with everyone, as nothing is known of you"},
         "Here are 2 items to start with. Popular with everyone, as nothing is known of you."),
        (BARE | {"items": ()}, "I found nothing for this; try other words or another photo."),
    ],
)  # fmt: skip
def test_rendered_messages(changes: dict[str, object], expected: str) -> None:
    assert render_message(brief(**changes)).text == expected


def test_a_guided_sentence_can_only_take_words_of_the_wish_and_of_the_record() -> None:
    tagged = SHOE.model_copy(update={"attributes": {"material": ["rubber", "cotton", "canvas"], "price": 28.0}})
    pattern = re.compile(guide(brief(), tagged, 0))
    assert pattern.search("With canvas, it is made of rubber and cotton, too.")
    for wrong in (
        "With garden, it is made of rubber and cotton, too.",  # asked, but not in the record
        "With canvas, it is made of rubber and rubber, too.",
        "With canvas, it is made of gold and cotton, too.",
        "With canvas, it is made of rubber and cotton, too",
    ):
        assert not pattern.search(wrong)
    assert guide(brief(), tagged, 1) != pattern.pattern
    assert guide(brief(), SHOE, 0) == "", "one value leaves nothing to choose"
    assert guide(brief(text="a tent", evidence=()), tagged, 0) == ""
    apart = SHOE.model_copy(update={"attributes": {"usage": ["casual", "travel", "sports"]}})
    assert guide(brief(), apart, 0) == "", "what was asked for is not in the list"


async def test_a_rendered_reason_does_not_begin_as_one_that_the_model_wrote() -> None:
    chat = ScriptedChat(composition(None, "This one is a navy canvas shoe.", "nothing"))
    made = await Composer(chat, PromptLibrary(None, {}), LLMSettings(), writes_message=False).compose(
        brief(items=ITEMS, **BARE | {"text": "navy canvas"}), lambda w: None
    )
    starts = [" ".join(w.text.split()[:2]) for w in made.reasons]
    assert made.reasons[0].by == "model"
    assert len(starts) == len(set(starts))


async def test_a_guided_composer_sends_the_patterns() -> None:
    tagged = RankedItem(
        item=SHOE.model_copy(update={"attributes": {"material": ["canvas", "rubber", "cotton"]}}), rank=1, score=1
    )
    chat = ScriptedChat(composition(None, "With canvas, it is made of rubber and cotton, too."))
    writer = Composer(chat, PromptLibrary(None, {}), LLMSettings(), writes_message=False, guided=True)
    made = await writer.compose(brief(items=(tagged,)), lambda w: None)
    schema = chat.calls[0].json_schema
    assert schema is not None
    assert schema["properties"]["1"]["pattern"] == guide(brief(items=(tagged,)), tagged.item, 0)
    assert made.reasons[0].by == "model"


def test_a_detail_is_what_sets_an_item_apart_and_no_low_rating_is_held_up() -> None:
    shoes = [
        Item(item_id=str(i), title=f"Shoe {i}", attributes={"season": "Summer", "rating": rating, "colour": colour})
        for i, (rating, colour) in enumerate([(4.8, "Blue"), (3.1, "Red"), (4.6, "Red")])
    ]
    items = tuple(RankedItem(item=shoe, rank=i, score=1.0) for i, shoe in enumerate(shoes, 1))
    said = [w.text for w in render_composition(brief(items=items, **BARE | {"text": "shoes"})).reasons]
    assert not any("summer" in s for s in said), "what every item of the list is tells nothing"
    assert "3.1" not in said[1]


@pytest.mark.parametrize("text", ["Be the first to contribute!", "Add a plot.", "Coming soon."])
def test_what_stands_in_for_a_description_is_not_quoted(text: str) -> None:
    assert first_quote(Item(item_id="1", title="t", text=text)) == ""


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("length", "a length of less than 10"),
        ("ear count", "an ear count of less than 10"),
        ("doors", "less than 10 doors"),
    ],
)
def test_a_limit_on_a_number_reads_like_a_sentence(field: str, said: str) -> None:
    assert wording("en").asks(Constraint(field=field, op="<", value=10), Brief()) == said
