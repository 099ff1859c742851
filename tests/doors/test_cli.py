"""The command line: help without heavy imports, what is printed, JSON, errors and exit statuses."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from tastemaker.api.cli import main as cli
from tastemaker.api.cli import recommend as cli_recommend
from tastemaker.api.cli.options import report
from tastemaker.api.cli.recommend import parse_where
from tastemaker.api.cli.serve import bind, log_config
from tastemaker.api.client.terminal import TerminalRenderer, clean
from tastemaker.core.errors import BackEndUnavailable, ConfigurationError, InvalidRequestError, TastemakerError
from tastemaker.core.schemas import Constraint, RecommendRequest, RecommendResponse, StreamEvent
from tastemaker.core.settings import ServeSettings

from ..fake_service import example_events


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> int:
    monkeypatch.setattr(sys, "argv", ["tastemaker", *arguments])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    return int(stopped.value.code or 0)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str | None, RecommendRequest]]:
    """Replace the recommender by the example's events; returns what was asked of which server."""
    seen: list[tuple[str | None, RecommendRequest]] = []

    async def events(server: str | None, request: RecommendRequest) -> AsyncIterator[StreamEvent]:
        seen.append((server, request))
        for event in example_events(request):
            yield event

    monkeypatch.setattr(cli_recommend, "_events", events)
    return seen


Asked = list[tuple[str | None, RecommendRequest]]


def test_every_option_reaches_the_request(monkeypatch: pytest.MonkeyPatch, asked: Asked, tmp_path: Path) -> None:
    files = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.wav", "d.mp4")]
    line = "recommend --user ada --text boats --thread t-1 --n 3 --route direct --no-words --again --max-ms 5000"
    line += f" --tenant prints --where price<=40 --image {files[0]} --image {files[1]} --audio {files[2]} --video {files[3]}"
    assert run(monkeypatch, *line.split(), "--where", "theme in sea,boats", "--server", "http://h:1", "--json") == 0
    server, request = asked[0]
    assert server == "http://h:1"
    assert request == RecommendRequest.model_validate(
        {
            "user_id": "ada",
            "text": "boats",
            "thread_id": "t-1",
            "n": 3,
            "route": "direct",
            "words": False,
            "include_consumed": True,
            "max_ms": 5000,
            "tenant": "prints",
            "images": [{"path": str(files[0])}, {"path": str(files[1])}],
            "audio": [{"path": str(files[2])}],
            "video": [{"path": str(files[3])}],
            "constraints": [
                {"field": "price", "op": "<=", "value": 40},
                {"field": "theme", "op": "in", "value": ["sea", "boats"]},
            ],
        }
    )


@pytest.mark.parametrize("said", [["a calm sea"], ["--text", "a calm sea"]])
def test_the_words_may_stand_by_themselves(monkeypatch: pytest.MonkeyPatch, asked: Asked, said: list[str]) -> None:
    assert run(monkeypatch, "recommend", *said, "--user", "ada") == 0
    assert asked[0][1].text == "a calm sea"


def test_words_given_twice_are_refused(
    monkeypatch: pytest.MonkeyPatch, asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "recommend", "a sea", "--text", "a lake") == 2
    assert "--text" in capsys.readouterr().err
    assert not asked


def test_json_is_one_response_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch, asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, "recommend", "--json") == 0
    printed = capsys.readouterr()
    RecommendResponse.model_validate_json(printed.out)
    assert printed.out.count("\n") == 1
    assert printed.err == ""


