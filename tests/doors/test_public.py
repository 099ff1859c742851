"""What clients are told of a failure has no secrets, and what is logged has no credentials."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tastemaker.api.http.middleware import RequestContext
from tastemaker.core import errors
from tastemaker.core.errors import (
    BackEndTimeout,
    BackEndUnavailable,
    BadBackEndResponse,
    ConfigurationError,
    InvalidRequestError,
    StoreError,
    TastemakerError,
    ToolError,
)
from tastemaker.core.redaction import RedactingFormatter, public_reason, redact
from tastemaker.core.settings import CatalogueSettings, HistorySettings, LLMSettings, Settings, load_settings
from tastemaker.models.lazy import Lazy

SECRETS = "s3://key:secret@bucket/x: /srv/build/lance.rs, https://index.example:8443/simple, user postgres"
CLASSES = [
    c for c in vars(errors).values() if isinstance(c, type) and issubclass(c, TastemakerError)
    if c not in (InvalidRequestError, errors.ReleaseBlockedError) and not issubclass(c, errors.AccessError)
]  # fmt: skip


@pytest.mark.parametrize("kind", [*CLASSES, TimeoutError, RuntimeError, OSError])
@pytest.mark.parametrize("what", ["llm", "catalogue", "captioner"])
def test_a_reason_repeats_nothing_of_the_message(kind: type[Exception], what: str) -> None:
    reason = public_reason(kind(SECRETS), what)
    assert 5 < len(reason) < 100
    for secret in ("s3:", "secret", "bucket", "/srv", "example", "postgres", "lance"):
        assert secret not in reason


@pytest.mark.parametrize(
    ("error", "what", "reason"),
    [
        (BackEndTimeout("x"), "captioner", "no answer in time"),
        (TimeoutError(), "history", "no answer in time"),
        (BackEndUnavailable("x"), "captioner", "not available; see `tastemaker doctor`"),
        (BackEndUnavailable("x"), "llm", "start it with `tastemaker llm up`"),
        (BackEndUnavailable("x", back_end="llm"), "route", "start it with `tastemaker llm up`"),
        (StoreError("x"), "catalogue", "cannot be read"),
        (ConfigurationError("x"), "captioner", "set up wrongly"),
        (InvalidRequestError("images[0]", "more than 4 photos"), "media", "images[0]: more than 4 photos"),
    ],
)
def test_a_reason_says_what_to_do(error: Exception, what: str, reason: str) -> None:
    assert reason in public_reason(error, what)


def test_the_reason_of_a_tool_is_that_of_its_back_end() -> None:
    error = ToolError("image-1 could not be captioned")
    error.__cause__ = BackEndUnavailable("http://10.0.0.7 is down", back_end="vllm:x")
    assert public_reason(error, "captioner") == "not available; see `tastemaker doctor`"


@pytest.mark.parametrize(
    ("text", "redacted"),
    [
        ("cannot open s3://key:secret@bucket/x: no", "cannot open s3://***@bucket/x: no"),
        ("s3://key:se/cr+et@bucket/x", "s3://***@bucket/x"),
        ("postgresql+asyncpg://ada:p@ss@db:5432/shop", "postgresql+asyncpg://***@db:5432/shop"),
        ("https://token@host/a", "https://***@host/a"),
        ("http://h/x?a=1&X-Amz-Signature=abc&token=z", "http://h/x?a=1&X-Amz-Signature=***&token=***"),
        ("Authorization: Bearer abcdefghijk", "Authorization: Bearer ***"),
        ("aws_secret_access_key=abc, region=eu", "aws_secret_access_key=***, region=eu"),
        ('{"api_key": "abc"}', '{"api_key": "***"}'),
        ("key sk-abcdefghijkl is wrong", "key *** is wrong"),
        ("AKIAABCDEFGHIJKLMNOP", "***"),
        ("a" * 300 + "_password=abc", "a" * 300 + "_password=***"),
        ("http://h/x?u=s3://k:abc@b", "http://h/x?u=s3://***@b"),
        (f"s3://key:{'x/' * 2000}@bucket then s3://b/c", "s3://***@bucket then s3://b/c"),
        ("tokens_token: abc", "tokens_token: ***"),
    ],
)
def test_credentials_are_redacted(text: str, redacted: str) -> None:
    assert redact(text) == redacted
    assert redact(redacted) == redacted


@pytest.mark.parametrize(
    "text", ["http://127.0.0.1:8011/v1 is down, ask ada@example.com", "max_tokens=220", "prompt_tokens: 5", "/srv/a:b"]
)
def test_what_is_no_secret_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "part",
    ["a", ":", "://:", "://", "://a", "?", "?token", "&a", "token", "token ", "password:", "Bearer ", "sk-", "@"],
)
@pytest.mark.parametrize("before", ["", "token", "?", "://"])
def test_hostile_text_is_redacted_in_linear_time(before: str, part: str) -> None:
    text = before + (part * 100_000)[:100_000]
    start = time.process_time()
    redact(text)
    assert time.process_time() - start < 0.2


async def test_the_access_log_holds_only_the_start_of_a_path(caplog: pytest.LogCaptureFixture) -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 404, "headers": []})

    async def send(message: Any) -> None:
        assert message["status"] == 404

    async def receive() -> Any:
        return {"type": "http.request"}

    scope = {"type": "http", "method": "GET", "path": "/" + "a" * 10_000, "headers": []}
    with caplog.at_level(logging.INFO, "tastemaker.access"):
        await RequestContext(app)(scope, receive, send)
    message = next(r.getMessage() for r in caplog.records if r.name == "tastemaker.access")
    assert message.startswith("GET /aaa")
    assert message.count("a") == 199 + message.rpartition(" ")[2].count("a")


def test_tracebacks_in_the_log_are_redacted() -> None:
    formatter = RedactingFormatter("%(message)s")
    try:
        raise StoreError("s3://key:hunter2@bucket")
    except StoreError as error:
        info = (type(error), error, error.__traceback__)
    record = logging.LogRecord("t", logging.ERROR, __file__, 1, "at %s", ("db://a:hunter2@h",), info)
    text = formatter.format(record)
    assert "hunter2" not in text
    assert "s3://***@bucket" in text
    assert "db://***@h" in text


async def test_a_lazy_back_end_tells_clients_nothing_and_the_log_everything(caplog: pytest.LogCaptureFixture) -> None:
    def open_it() -> str:
        raise RuntimeError("/srv/weights/x.onnx at http://a:hunter2@h is broken")

    part = Lazy(open_it, "whisper:tiny")
    assert part.state == "idle"
    with pytest.raises(BackEndUnavailable, match="weights"):
        await part.get()
    assert part.state == "not available; see `tastemaker doctor`"
    assert "/srv/weights/x.onnx" in caplog.text
    assert "hunter2" not in caplog.text


@pytest.mark.parametrize("error", [ConfigurationError("no kind 'x'"), BadBackEndResponse("bad"), StoreError("gone")])
async def test_every_error_of_ours_is_remembered_by_a_lazy_back_end(error: TastemakerError) -> None:
    tries = 0

    def open_it() -> str:
        nonlocal tries
        tries += 1
        raise error

    part = Lazy(open_it, "captioner")
    for _ in range(2):
        with pytest.raises(type(error)):
            await part.get()
    assert part.state not in {"idle", "ok"}
    assert tries == 1


def test_settings_are_printed_without_passwords() -> None:
    settings = Settings(
        catalogue=CatalogueSettings(uri="s3://key:hunter2@bucket/x"),
        history=HistorySettings(url="postgresql+asyncpg://ada:hunter2@db/shop"),
        llm=LLMSettings(base_url="https://u:hunter2@h/v1", api_key="hunter2"),
    )
    for text in (repr(settings), str(settings), f"{settings.history!r}", str(settings.model_dump(include={"llm"}))):
        assert "hunter2" not in text.replace(settings.llm.base_url, "")
    assert "s3://***@bucket/x" in repr(settings)
    assert settings.history_url.endswith("ada:hunter2@db/shop")


def test_wrong_settings_do_not_repeat_what_was_given() -> None:
    with pytest.raises(ConfigurationError) as caught:
        load_settings({"TASTEMAKER_LLM__API_KEY": '["hunter2"]', "TASTEMAKER_LLM__PORT": "hunter2"})
    assert "hunter2" not in str(caught.value)


def test_no_library_tells_its_maker_of_our_work(tmp_path: Path) -> None:
    code = "import os, tastemaker\nprint(os.environ['ORT_DISABLE_TELEMETRY'])\n" + "\n".join(
        (
            "from onnx import TensorProto as T, helper as h",
            "from tastemaker.models.image_text.onnx_graph import open_session",
            "x, y = (h.make_tensor_value_info(n, T.FLOAT, [1]) for n in 'xy')",
            "graph = h.make_graph([h.make_node('Abs', ['x'], ['y'])], 'g', [x], [y])",
            "made = h.make_model(graph, opset_imports=[h.make_opsetid('', 17)], ir_version=8)",
            "open_session(made.SerializeToString(), 1)",
        )
    )
    kept = {k: v for k, v in os.environ.items() if k != "ORT_DISABLE_TELEMETRY"}
    environ = {**kept, "TMPDIR": str(tmp_path), "HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    assert done.stdout == "1\n"
    assert list(tmp_path.rglob("*")) == []  # without it, a file with the id of a session lies here
