"""Open the thread store that the settings name."""

from __future__ import annotations

from ...core.errors import ConfigurationError
from ...core.settings import Settings
from .store import Threads


async def open_threads(settings: Settings) -> Threads:
    """Open the store that the settings name.

    Raises:
        ConfigurationError: the URL is not understood, or its driver is missing.
        StoreError: it cannot be opened.
    """
    url = settings.threads.url.get_secret_value()
    if not url:
        return await Threads.open(settings.threads_path)
    try:
        from .postgres import PostgresThreads
    except ImportError as error:
        raise ConfigurationError("threads.url needs the extra: pip install 'tastemaker[postgres]'") from error
    return await PostgresThreads.connect(url)
