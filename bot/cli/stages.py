"""Verbs that run one stage now, and `status`, which shows what is left to do."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from bot.cli import spent
from bot.cli.app import Json, app, earmark, say, show_json, show_table
from bot.domain import STAGES, Stage, WorkRow
from bot.errors import EarmarkError
from bot.metrics import Progress, progress
from bot.ports import Store

if TYPE_CHECKING:
    from bot.wiring import Earmark


@app.command()
def refresh(
    podcast: Annotated[
        str, typer.Argument(help="Ask this one now, even if it was given up: number, address or title.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also feeds whose time has not come.")] = False,
) -> None:
    """Look for new episodes."""
    from bot.following import ask_again, followed, the_one

    with earmark() as it:
        if podcast:
            ask_again(it.store, the_one(followed(it.store, it.channel()), podcast), it.clock())
        if everything:
            for feed in it.store.feeds():
                it.store.save_feed(replace(feed, next_check_at=it.clock()))
        report(it, "refresh")
        for line in _feed_troubles(it.store):
            say(line)


def _feed_troubles(store: Store) -> list[str]:
    return [f"{feed.title or feed.url}: {feed.error}" for feed in store.feeds() if feed.error]


@app.command()
def write() -> None:
    """Write the insights of all episodes that were read."""
    with earmark() as it:
        report(it, "write")


@app.command()
def compose(
    now: Annotated[bool, typer.Option("--now", help="Don't wait for the channel's time.")] = False,
) -> None:
    """Choose today's insights for the channels that are due."""
    with earmark() as it:
        if not now:
            report(it, "compose")
        elif it.pipeline.compose_now(it.channel()) is None:
            say("There is nothing new that is worth a post. `earmark status` shows what is under way.")
        else:
            say("Composed; `earmark publish` posts it.")


@app.command()
def publish() -> None:
    """Post what was composed."""
    with earmark() as it:
        report(it, "publish")


@app.command()
def revise() -> None:
    """Edit the posts whose insights were corrected or withdrawn."""
    with earmark() as it:
        report(it, "revise")


def report(it: Earmark, stage: Stage) -> int:
    """Run a stage until nothing is due; say on stderr what was done and what could not be."""
    total = 0
    while done := it.pipeline.run(stage):
        total += done
    troubled = [row for row in it.store.work() if row.stage == stage and row.error]
    say(f"{stage}: {total} done" + (f", {len(troubled)} not (`earmark status` says why)" if troubled else ""))
    return total


@app.command()
def status(as_json: Json = False) -> None:
    """Show what waits at each stage, what went wrong, and when the next post is due."""
    with earmark() as it:
        stages, now = progress(it.store, it.clock()), it.clock()
        rows = [row for row in it.store.work() if row.status != "done"]
        named = [(row, _name(it.store, row)) for row in rows]
        channels, posts = it.store.channels(), it.store.digests(it.channel().id, 1)
        troubles, rungs = _feed_troubles(it.store), spent.of(it.store, it.clock(), it.prices)
    if as_json:
        return show_json(
            {
                "waiting": {p.stage: p.waiting for p in stages},
                "stages": [asdict(p) for p in stages],
                "work": [{**asdict(r), "what": name} for r, name in named],
                "channels": [asdict(c) for c in channels],
                "spent": {task: asdict(r) for task, r in rungs.items()},
            }
        )
    show_table("Stages", COLUMNS, [_row(p, now) for p in stages])
    for channel in channels:
        due = f"{channel.next_post_at:%Y-%m-%d %H:%M} UTC" if channel.next_post_at else "never"
        typer.echo(f"\n{channel.name}: next post {'paused' if channel.paused else due}")
    typer.echo(f"Last digest: {posts[0].local_date if posts else 'none yet'}")
    spent.show(rungs)
    for line in troubles:
        typer.echo(f"\n{line}")
    for row, name in named:
        typer.echo(
            f"\n{row.stage} {row.subject} · {name} · {_state(row)}"
            + (f"\n  {row.error}" if row.error else "")
        )
    if named:
        say("\n`earmark retry STAGE NO` tries one again at once.")


COLUMNS = ("stage", "waiting", "for", "last done", "set aside", "failing because of")


def _row(one: Progress, now: datetime) -> tuple[str, ...]:
    """A stage as a person reads it."""
    return (
        one.stage,
        str(one.waiting or "–"),
        _ago(one.oldest_s) if one.waiting else "–",
        f"{_ago((now - one.succeeded_at).total_seconds())} ago" if one.succeeded_at else "never",
        str(one.aside or "–"),
        ", ".join(f"{name} ({n})" for name, n in one.reasons.items()) or "–",
    )


def _ago(seconds: float) -> str:
    """ "40 s", "12 min", "5 h", "3 days": the largest unit of which there are two."""
    units = ((86400, "days"), (3600, "h"), (60, "min"), (1, "s"))
    size, name = next((unit for unit in units if seconds >= 2 * unit[0]), (1, "s"))
    return f"{max(0, seconds) // size:.0f} {name}"


def _name(store: Store, row: WorkRow) -> str:
    """What a unit of work is about, as a person calls it."""
    match row.stage:
        case "refresh":
            feed = store.feed(row.subject)
            return feed.title or feed.url
        case "compose":
            return store.channel(row.subject).name
        case "publish" | "revise":
            return f"post of {store.digest(row.subject).local_date}"
    episode = store.episode(row.subject)
    return f"{episode.show}: {episode.title}"


def _state(row: WorkRow) -> str:
    if row.status == "set aside":
        return f"set aside after {row.attempt} attempt{'s' if row.attempt > 1 else ''}"
    if row.not_before:
        failed = f"attempt {row.attempt} failed" if row.attempt else "something passing is in the way"
        return f"{failed}, next at {row.not_before:%H:%M} UTC"
    return "in hand" if row.lease_until else "waiting"


@app.command()
def retry(stage: str, number: int) -> None:
    """Try a unit of work again that waits or was set aside (`earmark status` lists them)."""
    with earmark() as it:
        known = {str(name): name for name in STAGES}
        if stage not in known:
            raise EarmarkError(f"There is no stage “{stage}”; there is {', '.join(STAGES)}.")
        if not it.store.retry(known[stage], number):
            raise EarmarkError(f"There is no {stage} {number} that waits; `earmark status` lists what does.")
    say(f"{stage} {number} will be tried again.")
