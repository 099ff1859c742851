"""Make hostile requests of three kinds: what the OpenAPI page allows and nearly allows, broken bytes, and broken media.

``schemathesis`` draws the first kind from the page itself, and checks every answer of every kind against it.
"""

from __future__ import annotations

import base64
import io
import json
import random
import struct
import wave
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from PIL import Image
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.result import Ok

from .media_samples import image_bytes, video_file, wav_bytes

HANGS_S = 60.0
"""Seconds after which a request counts as hung, on a machine that does other work beside it."""
KNOWN: dict[str, tuple[Any, ...]] = {
    "name": ("compose", "explain-only", "phrases", "rules", "source-weights"),
    "number": (1, 2),
    "label": ("production", "staging"),
    "item_id": ("print-1", "print-17"),
    "user_id": ("ada", "bob"),
    "case_set": ("fuzz", "print-shop"),
    "model": ("tastemaker",),
}
"""Parts of an address that name what is there: half of the calls use them, so that more than "not found" is met."""
load_all_checks()
CONFORMS: list[Any] = [
    CHECKS.get_one(name)
    for name in (
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
    )
]


@dataclass
class Found:
    """What was sent and what was wrong with the answers, by kind of fault and operation, with one example each."""

    sent: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    slowest_s: float = 0.0

    def note(self, title: str, operation: str, example: str) -> None:
        """Keep the first example of a fault."""
        self.faults.setdefault(f"{operation}: {title}", example[:1500])


