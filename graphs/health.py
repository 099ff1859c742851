"""Say how every part is, and open the models before the first request."""

from __future__ import annotations

import asyncio
import tempfile
import wave
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

from PIL import Image

from ..core.errors import TastemakerError
from ..core.protocols import ReadsOtherLanguages, TellsOtherModels, TellsProblem, TellsState
from ..core.ranking.cross_modal import SearchRequest
from ..core.redaction import public_reason
from ..models.lazy import LazyImageText
from ..models.slots import Slot, slot_id
from ..stores.catalogue.columns import model_mark
from ..stores.ingest.digest import embedding_text
from .search import search
from .shop.services import Services
from .shop.shop import Shop

PROBE_S = 5.0
LOOKED_AT = 20
"""Places among which a known item must come, and items that are looked at for one in another language."""
COMPARED, SAME = 3, 0.9
"""So many of them are embedded again, and are as they were from this cosine on."""


async def health_of(services: Services) -> dict[str, dict[str, str]]:
    """Return for each slot its ``state`` (ok, degraded, down) and a ``detail`` without secrets."""
    async with services.lend("default") as shop:
        report = {
            "catalogue": await _probe(_count(shop), "catalogue"),
            "history": await _probe(_version(shop), "history"),
        }
        if shop.learned.settings.enabled:
            await shop.learned.refresh()
        report["recommender"] = shop.learned.state()
        of_another = await _of_another_model(services, shop) or await _of_another_reader(services, shop)
    slots: tuple[tuple[Slot, object], ...] = (
        ("image_text", services.image_text),
        ("captioner", services.captioner),
        ("transcriber", services.transcriber),
    )
    for slot, part in slots:
        state = part.state if isinstance(part, TellsState) else "ok"
        good = state in {"ok", "idle"}
        report[slot] = {
            "state": "ok" if good else "degraded",
            "detail": slot_id(services.settings, slot) if good else state,
        }
    if report["image_text"]["state"] == "ok" and of_another:
        report["image_text"] = {"state": "degraded", "detail": of_another}
    for name in services.breakers.left_alone():
        part = name.rpartition("/")[2]
        if report.get(part, {}).get("state") != "down":
            report[part] = {"state": "degraded", "detail": "kept failing and is left alone for some seconds"}
    alive = await services.chat.health()
    report["llm"] = {"state": "ok" if alive else "degraded", "detail": slot_id(services.settings, "llm")}
    return report


async def finds_known_item(services: Services) -> str:
    """Search for a known item by its title, through the model and the index, and say what is wrong; empty if it is found.

    A model that answers fast and wrong is found so, and an empty catalogue is not held against it.
    """
    async with services.lend("default") as shop:
        known = (await shop.last_known()).items[:1] or await shop.catalogue.get(await shop.catalogue.scan(1))
    if not known:
        return ""
    try:
        async with asyncio.timeout(PROBE_S):
            found = await search(services, SearchRequest(text=known[0].title, n=LOOKED_AT), allow_paths=False)
    except (TastemakerError, TimeoutError) as error:
        return public_reason(error, "search")
    if any(hit.item_id == known[0].item_id or hit.title == known[0].title for hit in found.hits):
        return ""
    return "; ".join(label.why for label in found.degraded) or "a known item is not found by its own title"


async def open_models(services: Services) -> None:
    """Use the image-text model, the captioner and the transcriber once, in parallel; one that fails is left for later."""
    with tempfile.TemporaryDirectory() as folder:
        picture, clip = Path(folder) / "grey.png", Path(folder) / "silence.wav"
        await asyncio.to_thread(_write_samples, picture, clip)
        await asyncio.gather(
            _tried(lambda: services.image_text.embed_texts(["warm up"])),
            _tried(lambda: services.captioner.caption(str(picture))),
            _tried(lambda: services.transcriber.transcribe(str(clip))),
        )


async def _tried(work: Callable[[], Awaitable[object]]) -> None:
    with suppress(TastemakerError):
        await work()


def _write_samples(picture: Path, clip: Path) -> None:
    Image.new("RGB", (224, 224), "grey").save(picture)
    with clip.open("wb") as opened, wave.open(opened, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16_000)
        file.writeframes(bytes(2 * 16_000))


async def _of_another_model(services: Services, shop: Shop) -> str:
    """Say how many items hold vectors of another image-text model than the one in use, once that is open."""
    lazy = services.image_text
    model = await lazy.get() if isinstance(lazy, LazyImageText) and lazy.state == "ok" else None
    if isinstance(model, TellsProblem) and model.problem:
        return model.problem
    if model is None or not isinstance(shop.catalogue, TellsOtherModels):
        return ""
    try:
        others = await asyncio.wait_for(shop.catalogue.of_other_models(model_mark(model)), PROBE_S)
    except (TastemakerError, TimeoutError):
        return ""
    return f"{others} items were embedded by another version; run `tastemaker ingest` again" if others else ""


async def _of_another_reader(services: Services, shop: Shop) -> str:
    """Say whether items in other languages were embedded before what reads them now was here: a few are embedded again and compared."""
    lazy = services.image_text
    model = await lazy.get() if isinstance(lazy, LazyImageText) and lazy.state == "ok" else None
    if not isinstance(model, ReadsOtherLanguages):
        return ""
    try:
        async with asyncio.timeout(PROBE_S):
            items = await shop.catalogue.get(await shop.catalogue.scan(LOOKED_AT))
            texts = {i.item_id: embedding_text(i) for i in items if await _is_read_apart(model, embedding_text(i))}
            ids = list(texts)[:COMPARED]
            stored = await shop.catalogue.vectors("text", ids)
            made = await model.embed_texts([texts[i] for i in ids])
    except (TastemakerError, TimeoutError):
        return ""
    if all(float(stored[i].reshape(-1) @ row) > SAME for i, row in zip(ids, made, strict=True) if i in stored):
        return ""
    return (
        "items in other languages than English were embedded without what reads them now; run `tastemaker ingest` again"
    )


async def _is_read_apart(model: ReadsOtherLanguages, text: str) -> bool:
    return bool((await asyncio.to_thread(model.reader_of, text)).revision)


async def _count(shop: Shop) -> tuple[str, str]:
    count = (await shop.catalogue.schema()).count
    return ("ok", f"{count} items") if count else ("degraded", "no items yet; `tastemaker ingest` fills the catalogue")


async def _version(shop: Shop) -> tuple[str, str]:
    return "ok", f"version {await shop.history.version()}"


async def _probe(work: Awaitable[tuple[str, str]], what: str) -> dict[str, str]:
    try:
        state, detail = await asyncio.wait_for(work, PROBE_S)
        return {"state": state, "detail": detail}
    except (TastemakerError, TimeoutError) as error:
        return {"state": "down", "detail": public_reason(error, what)}
