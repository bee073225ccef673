"""Verbs about what is followed: add, remove, feeds, export-opml."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli.app import Json, app, earmark, say, show_json
from bot.domain import Episode, Feed
from bot.errors import EarmarkError

if TYPE_CHECKING:
    from bot.following import Followed
    from bot.wiring import Earmark


@app.command()
def add(
    sources: Annotated[
        list[str], typer.Argument(help='Feed or page address, OPML file, Apple Podcasts link, or "a name".')
    ],
    backfill: Annotated[int, typer.Option(min=1, help="How many of the newest episodes to take.")] = 1,
    private: Annotated[bool, typer.Option(help="Treat the whole address as a secret.")] = False,
    as_json: Json = False,
) -> None:
    """Follow podcasts. No history is posted: the newest episode is taken, the rest are marked seen."""
    with earmark() as it:
        found, failed = _follow_all(it, sources, backfill, private)
        due_at = it.channel().next_post_at
    if as_json:
        show_json([{**_row(one.feed), "new": one.is_new} for one in found])
    else:
        for one in found:
            typer.echo(
                f"{'Following' if one.is_new else 'Already following'} {one.feed.title or one.feed.url}"
            )
    if found:
        due = f"; the next post is due {due_at:%Y-%m-%d %H:%M} UTC" if due_at else ""
        say(f"`earmark run` does everything by itself{due}. `earmark refresh` looks for episodes now.")
    if failed:
        raise EarmarkError("\n".join(failed))


def _follow_all(
    it: Earmark, sources: Sequence[str], backfill: int, private: bool
) -> tuple[list[Followed], list[str]]:
    """What is followed now, and why the rest isn't: one bad source stops no other."""
    from bot.following import follow

    found: list[Followed] = []
    failed: list[str] = []
    channel = it.channel()
    for source in sources:
        try:
            found += follow(
                it.store, it.discoverer, channel, source, now=it.clock(), backfill=backfill, private=private
            )
        except EarmarkError as error:
            failed.append(str(error))
    return found, failed


@app.command()
def remove(what: Annotated[str, typer.Argument(help="Number, address, or (part of) the title.")]) -> None:
    """Stop following a podcast."""
    from bot.following import unfollow

    with earmark() as it:
        feed = unfollow(it.store, it.channel(), what)
    address = "ITS-PRIVATE-ADDRESS" if feed.sealed else feed.url
    typer.echo(f"No longer following {feed.title or feed.url}. `earmark add {address}` brings it back.")


@app.command()
def feeds(as_json: Json = False) -> None:
    """List the podcasts that are followed."""
    from bot.following import followed

    with earmark() as it:
        rows = followed(it.store, it.channel())
        episodes = {feed.id: it.store.episodes(feed.id) for feed in rows}
    if as_json:
        return show_json([{**_row(feed), **_counts(episodes[feed.id])} for feed in rows])
    if not rows:
        return say("No podcast is followed yet: earmark add ADDRESS.")
    for feed in rows:
        typer.echo(f"{feed.id}. {feed.title or 'not looked at yet'}  {feed.url}")
        typer.echo(f"   {feed.error.rstrip('.') or feed.status}; {_summary(episodes[feed.id])}")


def _counts(episodes: Sequence[Episode]) -> dict[str, object]:
    reasons = Counter(e.status_reason for e in episodes if e.status == "skipped")
    return {
        "episodes": len(episodes),
        "taken": sum(e.status == "wanted" for e in episodes),
        "skipped": reasons,
    }


def _summary(episodes: Sequence[Episode]) -> str:
    """ "56 episodes, 1 taken, 3 skipped (a trailer: 2, it has no audio: 1)"."""
    reasons = Counter(e.status_reason for e in episodes if e.status == "skipped")
    taken = sum(e.status == "wanted" for e in episodes)
    skipped = ", ".join(f"{reason}: {count}" for reason, count in reasons.items())
    return f"{len(episodes)} episodes, {taken} taken" + (
        f", {reasons.total()} skipped ({skipped})" if skipped else ""
    )


@app.command("export-opml")
def export_opml(
    file: Annotated[Path | None, typer.Argument(help="Where to write it; stdout when left out.")] = None,
) -> None:
    """Write the followed podcasts as OPML; the secrets of private feeds are left out."""
    from bot.feeds.opml import to_opml
    from bot.following import followed

    with earmark() as it:
        text = to_opml(followed(it.store, it.channel()))
    if file is None:
        typer.echo(text)
    else:
        file.write_text(text, encoding="utf-8")
        say(f"Written to {file}.")


def _row(feed: Feed) -> dict[str, object]:
    return {
        "id": feed.id,
        "title": feed.title,
        "url": feed.url,
        "private": bool(feed.sealed),
        "status": feed.status,
        "error": feed.error,
        "checked_at": feed.checked_at,
        "next_check_at": feed.next_check_at,
        "failing_since": feed.failing_since,
        "give_up_at": feed.give_up_at,
    }
