"""What each page shows: read from the store, laid out, rendered. Knows templates, and nothing of HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2

from adapters.web import chapters, rss, transcript
from adapters.web.hear import Hearing
from adapters.web.links import Links, is_private
from bot import digest, export, lineage
from bot.domain import Channel, Digest, Enclosure, Episode, Feed, Insight, Pick, hhmmss
from bot.ports import PageKind, Store
from bot.views import Heading, Item, Text

HERE = Path(__file__).parent
A_PAGE = 50  # episodes of a show, digests of a channel
IN_FEED, IN_EXPORT = 30, 10_000  # digests


@cache
def templates() -> jinja2.Environment:
    """Every value is escaped, and a name that isn't given is a bug."""
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader(HERE / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )
    found.filters |= {"clock": hhmmss, "web": digest.web, "day": _day, "weekday": _weekday}
    found.globals |= {
        "fragment": digest.fragment,
        "amended": digest.amended,
        "is_withdrawn": digest.is_withdrawn,
        "note": digest.note,
    }
    return found


def _day(date: Any) -> str:
    return f"{date.day} {date:%B %Y}"


def _weekday(date: Any) -> str:
    return f"{date:%A} {_day(date)}"


@dataclass(frozen=True, kw_only=True)
class Site:
    """`assets` is what stylesheet and script are called, so that a new release is not mixed with old ones."""

    store: Store
    environment: jinja2.Environment
    root: str
    assets: str
    hearing: Hearing | None = None

    def page(self, name: str, links: Links, **values: Any) -> str:
        shown = {"links": links, "root": self.root, "assets": self.assets, **values}
        return self.environment.get_template(f"{name}.html").render(shown)

    def episode(self, episode: Episode, links: Links, search: str = "") -> str:
        feed = self.store.feed(episode.feed_id)
        heard, reading = self.store.transcript(episode.id), self.store.reading(episode.id)
        insights = sorted(self.store.insights(episode.id), key=lambda i: (i.start is None, i.start or 0.0))
        said = transcript.sentences(heard, reading)
        listed = chapters.chapters(episode, said)
        jumps = listed or chapters.moments(reading, insights)
        wanted = [jump.sentence for jump in jumps]
        return self.page(
            "episode",
            links,
            episode=episode,
            feed=feed,
            audio=audio(feed, episode),
            is_private=is_private(feed, episode),
            transcript=heard,
            insights=insights,
            errata=self.store.errata([insight.id for insight in insights]),
            made_by=lineage.lines(insight.provenance for insight in insights),
            clips=self._clips("episode", episode.id, links, lambda hearing: hearing.of_episode(episode)),
            chapters=jumps,
            are_chapters=bool(listed),
            search=search[: transcript.LONGEST_SEARCH],
            script=transcript.script(said, insights, reading, search, wanted),
        )

    def digest(self, made: Digest, links: Links) -> str:
        parts = digest.view(made, links).parts
        quiet = [part.text for part in parts if isinstance(part, Text) and part.quiet]
        items = [part for part in parts if isinstance(part, Item)]
        clips = self._clips("digest", made.id, links, lambda hearing: hearing.of_digest(made))
        headings = [part.text for part in parts if isinstance(part, Heading)]
        return self.page(
            "digest",
            links,
            digest=made,
            title=headings[0] if headings else f"Nothing worth a post · {digest.long_date(made.local_date)}",
            notices=[notice.text for notice in made.notices],
            scanned=quiet[0] if quiet else "",
            made_by=lineage.lines(pick.insight.provenance for pick in made.picks),
            items=[
                (part, self._heard(pick), clips.get(pick.insight.id, ""))
                for part, pick in zip(items, made.picks, strict=True)
            ],
            channel=self.store.channel(made.channel_id),
        )

    def _clips(
        self, kind: PageKind, id_: int, links: Links, audible: Callable[[Hearing], Mapping[int, Pick]]
    ) -> dict[int, str]:
        """Where the audio of each insight's quote is, for whoever has the page's secret link."""
        if self.hearing is None or links.is_open:
            return {}
        return {insight: f"{links.link(kind, id_)}/hear/{insight}.mp3" for insight in audible(self.hearing)}

    def _heard(self, pick: Pick) -> str:
        """The publisher's audio at that moment; "" where it may not be linked."""
        feed = self.store.feed(pick.episode.feed_id)
        return digest.moment_link(pick) if audio(feed, pick.episode) else ""

    def channel(self, channel: Channel, links: Links, page: int) -> str:
        digests = self.store.digests(channel.id, page * A_PAGE + 1)
        feeds = [self.store.feed(one.feed_id) for one in self.store.subscriptions(channel.id)]
        shown = digests[(page - 1) * A_PAGE : page * A_PAGE]
        return self.page(
            "channel",
            links,
            title=f"Insights for {title_of(channel)}",
            channel=channel,
            digests=shown,
            feeds=sorted(feeds, key=lambda feed: feed.title.casefold()),
            number=page,
            more=len(digests) > page * A_PAGE,
        )

    def show(self, feed: Feed, links: Links, page: int) -> str:
        """The episodes that are read; to everybody, only those without a member's address."""
        wanted = [
            episode
            for episode in self.store.episodes(feed.id)
            if episode.status == "wanted" and not (links.is_open and is_private(feed, episode))
        ]
        shown = wanted[(page - 1) * A_PAGE : page * A_PAGE]
        return self.page(
            "show",
            links,
            feed=feed,
            episodes=[(episode, self._standing(episode)) for episode in shown],
            number=page,
            more=len(wanted) > page * A_PAGE,
        )

    def _standing(self, episode: Episode) -> list[Insight]:
        """Its insights, but for those that are withdrawn for all."""
        made = self.store.insights(episode.id)
        gone = self.store.errata([insight.id for insight in made])
        return [insight for insight in made if insight.id not in gone]

    def library(self, links: Links) -> str:
        """The shows that are followed by anybody, but for private ones."""
        followed = {one.feed_id for one in self.store.subscriptions()}
        feeds = [feed for feed in self.store.feeds() if feed.id in followed and not is_private(feed)]
        return self.page("library", links, feeds=sorted(feeds, key=lambda feed: feed.title.casefold()))

    def feed(self, channel: Channel, links: Links) -> bytes:
        page = links.link("channel", channel.id)
        head = rss.Head(
            title=f"Insights for {title_of(channel)}",
            description="What is worth knowing from the podcasts that are followed here.",
            address=f"{page}/feed.xml",
            page=page,
        )
        return rss.rss(head, self.store.digests(channel.id, IN_FEED), links)

    def channel_file(self, channel: Channel, links: Links, kind: export.Format) -> str:
        digests = self.store.digests(channel.id, IN_EXPORT)
        return export.FORMATS[kind](f"Insights for {title_of(channel)}", digests, links)

    def digest_file(self, made: Digest, links: Links, kind: export.Format) -> str:
        title = f"Insights of {digest.long_date(made.local_date)} {made.local_date.year}"
        return export.FORMATS[kind](title, [made], links)


def title_of(channel: Channel) -> str:
    return channel.title or channel.name


def audio(feed: Feed, episode: Episode) -> Enclosure | None:
    """What the page may play: the publisher's own file, unless its address is a member's."""
    enclosure = episode.enclosure
    if enclosure is None or is_private(feed, episode) or not digest.web(enclosure.url):
        return None
    return enclosure
