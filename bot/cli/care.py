"""Verbs of care: weights (pull, list, verify) and doctor."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from bot.cli.app import Json, app, earmark, say, show_json, show_table
from bot.errors import ConfigError, EarmarkError, of_system

if TYPE_CHECKING:
    from bot.wiring import Earmark

Verdict = Literal["ok", "note", "broken"]
Finding = tuple[Verdict, str, str]
MIN_FREE_BYTES = 2_000_000_000


@app.command()
def weights(
    pull: Annotated[bool, typer.Option("--pull", help="Fetch what the default models need, now.")] = False,
    as_json: Json = False,
) -> None:
    """List the model weights that Earmark knows, and whether they are here and whole."""
    with earmark() as it:
        if pull:
            for name in _needed(it):
                it.weights.folder(name)
        rows = [{"name": name, "present": it.weights.present(name)} for name in it.weights.names]
    if as_json:
        return show_json(rows)
    show_table("Weights", ("name", "here"), [(r["name"], "yes" if r["present"] else "no") for r in rows])


DEFAULT_WEIGHTS, RERANKER = ("whisper-tiny.en", "minilm"), "cross-encoder"


def _needed(it: Earmark) -> tuple[str, ...]:
    return (*DEFAULT_WEIGHTS, RERANKER) if it.settings.reranker == "on" else DEFAULT_WEIGHTS


@app.command()
def doctor(as_json: Json = False) -> None:
    """Say what is configured, missing or broken, and what to do; exit code 1 if the bot can't run."""
    with earmark() as it:
        findings = list(examine(it))
    if as_json:
        show_json([{"verdict": v, "what": w, "detail": d} for v, w, d in findings])
    else:
        marks = {"ok": "✓", "note": "·", "broken": "✗"}
        for verdict, what, detail in findings:
            typer.echo(f"{marks[verdict]} {what}: {detail}")
    broken = sum(verdict == "broken" for verdict, _, _ in findings)
    if broken:
        say(f"{broken} must be mended before the bot can run.")
        raise typer.Exit(1)


def examine(it: Earmark) -> Iterator[Finding]:
    """One finding a subject; a check that fails with an EarmarkError is a broken one, in its words, and
    what one trouble breaks is said once."""
    said: set[str] = set()
    for what, check in CHECKS:
        try:
            yield from check(it)
        except EarmarkError as error:
            if str(error) not in said:
                yield "broken", what, str(error)
            said.add(str(error))


def _python(it: Earmark) -> Iterator[Finding]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield "ok" if sys.version_info >= (3, 11) else "broken", "python", version


def _database(it: Earmark) -> Iterator[Finding]:
    kind = it.settings.store_url.partition(":")[0]
    feeds = len(it.store.feeds())
    yield "ok", "database", f"{kind}, {feeds} feeds"


def _key(it: Earmark) -> Iterator[Finding]:
    from bot.rekey import old

    if it.settings.key:
        it.vault.seal("https://user:password@example.com")  # ConfigError where it is none
    private = [feed for feed in it.store.feeds() if feed.sealed]
    for feed in private:
        it.vault.open(feed.url, feed.sealed)
    source = "EARMARK_KEY" if it.settings.key else f"{it.settings.data_dir / 'earmark.key'}"
    yield "ok", "key", f"{len(private)} private feeds, opened with {source}"
    if under_old := old(it.store, it.vault):
        yield "note", "old key", f"{under_old} texts are under an older key: `earmark rekey` seals them anew"


def _weights(it: Earmark) -> Iterator[Finding]:
    for name in _needed(it):
        if not it.weights.present(name):
            yield "note", "weights", f"{name} is pulled on first use (`earmark weights --pull` does it now)"
            continue
        it.weights.verify(name)
        yield "ok", "weights", f"{name} is here and whole"


def _disk(it: Earmark) -> Iterator[Finding]:
    try:
        it.settings.cache_dir.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"EARMARK_CACHE_DIR can't be used. {of_system(error)}") from error
    free = shutil.disk_usage(it.settings.cache_dir).free
    verdict: Verdict = "ok" if free > MIN_FREE_BYTES else "note"
    yield verdict, "disk", f"{free / 1e9:.1f} GB free for audio and weights"


def _transcription(it: Earmark) -> Iterator[Finding]:
    settings = it.settings
    yield "ok", "transcription", f"{settings.engine} with {settings.asr_model}, {it.threads} threads"
    if settings.asr_model != "tiny.en" and not Path(settings.asr_model).exists():
        yield "note", "speech model", f"{settings.asr_model} comes from a model hub, on first use"
    if shutil.which("ffmpeg") is None:
        yield "note", "ffmpeg", "not here, and not needed: PyAV decodes"


def _channels(it: Earmark) -> Iterator[Finding]:
    from bot.calendar import next_post_at

    for channel in it.store.channels() or [it.channel()]:
        next_post_at(channel, it.clock())
        followed = len(it.store.subscriptions(channel.id))
        detail = f"{followed} podcasts, {channel.post_time} {channel.timezone}"
        yield (
            ("ok" if followed else "note"),
            f"channel {channel.title or channel.name}",
            (detail if followed else f"{detail}; `earmark add ADDRESS` follows one"),
        )


def _platforms(it: Earmark) -> Iterator[Finding]:
    for platform in it.settings.platforms:
        yield from it.adapter(platform).examine(it, it.store)
    if not it.settings.platforms:
        yield "note", "chat", "no platform is set up: docs/slack.md and docs/discord.md take five minutes"


def _pages(it: Earmark) -> Iterator[Finding]:
    yield from it.adapter("web").examine(it, it.store)


def _style(it: Earmark) -> Iterator[Finding]:
    from bot.cli.honest import drift

    if told := drift(it):
        said = f"beside the four weeks before, the last seven days' posts are more alike: {', '.join(told)}"
        yield "note", "style", f"{said}; `earmark style --days 7` shows in what"


def _trouble(it: Earmark) -> Iterator[Finding]:
    for channel in it.store.channels():
        if channel.trouble:
            yield "broken", f"{channel.platform} {channel.title or channel.name}", channel.trouble
    for feed in it.store.feeds():
        if feed.error:
            yield "note", f"feed {feed.title or feed.url}", feed.error
    aside = [row for row in it.store.work() if row.status == "set aside"]
    if aside:
        yield (
            "note",
            "set aside",
            f"{len(aside)} units of work; `earmark status` says why, `earmark retry` retries",
        )


CHECKS: tuple[tuple[str, Callable[[Earmark], Iterator[Finding]]], ...] = (
    ("python", _python),
    ("database", _database),
    ("key", _key),
    ("weights", _weights),
    ("disk", _disk),
    ("transcription", _transcription),
    ("channels", _channels),
    ("chat", _platforms),
    ("pages", _pages),
    ("style", _style),
    ("trouble", _trouble),
)
