"""A channel's insights as RSS 2.0 (https://www.rssboard.org/rss-specification), an item each; pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from email.utils import format_datetime
from html import escape
from xml.etree import ElementTree as ET

from bot import digest
from bot.domain import Digest, Pick, hhmmss
from bot.ports import Pages
from bot.views import WITHDRAWN

ATOM = "http://www.w3.org/2005/Atom"
DC = "http://purl.org/dc/elements/1.1/"
ET.register_namespace("atom", ATOM)
ET.register_namespace("dc", DC)
# All that XML 1.0 can't hold (https://www.w3.org/TR/xml/#charsets).
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, kw_only=True)
class Head:
    """What the feed says of itself; `address` is its own, `page` the channel's."""

    title: str
    description: str
    address: str
    page: str


def rss(head: Head, digests: Sequence[Digest], pages: Pages) -> bytes:
    """`digests` latest first; `pages` must know their public address. An insight keeps its guid for ever."""
    root = ET.Element("rss", version="2.0")
    channel = ET.SubElement(root, "channel")
    _texts(channel, title=head.title, link=head.page, description=head.description, generator="Earmark")
    ET.SubElement(channel, f"{{{ATOM}}}link", href=head.address, rel="self", type="application/rss+xml")
    if digests:
        _texts(channel, lastBuildDate=_date(digests[0]))
    _texts(channel, ttl="60")
    channel.extend(_item(made, pick, pages) for made in digests for pick in made.picks)
    written: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


def _item(made: Digest, pick: Pick, pages: Pages) -> ET.Element:
    item = ET.Element("item")
    link = digest.page_link(pick, pages) or pages.link("digest", made.id)
    title = f"{WITHDRAWN if digest.is_withdrawn(pick) else ''}{digest.amended(pick).headline}"
    _texts(item, title=title, link=link)
    guid = ET.SubElement(item, "guid", isPermaLink="false")
    guid.text = f"earmark-channel-{made.channel_id}-insight-{pick.insight.id}"
    _texts(item, pubDate=_date(made), description="".join(_markup(pick, link, pages, made.local_date)))
    author = ET.SubElement(item, f"{{{DC}}}creator")
    author.text = _text(pick.episode.show)
    return item


def _markup(pick: Pick, link: str, pages: Pages, today: date) -> Iterator[str]:
    """What a reader shows, as HTML (which the XML escapes once more)."""
    insight, episode = digest.amended(pick), pick.episode
    by = f" — {insight.speaker}" if insight.speaker else ""
    where = " · ".join(filter(None, (episode.show, episode.title, hhmmss(insight.start))))
    if not digest.is_withdrawn(pick):
        yield f"<p>{escape(insight.text)}</p>"
        yield f"<blockquote><p>“{escape(insight.quote)}”{escape(by)}</p></blockquote>"
    if pick.erratum:
        yield f"<p><em>{escape(digest.note(pick.erratum))}</em></p>"
    yield f'<p><a href="{escape(link)}">{escape(where)}</a></p>'
    item = digest.item(pick, 1, pages, today)
    for place in item.also:
        moment = f" ({place.moment})" if place.moment else ""
        yield f"<p>Also on {_anchor(place.page, place.source)}{moment}</p>"
    if item.more:
        yield f"<p>and on {item.more} more</p>"
    if item.follows:
        earlier = _anchor(item.follows.link, f"“{item.follows.headline}”")
        yield f"<p>Follows up on {item.follows.when} {earlier}</p>"


def _anchor(url: str, text: str) -> str:
    return f'<a href="{escape(url)}">{escape(text)}</a>' if url else escape(text)


def _texts(parent: ET.Element, **texts: str) -> None:
    for name, text in texts.items():
        ET.SubElement(parent, name).text = _text(text)


def _text(text: str) -> str:
    return _NOT_XML.sub("", text)


def _date(made: Digest) -> str:
    """RFC 822, as RSS wants it."""
    at = made.created_at or datetime.combine(made.local_date, time(), UTC)
    return format_datetime(at.astimezone(UTC))
