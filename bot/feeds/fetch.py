"""The one guarded HTTP client of Earmark, with a synchronous face: pages and feeds, and large files."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path

from multidict import CIMultiDict

from bot.errors import FetchError, Gone
from bot.feeds import decide, partial
from bot.feeds.addresses import Target, target
from bot.feeds.mounts import MountedFile, mounted
from bot.feeds.span import Span, of_mounted, ranged, taken
from bot.feeds.wire import Arrival, Policy, arrive, body, worded
from bot.vault import Vault, hides_path

USER_AGENT = "Earmark/0.1 (podcast digest bot)"
MAX_PAGE_BYTES = 32_000_000
MAX_FILE_BYTES = 1_000_000_000

_ADVICE = {
    401: "it wants a user name and password: add it as https://user:password@host/…",
    403: "it says we may not read it; a private feed needs its full private address",
    404: "there is nothing at this address any more",
    429: "it says we asked too often. It is tried again later",
    503: "it is overloaded or being repaired. It is tried again later",
}


@dataclass(frozen=True, kw_only=True)
class Response:
    """An answer of 200 or 304. `url` is where it finally came from, safe to show (`sealed` opens it).

    `permanent_url` is where the leading 301 and 308 redirects led, None where there were none.
    """

    status: int
    url: str
    sealed: str = field(default="", repr=False)
    headers: Mapping[str, str]
    body: bytes = field(default=b"", repr=False)
    permanent_url: str | None = None
    permanent_sealed: str = field(default="", repr=False)

    @property
    def content_type(self) -> str:
        return self.headers.get("Content-Type", "")


@dataclass(frozen=True, kw_only=True)
class Download:
    """A whole file on disk; `resumed` says that only its missing end was fetched."""

    url: str
    content_type: str
    size_bytes: int
    resumed: bool = False


class Fetcher:
    """Fetches http(s) addresses outside private networks; raises FetchError, Refused or Gone.

    `allow` lists "host:port" (port "*": any) that may be asked although private or on another port.
    `mounts` maps URL prefixes to local folders. Times in seconds: `read_s` between two pieces,
    `page_s` and `file_s` for a whole page or file. Must not be called inside a running event loop.
    """

    def __init__(
        self,
        vault: Vault,
        *,
        allow: Collection[str] = (),
        mounts: Mapping[str, Path] | None = None,
        user_agent: str = USER_AGENT,
        connect_s: float = 15,
        read_s: float = 30,
        page_s: float = 90,
        file_s: float = 7200,
    ) -> None:
        self._vault = vault
        self._mounts = dict(mounts or {})
        self._page_s, self._file_s = page_s, file_s
        self._policy = Policy(
            user_agent=user_agent, allow=frozenset(allow), connect_s=connect_s, read_s=read_s
        )

    def get(
        self,
        url: str,
        *,
        sealed: str = "",
        etag: str = "",
        last_modified: str = "",
        max_bytes: int = MAX_PAGE_BYTES,
    ) -> Response:
        """Fetch a page or feed into memory; with validators an unchanged one gives status 304, no body."""
        if file := mounted(url, self._mounts):
            return _mounted_response(url, file, etag, max_bytes)
        safe, first = self._first(url, sealed)
        headers = {"Accept-Encoding": "gzip, identity", "Accept": "*/*"}
        headers |= {"If-None-Match": etag} if etag else {}
        headers |= {"If-Modified-Since": last_modified} if last_modified else {}
        with worded(safe, secret=safe != url or bool(sealed)):
            return asyncio.run(self._get(first, safe, headers, max_bytes))

    def download(
        self,
        url: str,
        path: Path,
        *,
        sealed: str = "",
        max_bytes: int = MAX_FILE_BYTES,
        progress: partial.Progress | None = None,
    ) -> Download:
        """Stream a file to `path`, going on where an earlier try stopped if the server can do that.

        `path` should end in ".part": it is whole only when this returns. `progress(done, total)` in
        bytes, total 0 where the server doesn't say.
        """
        part = partial.Part(path, max_bytes=max_bytes, progress=progress)
        if file := mounted(url, self._mounts):
            part.copy(file.path, url)
            return Download(url=url, content_type=file.content_type, size_bytes=file.size_bytes)
        safe, first = self._first(url, sealed)
        with worded(safe, secret=safe != url or bool(sealed)):
            return asyncio.run(self._download(first, safe, part))

    def span(self, url: str, first: int, last: int, *, sealed: str = "") -> Span | None:
        """The bytes `first` to `last` (inclusive; fewer at the end) of a file, into memory.

        None where the server doesn't serve that part: nothing more of its answer is read then.
        """
        if file := mounted(url, self._mounts):
            return of_mounted(file, first, last)
        safe, where = self._first(url, sealed)
        with worded(safe, secret=safe != url or bool(sealed)):
            return asyncio.run(self._span(where, safe, first, last))

    async def _span(self, where: Target, safe: str, first: int, last: int) -> Span | None:
        asked = ranged(first, last)
        async with asyncio.timeout(self._page_s), arrive(where, safe, asked, self._policy) as arrival:
            _check(arrival, safe, {200, 206, 416})
            return await taken(arrival, safe, first, last)

    def _first(self, url: str, sealed: str) -> tuple[str, Target]:
        real = self._vault.open(url, sealed)
        safe = url if sealed else self._vault.seal(url)[0]
        return safe, target(real, safe, self._policy.allow)

    async def _get(self, first: Target, safe: str, headers: Mapping[str, str], max_bytes: int) -> Response:
        conditional = "If-None-Match" in headers or "If-Modified-Since" in headers
        async with (
            asyncio.timeout(self._page_s),
            arrive(first, safe, headers, self._policy) as arrival,
        ):
            _check(arrival, safe, {200, 304} if conditional else {200})
            content = b"" if arrival.response.status == HTTPStatus.NOT_MODIFIED else await _whole(
                arrival, safe, max_bytes
            )  # fmt: skip
            return self._response(arrival, safe, content)

    def _response(self, arrival: Arrival, safe: str, content: bytes) -> Response:
        url, sealed = self._sealed(arrival.target, safe)
        moved, moved_sealed = self._sealed(arrival.permanent, safe) if arrival.permanent else (None, "")
        return Response(
            status=arrival.response.status,
            url=url,
            sealed=sealed,
            headers=CIMultiDict(arrival.response.headers),
            body=content,
            permanent_url=moved,
            permanent_sealed=moved_sealed,
        )

    def _sealed(self, where: Target, safe: str) -> tuple[str, str]:
        """What a private address redirects to is as private as itself."""
        return self._vault.seal(where.with_userinfo, private=hides_path(safe))

    async def _download(self, first: Target, safe: str, part: partial.Part) -> Download:
        async with asyncio.timeout(self._file_s):
            for _ in range(2):
                headers = {"Accept-Encoding": "identity", "Accept": "*/*", **part.range_headers()}
                async with arrive(first, safe, headers, self._policy) as arrival:
                    _check(arrival, safe, {200, 206, 416} if part.size else {200})
                    done = await part.take(arrival, safe)
                    if done is not None:
                        return self._downloaded(arrival, safe, part, resumed=done)
        raise FetchError(f"{safe} couldn't be resumed. It is started afresh next time.")

    def _downloaded(self, arrival: Arrival, safe: str, part: partial.Part, *, resumed: bool) -> Download:
        nothing_came = arrival.response.status == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE
        content_type = "" if nothing_came else arrival.response.headers.get("Content-Type", "")
        url, _ = self._sealed(arrival.target, safe)
        return Download(url=url, content_type=content_type, size_bytes=part.size, resumed=resumed)


async def _whole(arrival: Arrival, safe: str, max_bytes: int) -> bytes:
    return b"".join([piece async for piece in body(arrival, safe, max_bytes)])


def _check(arrival: Arrival, safe: str, good: Collection[int]) -> None:
    status = arrival.response.status
    if status in good:
        return
    if status == HTTPStatus.GONE:
        raise Gone(f"{safe} {Gone.SAYS_GONE}.", status=status)
    raise FetchError(
        f"{safe} can't be fetched: {_ADVICE.get(status, 'the server answers with an error')} ({status}).",
        status=status,
        retry_after_s=decide.retry_after(arrival.response.headers.get("Retry-After", ""), datetime.now(UTC)),
    )


def _mounted_response(url: str, file: MountedFile, etag: str, max_bytes: int) -> Response:
    headers = CIMultiDict({"Content-Type": file.content_type, "ETag": file.etag})
    if etag == file.etag:
        return Response(status=304, url=url, headers=headers)
    if file.size_bytes > max_bytes:
        raise FetchError(f"{url} is larger than {max_bytes / 1e6:,.0f} MB, the most that is taken.")
    return Response(status=200, url=url, headers=headers, body=file.path.read_bytes())
