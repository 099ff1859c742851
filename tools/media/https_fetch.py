"""Download media from https addresses without ever reaching a private network."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable

import httpx

from ...core.errors import InvalidRequestError

MAX_REDIRECTS = 3
NAT64 = ipaddress.ip_network("64:ff9b::/96")
GLOBAL_UNICAST = ipaddress.ip_network("2000::/3")
ISATAP = (0x00005EFE, 0x02005EFE)
UNLISTED = tuple(map(ipaddress.ip_network, ("192.88.99.0/24", "3fff::/20")))
"""Retired 6to4 relays (RFC 7526) and documentation (RFC 9637), which older releases of ``ipaddress`` call global."""
Resolver = Callable[[str, int], Awaitable[list[str]]]


def is_public(address: str) -> bool:
    """Say whether an IP address is on the public internet, looking inside IPv6 addresses that carry an IPv4 one.

    An IPv6 address counts only where addresses are assigned for the public internet, 2000::/3, or where it stands for an IPv4
    address that does (mapped, NAT64): whatever else there is, such as fec0::/10 or ::127.0.0.1, leads to no public host.
    """
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(ip, ipaddress.IPv6Address):
        inner = _carried(ip)
        if inner is not None:
            return is_public(str(inner))
        if ip not in GLOBAL_UNICAST:
            return False
    listed = any(ip in block for block in UNLISTED if block.version == ip.version)
    return ip.is_global and not ip.is_multicast and not ip.is_reserved and not listed


def _carried(ip: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """Return the IPv4 address inside a mapped, 6to4, Teredo, NAT64 or ISATAP one, or None."""
    inner = ip.ipv4_mapped or ip.sixtofour or (ip.teredo[1] if ip.teredo else None)
    if inner is None and (ip in NAT64 or (int(ip) >> 32) & 0xFFFFFFFF in ISATAP):
        return ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
    return inner


async def resolve(host: str, port: int) -> list[str]:
    """Return every address of ``host``. Raises OSError when there is none."""
    loop = asyncio.get_running_loop()
    return [str(row[4][0]) for row in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)]


class MediaFetcher:
    """Fetch https URLs, connecting only to addresses that were checked.

    A host's addresses are looked up once, all must pass ``allow_address``, and the connection goes to the one that was
    checked, so a name that changes its address in between (DNS rebinding) gains nothing. Certificates are checked against
    the name. Redirects are followed by hand, at most three, each checked like the first address. No proxy and no
    credentials.

    Args:
        timeout_s: seconds for the whole download, redirects included.
        resolver: looks a host up.
        allow_address: decides on one IP address; tests pass a laxer one to reach their own server.
        transport: an httpx transport, for tests.
        verify: TLS settings; the default verifies against the system's authorities.
    """

    def __init__(
        self,
        timeout_s: float,
        *,
        resolver: Resolver = resolve,
        allow_address: Callable[[str], bool] = is_public,
        transport: httpx.AsyncBaseTransport | None = None,
        verify: ssl.SSLContext | None = None,
    ) -> None:
        self._timeout_s = timeout_s
        self._resolve = resolver
        self._allow = allow_address
        self._transport = transport
        self._verify = verify

    async def fetch(self, url: str, field: str, max_bytes: int) -> bytes:
        """Return the bytes at ``url``.

        Raises:
            InvalidRequestError: not https, not public, too large, too slow, too many redirects or not found.
        """
        try:
            async with asyncio.timeout(self._timeout_s), self._client() as client:
                return await self._follow(client, url, field, max_bytes)
        except TimeoutError as error:
            raise InvalidRequestError(
                field, f"the address did not answer within {self._timeout_s:g} seconds"
            ) from error
        except (httpx.HTTPError, ssl.SSLError) as error:
            raise InvalidRequestError(field, f"the address could not be read ({type(error).__name__})") from error

    def _client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(
            transport=self._transport,
            verify=self._verify if self._verify is not None else True,
            trust_env=False,
            follow_redirects=False,
            timeout=self._timeout_s,
            headers={"Accept-Encoding": "identity", "User-Agent": "tastemaker"},
        )

    async def _follow(self, client: httpx.AsyncClient, url: str, field: str, max_bytes: int) -> bytes:
        target = _parse(url, field)
        for _ in range(MAX_REDIRECTS + 1):
            request = await self._pinned(client, target, field)
            response = await client.send(request, stream=True)
            try:
                if not response.is_redirect:
                    return await _body(response, field, max_bytes)
                location = response.headers.get("location", "")
            finally:
                await response.aclose()
            target = _parse(_join(target, location, field), field)
        raise InvalidRequestError(field, f"the address redirects more than {MAX_REDIRECTS} times")

    async def _pinned(self, client: httpx.AsyncClient, target: httpx.URL, field: str) -> httpx.Request:
        """Return a request to a checked IP address that still names and verifies the host."""
        try:
            addresses = await self._resolve(target.host, target.port or 443)
        except (OSError, UnicodeError) as error:
            raise InvalidRequestError(field, "the address's host name cannot be resolved") from error
        if not addresses or not all(self._allow(address) for address in addresses):
            raise InvalidRequestError(field, "the address does not belong to the public internet")
        return client.build_request(
            "GET",
            target.copy_with(host=addresses[0]),
            headers={"Host": target.netloc.decode("ascii")},
            extensions={"sni_hostname": target.raw_host.decode("ascii")},
        )


def _parse(url: str, field: str) -> httpx.URL:
    try:
        target = httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError) as error:
        raise InvalidRequestError(field, "this is not a web address") from error
    if target.scheme != "https" or not target.host:
        raise InvalidRequestError(field, "only https addresses are accepted")
    if target.userinfo:
        raise InvalidRequestError(field, "addresses with a user name or password are not accepted")
    return target.copy_with(fragment=None)


def _join(base: httpx.URL, location: str, field: str) -> str:
    try:
        return str(base.join(location))
    except (httpx.InvalidURL, ValueError) as error:
        raise InvalidRequestError(field, "the address redirects to something that is not an address") from error


async def _body(response: httpx.Response, field: str, max_bytes: int) -> bytes:
    if response.status_code != 200:
        raise InvalidRequestError(field, f"the address answered with status {response.status_code}")
    if response.headers.get("content-encoding", "identity") != "identity":
        raise InvalidRequestError(field, "the address sends compressed data, which is not accepted")
    too_big = InvalidRequestError(field, f"the file is larger than {max_bytes} bytes, the limit for this kind of media")
    declared = response.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > max_bytes:
        raise too_big
    data = bytearray()
    async for chunk in response.aiter_raw():
        data += chunk
        if len(data) > max_bytes:
            raise too_big
    return bytes(data)
