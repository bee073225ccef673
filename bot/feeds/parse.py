"""Bytes of a feed → Feed and Episodes (feedparser), with every secret taken out of every address."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import feedparser

from bot.domain import Enclosure, Episode, Feed, TranscriptLink
from bot.errors import NotAFeed
from bot.feeds import media, text
from bot.feeds.addresses import joined
from bot.feeds.decide import Hints
from bot.feeds.markup import FeedExtras, ItemExtras, feed_extras, xml_root_name
from bot.vault import Vault, hides_path, secrets_of

_NO_EXTRAS = ItemExtras(guid="", title="", transcripts=(), alternates=(), episode_type="")
MAX_HEAD_BYTES = 10_000  # before the first element; feedparser takes quadratic time on what stands there
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


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A feed as read: `hints` say how often to ask, `new_url` is its itunes:new-feed-url (real, or "")."""

    feed: Feed
    episodes: tuple[Episode, ...]
    hints: Hints
    new_url: str


@dataclass(frozen=True, kw_only=True)
class _Place:
    """Where a feed comes from, and how its addresses and texts are made safe to show."""

    vault: Vault
    base: str
    private: bool
    hidden: bool
    secrets: tuple[str, ...]

    def sealed(self, reference: str) -> tuple[str, str]:
        """(safe URL, sealed) of a reference; ("", "") if it isn't http(s)."""
        url = self.absolute(reference)
        if not url:
            return "", ""
        return self.vault.seal(url, private=self.hidden, whole_query=self.private)

    def shown(self, reference: str) -> str:
        """A link to show: without user and password, secrets in it replaced."""
        url = self.absolute(reference)
        scheme, slashes, rest = url.partition("//")
        host, slash, path = rest.partition("/")
        return self.clean(self.vault.seal(scheme + slashes + host.rpartition("@")[2] + slash + path)[0])

    def absolute(self, reference: str) -> str:
        reference = re.sub(r"[\r\n\t]", "", reference.strip()).replace(" ", "%20")
        try:
            url = joined(self.base, reference) if reference else ""
            parts = urlsplit(url)
            good = parts.scheme in {"http", "https"} and bool(parts.hostname)
        except ValueError:
            return ""
        return url if good else ""

    def clean(self, words: str) -> str:
        for secret in self.secrets:
            words = words.replace(secret, "…")
        return words


