"""Check the bundled data, its makers, MovieLens's conversion and the demonstration itself."""

from __future__ import annotations

import asyncio
import csv
import functools
import http.server
import os
import signal
import subprocess
import sys
import threading
import time
import zipfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tastemaker.api.demo import make_catalogue as build
from tastemaker.api.demo import make_shoppers as shoppers
from tastemaker.api.demo import movielens
from tastemaker.api.demo import processes as services
from tastemaker.api.demo.run import _alone
from tastemaker.api.demo.scripts import DATA, print_shop
from tastemaker.core.errors import BackEndUnavailable, ConfigurationError, InvalidRequestError
from tastemaker.core.schemas import Event, RecommendRequest
from tastemaker.core.settings import Settings

REDISTRIBUTABLE = {"CC BY 2.0", "CC BY-SA 2.0"}


def rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def bundled_photos() -> list[Path]:
    return sorted([*DATA.glob("photos/*"), *DATA.glob("request/*")])


def test_every_bundled_photo_is_credited_and_may_be_redistributed() -> None:
    credited = {row["file"]: row for row in rows("ATTRIBUTION.csv")}
    assert set(credited) == {p.relative_to(DATA).as_posix() for p in bundled_photos()}
    assert len(credited) == 51
    for row in credited.values():
        assert row["licence"] in REDISTRIBUTABLE
        assert row["source_url"].startswith("http")
        assert row["changes"]


def test_photos_are_small_and_carry_no_metadata() -> None:
    assert sum(p.stat().st_size for p in bundled_photos()) <= 2_500_000
    for path in bundled_photos():
        with Image.open(path) as image:
            assert max(image.size) <= 480
            assert not image.getexif()


def test_catalogue_is_complete_and_its_words_are_true_of_the_pictures() -> None:
    catalogue = rows("catalogue.csv")
    assert len(catalogue) == len({row["item_id"] for row in catalogue}) == 47
    assert len({row["title"] for row in catalogue}) == 47
    for row in catalogue:
        path = DATA / row["image"]
        colours, grey = build.colours_of(path)
        assert row["colour"].split("|") == colours
        assert row["black_and_white"] == str(grey).lower()
        with Image.open(path) as image:
            wide = image.width > 1.1 * image.height
        assert (row["orientation"] == "landscape") == wide
        assert float(row["price"]) > 0
        assert row["currency"] == "EUR"
        assert row["setting"] in {"indoor", "outdoor"}
        assert all(row[name] for name in ("title", "description", "subjects", "theme", "room", "format", "frame"))


def test_request_photos_are_not_in_the_catalogue() -> None:
    shown = {p.read_bytes() for p in DATA.glob("request/*")}
    assert len(shown) == 4
    assert not shown & {p.read_bytes() for p in DATA.glob("photos/*")}


def test_colours_are_named_from_pixels(tmp_path: Path) -> None:
    half = np.zeros((40, 40, 3), np.uint8)
    half[:20] = (200, 20, 20)
    half[20:] = (240, 240, 240)
    Image.fromarray(half).save(tmp_path / "half.png")
    colours, grey = build.colours_of(tmp_path / "half.png")
    assert (sorted(colours), grey) == (["red", "white"], False)
    Image.new("RGB", (30, 30), (120, 120, 120)).save(tmp_path / "grey.png")
    assert build.colours_of(tmp_path / "grey.png") == (["grey"], True)


def test_interactions_are_what_the_seed_gives() -> None:
    simulated = shoppers.simulate(shoppers.load_prints())
    kept = rows("interactions.csv")
    assert [(r["user_id"], r["item_id"], r["kind"]) for r in kept] == [
        (a.user_id, a.item_id, a.kind) for a in simulated
    ]
    assert shoppers.simulate(shoppers.load_prints(), seed=1) != simulated


def test_shoppers_are_labelled_as_simulated_and_make_sense() -> None:
    kept = rows("interactions.csv")
    catalogue = {row["item_id"]: row for row in rows("catalogue.csv")}
    assert len({row["user_id"] for row in kept}) == 60
    assert all(row["user_id"].startswith("sim-") for row in kept)
    assert {row["item_id"] for row in kept} <= set(catalogue)
    bought = {(r["user_id"], r["item_id"]): r["at"] for r in kept if r["kind"] == "purchase"}
    for row in kept:
        at = datetime.fromisoformat(row["at"])
        Event.model_validate({**row, "at": at, "value": float(row["value"]) if row["value"] else None})
        if row["kind"] == "rating":
            assert row["at"] > bought[row["user_id"], row["item_id"]]
    liked = [r["item_id"] for r in kept if r["user_id"] == shoppers.KNOWN_SHOPPER and r["kind"] in {"like", "purchase"}]
    themes = Counter(theme for item in liked for theme in catalogue[item]["theme"].split("|"))
    assert {theme for theme, _ in themes.most_common(3)} <= {"animals", "nature", "sea"}