def test_it_is_printed_in_the_order_it_happens(
    monkeypatch: pytest.MonkeyPatch, asked: Asked, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    assert run(monkeypatch, "recommend", "--user", "ada", "--text", "a calm sea") == 0
    text = capsys.readouterr().out
    parts = [
        "ada asks",
        "a calm sea",
        "direct",
        "One wish",
        "image-1",
        "boats on the sea",
        "0.71",
        "nothing either way",
    ]
    parts += ["Boats at low tide", "34", "image #1", "Two calm sea prints", "model", "Boats on calm water", "caption-1"]
    parts += ["history", "did not answer", "retrieve candidates", "0.020 s", "1 model call", "kitchen-1"]
    places = [text.find(part) for part in parts]
    assert -1 not in places, parts[places.index(-1)]
    assert places == sorted(places)
    assert max(map(len, text.splitlines())) <= 100


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (InvalidRequestError("images[0]", "not a picture"), 2),
        (ConfigurationError("no such model"), 2),
        (BackEndUnavailable("no\nserver"), 1),
        (TastemakerError("odd"), 1),
    ],
)
def test_an_error_is_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: TastemakerError, status: int
) -> None:
    async def events(server: str | None, request: RecommendRequest) -> AsyncIterator[StreamEvent]:
        raise error
        yield

    monkeypatch.setattr(cli_recommend, "_events", events)
    assert run(monkeypatch, "recommend", "--json") == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err == f"error: {' '.join(str(error).split())}\n"


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    async def events(server: str | None, request: RecommendRequest) -> AsyncIterator[StreamEvent]:
        raise TastemakerError("odd")
        yield

    monkeypatch.setattr(cli_recommend, "_events", events)
    monkeypatch.setattr(sys, "argv", ["tastemaker", "--debug", "recommend"])
    with pytest.raises(TastemakerError, match="odd"):
        cli.main()


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        (["--n", "0"], "n: "),
        (["--thread", "a b"], "thread_id: "),
        (["--route", "scenic"], "route: "),
        (["--where", "cheap"], "--where: "),
        (["--max-ms", "1"], "max_ms: "),
    ],
)
def test_wrong_options_are_named(
    monkeypatch: pytest.MonkeyPatch, asked: Asked, capsys: pytest.CaptureFixture[str], arguments: list[str], field: str
) -> None:
    assert run(monkeypatch, "recommend", *arguments) == 2
    assert capsys.readouterr().err.startswith(f"error: {field}")
    assert asked == []


def test_an_error_event_is_an_error(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    async def events(server: str | None, request: RecommendRequest) -> AsyncIterator[StreamEvent]:
        yield StreamEvent(event="error", data={"message": "is not a picture", "field": "images[0].data"})

    monkeypatch.setattr(cli_recommend, "_events", events)
    assert run(monkeypatch, "recommend") == 2
    assert "error: images[0].data: is not a picture" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("expression", "field", "op", "value"),
    [
        ("price<=40", "price", "<=", 40),
        ("price >= 12.5", "price", ">=", 12.5),
        ("year>1990", "year", ">", 1990),
        ("year<1990", "year", "<", 1990),
        ("theme=sea", "theme", "=", "sea"),
        ("theme != 'sea'", "theme", "!=", "sea"),
        ("framed=true", "framed", "=", True),
        ("theme in sea, boats", "theme", "in", ["sea", "boats"]),
        ("theme not in sea", "theme", "not in", ["sea"]),
        ("tags contains dog", "tags", "contains", "dog"),
        ("tags NOT  CONTAINS 7", "tags", "not contains", "7"),
        ("age_to not < 13", "age_to", "not <", 13),
        ("in stock=true", "in stock", "=", True),
    ],
)
def test_where(expression: str, field: str, op: Any, value: Any) -> None:
    assert parse_where(expression) == Constraint(field=field, op=op, value=value)


@pytest.mark.parametrize("expression", ["", "price", "<=40", "price<=", "price ~ 3", "theme in", "price<=nan"])
def test_wrong_where(expression: str) -> None:
    with pytest.raises(InvalidRequestError, match="--where"):
        parse_where(expression)


