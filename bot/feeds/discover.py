"""From what a person types to feeds: an address, a web page, an OPML list, an Apple link or a name."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

from bot.domain import Feed
from bot.errors import FeedError, FetchError, NotAFeed, NotFound, Refused
from bot.feeds.addresses import split
from bot.feeds.apart import Apart, Links
from bot.feeds.fetch import Fetcher
from bot.feeds.reader import FeedparserReader
from bot.vault import Vault

ITUNES_URL = "https://itunes.apple.com"
MAX_CANDIDATES = 5

_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/xml", "text/xml"})
_FEED_PATH = re.compile(
    r"(\.(rss|xml|atom)|/(feed|rss|podcast\.xml|atom)/?)$|/feeds?/|format=rss", re.IGNORECASE
)
_BARE_ADDRESS = re.compile(
    r"(?:[^\s/@]+@)?(?:[\w-]+\.)+(?:[a-z]{2,}|\d{1,3})(?::\d+)?(?:[/?].*)?", re.IGNORECASE
)


class Discoverer:
    """Finds the feeds behind a source. `itunes_url` is Apple's search service; `report` takes problems of
    single entries, which don't stop the others; `apart` reads lists and pages, in a process of its own."""

    def __init__(
        self,
        fetcher: Fetcher,
        reader: FeedparserReader,
        vault: Vault,
        *,
        itunes_url: str = ITUNES_URL,
        report: Callable[[str], None] | None = None,
        apart: Apart | None = None,
    ) -> None:
        self._fetcher = fetcher
        self._reader = reader
        self._vault = vault
        self._apart = apart or Apart()
        self._itunes_url = itunes_url.rstrip("/")
        self._report = report or logging.getLogger(__name__).warning

    def find(self, source: str, *, private: bool = False, files: bool = True) -> list[Feed]:
        """All feeds of an OPML list, not yet fetched; of anything else the best one, read and titled.

        `private` hides the whole path of the address; without `files` no local file is looked at. Raises
        NotFound where a name or page leads to none, NotAFeed, FetchError.
        """
        source = source.strip()
        if not source:
            raise NotFound("Nothing to look for: give a feed's address, a web page, an OPML file or a name.")
        if files and _is_file(source):
            return self._of_file(Path(source).expanduser())
        if re.match(r"[/~]|\.\.?/", source):
            raise NotFound(f"There is no file {source}.")
        if not _is_address(source):
            return self._by_name(source)
        attempts = _addresses(source)
        for url in attempts[:-1]:
            try:
                return self._of_address(url, private)
            except Refused:
                raise
            except FetchError as error:
                if error.status:
                    raise
        return self._of_address(attempts[-1], private)

    def search(self, name: str) -> list[Feed]:
        """Podcasts of about that name, likeliest first, titled by Apple's directory and none of them read
        yet; NotFound in words where there is none."""
        query = {"media": "podcast", "term": name, "limit": str(MAX_CANDIDATES)}
        results = self._ask_apple("search", query, "Searching by name")
        listed = [
            (str(r["feedUrl"]), str(r.get("collectionName") or "")) for r in results if r.get("feedUrl")
        ]
        if not listed:
            raise NotFound(f"No podcast found for “{name}”. Try its feed's address or its web page instead.")
        sealed = [(*self._vault.seal(url), title) for url, title in listed]
        return [Feed(url=url, sealed=hidden, title=title) for url, hidden, title in sealed]

    def _of_file(self, path: Path) -> list[Feed]:
        try:
            return self._of_opml(path.read_bytes(), str(path), private=False)
        except OSError as exc:
            raise NotFound(f"{path} can't be read: {exc.strerror}.") from exc
        except NotAFeed as exc:
            raise NotAFeed(f"{path} isn't an OPML list of feeds. Give a feed by its web address.") from exc

    def _of_opml(self, body: bytes, name: str, *, private: bool) -> list[Feed]:
        opml = self._apart.opml(body, name)
        for problem in opml.problems:
            self._report(problem)
        if not opml.outlines:
            raise NotFound("The OPML list holds no feed that can be added.")
        feeds = []
        for outline in opml.outlines:
            url, sealed = self._vault.seal(_addresses(outline.url)[0], private=private)
            feeds.append(
                Feed(url=url, sealed=sealed, title=outline.title, link=self._vault.seal(outline.link)[0])
            )
        return feeds

    def _of_address(self, url: str, private: bool) -> list[Feed]:
        safe, sealed = self._vault.seal(url, private=private)
        parts = split(url, safe)
        apple = re.search(r"/id(\d+)", parts.path)
        if apple and parts.hostname in {"podcasts.apple.com", "itunes.apple.com"}:
            return self._by_apple_id(apple[1])
        response = self._fetcher.get(safe, sealed=sealed)
        try:
            return [self._reader.read(Feed(url=safe, sealed=sealed), response)[0]]
        except NotAFeed as error:
            real = self._vault.open(response.url, response.sealed)
            return self._of_other(response.body, real, safe, private, error)

    def _of_other(self, body: bytes, real: str, safe: str, private: bool, error: NotAFeed) -> list[Feed]:
        """What answers isn't a feed: a list of feeds, or a page that names one."""
        try:
            return self._of_opml(body, safe, private=private)
        except NotAFeed:
            pass
        candidates = list(_candidates(self._apart.links(body, safe), real))
        if not candidates:
            if re.search(rb"<(html|body|head)\b", body[:5000], re.IGNORECASE):
                raise NotFound(
                    f"{safe} is a web page that names no feed. Look there for an RSS link."
                ) from error
            raise error
        found = self._best(candidates, private)
        if not found:
            raise NotFound(f"{safe} names {len(candidates)} feeds, but none of them can be read.") from error
        return found

    def _best(self, urls: Iterable[str], private: bool = False) -> list[Feed]:
        """The first that can be read and has audio, else the first that can be read, if any."""
        silent: list[Feed] = []
        for url in list(dict.fromkeys(urls))[:MAX_CANDIDATES]:
            safe, sealed = self._vault.seal(url, private=private)
            try:
                feed, episodes = self._reader.read(Feed(url=safe, sealed=sealed))
            except (FetchError, FeedError) as error:
                self._report(str(error))
                continue
            if any(episode.enclosure for episode in episodes):
                return [feed]
            silent.append(feed)
        return silent[:1]

    def _by_apple_id(self, number: str) -> list[Feed]:
        query = {"id": number, "entity": "podcast"}
        results = self._ask_apple("lookup", query, "Looking up an Apple Podcasts link")
        return self._of_results(results, f"the Apple Podcasts link (id{number})")

    def _by_name(self, name: str) -> list[Feed]:
        query = {"media": "podcast", "term": name, "limit": str(MAX_CANDIDATES)}
        results = self._ask_apple("search", query, "Searching by name")
        return self._of_results(results, f"“{name}”")

    def _of_results(self, results: list[dict[str, Any]], what: str) -> list[Feed]:
        urls = [str(result["feedUrl"]) for result in results if result.get("feedUrl")]
        if not urls:
            raise NotFound(f"No podcast found for {what}. Try its feed's address or its web page instead.")
        found = self._best(urls)
        if not found:
            raise NotFound(f"A podcast is listed for {what}, but its feed can't be read now.")
        return found

    def _ask_apple(self, service: str, query: dict[str, str], doing: str) -> list[dict[str, Any]]:
        host = urlsplit(self._itunes_url).hostname
        try:
            body = self._fetcher.get(f"{self._itunes_url}/{service}?{urlencode(query)}").body
            results = json.loads(body)["results"]
        except FetchError as exc:
            raise NotFound(
                f"{doing} needs the internet, and {host} can't be asked now "
                f"({exc.status or 'no answer'}). Give the feed's address instead."
            ) from exc
        except (ValueError, KeyError, TypeError) as exc:
            raise NotFound(
                f"{host} sent an answer that can't be understood. Give the feed's address."
            ) from exc
        return [result for result in results if isinstance(result, dict)]


