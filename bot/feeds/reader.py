"""Polls feeds: fetch if changed, parse, follow moves, and decide when to ask again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from urllib.parse import urlsplit

from bot.domain import Episode, Feed, Poll
from bot.errors import EarmarkError, FetchError, NotAFeed
from bot.feeds import decide
from bot.feeds.apart import Apart
from bot.feeds.crowd import together
from bot.feeds.fetch import Fetcher, Response
from bot.feeds.parse import Parsed, parse
from bot.feeds.raw import ReadFeed
from bot.vault import Vault, hides_path

# A feed that was had so lately shows that our own network works.
ONLINE = timedelta(hours=2)


@dataclass(frozen=True, kw_only=True)
class _Visit:
    """One good answer: the feed at its present address, and what was in it (None: not modified)."""

    feed: Feed
    response: Response
    parsed: Parsed | None


class FeedparserReader:
    """ports.FeedReader over HTTP and feedparser. `jitter` gives numbers in 0..1 (random.random); `read` is
    what takes feeds apart (Apart: in a process of its own)."""

    def __init__(
        self, fetcher: Fetcher, vault: Vault, *, jitter: Callable[[], float], read: ReadFeed | None = None
    ) -> None:
        self._fetcher = fetcher
        self._vault = vault
        self._jitter = jitter
        self._read = read or Apart()
        self._last_had_at: datetime | None = None

    def poll(self, feed: Feed, now: datetime) -> Poll:
        """Ask once. What can be expected to go wrong is in the returned feed: failures, error, status."""
        try:
            visit = self._moved(self._visit(feed))
        except EarmarkError as error:
            online = self._last_had_at is not None and now - self._last_had_at <= ONLINE
            return Poll(feed=decide.failed(feed, now, error, self._jitter(), online=online))
        self._last_had_at = now
        parsed = visit.parsed
        hints = parsed.hints if parsed else decide.Hints()
        hints = replace(hints, cache_control=visit.response.headers.get("Cache-Control", ""))
        state = decide.succeeded(visit.feed, now, hints, self._jitter(), unchanged=parsed is None)
        return Poll(feed=state, episodes=parsed.episodes if parsed else None)

    def poll_all(
        self, feeds: Iterable[Feed], clock: Callable[[], datetime]
    ) -> Iterator[tuple[Feed, Poll | Exception]]:
        """ports.ManyFeeds: many at once, few of one host."""
        return together(feeds, lambda feed: self.poll(feed, clock()), lambda feed: urlsplit(feed.url).netloc)

    def parse(
        self, body: bytes, url: str, content_type: str = "", *, sealed: str = ""
    ) -> tuple[Feed, tuple[Episode, ...]]:
        """Parse a feed that was fetched from `url`: a real one, or a safe one with `sealed`.

        Raises NotAFeed, saying what it is instead.
        """
        real = self._vault.open(url, sealed) if sealed else url
        safe, sealed = (url, sealed) if sealed else self._vault.seal(url)
        parsed = parse(body, real, content_type, Feed(url=safe, sealed=sealed), self._vault, self._read)
        return parsed.feed, parsed.episodes

    def read(self, feed: Feed, response: Response | None = None) -> tuple[Feed, tuple[Episode, ...]]:
        """Fetch (or take what was fetched) and parse a feed that isn't followed yet, moves included.

        Raises NotAFeed, FetchError, …
        """
        visit = self._moved(self._visit(replace(feed, etag="", last_modified=""), response))
        if visit.parsed is None:
            raise NotAFeed(f"{feed.url} sent nothing at all.")
        return replace(visit.parsed.feed, etag="", last_modified=""), visit.parsed.episodes

    def _visit(self, feed: Feed, response: Response | None = None) -> _Visit:
        response = response or self._fetcher.get(
            feed.url, sealed=feed.sealed, etag=feed.etag, last_modified=feed.last_modified
        )
        if response.permanent_url:
            feed = replace(feed, url=response.permanent_url, sealed=response.permanent_sealed)
        feed = replace(
            feed,
            etag=response.headers.get("ETag", feed.etag if response.status == 304 else ""),
            last_modified=response.headers.get(
                "Last-Modified", feed.last_modified if response.status == 304 else ""
            ),
        )
        if response.status == 304:
            return _Visit(feed=feed, response=response, parsed=None)
        base = self._vault.open(response.url, response.sealed)
        parsed = parse(response.body, base, response.content_type, feed, self._vault, self._read)
        return _Visit(feed=parsed.feed, response=response, parsed=parsed)

    def _moved(self, visit: _Visit) -> _Visit:
        """Follow itunes:new-feed-url if what is there is this show; else stay, whatever the reason."""
        parsed, current = visit.parsed, self._vault.open(visit.feed.url, visit.feed.sealed)
        if parsed is None or not decide.may_follow(current, parsed.new_url, ""):
            return visit
        url, sealed = self._vault.seal(parsed.new_url, private=hides_path(visit.feed.url))
        try:
            there = self._visit(replace(visit.feed, url=url, sealed=sealed, etag="", last_modified=""))
        except (FetchError, NotAFeed):
            return visit
        follow = (
            there.parsed is not None
            and decide.may_follow(current, parsed.new_url, there.parsed.new_url)
            and decide.same_show(parsed.feed, parsed.episodes, there.parsed.feed, there.parsed.episodes)
        )
        return there if follow else visit
