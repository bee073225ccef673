"""Feeds, lists of feeds and web pages, read in a process of its own (`bot/apart.py`)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar, cast

from bot.apart import Apart as Process
from bot.apart import Limits
from bot.errors import FeedError
from bot.feeds.opml import Opml
from bot.feeds.raw import RawFeed

Read = TypeVar("Read")
# Requests wait for one another. The largest real feed that we know (4 MB) takes three seconds of the
# processor; for pages and lists somebody waits.
CPU_S = {"feed": 20, "opml": 5, "links": 5}


@dataclass(frozen=True, kw_only=True)
class Links:
    """A page's `<link>` and `<a>` elements (attributes, "tag" and "text"), and its base address."""

    links: tuple[dict[str, str], ...]
    base: str


class Apart:
    """A ReadFeed, and the same for lists and pages.

    Raises NotAFeed as `read_document` and `parse_opml` do, FeedError when a limit is met or the process dies.
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.process = Process(__name__, FeedError, limits)

    def __call__(self, body: bytes, base: str, content_type: str, url: str) -> RawFeed:
        return self._asked(RawFeed, "feed", (base, content_type, url), body, url)

    def opml(self, body: bytes, name: str) -> Opml:
        return self._asked(Opml, "opml", (), body, name)

    def links(self, body: bytes, name: str) -> Links:
        return self._asked(Links, "links", (), body, name)

    def close(self) -> None:
        self.process.close()

    def _asked(self, kind: type[Read], task: str, arguments: Sequence[str], body: bytes, name: str) -> Read:
        from pydantic import ValidationError

        reply = self.process.ask(task, arguments, body, name=name, cpu_s=CPU_S[task])
        try:
            read: Read = _adapter(cast(Hashable, kind)).validate_json(reply)
            return read
        except ValidationError:
            raise self.process.failed("crash", name) from None


@cache
def _adapter(kind: Any) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)


# ── in the other process ────────────────────────────────────────────────────────────────────────────────


def _feed(arguments: Sequence[Any], body: bytes) -> RawFeed:
    from bot.feeds.document import read_document

    base, content_type, url = arguments
    return read_document(body, base, content_type, url)


def _opml(arguments: Sequence[Any], body: bytes) -> Opml:
    from bot.feeds.opml import parse_opml

    return parse_opml(body)


def _links(arguments: Sequence[Any], body: bytes) -> Links:
    from bot.feeds.markup import page_links

    links, base = page_links(body)
    return Links(links=tuple(links), base=base)


TASKS = {"feed": _feed, "opml": _opml, "links": _links}