def test_media_cannot_steer_the_terminal() -> None:
    hostile = "boat\x1b[2J\x1b]0;title\x07\r\x9b31m [red]x[/red]\nnext"
    assert not re.search(r"[\x00-\x1f\x7f-\x9f]", clean(hostile))
    out = io.StringIO()
    renderer = TerminalRenderer(Console(file=out, width=100, force_terminal=False))
    renderer.start(RecommendRequest(user_id="[bold]u[/bold]", text=hostile))
    for event in example_events(RecommendRequest()):
        data = json.loads(json.dumps(event.data).replace("Boats", json.dumps(hostile)[1:-1]))
        renderer.handle(StreamEvent(event=event.event, data=data))
    renderer.close()
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f]", out.getvalue())
    assert "[red]x[/red]" in out.getvalue()
    assert "[bold]u[/bold]" in out.getvalue()


@pytest.mark.parametrize(
    ("said", "attributes", "shown"),
    [
        ({"price": "Preis pro Nacht", "currency": "EUR"}, {"Preis pro Nacht": 49.5}, ["49.50"]),
        ({"price": "price", "currency": "EUR"}, {"price": 12.0}, ["12"]),
        ({"price": "price", "currency": "EUR"}, {"price_usd": 15.0}, ["15 USD"]),
        ({}, {"price": 12.0}, ["12"]),
    ],
)
def test_the_price_has_a_column_whatever_it_is_called(
    said: dict[str, Any], attributes: dict[str, Any], shown: list[str]
) -> None:
    out = io.StringIO()
    item = {"item_id": "1", "rank": 1, "title": "Hut", "attributes": {"beds": 2.0, **attributes}, "sources": []}
    TerminalRenderer(Console(file=out, width=120, force_terminal=False)).handle(
        StreamEvent(event="items", data={"items": [item], **said})
    )
    cells = [line.split("  ") for line in out.getvalue().splitlines() if "Hut" in line]
    assert [cell.strip() for cell in cells[0] if cell.strip()][2:3] == shown


def test_the_renderer_survives_an_empty_answer() -> None:
    out = io.StringIO()
    renderer = TerminalRenderer(Console(file=out, width=60))
    renderer.start(RecommendRequest())
    renderer.handle(StreamEvent(event="items", data={"items": [], "question": "Which size?", "cold_start": "popular"}))
    renderer.handle(StreamEvent(event="error", data={"message": "the model left"}))
    renderer.close()
    for part in ("no item satisfies every constraint", "Which size?", "popular", "the model left"):
        assert part in out.getvalue()


def test_help_is_quick_and_imports_nothing_heavy() -> None:
    code = "import sys; sys.argv[1:] = ['--help']\nfrom tastemaker.api.cli.main import main\ntry: main()\nexcept SystemExit: pass\n"
    code += "heavy = {'fastapi', 'langgraph', 'lancedb', 'numpy', 'uvicorn', 'torch', 'onnxruntime', 'openai', 'langserve'}\n"
    code += "print('HEAVY', sorted(heavy & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert "HEAVY []" in done.stdout
    for name in cli.COMMANDS:
        assert name in done.stdout


def test_the_version(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "--version") == 0
    assert capsys.readouterr().out.startswith("tastemaker ")


def test_an_unknown_command(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "dance") == 2
    assert "No such command" in capsys.readouterr().err


