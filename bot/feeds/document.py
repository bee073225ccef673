"""Bytes of a feed → RawFeed, by feedparser and lxml; runs in a process of its own (`apart.py`)."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import feedparser

from bot.errors import NotAFeed
from bot.feeds import text
from bot.feeds.markup import ItemExtras, feed_extras, xml_root_name
from bot.feeds.raw import RawEpisode, RawFeed, RawOffer

MAX_EPISODES = 3_000  # the newest of a feed; eight years of a daily show
MAX_OFFERS = 20  # files of one episode, and transcripts
MAX_HEAD_BYTES = 10_000  # before the first element; feedparser takes quadratic time on what stands there
_FEED = re.compile(rb"<(?:[\w.-]+:)?(?:rss|feed|rdf|channel)\b", re.IGNORECASE)
_NO_EXTRAS = ItemExtras(guid="", title="", transcripts=(), alternates=(), episode_type="")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAGIC = {
    b"\x1f\x8b": "a compressed (gzip) file",
    b"PK\x03\x04": "a zip file",
    b"%PDF": "a PDF",
    b"ID3": "an audio file",
    b"OggS": "an audio file",
    b"RIFF": "an audio file",
    b"\xff\xfb": "an audio file",
    b"\x89PNG": "an image",
    b"GIF8": "an image",
    b"\xff\xd8\xff": "an image",
}


def read_document(body: bytes, base: str, content_type: str, url: str) -> RawFeed:
    """Read what was fetched from `base`. Raises NotAFeed, naming it by `url`, and saying what it is instead.

    Items come in the feed's order; of more than MAX_EPISODES the newest.
    """
    _require_text(body, url)
    if not _may_be_feed(body):  # asked before feedparser, which takes minutes for a million links
        raise _not_a_feed(body, url)
    document = _document(body, base, content_type, url)
    if not document.version and not document.entries:
        raise _not_a_feed(body, url)
    extras = feed_extras(body)
    pairs = zip(document.entries, _aligned(document.entries, extras.items), strict=True)
    return RawFeed(
        title=text.one_line(document.feed.get("title") or ""),
        link=str(document.feed.get("link") or ""),
        language=str(document.feed.get("language") or ""),
        values=extras.values,
        episodes=_newest([_episode(entry, extra) for entry, extra in pairs]),
    )


def _newest(episodes: list[RawEpisode]) -> tuple[RawEpisode, ...]:
    """At most MAX_EPISODES, in the feed's order; one without a date counts as old as the one before it."""
    if len(episodes) <= MAX_EPISODES:
        return tuple(episodes)
    dated, last = [], _EPOCH
    for place, episode in enumerate(episodes):
        last = episode.published_at or last
        dated.append((last, -place))
    kept = {-place for _, place in sorted(dated, reverse=True)[:MAX_EPISODES]}
    return tuple(episode for place, episode in enumerate(episodes) if place in kept)


def _episode(entry: Any, extra: ItemExtras) -> RawEpisode:
    return RawEpisode(
        guid=_guid(entry, extra),
        title=text.one_line(entry.get("title") or ""),
        published_at=_published(entry),
        link=str(entry.get("link") or ""),
        summary=_summary(entry),
        duration=str(entry.get("itunes_duration") or "")[:100],
        episode_type=extra.episode_type or str(entry.get("itunes_episodetype") or "").strip().lower(),
        offers=tuple(_offers(entry, extra))[:MAX_OFFERS],
        transcripts=extra.transcripts[:MAX_OFFERS],
    )


def _guid(entry: Any, extra: ItemExtras) -> str:
    """As written, not resolved against the feed's address as feedparser does it: the feed may move."""
    guid = " ".join(str(entry.get("id") or "").split())
    return (extra.guid if extra.guid and guid.endswith(extra.guid) else guid)[:1000]


def _offers(entry: Any, extra: ItemExtras) -> Iterator[RawOffer]:
    """Enclosures, then media:content, then alternate enclosures."""
    found: list[dict[str, Any]] = [{**e, "url": e.get("href") or e.get("url")} for e in _enclosures(entry)]
    found += [dict(content) for content in entry.get("media_content") or ()]
    found += extra.alternates
    for offer in found:
        yield RawOffer(
            url=str(offer.get("url") or ""),
            mime_type=str(offer.get("type") or "").strip(),
            medium=str(offer.get("medium") or ""),
            length_bytes=text.size(offer.get("length") or offer.get("filesize")),
            duration=str(offer.get("duration") or ""),
        )


