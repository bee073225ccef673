"""Verbs that keep the models honest: style, which watches how alike the posts become."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bot import style as styles
from bot.cli.app import Json, app, earmark, say, show_json, show_table
from bot.domain import Pick
from bot.errors import ConfigError, of_system
from bot.ports import Store

if TYPE_CHECKING:
    from bot.wiring import Earmark

RECENT, BEFORE = timedelta(days=7), timedelta(days=28)
LOOK_BACK = 400  # digests of a channel


@app.command()
def style(
    days: Annotated[int, typer.Option(help="How far to look back.", min=1)] = 30,
    reference: Annotated[
        Path | None, typer.Option(help="Texts to compare with: one a line, or JSON lines with a “text”.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Say how alike the posted texts are, beside a reference where one is given."""
    with earmark() as it:
        picks = list(posted(it.store, it.clock() - timedelta(days=days)))
        said, names = [_said(it.store, p) for p in picks], {p.insight.speaker for p in picks}
        found = styles.measure([p.insight.text for p in picks], said, sorted(names))
    others = styles.measure(texts_of(reference)) if reference else None
    drift = styles.drifted([[t] for t in texts_of(reference)], by_episode(picks)) if reference else []
    if as_json:
        return show_json({"posted": found, "reference": others, "drift": drift})
    if not picks:
        return say(f"Nothing was posted in the last {days} days.")
    # What was said where the reference comes from isn't known here.
    beside = {**dict(styles.as_rows(others)), "own words": "–"} if others else {}
    rows = [
        (name, value, *([beside[name]] if beside else []), styles.MEANS[name])
        for name, value in styles.as_rows(found)
    ]
    columns = ("", "posted", *(["reference"] if beside else []), "what it says")
    show_table(f"Style of what was posted in {days} days", columns, rows)
    if drift:
        typer.echo(f"Against the reference, {', '.join(drift)}.")


def posted(store: Store, since: datetime, until: datetime | None = None) -> Iterator[Pick]:
    """What all channels got in that time, each insight once."""
    seen: set[int] = set()
    for channel in store.channels():
        for made in store.digests(channel.id, LOOK_BACK):
            at = made.created_at
            if at and since <= at and (until is None or at < until):
                yield from (p for p in made.picks if p.insight.id not in seen)
                seen |= {p.insight.id for p in made.picks}


def _said(store: Store, pick: Pick) -> str:
    transcript = store.transcript(pick.episode.id)
    return transcript.text if transcript else ""


def texts_of(path: Path) -> list[str]:
    """The texts of a file; ConfigError where it can't be read."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        return [json.loads(line)["text"] if line.lstrip().startswith("{") else line for line in lines]
    except OSError as error:
        raise ConfigError(f"The reference can't be read. {of_system(error)}") from error
    except (ValueError, KeyError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path} holds no texts: one a line, or JSON lines with a “text”.") from error


def drift(it: Earmark) -> list[str]:
    """Whether the last week's posts are more uniform than those of the four weeks before."""
    week = it.clock() - RECENT
    return styles.drifted(
        by_episode(posted(it.store, week - BEFORE, week)), by_episode(posted(it.store, week))
    )


def by_episode(picks: Iterable[Pick]) -> list[list[str]]:
    texts: dict[int, list[str]] = {}
    for pick in picks:
        texts.setdefault(pick.episode.id, []).append(pick.insight.text)
    return list(texts.values())
