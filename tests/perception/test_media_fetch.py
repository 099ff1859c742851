"""URLs are fetched from checked public addresses only."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from tastemaker.core.errors import InvalidRequestError
from tastemaker.core.schemas import MediaInput, RecommendRequest
from tastemaker.core.settings import LimitSettings
from tastemaker.tools.media.admission import MediaAdmitter
from tastemaker.tools.media.https_fetch import MediaFetcher, is_public

from ..media_samples import image_bytes

PUBLIC = "93.184.216.34"
Handler = Callable[[httpx.Request], httpx.Response]


def resolver_of(table: dict[str, list[str]]) -> Callable[[str, int], object]:
    async def resolve(host: str, port: int) -> list[str]:
        if host not in table:
            raise OSError("no such host")
        return table[host]

    return resolve


def fetcher(handler: Handler, table: dict[str, list[str]] | None = None, timeout_s: float = 5.0) -> MediaFetcher:
    resolve = resolver_of(table if table is not None else {"a.example": [PUBLIC]})
    return MediaFetcher(timeout_s, resolver=resolve, transport=httpx.MockTransport(handler))  # type: ignore[arg-type]


def ok(body: bytes) -> httpx.Response:
    return httpx.Response(200, stream=httpx.ByteStream(body))


def never(request: httpx.Request) -> httpx.Response:
    raise AssertionError(f"connected to {request.url}")


async def refused(made: MediaFetcher, url: str, max_bytes: int = 1000) -> str:
    with pytest.raises(InvalidRequestError) as caught:
        await made.fetch(url, "images[0]", max_bytes)
    assert caught.value.field == "images[0]"
    return caught.value.message


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "ff02::1",
        "::ffff:127.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8%lo",
        "2002:7f00:1::",
        "2001:0:1:1:1:1:80ff:fffe",
        "64:ff9b::10.0.0.1",
        "2001:db8::1",
        "fec0::1",
        "feff::1",
        "::127.0.0.1",
        "::8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b:1::10.0.0.1",
        "100::1",
        "3fff::1",
        "5f00::1",
        "4000::1",
        "192.88.99.1",
        "2002:c0a8:101::1",
        "2606:4700::5efe:10.0.0.1",
        "2606:4700::200:5efe:192.168.0.1",
        "not an address",
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert is_public(address) is (address == "::ffff:8.8.8.8%lo")


def test_addresses_that_are_public() -> None:
    assert all(map(is_public, ["8.8.8.8", PUBLIC, "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8"]))


async def test_the_connection_goes_to_the_checked_address_and_names_the_host() -> None:
    seen: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return ok(b"hello")

    assert await fetcher(handler).fetch("https://a.example/x?y=1#z", "images[0]", 1000) == b"hello"
    (request,) = seen
    assert request.url.host == PUBLIC
    assert request.headers["host"] == "a.example"
    assert request.extensions["sni_hostname"] == "a.example"
    assert request.url.raw_path == b"/x?y=1"


@pytest.mark.parametrize(
    "url", ["http://a.example/", "ftp://a.example/", "file:///etc/passwd", "https://", "a.example", "https://[::1", ""]
)
async def test_only_https(url: str) -> None:
    assert await refused(fetcher(never), url)


async def test_no_credentials_in_addresses() -> None:
    assert "password" in await refused(fetcher(never), "https://me:secret@a.example/")


@pytest.mark.parametrize("addresses", [["127.0.0.1"], [PUBLIC, "10.0.0.1"], []])
async def test_every_address_of_a_host_must_be_public(addresses: list[str]) -> None:
    assert "public internet" in await refused(fetcher(never, {"a.example": addresses}), "https://a.example/")


async def test_unknown_hosts() -> None:
    assert "resolved" in await refused(fetcher(never), "https://b.example/")


async def test_redirects_are_checked_again() -> None:
    table = {"a.example": [PUBLIC], "in.example": ["10.0.0.1"]}
    for target in (
        "https://in.example/",
        "http://a.example/",
        "//in.example/",
        "https://u:p@a.example/",
        "https://[bad",
    ):
        made = fetcher(lambda _, to=target: httpx.Response(302, headers={"location": to}), table)  # type: ignore[misc]
        assert await refused(made, "https://a.example/")


async def test_three_redirects_are_followed_and_no_more() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        left = int(request.url.path.strip("/"))
        return httpx.Response(302, headers={"location": f"/{left - 1}"}) if left else ok(b"end")

    assert await fetcher(handler).fetch("https://a.example/3", "f", 10) == b"end"
    assert "redirects" in await refused(fetcher(handler), "https://a.example/4")


async def test_sizes_declared_and_real() -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 100

    assert "1000" in await refused(fetcher(lambda _: ok(b"x" * 1001)), "https://a.example/")
    assert "1000" in await refused(fetcher(lambda _: httpx.Response(200, content=endless())), "https://a.example/")


async def test_bad_answers() -> None:
    assert "404" in await refused(fetcher(lambda _: httpx.Response(404)), "https://a.example/")
    packed = httpx.Response(200, headers={"content-encoding": "gzip"}, stream=httpx.ByteStream(b"x"))
    assert "compressed" in await refused(fetcher(lambda _: packed), "https://a.example/")

    def broken(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    assert "ConnectError" in await refused(fetcher(broken), "https://a.example/")


async def test_slow_answers() -> None:
    async def slow() -> AsyncIterator[bytes]:
        await asyncio.sleep(5)
        yield b"x"

    made = fetcher(lambda _: httpx.Response(200, content=slow()), timeout_s=0.1)
    assert "0.1 seconds" in await refused(made, "https://a.example/")


async def test_admission_through_a_url(tmp_path: Path) -> None:
    made = fetcher(lambda _: ok(image_bytes()))
    request = RecommendRequest(images=[MediaInput(url="https://a.example/photo")])
    (media,) = await MediaAdmitter(LimitSettings(allow_urls=True), made).admit(request, tmp_path)
    assert media.mime == "image/png"


@asynccontextmanager
async def tls_server(folder: Path, body: bytes) -> AsyncIterator[tuple[int, Path]]:
    """Serve ``body`` over TLS on the loopback address as ``media.example``; yield port and certificate."""
    certificate = make_certificate(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\nconnection: close\r\n\r\n" % len(body) + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context)
    try:
        yield server.sockets[0].getsockname()[1], certificate
    finally:
        server.close()
        await server.wait_closed()


def make_certificate(folder: Path) -> Path:
    from datetime import UTC, datetime, timedelta

    x509 = pytest.importorskip("cryptography.x509")
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "media.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("media.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = folder / "server.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    path.write_bytes(private + certificate.public_bytes(serialization.Encoding.PEM))
    return path


async def test_a_real_server_over_tls_is_verified_by_name(tmp_path: Path) -> None:
    async with tls_server(tmp_path, b"photo") as (port, certificate):
        resolve = resolver_of({"media.example": ["127.0.0.1"], "other.example": ["127.0.0.1"]})
        trusted = ssl.create_default_context(cafile=str(certificate))
        made = MediaFetcher(5, resolver=resolve, allow_address=lambda _: True, verify=trusted)  # type: ignore[arg-type]
        assert await made.fetch(f"https://media.example:{port}/p.png", "f", 100) == b"photo"
        assert "ConnectError" in await refused(made, f"https://other.example:{port}/p.png")
        strict = MediaFetcher(5, resolver=resolve, verify=trusted)  # type: ignore[arg-type]
        assert "public internet" in await refused(strict, f"https://media.example:{port}/p.png")