class Fuzzer:
    """Send cases to a running service and check the answers against its own page."""

    def __init__(self, url: str, number: int = 0) -> None:
        self.schema = schemathesis.openapi.from_url(f"{url}/openapi.json")
        self.operations = [found.ok() for found in self.schema.get_all_operations() if isinstance(found, Ok)]
        self.by_label = {operation.label: operation for operation in self.operations}
        self.client = httpx.Client(base_url=url, timeout=HANGS_S, trust_env=False)
        self.random = random.Random(number)
        self.found = Found()

    def close(self) -> None:
        """Close the connections."""
        self.client.close()

    def warm(self, folder: Path) -> None:
        """Let every model be loaded, which may take as long as it has to, before anything is counted."""
        for kind, _, data in media_seeds(folder):
            body = {kind: [{"data": base64.b64encode(data).decode()}], "text": "a boat", "words": False}
            self.client.post("/recommend", json=body, timeout=600)
            self.client.post("/check", json={k: body[k] for k in (kind, "text")}, timeout=600)

    def all_kinds(self, many: int, folder: Path) -> None:
        """Send about ``many`` requests: half drawn from the page, a quarter of broken bytes, a quarter of broken media."""
        self.documented(max(1, many // (4 * len(self.operations))))
        self.broken_bytes(max(many // 4, many * 3 // 4 - self.found.sent))
        self.broken_media(many // 4, folder)

    def documented(self, each: int) -> None:
        """Send ``each`` requests that the page allows, and as many that break it in one place, to every operation."""
        for operation in self.operations:
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                self._draw(operation, mode, each)

    def _draw(self, operation: Any, mode: GenerationMode, each: int) -> None:
        strategy = operation.as_strategy(generation_mode=mode)

        @seed(self.random.randrange(2**32))
        @settings(
            max_examples=each,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=strategy)
        def send(case: Case[Any]) -> None:
            for name in case.path_parameters:
                if name in KNOWN and self.random.random() < 0.5:
                    case.path_parameters[name] = self.random.choice(KNOWN[name])
            self.send(case, **_as_httpx(case.as_transport_kwargs(base_url=str(self.client.base_url))))

        try:
            send()
        except schemathesis.errors.SchemathesisError:
            pass  # nothing can break this operation: it takes nothing
        except Exception as error:
            if "Unsatisfiable" not in type(error).__name__:
                raise

    def send(self, case: Case[Any], **request: Any) -> None:
        """Send one request and check what comes back as an answer of ``case``'s operation."""
        label = case.operation.label
        self.found.sent += 1
        try:
            asked = self.client.build_request(**request)
            asked.read()
            answer = self.client.send(asked)
        except httpx.TimeoutException:
            self.found.note("hung", label, repr(request))
            return
        except (httpx.InvalidURL, httpx.LocalProtocolError, UnicodeEncodeError, httpx.UnsupportedProtocol):
            return  # what a client cannot send
        except httpx.TransportError as error:
            self.found.note(type(error).__name__, label, repr(request))
            return
        self.found.statuses[answer.status_code] += 1
        self.found.slowest_s = max(self.found.slowest_s, answer.elapsed.total_seconds())
        try:
            case.validate_response(answer, checks=CONFORMS)
        except FailureGroup as group:
            for failure in group.exceptions:
                self._note(failure, label, request, answer)
        except Failure as failure:
            self._note(failure, label, request, answer)

    def _note(self, failure: Any, label: str, request: dict[str, Any], answer: httpx.Response) -> None:
        title = f"{failure.title} ({answer.status_code})"
        self.found.note(title, label, f"{str(failure)[:400]}\n{repr(request)[:600]}\n{answer.text[:400]}")

    def post(self, path: str, **request: Any) -> None:
        """Send a request of ours to a POST operation of the page."""
        found = self.schema.find_operation_by_path("POST", path)
        operation = self.by_label[f"POST {path}"] if found is None else found
        self.send(operation.Case(), method="POST", url=path, **request)

    def broken_bytes(self, many: int) -> None:
        """Send bodies that were right until some of their bytes were changed, or that say to be what they are not."""
        bodies = [(path, json.dumps(body).encode()) for path, body in BODIES.items()]
        for _ in range(many):
            path, body = self.random.choice(bodies)
            changed = self.random.choice(WAYS)(body, self.random)
            kind = self.random.choice(TYPES)
            self.post(path, content=changed, headers={"content-type": kind} if kind else {})

    def broken_media(self, many: int, folder: Path) -> None:
        """Send photos, clips and videos whose bytes were changed, cut, grown, or whose headers lie, to every door that takes them."""
        seeds = media_seeds(folder)
        for _ in range(many):
            kind, name, whole = self.random.choice(seeds)
            data = whole
            for _ in range(self.random.choice((1, 1, 1, 3))):
                data = self.random.choice(MEDIA_WAYS)(data, self.random)
            if self.random.random() < 0.1:
                kind = self.random.choice(("images", "audio", "video"))
            self._send_media(kind, name, data)

    def _send_media(self, kind: str, name: str, data: bytes) -> None:
        door = self.random.choice(("recommend", "check", "search", "form", "openai"))
        encoded = base64.b64encode(data).decode()
        if door == "form":
            said = self.random.choice((name, "x.jpg", "x", "../../x.png", "x.mp4\x00.png"))
            self.post(
                "/recommend/form", files={kind: (said, data)}, data={"text": "a boat", "words": "false", "n": "3"}
            )
        elif door == "openai":
            content = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{encoded}"}}
            if kind == "audio":
                content = {"type": "input_audio", "input_audio": {"data": encoded, "format": "wav"}}
            body = {"model": "tastemaker", "messages": [{"role": "user", "content": [content]}]}
            self.post("/v1/chat/completions", json=body)
        elif door == "search":
            self.post("/search", json={kind: [{"data": encoded}], "n": 3})
        elif door == "check":
            self.post("/check", json={kind: [{"data": encoded}], "text": "a boat"})
        else:
            self.post("/recommend", json={kind: [{"data": encoded}], "text": "a boat", "words": False, "n": 3})


def _as_httpx(options: dict[str, Any]) -> dict[str, Any]:
    """Return what ``requests`` would send, for httpx."""
    names = ("method", "url", "headers", "params", "json", "data", "files", "cookies")
    ready = requests.Request(**{name: options[name] for name in names if options.get(name) is not None}).prepare()
    headers = {name: value for name, value in ready.headers.items() if name.lower() != "content-length"}
    body = ready.body.encode() if isinstance(ready.body, str) else ready.body
    return {"method": ready.method, "url": ready.url, "headers": headers, "content": body}


BODIES: dict[str, dict[str, Any]] = {
    "/recommend": {
        "text": "a calm print under 40 euros, not red",
        "n": 3,
        "user_id": "ada",
        "words": False,
        "constraints": [{"field": "price", "op": "<=", "value": 40}],
        "preferences": {"values": [{"field": "theme", "value": "sea"}]},
    },
    "/recommend/stream": {"text": "boats", "n": 2, "words": False},
    "/feedback": {"events": [{"user_id": "ada", "item_id": "print-17", "kind": "like"}]},
    "/events": {"events": [{"event_id": "e1", "user_id": "ada", "item_id": "print-17", "kind": "view"}]},
    "/search": {"text": "boats", "n": 3, "constraints": [{"field": "theme", "op": "in", "value": ["sea"]}]},
    "/why-not": {"item_id": "print-17", "request": {"text": "boats under 10"}},
    "/rules/check": {"rules": [{"name": "r", "do": "hide", "where": [{"field": "price", "op": "<=", "value": 4}]}]},
    "/v1/chat/completions": {"model": "tastemaker", "messages": [{"role": "user", "content": "boats under 40"}]},
    "/langserve/recommend/invoke": {"input": {"text": "boats", "words": False}, "config": {"configurable": {}}},
    "/releases/compose/versions": {"body": "Say it in one sentence.", "based_on": 0, "message": "shorter"},
    "/releases/compose/drafts": {"body": "Say it in one sentence.", "based_on": 0, "note": "mine"},
    "/releases/compose/check": {"body": "Say it in one sentence."},
    "/releases/compose/rollout": {"number": 1, "percent": 10},
    "/reviews": {"item_ids": ["print-17"], "decision": "accept"},
    "/cases/fuzz": {"case_id": "c", "request": {"text": "boats"}, "expects": {"must": ["print-17"]}, "tags": ["a"]},
}
"""A right body, or nearly, of each kind of door."""
TYPES = ("application/json", "application/json", "application/json", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "multipart/form-data; boundary=x", "application/json; charset=utf-16", "", "*/*", "image/png")  # fmt: skip
HOSTILE = (
    b"\x00", b"\xff\xfe", b"\xed\xa0\x80", b'"\\ud800"', b"NaN", b"-Infinity", b"1e999", b"-0", b"9" * 400, b"null", b"{}", b"[]", b"[[[[", b'""', b"true",
    b'"\\u0000"', "\u202e\u2066".encode(), "e\u0301".encode() * 50, b'{"$ref":"#"}', b'{"__proto__":{}}', b"'; DROP TABLE x; --", b"%s%n{0}", b"../../etc/passwd",
)  # fmt: skip


def _flipped(data: bytes, rng: random.Random) -> bytes:
    out = bytearray(data)
    for _ in range(rng.choice((1, 2, 8, 64))):
        out[rng.randrange(len(out))] = rng.randrange(256)
    return bytes(out)


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data))] or b"x"


def _spliced(data: bytes, rng: random.Random) -> bytes:
    a, b, c = sorted(rng.randrange(len(data) + 1) for _ in range(3))
    return data[:a] + data[b:c] + data[a:b] + data[c:] or b"x"


def _doubled(data: bytes, rng: random.Random) -> bytes:
    a, b = sorted(rng.randrange(len(data) + 1) for _ in range(2))
    return data[:b] + data[a:b] * rng.choice((1, 2, 50)) + data[b:]


def _with_hostile(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    return data[:at] + rng.choice(HOSTILE) + data[at:]


def _value_replaced(data: bytes, rng: random.Random) -> bytes:
    """Put something else in the place of one value of a JSON text."""
    try:
        value = json.loads(data)
    except ValueError:
        return data + b"}"
    places = list(_places(value))
    if not places:
        return data
    holder, key = rng.choice(places)
    holder[key] = rng.choice(ODD)
    return json.dumps(value).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)


ODD: Sequence[Any] = (
    None, True, 0, -1, 2**63, 2**70, -(2**63), 1e308, float("nan"), float("inf"), 0.1, "", " ", "\x00", "\ud800", "a" * 5000, "\u202e", "9" * 30, [], {}, [[]], [None],
    ["a"] * 100, {"a": {"b": {"c": {}}}}, "2026-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z", "0001-01-01T00:00:00+14:00", "-5", "1e400", "٣", "²", "½", "１２", "\u0000x",
)  # fmt: skip
Way = Callable[[bytes, random.Random], bytes]
WAYS: tuple[Way, ...] = (
    _value_replaced,
    _value_replaced,
    _value_replaced,
    _flipped,
    _cut,
    _spliced,
    _doubled,
    _with_hostile,
)


def _lying_sizes(data: bytes, rng: random.Random) -> bytes:
    """Write sizes into a header that its data do not have: of a PNG (with its checksum made right), JPEG, WAV, GIF, or anywhere."""
    big = rng.choice((0, 1, 0x7FFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFF))
    out = bytearray(data)
    if data[:4] == b"\x89PNG" and len(data) > 33:
        out[16:24] = struct.pack(">II", big, rng.choice((big, 1, 30)))
        out[29:33] = struct.pack(">I", zlib.crc32(out[12:29]))
    elif data[:2] == b"\xff\xd8" and (at := max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))) > 0:
        out[at + 5 : at + 9] = struct.pack(">HH", big & 0xFFFF, big & 0xFFFF)
    elif data[:4] == b"RIFF" and len(data) > 44:
        at = rng.choice((4, 16, 24, 28, 40))
        out[at : at + 4] = struct.pack("<I", big)
    elif data[:3] == b"GIF":
        out[6:10] = struct.pack("<HH", big & 0xFFFF, big & 0xFFFF)
    elif len(data) > 8:
        at = rng.randrange(len(data) - 4)
        out[at : at + 4] = struct.pack(">I", big)
    return bytes(out)


