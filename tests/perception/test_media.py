"""Media are admitted by what they are, within limits, and refused with the field and the limit."""

from __future__ import annotations

import asyncio
import base64
import io
import os
import resource
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.media.containers import container_of
from tastemaker.core.schemas import MediaFile, MediaInput, RecommendRequest
from tastemaker.core.settings import LimitSettings
from tastemaker.models.image_text.pixels import read_image
from tastemaker.tools.media.admission import MediaAdmitter, decode_base64
from tastemaker.tools.media.sandbox import WORKER, read_av, run_worker

from ..media_samples import encoded_sound, heic_bytes, image_bytes, png_header_of, video_file, wav_bytes

DATA = Path(os.environ.get("TASTEMAKER_DATA", "../shared/data"))


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


async def admit(
    tmp_path: Path, limits: LimitSettings | None = None, **media: list[MediaInput]
) -> tuple[MediaFile, ...]:
    return await MediaAdmitter(limits or LimitSettings()).admit(RecommendRequest(**media), tmp_path)


async def refused(
    tmp_path: Path, limits: LimitSettings | None = None, **media: list[MediaInput]
) -> InvalidRequestError:
    with pytest.raises(InvalidRequestError) as caught:
        await admit(tmp_path, limits, **media)
    return caught.value


async def refused_image(tmp_path: Path, data: bytes, limits: LimitSettings | None = None) -> InvalidRequestError:
    return await refused(tmp_path, limits, images=[MediaInput(data=b64(data))])


@pytest.mark.parametrize(
    ("fmt", "mime"),
    [
        ("PNG", "image/png"),
        ("JPEG", "image/jpeg"),
        ("WEBP", "image/webp"),
        ("GIF", "image/gif"),
        ("BMP", "image/bmp"),
    ],
)
async def test_photos_are_admitted_with_their_bytes_unchanged(tmp_path: Path, fmt: str, mime: str) -> None:
    data = image_bytes(fmt)
    (media,) = await admit(tmp_path, images=[MediaInput(data=b64(data))])
    assert (media.media_id, media.kind, media.mime, media.width_px, media.height_px) == (
        "image-1",
        "image",
        mime,
        40,
        30,
    )
    assert os.listdir(tmp_path) == [Path(media.path).name]
    assert await asyncio.to_thread(Path(media.path).read_bytes) == data


async def test_ids_count_within_each_kind(tmp_path: Path) -> None:
    photo, voice = MediaInput(data=b64(image_bytes())), MediaInput(data=b64(wav_bytes(0.2)))
    media = await admit(tmp_path, images=[photo, photo], audio=[voice])
    assert [m.media_id for m in media] == ["image-1", "image-2", "audio-1"]


async def test_the_name_does_not_decide_and_a_path_is_copied(tmp_path: Path) -> None:
    lying = tmp_path / "photo.jpg"
    lying.write_bytes(image_bytes("PNG"))
    work = tmp_path / "work"
    work.mkdir()
    (media,) = await admit(work, images=[MediaInput(path=str(lying))])
    assert media.mime == "image/png"
    assert Path(media.path).parent == work