def test_scripted_requests_are_valid_and_use_every_kind_of_input() -> None:
    shown = print_shop()
    requests = [RecommendRequest.model_validate(ask.fields) for ask in shown.asks]
    for request in (requests[0], requests[-1]):
        assert request.text
        assert request.images
        assert request.audio
    assert requests[0].user_id == shoppers.KNOWN_SHOPPER
    assert requests[-1].user_id is None
    assert shown.asks[1].follows
    for medium in (m for request in requests for m in (*request.images, *request.audio)):
        assert Path(medium.path or "").is_file()


@pytest.fixture
def ml100k(tmp_path: Path) -> Path:
    """A stand-in with the layout of MovieLens-100k."""
    folder = tmp_path / "ml-100k"
    (folder / "posters").mkdir(parents=True)
    flags = "|".join("1" if i in {3, 5} else "0" for i in range(19))
    films = f"1|Toy Story (1995)|01-Jan-1995||http://example.org/1|{flags}\n71|Lion King, The (Roi, Le) (1994)|01-Jan-1994|||{flags}\n"
    films += f"267|unknown||||{'|'.join(['1'] + ['0'] * 18)}\n"
    (folder / "u.item").write_bytes(films.replace("Toy", "Toÿ").encode("latin-1"))
    (folder / "u.data").write_text("196\t1\t3\t881250949\n1\t71\t5\t891717742\n")
    (folder / "u.user").write_text("1|24|M|technician|85711\n")
    (folder / "items.csv").write_text(
        "item_id,poster,description\n71,posters/71.webp,A lion prince.\n1,posters/1.webp,\n"
    )
    Image.new("RGB", (8, 8)).save(folder / "posters" / "71.webp")
    return folder


def read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_movielens_becomes_a_catalogue(ml100k: Path, tmp_path: Path) -> None:
    shown = movielens.convert(ml100k, tmp_path / "out")
    films = {row["item_id"]: row for row in read(shown.catalogue)}
    assert films["1"]["title"] == "Toÿ Story"
    assert films["1"]["image"] == "", "a poster that is not in the folder is not named"
    lion = films["71"]
    assert (lion["title"], lion["year"], lion["text"]) == ("The Lion King (Roi, Le)", "1994", "A lion prince.")
    assert lion["genres"] == "Animation|Comedy"
    assert lion["image"] == "posters/71.webp"
    assert films["267"]["year"] == ""
    events = read(shown.interactions)
    assert events[0] == {"user_id": "196", "item_id": "1", "kind": "rating", "at": "1997-12-04T15:55:49Z", "value": "3"}
    assert shown.media == ml100k
    assert RecommendRequest.model_validate(shown.asks[0].fields).images


def test_movielens_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match=r"no u\.item and no u\.data"):
        movielens.convert(tmp_path, tmp_path / "out")
    (tmp_path / "u.item").write_text("not|that\n")
    (tmp_path / "u.data").write_text("")
    with pytest.raises(InvalidRequestError, match="is not MovieLens"):
        movielens.convert(tmp_path, tmp_path / "out")


def zipped(folder: Path, target: Path) -> Path:
    with zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.glob("u.*")):
            archive.write(path, f"ml-100k/{path.name}")
        archive.writestr("../../escape.txt", "no")
    return target


