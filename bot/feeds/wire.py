"""One guarded HTTP request: the address checked as it connects, redirects by hand, the body counted."""

from __future__ import annotations

import base64
import contextlib
import re
import socket
import zlib
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

import aiohttp
from yarl import URL

from bot.errors import FetchError, Refused
from bot.feeds.addresses import Target, is_allowed, is_forbidden, joined, target

CHUNK_BYTES = 16 * 1024
MAX_REDIRECTS = 10
REDIRECTS = frozenset({301, 302, 303, 307, 308})
PERMANENT = frozenset({301, 308})

# What went wrong, in words, by exception; the first that fits. aiohttp's own texts may hold the real URL.
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (TimeoutError, "took too long to answer. It is tried again later"),
    (aiohttp.ClientConnectorDNSError, "can't be found: there is no internet, or the name has a typo"),
    (aiohttp.ClientConnectorCertificateError, "has an invalid certificate, so it isn't safe to read"),
    (aiohttp.ClientSSLError, "can't be reached over a secure connection"),
    (aiohttp.ClientConnectorError, "can't be reached: nobody answers there"),
    (aiohttp.InvalidURL, "isn't a valid address. Check it for typos"),
    (aiohttp.ServerDisconnectedError, "closed the connection without an answer"),
    (aiohttp.ClientPayloadError, "broke off in the middle. It is tried again later"),
    (aiohttp.ClientResponseError, "sent an answer that isn't proper HTTP"),
    (zlib.error, "sent a damaged (badly compressed) answer"),
    (aiohttp.ClientError, "can't be fetched: the connection failed"),
    (OSError, "can't be fetched: the connection failed"),
)


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What every request keeps to: who asks, which hosts of our own network may be asked, how long."""

    user_agent: str
    allow: frozenset[str]
    connect_s: float
    read_s: float


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """The last answer of a chain of redirects; `permanent` is where its leading 301s and 308s led."""

    response: aiohttp.ClientResponse
    target: Target
    permanent: Target | None


@contextlib.contextmanager
def worded(safe: str, *, secret: bool) -> Iterator[None]:
    """Turn foreign errors into FetchError that names the address by `safe`; hide their text if `secret`."""
    try:
        yield
    except tuple(kind for kind, _ in _WORDS) as exc:
        words = next(words for kind, words in _WORDS if isinstance(exc, kind))
        raise FetchError(f"{safe} {words}.") from (None if secret else exc)


@contextlib.asynccontextmanager
async def arrive(
    first: Target, safe: str, headers: Mapping[str, str], policy: Policy
) -> AsyncIterator[Arrival]:
    """Follow redirects from `first` and yield the open answer at their end."""
    where, permanent, moving = first, first, True
    for _ in range(MAX_REDIRECTS + 1):
        async with _asked(where, safe, headers, policy) as response:
            location = response.headers.get("Location", "")
            if response.status not in REDIRECTS or not location:
                moved = None if permanent == first else permanent
                yield Arrival(response=response, target=where, permanent=moved)
                return
            moving = moving and response.status in PERMANENT
            where = _next_hop(where, location, safe, policy)
            permanent = where if moving else permanent
    raise FetchError(f"{safe} redirects more than {MAX_REDIRECTS} times, which looks like a loop.")


async def body(arrival: Arrival, safe: str, max_bytes: int) -> AsyncIterator[bytes]:
    """The decoded body in small pieces; raises Refused beyond `max_bytes` decoded bytes."""
    response = arrival.response
    decode = _decoder(response.headers.get("Content-Encoding", ""), safe)
    size = 0
    while True:
        raw = await response.content.read(CHUNK_BYTES)
        for piece in decode(raw):
            size += len(piece)
            if size > max_bytes:
                raise Refused(f"{safe} is larger than {max_bytes / 1e6:,.0f} MB, the most that is taken.")
            yield piece
        if not raw:
            return


@contextlib.asynccontextmanager
async def _asked(
    where: Target, safe: str, headers: Mapping[str, str], policy: Policy
) -> AsyncIterator[aiohttp.ClientResponse]:
    blocked: list[str] = []
    connector = aiohttp.TCPConnector(
        socket_factory=_guard(is_allowed(where.host, where.port, policy.allow), blocked),
        resolver=aiohttp.ThreadedResolver(),
        force_close=True,
    )
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=policy.connect_s, sock_read=policy.read_s)
    async with aiohttp.ClientSession(
        connector=connector,
        timeout=timeout,
        trust_env=False,
        auto_decompress=False,
        cookie_jar=aiohttp.DummyCookieJar(),
        read_bufsize=CHUNK_BYTES,
    ) as session:
        try:
            response = await session.get(
                _exact(where.url),
                allow_redirects=False,
                headers={"User-Agent": policy.user_agent, **headers, **_authorization(where)},
            )
        except (aiohttp.ClientError, OSError):
            if blocked:
                raise Refused(
                    f"{safe} is not fetched: it leads into a private network. "
                    "If that is wanted, allow it by its host and port."
                ) from None
            raise
        async with response:
            yield response


def _guard(allowed: bool, blocked: list[str]) -> Callable[[aiohttp.AddrInfoType], socket.socket]:
    """A socket factory that makes none for a forbidden address: it sees the one really connected to."""

    def make(info: aiohttp.AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        if not allowed and is_forbidden(str(address[0])):
            blocked.append(str(address[0]))
            raise OSError("forbidden address")
        return socket.socket(family, kind, protocol)

    return make


def _next_hop(where: Target, location: str, safe: str, policy: Policy) -> Target:
    # Bytes that aren't UTF-8 come as lone surrogates, which nothing can encode: %-encoded they mean the same.
    location = re.sub("[\udc80-\udcff]", lambda byte: f"%{ord(byte[0]) - 0xDC00:02X}", location)
    try:
        url = joined(where.with_userinfo, location)
    except ValueError:
        raise FetchError(f"{safe} redirects to something that isn't an address.") from None
    step = target(url, f"What {safe} redirects to", policy.allow)
    if where.scheme == "https" and step.scheme == "http":
        raise Refused(f"{safe} is not fetched: it redirects from https to unprotected http.")
    return step


def _authorization(where: Target) -> dict[str, str]:
    if not where.userinfo:
        return {}
    user, _, password = where.userinfo.partition(":")
    pair = f"{unquote(user)}:{unquote(password)}".encode()
    return {"Authorization": "Basic " + base64.b64encode(pair).decode("ascii")}


def _exact(url: str) -> URL:
    """Sent as written where that is legal: yarl's requoting would break some signed addresses."""
    legal = url.isascii() and url.isprintable() and not set(url) & set(' "<>\\^`{|}')
    try:
        return URL(url, encoded=legal)
    except ValueError:
        raise aiohttp.InvalidURL("") from None


