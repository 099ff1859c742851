"""Every method of examination finds its own kind of forgery in a photo, leaves honest ones alone and survives broken files."""

from __future__ import annotations

import tomllib
from importlib.resources import files
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from tastemaker.core.media.trust_report import CheckRequest
from tastemaker.core.schemas import Check, MediaFile
from tastemaker.core.settings import load_settings
from tastemaker.tools.trust import unsafe_photo as unsafe_module
from tastemaker.tools.trust.examiner import Examiner, photo_methods
from tastemaker.tools.trust.method import Finding, Method, Photo
from tastemaker.tools.trust.policy import combine
from tastemaker.tools.trust.unsafe_photo import UNSAFE, unsafe_photo

CACHE = load_settings({}).cache
METHODS = photo_methods(CACHE)
CONTRACT = photo_methods(CACHE, safety=True)


def photo_file(folder: Path, image: Image.Image, **saved: object) -> Path:
    path = folder / "photo.jpg"
    image.save(path, "JPEG", quality=92, **saved)
    return path


def medium(path: Path) -> MediaFile:
    return MediaFile(media_id="image-1", kind="image", path=str(path), mime="image/jpeg")


def textured(seed: int = 0) -> Image.Image:
    """Return a photo-like picture, 480 by 360, whose every part has a grain of its own."""
    noise = np.random.default_rng(seed).normal(128, 60, (90, 120, 3)).clip(0, 255).astype(np.uint8)
    return Image.fromarray(noise).resize((480, 360), Image.Resampling.BICUBIC)


def with_copy(image: Image.Image) -> Image.Image:
    """Copy a part of the picture elsewhere in it."""
    forged = image.copy()
    forged.paste(image.crop((40, 60, 180, 200)), (290, 150))
    return forged


def with_preview(image: Image.Image, preview: Image.Image) -> bytes:
    """Return EXIF data with a preview in it, as cameras write them."""
    small = preview.copy()
    small.thumbnail((160, 160))
    out = BytesIO()
    small.save(out, "JPEG")
    data = out.getvalue()
    tiff = BytesIO()
    tiff.write(b"II*\0\x08\0\0\0" + b"\0\0" + (14).to_bytes(4, "little"))
    entries = [(0x0201, 44), (0x0202, len(data))]
    tiff.write(len(entries).to_bytes(2, "little"))
    for tag, value in entries:
        tiff.write(
            tag.to_bytes(2, "little")
            + (4).to_bytes(2, "little")
            + (1).to_bytes(4, "little")
            + value.to_bytes(4, "little")
        )
    tiff.write(b"\0\0\0\0" + data)
    return b"Exif\0\0" + tiff.getvalue()


async def found(path: Path, name: str) -> Check:
    checks = [check for check, _ in await Examiner(METHODS)(medium(path), "asked")]
    return next(check for check in checks if check.check == name)


async def test_a_copied_region_is_found_with_its_place(tmp_path: Path) -> None:
    check = await found(photo_file(tmp_path, with_copy(textured())), "copied_region")
    assert check.state == "conflict"
    assert check.region is not None
    left, top, width, height = check.region
    assert left < 0.2 < 0.8 < left + width, "both parts lie in the region"
    assert 0 <= top < 0.3
    assert height > 0.4


async def test_a_picture_without_a_copy_is_no_conflict(tmp_path: Path) -> None:
    assert (await found(photo_file(tmp_path, textured()), "copied_region")).state == "no evidence"


async def test_a_pattern_that_repeats_itself_is_no_conflict(tmp_path: Path) -> None:
    tile = textured().crop((0, 0, 96, 90))
    wall = Image.new("RGB", (480, 360))
    for column in range(5):
        for row in range(4):
            wall.paste(tile, (96 * column, 90 * row))
    assert (await found(photo_file(tmp_path, wall), "copied_region")).state == "no evidence"


async def test_a_repeated_smooth_pattern_is_no_conflict(tmp_path: Path) -> None:
    flat = Image.new("RGB", (400, 300), "white")
    assert (await found(photo_file(tmp_path, flat), "copied_region")).state == "no evidence"


async def test_a_preview_of_another_picture_is_a_conflict_and_its_own_is_not(tmp_path: Path) -> None:
    image = textured()
    honest = photo_file(tmp_path, image, exif=with_preview(image, image))
    assert (await found(honest, "file_history")).state == "no evidence"
    forged = photo_file(tmp_path, textured(5), exif=with_preview(image, image))
    assert (await found(forged, "file_history")).state == "conflict"