def _document(body: bytes, base: str, content_type: str, url: str) -> Any:
    """feedparser's reading. On damaged input it may raise anything (bad encodings and character references
    do it): then once more with what can be damaged so taken out."""
    problem: Exception | None = None
    for prepare in (bytes, _cleaned):
        try:
            attempt = prepare(body)
            return feedparser.parse(
                attempt,
                response_headers=_headers(attempt, base, content_type),
                sanitize_html=False,
                resolve_relative_uris=False,
            )
        except MemoryError:
            raise
        except Exception as exc:  # noqa: BLE001
            problem = exc
    raise NotAFeed(f"{url} is too damaged to be read as a feed.") from problem


def _cleaned(body: bytes) -> bytes:
    """UTF-8 without declaration, control characters and character references."""
    text = body.decode("utf-8", "replace")
    text = re.sub(r"<[?!](?!\[CDATA\[)[^<>]*>|&#[^;]{0,12};?", "", text)
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text).encode()


def _published(entry: Any) -> Any:
    for name in ("published", "updated", "created"):
        if name in entry or f"{name}_parsed" in entry:
            when = text.moment(entry.get(f"{name}_parsed"), str(entry.get(name) or ""))
            if when:
                return when
    return None


def _summary(entry: Any) -> str:
    texts = [str(part.get("value") or "") for part in entry.get("content") or ()]
    texts.append(str(entry.get("summary") or ""))
    return max(map(text.plain, texts), key=len)


def _enclosures(entry: Any) -> list[dict[str, Any]]:
    return [dict(link) for link in entry.get("links") or () if link.get("rel") == "enclosure"]


def _aligned(entries: Sequence[Any], items: Sequence[ItemExtras]) -> Iterator[ItemExtras]:
    """Each entry's extras: by place where both parsers found as many items, else by guid or title."""
    if len(entries) == len(items):
        yield from items
        return
    by_key = {item.guid or item.title: item for item in items}
    for entry in entries:
        yield by_key.get(str(entry.get("id") or entry.get("title") or ""), _NO_EXTRAS)


def _headers(body: bytes, base: str, content_type: str) -> dict[str, str]:
    """For feedparser; a charset in the header is often wrong, so valid UTF-8 is taken for UTF-8."""
    headers = {"content-location": base}
    try:
        body.decode("utf-8")
    except UnicodeDecodeError:
        if "charset=" in content_type.lower() and not re.match(rb"\s*<\?xml[^>]*encoding", body):
            headers["content-type"] = content_type
    return headers


def _require_text(body: bytes, url: str) -> None:
    if not body.strip():
        raise NotAFeed(f"{url} sent nothing at all. Try again later, or check the address.")
    for magic, what in _MAGIC.items():
        if body.startswith(magic):
            raise NotAFeed(f"{url} is {what}, not a podcast feed.")
    first = re.search(rb"<\w", body)
    if first and first.start() > MAX_HEAD_BYTES:
        raise NotAFeed(f"{url} isn't a feed: it begins with {first.start():,} bytes of something else.")


def _may_be_feed(body: bytes) -> bool:
    """Whether one of the elements that feedparser takes for a feed begins anywhere; some servers put a page's
    first lines before it. Two bytes a character are left to feedparser."""
    return b"\x00" in body[:200] or bool(_FEED.search(body))


def _not_a_feed(body: bytes, url: str) -> NotAFeed:
    head = body[:2000].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head[:1] in {b"{", b"["}:
        what = "is JSON, not an RSS or Atom feed"
    elif xml_root_name(body) == "opml":
        what = "is a list of feeds (OPML), not a feed: add it with `earmark add`"
    elif head.startswith((b"<!doctype html", b"<html")) or b"<html" in head or b"<body" in head:
        what = "is a web page, not a feed: add the page with `earmark add` to look for its feed"
    elif b"\x00" in body[:1000]:
        what = "is a binary file, not a podcast feed"
    else:
        what = "isn't an RSS or Atom feed"
    return NotAFeed(f"{url} {what}.")
