"""Joined requests: few calls, own rows, own errors, a bound."""

from __future__ import annotations

import asyncio
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tastemaker.core.errors import BackEndError, BackEndOverloaded
from tastemaker.core.protocols import Vectors
from tastemaker.core.settings import load_settings
from tastemaker.models.image_text.batching import Joiner
from tastemaker.models.image_text.embedded import EmbeddedImageText
from tastemaker.models.weights.fetch import weights_status

CACHE = load_settings({}).cache
HAVE_WEIGHTS = all(weights_status(CACHE)[n] for n in ("minilm", "efficientnet-lite0"))


class Counted:
    """Numbers to rows; holds its first call until told to go on."""

    def __init__(self) -> None:
        self.calls: list[list[int]] = []
        self.go, self.busy = threading.Event(), threading.Event()

    def __call__(self, keys: list[int]) -> Vectors:
        self.calls.append(keys)
        self.busy.set()
        self.go.wait(10)
        if -1 in keys:
            raise BackEndError("-1 is no picture")
        return np.array([[key] for key in keys], np.float32)


async def _until_busy(counted: Counted) -> None:
    assert await asyncio.to_thread(counted.busy.wait, 10)


async def test_requests_that_wait_are_joined_and_get_their_own_rows() -> None:
    counted = Counted()
    joiner = Joiner(counted, batch=64, name="toy")
    first = asyncio.create_task(joiner.rows([0]))
    await _until_busy(counted)
    others = [asyncio.create_task(joiner.rows([n, -n - 10])) for n in range(1, 32)]
    await asyncio.sleep(0)
    counted.go.set()
    rows = await asyncio.gather(first, *others)
    assert [row[:, 0].tolist() for row in rows] == [[0], *([n, -n - 10] for n in range(1, 32))]
    assert [len(call) for call in counted.calls] == [1, 62]


async def test_bad_input_fails_only_its_own_caller() -> None:
    counted = Counted()
    joiner = Joiner(counted, batch=64, name="toy")
    tasks = [asyncio.create_task(joiner.rows([n])) for n in (7, 8, -1, 9)]
    await asyncio.sleep(0)
    counted.go.set()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert isinstance(done[2], BackEndError)
    assert [float(row[0, 0]) for row in done if not isinstance(row, BaseException)] == [7, 8, 9]


async def test_queue_is_bounded_and_a_cancelled_request_is_not_computed() -> None:
    counted = Counted()
    joiner = Joiner(counted, batch=2, name="toy", waiting=3)
    first = asyncio.create_task(joiner.rows([0]))
    await _until_busy(counted)
    kept, dropped = (asyncio.create_task(joiner.rows(keys)) for keys in ([1, 2], [3]))
    await asyncio.sleep(0)
    with pytest.raises(BackEndOverloaded, match="3 inputs waiting, at most 3"):
        await joiner.rows([4])
    dropped.cancel()
    await asyncio.wait([dropped])
    counted.go.set()
    await asyncio.gather(first, kept)
    assert (await joiner.rows([5]))[0, 0] == 5
    assert counted.calls == [[0], [1, 2], [5]]


def test_one_joiner_serves_several_event_loops() -> None:
    counted = Counted()
    counted.go.set()
    joiner = Joiner(counted, batch=4, name="toy")
    assert [float(asyncio.run(joiner.rows([n]))[0, 0]) for n in range(3)] == [0, 1, 2]


@pytest.mark.skipif(not HAVE_WEIGHTS, reason="run `tastemaker setup` to fetch the embedded weights")
async def test_32_photos_at_once_are_served_alike(tmp_path: Path) -> None:
    paths = []
    for n in range(32):
        Image.new("RGB", (240, 180), (8 * n, 255 - 8 * n, 90)).save(tmp_path / f"{n}.jpg")
        paths.append(str(tmp_path / f"{n}.jpg"))
    model, alone = EmbeddedImageText(CACHE, threads=2), EmbeddedImageText(CACHE, threads=1)
    began = time.perf_counter()
    rows = await asyncio.gather(*(model.embed_images([path]) for path in paths))
    assert time.perf_counter() - began < 60
    np.testing.assert_allclose(np.concatenate(rows)[:4], alone.encode_images(paths[:4]), atol=1e-4)
