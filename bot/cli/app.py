"""The typer application and what all verbs share: settings, output as text or JSON, progress, errors."""

from __future__ import annotations

import json
import logging
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Any, TextIO

import typer

from bot.errors import EarmarkError, of_system

if TYPE_CHECKING:
    from bot.wiring import Earmark

log = logging.getLogger(__name__)

app = typer.Typer(
    name="earmark",
    help="Reads the podcasts your team has no time to hear, and posts the five insights worth knowing.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON on stdout, and nothing else there.")]


def main() -> None:
    """Run the command line; what is expected to go wrong is one line on stderr and exit code 1."""
    try:
        app()
    except EarmarkError as error:
        say(f"earmark: {error}")
        sys.exit(1)
    except OSError as error:
        say(f"earmark: {of_system(error)}")
        sys.exit(1)
    except ExceptionGroup as group:
        say(f"earmark: {group.message}; run again with EARMARK_LOG_LEVEL=DEBUG and report it, please.")
        sys.exit(2)
    except Exception as bug:  # noqa: BLE001 - the last resort: no traceback for users
        # Where it happened, without its words: they may quote a secret.
        log.debug("%s", "".join(traceback.format_tb(bug.__traceback__)))
        say(f"earmark: a bug ({type(bug).__name__}); run again with EARMARK_LOG_LEVEL=DEBUG and report it.")
        sys.exit(2)


def say(text: str) -> None:
    """A line for the person at the terminal, on stderr, so that stdout is for results."""
    typer.echo(text, err=True)


@contextmanager
def earmark(*, out: TextIO | None = None, settings: dict[str, Any] | None = None) -> Iterator[Earmark]:
    """The program, with progress bars on stderr where that is a terminal.

    The console posts to `out` (stdout); `settings` go before those of the environment.
    """
    from bot import config, logs
    from bot.cli.progress import bars
    from bot.wiring import Earmark

    loaded = config.load(**(settings or {}))
    logs.begin(loaded.log_level, loaded.log_format, loaded.secret_values)
    try:
        with bars() as progress:
            yield Earmark(loaded, progress=progress, out=out)
    except KeyboardInterrupt:  # typer would end without a word
        say("Stopped. What was done is kept; the same command goes on from there.")
        raise typer.Exit(130) from None


def show_json(value: object) -> None:
    typer.echo(to_json(value))


def to_json(value: object, indent: int | None = 2) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent, default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if hasattr(value, "__dataclass_fields__"):
        return asdict(value)
    return str(value)


def show_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    table = Table(title=title, title_justify="left", show_edge=False, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(escape(str(cell)) for cell in row))
    Console().print(table)
