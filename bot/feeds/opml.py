"""Lists of feeds (OPML): read leniently, written without any secret."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit
from xml.sax.saxutils import escape, quoteattr

from bot.domain import Feed
from bot.errors import NotAFeed
from bot.feeds.markup import outlines, xml_root_name

MAX_FEEDS = 5_000  # of one list


@dataclass(frozen=True, kw_only=True)
class Outline:
    """One feed of a list; `url` is as written there and may hold a secret."""

    url: str
    title: str = ""
    link: str = ""


@dataclass(frozen=True, kw_only=True)
class Opml:
    """The feeds of a list in its order, and what couldn't be taken, in words."""

    outlines: tuple[Outline, ...]
    problems: tuple[str, ...] = ()


def parse_opml(body: bytes) -> Opml:
    """Read an OPML file, nested or damaged as it may be; raises NotAFeed if it is something else."""
    if xml_root_name(body) != "opml":
        raise NotAFeed("This isn't an OPML file: it doesn't start with <opml>.")
    good: list[Outline] = []
    problems: list[str] = []
    for attributes in outlines(body):
        problem = _problem(attributes)
        if problem:
            problems.append(problem)
        elif attributes.get("xmlurl"):
            good.append(_outline(attributes))
    if len(good) > MAX_FEEDS:
        problems.append(f"The list is too long: the first {MAX_FEEDS:,} feeds of it were taken.")
    return Opml(outlines=tuple(good[:MAX_FEEDS]), problems=tuple(problems[-MAX_FEEDS:]))


def to_opml(feeds: Iterable[Feed], title: str = "Podcasts followed by Earmark") -> str:
    """An OPML 2.0 document. Private feeds stand in it without their secret, marked `private="true"`."""
    lines = "".join(f"    {_line(feed)}\n" for feed in feeds)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<opml version="2.0">\n'
        f"  <head><title>{escape(title)}</title></head>\n  <body>\n{lines}  </body>\n</opml>\n"
    )


def _line(feed: Feed) -> str:
    attributes = {"type": "rss", "text": feed.title or feed.url, "title": feed.title, "xmlUrl": feed.url}
    attributes |= {"htmlUrl": feed.link} if feed.link else {}
    attributes |= {"private": "true"} if feed.sealed else {}
    written = " ".join(f"{name}={quoteattr(_legal(value))}" for name, value in attributes.items() if value)
    note = "<!-- private: its secret isn't exported; add it again with its full address -->"
    return f"<outline {written}/>" + (note if feed.sealed else "")


def _problem(attributes: dict[str, str]) -> str:
    """Why an entry that should be a feed isn't taken; "" for good ones and for mere folders."""
    name = attributes.get("title") or attributes.get("text") or "an entry without a name"
    if attributes.get("private") == "true":
        return f"{name}: a private feed whose secret wasn't exported. Add it with its full address."
    url = attributes.get("xmlurl", "").strip()
    if not url:
        return f"{name}: has no address (xmlUrl)." if attributes.get("type", "").lower() == "rss" else ""
    try:
        parts = urlsplit(url)
        good = parts.scheme.lower() in {"http", "https", "feed", "pcast"} and bool(parts.hostname)
    except ValueError:
        good = False
    return "" if good else f"{name}: its address isn't a web address."


def _outline(attributes: dict[str, str]) -> Outline:
    return Outline(
        url=attributes["xmlurl"].strip(),
        title=" ".join((attributes.get("title") or attributes.get("text") or "").split()),
        link=attributes.get("htmlurl", "").strip(),
    )


def _legal(value: str) -> str:
    """Without the control characters that XML can't hold."""
    return "".join(c for c in value if c >= " " or c in "\t\n\r")