def _decoder(encoding: str, safe: str) -> Callable[[bytes], Iterator[bytes]]:
    """By Content-Encoding; the decoder must be fed b"" at the end."""
    match encoding.strip().lower():
        case "" | "identity":
            return lambda raw: iter((raw,) if raw else ())
        case "gzip" | "x-gzip":
            return _Gunzip().feed
    raise FetchError(f"{safe} is compressed in a way we didn't ask for ({encoding[:20]}).")


class _Gunzip:
    """Inflates piece by piece, so that a small bomb never becomes a large block."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(31)
        self._members = 0
        self._begun = False

    def feed(self, raw: bytes) -> Iterator[bytes]:
        if not raw and self._begun:
            yield from self._end()
        self._begun = True
        while raw:
            if self._stream.eof:
                self._stream, self._members = zlib.decompressobj(31), self._members + 1
            try:
                piece = self._stream.decompress(raw, CHUNK_BYTES)
            except zlib.error:
                if self._members:  # padding after a whole member is harmless
                    return
                raise
            raw = self._stream.unconsumed_tail or self._stream.unused_data
            if piece:
                yield piece

    def _end(self) -> Iterator[bytes]:
        rest = self._stream.flush()
        if rest:
            yield rest
        if not self._stream.eof and not self._members:
            raise zlib.error("broken off")
