"""The README and the pages of docs tell the truth: their code runs; every command, setting, route, path and link in them exists."""

from __future__ import annotations

import argparse
import ast
import asyncio
import csv
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient
from pydantic import BaseModel

import tastemaker.api.demo
from tastemaker.api.cli import main as cli
from tastemaker.api.http.app import create_app
from tastemaker.api.stock import stock
from tastemaker.core.rules.file_format import parse_rules
from tastemaker.core.schemas import RecommendRequest
from tastemaker.core.schemas.cases import Case
from tastemaker.core.settings import PREFIX, CatalogueSettings, Settings, load_settings
from tastemaker.core.settings.page import page as settings_page

from .fake_service import FakeService

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DATA = Path(tastemaker.api.demo.__file__).parent / "data"
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PROSE = FENCE.sub("", README)
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in [
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "prompts" / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
    ]
}
BOOK = "\n".join(PAGES.values())
FIGURE = re.compile(
    r"\b\d[\d.,]*\s*(?:ms|µs|s|sec|seconds|min|minutes|[kMG]i?B|%|percent|fps|W|(?:items|requests|tokens|words)(?:/s| per second))(?![\w])"
)


def blocks(language: str, text: str = README) -> list[str]:
    return [code for found, code in FENCE.findall(text) if found == language]


def spans() -> list[str]:
    """Return every line of shell code and every piece of code in a sentence, of all pages."""
    shell = [line for kind in ("bash", "") for code in blocks(kind, BOOK) for line in code.splitlines()]
    asked = [line[2:] for code in blocks("console", BOOK) for line in code.splitlines() if line.startswith("$ ")]
    return [*shell, *asked, *re.findall(r"`([^`\n]+)`", FENCE.sub("", BOOK))]


# --- code ----------------------------------------------------------------------------------------


def test_there_is_one_python_block() -> None:
    assert len(blocks("python")) == 1
    ast.parse(blocks("python")[0])