async def test_size_is_as_displayed(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    (media,) = await admit(tmp_path, images=[MediaInput(data=b64(image_bytes("JPEG", exif=exif)))])
    assert (media.width_px, media.height_px) == (30, 40)


async def test_data_uris_may_not_lie(tmp_path: Path) -> None:
    png = image_bytes("PNG")
    (media,) = await admit(tmp_path, images=[MediaInput(data="data:image/png;base64," + b64(png))])
    assert media.mime == "image/png"
    error = await refused(tmp_path, images=[MediaInput(data="data:image/jpeg;base64," + b64(png))])
    assert error.field == "images[0]"
    assert "image/jpeg" in error.message
    assert "image/png" in error.message


async def test_data_uris_may_carry_parameters_and_synonyms(tmp_path: Path) -> None:
    (media,) = await admit(tmp_path, audio=[MediaInput(data="data:audio/x-wav;codecs=1;base64," + b64(wav_bytes(0.2)))])
    assert media.mime == "audio/wav"


@pytest.mark.parametrize(
    "given",
    [MediaInput(), MediaInput(data="AAAA", path="/x"), MediaInput(data="AAAA", url="https://a.example/b")],
)
async def test_exactly_one_source(tmp_path: Path, given: MediaInput) -> None:
    error = await refused(tmp_path, images=[MediaInput(data=b64(image_bytes())), given])
    assert error.field == "images[1]"
    assert "exactly one" in error.message


async def test_paths_and_urls_can_be_switched_off(tmp_path: Path) -> None:
    request = RecommendRequest(images=[MediaInput(path="/etc/passwd")])
    with pytest.raises(InvalidRequestError, match="in-process"):
        await MediaAdmitter(LimitSettings()).admit(request, tmp_path, allow_paths=False)
    error = await refused(tmp_path, images=[MediaInput(url="https://a.example/b.png")])
    assert "switched off" in error.message


async def test_counts(tmp_path: Path) -> None:
    photo = MediaInput(data=b64(image_bytes()))
    error = await refused(tmp_path, images=[photo] * 5)
    assert (error.field, error.message) == ("images", "at most 4 allowed, got 5")


async def test_size_is_checked_before_decoding(tmp_path: Path) -> None:
    error = await refused(tmp_path, LimitSettings(max_image_bytes=99), images=[MediaInput(data="!" * 400)])
    assert "99 bytes" in error.message
    assert decode_base64(b64(b"x" * 99), "f", 99) == (b"x" * 99, "")
    with pytest.raises(InvalidRequestError, match="98 bytes"):
        decode_base64(b64(b"x" * 99), "f", 98)


@pytest.mark.parametrize("text", ["AAA", "AA AA", "AAAA\n", "????", "ÄÄÄÄ", "data:image/png,abc", "data:;base64"])
async def test_base64_is_strict(tmp_path: Path, text: str) -> None:
    error = await refused(tmp_path, images=[MediaInput(data=text)])
    assert error.field == "images[0]"


async def test_nothing_and_text_are_no_pictures(tmp_path: Path) -> None:
    assert "empty" in (await refused(tmp_path, images=[MediaInput(data="")])).message
    assert "JPEG, PNG" in (await refused_image(tmp_path, b"this is no picture at all")).message
    assert "audio/wav" in (await refused_image(tmp_path, wav_bytes(0.1))).message


@pytest.mark.parametrize("side", [9_000, 10_000, 60_000])
async def test_pixels_are_counted_from_the_header(tmp_path: Path, side: int) -> None:
    started = time.monotonic()
    error = await refused_image(tmp_path, png_header_of(side, side))
    assert time.monotonic() - started < 1
    assert "pixels" in error.message
    assert "64000000" in error.message


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "GIF", "BMP"])
async def test_truncated_pictures_are_refused(tmp_path: Path, fmt: str) -> None:
    data = image_bytes(fmt, (400, 300))
    error = await refused_image(tmp_path, data[: len(data) * 2 // 3])
    assert "truncated" in error.message


async def test_header_only_pictures_are_refused(tmp_path: Path) -> None:
    for magic in (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF89a", b"RIFF\0\0\0\0WEBP", b"BM"):
        assert "truncated" in (await refused_image(tmp_path, magic + b"\0" * 60)).message


@pytest.mark.parametrize(("width", "height"), [(1, 39_999_999), (39_999_999, 1), (10, 29_999), (31_000, 2_000)])
async def test_long_sides_are_refused_before_decoding(tmp_path: Path, width: int, height: int) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    error = await refused_image(tmp_path, png_header_of(width, height))
    assert f"{width} x {height}" in error.message
    assert "at most" in error.message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000  # kB


def on_its_side(fmt: str) -> bytes:
    """Return a picture, red on the left and blue on the right, 192 x 64 as displayed, whose pixels are stored turned."""
    upright = Image.new("RGB", (192, 64), (200, 0, 0))
    upright.paste((0, 0, 200), (96, 0, 192, 64))
    stored = upright.transpose(Image.Transpose.ROTATE_90)
    if fmt == "HEIC":
        return heic_bytes(np.asarray(stored), quarter_turns=3)
    exif = Image.Exif()
    exif[0x0112] = 6
    buffer = io.BytesIO()
    stored.save(buffer, fmt, exif=exif)
    return buffer.getvalue()


@pytest.mark.parametrize("fmt", ["JPEG", "PNG", "WEBP", "TIFF", "AVIF", "HEIC"])
async def test_every_format_is_read_upright(tmp_path: Path, fmt: str) -> None:
    data = on_its_side(fmt)
    (media,) = await admit(tmp_path, images=[MediaInput(data=b64(data))])
    assert media.mime == f"image/{fmt.lower()}"
    assert (media.width_px, media.height_px) == (192, 64)
    sent = media.sent_path or media.path
    assert await asyncio.to_thread(Path(sent).read_bytes) == data
    for path in (media.path, sent):  # a catalogue's pictures are read as they are
        seen = read_image(path)
        left, right = seen.getpixel((20, 20)), seen.getpixel((170, 20))
        assert isinstance(left, tuple)
        assert isinstance(right, tuple)
        assert left[0] > 150 > left[2]
        assert right[2] > 150 > right[0]


@pytest.mark.parametrize("fmt", ["PNG", "TIFF"])
async def test_sixteen_bits_are_not_clipped_to_white(tmp_path: Path, fmt: str) -> None:
    ramp = np.tile(np.linspace(0, 65535, 64, dtype=np.uint16), (32, 1))
    buffer = io.BytesIO()
    Image.fromarray(ramp).save(buffer, fmt)
    (media,) = await admit(tmp_path, images=[MediaInput(data=b64(buffer.getvalue()))])
    for path in (media.path, media.sent_path or ""):  # a catalogue's pictures are read as they are
        grey = np.asarray(read_image(path).convert("L"), dtype=float)
        assert np.abs(grey[16] - np.linspace(0, 255, 64)).max() < 8


@pytest.mark.parametrize(
    ("fmt", "progressive"),
    [
        ("JPEG", False),
        pytest.param("JPEG", True, marks=pytest.mark.slow),
        pytest.param("PNG", False, marks=pytest.mark.slow),
    ],
)
async def test_a_photo_of_48_megapixels_is_read(tmp_path: Path, fmt: str, progressive: bool) -> None:
    buffer = io.BytesIO()
    options = {"quality": 50, "progressive": progressive} if fmt == "JPEG" else {"compress_level": 1}
    Image.new("RGB", (8064, 6048), (90, 120, 30)).save(buffer, fmt, **options)
    (media,) = await admit(tmp_path, images=[MediaInput(data=b64(buffer.getvalue()))])
    assert (media.width_px, media.height_px) == (8064, 6048)
    assert max(read_image(media.path).size) <= 2048


@pytest.mark.parametrize("fmt", ["TIFF", "AVIF", "HEIC"])
async def test_damaged_pictures_of_seldom_formats_are_refused(tmp_path: Path, fmt: str) -> None:
    data = on_its_side(fmt)
    assert "damaged" in (await refused_image(tmp_path, data[: len(data) * 2 // 3])).message


async def test_jpegs_with_endless_scans_are_refused(tmp_path: Path) -> None:
    error = await refused_image(tmp_path, image_bytes("JPEG") + b"\xff\xda" * 200)
    assert "scans" in error.message


async def test_animations_count_by_their_first_frame(tmp_path: Path) -> None:
    frames = [Image.new("P", (20, 10), i) for i in range(3)]
    buffer = io.BytesIO()
    frames[0].save(buffer, "GIF", save_all=True, append_images=frames[1:])
    (media,) = await admit(tmp_path, images=[MediaInput(data=b64(buffer.getvalue()))])
    assert (media.width_px, media.height_px) == (20, 10)


@pytest.mark.parametrize(
    ("codec", "fmt", "mime"),
    [
        ("flac", "flac", "audio/flac"),
        ("libopus", "ogg", "audio/ogg"),
        ("libopus", "webm", "audio/webm"),
        ("aac", "ipod", "audio/mp4"),
        ("aac", "adts", "audio/aac"),
        ("libmp3lame", "mp3", "audio/mpeg"),
    ],
)
async def test_voice_in_many_containers(tmp_path: Path, codec: str, fmt: str, mime: str) -> None:
    path = encoded_sound(tmp_path / "voice", codec, fmt)
    (media,) = await admit(tmp_path, audio=[MediaInput(path=str(path))])
    assert media.mime == mime
    assert media.seconds == pytest.approx(1.0, abs=0.1)


async def test_silence_is_admitted(tmp_path: Path) -> None:
    (media,) = await admit(tmp_path, audio=[MediaInput(data=b64(wav_bytes(0.5, volume=0.0)))])
    assert media.seconds == pytest.approx(0.5)


async def test_seconds_are_those_that_decode(tmp_path: Path) -> None:
    limits = LimitSettings(max_audio_s=1.0)
    error = await refused(tmp_path, limits, audio=[MediaInput(data=b64(wav_bytes(1.5)))])
    assert "longer than 1 seconds" in error.message
    streamed = bytearray(wav_bytes(1.5))
    streamed[4:8] = streamed[40:44] = b"\xff\xff\xff\xff"
    error = await refused(tmp_path, limits, audio=[MediaInput(data=b64(bytes(streamed)))])
    assert "longer than 1 seconds" in error.message


async def test_a_wav_that_promises_more_is_truncated(tmp_path: Path) -> None:
    error = await refused(tmp_path, audio=[MediaInput(data=b64(wav_bytes(1.0)[:9000]))])
    assert "truncated" in error.message


@pytest.mark.parametrize("data", [wav_bytes(1.0)[:44], b"fLaC" + b"\0" * 50, b"OggS" + b"\0" * 90, b"ID3" + b"x" * 99])
async def test_containers_without_sound_are_refused(tmp_path: Path, data: bytes) -> None:
    error = await refused(tmp_path, audio=[MediaInput(data=b64(data))])
    assert error.field == "audio[0]"


async def test_playlists_and_scripts_never_reach_the_decoder(tmp_path: Path) -> None:
    for text in (
        b"#EXTM3U\n#EXT-X-MEDIA-SEQUENCE:0\n/etc/passwd",
        b"ffconcat version 1.0\nfile /etc/passwd",
        b"v=0\r\n",
    ):
        error = await refused(tmp_path, video=[MediaInput(data=b64(text))])
        assert "no known type" in error.message


async def test_videos(tmp_path: Path) -> None:
    for sound in (True, False):
        path = video_file(tmp_path / f"{sound}.mp4", 2.0, sound=sound)
        (media,) = await admit(tmp_path, video=[MediaInput(path=str(path))])
        assert (media.kind, media.mime, media.width_px, media.height_px) == ("video", "video/mp4", 64, 48)
        assert media.seconds == pytest.approx(2.0, abs=0.2)
    error = await refused(tmp_path, LimitSettings(max_video_s=1.0), video=[MediaInput(path=str(path))])
    assert "longer than 1 seconds" in error.message
    error = await refused(tmp_path, LimitSettings(max_image_px=1000), video=[MediaInput(path=str(path))])
    assert "1000" in error.message


async def test_a_video_needs_a_picture_and_a_voice_clip_sound(tmp_path: Path) -> None:
    voice = encoded_sound(tmp_path / "v.m4a", "aac", "ipod")
    assert "moving picture" in (await refused(tmp_path, video=[MediaInput(path=str(voice))])).message
    mute = video_file(tmp_path / "mute.mp4", sound=False)
    assert "no sound" in (await refused(tmp_path, audio=[MediaInput(path=str(mute))])).message


async def test_odd_paths_are_refused(tmp_path: Path) -> None:
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    for path in (str(tmp_path), str(fifo), str(tmp_path / "none"), "/dev/zero"):
        error = await refused(tmp_path, images=[MediaInput(path=path)])
        assert error.field == "images[0]"


async def test_a_decoder_that_hangs_or_dies_is_a_refusal(tmp_path: Path) -> None:
    hang, die = tmp_path / "hang.py", tmp_path / "die.py"
    hang.write_text("import time\ntime.sleep(60)")
    die.write_text("import os\nos.abort()")
    started = time.monotonic()
    assert "longer than" in (await run_worker(hang, {}, timeout_s=0.5))["refused"]
    assert time.monotonic() - started < 5
    assert "refused" in await run_worker(die, {}, timeout_s=5)


async def test_a_worker_that_cannot_write_is_a_refusal(tmp_path: Path) -> None:
    path = video_file(tmp_path / "v.mp4", 0.5)
    result = await read_av(
        "frames", path, "mov", timeout_s=10, out="/proc/none", max_frames=2, seconds=0.5, max_px=10**6
    )
    assert "refused" in result


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux holds a process to RLIMIT_AS")
async def test_the_worker_cannot_take_all_memory(tmp_path: Path) -> None:
    path = video_file(tmp_path / "v.mp4", 0.5, sound=False, size=(1920, 1080))
    job = {"task": "frames", "path": str(path), "demuxer": "mov", "out": str(tmp_path / "o"), "max_frames": 2}
    job |= {"seconds": 0.5, "max_px": 10**7, "cpu_s": 20, "file_bytes": 10**8}
    assert "frames" in await run_worker(WORKER, job | {"memory_bytes": 4 * 10**9}, timeout_s=20)
    assert "refused" in await run_worker(WORKER, job | {"memory_bytes": 10**8}, timeout_s=20)


def test_containers_are_told_by_their_bytes() -> None:
    assert container_of(b"\0\0\0\x18ftypheic" + b"\0" * 16) == "heic"
    assert container_of(b"\0\0\0\x18ftypmif1\0\0\0\0mif1avif") == "avif"
    assert container_of(b"\0\0\0\x10ftypmif1\0\0\0\0mif1avif") == "heic"
    assert container_of(b"II*\0" + b"\0" * 16) == container_of(b"MM\0*" + b"\0" * 16) == "tiff"
    assert container_of(b"\0\0\0\x18ftypqt  " + b"\0" * 16) == "mov"
    assert container_of(b"\xff\xf1\x50\x80") == "aac"
    assert container_of(b"\xff\xfb\x90\x00") == "mp3"
    assert container_of(b"") is None


@pytest.mark.shared
@pytest.mark.skipif(not (DATA / "c2pa").is_dir(), reason=f"no benchmark data at {DATA}")
@pytest.mark.parametrize(
    ("name", "fine"), [("riff_bomb_1000.wav", True), ("nested_moov_1000.mp4", False), ("sample3.invalid.wav", False)]
)
async def test_hostile_containers_end_quickly(tmp_path: Path, name: str, fine: bool) -> None:
    kind = "video" if name.endswith("mp4") else "audio"
    given = [MediaInput(path=str(DATA / "c2pa" / name))]
    media = {"video": given} if name.endswith("mp4") else {"audio": given}
    started = time.monotonic()
    if fine:
        (found,) = await admit(tmp_path, None, **media)
        assert (found.seconds or 0) < 0.5
    else:
        assert (await refused(tmp_path, None, **media)).field == f"{kind}[0]"
    assert time.monotonic() - started < 5
