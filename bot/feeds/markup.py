"""XML and HTML read leniently and safely (lxml): no entities, no network, broken input repaired."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import Any, TypeVar

from lxml import etree
from lxml import html as lxml_html

Read = TypeVar("Read")

MAX_LINKS = 20_000  # of a page, and entries of a list: a million of them would take half a minute
_NAMESPACES = {
    "podcastindex": "podcast",
    "podcast-namespace": "podcast",
    "itunes.com/dtds": "itunes",
    "modules/syndication": "sy",
    "search.yahoo.com/mrss": "media",
}
_FEED_TAGS = frozenset(
    {
        "ttl", "sy:updatePeriod", "sy:updateFrequency", "itunes:new-feed-url", "podcast:medium",
        "podcast:guid",
    }
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ItemExtras:
    """What feedparser loses of an item: attributes of each transcript and alternate file, its type,
    its guid as written."""

    guid: str
    title: str
    transcripts: tuple[dict[str, str], ...]
    alternates: tuple[dict[str, str], ...]
    episode_type: str


@dataclass(frozen=True, kw_only=True)
class FeedExtras:
    """Plain texts of the feed's own elements by name ("ttl", "podcast:guid", …), and its items in order."""

    values: dict[str, str]
    items: tuple[ItemExtras, ...]


def feed_extras(body: bytes) -> FeedExtras:
    """Read a feed's XML as far as it can be understood."""
    return _of_xml(body, _extras) or FeedExtras(values={}, items=())


def xml_root_name(body: bytes) -> str:
    """The local name of the document's outermost element, in lower case; "" if there is none."""
    return _of_xml(body, lambda root: _name(root).rpartition(":")[2].lower()) or ""


def outlines(body: bytes) -> list[dict[str, str]]:
    """The attributes (names in lower case) of the first MAX_LINKS `<outline>`, however deeply nested, in
    order."""

    def read(root: Any) -> list[dict[str, str]]:
        nodes = (node for node in _elements(root) if _name(node).lower() == "outline")
        first = islice(nodes, MAX_LINKS)
        return [{name.lower(): value for name, value in _attributes(node).items()} for node in first]

    return _of_xml(body, read) or []


def page_links(body: bytes) -> tuple[list[dict[str, str]], str]:
    """The attributes of a web page's first MAX_LINKS `<link>` and `<a>` elements, with "tag" and "text"; and
    its base."""
    try:
        root = lxml_html.document_fromstring(body, parser=lxml_html.HTMLParser(no_network=True))
        base = next((str(node.get("href", "")) for node in root.iter("base")), "")
        return [_link(node) for node in islice(root.iter("link", "a"), MAX_LINKS)], base
    except (etree.LxmlError, ValueError):
        return [], ""


def _link(node: Any) -> dict[str, str]:
    attributes = {name.lower(): value for name, value in _attributes(node).items()}
    return {**attributes, "tag": str(node.tag), "text": _text(node)}


def _of_xml(body: bytes, read: Callable[[Any], Read]) -> Read | None:
    """What `read` makes of the document; None if there is none.

    libxml2 lets wrong bytes pass that lxml then stumbles over; then once more with them replaced.
    """
    for prepare in (bytes.lstrip, _repaired):
        parser = etree.XMLParser(
            recover=True, resolve_entities=False, no_network=True, load_dtd=False, remove_comments=True,
            remove_pis=True,
        )  # fmt: skip
        with contextlib.suppress(etree.LxmlError, ValueError):
            root = etree.fromstring(prepare(body), parser)
            return None if root is None else read(root)
    return None


def _repaired(body: bytes) -> bytes:
    return re.sub(r"^\s*<\?xml[^>]*>", "", body.decode("utf-8", "replace")).encode()


def _extras(root: Any) -> FeedExtras:
    items = [node for node in _elements(root) if _name(node) in {"item", "entry"}]
    inside = set(items)
    values: dict[str, str] = {}
    for node in _elements(root):
        name = _name(node)
        if name in _FEED_TAGS and not any(parent in inside for parent in node.iterancestors()):
            values.setdefault(name, _text(node))
    return FeedExtras(values=values, items=tuple(map(_item, items)))


def _elements(root: Any) -> Iterator[Any]:
    return (node for node in root.iter() if isinstance(node.tag, str))


def _name(node: Any) -> str:
    return _name_of_tag(node.tag)


@lru_cache(maxsize=1024)
def _name_of_tag(tag: str) -> str:
    """ "podcast:guid" for a known namespace or an undeclared prefix, the bare local name otherwise."""
    space, _, local = tag.rpartition("}")
    known = (prefix for part, prefix in _NAMESPACES.items() if part in space.lower())
    prefix = next(known, "other" if "dublincore" in space.lower() else "")
    return f"{prefix}:{local}" if prefix else str(local)


def _text(node: Any) -> str:
    return " ".join("".join(node.itertext()).split())


def _item(node: Any) -> ItemExtras:
    children = [child for child in _elements(node) if child is not node]
    texts = {_name(child): _text(child) for child in reversed(children) if child.getparent() is node}
    return ItemExtras(
        guid=texts.get("guid") or texts.get("id", ""),
        title=texts.get("title", ""),
        transcripts=tuple(_attributes(c) for c in children if _name(c) == "podcast:transcript"),
        alternates=tuple(_alternates(children)),
        episode_type=texts.get("itunes:episodeType", "").lower(),
    )


def _alternates(children: list[Any]) -> Iterator[dict[str, str]]:
    for child in children:
        if _name(child) == "podcast:alternateEnclosure":
            for source in _elements(child):
                if _name(source) == "podcast:source":
                    yield {**_attributes(child), "url": str(source.get("uri", ""))}


def _attributes(node: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in node.attrib.items()}