def _other_head(data: bytes, rng: random.Random) -> bytes:
    """Put the first bytes of another kind before the data."""
    heads = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"RIFF\xff\xff\xff\xffWAVEfmt ", b"%PDF-1.7\n", b"\x00\x00\x00\x18ftypmp42", b"GIF89a", b"PK\x03\x04", b"<svg xmlns='http://www.w3.org/2000/svg'>", b"ID3\x04\x00", b"OggS", b"\x1aE\xdf\xa3", b"#EXTM3U\nhttp://127.0.0.1:9/x\n", b"ffconcat version 1.0\nfile /etc/passwd\n")  # fmt: skip
    return rng.choice(heads) + data[rng.choice((0, 4, 12)) :]


def _empty_or_noise(data: bytes, rng: random.Random) -> bytes:
    return rng.choice((b"", b"\x00", rng.randbytes(2000), b"A" * 100_000))


MEDIA_WAYS: tuple[Way, ...] = (lambda d, r: _flipped(d, r) if d else d, lambda d, r: _cut(d, r) if d else d, _spliced, _doubled, _lying_sizes, _lying_sizes, _other_head, _empty_or_noise)  # fmt: skip


def media_seeds(folder: Path) -> list[tuple[str, str, bytes]]:
    """Return small right files as kind, name and bytes; and a PDF that says it is a picture."""
    photos = [("images", f"p.{fmt.lower()}", image_bytes(fmt)) for fmt in ("PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF")]
    photos.append(("images", "q.jpg", image_bytes("JPEG", progressive=True)))
    moving = io.BytesIO()
    frames = [Image.new("RGB", (20, 20), (n * 20, 0, 0)) for n in range(8)]
    frames[0].save(moving, "WEBP", save_all=True, append_images=frames[1:])
    photos.append(("images", "moving.webp", moving.getvalue()))
    photos.append(
        ("images", "paper.png", b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF")
    )
    sounds = [("audio", "s.wav", wav_bytes(0.3)), ("audio", "deep.wav", _deep_wav())]
    film = video_file(folder / "seed.mp4", 0.6).read_bytes()
    silent = video_file(folder / "silent.mp4", 0.6, sound=False).read_bytes()
    return [*photos, *sounds, ("video", "v.mp4", film), ("video", "w.mp4", silent)]


def _deep_wav() -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(2)
        out.setsampwidth(4)
        out.setframerate(96_000)
        out.writeframes(b"\x01\x02\x03\x04" * 2000)
    return buffer.getvalue()
