"""Find out what is installed, what serves each slot and what is missing; nothing is fetched or started."""

from __future__ import annotations

import asyncio
import platform
import shutil
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Literal

from ... import __version__
from ...core.errors import TastemakerError
from ...core.schemas import Frozen
from ...core.settings import Settings
from ...models.slots import slot_id
from .packages import Finding, State, look_at_packages

Slot = Literal["image_text", "captioner", "transcriber", "llm"]
SLOTS: tuple[Slot, ...] = ("image_text", "captioner", "transcriber", "llm")
_PROBE_S = 10.0
_MB = 1_000_000


class Diagnosis(Frozen):
    """Everything that `tastemaker doctor` found."""

    version: str
    python: str
    profile: str
    home: str
    cache: str
    packages: tuple[Finding, ...]
    extras: tuple[Finding, ...]
    slots: tuple[Finding, ...]
    weights: tuple[Finding, ...]
    machine: tuple[Finding, ...]
    data: tuple[Finding, ...]

    @property
    def findings(self) -> tuple[Finding, ...]:
        """Return every finding."""
        return self.packages + self.extras + self.slots + self.weights + self.machine + self.data

    @property
    def works(self) -> bool:
        """Return whether the embedded default can work."""
        return not any(f.essential and f.state in {"missing", "broken"} for f in self.findings)


async def diagnose(settings: Settings) -> Diagnosis:
    """Look at everything; a part that fails is a finding, never an error."""
    packages, extras = look_at_packages()
    return Diagnosis(
        version=__version__,
        python=f"{platform.python_version()} ({sys.executable})",
        profile=settings.profile,
        home=str(settings.home),
        cache=str(settings.cache),
        packages=packages,
        extras=extras,
        slots=await asyncio.to_thread(lambda: tuple(_slots(settings))),
        weights=await asyncio.to_thread(lambda: tuple(_weights(settings))),
        machine=await asyncio.to_thread(lambda: tuple(_machine(settings))),
        data=(await _catalogue(settings), await _history(settings), await asyncio.to_thread(_recommender, settings)),
    )


def _slots(settings: Settings) -> Iterator[Finding]:

    for slot in SLOTS:
        try:
            served = slot_id(settings, slot)
            _open_slot(settings, slot)
        except TastemakerError as error:
            yield Finding(what=slot, state="broken", detail=str(error), essential=slot == "image_text")
            continue
        if slot == "llm":
            yield _llm(settings, served)
            continue
        lacking = [w for w in _needed(served) if not _present(settings, w)]
        if lacking:
            detail = f"{served}, without its weights {', '.join(lacking)}"
            yield Finding(what=slot, state="missing", detail=detail, fix="tastemaker setup")
        else:
            yield Finding(what=slot, state="ok", detail=served)


def _open_slot(settings: Settings, slot: Slot) -> None:
    from ...models import registry

    if slot == "captioner":
        registry.open_captioner(settings, registry.open_image_text(settings))
        return
    openers: dict[str, Callable[[Settings], object]] = {
        "image_text": registry.open_image_text,
        "transcriber": registry.open_transcriber,
        "llm": registry.open_chat,
    }
    openers[slot](settings)


def _llm(settings: Settings, served: str) -> Finding:
    from ...models.vllm.server import VLLMServer

    status = VLLMServer(settings).status()
    if status.state == "running":
        where = "a server of others" if status.external else f"pid {status.pid}"
        return Finding(what="llm", state="ok", detail=f"{served} at {status.url} ({where})")
    fix = "check TASTEMAKER_LLM__BASE_URL" if status.external else "tastemaker llm up"
    detail = f"{served}: {status.state}{'; ' + status.why if status.why else ''}; reasons are rendered from data"
    return Finding(what="llm", state="optional", detail=detail, fix=fix)


def needed_weights(settings: Settings) -> list[str]:
    """Return the packaged weights that the chosen back-ends use, in order, each once."""

    names: dict[str, None] = {}
    for slot in SLOTS:
        if slot == "llm" and settings.llm.base_url:
            continue
        names.update(dict.fromkeys(_needed(slot_id(settings, slot))))
    return list(names)


def useful_weights(settings: Settings) -> list[str]:
    """Return the weights that the profile uses where they are there, and goes on without."""
    from ...models.slots import slot_id

    return ["multilingual-e5-small"] if slot_id(settings, "image_text").startswith("embedded:") else []


def _needed(served: str) -> list[str]:
    from ...models.weights.table import TABLE

    kind, _, name = served.partition(":")
    names = {
        "embedded": ["minilm", "efficientnet-lite0"],
        "zero-shot": ["minilm", "efficientnet-lite0"],
        "whisper": [f"whisper-{name}"],
        "vllm": [name],
    }.get(kind, [])
    return [n for n in names if n in TABLE]


def _present(settings: Settings, name: str) -> bool:
    from ...models.weights.fetch import weights_status

    return weights_status(settings.cache)[name]


