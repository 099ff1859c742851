"""Train the recommender of a demonstration, where that takes only seconds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ...core.errors import TastemakerError
from ...core.settings import Settings
from ...stores.catalogue.lance_catalogue import LanceCatalogue
from ...stores.events.event_columns import EventLog
from ...stores.events.history import SqlHistory
from ...stores.trained_versions import Artefacts
from ...tools.trained.train import Options, has_news, read_data, train

MAX_EVENTS = 20_000
"""A demonstration with more events is left untrained: `tastemaker train` takes minutes then."""
BUDGET_S = 30.0


async def learn(demo: Settings, say: Callable[[str], None]) -> str:
    """Train if there is news and it is quick; return what came of it, in words."""
    store = Artefacts(demo.models_path("default"), demo.recommender.keep)
    catalogue = await LanceCatalogue.open(demo.catalogue_uri)
    history = await SqlHistory.open(demo.history_url)
    try:
        if await history.version() > MAX_EVENTS:
            return "untrained: with so many events it takes minutes, `tastemaker train` does it"
        log = EventLog(MAX_EVENTS)
        data = await read_data("default", catalogue, history, log, demo.recommender)
        if not has_news(log, store):
            return f"as before: {store.current() or 'ranked without training'}"
        options = Options(budget_s=BUDGET_S)
        done = await asyncio.to_thread(train, data, store, demo.recommender, options, _briefly(say))
    except TastemakerError as error:
        return f"untrained: {error}"
    finally:
        await history.close()
    seconds = f", {done.card.seconds:.1f} s" if done.card else ""
    return f"trained{seconds}. {done.decision}"


def _briefly(say: Callable[[str], None]) -> Callable[[str, float], None]:
    return lambda _text, share: say(f"recommender: {round(10 * share) * 10} % trained")