def test_a_part_that_is_not_installed(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setitem(cli.COMMANDS, "demo", cli.Lazy("cli_absent", "demo_command", "Absent."))
    assert run(monkeypatch, "demo") == 1
    assert "'demo' is not part of this installation" in capsys.readouterr().err


def test_wrong_settings_are_one_line(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("TASTEMAKER_LLM__COLOUR", "red")
    for command in (["doctor"], ["serve"], ["recommend"]):
        assert run(monkeypatch, *command) == 2
        assert "llm.colour" in capsys.readouterr().err


def test_a_rating_needs_a_value(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(monkeypatch, "feedback", "ada", "print-1", "rating") == 2
    assert "--value: a rating needs a value" in capsys.readouterr().err


def test_an_error_is_printed_without_passwords(capsys: pytest.CaptureFixture[str]) -> None:
    assert report(TastemakerError("cannot open s3://key:hunter2@bucket/x")) == 1
    assert "cannot open s3://***@bucket/x" in capsys.readouterr().err


def test_the_log_of_the_service_has_no_passwords() -> None:
    config = log_config("info")
    form = config["formatters"]["plain"]
    record = logging.LogRecord("t", logging.INFO, "f", 1, "at %s", ("s3://key:hunter2@bucket",), None)
    assert "at s3://***@bucket" in form["()"](form["fmt"]).format(record)
    with pytest.raises(ConfigurationError, match="no level 'loud'"):
        log_config("loud")


@pytest.mark.slow
def test_recommend_imports_no_library_that_it_does_not_use(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        "sys.argv = ['tastemaker', 'recommend', '--no-words', '--json']\n"
        "from tastemaker.api.cli import main\n"
        "try:\n    main.main()\nfinally:\n"
        "    assert 'langgraph' in sys.modules\n"
        "    unused = {'fastapi', 'openai', 'langserve', 'torch', 'uvicorn'} & set(sys.modules)\n"
        "    print('unused', sorted(unused), file=sys.stderr)\n"
    )
    environ = os.environ | {"TASTEMAKER_HOME": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=environ, capture_output=True, text=True, check=False)
    assert "unused []" in done.stderr


def test_connections_have_no_delay() -> None:
    async def accepted() -> int:
        loop = asyncio.get_running_loop()
        seen: asyncio.Future[int] = loop.create_future()

        class Looks(asyncio.Protocol):
            def connection_made(self, transport: asyncio.BaseTransport) -> None:
                connection = transport.get_extra_info("socket")
                seen.set_result(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))

        server = await loop.create_server(Looks, sock=listener)
        _, writer = await asyncio.open_connection(*listener.getsockname()[:2])
        found = await seen
        writer.close()
        server.close()
        return found

    with bind(ServeSettings.model_construct(host="127.0.0.1", port=0)) as listener:
        assert asyncio.run(accepted()) == 1


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_taken_port_is_one_line_and_serves_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], workers: str
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(monkeypatch, "serve", "--port", str(port), "--workers", workers) == 2
    printed = capsys.readouterr()
    assert f"port {port}" in printed.err
    assert "serves at" not in printed.out


@pytest.mark.slow
@pytest.mark.parametrize("workers", ["1", "2"])
def test_serve_announces_answers_and_stops_gracefully(tmp_path: Path, workers: str) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environ = os.environ | {"TASTEMAKER_HOME": str(tmp_path / "home"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "tastemaker.api.cli.main", "serve", "--port", str(port), "--workers", workers]
    with subprocess.Popen(command, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as server:
        try:
            base = f"http://127.0.0.1:{port}"
            _wait_for(f"{base}/health", server)
            assert httpx.get(f"{base}/docs").status_code == 200
            time.sleep(1)
        finally:
            server.send_signal(signal.SIGTERM)
            printed, _ = server.communicate(timeout=30)
    assert f"serves at {base}" in printed
    assert f"{base}/docs" in printed
    assert "Traceback" not in printed


def _wait_for(url: str, server: subprocess.Popen[str]) -> None:
    for _ in range(300):
        assert server.poll() is None, server.stdout and server.stdout.read()
        try:
            if httpx.get(url).status_code == 200:
                return
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError(f"nothing at {url}")


def test_checks_that_found_nothing_are_one_line() -> None:
    def check(name: str, state: str) -> dict[str, Any]:
        return {"check": name, "state": state, "reason": f"{name} says so.", "about": ["image-1"]}

    out = io.StringIO()
    renderer = TerminalRenderer(Console(file=out, width=120, force_terminal=False))
    checks = [
        check("file_history", "no evidence"),
        check("text_image", "conflict"),
        check("copied_region", "no evidence"),
    ]
    renderer.handle(StreamEvent(event="consistency", data={"state": "conflict", "checks": [*checks, checks[0]]}))
    lines = out.getvalue().splitlines()
    assert [" ".join(line.split()) for line in lines] == [
        "trust ✗ text image (image-1): text_image says so.",
        "○ nothing either way: file history, copied region",
    ]