async def test_a_dark_border_is_part_of_the_picture_where_the_preview_has_its_shape(tmp_path: Path) -> None:
    image = Image.new("RGB", (480, 360))
    image.paste(textured().resize((300, 220)), (20, 40))
    path = photo_file(tmp_path, image, exif=with_preview(image, image))
    assert (await found(path, "file_history")).state == "no evidence"


async def test_what_a_file_says_of_itself_is_told_and_not_counted(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0131] = "Some Editor 1.0"
    check = await found(photo_file(tmp_path, textured(), exif=exif), "file_history")
    assert (check.state, "Some Editor 1.0" in check.reason) == ("no evidence", True)


@pytest.mark.parametrize("method", CONTRACT, ids=lambda m: m.name)
@pytest.mark.parametrize("size", [(1, 1), (8, 3000), (64, 64)], ids=str)
async def test_methods_survive_unusual_pictures(method: Method, size: tuple[int, int], tmp_path: Path) -> None:
    path = photo_file(tmp_path, Image.new("RGB", size, "grey"))
    [(check, _)] = await Examiner([method])(medium(path), "asked")
    assert (check.check, check.state, check.about) == (method.name, "no evidence", ("image-1",))
    assert all((check.reason, check.source, check.limits))


@pytest.mark.parametrize("method", CONTRACT, ids=lambda m: m.name)
async def test_methods_say_what_they_could_not_read(method: Method, tmp_path: Path) -> None:
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 not a picture")
    [(check, _)] = await Examiner([method])(medium(path), "asked")
    assert (check.state, check.reason.startswith("Not examined")) == ("no evidence", True)
    [(gone, _)] = await Examiner([method])(medium(tmp_path / "gone.jpg"), "asked")
    assert gone.state == "no evidence"


async def test_a_method_that_fails_costs_its_own_check_alone(tmp_path: Path) -> None:
    def fails(photo: Photo) -> Finding:
        raise RuntimeError(photo.path.name)

    broken = Method("broken", fails, "nowhere", "everything")
    checks = [c for c, _ in await Examiner([broken, *METHODS])(medium(photo_file(tmp_path, textured())), "asked")]
    assert [c.check for c in checks] == ["broken", *(m.name for m in METHODS)]
    assert "photo.jpg" not in checks[0].reason


@pytest.mark.parametrize(("nude", "state"), [(UNSAFE, "conflict"), (UNSAFE - 0.01, "no evidence")])
async def test_a_photo_that_is_not_safe_to_show_is_a_conflict(
    nude: float, state: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Session:
        def run(self, names: None, sent: dict[str, Any]) -> list[np.ndarray[Any, Any]]:
            assert sent["input_0"].shape == (1, 224, 224, 3)
            return [np.array([[1 - nude, nude]])]

    monkeypatch.setattr(unsafe_module, "weights_status", lambda cache: {"open-nsfw": True})
    monkeypatch.setattr(unsafe_module, "open_session", lambda path, threads: Session())
    [(check, _)] = await Examiner([unsafe_photo(tmp_path)])(medium(photo_file(tmp_path, textured())), "asked")
    assert check.state == state
    assert check.score == pytest.approx(nude)


@pytest.mark.parametrize(
    ("action", "distrusted", "kept_out"),
    [("label", 0, 0), ("lower", 1, 0), ("ask", 1, 0), ("keep_out", 1, 1), ("block", 1, 1)],
)
def test_the_policy_says_what_a_conflict_leads_to(action: str, distrusted: int, kept_out: int) -> None:
    check = Check(check="copied_region", state="conflict", reason=".", about=("image-1",))
    photo = MediaFile(media_id="image-1", kind="image", path="/p.jpg", mime="image/jpeg")
    verdict = combine([check], [photo], {"copied_region": action})  # type: ignore[dict-item]
    assert (verdict.state, len(verdict.distrusted), len(verdict.kept_out)) == ("conflict", distrusted, kept_out)
    assert [effect.action for effect in verdict.effects] == [action]


def test_a_request_to_examine_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one photo"):
        CheckRequest(text="red shoes")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_every_conflict_of_a_photo_can_be_said(language: str) -> None:
    wording = files("tastemaker.agents.explaining") / f"wording_{language}.toml"
    said = tomllib.loads(wording.read_text(encoding="utf-8"))["conflicts"]
    assert {method.name for method in CONTRACT} <= set(said)
