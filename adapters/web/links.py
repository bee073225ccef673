"""Links from page to page, by path; and whole ones, for what leaves the site (feeds, files)."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from bot.domain import Episode, Feed
from bot.ports import PageKind, Pages

OPEN: tuple[PageKind, ...] = (
    "episode",
    "show",
)  # what PAGES=public opens; a channel is nobody else's business


@dataclass(frozen=True, kw_only=True)
class Links:
    """Implements ports.Pages over `pages`, for links that begin with `root` (a path, or a whole address).

    `is_open`: without tokens, from one page that everybody may read to another.
    """

    pages: Pages
    root: str = ""
    is_open: bool = False

    def path(self, kind: PageKind, id_: int) -> str:
        path = self.pages.path(kind, id_)
        return path.rpartition("/")[0] if self.is_open and kind in OPEN else path

    def link(self, kind: PageKind, id_: int, fragment: str = "") -> str:
        return self.root + self.path(kind, id_) + (f"#{fragment}" if fragment else "")

    def opens(self, kind: PageKind, id_: int, token: str) -> bool:
        return self.pages.opens(kind, id_, token)


def root_of(public_url: str) -> str:
    """The path under which the pages are seen from outside: "/earmark" of https://example.com/earmark/."""
    return urlsplit(public_url).path.rstrip("/")


def is_private(feed: Feed, episode: Episode | None = None) -> bool:
    """Whether a feed is a member's own: no address of its audio is shown, and no page without its token."""
    enclosure = episode.enclosure if episode else None
    return bool(feed.sealed or (enclosure and enclosure.sealed))
