"""Share one real vLLM server among the tests that need it, give BLAS one thread, and keep the garbage collector from what the whole session holds."""

from __future__ import annotations

import gc
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from tastemaker.core.settings import LLMSettings, Settings
from tastemaker.models.vllm.server import VLLMServer

LIVE_MODEL = "vllm:smollm2-135m"
GARBAGE = (20_000, 20, 20)
"""Python's thresholds, the first raised: with its own a quarter of the suite's processor time goes to looking for garbage."""
os.environ.pop("SSL_CERT_FILE", None)
os.environ["SSL_CERT_DIR"] = str(
    Path(__file__).parent
)  # no test asks a public server; reading who may vouch for one takes 15 ms a client
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # small matrices; the workers of a run share the cores already
gc.disable()  # modules and tests, which are read now, stay


def pytest_collection_finish() -> None:
    """Look for garbage among what tests make, and not among modules and tests."""
    gc.freeze()
    gc.set_threshold(*GARBAGE)
    gc.enable()


@pytest.fixture(scope="session")
def vllm_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Yield settings whose ``llm.base_url`` is a real server: TASTEMAKER_TEST_LLM_URL, else one started for the session.

    The environment and the weights are those of the user's cache; home is a temporary folder.
    """
    home = tmp_path_factory.mktemp("vllm")
    given = os.environ.get("TASTEMAKER_TEST_LLM_URL")
    if given:
        yield _settings(home, LLMSettings(base_url=given))
        return
    settings = _settings(home, LLMSettings(model=LIVE_MODEL, port=_free_port()))
    server = VLLMServer(settings)
    try:
        url = server.up(watch=False).url
        yield _settings(home, LLMSettings(model=LIVE_MODEL, base_url=url))
    finally:
        server.down()


def _settings(home: Path, llm: LLMSettings) -> Settings:
    return Settings(home=home, llm=llm)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