@pytest.fixture
def web(tmp_path: Path) -> Iterator[str]:
    """A local HTTP server over ``tmp_path``."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(tmp_path)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_movielens_is_fetched_on_request(ml100k: Path, tmp_path: Path, web: str) -> None:
    archive = zipped(ml100k, tmp_path / "ml.zip")
    for number, url in enumerate((f"{web}/ml.zip", archive.as_uri())):
        folder = movielens.download(url, tmp_path / f"got{number}")
        assert {p.name for p in folder.iterdir()} == {"u.item", "u.data", "u.user"}
        assert len(read(movielens.convert(folder, tmp_path / "out").catalogue)) == 3
    assert not list(tmp_path.rglob("escape.txt"))


def test_a_bad_address_is_refused(ml100k: Path, tmp_path: Path, web: str) -> None:
    with pytest.raises(InvalidRequestError, match="must start with"):
        movielens.download("ftp://example.org/ml.zip", tmp_path / "got")
    with pytest.raises(BackEndUnavailable, match="cannot be fetched"):
        movielens.download(f"{web}/absent.zip", tmp_path / "got")
    with pytest.raises(InvalidRequestError, match="not a zip"):
        movielens.download((ml100k / "u.data").as_uri(), tmp_path / "got")
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a.txt", "no")
    with pytest.raises(InvalidRequestError, match=r"holds no u\.item"):
        movielens.download((tmp_path / "other.zip").as_uri(), tmp_path / "got")


def test_two_demonstrations_do_not_share_a_home(tmp_path: Path) -> None:
    with _alone(tmp_path), pytest.raises(ConfigurationError, match="another demonstration"), _alone(tmp_path):
        pass
    with _alone(tmp_path):
        pass


def test_a_taken_port_is_not_used() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        assert services.free_port("127.0.0.1", port) != port


async def test_a_failed_command_gives_its_last_line() -> None:
    said: list[str] = []
    command = [sys.executable, "-c", "print('one'); print('error: two'); raise SystemExit(1)"]
    with pytest.raises(BackEndUnavailable, match=r"^two$"):
        await services._run(command, os.environ, "it", said.append)
    assert said == ["it: one", "it: error: two"]


async def test_a_cancelled_command_is_stopped(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    code = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    task = asyncio.create_task(services._run([sys.executable, "-c", code], os.environ, "it", lambda _: None))
    while not (mark.is_file() and mark.read_text()):  # noqa: ASYNC110  # another process writes it
        await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    with pytest.raises(ProcessLookupError):
        os.kill(int(mark.read_text()), 0)


async def test_an_api_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASTEMAKER_NONSENSE", "1")
    with pytest.raises(BackEndUnavailable, match="nonsense"):
        async with services.service(tmp_path):
            pass


async def test_a_language_model_of_others_is_used_and_its_absence_told(tmp_path: Path) -> None:
    said: list[str] = []
    user = Settings.model_validate({"home": tmp_path, "llm": {"base_url": services.NOBODY}})
    async with services.language_model(user, user, said.append) as llm:
        assert llm.url == services.NOBODY
        with pytest.raises(BackEndUnavailable, match="nothing answers"):
            await llm.ready
    assert said == [f"using the language model at {services.NOBODY}"]


async def test_a_language_model_that_cannot_start_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TASTEMAKER_LLM__MODEL", "nonsense")
    settings = Settings.model_validate({"home": tmp_path})
    async with services.language_model(settings, settings, lambda _: None) as llm:
        with pytest.raises(BackEndUnavailable, match="nonsense"):
            await llm.ready


def demo(home: Path, *arguments: str) -> subprocess.Popen[str]:
    environ = {**os.environ, "TASTEMAKER_HOME": str(home), "COLUMNS": "160"}
    return subprocess.Popen(
        [sys.executable, "-m", "tastemaker", "demo", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environ,
        start_new_session=True,
    )


def api_processes(home: Path) -> list[int]:
    """Return the processes whose environment names ``home``."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            if str(home).encode() in (entry / "environ").read_bytes() and int(entry.name) != os.getpid():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


@pytest.mark.slow
def test_the_demo_runs_and_ends_by_itself(tmp_path: Path) -> None:
    out, _ = demo(tmp_path, "--no-llm").communicate(timeout=200)
    assert "47 items (47 new" in out
    assert out.count(" asks") == 5
    assert "dogs and horses" in out, "the voice was heard"
    assert out.count("in all") == 5
    assert "API stopped" in out
    assert api_processes(tmp_path) == []
    again, _ = (process := demo(tmp_path, "--no-llm")).communicate(timeout=200)
    assert process.returncode == 0, again
    assert "47 as before" in again


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_stops_what_it_started(tmp_path: Path, number: signal.Signals) -> None:
    process = demo(tmp_path, "--no-llm", "--no-ask", "--keep")
    assert process.stdout is not None
    for line in process.stdout:
        if "stop " in line:
            break
    assert api_processes(tmp_path)
    process.send_signal(number)
    assert process.wait(60) == 0
    process.stdout.close()
    time.sleep(0.2)
    assert api_processes(tmp_path) == []


@pytest.mark.slow
def test_the_demo_shows_movielens(ml100k: Path, tmp_path: Path) -> None:
    process = demo(tmp_path / "home", "--no-llm", "--data", "ml100k", "--folder", str(ml100k))
    out, _ = process.communicate(timeout=200)
    assert process.returncode == 0, out
    assert "3 items (3 new" in out
    assert "The Lion King" in out