def _weights(settings: Settings) -> Iterator[Finding]:
    from ...models.weights.fetch import weights_status
    from ...models.weights.table import TABLE

    needed = set(needed_weights(settings))
    for name, present in weights_status(settings.cache).items():
        pinned = TABLE[name]
        size = f"{sum(f.size_bytes for f in pinned.files) / _MB:,.0f} MB, {pinned.licence}"
        if present:
            yield Finding(what=name, state="ok", detail=f"{pinned.about}; {size}")
        elif name in needed:
            yield Finding(what=name, state="missing", detail=f"{pinned.about}; {size}", fix="tastemaker setup")
        else:
            fix = f"tastemaker setup --weights {name}"
            yield Finding(what=name, state="optional", detail=f"{pinned.about}; {size}", fix=fix)


def _machine(settings: Settings) -> Iterator[Finding]:
    from ...models.vllm.environment import find_vllm_python, has_gpu

    yield (
        Finding(what="gpu", state="ok", detail=_gpu_names())
        if has_gpu()
        else Finding(what="gpu", state="optional", detail="none: everything runs on the CPU")
    )
    python = find_vllm_python(settings.cache)
    if python is not None:
        yield Finding(what="vllm", state="ok", detail=f"environment {python}")
    elif settings.llm.base_url:
        yield Finding(what="vllm", state="optional", detail="not needed: llm.base_url names a server")
    else:
        detail = "no environment for the language model's server (2.3 GB on a CPU)"
        yield Finding(what="vllm", state="missing", detail=detail, fix="tastemaker setup")
    free = shutil.disk_usage(_existing(settings.cache)).free
    yield Finding(what="disk", state="ok", detail=f"{free / 1e9:,.0f} GB free beside {settings.cache}")


def _existing(path: Path) -> Path:
    return next((p for p in (path, *path.parents) if p.exists()), Path("/"))


def _gpu_names() -> str:
    smi = shutil.which("nvidia-smi")
    if smi is None:
        return "in use through vLLM's environment"
    done = subprocess.run(  # noqa: S603 - the driver's own tool, found on the path
        [smi, "--query-gpu=name,memory.total", "--format=csv,noheader"],
        capture_output=True,
        text=True,
        timeout=_PROBE_S,
        check=False,
    )
    return "; ".join(done.stdout.strip().splitlines()) or "nvidia-smi names none"


async def _catalogue(settings: Settings) -> Finding:
    uri = settings.catalogue_uri
    fix = "tastemaker ingest CATALOGUE, or tastemaker demo"
    if "://" not in uri and not await asyncio.to_thread(Path(uri).exists):
        return Finding(what="catalogue", state="missing", detail=f"none at {uri}", fix=fix)

    async def count() -> int:
        from ...stores.catalogue.lance_catalogue import LanceCatalogue

        return (await (await LanceCatalogue.open(uri)).schema()).count

    found = await _probe(count())
    if isinstance(found, str):
        return Finding(what="catalogue", state="broken", detail=found, fix="check catalogue.uri")
    state: State = "ok" if found else "missing"
    return Finding(what="catalogue", state=state, detail=f"{found:,} items at {uri}", fix="" if found else fix)


async def _history(settings: Settings) -> Finding:
    url = settings.history_url
    local = url.partition("///")[2] if url.startswith("sqlite") else ""
    if local and not await asyncio.to_thread(Path(local).exists):
        return Finding(
            what="history", state="optional", detail="empty: everyone is new", fix="tastemaker ingest --interactions"
        )

    async def count() -> int:
        from ...stores.events.history import SqlHistory

        history = await SqlHistory.open(url, "default")
        try:
            return await history.version()
        finally:
            await history.close()

    found = await _probe(count())
    if isinstance(found, str):
        return Finding(what="history", state="broken", detail=found, fix="check history.url")
    return Finding(what="history", state="ok", detail=f"version {found:,} ({url.partition(':')[0]})")


def _recommender(settings: Settings) -> Finding:
    """Say which trained version is in use, since when, and whether it is whole."""
    from ...stores.trained_versions import Artefacts

    store = Artefacts(settings.models_path("default"))
    try:
        current = store.current()
        if current is None:
            detail = "untrained: bare requests are ranked by co-occurrence, nearness and popularity"
            return Finding(what="recommender", state="optional", detail=detail, fix="tastemaker train")
        store.folder(current)
        card = store.card(current)
    except TastemakerError as error:
        return Finding(what="recommender", state="broken", detail=str(error), fix="tastemaker train, or --rollback")
    detail = f"version {current}, trained {card.created_at:%Y-%m-%d %H:%M} UTC on {card.interactions:,} interactions"
    return Finding(what="recommender", state="ok", detail=detail)


async def _probe(work: Awaitable[int]) -> int | str:
    try:
        return await asyncio.wait_for(work, _PROBE_S)
    except TimeoutError:
        return f"no answer within {_PROBE_S:.0f} s"
    except TastemakerError as error:
        return str(error)
