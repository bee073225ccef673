"""Verbs that give away what has been found: links to pages, and insights as files of other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bot.cli.app import Json, app, earmark, say, show_json
from bot.domain import Channel
from bot.errors import ConfigError, EarmarkError
from bot.export import FORMATS, Format

Which = Annotated[str, typer.Argument(help="Number, name or title of the channel.")]
EVERY = 10_000


@app.command("export-insights")
def export_insights(
    channel: Which = "console",
    format_: Annotated[Format, typer.Option("--format", help="Markdown, or Readwise's CSV.")] = "md",
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write it; stdout when left out.")
    ] = None,
    latest: Annotated[int, typer.Option(min=1, help="Only that many of the latest posts.")] = EVERY,
) -> None:
    """Write what a channel has had as a file for Obsidian (Markdown) or Readwise (CSV)."""
    with earmark() as it:
        it.channel()
        found = channel_of(it.store.channels(), channel)
        digests = it.store.digests(found.id, latest)
        text = FORMATS[format_](f"Insights for {found.title or found.name}", digests, it.pages)
    if out is None:
        typer.echo(text, nl=False)
        return
    out.write_text(text, encoding="utf-8", newline="")
    say(f"{len(digests)} post{'' if len(digests) == 1 else 's'} written to {out}.")


@app.command()
def pages(channel: Which = "console", as_json: Json = False) -> None:
    """Show the secret links of a channel: its page, its feed, its latest post."""
    with earmark() as it:
        if it.pages is None:
            raise ConfigError("Pages are switched off (PAGES=off).")
        it.channel()
        found = channel_of(it.store.channels(), channel)
        base = it.settings.public_url.rstrip("/") or f"http://127.0.0.1:{it.settings.web_port}"
        page = base + it.pages.path("channel", found.id)
        links = {"page": page, "feed": f"{page}/feed.xml"}
        for made in it.store.digests(found.id, 1):
            links["latest"] = base + it.pages.path("digest", made.id)
    if as_json:
        return show_json(links)
    for name, link in links.items():
        typer.echo(f"{name:7}{link}")
    if "latest" not in links:
        say(f"Nothing has been posted in {found.title or found.name} yet.")
    serves = "`earmark serve web` serves them, and `earmark run` too once PUBLIC_URL is set."
    say(f"Whoever has a link can read along. {serves}")


def channel_of(channels: list[Channel], asked: str) -> Channel:
    """The one that is meant; an error lists those there are."""
    wanted = asked.strip().lstrip("#").casefold()
    found = [
        channel
        for channel in channels
        if wanted in (str(channel.id), channel.name.casefold(), channel.title.casefold())
    ]
    if len(found) == 1:
        return found[0]
    known = ", ".join(f"{c.id} ({c.platform} {c.title or c.name})" for c in found or channels)
    what = "Several channels are called" if found else "There is no channel"
    raise EarmarkError(f"{what} “{asked}”. Name one by its number: {known}.")
