"""Content Credentials are checked without any network, and hostile files end nothing but their own process."""

from __future__ import annotations

import http.server
import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import c2pa
import pytest

from tastemaker.core.errors import ToolError
from tastemaker.core.schemas import Check, MediaFile, MediaKind
from tastemaker.tools.trust.content_credentials import judge, read_credentials

HERE = Path(__file__).parents[1] / "data" / "c2pa"
DATA = Path(os.environ.get("TASTEMAKER_DATA", "../shared/data")) / "c2pa"
ANCHORS = HERE / "cli_sample_trust_anchors.pem"
KINDS: dict[str, tuple[MediaKind, str]] = {
    ".jpg": ("image", "image/jpeg"),
    ".wav": ("audio", "audio/wav"),
    ".mp4": ("video", "video/mp4"),
}


def medium(path: Path) -> MediaFile:
    kind, mime = KINDS[path.suffix]
    return MediaFile(media_id=f"{kind}-1", kind=kind, path=str(path), mime=mime)


async def test_an_intact_file_names_its_signer() -> None:
    check = await read_credentials(medium(HERE / "C.jpg"))
    assert (check.check, check.state, check.about) == ("content_credentials", "verified", ("image-1",))
    assert "C2PA Test Signing Cert" in check.reason
    assert "no trust list here vouches" in check.reason
    trusted = await read_credentials(medium(HERE / "C.jpg"), trust_anchors=ANCHORS)
    assert "a trusted signer" in trusted.reason


async def test_a_changed_file_is_a_conflict() -> None:
    check = await read_credentials(medium(HERE / "XCA.jpg"), trust_anchors=ANCHORS)
    assert check.state == "conflict"
    assert "changed after it was signed" in check.reason


async def test_a_signature_for_other_bytes_is_a_conflict(tmp_path: Path) -> None:
    data = bytearray((HERE / "C.jpg").read_bytes())
    data[-2000] ^= 0xFF
    path = tmp_path / "c.jpg"
    path.write_bytes(data)
    assert (await read_credentials(medium(path))).state == "conflict"


async def test_damaged_manifests_are_no_evidence_or_conflict_and_never_a_crash(tmp_path: Path) -> None:
    data = (HERE / "C.jpg").read_bytes()
    at = data.index(b"jumb")
    for cut in (at + 2, at + 50, at + 4000):
        path = tmp_path / f"{cut}.jpg"
        path.write_bytes(data[:cut])
        assert (await read_credentials(medium(path))).state != "verified"
    path = tmp_path / "noise.jpg"
    path.write_bytes(b"\xff\xd8\xff\xeb\xff\xff" + b"jumbc2pa" * 5000)
    assert (await read_credentials(medium(path))).state == "no evidence"


async def test_a_type_the_library_does_not_know_is_no_evidence(tmp_path: Path) -> None:
    path = tmp_path / "v.webm"
    path.write_bytes(b"\x1aE\xdf\xa3 c2pa jumb")
    check = await read_credentials(MediaFile(media_id="video-1", kind="video", path=str(path), mime="video/webm"))
    assert check.state == "no evidence"


async def test_a_file_that_is_gone_is_a_tool_error(tmp_path: Path) -> None:
    with pytest.raises(ToolError):
        await read_credentials(medium(tmp_path / "gone.jpg"))


def test_names_from_a_file_stay_short_and_plain() -> None:
    facts = {"state": "Valid", "codes": [], "signer": "Evil\n\x1b[31m" + "x" * 500, "time": "", "generated": True}
    check = judge(medium(HERE / "C.jpg"), facts)
    assert "\n" not in check.reason
    assert "\x1b" not in check.reason
    assert len(check.reason) < 300
    assert "generative AI" in check.reason


def test_an_invalid_manifest_without_tampering_is_no_evidence() -> None:
    facts = {"state": "Invalid", "codes": ["claim.cbor.invalid"], "signer": "A", "time": "", "generated": False}
    assert judge(medium(HERE / "C.jpg"), facts).state == "no evidence"
    facts["codes"] = ["signingCredential.untrusted", "assertion.bmffHash.mismatch"]
    assert judge(medium(HERE / "C.jpg"), facts).state == "conflict"


class Manifests(http.server.BaseHTTPRequestHandler):
    """Count requests for remote manifests."""

    asked: list[str] = []  # noqa: RUF012

    def do_GET(self) -> None:
        self.asked.append(self.path)
        self.send_response(404)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        return


@pytest.fixture
def server() -> Iterator[str]:
    Manifests.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Manifests) as made:
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{made.server_port}/"
        made.shutdown()
        thread.join()


async def test_remote_manifests_are_never_fetched(tmp_path: Path, server: str) -> None:
    data = (HERE / "cloud.jpg").read_bytes()
    start = data.index(b"https://cai-manifests")
    end = data.index(b'"', start)
    address = server.encode().ljust(end - start, b"x")
    path = tmp_path / "cloud.jpg"
    path.write_bytes(data[:start] + address + data[end:])

    with (
        path.open("rb") as stream,
        c2pa.Context.from_json(json.dumps({"verify": {"remote_manifest_fetch": True}})) as context,
        pytest.raises(c2pa.C2paError),
    ):
        c2pa.Reader("image/jpeg", stream, context=context)
    assert Manifests.asked, "the file does make a reader that may fetch ask our server"

    Manifests.asked.clear()
    check = await read_credentials(medium(path))
    assert check.state == "no evidence"
    assert "not fetched" in check.reason
    assert Manifests.asked == []


@pytest.mark.shared
@pytest.mark.skipif(not DATA.is_dir(), reason=f"no benchmark data at {DATA}")
@pytest.mark.parametrize(
    ("state", "names"),
    [
        ("verified", "CA.jpg C.jpg ocsp.jpg sample1_signed.wav video1.mp4"),
        ("conflict", "XCA.jpg E-sig-CA.jpg CIE-sig-CA.jpg"),
        ("no evidence", "A.jpg earth_apollo17.jpg no_manifest.jpg cloud.jpg video1_no_manifest.mp4"),
        ("no evidence", "riff_bomb_1000.wav nested_moov_1000.mp4 sample3.invalid.wav"),
    ],
)
async def test_every_sample(state: str, names: str) -> None:
    found: dict[str, Check] = {name: await read_credentials(medium(DATA / name)) for name in names.split()}
    assert {name: check.state for name, check in found.items()} == dict.fromkeys(found, state)