def parse(body: bytes, base: str, content_type: str, feed: Feed, vault: Vault) -> Parsed:
    """Parse what was fetched from the real URL `base`; `feed` gives url and sealed, and what was known.

    Raises NotAFeed, saying what it is instead. Episodes come in the feed's order, not yet stored.
    """
    _require_text(body, feed.url)
    document = _document(body, base, content_type, feed.url)
    if not document.version and not document.entries:
        raise _not_a_feed(body, feed.url)
    place = _place(base, feed, vault)
    extras = feed_extras(body)
    found = _feed(document.feed, extras, feed, place)
    pairs = zip(document.entries, _aligned(document.entries, extras.items), strict=True)
    return Parsed(
        feed=found,
        episodes=tuple(_episode(entry, extra, found, place) for entry, extra in pairs),
        hints=Hints(
            ttl=extras.values.get("ttl", ""),
            update_period=extras.values.get("sy:updatePeriod", ""),
            update_frequency=extras.values.get("sy:updateFrequency", ""),
        ),
        new_url=place.absolute(extras.values.get("itunes:new-feed-url", "")),
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
        except Exception as exc:  # noqa: BLE001
            problem = exc
    raise NotAFeed(f"{url} is too damaged to be read as a feed.") from problem


def _cleaned(body: bytes) -> bytes:
    """UTF-8 without declaration, control characters and character references."""
    text = body.decode("utf-8", "replace")
    text = re.sub(r"<[?!](?!\[CDATA\[)[^<>]*>|&#[^;]{0,12};?", "", text)
    return re.sub(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", "", text).encode()


def _place(base: str, feed: Feed, vault: Vault) -> _Place:
    hidden, secrets = hides_path(feed.url), secrets_of(base)
    if hidden:
        secrets += tuple(part for part in urlsplit(base).path.split("/") if len(part) >= 16)
    return _Place(vault=vault, base=base, private=bool(feed.sealed), hidden=hidden, secrets=secrets)


def _feed(source: Any, extras: FeedExtras, feed: Feed, place: _Place) -> Feed:
    title = place.clean(text.one_line(source.get("title") or ""))
    return replace(
        feed,
        title=title or feed.title or (urlsplit(feed.url).hostname or ""),
        link=place.shown(source.get("link") or "") or feed.link,
        language=(source.get("language") or feed.language).strip().lower()[:35],
        medium=(extras.values.get("podcast:medium") or "podcast").lower()[:20],
        podcast_guid=extras.values.get("podcast:guid", "")[:200] or feed.podcast_guid,
    )


def _episode(entry: Any, extra: ItemExtras, feed: Feed, place: _Place) -> Episode:
    chosen, kind = media.choose(tuple(_offers(entry, extra, place)))
    episode_type = extra.episode_type or str(entry.get("itunes_episodetype") or "").strip().lower()
    reason = media.why_skipped(feed.medium, kind, episode_type)
    audio = chosen if kind in {"audio", "unknown"} else None
    return Episode(
        guid=_guid(entry, extra, place),
        title=place.clean(text.one_line(entry.get("title") or "")) or "Untitled",
        show=feed.title,
        published_at=_published(entry),
        link=place.shown(entry.get("link") or ""),
        summary=place.clean(_summary(entry)),
        enclosure=_enclosure(audio, place) if audio else None,
        duration_s=text.seconds(str(entry.get("itunes_duration") or (chosen.duration if chosen else ""))),
        transcripts=tuple(_transcripts(extra, place)),
        kind="trailer" if episode_type == "trailer" else "bonus" if episode_type == "bonus" else "full",
        language=feed.language,
        status="skipped" if reason else "wanted",
        status_reason=reason,
    )


def _guid(entry: Any, extra: ItemExtras, place: _Place) -> str:
    """As written, not resolved against the feed's address as feedparser does it: the feed may move."""
    guid = " ".join(str(entry.get("id") or "").split())
    guid = (extra.guid if extra.guid and guid.endswith(extra.guid) else guid)[:1000]
    return place.clean(place.vault.seal(guid)[0]) if "://" in guid else place.clean(guid)


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


def _offers(entry: Any, extra: ItemExtras, place: _Place) -> Iterator[media.Offer]:
    """Enclosures, then media:content, then alternate enclosures, as far as they lie on the web."""
    found: list[dict[str, Any]] = [{**e, "url": e.get("href") or e.get("url")} for e in _enclosures(entry)]
    found += [dict(content) for content in entry.get("media_content") or ()]
    found += extra.alternates
    for offer in found:
        url = place.absolute(str(offer.get("url") or ""))
        if url:
            yield media.Offer(
                url=url,
                mime_type=str(offer.get("type") or "").strip(),
                medium=str(offer.get("medium") or ""),
                length_bytes=text.size(offer.get("length") or offer.get("filesize")),
                duration=str(offer.get("duration") or ""),
            )


def _enclosures(entry: Any) -> list[dict[str, Any]]:
    return [dict(link) for link in entry.get("links") or () if link.get("rel") == "enclosure"]


def _enclosure(offer: media.Offer, place: _Place) -> Enclosure:
    url, sealed = place.sealed(offer.url)
    return Enclosure(url=url, sealed=sealed, mime_type=offer.mime_type, length_bytes=offer.length_bytes)


def _transcripts(extra: ItemExtras, place: _Place) -> Iterator[TranscriptLink]:
    for attributes in extra.transcripts:
        url, sealed = place.sealed(attributes.get("url", ""))
        if url:
            mime_type, language = attributes.get("type", "").strip(), attributes.get("language", "").strip()
            yield TranscriptLink(url=url, sealed=sealed, mime_type=mime_type, language=language)


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
