"""RawFeed → Feed and Episodes, with every secret taken out of every address."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC
from typing import Literal
from urllib.parse import urlsplit

from bot.domain import Enclosure, Episode, Feed, TranscriptLink
from bot.feeds import media, text
from bot.feeds.addresses import joined
from bot.feeds.decide import Hints
from bot.feeds.raw import RawEpisode, RawFeed, RawOffer, ReadFeed
from bot.vault import Vault, hides_path, secrets_of

_KINDS: Mapping[str, Literal["full", "trailer", "bonus"]] = {"trailer": "trailer", "bonus": "bonus"}


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


def parse(body: bytes, base: str, content_type: str, feed: Feed, vault: Vault, read: ReadFeed) -> Parsed:
    """Parse what was fetched from the real URL `base`; `feed` gives url and sealed, and what was known.

    Raises NotAFeed, saying what it is instead. Episodes come in the feed's order, not yet stored.
    """
    raw = read(body, base, content_type, feed.url)
    place = _place(base, feed, vault)
    found = _feed(raw, feed, place)
    return Parsed(
        feed=found,
        episodes=tuple(_episode(one, found, place) for one in raw.episodes),
        hints=Hints(
            ttl=raw.values.get("ttl", ""),
            update_period=raw.values.get("sy:updatePeriod", ""),
            update_frequency=raw.values.get("sy:updateFrequency", ""),
        ),
        new_url=place.absolute(raw.values.get("itunes:new-feed-url", "")),
    )


def _place(base: str, feed: Feed, vault: Vault) -> _Place:
    hidden, secrets = hides_path(feed.url), secrets_of(base)
    if hidden:
        secrets += tuple(part for part in urlsplit(base).path.split("/") if len(part) >= 16)
    return _Place(vault=vault, base=base, private=bool(feed.sealed), hidden=hidden, secrets=secrets)


def _feed(raw: RawFeed, feed: Feed, place: _Place) -> Feed:
    return replace(
        feed,
        title=place.clean(raw.title) or feed.title or (urlsplit(feed.url).hostname or ""),
        link=place.shown(raw.link) or feed.link,
        language=(raw.language or feed.language).strip().lower()[:35],
        medium=(raw.values.get("podcast:medium") or "podcast").lower()[:20],
        podcast_guid=raw.values.get("podcast:guid", "")[:200] or feed.podcast_guid,
    )


def _episode(raw: RawEpisode, feed: Feed, place: _Place) -> Episode:
    chosen, kind = media.choose(tuple(_offers(raw.offers, place)))
    reason = media.why_skipped(feed.medium, kind, raw.episode_type)
    audio = chosen if kind in {"audio", "unknown"} else None
    guid = place.vault.seal(raw.guid)[0] if "://" in raw.guid else raw.guid
    return Episode(
        guid=place.clean(guid),
        title=place.clean(raw.title) or "Untitled",
        show=feed.title,
        published_at=raw.published_at and raw.published_at.astimezone(UTC),
        link=place.shown(raw.link),
        summary=place.clean(raw.summary),
        enclosure=_enclosure(audio, place) if audio else None,
        duration_s=text.seconds(raw.duration or (chosen.duration if chosen else "")),
        transcripts=tuple(_transcripts(raw, place)),
        kind=_KINDS.get(raw.episode_type, "full"),
        language=feed.language,
        status="skipped" if reason else "wanted",
        status_reason=reason,
    )


def _offers(offers: Iterable[RawOffer], place: _Place) -> Iterator[media.Offer]:
    """As far as they lie on the web."""
    for offer in offers:
        url = place.absolute(offer.url)
        if url:
            yield media.Offer(
                url=url,
                mime_type=offer.mime_type,
                medium=offer.medium,
                length_bytes=offer.length_bytes,
                duration=offer.duration,
            )


def _enclosure(offer: media.Offer, place: _Place) -> Enclosure:
    url, sealed = place.sealed(offer.url)
    return Enclosure(url=url, sealed=sealed, mime_type=offer.mime_type, length_bytes=offer.length_bytes)


def _transcripts(raw: RawEpisode, place: _Place) -> Iterator[TranscriptLink]:
    for attributes in raw.transcripts:
        url, sealed = place.sealed(attributes.get("url", ""))
        if url:
            mime_type, language = attributes.get("type", "").strip(), attributes.get("language", "").strip()
            yield TranscriptLink(url=url, sealed=sealed, mime_type=mime_type, language=language)