def _is_file(source: str) -> bool:
    try:
        return Path(source).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):  # RuntimeError: ~nobody
        return False


def _is_address(source: str) -> bool:
    return (
        "://" in source
        or bool(re.match(r"(feed|pcast|itpc|podcast):\S", source))
        or bool(_BARE_ADDRESS.fullmatch(source))
    )


def _addresses(source: str) -> list[str]:
    """The http(s) addresses that a source may mean, to be tried in order."""
    source = re.sub(r"^(feed|pcast|itpc|podcast):(//)?", "", source.strip(), flags=re.IGNORECASE)
    return [source] if "://" in source else [f"https://{source}", f"http://{source}"]


def _candidates(page: Links, url: str) -> Iterator[str]:
    """Feed addresses that a web page names: first those it declares, then links that look like feeds."""
    base = _joined(url, page.base) or url
    for wanted in (_is_declared, _looks_like_feed):
        for link in page.links:
            if wanted(link) and "comment" not in link["href"].lower():
                target = _joined(base, link["href"].strip())
                yield from [re.sub(r"^feed:(//)?", "", target)] if target else []


def _joined(base: str, reference: str) -> str:
    """ "" for what is no address."""
    try:
        return urljoin(base, reference)
    except ValueError:
        return ""


def _is_declared(link: dict[str, str]) -> bool:
    return (
        link["tag"] == "link" and bool(link.get("href"))
        and "alternate" in link.get("rel", "").lower().split()
        and link.get("type", "").lower().partition(";")[0].strip() in _FEED_TYPES
    )  # fmt: skip


def _looks_like_feed(link: dict[str, str]) -> bool:
    href = link.get("href", "")
    if link["tag"] != "a" or not href or href.startswith(("#", "mailto:", "javascript:")):
        return False
    named = re.fullmatch(
        r"(rss|rss feed|podcast feed|feed|subscribe via rss)", link["text"].strip(), re.IGNORECASE
    )
    return bool(named or _FEED_PATH.search(href) or href.startswith("feed:"))