@pytest.mark.slow
def test_the_python_block_runs_on_the_demo_catalogue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(home=tmp_path, catalogue=CatalogueSettings(media_root=str(DATA)))
    asyncio.run(
        stock(
            settings,
            DATA / "catalogue.csv",
            media=DATA,
            interactions=DATA / "interactions.csv",
            rejects=tmp_path / "rejects.jsonl",
        )
    )
    for name in [name for name in os.environ if name.startswith(PREFIX)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("TASTEMAKER_HOME", str(tmp_path))
    monkeypatch.setenv("TASTEMAKER_LLM__BASE_URL", "http://127.0.0.1:9/v1")
    monkeypatch.chdir(ROOT)
    exec(compile(blocks("python")[0], "README.md", "exec"), {"__name__": "__main__"})
    titles = ast.literal_eval(capsys.readouterr().out.strip())
    with (DATA / "catalogue.csv").open(encoding="utf-8", newline="") as file:
        rows = {row["title"]: row for row in csv.DictReader(file)}
    assert titles
    assert all(float(rows[title]["price"]) < 40 for title in titles)
    assert "dog" in str(rows[titles[0]]).lower()


# --- commands ------------------------------------------------------------------------------------


def commands() -> Iterator[tuple[str, ...]]:
    """Yield the words of every command in the pages, alternatives such as ``up|down`` one by one."""
    for span in spans():
        found = re.match(r"tastemaker ([a-z-]+)(?: ([a-z][a-z0-9|-]*))?", span)
        if found:
            for word in (found[2] or "").split("|"):
                yield (found[1], word) if word else (found[1],)
        if span.startswith("tastemaker bench NAME"):
            for word in span.partition("measure:")[2].split(","):
                yield ("bench", word.strip())


COMMANDS = sorted(set(commands()))


def test_the_readme_names_commands() -> None:
    assert {words[0] for words in COMMANDS} >= {
        "ingest",
        "recommend",
        "serve",
        "llm",
        "doctor",
        "prompts",
        "bench",
        "align",
    }
    assert ("bench", "first-item") in COMMANDS


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_every_command_has_help(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["tastemaker", *words, "--help"])
    with pytest.raises(SystemExit) as stopped:
        cli.main()
    assert not stopped.value.code
    assert "Usage:" in capsys.readouterr().out


def options() -> Iterator[tuple[str, str]]:
    """Yield (command, option) of every option in the pages."""
    below = "try|up|edit|check|show|create|list|rotate|revoke|scan|diff|commit|label|gate|approve|rollout|release|rollback|history|audit"
    below += "|eval|cases|replay|optimise|export|import"
    for line in spans():
        found = re.match(rf"tastemaker ([a-z-]+)(?: ({below})\b)?", line)
        if found:
            for option in re.findall(r" (--[a-z][a-z-]*)", line.partition("#")[0]):
                yield " ".join(filter(None, found.groups())), option


@pytest.mark.parametrize(("command", "option"), sorted({o for o in options() if o[0] != "bench"}))
def test_every_option_exists(
    command: str, option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(sys, "argv", ["tastemaker", *command.split(), "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    plain = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert option in plain


def test_every_make_target_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", BOOK, re.MULTILINE))
    assert named >= {"demo", "test"}
    assert named <= targets


def test_every_extra_exists() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    named = set(re.findall(r"tastemaker\[([a-z]+)\]", BOOK)) | set(re.findall(r"extra `([a-z]+)`", BOOK))
    assert {"train", "langserve"} <= named <= set(extras)


# --- settings, routes, links ---------------------------------------------------------------------


def settings_named() -> Iterator[str]:
    """Yield every setting as its whole name; ``__API_KEY`` after ``TASTEMAKER_LLM__BASE_URL`` is of the same section."""
    section = ""
    for name in re.findall(rf"\b{PREFIX}[A-Z_]+[A-Z]|`__[A-Z_]+`|`ALLOW_URLS`", BOOK):
        if name.startswith(PREFIX):
            section = name.partition("__")[0]
            yield name
        elif section:
            yield f"{section}__{name.strip('`').removeprefix('__')}"


@pytest.mark.parametrize("name", sorted(set(settings_named())))
def test_every_setting_exists(name: str) -> None:
    kind: type[BaseModel] = Settings
    *parents, leaf = name.removeprefix(PREFIX).lower().split("__")
    for parent in parents:
        annotation = kind.model_fields[parent].annotation
        assert isinstance(annotation, type)
        kind = annotation
    assert leaf in kind.model_fields


def test_the_readme_names_settings() -> None:
    assert set(settings_named()) >= {
        "TASTEMAKER_HOME",
        "TASTEMAKER_LLM__API_KEY",
        "TASTEMAKER_MODELS__TRANSCRIBER",
        "TASTEMAKER_LIMITS__ALLOW_URLS",
    }


def test_every_route_exists() -> None:
    async def open_service() -> FakeService:
        return FakeService()

    app = create_app(open_service, Settings())
    paths = {getattr(route, "path", "") for route in app.routes} | set(app.openapi()["paths"])
    named = set(re.findall(r"`(/[a-z_/]+)`", PROSE)) | set(re.findall(r"127\.0\.0\.1:\d+(/[a-z_/]+)", README))
    assert {"/recommend", "/recommend/form", "/docs"} <= named
    for path in named:
        assert any(known == path or known.startswith(path.rstrip("/") + "/") for known in paths), path


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    for target in re.findall(r"\]\(([^)#]+)\)", PAGES[page]):
        assert "://" in target or ((ROOT / page).parent / target).exists(), f"{page} links to {target}"


@pytest.mark.parametrize("page", PAGES)
def test_every_path_exists(page: str) -> None:
    rooms = "agents|api|core|docs|evals|graphs|models|prompts|scripts|stores|tests|tools"
    for path in re.findall(rf"(?<![/\w.])(?:{rooms})/[\w./-]*\w", FENCE.sub("", PAGES[page])):
        assert (ROOT / path).exists(), f"{page} names {path}"


# --- the pages of docs ---------------------------------------------------------------------------


def test_the_page_of_settings_is_made_from_the_settings() -> None:
    assert PAGES["docs/settings.md"] == settings_page()


@pytest.mark.parametrize(
    "code", [code for name, page in PAGES.items() if name != "README.md" for code in blocks("python", page)]
)
def test_python_of_the_pages_runs(code: str) -> None:
    exec(compile(code, "docs", "exec"), {"__name__": "docs"})


CHECKED = {"python", "toml", "yaml", "json", "bash", "console", "", "mermaid", "html", "css"}
"""Kinds of code that a test below runs, reads or looks up; the site draws the diagrams, and a page of the widget holds the last two."""


def test_every_block_is_of_a_kind_that_is_checked() -> None:
    found = [kind for kind, _ in FENCE.findall(BOOK)]
    assert len(found) > 40
    assert set(found) <= CHECKED


def calls() -> list[str]:
    """Return every call of the service in the pages, in one line each."""
    lines = (line for code in blocks("bash", BOOK) for line in re.split(r"\n(?=\S)", code.replace("\\\n", " ")))
    return [line.strip() for line in lines if line.startswith("curl ")]


@pytest.mark.parametrize("line", calls())
def test_calls_of_the_service_are_answered(line: str, tmp_path: Path) -> None:
    async def open_service() -> FakeService:
        return FakeService()

    asked = argparse.ArgumentParser()
    for option in ("-X", "-d", "-H", "-F"):
        asked.add_argument(option, action="append", default=[])
    asked.add_argument("-s", action="store_true")
    asked.add_argument("address")
    call = asked.parse_args(shlex.split(line)[1:])
    form = dict(part.split("=", 1) for part in call.F)
    files = {name: (ROOT / value[1:]).read_bytes() for name, value in form.items() if value.startswith("@")}
    headers = dict(head.split(": ", 1) for head in call.H if "$" not in head)
    with TestClient(create_app(open_service, Settings(home=tmp_path))) as client:
        answer = client.request(
            next(iter(call.X), "POST"),
            "/" + call.address.removeprefix("http://").partition("/")[2],
            headers=headers,
            content=next(iter(call.d), None),
            data={name: value for name, value in form.items() if name not in files} or None,
            files=files or None,
        )
    assert answer.is_success, answer.text


@pytest.mark.parametrize("code", blocks("json", BOOK))
def test_json_of_the_pages_is_a_request_or_a_case(code: str) -> None:
    told = json.loads(code.replace("…", "t-1"))
    assert (Case if "case_id" in told else RecommendRequest).model_validate(told)


@pytest.mark.parametrize("code", blocks("yaml", BOOK))
def test_rules_of_the_pages_are_rules(code: str) -> None:
    rules, problems = parse_rules(yaml.safe_load(code))
    assert problems == []
    assert rules


@pytest.mark.parametrize("code", blocks("toml", BOOK))
def test_toml_of_the_pages_is_toml(code: str) -> None:
    assert tomllib.loads(code)


@pytest.mark.parametrize("code", blocks("toml", PAGES["docs/settings.md"]))
def test_settings_files_of_the_pages_are_read(code: str, tmp_path: Path) -> None:
    (tmp_path / "tastemaker.toml").write_text(code, encoding="utf-8")
    load_settings({}, file=tmp_path / "tastemaker.toml")


@pytest.mark.slow
def test_the_site_builds(tmp_path: Path) -> None:
    command = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "-f",
        str(ROOT / "scripts" / "mkdocs.yml"),
        "-d",
        str(tmp_path),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "architecture" / "index.html").is_file()


# --- figures -------------------------------------------------------------------------------------


def test_figures_with_units_stand_under_measured_only() -> None:
    sections = re.split(r"^#+ ", PROSE, flags=re.MULTILINE)
    for section in sections:
        title = section.partition("\n")[0]
        if title.strip() != "Measured":
            assert not FIGURE.findall(section), f"the section {title!r} has figures: {FIGURE.findall(section)}"


def test_measured_figures_are_filled_in() -> None:
    measured = README.split("## Measured")[1].split("\n## ")[0]
    cells = [c.strip() for c in re.findall(r"\|([^|\n]* ms)(?= \|)", measured)]
    assert len(cells) >= 10
    assert [c for c in cells if not re.fullmatch(r"(?:95th: )?[\d.,]+(?: / [\d.,]+)? ms", c)] == []


@pytest.mark.parametrize(
    "text", ["takes 3 s", "p95 of 120 ms", "uses 2.3 GB", "95% of", "12 items/s", "1,200 tokens/s"]
)
def test_what_counts_as_a_figure(text: str) -> None:
    assert FIGURE.search(text)


@pytest.mark.parametrize(
    "text", ["under 40 euros", "Python 3.11 or later", "135 million parameters", "CC BY 2.0", "v1 s"]
)
def test_what_does_not_count_as_a_figure(text: str) -> None:
    assert not FIGURE.search(text)
