"""`earmark demo`: the whole way once, on the bundled podcast or any feed, and what to type next."""

from __future__ import annotations

import io
import time
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.app import app, earmark, say
from bot.cli.run import at_console
from bot.domain import STAGES, Stage
from bot.errors import EarmarkError

if TYPE_CHECKING:
    from bot.wiring import Earmark


@app.command()
def demo(
    feed: Annotated[
        str | None, typer.Argument(help="Any feed address; the bundled podcast if left out.")
    ] = None,
    chat: Annotated[bool, typer.Option("--chat", help="Then stay, to ask and dig.")] = False,
) -> None:
    """Show the whole way on a bundled podcast: new episodes → transcripts → insights → today's post."""
    from bot import config

    home = config.load().data_dir / "demo"
    with earmark(out=io.StringIO(), settings={"data_dir": home, "database_url": None}) as it:
        show_demo(it, feed)
        if chat:
            at_console(it, _demo_channel(feed))


def show_demo(it: Earmark, feed: str | None) -> None:
    """Go the whole way, then show the channel's latest post, whichever run of this command made it."""
    from bot import digest
    from bot.following import follow
    from bot.views import plain
    from bot.wiring import DEMO_FEED

    channel = it.channel(_demo_channel(feed))
    found = follow(
        it.store, it.discoverer, channel, feed or DEMO_FEED, now=it.clock(), backfill=1 if feed else 3
    )
    say(f"Following {', '.join(one.feed.title or one.feed.url for one in found)}.")
    earlier = it.store.digests(channel.id, 1)
    settle(it)
    it.pipeline.compose_now(channel)
    settle(it, ("publish",))
    posts = it.store.digests(channel.id, 1)
    if not posts:
        raise EarmarkError("There is nothing to post: " + _why_nothing(it))
    if posts == earlier:
        say(f"Nothing new since the post of {posts[0].local_date}; here it is again.\n")
    typer.echo(plain(digest.view(posts[0], clips=it.clips is not None)))
    say(NEXT)


def _why_nothing(it: Earmark) -> str:
    troubles = [feed.error for feed in it.store.feeds() if feed.error]
    troubles += [row.error for row in it.store.work() if row.error]
    return " ".join(dict.fromkeys(troubles)) or "the newest episode holds nothing that is worth a post."


NEXT = """
What to type next (in a new shell: `source .venv/bin/activate` first):
  earmark demo --chat                          ask it, dig into an insight
  earmark insights FILE-OR-ADDRESS             the insights of any episode
  earmark add ADDRESS && earmark run           follow a podcast; a post every morning
  earmark doctor                               what is set up, and what is not"""


def _demo_channel(feed: str | None) -> str:
    return f"demo-{sha256(feed.encode()).hexdigest()[:8]}" if feed else "demo"


def settle(it: Earmark, stages: tuple[Stage, ...] = STAGES) -> None:
    """Run stages until nothing is due. Work that a killed process left behind is waited for, half a
    minute at most: that is how long its lease runs."""
    while True:
        if any([it.pipeline.run(stage) for stage in stages]):
            continue
        held = [
            row
            for row in it.store.work()
            if row.stage in stages and row.lease_until and row.lease_until > it.clock()
        ]
        if not held:
            return
        say(f"Waiting for {held[0].stage}, which another process (perhaps a killed one) has in hand …")
        time.sleep(1)
